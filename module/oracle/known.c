// SPDX-License-Identifier: GPL-2.0
/*
 * known.c - states of memory of which every rule's answer is known
 *
 * Anonymous memory of one process, or of a process and its child.  The page
 * tables say whether it is in such a state; then each rule must say that it
 * holds.  The states differ in every counter, so that no field can be taken for
 * another one and be right in all of them.
 *
 * Pure: also built on the host.
 */
#include "oracle/known.h"

#define CHECK(name)	BIT_ULL(THPRACE_CHECK_##name)

/* What each folio is judged by, a large one, and one that a PMD leaf maps. */
#define EACH	(CHECK(PAGE_MAPCOUNT) | CHECK(REFCOUNT) | CHECK(RMAP_CENSUS) |		\
		 CHECK(RMAP_LINEAR) | CHECK(ANON_VMA_ALIVE) | CHECK(ANON_EXCLUSIVE) |	\
		 CHECK(MIGRATION_ENTRY))
#define LARGE	(EACH | CHECK(ENTIRE_MAPCOUNT) | CHECK(LARGE_MAPCOUNT) |		\
		 CHECK(NR_PAGES_MAPPED) | CHECK(MM_ID) | CHECK(DEFERRED_QUEUE))
#define HUGE	(LARGE | CHECK(PMD_GEOMETRY))

#define SMALL	THPRACE_KNOWN_SMALL_NR

static_assert(1 << THPRACE_KNOWN_SMALL_ORDER == SMALL);

/*
 * A state: a folio of @nr pages, which @pmds processes map by a PMD leaf and
 * @ptes by PTEs, but for a @hole.  Only what one process alone maps is writable.
 */
static const struct {
	const char *name;
	u32 nr, pmds, ptes;
	bool hole;
	u64 held;		/* checks that must say so */
} known[THPRACE_NR_KNOWN] = {
	[THPRACE_KNOWN_PMD]	   = { "pmd", THPRACE_HPAGE_NR, 1, 0, false, HUGE },
	[THPRACE_KNOWN_PTE]	   = { "pte", THPRACE_HPAGE_NR, 0, 1, false, LARGE },
	[THPRACE_KNOWN_PART]	   = { "part", THPRACE_HPAGE_NR, 0, 1, true, LARGE },
	[THPRACE_KNOWN_PAGE]	   = { "page", 1, 0, 1, false, EACH },
	[THPRACE_KNOWN_SMALL]	   = { "small", SMALL, 0, 1, false, LARGE },
	[THPRACE_KNOWN_SMALL_PART] = { "small-part", SMALL, 0, 1, true, LARGE },
	[THPRACE_KNOWN_PMD_TWO]	   = { "pmd-two", THPRACE_HPAGE_NR, 2, 0, false, HUGE },
	[THPRACE_KNOWN_PMD_PTE]	   = { "pmd-pte", THPRACE_HPAGE_NR, 1, 1, false, HUGE },
	[THPRACE_KNOWN_PTE_TWO]	   = { "pte-two", THPRACE_HPAGE_NR, 0, 2, false, LARGE },
};

/**
 * thprace_known_name() - the name of a state
 * @state: which
 */
const char *thprace_known_name(enum thprace_known state)
{
	return known[state].name;
}

/**
 * thprace_known_checks() - which checks must hold in a state, where the kernel has them
 * @state: which
 */
u64 thprace_known_checks(enum thprace_known state)
{
	return known[state].held;
}

static bool in_hole(enum thprace_known state, u32 page)
{
	u32 hole = THPRACE_KNOWN_HOLE(known[state].nr);

	return known[state].hole && page >= hole && page < 2 * hole;
}

static bool pages_are(enum thprace_known state, const struct thprace_obs *obs)
{
	bool alone = known[state].pmds + known[state].ptes == 1;
	u32 i, j;

	for (i = 0; i < obs->nr; i = obs->end[i])
		for (j = i; j < obs->end[i]; j++) {
			u32 ptes = in_hole(state, j) ? 0 : known[state].ptes;

			if (obs->ptes[i] != ptes || obs->writable[i] != (alone && ptes))
				return false;
		}
	return true;
}

/**
 * thprace_known_is() - do the page tables show a state?
 * @state: which
 * @obs: what was seen of a folio
 *
 * Nothing is asked of the folio's own counters: these are what is judged.
 */
bool thprace_known_is(enum thprace_known state, const struct thprace_obs *obs)
{
	const u32 need = 1U << THPRACE_OBS_ANON | 1U << THPRACE_OBS_COMPLETE;
	const u32 not = 1U << THPRACE_OBS_SWAPCACHE;

	return (obs->flags & (need | not)) == need && obs->nr == known[state].nr &&
	       obs->pmd_maps == known[state].pmds &&
	       obs->pmd_writable == (known[state].pmds == 1 && !known[state].ptes) &&
	       pages_are(state, obs);
}

/**
 * thprace_known_find() - which state is this?
 * @obs: what was seen of a folio
 *
 * Return: the state, or THPRACE_NR_KNOWN: none of them.
 */
enum thprace_known thprace_known_find(const struct thprace_obs *obs)
{
	u32 i;

	for (i = 0; i < THPRACE_NR_KNOWN; i++)
		if (thprace_known_is(i, obs))
			break;
	return i;
}

/*
 * A folio that is marked as shared for good would satisfy the rule of mm_id,
 * which cannot know whether others had it once.  Of memory that is new it is known.
 */
static void judge_shared(enum thprace_known state, const struct thprace_obs *obs,
			 struct thprace_finding *f)
{
	bool shared = obs->flags & 1U << THPRACE_OBS_MAPPED_SHARED;

	if (f->outcome != THPRACE_HELD || shared == (known[state].pmds + known[state].ptes > 1))
		return;
	f->outcome = THPRACE_VIOLATED;
	f->want = !shared;
	f->got = shared;
	f->addr = obs->addr;
	f->reason = "marked as shared, or not, against the mms that map it";
}

/**
 * thprace_known_judge() - what the rules say of a state, and whether that is right
 * @state: which; thprace_known_is() is true of @obs
 * @obs: what was seen of the folio
 * @fresh: no other process has ever mapped it
 * @checks: bitmap of the checks that this kernel has
 * @finding: of all THPRACE_NR_CHECKS, as thprace_judge() fills it; a rule that is
 *	     wrong because it does not apply is skipped
 *
 * Return: bitmap of the checks whose answer is wrong.
 */
u64 thprace_known_judge(enum thprace_known state, const struct thprace_obs *obs, bool fresh,
			u64 checks, struct thprace_finding finding[THPRACE_NR_CHECKS])
{
	u64 wrong = 0;
	u32 i;

	checks &= known[state].held;
	thprace_judge(obs, checks, finding);
	if (fresh)
		judge_shared(state, obs, &finding[THPRACE_CHECK_MM_ID]);
	for (i = 0; i < THPRACE_NR_CHECKS; i++) {
		if (!(checks & BIT_ULL(i)) || finding[i].outcome == THPRACE_HELD)
			continue;
		wrong |= BIT_ULL(i);
		if (finding[i].outcome == THPRACE_NOT_APPLICABLE)
			finding[i] = (struct thprace_finding){
				.outcome = THPRACE_SKIPPED,
				.reason = "the rule says nothing of it",
			};
	}
	return wrong;
}
