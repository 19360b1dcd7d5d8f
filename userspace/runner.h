/* SPDX-License-Identifier: GPL-2.0 */
/* All scenarios of a run */
#ifndef THPRACE_RUNNER_H
#define THPRACE_RUNNER_H

#include "report.h"

int run_all(struct report *rep);
int run_keep_probes(const struct options *opt);

#endif /* THPRACE_RUNNER_H */
