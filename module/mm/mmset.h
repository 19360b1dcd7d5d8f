/* SPDX-License-Identifier: GPL-2.0 */
/* mmset.h - a set of mms that are locked together, and their page tables */
#ifndef THPRACE_MMSET_H
#define THPRACE_MMSET_H

#include "compat/compat.h"
#include "compat/pure.h"

#define THPRACE_MAX_MMS		64	/* mms looked at for one folio */
#define THPRACE_MAX_EXTRA	16

/* Entries of one mm next to each other: page @slot + i maps frame @pfn + i. */
struct thprace_run {
	unsigned long pfn;
	u16 slot, nr;
	bool writable;
};

/* What was collected of one mm in a region. */
struct thprace_view {
	unsigned long huge;		/* pfn of a PMD leaf, or 0 */
	bool huge_writable;
	bool odd;			/* there are entries that are no pages */
	unsigned int nr_runs, cursor;
	DECLARE_BITMAP(done, THPRACE_HPAGE_NR);	/* small folios that were judged */
	struct thprace_run run[THPRACE_HPAGE_NR];
};

/* Migration entries of folios that are not locked: how many, and where the first is. */
struct thprace_unlocked {
	unsigned int nr;
	unsigned long addr;
};

struct thprace_mmset {
	struct mm_struct *mm[THPRACE_MAX_MMS];	/* mm_users held */
	unsigned int nr_mms, nr_given, nr_locked, first;
	struct {
		unsigned int mm;
		unsigned long addr;
	} extra[THPRACE_MAX_EXTRA];		/* regions to lock beside the one looked at */
	unsigned int nr_extra;
	u8 mm_hash[4 * THPRACE_MAX_MMS];	/* index of an mm + 1, 0 = free */
	struct vm_area_struct *vma[THPRACE_MAX_MMS];	/* last found; while locked */
	struct vm_area_struct *region_vma[THPRACE_MAX_MMS];	/* first in the region */
	struct thprace_view *view;		/* of the mms given */
	unsigned int room;			/* mms that @view is large enough for */
	unsigned long region;
	struct thprace_unlocked unlocked;
};

/* bitmap_zero() by plain stores: string instructions are slow to start. */
static inline void clear_subpages(unsigned long *map)
{
	unsigned int i;

	for (i = 0; i < BITS_TO_LONGS(THPRACE_HPAGE_NR); i++)
		WRITE_ONCE(map[i], 0);
}

int thprace_mmset_init(struct thprace_mmset *set, struct mm_struct **mms, unsigned int nr);
void thprace_mmset_drop(struct thprace_mmset *set);
void thprace_mmset_free(struct thprace_mmset *set);
int thprace_mmset_lock(struct thprace_mmset *set, unsigned long addr);
void thprace_mmset_unlock(struct thprace_mmset *set);
void thprace_mmset_collect(struct thprace_mmset *set, unsigned int mm, unsigned long addr);
int thprace_mmset_index(struct thprace_mmset *set, struct mm_struct *mm);
const char *thprace_mmset_add(struct thprace_mmset *set, struct mm_struct *mm);
struct vm_area_struct *thprace_mmset_vma(struct thprace_mmset *set, unsigned int mm,
					 unsigned long addr);
const struct thprace_run *thprace_run_at(struct thprace_view *v, unsigned int slot);

#endif /* THPRACE_MMSET_H */
