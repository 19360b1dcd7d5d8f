// SPDX-License-Identifier: GPL-2.0
/*
 * The table of scenarios, and what is said of it elsewhere
 */
#include <jansson.h>

#include "options.h"
#include "tally.h"
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

		assert_true(sc->name && sc->summary && sc->op && sc->act && (sc->phases || sc->pairs));
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

/* Its name is in bold at the head of a paragraph: "**collapse**, **khugepaged**: ..." */
static bool has_row(const char *name)
{
	char row[64], *at, *end;

	snprintf(row, sizeof(row), "**%s**", name);
	for (at = strstr(text, "\n**"); at; at = strstr(at + 1, "\n**")) {
		end = strchr(at, ':');
		if (end && memmem(at, end - at, row, strlen(row)))
			return true;
	}
	return false;
}

static void test_docs(void **state)
{
	char name[40], *at;
	unsigned int i;

	(void)state;
	load(TOP "docs/SCENARIOS.md");
	for (i = 0; i < nr_scenarios; i++) {
		if (!has_row(scenarios[i]->name))
			fail_msg("docs/SCENARIOS.md has no row of %s", scenarios[i]->name);
	}
	/* And none of what there is no more: names of scenarios are in lower case. */
	for (at = strstr(text, "\n**"); at; at = strstr(at + 1, "\n**")) {
		if (sscanf(at, "\n**%39[a-z0-9-]**", name) == 1 && !scenario_by_name(name))
			fail_msg("docs/SCENARIOS.md has a row of %s", name);
	}
}

static const char *const kernels[] = { "5.10", "6.1", "6.12", "7.2" };

/* "test_scenarios.sh NAME", and the same with a bit flipped; or one that is no scenario. */
static void check_skips(const char *path)
{
	static const char flipped[] = ", a bit flipped", test[] = "test_scenarios.sh ";
	unsigned int i, nr[MAX_SCENARIOS] = { 0 };
	char *line, *rest, *tail;

	load(path);
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		if (strncmp(line, test, strlen(test)))
			continue;
		line += strlen(test);
		if (!strcmp(line, "orders"))
			continue;
		tail = strstr(line, flipped);
		if (tail)
			*tail = '\0';
		for (i = 0; i < nr_scenarios && strcmp(scenarios[i]->name, line); i++)
			;
		if (i == nr_scenarios)
			fail_msg("%s: there is no scenario %s", path, line);
		nr[i] += tail ? 0x10 : 1;
	}
	for (i = 0; i < nr_scenarios; i++) {
		if (nr[i] && nr[i] != 0x11)
			fail_msg("%s: %s skips twice or by halves", path, scenarios[i]->name);
	}
}

/* A row for each name of the contract, in its order. */
static void check_names(const char *path, const char *const *names, unsigned int nr)
{
	char *line, *rest, name[40];
	unsigned int i = 0;

	load(path);
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		if (*line == '#')
			continue;
		if (i == nr || sscanf(line, "%39s", name) != 1 || strcmp(name, names[i]))
			fail_msg("%s: \"%s\" in the place of %s", path, line,
				 i < nr ? names[i] : "nothing");
		i++;
	}
	assert_int_equal(i, nr);
}

static void test_expected_of_kernels(void **state)
{
	static const char *const ops[] = THPRACE_OP_NAMES, *const checks[] = THPRACE_CHECK_NAMES;
	char path[80];
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(kernels); i++) {
		snprintf(path, sizeof(path), TOP "kselftest/expected/skips-%s.txt", kernels[i]);
		check_skips(path);
		snprintf(path, sizeof(path), TOP "kselftest/expected/ops-%s.txt", kernels[i]);
		check_names(path, ops, ARRAY_SIZE(ops));
		snprintf(path, sizeof(path), TOP "kselftest/expected/checks-%s.txt", kernels[i]);
		check_names(path, checks, ARRAY_SIZE(checks));
	}
	check_skips(TOP "kselftest/expected/skips-6.12-debug.txt");
	check_skips(TOP "kselftest/expected/skips-6.12-arm64.txt");
	check_skips(TOP "kselftest/expected/skips-7.3-arm64.txt");
}

static void check_keys(const json_t *schema)
{
	json_t *properties = json_object_get(schema, "properties"), *value;
	const char *key;
	char quoted[48];
	size_t i;

	json_object_foreach(properties, key, value) {
		snprintf(quoted, sizeof(quoted), "`%s`", key);
		if (!strstr(text, quoted))
			fail_msg("docs/ABI.md does not say what %s is", key);
		check_keys(value);
	}
	value = json_object_get(schema, "items");
	if (value)
		check_keys(value);
	json_array_foreach(json_object_get(schema, "oneOf"), i, value)
		check_keys(value);
	json_object_foreach(json_object_get(schema, "definitions"), key, value)
		check_keys(value);
}

/* What the schema has, the contract says. */
static void test_keys(void **state)
{
	/* Found again by the leak sanitizer when the test fails. */
	static json_t *schema;

	(void)state;
	schema = json_load_file(TOP "docs/report.schema.json", 0, NULL);
	assert_non_null(json_object_get(schema, "properties"));
	load(TOP "docs/ABI.md");
	check_keys(schema);
	json_decref(schema);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_expected),
		cmocka_unit_test(test_expected_of_kernels),
		cmocka_unit_test(test_docs),
		cmocka_unit_test(test_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
