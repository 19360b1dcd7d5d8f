// SPDX-License-Identifier: GPL-2.0
/*
 * What is tried after a finding, and what is said then
 *
 * A bug is a function here: which variants show it, and how often.
 */
#include "fixture.h"
#include "options.h"
#include "test.h"
#include "triage_plan.h"
#include "triage_report.h"

REAL_READ_TEXT

#define SCHEDULE	"b>unmap_vmas a>try_to_migrate b>end a>end"

/* Does it fail in this try? */
typedef enum triage_outcome (*bug_fn)(const struct triage_config *c, unsigned int try);

static struct triage t;

static void begin(void)
{
	memset(&t, 0, sizeof(t));
	t.cause = 1;
	strcpy(t.scenario, "fork-munmap");
	strcpy(t.op, "munmap");
	t.scalable = true;
	t.can_steer = true;
	t.found = (struct found){
		.known = true, .exact = true, .batch_round = 32, .round = 35, .nr_thps = 16,
		.nr_workers = 4,
	};
}

static const char *found_out(bug_fn bug)
{
	static char sentence[TRIAGE_TEXT];
	struct triage_variant *v;
	unsigned int n = 0;

	while ((v = triage_next(&t))) {
		triage_note(v, bug(&v->config, v->tries));
		/* It comes to an end. */
		assert_true(++n < TRIAGE_VARIANTS * 40);
	}
	triage_sentence(&t, sentence, sizeof(sentence));
	return sentence;
}

static const struct triage_variant *step(enum triage_step step)
{
	unsigned int i;

	for (i = 0; i < t.nr && t.variant[i].step != step; i++)
		;
	return i < t.nr ? &t.variant[i] : NULL;
}

static bool needs(const char *what)
{
	char text[TRIAGE_TEXT];
	unsigned int i;

	for (i = 0; i < t.nr; i++) {
		if (triage_need(&t, &t.variant[i], text, sizeof(text)) && !strcmp(text, what))
			return true;
	}
	return false;
}

static enum triage_outcome always(const struct triage_config *c, unsigned int try)
{
	(void)c;
	(void)try;
	return TRIAGE_HIT;
}

static void test_always(void **state)
{
	(void)state;
	begin();
	assert_string_equal(found_out(always),
			    "reproduces: 5 of 5, without a race: needs neither split nor munmap");
	assert_int_equal(t.best->config.thps, 1);
	assert_int_equal(t.best->config.rounds, 1);
	assert_int_equal(t.best->config.first_round, 35);
	assert_int_equal(t.best->config.without, WITHOUT_SPLIT | WITHOUT_OP);
	/* Nothing is known to be needed. */
	assert_false(needs("split") || needs("munmap") || needs("more than one huge page"));
}

/* Nobody else splits then, but for the check. */
static enum triage_outcome of_any_split(const struct triage_config *c, unsigned int try)
{
	(void)try;
	return c->without & WITHOUT_SPLIT && c->without & WITHOUT_CHECK_SPLIT ? TRIAGE_MISS :
										TRIAGE_HIT;
}

static enum triage_outcome of_op_and_any_split(const struct triage_config *c, unsigned int try)
{
	return c->without & WITHOUT_OP ? TRIAGE_MISS : of_any_split(c, try);
}

static void test_check_split(void **state)
{
	(void)state;
	begin();
	t.check_splits = true;
	assert_string_equal(found_out(of_any_split),
			    "reproduces: 5 of 5, without a race: the split of the check is enough");
	assert_true(needs("the split of the check"));
	assert_false(needs("split") || needs("munmap"));
	begin();
	t.check_splits = true;
	t.found.nr_workers = 1;
	assert_string_equal(found_out(of_op_and_any_split),
			    "reproduces: 5 of 5, without a race: munmap is enough, with the split of the check");
	/* Left out as well: now it is true that no split is needed. */
	begin();
	t.check_splits = true;
	assert_string_equal(found_out(always),
			    "reproduces: 5 of 5, without a race: needs neither split nor munmap");
	assert_int_equal(t.best->config.without,
			 WITHOUT_SPLIT | WITHOUT_OP | WITHOUT_CHECK_SPLIT);
	/* Where there is none, nothing is tried. */
	begin();
	found_out(always);
	assert_null(step(TRIAGE_NO_CHECK_SPLIT));
}

/* As long as it was not left out, nothing is said of it but that it is there. */
static void test_check_split_stays(void **state)
{
	char sentence[TRIAGE_TEXT];
	struct triage_variant *v;

	(void)state;
	begin();
	t.check_splits = true;
	while ((v = triage_next(&t)) && v->step != TRIAGE_NO_CHECK_SPLIT)
		triage_note(v, TRIAGE_HIT);
	triage_sentence(&t, sentence, sizeof(sentence));
	assert_string_equal(sentence,
			    "reproduces: 3 of 3, without a race: needs neither split nor munmap (the check still splits)");
	/* What fails there needs it. */
	begin();
	t.check_splits = true;
	t.of_progress = true;
	assert_string_equal(found_out(always),
			    "reproduces: 5 of 5, without a race: needs neither split nor munmap; it is the split of the check that fails");
	assert_null(step(TRIAGE_NO_CHECK_SPLIT));
}

static enum triage_outcome never(const struct triage_config *c, unsigned int try)
{
	(void)c;
	(void)try;
	return TRIAGE_MISS;
}

/* Neither again, nor from the start, nor along its schedule: nothing else is tried. */
static void test_never(void **state)
{
	(void)state;
	begin();
	strcpy(t.schedule, SCHEDULE);
	assert_string_equal(found_out(never), "did not reproduce: 0 of 43");
	assert_int_equal(t.nr, 3);
	assert_null(t.best);
	assert_int_equal(t.variant[1].config.first_round, 0);
	assert_int_equal(t.variant[1].config.rounds, 48);
}

static enum triage_outcome of_op(const struct triage_config *c, unsigned int try)
{
	(void)try;
	return c->without & WITHOUT_OP ? TRIAGE_MISS : TRIAGE_HIT;
}

static void test_op_alone(void **state)
{
	(void)state;
	begin();
	t.scalable = false;
	t.found.nr_workers = 1;
	assert_string_equal(found_out(of_op),
			    "reproduces: 5 of 5, without a race: munmap is enough");
	assert_true(needs("munmap"));
	/* Several may still race each other: they take turns, then. */
	begin();
	assert_string_equal(found_out(of_op),
			    "reproduces: 5 of 5, without a race: munmap is enough, in turns");
	assert_int_equal(t.best->config.procs, 1);
}

static enum triage_outcome of_both(const struct triage_config *c, unsigned int try)
{
	(void)try;
	return c->without & (WITHOUT_OP | WITHOUT_SPLIT) ? TRIAGE_MISS : TRIAGE_HIT;
}

static void test_in_turns(void **state)
{
	(void)state;
	begin();
	assert_string_equal(found_out(of_both),
			    "reproduces: 5 of 5, without a race: split and munmap one after the other");
	assert_true(needs("split") && needs("munmap") && !needs("at the same time"));
}

/* Of two ops the second one may not be needed; nobody splits, so that is not left out. */
static void test_pairs(void **state)
{
	unsigned int i;

	(void)state;
	begin();
	t.scalable = false;
	t.pairs = true;
	strcpy(t.op, "zap,mremap");
	assert_string_equal(found_out(always), "reproduces: 5 of 5, the first op is enough");
	begin();
	t.scalable = false;
	t.pairs = true;
	strcpy(t.op, "zap,mremap");
	assert_string_equal(found_out(of_op),
			    "reproduces: 5 of 5, zap,mremap one after the other");
	assert_true(needs("both ops") && !needs("split"));
	for (i = 0; i < t.nr; i++)
		assert_false(t.variant[i].config.without & WITHOUT_SPLIT);
}

/* One try in four, with both at it at once; two processes are needed. */
static enum triage_outcome race(const struct triage_config *c, unsigned int try)
{
	if (c->without & ~WITHOUT_STEER || c->procs < 2)
		return TRIAGE_MISS;
	return try % 4 == 3 ? TRIAGE_HIT : TRIAGE_MISS;
}

static void test_race(void **state)
{
	(void)state;
	begin();
	assert_string_equal(found_out(race),
			    "reproduces: 3 of 12, needs split and munmap at the same time");
	assert_true(needs("split") && needs("munmap") && needs("at the same time"));
	assert_true(needs("more than 1 process beside main"));
	assert_int_equal(t.best->config.procs, 2);
	/* What misses got as many tries as show something. */
	assert_int_equal(step(TRIAGE_NO_SPLIT)->tries, 12);
	assert_int_equal(step(TRIAGE_FEWER_PAGES)->hits, 3);
	assert_int_equal(step(TRIAGE_AGAIN)->tries, 20);
}

/* Only where the split is led past this point, and the other past that. */
static enum triage_outcome steered(const struct triage_config *c, unsigned int try)
{
	(void)try;
	return strstr(c->schedule, "a>try_to_migrate") && strstr(c->schedule, "b>end") ?
	       TRIAGE_HIT : TRIAGE_MISS;
}

static void test_steered(void **state)
{
	(void)state;
	begin();
	strcpy(t.schedule, SCHEDULE);
	assert_string_equal(found_out(steered),
			    "reproduces: 5 of 5, needs split > try_to_migrate against munmap");
	assert_string_equal(t.best->config.schedule, "a>try_to_migrate b>end");
	assert_true(needs("split > try_to_migrate against munmap"));
}

/* It is seldom without. */
static enum triage_outcome helped(const struct triage_config *c, unsigned int try)
{
	if (c->without & ~WITHOUT_STEER)
		return TRIAGE_MISS;
	if (strstr(c->schedule, "unmap_vmas") && strstr(c->schedule, "try_to_migrate"))
		return TRIAGE_HIT;
	return try % 5 ? TRIAGE_MISS : TRIAGE_HIT;
}

static void test_helped(void **state)
{
	(void)state;
	begin();
	strcpy(t.schedule, SCHEDULE);
	assert_string_equal(found_out(helped),
			    "reproduces: 5 of 5, with split > try_to_migrate against munmap > unmap_vmas (1 of 5 without steering)");
	assert_false(needs("split > try_to_migrate against munmap > unmap_vmas"));
}

static enum triage_outcome other(const struct triage_config *c, unsigned int try)
{
	(void)try;
	return c->without & WITHOUT_SPLIT ? TRIAGE_OTHER : TRIAGE_HIT;
}

/* What fails in another way is no hit, and is told. */
static void test_other(void **state)
{
	(void)state;
	begin();
	assert_non_null(strstr(found_out(other), "; 5 tries failed in another way"));
	assert_false(t.best->config.without & WITHOUT_SPLIT);
}

static enum triage_outcome broken(const struct triage_config *c, unsigned int try)
{
	(void)try;
	return c->without & WITHOUT_SPLIT ? TRIAGE_BROKEN :
	       c->without & WITHOUT_RACE ? TRIAGE_BROKEN : TRIAGE_HIT;
}

/* What could not be run shows nothing. */
static void test_broken(void **state)
{
	char text[TRIAGE_TEXT];

	(void)state;
	begin();
	found_out(broken);
	assert_false(needs("split") || needs("at the same time"));
	triage_tried(&t, text, sizeof(text));
	assert_non_null(strstr(text, "without the split could not be run"));
}

/* Its time was over in the middle: only what was seen by then. */
static void test_cut(void **state)
{
	char text[TRIAGE_TEXT];
	struct triage_variant *v;

	(void)state;
	begin();
	triage_sentence(&t, text, sizeof(text));
	assert_string_equal(text, "not looked into");
	strcpy(t.why_not, "an oops");
	triage_sentence(&t, text, sizeof(text));
	assert_string_equal(text, "not looked into: an oops");
	strcpy(t.why_not, "no time");
	v = triage_next(&t);
	triage_note(v, TRIAGE_MISS);
	triage_note(v, TRIAGE_HIT);
	triage_sentence(&t, text, sizeof(text));
	assert_string_equal(text, "reproduces: 1 of 2; no time");
	while (triage_next(&t) == v)
		triage_note(v, TRIAGE_HIT);
	triage_note(triage_next(&t), TRIAGE_MISS);
	triage_sentence(&t, text, sizeof(text));
	assert_string_equal(text, "reproduces: 19 of 20; no time");
	assert_false(needs("split"));
}

/* What trying again can say nothing of, in whatever round it was seen. */
static void test_why_not(void **state)
{
	(void)state;
	begin();
	assert_null(triage_why_not(&t, "page_mapcount"));
	assert_null(triage_why_not(&t, "a_check_of_the_future"));
	assert_non_null(strstr(triage_why_not(&t, "leak"), "when all is over"));
	assert_non_null(strstr(triage_why_not(&t, "calibration"), "before the run"));
	t.found.known = false;
	assert_non_null(strstr(triage_why_not(&t, "page_mapcount"), "in which round"));
	assert_non_null(strstr(triage_why_not(&t, "calibration"), "before the run"));
}

/* A recorded program is run as it is. */
static void test_fixed(void **state)
{
	(void)state;
	begin();
	t.fixed = true;
	assert_string_equal(found_out(always), "reproduces: 5 of 5");
	assert_int_equal(t.nr, 1);
}

/* It can be pasted: "thprace run" takes it, and does what was tried. */
static void test_command(void **state)
{
	char text[TRIAGE_TEXT], *argv[64] = { "run" }, *at;
	struct options opt = { 0 };
	int argc = 1;

	(void)state;
	begin();
	strcpy(t.schedule, SCHEDULE);
	fix.opt.seed = 17;
	assert_false(triage_command(fix.rep, &t, text, sizeof(text)));
	found_out(steered);
	assert_true(triage_command(fix.rep, &t, text, sizeof(text)));
	assert_string_equal(text, "thprace run fork-munmap --seed 17 --first-round 35 --rounds 1 --thps 1 --procs 1 --steer \"a>try_to_migrate b>end\" --duration 60 --triage 0");
	assert_null(uop_set_parse(&fix.opt.ops, "zap:fork"));
	assert_true(triage_command(fix.rep, &t, text, sizeof(text)));
	assert_non_null(strstr(text, " --ops zap:fork --"));
	memset(&fix.opt.ops, 0, sizeof(fix.opt.ops));
	begin();
	found_out(of_both);
	assert_true(triage_command(fix.rep, &t, text, sizeof(text)));
	for (at = strtok(text + strlen("thprace run"), " "); at; at = strtok(NULL, " "))
		argv[argc++] = at;
	assert_int_equal(options_parse(&opt, argc, argv), CMDLINE_GO);
	assert_int_equal(opt.without, WITHOUT_RACE);
	assert_int_equal(opt.thps, 1);
	assert_int_equal(opt.first_round, 35);
	assert_int_equal(opt.triage_ms, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_always),
		cmocka_unit_test(test_check_split),
		cmocka_unit_test(test_check_split_stays),
		cmocka_unit_test(test_never),
		cmocka_unit_test(test_op_alone),
		cmocka_unit_test(test_in_turns),
		cmocka_unit_test(test_pairs),
		cmocka_unit_test(test_race),
		cmocka_unit_test(test_steered),
		cmocka_unit_test(test_helped),
		cmocka_unit_test(test_other),
		cmocka_unit_test(test_broken),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_why_not),
		cmocka_unit_test(test_fixed),
		cmocka_unit_test_setup_teardown(test_command, fixture_setup, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
