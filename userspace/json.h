/* SPDX-License-Identifier: GPL-2.0 */
/* The report as JSON */
#ifndef THPRACE_JSON_H
#define THPRACE_JSON_H

#include "report.h"

int report_json(const struct report *rep, const char *path);

#endif /* THPRACE_JSON_H */
