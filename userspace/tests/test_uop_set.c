// SPDX-License-Identifier: GPL-2.0
/*
 * --ops: what is understood, what is refused and why, what is drawn then
 */
#include "env.h"
#include "pair.h"
#include "scenario.h"
#include "test.h"
#include "uop.h"
#include "uop_set.h"

#define DRAWS	2000

REAL_READ_TEXT

static unsigned int op(const char *name)
{
	int i = uop_by_name(name);

	assert_true(i >= 0);
	return i;
}

static u32 bits(const char *a, const char *b)
{
	return 1U << op(a) | (b ? 1U << op(b) : 0);
}

static void test_lists(void **state)
{
	struct uop_set set;

	(void)state;
	assert_null(uop_set_parse(&set, "zap,fork"));
	assert_true(set.lane[0] == bits("zap", "fork") && set.lane[1] == set.lane[0]);
	assert_false(set.apart);
	assert_string_equal(set.text, "zap,fork");
	assert_null(uop_set_parse(&set, "zap"));
	assert_true(set.lane[0] == bits("zap", NULL) && set.lane[1] == set.lane[0]);
	assert_null(uop_set_parse(&set, "zap,fork:mremap"));
	assert_true(set.lane[0] == bits("zap", "fork") && set.lane[1] == bits("mremap", NULL));
	assert_true(set.apart && !uop_set_one_each(&set));
	assert_true(uop_set_has(&set, op("mremap")) && !uop_set_has(&set, op("munmap")));
	/* The same for both is one for each. */
	assert_null(uop_set_parse(&set, "zap:zap"));
	assert_true(uop_set_one_each(&set));
	assert_null(uop_set_parse(&set, "zap:fork,exit"));
	assert_false(uop_set_one_each(&set));
	assert_null(uop_set_parse(&set, "zap"));
	assert_false(uop_set_one_each(&set));
	/* Without it, all. */
	memset(&set, 0, sizeof(set));
	assert_true(uop_set_has(&set, op("munmap")) && !uop_set_one_each(&set));
}

static void test_refused(void **state)
{
	static const struct {
		const char *text, *says;
	} bad[] = {
		{ "", "no op ''" }, { "nosuch", "no op 'nosuch'; there are: munmap fill zap" },
		{ "zap,", "no op ''" }, { ",zap", "no op ''" }, { "zap,,fork", "no op ''" },
		{ "zap fork", "no op 'zap fork'" }, { "Zap", "no op 'Zap'" },
		{ "za", "no op 'za'" },
		{ "zap:", "no op ''" }, { ":zap", "no op ''" }, { "zap:fork:exit", "A:B" },
		{ "zap,fork,zap", "'zap' is named twice" }, { "zap:fork,fork", "'fork' is named" },
		{ "a-name-that-is-longer-than-any-op-has", "no op 'a-name-that-is-longer" },
		{ "split", "no op 'split'" },
	};
	static char endless[2 * UOP_SET_TEXT];
	struct uop_set set;
	const char *why;
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		why = uop_set_parse(&set, bad[i].text);
		if (!why || !strstr(why, bad[i].says))
			fail_msg("'%s': %s", bad[i].text, why ? why : "taken");
	}
	/* All that there is instead. */
	why = uop_set_parse(&set, "nosuch");
	for (i = 0; i < nr_uops; i++)
		assert_non_null(strstr(why, uops[i].name));
	memset(endless, ',', sizeof(endless) - 1);
	assert_non_null(uop_set_parse(&set, endless));
}

static const char *unfit(const char *scenario, const char *text)
{
	struct uop_set set;

	assert_null(uop_set_parse(&set, text));
	return uop_set_unfit(&set, scenario_by_name(scenario));
}

static void test_unfit(void **state)
{
	(void)state;
	assert_null(unfit("pair", "zap,fork"));
	assert_null(unfit("pair", "zap"));
	assert_null(unfit("pair-shmem", "punch:pread"));
	assert_null(unfit("storm", "zap,fork"));
	assert_non_null(strstr(unfit("zap", "zap"), "pair-procs"));
	assert_non_null(strstr(unfit("pair", "punch,zap"), "pair does no punch; it does: munmap"));
	assert_null(strstr(unfit("pair", "punch,zap"), "pwrite"));
	assert_non_null(strstr(unfit("pair-shmem", "fill"), "does no fill"));
	assert_non_null(strstr(unfit("storm", "migrate"), "does no migrate"));
	assert_non_null(strstr(unfit("storm", "zap:fork"), "one lane"));
	/* Two threads cannot move the same pages both; two processes can. */
	assert_non_null(strstr(unfit("pair", "mremap,uffd-move"), "go together"));
	assert_non_null(strstr(unfit("pair", "exit:exit"), "go together"));
	assert_null(unfit("pair-procs", "mremap,uffd-move"));
	assert_null(unfit("pair", "mremap,uffd-move,zap"));
}

static void check_draws(const char *scenario, const char *text)
{
	const struct scenario *sc = scenario_by_name(scenario);
	bool drawn[PAIR_LANES][MAX_UOPS] = { 0 };
	struct pair_choice may;
	struct pair_round round;
	struct uop_set set;
	struct rng rng;
	unsigned int i, lane;

	assert_null(uop_set_parse(&set, text));
	uop_set_choices(&set, sc, &may);
	assert_true(pair_possible(&may));
	for (i = 0; i < DRAWS; i++) {
		rng_seed(&rng, 1, i, 0);
		pair_draw(&round, &may, &rng);
		drawn[0][round.op[0]] = true;
		drawn[1][round.op[1]] = true;
		assert_true(sc->shape != SHAPE_THREADS ||
			    !(uops[round.op[0]].flags & uops[round.op[1]].flags & UOP_MOVES));
	}
	for (lane = 0; lane < PAIR_LANES; lane++) {
		for (i = 0; i < nr_uops; i++)
			assert_int_equal(drawn[lane][i], set.lane[lane] >> i & 1);
	}
}

/* All that was asked for, by whom it was asked for, and nothing else. */
static void test_draws(void **state)
{
	(void)state;
	env.page_size = 4096;
	env.hpage_size = 2 << 20;
	env.nr_subpages = 512;
	check_draws("pair", "zap,fork");
	check_draws("pair", "zap:fork");
	check_draws("pair", "mremap,zap");
	check_draws("pair", "zap,fork:mremap");
	check_draws("pair-procs", "mremap");
	check_draws("pair-shmem", "punch:pread,pwrite");
}

/* Those that mostly exclude each other: what is drawn in the end is right, and all of it. */
static void test_rare(void **state)
{
	struct pair_choice may = { 0 };
	unsigned int i, both = 0;
	struct pair_round round;
	struct rng rng;

	(void)state;
	may.op[0][op("mremap")] = true;
	may.op[1][op("mremap")] = true;
	assert_false(pair_possible(&may));
	may.procs = true;
	assert_true(pair_possible(&may));
	may.procs = false;
	/* Two of three are drawn in vain, now and then all the time. */
	may.op[0][op("uffd-move")] = true;
	may.op[1][op("uffd-move")] = true;
	may.op[1][op("zap")] = true;
	assert_true(pair_possible(&may));
	for (i = 0; i < 10 * DRAWS; i++) {
		rng_seed(&rng, 2, i, 0);
		pair_draw(&round, &may, &rng);
		both += round.op[1] != op("zap");
	}
	assert_int_equal(both, 0);
}

/* What this kernel lacks is said with its name. */
static void test_lacking(void **state)
{
	struct uop_set set;
	const char *why;
	unsigned int i;

	(void)state;
	for (i = 0; i < nr_uops; i++) {
		const struct scenario *sc = scenario_by_name("pair");

		if (uop_effect(&uops[i], false) == UOP_CANNOT)
			continue;
		assert_null(uop_set_parse(&set, uops[i].name));
		why = uop_set_why_not(&set, sc);
		assert_true(!why == !(uops[i].why_not && uops[i].why_not()));
		if (why)
			assert_non_null(strstr(why, uops[i].name));
		/* Who draws none lacks none. */
		assert_null(uop_set_why_not(&set, scenario_by_name("zap")));
	}
	memset(&set, 0, sizeof(set));
	assert_null(uop_set_why_not(&set, scenario_by_name("pair")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_unfit),
		cmocka_unit_test(test_draws),
		cmocka_unit_test(test_rare),
		cmocka_unit_test(test_lacking),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
