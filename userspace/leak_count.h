/* SPDX-License-Identifier: GPL-2.0 */
/* The counters of the leak check, and who else may be the reason for what they say */
#ifndef THPRACE_LEAK_COUNT_H
#define THPRACE_LEAK_COUNT_H

#include "util.h"

enum counter_kind { IN_CGROUP, IN_MEMINFO, IN_MTHP };

struct leak_counter {
	enum counter_kind kind;
	const char *name, *unit;
	const char *name_v1;		/* in memory.stat of cgroup v1; NULL: not judged there */
	const char *less;		/* what of it is accounted for: other counters there */
	unsigned int pages_per_cpu;	/* that CPUs may keep back */
	bool flushed;			/* judged only where a read flushes the file */
};

#define NR_LEAK_COUNTERS	12

extern const struct leak_counter leak_counters[NR_LEAK_COUNTERS];

/* What they were before a scenario, and are after it. */
struct leak_counts {
	const char *cgroup;		/* directory of the scenario's, or empty */
	u64 base[NR_LEAK_COUNTERS];
	bool there[NR_LEAK_COUNTERS];
	u64 got[NR_LEAK_COUNTERS];	/* when looked at last */
	unsigned int agreeing[NR_LEAK_COUNTERS];	/* looks in a row that saw this excess */
	char other[96];			/* who else may have huge pages, or empty */
	bool exact;			/* a look at the counters flushes them, in time */
};

void leak_ignore(pid_t pid);
void leak_read_base(struct leak_counts *counts, const char *cgroup);
void leak_of_cgroup(struct leak_counts *counts);
bool leak_read_all(struct leak_counts *counts);
const char *leak_excuse(const struct leak_counts *counts, unsigned int i);

#endif /* THPRACE_LEAK_COUNT_H */
