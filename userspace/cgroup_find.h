/* SPDX-License-Identifier: GPL-2.0 */
/* Where a run may make memory cgroups */
#ifndef THPRACE_CGROUP_FIND_H
#define THPRACE_CGROUP_FIND_H

#include "cgroup.h"

struct place {
	char mount[CGROUP_PATH];	/* of the hierarchy */
	char own[CGROUP_PATH];		/* of the caller */
	char base[CGROUP_PATH];		/* cgroups are made in it */
	bool v1;
	bool aside;			/* the caller has to leave it first */
	bool had_controller;		/* children of base have one already */
};

const char *cgroup_find(struct place *p);
const char *cgroup_own(char *path, size_t size);

#endif /* THPRACE_CGROUP_FIND_H */
