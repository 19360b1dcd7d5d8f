// SPDX-License-Identifier: GPL-2.0
/*
 * The rows of `checks` and `ops` against the lists expected of this kernel
 * (expected/checks-SERIES.txt, expected/ops-SERIES.txt; expected/series.sh says
 * which series), so that a check or an op cannot silently vanish, nor appear
 * without being listed.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "tr.h"

static const char * const check_names[] = THPRACE_CHECK_NAMES;

static_assert(ARRAY_SIZE(check_names) == THPRACE_NR_CHECKS, "a name for each");

/* Whose lists go with this kernel; run.sh has asked, lib.mk's runner has not. */
static void expected_series(char series[16])
{
	const char *known = getenv("KSFT_SERIES");
	struct utsname u;
	char cmd[128];
	FILE *f;

	if (known) {
		snprintf(series, 16, "%s", known);
		return;
	}
	uname(&u);
	snprintf(cmd, sizeof(cmd), "expected/series.sh '%s'", u.release);
	f = popen(cmd, "r");
	ksft_assert(f, "%s: %s", cmd, strerror(errno));
	if (fscanf(f, "%15s", series) != 1)
		*series = '\0';
	pclose(f);
}

static FILE *open_expected(const char *what)
{
	const char *dir = getenv("THPRACE_EXPECTED");
	char path[256], series[16];
	FILE *f;

	expected_series(series);
	snprintf(path, sizeof(path), "%s/%s-%s.txt", dir ? dir : "expected", what, series);
	f = fopen(path, "r");
	/* A kernel that is older than all lists is none that we support. */
	if (!f && errno == ENOENT)
		ksft_skip("no %s: not a supported kernel", path);
	ksft_assert(f, "%s: %s", path, strerror(errno));
	return f;
}

static void expect_row(const char *file, const char *name, bool yes)
{
	const char *kind, *reason;
	bool available;

	if (!ksft_expect(tr_listed(file, name, &kind, &available, &reason),
			 "%s has no row NAME KIND yes|no for %s", file, name))
		return;
	ksft_expect(*kind, "%s: no kind", name);
	ksft_expect(available == yes, "%s: %s is %savailable: %s", file, name,
		    available ? "" : "not ", reason);
	if (!available)
		ksft_expect(*reason, "%s: %s is not available for no reason",
			    file, name);
}

/* The first words of the module's list, each of which must be expected. */
static void expect_no_more(const char *file, char names[][64], unsigned int nr)
{
	char *text = tr_read(file), *line = text;
	unsigned int i, rows = 0;

	while (*line) {
		size_t len = strcspn(line, " \t\n");

		for (i = 0; i < nr; i++)
			if (strlen(names[i]) == len &&
			    !strncmp(names[i], line, len))
				break;
		ksft_expect(i < nr, "%s lists %.*s, which is not expected",
			    file, (int)len, line);
		rows++;
		line += strcspn(line, "\n");
		line += *line == '\n';
	}
	ksft_expect(rows == nr, "%s has %u rows, expected %u", file, rows, nr);
	free(text);
}

static void case_list(const void *arg)
{
	static char names[64][64];
	const char *what = arg;
	unsigned int nr = 0;
	char line[512], state[16];
	FILE *f = open_expected(what);

	while (fgets(line, sizeof(line), f)) {
		if (*line == '#' || *line == '\n')
			continue;
		ksft_assert(nr < ARRAY_SIZE(names), "too many lines");
		ksft_assert(sscanf(line, "%63s %15s", names[nr], state) == 2 &&
			    (!strcmp(state, "yes") || !strcmp(state, "no")),
			    "expected list: %s", line);
		expect_row(what, names[nr], !strcmp(state, "yes"));
		nr++;
	}
	fclose(f);
	ksft_assert(nr, "the expected list is empty");
	expect_no_more(what, names, nr);
}

/* Tools print tables in the order of the ABI header. */
static void case_order(const void *arg)
{
	char *text = tr_read("checks"), *line = text;
	unsigned int i;

	(void)arg;
	for (i = 0; i < THPRACE_NR_CHECKS; i++) {
		size_t len = strcspn(line, " \t\n");

		ksft_expect(strlen(check_names[i]) == len &&
			    !strncmp(check_names[i], line, len),
			    "row %u is %.*s, not %s", i, (int)len, line,
			    check_names[i]);
		line += strcspn(line, "\n");
		line += *line == '\n';
	}
	ksft_expect(!*line, "more rows than checks: %s", line);
	free(text);
}

static const struct ksft_case cases[] = {
	{ .name = "checks", .run = case_list, .arg = "checks" },
	{ .name = "checks in the order of the ABI", .run = case_order },
	{ .name = "ops", .run = case_list, .arg = "ops" },
};

int main(int argc, char **argv)
{
	return ksft_main(argc, argv, cases, ARRAY_SIZE(cases));
}
