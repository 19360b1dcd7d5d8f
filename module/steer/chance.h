/* SPDX-License-Identifier: GPL-2.0 */
/* chance.h - which phases of watched tasks meet by chance */
#ifndef THPRACE_CHANCE_H
#define THPRACE_CHANCE_H

#include "compat/ftrace.h"
#include "state/session.h"

int thprace_chance_begin(struct thprace_session *s);
void thprace_chance_end(struct thprace_session *s);
size_t thprace_chance_print(struct thprace_session *s, char *buf, size_t size);

/* in probe handlers */
void thprace_chance_hit(unsigned int phase, struct ftrace_regs *fregs);

#endif /* THPRACE_CHANCE_H */
