// SPDX-License-Identifier: GPL-2.0
/*
 * The module's report, read and added up
 */
#include <errno.h>

#include "engine.h"
#include "options.h"
#include "scenario.h"
#include "tally.h"
#include "test.h"
#include "test_parse.h"

REAL_READ_TEXT

static const char report[] =
	"thprace-report 1\n"
	"command: race\n"
	"unheard-of key=value\n"
	"rounds: 18446744073709551615\n"
	"overlaps: 87\n"
	"op split done=93 busy=7 failed=1 new=5 time_ns=81234567\n"
	"op munmap done=100 busy=0 failed=0 time_ns=71234567\n"
	"check page_mapcount held=6400 control=3 violated=0 skipped=12 reason=for a moment\n"
	"check refcount held=1 violated=3 skipped=0 reason=-\n"
	"check nosuch held=1 violated=9 skipped=0 reason=-\n"
	"steer a>try_to_migrate=reached b>free_pgtables=blocked(anon_vma) a>end=reached\n"
	"cell try_to_migrate free_pgtables met hits=12 rounds=13 violations=1\n"
	"grid k=3 left=17 complete=no\n"
	"violation check=refcount scenario=fork-munmap round=3 time_ns=12345 addr=0x7f0000000000 "
	"pfn=0x1234 pid=7 index=7 want=0 got=-1 ops=split,munmap cell=- reason=held=9 looks odd\n";

static void test_parse(void **state)
{
	struct tally *t = parse(report);

	(void)state;
	assert_true(t->rounds == ~0ULL);
	assert_int_equal(t->overlaps, 87);
	assert_int_equal(t->nr_ops, 2);
	assert_int_equal(tally_op(t, "split")->done, 93);
	assert_int_equal(tally_op(t, "split")->time_ns, 81234567);
	assert_int_equal(t->checks[THPRACE_CHECK_PAGE_MAPCOUNT].held, 6400);
	assert_int_equal(t->checks[THPRACE_CHECK_PAGE_MAPCOUNT].skipped, 12);
	assert_string_equal(t->checks[THPRACE_CHECK_PAGE_MAPCOUNT].reason, "for a moment");
	assert_string_equal(t->checks[THPRACE_CHECK_REFCOUNT].reason, "");
	assert_false(t->checks[THPRACE_CHECK_RSS].listed);
	assert_int_equal(t->nr_cells, 1);
	assert_int_equal(t->cells[0].hits, 12);
	assert_int_equal(t->cells[0].violations, 1);
	assert_true(t->grid.listed);
	assert_false(t->grid.complete);
	assert_int_equal(t->grid.left, 17);
	/* Three are counted, one is kept. */
	assert_int_equal(t->violations, 3);
	assert_int_equal(t->nr_violations, 1);
	free(t);
}

static void test_violation(void **state)
{
	struct tally *t = parse(report);
	const struct violation *v = &t->kept[0];

	(void)state;
	assert_string_equal(v->check, "refcount");
	assert_string_equal(v->scenario, "fork-munmap");
	assert_int_equal(v->round, 3);
	assert_true(v->addr == 0x7f0000000000ULL);
	assert_int_equal(v->pfn, 0x1234);
	assert_string_equal(v->want, "0");
	assert_string_equal(v->got, "-1");
	assert_string_equal(v->ops, "split,munmap");
	/* Words of the reason are none of the line's. */
	assert_string_equal(v->detail, "held=9 looks odd; subpage 7");
	free(t);
}

/* What was tried often, or had to be done, has to be done. */
static void test_undone(void **state)
{
	struct tally *t = parse("thprace-report 1\n"
				"op split done=1 busy=3 failed=0 new=1 time_ns=1\n"
				"op mremap done=1 busy=0 failed=0 new=1 time_ns=1\n"
				"op fault done=0 busy=0 failed=0 new=0 time_ns=0\n");

	(void)state;
	assert_null(tally_undone(t, "mremap"));
	assert_string_equal(tally_undone(t, "fault")->name, "fault");
	tally_op(t, "fault")->busy = 4;
	tally_op(t, "fault")->failed = 3;
	assert_null(tally_undone(t, "mremap"));
	tally_op(t, "fault")->failed = 4;
	assert_string_equal(tally_undone(t, "mremap")->name, "fault");
	tally_op(t, "fault")->busy = 0;
	tally_op(t, "fault")->failed = 8;
	assert_string_equal(tally_undone(t, "mremap")->name, "fault");
	tally_op(t, "fault")->done = 1;
	assert_null(tally_undone(t, "mremap"));
	tally_op(t, "split")->done = 0;
	assert_string_equal(tally_undone(t, "mremap")->name, "split");
	free(t);
}

/* As long as a pass needs more of what rounds give, there are more. */
static void test_enough(void **state)
{
	static const struct {
		const char *scenario, *ops;
		bool enough;
	} cases[] = {
		{ "pair-procs", "op split done=3 busy=0 failed=0 new=1 time_ns=1\n", false },
		{ "pair-procs", "op munmap done=1 busy=0 failed=0 new=1 time_ns=1\n", true },
		{ "storm", "op split done=3 busy=0 failed=0 new=1 time_ns=1\n", false },
		{ "storm", "op split done=3 busy=0 failed=0 new=1 time_ns=1\n"
			   "op zap done=1 busy=0 failed=0 new=1 time_ns=1\n", true },
		{ "mremap", "op mremap done=3 busy=0 failed=0 new=1 time_ns=1\n", false },
		{ "mremap", "op split done=1 busy=0 failed=0 new=1 time_ns=1\n"
			    "op mremap done=1 busy=0 failed=0 new=1 time_ns=1\n", true },
	};
	struct options opt = { 0 };
	char text[256];
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct scenario *sc = scenario_by_name(cases[i].scenario);
		struct tally *t;

		snprintf(text, sizeof(text), "thprace-report 1\noverlaps: 1\n%s", cases[i].ops);
		t = parse(text);
		assert_int_equal(engine_enough(sc, &opt, t), cases[i].enough);
		/* What was asked for by name is needed, of those that draw two ops. */
		assert_null(uop_set_parse(&opt.ops, "munmap,fork"));
		assert_int_equal(engine_enough(sc, &opt, t), cases[i].enough && !sc->pairs);
		memset(&opt, 0, sizeof(opt));
		t->overlaps = 0;
		assert_false(engine_enough(sc, &opt, t));
		free(t);
	}
}

static void test_no_report(void **state)
{
	static const char *const bad[] = { "", "thprace-report 2\n", "thprace-report 1" };
	static struct tally t;
	unsigned int i;
	char text[64];

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		copy_word(text, sizeof(text), bad[i]);
		assert_int_not_equal(tally_parse(&t, text), 0);
	}
}

static void test_met(void **state)
{
	static const struct {
		const char *text;
		bool met;
	} cases[] = {
		{ "x\nsteer a>p=reached b>q=reached a>end=blocked b>end=reached\n", true },
		{ "x\nsteer a>p=reached* b>end=reached\n", true },
		{ "x\nsteer a>p=reached b>q=blocked(folio) a>end=reached\n", false },
		{ "x\nsteer a>p=never\n", false },
		{ "x\nsteer a>p=pending\n", false },
		{ "x\nrounds: 3\n", false },
	};
	char text[256];
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		copy_word(text, sizeof(text), cases[i].text);
		assert_int_equal(tally_met(text), cases[i].met);
	}
}

static void test_add(void **state)
{
	struct tally *sum = calloc(1, sizeof(*sum)), *t = parse(report);
	unsigned int i;

	(void)state;
	t->rounds = 5;
	for (i = 0; i < 2 * KEPT_VIOLATIONS; i++)
		tally_add(sum, t);
	assert_int_equal(sum->rounds, 10 * KEPT_VIOLATIONS);
	assert_int_equal(tally_op(sum, "munmap")->done, 200 * KEPT_VIOLATIONS);
	assert_int_equal(sum->violations, 6 * KEPT_VIOLATIONS);
	assert_int_equal(sum->nr_violations, KEPT_VIOLATIONS);
	assert_int_equal(sum->nr_cells, 1);
	assert_int_equal(sum->cells[0].hits, 24 * KEPT_VIOLATIONS);
	assert_string_equal(sum->cells[0].state, "met");
	free(t);
	free(sum);
}

/* Met somewhere is met; what was shut out somewhere says more than never. */
static void test_add_cells(void **state)
{
	struct tally *sum = calloc(1, sizeof(*sum)), *t = calloc(1, sizeof(*t));
	static const char *const states[] = { "never", "excluded", "untried", "met", "excluded" };
	static const char *const then[] = { "never", "excluded", "excluded", "met", "met" };
	unsigned int i;

	(void)state;
	t->nr_cells = 1;
	strcpy(t->cells[0].a, "a");
	strcpy(t->cells[0].b, "b");
	for (i = 0; i < ARRAY_SIZE(states); i++) {
		copy_word(t->cells[0].state, sizeof(t->cells[0].state), states[i]);
		tally_add(sum, t);
		assert_string_equal(sum->cells[0].state, then[i]);
	}
	free(t);
	free(sum);
}

static void test_ops_are_bounded(void **state)
{
	struct tally *t = calloc(1, sizeof(*t));
	unsigned int i;
	char name[16];

	(void)state;
	for (i = 0; i < MAX_OPS; i++) {
		snprintf(name, sizeof(name), "op%u", i);
		assert_non_null(tally_op(t, name));
	}
	assert_null(tally_op(t, "one more"));
	assert_non_null(tally_op(t, "op7"));
	free(t);
}

/* What does not fit is an error, not a smaller report. */
static void test_cut(void **state)
{
	size_t size = 0x100000, len = 0;
	struct tally *t = calloc(1, sizeof(*t)), *sum = calloc(1, sizeof(*sum));
	char *text = malloc(size);
	unsigned int i;

	(void)state;
	len = snprintf(text, size, THPRACE_REPORT_MAGIC "\n");
	for (i = 0; i <= MAX_OPS; i++)
		len += snprintf(text + len, size - len, "op op%u done=1 busy=0 failed=0\n", i);
	assert_int_equal(tally_parse(t, text), -ENOSPC);
	len = snprintf(text, size, THPRACE_REPORT_MAGIC "\ngrid k=3 left=0 complete=yes\n");
	for (i = 0; i < MAX_CELLS; i++)
		len += snprintf(text + len, size - len, "cell a%u b met hits=1 rounds=1\n", i);
	strcpy(text + len, "cell one more met hits=1 rounds=1\n");
	assert_int_equal(tally_parse(t, text), -ENOSPC);
	assert_int_equal(t->nr_cells, MAX_CELLS);
	/* Two grids that are whole may be too much together. */
	t->cut = false;
	tally_add(sum, t);
	assert_true(sum->grid.complete && !sum->cut);
	for (i = 0; i < MAX_CELLS; i++)
		t->cells[i].b[0] = 'c';
	tally_add(sum, t);
	assert_true(!sum->grid.complete && sum->cut);
	free(text);
	free(sum);
	free(t);
}

static void test_list(void **state)
{
	char text[] = "split module yes\n\njunk\nmm_id state no not kept by this kernel\nzap user yes";
	struct list_row row;
	char *at = text;

	(void)state;
	assert_true(list_next(&at, &row));
	assert_string_equal(row.name, "split");
	assert_true(row.there);
	assert_true(list_next(&at, &row));
	assert_string_equal(row.name, "mm_id");
	assert_false(row.there);
	assert_string_equal(row.why, "not kept by this kernel");
	assert_true(list_next(&at, &row));
	assert_string_equal(row.name, "zap");
	assert_false(list_next(&at, &row));
}

static void test_names(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < NR_CHECKS; i++)
		assert_int_equal(check_by_name(check_name(i)), i);
	assert_int_equal(check_by_name("nosuch"), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_violation),
		cmocka_unit_test(test_undone),
		cmocka_unit_test(test_enough),
		cmocka_unit_test(test_no_report),
		cmocka_unit_test(test_met),
		cmocka_unit_test(test_add),
		cmocka_unit_test(test_add_cells),
		cmocka_unit_test(test_ops_are_bounded),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
