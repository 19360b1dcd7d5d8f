/* SPDX-License-Identifier: GPL-2.0 */
/* pgwalk.h - walks of page tables */
#ifndef THPRACE_PGWALK_H
#define THPRACE_PGWALK_H

#include "compat/compat.h"

pmd_t *thprace_find_pmd(struct mm_struct *mm, unsigned long addr);
bool thprace_ptl_held(struct mm_struct *mm, unsigned long addr);
bool thprace_ptes_below(struct mm_struct *mm, pmd_t *pmd, pmd_t *old, spinlock_t **ptlp);
u64 thprace_bare_walk(struct mm_struct *mm, unsigned long addr);
void thprace_count_rss(struct mm_struct *mm, long *anon, long *shmem);

#endif /* THPRACE_PGWALK_H */
