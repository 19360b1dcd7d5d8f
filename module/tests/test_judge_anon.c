// SPDX-License-Identifier: GPL-2.0
/*
 * test_judge_anon.c - the rules about anonymous folios, on observations by hand
 *
 * As in test_judge.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "judged.h"
#include "rows.h"
#include "shapes.h"
#include "state/names.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_anon_vma_alive),
		cmocka_unit_test(test_anon_exclusive),
		cmocka_unit_test(test_deferred_queue),
		cmocka_unit_test(test_unmapped),
	};

	return cmocka_run_group_tests_name("judge_anon", tests, NULL, NULL);
}
