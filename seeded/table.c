// SPDX-License-Identifier: GPL-2.0
/*
 * What the runs of seeded bugs found, as Markdown
 *
 *   table detect PATCHES RESULTS [KIND]     a row for each bug (of KIND) that was run
 *   table others PATCHES RESULTS TOOL...    a row for each, a column for each tool
 *   table observed PATCHES RESULTS TOOL...  a row for each: alone, and under observe
 *   table line PATCHES RESULTS NAME TOOL    one bug under one tool, one line
 *   table found RESULTS NAME TOOL           prints nothing: did it find it?
 *   table verdict PATCHES RESULTS MODE NAME...
 *
 * PATCHES holds NAME.patch, with a header; RESULTS holds NAME/TOOL/SEED/ with
 * what vm/run left: verdict.json, console.log, and r.json of thprace. verdict
 * prints "N passed, N failed": a bug passes when every seed found it, a
 * control when none reported anything (in MODE others: our checks, while others ran).
 * It fails for a control, or, in MODE short, for anything. Called by seeded/run; starts
 * nothing itself. guest.c reads the results, bugs.c the patches; here and in others.c is
 * only what is printed.
 *
 * KIND is "fixes", what really was a bug once, or "made", what was thought up and the
 * controls.
 */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bugs.h"
#include "guest.h"
#include "others.h"

#define FIXES		"fixes"
#define MADE		"made"

static void print_seconds(double seconds)
{
	if (isfinite(seconds))
		printf("%.1f", seconds);
	else
		printf("-");
}

static void print_detect_row(const char *patches, const char *name, const struct row *row)
{
	const struct guest *first = &row->guest[0];
	char bug[1024];
	unsigned int i;

	for (i = 0; i < row->nr; i++) {
		if (is_found(&row->guest[i])) {
			first = &row->guest[i];
			break;
		}
	}
	read_header(patches, name, "Bug: ", bug, sizeof(bug));
	printf("| %s | %s | %u/%u | ", name, bug, row->nr_found, row->nr);
	print_by(row);
	printf(" | ");
	print_seconds(median(row));
	printf(" | %s | %s |\n", first->scenario[0] ? first->scenario : "-",
	       first->cell[0] ? first->cell : "-");
}

/* All bugs without a kind. */
static int detect(const char *patches, const char *results, const char *kind)
{
	static char names[MAX_BUGS][128];
	unsigned int i, n = list_bugs(patches, names), nr = 0, all = 0, ctl = 0, bad = 0, nr_s = 0;
	const char *kernel = "", *from = "9", *to = "";
	static struct row rows[MAX_BUGS];
	double s[MAX_BUGS];

	printf("\n| bug | | seeds | found by | s | scenario | cell |\n");
	printf("| --- | --- | --- | --- | --- | --- | --- |\n");
	for (i = 0; i < n; i++) {
		struct row *row = &rows[i];

		if (kind && is_fix(patches, names[i]) != !strcmp(kind, FIXES))
			continue;
		read_row(results, names[i], "thprace", row);
		if (!row->nr)
			continue;
		print_detect_row(patches, names[i], row);
		if (row->guest[0].kernel[0])
			kernel = row->guest[0].kernel;
		if (row->guest[0].date[0] && strcmp(row->guest[0].date, from) < 0)
			from = row->guest[0].date;
		if (strcmp(row->guest[0].date, to) > 0)
			to = row->guest[0].date;
		if (is_control(names[i])) {
			ctl++;
			bad += row->nr_found > 0;
			continue;
		}
		nr++;
		all += row->nr_found == row->nr;
		if (row->nr_found)
			s[nr_s++] = median(row);
	}
	if (!nr && !ctl)
		return 0;
	qsort(s, nr_s, sizeof(*s), compare_double);
	printf("\n%s, %s%s%s: %u bugs, %u found with every seed, %u with some; ",
	       kernel, from, strcmp(from, to) ? " to " : "", strcmp(from, to) ? to : "",
	       nr, all, nr_s - all);
	printf("median of those found ");
	print_seconds(nr_s ? s[(nr_s - 1) / 2] : INFINITY);
	printf(" s. %u controls, %u reported.\n\n", ctl, bad);
	return 0;
}

static int found(const char *results, const char *name, const char *tool)
{
	static struct row row;

	read_row(results, name, tool, &row);
	return !row.nr_found;
}

static int line(const char *results, const char *name, const char *tool)
{
	static struct row row;

	read_row(results, name, tool, &row);
	printf("%s: %u/%u ", name, row.nr_found, row.nr);
	print_by(&row);
	printf(" ");
	print_seconds(median(&row));
	printf(" s\n");
	return 0;
}

/* Our checks have nothing to say of a control, whatever runs on it. */
static bool observed_reports(const char *results, const char *name)
{
	static struct row row;
	unsigned int i, nr = 0;

	read_row(results, name, TOGETHER OBSERVED, &row);
	for (i = 0; i < row.nr; i++)
		nr += row.guest[i].found == FOUND_CHECK;
	return nr;
}

static int verdict(const char *results, const char *mode, char **names, int nr)
{
	bool strict = !strcmp(mode, "short");
	unsigned int passed = 0, failed = 0, controls = 0;
	static struct row row;
	bool good;
	int i;

	for (i = 0; i < nr; i++) {
		read_row(results, names[i], "thprace", &row);
		if (is_control(names[i])) {
			unsigned int k, error = 0;

			for (k = 0; k < row.nr; k++)
				error += row.guest[k].found == FOUND_ERROR;
			good = row.nr && !row.nr_found && !error;
			controls += row.nr_found > 0;
			if (!strcmp(mode, "others") && observed_reports(results, names[i])) {
				controls++;
				good = false;
			}
		} else {
			good = row.nr && row.nr_found == row.nr;
		}
		if (strict)
			printf("%s seeded: %s\n", good ? "ok" : "not ok", names[i]);
		else if (!good)
			printf("not as it must be: %s\n", names[i]);
		passed += good;
		failed += !good;
	}
	printf("%u passed, %u failed\n", passed, failed);
	return controls || (strict && failed);
}

int main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "detect"))
		return detect(argv[2], argv[3], NULL);
	if (argc == 5 && !strcmp(argv[1], "detect") &&
	    (!strcmp(argv[4], FIXES) || !strcmp(argv[4], MADE)))
		return detect(argv[2], argv[3], argv[4]);
	if (argc > 4 && argc - 4 <= MAX_TOOLS && !strcmp(argv[1], "others"))
		return others(argv[2], argv[3], argv + 4, argc - 4);
	if (argc > 4 && argc - 4 <= MAX_TOOLS && !strcmp(argv[1], "observed"))
		return observed(argv[2], argv[3], argv + 4, argc - 4);
	if (argc == 5 && !strcmp(argv[1], "found"))
		return found(argv[2], argv[3], argv[4]);
	if (argc == 6 && !strcmp(argv[1], "line"))
		return line(argv[3], argv[4], argv[5]);
	if (argc > 5 && !strcmp(argv[1], "verdict"))
		return verdict(argv[3], argv[4], argv + 5, argc - 5);
	fprintf(stderr,
		"usage: table detect|others|observed|line|found|verdict PATCHES RESULTS ...\n");
	return 2;
}
