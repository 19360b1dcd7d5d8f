/* SPDX-License-Identifier: GPL-2.0 */
/* lockcheck.h - checks at probe points, of the locks that must be held there */
#ifndef THPRACE_LOCKCHECK_H
#define THPRACE_LOCKCHECK_H

#include "compat/ftrace.h"
#include "state/session.h"

const char *thprace_lockcheck_why_not(unsigned int check);
struct anon_vma *thprace_lockcheck_root(void);
void thprace_lockcheck_init(void);
void thprace_lockcheck_forget(void);

/* handlers of rows of the table of points */
void thprace_lockcheck_unmap(struct ftrace_regs *fregs);
void thprace_lockcheck_remap(struct ftrace_regs *fregs);
void thprace_lockcheck_tree(struct ftrace_regs *fregs);
void thprace_lockcheck_move(struct ftrace_regs *fregs);
void thprace_lockcheck_collapse(struct ftrace_regs *fregs);
void thprace_lockcheck_flush(struct ftrace_regs *fregs);
void thprace_lockcheck_swap(struct ftrace_regs *fregs);

#endif /* THPRACE_LOCKCHECK_H */
