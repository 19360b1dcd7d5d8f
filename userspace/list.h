/* SPDX-License-Identifier: GPL-2.0 */
/* What there is: scenarios, ops, checks, phases */
#ifndef THPRACE_LIST_H
#define THPRACE_LIST_H

#include "cmdline.h"

extern const struct argp list_argp;

int cmd_list(int argc, char **argv);

#endif /* THPRACE_LIST_H */
