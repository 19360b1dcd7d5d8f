// SPDX-License-Identifier: GPL-2.0
/*
 * Many reports become one
 */
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#include "fixture.h"
#include "json.h"
#include "merge_cmd.h"
#include "test.h"

REAL_READ_TEXT

static char dir[64];

static const char *in(const char *name)
{
	static char path[8][128];
	static unsigned int next;
	char *at = path[next++ % 8];

	snprintf(at, sizeof(path[0]), "%s/%s", dir, name);
	return at;
}

static int setup(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/thprace-merge-XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int teardown(void **state)
{
	char command[96];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

/* A report that passed, to be changed. */
static json_t *report(const char *id, const char *kernel)
{
	json_t *root;
	json_error_t error;

	assert_int_equal(fixture_setup(NULL), 0);
	fix.rep->ended = true;
	report_judge(fix.rep);
	assert_int_equal(report_json(fix.rep, in("one")), 0);
	fixture_teardown(NULL);
	root = json_load_file(in("one"), 0, &error);
	assert_non_null(root);
	json_object_set_new(root, "run", json_string(id));
	json_object_set_new(root, "kernel", json_string(kernel));
	return root;
}

static json_t *violated(json_t *root, const char *check, const char *scenario, double time_s)
{
	json_t *v = json_pack("{s:i, s:b, s:s, s:s, s:i, s:f, s:s, s:s, s:s, s:s, s:[], s:n, s:s}",
			      "cause", 1, "control", 0, "check", check, "scenario", scenario,
			      "round", 3, "time_s", time_s, "addr", "0x1", "pfn", "0x2",
			      "want", "1", "got", "2", "ops", "cell", "detail", "some");
	json_t *cause = json_pack("{s:i, s:n, s:s, s:i, s:b, s:[{s:s,s:i,s:s,s:s,s:s}], s:[], s:n}",
				  "cause", 1, "serial", "scenario", scenario, "round", 3,
				  "control", 0, "checks", "check", check, "count", 1, "want", "1",
				  "got", "2", "detail", "some", "block", "triage");

	json_array_append_new(json_object_get(root, "violations"), v);
	json_array_append_new(json_object_get(root, "causes"), cause);
	json_object_set_new(root, "verdict", json_string("fail"));
	json_object_set_new(root, "why", json_string("1 violation"));
	json_object_set_new(root, "first_violation_s", json_real(time_s));
	json_object_set_new(json_object_get(root, "totals"), "violations", json_integer(1));
	return root;
}

static void save(json_t *root, const char *name)
{
	assert_int_equal(json_dump_file(root, in(name), JSON_INDENT(1)), 0);
	json_decref(root);
}

static int run_merge(const char *const *args)
{
	char *argv[32] = { "merge" };
	int argc = 1;

	for (; *args; args++)
		argv[argc++] = (char *)*args;
	return cmd_merge(argc, argv);
}

#define MERGE(...) run_merge((const char *const []){ __VA_ARGS__, NULL })

static char *slurp(const char *path)
{
	FILE *f = fopen(path, "re");
	char *text = calloc(1, 4 << 20);

	assert_non_null(f);
	assert_true(fread(text, 1, (4 << 20) - 1, f) > 0);
	fclose(f);
	return text;
}

static void same(const char *a, const char *b)
{
	char *ta = slurp(in(a)), *tb = slurp(in(b));

	assert_string_equal(ta, tb);
	free(ta);
	free(tb);
}

static json_t *load(const char *name)
{
	json_error_t error;
	json_t *root = json_load_file(in(name), 0, &error);

	if (!root)
		fail_msg("%s: %s", name, error.text);
	return root;
}

static json_int_t number(const json_t *obj, const char *key)
{
	return json_integer_value(json_object_get(obj, key));
}

static const char *text(const json_t *obj, const char *key)
{
	const char *val = json_string_value(json_object_get(obj, key));

	return val ? val : "";
}

/* Whatever is merged how often and in what order: the same runs make the same report. */
static void test_idempotent(void **state)
{
	json_t *root, *live;

	(void)state;
	save(report("aa", "6.1"), "a");
	save(violated(report("bb", "6.1"), "content", "zap", 2.5), "b");
	save(violated(report("cc", "7.2"), "content", "zap", 1.5), "c");
	/* The same run before it had ended. */
	live = report("aa", "6.1");
	json_object_set_new(live, "complete", json_false());
	json_object_set_new(live, "verdict", json_string("aborted"));
	json_object_set_new(live, "why", json_string("the run has not ended"));
	save(live, "a-live");

	assert_int_equal(MERGE(in("a"), in("b"), in("c"), "--json", in("m1")), 1);
	assert_int_equal(MERGE(in("c"), in("a"), in("b"), in("a"), "--json", in("m2")), 1);
	assert_int_equal(MERGE(in("m1"), "--json", in("m3")), 1);
	assert_int_equal(MERGE(in("m1"), in("b"), in("m2"), in("a-live"), "--json", in("m4")), 1);
	assert_int_equal(MERGE(in("a-live"), in("c"), "--json", in("m5")), 1);
	assert_int_equal(MERGE(in("m5"), in("b"), in("a"), "--json", in("m6")), 1);
	same("m1", "m2");
	same("m1", "m3");
	same("m1", "m4");
	same("m1", "m6");
	root = load("m1");
	assert_int_equal(json_array_size(json_object_get(root, "runs")), 3);
	assert_int_equal(number(json_object_get(root, "totals"), "rounds"), 90);
	assert_int_equal(number(json_object_get(root, "totals"), "violations"), 2);
	json_decref(root);
}

/* A report of before has no run id: its content tells it apart. */
static void test_no_id(void **state)
{
	json_t *root = report("x", "6.1");

	(void)state;
	json_object_del(root, "run");
	save(json_incref(root), "a");
	json_object_set_new(root, "seed", json_integer(4711));
	save(root, "b");
	assert_int_equal(MERGE(in("a"), in("b"), in("a"), "--json", in("m")), 0);
	root = load("m");
	assert_int_equal(json_array_size(json_object_get(root, "runs")), 2);
	json_decref(root);
}

static const struct {
	const char *verdict, *why;
	int exit_code;
	bool complete, skipped;
	const char *outcome;
	int merged;
} worst[] = {
	/* From the best on: each alone decides about all above it. */
	{ "inconclusive", "all skipped", 4, true, true, "skip", 4 },
	{ "pass", NULL, 0, true, false, "pass", 0 },
	{ "inconclusive", "no round", 3, true, false, "inconclusive", 3 },
	{ "aborted", "interrupted", 3, true, false, "inconclusive", 3 },
	{ "aborted", "harness error: x", 2, true, false, "error", 2 },
	{ "pass", NULL, 0, false, false, "lost", 6 },
	{ "aborted", "all processes of the run were killed", 2, false, false, "lost", 6 },
	{ "fail", "1 violation", 1, false, false, "fail", 1 },
};

static void test_verdicts(void **state)
{
	const char *files[16] = { "--json", NULL };
	unsigned int i, j;
	char name[16];
	json_t *root;

	(void)state;
	files[1] = strdup(in("m"));
	for (i = 0; i < ARRAY_SIZE(worst); i++) {
		snprintf(name, sizeof(name), "r%u", i);
		root = report(name, "6.1");
		if (!strcmp(worst[i].verdict, "fail"))
			violated(root, "content", "zap", 1);
		json_object_set_new(root, "verdict", json_string(worst[i].verdict));
		json_object_set_new(root, "why", worst[i].why ? json_string(worst[i].why) :
				    json_null());
		json_object_set_new(root, "exit_code", json_integer(worst[i].exit_code));
		json_object_set_new(root, "complete", json_boolean(worst[i].complete));
		if (worst[i].skipped)
			json_object_set_new(json_object_get(root, "totals"), "skipped",
					    json_integer(3));
		save(root, name);
		files[2 + i] = strdup(in(name));
		files[3 + i] = NULL;
		assert_int_equal(run_merge(files), worst[i].merged);
		root = load("m");
		assert_string_equal(text(root, "verdict"), worst[i].outcome);
		assert_int_equal(number(root, "exit_code"), worst[i].merged);
		assert_int_equal(json_is_null(json_object_get(root, "why")),
				 worst[i].merged == 0);
		json_decref(root);
	}
	for (j = 1; j < 3 + i; j++)
		free((char *)files[j]);
}

static void save_manifest(const char *name)
{
	json_t *root = json_pack("{s:s, s:[{s:s,s:s,s:s,s:i,s:[s,s],s:i}, {s:s,s:s}, {s:s,s:s}, {s:s,s:s}]}",
				 "format", "thprace-manifest/1", "tasks",
				 "id", "0001", "kernel", "6.1", "arch", "amd64", "seed", 1,
				 "args", "run", "zap", "budget", 60,
				 "id", "0002", "kernel", "6.1", "id", "0003", "kernel", "7.2",
				 "id", "0004", "kernel", "7.2");

	save(root, name);
}

static void put(const char *name, const char *content)
{
	FILE *f = fopen(in(name), "we");

	assert_non_null(f);
	fputs(content, f);
	fclose(f);
}

static const json_t *task(const json_t *root, unsigned int i)
{
	return json_array_get(json_object_get(root, "tasks"), i);
}

/* What was to be run and is not there is lost, until somebody has it. */
static void test_lost(void **state)
{
	json_t *root;

	(void)state;
	mkdir(in("0001"), 0777);
	mkdir(in("0002"), 0777);
	mkdir(in("0003"), 0777);
	mkdir(in("0004"), 0777);
	mkdir(in("other"), 0777);
	save_manifest("manifest");
	save(report("aa", "6.1"), "0001/report.json");
	save(report("bb", "6.1"), "0002/report.json");
	put("0004/status", "5\n");
	assert_int_equal(MERGE("--manifest", in("manifest"), dir, "--json", in("m")), 5);
	root = load("m");
	assert_string_equal(text(task(root, 0), "outcome"), "pass");
	assert_string_equal(text(task(root, 0), "run"), "aa");
	assert_string_equal(text(task(root, 2), "outcome"), "lost");
	assert_string_equal(text(task(root, 3), "outcome"), "splat");
	assert_true(json_is_null(json_object_get(task(root, 2), "run")));
	json_decref(root);

	/* By the names of files alone. */
	assert_int_equal(MERGE("--manifest", in("manifest"), in("0001/report.json"),
			       in("0002/report.json"), "--json", in("n")), 6);
	root = load("n");
	assert_string_equal(text(root, "verdict"), "lost");
	assert_non_null(strstr(text(root, "why"), "0003, 0004"));
	assert_true(json_is_false(json_object_get(root, "complete")));
	json_decref(root);

	/* Found later; a complaint that the kernel made beside a pass stays one. */
	save(report("cc", "7.2"), "0003/report.json");
	save(report("dd", "7.2"), "0004/report.json");
	assert_int_equal(MERGE(in("m"), "--manifest", in("manifest"), dir, "--json", in("m2")), 5);
	root = load("m2");
	assert_string_equal(text(task(root, 2), "outcome"), "pass");
	assert_string_equal(text(task(root, 3), "outcome"), "splat");
	json_decref(root);
	unlink(in("0004/status"));
	assert_int_equal(MERGE(in("n"), in("0003/report.json"), in("0004/report.json"),
			       "--manifest", in("manifest"), "--json", in("n2")), 0);
	assert_int_equal(MERGE("--manifest", in("manifest"), dir, "--json", in("n3")), 0);
	same("n2", "n3");
	assert_int_equal(MERGE(in("n3"), "--json", in("n4")), 0);
	same("n3", "n4");
}

static void test_only_lost(void **state)
{
	json_t *root;

	(void)state;
	mkdir(in("empty"), 0777);
	save_manifest("manifest");
	assert_int_equal(MERGE("--manifest", in("manifest"), in("empty"), "--json", in("m"),
			       "--html", in("h"), "--junit", in("x"), "--kcidb", in("k")), 6);
	root = load("m");
	assert_string_equal(text(root, "kernel"), "6.1, 7.2");
	json_decref(root);
	assert_int_equal(MERGE(in("m"), "--json", in("m2")), 6);
	same("m", "m2");
	/* Nothing at all is no report. */
	assert_int_equal(MERGE(in("empty"), "--json", in("none")), 2);
	assert_int_not_equal(access(in("none"), F_OK), 0);
}

/* The first one of each check, scenario, cell and kernel, and what repeats it. */
static void test_first(void **state)
{
	json_t *root, *v, *cause;

	(void)state;
	root = violated(report("aa", "6.1"), "content", "zap", 9);
	json_object_set_new(json_object_get(root, "options"), "steer", json_string("a>end 'b'"));
	save(root, "a");
	save(violated(report("bb", "6.1"), "content", "zap", 2), "b");
	root = violated(report("cc", "6.1"), "content", "ksm", 1);
	cause = json_array_get(json_object_get(root, "causes"), 0);
	json_object_set_new(cause, "triage", json_pack("{s:s}", "command", "thprace run short"));
	save(root, "c");
	/* Sooner, but put in. */
	root = violated(report("dd", "6.1"), "content", "zap", 0.5);
	json_object_set_new(json_array_get(json_object_get(root, "violations"), 0), "control",
			    json_true());
	save(root, "d");
	save(violated(report("ee", "7.2"), "content", "zap", 3), "e");
	assert_int_equal(MERGE(in("d"), in("a"), in("b"), in("c"), in("e"), "--json", in("m")), 1);
	root = load("m");
	assert_int_equal(json_array_size(json_object_get(root, "violations")), 3);
	v = json_array_get(json_object_get(root, "violations"), 0);
	assert_string_equal(text(v, "run"), "cc");
	assert_string_equal(text(v, "replay"), "thprace run short");
	v = json_array_get(json_object_get(root, "violations"), 1);
	assert_string_equal(text(v, "run"), "bb");
	assert_string_equal(text(v, "replay"), "thprace run zap --seed 0 --duration 60");
	assert_int_equal(number(v, "cause"), 2);
	cause = json_array_get(json_object_get(root, "causes"), 1);
	assert_string_equal(text(cause, "run"), "bb");
	json_decref(root);

	assert_int_equal(MERGE(in("a"), "--json", in("m")), 1);
	root = load("m");
	v = json_array_get(json_object_get(root, "violations"), 0);
	assert_string_equal(text(v, "replay"),
			    "thprace run zap --seed 0 --duration 60 --steer 'a>end '\\''b'\\'''");
	json_decref(root);
}

static json_t *with_grid(json_t *root, json_t *grid)
{
	json_object_set_new(root, "grid", grid);
	return root;
}

/* Shards, and a cell that two have. */
static void test_grid(void **state)
{
	const json_t *grid, *cells;
	json_t *root, *kernels;

	(void)state;
	save(with_grid(report("aa", "6.1"),
		       json_pack("{s:[s,s],s:[s,s],s:[[s,i,i,i],[s,i,i,i],[s,i,i,i],[s,i,i,i]],s:i,s:i,s:b,s:f}",
				 "a", "p", "q", "b", "x", "y", "cells",
				 "met", 3, 4, 0, "excluded", 0, 4, 0,
				 "never", 0, 4, 0, "untried", 0, 0, 0,
				 "k", 1, "left", 0, "complete", 1, "time_s", 2.0)), "a");
	save(with_grid(report("bb", "6.1"),
		       json_pack("{s:[s],s:[s,s,s],s:[[s,i,i,i],[s,i,i,i],[s,i,i,i]],s:i,s:i,s:b,s:f}",
				 "a", "q", "b", "x", "w", "y", "cells",
				 "never", 0, 4, 0, "met", 1, 1, 0, "met", 4, 4, 1,
				 "k", 3, "left", 1, "complete", 0, "time_s", 1.0)), "b");
	save(report("cc", "7.2"), "c");
	assert_int_equal(MERGE(in("a"), in("b"), in("c"), "--json", in("m")), 0);
	root = load("m");
	kernels = json_object_get(root, "kernels");
	grid = json_object_get(json_array_get(kernels, 0), "grid");
	assert_true(json_equal((json_t *)grid, json_object_get(root, "grid")));
	assert_string_equal(json_string_value(json_array_get(json_object_get(grid, "b"), 1)), "w");
	cells = json_object_get(grid, "cells");
	assert_int_equal(json_array_size(cells), 6);
	/* q: x never twice, w met, y met where it was untried. */
	assert_string_equal(json_string_value(json_array_get(json_array_get(cells, 3), 0)), "never");
	assert_int_equal(json_integer_value(json_array_get(json_array_get(cells, 3), 2)), 8);
	assert_string_equal(json_string_value(json_array_get(json_array_get(cells, 5), 0)), "met");
	assert_int_equal(json_integer_value(json_array_get(json_array_get(cells, 5), 3)), 1);
	assert_string_equal(json_string_value(json_array_get(json_array_get(cells, 1), 0)),
			    "untried");
	assert_int_equal(number(grid, "k"), 3);
	assert_true(json_is_false(json_object_get(grid, "complete")));
	json_decref(root);
}

/* Nothing is written over, whatever is wrong. */
static void test_bad(void **state)
{
	static const char *const keys[] = {
		"schema", "kernel", "verdict", "seed", "duration_s", "complete", "options",
		"totals", "scenarios", "ops", "checks", "violations", "causes", "grid",
	};
	unsigned int i;
	json_t *root;

	(void)state;
	save(report("aa", "6.1"), "good");
	put("out", "what was there");
	put("broken", "{ \"schema\": ");
	assert_int_equal(MERGE(in("good"), in("broken"), "--json", in("out")), 2);
	assert_int_equal(MERGE(in("good"), in("not-there"), "--json", in("out")), 2);
	assert_int_equal(MERGE(in("good"), "--manifest", in("good"), "--json", in("out")), 2);
	assert_int_equal(MERGE("--json", in("out")), 2);
	assert_int_equal(MERGE(in("good"), "--json", in("out"), "--kcidb-origin", "A b"), 2);
	for (i = 0; i < ARRAY_SIZE(keys); i++) {
		root = report("bb", "6.1");
		json_object_set_new(root, keys[i], json_true());
		if (!strcmp(keys[i], "complete"))
			json_object_set_new(root, keys[i], json_integer(1));
		save(root, "bad");
		if (MERGE(in("good"), in("bad"), "--json", in("out")) != 2)
			fail_msg("%s: not noticed", keys[i]);
	}
	root = violated(report("bb", "6.1"), "content", "zap", 1);
	json_object_set_new(json_array_get(json_object_get(root, "violations"), 0), "check",
			    json_integer(1));
	save(root, "bad");
	assert_int_equal(MERGE(in("bad"), "--json", in("out")), 2);
	/* A merged one with broken rows. */
	assert_int_equal(MERGE(in("good"), "--json", in("m")), 0);
	root = load("m");
	json_array_append_new(json_object_get(json_array_get(json_object_get(root, "runs"), 0),
					      "ops"), json_pack("[i]", 1));
	save(root, "bad");
	assert_int_equal(MERGE(in("bad"), "--json", in("out")), 2);
	{
		char *has = slurp(in("out"));

		assert_string_equal(has, "what was there");
		free(has);
	}
	assert_int_equal(MERGE(in("good"), "--json", in("no/such/dir")), 2);
}

/* Not begun is worse than skipped, and no word against who has passed. */
static void test_not_begun(void **state)
{
	json_t *root = report("aa", "6.1"), *sc;

	(void)state;
	sc = json_array_get(json_object_get(root, "scenarios"), 1);
	json_object_set_new(sc, "begun", json_false());
	json_object_set_new(sc, "verdict", json_string("aborted"));
	json_object_set_new(sc, "why", json_string("not begun"));
	json_object_set_new(root, "verdict", json_string("aborted"));
	json_object_set_new(root, "why", json_string("interrupted"));
	json_object_set_new(root, "exit_code", json_integer(3));
	save(root, "a");
	save(report("bb", "6.1"), "b");
	assert_int_equal(MERGE(in("a"), "--json", in("m"), "--junit", in("x")), 3);
	root = load("m");
	sc = json_array_get(json_object_get(root, "scenarios"), 1);
	assert_string_equal(text(sc, "verdict"), "aborted");
	assert_int_equal(number(json_object_get(root, "totals"), "not_begun"), 1);
	json_decref(root);
	assert_int_equal(MERGE(in("a"), in("b"), "--json", in("m")), 3);
	root = load("m");
	sc = json_array_get(json_object_get(root, "scenarios"), 1);
	assert_string_equal(text(sc, "verdict"), "pass");
	json_decref(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_idempotent, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_id, setup, teardown),
		cmocka_unit_test_setup_teardown(test_verdicts, setup, teardown),
		cmocka_unit_test_setup_teardown(test_lost, setup, teardown),
		cmocka_unit_test_setup_teardown(test_only_lost, setup, teardown),
		cmocka_unit_test_setup_teardown(test_first, setup, teardown),
		cmocka_unit_test_setup_teardown(test_grid, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bad, setup, teardown),
		cmocka_unit_test_setup_teardown(test_not_begun, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
