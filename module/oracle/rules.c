// SPDX-License-Identifier: GPL-2.0
/*
 * rules.c - what the integers of one folio must be
 *
 * One row for each quiesced check that a single folio can show.  Pure: also
 * built on the host, for the unit tests.
 *
 * No rule may report on a correct kernel: what the observation does not prove
 * is SKIPPED.  Why each rule holds, per kernel, is in docs/CHECKS.md.
 */
#include "oracle/sums.h"

/*
 * A check: applies when the kernel has one of @caps (if any are named) and the
 * folio has all flags of @is; skipped if @complete and not every mapping is
 * known.
 *
 * Of every observation the folio is locked, and so are the mms that were
 * walked: folio_obs.c makes no other.
 */
struct rule {
	u32 caps, is;
	bool complete;
	void (*judge)(const struct thprace_obs *obs, struct thprace_finding *f);
};

/* One by one: string instructions, which a compiler takes for a whole one, are slow to start. */
static void nothing_found(struct thprace_finding *f)
{
	f->want = 0;
	f->got = 0;
	f->addr = 0;
	f->pfn = 0;
	f->index = 0;
	f->reason = NULL;
	f->looks = 0;
	f->control = false;
	f->by_lock = false;
	f->lock = 0;
	f->seen_folio = NULL;
	f->seen_lock = NULL;
}

static void held(struct thprace_finding *f)
{
	f->outcome = THPRACE_HELD;
}

static void skipped(struct thprace_finding *f, const char *reason)
{
	f->outcome = THPRACE_SKIPPED;
	f->reason = reason;
}

static void violated(const struct thprace_obs *obs, struct thprace_finding *f,
		     u32 index, s64 want, s64 got, const char *reason)
{
	f->outcome = THPRACE_VIOLATED;
	f->want = want;
	f->got = got;
	f->index = index;
	f->addr = obs->addr + (u64)index * THPRACE_PAGE_SIZE;
	f->reason = reason;
}

static void violated_at(struct thprace_finding *f, const struct thprace_bad *bad,
			const char *reason)
{
	f->outcome = THPRACE_VIOLATED;
	f->want = bad->want;
	f->got = bad->got;
	f->index = bad->index;
	f->addr = bad->addr;
	f->reason = reason;
}

static void expect(const struct thprace_obs *obs, struct thprace_finding *f,
		   s64 want, s64 got, const char *reason)
{
	if (got == want)
		held(f);
	else
		violated(obs, f, 0, want, got, reason);
}

/* Why not all mappings are known, or NULL. */
static const char *why_open(const struct thprace_obs *obs)
{
	if (obs->flags & FLAG(COMPLETE))
		return NULL;
	return obs->incomplete ? obs->incomplete :
				 "not every mm that may map the folio was looked at";
}

/* What a subpage's _mapcount is above its PTE mappings; the same for all. */
static s32 page_mapcount_base(const struct thprace_obs *obs)
{
	if (!(obs->flags & FLAG(LARGE)) || !(obs->caps & CAP(DOUBLE_MAP)))
		return -1;
	/* A file folio's flag of that name is only a hint. */
	if (!(obs->flags & FLAG(ANON)))
		return (s32)obs->pmd_maps - 1;
	return obs->flags & FLAG(DOUBLE_MAP) ? 0 : -1;
}

static void judge_page_mapcount(const struct thprace_obs *obs, struct thprace_finding *f)
{
	bool kept = !(obs->flags & FLAG(LARGE)) || (obs->caps & CAP(PAGE_MAPCOUNT));
	s32 base = page_mapcount_base(obs);
	u32 i;

	held(f);
	for (i = 0; i < obs->nr; i = obs->end[i]) {
		s32 want = kept ? obs->ptes[i] + base : -1;

		if (obs->mapcount[i] == want)
			continue;
		violated(obs, f, i, want, obs->mapcount[i],
			 "a page's _mapcount is not its mappings");
		return;
	}
}

static void judge_entire_mapcount(const struct thprace_obs *obs, struct thprace_finding *f)
{
	expect(obs, f, (s64)obs->pmd_maps - 1, obs->entire_mapcount,
	       "the entire mapcount is not the PMD mappings");
}

static void judge_large_mapcount(const struct thprace_obs *obs, struct thprace_finding *f)
{
	s64 want = nr_mappings(obs);

	if (obs->caps & CAP(LARGE_MAPCOUNT))
		expect(obs, f, want - 1, obs->large_mapcount,
		       "the large mapcount is not all mappings");
	else
		expect(obs, f, want, obs->large_mapcount,
		       "the total mapcount is not all mappings");
}

static void judge_nr_pages_mapped(const struct thprace_obs *obs, struct thprace_finding *f)
{
	s64 want = nr_pte_mapped(obs);

	if (obs->pmd_maps)
		want += obs->entirely_mapped;
	expect(obs, f, want, obs->nr_pages_mapped,
	       "the count of mapped pages is not the pages mapped");
}

/*
 * A slot counts the mappings that its owner added since it got the slot, minus
 * all that it removed: never more than it has.  Which of several mms have a
 * slot is history, so an mm without one proves nothing.
 */
static void judge_mm_id(const struct thprace_obs *obs, struct thprace_finding *f)
{
	s64 total = nr_mappings(obs), most = 0;
	u32 i;

	for (i = 0; i < 2; i++) {
		s64 count = (s64)obs->mm_id_mapcount[i] + 1;

		if (obs->mm_id[i] ? count < 1 : count != 0) {
			violated(obs, f, 0, obs->mm_id[i] ? 1 : 0, count,
				 "a slot's count does not match its having an owner");
			return;
		}
		if (count > (obs->mm_id[i] ? obs->mm_maps[i] : 0)) {
			violated(obs, f, 0, obs->mm_maps[i], count,
				 "a slot counts more mappings than its mm has");
			return;
		}
		if (count > most)
			most = count;
	}
	if (obs->mm_id[0] && obs->mm_id[0] == obs->mm_id[1])
		violated(obs, f, 0, 0, obs->mm_id[1], "one mm owns both slots");
	else if (!(obs->flags & FLAG(MAPPED_SHARED)) && most != total)
		violated(obs, f, 0, total, most,
			 "not marked shared, but no slot owns all mappings");
	else
		held(f);
}

/* Not equal, but the lower bound did hold: the caller may look again. */
static void skipped_above(struct thprace_finding *f, s64 want, s64 got, const char *reason)
{
	skipped(f, reason);
	f->want = want;
	f->got = got;
}

static void judge_refcount(const struct thprace_obs *obs, struct thprace_finding *f)
{
	s64 want = known_refs(obs), got = obs->refcount;

	if (got < want)
		violated(obs, f, 0, want, got, "fewer references than holders");
	else if (got == want)
		held(f);
	else if (why_open(obs))
		skipped_above(f, want, got, why_open(obs));
	else if (!(obs->flags & FLAG(ANON)) && !nr_mappings(obs))
		skipped_above(f, want, got, "not mapped, perhaps in the page cache");
	else if (!(obs->flags & FLAG(LRU)) || (obs->flags & FLAG(SWAPCACHE)))
		skipped_above(f, want, got,
			      "more references than known holders, but perhaps reclaim has it");
	else if (!(obs->flags & FLAG(REFS_SETTLED)))
		skipped_above(f, want, got,
			      "more references than known holders, perhaps for a moment");
	else
		violated(obs, f, 0, want, got, "references that nobody accounts for");
}

static void judge_rmap_census(const struct thprace_obs *obs, struct thprace_finding *f)
{
	if (obs->census_missing.nr)
		violated_at(f, &obs->census_missing,
			    "a mapping that the rmap walk does not reach");
	else
		held(f);
}

static void judge_rmap_linear(const struct thprace_obs *obs, struct thprace_finding *f)
{
	if (obs->linear.nr)
		violated_at(f, &obs->linear, "mapped where its index says it is not");
	else
		held(f);
}

static void judge_anon_vma_alive(const struct thprace_obs *obs, struct thprace_finding *f)
{
	const char *reason = "its anon_vma is not on the chain of a VMA that maps it";

	if (!obs->chain.nr) {
		held(f);
		return;
	}
	switch (obs->chain.got) {
	case THPRACE_CHAIN_NONE:
		reason = "mapped in a VMA that has no anon_vma";
		break;
	case THPRACE_CHAIN_FREED:
		reason = "its anon_vma is on the chain of its VMA, and freed";
		break;
	case THPRACE_CHAIN_NOT_OWN:
		reason = "mapped in a VMA whose own anon_vma is not on its chain";
		break;
	case THPRACE_CHAIN_ROOT:
		reason = "its anon_vma has another root than that of its VMA";
		break;
	}
	violated_at(f, &obs->chain, reason);
}

static void judge_pmd_geometry(const struct thprace_obs *obs, struct thprace_finding *f)
{
	if (obs->geometry.nr)
		violated_at(f, &obs->geometry,
			    "a PMD leaf off the head, unaligned or across a VMA's end");
	else if (obs->pmd_maps)
		held(f);
}

static void judge_anon_exclusive(const struct thprace_obs *obs, struct thprace_finding *f)
{
	/* A PMD leaf's exclusivity is kept in the head, for all subpages. */
	bool all = obs->pmd_maps && obs->exclusive[0];
	u32 i;

	if (obs->pmd_maps && obs->pmd_writable && !obs->exclusive[0]) {
		violated(obs, f, 0, 1, 0, "writable by a PMD leaf, but not exclusive");
		return;
	}
	if (!obs->sum_ptes) {
		/* the head speaks for all */
		if (all && obs->pmd_maps > 1)
			violated(obs, f, 0, 1, obs->pmd_maps,
				 "exclusive, but mapped more than once");
		else if (obs->pmd_maps)
			held(f);
		return;
	}
	for (i = 0; i < obs->nr; i = obs->end[i]) {
		u32 maps = obs->ptes[i] + obs->pmd_maps;

		/* The flag of an unmapped page may be stale: it says nothing. */
		if ((all || obs->exclusive[i]) && maps > 1) {
			violated(obs, f, i, 1, maps, "exclusive, but mapped more than once");
			return;
		}
		if (obs->ptes[i] && obs->writable[i] && !obs->exclusive[i]) {
			violated(obs, f, i, 1, 0, "writable by a PTE, but not exclusive");
			return;
		}
	}
	held(f);
}

static void judge_migration_entry(const struct thprace_obs *obs, struct thprace_finding *f)
{
	if (obs->mig_held.nr)
		violated_at(f, &obs->mig_held,
			    "a migration entry of a folio that nobody migrates");
	else
		held(f);
}

/*
 * Where there is a mark, a folio can be queued for other reasons (6.12: since it
 * was faulted in), and the mark is what partial unmapping must leave.
 */
static void judge_deferred_queue(const struct thprace_obs *obs, struct thprace_finding *f)
{
	bool marked = obs->flags & FLAG(PARTIALLY_MAPPED);
	bool queued = obs->flags & FLAG(DEFERRED);

	if (obs->nr < DEFERRED_MIN_NR)
		return;
	if (queued && (marked || !(obs->caps & CAP(PARTIALLY_MAPPED))))
		held(f);
	else if (!marked && !is_partially_mapped(obs))
		held(f);
	else if (obs->refcount > known_refs(obs))
		skipped(f, "someone holds a reference, perhaps the shrinker");
	else if (marked)
		violated(obs, f, 0, 1, 0, "marked as partially mapped, but not queued");
	else if (obs->flags & FLAG(SWAPCACHE))
		skipped(f, "folios in the swap cache are not queued");
	else if (!(obs->flags & FLAG(UNDISTURBED)))
		skipped(f, "it may have lost pages while it had migration entries");
	else
		violated(obs, f, 0, 1, 0, queued ? "partially mapped, but not marked so" :
						   "partially mapped, but not queued");
}

static const struct rule rules[THPRACE_NR_CHECKS] = {
	[THPRACE_CHECK_PAGE_MAPCOUNT] = {
		.complete = true,
		.judge = judge_page_mapcount,
	},
	[THPRACE_CHECK_ENTIRE_MAPCOUNT] = {
		.is = FLAG(LARGE),
		.complete = true,
		.judge = judge_entire_mapcount,
	},
	[THPRACE_CHECK_LARGE_MAPCOUNT] = {
		.caps = CAP(LARGE_MAPCOUNT) | CAP(TOTAL_MAPCOUNT),
		.is = FLAG(LARGE),
		.complete = true,
		.judge = judge_large_mapcount,
	},
	[THPRACE_CHECK_NR_PAGES_MAPPED] = {
		.caps = CAP(NR_PAGES_MAPPED),
		.is = FLAG(LARGE),
		.complete = true,
		.judge = judge_nr_pages_mapped,
	},
	[THPRACE_CHECK_MM_ID] = {
		.caps = CAP(MM_ID),
		.is = FLAG(LARGE),
		.complete = true,
		.judge = judge_mm_id,
	},
	[THPRACE_CHECK_REFCOUNT] = {
		.judge = judge_refcount,
	},
	[THPRACE_CHECK_RMAP_CENSUS] = {
		.complete = true,
		.judge = judge_rmap_census,
	},
	[THPRACE_CHECK_RMAP_LINEAR] = {
		.judge = judge_rmap_linear,
	},
	[THPRACE_CHECK_ANON_VMA_ALIVE] = {
		.is = FLAG(ANON),
		.judge = judge_anon_vma_alive,
	},
	[THPRACE_CHECK_PMD_GEOMETRY] = {
		.judge = judge_pmd_geometry,
	},
	[THPRACE_CHECK_ANON_EXCLUSIVE] = {
		.caps = CAP(ANON_EXCLUSIVE),
		.is = FLAG(ANON),
		.complete = true,
		.judge = judge_anon_exclusive,
	},
	[THPRACE_CHECK_MIGRATION_ENTRY] = {
		.judge = judge_migration_entry,
	},
	[THPRACE_CHECK_DEFERRED_QUEUE] = {
		.is = FLAG(ANON) | FLAG(LARGE),
		.complete = true,
		.judge = judge_deferred_queue,
	},
};

static_assert(THPRACE_NR_OBS_FLAGS <= 32);
static_assert(THPRACE_NR_CAPS <= 32);

static bool rule_applies(const struct rule *rule, const struct thprace_obs *obs)
{
	if (!rule->judge)
		return false;
	if (rule->caps && !(rule->caps & obs->caps))
		return false;
	return (obs->flags & rule->is) == rule->is;
}

/**
 * thprace_judge() - judge one observation of one folio
 * @obs: what was seen
 * @checks: bitmap of enum thprace_check to judge
 * @finding: all THPRACE_NR_CHECKS get an outcome; checks that were not selected,
 *	     or that are judged elsewhere, are THPRACE_NOT_APPLICABLE, and of these
 *	     nothing else is filled
 *
 * The rules restate, for a folio at rest, what keeps the counters in
 * __folio_add_rmap() and __folio_remove_rmap() (5.10, 6.1: page_add_anon_rmap(),
 * page_remove_rmap(), page_remove_anon_compound_rmap()), __split_huge_pmd_locked(),
 * folio_add_return_large_mapcount(), folio_try_dup_anon_rmap_*(),
 * folio_expected_ref_count() and deferred_split_folio().
 *
 * Return: whether one of them is violated.
 */
bool thprace_judge(const struct thprace_obs *obs, u64 checks,
		   struct thprace_finding finding[THPRACE_NR_CHECKS])
{
	bool any = false;
	u32 i;

	for (i = 0; i < THPRACE_NR_CHECKS; i++) {
		const struct rule *rule = &rules[i];
		const char *skip;

		finding[i].outcome = THPRACE_NOT_APPLICABLE;
		if (!(checks & BIT_ULL(i)) || !rule_applies(rule, obs))
			continue;
		nothing_found(&finding[i]);
		skip = rule->complete ? why_open(obs) : NULL;
		if (skip)
			skipped(&finding[i], skip);
		else
			rule->judge(obs, &finding[i]);
		any |= finding[i].outcome == THPRACE_VIOLATED;
	}
	return any;
}

/**
 * thprace_judge_frame() - judge one frame of a huge page that is gone
 * @frame: what was seen
 * @f: filled: a finding of THPRACE_CHECK_REFCOUNT
 *
 * Skipped means that the caller may look again, until it has settled.
 */
void thprace_judge_frame(const struct thprace_frame *frame, struct thprace_finding *f)
{
	s64 want = (s64)frame->own_refs + frame->mappings, got = frame->refcount;
	const char *wrong = NULL;

	memset(f, 0, sizeof(*f));
	f->want = want;
	f->got = got;
	if (got < 0)
		wrong = "a frame of the huge page has a count below zero";
	else if (frame->mapped && !got)
		wrong = "a frame is mapped, and nobody holds a reference";
	if (wrong) {
		f->outcome = THPRACE_VIOLATED;
		f->want = frame->mapped;
		f->reason = wrong;
		return;
	}
	if (!frame->ours || !got)
		return;
	if (!frame->mappings && got > want)
		wrong = "a frame that nobody maps is still counted";
	else if (frame->locked)
		wrong = "a frame stays locked, with a reference that nobody accounts for";
	if (!wrong) {
		held(f);
	} else if (!frame->settled) {
		skipped(f, "a frame is still in use, perhaps for a moment");
	} else {
		f->outcome = THPRACE_VIOLATED;
		f->reason = wrong;
	}
}

/**
 * thprace_judge_can() - could this observation show a check?
 * @obs: what was seen
 * @check: an enum thprace_check
 *
 * Return: 0, -EOPNOTSUPP when no observation of one folio shows @check on this
 * kernel, -ENODATA when this one does not.
 */
int thprace_judge_can(const struct thprace_obs *obs, unsigned int check)
{
	const struct rule *rule;

	if (check >= THPRACE_NR_CHECKS)
		return -EOPNOTSUPP;
	rule = &rules[check];
	if (!rule->judge || (rule->caps && !(rule->caps & obs->caps)))
		return -EOPNOTSUPP;
	if (!rule_applies(rule, obs) || (rule->complete && why_open(obs)))
		return -ENODATA;
	return 0;
}
