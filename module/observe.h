/* SPDX-License-Identifier: GPL-2.0 */
/*
 * observe.h - kernel state turned into plain integers
 *
 * An observer holds a set of mms, locks them all, and fills a struct
 * thprace_obs for one folio at a time.  Not here: any rule about what the
 * integers should be (judge.c), nor what is done with the result (check.c).
 */
#ifndef THPRACE_OBSERVE_H
#define THPRACE_OBSERVE_H

#include "session.h"

#define THPRACE_MAX_PLACES	(2 * THPRACE_MAX_MMS)
#define THPRACE_MAX_EXTRA	16

/* Where a folio can be mapped in one mm: subpage i at base + i * PAGE_SIZE. */
struct thprace_place {
	unsigned int mm;
	int next;		/* index of the next place of this mm, or -1 */
	unsigned long base;
	DECLARE_BITMAP(reach, THPRACE_HPAGE_NR);	/* seen by the rmap walk */
};

enum thprace_observe_result {
	THPRACE_OBSERVED,
	THPRACE_OBSERVE_GONE,		/* no longer mapped here, or freed */
	THPRACE_OBSERVE_AGAIN,		/* the set of mms grew: lock again */
	THPRACE_OBSERVE_BUSY,		/* someone else has the folio locked */
	THPRACE_OBSERVE_UNKNOWN,	/* an mm or place that can't be looked at */
};

struct thprace_observer {
	struct mm_struct *mm[THPRACE_MAX_MMS];	/* mm_users held */
	unsigned int nr_mms, nr_given, nr_locked, first;
	const char *incomplete;			/* why, or NULL */
	struct {
		unsigned int mm;
		unsigned long addr;
	} extra[THPRACE_MAX_EXTRA];
	unsigned int nr_extra;
	struct thprace_place place[THPRACE_MAX_PLACES];
	unsigned int nr_places;
	int places_of[THPRACE_MAX_MMS];		/* first place of an mm, or -1 */
	u8 mm_hash[4 * THPRACE_MAX_MMS];	/* index of an mm + 1, 0 = free */
	struct vm_area_struct *vma[THPRACE_MAX_MMS];	/* last found; while locked */
	struct vm_area_struct *region_vma[THPRACE_MAX_MMS];	/* first in the region */
	pte_t *table;				/* of the mms given: entries of the region */
	unsigned int room;			/* mms that @table is large enough for */
	unsigned long huge[THPRACE_MAX_MMS];	/* pfn of a PMD leaf in the region, or 0 */
	unsigned long region;
	bool has_table[THPRACE_MAX_MMS];
	struct {
		unsigned int slot;
		unsigned long pfn;
	} seen_at[THPRACE_HPAGE_NR];		/* pages of one mm, in order */
	struct thprace_bad mig_unlocked;
	u32 generation;				/* of a region, in @seen */
	struct {
		u32 generation;
		unsigned long pfn;
	} seen[2 * THPRACE_HPAGE_NR];		/* hash of head pfns */
	struct thprace_obs obs, again;
};

struct thprace_observer *thprace_observer_get(struct thprace_session *s,
					      struct mm_struct **mms, unsigned int nr);
void thprace_observer_put(struct thprace_session *s, struct thprace_observer *o);
int thprace_observer_lock(struct thprace_observer *o, unsigned long addr);
void thprace_observer_unlock(struct thprace_observer *o);
void thprace_observer_collect(struct thprace_observer *o, unsigned int mm, unsigned long addr);
unsigned int thprace_observer_list(struct thprace_observer *o, unsigned int mm);
enum thprace_observe_result
thprace_observe_folio(struct thprace_observer *o, struct thprace_obs *obs,
		      unsigned int mm, unsigned long pfn, unsigned int slot,
		      unsigned long region,
		      unsigned int own_refs, bool walk);
bool thprace_obs_equal(const struct thprace_obs *a, const struct thprace_obs *b);
pmd_t *thprace_find_pmd(struct mm_struct *mm, unsigned long addr);
bool thprace_ptes_below(struct mm_struct *mm, pmd_t *pmd, pmd_t *old, spinlock_t **ptlp);
u64 thprace_bare_walk(struct mm_struct *mm, unsigned long addr);
void thprace_count_rss(struct mm_struct *mm, long *anon, long *shmem);

#endif /* THPRACE_OBSERVE_H */
