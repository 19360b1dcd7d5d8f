// SPDX-License-Identifier: GPL-2.0
/*
 * Which scenario is next, of one job and of several
 */
#include "cover.h"
#include "fixture.h"
#include "queue.h"
#include "test.h"
#include "touch.h"

REAL_READ_TEXT

/* Two of them need different values of one setting, so that they exclude each other. */
static const char *const names[] = { "zap", "reclaim", "partly", "mremap" };

static int setup(void **state)
{
	unsigned int i;

	(void)state;
	memset(&fix, 0, sizeof(fix));
	for (i = 0; i < ARRAY_SIZE(names); i++)
		fix.opt.scenarios[i] = scenario_by_name(names[i]);
	fix.opt.nr_scenarios = ARRAY_SIZE(names);
	fix.opt.duration_ms = 60000;
	return fixture_fill();
}

/* As many jobs as there are numbers; each sees the report as its own. */
static struct report view[3];

static void begin(unsigned int jobs)
{
	unsigned int i;

	fix.rep->nr_jobs = jobs;
	fix.rep->queue = queue_make(fix.rep);
	assert_non_null(fix.rep->queue);
	for (i = 0; i < jobs; i++) {
		view[i] = *fix.rep;
		view[i].job = i;
	}
}

static const char *take(unsigned int job, struct turn *turn)
{
	switch (queue_take(&view[job], turn)) {
	case QUEUE_TAKEN:
		return names[turn->index];
	case QUEUE_LATER:
		return "later";
	default:
		return "empty";
	}
}

/* Forwards, and backwards in the last pass; what is skipped or has ended badly is left out. */
static void test_order(void **state)
{
	struct turn turn;
	unsigned int i;

	(void)state;
	begin(1);
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		assert_string_equal(take(0, &turn), names[i]);
		assert_int_equal(turn.pass, 0);
		queue_done(fix.rep, 0);
	}
	fix.rep->results[1]->ending = END_BADLY;
	fix.rep->results[2]->skipped = "not here";
	assert_string_equal(take(0, &turn), "zap");
	assert_int_equal(turn.pass, 1);
	queue_done(fix.rep, 0);
	assert_string_equal(take(0, &turn), "mremap");
	queue_done(fix.rep, 0);
	assert_string_equal(take(0, &turn), "mremap");
	assert_int_equal(turn.pass, 2);
	queue_done(fix.rep, 0);
	assert_string_equal(take(0, &turn), "zap");
	queue_done(fix.rep, 0);
	assert_string_equal(take(0, &turn), "empty");
}

/* Not twice at a time, not beside what it excludes, and on to the next pass meanwhile. */
static void test_beside(void **state)
{
	struct turn turn;

	(void)state;
	assert_true(touch_conflict(scenario_by_name("reclaim"), scenario_by_name("partly")));
	assert_false(touch_conflict(scenario_by_name("reclaim"), scenario_by_name("pageout")));
	assert_true(touch_conflict(scenario_by_name("ksm"), scenario_by_name("ksm")));
	begin(3);
	assert_string_equal(take(0, &turn), "zap");
	assert_string_equal(take(1, &turn), "reclaim");
	assert_string_equal(take(2, &turn), "mremap");
	assert_int_equal(turn.pass, 0);
	queue_done(fix.rep, 2);
	/* partly waits for reclaim, which alone could run in this pass. */
	assert_string_equal(take(2, &turn), "later");
	queue_done(fix.rep, 1);
	assert_string_equal(take(2, &turn), "partly");
	assert_int_equal(turn.pass, 0);
	/* zap still runs. */
	assert_string_equal(take(1, &turn), "mremap");
	assert_int_equal(turn.pass, 1);
	queue_done(fix.rep, 0);
	assert_string_equal(take(0, &turn), "zap");
	assert_int_equal(turn.pass, 1);
}

static u64 time_of(const struct turn *turn)
{
	u64 now = now_ns();

	return turn->deadline_ns > now ? turn->deadline_ns - now : 0;
}

/* Two jobs have twice the time of one, and none has more than there is. */
static void test_shares(void **state)
{
	u64 alone, one, two;
	struct turn turn;

	(void)state;
	begin(1);
	take(0, &turn);
	alone = time_of(&turn);
	begin(2);
	take(0, &turn);
	one = time_of(&turn);
	take(1, &turn);
	two = time_of(&turn);
	/* A tenth of the last digits is for the time that this takes. */
	assert_in_range(one, alone * 19 / 10, alone * 2);
	assert_in_range(two, one * 9 / 10, one * 11 / 10);
	assert_true(turn.deadline_ns <= fix.rep->pass_end_ns[0]);
}

/* What one has found ends all, where the user wants that; and so does an error. */
static void test_stop(void **state)
{
	struct turn turn;

	(void)state;
	begin(2);
	fix.rep->results[3]->tally.violations = 1;
	assert_string_equal(take(0, &turn), "zap");
	queue_done(fix.rep, 0);
	fix.opt.stop_first = true;
	assert_string_equal(take(1, &turn), "empty");
	fix.rep->results[3]->tally.violations = 0;
	assert_string_equal(take(1, &turn), "reclaim");
	queue_done(fix.rep, 1);
	queue_stop(fix.rep);
	assert_string_equal(take(0, &turn), "empty");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_order, setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_beside, setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_shares, setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_stop, setup, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
