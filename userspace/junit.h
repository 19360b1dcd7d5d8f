/* SPDX-License-Identifier: GPL-2.0 */
/* A merged report as JUnit XML */
#ifndef THPRACE_JUNIT_H
#define THPRACE_JUNIT_H

#include "merge.h"

int merge_junit(const struct merge *m, const char *path);

#endif /* THPRACE_JUNIT_H */
