// SPDX-License-Identifier: GPL-2.0
/*
 * The report as JSON and back
 */
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#include "cause.h"
#include "collect.h"
#include "env.h"
#include "fixture.h"
#include "json.h"
#include "live.h"
#include "note.h"
#include "replay.h"
#include "test.h"
#include "uop_set.h"

REAL_READ_TEXT

static char dir[64], path[96];

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

static u64 number_of(const json_t *of, const char *key)
{
	assert_true(json_is_integer(json_object_get(of, key)));
	return json_integer_value(json_object_get(of, key));
}

/* What was new, of whom, and when. */
static void test_coverage(void **state)
{
	json_t *root, *cover, *list, *curve;
	unsigned int i;

	(void)state;
	for (i = 0; i < 5; i++)
		cover_see(fix.rep->cover[0], COVER_STATE, i, (i + 8) * NSEC_PER_SEC);
	cover_see(fix.rep->cover[2], COVER_PHASES, 1, 99 * NSEC_PER_SEC);
	fix.rep->results[1]->begun = false;
	fix.rep->duration_ns = 100 * NSEC_PER_SEC;
	report_judge(fix.rep);
	assert_int_equal(report_json(fix.rep, path), 0);
	root = load(path);
	cover = json_object_get(root, "coverage");
	assert_int_equal(number_of(cover, "states"), 5);
	assert_int_equal(number_of(cover, "phases"), 1);
	assert_int_equal(number_of(cover, "outcomes"), 0);
	assert_int_equal(number_of(json_object_get(cover, "last_minute"), "states"), 0);
	assert_int_equal(number_of(json_object_get(cover, "last_minute"), "phases"), 1);
	assert_true(json_is_false(json_object_get(cover, "full")));
	list = json_object_get(cover, "scenarios");
	assert_int_equal(json_array_size(list), 2);
	assert_string_equal(json_string_value(json_object_get(json_array_get(list, 1), "name")),
			    "ksm");
	assert_int_equal(number_of(json_array_get(list, 0), "states"), 5);
	assert_int_equal(number_of(json_array_get(list, 0), "last_minute"), 0);
	assert_int_equal(number_of(json_array_get(list, 1), "last_minute"), 1);
	/* 1, 2, 4... 128: all by then. */
	curve = json_object_get(cover, "curve");
	assert_int_equal(json_array_size(curve), 8);
	for (i = 0; i < 8; i++) {
		const json_t *at = json_array_get(curve, i);

		assert_int_equal(json_integer_value(json_array_get(at, 0)), 1 << i);
		assert_int_equal(json_integer_value(json_array_get(at, 1)),
				 i < 4 ? 0 : i < 7 ? 5 : 6);
	}
	json_decref(root);
}

static void round_trip(u64 seed)
{
	struct options back = { 0 };

	fix.opt.seed = seed;
	fix.opt.rounds = 7;
	fix.opt.thps = 16;
	fix.opt.allow_uncalibrated = true;
	fix.opt.steer = "a>end b>end";
	fix.opt.without = WITHOUT_OP | WITHOUT_RACE;
	fix.opt.first_round = 4711;
	fix.opt.triage_ms = 1500;
	assert_null(uop_set_parse(&fix.opt.ops, "zap,fork:mremap"));
	report_judge(fix.rep);
	assert_int_equal(report_json(fix.rep, path), 0);
	check_seed_in(path, seed);
	assert_int_equal(options_from_json(path, &back), 0);
	assert_memory_equal(&back.ops, &fix.opt.ops, sizeof(back.ops));
	assert_true(back.seed == seed);
	assert_int_equal(back.rounds, 7);
	assert_int_equal(back.thps, 16);
	assert_int_equal(back.duration_ms, 60000);
	assert_true(back.stop_first && back.allow_uncalibrated);
	assert_string_equal(back.steer, fix.opt.steer);
	assert_int_equal(back.without, WITHOUT_OP | WITHOUT_RACE);
	assert_int_equal(back.first_round, 4711);
	assert_int_equal(back.triage_ms, 1500);
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
	report_judge(fix.rep);
	assert_int_equal(report_json(fix.rep, path), 0);
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
		{ "procs", 65 }, { "thps", 32769 }, { "grid_k", 17 },
		{ "jobs", 65 }, { "mem_share", 91 },
	};
	struct options back = { 0 };
	json_t *root, *options;
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		report_judge(fix.rep);
		assert_int_equal(report_json(fix.rep, path), 0);
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
	fix.rep->results[1]->begun = false;
	fix.rep->results[2]->skipped = "no such thing";
	fixture_violate(fix.rep->results[0], "content");
	report_judge(fix.rep);
	assert_int_equal(report_json(fix.rep, path), 0);
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
	struct storm_batch *batch = &fix.rep->results[1]->program;
	struct options back = { 0 };

	(void)state;
	batch->nr = 2;
	batch->round[0].nr = 1;
	batch->round[0].op[0] = (struct storm_op){ .kind = 2, .first = 3, .nr = 4 };
	strcpy(batch->round[1].schedule, "a>remap_page b>end a>end");
	env.nr_subpages = 512;
	report_judge(fix.rep);
	assert_int_equal(report_json(fix.rep, path), 0);
	assert_int_equal(options_from_json(path, &back), 0);
	assert_null(back.program);
	fixture_violate(fix.rep->results[1], "content");
	report_judge(fix.rep);
	assert_int_equal(report_json(fix.rep, path), 0);
	assert_int_equal(options_from_json(path, &back), 0);
	assert_memory_equal(back.program, batch, sizeof(*batch));
}

static void test_unwritable(void **state)
{
	struct report saved = *fix.rep;

	(void)state;
	fix.opt.json = "/proc/nosuch/report.json";
	assert_int_not_equal(live_begin(fix.rep), 0);
	assert_memory_equal(fix.rep, &saved, sizeof(saved));
	assert_int_not_equal(report_json(fix.rep, "/nosuch/report.json"), 0);
	/* A failure leaves nothing behind, and what was there. */
	assert_int_equal(report_json(fix.rep, path), 0);
	assert_int_equal(access(path, R_OK), 0);
}

/* The scenario has not ended, and perhaps never will. */
static void test_live(void **state)
{
	struct violation v = { .check = "content", .scenario = "storm", .cell = "-" };
	json_t *root;

	(void)state;
	fix.opt.json = path;
	assert_int_equal(live_begin(fix.rep), 0);
	root = load(path);
	assert_string_equal(json_string_value(json_object_get(root, "verdict")), "aborted");
	json_decref(root);
	fix.rep->sh->index = 1;
	fix.rep->sh->running = 1;
	fix.rep->part->sc = fix.opt.scenarios[1];
	fix.rep->sh->violations[0] = v;
	fix.rep->sh->nr_violations = 1;
	live_write();
	root = load(path);
	assert_string_equal(json_string_value(json_object_get(root, "verdict")), "fail");
	assert_int_equal(json_array_size(json_object_get(root, "violations")), 1);
	json_decref(root);
	/* It is added only once it has ended. */
	assert_int_equal(fix.rep->results[1]->tally.violations, 0);
}

static void test_collect(void **state)
{
	static struct result out;
	struct op_count *op;
	struct tally *t;

	(void)state;
	fix.rep->results[1]->tally.rounds = 100;
	fix.rep->results[1]->batches = 4;
	fix.rep->sh->index = 1;
	fix.rep->sh->batch = 6;
	fix.rep->sh->tally_now = 7;
	t = &fix.rep->sh->tally[1];
	t->rounds = 3;
	t->violations = 1;
	t->nr_violations = 1;
	t->kept[0].round = 2;
	fix.rep->sh->nr_violations = SHARED_VIOLATIONS + 5;
	fix.rep->sh->lane[0].pages_verified = 10;
	fix.rep->sh->lane[MAX_WORKERS].pages_verified = 1;
	fix.rep->sh->nr_outside = 1;
	/* Only a session's lanes are in its report: the 17th is not. */
	tally_op(t, fix.rep->results[1]->sc->op)->done = 4;
	fix.rep->sh->lane[THPRACE_MAX_LANES - 1].done = 40;
	fix.rep->sh->lane[THPRACE_MAX_LANES].done = 3;
	fix.rep->sh->lane[MAX_WORKERS].busy = 2;
	collect(fix.rep, &out);
	op = tally_op(&out.tally, fix.rep->results[1]->sc->op);
	assert_int_equal(op->done, 4 + 3);
	assert_int_equal(op->busy, 2);
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

/* Lanes make three checks, and each has its own. */
static void test_collect_promises(void **state)
{
	struct shared *sh = fix.rep->sh;
	static struct result out;

	(void)state;
	sh->nr_violations = 3;
	strcpy(sh->violations[0].check, "mlocked");
	strcpy(sh->violations[1].check, "content");
	strcpy(sh->violations[2].check, "mlocked");
	sh->lane[1].held[THPRACE_CHECK_RECLAIM_PROGRESS] = 3;
	sh->lane[2].held[THPRACE_CHECK_RECLAIM_PROGRESS] = 4;
	collect(fix.rep, &out);
	assert_int_equal(out.tally.checks[THPRACE_CHECK_MLOCKED].violated, 2);
	assert_int_equal(out.tally.checks[THPRACE_CHECK_CONTENT].violated, 1);
	assert_int_equal(out.tally.checks[THPRACE_CHECK_RECLAIM_PROGRESS].violated, 0);
	assert_int_equal(out.tally.checks[THPRACE_CHECK_RECLAIM_PROGRESS].held, 7);
	assert_int_equal(out.tally.violations, 3);
}

/* Both look at the same huge page: one cause, whatever the frame is called. */
static void test_collect_causes(void **state)
{
	struct shared *sh = fix.rep->sh;
	static struct result out;
	struct tally *t = &sh->tally[0];
	struct cause c;

	(void)state;
	env.hpage_size = 0x200000;
	sh->base = 0x7f0000000000;
	sh->nr_thps = 8;
	sh->nr_workers = 1;
	sh->batch_round = 16;
	sh->thp_round[2].round = 18;
	strcpy(sh->thp_round[2].schedule, "a>remap_page b>end a>end");
	sh->stamp[0][2] = (struct stamp){ .begin_ns = 1000, .end_ns = 3000, .pid = 7,
					  .op = "split", .result = ACT_FAILED,
					  .err = ENOMEM };
	sh->stamp[1][2] = (struct stamp){ .begin_ns = 1500, .pid = 8, .op = "zap",
					  .known = true, .piece = { 3, 4, 2 } };
	t->rounds = 18;
	t->violations = 2;
	t->nr_violations = 2;
	t->nr_causes = 2;
	t->kept[0] = (struct violation){ .check = "refcount", .scenario = "zap", .round = 17,
					 .cause = 1, .serial = 70, .pfn = 5,
					 .addr = 0x7f0000401000 };
	t->kept[1] = (struct violation){ .check = "refcount", .scenario = "zap", .round = 17,
					 .cause = 2, .serial = 71, .pfn = 6,
					 .addr = 0x7f0000600000 };
	sh->nr_violations = 2;
	sh->violations[0] = (struct violation){ .check = "content", .scenario = "zap",
						.round = 18, .thp = 0x7f0000400000 };
	sh->violations[1] = (struct violation){ .check = "content", .scenario = "zap",
						.round = 19, .thp = 0x7f0000800000 };
	note_lanes(sh, NOTE_SESSION, 1, 2);
	note_add(sh, NOTE_LANES, 0, "page", "subpage=%d", 3);
	note_add(sh, NOTE_LANES, 1, "page", "subpage=%d", 4);
	collect(fix.rep, &out);
	t = &out.tally;
	assert_int_equal(causes_count(t), 3);
	assert_true(cause_get(t, 0, &c));
	assert_int_equal(c.nr_violations, 2);
	assert_true(cause_has_check(&c, "content") && cause_has_check(&c, "refcount"));
	assert_string_equal(c.basic->check, "refcount");
	assert_true(cause_has_kind(t, c.number, "lane") && cause_has_kind(t, c.number, "page"));
	assert_string_equal(cause_block(t, c.number, NULL)->text,
			    "lane=a op=split pid=7 start_ns=0 end_ns=2000 result=failed errno=ENOMEM");
	assert_string_equal(cause_block(t, c.number, cause_block(t, c.number, NULL))->text,
			    "lane=b op=zap pid=8 pages=3+4 step=2 start_ns=500 end_ns=- result=-");
	assert_true(cause_get(t, 1, &c));
	assert_false(cause_has_kind(t, c.number, "lane"));
	assert_true(cause_get(t, 2, &c));
	assert_string_equal(c.basic->check, "content");
	assert_string_equal(cause_block(t, c.number, NULL)->text, "subpage=4");
	/* Where to try again. */
	assert_true(out.found.known && out.found.exact);
	assert_int_equal(out.found.batch_round, 16);
	assert_int_equal(out.found.round, 18);
	assert_string_equal(out.found.schedule, sh->thp_round[2].schedule);
	assert_int_equal(out.found.nr_thps, 8);
}

/* A flood of notes is counted, and does no harm. */
static void test_notes_are_bounded(void **state)
{
	struct shared *sh = fix.rep->sh;
	static struct result out;
	unsigned int i;

	(void)state;
	sh->nr_violations = 1;
	sh->violations[0] = (struct violation){ .check = "content", .scenario = "zap" };
	for (i = 0; i < SHARED_NOTES + 5; i++)
		note_add(sh, NOTE_LANES, 0, "run", "nr=%u", i);
	collect(fix.rep, &out);
	assert_int_equal(out.tally.nr_blocks, SHARED_NOTES);
	assert_int_equal(out.tally.lost_blocks, 5);
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
		cmocka_unit_test_setup_teardown(test_coverage, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_round_trip, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_old_seed, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_limits, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_rows, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_storm, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_unwritable, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_live, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_collect, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_collect_promises, fixture_setup,
						fixture_teardown),
		cmocka_unit_test_setup_teardown(test_collect_causes, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_notes_are_bounded, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_distribution, fixture_setup, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
