/* SPDX-License-Identifier: GPL-2.0 */
/*
 * serial.h - which lane is inside what an anon_vma rwsem serialises
 *
 * Not here: who waits where (steer.c), the check itself (racing.c, split_lock
 * and rmap_lock look at the lock).
 */
#ifndef THPRACE_SERIAL_H
#define THPRACE_SERIAL_H

#include <linux/types.h>

#define THPRACE_SERIAL_STACK	20	/* entries kept */

struct anon_vma;
struct mm_struct;
struct pt_regs;
struct task_struct;
struct thprace_op;
struct thprace_session;

/**
 * struct thprace_serial - of a lane; written by its own task
 * @root:	between two phases the lane owns this anon_vma root, or NULL
 * @held:	whose rwsem the lane owns, as far as is known: a split from its
 *		unmap to its end; for finding out who blocks whom
 * @folio:	a page of the huge page that a split of the module's own is at, or NULL
 * @parked:	inside of it, and parked there (guarded by the steering's lock)
 * @split:	it is a split
 * @adjusting:	between vma_prepare and vma_complete
 * @phase:	where it is parked
 * @nr_stack:	entries of @stack
 * @stack:	of the task, while parked
 */
struct thprace_serial {
	const void *root;
	struct anon_vma *held;
	struct page *folio;
	const void *parked;
	bool split, adjusting;
	unsigned int phase;
	unsigned int nr_stack;
	unsigned long stack[THPRACE_SERIAL_STACK];
};

const void *thprace_serial_pass(struct thprace_serial *ser, unsigned int phase,
				struct pt_regs *regs, const void *shadow);
const char *thprace_serial_waits(struct mm_struct *mm, const struct thprace_serial *other,
				 struct task_struct *owner);
void thprace_serial_folio(struct thprace_serial *ser, unsigned int phase,
			  const struct thprace_op *op, struct pt_regs *regs);
bool thprace_serial_folio_waited_for(const struct thprace_serial *other);
bool thprace_serial_clash(const struct thprace_serial *mine, const void *here,
			  const struct thprace_serial *other);
void thprace_serial_park(struct thprace_serial *ser, unsigned int phase);
void thprace_serial_report(struct thprace_session *s, unsigned int lane,
			   unsigned int phase, unsigned int other,
			   const struct thprace_serial *parked);

#endif /* THPRACE_SERIAL_H */
