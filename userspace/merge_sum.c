// SPDX-License-Identifier: GPL-2.0
/*
 * All runs together, as one report
 *
 * Runs are added in an order that does not depend on how they were read, so that the same
 * runs always make the same report.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "json_value.h"
#include "merge_kernel.h"

#define FEW_TASKS	5

static int compare_runs(const void *va, const void *vb)
{
	const struct merge_run *a = va, *b = vb;
	int diff = strcmp(a->kernel, b->kernel);

	if (!diff)
		diff = strcmp(a->task, b->task);
	if (!diff)
		diff = strcmp(a->started, b->started);
	return diff ? diff : strcmp(a->id, b->id);
}

/* What a report has of the one run that it is of: here of the first one. */
static const char *const first_keys[] = { "module", "config", "machine", "seed", "options" };

static void take_first(json_t *root, const json_t *run)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(first_keys); i++) {
		json_t *val = json_object_get(run, first_keys[i]);

		if (!json_object_get(root, first_keys[i]))
			json_object_set(root, first_keys[i], val ? val : json_null());
	}
}

static void take_lists(json_t *root, const json_t *run)
{
	json_t *notes = json_object_get(root, "not_put_back");
	const json_t *more = json_object_get(run, "not_put_back");
	json_t *log = json_object_get(run, "kernel_log");
	size_t i, j;

	if (json_array_size(log) && !json_array_size(json_object_get(root, "kernel_log")))
		json_object_set(root, "kernel_log", log);
	for (i = 0; i < json_array_size(more); i++) {
		json_t *line = json_array_get(more, i);

		for (j = 0; j < json_array_size(notes); j++) {
			if (json_equal(json_array_get(notes, j), line))
				break;
		}
		if (j == json_array_size(notes))
			json_array_append(notes, line);
	}
}

/* Kernel by kernel; what is on one comes one after the other. */
static int add_runs(struct merge *m, json_t *kernels, struct merge_kernel *all)
{
	struct merge_kernel k = { 0 };
	json_t *obj;
	size_t i;

	for (i = 0; i < m->nr_runs; i++) {
		const struct merge_run *run = &m->runs[i];

		if (!i || run->kernel != run[-1].kernel)
			merge_kernel_init(&k);
		obj = json_loads(run->text, 0, NULL);
		if (obj) {
			merge_kernel_add(&k, run, obj);
			merge_kernel_add(all, run, obj);
			take_first(m->root, obj);
			take_lists(m->root, obj);
			json_decref(obj);
		}
		if (i + 1 == m->nr_runs || run->kernel != run[1].kernel) {
			json_array_append_new(kernels, merge_kernel_json(&k, run->kernel));
			merge_kernel_free(&k);
		}
		if (!obj)
			return -ENOMEM;
	}
	return 0;
}

/* Back to the form that the report of a run has. */
static json_t *scenario_json(json_t *row)
{
	enum outcome out = outcome_by_name(json_string_value(json_object_get(row, "outcome")));
	json_t *sc = json_copy(row), *why = json_object_get(row, "why");
	const char *verdict;

	if (out == NR_OUTCOMES)
		out = OUTCOME_ERROR;
	verdict = outcomes[out].scenario;
	if (!json_string_length(why))
		why = out == OUTCOME_PASS ? json_null() : json_string(outcomes[out].name);
	else
		json_incref(why);
	json_object_del(sc, "outcome");
	json_object_set_new(sc, "begun", json_boolean(out != OUTCOME_SKIP &&
						      out != OUTCOME_NOT_BEGUN));
	json_object_set_new(sc, "verdict", json_string(verdict));
	json_object_set(sc, "skipped", out == OUTCOME_SKIP ? why : json_null());
	json_object_set(sc, "why", out == OUTCOME_SKIP ? json_null() : why);
	json_object_set_new(sc, "time_s", json_object());
	json_object_set_new(sc, "spread_us", json_null());
	json_object_set_new(sc, "closest_us", json_null());
	json_decref(why);
	return sc;
}

/* How many scenarios came to what. */
static const char *const came_to[] = { "pass", "fail", "inconclusive", "aborted", "skipped" };

static void scenarios_json(json_t *root, const json_t *rows, json_t *totals)
{
	json_t *list = json_array(), *row, *sc;
	json_int_t nr[ARRAY_SIZE(came_to)] = { 0 }, not_begun = 0;
	const char *name, *verdict;
	unsigned int i;

	json_object_foreach((json_t *)rows, name, row) {
		sc = scenario_json(row);
		verdict = json_string_value(json_object_get(sc, "verdict"));
		for (i = 0; i < ARRAY_SIZE(came_to); i++)
			nr[i] += !strcmp(came_to[i], verdict);
		not_begun += !json_is_true(json_object_get(sc, "begun")) &&
			strcmp(verdict, "skipped");
		json_array_append_new(list, sc);
	}
	for (i = 0; i < ARRAY_SIZE(came_to); i++)
		json_object_set_new(totals, came_to[i], json_integer(nr[i]));
	json_object_set_new(totals, "not_begun", json_integer(not_begun));
	json_object_set_new(root, "scenarios", list);
}

static json_t *kernel_names(const struct merge *m, const json_t *kernels)
{
	json_t *seen = json_object(), *text = json_string(""), *more, *task;
	const char *name;
	size_t i;

	for (i = 0; i < json_array_size(kernels); i++)
		json_object_set(seen, json_string_value(json_object_get(json_array_get(kernels, i),
									"kernel")), json_null());
	/* Without a run there are only those that were to be. */
	json_object_foreach(m->tasks, name, task) {
		const char *kernel = json_string_value(json_object_get(task, "kernel"));

		if (!json_array_size(kernels) && kernel)
			json_object_set(seen, kernel, json_null());
	}
	json_object_foreach(seen, name, task) {
		more = json_sprintf("%s%s%s", json_string_value(text),
				    json_string_length(text) ? ", " : "", name);
		json_decref(text);
		text = more;
	}
	json_decref(seen);
	return text;
}

static json_t *why_of_runs(const struct merge *m, const struct merge_kernel *all)
{
	const char *why = json_string_value(all->why), *kernel = "";
	size_t i;

	for (i = m->nr_runs; i-- > 0;) {
		if (m->runs[i].outcome == m->outcome)
			kernel = m->runs[i].kernel;
	}
	if (all->nr_runs == 1)
		return json_sprintf("%s: %s", kernel, why ? why : outcomes[m->outcome].name);
	return json_sprintf("%s: %s; %zu of %zu runs", kernel,
			    why ? why : outcomes[m->outcome].name, all->nr[m->outcome],
			    all->nr_runs);
}

static json_t *why_of_tasks(const struct merge *m, const json_t *tasks)
{
	json_t *text = json_string(""), *more;
	size_t i, nr = 0;

	for (i = 0; i < json_array_size(tasks); i++) {
		const json_t *task = json_array_get(tasks, i);
		const char *out = json_string_value(json_object_get(task, "outcome"));

		if (outcome_by_name(out) != m->outcome || nr++ >= FEW_TASKS)
			continue;
		more = json_sprintf("%s%s%s", json_string_value(text), nr > 1 ? ", " : "",
				    json_string_value(json_object_get(task, "id")));
		json_decref(text);
		text = more;
	}
	more = json_sprintf("%zu of %zu tasks %s: %s%s", nr, json_array_size(tasks),
			    outcomes[m->outcome].name, json_string_value(text),
			    nr > FEW_TASKS ? "..." : "");
	json_decref(text);
	return more;
}

static json_t *judge(struct merge *m, const struct merge_kernel *all, const json_t *tasks)
{
	enum outcome of_tasks = NR_OUTCOMES;
	size_t i;

	for (i = 0; i < json_array_size(tasks); i++) {
		const json_t *out = json_object_get(json_array_get(tasks, i), "outcome");

		of_tasks = outcome_worse(of_tasks, outcome_by_name(json_string_value(out)));
	}
	m->outcome = outcome_worse(all->outcome, of_tasks);
	if (m->outcome == OUTCOME_PASS)
		return json_null();
	return m->outcome == all->outcome ? why_of_runs(m, all) : why_of_tasks(m, tasks);
}

static json_t *all_complete(const struct merge *m)
{
	size_t i;

	for (i = 0; i < m->nr_runs && m->runs[i].complete; i++)
		;
	return json_boolean(i == m->nr_runs && m->outcome != OUTCOME_LOST);
}

/* The one kernel that has a grid; several are side by side in "kernels" only. */
static json_t *only_grid(const json_t *kernels)
{
	json_t *grid = NULL, *at;
	size_t i, nr = 0;

	for (i = 0; i < json_array_size(kernels); i++) {
		at = json_object_get(json_array_get(kernels, i), "grid");
		if (json_array_size(json_object_get(at, "cells"))) {
			grid = at;
			nr++;
		}
	}
	return nr == 1 ? json_incref(grid) : json_pack("{s:[], s:[], s:[]}", "a", "b", "cells");
}

static void fill_root(struct merge *m, const struct merge_kernel *all, json_t *kernels)
{
	json_t *root = m->root, *totals = json_object(), *tasks = merge_tasks_json(m);
	json_t *why = judge(m, all, tasks);

	json_object_set_new(root, "kernel", kernel_names(m, kernels));
	json_object_set_new(root, "run", merge_kernel_id(all));
	json_object_set_new(root, "started", json_string(all->started));
	json_object_set_new(root, "host", json_null());
	json_object_set_new(root, "verdict", json_string(outcomes[m->outcome].name));
	json_object_set_new(root, "exit_code", json_integer(outcomes[m->outcome].exit));
	json_object_set_new(root, "why", why);
	json_object_set_new(root, "duration_s", json_real(all->duration_s));
	json_object_set_new(root, "first_violation_s", merge_kernel_first(all));
	json_object_set_new(root, "complete", all_complete(m));
	json_object_set_new(totals, "rounds", u64_json(all->sum[SUM_ROUNDS]));
	json_object_set_new(totals, "overlaps", u64_json(all->sum[SUM_OVERLAPS]));
	json_object_set_new(totals, "violations", u64_json(all->sum[SUM_VIOLATIONS]));
	scenarios_json(root, all->rows[TABLE_SCENARIOS], totals);
	json_object_set_new(root, "totals", totals);
	json_object_set_new(root, "ops", merge_rows_json(all->rows[TABLE_OPS]));
	json_object_set_new(root, "checks", merge_rows_json(all->rows[TABLE_CHECKS]));
	json_object_set_new(root, "coverage", merge_cover_json(all->cover));
	json_object_set_new(root, "grid", only_grid(kernels));
	json_object_set_new(root, "storm", json_pack("{s:[]}", "batch"));
	merge_found_json(m, root);
	json_object_set_new(root, "tasks", tasks);
	json_object_set(root, "kernels", kernels);
}

/**
 * merge_sum() - make the report
 * @m: merge with its runs; its root and outcome are filled in
 */
int merge_sum(struct merge *m)
{
	json_t *kernels = json_array();
	struct merge_kernel all;
	json_t *none;
	int err;

	if (!m->nr_runs && !json_object_size(m->tasks)) {
		set_error("no run and no task in these reports");
		json_decref(kernels);
		return -EINVAL;
	}
	if (m->nr_runs)
		qsort(m->runs, m->nr_runs, sizeof(*m->runs), compare_runs);
	m->root = json_pack("{s:s, s:s, s:[], s:[]}", "schema", THPRACE_JSON_SCHEMA,
			    "version", THPRACE_VERSION, "kernel_log", "not_put_back");
	merge_kernel_init(&all);
	err = add_runs(m, kernels, &all);
	if (!err) {
		none = json_object();
		take_first(m->root, none);
		json_decref(none);
		fill_root(m, &all, kernels);
	}
	merge_kernel_free(&all);
	json_decref(kernels);
	if (err)
		set_error("out of memory");
	return err;
}
