// SPDX-License-Identifier: GPL-2.0
/*
 * "thprace observe": any workload, looked at while it runs; nothing is steered
 *
 * The workload's terminal, output and signals are its own: it is in our process
 * group, and what is typed there reaches it without us.  Here signals are blocked and
 * waited for, so that no handler and no disposition is inherited.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "calibrate.h"
#include "client.h"
#include "cmdline.h"
#include "duration.h"
#include "env.h"
#include "json.h"
#include "observe.h"
#include "result.h"
#include "scenario.h"
#include "tally.h"
#include "undo.h"
#include "util.h"
#include "watch.h"

#define DEFAULT_OVERHEAD	5
#define MAX_OVERHEAD		90

enum option_key {
	OPT_JSON = CMDLINE_KEYS + 1, OPT_OVERHEAD, OPT_CHECKS, OPT_PID, OPT_CGROUP,
	OPT_ALLOW_UNCALIBRATED, OPT_VERDICT_STATUS, OPT_COVERAGE,
};

static const struct argp_option observe_options[] = {
	{ "json", OPT_JSON, "FILE", 0, "write the report as JSON", 1 },
	{ "overhead", OPT_OVERHEAD, "PERCENT", 0,
	  "of the time, at most, to look at memory (0 to 90, default 5); 0: only at locks", 1 },
	{ "checks", OPT_CHECKS, "A,B,...", 0,
	  "make these checks only; \"list checks\" has them", 1 },
	{ "coverage", OPT_COVERAGE, NULL, 0,
	  "count which phases of splits and of all else meet by chance; slows the workload", 1 },
	{ "pid", OPT_PID, "PID", 0,
	  "no command, but this process and what it forks; may be repeated", 1 },
	{ "cgroup", OPT_CGROUP, "DIR", 0, "no command, but all processes of this cgroup", 1 },
	{ "duration", 'd', "TIME", 0,
	  "with --pid and --cgroup: end then (default: when they have ended, or Ctrl-C)", 1 },
	{ "allow-uncalibrated", OPT_ALLOW_UNCALIBRATED, NULL, 0,
	  "do without the checks that are off since their rules are wrong on this kernel, which was not tested",
	  CMDLINE_MORE },
	{ "verdict-status", OPT_VERDICT_STATUS, NULL, 0,
	  "exit with the verdict alone, whatever the command's own status", CMDLINE_MORE },
	{ }
};

static error_t set_checks(struct argp_state *state, char *arg, struct observe *o)
{
	char *word, *rest;
	int i;

	o->checks_named = true;
	for (word = strtok_r(arg, ",", &rest); word; word = strtok_r(NULL, ",", &rest)) {
		i = check_by_name(word);
		if (i < 0 || i >= THPRACE_NR_CHECKS || i == THPRACE_CHECK_SPLIT_PROGRESS)
			return cmdline_refuse(state,
					      "--checks: no check '%.40s' of live memory; \"list checks\" has them",
					      word);
		o->checks |= BIT_ULL(i);
	}
	return o->checks ? 0 : cmdline_refuse(state, "--checks: no check is named");
}

static error_t add_pid(struct argp_state *state, const char *arg, struct observe *o)
{
	error_t err;
	u64 pid;

	if (o->nr_pids == MAX_ROOTS)
		return cmdline_refuse(state, "--pid: at most %u", MAX_ROOTS);
	err = cmdline_number(state, "pid", arg, 1, 1 << 22, &pid);
	if (!err)
		o->pids[o->nr_pids++] = pid;
	return err;
}

/* "--pid 12 13" is what people type. */
static error_t add_rest(struct argp_state *state, struct observe *o)
{
	error_t err = 0;

	if (!o->nr_pids) {
		o->command = &state->argv[state->next - 1];
		state->next = state->argc;
		return 0;
	}
	for (state->next--; state->next < state->argc && !err; state->next++)
		err = add_pid(state, state->argv[state->next], o);
	return err;
}

static error_t check_words(struct argp_state *state, const struct observe *o)
{
	if (!!o->command + !!o->nr_pids + !!o->cgroup != 1)
		return cmdline_refuse(state, "name one: a command, --pid or --cgroup");
	if (o->command && o->duration_ms)
		return cmdline_refuse(state,
				      "--duration is for --pid and --cgroup; a command ends by itself");
	if (o->command && o->json && !strcmp(o->json, "-"))
		return cmdline_refuse(state,
				      "standard output is the command's: name a file for --json");
	return 0;
}

static error_t observe_option(int key, char *arg, struct argp_state *state)
{
	struct observe *o = state->input;

	switch (key) {
	case OPT_JSON:
		o->json = arg;
		return 0;
	case OPT_OVERHEAD:
		return cmdline_number(state, "overhead", arg, 0, MAX_OVERHEAD, &o->overhead);
	case OPT_CHECKS:
		return set_checks(state, arg, o);
	case OPT_PID:
		return add_pid(state, arg, o);
	case OPT_CGROUP:
		o->cgroup = arg;
		return 0;
	case 'd':
		if (!parse_duration(arg, &o->duration_ms))
			return 0;
		return cmdline_refuse(state,
				      "--duration takes a time, not '%.40s': 90, 90s, 1.5m, 2h, 3d or 1w",
				      arg);
	case OPT_ALLOW_UNCALIBRATED:
		o->allow_uncalibrated = true;
		return 0;
	case OPT_COVERAGE:
		o->coverage = true;
		return 0;
	case OPT_VERDICT_STATUS:
		o->verdict_status = true;
		return 0;
	case ARGP_KEY_ARG:
		return add_rest(state, o);
	case ARGP_KEY_END:
		return check_words(state, o);
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp observe_argp = {
	.options = observe_options,
	.parser = observe_option,
	.args_doc = "[COMMAND [ARG...]]",
	.doc = "Checks memory and locks of any workload while it runs, and steers nothing.\n"
	       "\vThe report goes to standard error. Exit status: 1 violation, 2 error; else the\n"
	       "command's if it is not 0; else 0 pass, 3 inconclusive, 4 skip.",
	.children = cmdline_common,
};

/* A row of no table: what is observed stands in the report where scenarios do. */
static const struct scenario observed = {
	.name = "observe",
	.summary = "any workload",
	.op = "check",
};

static struct options options;		/* as far as reports need them */
static sigset_t before;			/* what was blocked */

/* Nothing is handled, so that the command inherits no disposition. */
static void block_signals(sigset_t *set)
{
	sigset_t blocked;

	sigemptyset(set);
	sigaddset(set, SIGCHLD);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGQUIT);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGHUP);
	blocked = *set;
	/* nobody may read our report any more: that ends nothing */
	sigaddset(&blocked, SIGPIPE);
	sigprocmask(SIG_BLOCK, &blocked, &before);
}

/* What a terminal sends has reached the command, too. */
static void on_signal(struct observe *o, const siginfo_t *info)
{
	if (info->si_signo == SIGCHLD)
		return;
	if (!o->command)
		o->interrupted = true;
	else if (info->si_code <= 0 && !o->ended)
		kill(o->tree->command, info->si_signo);
}

/* Orphans that have come to us, as well. */
static void reap(struct observe *o)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid != o->tree->command || !o->command)
			continue;
		o->status = status;
		o->ended = true;
	}
}

static bool is_over(const struct observe *o)
{
	if (o->command)
		return o->ended;
	return o->interrupted || !o->tree->nr ||
	       (o->duration_ms && now_ns() - o->begin_ns >= o->duration_ms * NSEC_PER_MSEC);
}

static void wait_for(struct observe *o, const sigset_t *set, u64 ns)
{
	struct timespec ts = { .tv_sec = ns / NSEC_PER_SEC, .tv_nsec = ns % NSEC_PER_SEC };
	siginfo_t info;

	if (o->duration_ms && ns > NSEC_PER_SEC)
		ts = (struct timespec){ .tv_sec = 1 };
	if (sigtimedwait(set, &info, &ts) > 0)
		on_signal(o, &info);
	reap(o);
}

/* Returns 0, or the error after which only the command goes on. */
static int look_on(struct observe *o, const sigset_t *set)
{
	int err = 0;

	reap(o);
	while (!is_over(o)) {
		if (!err)
			err = look_step(o);
		wait_for(o, set, err ? NSEC_PER_SEC : look_pause_ns(o));
	}
	return err;
}

static int start(struct observe *o)
{
	int err;

	if (o->command)
		err = tree_launch(o->tree, o->command, &before);
	else if (o->cgroup)
		err = tree_attach_cgroup(o->tree, o->cgroup);
	else
		err = tree_attach(o->tree, o->pids, o->nr_pids);
	o->tree->changed = true;
	return err;
}

static struct tree *kept;		/* for the keeper */

static void clean_up(void)
{
	tree_kill(kept);
}

static int prepare(struct observe *o, struct report *rep)
{
	int err = watch_begin();

	if (err)
		return err;
	calibrate_shared();
	report_checks(rep);
	err = report_alloc(rep);
	if (!err)
		err = undo_init();
	if (!err)
		err = knobs_init();
	if (!err)
		err = swap_init();
	if (!err)
		err = device_init();
	o->tree = tree_new();
	if (!o->tree)
		err = -ENOMEM;
	kept = o->tree;
	if (!err && o->command)
		err = keeper_start(clean_up);
	return err ? err : look_begin(o, rep);
}

static void add_complaint(struct report *rep, u64 start_ns)
{
	struct violation v = { .check = "kernel", .scenario = "observe", .want = "none" };
	struct tally *t = &rep->sum;
	struct complaint c;

	t->checks[CHECK_KERNEL].listed = true;
	if (!watch_look(&c)) {
		t->checks[CHECK_KERNEL].held++;
		return;
	}
	v.time_ns = now_ns() - start_ns;
	copy_word(v.got, sizeof(v.got), c.got);
	copy_word(v.ops, sizeof(v.ops), "-");
	copy_word(v.cell, sizeof(v.cell), "-");
	snprintf(v.detail, sizeof(v.detail), "the kernel complained: %.150s", c.line);
	t->checks[CHECK_KERNEL].violated++;
	tally_violation(t, &v);
}

static void collect_all(struct observe *o, struct report *rep)
{
	struct result *res = rep->results[0];

	if (session_report(o->fd, &rep->sum))
		rep->broken = true;
	add_complaint(rep, o->begin_ns);
	tally_add(&res->tally, &rep->sum);
	res->begun = true;
	res->duration_ns = o->elapsed_ns;
	rep->duration_ns = o->elapsed_ns;
	options.duration_ms = o->elapsed_ns / NSEC_PER_MSEC + 1;
	rep->ended = true;
	rep->judged = true;
	rep->observe = o;
}

static int observe(struct observe *o, struct report *rep)
{
	sigset_t set;
	int err, code;

	block_signals(&set);
	err = prepare(o, rep);
	o->begin_ns = now_ns();
	if (!err)
		err = start(o);
	if (err) {
		fprintf(stderr, "thprace: %s\n", last_error());
		keeper_stop();
		return THPRACE_EXIT_ERROR;
	}
	rep->broken = look_watch(o) || look_on(o, &set);
	o->elapsed_ns = now_ns() - o->begin_ns;
	tree_leave(o->tree);
	collect_all(o, rep);
	close(o->fd);
	observe_judge(o, rep);
	rep->broken |= undo_nr_failed() != 0;
	observe_print(o, rep, stderr);
	code = observe_status(o, rep);
	if (o->json && report_json(rep, o->json)) {
		fprintf(stderr, "thprace: %s\n", last_error());
		if (code != THPRACE_EXIT_FAIL)
			code = THPRACE_EXIT_ERROR;
	}
	keeper_stop();
	return code;
}

/**
 * cmd_observe() - "thprace observe"
 * @argc: of @argv
 * @argv: the command and its words
 *
 * Returns an exit status.
 */
int cmd_observe(int argc, char **argv)
{
	static struct observe o = { .overhead = DEFAULT_OVERHEAD };
	static struct report rep;
	int code = cmdline_parse(&observe_argp, "thprace observe", argc, argv, &o);

	if (code != CMDLINE_GO)
		return code;
	if (!env.have_module) {
		fprintf(stderr, "thprace: skipped, and the command was not run: %s\n",
			env.no_module);
		return THPRACE_EXIT_SKIP;
	}
	if (!o.checks_named)
		o.checks = OBSERVE_CHECKS_ALL;
	if (json_try(o.json)) {
		fprintf(stderr, "thprace: %s\n", last_error());
		return THPRACE_EXIT_ERROR;
	}
	options.seed = rng_fresh_seed();
	options.scenarios[0] = &observed;
	options.nr_scenarios = 1;
	options.allow_uncalibrated = o.allow_uncalibrated;
	rep.opt = &options;
	rep.start_ns = now_ns();
	return observe(&o, &rep);
}
