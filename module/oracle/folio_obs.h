/* SPDX-License-Identifier: GPL-2.0 */
/*
 * folio_obs.h - the state of one folio turned into plain integers
 */
#ifndef THPRACE_FOLIO_OBS_H
#define THPRACE_FOLIO_OBS_H

#include "compat/sym.h"
#include "mm/mmset.h"
#include "oracle/rules.h"
#include "state/session.h"

#define THPRACE_MAX_PLACES	(2 * THPRACE_MAX_MMS)

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

/**
 * struct thprace_observer - what a check works with; kept by the session in between
 */
struct thprace_observer {
	struct thprace_mmset set;
	const char *incomplete;			/* why, or NULL */
	struct thprace_place place[THPRACE_MAX_PLACES];
	unsigned int nr_places;
	int places_of[THPRACE_MAX_MMS];		/* first place of an mm, or -1 */
	struct {
		u16 mm, slot;
		bool maps;
	} at[THPRACE_MAX_PLACES];		/* where a run of small folios can be */
	unsigned int nr_at;
	u16 at_slot[THPRACE_MAX_MMS];		/* the last of them in an mm */
	u32 generation;				/* of a region, in @seen */
	struct {
		u32 generation;
		unsigned long pfn;
	} seen[2 * THPRACE_HPAGE_NR];		/* hash of head pfns */
	struct thprace_obs obs, again;
	struct thprace_finding finding[THPRACE_NR_CHECKS], control[THPRACE_NR_CHECKS];
	struct thprace_tally tally[THPRACE_NR_CHECKS];
};

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
void thprace_observer_free(struct thprace_observer *o);
bool thprace_observer_seen(struct thprace_observer *o, unsigned long pfn);
void thprace_observer_forget(struct thprace_observer *o, unsigned long pfn);
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

#endif /* THPRACE_FOLIO_OBS_H */
