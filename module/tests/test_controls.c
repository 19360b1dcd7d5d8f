// SPDX-License-Identifier: GPL-2.0
/*
 * test_controls.c - what is spoiled is reported by its own check, and by no other
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "rows.h"
#include "shapes.h"

#define ALL	(BIT_ULL(THPRACE_NR_CHECKS) - 1)

static struct thprace_finding finding[THPRACE_NR_CHECKS];

static const u32 kernels[] = { CAPS_5_10, CAPS_6_1, CAPS_6_12, CAPS_7_2, CAPS_7_2_NOPM };
static void (*const shapes[])(u32 caps) = {
	pmd_mapped, pte_mapped, partly_unmapped, mixed, small, file,
};

static bool is_violated(unsigned int check)
{
	return finding[check].outcome == THPRACE_VIOLATED;
}

/* Every injection on every shape: reported by its check alone, or refused. */
static void test_inject(void **state)
{
	u32 k, s, check, i;

	for (k = 0; k < ARRAY_SIZE(kernels); k++) {
		for (s = 0; s < ARRAY_SIZE(shapes); s++) {
			for (check = 0; check < THPRACE_NR_CHECKS; check++) {
				bool held;
				int err;

				shapes[s](kernels[k]);
				judge_forms(&obs, ALL, finding);
				held = finding[check].outcome == THPRACE_HELD;
				err = spoil_forms(&obs, check);
				assert_int_equal(!err, held);
				judge_forms(&obs, ALL, finding);
				for (i = 0; i < THPRACE_NR_CHECKS; i++)
					assert_int_equal(is_violated(i), held && i == check);
			}
		}
	}
}

static void test_inject_errors(void **state)
{
	static const unsigned int elsewhere[] = {
		THPRACE_CHECK_RSS, THPRACE_CHECK_CACHE_INDEX, THPRACE_CHECK_SPLIT_PROGRESS,
		THPRACE_CHECK_CALIBRATION,
		THPRACE_CHECK_SPLIT_LOCK,
		THPRACE_CHECK_SPLIT_FOLIO_LOCK, THPRACE_CHECK_SPLIT_SERIAL,
		THPRACE_CHECK_RMAP_LOCK, THPRACE_CHECK_CONTENT, THPRACE_CHECK_LEAK,
		THPRACE_NR_CHECKS, -1U,
	};
	u32 i;

	pmd_mapped(CAPS_6_12);
	for (i = 0; i < ARRAY_SIZE(elsewhere); i++)
		assert_int_equal(spoil_forms(&obs, elsewhere[i]), -EOPNOTSUPP);
	assert_int_equal(spoil_forms(&obs, THPRACE_CHECK_MM_ID), -EOPNOTSUPP);
	small(CAPS_6_12);
	assert_int_equal(spoil_forms(&obs, THPRACE_CHECK_NR_PAGES_MAPPED), -ENODATA);
	assert_int_equal(spoil_forms(&obs, THPRACE_CHECK_PMD_GEOMETRY), -ENODATA);
	pmd_mapped(CAPS_6_12);
	obs.flags &= ~F(COMPLETE);
	assert_int_equal(spoil_forms(&obs, THPRACE_CHECK_PAGE_MAPCOUNT), -ENODATA);
	pmd_mapped(CAPS_6_12);
	obs.refcount++;
	assert_int_equal(spoil_forms(&obs, THPRACE_CHECK_DEFERRED_QUEUE), -ENODATA);
}

/* Several at once are all reported. */
static void test_inject_all(void **state)
{
	u32 check;

	pmd_mapped(CAPS_7_2);
	for (check = 0; check < THPRACE_CHECK_RSS; check++)
		assert_int_equal(spoil_forms(&obs, check), 0);
	judge_forms(&obs, ALL, finding);
	for (check = 0; check < THPRACE_CHECK_RSS; check++)
		assert_int_equal(finding[check].outcome, THPRACE_VIOLATED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_inject),
		cmocka_unit_test(test_inject_errors),
		cmocka_unit_test(test_inject_all),
	};

	return cmocka_run_group_tests_name("controls", tests, NULL, NULL);
}
