// SPDX-License-Identifier: GPL-2.0
/*
 * The command line
 *
 * Parses strictly, runs the scenarios one after the other, prints and writes
 * the report, and turns the verdict into an exit code.
 */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cgroup.h"
#include "check.h"
#include "env.h"
#include "grid.h"
#include "json.h"
#include "leak.h"
#include "live.h"
#include "options.h"
#include "replay.h"
#include "report.h"
#include "rng.h"
#include "run.h"
#include "runner.h"
#include "scenario.h"
#include "touch.h"
#include "undo.h"
#include "util.h"
#include "watch.h"

#define DEFAULT_TRIES		20
#define MAX_TRIES		100000

static const char usage_text[] =
"Usage: thprace run [SCENARIO...] [OPTION...]   race, check and report\n"
"       thprace list scenarios|ops|checks|phases\n"
"       thprace check --pid PID [--map ADDR+LEN]  check a process' huge pages once\n"
"       thprace replay FILE.json [--json FILE]  run again what a report recorded\n"
"       thprace replay --reduce FILE.json [--tries N] [--json FILE]\n"
"                            shorten a storm's program to the fewest ops that still\n"
"                            fail within N tries (default 20)\n"
"\n"
"Options of run:\n"
"  --duration SEC       all scenarios together (default 60; fractions allowed)\n"
"  --rounds N           end each scenario after N rounds\n"
"  --seed N             random choices (default: fresh, and reported)\n"
"  --procs N            processes of the fork scenarios (1..64)\n"
"  --thps N             huge pages raced at a time (1..1024)\n"
"  --stop-on first|never  end at the first violation (default), or go on\n"
"  --grid               try all pairs of phases in turn, until all are decided\n"
"                       (default: split-munmap, 600 s at most)\n"
"  --grid-k N           tries per pair, order of arrival and order of release (default 3)\n"
"  --grid-html FILE     draw the grid (an HTML page; a picture if FILE ends in .svg)\n"
"  --steer SCHEDULE     force one interleaving, e.g. \"a>try_to_migrate b>end a>end\"\n"
"  --no-module          run what needs no module: content is checked, counts are not\n"
"  --gentle             change nothing of the machine: no settings, no swap, no cgroups;\n"
"                       scenarios that need one are skipped, and leaks not looked for\n"
"  --dry-run            list what a run would touch beside its own memory; change nothing\n"
"  --json FILE          write the report (- for standard output)\n"
"  --quiet              no progress\n"
"  --help, --version\n"
"\n"
"THPRACE_INJECT=FAULT[,FAULT]... in the environment puts faults in, so that what\n"
"is to notice them can be tested: content (a bit flips before contents are verified),\n"
"zap or any op of a storm (the same where a storm did that op), segv (a page is\n"
"unmapped), leak (a process is left behind), stuck (no batch ends, and the check that\n"
"is made then fails); these must fail the run.  die, hang, oom, fork (a batch ends\n"
"so), idle (ops of the kernel are not asked for), restore (settings are not put back),\n"
"swapoff (it hangs): the run must not pass.\n"
"\n"
"Exit codes: 0 pass, 1 violation, 2 usage or harness error, 3 inconclusive\n"
"(nothing raced or nothing checked), 4 skip (requirement absent).\n";

enum option_key { OPT_JSON = 256, OPT_REDUCE, OPT_TRIES, OPT_PID, OPT_MAP, OPT_HELP };

static const struct option replay_options[] = {
	{ "reduce", no_argument, NULL, OPT_REDUCE },
	{ "tries", required_argument, NULL, OPT_TRIES },
	{ "json", required_argument, NULL, OPT_JSON },
	{ "help", no_argument, NULL, OPT_HELP },
	{ }
};

static const struct option check_options[] = {
	{ "pid", required_argument, NULL, OPT_PID },
	{ "map", required_argument, NULL, OPT_MAP },
	{ "help", no_argument, NULL, OPT_HELP },
	{ }
};

static int usage_error(const char *fmt, const char *arg)
{
	fputs("thprace: ", stderr);
	fprintf(stderr, fmt, arg);
	fputs("\nTry 'thprace --help'.\n", stderr);
	return THPRACE_EXIT_ERROR;
}

static int exit_code(const struct report *rep)
{
	unsigned int i;

	/* What was found counts before all that has gone wrong besides. */
	if (rep->verdict == THPRACE_FAIL)
		return THPRACE_EXIT_FAIL;
	if (rep->broken)
		return THPRACE_EXIT_ERROR;
	for (i = 0; i < rep->nr_results; i++) {
		if (!rep->results[i]->skipped)
			break;
	}
	if (rep->nr_results && i == rep->nr_results)
		return THPRACE_EXIT_SKIP;
	return rep->verdict == THPRACE_PASS ? THPRACE_EXIT_PASS : THPRACE_EXIT_INCONCLUSIVE;
}

static void complain(int *code)
{
	fprintf(stderr, "thprace: %s\n", last_error());
	if (*code != THPRACE_EXIT_FAIL)
		*code = THPRACE_EXIT_ERROR;
}

static int finish(struct report *rep, int err)
{
	int code;

	rep->duration_ns = now_ns() - rep->start_ns;
	swap_end();
	report_judge(rep);
	rep->ended = true;
	if (err) {
		rep->broken = true;
		if (rep->verdict != THPRACE_FAIL) {
			rep->verdict = THPRACE_ABORTED;
			snprintf(rep->why, sizeof(rep->why), "harness error: %.180s",
				 last_error());
		}
	}
	report_print(rep, rep->opt->json && !strcmp(rep->opt->json, "-") ? stderr : stdout);
	fflush(stdout);
	code = exit_code(rep);
	if (err)
		complain(&code);
	if (rep->opt->json && report_json(rep, rep->opt->json))
		complain(&code);
	if (rep->opt->grid_html && grid_html(rep, rep->opt->grid_html))
		complain(&code);
	keeper_stop();
	return code;
}

static void look_around(const struct options *opt)
{
	cgroup_init();
	if (opt->gentle)
		leak_forbid("--gentle makes no cgroup");
}

/* Who is not root changes nothing of the machine, and needs no lock. */
static bool may_begin(const struct options *opt)
{
	look_around(opt);
	if (geteuid() || !lock_take(LOCK_PATH))
		return true;
	fprintf(stderr, "thprace: %s\n", last_error());
	return false;
}

static int prepare(struct report *rep)
{
	int err;

	rep->start_ns = now_ns();
	env_allow_thp(false);
	err = watch_begin();
	if (err)
		return err;
	report_checks(rep);
	err = report_alloc(rep);
	if (!err)
		err = signals_setup();
	if (!err)
		err = undo_init();
	if (!err)
		err = knobs_init();
	if (!err)
		err = swap_init();
	touch_collect(rep->opt);
	write_text_only(touch_listed);
	return err;
}

static int start_keeper(void)
{
	int err = keeper_start(live_last_words);

	leak_ignore(keeper_pid());
	return err;
}

static int run(const struct options *opt)
{
	static struct report rep;
	int err;

	if (!may_begin(opt))
		return THPRACE_EXIT_ERROR;
	rep.opt = opt;
	err = prepare(&rep);
	if (!err && live_begin(&rep)) {
		fprintf(stderr, "thprace: %s\n", last_error());
		return THPRACE_EXIT_ERROR;
	}
	if (!err)
		err = start_keeper();
	/* What came before is no part of its time. */
	rep.start_ns = now_ns();
	return finish(&rep, err ? err : run_all(&rep));
}

static int dry_run(const struct options *opt)
{
	look_around(opt);
	touch_print(opt, stdout);
	return 0;
}

static int cmd_run(int argc, char **argv)
{
	struct options opt = { .seed = rng_fresh_seed() };
	char why[OPTIONS_WHY];

	switch (options_parse(&opt, argc, argv, why)) {
	case OPTIONS_OK:
		return opt.dry_run ? dry_run(&opt) : run(&opt);
	case OPTIONS_HELP:
		fputs(usage_text, stdout);
		return 0;
	default:
		return usage_error("%s", why);
	}
}

static int replay_reduced(struct options *opt, u64 tries)
{
	static struct report rep;
	int err;

	if (!opt->program) {
		fprintf(stderr, "thprace: the report has no storm to reduce\n");
		return THPRACE_EXIT_ERROR;
	}
	if (!may_begin(opt))
		return THPRACE_EXIT_ERROR;
	rep.opt = opt;
	err = prepare(&rep);
	if (!err)
		err = start_keeper();
	if (!err)
		err = reduce_program(&rep, opt, tries);
	if (err < 0)
		fprintf(stderr, "thprace: %s\n", last_error());
	swap_end();
	undo_print(stderr);
	if (err >= 0 && err != THPRACE_EXIT_FAIL && undo_nr_failed())
		return THPRACE_EXIT_ERROR;
	return err < 0 ? THPRACE_EXIT_ERROR : err;
}

static int cmd_replay(int argc, char **argv)
{
	struct options opt = { 0 };
	u64 tries = DEFAULT_TRIES;
	bool reducing = false;
	int key;

	while ((key = getopt_long(argc, argv, "", replay_options, NULL)) != -1) {
		switch (key) {
		case OPT_REDUCE:
			reducing = true;
			break;
		case OPT_TRIES:
			if (parse_u64(optarg, 1, MAX_TRIES, &tries))
				return usage_error("bad value '%s' for --tries", optarg);
			break;
		case OPT_JSON:
			opt.json = optarg;
			break;
		case OPT_HELP:
			fputs(usage_text, stdout);
			return 0;
		default:
			return usage_error("bad option%s", "");
		}
	}
	if (optind + 1 != argc)
		return usage_error("replay takes one file%s", "");
	if (options_from_json(argv[optind], &opt)) {
		fprintf(stderr, "thprace: %s\n", last_error());
		return THPRACE_EXIT_ERROR;
	}
	return reducing ? replay_reduced(&opt, tries) : run(&opt);
}

static int cmd_check(int argc, char **argv)
{
	const char *map = NULL;
	u64 pid = 0;
	int key;

	while ((key = getopt_long(argc, argv, "", check_options, NULL)) != -1) {
		switch (key) {
		case OPT_PID:
			if (parse_u64(optarg, 1, 1 << 22, &pid))
				return usage_error("bad pid '%s'", optarg);
			break;
		case OPT_MAP:
			map = optarg;
			break;
		case OPT_HELP:
			fputs(usage_text, stdout);
			return 0;
		default:
			return usage_error("bad option%s", "");
		}
	}
	if (!pid || optind != argc)
		return usage_error("check takes --pid PID [--map ADDR+LEN]%s", "");
	return check_process(pid, map);
}

static void list_scenarios(void)
{
	const struct options opt = { .no_module = !env.have_module };
	unsigned int i;

	for (i = 0; i < nr_scenarios; i++) {
		const struct scenario *sc = scenarios[i];
		const char *why = scenario_why_not(sc, &opt);

		printf("%-14s %s\n", sc->name, sc->summary);
		if (why)
			printf("%-14s   cannot run here: %s\n", "", why);
		else if (!env.have_module)
			printf("%-14s   only with --no-module: %s\n", "", env.no_module);
	}
}

static int cmd_list(int argc, char **argv)
{
	static const char *const files[] = { "ops", "checks", "phases" };
	char path[64], text[16384];
	unsigned int i;

	if (argc == 2 && !strcmp(argv[1], "scenarios")) {
		list_scenarios();
		return 0;
	}
	for (i = 0; i < ARRAY_SIZE(files) && argc == 2; i++) {
		if (strcmp(argv[1], files[i]))
			continue;
		snprintf(path, sizeof(path), THPRACE_DEBUGFS "/%s", files[i]);
		if (env.have_module && read_text(path, text, sizeof(text)) >= 0) {
			fputs(text, stdout);
			return 0;
		}
		fprintf(stderr, "thprace: skipped: %s\n", env.no_module);
		return THPRACE_EXIT_SKIP;
	}
	return usage_error("list takes scenarios, ops, checks or phases%s", "");
}

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} commands[] = {
	{ "run", cmd_run },
	{ "list", cmd_list },
	{ "check", cmd_check },
	{ "replay", cmd_replay },
};

int main(int argc, char **argv)
{
	unsigned int i;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc < 2)
		return usage_error("no command%s", "");
	if (!strcmp(argv[1], "--help")) {
		fputs(usage_text, stdout);
		return 0;
	}
	if (!strcmp(argv[1], "--version")) {
		printf("thprace %s (abi %d)\n", THPRACE_VERSION, THPRACE_ABI_VERSION);
		return 0;
	}
	env_probe();
	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		if (!strcmp(argv[1], commands[i].name))
			return commands[i].run(argc - 1, argv + 1);
	}
	return usage_error("no command '%s'", argv[1]);
}
