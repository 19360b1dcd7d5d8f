// SPDX-License-Identifier: GPL-2.0
/*
 * test_judge.c - each rule on observations written down by hand
 *
 * The numbers are literal: what a kernel of that version shows for the
 * mapping described, then one thing wrong at a time.  What is only about anonymous
 * folios is in test_judge_anon.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "judged.h"
#include "rows.h"
#include "shapes.h"
#include "front/trigger.h"
#include "state/names.h"

static void (*const shapes[])(u32 caps) = {
	pmd_mapped, pte_mapped, partly_unmapped, mixed, small, file,
};

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
		cmocka_unit_test(test_pmd_geometry_needs_a_pmd),
		cmocka_unit_test(test_incomplete_is_skipped),
	};

	return cmocka_run_group_tests_name("judge", tests, NULL, NULL);
}
