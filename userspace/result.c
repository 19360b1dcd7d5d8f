// SPDX-License-Identifier: GPL-2.0
/*
 * What one scenario has counted
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mutex.h"
#include "result.h"
#include "tally.h"
#include "util.h"

const char *const timing_names[T_NR] = {
	"map", "fault", "fill", "prove", "fork", "hold", "race", "check", "verify", "other",
};

/**
 * result_reset() - nothing was counted
 * @res: result
 * @sc: of this scenario
 */
void result_reset(struct result *res, const struct scenario *sc)
{
	memset(res, 0, offsetof(struct result, tally));
	tally_reset(&res->tally);
	res->sc = sc;
}

static void order_add(struct order_count *sum, const struct order_count *part)
{
	sum->rounds += part->rounds;
	sum->folios += part->folios;
	sum->missed += part->missed;
	sum->splits += part->splits;
}

static pthread_mutex_t *lock;

/**
 * result_lock_init() - before there are several jobs
 */
int result_lock_init(void)
{
	if (lock)
		return 0;
	lock = map_shared(sizeof(*lock));
	if (!lock)
		return -ENOMEM;
	mutex_init_shared(lock);
	return 0;
}

/**
 * result_lock() - nobody else changes the results of a run
 *
 * Of several jobs; whoever is killed with it leaves it to the next one.
 */
void result_lock(void)
{
	if (lock)
		mutex_lock_shared(lock);
}

/**
 * result_unlock() - they may again
 */
void result_unlock(void)
{
	if (lock)
		pthread_mutex_unlock(lock);
}

/**
 * result_add() - add what another pass of the same scenario has counted
 * @sum: all passes
 * @part: one of them
 *
 * What a scenario left last stays.
 */
void result_add(struct result *sum, const struct result *part)
{
	unsigned int i;

	tally_add(&sum->tally, &part->tally);
	/* What it has seen in an earlier pass stands. */
	if (!sum->tally.rounds && !sum->tally.violations)
		sum->skipped = part->skipped;
	if (part->ending > sum->ending) {
		sum->ending = part->ending;
		memcpy(sum->error, part->error, sizeof(sum->error));
	}
	if (part->hint[0])
		memcpy(sum->hint, part->hint, sizeof(sum->hint));
	sum->duration_ns += part->duration_ns;
	sum->splits += part->splits;
	sum->not_huge += part->not_huge;
	sum->batches += part->batches;
	sum->forced += part->forced;
	sum->met += part->met;
	for (i = 0; i < T_NR; i++)
		sum->time_ns[i] += part->time_ns[i];
	for (i = 0; i < NR_ORDERS; i++)
		order_add(&sum->orders[i], &part->orders[i]);
	if (!sum->first_violation_ns)
		sum->first_violation_ns = part->first_violation_ns;
	if (!sum->found.known)
		sum->found = part->found;
	if (part->program.nr)
		sum->program = part->program;
	for (i = 0; i < part->nr_skews && sum->nr_skews < NR_SKEWS; i++) {
		sum->spread_ns[sum->nr_skews] = part->spread_ns[i];
		sum->closest_ns[sum->nr_skews++] = part->closest_ns[i];
	}
}

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
