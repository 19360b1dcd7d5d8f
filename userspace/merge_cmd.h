/* SPDX-License-Identifier: GPL-2.0 */
/* thprace merge */
#ifndef THPRACE_MERGE_CMD_H
#define THPRACE_MERGE_CMD_H

#include <argp.h>

extern const struct argp merge_argp;

int cmd_merge(int argc, char **argv);

#endif /* THPRACE_MERGE_CMD_H */
