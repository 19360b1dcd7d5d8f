// SPDX-License-Identifier: GPL-2.0
/*
 * Verdicts, and the report as JSON and back
 */
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#include "collect.h"
#include "fixture.h"
#include "json.h"
#include "live.h"
#include "replay.h"
#include "test.h"

REAL_READ_TEXT

static char dir[64], path[96];
static struct fixture fix;
static struct report *rep;

static int setup(void **state)
{
	int err = fixture_setup(&fix);

	(void)state;
	rep = fix.rep;
	return err;
}

static int teardown(void **state)
{
	(void)state;
	fixture_teardown(&fix);
	return 0;
}

static void add_violation(struct result *res)
{
	fixture_violate(res, "content");
}

static void test_pass(void **state)
{
	(void)state;
	report_judge(rep);
	assert_int_equal(rep->verdict, THPRACE_PASS);
	assert_false(rep->broken);
	assert_int_equal(rep->sum.rounds, 30);
}

/* Each of these alone must keep a run from passing. */
static void test_no_vacuous_pass(void **state)
{
	struct result *res = rep->results[0];
	unsigned int i;

	(void)state;
	for (i = 0; i < 5; i++) {
		struct tally saved = res->tally;

		switch (i) {
		case 0:
			res->tally.rounds = 0;
			break;
		case 1:
			res->tally.overlaps = 0;
			break;
		case 2:
			tally_op(&res->tally, "zap")->done = 0;
			break;
		case 3:
			tally_op(&res->tally, "split")->done = 0;
			break;
		default:
			res->tally.checks[THPRACE_CHECK_CONTENT].held = 0;
		}
		report_judge(rep);
		assert_int_equal(rep->verdict, THPRACE_INCONCLUSIVE);
		assert_int_equal(res->verdict, THPRACE_INCONCLUSIVE);
		assert_true(strlen(rep->why) > 0);
		res->tally = saved;
	}
}

static void test_not_begun(void **state)
{
	(void)state;
	rep->results[2]->begun = false;
	report_judge(rep);
	assert_int_equal(rep->results[2]->verdict, THPRACE_ABORTED);
	assert_int_equal(rep->verdict, THPRACE_ABORTED);
	add_violation(rep->results[0]);
	report_judge(rep);
	assert_int_equal(rep->verdict, THPRACE_FAIL);
}

static void test_no_memory(void **state)
{
	(void)state;
	rep->results[1]->ending = END_NO_MEMORY;
	strcpy(rep->results[1]->error, "the OOM killer");
	report_judge(rep);
	assert_int_equal(rep->results[1]->verdict, THPRACE_INCONCLUSIVE);
	assert_int_equal(rep->results[0]->verdict, THPRACE_PASS);
	assert_int_equal(rep->verdict, THPRACE_INCONCLUSIVE);
	assert_non_null(strstr(rep->why, "the OOM killer"));
	assert_false(rep->broken);
}

/* Killed is aborted, whatever it did before; what it had found stands. */
static void test_killed(void **state)
{
	struct result *part = calloc(1, sizeof(*part));

	(void)state;
	part->ending = END_BADLY;
	strcpy(part->error, "killed");
	result_add(rep->results[0], part);
	part->ending = END_WELL;
	strcpy(part->error, "");
	result_add(rep->results[0], part);
	report_judge(rep);
	assert_int_equal(rep->results[0]->verdict, THPRACE_ABORTED);
	assert_int_equal(rep->verdict, THPRACE_ABORTED);
	assert_true(rep->broken);
	add_violation(rep->results[0]);
	report_judge(rep);
	assert_int_equal(rep->results[0]->verdict, THPRACE_FAIL);
	assert_int_equal(rep->verdict, THPRACE_FAIL);
	free(part);
}

static void test_check_never_held(void **state)
{
	(void)state;
	rep->available[THPRACE_CHECK_LEAK] = true;
	report_judge(rep);
	assert_int_equal(rep->verdict, THPRACE_INCONCLUSIVE);
	assert_non_null(strstr(rep->why, "leak"));
	rep->results[1]->tally.checks[THPRACE_CHECK_LEAK].held = 1;
	report_judge(rep);
	assert_int_equal(rep->verdict, THPRACE_PASS);
}

static json_t *load(const char *name)
{
	json_error_t error;
	json_t *root = json_load_file(name, 0, &error);

	if (!root)
		fail_msg("%s: %s", name, error.text);
	return root;
}

/* Everybody who reads it sees the number that --seed takes. */
static void check_seed_in(const char *name, u64 seed)
{
	json_t *root = load(name), *json = json_object_get(root, "seed");
	char digits[24];

	snprintf(digits, sizeof(digits), "%llu", seed);
	if (seed <= INT64_MAX)
		assert_int_equal(json_integer_value(json), seed);
	else
		assert_string_equal(json_string_value(json), digits);
	json_decref(root);
}

static void round_trip(u64 seed)
{
	struct options back = { 0 };

	fix.opt.seed = seed;
	fix.opt.rounds = 7;
	fix.opt.thps = 16;
	fix.opt.steer = "a>end b>end";
	report_judge(rep);
	assert_int_equal(report_json(rep, path), 0);
	check_seed_in(path, seed);
	assert_int_equal(options_from_json(path, &back), 0);
	assert_true(back.seed == seed);
	assert_int_equal(back.rounds, 7);
	assert_int_equal(back.thps, 16);
	assert_int_equal(back.duration_ms, 60000);
	assert_true(back.stop_first);
	assert_string_equal(back.steer, fix.opt.steer);
	assert_int_equal(back.nr_scenarios, 3);
	assert_ptr_equal(back.scenarios[1], fix.opt.scenarios[1]);
	free((char *)back.steer);
}

static void test_round_trip(void **state)
{
	(void)state;
	round_trip(0);
	round_trip(42);
	round_trip(1ULL << 53);
	round_trip(INT64_MAX);
	round_trip(INT64_MAX + 1ULL);
	round_trip(11043145631124926367ULL);
	round_trip(~0ULL);
}

/* Reports of before have it as a negative number. */
static void test_old_seed(void **state)
{
	struct options back = { 0 };
	json_t *root;

	(void)state;
	report_judge(rep);
	assert_int_equal(report_json(rep, path), 0);
	root = load(path);
	json_object_set_new(root, "seed", json_integer(-2));
	json_dump_file(root, path, 0);
	assert_int_equal(options_from_json(path, &back), 0);
	assert_true(back.seed == ~0ULL - 1);
	json_object_set_new(root, "seed", json_string("1x"));
	json_dump_file(root, path, 0);
	assert_int_not_equal(options_from_json(path, &back), 0);
	json_decref(root);
}

/* What the command line refuses, a report cannot bring in. */
static void test_limits(void **state)
{
	static const struct {
		const char *key;
		json_int_t val;
	} bad[] = {
		{ "duration_ms", 0 }, { "duration_ms", 52 * 604800000LL + 1 },
		{ "duration_ms", INT64_MAX }, { "rounds", THPRACE_MAX_ROUNDS + 1LL },
		{ "procs", 65 }, { "thps", 1025 }, { "grid_k", 17 },
	};
	struct options back = { 0 };
	json_t *root, *options;
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		report_judge(rep);
		assert_int_equal(report_json(rep, path), 0);
		assert_int_equal(options_from_json(path, &back), 0);
		root = load(path);
		options = json_object_get(root, "options");
		json_object_set_new(options, bad[i].key, json_integer(bad[i].val));
		json_dump_file(root, path, 0);
		if (!options_from_json(path, &back))
			fail_msg("taken: %s %lld", bad[i].key, bad[i].val);
		json_decref(root);
	}
}

static void test_rows(void **state)
{
	json_t *root, *rows, *v;

	(void)state;
	rep->results[1]->begun = false;
	rep->results[2]->skipped = "no such thing";
	add_violation(rep->results[0]);
	report_judge(rep);
	assert_int_equal(report_json(rep, path), 0);
	root = load(path);
	rows = json_object_get(root, "scenarios");
	assert_int_equal(json_array_size(rows), 3);
	assert_true(json_is_false(json_object_get(json_array_get(rows, 1), "begun")));
	assert_string_equal(json_string_value(json_object_get(json_array_get(rows, 1), "verdict")),
			    "aborted");
	assert_string_equal(json_string_value(json_object_get(json_array_get(rows, 2), "verdict")),
			    "skipped");
	assert_true(json_is_false(json_object_get(root, "complete")));
	v = json_array_get(json_object_get(root, "violations"), 0);
	assert_string_equal(json_string_value(json_object_get(v, "addr")), "0xffff800000000000");
	json_decref(root);
}

static void test_storm(void **state)
{
	struct storm_batch *batch = &rep->results[1]->program;
	struct options back = { 0 };

	(void)state;
	batch->nr = 2;
	batch->round[0].nr = 1;
	batch->round[0].op[0] = (struct storm_op){ .kind = 2, .first = 3, .nr = 4 };
	strcpy(batch->round[1].schedule, "a>remap_page b>end a>end");
	env.nr_subpages = 512;
	report_judge(rep);
	assert_int_equal(report_json(rep, path), 0);
	assert_int_equal(options_from_json(path, &back), 0);
	assert_null(back.program);
	add_violation(rep->results[1]);
	report_judge(rep);
	assert_int_equal(report_json(rep, path), 0);
	assert_int_equal(options_from_json(path, &back), 0);
	assert_memory_equal(back.program, batch, sizeof(*batch));
}

static void test_unwritable(void **state)
{
	struct report saved = *rep;

	(void)state;
	fix.opt.json = "/proc/nosuch/report.json";
	assert_int_not_equal(live_begin(rep), 0);
	assert_memory_equal(rep, &saved, sizeof(saved));
	assert_int_not_equal(report_json(rep, "/nosuch/report.json"), 0);
	/* A failure leaves nothing behind, and what was there. */
	assert_int_equal(report_json(rep, path), 0);
	assert_int_equal(access(path, R_OK), 0);
}

/* The scenario has not ended, and perhaps never will. */
static void test_live(void **state)
{
	struct violation v = { .check = "content", .scenario = "storm", .cell = "-" };
	json_t *root;

	(void)state;
	fix.opt.json = path;
	assert_int_equal(live_begin(rep), 0);
	root = load(path);
	assert_string_equal(json_string_value(json_object_get(root, "verdict")), "aborted");
	json_decref(root);
	rep->sh->index = 1;
	rep->sh->running = 1;
	rep->part->sc = fix.opt.scenarios[1];
	rep->sh->violations[0] = v;
	rep->sh->nr_violations = 1;
	live_write();
	root = load(path);
	assert_string_equal(json_string_value(json_object_get(root, "verdict")), "fail");
	assert_int_equal(json_array_size(json_object_get(root, "violations")), 1);
	json_decref(root);
	/* It is added only once it has ended. */
	assert_int_equal(rep->results[1]->tally.violations, 0);
}

static void test_collect(void **state)
{
	static struct result out;
	struct tally *t;

	(void)state;
	rep->results[1]->tally.rounds = 100;
	rep->results[1]->batches = 4;
	rep->sh->index = 1;
	rep->sh->batch = 6;
	rep->sh->tally_now = 7;
	t = &rep->sh->tally[1];
	t->rounds = 3;
	t->violations = 1;
	t->nr_violations = 1;
	t->kept[0].round = 2;
	rep->sh->nr_violations = SHARED_VIOLATIONS + 5;
	rep->sh->lane[0].pages_verified = 10;
	rep->sh->lane[MAX_WORKERS].pages_verified = 1;
	rep->sh->nr_outside = 1;
	collect(rep, &out);
	assert_int_equal(out.batches, 2);
	assert_int_equal(out.tally.rounds, 3);
	assert_int_equal(out.tally.kept[0].round, 102);
	assert_int_equal(out.tally.violations, 1 + SHARED_VIOLATIONS + 5 + 1);
	assert_int_equal(out.tally.nr_violations, 1 + SHARED_VIOLATIONS + 1);
	assert_int_equal(out.tally.checks[THPRACE_CHECK_CONTENT].held, 11);
	assert_int_equal(out.tally.checks[THPRACE_CHECK_CONTENT].violated, SHARED_VIOLATIONS + 5);
	assert_int_equal(out.tally.checks[CHECK_KERNEL].violated, 1);
	assert_true(out.first_violation_ns > 0);
}

static void test_distribution(void **state)
{
	u32 ns[] = { 5, 1, 4, 2, 3 };
	struct distribution d = distribution_of(ns, 5);

	(void)state;
	assert_int_equal(d.min, 1);
	assert_int_equal(d.median, 3);
	assert_int_equal(d.p90, 5);
	assert_int_equal(d.max, 5);
	assert_int_equal(distribution_of(ns, 0).nr, 0);
}

static int make_dir(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/test_report.XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/r.json", dir);
	return 0;
}

static int remove_dir(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_pass, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_vacuous_pass, setup, teardown),
		cmocka_unit_test_setup_teardown(test_not_begun, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_memory, setup, teardown),
		cmocka_unit_test_setup_teardown(test_killed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_check_never_held, setup, teardown),
		cmocka_unit_test_setup_teardown(test_round_trip, setup, teardown),
		cmocka_unit_test_setup_teardown(test_old_seed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_limits, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rows, setup, teardown),
		cmocka_unit_test_setup_teardown(test_storm, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unwritable, setup, teardown),
		cmocka_unit_test_setup_teardown(test_live, setup, teardown),
		cmocka_unit_test_setup_teardown(test_collect, setup, teardown),
		cmocka_unit_test_setup_teardown(test_distribution, setup, teardown),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
