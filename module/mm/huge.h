/* SPDX-License-Identifier: GPL-2.0 */
/* huge.h - huge pages of a process */
#ifndef THPRACE_HUGE_H
#define THPRACE_HUGE_H

#include "compat/peek.h"
#include "compat/pure.h"

/* A large folio, by one of its pages. */
struct thprace_large {
	struct page *page;	/* referenced */
	unsigned long addr;	/* where it was found */
};

bool thprace_vma_supported(struct vm_area_struct *vma, bool shared);
struct page *thprace_find_huge(struct mm_struct *mm, unsigned long addr,
			       unsigned int index);
int thprace_find_folios(struct mm_struct *mm, unsigned long addr, struct thprace_large *found);
bool thprace_region_shared(struct mm_struct *mm, unsigned long addr);

#endif /* THPRACE_HUGE_H */
