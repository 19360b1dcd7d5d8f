/* SPDX-License-Identifier: GPL-2.0 */
/* stats.h - totals since load, the debugfs file stats */
#ifndef THPRACE_STATS_H
#define THPRACE_STATS_H

#include <linux/types.h>

enum thprace_stat {
	THPRACE_STAT_SESSIONS,
	THPRACE_STAT_SESSION_BYTES,
	THPRACE_STAT_COMMANDS,
	THPRACE_STAT_ROUNDS,
	THPRACE_STAT_OVERLAPS,
	THPRACE_STAT_SPLITS,
	THPRACE_STAT_FOLIOS_CHECKED,
	THPRACE_STAT_VIOLATIONS,
	THPRACE_STAT_PARKS,
	THPRACE_STAT_CHECK_NS,
	THPRACE_STAT_LOCK_CHECKS_OTHERS,
	THPRACE_NR_STATS
};

void thprace_stat_add(enum thprace_stat stat, s64 n);
s64 thprace_stat_read(enum thprace_stat stat);
void thprace_stat_clear(void);
const char *thprace_stat_name(enum thprace_stat stat);

#endif /* THPRACE_STATS_H */
