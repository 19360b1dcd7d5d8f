/* SPDX-License-Identifier: GPL-2.0 */
/*
 * lanemap.h - tasks that are lanes of a session, while they are at it
 *
 * Not here: what is done with them (schedule.c).
 */
#ifndef THPRACE_LANEMAP_H
#define THPRACE_LANEMAP_H

#include <linux/types.h>

struct task_struct;
struct thprace_session;

void thprace_lanemap_add(struct task_struct *task, struct thprace_session *s,
			 unsigned int lane);
void thprace_lanemap_del(struct task_struct *task, struct thprace_session *s);
void thprace_lanemap_forget(struct thprace_session *s);
bool thprace_lanemap_find(struct task_struct *task, struct thprace_session **s,
			  unsigned int *lane);

#endif /* THPRACE_LANEMAP_H */
