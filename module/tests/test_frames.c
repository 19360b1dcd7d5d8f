// SPDX-License-Identifier: GPL-2.0
/*
 * test_frames.c - the rule on frames that once were part of a huge page
 *
 * The numbers are literal, one thing wrong at a time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "oracle/rules.h"

static void expect_frame(const struct thprace_frame *frame, unsigned int outcome, s64 want,
			 s64 got)
{
	struct thprace_finding f;

	thprace_judge_frame(frame, &f);
	assert_int_equal(f.outcome, outcome);
	if (outcome == THPRACE_VIOLATED || outcome == THPRACE_SKIPPED) {
		assert_non_null(f.reason);
		assert_int_equal(f.want, want);
		assert_int_equal(f.got, got);
	}
}

static void test_frames(void **state)
{
	struct thprace_frame frame = { .ours = true };

	/* Free, or another's. */
	expect_frame(&frame, THPRACE_NOT_APPLICABLE, 0, 0);
	frame.ours = false;
	frame.refcount = 7;
	frame.locked = true;
	frame.settled = true;
	expect_frame(&frame, THPRACE_NOT_APPLICABLE, 0, 0);
	/* Below zero is wrong whoever's it is; so is an entry without a reference. */
	frame.settled = false;
	frame.refcount = -1;
	expect_frame(&frame, THPRACE_VIOLATED, 0, -1);
	frame.refcount = 0;
	frame.mapped = true;
	expect_frame(&frame, THPRACE_VIOLATED, 1, 0);
	frame.refcount = 1;
	expect_frame(&frame, THPRACE_NOT_APPLICABLE, 0, 0);
	/* Mapped and not locked: judged as a folio, a surplus too. */
	memset(&frame, 0, sizeof(frame));
	frame.ours = true;
	frame.mappings = 1;
	frame.refcount = 3;
	frame.settled = true;
	expect_frame(&frame, THPRACE_HELD, 0, 0);
	/* Locked for ever. */
	frame.locked = true;
	expect_frame(&frame, THPRACE_VIOLATED, 1, 3);
	frame.settled = false;
	expect_frame(&frame, THPRACE_SKIPPED, 1, 3);
	/* Not mapped: only what the session holds. */
	frame.locked = false;
	frame.mappings = 0;
	frame.own_refs = 2;
	expect_frame(&frame, THPRACE_SKIPPED, 2, 3);
	frame.settled = true;
	expect_frame(&frame, THPRACE_VIOLATED, 2, 3);
	frame.refcount = 2;
	expect_frame(&frame, THPRACE_HELD, 0, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_frames),
	};

	return cmocka_run_group_tests_name("frames", tests, NULL, NULL);
}
