/* SPDX-License-Identifier: GPL-2.0 */
/* gather.h - the folios of a hold or a split */
#ifndef THPRACE_GATHER_H
#define THPRACE_GATHER_H

#include "race/ops.h"

int thprace_gather(struct thprace_session *s, struct thprace_target *t, bool one,
		   struct list_head *taken);
void thprace_gather_return(struct thprace_session *s, struct thprace_target *t,
			   struct list_head *taken);
int thprace_gather_hold(struct thprace_session *s, struct thprace_target *t, bool one,
			u64 batch);

#endif /* THPRACE_GATHER_H */
