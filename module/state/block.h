/* SPDX-License-Identifier: GPL-2.0 */
/* block.h - what was seen of a cause, as lines of text */
#ifndef THPRACE_BLOCK_H
#define THPRACE_BLOCK_H

#include "state/cause.h"

/* Gets one line, without a newline, of less than THPRACE_BLOCK_LINE bytes. */
typedef void (*thprace_line_fn)(void *arg, const char *line);

void thprace_block_print(const struct thprace_cause *c, bool raw, thprace_line_fn fn, void *arg);

#endif /* THPRACE_BLOCK_H */
