/* SPDX-License-Identifier: GPL-2.0 */
/* mmset.h - a set of mms that are locked together, and their page tables */
#ifndef THPRACE_MMSET_H
#define THPRACE_MMSET_H

#include "compat/entry.h"
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
	bool others;			/* there are entries that map no page of memory */
	unsigned int nr_runs, cursor;
	DECLARE_BITMAP(done, THPRACE_HPAGE_NR);	/* small folios that were judged */
	struct thprace_run run[THPRACE_HPAGE_NR];
};

/**
 * struct thprace_unlocked - a migration entry whose folio is not locked
 * @control:	take any entry for one (positive control)
 * @mm:		index of the mm
 * @addr:	its address, or 0: none was seen
 * @entry:	as it was seen
 */
struct thprace_unlocked {
	bool control;
	unsigned int mm;
	unsigned long addr;
	struct thprace_entry entry;
};

/**
 * struct thprace_mmset - mms that are locked together
 * @mm:		the mms, user references held
 * @nr_mms:	how many
 * @nr_given:	how many of them a command named; the rest was found by rmap
 * @nr_left_out: named, but more than can be locked at once
 * @nr_locked:	how many are locked
 * @first:	the one whose lock is waited for
 * @extra:	regions to lock beside the one that is looked at
 * @nr_extra:	how many
 * @mm_hash:	index of an mm + 1; 0 is a free slot
 * @vma:	last found in an mm; valid while it is locked
 * @region_vma:	first of an mm in the region; valid while it is locked
 * @view:	what was read of the mms that were given
 * @room:	how many mms @view is large enough for
 * @region:	PMD-aligned address
 * @unlocked:	a migration entry that should not be there
 */
struct thprace_mmset {
	struct mm_struct *mm[THPRACE_MAX_MMS];
	unsigned int nr_mms, nr_given, nr_left_out, nr_locked, first;
	struct {
		unsigned int mm;
		unsigned long addr;
	} extra[THPRACE_MAX_EXTRA];
	unsigned int nr_extra;
	u8 mm_hash[4 * THPRACE_MAX_MMS];
	struct vm_area_struct *vma[THPRACE_MAX_MMS];
	struct vm_area_struct *region_vma[THPRACE_MAX_MMS];
	struct thprace_view *view;
	unsigned int room;
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
bool thprace_mmset_still_unlocked(struct thprace_mmset *set);
int thprace_mmset_index(struct thprace_mmset *set, struct mm_struct *mm);
const char *thprace_mmset_add(struct thprace_mmset *set, struct mm_struct *mm);
struct vm_area_struct *thprace_mmset_vma(struct thprace_mmset *set, unsigned int mm,
					 unsigned long addr);
const struct thprace_run *thprace_run_at(struct thprace_view *v, unsigned int slot);

#endif /* THPRACE_MMSET_H */
