// SPDX-License-Identifier: GPL-2.0
/*
 * test_known.c - known states, made by the model of every kernel: found by what
 * the page tables show, judged right, and wrong when a counter is
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "compat/tested.h"
#include "known_model.h"

static struct model model;
static struct thprace_obs full, obs, spoiled;
static struct thprace_finding finding[THPRACE_NR_CHECKS];

static void make(enum model_kernel kernel, enum thprace_known state)
{
	known_make(&model, kernel, state, &full, &obs);
}

static u64 kept(void)
{
	return known_kept(&obs);
}

static bool can_have(u32 kernel, u32 state)
{
	return kernel > MODEL_6_1 ||
	       (state != THPRACE_KNOWN_SMALL && state != THPRACE_KNOWN_SMALL_PART);
}

/* Each state is itself and no other, and every rule is right of it. */
static void test_right(void **state)
{
	u32 kernel, i, other;

	for (kernel = 0; kernel < MODEL_NR_KERNELS; kernel++)
		for (i = 0; i < THPRACE_NR_KNOWN; i++) {
			if (!can_have(kernel, i))
				continue;
			make(kernel, i);
			assert_int_equal(thprace_known_find(&obs), i);
			for (other = 0; other < THPRACE_NR_KNOWN; other++)
				assert_int_equal(thprace_known_is(other, &obs), other == i);
			if (thprace_known_judge(i, &obs, true, kept(), finding))
				fail_msg("kernel %u: not right of %s", kernel,
					 thprace_known_name(i));
		}
}

/* What is wrong is told, with what it should be, and nothing else is. */
static void test_wrong(void **state)
{
	u32 kernel, i, check;
	u64 checks;

	for (kernel = 0; kernel < MODEL_NR_KERNELS; kernel++)
		for (i = 0; i < THPRACE_NR_KNOWN; i++) {
			if (!can_have(kernel, i))
				continue;
			make(kernel, i);
			checks = kept() & thprace_known_checks(i);
			for (check = 0; check < THPRACE_NR_CHECKS; check++) {
				if (!(checks & BIT_ULL(check)))
					continue;
				spoiled = obs;
				assert_int_equal(thprace_judge_inject(&spoiled, check), 0);
				assert_true(thprace_known_judge(i, &spoiled, true, checks,
								finding) == BIT_ULL(check));
				assert_int_equal(finding[check].outcome, THPRACE_VIOLATED);
				assert_true(finding[check].want != finding[check].got);
				/* not asked for, not told */
				assert_true(!thprace_known_judge(i, &spoiled, true,
								 checks & ~BIT_ULL(check),
								 finding));
			}
		}
}

/* A rule that has nothing to say of what it must is wrong, too. */
static void test_silent(void **state)
{
	make(MODEL_6_12, THPRACE_KNOWN_PMD);
	obs.flags &= ~(1U << THPRACE_OBS_LARGE);
	finding[THPRACE_CHECK_ENTIRE_MAPCOUNT].addr = 4711;
	assert_true(thprace_known_judge(THPRACE_KNOWN_PMD, &obs, true, kept(), finding) &
		    BIT_ULL(THPRACE_CHECK_ENTIRE_MAPCOUNT));
	assert_int_equal(finding[THPRACE_CHECK_ENTIRE_MAPCOUNT].outcome, THPRACE_SKIPPED);
	assert_non_null(finding[THPRACE_CHECK_ENTIRE_MAPCOUNT].reason);
	/* nothing of an earlier finding is left */
	assert_true(!finding[THPRACE_CHECK_ENTIRE_MAPCOUNT].addr);
	make(MODEL_6_12, THPRACE_KNOWN_PMD);
	obs.refcount++;
	obs.flags &= ~(1U << THPRACE_OBS_REFS_SETTLED);
	assert_true(thprace_known_judge(THPRACE_KNOWN_PMD, &obs, true, kept(), finding) ==
		    BIT_ULL(THPRACE_CHECK_REFCOUNT));
	assert_int_equal(finding[THPRACE_CHECK_REFCOUNT].outcome, THPRACE_SKIPPED);
}

/* The mark of a folio that was shared may stay: only new memory must have none. */
static void test_marked_shared(void **state)
{
	make(MODEL_7_2, THPRACE_KNOWN_PMD);
	obs.flags |= 1U << THPRACE_OBS_MAPPED_SHARED;
	assert_true(!thprace_known_judge(THPRACE_KNOWN_PMD, &obs, false, kept(), finding));
	assert_true(thprace_known_judge(THPRACE_KNOWN_PMD, &obs, true, kept(), finding) ==
		    BIT_ULL(THPRACE_CHECK_MM_ID));
	assert_int_equal(finding[THPRACE_CHECK_MM_ID].want, 0);
	assert_int_equal(finding[THPRACE_CHECK_MM_ID].got, 1);
	assert_true(!thprace_known_judge(THPRACE_KNOWN_PMD, &obs, true,
					 kept() & ~BIT_ULL(THPRACE_CHECK_MM_ID), finding));
	assert_int_equal(finding[THPRACE_CHECK_MM_ID].outcome, THPRACE_NOT_APPLICABLE);
}

/* Whatever the counters are, a state is only what the page tables show. */
static void test_not_known(void **state)
{
	u32 i;

	make(MODEL_6_12, THPRACE_KNOWN_PART);
	obs.flags &= ~(1U << THPRACE_OBS_COMPLETE);
	assert_int_equal(thprace_known_find(&obs), THPRACE_NR_KNOWN);
	make(MODEL_6_12, THPRACE_KNOWN_PART);
	obs.flags |= 1U << THPRACE_OBS_SWAPCACHE;
	assert_int_equal(thprace_known_find(&obs), THPRACE_NR_KNOWN);
	make(MODEL_6_12, THPRACE_KNOWN_PTE);
	obs.flags &= ~(1U << THPRACE_OBS_ANON);
	assert_int_equal(thprace_known_find(&obs), THPRACE_NR_KNOWN);
	/* a hole of another size, one that begins elsewhere, a page that is read-only */
	make(MODEL_6_12, THPRACE_KNOWN_PART);
	i = thprace_obs_cut(&obs, 0, 2 * THPRACE_KNOWN_HOLE(THPRACE_HPAGE_NR) - 1);
	thprace_obs_cut(&obs, i, i + 1);
	obs.ptes[i] = 1;
	assert_int_equal(thprace_known_find(&obs), THPRACE_NR_KNOWN);
	make(MODEL_6_12, THPRACE_KNOWN_PART);
	i = thprace_obs_cut(&obs, 0, THPRACE_KNOWN_HOLE(THPRACE_HPAGE_NR) - 1);
	obs.ptes[i] = 0;
	assert_int_equal(thprace_known_find(&obs), THPRACE_NR_KNOWN);
	make(MODEL_6_12, THPRACE_KNOWN_PTE);
	i = thprace_obs_cut(&obs, 0, THPRACE_HPAGE_NR - 1);
	obs.writable[i] = 0;
	assert_int_equal(thprace_known_find(&obs), THPRACE_NR_KNOWN);
	make(MODEL_6_12, THPRACE_KNOWN_PMD);
	obs.pmd_writable = false;
	assert_int_equal(thprace_known_find(&obs), THPRACE_NR_KNOWN);
	model_fault(&model, MODEL_6_12, true, 8);
	model_observe(&model, &full);
	to_rows(&full, &obs, FORM_FEW, 0);
	assert_int_equal(thprace_known_find(&obs), THPRACE_NR_KNOWN);
}

/* Every check that a folio can show is shown by a state. */
static void test_all_shown(void **state)
{
	u64 shown = 0;
	u32 i;

	for (i = 0; i < THPRACE_NR_KNOWN; i++)
		shown |= thprace_known_checks(i);
	assert_true(shown == BIT_ULL(THPRACE_CHECK_RSS) - 1);
}

static void test_series(void **state)
{
	static const char * const tested[] = {
		"5.10.0-46-amd64", "6.1.192", "6.12.117+deb12-amd64", "7.2.13-1", "7.3",
	};
	static const char * const others[] = {
		"", "6", "6.", "x", "5.1.2", "5.15.0-100-generic", "6.11.0", "6.13.0", "6.120.1",
		"61.2", "7.4.0-rc1",
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tested); i++)
		assert_true(thprace_series_tested(tested[i], 12));
	for (i = 0; i < ARRAY_SIZE(others); i++)
		assert_false(thprace_series_tested(others[i], 12));
	assert_false(thprace_series_tested("6.12", 14));
	assert_false(thprace_series_tested("6.12", 16));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_right),
		cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_silent),
		cmocka_unit_test(test_marked_shared),
		cmocka_unit_test(test_not_known),
		cmocka_unit_test(test_all_shown),
		cmocka_unit_test(test_series),
	};

	return cmocka_run_group_tests_name("known", tests, NULL, NULL);
}
