/* SPDX-License-Identifier: GPL-2.0 */
/* lockcheck.h - checks at probe points, of the locks that must be held there */
#ifndef THPRACE_LOCKCHECK_H
#define THPRACE_LOCKCHECK_H

#include "state/session.h"

struct pt_regs;

const char *thprace_lockcheck_why_not(unsigned int check);
struct anon_vma *thprace_lockcheck_root(void);
void thprace_lockcheck_init(void);

/* handlers of rows of the table of points */
void thprace_lockcheck_unmap(struct pt_regs *regs);
void thprace_lockcheck_remap(struct pt_regs *regs);
void thprace_lockcheck_tree(struct pt_regs *regs);
void thprace_lockcheck_move(struct pt_regs *regs);
void thprace_lockcheck_collapse(struct pt_regs *regs);
void thprace_lockcheck_flush(struct pt_regs *regs);
void thprace_lockcheck_swap(struct pt_regs *regs);

#endif /* THPRACE_LOCKCHECK_H */
