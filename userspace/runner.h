/* SPDX-License-Identifier: GPL-2.0 */
/* The scenarios of a run, in processes of their own, in passes */
#ifndef THPRACE_RUNNER_H
#define THPRACE_RUNNER_H

#include "report.h"

int run_all(struct report *rep);
int run_try(struct report *rep, u64 limit_ns);
int run_keep_probes(const struct options *opt);

#endif /* THPRACE_RUNNER_H */
