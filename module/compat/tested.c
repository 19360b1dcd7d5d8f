// SPDX-License-Identifier: GPL-2.0
/*
 * tested.c - the series of kernels that the rules were derived from and tested on
 *
 * Nothing is done differently on another one: what is there is probed.  Only
 * whether a wrong answer is the kernel's fault or ours is told by this table.
 *
 * Pure: also built on the host.
 */
#include "compat/tested.h"

static const struct {
	unsigned int major, minor;
} tested[] = {
	{ 5, 10 }, { 6, 1 }, { 6, 12 }, { 7, 2 }, { 7, 3 },
};

/**
 * thprace_series_tested() - were the rules tested on kernels of this series?
 * @release: as uname -r prints it
 * @page_shift: PAGE_SHIFT; none with larger pages than 4 KiB was
 *
 * Context: any.
 */
bool thprace_series_tested(const char *release, unsigned int page_shift)
{
	unsigned int major, minor, i;

	if (page_shift != 12 || sscanf(release, "%u.%u", &major, &minor) != 2)
		return false;
	for (i = 0; i < ARRAY_SIZE(tested); i++)
		if (tested[i].major == major && tested[i].minor == minor)
			return true;
	return false;
}
