/* SPDX-License-Identifier: GPL-2.0 */
/* restore.h - what a huge page is like before a round, and how it gets so again */
#ifndef THPRACE_RESTORE_H
#define THPRACE_RESTORE_H

#include "race/ops.h"

/**
 * struct thprace_shape - what must be kept of a huge page in one mm
 * @vm_flags:	of its VMA
 * @shared:	other mms map some of its memory
 * @refaults:	a write from here brings new memory
 * @remaps:	a new mapping can be given all that the old one had
 */
struct thprace_shape {
	unsigned long vm_flags;
	bool shared, refaults, remaps;
};

/* thprace_restore(): it can't be as it was, and is raced no more. */
#define THPRACE_USED_UP		1

int thprace_shape_take(struct thprace_shape *shape, struct mm_struct *mm,
		       unsigned long addr);
int thprace_restore(const struct thprace_shape *shape, struct thprace_target *t);

#endif /* THPRACE_RESTORE_H */
