// SPDX-License-Identifier: GPL-2.0
/*
 * test_judge.c - each rule on observations written down by hand
 *
 * The numbers are literal: what a kernel of that version shows for the
 * mapping described, then one thing wrong at a time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "rows.h"
#include "shapes.h"
#include "front/trigger.h"
#include "state/names.h"

#define ALL	(BIT_ULL(THPRACE_NR_CHECKS) - 1)

static struct thprace_finding finding[THPRACE_NR_CHECKS];

static const u32 kernels[] = { CAPS_5_10, CAPS_6_1, CAPS_6_12, CAPS_7_2, CAPS_7_2_NOPM };
static void (*const shapes[])(u32 caps) = {
	pmd_mapped, pte_mapped, partly_unmapped, mixed, small, file,
};

static enum thprace_outcome outcome(unsigned int check)
{
	judge_forms(&obs, ALL, finding);
	return finding[check].outcome;
}

static bool is_violated(unsigned int check)
{
	return finding[check].outcome == THPRACE_VIOLATED;
}

static void assert_only(unsigned int check, s64 want, s64 got, u32 index)
{
	u32 i;

	judge_forms(&obs, ALL, finding);
	for (i = 0; i < THPRACE_NR_CHECKS; i++)
		if (is_violated(i) != (i == check))
			fail_msg("%s: outcome %d", thprace_check_name(i), finding[i].outcome);
	assert_true(finding[check].want == want);
	assert_true(finding[check].got == got);
	assert_int_equal(finding[check].index, index);
	assert_true(finding[check].addr == ADDR + index * 4096ULL);
	assert_true(strlen(finding[check].reason) > 10);
}

static void assert_skipped(unsigned int check, const char *part)
{
	assert_int_equal(outcome(check), THPRACE_SKIPPED);
	if (!strstr(finding[check].reason, part))
		fail_msg("%s: %s", thprace_check_name(check), finding[check].reason);
}

/* Which checks hold for which shape; all others say nothing. */
static void test_healthy(void **state)
{
	static const u64 any = BIT_ULL(THPRACE_CHECK_PAGE_MAPCOUNT) |
		BIT_ULL(THPRACE_CHECK_REFCOUNT) | BIT_ULL(THPRACE_CHECK_RMAP_LINEAR) |
		BIT_ULL(THPRACE_CHECK_MIGRATION_ENTRY);
	u32 k, s, i;

	for (k = 0; k < ARRAY_SIZE(kernels); k++) {
		for (s = 0; s < ARRAY_SIZE(shapes); s++) {
			u32 caps = kernels[k];
			u64 holds = any;

			shapes[s](caps);
			if (obs.flags & F(LARGE)) {
				holds |= BIT_ULL(THPRACE_CHECK_ENTIRE_MAPCOUNT) |
					 BIT_ULL(THPRACE_CHECK_LARGE_MAPCOUNT);
				if (caps & C(NR_PAGES_MAPPED))
					holds |= BIT_ULL(THPRACE_CHECK_NR_PAGES_MAPPED);
				if (caps & C(MM_ID))
					holds |= BIT_ULL(THPRACE_CHECK_MM_ID);
			}
			holds |= BIT_ULL(THPRACE_CHECK_RMAP_CENSUS);
			if (obs.flags & F(ANON)) {
				holds |= BIT_ULL(THPRACE_CHECK_ANON_VMA_ALIVE);
				if (caps & C(ANON_EXCLUSIVE))
					holds |= BIT_ULL(THPRACE_CHECK_ANON_EXCLUSIVE);
				if (obs.flags & F(LARGE))
					holds |= BIT_ULL(THPRACE_CHECK_DEFERRED_QUEUE);
			}
			if (obs.pmd_maps)
				holds |= BIT_ULL(THPRACE_CHECK_PMD_GEOMETRY);
			judge_forms(&obs, ALL, finding);
			for (i = 0; i < THPRACE_NR_CHECKS; i++) {
				enum thprace_outcome want = holds & BIT_ULL(i) ?
					THPRACE_HELD : THPRACE_NOT_APPLICABLE;

				if (finding[i].outcome != want)
					fail_msg("kernel %u shape %u %s: outcome %d: %s", k, s,
						 thprace_check_name(i), finding[i].outcome,
						 finding[i].reason ? finding[i].reason : "-");
			}
		}
	}
}

static void test_selected_only(void **state)
{
	pmd_mapped(CAPS_6_12);
	obs.entire_mapcount = 5;
	memset(finding, 0xff, sizeof(finding));
	judge_forms(&obs, BIT_ULL(THPRACE_CHECK_REFCOUNT), finding);
	assert_int_equal(finding[THPRACE_CHECK_REFCOUNT].outcome, THPRACE_HELD);
	assert_int_equal(finding[THPRACE_CHECK_ENTIRE_MAPCOUNT].outcome, THPRACE_NOT_APPLICABLE);
	assert_int_equal(finding[THPRACE_CHECK_LEAK].outcome, THPRACE_NOT_APPLICABLE);
	judge_forms(&obs, 0, finding);
	assert_int_equal(finding[THPRACE_CHECK_REFCOUNT].outcome, THPRACE_NOT_APPLICABLE);
}

/* A row more changes the form only. */
static void test_cut(void **state)
{
	static const u32 at[] = { 0, 1, 3, 4, 11, 12, 13, 510, 511, 512 };
	u32 s, i;

	for (s = 0; s < ARRAY_SIZE(shapes); s++) {
		shapes[s](CAPS_6_12);
		for (i = 0; i < ARRAY_SIZE(at) && at[i] <= obs.nr; i++)
			assert_cuts(&obs, at[i]);
	}
	pte_mapped(CAPS_6_12);
	memset(obs.writable + 100, 0, 100);
	obs.exclusive[150] = 0;
	for (i = 0; i <= NR; i++)
		assert_cuts(&obs, i);
}

/* Two looks are equal if all integers are, whatever the rows. */
static void test_equal(void **state)
{
	static const u32 at[] = { 0, 1, 3, 12, 100, 511 };
	static struct thprace_obs other;
	u32 s, i;

	for (s = 0; s < ARRAY_SIZE(shapes); s++) {
		shapes[s](CAPS_6_12);
		assert_equal_forms(&obs, &obs, true);
		other = obs;
		other.refcount++;
		assert_equal_forms(&obs, &other, false);
		for (i = 0; i < ARRAY_SIZE(at); i++) {
			bool counts = at[i] < obs.nr;

			other = obs;
			other.ptes[at[i]]++;
			assert_equal_forms(&obs, &other, !counts);
			other = obs;
			other.mapcount[at[i]]--;
			assert_equal_forms(&obs, &other, !counts);
			other = obs;
			other.writable[at[i]] ^= 1;
			assert_equal_forms(&other, &obs, !counts);
			/* by PMDs only, the head speaks for all */
			other = obs;
			other.exclusive[at[i]] ^= 1;
			assert_equal_forms(&other, &obs, !counts || (at[i] && !obs.sum_ptes));
		}
	}
}

static void test_page_mapcount(void **state)
{
	pte_mapped(CAPS_6_12);
	obs.mapcount[7] = 1;
	assert_only(THPRACE_CHECK_PAGE_MAPCOUNT, 0, 1, 7);
	partly_unmapped(CAPS_6_12);
	obs.mapcount[11] = 0;
	assert_only(THPRACE_CHECK_PAGE_MAPCOUNT, -1, 0, 11);
	small(CAPS_7_2_NOPM);
	obs.mapcount[0] = 1;
	assert_only(THPRACE_CHECK_PAGE_MAPCOUNT, 2, 1, 0);
	/* Not kept in large folios: stays -1. */
	pte_mapped(CAPS_7_2_NOPM);
	obs.mapcount[511] = 0;
	assert_only(THPRACE_CHECK_PAGE_MAPCOUNT, -1, 0, 511);
	/* Only the pages that the folio has. */
	small(CAPS_6_1);
	obs.mapcount[1] = 77;
	assert_int_equal(outcome(THPRACE_CHECK_PAGE_MAPCOUNT), THPRACE_HELD);
}

static void test_page_mapcount_double_map(void **state)
{
	/* Another PMD mapping counts one in each page, however many there are. */
	mixed(CAPS_5_10);
	obs.flags &= ~F(DOUBLE_MAP);
	assert_only(THPRACE_CHECK_PAGE_MAPCOUNT, 0, 1, 0);
	pte_mapped(CAPS_6_1);
	obs.flags |= F(DOUBLE_MAP);
	assert_only(THPRACE_CHECK_PAGE_MAPCOUNT, 1, 0, 0);
	/* A file folio counts each PMD mapping, and the flag says nothing. */
	file(CAPS_5_10);
	obs.flags &= ~F(DOUBLE_MAP);
	assert_int_equal(outcome(THPRACE_CHECK_PAGE_MAPCOUNT), THPRACE_HELD);
	obs.mapcount[10] = -1;
	assert_only(THPRACE_CHECK_PAGE_MAPCOUNT, 0, -1, 10);
	/* Later kernels have no such flag. */
	mixed(CAPS_6_12);
	obs.flags |= F(DOUBLE_MAP);
	assert_int_equal(outcome(THPRACE_CHECK_PAGE_MAPCOUNT), THPRACE_HELD);
}

static void test_folio_counts(void **state)
{
	mixed(CAPS_6_12);
	obs.entire_mapcount = 0;
	assert_only(THPRACE_CHECK_ENTIRE_MAPCOUNT, 1, 0, 0);
	pte_mapped(CAPS_5_10);
	obs.entire_mapcount = 0;
	assert_only(THPRACE_CHECK_ENTIRE_MAPCOUNT, -1, 0, 0);
	mixed(CAPS_6_12);
	obs.large_mapcount = 513;
	assert_only(THPRACE_CHECK_LARGE_MAPCOUNT, 512, 513, 0);
	mixed(CAPS_6_1);
	obs.large_mapcount = 512;
	assert_only(THPRACE_CHECK_LARGE_MAPCOUNT, 513, 512, 0);
	mixed(CAPS_6_12);
	obs.nr_pages_mapped = 511;
	assert_only(THPRACE_CHECK_NR_PAGES_MAPPED, 0x800000 + 511, 511, 0);
	partly_unmapped(CAPS_7_2);
	obs.nr_pages_mapped = 499;
	assert_only(THPRACE_CHECK_NR_PAGES_MAPPED, 500, 499, 0);
	/* Two mappings of a page are one mapped page. */
	pte_mapped(CAPS_6_12);
	pages(0, 1, 2, 1);
	assert_int_equal(outcome(THPRACE_CHECK_NR_PAGES_MAPPED), THPRACE_HELD);
}

static void test_mm_id(void **state)
{
	/* More than its owner has; in either slot, shared or not. */
	mixed(CAPS_7_2);
	obs.mm_id_mapcount[1] = 511;
	assert_only(THPRACE_CHECK_MM_ID, 511, 512, 0);
	pte_mapped(CAPS_7_2_NOPM);
	obs.mm_id_mapcount[0] = 512;
	assert_only(THPRACE_CHECK_MM_ID, 512, 513, 0);
	/* Fewer is history: mapped before it had a slot. */
	mixed(CAPS_7_2);
	obs.mm_id_mapcount[1] = 3;
	assert_int_equal(outcome(THPRACE_CHECK_MM_ID), THPRACE_HELD);
	/* So is having no slot, as long as the folio counts as shared. */
	obs.mm_id[1] = 0;
	obs.mm_id_mapcount[1] = -1;
	obs.mm_maps[1] = 0;
	assert_int_equal(outcome(THPRACE_CHECK_MM_ID), THPRACE_HELD);
	obs.flags &= ~F(MAPPED_SHARED);
	assert_only(THPRACE_CHECK_MM_ID, 513, 1, 0);
	/* Marked shared for longer than it is: allowed. */
	pte_mapped(CAPS_7_2);
	obs.flags |= F(MAPPED_SHARED);
	assert_int_equal(outcome(THPRACE_CHECK_MM_ID), THPRACE_HELD);
	/* Not marked, but two map it. */
	mixed(CAPS_7_2);
	obs.flags &= ~F(MAPPED_SHARED);
	assert_only(THPRACE_CHECK_MM_ID, 513, 511, 0);
	/* Owner without a count, count without an owner, both slots one's. */
	pte_mapped(CAPS_7_2);
	obs.mm_id_mapcount[0] = -1;
	assert_only(THPRACE_CHECK_MM_ID, 1, 0, 0);
	pte_mapped(CAPS_7_2);
	obs.mm_id_mapcount[1] = 0;
	assert_only(THPRACE_CHECK_MM_ID, 0, 1, 0);
	mixed(CAPS_7_2);
	obs.mm_id[1] = 11;
	assert_only(THPRACE_CHECK_MM_ID, 0, 11, 0);
}

static void test_refcount(void **state)
{
	mixed(CAPS_6_12);
	obs.refcount = 513;
	assert_only(THPRACE_CHECK_REFCOUNT, 514, 513, 0);
	obs.refcount = 515;
	assert_only(THPRACE_CHECK_REFCOUNT, 514, 515, 0);
	/* Others may hold references for a moment. */
	obs.flags &= ~F(REFS_SETTLED);
	assert_skipped(THPRACE_CHECK_REFCOUNT, "known holders");
	assert_true(finding[THPRACE_CHECK_REFCOUNT].want == 514);
	assert_true(finding[THPRACE_CHECK_REFCOUNT].got == 515);
	obs.refcount = 514;
	assert_int_equal(outcome(THPRACE_CHECK_REFCOUNT), THPRACE_HELD);
	obs.refcount = 513;
	assert_only(THPRACE_CHECK_REFCOUNT, 514, 513, 0);
	/* Mappings elsewhere hold references, too; too few are too few. */
	mixed(CAPS_6_12);
	obs.flags &= ~F(COMPLETE);
	obs.refcount = 600;
	assert_skipped(THPRACE_CHECK_REFCOUNT, "mm");
	obs.refcount = 513;
	assert_int_equal(outcome(THPRACE_CHECK_REFCOUNT), THPRACE_VIOLATED);
	/* The reason is the observer's, if it has one. */
	obs.refcount = 600;
	obs.incomplete = "a device has it";
	assert_skipped(THPRACE_CHECK_REFCOUNT, "a device has it");
	assert_skipped(THPRACE_CHECK_PAGE_MAPCOUNT, "a device has it");
	/* The swap cache holds one for each page. */
	mixed(CAPS_6_12);
	obs.flags |= F(SWAPCACHE);
	assert_only(THPRACE_CHECK_REFCOUNT, 514 + 512, 514, 0);
	obs.refcount += 512;
	assert_int_equal(outcome(THPRACE_CHECK_REFCOUNT), THPRACE_HELD);
	/* Reclaim holds what is there, or off the LRU lists, for as long as it likes. */
	obs.refcount++;
	assert_skipped(THPRACE_CHECK_REFCOUNT, "reclaim");
	mixed(CAPS_6_12);
	obs.flags &= ~F(LRU);
	obs.refcount++;
	assert_skipped(THPRACE_CHECK_REFCOUNT, "reclaim");
	assert_true(finding[THPRACE_CHECK_REFCOUNT].got == 515);
	/* What the session holds. */
	mixed(CAPS_6_12);
	obs.own_refs = 2;
	assert_only(THPRACE_CHECK_REFCOUNT, 515, 514, 0);
}

static void test_refcount_file(void **state)
{
	file(CAPS_7_2);
	obs.refcount--;
	assert_only(THPRACE_CHECK_REFCOUNT, 524, 523, 0);
	file(CAPS_6_1);
	obs.flags |= F(HAS_PRIVATE);
	assert_only(THPRACE_CHECK_REFCOUNT, 525, 524, 0);
	obs.refcount++;
	assert_int_equal(outcome(THPRACE_CHECK_REFCOUNT), THPRACE_HELD);
	/* An anonymous folio's private flag is none of a file system. */
	pmd_mapped(CAPS_6_1);
	obs.flags |= F(HAS_PRIVATE);
	assert_int_equal(outcome(THPRACE_CHECK_REFCOUNT), THPRACE_HELD);
	/* Unmapped, it may be truncated or in the page cache. */
	start(CAPS_6_12, F(LARGE), NR);
	pages(0, NR, 0, -1);
	obs.refcount = 1;
	assert_int_equal(outcome(THPRACE_CHECK_REFCOUNT), THPRACE_HELD);
	obs.refcount = 513;
	assert_skipped(THPRACE_CHECK_REFCOUNT, "page cache");
	obs.refcount = 0;
	assert_int_equal(outcome(THPRACE_CHECK_REFCOUNT), THPRACE_VIOLATED);
}

static void test_refcount_negative(void **state)
{
	pmd_mapped(CAPS_6_12);
	obs.flags = F(ANON) | F(LARGE);		/* nothing is known otherwise */
	obs.refcount = -1;
	assert_int_equal(outcome(THPRACE_CHECK_REFCOUNT), THPRACE_VIOLATED);
	obs.refcount = 0;
	assert_int_equal(outcome(THPRACE_CHECK_REFCOUNT), THPRACE_VIOLATED);
}

/* A bad place is handed on as it was seen. */
static void test_bad_places(void **state)
{
	static const struct thprace_bad bad = { 2, 5, ADDR + 5 * 4096, 17, 18 };

	pmd_mapped(CAPS_6_12);
	obs.census_missing = bad;
	assert_only(THPRACE_CHECK_RMAP_CENSUS, 17, 18, 5);
	pmd_mapped(CAPS_6_12);
	obs.linear = bad;
	assert_only(THPRACE_CHECK_RMAP_LINEAR, 17, 18, 5);
	file(CAPS_6_12);
	obs.linear = bad;
	assert_only(THPRACE_CHECK_RMAP_LINEAR, 17, 18, 5);
	pmd_mapped(CAPS_6_12);
	obs.chain = bad;
	assert_only(THPRACE_CHECK_ANON_VMA_ALIVE, 17, 18, 5);
	pmd_mapped(CAPS_6_12);
	obs.geometry = bad;
	assert_only(THPRACE_CHECK_PMD_GEOMETRY, 17, 18, 5);
	pmd_mapped(CAPS_6_12);
	obs.mig_held = bad;
	assert_only(THPRACE_CHECK_MIGRATION_ENTRY, 17, 18, 5);
}

/* What is wrong with the chain is said; a file's page has none. */
static void test_anon_vma_alive(void **state)
{
	static const struct {
		s64 got;
		const char *part;
	} wrong[] = {
		{ THPRACE_CHAIN_OTHERS, "not on the chain of a VMA" },
		{ THPRACE_CHAIN_NONE, "has no anon_vma" },
		{ THPRACE_CHAIN_FREED, "freed" },
		{ THPRACE_CHAIN_NOT_OWN, "own anon_vma" },
		{ THPRACE_CHAIN_ROOT, "root" },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		pte_mapped(CAPS_7_2);
		obs.chain = (struct thprace_bad){ 1, 7, ADDR + 7 * 4096, THPRACE_CHAIN_HAS,
						  wrong[i].got };
		assert_only(THPRACE_CHECK_ANON_VMA_ALIVE, THPRACE_CHAIN_HAS, wrong[i].got, 7);
		if (!strstr(finding[THPRACE_CHECK_ANON_VMA_ALIVE].reason, wrong[i].part))
			fail_msg("%s", finding[THPRACE_CHECK_ANON_VMA_ALIVE].reason);
		/* then the anon_vma was not followed: nothing else is known */
		obs.flags &= ~F(COMPLETE);
		assert_int_equal(outcome(THPRACE_CHECK_ANON_VMA_ALIVE), THPRACE_VIOLATED);
	}
	file(CAPS_7_2);
	assert_int_equal(outcome(THPRACE_CHECK_ANON_VMA_ALIVE), THPRACE_NOT_APPLICABLE);
}

static void test_anon_exclusive(void **state)
{
	mixed(CAPS_6_1);
	obs.exclusive[9] = 1;
	assert_only(THPRACE_CHECK_ANON_EXCLUSIVE, 1, 3, 9);
	/* The head's flag speaks for the whole PMD leaf. */
	pmd_mapped(CAPS_6_12);
	pages(0, NR, 0, -1);
	pages(40, 1, 1, 0);
	obs.large_mapcount = 1;
	obs.nr_pages_mapped++;
	obs.refcount++;
	obs.flags |= F(MAPPED_SHARED);
	assert_only(THPRACE_CHECK_ANON_EXCLUSIVE, 1, 2, 40);
	/* Written to, but perhaps shared. */
	pmd_mapped(CAPS_6_1);
	obs.exclusive[0] = 0;
	assert_only(THPRACE_CHECK_ANON_EXCLUSIVE, 1, 0, 0);
	pte_mapped(CAPS_7_2);
	obs.exclusive[44] = 0;
	assert_only(THPRACE_CHECK_ANON_EXCLUSIVE, 1, 0, 44);
	/* Stale on an unmapped page: allowed. */
	partly_unmapped(CAPS_6_12);
	exclusive(0, 12);
	assert_int_equal(outcome(THPRACE_CHECK_ANON_EXCLUSIVE), THPRACE_HELD);
	/* Exclusive and read-only: allowed. */
	memset(obs.writable, 0, sizeof(obs.writable));
	assert_int_equal(outcome(THPRACE_CHECK_ANON_EXCLUSIVE), THPRACE_HELD);
	/* Not known to 5.10. */
	pte_mapped(CAPS_5_10);
	memset(obs.exclusive, 0, sizeof(obs.exclusive));
	assert_int_equal(outcome(THPRACE_CHECK_ANON_EXCLUSIVE), THPRACE_NOT_APPLICABLE);
	small(CAPS_6_12);
	obs.exclusive[0] = 1;
	assert_only(THPRACE_CHECK_ANON_EXCLUSIVE, 1, 3, 0);
	small(CAPS_6_12);
	obs.writable[0] = 1;
	assert_only(THPRACE_CHECK_ANON_EXCLUSIVE, 1, 0, 0);
}

static void test_deferred_queue(void **state)
{
	u32 k;

	for (k = 0; k < ARRAY_SIZE(kernels); k++) {
		partly_unmapped(kernels[k]);
		obs.flags &= ~(F(DEFERRED) | F(PARTIALLY_MAPPED));
		assert_only(THPRACE_CHECK_DEFERRED_QUEUE, 1, 0, 0);
		obs.flags &= ~F(UNDISTURBED);
		assert_skipped(THPRACE_CHECK_DEFERRED_QUEUE, "migration entries");
		/* The mark is made and taken together with the queueing. */
		obs.flags |= F(PARTIALLY_MAPPED);
		assert_only(THPRACE_CHECK_DEFERRED_QUEUE, 1, 0, 0);
		/* The shrinker queues again what it holds a reference on. */
		obs.refcount++;
		obs.flags &= ~F(REFS_SETTLED);
		assert_skipped(THPRACE_CHECK_DEFERRED_QUEUE, "shrinker");
		obs.refcount--;
		/* A failed split leaves the mark on a fully mapped folio. */
		pte_mapped(kernels[k]);
		obs.flags |= F(PARTIALLY_MAPPED) | F(DEFERRED);
		assert_int_equal(outcome(THPRACE_CHECK_DEFERRED_QUEUE), THPRACE_HELD);
	}
	/* Queued since it was faulted in says nothing: the mark must be there. */
	for (k = 0; k < ARRAY_SIZE(kernels); k++) {
		bool mark = kernels[k] & C(PARTIALLY_MAPPED);

		partly_unmapped(kernels[k]);
		obs.flags &= ~F(PARTIALLY_MAPPED);
		if (!mark) {
			assert_int_equal(outcome(THPRACE_CHECK_DEFERRED_QUEUE), THPRACE_HELD);
			continue;
		}
		assert_only(THPRACE_CHECK_DEFERRED_QUEUE, 1, 0, 0);
		obs.flags &= ~F(UNDISTURBED);
		assert_skipped(THPRACE_CHECK_DEFERRED_QUEUE, "migration entries");
		pte_mapped(kernels[k]);
		obs.flags |= F(DEFERRED);
		assert_int_equal(outcome(THPRACE_CHECK_DEFERRED_QUEUE), THPRACE_HELD);
	}
	partly_unmapped(CAPS_6_12);
	obs.flags &= ~(F(DEFERRED) | F(PARTIALLY_MAPPED));
	obs.flags |= F(SWAPCACHE);
	obs.refcount += 512;
	assert_skipped(THPRACE_CHECK_DEFERRED_QUEUE, "swap cache");
	/* A PMD mapping maps every page. */
	mixed(CAPS_6_12);
	assert_int_equal(outcome(THPRACE_CHECK_DEFERRED_QUEUE), THPRACE_HELD);
	/* Half of the pages twice: without per-page counts that is all of them. */
	pte_mapped(CAPS_7_2_NOPM);
	pages(0, 256, 2, -1);
	pages(256, 256, 0, -1);
	assert_int_equal(outcome(THPRACE_CHECK_DEFERRED_QUEUE), THPRACE_HELD);
	pte_mapped(CAPS_7_2);
	pages(0, 256, 2, 1);
	pages(256, 256, 0, -1);
	assert_int_equal(outcome(THPRACE_CHECK_DEFERRED_QUEUE), THPRACE_VIOLATED);
	/* Order 1 has no room for a list, order 2 has. */
	start(CAPS_7_2, F(ANON) | F(LARGE), 2);
	pages(0, 1, 1, 0);
	pages(1, 1, 0, -1);
	obs.refcount = 2;
	assert_int_equal(outcome(THPRACE_CHECK_DEFERRED_QUEUE), THPRACE_NOT_APPLICABLE);
	obs.nr = 4;
	assert_int_equal(outcome(THPRACE_CHECK_DEFERRED_QUEUE), THPRACE_VIOLATED);
	file(CAPS_6_12);
	obs.pmd_maps = 0;
	assert_int_equal(outcome(THPRACE_CHECK_DEFERRED_QUEUE), THPRACE_NOT_APPLICABLE);
}

/* Kept by a reference only: on its way out, nothing to be queued for. */
static void test_unmapped(void **state)
{
	start(CAPS_6_12, F(ANON) | F(LARGE), NR);
	pages(0, NR, 0, -1);
	obs.entire_mapcount = -1;
	obs.large_mapcount = -1;
	obs.refcount = 1;
	exclusive(0, NR);
	assert_int_equal(outcome(THPRACE_CHECK_DEFERRED_QUEUE), THPRACE_HELD);
	assert_int_equal(finding[THPRACE_CHECK_ANON_EXCLUSIVE].outcome, THPRACE_NOT_APPLICABLE);
	assert_int_equal(finding[THPRACE_CHECK_LARGE_MAPCOUNT].outcome, THPRACE_HELD);
	assert_int_equal(spoil_forms(&obs, THPRACE_CHECK_ANON_EXCLUSIVE), -ENODATA);
}

static void test_pmd_geometry_needs_a_pmd(void **state)
{
	pte_mapped(CAPS_6_12);
	assert_int_equal(outcome(THPRACE_CHECK_PMD_GEOMETRY), THPRACE_NOT_APPLICABLE);
	/* A leaf counted as bad is one, whatever else is known. */
	obs.geometry.nr = 1;
	assert_int_equal(outcome(THPRACE_CHECK_PMD_GEOMETRY), THPRACE_VIOLATED);
}

/* Nothing that counts mappings is judged if some may be unknown. */
static void test_incomplete_is_skipped(void **state)
{
	/* checks that are right or wrong by what was seen */
	const u64 unaffected = BIT_ULL(THPRACE_CHECK_REFCOUNT) |
		BIT_ULL(THPRACE_CHECK_RMAP_LINEAR) | BIT_ULL(THPRACE_CHECK_PMD_GEOMETRY) |
		BIT_ULL(THPRACE_CHECK_MIGRATION_ENTRY) |
		BIT_ULL(THPRACE_CHECK_ANON_VMA_ALIVE);
	u32 i;

	mixed(CAPS_7_2);
	obs.flags &= ~F(COMPLETE);
	/* As wrong as can be, but for what is seen. */
	memset(obs.mapcount, 0x55, sizeof(obs.mapcount));
	obs.entire_mapcount = 55;
	obs.large_mapcount = 55;
	obs.nr_pages_mapped = 55;
	obs.mm_id_mapcount[0] = 55;
	obs.census_missing.nr = 1;
	memset(obs.exclusive, 1, sizeof(obs.exclusive));
	obs.flags |= F(PARTIALLY_MAPPED);
	for (i = 0; i < THPRACE_CHECK_RSS; i++) {
		if (unaffected & BIT_ULL(i))
			assert_int_equal(outcome(i), THPRACE_HELD);
		else
			assert_skipped(i, "mm");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_healthy),
		cmocka_unit_test(test_selected_only),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_equal),
		cmocka_unit_test(test_page_mapcount),
		cmocka_unit_test(test_page_mapcount_double_map),
		cmocka_unit_test(test_folio_counts),
		cmocka_unit_test(test_mm_id),
		cmocka_unit_test(test_refcount),
		cmocka_unit_test(test_refcount_file),
		cmocka_unit_test(test_refcount_negative),
		cmocka_unit_test(test_bad_places),
		cmocka_unit_test(test_anon_vma_alive),
		cmocka_unit_test(test_anon_exclusive),
		cmocka_unit_test(test_deferred_queue),
		cmocka_unit_test(test_unmapped),
		cmocka_unit_test(test_pmd_geometry_needs_a_pmd),
		cmocka_unit_test(test_incomplete_is_skipped),
	};

	return cmocka_run_group_tests_name("judge", tests, NULL, NULL);
}
