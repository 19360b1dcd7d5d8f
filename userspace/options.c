// SPDX-License-Identifier: GPL-2.0
/*
 * The options of "thprace run"
 */
#include <errno.h>
#include <string.h>

#include "cmdline.h"
#include "duration.h"
#include "options.h"
#include "scenario.h"
#include "util.h"

#define DEFAULT_DURATION_MS	60000
#define GRID_DURATION_MS	600000
#define TRIAGE_SHARE		4	/* part of the duration, */
#define MAX_TRIAGE_MS		60000	/* at most */

enum option_key {
	OPT_ROUNDS = CMDLINE_KEYS + 1, OPT_SEED, OPT_PROCS, OPT_THPS, OPT_STOP_ON, OPT_GRID,
	OPT_STEER, OPT_NO_MODULE, OPT_JSON, OPT_GRID_HTML, OPT_GRID_K, OPT_KTAP, OPT_DRY_RUN,
	OPT_GENTLE, OPT_TRIAGE, OPT_WITHOUT, OPT_OPS, OPT_FIRST_ROUND, OPT_ALLOW_UNCALIBRATED,
	OPT_GRID_ROWS, OPT_ORDERS, OPT_JOBS, OPT_MEM_SHARE,
};

const char *const without_names[NR_WITHOUT] = {
	"split", "op", "race", "steer", "check-split"
};

static const struct argp_option run_options[] = {
	{ "duration", 'd', "TIME", 0,
	  "all scenarios together: 90, 90s, 15m, 2h, 3d, 1w; at most 52w (default 60s)", 1 },
	{ "dry-run", OPT_DRY_RUN, NULL, 0,
	  "list what a run would touch beside its own memory; change nothing", 1 },
	{ "exclude", 'x', "SCENARIO", 0, "leave this one out; may be repeated", 1 },
	{ "gentle", OPT_GENTLE, NULL, 0,
	  "change no setting, swap, cgroup or kernel thread: what needs that is skipped, and leaks are not looked for",
	  1 },
	{ "json", OPT_JSON, "FILE", 0, "write the report as JSON (- for standard output)", 1 },
	{ "no-module", OPT_NO_MODULE, NULL, 0,
	  "run what needs no module: content is checked, counts are not", 1 },
	{ "quiet", 'q', NULL, 0, "no progress", 1 },
	{ "seed", OPT_SEED, "N", 0, "random choices (default: fresh, and reported)", 1 },
	{ "verbose", 'v', NULL, 0, "report all ops, checks and times", 1 },

	{ .doc = "How much:", .group = CMDLINE_MORE },
	{ "rounds", OPT_ROUNDS, "N", 0, "end each scenario after N rounds", CMDLINE_MORE },
	{ "stop-on", OPT_STOP_ON, "first|never", 0,
	  "end at the first violation (default), or go on", CMDLINE_MORE },
	{ "keep-going", 'k', NULL, 0, "the same as --stop-on=never", CMDLINE_MORE },
	{ "procs", OPT_PROCS, "N", 0, "processes of the fork scenarios (1 to 64)", CMDLINE_MORE },
	{ "thps", OPT_THPS, "N", 0, "huge pages raced at a time (1 to 32768)", CMDLINE_MORE },
	{ "jobs", OPT_JOBS, "N|auto", 0,
	  "scenarios that run side by side, 1 to 64 (default: auto, as many as CPUs and memory carry)",
	  CMDLINE_MORE },
	{ "mem-share", OPT_MEM_SHARE, "PERCENT", 0,
	  "of the available memory that the huge pages of all jobs may take (1 to 90, default 25)",
	  CMDLINE_MORE },
	{ "allow-uncalibrated", OPT_ALLOW_UNCALIBRATED, NULL, 0,
	  "do without the checks that are off since their rules are wrong on this kernel, which was not tested",
	  CMDLINE_MORE },
	{ "orders", OPT_ORDERS, "LIST", 0,
	  "sizes of the folios that are raced: pmd, 16k to 2M, or all (default: pmd)",
	  CMDLINE_MORE },
	{ .doc = "To find out what a violation needs:", .group = CMDLINE_MORE },
	{ "triage", OPT_TRIAGE, "TIME", 0,
	  "after a violation, find out for so long what it needs (default: a quarter of --duration, at most 60s; 0: no)",
	  CMDLINE_MORE },
	{ "first-round", OPT_FIRST_ROUND, "N", 0,
	  "begin with the choices of round N of this seed", CMDLINE_MORE },
	{ "without", OPT_WITHOUT, "split|op|race|steer|check-split", 0,
	  "do not split; leave the other op out; let lanes take turns; force no schedule; do not even split to check that it can be done. May be repeated",
	  CMDLINE_MORE },
	{ .doc = "Which interleavings:", .group = CMDLINE_MORE + 1 },
	{ "steer", OPT_STEER, "SCHEDULE", 0,
	  "force this one, e.g. \"a>try_to_migrate b>end a>end\" (default: of split-munmap)",
	  CMDLINE_MORE + 1 },
	{ "ops", OPT_OPS, "A,B,...", 0,
	  "of pair, pair-procs, pair-shmem and storm: draw these ops only; A:B is A for the one lane, B for the other",
	  CMDLINE_MORE + 1 },
	{ "grid", OPT_GRID, "A,B", OPTION_ARG_OPTIONAL,
	  "try all pairs of phases in turn, until all are decided (default: of split-munmap, for 10m at most); with --grid=A,B those of two ops, or of split and an op",
	  CMDLINE_MORE + 1 },
	{ "grid-k", OPT_GRID_K, "N", 0,
	  "tries per pair, order of arrival and order of release (1 to 16, default 3)",
	  CMDLINE_MORE + 1 },
	{ "grid-rows", OPT_GRID_ROWS, "PHASE,...", 0,
	  "only these rows of it, at most 16 (thprace list phases): a share of a large grid",
	  CMDLINE_MORE + 1 },
	{ .doc = "More forms of the report:", .group = CMDLINE_MORE + 2 },
	{ "ktap", OPT_KTAP, "FILE", 0,
	  "a test point for each scenario (- for standard output)", CMDLINE_MORE + 2 },
	{ "grid-html", OPT_GRID_HTML, "FILE", 0,
	  "draw the grid: an HTML page, or a picture if FILE ends in .svg", CMDLINE_MORE + 2 },
	{ }
};

/* What is known only when all words were read. */
struct parsing {
	struct options *opt;
	const struct scenario *left_out[MAX_SCENARIOS];
	unsigned int nr_left_out;
	const struct scenario *split_grid;	/* of --grid=split,OP */
};

static error_t no_such_scenario(struct argp_state *state, const char *name)
{
	char names[1024];
	unsigned int i;
	int len = 0;

	names[0] = '\0';
	for (i = 0; i < nr_scenarios && len < (int)sizeof(names); i++)
		len += snprintf(names + len, sizeof(names) - len, " %s", scenarios[i]->name);
	return cmdline_refuse(state, "no scenario '%.40s'; there are:%s", name, names);
}

static bool is_among(const struct scenario *sc, const struct scenario *const *list,
		     unsigned int nr)
{
	while (nr) {
		if (list[--nr] == sc)
			return true;
	}
	return false;
}

static error_t add_scenario(struct argp_state *state, const char *name,
			    const struct scenario **list, unsigned int *nr)
{
	const struct scenario *sc = scenario_by_name(name);

	if (!sc)
		return no_such_scenario(state, name);
	if (is_among(sc, list, *nr))
		return cmdline_refuse(state, "scenario '%s' is named twice", name);
	list[(*nr)++] = sc;
	return 0;
}

static error_t set_without(struct argp_state *state, const char *arg, unsigned int *without)
{
	unsigned int i;

	for (i = 0; i < NR_WITHOUT; i++) {
		if (strcmp(without_names[i], arg))
			continue;
		*without |= 1U << i;
		return 0;
	}
	return cmdline_refuse(state,
			      "--without takes split, op, race, steer or check-split, not '%.40s'",
			      arg);
}

static error_t set_triage(struct argp_state *state, const char *arg, struct options *opt)
{
	int err = strcmp(arg, "0") ? parse_duration(arg, &opt->triage_ms) : 0;

	opt->triage_given = true;
	if (!err)
		return 0;
	return cmdline_refuse(state,
			      "--triage takes 0 or a time, not '%.40s': 90, 90s, 1.5m, 2h, 3d or 1w",
			      arg);
}

static error_t set_duration(struct argp_state *state, const char *arg, u64 *ms)
{
	int err = parse_duration(arg, ms);

	if (err == -ERANGE)
		return cmdline_refuse(state, "--duration is from 0.001s to 52w, not '%.40s'", arg);
	if (err)
		return cmdline_refuse(state,
				      "--duration takes a time, not '%.40s': 90, 90s, 1.5m, 2h, 3d or 1w",
				      arg);
	return 0;
}

/* Word for word as it was given. */
static error_t set_text(struct argp_state *state, const char *what, char *arg, const char *refused,
			const char **text)
{
	if (!*arg || strpbrk(arg, refused))
		return cmdline_refuse(state, "%s, not '%.40s'", what, arg);
	*text = arg;
	return 0;
}

/* With blanks, as the module takes them. */
static error_t set_grid_rows(struct argp_state *state, char *arg, const char **rows)
{
	char *c;

	if (!*arg || strspn(arg, PHASE_CHARS ",") != strlen(arg) || *arg == ',' ||
	    arg[strlen(arg) - 1] == ',' || strstr(arg, ",,"))
		return cmdline_refuse(state,
				      "--grid-rows takes phases with commas between, not '%.40s'",
				      arg);
	for (c = arg; *c; c++) {
		if (*c == ',')
			*c = ' ';
	}
	*rows = arg;
	return 0;
}

static error_t set_stop_on(struct argp_state *state, const char *arg, bool *first)
{
	*first = !strcmp(arg, "first");
	if (*first || !strcmp(arg, "never"))
		return 0;
	return cmdline_refuse(state, "--stop-on takes first or never, not '%.40s'", arg);
}

static error_t set_orders(struct argp_state *state, const char *text, struct orders *orders)
{
	const char *why;

	if (orders->text[0])
		return cmdline_refuse(state, "--orders is given twice");
	why = orders_parse(orders, text);
	return why ? cmdline_refuse(state, "--orders: %s", why) : 0;
}

static const char *conflict(const struct options *opt)
{
	if (opt->jobs > 1 && opt->no_module)
		return "--jobs needs the module: else splits are counted for the whole machine";
	if (opt->grid && opt->steer)
		return "--grid and --steer exclude each other";
	if (opt->no_module && (opt->grid || opt->steer))
		return "--grid and --steer need the module";
	if (opt->grid && (opt->without || opt->first_round))
		return "--grid takes neither --without nor --first-round";
	if (opt->without & WITHOUT_CHECK_SPLIT && !(opt->without & WITHOUT_SPLIT))
		return "--without check-split needs --without split";
	if (opt->steer && opt->without)
		return "--steer and --without exclude each other";
	if ((opt->grid_html || opt->grid_k || opt->grid_rows) && !opt->grid)
		return "--grid-html, --grid-k and --grid-rows need --grid";
	if (opt->json && opt->ktap && !strcmp(opt->json, "-") && !strcmp(opt->ktap, "-"))
		return "--json and --ktap cannot both have the standard output";
	return NULL;
}

/* Of a split and an op: a scenario of that op. */
static const struct scenario *scenario_of_op(const char *op)
{
	static const char *const forms[] = { "%s", "split-%s", "shmem-%s" };
	const struct scenario *sc = NULL;
	char name[40];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(forms) && !sc; i++) {
		snprintf(name, sizeof(name), forms[i], op);
		sc = scenario_by_name(name);
	}
	return sc && !sc->pairs && !sc->mixed ? sc : NULL;
}

static error_t set_ops(struct argp_state *state, const char *what, const char *text,
		       struct options *opt)
{
	const char *why;

	if (opt->ops.text[0])
		return cmdline_refuse(state, "ops are named twice: by --ops or --grid=A,B");
	why = uop_set_parse(&opt->ops, text);
	return why ? cmdline_refuse(state, "%s: %s", what, why) : 0;
}

/* --grid=A,B: --grid --ops A:B, or --grid of a scenario that splits. */
static error_t set_grid(struct argp_state *state, const char *arg, struct parsing *p)
{
	char text[UOP_SET_TEXT];
	char *comma;

	p->opt->grid = true;
	if (!arg)
		return 0;
	copy_word(text, sizeof(text), arg);
	comma = strchr(text, ',');
	if (!comma || strchr(comma + 1, ',') || strchr(text, ':'))
		return cmdline_refuse(state,
				      "--grid=A,B takes two ops, or split and an op, not '%.40s'",
				      arg);
	if (!strncmp(text, "split,", strlen("split,"))) {
		p->split_grid = scenario_of_op(comma + 1);
		if (p->split_grid)
			return 0;
		return cmdline_refuse(state,
				      "--grid=%.40s: no scenario is named after that op; name one that splits beside it: thprace run SCENARIO --grid",
				      arg);
	}
	if (!strcmp(comma + 1, "split"))
		return cmdline_refuse(state,
				      "--grid=%.40s: rows are the split's: --grid=split,%.*s", arg,
				      (int)(comma - text), text);
	*comma = ':';
	return set_ops(state, "--grid", text, p->opt);
}

static error_t nobody_does(struct argp_state *state, const struct options *opt)
{
	char anon[UOP_SET_TEXT], file[UOP_SET_TEXT];

	uop_names(anon, sizeof(anon), scenario_by_name("pair"));
	uop_names(file, sizeof(file), scenario_by_name("pair-shmem"));
	return cmdline_refuse(state,
			      "no scenario does all of '%.200s'; pair does: %s; pair-shmem does: %s",
			      opt->ops.text, anon, file);
}

/* Where ops are drawn: in what was named, or wherever these can be. */
static error_t choose_for_ops(struct argp_state *state, struct options *opt)
{
	const char *why;
	unsigned int i;

	if (opt->grid && !uop_set_one_each(&opt->ops))
		return cmdline_refuse(state, "--grid needs one op for each lane: --grid=A,B");
	for (i = 0; i < opt->nr_scenarios; i++) {
		why = uop_set_unfit(&opt->ops, opt->scenarios[i]);
		if (why)
			return cmdline_refuse(state, "--ops: %s", why);
	}
	if (opt->nr_scenarios)
		return 0;
	/* A grid is of one of them. */
	for (i = 0; i < nr_scenarios && !(opt->grid && opt->nr_scenarios); i++) {
		if (!uop_set_unfit(&opt->ops, scenarios[i]))
			opt->scenarios[opt->nr_scenarios++] = scenarios[i];
	}
	return opt->nr_scenarios ? 0 : nobody_does(state, opt);
}

/* Those that were named, or all, but for those that are left out. */
static error_t choose_scenarios(struct argp_state *state, const struct parsing *p)
{
	struct options *opt = p->opt;
	unsigned int i, nr = 0;
	error_t err;

	err = opt->ops.text[0] ? choose_for_ops(state, opt) : 0;
	if (err)
		return err;
	if (p->split_grid && opt->nr_scenarios)
		return cmdline_refuse(state, "--grid=split,...: it is of %s; name no other",
				      p->split_grid->name);
	if (p->split_grid)
		opt->scenarios[opt->nr_scenarios++] = p->split_grid;
	if (!opt->nr_scenarios && (opt->grid || opt->steer))
		opt->scenarios[opt->nr_scenarios++] = scenario_by_name("split-munmap");
	for (i = 0; !opt->nr_scenarios && i < nr_scenarios; i++)
		opt->scenarios[i] = scenarios[i];
	if (!opt->nr_scenarios)
		opt->nr_scenarios = nr_scenarios;
	for (i = 0; i < p->nr_left_out; i++) {
		if (is_among(p->left_out[i], opt->scenarios, opt->nr_scenarios))
			continue;
		return cmdline_refuse(state, "--exclude %s: it would not run anyway",
				      p->left_out[i]->name);
	}
	for (i = 0; i < opt->nr_scenarios; i++) {
		if (!is_among(opt->scenarios[i], p->left_out, p->nr_left_out))
			opt->scenarios[nr++] = opt->scenarios[i];
	}
	opt->nr_scenarios = nr;
	if (nr)
		return 0;
	return cmdline_refuse(state, "all scenarios are left out");
}

static u64 default_triage_ms(const struct options *opt)
{
	u64 ms = opt->duration_ms / TRIAGE_SHARE;

	return ms < MAX_TRIAGE_MS ? ms : MAX_TRIAGE_MS;
}

static error_t end_of_options(struct argp_state *state, const struct parsing *p)
{
	struct options *opt = p->opt;
	const char *why = conflict(opt);

	if (why)
		return cmdline_refuse(state, "%s", why);
	if (!opt->duration_ms)
		opt->duration_ms = opt->grid ? GRID_DURATION_MS : DEFAULT_DURATION_MS;
	if (!opt->triage_given)
		opt->triage_ms = default_triage_ms(opt);
	return choose_scenarios(state, p);
}

static error_t run_option(int key, char *arg, struct argp_state *state)
{
	struct parsing *p = state->input;
	struct options *opt = p->opt;

	switch (key) {
	case 'd':
		return set_duration(state, arg, &opt->duration_ms);
	case 'x':
		return add_scenario(state, arg, p->left_out, &p->nr_left_out);
	case 'q':
		opt->quiet = true;
		return 0;
	case 'v':
		opt->verbose = true;
		return 0;
	case 'k':
		opt->stop_first = false;
		return 0;
	case OPT_ROUNDS:
		return cmdline_number(state, "rounds", arg, 1, THPRACE_MAX_ROUNDS, &opt->rounds);
	case OPT_SEED:
		return cmdline_number(state, "seed", arg, 0, ~0ULL, &opt->seed);
	case OPT_PROCS:
		return cmdline_number(state, "procs", arg, 1, MAX_WORKERS, &opt->procs);
	case OPT_THPS:
		return cmdline_number(state, "thps", arg, 1, MAX_THPS, &opt->thps);
	case OPT_JOBS:
		opt->jobs = 0;
		return strcmp(arg, "auto") ?
		       cmdline_number(state, "jobs", arg, 1, MAX_JOBS, &opt->jobs) : 0;
	case OPT_MEM_SHARE:
		return cmdline_number(state, "mem-share", arg, 1, MAX_MEM_SHARE, &opt->mem_share);
	case OPT_FIRST_ROUND:
		return cmdline_number(state, "first-round", arg, 0, ~0ULL >> 1, &opt->first_round);
	case OPT_WITHOUT:
		return set_without(state, arg, &opt->without);
	case OPT_TRIAGE:
		return set_triage(state, arg, opt);
	case OPT_GRID_K:
		return cmdline_number(state, "grid-k", arg, 1, THPRACE_MAX_GRID_K, &opt->grid_k);
	case OPT_STOP_ON:
		return set_stop_on(state, arg, &opt->stop_first);
	case OPT_GRID:
		return set_grid(state, arg, p);
	case OPT_GRID_ROWS:
		return set_grid_rows(state, arg, &opt->grid_rows);
	case OPT_OPS:
		return set_ops(state, "--ops", arg, opt);
	case OPT_ORDERS:
		return set_orders(state, arg, &opt->orders);
	case OPT_NO_MODULE:
		opt->no_module = true;
		return 0;
	case OPT_DRY_RUN:
		opt->dry_run = true;
		return 0;
	case OPT_GENTLE:
		opt->gentle = true;
		return 0;
	case OPT_ALLOW_UNCALIBRATED:
		opt->allow_uncalibrated = true;
		return 0;
	case OPT_STEER:
		/* It travels inside quotes. */
		return set_text(state, "--steer takes a schedule without quotes", arg, "\"\n",
				&opt->steer);
	case OPT_JSON:
		return set_text(state, "--json takes a file", arg, "", &opt->json);
	case OPT_KTAP:
		return set_text(state, "--ktap takes a file", arg, "", &opt->ktap);
	case OPT_GRID_HTML:
		return set_text(state, "--grid-html takes a file", arg, "", &opt->grid_html);
	case ARGP_KEY_ARG:
		return add_scenario(state, arg, opt->scenarios, &opt->nr_scenarios);
	case ARGP_KEY_END:
		return end_of_options(state, p);
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp run_argp = {
	.options = run_options,
	.parser = run_option,
	.args_doc = "[SCENARIO...]",
	.doc = "Races, checks and reports; all scenarios by default (thprace list scenarios).\n"
	       "\vExit status: 0 pass, 1 violation, 2 error, 3 inconclusive, 4 skip.\n"
	       "\"thprace run --help=all\" shows all options.",
	.children = cmdline_common,
};

/**
 * options_parse() - what "thprace run" is to do
 * @opt: result; its seed is the default
 * @argc: of the command, whose name comes first
 * @argv: of it
 *
 * Returns CMDLINE_GO or an exit code.
 */
int options_parse(struct options *opt, int argc, char **argv)
{
	struct parsing p = { .opt = opt };

	opt->stop_first = true;
	return cmdline_parse(&run_argp, "thprace run", argc, argv, &p);
}
