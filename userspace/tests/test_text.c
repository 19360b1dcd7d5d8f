// SPDX-License-Identifier: GPL-2.0
/*
 * The report for people, and as KTAP
 */
#include <unistd.h>

#include "fixture.h"
#include "ktap.h"
#include "report_text.h"
#include "test.h"
#include "undo.h"

REAL_READ_TEXT

#define SCREEN		50	/* lines, of which there is one for each scenario */

/* The default run. */
static int setup_all(void **state)
{
	unsigned int i;

	(void)state;
	memset(&fix, 0, sizeof(fix));
	for (i = 0; i < nr_scenarios; i++)
		fix.opt.scenarios[i] = scenarios[i];
	fix.opt.nr_scenarios = nr_scenarios;
	fix.opt.duration_ms = 60000;
	fix.opt.stop_first = true;
	return fixture_fill();
}

static char *printed(void)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	report_judge(fix.rep);
	report_print(fix.rep, f);
	fclose(f);
	return text;
}

static void begins(const char *text, const char *with)
{
	if (strncmp(text, with, strlen(with)))
		fail_msg("'%.60s' does not begin with '%s'", text, with);
}

/* The line that begins so, without its end; NULL: there is none. */
static const char *line_of(const char *text, const char *with)
{
	static char line[1024];
	const char *at = text;

	while (at && strncmp(at, with, strlen(with))) {
		at = strchr(at, '\n');
		at = at ? at + 1 : NULL;
	}
	if (at)
		copy_word(line, strcspn(at, "\n") + 1, at);
	return at ? line : NULL;
}

static unsigned int nr_lines(const char *text)
{
	unsigned int n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

/* The rows of so many scenarios, and of no other. */
static void check_rows(const char *text, unsigned int nr)
{
	char name[40];
	unsigned int i;

	for (i = 0; i < nr_scenarios; i++) {
		snprintf(name, sizeof(name), "  %s ", scenarios[i]->name);
		assert_int_equal(!!line_of(text, name), i < nr);
	}
}

static void test_screen(void **state)
{
	unsigned int i;
	char *text;

	(void)state;
	for (i = 0; i < 12; i++) {
		fix.rep->why_not[i][0] = 'x';
		fixture_violate(fix.rep->results[i], check_name(i));
		strcpy(fix.rep->results[i]->tally.steer, "a>end=reached");
		fix.rep->results[i]->forced = 1;
		fix.rep->results[i]->not_huge = 1;
	}
	for (i = 12; i < nr_scenarios; i++)
		fix.rep->results[i]->begun = false;
	text = printed();
	begins(text, "verdict: fail (");
	assert_true(nr_lines(text) <= SCREEN);
	check_rows(text, 12);
	assert_non_null(line_of(text, "  others: 0 pass, 0 inconclusive, 0 aborted, 0 skipped, "));
	assert_non_null(line_of(text, "... and 8 more causes"));
	free(text);
	fix.opt.verbose = true;
	text = printed();
	assert_true(nr_lines(text) > SCREEN);
	check_rows(text, nr_scenarios);
	assert_non_null(line_of(text, "  op split "));
	assert_non_null(line_of(text, "  check content "));
	assert_non_null(line_of(text, "    time:"));
	assert_non_null(line_of(text, "    steer a>end"));
	free(text);
}

/* What was new, and when: of all on a line, of each with -v. */
static void test_new(void **state)
{
	unsigned int i;
	char *text;

	(void)state;
	text = printed();
	assert_null(line_of(text, "  new: "));
	free(text);
	for (i = 0; i < 5; i++)
		cover_see(fix.rep->cover[0], COVER_STATE, i, (i + 30) * NSEC_PER_SEC);
	cover_see(fix.rep->cover[2], COVER_PHASES, 1, 99 * NSEC_PER_SEC);
	fix.rep->duration_ns = 100 * NSEC_PER_SEC;
	text = printed();
	assert_string_equal(line_of(text, "  new: "),
			    "  new: 6 (1 phases, 0 outcomes, 5 states), 5 in the first 64 s, 1 in the last minute");
	assert_null(line_of(text, "    new: "));
	free(text);
	fix.opt.verbose = true;
	fix.rep->cover[0]->full = 1;
	text = printed();
	assert_non_null(strstr(line_of(text, "  new: "), "last minute; some had no room"));
	assert_string_equal(line_of(text, "    new: "),
			    "    new: 0 phases, 0 outcomes, 5 states, the last after 34.0 s");
	free(text);
	/* Nothing that happens beyond the last power of two seconds is left out of the sum. */
	cover_see(fix.rep->cover[1], COVER_OUTCOME, 1, 40 * NSEC_PER_SEC);
	text = printed();
	assert_non_null(strstr(line_of(text, "  new: "), "7 (1 phases, 1 outcomes, 5 states), 6 in"));
	free(text);
}

/* The command that repeats it, the ops with it; and a grid says whose phases it shows. */
static void test_ops(void **state)
{
	struct tally *t = &fix.rep->results[0]->tally;
	char *text;

	(void)state;
	assert_null(uop_set_parse(&fix.opt.ops, "munmap:zap"));
	fix.opt.grid = true;
	t->grid = (struct grid_state){ .listed = true, .k = 3, .complete = true };
	t->nr_cells = 1;
	t->cells[0] = (struct cell){ "unmap_vmas", "zap_huge_pmd", "met", 3, 3, 0 };
	text = printed();
	assert_non_null(strstr(line_of(text, "run: "), " --ops munmap:zap"));
	assert_non_null(strstr(line_of(text, "run: "), " --grid"));
	assert_non_null(line_of(text, "  munmap \\ zap  "));
	free(text);
	memset(&fix.opt.ops, 0, sizeof(fix.opt.ops));
	text = printed();
	assert_null(strstr(text, "--ops"));
	assert_non_null(line_of(text, "  split \\ other op  "));
	free(text);
}

static void test_why(void **state)
{
	char *text;

	(void)state;
	text = printed();
	begins(text, "verdict: pass\n");
	free(text);
	fix.rep->results[2]->tally.overlaps = 0;
	text = printed();
	begins(text, "verdict: inconclusive (ksm: nothing overlapped; try more --duration, more CPUs, or --steer)\n");
	assert_non_null(strstr(line_of(text, "  ksm "), "  nothing overlapped"));
	free(text);
	fixture_violate(fix.rep->results[0], "refcount");
	fixture_violate(fix.rep->results[0], "content");
	fixture_violate(fix.rep->results[0], "refcount");
	text = printed();
	begins(text, "verdict: fail (zap: 3 violations: refcount, content)\n");
	assert_non_null(strstr(text, "VIOLATION refcount in zap round 7"));
	free(text);
}

/* Of checks only that of which there is something to say. */
static void test_checks(void **state)
{
	struct check_count *c = fix.rep->results[0]->tally.checks;
	unsigned int i;
	char *text;

	(void)state;
	for (i = 0; i < NR_CHECKS; i++)
		strcpy(fix.rep->why_not[i], "for a reason");
	fix.rep->available[THPRACE_CHECK_CONTENT] = true;
	fix.rep->available[THPRACE_CHECK_LEAK] = true;
	fix.rep->available[THPRACE_CHECK_RSS] = true;
	fix.rep->available[THPRACE_CHECK_REFCOUNT] = true;
	fix.rep->available[THPRACE_CHECK_MM_ID] = true;
	c[THPRACE_CHECK_RSS].held = 5;
	c[THPRACE_CHECK_RSS].skipped = 1;
	strcpy(c[THPRACE_CHECK_RSS].reason, "a neighbour");
	fix.rep->available[THPRACE_CHECK_RMAP_CENSUS] = true;
	c[THPRACE_CHECK_RMAP_CENSUS].skipped = 7;
	strcpy(c[THPRACE_CHECK_RMAP_CENSUS].reason, "a neighbour");
	c[THPRACE_CHECK_REFCOUNT].violated = 2;
	c[THPRACE_CHECK_MM_ID].held = 9;
	text = printed();
	assert_null(line_of(text, "  check content"));
	assert_null(line_of(text, "  check mm_id"));
	assert_string_equal(line_of(text, "  never made"), "  never made: leak");
	assert_non_null(strstr(line_of(text, "  check refcount"), "violated 2"));
	/* One line for a reason, with all that it is of. */
	assert_string_equal(line_of(text, "  skipped, a neighbour"),
			    "  skipped, a neighbour: rmap_census 7 rss 1");
	assert_non_null(strstr(line_of(text, "  not checked, for a reason:"), " kernel"));
	assert_non_null(strstr(line_of(text, "  not checked, for a reason:"), " page_mapcount"));
	assert_null(strstr(line_of(text, "  not checked, for a reason:"), " rss"));
	free(text);
}

static void test_not_run(void **state)
{
	char *text;

	(void)state;
	fix.rep->results[0]->skipped = "no such thing";
	fix.rep->results[1]->begun = false;
	text = printed();
	begins(text, "verdict: aborted (storm: not begun)\n");
	assert_non_null(strstr(line_of(text, "  zap "), "skipped: no such thing"));
	assert_non_null(strstr(line_of(text, "  storm "), "not begun"));
	free(text);
}

/* It can be given again; it names what failed, and not all that there is. */
static void test_command(void **state)
{
	char *text;

	(void)state;
	fix.opt.seed = ~0ULL;
	fix.opt.duration_ms = 14 * 24 * 3600 * 1000ULL;
	text = printed();
	assert_string_equal(line_of(text, "run: "),
			    "run: thprace run --seed 18446744073709551615 --duration 1209600");
	free(text);
	fix.opt.nr_scenarios--;
	text = printed();
	assert_string_equal(line_of(text, "run: "),
			    "run: thprace run --exclude storm --seed 18446744073709551615 --duration 1209600");
	free(text);
	fixture_violate(fix.rep->results[7], "content");
	fix.rep->results[7]->found = (struct found){
		.known = true, .batch_round = 48, .nr_thps = 16,
	};
	text = printed();
	assert_string_equal(line_of(text, "run: "),
			    "run: thprace run zap --seed 18446744073709551615 --first-round 48 --duration 1209600 --thps 16");
	free(text);
	fix.rep->results[7]->found.known = false;
	text = printed();
	assert_string_equal(line_of(text, "run: "),
			    "run: thprace run zap --seed 18446744073709551615 --duration 1209600");
	free(text);
}

static void test_gentle(void **state)
{
	char *text;

	(void)state;
	fix.opt.gentle = true;
	fix.opt.allow_uncalibrated = true;
	text = printed();
	assert_non_null(strstr(line_of(text, "run: "), " --gentle --allow-uncalibrated"));
	free(text);
}

/* On the last line, and the verdict's reason; a violation comes first. */
static void test_not_put_back(void **state)
{
	static const char said[] = "thprace: not put back: it is 1, was 0 before\n";
	char *text;

	(void)state;
	assert_int_equal(undo_init(), 0);
	undo_failed("it is 1, was 0 before");
	text = printed();
	assert_string_equal(text + strlen(text) - strlen(said), said);
	assert_string_equal(line_of(text, "verdict: "),
			    "verdict: aborted (not put back: it is 1, was 0 before)");
	free(text);
	fixture_violate(fix.rep->results[0], "content");
	text = printed();
	assert_string_equal(text + strlen(text) - strlen(said), said);
	assert_int_equal(fix.rep->verdict, THPRACE_FAIL);
	free(text);
	assert_int_equal(undo_init(), 0);
}

static char *ktap(void)
{
	char name[] = "/tmp/test_text.XXXXXX", text[4096];
	int fd = mkstemp(name);

	assert_true(fd >= 0);
	close(fd);
	report_judge(fix.rep);
	assert_int_equal(report_ktap(fix.rep, name), 0);
	assert_true(read_text(name, text, sizeof(text)) > 0);
	unlink(name);
	return strdup(text);
}

static void test_ktap(void **state)
{
	char *text = ktap();

	(void)state;
	assert_string_equal(text, "KTAP version 1\n1..4\nok 1 zap\nok 2 storm\nok 3 ksm\nok 4 run\n"
			    "# Totals: pass:4 fail:0 xfail:0 xpass:0 skip:0 error:0\n");
	free(text);
	fixture_violate(fix.rep->results[0], "content");
	fix.rep->results[1]->skipped = "no #1";
	fix.rep->results[2]->tally.overlaps = 0;
	text = ktap();
	begins(text, "KTAP version 1\n1..4\n# VIOLATION content in zap round 7");
	assert_string_equal(line_of(text, "not ok 1"),
			    "not ok 1 zap # fail 1 violation: content");
	assert_string_equal(line_of(text, "ok 2"), "ok 2 storm # SKIP no  1");
	assert_string_equal(line_of(text, "not ok 3"),
			    "not ok 3 ksm # inconclusive nothing overlapped; try more --duration, more CPUs, or --steer");
	assert_non_null(line_of(text, "not ok 4 run # fail "));
	assert_non_null(line_of(text, "# Totals: pass:0 fail:3 xfail:0 xpass:0 skip:1 error:0"));
	free(text);
}

/* All pass, and still it is none: a check was never made. */
static void test_ktap_whole(void **state)
{
	char *text;

	(void)state;
	fix.rep->available[THPRACE_CHECK_LEAK] = true;
	text = ktap();
	assert_non_null(line_of(text, "ok 3 ksm"));
	assert_non_null(line_of(text, "not ok 4 run # inconclusive check leak never held"));
	free(text);
	fix.rep->results[0]->skipped = "x";
	fix.rep->results[1]->skipped = "x";
	fix.rep->results[2]->skipped = "x";
	text = ktap();
	assert_string_equal(line_of(text, "ok 4"), "ok 4 run # SKIP all scenarios were skipped; list scenarios says what each needs");
	free(text);
}

static void test_ktap_unwritable(void **state)
{
	(void)state;
	report_judge(fix.rep);
	assert_int_not_equal(report_ktap(fix.rep, "/nosuch/ktap"), 0);
	assert_int_not_equal(report_ktap(fix.rep, "/dev/full"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_screen, setup_all, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_new, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_ops, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_why, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_checks, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_not_run, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_command, setup_all, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_gentle, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_not_put_back, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_ktap, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_ktap_whole, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_ktap_unwritable, fixture_setup, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
