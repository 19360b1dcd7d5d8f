/* SPDX-License-Identifier: GPL-2.0 */
/* lockcount.h - whose work lock checks see, and how often they held */
#ifndef THPRACE_LOCKCOUNT_H
#define THPRACE_LOCKCOUNT_H

#include "state/session.h"
#include "steer/lanemap.h"

int thprace_lockcount_get(struct thprace_session *s);
void thprace_lockcount_put(struct thprace_session *s);
void thprace_lockcount_reset(struct thprace_session *s);
void thprace_lockcount_enter(struct thprace_session *s, unsigned int lane,
			     struct task_struct *task);
void thprace_lockcount_start(struct thprace_session *s, unsigned int lane);
void thprace_lockcount_leave(struct thprace_session *s, unsigned int lane);
void thprace_lockcount_forget(struct thprace_session *s);
bool thprace_lockcount_begin(struct thprace_session *s, u64 inject);
void thprace_lockcount_end(struct thprace_session *s, bool begun);
int thprace_lockcount_split(struct page *page, unsigned int order);
u64 thprace_lockcount_held(struct thprace_session *s, unsigned int check);
bool thprace_lockcount_must_hold(struct thprace_session *s, unsigned int check);
void thprace_lockcount_inject(struct thprace_session *s, u64 checks);

/* for lockcheck.c, in probe handlers */
bool thprace_lockcount_find(struct thprace_lane_ref *ref);
void thprace_lockcount_add(const struct thprace_lane_ref *ref, unsigned int check);
void thprace_lockcount_tell(unsigned int check, struct thprace_finding *f);

#endif /* THPRACE_LOCKCOUNT_H */
