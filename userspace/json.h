/* SPDX-License-Identifier: GPL-2.0 */
/* The report as JSON */
#ifndef THPRACE_JSON_H
#define THPRACE_JSON_H

#include "report.h"

int json_try(const char *path);
int report_json(const struct report *rep, const char *path);

#endif /* THPRACE_JSON_H */
