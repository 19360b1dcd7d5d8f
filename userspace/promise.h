/* SPDX-License-Identifier: GPL-2.0 */
/* Checks that lanes make by system calls, beside that of content */
#ifndef THPRACE_PROMISE_H
#define THPRACE_PROMISE_H

#include "run.h"

void promise_held(struct run *run, const struct lane *lane, unsigned int check, u64 nr);
void promise_broken(struct run *run, struct lane *lane, unsigned int check,
		    const struct violation *seen);

#endif /* THPRACE_PROMISE_H */
