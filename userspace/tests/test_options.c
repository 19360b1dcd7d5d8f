// SPDX-License-Identifier: GPL-2.0
/*
 * The command line of "thprace run"
 */
#include "options.h"
#include "test.h"

REAL_READ_TEXT

static char *said;			/* on standard error */
static size_t said_len;

static int parse_words(struct options *opt, int argc, char **argv)
{
	FILE *stderr_before = stderr;
	int code;

	free(said);
	said = NULL;
	stderr = open_memstream(&said, &said_len);
	memset(opt, 0, sizeof(*opt));
	opt->seed = 4711;
	code = options_parse(opt, argc, argv);
	fclose(stderr);
	stderr = stderr_before;
	return code;
}

static int parse(struct options *opt, const char *line)
{
	static char text[1024];
	char *argv[64] = { "run" }, *word, *rest;
	int argc = 1;

	copy_word(text, sizeof(text), line);
	for (word = strtok_r(text, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
		argv[argc++] = word;
	argv[argc] = NULL;
	return parse_words(opt, argc, argv);
}

static void test_defaults(void **state)
{
	struct options opt;
	unsigned int i;

	(void)state;
	assert_int_equal(parse(&opt, ""), CMDLINE_GO);
	assert_int_equal(opt.nr_scenarios, nr_scenarios);
	for (i = 0; i < nr_scenarios; i++)
		assert_ptr_equal(opt.scenarios[i], scenarios[i]);
	assert_int_equal(opt.duration_ms, 60000);
	assert_true(opt.stop_first);
	assert_false(opt.gentle || opt.dry_run || opt.allow_uncalibrated);
	assert_int_equal(opt.seed, 4711);
}

static void test_all(void **state)
{
	struct options opt;

	(void)state;
	assert_int_equal(parse(&opt, "zap --duration 1.25 --rounds 3 --seed 0xffffffffffffffff "
			       "--procs 64 --thps 32768 --stop-on never --json x --quiet mlock "
			       "--no-module --gentle --dry-run --allow-uncalibrated "
			       "--mem-share 90"), CMDLINE_GO);
	assert_int_equal(opt.nr_scenarios, 2);
	assert_string_equal(opt.scenarios[0]->name, "zap");
	assert_string_equal(opt.scenarios[1]->name, "mlock");
	assert_int_equal(opt.duration_ms, 1250);
	assert_int_equal(opt.rounds, 3);
	assert_true(opt.seed == ~0ULL);
	assert_int_equal(opt.procs, 64);
	assert_int_equal(opt.thps, 32768);
	assert_int_equal(opt.jobs, 0);
	assert_int_equal(opt.mem_share, 90);
	assert_int_equal(parse(&opt, "--jobs 64"), CMDLINE_GO);
	assert_int_equal(opt.jobs, 64);
	assert_int_equal(parse(&opt, "--jobs 64 --jobs auto"), CMDLINE_GO);
	assert_int_equal(opt.jobs, 0);
	assert_int_equal(parse(&opt, "--jobs 1 --no-module"), CMDLINE_GO);
	assert_int_equal(parse(&opt, "zap --no-module --gentle --dry-run --allow-uncalibrated "
			       "--quiet --stop-on never --json x"), CMDLINE_GO);
	assert_true(opt.no_module && opt.quiet && !opt.stop_first);
	assert_true(opt.gentle && opt.dry_run && opt.allow_uncalibrated);
	assert_string_equal(opt.json, "x");
	assert_int_equal(parse(&opt, "--seed 18446744073709551615"), CMDLINE_GO);
	assert_true(opt.seed == ~0ULL);
	assert_int_equal(parse(&opt, "--seed 11043145631124926367"), CMDLINE_GO);
	assert_true(opt.seed == 11043145631124926367ULL);
}

static void test_grid(void **state)
{
	struct options opt;

	(void)state;
	assert_int_equal(parse(&opt, "--grid --grid-k 5 --grid-html f"), CMDLINE_GO);
	assert_int_equal(opt.nr_scenarios, 1);
	assert_string_equal(opt.scenarios[0]->name, "split-munmap");
	assert_int_equal(opt.duration_ms, 600000);
	assert_int_equal(opt.grid_k, 5);
	assert_int_equal(parse(&opt, "--grid --grid-rows a,b_c.part.0"), CMDLINE_GO);
	assert_string_equal(opt.grid_rows, "a b_c.part.0");
	assert_int_equal(parse(&opt, "--grid-rows a"), 2);
	assert_int_equal(parse(&opt, "--grid --grid-rows a,,b"), 2);
	assert_int_equal(parse(&opt, "--grid --grid-rows a\"b"), 2);
}

/* What --grid=A,B is of, and what --ops is for. */
static void test_ops(void **state)
{
	static const struct {
		const char *line, *ops, *scenarios;
	} good[] = {
		{ "--ops zap,fork", "zap,fork", "pair pair-procs pair-shmem storm" },
		{ "--ops punch,pread", "punch,pread", "pair-shmem" },
		{ "--ops zap:fork", "zap:fork", "pair pair-procs pair-shmem" },
		{ "--ops mremap,uffd-move", "mremap,uffd-move", "pair-procs" },
		{ "storm pair --ops zap", "zap", "storm pair" },
		{ "--ops zap,fork --exclude storm", "zap,fork", "pair pair-procs pair-shmem" },
		{ "--grid=zap,fork", "zap:fork", "pair" },
		{ "--grid=punch,pread", "punch:pread", "pair-shmem" },
		{ "--grid=mremap,mremap", "mremap:mremap", "pair-procs" },
		{ "--grid --ops zap:fork", "zap:fork", "pair" },
		{ "pair-procs --grid=zap,fork", "zap:fork", "pair-procs" },
		{ "--grid=split,munmap", "", "split-munmap" },
		{ "--grid=split,zap", "", "zap" },
		{ "--grid=split,punch", "", "shmem-punch" },
		{ "--grid zap fork", "", "zap fork" },
	};
	struct options opt;
	unsigned int i, k;
	char names[200];
	size_t len;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(good); i++) {
		if (parse(&opt, good[i].line) != CMDLINE_GO)
			fail_msg("%s: %s", good[i].line, said);
		assert_string_equal(opt.ops.text, good[i].ops);
		for (len = 0, k = 0; k < opt.nr_scenarios && len < sizeof(names); k++)
			len += snprintf(names + len, sizeof(names) - len, "%s%s", k ? " " : "",
					opt.scenarios[k]->name);
		assert_string_equal(names, good[i].scenarios);
		assert_true(opt.grid == !!strstr(good[i].line, "--grid"));
	}
}

/* A schedule is made for the ops of one scenario. */
static void test_steer(void **state)
{
	struct options opt;

	(void)state;
	assert_int_equal(parse(&opt, "--steer a>end"), CMDLINE_GO);
	assert_int_equal(opt.nr_scenarios, 1);
	assert_string_equal(opt.scenarios[0]->name, "split-munmap");
	assert_int_equal(parse(&opt, "cow fork --steer a>end"), CMDLINE_GO);
	assert_int_equal(opt.nr_scenarios, 2);
}

static void test_durations(void **state)
{
	struct options opt;

	(void)state;
	assert_int_equal(parse(&opt, "--duration 90s"), CMDLINE_GO);
	assert_int_equal(opt.duration_ms, 90000);
	assert_int_equal(parse(&opt, "--duration=1w"), CMDLINE_GO);
	assert_int_equal(opt.duration_ms, 604800000);
	assert_int_equal(parse(&opt, "-d 15m"), CMDLINE_GO);
	assert_int_equal(opt.duration_ms, 900000);
}

static bool has(const struct options *opt, const char *name)
{
	unsigned int i;

	for (i = 0; i < opt->nr_scenarios; i++) {
		if (!strcmp(opt->scenarios[i]->name, name))
			return true;
	}
	return false;
}

static void test_exclude(void **state)
{
	struct options opt;

	(void)state;
	assert_int_equal(parse(&opt, "--exclude zap -x storm"), CMDLINE_GO);
	assert_int_equal(opt.nr_scenarios, nr_scenarios - 2);
	assert_true(!has(&opt, "zap") && !has(&opt, "storm") && has(&opt, "fork-zap"));
	assert_int_equal(parse(&opt, "--exclude mlock zap mlock ksm"), CMDLINE_GO);
	assert_int_equal(opt.nr_scenarios, 2);
	assert_string_equal(opt.scenarios[0]->name, "zap");
	assert_string_equal(opt.scenarios[1]->name, "ksm");
}

static void test_triage(void **state)
{
	struct options opt;

	(void)state;
	assert_int_equal(parse(&opt, ""), CMDLINE_GO);
	assert_int_equal(opt.triage_ms, 15000);
	assert_int_equal(parse(&opt, "--duration 1h"), CMDLINE_GO);
	assert_int_equal(opt.triage_ms, 60000);
	assert_int_equal(parse(&opt, "--triage 0 --duration 1h"), CMDLINE_GO);
	assert_int_equal(opt.triage_ms, 0);
	assert_int_equal(parse(&opt, "--duration 1 --triage 2m"), CMDLINE_GO);
	assert_int_equal(opt.triage_ms, 120000);
	assert_int_equal(parse(&opt, "zap --without split --without race --first-round 40"),
			 CMDLINE_GO);
	assert_int_equal(opt.without, WITHOUT_SPLIT | WITHOUT_RACE);
	assert_int_equal(opt.first_round, 40);
}

static void test_keep_going(void **state)
{
	struct options opt;

	(void)state;
	assert_int_equal(parse(&opt, "--keep-going"), CMDLINE_GO);
	assert_false(opt.stop_first);
	assert_int_equal(parse(&opt, "-v -k"), CMDLINE_GO);
	assert_true(opt.verbose && !opt.stop_first);
}

/* With the word that is wrong, and what would be right. */
static void test_refused(void **state)
{
	static const struct {
		const char *line, *says;
	} bad[] = {
		{ "nosuch", "no scenario 'nosuch'; there are: split-munmap" },
		{ "zap zap", "'zap' is named twice" },
		{ "--exclude zap -x zap", "'zap' is named twice" },
		{ "--exclude nosuch", "no scenario 'nosuch'" },
		{ "zap --exclude zap", "all scenarios are left out" },
		{ "zap --exclude mlock", "--exclude mlock: it would not run anyway" },
		{ "--grid --exclude zap", "--exclude zap: it would not run anyway" },
		{ "--grid --exclude split-munmap", "all scenarios are left out" },
		{ "--exclude", "requires an argument" },
		{ "--nosuch", "unrecognized option '--nosuch'" },
		{ "-z", "'z'" },
		{ "--quiet=1", "doesn't allow an argument" },
		{ "--duration", "requires an argument" },
		{ "--duration 0", "from 0.001s to 52w, not '0'" },
		{ "--duration 53w", "from 0.001s to 52w, not '53w'" },
		{ "--duration 99999999999999999999999999", "from 0.001s to 52w" },
		{ "--duration 1x", "not '1x': 90, 90s, 1.5m, 2h, 3d or 1w" },
		{ "--duration -1", "not '-1'" },
		{ "--rounds 0", "--rounds takes a number from 1 to 1000000000, not '0'" },
		{ "--rounds -1", "not '-1'" },
		{ "--rounds 1x", "not '1x'" },
		{ "--rounds 1000000001", "from 1 to 1000000000" },
		{ "--seed x", "--seed takes a number from 0 to 18446744073709551615" },
		{ "--seed -1", "not '-1'" },
		{ "--seed 18446744073709551616", "not '18446744073709551616'" },
		{ "--procs 0", "--procs takes a number from 1 to 64" },
		{ "--procs 65", "not '65'" },
		{ "--thps 0", "--thps takes a number from 1 to 32768" },
		{ "--thps 32769", "not '32769'" },
		{ "--jobs 0", "--jobs takes a number from 1 to 64" },
		{ "--jobs 65", "not '65'" },
		{ "--jobs all", "not 'all'" },
		{ "--jobs 2 --no-module", "--jobs needs the module" },
		{ "--mem-share 0", "--mem-share takes a number from 1 to 90" },
		{ "--mem-share 91", "not '91'" },
		{ "--stop-on second", "--stop-on takes first or never, not 'second'" },
		{ "--grid --steer a>end", "exclude each other" },
		{ "--no-module --grid", "need the module" },
		{ "--no-module --steer a>end", "need the module" },
		{ "--grid-k 3", "need --grid" },
		{ "--grid --grid-k 0", "--grid-k takes a number from 1 to 16" },
		{ "--grid --grid-k 17", "not '17'" },
		{ "--grid-html x", "need --grid" },
		{ "--ops", "requires an argument" },
		{ "--ops=", "--ops: there is no op ''; there are: munmap" },
		{ "--ops nosuch", "--ops: there is no op 'nosuch'; there are: munmap" },
		{ "--ops zap --ops fork", "named twice" },
		{ "zap --ops zap", "--ops: zap draws no ops: pair, pair-procs, pair-shmem" },
		{ "pair --ops punch", "--ops: pair does no punch; it does: munmap" },
		{ "--ops punch,fill", "no scenario does all of 'punch,fill'; pair does: munmap" },
		{ "--ops exit:exit pair", "go together" },
		{ "--grid --ops zap", "one op for each lane: --grid=A,B" },
		{ "--grid --ops zap,fork:exit", "one op for each lane" },
		{ "--grid=zap,fork --ops zap", "named twice" },
		{ "--grid=zap", "takes two ops, or split and an op, not 'zap'" },
		{ "--grid=zap,fork,exit", "takes two ops" },
		{ "--grid=zap:fork", "takes two ops" },
		{ "--grid=zap,nosuch", "--grid: there is no op 'nosuch'" },
		{ "--grid=zap,split", "rows are the split's: --grid=split,zap" },
		{ "--grid=split,nosuch", "no scenario is named after that op" },
		{ "--grid=split,storm", "no scenario is named after that op" },
		{ "--grid=split,zap fork", "it is of zap; name no other" },
		{ "--no-module --grid=zap,fork", "need the module" },
		{ "--steer \"", "without quotes" },
		{ "--triage", "requires an argument" },
		{ "--triage 1x", "--triage takes 0 or a time, not '1x'" },
		{ "--triage 53w", "--triage takes 0 or a time" },
		{ "--without", "requires an argument" },
		{ "--without steering",
		  "--without takes split, op, race, steer or check-split, not 'steering'" },
		{ "--without check-split", "--without check-split needs --without split" },
		{ "--without split --steer a>end", "--steer and --without exclude each other" },
		{ "--grid --without op", "--grid takes neither" },
		{ "--grid --first-round 1", "--grid takes neither" },
		{ "--first-round -1", "not '-1'" },
		{ "--json", "requires an argument" },
		{ "--json=", "--json takes a file" },
		{ "--json - --ktap -", "cannot both" },
		{ "--help=some", "--help takes nothing or =all, not 'some'" },
	};
	struct options opt;
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		if (parse(&opt, bad[i].line) != THPRACE_EXIT_ERROR)
			fail_msg("taken: %s", bad[i].line);
		if (strncmp(said, "thprace run: ", 13) || !strstr(said, bad[i].says))
			fail_msg("%s: says %s", bad[i].line, said);
	}
	/* What there is instead is said. */
	parse(&opt, "nosuch");
	for (i = 0; i < nr_scenarios; i++)
		assert_non_null(strstr(said, scenarios[i]->name));
}

/* What parse() prints on standard output. */
static char *output_of(const char *line)
{
	FILE *before = stdout;
	struct options opt;
	char *text = NULL;
	size_t len;

	stdout = open_memstream(&text, &len);
	assert_int_equal(parse(&opt, line), THPRACE_EXIT_PASS);
	fclose(stdout);
	stdout = before;
	assert_string_equal(said, "");
	return text;
}

static unsigned int nr_lines(const char *text)
{
	unsigned int n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

static void test_help(void **state)
{
	const struct argp_option *o;
	char *brief, *whole, word[40];

	(void)state;
	brief = output_of("--help");
	whole = output_of("zap --help=all --nosuch");
	assert_int_equal(strncmp(brief, "Usage: thprace run", 18), 0);
	/* On one screen; the whole has all options. */
	assert_true(nr_lines(brief) <= 24);
	assert_null(strstr(brief, "--grid"));
	for (o = run_argp.options; o->name || o->doc; o++) {
		snprintf(word, sizeof(word), "--%s", o->name ?: "help");
		assert_non_null(strstr(whole, word));
	}
	free(brief);
	free(whole);
	brief = output_of("--version");
	assert_int_equal(strncmp(brief, "thprace ", 8), 0);
	free(brief);
	brief = output_of("--usage");
	assert_non_null(strstr(brief, "--grid-html"));
	free(brief);
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
		cmocka_unit_test(test_ops),
		cmocka_unit_test(test_steer),
		cmocka_unit_test(test_durations),
		cmocka_unit_test(test_exclude),
		cmocka_unit_test(test_triage),
		cmocka_unit_test(test_keep_going),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_help),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_injected),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
