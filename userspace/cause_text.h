/* SPDX-License-Identifier: GPL-2.0 */
/* A cause of violations, for people */
#ifndef THPRACE_CAUSE_TEXT_H
#define THPRACE_CAUSE_TEXT_H

#include "cause.h"

void cause_print(const struct tally *t, const struct cause *c, unsigned int max_lines, FILE *out);
const char *violation_number(const char *text, char shown[24]);
void cause_print_line(const char *label, const char *text, FILE *out);

#endif /* THPRACE_CAUSE_TEXT_H */
