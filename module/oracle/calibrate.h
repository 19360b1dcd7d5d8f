/* SPDX-License-Identifier: GPL-2.0 */
/* calibrate.h - the rules against memory in known states */
#ifndef THPRACE_CALIBRATE_H
#define THPRACE_CALIBRATE_H

#include "state/session.h"

void thprace_calibrate(void);
int thprace_calibrate_mms(struct thprace_session *s, struct mm_struct **mms,
			  unsigned int nr_mms, unsigned long addr);

#endif /* THPRACE_CALIBRATE_H */
