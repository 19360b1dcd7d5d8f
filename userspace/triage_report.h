/* SPDX-License-Identifier: GPL-2.0 */
/* What was found out of a finding */
#ifndef THPRACE_TRIAGE_REPORT_H
#define THPRACE_TRIAGE_REPORT_H

#include "report.h"

const struct triage *triage_of(const struct report *rep, u32 cause);
bool triage_command(const struct report *rep, const struct triage *t, char *buf, size_t size);
void triage_print(const struct report *rep, const struct triage *t, FILE *out);

#endif /* THPRACE_TRIAGE_REPORT_H */
