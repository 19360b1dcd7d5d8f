// SPDX-License-Identifier: GPL-2.0
/* checks.c - all checks: when each is made, and whether a pass needs it */
#include "oracle/available.h"
#include "steer/checks.h"
#include "steer/lockcheck.h"
#include "steer/lockcount.h"

static const char * const kind_names[] = { "quiesced", "racing", "user" };

static_assert(ARRAY_SIZE(kind_names) == THPRACE_NR_KINDS);

static const enum thprace_check_kind kinds[THPRACE_NR_CHECKS] = {
	[THPRACE_CHECK_PAGE_MAPCOUNT] = THPRACE_KIND_QUIESCED,
	[THPRACE_CHECK_ENTIRE_MAPCOUNT] = THPRACE_KIND_QUIESCED,
	[THPRACE_CHECK_LARGE_MAPCOUNT] = THPRACE_KIND_QUIESCED,
	[THPRACE_CHECK_NR_PAGES_MAPPED] = THPRACE_KIND_QUIESCED,
	[THPRACE_CHECK_MM_ID] = THPRACE_KIND_QUIESCED,
	[THPRACE_CHECK_REFCOUNT] = THPRACE_KIND_QUIESCED,
	[THPRACE_CHECK_RMAP_CENSUS] = THPRACE_KIND_QUIESCED,
	[THPRACE_CHECK_RMAP_LINEAR] = THPRACE_KIND_QUIESCED,
	[THPRACE_CHECK_PMD_GEOMETRY] = THPRACE_KIND_QUIESCED,
	[THPRACE_CHECK_ANON_EXCLUSIVE] = THPRACE_KIND_QUIESCED,
	[THPRACE_CHECK_MIGRATION_ENTRY] = THPRACE_KIND_QUIESCED,
	[THPRACE_CHECK_DEFERRED_QUEUE] = THPRACE_KIND_QUIESCED,
	[THPRACE_CHECK_RSS] = THPRACE_KIND_QUIESCED,
	[THPRACE_CHECK_SPLIT_PROGRESS] = THPRACE_KIND_QUIESCED,
	[THPRACE_CHECK_SPLIT_LOCK] = THPRACE_KIND_RACING,
	[THPRACE_CHECK_SPLIT_FOLIO_LOCK] = THPRACE_KIND_RACING,
	[THPRACE_CHECK_SPLIT_SERIAL] = THPRACE_KIND_RACING,
	[THPRACE_CHECK_RMAP_LOCK] = THPRACE_KIND_RACING,
	[THPRACE_CHECK_CONTENT] = THPRACE_KIND_USER,
	[THPRACE_CHECK_LEAK] = THPRACE_KIND_USER,
};

/**
 * thprace_check_why_not() - why a check can't be made on this kernel
 * @check: enum thprace_check
 *
 * Return: NULL if it can, else a static text.
 */
const char *thprace_check_why_not(unsigned int check)
{
	switch (kinds[check]) {
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
	return kinds[check];
}

/**
 * thprace_check_kind_name() - the same as a word: quiesced, racing or user
 * @check: enum thprace_check
 */
const char *thprace_check_kind_name(unsigned int check)
{
	return kind_names[kinds[check]];
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
		if (kinds[i] != THPRACE_KIND_USER && !thprace_check_why_not(i))
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
		if (kinds[i] == THPRACE_KIND_RACING)
			map |= BIT_ULL(i);
	return map;
}

/**
 * thprace_check_must_hold() - does a pass need this check to have held?
 * @s: the session
 * @check: a selected and available one
 *
 * Not where its rule had nothing to say of any folio that was seen, or the
 * session did nothing that comes to the check's probe points.
 */
bool thprace_check_must_hold(struct thprace_session *s, unsigned int check)
{
	switch (check) {
	case THPRACE_CHECK_SPLIT_PROGRESS:
	case THPRACE_CHECK_DEFERRED_QUEUE:
		return s->check[check].skipped;
	case THPRACE_CHECK_SPLIT_LOCK:
	case THPRACE_CHECK_SPLIT_FOLIO_LOCK:
	case THPRACE_CHECK_SPLIT_SERIAL:
	case THPRACE_CHECK_RMAP_LOCK:
		return thprace_lockcount_must_hold(s, check);
	default:
		return true;
	}
}
