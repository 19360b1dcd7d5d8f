/* SPDX-License-Identifier: GPL-2.0 */
/*
 * section.h - which lanes do something under an anon_vma rwsem
 */
#ifndef THPRACE_SECTION_H
#define THPRACE_SECTION_H

#include "compat/ftrace.h"
#include "state/cause.h"

struct anon_vma;
struct mm_struct;
struct thprace_session;

/**
 * struct thprace_section - what a lane does under an anon_vma rwsem
 * @root:	this root's rwsem is held from here to the next phase, or NULL
 * @owned:	the root whose rwsem the lane owns, as far as is known; of a split it
 *		stays set to the split's end, so that waiters can be explained
 * @splits:	a page of the huge page that the op "split" is splitting, or NULL
 * @parked:	the root under which the lane is parked; guarded by the steering's lock
 * @split:	the lane splits
 * @adjusting:	between vma_prepare and vma_complete
 * @phase:	where the lane is parked
 * @stack:	of the task, from when it was parked
 *
 * Written by the lane's own task.
 */
struct thprace_section {
	const void *root;
	struct anon_vma *owned;
	struct page *splits;
	const void *parked;
	bool split, adjusting;
	unsigned int phase;
	struct thprace_seen_stack stack;
};

const void *thprace_section_pass(struct thprace_section *sec, unsigned int phase,
				 struct ftrace_regs *fregs, const void *shadow);
bool thprace_section_clash(const struct thprace_section *mine, const void *here,
			   const struct thprace_section *other);
void thprace_section_park(struct thprace_section *sec, unsigned int phase);
void thprace_section_report(struct thprace_session *s, unsigned int lane,
			    unsigned int phase, unsigned int other,
			    const struct thprace_section *parked);

#endif /* THPRACE_SECTION_H */
