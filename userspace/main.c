// SPDX-License-Identifier: GPL-2.0
/*
 * The command line
 *
 * Parses strictly, runs the scenarios one after the other, prints and writes
 * the report, and turns the verdict into an exit code.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "calibrate.h"
#include "cgroup.h"
#include "check.h"
#include "client.h"
#include "cmdline.h"
#include "env.h"
#include "grid.h"
#include "jobs.h"
#include "json.h"
#include "ktap.h"
#include "leak.h"
#include "leak_count.h"
#include "list.h"
#include "live.h"
#include "merge_cmd.h"
#include "observe.h"
#include "options.h"
#include "replay.h"
#include "report.h"
#include "report_text.h"
#include "rng.h"
#include "run.h"
#include "runner.h"
#include "scenario.h"
#include "touch_list.h"
#include "triage.h"
#include "undo.h"
#include "util.h"
#include "watch.h"

#define DEFAULT_TRIES		20
#define MAX_TRIES		100000
#define COMMAND_NAMES		"run, list, check, observe, replay or merge"

static const char inject_text[] =
"\n"
"THPRACE_INJECT=FAULT[,FAULT]... in the environment puts faults in, so that what\n"
"is to notice them can be tested: content (a bit flips before contents are verified),\n"
"zap or any op of a storm (the same where a storm did that op), segv (a page is\n"
"unmapped), op, race, steer, check-split (a bit flips after rounds in which the other\n"
"op was done, lanes overlapped, a schedule was forced, the check has split), leak (a\n"
"process is left behind), stuck (no batch ends, and the check that is made then\n"
"fails); these must fail the run.  die, hang, oom, fork (a batch ends so), idle (ops\n"
"of the kernel are not asked for), restore (settings are not put back), swapoff (it\n"
"hangs): the run must not pass.\n"
"\n"
"Exit codes: 0 pass, 1 violation, 2 usage or harness error, 3 inconclusive\n"
"(nothing raced, nothing checked, or interrupted), 4 skip (requirement absent).\n";

static void complain(int *code)
{
	fprintf(stderr, "thprace: %s\n", last_error());
	if (*code != THPRACE_EXIT_FAIL)
		*code = THPRACE_EXIT_ERROR;
}

static bool is_stdout(const char *path)
{
	return path && !strcmp(path, "-");
}

static bool takes_stdout(const struct options *opt)
{
	return is_stdout(opt->json) || is_stdout(opt->ktap);
}

static int finish(struct report *rep, int err)
{
	FILE *out;
	int code;

	rep->duration_ns = now_ns() - rep->start_ns;
	report_judge(rep);
	rep->judged = true;
	live_write();
	env.nr_jobs = 1;
	triage_run(rep, err ? "the run could not go on" : NULL);
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
	out = takes_stdout(rep->opt) ? stderr : stdout;
	report_print(rep, out);
	if (rep->opt->had_failed)
		fputs(rep->verdict == THPRACE_FAIL ? "replay: it failed again\n" :
		      "replay: did not reproduce the recorded failure: choices are repeated, the interleaving is not; try again\n",
		      out);
	fflush(stdout);
	code = report_exit_code(rep);
	if (err)
		complain(&code);
	if (rep->opt->json && report_json(rep, rep->opt->json))
		complain(&code);
	if (rep->opt->ktap && report_ktap(rep, rep->opt->ktap))
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
	if (!rep->opt->no_module)
		calibrate_shared();
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
	if (!err)
		err = device_init();
	touch_collect(rep->opt);
	write_text_only(touch_listed);
	return err;
}

static int start_keeper(void)
{
	int err = keeper_start(live_last_words);

	leak_ignore(keeper_pid());
	cgroup_along(keeper_pid());
	return err;
}

static int run(const struct options *opt)
{
	static struct report rep;
	int err;

	if (!may_begin(opt))
		return THPRACE_EXIT_ERROR;
	rep.opt = opt;
	rep.nr_jobs = opt->jobs ?: jobs_fitting(opt);
	env.nr_jobs = rep.nr_jobs;
	if (session_try_steer(opt->steer) || json_try(opt->ktap) ||
	    json_try(opt->grid_html)) {
		fprintf(stderr, "thprace: %s\n", last_error());
		return THPRACE_EXIT_ERROR;
	}
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
	int code = options_parse(&opt, argc, argv);

	if (code != CMDLINE_GO)
		return code;
	return opt.dry_run ? dry_run(&opt) : run(&opt);
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
	err = json_try(opt->json);
	if (!err)
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

enum option_key { OPT_JSON = CMDLINE_KEYS + 1, OPT_REDUCE, OPT_TRIES, OPT_PID, OPT_MAP };

struct replaying {
	const char *file, *json;
	u64 tries;
	bool reducing, verbose;
};

static const struct argp_option replay_options[] = {
	{ "json", OPT_JSON, "FILE", 0, "write the report as JSON (- for standard output)", 1 },
	{ "reduce", OPT_REDUCE, NULL, 0,
	  "shorten a storm's program to the fewest ops that still fail", 1 },
	{ "tries", OPT_TRIES, "N", 0, "that a shorter program gets to fail in (default 20)", 1 },
	{ "verbose", 'v', NULL, 0, "report all ops, checks and times", 1 },
	{ }
};

static error_t replay_option(int key, char *arg, struct argp_state *state)
{
	struct replaying *r = state->input;

	switch (key) {
	case OPT_JSON:
		r->json = arg;
		return 0;
	case OPT_REDUCE:
		r->reducing = true;
		return 0;
	case OPT_TRIES:
		return cmdline_number(state, "tries", arg, 1, MAX_TRIES, &r->tries);
	case 'v':
		r->verbose = true;
		return 0;
	case ARGP_KEY_ARG:
		if (!r->file) {
			r->file = arg;
			return 0;
		}
		return cmdline_refuse(state, "one file at a time: '%.200s' is too much", arg);
	case ARGP_KEY_END:
		if (r->file)
			return 0;
		return cmdline_refuse(state, "name the JSON report of a run");
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp replay_argp = {
	.options = replay_options,
	.parser = replay_option,
	.args_doc = "FILE.json",
	.doc = "Runs again what a report recorded: the same choices, another interleaving.",
	.children = cmdline_common,
};

static int cmd_replay(int argc, char **argv)
{
	struct replaying r = { .tries = DEFAULT_TRIES };
	int code = cmdline_parse(&replay_argp, "thprace replay", argc, argv, &r);
	struct options opt = { 0 };

	if (code != CMDLINE_GO)
		return code;
	if (options_from_json(r.file, &opt)) {
		fprintf(stderr, "thprace: %s\n", last_error());
		return THPRACE_EXIT_ERROR;
	}
	opt.json = r.json;
	opt.verbose = r.verbose;
	return r.reducing ? replay_reduced(&opt, r.tries) : run(&opt);
}

struct checking {
	const char *map;
	u64 pid;
};

static const struct argp_option check_options[] = {
	{ "pid", OPT_PID, "PID", 0, "the process", 1 },
	{ "map", OPT_MAP, "ADDR+LEN", 0, "only there (default: all private anonymous memory)", 1 },
	{ }
};

static error_t check_option(int key, char *arg, struct argp_state *state)
{
	struct checking *c = state->input;

	switch (key) {
	case OPT_PID:
		return cmdline_number(state, "pid", arg, 1, 1 << 22, &c->pid);
	case OPT_MAP:
		c->map = arg;
		return 0;
	case ARGP_KEY_END:
		if (c->pid)
			return 0;
		return cmdline_refuse(state, "name a process: --pid=PID");
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp check_argp = {
	.options = check_options,
	.parser = check_option,
	.doc = "Checks the huge pages of a process once.",
	.children = cmdline_common,
};

static int cmd_check(int argc, char **argv)
{
	struct checking c = { 0 };
	int code = cmdline_parse(&check_argp, "thprace check", argc, argv, &c);

	return code == CMDLINE_GO ? check_process(c.pid, c.map) : code;
}

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const struct argp *argp;
} commands[] = {
	{ "run", cmd_run, &run_argp },
	{ "list", cmd_list, &list_argp },
	{ "check", cmd_check, &check_argp },
	{ "observe", cmd_observe, &observe_argp },
	{ "replay", cmd_replay, &replay_argp },
	{ "merge", cmd_merge, &merge_argp },
};

static void help_of_all(void)
{
	char name[32];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		snprintf(name, sizeof(name), "thprace %s", commands[i].name);
		putchar('\n');
		cmdline_help(commands[i].argp, name, true);
	}
	fputs(inject_text, stdout);
}

/* The first word that is no option is the command; all behind it is the command's. */
static error_t main_option(int key, char *arg, struct argp_state *state)
{
	(void)arg;
	switch (key) {
	case ARGP_KEY_ARG:
		*(int *)state->input = state->next - 1;
		state->next = state->argc;
		return 0;
	case ARGP_KEY_NO_ARGS:
		return cmdline_refuse(state, "name a command: " COMMAND_NAMES);
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp main_argp = {
	.parser = main_option,
	.args_doc = "run [SCENARIO...]\n"
		    "list scenarios|ops|checks|phases\n"
		    "check --pid=PID [--map=ADDR+LEN]\n"
		    "observe [--json=FILE] COMMAND [ARG...]\n"
		    "replay [--reduce] FILE.json\n"
		    "merge FILE...",
	.doc = "Races splits of huge pages against what else happens to them, and checks.\n"
	       "\v\"thprace COMMAND --help\" shows the options of a command.",
	.children = cmdline_common,
};

static int run_command(int argc, char **argv)
{
	unsigned int i;
	int at = 0, code = cmdline_parse(&main_argp, "thprace", argc, argv, &at);

	if (code != CMDLINE_GO) {
		if (cmdline_whole_help())
			help_of_all();
		return code;
	}
	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		if (strcmp(argv[at], commands[i].name))
			continue;
		env_probe();
		return commands[i].run(argc - at, argv + at);
	}
	fprintf(stderr, "thprace: no command '%.40s'; there are: " COMMAND_NAMES "\n", argv[at]);
	return THPRACE_EXIT_ERROR;
}

int main(int argc, char **argv)
{
	int code;

	setvbuf(stdout, NULL, _IOLBF, 0);
	code = run_command(argc, argv);
	/* What nobody could read was not said. */
	if (fflush(stdout) || ferror(stdout)) {
		set_error("cannot write to standard output");
		complain(&code);
	}
	return code;
}
