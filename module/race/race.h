/* SPDX-License-Identifier: GPL-2.0 */
/* race.h - kernel threads that race ops on the memory of processes */
#ifndef THPRACE_RACE_H
#define THPRACE_RACE_H

#include "state/session.h"

int thprace_race(struct thprace_session *s, const struct thprace_spec *spec,
		 struct mm_struct **mms, struct pid **pids, unsigned int nr_mms);

#endif /* THPRACE_RACE_H */
