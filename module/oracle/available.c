// SPDX-License-Identifier: GPL-2.0
/*
 * available.c - which quiesced checks this kernel can have, and why not
 *
 * A check is available only if everything that it rests on is there, also what
 * makes its picture complete: all mms that map a folio are known by a walk over
 * the VMAs of its anon_vma, so nothing that counts mappings can do without.
 * And only if calibration.c has not found it to be wrong here.
 */
#include "compat/peek.h"
#include "compat/sym.h"
#include "oracle/available.h"
#include "state/finding.h"

/* What checks rest on. */
enum need {
	NEED_RMAP,		/* all mappings of an anonymous folio are found */
	NEED_MAPCOUNT_SUM,	/* the sum of a large folio's mappings is known */
	NEED_PAGES_MAPPED,
	NEED_MM_ID,
	NEED_EXCLUSIVE,
	NEED_SPLIT,
	NR_NEEDS
};

static const char *lacks_rmap(void)
{
	const char *why = thprace_sym_missing(THPRACE_SYM_ANON_IT_FIRST);

	return why ? why : thprace_sym_missing(THPRACE_SYM_ANON_IT_NEXT);
}

static const char *lacks_mapcount_sum(void)
{
	return THPRACE_KNOWS_MAPCOUNT_SUM ? NULL :
	       "this kernel keeps no sum of a large folio's mappings";
}

static const char *lacks_pages_mapped(void)
{
	return THPRACE_KEEPS_NR_PAGES_MAPPED ? NULL : "this kernel keeps no _nr_pages_mapped";
}

static const char *lacks_mm_id(void)
{
	return THPRACE_KEEPS_MM_ID ? NULL : "this kernel keeps no mm ids in folios";
}

static const char *lacks_exclusive(void)
{
	return THPRACE_KEEPS_ANON_EXCLUSIVE ? NULL : "this kernel has no PG_anon_exclusive";
}

static const char *lacks_split(void)
{
	return thprace_sym_missing(THPRACE_SYM_SPLIT);
}

static const char *(* const lacks[NR_NEEDS])(void) = {
	[NEED_RMAP]		= lacks_rmap,
	[NEED_MAPCOUNT_SUM]	= lacks_mapcount_sum,
	[NEED_PAGES_MAPPED]	= lacks_pages_mapped,
	[NEED_MM_ID]		= lacks_mm_id,
	[NEED_EXCLUSIVE]	= lacks_exclusive,
	[NEED_SPLIT]		= lacks_split,
};

static const u32 needs[THPRACE_NR_CHECKS] = {
	[THPRACE_CHECK_PAGE_MAPCOUNT]	= BIT(NEED_RMAP),
	[THPRACE_CHECK_ENTIRE_MAPCOUNT]	= BIT(NEED_RMAP),
	[THPRACE_CHECK_LARGE_MAPCOUNT]	= BIT(NEED_RMAP) | BIT(NEED_MAPCOUNT_SUM),
	[THPRACE_CHECK_NR_PAGES_MAPPED]	= BIT(NEED_RMAP) | BIT(NEED_PAGES_MAPPED),
	[THPRACE_CHECK_MM_ID]		= BIT(NEED_RMAP) | BIT(NEED_MM_ID),
	[THPRACE_CHECK_REFCOUNT]	= BIT(NEED_RMAP),
	[THPRACE_CHECK_RMAP_CENSUS]	= BIT(NEED_RMAP),
	[THPRACE_CHECK_RMAP_LINEAR]	= BIT(NEED_RMAP),
	[THPRACE_CHECK_ANON_VMA_ALIVE]	= BIT(NEED_RMAP),
	[THPRACE_CHECK_PMD_GEOMETRY]	= BIT(NEED_RMAP),
	[THPRACE_CHECK_ANON_EXCLUSIVE]	= BIT(NEED_RMAP) | BIT(NEED_EXCLUSIVE),
	[THPRACE_CHECK_MIGRATION_ENTRY]	= BIT(NEED_RMAP),
	[THPRACE_CHECK_DEFERRED_QUEUE]	= BIT(NEED_RMAP),
	[THPRACE_CHECK_RSS]		= 0,
	[THPRACE_CHECK_CACHE_INDEX]	= 0,
	[THPRACE_CHECK_SPLIT_PROGRESS]	= BIT(NEED_SPLIT) | BIT(NEED_MAPCOUNT_SUM),
	[THPRACE_CHECK_CALIBRATION]	= 0,	/* what it lacks, the others lack: calibration.c */
};

/* Why checks are off although all is there: what calibration has found. */
static const char *off[THPRACE_NR_CHECKS];

/**
 * thprace_quiesced_lacks() - what this kernel lacks for a quiesced check
 * @check: enum thprace_check
 *
 * Context: any. Return: NULL if it has all, else a static text.
 */
const char *thprace_quiesced_lacks(unsigned int check)
{
	unsigned int i;

	for (i = 0; i < NR_NEEDS; i++)
		if ((needs[check] & BIT(i)) && lacks[i]())
			return lacks[i]();
	return NULL;
}

/**
 * thprace_quiesced_off() - switch a check off, or on again
 * @check: enum thprace_check
 * @why: a text that stays and does not change, or NULL: on
 *
 * Context: any.
 */
void thprace_quiesced_off(unsigned int check, const char *why)
{
	/* after the text is written; pairs with the dependency of its readers */
	smp_store_release(&off[check], why);
}

/**
 * thprace_quiesced_why_not() - why a quiesced check can't be made on this kernel
 * @check: enum thprace_check
 *
 * Context: any. Return: NULL if it can, else a text that stays.
 */
const char *thprace_quiesced_why_not(unsigned int check)
{
	const char *lacks = thprace_quiesced_lacks(check);

	return lacks ? lacks : READ_ONCE(off[check]);
}

/**
 * thprace_checks_quiesced() - bitmap of the quiesced checks that can be made
 *
 * Context: any.
 */
u64 thprace_checks_quiesced(void)
{
	static u64 had;		/* does not change after load */
	u64 map = READ_ONCE(had);
	unsigned int i;

	if (!map) {
		for (i = 0; i <= THPRACE_CHECK_CALIBRATION; i++)
			if (!thprace_quiesced_lacks(i))
				map |= BIT_ULL(i);
		WRITE_ONCE(had, map);
	}
	for (i = 0; i <= THPRACE_CHECK_CALIBRATION; i++)
		if (READ_ONCE(off[i]))
			map &= ~BIT_ULL(i);
	return map;
}
