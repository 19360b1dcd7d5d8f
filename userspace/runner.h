/* SPDX-License-Identifier: GPL-2.0 */
/* The scenarios of a run, in processes of their own, in passes */
#ifndef THPRACE_RUNNER_H
#define THPRACE_RUNNER_H

#include "report.h"

int run_all(struct report *rep);

#endif /* THPRACE_RUNNER_H */
