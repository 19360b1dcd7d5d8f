// SPDX-License-Identifier: GPL-2.0
/*
 * catalog.c - what each check demands, and which of them are the most basic
 *
 * Also built on the host.
 */
#include "state/catalog.h"

/*
 * The most basic first: a rule that is wrong makes all of it doubtful, a lock that
 * is not held makes mappings wrong, a wrong mapping makes counts wrong, a wrong
 * count of mappings makes a wrong refcount.
 * @pointers: what it wants and gets are addresses of the kernel
 */
static const struct {
	enum thprace_check check;
	bool pointers;
	const char *rule;
} rows[THPRACE_NR_CHECKS] = {
	{ THPRACE_CHECK_CALIBRATION, false,
	  "of memory in a known state every rule says what is known" },
	{ THPRACE_CHECK_SPLIT_FOLIO_LOCK, false,
	  "a split unmaps and remaps a folio with the folio lock held" },
	{ THPRACE_CHECK_SPLIT_LOCK, true,
	  "a split unmaps an anonymous folio with its anon_vma root's rwsem held for write" },
	{ THPRACE_CHECK_RMAP_LOCK, true,
	  "what a walk of an anon_vma relies on changes with its root's rwsem held for write" },
	{ THPRACE_CHECK_SPLIT_SERIAL, false,
	  "under one anon_vma root's rwsem a split is alone" },
	{ THPRACE_CHECK_ANON_VMA_ALIVE, false,
	  "the anon_vma of a mapped page is on the chain of the VMA that maps it, and alive" },
	{ THPRACE_CHECK_RMAP_LINEAR, false,
	  "a page is mapped at its linear index" },
	{ THPRACE_CHECK_RMAP_CENSUS, false,
	  "the rmap walk of a folio reaches every mapping that the page tables have" },
	{ THPRACE_CHECK_PMD_GEOMETRY, false,
	  "a PMD leaf maps the head of a folio, aligned, within one VMA" },
	{ THPRACE_CHECK_MIGRATION_ENTRY, false,
	  "no migration entry refers to a folio that nobody migrates" },
	{ THPRACE_CHECK_PAGE_MAPCOUNT, false,
	  "_mapcount of a page is its mappings - 1" },
	{ THPRACE_CHECK_ENTIRE_MAPCOUNT, false,
	  "_entire_mapcount is the PMD mappings of the folio - 1" },
	{ THPRACE_CHECK_LARGE_MAPCOUNT, false,
	  "the mapcount of a large folio is the number of all its mappings" },
	{ THPRACE_CHECK_NR_PAGES_MAPPED, false,
	  "_nr_pages_mapped is the pages with PTE mappings, and ENTIRELY_MAPPED if a PMD maps it" },
	{ THPRACE_CHECK_MM_ID, false,
	  "a slot for an mm counts no more mappings than that mm has, and none without an owner" },
	{ THPRACE_CHECK_ANON_EXCLUSIVE, false,
	  "an exclusive page is mapped once, and a writable page is exclusive" },
	{ THPRACE_CHECK_REFCOUNT, false,
	  "_refcount is at least the mappings, caches and holders that are known" },
	{ THPRACE_CHECK_DEFERRED_QUEUE, false,
	  "a folio that is mapped in part is marked so, and on a deferred split queue" },
	{ THPRACE_CHECK_CACHE_INDEX, false,
	  "what the page cache of a file holds at an index is the folio that says so" },
	{ THPRACE_CHECK_RSS, false,
	  "MM_ANONPAGES and MM_SHMEMPAGES of an mm are the pages in its page tables" },
	{ THPRACE_CHECK_SPLIT_PROGRESS, false,
	  "a quiescent folio whose references are all known splits at the first try" },
	{ THPRACE_CHECK_RECLAIM_PROGRESS, false,
	  "under pressure the unmapped pages of a huge page come back" },
	{ THPRACE_CHECK_MLOCKED, false,
	  "no page is marked as locked in memory once all of it is unlocked" },
	{ THPRACE_CHECK_CONTENT, false,
	  "a page reads as it was written" },
	{ THPRACE_CHECK_LEAK, false,
	  "a process that is gone has left no memory behind" },
};

/**
 * thprace_check_rank() - the place of a check in the order of basic to derived
 * @check: an enum thprace_check
 *
 * Return: 0 for the most basic, THPRACE_NR_CHECKS for a number that is none.
 */
unsigned int thprace_check_rank(unsigned int check)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].check == check)
			break;
	return i;
}

/**
 * thprace_check_rule() - what a check demands, in one sentence
 * @check: an enum thprace_check
 *
 * Return: a static text, "-" for a number that is none.
 */
const char *thprace_check_rule(unsigned int check)
{
	unsigned int i = thprace_check_rank(check);

	return i < ARRAY_SIZE(rows) ? rows[i].rule : "-";
}

/**
 * thprace_check_has_pointers() - are its want and got addresses of the kernel?
 * @check: an enum thprace_check
 */
bool thprace_check_has_pointers(unsigned int check)
{
	unsigned int i = thprace_check_rank(check);

	return i < ARRAY_SIZE(rows) && rows[i].pointers;
}
