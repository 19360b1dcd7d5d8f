/* SPDX-License-Identifier: GPL-2.0 */
/* Memory cgroups of a run, below its own */
#ifndef THPRACE_CGROUP_H
#define THPRACE_CGROUP_H

#include "util.h"

#define CGROUP_PATH	192

void cgroup_init(void);
void cgroup_along(pid_t pid);
const char *cgroup_why_not(void);
bool cgroup_is_v1(void);
const struct touch *cgroup_touches(void);
void cgroup_name(char *path, size_t size, pid_t run, unsigned int index);
void cgroup_prepare(void);
int cgroup_make(char *path, size_t size, unsigned int index);
int cgroup_enter(const char *path);
u64 cgroup_charged(const char *path);
int cgroup_squeeze(const char *path, u64 charged, u64 bytes);
int cgroup_reclaim(const char *path, u64 charged, u64 bytes);
void cgroup_no_swap(const char *path);
int cgroup_limit(const char *path, const char *bytes);
void cgroup_remove(const char *path, unsigned int naps);
void cgroup_end(pid_t run);

#endif /* THPRACE_CGROUP_H */
