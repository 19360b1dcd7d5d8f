/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rules.h - rules over plain integers
 *
 * thprace_judge() compares what folio_obs.c saw of one folio with what the
 * kernel's rules say, and yields one finding per selected check.  Pure: knows
 * no kernel version (struct thprace_obs::caps says which counters exist) and
 * takes no lock.
 */
#ifndef THPRACE_JUDGE_H
#define THPRACE_JUDGE_H

#include "state/finding.h"

/* Which counters this kernel keeps. */
enum thprace_cap {
	THPRACE_CAP_PAGE_MAPCOUNT,	/* per-page _mapcount is maintained in large folios */
	THPRACE_CAP_DOUBLE_MAP,		/* 5.10, 6.1: PageDoubleMap is part of _mapcount */
	THPRACE_CAP_LARGE_MAPCOUNT,	/* a _large_mapcount field */
	THPRACE_CAP_TOTAL_MAPCOUNT,	/* total_mapcount() computed by the kernel's own formula */
	THPRACE_CAP_NR_PAGES_MAPPED,	/* a _nr_pages_mapped field */
	THPRACE_CAP_MM_ID,		/* _mm_id slots */
	THPRACE_CAP_ANON_EXCLUSIVE,	/* PG_anon_exclusive */
	THPRACE_CAP_PARTIALLY_MAPPED,	/* PG_partially_mapped; being queued says little */
	THPRACE_NR_CAPS
};

/* Facts about the folio; bits of struct thprace_obs::flags. */
enum thprace_obs_flag {
	THPRACE_OBS_ANON,
	THPRACE_OBS_SWAPCACHE,
	THPRACE_OBS_LARGE,
	THPRACE_OBS_DOUBLE_MAP,
	THPRACE_OBS_COMPLETE,		/* every mm that maps it was locked and walked */
	THPRACE_OBS_DEFERRED,		/* on a deferred split queue */
	THPRACE_OBS_PARTIALLY_MAPPED,	/* the folio's flag of that name */
	THPRACE_OBS_LRU,		/* on an LRU list, and not under writeback */
	THPRACE_OBS_REFS_SETTLED,	/* looked the same through drains and a long wait */
	THPRACE_OBS_HAS_PRIVATE,	/* fs private data holds a reference */
	THPRACE_OBS_MAPPED_SHARED,	/* 7.2: FOLIO_MM_IDS_SHARED_BITNUM */
	THPRACE_OBS_MANY_MMS,		/* more than two mms map it: mm_id slots inexact */
	THPRACE_OBS_UNDISTURBED,	/* seen mapped as a whole, and since then no page was
					 * lost but by the removal of its mapping: docs/CHECKS.md
					 */
	THPRACE_NR_OBS_FLAGS
};

/* What the chain of a VMA says of the anon_vma of a page that is mapped there. */
enum thprace_chain {
	THPRACE_CHAIN_OTHERS,		/* it is not on it */
	THPRACE_CHAIN_HAS,
	THPRACE_CHAIN_NONE,		/* the VMA has no anon_vma */
	THPRACE_CHAIN_FREED,		/* on it, but nobody holds it any more */
	THPRACE_CHAIN_NOT_OWN,		/* on it, but the VMA's own is not */
	THPRACE_CHAIN_ROOT,		/* on it, but of another root than the VMA's own */
};

/* How many mappings are wrong in one way, and the first of them. */
struct thprace_bad {
	u32 nr;
	u32 index;	/* subpage */
	u64 addr;
	s64 want, got;
};

/**
 * struct thprace_obs - what was seen of one folio, in plain integers
 * @caps:	bitmap of enum thprace_cap
 * @flags:	bitmap of enum thprace_obs_flag
 * @incomplete:	why not all mappings are known, static, or NULL
 * @pfn:	of the head page
 * @mapping:	what the folio belongs to; identity only
 * @index:	offset of its head in that
 * @nr:		pages in the folio, 1..THPRACE_HPAGE_NR
 * @addr:	virtual address in the session's first mm of subpage 0
 * @nr_mms:	mms that were walked
 * @entire_mapcount: the raw field: mappings - 1 (compound_mapcount on 5.10, 6.1)
 * @large_mapcount: raw field: mappings - 1; under CAP_TOTAL_MAPCOUNT the value
 *		total_mapcount()'s formula yields (not minus one)
 * @nr_pages_mapped: raw field, incl. @entirely_mapped
 * @entirely_mapped: value that this kernel adds for an entire mapping
 * @refcount:	raw _refcount of the head
 * @own_refs:	references that the observer itself holds
 * @pmd_maps:	H: PMD leaves that map the folio, over all walked mms
 * @sum_ptes:	sum of @ptes
 * @end:	pages are told in rows: what is said of page i, the first of its row,
 *		holds for all pages before @end[i], where the next row begins. The
 *		first row begins at 0. What the arrays hold for other pages than the
 *		first of a row says nothing.
 * @ptes:	P_i: present PTEs that map subpage i, over all walked mms
 * @mapcount:	raw _mapcount of subpage i
 * @exclusive:	PG_anon_exclusive of subpage i; of the head only without @sum_ptes
 * @writable:	some present entry for subpage i is writable (a writable PMD
 *		leaf sets only @pmd_writable)
 * @pmd_writable: some PMD leaf is writable
 * @mig_held:	migration entries that refer to the folio while we hold its lock
 * @census_missing: mappings in page tables that the rmap walk does not reach
 * @linear:	mappings at an address where linear_page_index() disagrees
 * @chain:	mappings in a VMA whose anon_vma chain or root does not hold the
 *		folio's; want and got are of enum thprace_chain
 * @geometry:	PMD leaves not at the head, not aligned, or across a VMA's end
 * @mm_id:	7.2: slots' owners (0 = none); @mm_id_mapcount raw (mappings - 1)
 * @mm_maps:	mappings (PTE + PMD) by the owner of slot 0/1, as walked
 */
struct thprace_obs {
	u32 caps;
	u32 flags;
	const char *incomplete;
	u64 pfn;
	u64 mapping, index;
	u32 nr;
	u64 addr;
	u32 nr_mms;
	s32 entire_mapcount;
	s32 large_mapcount;
	s32 nr_pages_mapped;
	s32 entirely_mapped;
	s32 refcount;
	s32 own_refs;
	u32 pmd_maps;
	u32 sum_ptes;
	bool pmd_writable;
	struct thprace_bad mig_held, census_missing, linear, chain, geometry;
	u32 mm_id[2];
	s32 mm_id_mapcount[2];
	u32 mm_maps[2];
	u16 end[THPRACE_HPAGE_NR];
	u16 ptes[THPRACE_HPAGE_NR];
	s32 mapcount[THPRACE_HPAGE_NR];
	u8 exclusive[THPRACE_HPAGE_NR];
	u8 writable[THPRACE_HPAGE_NR];
};

/**
 * struct thprace_frame - what was seen of one frame of a huge page that is gone
 * @refcount:	of the folio that the frame is the head of now
 * @own_refs:	references that the session holds on it
 * @mappings:	as its own counters say
 * @mapped:	an entry maps it, seen under its page table lock
 * @ours:	anonymous, where the huge page was in an anon_vma that the mm still has,
 *		in no cache, and on an LRU list: not another's frame, nor isolated
 * @locked:	the folio is
 * @settled:	nobody else is to hold references, and drains and a long wait changed nothing
 */
struct thprace_frame {
	s32 refcount, own_refs, mappings;
	bool mapped, ours, locked, settled;
};

/* rows.c */
u32 thprace_obs_cut(struct thprace_obs *obs, u32 row, u32 at);
bool thprace_obs_equal(const struct thprace_obs *a, const struct thprace_obs *b);

/* rules.c */
bool thprace_judge(const struct thprace_obs *obs, u64 checks,
		   struct thprace_finding finding[THPRACE_NR_CHECKS]);
void thprace_judge_frame(const struct thprace_frame *frame, struct thprace_finding *f);
int thprace_judge_can(const struct thprace_obs *obs, unsigned int check);

/* controls.c */
int thprace_judge_inject(struct thprace_obs *obs, unsigned int check);

#endif /* THPRACE_JUDGE_H */
