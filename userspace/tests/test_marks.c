// SPDX-License-Identifier: GPL-2.0
/*
 * What two ops promise of a mark
 */
#include "env.h"
#include "marks.h"
#include "test.h"

REAL_READ_TEXT

static struct mark_done done_of(const char *name, unsigned int first, unsigned int nr, bool sure)
{
	return (struct mark_done){
		.op = name ? &uops[uop_by_name(name)] : NULL,
		.piece = { .first = first, .nr = nr, .stride = 1 },
		.sure = name && sure,
	};
}

static enum mark after(enum mark before, const char *a, const char *b, bool keep)
{
	const struct mark_done done[] = { done_of(a, 0, 8, true), done_of(b, 0, 8, true) };

	return marks_after(before, done, 3, keep);
}

static void test_kept(void **state)
{
	static const char *const ops[] = {
		"mprotect", "mlock", "madvise", "write", "read", "pageout", "collapse",
		"migrate", "fork", "softdirty",
	};
	unsigned int i, j;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(ops); i++) {
		for (j = 0; j < ARRAY_SIZE(ops); j++)
			assert_int_equal(after(MARK_MUST, ops[i], ops[j], false), MARK_MUST);
		assert_int_equal(after(MARK_MUST, ops[i], NULL, false), MARK_MUST);
	}
}

static void test_gone(void **state)
{
	(void)state;
	assert_int_equal(after(MARK_MUST, "zap", "read", true), MARK_NEVER);
	assert_int_equal(after(MARK_MUST, "read", "munmap", true), MARK_NEVER);
	assert_int_equal(after(MARK_MUST, "fill", "zap", true), MARK_NEVER);
	assert_int_equal(after(MARK_MUST, "free", "fork", true), MARK_IF_KEPT);
	/* What is locked is not discarded, what is away neither. */
	assert_int_equal(after(MARK_MUST, "zap", "mlock", true), MARK_MAY);
	assert_int_equal(after(MARK_MUST, "mremap", "zap", true), MARK_MAY);
}

static void test_moved(void **state)
{
	(void)state;
	assert_int_equal(after(MARK_MUST, "mremap", "read", true), MARK_MUST);
	assert_int_equal(after(MARK_MUST, "mremap", "read", false), MARK_NEVER);
	assert_int_equal(after(MARK_MUST, "mremap", "mprotect", true), MARK_MAY);
	assert_int_equal(after(MARK_MUST, "mremap", "mprotect", false), MARK_MAY);
}

/* Whatever two ops do, a page that has no mark gets none. */
static void test_never(void **state)
{
	unsigned int i, j;

	(void)state;
	for (i = 0; i < nr_uops; i++) {
		for (j = 0; j < nr_uops; j++)
			assert_int_equal(after(MARK_NEVER, uops[i].name, uops[j].name, i % 2),
					 MARK_NEVER);
	}
}

static void test_unsure(void **state)
{
	const struct mark_done some[] = { done_of("zap", 0, 8, false),
					  done_of(NULL, 0, 0, false) };
	const struct mark_done beside[] = { done_of("zap", 4, 4, true),
					    done_of("fork", 0, 8, true) };

	(void)state;
	assert_int_equal(marks_after(MARK_MUST, some, 3, true), MARK_MAY);
	assert_int_equal(marks_content(PG_PATTERN, some, 3), PG_ANY);
	assert_false(marks_is_left_alone(some, 3));
	assert_int_equal(marks_after(MARK_MUST, beside, 3, true), MARK_MUST);
	assert_true(marks_is_left_alone(beside, 3));
}

static void test_content(void **state)
{
	const struct mark_done zap[] = { done_of("zap", 0, 8, true), done_of("write", 0, 8, true) };
	const struct mark_done hole[] = { done_of("read", 0, 8, true),
					  done_of("munmap", 0, 4, true) };
	const struct mark_done lazily[] = { done_of("free", 0, 8, true),
					    done_of("mprotect", 0, 8, true) };
	const struct mark_done both[] = { done_of("zap", 0, 8, true),
					  done_of("munmap", 0, 4, true) };

	(void)state;
	assert_int_equal(marks_content(PG_PATTERN, zap, 3), PG_ZERO);
	assert_int_equal(marks_content(PG_PATTERN, zap, 9), PG_PATTERN);
	assert_int_equal(marks_content(PG_PATTERN, hole, 3), PG_HOLE);
	assert_int_equal(marks_content(PG_PATTERN, hole, 5), PG_PATTERN);
	assert_int_equal(marks_content(PG_PATTERN, lazily, 3), PG_PATTERN_OR_ZERO);
	assert_int_equal(marks_content(PG_ZERO, lazily, 3), PG_ZERO);
	assert_int_equal(marks_content(PG_PATTERN, both, 3), PG_ANY);
	assert_int_equal(marks_content(PG_PATTERN, both, 5), PG_ZERO);
}

static void test_locked(void **state)
{
	const struct mark_done done[] = { done_of("read", 0, 8, true),
					  done_of("mlock", 2, 2, true) };

	(void)state;
	assert_true(marks_is_locked(done, 3));
	assert_false(marks_is_locked(done, 4));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kept), cmocka_unit_test(test_gone),
		cmocka_unit_test(test_moved), cmocka_unit_test(test_never),
		cmocka_unit_test(test_unsure), cmocka_unit_test(test_content),
		cmocka_unit_test(test_locked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
