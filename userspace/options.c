// SPDX-License-Identifier: GPL-2.0
/*
 * The options of "thprace run"
 */
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <string.h>

#include "grid.h"
#include "options.h"
#include "scenario.h"
#include "util.h"

#define DEFAULT_DURATION_MS	60000
#define GRID_DURATION_MS	600000
#define MSEC_PER_SEC		1000

enum option_key {
	OPT_DURATION = 256, OPT_ROUNDS, OPT_SEED, OPT_PROCS, OPT_THPS, OPT_STOP_ON,
	OPT_GRID, OPT_STEER, OPT_NO_MODULE, OPT_JSON, OPT_QUIET, OPT_HELP, OPT_GRID_HTML,
	OPT_GRID_K, OPT_DRY_RUN, OPT_GENTLE,
};

static const struct option run_options[] = {
	{ "duration", required_argument, NULL, OPT_DURATION },
	{ "rounds", required_argument, NULL, OPT_ROUNDS },
	{ "seed", required_argument, NULL, OPT_SEED },
	{ "procs", required_argument, NULL, OPT_PROCS },
	{ "thps", required_argument, NULL, OPT_THPS },
	{ "stop-on", required_argument, NULL, OPT_STOP_ON },
	{ "grid", no_argument, NULL, OPT_GRID },
	{ "grid-k", required_argument, NULL, OPT_GRID_K },
	{ "grid-html", required_argument, NULL, OPT_GRID_HTML },
	{ "steer", required_argument, NULL, OPT_STEER },
	{ "no-module", no_argument, NULL, OPT_NO_MODULE },
	{ "dry-run", no_argument, NULL, OPT_DRY_RUN },
	{ "gentle", no_argument, NULL, OPT_GENTLE },
	{ "json", required_argument, NULL, OPT_JSON },
	{ "quiet", no_argument, NULL, OPT_QUIET },
	{ "help", no_argument, NULL, OPT_HELP },
	{ }
};

static int parse_seconds(const char *s, u64 *ms)
{
	char whole[24];
	const char *dot = strchr(s, '.');
	size_t len = dot ? (size_t)(dot - s) : strlen(s);
	u64 sec, frac = 0, scale = MSEC_PER_SEC;

	if (!len || len >= sizeof(whole))
		return -EINVAL;
	memcpy(whole, s, len);
	whole[len] = '\0';
	if (parse_u64(whole, 0, THPRACE_MAX_DURATION_MS / MSEC_PER_SEC, &sec))
		return -EINVAL;
	if (dot && !dot[1])
		return -EINVAL;
	while (dot && *++dot) {
		if (*dot < '0' || *dot > '9')
			return -EINVAL;
		scale /= 10;
		frac += (*dot - '0') * scale;
	}
	*ms = sec * MSEC_PER_SEC + frac;
	return *ms ? 0 : -ERANGE;
}

static enum options_result refuse(char *why, const char *fmt, ...) __printf(2, 3);

static enum options_result refuse(char *why, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, OPTIONS_WHY, fmt, ap);
	va_end(ap);
	return OPTIONS_BAD;
}

static enum options_result no_such_scenario(char *why, const char *name)
{
	unsigned int i;
	size_t len;

	refuse(why, "no scenario '%.40s'; there are:", name);
	for (i = 0; i < nr_scenarios; i++) {
		len = strlen(why);
		snprintf(why + len, OPTIONS_WHY - len, " %s", scenarios[i]->name);
	}
	return OPTIONS_BAD;
}

static enum options_result add_scenario(struct options *opt, const char *name, char *why)
{
	const struct scenario *sc = scenario_by_name(name);
	unsigned int i;

	if (!sc)
		return no_such_scenario(why, name);
	for (i = 0; i < opt->nr_scenarios; i++) {
		if (opt->scenarios[i] == sc)
			return refuse(why, "scenario '%s' is named twice", name);
	}
	opt->scenarios[opt->nr_scenarios++] = sc;
	return OPTIONS_OK;
}

static int parse_run_option(struct options *opt, int key)
{
	switch (key) {
	case OPT_DURATION:
		return parse_seconds(optarg, &opt->duration_ms);
	case OPT_ROUNDS:
		return parse_u64(optarg, 1, THPRACE_MAX_ROUNDS, &opt->rounds);
	case OPT_SEED:
		return parse_u64(optarg, 0, ~0ULL, &opt->seed);
	case OPT_PROCS:
		return parse_u64(optarg, 1, MAX_WORKERS, &opt->procs);
	case OPT_THPS:
		return parse_u64(optarg, 1, MAX_THPS, &opt->thps);
	case OPT_STOP_ON:
		opt->stop_first = !strcmp(optarg, "first");
		return opt->stop_first || !strcmp(optarg, "never") ? 0 : -EINVAL;
	case OPT_GRID:
		opt->grid = true;
		return 0;
	case OPT_GRID_K:
		return parse_u64(optarg, 1, THPRACE_MAX_GRID_K, &opt->grid_k);
	case OPT_GRID_HTML:
		opt->grid_html = optarg;
		return *optarg ? 0 : -EINVAL;
	case OPT_STEER:
		opt->steer = optarg;
		/* It travels inside quotes. */
		return *optarg && !strpbrk(optarg, "\"\n") ? 0 : -EINVAL;
	case OPT_NO_MODULE:
		opt->no_module = true;
		return 0;
	case OPT_DRY_RUN:
		opt->dry_run = true;
		return 0;
	case OPT_GENTLE:
		opt->gentle = true;
		return 0;
	case OPT_JSON:
		opt->json = optarg;
		return *optarg ? 0 : -EINVAL;
	case OPT_QUIET:
		opt->quiet = true;
		return 0;
	default:
		return -EINVAL;
	}
}

static void add_defaults(struct options *opt)
{
	unsigned int i;

	if (!opt->nr_scenarios && opt->grid)
		opt->scenarios[opt->nr_scenarios++] = scenario_by_name("split-munmap");
	for (i = 0; !opt->nr_scenarios && i < nr_scenarios; i++)
		opt->scenarios[i] = scenarios[i];
	if (!opt->nr_scenarios)
		opt->nr_scenarios = nr_scenarios;
	if (!opt->duration_ms)
		opt->duration_ms = opt->grid ? GRID_DURATION_MS : DEFAULT_DURATION_MS;
}

/**
 * options_parse() - what "thprace run" is to do
 * @opt: result; its seed is the default
 * @argc: of the command, whose name comes first
 * @argv: of it
 * @why: what is wrong with them; OPTIONS_WHY bytes
 */
enum options_result options_parse(struct options *opt, int argc, char **argv, char *why)
{
	int key, index = 0;

	opt->stop_first = true;
	optind = 0;
	while ((key = getopt_long(argc, argv, "", run_options, &index)) != -1) {
		if (key == '?')
			return refuse(why, "bad option");
		if (key == OPT_HELP)
			return OPTIONS_HELP;
		if (parse_run_option(opt, key))
			return refuse(why, "bad value '%.40s' for --%s: see the limits", optarg,
				      run_options[index].name);
	}
	if (opt->grid && opt->steer)
		return refuse(why, "--grid and --steer exclude each other");
	if (opt->no_module && (opt->grid || opt->steer))
		return refuse(why, "--grid and --steer need the module");
	if ((opt->grid_html || opt->grid_k) && !opt->grid)
		return refuse(why, "--grid-html and --grid-k need --grid");
	for (; optind < argc; optind++) {
		if (add_scenario(opt, argv[optind], why))
			return OPTIONS_BAD;
	}
	add_defaults(opt);
	return OPTIONS_OK;
}
