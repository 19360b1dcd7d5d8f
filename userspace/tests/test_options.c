// SPDX-License-Identifier: GPL-2.0
/*
 * The command line of "thprace run"
 */
#include "options.h"
#include "test.h"

REAL_READ_TEXT

static char why[OPTIONS_WHY];

static enum options_result parse(struct options *opt, const char *line)
{
	static char text[512];
	char *argv[32] = { "run" }, *word, *rest;
	int argc = 1;

	memset(opt, 0, sizeof(*opt));
	opt->seed = 4711;
	why[0] = '\0';
	copy_word(text, sizeof(text), line);
	for (word = strtok_r(text, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
		argv[argc++] = word;
	argv[argc] = NULL;
	return options_parse(opt, argc, argv, why);
}

static void test_defaults(void **state)
{
	struct options opt;
	unsigned int i;

	(void)state;
	assert_int_equal(parse(&opt, ""), OPTIONS_OK);
	assert_int_equal(opt.nr_scenarios, nr_scenarios);
	for (i = 0; i < nr_scenarios; i++)
		assert_ptr_equal(opt.scenarios[i], scenarios[i]);
	assert_int_equal(opt.duration_ms, 60000);
	assert_true(opt.stop_first);
	assert_int_equal(opt.seed, 4711);
}

static void test_all(void **state)
{
	struct options opt;

	(void)state;
	assert_int_equal(parse(&opt, "zap --duration 1.25 --rounds 3 --seed 0xffffffffffffffff "
			       "--procs 64 --thps 1024 --stop-on never --json x --quiet mlock "
			       "--no-module"), OPTIONS_OK);
	assert_int_equal(opt.nr_scenarios, 2);
	assert_string_equal(opt.scenarios[0]->name, "zap");
	assert_string_equal(opt.scenarios[1]->name, "mlock");
	assert_int_equal(opt.duration_ms, 1250);
	assert_int_equal(opt.rounds, 3);
	assert_true(opt.seed == ~0ULL);
	assert_int_equal(opt.procs, 64);
	assert_int_equal(opt.thps, 1024);
	assert_true(opt.no_module && opt.quiet && !opt.stop_first);
	assert_string_equal(opt.json, "x");
	assert_int_equal(parse(&opt, "--seed 18446744073709551615"), OPTIONS_OK);
	assert_true(opt.seed == ~0ULL);
	assert_int_equal(parse(&opt, "--seed 11043145631124926367"), OPTIONS_OK);
	assert_true(opt.seed == 11043145631124926367ULL);
}

static void test_grid(void **state)
{
	struct options opt;

	(void)state;
	assert_int_equal(parse(&opt, "--grid --grid-k 5 --grid-html f"), OPTIONS_OK);
	assert_int_equal(opt.nr_scenarios, 1);
	assert_string_equal(opt.scenarios[0]->name, "split-munmap");
	assert_int_equal(opt.duration_ms, 600000);
	assert_int_equal(opt.grid_k, 5);
}

static void test_refused(void **state)
{
	static const char *const bad[] = {
		"nosuch", "zap zap", "--nosuch", "--duration", "--duration 0", "--duration 0.0001",
		"--duration x", "--duration 1x", "--duration 1.", "--duration .5", "--duration -1",
		"--duration 1.x", "--duration 3601", "--duration 99999999999999999999999999",
		"--rounds 0", "--rounds -1", "--rounds 1x", "--rounds 1000000001", "--seed x",
		"--seed -1", "--seed 18446744073709551616", "--procs 0", "--procs 65", "--thps 0",
		"--thps 1025", "--stop-on second", "--grid --steer a>end", "--no-module --grid",
		"--no-module --steer a>end", "--grid-k 3", "--grid --grid-k 0", "--grid --grid-k 17",
		"--grid-html x", "--steer \"", "--json",
	};
	struct options opt;
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		if (parse(&opt, bad[i]) != OPTIONS_BAD)
			fail_msg("taken: %s", bad[i]);
		assert_true(strlen(why) > 0);
	}
	/* What there is instead is said. */
	parse(&opt, "nosuch");
	for (i = 0; i < nr_scenarios; i++)
		assert_non_null(strstr(why, scenarios[i]->name));
}

static void test_help(void **state)
{
	struct options opt;

	(void)state;
	assert_int_equal(parse(&opt, "--help"), OPTIONS_HELP);
}

static void test_numbers(void **state)
{
	static const char *const bad[] = { "", " 1", "+1", "-1", "1 ", "0x", "0xg", "1e3", "x" };
	unsigned int i;
	u64 val;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_not_equal(parse_u64(bad[i], 0, ~0ULL, &val), 0);
	assert_int_equal(parse_u64("0xFfffffffffffffff", 0, ~0ULL, &val), 0);
	assert_true(val == ~0ULL);
	assert_int_not_equal(parse_u64("3", 4, 9, &val), 0);
	assert_int_not_equal(parse_u64("10", 4, 9, &val), 0);
	assert_int_equal(parse_u64("9", 4, 9, &val), 0);
}

static void test_injected(void **state)
{
	(void)state;
	unsetenv("THPRACE_INJECT");
	assert_false(injected("content"));
	setenv("THPRACE_INJECT", "content,hang", 1);
	assert_true(injected("content") && injected("hang"));
	assert_false(injected("cont") || injected("han") || injected("content,hang"));
	unsetenv("THPRACE_INJECT");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_all),
		cmocka_unit_test(test_grid),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_help),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_injected),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
