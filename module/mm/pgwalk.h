/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pgwalk.h - the one way to the page table entries of a process
 */
#ifndef THPRACE_PGWALK_H
#define THPRACE_PGWALK_H

#include "compat/entry.h"
#include "compat/pure.h"

enum thprace_level {
	THPRACE_LEVEL_NONE,	/* no entry, or none that is looked at: nothing is locked */
	THPRACE_LEVEL_PMD,	/* an entry that is no page table; its lock is held */
	THPRACE_LEVEL_PTE,	/* a page table; its lock and the RCU read lock are held */
};

/**
 * struct thprace_pgwalk - what maps an address, locked
 * @level:	what was found
 * @pmd:	the PMD entry; it cannot change
 * @pte:	the PTE of the address, on %THPRACE_LEVEL_PTE
 * @ptl:	the lock that is held
 */
struct thprace_pgwalk {
	enum thprace_level level;
	pmd_t pmd;
	pte_t *pte;
	spinlock_t *ptl;	/* of the page table */
};

enum thprace_level thprace_pgwalk_lock(struct thprace_pgwalk *w, struct mm_struct *mm,
				       unsigned long addr);
void thprace_pgwalk_unlock(struct thprace_pgwalk *w);
struct thprace_entry thprace_pgwalk_read(const struct thprace_pgwalk *w, unsigned long addr);
struct thprace_entry thprace_pgwalk_entry(struct mm_struct *mm, unsigned long addr,
					  enum thprace_level *level);
pmd_t *thprace_find_pmd(struct mm_struct *mm, unsigned long addr);
bool thprace_ptl_held(struct mm_struct *mm, unsigned long addr);

#endif /* THPRACE_PGWALK_H */
