/* SPDX-License-Identifier: GPL-2.0 */
/*
 * section.h - which lane is inside what an anon_vma rwsem serialises
 */
#ifndef THPRACE_SECTION_H
#define THPRACE_SECTION_H

#include "compat/pure.h"

#define THPRACE_SECTION_STACK	20	/* entries kept */

struct anon_vma;
struct mm_struct;
struct pt_regs;
struct task_struct;
struct thprace_session;

/**
 * struct thprace_section - of a lane; written by its own task
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
struct thprace_section {
	const void *root;
	struct anon_vma *held;
	struct page *folio;
	const void *parked;
	bool split, adjusting;
	unsigned int phase;
	unsigned int nr_stack;
	unsigned long stack[THPRACE_SECTION_STACK];
};

const void *thprace_section_pass(struct thprace_section *ser, unsigned int phase,
				struct pt_regs *regs, const void *shadow);
const char *thprace_section_waits(struct mm_struct *mm, const struct thprace_section *other,
				 struct task_struct *owner);
void thprace_section_folio(struct thprace_section *ser, unsigned int phase,
			  enum thprace_op op, struct pt_regs *regs);
bool thprace_section_folio_waited_for(const struct thprace_section *other);
bool thprace_section_clash(const struct thprace_section *mine, const void *here,
			  const struct thprace_section *other);
void thprace_section_park(struct thprace_section *ser, unsigned int phase);
void thprace_section_report(struct thprace_session *s, unsigned int lane,
			   unsigned int phase, unsigned int other,
			   const struct thprace_section *parked);

#endif /* THPRACE_SECTION_H */
