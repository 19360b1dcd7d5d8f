/* SPDX-License-Identifier: GPL-2.0 */
/* After a finding: what does it need? */
#ifndef THPRACE_TRIAGE_H
#define THPRACE_TRIAGE_H

#include "report.h"

void triage_run(struct report *rep, const char *why_not);

#endif /* THPRACE_TRIAGE_H */
