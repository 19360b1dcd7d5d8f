/* SPDX-License-Identifier: GPL-2.0 */
/* What this machine and kernel have; constant after env_probe() */
#ifndef THPRACE_ENV_H
#define THPRACE_ENV_H

#include <sched.h>

#include "touch.h"
#include "util.h"

#define MAX_CPUS		8192	/* of the largest kernels */
#define MAX_NR_SUBPAGES		8192	/* arm64 with 64K pages: 512M huge pages */

/* glibc's cpu_set_t ends at 1024. */
struct cpu_mask {
	cpu_set_t set[MAX_CPUS / CPU_SETSIZE];
};

struct env {
	size_t page_size;
	size_t hpage_size;
	unsigned int nr_subpages;
	unsigned int nr_cpus;		/* in this task's affinity mask */
	unsigned int nr_jobs;		/* scenarios that run side by side */
	bool have_module;
	bool have_split_file;		/* debugfs split_huge_pages takes pid,start,end */
	bool have_swap;
	char module[48];		/* ABI version, or empty */
	char no_module[160];		/* why there is none */
	char no_thp[120];		/* why THP can't be had, or empty */
	char release[72];
};

extern struct env env;
extern const struct touch env_touches[];

void env_probe(void);
void env_allow_thp(bool allow);
void env_be_victim(void);
int env_split_file(pid_t pid, const void *addr, size_t len);
bool env_counter(const char *path, const char *name, u64 *val);
u64 env_vmstat(const char *name);
u64 env_available_bytes(void);
u64 env_splits(void);
int env_cpu(unsigned int n);
void env_share_cpus(unsigned int part, unsigned int parts);
void env_pin(unsigned int n);
bool env_has_madvise(int advice);

#endif /* THPRACE_ENV_H */
