// SPDX-License-Identifier: GPL-2.0
/*
 * What a forked process may have of the writes beside the fork
 */
#include "snapshot.h"
#include "test.h"

REAL_READ_TEXT

#define NR	64
#define KEY	0x1234

static u16 order[NR];
static u64 old[NR], words[NR];

/* The first of the writes. */
static void write_first(unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < NR; i++)
		words[order[i]] = i < nr ? snapshot_word(KEY, i) : old[order[i]];
}

static int set_up(void **state)
{
	struct rng rng;
	unsigned int i;

	(void)state;
	rng_seed(&rng, 5, 0, 0);
	snapshot_order(&rng, order, NR);
	for (i = 0; i < NR; i++)
		old[i] = i % 8 ? rng_next(&rng) : 0;
	return 0;
}

/* Each page once, and not in the order of addresses. */
static void test_order(void **state)
{
	unsigned int i, moved = 0;
	bool there[NR] = { };

	(void)state;
	for (i = 0; i < NR; i++) {
		assert_in_range(order[i], 0, NR - 1);
		assert_false(there[order[i]]);
		there[order[i]] = true;
		moved += order[i] != i;
	}
	assert_in_range(moved, NR / 2, NR);
}

static void test_any_moment(void **state)
{
	struct snapshot_bad bad;
	unsigned int i;

	(void)state;
	for (i = 0; i <= NR; i++) {
		write_first(i);
		assert_true(snapshot_holds(words, old, order, NR, KEY, &bad));
		assert_true(snapshot_kept(words, old, order, NR, i, KEY, &bad));
		assert_int_equal(snapshot_kept(words, old, order, NR, NR, KEY, &bad), i == NR);
	}
}

/* One that is missing among the first; the last one that is there may be any. */
static void test_missing(void **state)
{
	struct snapshot_bad bad;
	unsigned int i, j;

	(void)state;
	for (i = 1; i <= NR; i++) {
		for (j = 0; j + 1 < i; j++) {
			write_first(i);
			words[order[j]] = old[order[j]];
			assert_false(snapshot_holds(words, old, order, NR, KEY, &bad));
			assert_int_equal(bad.page, order[j]);
			assert_true(bad.want == snapshot_word(KEY, j) && bad.got == old[order[j]]);
			assert_string_equal(bad.what,
					    "a write before the last one that a forked process has");
			assert_false(snapshot_kept(words, old, order, NR, i, KEY, &bad));
			assert_int_equal(bad.page, order[j]);
		}
		write_first(i);
		words[order[i - 1]] = old[order[i - 1]];
		assert_true(snapshot_holds(words, old, order, NR, KEY, &bad));
		assert_false(snapshot_kept(words, old, order, NR, i, KEY, &bad));
	}
}

/* What nobody wrote, be it written for another page or in another round. */
static void test_foreign(void **state)
{
	const u64 foreign[] = { 1, snapshot_word(KEY, 0), snapshot_word(KEY + 1, 9) };
	struct snapshot_bad bad;
	unsigned int i, j;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(foreign); i++) {
		for (j = 1; j < NR; j++) {
			write_first(NR / 2);
			words[order[j]] = foreign[i];
			assert_false(snapshot_holds(words, old, order, NR, KEY, &bad));
			assert_int_equal(bad.page, order[j]);
			assert_true(bad.got == foreign[i]);
			assert_false(snapshot_kept(words, old, order, NR, NR / 2, KEY, &bad));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_any_moment),
		cmocka_unit_test(test_missing),
		cmocka_unit_test(test_foreign),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
