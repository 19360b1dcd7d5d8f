// SPDX-License-Identifier: GPL-2.0
/* stats.c - totals since load, or since they were cleared */
#include <linux/atomic.h>
#include <linux/kernel.h>

#include "state/stats.h"

static atomic64_t stats[THPRACE_NR_STATS];

static const char * const stat_names[] = {
	"sessions", "session_bytes", "commands", "rounds", "overlaps", "splits",
	"folios_checked", "violations", "parks", "check_ns",
};

static_assert(ARRAY_SIZE(stat_names) == THPRACE_NR_STATS);

/**
 * thprace_stat_add() - add to a total
 * @stat: which
 * @n: how much, may be negative
 */
void thprace_stat_add(enum thprace_stat stat, s64 n)
{
	atomic64_add(n, &stats[stat]);
}

/**
 * thprace_stat_read() - a total since load
 * @stat: which
 */
s64 thprace_stat_read(enum thprace_stat stat)
{
	return atomic64_read(&stats[stat]);
}

/**
 * thprace_stat_name() - its name
 * @stat: which
 */
const char *thprace_stat_name(enum thprace_stat stat)
{
	return stat_names[stat];
}

/**
 * thprace_stat_clear() - begin to count anew
 *
 * What says how much there is now, not how much there was, stays.
 */
void thprace_stat_clear(void)
{
	unsigned int i;

	for (i = 0; i < THPRACE_NR_STATS; i++)
		if (i != THPRACE_STAT_SESSIONS && i != THPRACE_STAT_SESSION_BYTES)
			atomic64_set(&stats[i], 0);
}
