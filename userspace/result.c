// SPDX-License-Identifier: GPL-2.0
/*
 * What one scenario has counted
 */
#include <stdlib.h>
#include <string.h>

#include "result.h"
#include "util.h"

const char *const timing_names[T_NR] = {
	"map", "fault", "fill", "prove", "fork", "hold", "race", "check", "verify", "other",
};

static int compare_u32(const void *a, const void *b)
{
	u32 x = *(const u32 *)a, y = *(const u32 *)b;

	return x < y ? -1 : x > y;
}

/**
 * distribution_of() - minimum, median, 90th percentile and maximum
 * @ns: samples
 * @nr: how many
 *
 * All are 0 without samples.
 */
struct distribution distribution_of(const u32 *ns, u32 nr)
{
	struct distribution d = { 0 };
	u32 *sorted = nr ? malloc(nr * sizeof(*sorted)) : NULL;

	if (!sorted)
		return d;
	memcpy(sorted, ns, nr * sizeof(*sorted));
	qsort(sorted, nr, sizeof(*sorted), compare_u32);
	d.min = sorted[0];
	d.median = sorted[nr / 2];
	d.p90 = sorted[nr * 9ULL / 10];
	d.max = sorted[nr - 1];
	d.nr = nr;
	free(sorted);
	return d;
}
