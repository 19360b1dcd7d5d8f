/* SPDX-License-Identifier: GPL-2.0 */
/* lockseen.h - who does what under a lock, for the block of a cause */
#ifndef THPRACE_LOCKSEEN_H
#define THPRACE_LOCKSEEN_H

#include "state/cause.h"

struct task_struct;

void thprace_lockseen_start(struct thprace_seen_lock *l, const char *name, const void *lock);
unsigned int thprace_lockseen_stack(unsigned long *stack, unsigned int size);
void thprace_lockseen_current(struct thprace_seen_lock *l);
void thprace_lockseen_owner(struct thprace_seen_lock *l, struct task_struct *owner);

#endif /* THPRACE_LOCKSEEN_H */
