/* SPDX-License-Identifier: GPL-2.0 */
/* checks.h - all checks: when each is made, and whether a pass needs it */
#ifndef THPRACE_CHECKS_H
#define THPRACE_CHECKS_H

#include "state/session.h"

enum thprace_check_kind {
	THPRACE_KIND_QUIESCED,	/* while all lanes are parked */
	THPRACE_KIND_RACING,	/* at probe points */
	THPRACE_KIND_USER,	/* by the companion */
	THPRACE_NR_KINDS
};

enum thprace_check_kind thprace_check_kind(unsigned int check);
const char *thprace_check_kind_name(unsigned int check);
const char *thprace_check_why_not(unsigned int check);
u64 thprace_checks_available(void);
u64 thprace_checks_racing(void);
u64 thprace_checks_default(void);
bool thprace_check_must_hold(struct thprace_session *s, unsigned int check);

#endif /* THPRACE_CHECKS_H */
