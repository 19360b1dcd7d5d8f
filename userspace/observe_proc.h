/* SPDX-License-Identifier: GPL-2.0 */
/* What /proc and cgroups say of processes */
#ifndef THPRACE_OBSERVE_PROC_H
#define THPRACE_OBSERVE_PROC_H

#include "util.h"

/* Of /proc/PID/stat. */
struct proc_stat {
	pid_t pid, parent;
	u64 start;
	char state;
};

bool proc_stat_parse(const char *text, struct proc_stat *st);
bool proc_stat_read(pid_t pid, struct proc_stat *st);
unsigned int proc_list(struct proc_stat **list);
void cgroup_each(const char *dir, void (*fn)(pid_t pid, void *arg), void *arg);

#endif /* THPRACE_OBSERVE_PROC_H */
