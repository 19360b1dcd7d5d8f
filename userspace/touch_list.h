/* SPDX-License-Identifier: GPL-2.0 */
/* The list of what a run touches beside its own memory */
#ifndef THPRACE_TOUCH_LIST_H
#define THPRACE_TOUCH_LIST_H

#include "options.h"

void touch_collect(const struct options *opt);
bool touch_listed(const char *path);
void touch_print(const struct options *opt, FILE *out);

#endif /* THPRACE_TOUCH_LIST_H */
