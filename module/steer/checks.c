// SPDX-License-Identifier: GPL-2.0
/* checks.c - all checks: when each is made, and whether a pass needs it */
#include "oracle/available.h"
#include "steer/checks.h"
#include "steer/lockcheck.h"
#include "steer/lockcount.h"

static const char * const kind_names[] = { "quiesced", "racing", "user" };

static_assert(ARRAY_SIZE(kind_names) == THPRACE_NR_KINDS);

/* What a pass asks of a check that was selected and can be made on this kernel. */
enum need {
	MUST_HOLD,	/* it has held at least once */
	IF_IT_APPLIED,	/* so it has, unless its rule applied to no folio that was seen */
	IF_LANES_PASSED, /* so it has, if what the session did comes to its probe points */
};

static const struct {
	enum thprace_check_kind kind;
	enum need need;
} rows[THPRACE_NR_CHECKS] = {
	[THPRACE_CHECK_PAGE_MAPCOUNT]	 = { THPRACE_KIND_QUIESCED, MUST_HOLD },
	/* these four only of large folios: reclaim may leave none */
	[THPRACE_CHECK_ENTIRE_MAPCOUNT]	 = { THPRACE_KIND_QUIESCED, IF_IT_APPLIED },
	[THPRACE_CHECK_LARGE_MAPCOUNT]	 = { THPRACE_KIND_QUIESCED, IF_IT_APPLIED },
	[THPRACE_CHECK_NR_PAGES_MAPPED]	 = { THPRACE_KIND_QUIESCED, IF_IT_APPLIED },
	[THPRACE_CHECK_MM_ID]		 = { THPRACE_KIND_QUIESCED, IF_IT_APPLIED },
	[THPRACE_CHECK_REFCOUNT]	 = { THPRACE_KIND_QUIESCED, MUST_HOLD },
	[THPRACE_CHECK_RMAP_CENSUS]	 = { THPRACE_KIND_QUIESCED, MUST_HOLD },
	[THPRACE_CHECK_RMAP_LINEAR]	 = { THPRACE_KIND_QUIESCED, MUST_HOLD },
	/* only of anonymous folios */
	[THPRACE_CHECK_ANON_VMA_ALIVE]	 = { THPRACE_KIND_QUIESCED, IF_IT_APPLIED },
	/* only of folios of PMD size: there need be none where mTHP is all there is */
	[THPRACE_CHECK_PMD_GEOMETRY]	 = { THPRACE_KIND_QUIESCED, IF_IT_APPLIED },
	[THPRACE_CHECK_ANON_EXCLUSIVE]	 = { THPRACE_KIND_QUIESCED, MUST_HOLD },
	[THPRACE_CHECK_MIGRATION_ENTRY]	 = { THPRACE_KIND_QUIESCED, MUST_HOLD },
	/* only of folios that are mapped in part */
	[THPRACE_CHECK_DEFERRED_QUEUE]	 = { THPRACE_KIND_QUIESCED, IF_IT_APPLIED },
	[THPRACE_CHECK_RSS]		 = { THPRACE_KIND_QUIESCED, MUST_HOLD },
	/* only of files */
	[THPRACE_CHECK_CACHE_INDEX]	 = { THPRACE_KIND_QUIESCED, IF_IT_APPLIED },
	/* only of folios that are still large when it is their turn */
	[THPRACE_CHECK_SPLIT_PROGRESS]	 = { THPRACE_KIND_QUIESCED, IF_IT_APPLIED },
	/* only if the kernel is none of those tested, where what is not right is off */
	[THPRACE_CHECK_CALIBRATION]	 = { THPRACE_KIND_QUIESCED, IF_IT_APPLIED },
	[THPRACE_CHECK_SPLIT_LOCK]	 = { THPRACE_KIND_RACING, IF_LANES_PASSED },
	[THPRACE_CHECK_SPLIT_FOLIO_LOCK] = { THPRACE_KIND_RACING, IF_LANES_PASSED },
	[THPRACE_CHECK_SPLIT_SERIAL]	 = { THPRACE_KIND_RACING, IF_LANES_PASSED },
	[THPRACE_CHECK_RMAP_LOCK]	 = { THPRACE_KIND_RACING, IF_LANES_PASSED },
	[THPRACE_CHECK_CONTENT]		 = { THPRACE_KIND_USER, MUST_HOLD },
	[THPRACE_CHECK_RECLAIM_PROGRESS] = { THPRACE_KIND_USER, IF_IT_APPLIED },
	[THPRACE_CHECK_MLOCKED]		 = { THPRACE_KIND_USER, IF_IT_APPLIED },
	[THPRACE_CHECK_LEAK]		 = { THPRACE_KIND_USER, MUST_HOLD },
};

/**
 * thprace_check_why_not() - why a check can't be made on this kernel
 * @check: enum thprace_check
 *
 * Return: NULL if it can, else a static text.
 */
const char *thprace_check_why_not(unsigned int check)
{
	switch (rows[check].kind) {
	case THPRACE_KIND_QUIESCED:
		return thprace_quiesced_why_not(check);
	case THPRACE_KIND_RACING:
		return thprace_lockcheck_why_not(check);
	default:
		return NULL;
	}
}

/**
 * thprace_check_kind() - when a check is made
 * @check: enum thprace_check
 */
enum thprace_check_kind thprace_check_kind(unsigned int check)
{
	return rows[check].kind;
}

/**
 * thprace_check_kind_name() - the same as a word: quiesced, racing or user
 * @check: enum thprace_check
 */
const char *thprace_check_kind_name(unsigned int check)
{
	return kind_names[rows[check].kind];
}

/**
 * thprace_checks_available() - bitmap of the checks that the module can make
 *
 * Those of kind user are the companion's and not among them.
 */
u64 thprace_checks_available(void)
{
	u64 map = 0;
	unsigned int i;

	for (i = 0; i < THPRACE_NR_CHECKS; i++)
		if (rows[i].kind != THPRACE_KIND_USER && !thprace_check_why_not(i))
			map |= BIT_ULL(i);
	return map;
}

/**
 * thprace_checks_racing() - bitmap of the checks that are made at probe points
 */
u64 thprace_checks_racing(void)
{
	u64 map = 0;
	unsigned int i;

	for (i = 0; i < THPRACE_NR_CHECKS; i++)
		if (rows[i].kind == THPRACE_KIND_RACING)
			map |= BIT_ULL(i);
	return map;
}

/**
 * thprace_checks_default() - bitmap of the checks that are made if none is named
 *
 * Not split_progress, which changes how the memory is mapped.
 */
u64 thprace_checks_default(void)
{
	return thprace_checks_available() & ~BIT_ULL(THPRACE_CHECK_SPLIT_PROGRESS);
}

/**
 * thprace_check_must_hold() - does a pass need this check to have held?
 * @s: the session
 * @check: a selected and available one, which has never held
 */
bool thprace_check_must_hold(struct thprace_session *s, unsigned int check)
{
	switch (rows[check].need) {
	case IF_IT_APPLIED:
		/* neither held nor skipped: there was nothing to say */
		return s->check[check].skipped;
	case IF_LANES_PASSED:
		return thprace_lockcount_must_hold(s, check);
	default:
		return true;
	}
}
