// SPDX-License-Identifier: GPL-2.0
/*
 * A merged report as a submission to KCIDB, schema version 5
 *
 * A test "thprace" for each kernel, and below it one for each scenario. Ids follow from the
 * runs that are in it, so that the same report can be sent twice.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "json_value.h"
#include "kcidb.h"
#include "runid.h"
#include "write_file.h"

#define MAX_EXCERPT	16000		/* the schema allows 16384 characters */

struct submission {
	const struct merge *m;
	const struct kcidb_names *names;
	json_t *checkouts, *builds, *tests;
};

static const char *text_of(const json_t *obj, const char *key)
{
	const char *text = json_string_value(json_object_get(obj, key));

	return text ? text : "";
}

/**
 * kcidb_is_origin() - may somebody who submits be called so?
 * @text: name
 * @len: of @text
 */
bool kcidb_is_origin(const char *text, size_t len)
{
	return len && strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_") >= len;
}

/* A part of a path: no dot, nothing odd. */
static json_t *path_of(const char *name)
{
	char part[128], *at;

	copy_word(part, sizeof(part), name);
	for (at = part; *at; at++) {
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-",
			    *at))
			*at = '_';
	}
	return json_sprintf("thprace.%s", part[0] ? part : "_");
}

static json_t *build_id(const struct submission *s, const json_t *kernel)
{
	return s->names->build ? json_string(s->names->build) :
		json_sprintf("%s:%s", s->names->origin, text_of(kernel, "kernel"));
}

/* @scenario is NULL of all together, here and below. */
static json_t *test_id(const struct submission *s, const json_t *kernel, const char *scenario)
{
	u64 hash = text_hash(text_of(kernel, "run"), text_hash(text_of(kernel, "kernel"), 0));

	if (scenario)
		hash = text_hash(scenario, text_hash("\n", hash));
	return json_sprintf("%s:thprace-%016llx", s->names->origin, hash);
}

static void put_excerpt(FILE *out, const struct merge *m, const json_t *kernel,
			const char *scenario)
{
	const json_t *list = json_object_get(m->root, "violations");
	size_t i;

	for (i = 0; i < json_array_size(list); i++) {
		const json_t *v = json_array_get(list, i);

		if (strcmp(text_of(v, "kernel"), text_of(kernel, "kernel")) ||
		    (scenario && strcmp(text_of(v, "scenario"), scenario)))
			continue;
		fprintf(out, "VIOLATION %s in %s after %.3f s: want %s got %s: %s\nreplay: %s\n",
			text_of(v, "check"), text_of(v, "scenario"),
			json_number_value(json_object_get(v, "time_s")), text_of(v, "want"),
			text_of(v, "got"), text_of(v, "detail"), text_of(v, "replay"));
	}
}

/* Whole characters only. */
static void cut(char *text, size_t max)
{
	size_t len = strlen(text);

	if (len <= max)
		return;
	while (max && ((u8)text[max] & 0xc0) == 0x80)
		max--;
	text[max] = '\0';
}

static void add_excerpt(const struct submission *s, json_t *test, const json_t *kernel,
			const char *scenario)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return;
	put_excerpt(out, s->m, kernel, scenario);
	if (!fclose(out) && text[0]) {
		cut(text, MAX_EXCERPT);
		json_object_set_new(test, "log_excerpt", json_string(text));
	}
	free(text);
}

static const char *const misc_keys[] = {
	"outcome", "runs", "rounds", "overlaps", "splits", "forced", "met", "violations",
	"first_violation_s",
};

static json_t *misc_of(const json_t *kernel, const json_t *obj)
{
	json_t *misc = json_pack("{s:O}", "kernel", json_object_get(kernel, "kernel")), *val;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(misc_keys); i++) {
		val = json_object_get(obj, misc_keys[i]);
		if (val && !json_is_null(val))
			json_object_set(misc, misc_keys[i], val);
	}
	return misc;
}

static void add_test(const struct submission *s, const json_t *kernel, const json_t *obj,
		     const char *scenario)
{
	enum outcome o = outcome_by_name(text_of(obj, "outcome"));
	const char *why = text_of(obj, "why"), *started = text_of(kernel, "started");
	json_t *test;

	if (o == NR_OUTCOMES)
		o = OUTCOME_ERROR;
	test = json_pack("{s:o, s:o, s:s, s:o, s:s, s:o}",
			 "build_id", build_id(s, kernel),
			 "id", test_id(s, kernel, scenario),
			 "origin", s->names->origin,
			 "path", scenario ? path_of(scenario) : json_string("thprace"),
			 "status", outcomes[o].kcidb,
			 "misc", misc_of(kernel, obj));
	json_object_set_new(test, "comment", json_sprintf("%s%s%s", outcomes[o].name,
							  why[0] ? ": " : "", why));
	json_object_set_new(test, "duration",
			    json_real(json_number_value(json_object_get(obj, "duration_s"))));
	/* Scenarios begin later than their run, and when is not kept. */
	if (started[0] && !scenario)
		json_object_set_new(test, "start_time", json_string(started));
	if (o == OUTCOME_FAIL)
		add_excerpt(s, test, kernel, scenario);
	json_array_append_new(s->tests, test);
}

/* A kernel as it was found: nobody says what it was built of. */
static void add_build(const struct submission *s, const json_t *kernel)
{
	json_t *id = build_id(s, kernel);

	json_array_append_new(s->checkouts, json_pack("{s:O, s:s, s:o}", "id", id,
						      "origin", s->names->origin, "comment",
						      json_sprintf("source of Linux %s",
								   text_of(kernel, "kernel"))));
	json_array_append_new(s->builds, json_pack("{s:O, s:o, s:s, s:o}", "checkout_id", id,
						   "id", id, "origin", s->names->origin, "comment",
						   json_sprintf("Linux %s",
								text_of(kernel, "kernel"))));
}

static void add_kernel(const struct submission *s, const json_t *kernel)
{
	const json_t *list = json_object_get(kernel, "scenarios");
	size_t i;

	if (!s->names->build)
		add_build(s, kernel);
	add_test(s, kernel, kernel, NULL);
	for (i = 0; i < json_array_size(list); i++) {
		const json_t *sc = json_array_get(list, i);

		add_test(s, kernel, sc, text_of(sc, "name"));
	}
}

static bool has_build(const struct submission *s, const json_t *task)
{
	json_t *id = build_id(s, task);
	size_t i;

	for (i = 0; i < json_array_size(s->builds); i++) {
		if (json_equal(json_object_get(json_array_get(s->builds, i), "id"), id))
			break;
	}
	json_decref(id);
	return i < json_array_size(s->builds);
}

/* What has no report ran on no known build: a kernel by the name of the manifest. */
static void add_task(const struct submission *s, const json_t *task)
{
	json_t *kernel = json_pack("{s:s, s:s}", "kernel", text_of(task, "kernel"), "run",
				   text_of(task, "manifest"));
	json_t *path = json_sprintf("task %s", text_of(task, "id")), *test;

	add_test(s, kernel, task, json_string_value(path));
	test = json_array_get(s->tests, json_array_size(s->tests) - 1);
	json_object_set_new(test, "path", json_string("thprace.task"));
	if (!s->names->build && !has_build(s, kernel))
		add_build(s, kernel);
	json_decref(path);
	json_decref(kernel);
}

static void add_tasks(const struct submission *s)
{
	const json_t *tasks = json_object_get(s->m->root, "tasks");
	size_t i;

	for (i = 0; i < json_array_size(tasks); i++) {
		const json_t *task = json_array_get(tasks, i);

		if (json_is_null(json_object_get(task, "run")))
			add_task(s, task);
	}
}

static int write_kcidb(FILE *out, const void *data)
{
	const struct submission *s = data;
	json_t *root = json_pack("{s:{s:i, s:i}, s:O}", "version", "major", 5, "minor", 0,
				 "tests", s->tests);
	int err;

	if (!s->names->build) {
		json_object_set(root, "checkouts", s->checkouts);
		json_object_set(root, "builds", s->builds);
	}
	err = json_dumpf(root, out, JSON_INDENT(1)) ? -EIO : 0;
	fputc('\n', out);
	json_decref(root);
	return err;
}

/**
 * merge_kcidb() - write the report for KCIDB
 * @m: merge with its sum
 * @names: of who submits, and of what was tested
 * @path: file, or "-" for standard output
 */
int merge_kcidb(const struct merge *m, const struct kcidb_names *names, const char *path)
{
	struct submission s = { .m = m, .names = names, .checkouts = json_array(),
				.builds = json_array(), .tests = json_array() };
	const json_t *kernels = json_object_get(m->root, "kernels");
	int err;
	size_t i;

	for (i = 0; i < json_array_size(kernels); i++)
		add_kernel(&s, json_array_get(kernels, i));
	add_tasks(&s);
	err = write_file(path, write_kcidb, &s);
	if (err)
		set_error("cannot write the KCIDB report to %.200s", path);
	json_decref(s.checkouts);
	json_decref(s.builds);
	json_decref(s.tests);
	return err;
}
