// SPDX-License-Identifier: GPL-2.0
/*
 * The tables of shapes, and what is drawn and remembered for one
 */
#include "env.h"
#include "scenario_shapes.h"
#include "test.h"

REAL_READ_TEXT

#define DRAWS	20000
#define TOP	"../../"

static char docs[0x40000];

static void check_rows(const struct shape_row *rows, unsigned int nr)
{
	static const char *const ops[] = THPRACE_OP_NAMES;
	char row[64];
	unsigned int i, j;

	for (i = 0; i < nr; i++) {
		assert_true(rows[i].name && rows[i].op && rows[i].act);
		for (j = 0; j < ARRAY_SIZE(ops) && strcmp(ops[j], rows[i].op); j++)
			;
		assert_true(j < ARRAY_SIZE(ops));
		snprintf(row, sizeof(row), "\n| %s | %s | ", rows[i].name, rows[i].op);
		if (!strstr(docs, row))
			fail_msg("docs/SCENARIOS.md has no row of %s", rows[i].name);
	}
}

/* All that there are, each of them in the docs. */
static void test_rows(void **state)
{
	struct shapes_priv *priv = NULL;

	(void)state;
	assert_true(read_text(TOP "docs/SCENARIOS.md", docs, sizeof(docs)) > 0);
	check_rows(shapes_move, nr_shapes_move);
	check_rows(shapes_merge, nr_shapes_merge);
	check_rows(shapes_kin, nr_shapes_kin);
	assert_in_range(nr_shapes_move + nr_shapes_merge + nr_shapes_kin, 1,
			ARRAY_SIZE(priv->may));
}

/* Never empty, never in the margin, and all that is left comes up. */
static void test_piece(void **state)
{
	bool first = false, last = false;
	unsigned int margin, i;
	struct lane lane = { };
	struct shaped s;

	(void)state;
	env.nr_subpages = 512;
	rng_seed(&lane.rng, 7, 0, 0);
	for (margin = 0; margin <= 4; margin++) {
		for (i = 0; i < DRAWS; i++) {
			shape_piece(&lane, &s, margin);
			assert_in_range(s.a, margin, s.b - 1);
			assert_in_range(s.b, s.a + 1, env.nr_subpages - margin);
			first |= s.a == margin;
			last |= s.b == env.nr_subpages - margin;
		}
		assert_true(first && last);
		first = false;
		last = false;
	}
}

static void test_put(void **state)
{
	static char place;
	struct shaped s = { };
	unsigned int i;

	(void)state;
	shape_put(&s, &place, 3, 0, 1);
	assert_int_equal(s.nr_segs, 0);
	for (i = 0; i < 2 * SHAPE_SEGS; i++)
		shape_put(&s, &place, i, 1, 5);
	assert_int_equal(s.nr_segs, SHAPE_SEGS);
	assert_int_equal(s.seg[SHAPE_SEGS - 1].first, SHAPE_SEGS - 1);
	assert_true(s.seg[0].gen == 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_piece),
		cmocka_unit_test(test_put),
	};

	return cmocka_run_group_tests_name("shapes", tests, NULL, NULL);
}
