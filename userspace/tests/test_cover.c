// SPDX-License-Identifier: GPL-2.0
/*
 * What is new, when it was seen, and how time is shared by it
 */
#include "cover.h"
#include "rng.h"
#include "test.h"

#define ARMS	48

REAL_READ_TEXT

static struct cover *c;

static int setup(void **state)
{
	(void)state;
	c = calloc(ARMS, sizeof(*c));
	return !c;
}

static int teardown(void **state)
{
	(void)state;
	free(c);
	return 0;
}

static void test_see(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < 2000; i++)
		assert_true(cover_see(c, i % NR_COVER, i / NR_COVER, 5));
	for (i = 0; i < 2000; i++)
		assert_false(cover_see(c, i % NR_COVER, i / NR_COVER, 6));
	assert_int_equal(cover_sum(c), 2000);
	assert_int_equal(c->nr[COVER_PHASES], 667);
	assert_int_equal(c->nr[COVER_STATE], 666);
	assert_true(c->last_ns == 5 && !c->full);
	/* Any key will do, and another scenario has seen nothing. */
	assert_true(cover_see(c, COVER_STATE, ~0ULL, 7) && !cover_see(c, COVER_STATE, ~0ULL, 7));
	assert_true(cover_see(c + 1, COVER_PHASES, 0, 7));
}

/* It ends, and says that there was more; what was seen stays seen. */
static void test_full(void **state)
{
	unsigned int i, n = 0;

	(void)state;
	for (i = 0; i < 2 * COVER_KEYS; i++)
		n += cover_see(c, COVER_STATE, i, i);
	assert_true(c->full && n > COVER_KEYS / 2 && n < COVER_KEYS);
	assert_int_equal(cover_sum(c), n);
	assert_false(cover_see(c, COVER_STATE, 0, 0));
	assert_false(cover_see(c, COVER_PHASES, 1, 0));
}

static u64 minute(u64 seconds)
{
	return cover_last_minute(c, COVER_STATE, seconds * NSEC_PER_SEC);
}

static void test_minute(void **state)
{
	unsigned int i;

	(void)state;
	assert_int_equal(minute(0), 0);
	cover_see(c, COVER_STATE, 1, 10 * NSEC_PER_SEC);
	cover_see(c, COVER_STATE, 2, 10 * NSEC_PER_SEC + 5);
	assert_int_equal(minute(10), 2);
	assert_int_equal(minute(69), 2);
	assert_int_equal(minute(70), 0);
	assert_int_equal(cover_last_minute(c, COVER_PHASES, 10 * NSEC_PER_SEC), 0);
	/* The place of a second is used again. */
	cover_see(c, COVER_STATE, 3, (10 + COVER_SECONDS) * NSEC_PER_SEC);
	assert_int_equal(minute(10 + COVER_SECONDS), 1);
	/* One in each second, for long. */
	for (i = 200; i < 500; i++) {
		cover_see(c, COVER_STATE, i, i * NSEC_PER_SEC);
		assert_int_equal(minute(i), i < 260 ? i - 199 : 60);
	}
	assert_int_equal(minute(100000), 0);
}

static void test_steps(void **state)
{
	static const struct {
		u64 second;
		unsigned int step;
	} at[] = { { 0, 0 }, { 1, 1 }, { 2, 2 }, { 3, 2 }, { 4, 3 }, { 7, 3 }, { 8, 4 },
		   { 31449600, 25 }, { 1ULL << 31, COVER_STEPS - 1 } };
	unsigned int i, before;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(at); i++) {
		before = c->in_step[at[i].step];
		assert_true(cover_see(c, COVER_STATE, i, at[i].second * NSEC_PER_SEC));
		assert_int_equal(c->in_step[at[i].step], before + 1);
	}
}

static void shares_of(const unsigned int *weight, unsigned int nr, u64 *share)
{
	const struct cover *list[ARMS];
	unsigned int i;

	for (i = 0; i < nr; i++)
		list[i] = c + i;
	cover_shares(list, weight, nr, share);
}

static void test_nobody_knows(void **state)
{
	const unsigned int weight[] = { 1, 4, 0, 2 };
	u64 share[4];

	(void)state;
	shares_of(weight, 4, share);
	assert_true(share[0] && share[1] == 4 * share[0] && share[3] == 2 * share[0]);
	assert_int_equal(share[2], 0);
}

static void test_more_news_more_time(void **state)
{
	const unsigned int weight[] = { 1, 1, 1, 0 };
	u64 share[4];

	(void)state;
	cover_batch(c, 30, NSEC_PER_SEC);
	cover_batch(c + 1, 10, NSEC_PER_SEC);
	cover_batch(c + 2, 0, NSEC_PER_SEC);
	cover_batch(c + 3, 1000, NSEC_PER_SEC);
	shares_of(weight, 4, share);
	/* The floor; and three quarters and one quarter of the rest. */
	assert_int_equal(share[2], COVER_FLOOR);
	assert_in_range(share[0], 600 + 899, 600 + 901);
	assert_in_range(share[1], 600 + 299, 600 + 301);
	assert_int_equal(share[3], 0);
	/* Of the same news, who takes longer for it gets less. */
	memset(c, 0, 3 * sizeof(*c));
	cover_batch(c, 10, NSEC_PER_SEC);
	cover_batch(c + 1, 10, 3 * NSEC_PER_SEC);
	shares_of(weight, 2, share);
	assert_in_range(share[0], 600 + 599, 600 + 601);
}

/* Who brings as much as all others keeps the part that the weight gives. */
static void test_weight(void **state)
{
	const unsigned int weight[] = { 1, 4 };
	u64 share[2];

	(void)state;
	cover_batch(c, 10, NSEC_PER_SEC);
	cover_batch(c + 1, 10, NSEC_PER_SEC);
	shares_of(weight, 2, share);
	assert_in_range(share[0], 999, 1000);
	assert_in_range(share[1], 3999, 4000);
}

/* All is new at first: what comes later says more of what will come. */
static void test_fades(void **state)
{
	const unsigned int weight[] = { 1, 1 };
	u64 share[2], before;
	unsigned int i;

	(void)state;
	cover_batch(c, 40, NSEC_PER_SEC);
	cover_batch(c, 0, NSEC_PER_SEC);
	cover_batch(c + 1, 0, NSEC_PER_SEC);
	cover_batch(c + 1, 40, NSEC_PER_SEC);
	shares_of(weight, 2, share);
	assert_true(share[1] > share[0]);
	/* The time that it took fades as well. */
	memset(c, 0, 2 * sizeof(*c));
	cover_batch(c, 40, 9 * NSEC_PER_SEC);
	cover_batch(c, 40, NSEC_PER_SEC);
	cover_batch(c + 1, 40, NSEC_PER_SEC);
	cover_batch(c + 1, 40, NSEC_PER_SEC);
	shares_of(weight, 2, share);
	assert_true(share[1] > share[0]);
	/* And what brings nothing any more is left with its floor. */
	for (i = 0; i < 60; i++) {
		before = share[0];
		cover_batch(c, 0, NSEC_PER_SEC);
		shares_of(weight, 2, share);
		assert_true(share[0] <= before);
	}
	assert_int_equal(share[0], COVER_FLOOR);
	/* Until it does. */
	cover_batch(c, 5, NSEC_PER_SEC);
	shares_of(weight, 2, share);
	assert_true(share[0] > COVER_FLOOR);
}

/* Whatever was seen: nobody below the floor, nothing handed out twice, the same again. */
static void test_floor(void **state)
{
	unsigned int weight[ARMS], i, k, n;
	u64 share[ARMS], again[ARMS], sum, weights;
	struct rng rng;

	(void)state;
	for (n = 0; n < 300; n++) {
		rng_seed(&rng, 1, n, 0);
		memset(c, 0, ARMS * sizeof(*c));
		for (i = 0, weights = 0; i < ARMS; i++) {
			weight[i] = rng_below(&rng, 5);
			weights += weight[i];
			for (k = rng_below(&rng, 8); k; k--)
				cover_batch(c + i, rng_below(&rng, n % 3 ? 50 : COVER_KEYS),
					    rng_below(&rng, n % 2 ? 1000 : ~0ULL >> 12));
		}
		shares_of(weight, ARMS, share);
		shares_of(weight, ARMS, again);
		assert_memory_equal(share, again, sizeof(share));
		for (i = 0, sum = 0; i < ARMS; i++) {
			assert_true(share[i] >= weight[i] * COVER_FLOOR);
			assert_true(weight[i] || !share[i]);
			sum += share[i];
		}
		assert_true(sum <= weights * 1000 && sum + ARMS >= weights * 1000);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_see, setup, teardown),
		cmocka_unit_test_setup_teardown(test_full, setup, teardown),
		cmocka_unit_test_setup_teardown(test_minute, setup, teardown),
		cmocka_unit_test_setup_teardown(test_steps, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nobody_knows, setup, teardown),
		cmocka_unit_test_setup_teardown(test_more_news_more_time, setup, teardown),
		cmocka_unit_test_setup_teardown(test_weight, setup, teardown),
		cmocka_unit_test_setup_teardown(test_fades, setup, teardown),
		cmocka_unit_test_setup_teardown(test_floor, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
