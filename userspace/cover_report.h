/* SPDX-License-Identifier: GPL-2.0 */
/* What was new, for the report */
#ifndef THPRACE_COVER_REPORT_H
#define THPRACE_COVER_REPORT_H

#include <jansson.h>

#include "report.h"

void cover_print(const struct report *rep, FILE *out);
void cover_print_one(const struct cover *c, FILE *out);
json_t *cover_json(const struct report *rep);

#endif /* THPRACE_COVER_REPORT_H */
