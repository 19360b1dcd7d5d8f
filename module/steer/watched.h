/* SPDX-License-Identifier: GPL-2.0 */
/* watched.h - processes that a session watches, without lanes */
#ifndef THPRACE_WATCHED_H
#define THPRACE_WATCHED_H

#include "state/session.h"
#include "steer/lanemap.h"

int thprace_watched_set(struct thprace_session *s, struct pid **pid, unsigned int nr, u64 inject);
void thprace_watched_clear(struct thprace_session *s);

/* in probe handlers */
bool thprace_watched_find(struct task_struct *task, struct thprace_lane_ref *ref);

#endif /* THPRACE_WATCHED_H */
