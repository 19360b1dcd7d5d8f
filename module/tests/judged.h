/* SPDX-License-Identifier: GPL-2.0 */
/*
 * judged.h - what the rules say of the observation of shapes.h
 *
 * Only for test_judge.c and test_judge_anon.c.
 */
#ifndef THPRACE_TESTS_JUDGED_H
#define THPRACE_TESTS_JUDGED_H

#include "rows.h"
#include "shapes.h"
#include "state/names.h"

#define ALL	(BIT_ULL(THPRACE_NR_CHECKS) - 1)

static struct thprace_finding finding[THPRACE_NR_CHECKS];

static const u32 kernels[] = { CAPS_5_10, CAPS_6_1, CAPS_6_12, CAPS_7_2, CAPS_7_2_NOPM };

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

#endif /* THPRACE_TESTS_JUDGED_H */
