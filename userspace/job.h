/* SPDX-License-Identifier: GPL-2.0 */
/* The scenarios of a job, one after the other, in processes of their own */
#ifndef THPRACE_JOB_H
#define THPRACE_JOB_H

#include "report.h"

int run_job(struct report *rep);
int run_try(struct report *rep, u64 limit_ns);

#endif /* THPRACE_JOB_H */
