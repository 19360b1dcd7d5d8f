/* SPDX-License-Identifier: GPL-2.0 */
/* race.h - kernel threads that race ops on the memory of processes */
#ifndef THPRACE_RACE_H
#define THPRACE_RACE_H

#include "state/session.h"
#include "state/stop.h"

int thprace_race(struct thprace_session *s, const struct thprace_spec *spec,
		 const struct thprace_stop *stop);

#endif /* THPRACE_RACE_H */
