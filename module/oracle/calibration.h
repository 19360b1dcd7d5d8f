/* SPDX-License-Identifier: GPL-2.0 */
/* calibration.h - what the rules said of memory in known states */
#ifndef THPRACE_CALIBRATION_H
#define THPRACE_CALIBRATION_H

#include "oracle/known.h"
#include "state/session.h"

/**
 * struct thprace_answers - what was found of all checks
 * @right:	bitmap of checks that have given the known answer
 * @wrong:	bitmap of those that have given another one
 * @state:	in which state, of those
 * @finding:	what they said instead
 */
struct thprace_answers {
	u64 right, wrong;
	enum thprace_known state[THPRACE_NR_CHECKS];
	struct thprace_finding finding[THPRACE_NR_CHECKS];
};

int thprace_calibration_init(void);
const char *thprace_calibration_lacks(void);
unsigned int thprace_calibration_spoils(void);
bool thprace_calibration_tested(void);
bool thprace_calibration_done(void);
void thprace_calibration_missing(const char *why);
void thprace_calibration_store(const struct thprace_answers *a, u64 asked,
			       enum thprace_known state, const struct thprace_obs *seen);
void thprace_calibration_tell(struct thprace_session *s, struct thprace_tally *tally);

#endif /* THPRACE_CALIBRATION_H */
