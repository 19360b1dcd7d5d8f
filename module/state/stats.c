// SPDX-License-Identifier: GPL-2.0
/*
 * stats.c - totals since load, or since they were cleared
 *
 * Counted per CPU: probe handlers of all tasks add to them.
 */
#include <linux/kernel.h>
#include <linux/percpu.h>

#include "state/stats.h"

static DEFINE_PER_CPU(s64 [THPRACE_NR_STATS], stats);

static s64 cleared[THPRACE_NR_STATS];	/* what each was when it was cleared */

static const char * const stat_names[] = {
	"sessions", "session_bytes", "commands", "rounds", "overlaps", "splits",
	"folios_checked", "violations", "parks", "check_ns", "lock_checks_others",
};

static_assert(ARRAY_SIZE(stat_names) == THPRACE_NR_STATS);

/**
 * thprace_stat_add() - add to a total
 * @stat: which
 * @n: how much, may be negative
 */
void thprace_stat_add(enum thprace_stat stat, s64 n)
{
	this_cpu_add(stats[stat], n);
}

static s64 since_load(enum thprace_stat stat)
{
	s64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu(stats, cpu)[stat]);
	return sum;
}

/**
 * thprace_stat_read() - a total since load, or since it was cleared
 * @stat: which
 */
s64 thprace_stat_read(enum thprace_stat stat)
{
	return since_load(stat) - READ_ONCE(cleared[stat]);
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
			WRITE_ONCE(cleared[i], since_load(i));
}
