// SPDX-License-Identifier: GPL-2.0
/*
 * A report of a run, without what only its reader wants
 *
 * Times of single rounds, storms and the blocks of causes stay behind; what is found is kept
 * elsewhere (merge_found.c).
 */
#include <stdlib.h>
#include <string.h>

#include "json_value.h"
#include "merge.h"
#include "runid.h"
#include "tally.h"

#define HAS(type)	(1U << (type))
#define NUMBER		(HAS(JSON_INTEGER) | HAS(JSON_REAL))
#define COUNT		(HAS(JSON_INTEGER) | HAS(JSON_STRING))
#define TEXT		(HAS(JSON_STRING) | HAS(JSON_NULL))
#define BOOLEAN		(HAS(JSON_TRUE) | HAS(JSON_FALSE))

struct need {
	const char *key;
	unsigned int types;		/* HAS() */
};

/* What is used of a run's report; what is not there is none. */
static const struct need report_needs[] = {
	{ "kernel", HAS(JSON_STRING) },
	{ "verdict", HAS(JSON_STRING) },
	{ "why", TEXT },
	{ "seed", COUNT },
	{ "duration_s", NUMBER },
	{ "complete", BOOLEAN },
	{ "options", HAS(JSON_OBJECT) },
	{ "totals", HAS(JSON_OBJECT) },
	{ "scenarios", HAS(JSON_ARRAY) },
	{ "ops", HAS(JSON_ARRAY) },
	{ "checks", HAS(JSON_ARRAY) },
	{ "violations", HAS(JSON_ARRAY) },
	{ "causes", HAS(JSON_ARRAY) },
	{ "grid", HAS(JSON_OBJECT) },
	{ }
};

static const struct need violation_needs[] = {
	{ "check", HAS(JSON_STRING) },
	{ "scenario", HAS(JSON_STRING) },
	{ "time_s", NUMBER },
	{ "cause", HAS(JSON_INTEGER) },
	{ "cell", TEXT },
	{ }
};

static const struct need run_needs[] = {
	{ "run", HAS(JSON_STRING) },
	{ "kernel", HAS(JSON_STRING) },
	{ "outcome", HAS(JSON_STRING) },
	{ "duration_s", NUMBER },
	{ "complete", BOOLEAN },
	{ "totals", HAS(JSON_OBJECT) },
	{ "scenarios", HAS(JSON_ARRAY) },
	{ "ops", HAS(JSON_ARRAY) },
	{ "checks", HAS(JSON_ARRAY) },
	{ }
};

static const char *lacks(const json_t *obj, const struct need *need)
{
	if (!json_is_object(obj))
		return "an object";
	for (; need->key; need++) {
		const json_t *val = json_object_get(obj, need->key);

		if (!val || !(HAS(json_typeof(val)) & need->types))
			return need->key;
	}
	return NULL;
}

static const char *each_lacks(const json_t *list, const struct need *needs)
{
	const char *bad = NULL;
	size_t i;

	for (i = 0; i < json_array_size(list) && !bad; i++)
		bad = lacks(json_array_get(list, i), needs);
	return bad;
}

/* 2026-11-28T04:36:37Z, or it is none. */
static bool is_time(const json_t *val)
{
	static const char form[] = "0000-00-00T00:00:00Z";
	const char *text = json_string_value(val);
	unsigned int i;

	if (!text || strlen(text) != strlen(form))
		return false;
	for (i = 0; form[i]; i++) {
		if (form[i] == '0' ? text[i] < '0' || text[i] > '9' : text[i] != form[i])
			return false;
	}
	return true;
}

/* Rows of a merged run: a name first. */
static const char *rows_lack(const json_t *run)
{
	const json_t *started = json_object_get(run, "started");
	unsigned int i;
	size_t j;

	if (started && !is_time(started))
		return "started";
	for (i = 0; i < NR_TABLES; i++) {
		const json_t *rows = json_object_get(run, merge_tables[i].key);

		for (j = 0; j < json_array_size(rows); j++) {
			if (!json_is_string(json_array_get(json_array_get(rows, j), 0)))
				return merge_tables[i].key;
		}
	}
	return outcome_by_name(json_string_value(json_object_get(run, "outcome"))) == NR_OUTCOMES ?
		"outcome" : NULL;
}

static const char *named_lack(const json_t *root)
{
	static const struct need name[] = { { "name", HAS(JSON_STRING) }, { } };
	const char *bad = NULL;
	unsigned int i;

	for (i = 0; i < NR_TABLES && !bad; i++)
		bad = each_lacks(json_object_get(root, merge_tables[i].key), name);
	return bad;
}

/**
 * merge_why_bad() - what a report lacks, or has in a form that it never has
 * @root: of a run, or merged
 *
 * Returns NULL, or a key.
 */
const char *merge_why_bad(const json_t *root)
{
	const char *schema = json_string_value(json_object_get(root, "schema"));
	const json_t *runs = json_object_get(root, "runs");
	const char *bad;
	size_t i;

	if (!schema || strcmp(schema, THPRACE_JSON_SCHEMA))
		return "schema";
	bad = each_lacks(json_object_get(root, "violations"), violation_needs);
	if (bad)
		return bad;
	if (!runs) {
		bad = lacks(root, report_needs);
		return bad ? bad : named_lack(root);
	}
	if (!json_is_array(runs))
		return "runs";
	bad = each_lacks(runs, run_needs);
	for (i = 0; i < json_array_size(runs) && !bad; i++)
		bad = rows_lack(json_array_get(runs, i));
	return bad;
}

static bool text_ends(const char *text, const char *end)
{
	size_t len = text ? strlen(text) : 0, n = strlen(end);

	return len >= n && !strcmp(text + len - n, end);
}

static u64 get_count(const json_t *obj, const char *key)
{
	return count_value(json_object_get(obj, key));
}

/* Reports of before have no exit code: an interruption shows in the reason only. */
static enum outcome aborted_outcome(const json_t *root)
{
	const json_t *code = json_object_get(root, "exit_code");

	if (!json_is_true(json_object_get(root, "complete")))
		return OUTCOME_LOST;
	if (json_is_integer(code))
		return json_integer_value(code) == THPRACE_EXIT_INCONCLUSIVE ?
			OUTCOME_INCONCLUSIVE : OUTCOME_ERROR;
	return text_ends(json_string_value(json_object_get(root, "why")), "interrupted") ?
		OUTCOME_INCONCLUSIVE : OUTCOME_ERROR;
}

static bool all_skipped(const json_t *root)
{
	size_t nr = json_array_size(json_object_get(root, "scenarios"));

	return nr && get_count(json_object_get(root, "totals"), "skipped") == nr;
}

static enum outcome run_outcome(const json_t *root)
{
	const char *verdict = json_string_value(json_object_get(root, "verdict"));

	if (!strcmp(verdict, verdict_names[THPRACE_FAIL]))
		return OUTCOME_FAIL;
	if (!strcmp(verdict, verdict_names[THPRACE_ABORTED]))
		return aborted_outcome(root);
	if (!json_is_true(json_object_get(root, "complete")))
		return OUTCOME_LOST;
	if (!strcmp(verdict, verdict_names[THPRACE_PASS]))
		return OUTCOME_PASS;
	return all_skipped(root) ? OUTCOME_SKIP : OUTCOME_INCONCLUSIVE;
}

static enum outcome scenario_outcome(const json_t *sc, enum outcome run)
{
	const char *verdict = json_string_value(json_object_get(sc, "verdict"));

	if (!verdict)
		return OUTCOME_ERROR;
	if (!strcmp(verdict, "skipped"))
		return OUTCOME_SKIP;
	if (strcmp(verdict, verdict_names[THPRACE_ABORTED]))
		return outcome_by_name(verdict) == NR_OUTCOMES ? OUTCOME_ERROR :
			outcome_by_name(verdict);
	if (!json_is_true(json_object_get(sc, "begun")))
		return OUTCOME_NOT_BEGUN;
	return run == OUTCOME_LOST || run == OUTCOME_INCONCLUSIVE ? run : OUTCOME_ERROR;
}

static json_t *scenario_rows(const json_t *list, enum outcome run)
{
	json_t *rows = json_array(), *row, *why;
	size_t i;

	for (i = 0; i < json_array_size(list); i++) {
		json_t *sc = json_array_get(list, i);
		enum outcome out = scenario_outcome(sc, run);

		row = merge_row(&merge_tables[TABLE_SCENARIOS], sc);
		json_array_set_new(row, 1, json_string(outcomes[out].name));
		why = json_object_get(sc, out == OUTCOME_SKIP ? "skipped" : "why");
		json_array_set(row, 2, why ? why : json_null());
		json_array_append_new(rows, row);
	}
	return rows;
}

static json_t *plain_rows(const struct table *t, const json_t *list)
{
	json_t *rows = json_array();
	size_t i;

	for (i = 0; i < json_array_size(list); i++)
		json_array_append_new(rows, merge_row(t, json_array_get(list, i)));
	return rows;
}

static const char *const kept_keys[] = {
	"started", "host", "kernel", "version", "module", "config", "machine", "seed", "options",
	"verdict", "why", "duration_s", "first_violation_s", "complete", "totals",
};

/* Empty in nearly all runs. */
static const char *const kept_lists[] = { "not_put_back", "kernel_log" };

static void keep(json_t *slim, const json_t *root)
{
	unsigned int i;
	json_t *val;

	for (i = 0; i < ARRAY_SIZE(kept_keys); i++) {
		val = json_object_get(root, kept_keys[i]);
		if (val && (strcmp(kept_keys[i], "started") || is_time(val)))
			json_object_set(slim, kept_keys[i], val);
	}
	for (i = 0; i < ARRAY_SIZE(kept_lists); i++) {
		val = json_object_get(root, kept_lists[i]);
		if (json_array_size(val))
			json_object_set(slim, kept_lists[i], val);
	}
	val = json_object_get(root, "grid");
	if (json_array_size(json_object_get(val, "cells")))
		json_object_set(slim, "grid", val);
}

/**
 * merge_slim() - what a merged report keeps of a run
 * @root: its report, that is not bad
 */
json_t *merge_slim(const json_t *root)
{
	enum outcome out = run_outcome(root);
	json_t *slim = json_object(), *id = json_object_get(root, "run");
	json_t *cover = json_object_get(root, "coverage");

	if (json_is_string(id))
		json_object_set(slim, "run", id);
	else
		json_object_set_new(slim, "run", runid_of_content(root));
	json_object_set_new(slim, "outcome", json_string(outcomes[out].name));
	keep(slim, root);
	json_object_set_new(slim, "scenarios",
			    scenario_rows(json_object_get(root, "scenarios"), out));
	json_object_set_new(slim, "ops", plain_rows(&merge_tables[TABLE_OPS],
						    json_object_get(root, "ops")));
	json_object_set_new(slim, "checks", plain_rows(&merge_tables[TABLE_CHECKS],
						       json_object_get(root, "checks")));
	if (json_is_object(cover))
		json_object_set_new(slim, "coverage", merge_cover_slim(cover));
	return slim;
}
