/* SPDX-License-Identifier: GPL-2.0 */
/* report.h - a session as text */
#ifndef THPRACE_REPORT_H
#define THPRACE_REPORT_H

#include "state/session.h"

char *thprace_report_session(struct thprace_session *s, size_t *len);
char *thprace_report_violations(size_t *len);

#endif /* THPRACE_REPORT_H */
