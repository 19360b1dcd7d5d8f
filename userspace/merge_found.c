// SPDX-License-Identifier: GPL-2.0
/*
 * The first violation of each check, scenario, cell and kernel
 *
 * First by the time since the start of its run; of two at the same time always the same one.
 * So it does not matter what is merged first, or how often.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "json_value.h"
#include "merge.h"

#define CAUSE	"_cause"		/* of a violation that is kept here: its cause */

static const char *text_of(const json_t *obj, const char *key)
{
	const char *text = json_string_value(json_object_get(obj, key));

	return text ? text : "";
}

static json_t *cause_of(const json_t *root, const json_t *violation)
{
	const json_t *causes = json_object_get(root, "causes");
	json_int_t nr = json_integer_value(json_object_get(violation, "cause"));
	size_t i;

	/* In its place, as a rule. */
	if (nr > 0 && json_integer_value(json_object_get(json_array_get(causes, nr - 1),
							 "cause")) == nr)
		return json_array_get(causes, nr - 1);
	for (i = 0; i < json_array_size(causes); i++) {
		json_t *cause = json_array_get(causes, i);

		if (json_integer_value(json_object_get(cause, "cause")) == nr)
			return cause;
	}
	return NULL;
}

/* What is found stands above what was put in. */
static int compare(const json_t *a, const json_t *b)
{
	bool ca = json_is_true(json_object_get(a, "control"));
	bool cb = json_is_true(json_object_get(b, "control"));
	double ta = json_number_value(json_object_get(a, "time_s"));
	double tb = json_number_value(json_object_get(b, "time_s"));
	const json_t *da, *db;
	char *ja, *jb;
	int diff;

	if (ca != cb)
		return ca ? 1 : -1;
	if (ta != tb)
		return ta < tb ? -1 : 1;
	diff = strcmp(text_of(a, "run"), text_of(b, "run"));
	if (diff)
		return diff;
	/* Of one run: with what was found out of it, which came later. */
	da = json_object_get(json_object_get(a, CAUSE), "triage");
	db = json_object_get(json_object_get(b, CAUSE), "triage");
	if (json_is_object(da) != json_is_object(db))
		return json_is_object(da) ? -1 : 1;
	ja = json_dumps(a, JSON_COMPACT | JSON_SORT_KEYS);
	jb = json_dumps(b, JSON_COMPACT | JSON_SORT_KEYS);
	diff = strcmp(ja ? ja : "", jb ? jb : "");
	free(ja);
	free(jb);
	return diff;
}

static json_t *replay_of(const json_t *run, const json_t *violation, const json_t *cause)
{
	json_t *command = json_object_get(json_object_get(cause, "triage"), "command"), *val;
	char *text;

	if (json_is_string(command))
		return json_incref(command);
	text = merge_replay(json_object_get(run, "options"), json_object_get(run, "seed"),
			    text_of(violation, "scenario"));
	val = text ? json_string(text) : json_null();
	free(text);
	return val ? val : json_null();
}

/* A violation, with what says where it comes from; @run is NULL of a merged report. */
static json_t *candidate(const json_t *root, const json_t *run, const json_t *from)
{
	json_t *cause = json_copy(cause_of(root, from)), *v = json_copy((json_t *)from);

	if (!cause)
		cause = json_object();
	if (run) {
		json_object_set(cause, "run", json_object_get(run, "run"));
		json_object_set(cause, "run_cause", json_object_get(from, "cause"));
		json_object_set(v, "run", json_object_get(run, "run"));
		json_object_set(v, "kernel", json_object_get(run, "kernel"));
		json_object_set(v, "seed", json_object_get(run, "seed"));
		json_object_set_new(v, "replay", replay_of(run, from, cause));
	}
	/* A number that means something in this file only. */
	json_object_set_new(cause, "cause", json_integer(0));
	json_object_set_new(v, "cause", json_integer(0));
	json_object_set_new(v, CAUSE, cause);
	return v;
}

static json_t *key_of(const json_t *v)
{
	return json_sprintf("%s\n%s\n%s\n%s", text_of(v, "check"), text_of(v, "scenario"),
			    text_of(v, "cell"), text_of(v, "kernel"));
}

/**
 * merge_found() - take the violations of a report in
 * @m: merge
 * @root: the report
 * @run: what is kept of its run, NULL of a merged report
 */
int merge_found(struct merge *m, const json_t *root, const json_t *run)
{
	const json_t *list = json_object_get(root, "violations");
	size_t i;

	for (i = 0; i < json_array_size(list); i++) {
		json_t *v = candidate(root, run, json_array_get(list, i));
		json_t *key = key_of(v), *was;

		if (!v || !key)
			return -ENOMEM;
		was = json_object_get(m->found, json_string_value(key));
		if (!was || compare(v, was) < 0)
			json_object_set(m->found, json_string_value(key), v);
		json_decref(key);
		json_decref(v);
	}
	return 0;
}

static int compare_at(const void *a, const void *b)
{
	return compare(*(json_t *const *)a, *(json_t *const *)b);
}

/* Those of one cause of one run have one number. */
static json_int_t number_cause(json_t *numbers, json_t *causes, const json_t *cause)
{
	json_t *key = json_sprintf("%s\n%lld", text_of(cause, "run"),
				   (long long)json_integer_value(json_object_get(cause,
										 "run_cause")));
	json_t *nr = json_object_get(numbers, json_string_value(key)), *copy;

	if (!nr) {
		copy = json_copy((json_t *)cause);
		nr = json_integer((json_int_t)json_array_size(causes) + 1);
		json_object_set_new(numbers, json_string_value(key), nr);
		json_object_set(copy, "cause", nr);
		json_array_append_new(causes, copy);
	}
	json_decref(key);
	return json_integer_value(nr);
}

/**
 * merge_found_json() - violations and causes of the merged report
 * @m: merge
 * @root: where to
 */
void merge_found_json(const struct merge *m, json_t *root)
{
	json_t *violations = json_array(), *causes = json_array(), *numbers = json_object();
	json_t **list = calloc(json_object_size(m->found) + 1, sizeof(*list)), *v;
	const char *key;
	size_t nr = 0, i;

	json_object_foreach(m->found, key, v) {
		if (list)
			list[nr++] = v;
	}
	if (list)
		qsort(list, nr, sizeof(*list), compare_at);
	for (i = 0; i < nr; i++) {
		json_int_t cause = number_cause(numbers, causes, json_object_get(list[i], CAUSE));

		v = json_copy(list[i]);
		json_object_del(v, CAUSE);
		json_object_set_new(v, "cause", json_integer(cause));
		json_array_append_new(violations, v);
	}
	free(list);
	json_decref(numbers);
	json_object_set_new(root, "violations", violations);
	json_object_set_new(root, "causes", causes);
}
