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
	struct thprace_view *view;		/* of the mms given */
	unsigned int room;			/* mms that @view is large enough for */
	unsigned long region;
	struct {
		u16 mm, slot;
		bool maps;
	} at[THPRACE_MAX_PLACES];		/* where a run of small folios can be */
	unsigned int nr_at;
	u16 at_slot[THPRACE_MAX_MMS];		/* the last of them in an mm */
	struct thprace_bad mig_unlocked;
	u32 generation;				/* of a region, in @seen */
	struct {
		u32 generation;
		unsigned long pfn;
	} seen[2 * THPRACE_HPAGE_NR];		/* hash of head pfns */
	struct thprace_obs obs, again;
	struct thprace_finding finding[THPRACE_NR_CHECKS], control[THPRACE_NR_CHECKS];
	struct thprace_tally tally[THPRACE_NR_CHECKS];
};

/* bitmap_zero() by plain stores: string instructions are slow to start. */
static inline void clear_subpages(unsigned long *map)
{
	unsigned int i;

	for (i = 0; i < BITS_TO_LONGS(THPRACE_HPAGE_NR); i++)
		WRITE_ONCE(map[i], 0);
}

static inline void note_bad(struct thprace_bad *bad, u32 index, u64 addr,
			    s64 want, s64 got)
{
	if (!bad->nr++) {
		bad->index = index;
		bad->addr = addr;
		bad->want = want;
		bad->got = got;
	}
}

struct thprace_observer *thprace_observer_get(struct thprace_session *s,
					      struct mm_struct **mms, unsigned int nr);
void thprace_observer_put(struct thprace_session *s, struct thprace_observer *o);
int thprace_observer_lock(struct thprace_observer *o, unsigned long addr);
void thprace_observer_unlock(struct thprace_observer *o);
void thprace_observer_collect(struct thprace_observer *o, unsigned int mm, unsigned long addr);
int thprace_observer_index(struct thprace_observer *o, struct mm_struct *mm);
const char *thprace_observer_add(struct thprace_observer *o, struct mm_struct *mm);
struct vm_area_struct *thprace_observer_vma(struct thprace_observer *o, unsigned int mm,
					    unsigned long addr);
bool thprace_observer_seen(struct thprace_observer *o, unsigned long pfn);
void thprace_observer_forget(struct thprace_observer *o, unsigned long pfn);
const struct thprace_run *thprace_run_at(struct thprace_view *v, unsigned int slot);
enum thprace_observe_result
thprace_observe_folio(struct thprace_observer *o, struct thprace_obs *obs,
		      unsigned int mm, unsigned long pfn, unsigned int slot,
		      unsigned long region,
		      unsigned int own_refs, bool walk);
bool thprace_vma_has(struct vm_area_struct *vma, struct anon_vma *anon_vma);
void thprace_obs_start(struct thprace_obs *obs, unsigned int nr);
unsigned int thprace_observe_small(struct thprace_observer *o, struct thprace_obs *obs,
				   unsigned int mm, unsigned int slot, unsigned int n,
				   unsigned long pfn);
void thprace_small_done(struct thprace_observer *o, unsigned int n);
pmd_t *thprace_find_pmd(struct mm_struct *mm, unsigned long addr);
bool thprace_ptl_held(struct mm_struct *mm, unsigned long addr);
bool thprace_ptes_below(struct mm_struct *mm, pmd_t *pmd, pmd_t *old, spinlock_t **ptlp);
u64 thprace_bare_walk(struct mm_struct *mm, unsigned long addr);
void thprace_count_rss(struct mm_struct *mm, long *anon, long *shmem);

#endif /* THPRACE_OBSERVE_H */
