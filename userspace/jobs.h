/* SPDX-License-Identifier: GPL-2.0 */
/* Scenarios side by side */
#ifndef THPRACE_JOBS_H
#define THPRACE_JOBS_H

#include "report.h"
#include "watch.h"

unsigned int jobs_fitting(const struct options *opt);
const char *jobs_why_not(const struct options *opt);
int jobs_run(struct report *rep);
void jobs_complaint(struct report *rep, const struct complaint *c);

#endif /* THPRACE_JOBS_H */
