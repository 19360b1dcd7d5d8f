/* SPDX-License-Identifier: GPL-2.0 */
/* verdict.h - what a session was worth */
#ifndef THPRACE_VERDICT_H
#define THPRACE_VERDICT_H

#include "state/session.h"

#define THPRACE_VERDICT_WHY	256	/* bytes of a reason */

enum thprace_verdict thprace_session_verdict(struct thprace_session *s, char *why, size_t size);

#endif /* THPRACE_VERDICT_H */
