/* SPDX-License-Identifier: GPL-2.0 */
/* The report for people */
#ifndef THPRACE_REPORT_TEXT_H
#define THPRACE_REPORT_TEXT_H

#include "report.h"

void report_print(const struct report *rep, FILE *out);
void violation_print(const struct violation *v, const char *indent, FILE *out);

#endif /* THPRACE_REPORT_TEXT_H */
