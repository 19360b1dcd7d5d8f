/* SPDX-License-Identifier: GPL-2.0 */
/* A run of one huge page, small, on real memory, without a session */
#ifndef THPRACE_MOCK_RUN_H
#define THPRACE_MOCK_RUN_H

#include "run.h"

struct run *mock_run(const char *scenario, const struct options *opt);
void mock_run_free(struct run *run);
char *mock_page(struct run *run, unsigned int page);

#endif /* THPRACE_MOCK_RUN_H */
