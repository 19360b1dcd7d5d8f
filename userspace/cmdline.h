/* SPDX-License-Identifier: GPL-2.0 */
/* What the parsers of all commands have in common */
#ifndef THPRACE_CMDLINE_H
#define THPRACE_CMDLINE_H

#include <argp.h>

#include "util.h"

/* From this group on, options are shown by --help=all only. */
#define CMDLINE_MORE		5

/* Of options without a letter. */
enum { CMDLINE_KEYS = 0x100 };

#define CMDLINE_GO		(-1)	/* else an exit code */

/* --help, --usage and --version; every parser has them for children. */
extern const struct argp_child cmdline_common[];

int cmdline_parse(const struct argp *argp, const char *name, int argc, char **argv, void *input);
bool cmdline_whole_help(void);
void cmdline_help(const struct argp *argp, const char *name, bool all);
error_t cmdline_refuse(struct argp_state *state, const char *fmt, ...) __printf(2, 3);
error_t cmdline_number(struct argp_state *state, const char *name, const char *arg, u64 min,
		       u64 max, u64 *val);

#endif /* THPRACE_CMDLINE_H */
