/* SPDX-License-Identifier: GPL-2.0 */
/* The report as KTAP */
#ifndef THPRACE_KTAP_H
#define THPRACE_KTAP_H

#include "report.h"

int report_ktap(const struct report *rep, const char *path);

#endif /* THPRACE_KTAP_H */
