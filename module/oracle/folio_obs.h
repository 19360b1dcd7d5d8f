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

#define THPRACE_MAX_CANDIDATES	(2 * THPRACE_MAX_MMS)

/* Where a folio can be mapped in one mm: subpage i at base + i * PAGE_SIZE. */
struct thprace_candidate {
	unsigned int mm;
	int next;		/* index of the next one of this mm, or -1 */
	unsigned long base;
	DECLARE_BITMAP(reach, THPRACE_HPAGE_NR);	/* seen by the rmap walk */
};

enum thprace_observe_result {
	THPRACE_OBSERVED,
	THPRACE_OBSERVE_GONE,		/* no longer mapped here, or split meanwhile */
	THPRACE_OBSERVE_FOREIGN,	/* no memory that the rules are about */
	THPRACE_OBSERVE_AGAIN,		/* mms or regions were added: lock again */
	THPRACE_OBSERVE_BUSY,		/* someone else has the folio locked */
	THPRACE_OBSERVE_UNKNOWN,	/* it is mapped where it can't be looked at */
};

/**
 * struct thprace_observer - what a check works with; kept by the session in between
 * @set:	the mms
 * @incomplete:	why an mm or an address could not be added, static
 * @candidate:	where the folio that is looked at can be mapped, @nr_candidates
 * @candidates_of: the first candidate of an mm, or -1
 * @at:		where a run of small folios can be mapped, @nr_at
 * @at_slot:	the last of them in an mm
 * @generation:	of a region, in @seen
 * @seen:	hash of the head pfns that were looked at in a region
 * @describe:	each look fills @described; else only those that walk page tables anew
 * @described:	what describe.c says of the folio
 * @obs:	the folio that is looked at
 * @again:	the second look at it
 * @finding:	what the rules say of it
 * @control:	what they say of a perturbed one
 * @tally:	counts that are not in the session yet
 */
struct thprace_observer {
	struct thprace_mmset set;
	const char *incomplete;
	struct thprace_candidate candidate[THPRACE_MAX_CANDIDATES];
	unsigned int nr_candidates;
	int candidates_of[THPRACE_MAX_MMS];
	struct {
		u16 mm, slot;
		bool maps;
	} at[THPRACE_MAX_CANDIDATES];
	unsigned int nr_at;
	u16 at_slot[THPRACE_MAX_MMS];
	u32 generation;
	struct {
		u32 generation;
		unsigned long pfn;
	} seen[2 * THPRACE_HPAGE_NR];
	bool describe;
	struct thprace_seen_folio described;
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
bool thprace_vma_links(struct vm_area_struct *vma, struct anon_vma *anon_vma);
enum thprace_chain thprace_vma_chain(struct vm_area_struct *vma, struct anon_vma *anon_vma);
bool thprace_vma_has(struct vm_area_struct *vma, struct anon_vma *anon_vma);
void thprace_obs_start(struct thprace_obs *obs, unsigned int nr);
unsigned int thprace_observe_small(struct thprace_observer *o, struct thprace_obs *obs,
				   unsigned int mm, unsigned int slot, unsigned int n,
				   unsigned long pfn);
void thprace_small_done(struct thprace_observer *o, unsigned int n);

#endif /* THPRACE_FOLIO_OBS_H */
