// SPDX-License-Identifier: GPL-2.0
/*
 * What there is: scenarios, ops, checks, phases
 */
#include <errno.h>
#include <string.h>

#include <jansson.h>

#include "env.h"
#include "list.h"
#include "options.h"
#include "orders.h"
#include "scenario.h"
#include "tally.h"
#include "util.h"

#define SCENARIOS	"scenarios"

static const char *const lists[] = { SCENARIOS, "ops", "checks", "phases" };

struct listing {
	const char *what;		/* of lists[] */
	bool json;
};

static const struct argp_option list_options[] = {
	{ "json", 'j', NULL, 0, "an array of objects, for other programs", 1 },
	{ }
};

static error_t list_option(int key, char *arg, struct argp_state *state)
{
	struct listing *list = state->input;
	unsigned int i;

	switch (key) {
	case 'j':
		list->json = true;
		return 0;
	case ARGP_KEY_ARG:
		for (i = 0; i < ARRAY_SIZE(lists) && !list->what; i++) {
			if (!strcmp(arg, lists[i])) {
				list->what = lists[i];
				return 0;
			}
		}
		return cmdline_refuse(state, list->what ?
				      "one list at a time: '%.40s' is too much" :
				      "no list '%.40s'; there are: scenarios ops checks phases",
				      arg);
	case ARGP_KEY_END:
		if (list->what)
			return 0;
		return cmdline_refuse(state, "name a list: scenarios, ops, checks or phases");
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp list_argp = {
	.options = list_options,
	.parser = list_option,
	.args_doc = "scenarios|ops|checks|phases",
	.doc = "Lists what there is, and why something cannot run here.",
	.children = cmdline_common,
};

static void print_scenario(const struct scenario *sc, const char *why)
{
	printf("%-14s %s\n", sc->name, sc->summary);
	if (orders_pmd_only(sc))
		printf("%-14s   of PMD size only\n", "");
	if (why)
		printf("%-14s   cannot run here: %s\n", "", why);
	else if (!env.have_module)
		printf("%-14s   only with --no-module: %s\n", "", env.no_module);
}

static json_t *row_json(const char *name, const char *kind, const char *text, bool there,
			const char *why)
{
	return json_pack("{s:s, s:s, s:b, s:o}", "name", name, kind, text, "available", there,
			 "why", why && *why ? json_string(why) : json_null());
}

static int print_json(json_t *rows)
{
	int err = json_dumpf(rows, stdout, JSON_INDENT(1));

	json_decref(rows);
	putchar('\n');
	return err ? THPRACE_EXIT_ERROR : 0;
}

static int list_scenarios(bool json)
{
	const struct options opt = { .no_module = !env.have_module };
	json_t *rows = json_array(), *row;
	unsigned int i;

	for (i = 0; i < nr_scenarios; i++) {
		const struct scenario *sc = scenarios[i];
		const char *why = scenario_why_not(sc, &opt);

		if (!json) {
			print_scenario(sc, why);
			continue;
		}
		if (!why && !env.have_module)
			why = env.no_module;
		row = row_json(sc->name, "op", sc->op, !why, why);
		json_object_set_new(row, "summary", json_string(sc->summary));
		json_object_set_new(row, "orders", json_boolean(!orders_pmd_only(sc)));
		json_array_append_new(rows, row);
	}
	if (json)
		return print_json(rows);
	json_decref(rows);
	return 0;
}

static int list_of_module(const char *what, bool json)
{
	char path[64], text[LIST_MAX], *at = text;
	json_t *rows;
	struct list_row row;

	snprintf(path, sizeof(path), THPRACE_DEBUGFS "/%s", what);
	if (!env.have_module || read_text(path, text, sizeof(text)) < 0) {
		fprintf(stderr, "thprace: skipped: %s\n", env.no_module);
		return THPRACE_EXIT_SKIP;
	}
	if (!json) {
		fputs(text, stdout);
		return 0;
	}
	rows = json_array();
	while (list_next(&at, &row))
		json_array_append_new(rows, row_json(row.name, "kind", row.kind, row.there,
						     row.why));
	return print_json(rows);
}

/**
 * cmd_list() - "thprace list"
 * @argc: of @argv
 * @argv: the command and its words
 *
 * Returns an exit code.
 */
int cmd_list(int argc, char **argv)
{
	struct listing list = { 0 };
	int code = cmdline_parse(&list_argp, "thprace list", argc, argv, &list);

	if (code != CMDLINE_GO)
		return code;
	if (!strcmp(list.what, SCENARIOS))
		return list_scenarios(list.json);
	return list_of_module(list.what, list.json);
}
