// SPDX-License-Identifier: GPL-2.0
/*
 * The table of ops: which pages one is about, and what a storm takes them for then
 */
#include <sys/mman.h>

#include "env.h"
#include "mock_run.h"
#include "region.h"
#include "result.h"
#include "rng.h"
#include "run.h"
#include "scenario.h"
#include "test.h"
#include "uop.h"
#include "verify.h"

#define DRAWS	5000
#define HOLE	12		/* pages that are not as filled when an op begins */
#define ZERO	13
#define FREED	14

REAL_READ_TEXT

static struct run *run;
static struct options options;

static void fresh_pages(void)
{
	u8 *state = run_state(run, 0);

	assert_int_equal(region_map(&run->region), 0);
	thp_fill(region_thp(&run->region, 0), run->gen);
	memset(state, PG_PATTERN, env.nr_subpages);
	assert_int_equal(munmap(mock_page(run, HOLE), env.page_size), 0);
	state[HOLE] = PG_HOLE;
	assert_int_equal(madvise(mock_page(run, ZERO), env.page_size, MADV_DONTNEED), 0);
	state[ZERO] = PG_ZERO;
	assert_int_equal(madvise(mock_page(run, FREED), env.page_size, MADV_FREE), 0);
	state[FREED] = PG_PATTERN_OR_ZERO;
}

static int setup(void **state)
{
	(void)state;
	run = mock_run("storm", &options);
	if (run)
		run->gen = 4711;
	return run ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	mock_run_free(run);
	return 0;
}

static bool has_page(const struct piece *p, unsigned int at, bool writes)
{
	unsigned int i, step = writes ? p->nr / 16 + 1 : 1;

	for (i = 0; i < p->nr; i += step) {
		if (p->first + i * p->stride == at)
			return true;
	}
	return false;
}

static void test_hits(void **state)
{
	unsigned int i, k, at, nr;
	struct piece p;
	struct rng rng;

	(void)state;
	rng_seed(&rng, 3, 4, 5);
	for (i = 0; i < DRAWS; i++) {
		p = piece_draw(&rng);
		k = rng_below(&rng, nr_uops);
		nr = 0;
		for (at = 0; at < env.nr_subpages + 4; at++) {
			bool hit = uop_hits(&uops[k], &p, at);

			assert_int_equal(hit, has_page(&p, at, uops[k].shared == UOP_WRITES));
			nr += hit;
		}
		/* Written again and again, it must be few. */
		assert_true(nr >= 1 && (uops[k].shared != UOP_WRITES || nr <= UOP_MAX_WRITTEN));
	}
}

static void test_table(void **state)
{
	unsigned int i;

	(void)state;
	assert_true(nr_uops <= MAX_UOPS);
	for (i = 0; i < nr_uops; i++) {
		assert_true(uops[i].name && uops[i].op && uops[i].phases && uops[i].inner);
		assert_true(uops[i].act && (uops[i].storm || uops[i].pair));
		assert_int_equal(uop_by_name(uops[i].name), i);
	}
	assert_int_equal(uop_by_name("none such"), -1);
	/* In place of an op that is left out, see scenario_pair.c. */
	i = uop_by_name("read");
	assert_true(uops[i].effect == UOP_KEEPS && !uops[i].flags);
}

/* What a page is after an op that was about it. */
static u8 state_after(const char *op, u8 before)
{
	if (!strcmp(op, "munmap"))
		return PG_HOLE;
	if (!strcmp(op, "fill"))
		return PG_ZERO;
	if (before == PG_HOLE)
		return before;
	if (!strcmp(op, "zap"))
		return PG_ZERO;
	if (!strcmp(op, "write"))
		return PG_PATTERN;
	if (!strcmp(op, "free") && before == PG_PATTERN)
		return PG_PATTERN_OR_ZERO;
	return before;
}

static bool is_reserved(const struct region *away)
{
	unsigned char vec[64];

	return !mincore(away->base, env.hpage_size, vec);
}

static void storm_of(unsigned int kind, struct piece p)
{
	struct storm_round *round = &run->res->program.round[0];
	const char *name = uops[kind].name;
	u8 *now = run_state(run, 0), want[64];
	unsigned int i;

	fresh_pages();
	memcpy(want, now, sizeof(want));
	for (i = 0; i < env.nr_subpages; i++) {
		if (has_page(&p, i, !strcmp(name, "write")))
			want[i] = state_after(name, want[i]);
	}
	round->nr = 1;
	round->op[0] = (struct storm_op){ .kind = kind, .first = p.first, .nr = p.nr };
	assert_int_not_equal(run->sc->act(run, &run->lanes[1], 0), ACT_ERROR);
	assert_memory_equal(now, want, sizeof(want));
	/* It is said rightly. */
	run->sh->nr_violations = 0;
	verify_thp(run, &run->lanes[0], 0, true);
	assert_int_equal(run->sh->nr_violations, 0);
	assert_true(is_reserved(run->priv));
}

static void test_storm_marks(void **state)
{
	const struct piece pieces[] = {
		{ .first = 10, .nr = 8, .stride = 1 }, { .first = 10, .nr = 40, .stride = 1 },
		{ .first = HOLE, .nr = 50, .stride = 1 }, { .first = HOLE, .nr = 1, .stride = 1 },
		{ .first = ZERO, .nr = 1, .stride = 1 }, { .first = 0, .nr = 64, .stride = 1 },
		{ .first = 40, .nr = 5, .stride = 1 },
	};
	unsigned int kind, i;

	(void)state;
	for (kind = 0; kind < nr_uops; kind++) {
		for (i = 0; uops[kind].storm && i < ARRAY_SIZE(pieces); i++)
			storm_of(kind, pieces[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hits),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_storm_marks),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
