// SPDX-License-Identifier: GPL-2.0
/*
 * The table of scenarios, and what is said of it elsewhere
 */
#include "options.h"
#include "test.h"

REAL_READ_TEXT

#define TOP	"../../"

static char text[0x40000];

static void load(const char *path)
{
	if (read_text(path, text, sizeof(text)) <= 0)
		fail_msg("cannot read %s", path);
}

static void test_rows(void **state)
{
	unsigned int i, j;

	(void)state;
	assert_in_range(nr_scenarios, 1, MAX_SCENARIOS);
	for (i = 0; i < nr_scenarios; i++) {
		const struct scenario *sc = scenarios[i];

		assert_true(sc->name && sc->summary && sc->op && sc->phases && sc->act);
		assert_ptr_equal(scenario_by_name(sc->name), sc);
		assert_true(!sc->third == !sc->third_start);
		for (j = 0; j < i; j++)
			assert_string_not_equal(sc->name, scenarios[j]->name);
	}
	assert_non_null(scenario_mixed());
}

/* All of them, and no others. */
static void test_expected(void **state)
{
	unsigned int nr = 0;
	char *line, *rest;

	(void)state;
	load(TOP "kselftest/expected/scenarios.txt");
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		line[strcspn(line, " \t")] = '\0';
		if (!*line || *line == '#')
			continue;
		nr++;
		if (!scenario_by_name(line))
			fail_msg("there is no scenario %s", line);
	}
	assert_int_equal(nr, nr_scenarios);
}

static void test_docs(void **state)
{
	unsigned int i;

	(void)state;
	load(TOP "docs/SCENARIOS.md");
	for (i = 0; i < nr_scenarios; i++) {
		if (!strstr(text, scenarios[i]->name))
			fail_msg("docs/SCENARIOS.md does not know %s", scenarios[i]->name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_expected),
		cmocka_unit_test(test_docs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
