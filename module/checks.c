// SPDX-License-Identifier: GPL-2.0
/*
 * checks.c - the table of checks: when each is made, and why not here
 *
 * Called by check.c, debugfs.c, command.c and report.c.  Not here: any check.
 */
#include "session.h"

enum check_kind {
	KIND_QUIESCED,
	KIND_RACING,
	KIND_USER,
};

static const char * const kind_names[] = { "quiesced", "racing", "user" };

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

static const struct {
	enum check_kind kind;
	const char *(*why_not)(void);
} check_table[THPRACE_NR_CHECKS] = {
	[THPRACE_CHECK_PAGE_MAPCOUNT]	= { KIND_QUIESCED, why_not_rmap },
	[THPRACE_CHECK_ENTIRE_MAPCOUNT]	= { KIND_QUIESCED, why_not_rmap },
	[THPRACE_CHECK_LARGE_MAPCOUNT]	= { KIND_QUIESCED, why_not_rmap },
	[THPRACE_CHECK_NR_PAGES_MAPPED]	= { KIND_QUIESCED, why_not_pages_mapped },
	[THPRACE_CHECK_MM_ID]		= { KIND_QUIESCED, why_not_mm_id },
	[THPRACE_CHECK_REFCOUNT]	= { KIND_QUIESCED, why_not_rmap },
	[THPRACE_CHECK_RMAP_CENSUS]	= { KIND_QUIESCED, why_not_rmap },
	[THPRACE_CHECK_RMAP_LINEAR]	= { KIND_QUIESCED, why_not_rmap },
	[THPRACE_CHECK_PMD_GEOMETRY]	= { KIND_QUIESCED, why_not_rmap },
	[THPRACE_CHECK_ANON_EXCLUSIVE]	= { KIND_QUIESCED, why_not_exclusive },
	[THPRACE_CHECK_MIGRATION_ENTRY]	= { KIND_QUIESCED, why_not_rmap },
	[THPRACE_CHECK_DEFERRED_QUEUE]	= { KIND_QUIESCED, why_not_rmap },
	[THPRACE_CHECK_RSS]		= { KIND_QUIESCED, NULL },
	[THPRACE_CHECK_SPLIT_PROGRESS]	= { KIND_QUIESCED, why_not_split },
	[THPRACE_CHECK_SPLIT_LOCK]	= { KIND_RACING, NULL },
	[THPRACE_CHECK_SPLIT_FOLIO_LOCK] = { KIND_RACING, NULL },
	[THPRACE_CHECK_SPLIT_SERIAL]	= { KIND_RACING, NULL },
	[THPRACE_CHECK_RMAP_LOCK]	= { KIND_RACING, NULL },
	[THPRACE_CHECK_CONTENT]		= { KIND_USER, NULL },
	[THPRACE_CHECK_LEAK]		= { KIND_USER, NULL },
};

/**
 * thprace_check_why_not() - why a check can't be made on this kernel
 * @check: enum thprace_check
 *
 * Return: NULL if it can, else a static text.
 */
const char *thprace_check_why_not(unsigned int check)
{
	if (check_table[check].kind == KIND_RACING)
		return thprace_racing_why_not(check);
	return check_table[check].why_not ? check_table[check].why_not() : NULL;
}

/**
 * thprace_check_kind() - when a check is made: quiesced, racing or user
 * @check: enum thprace_check
 */
const char *thprace_check_kind(unsigned int check)
{
	return kind_names[check_table[check].kind];
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
		if (check_table[i].kind != KIND_USER && !thprace_check_why_not(i))
			map |= BIT_ULL(i);
	return map;
}

/**
 * thprace_checks_quiesced() - those of them that check.c makes
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
	for (i = 0; i < THPRACE_NR_CHECKS; i++)
		if (check_table[i].kind == KIND_QUIESCED && !thprace_check_why_not(i))
			found |= BIT_ULL(i);
	WRITE_ONCE(map, found);
	return found;
}
