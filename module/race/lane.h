/* SPDX-License-Identifier: GPL-2.0 */
/* lane.h - tasks as lanes of a round */
#ifndef THPRACE_LANE_H
#define THPRACE_LANE_H

#include "state/session.h"

int thprace_lane_go(struct thprace_session *s, unsigned int lane,
		    struct task_struct *task, enum thprace_op op,
		    unsigned long addr, struct task_struct *helper,
		    struct thprace_refusal *no);
void thprace_lane_pages(struct thprace_session *s, unsigned int lane, unsigned int first,
			unsigned int nr, bool every_other);
int thprace_lane_done(struct thprace_session *s, unsigned int lane,
		      enum thprace_result result, unsigned int err);

#endif /* THPRACE_LANE_H */
