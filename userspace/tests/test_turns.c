// SPDX-License-Identifier: GPL-2.0
/*
 * Rounds of two ops, one after the other, on real memory: what is then said of it
 *
 * In either order, and with the second one left out.  Nobody races here, so all that
 * is reported is wrong; what is spoiled must be.
 */
#include <errno.h>
#include <sys/wait.h>

#include "crash.h"
#include "env.h"
#include "mock_run.h"
#include "nodes.h"
#include "region.h"
#include "run.h"
#include "scenario.h"
#include "test.h"
#include "uop.h"
#include "verify.h"

#define ROUNDS		400
#define SPOILED		100

REAL_READ_TEXT

static struct run *run;
static struct options options;

static int setup(void **state)
{
	(void)state;
	memset(&options, 0, sizeof(options));
	nodes_probe();
	run = mock_run("pair", &options);
	return run ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	mock_run_free(run);
	return 0;
}

static void act(struct lane *lane)
{
	assert_int_not_equal(run->sc->act(run, lane, 0), ACT_ERROR);
	run->sc->ended(run, lane);
}

/* As far as main and both lanes have raced. */
static void begin_round(unsigned int nr)
{
	struct lane *lanes = run->lanes;
	unsigned int i;

	run->sh->nr_violations = 0;
	run->sh->nr_notes = 0;
	run->sh->round = nr;
	run->sh->batch = nr;
	run_begin_batch(run);
	assert_int_equal(run->sc->map(run), 0);
	thp_fill(region_thp(&run->region, 0), run->gen);
	assert_int_equal(run->sc->begin(run, 0), 0);
	for (i = 1; i <= run->nr_workers; i++) {
		rng_seed(&lanes[i].rng, 1, nr, i);
		assert_int_equal(run->sc->plan(run, &lanes[i], 0), 0);
		/* Who reads is not to wait for the others. */
		run->sh->stamp[i][0].end_ns = 1;
	}
	if (options.without & WITHOUT_OP) {
		act(&lanes[1]);
	} else {
		act(&lanes[1 + nr % 2]);
		act(&lanes[2 - nr % 2]);
	}
	run->sc->aside(run, 0);
}

static void end_round(void)
{
	unsigned int i;

	for (i = 0; i <= run->nr_workers; i++)
		assert_int_equal(run->sc->after(run, &run->lanes[i], 0), 0);
	verify_thp(run, &run->lanes[0], 0, true);
	assert_int_equal(run->sh->nr_crashes, 0);
	/* Nobody is left over. */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static void turns(void)
{
	const struct pair_round *pair = &run->sh->pair[0];
	unsigned int i;

	/* cmocka has handlers of its own for each function. */
	crash_catch(run);
	for (i = 0; i < ROUNDS; i++) {
		begin_round(i);
		end_round();
		if (run->sh->nr_violations)
			fail_msg("round %u, %s and %s, shape %u: %s", i, uops[pair->op[0]].name,
				 uops[pair->op[1]].name, pair->shape,
				 run->sh->violations[0].detail);
	}
	assert_true(run->sh->lane[0].pages_verified && run->sh->lane[1].pages_verified);
}

static void test_both(void **state)
{
	(void)state;
	turns();
}

static void test_without_second(void **state)
{
	(void)state;
	options.without = WITHOUT_OP;
	turns();
}

/* One bit of one page that is there: whatever may be in it, that may not. */
static void test_spoiled(void **state)
{
	static u64 copy[MAX_PAGE_WORDS];
	unsigned int i, at, spoiled = 0;

	(void)state;
	crash_catch(run);
	for (i = 0; i < SPOILED; i++) {
		begin_round(i);
		assert_int_equal(run->sh->nr_violations, 0);
		for (at = i % env.nr_subpages; at < env.nr_subpages; at++) {
			if (!page_copy(copy, mock_page(run, at)))
				continue;
			mock_page(run, at)[i * 8 % env.page_size] ^= 1 << i % 8;
			break;
		}
		end_round();
		assert_int_equal(!!run->sh->nr_violations, at < env.nr_subpages);
		spoiled += at < env.nr_subpages;
	}
	assert_true(spoiled > SPOILED / 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_both, setup, teardown),
		cmocka_unit_test_setup_teardown(test_without_second, setup, teardown),
		cmocka_unit_test_setup_teardown(test_spoiled, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
