// SPDX-License-Identifier: GPL-2.0
/*
 * Verdicts: what a run was worth
 */
#include "fixture.h"
#include "test.h"
#include "uop_set.h"

REAL_READ_TEXT

static void test_pass(void **state)
{
	(void)state;
	report_judge(fix.rep);
	assert_int_equal(fix.rep->verdict, THPRACE_PASS);
	assert_false(fix.rep->broken);
	assert_int_equal(fix.rep->sum.rounds, 30);
}

/* Each of these alone must keep a run from passing. */
static void test_no_vacuous_pass(void **state)
{
	struct result *res = fix.rep->results[0];
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
		report_judge(fix.rep);
		assert_int_equal(fix.rep->verdict, THPRACE_INCONCLUSIVE);
		assert_int_equal(res->verdict, THPRACE_INCONCLUSIVE);
		assert_true(strlen(fix.rep->why) > 0);
		res->tally = saved;
	}
}

/* What was asked for by name has to be done, each of it. */
static void test_named_ops(void **state)
{
	struct result *res = fix.rep->results[0];

	(void)state;
	res->sc = scenario_by_name("pair");
	fix.rep->results[2]->skipped = "not of this";
	fix.rep->results[1]->skipped = "not of this";
	assert_null(uop_set_parse(&fix.opt.ops, "zap,write"));
	report_judge(fix.rep);
	assert_int_equal(res->verdict, THPRACE_INCONCLUSIVE);
	assert_non_null(strstr(res->why, "op write was never done"));
	/* Counted by the module's name. */
	tally_op(&res->tally, "fault")->done = 1;
	report_judge(fix.rep);
	assert_int_equal(res->verdict, THPRACE_PASS);
	fix.opt.grid = true;
	res->tally.grid = (struct grid_state){ .listed = true, .complete = true, .k = 3 };
	report_judge(fix.rep);
	assert_int_equal(res->verdict, THPRACE_INCONCLUSIVE);
	assert_non_null(strstr(res->why, "no cell"));
	res->tally.nr_cells = 1;
	strcpy(res->tally.cells[0].state, "met");
	report_judge(fix.rep);
	assert_int_equal(res->verdict, THPRACE_PASS);
}

static void test_not_begun(void **state)
{
	(void)state;
	fix.rep->results[2]->begun = false;
	report_judge(fix.rep);
	assert_int_equal(fix.rep->results[2]->verdict, THPRACE_ABORTED);
	assert_int_equal(fix.rep->verdict, THPRACE_ABORTED);
	fixture_violate(fix.rep->results[0], "content");
	report_judge(fix.rep);
	assert_int_equal(fix.rep->verdict, THPRACE_FAIL);
}

static void test_no_memory(void **state)
{
	(void)state;
	fix.rep->results[1]->ending = END_NO_MEMORY;
	strcpy(fix.rep->results[1]->error, "the OOM killer");
	report_judge(fix.rep);
	assert_int_equal(fix.rep->results[1]->verdict, THPRACE_INCONCLUSIVE);
	assert_int_equal(fix.rep->results[0]->verdict, THPRACE_PASS);
	assert_int_equal(fix.rep->verdict, THPRACE_INCONCLUSIVE);
	assert_non_null(strstr(fix.rep->why, "the OOM killer"));
	assert_false(fix.rep->broken);
}

/* Killed is aborted, whatever it did before; what it had found stands. */
static void test_killed(void **state)
{
	struct result *part = calloc(1, sizeof(*part));

	(void)state;
	part->ending = END_BADLY;
	strcpy(part->error, "killed");
	result_add(fix.rep->results[0], part);
	part->ending = END_WELL;
	strcpy(part->error, "");
	result_add(fix.rep->results[0], part);
	report_judge(fix.rep);
	assert_int_equal(fix.rep->results[0]->verdict, THPRACE_ABORTED);
	assert_int_equal(fix.rep->verdict, THPRACE_ABORTED);
	assert_true(fix.rep->broken);
	fixture_violate(fix.rep->results[0], "content");
	report_judge(fix.rep);
	assert_int_equal(fix.rep->results[0]->verdict, THPRACE_FAIL);
	assert_int_equal(fix.rep->verdict, THPRACE_FAIL);
	free(part);
}

static void test_check_never_held(void **state)
{
	(void)state;
	fix.rep->available[THPRACE_CHECK_LEAK] = true;
	report_judge(fix.rep);
	assert_int_equal(fix.rep->verdict, THPRACE_INCONCLUSIVE);
	assert_non_null(strstr(fix.rep->why, "leak"));
	fix.rep->results[1]->tally.checks[THPRACE_CHECK_LEAK].held = 1;
	report_judge(fix.rep);
	assert_int_equal(fix.rep->verdict, THPRACE_PASS);
}

/* Rules that are wrong on a kernel that was not tested, and what to do. */
static void test_uncalibrated(void **state)
{
	struct check_count *c = &fix.rep->results[1]->tally.checks[THPRACE_CHECK_CALIBRATION];

	(void)state;
	fix.rep->available[THPRACE_CHECK_CALIBRATION] = true;
	report_judge(fix.rep);
	assert_int_equal(fix.rep->verdict, THPRACE_PASS);
	c->skipped = 1;
	strcpy(c->reason, "off: refcount");
	report_judge(fix.rep);
	assert_int_equal(fix.rep->verdict, THPRACE_INCONCLUSIVE);
	assert_ptr_equal(strstr(fix.rep->why, "calibration: off: refcount"), fix.rep->why);
	assert_non_null(strstr(fix.rep->why, "--allow-uncalibrated"));
	/* It comes before what may follow from it, and never before a violation. */
	fix.rep->results[0]->tally.rounds = 0;
	report_judge(fix.rep);
	assert_int_equal(fix.rep->verdict, THPRACE_INCONCLUSIVE);
	assert_ptr_equal(strstr(fix.rep->why, "calibration: off: refcount"), fix.rep->why);
	fixture_violate(fix.rep->results[2], "content");
	report_judge(fix.rep);
	assert_int_equal(fix.rep->verdict, THPRACE_FAIL);
	fix.rep->results[2]->tally.violations = 0;
	fix.rep->results[0]->tally.rounds = 10;
	fix.opt.allow_uncalibrated = true;
	report_judge(fix.rep);
	assert_int_equal(fix.rep->verdict, THPRACE_PASS);
}

/* Alone, it must have looked at the marks. */
static void test_rounds_alone(void **state)
{
	struct result *res = fix.rep->results[0];
	unsigned int i;

	(void)state;
	for (i = 0; i < NR_CHECKS; i++)
		fix.rep->available[i] = i == THPRACE_CHECK_MLOCKED;
	res->sc = scenario_by_name("munlock");
	tally_op(&res->tally, res->sc->op)->done = 4;
	report_judge(fix.rep);
	assert_int_equal(fix.rep->verdict, THPRACE_PASS);
	res->tally.rounds = 100;
	report_judge(fix.rep);
	assert_int_equal(fix.rep->verdict, THPRACE_INCONCLUSIVE);
	assert_non_null(strstr(fix.rep->why, "mlocked"));
	res->tally.checks[THPRACE_CHECK_MLOCKED].held = 1;
	report_judge(fix.rep);
	assert_int_equal(fix.rep->verdict, THPRACE_PASS);
	fix.opt.steer = "a>end";
	res->tally.checks[THPRACE_CHECK_MLOCKED].held = 0;
	report_judge(fix.rep);
	assert_int_equal(fix.rep->verdict, THPRACE_PASS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_pass, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_no_vacuous_pass, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_named_ops, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_not_begun, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_no_memory, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_killed, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_uncalibrated, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_check_never_held, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_rounds_alone, fixture_setup, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
