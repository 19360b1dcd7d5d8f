// SPDX-License-Identifier: GPL-2.0
/* available.c - which quiesced checks this kernel can have, and why not */
#include "compat/sym.h"
#include "oracle/available.h"
#include "state/finding.h"

static const char *why_not_mm_id(void)
{
	return THPRACE_KEEPS_MM_ID ? NULL : "this kernel keeps no mm ids in folios";
}

static const char *why_not_pages_mapped(void)
{
	return THPRACE_KEEPS_NR_PAGES_MAPPED ? NULL : "this kernel keeps no _nr_pages_mapped";
}

static const char *why_not_exclusive(void)
{
	return THPRACE_KEEPS_ANON_EXCLUSIVE ? NULL : "this kernel has no PG_anon_exclusive";
}

static const char *why_not_rmap(void)
{
	const char *why = thprace_sym_missing(THPRACE_SYM_ANON_IT_FIRST);

	return why ? why : thprace_sym_missing(THPRACE_SYM_ANON_IT_NEXT);
}

static const char *why_not_split(void)
{
	return thprace_sym_missing(THPRACE_SYM_SPLIT);
}

static const char *(* const why_not[THPRACE_NR_CHECKS])(void) = {
	[THPRACE_CHECK_PAGE_MAPCOUNT] = why_not_rmap,
	[THPRACE_CHECK_ENTIRE_MAPCOUNT] = why_not_rmap,
	[THPRACE_CHECK_LARGE_MAPCOUNT] = why_not_rmap,
	[THPRACE_CHECK_NR_PAGES_MAPPED] = why_not_pages_mapped,
	[THPRACE_CHECK_MM_ID] = why_not_mm_id,
	[THPRACE_CHECK_REFCOUNT] = why_not_rmap,
	[THPRACE_CHECK_RMAP_CENSUS] = why_not_rmap,
	[THPRACE_CHECK_RMAP_LINEAR] = why_not_rmap,
	[THPRACE_CHECK_PMD_GEOMETRY] = why_not_rmap,
	[THPRACE_CHECK_ANON_EXCLUSIVE] = why_not_exclusive,
	[THPRACE_CHECK_MIGRATION_ENTRY] = why_not_rmap,
	[THPRACE_CHECK_DEFERRED_QUEUE] = why_not_rmap,
	[THPRACE_CHECK_SPLIT_PROGRESS] = why_not_split,
};

/**
 * thprace_quiesced_why_not() - why a quiesced check can't be made on this kernel
 * @check: enum thprace_check
 *
 * Return: NULL if it can, else a static text.
 */
const char *thprace_quiesced_why_not(unsigned int check)
{
	return why_not[check] ? why_not[check]() : NULL;
}

/**
 * thprace_checks_quiesced() - bitmap of the quiesced checks that can be made
 *
 * Does not change after load.
 */
u64 thprace_checks_quiesced(void)
{
	static u64 map;
	unsigned int i;
	u64 found = READ_ONCE(map);

	if (found)
		return found;
	for (i = 0; i <= THPRACE_CHECK_SPLIT_PROGRESS; i++)
		if (!thprace_quiesced_why_not(i))
			found |= BIT_ULL(i);
	WRITE_ONCE(map, found);
	return found;
}
