/* SPDX-License-Identifier: GPL-2.0 */
/* lanemap.h - which session does a task work for just now? */
#ifndef THPRACE_LANEMAP_H
#define THPRACE_LANEMAP_H

#include <linux/types.h>

#include "compat/pure.h"

struct task_struct;
struct thprace_session;

/* A task that does a command's own work, without a lane. */
#define THPRACE_NO_LANE		THPRACE_MAX_LANES

/**
 * struct thprace_lane_ref - what a task works for
 * @s:		the session
 * @lane:	as which lane, or THPRACE_NO_LANE
 * @inject:	controls that the session has asked for
 */
struct thprace_lane_ref {
	struct thprace_session *s;
	unsigned int lane;
	u64 inject;
};

bool thprace_lanemap_add(struct task_struct *task, const struct thprace_lane_ref *ref);
void thprace_lanemap_del(struct task_struct *task, const struct thprace_session *s,
			 unsigned int lane);
void thprace_lanemap_forget(const struct thprace_session *s);
bool thprace_lanemap_find(struct task_struct *task, struct thprace_lane_ref *ref);

#endif /* THPRACE_LANEMAP_H */
