// SPDX-License-Identifier: GPL-2.0
/*
 * What other tests found, as Markdown: alone, and under "thprace observe"
 *
 * Called by table.c, which has the form of it; guest.c says what one guest found.
 */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bugs.h"
#include "files.h"
#include "guest.h"
#include "others.h"

/* "rss 2, splat: Bad page map 1": who found it, and how often. */
void print_by(const struct row *row)
{
	unsigned int i, j, n;
	const char *comma = "";

	for (i = 0; i < row->nr; i++) {
		for (j = 0; j < i; j++) {
			if (!strcmp(row->guest[i].by, row->guest[j].by))
				break;
		}
		if (j < i)
			continue;
		for (n = 0, j = i; j < row->nr; j++)
			n += !strcmp(row->guest[i].by, row->guest[j].by);
		if (n == row->nr)
			printf("%s", row->guest[i].by);
		else
			printf("%s%s (%u)", comma, row->guest[i].by, n);
		comma = ", ";
	}
}

/* A failure says something only of a test that passes on a control. */
static bool tool_found(const struct row *row, const struct row *control)
{
	bool fails_there = !control->nr;
	unsigned int i;

	for (i = 0; i < control->nr; i++)
		fails_there |= control->guest[i].found == FOUND_FAILURE;
	for (i = 0; i < row->nr; i++) {
		if (is_found(&row->guest[i]) &&
		    !(row->guest[i].found == FOUND_FAILURE && fails_there))
			return true;
	}
	return false;
}

/* Those of a tool on all controls, in one row. */
static void read_controls(const char *results, char names[][128], unsigned int n,
			  const char *tool, struct row *all)
{
	static struct row row;
	unsigned int i, j;

	memset(all, 0, sizeof(*all));
	for (i = 0; i < n; i++) {
		if (!is_control(names[i]))
			continue;
		read_row(results, names[i], tool, &row);
		for (j = 0; j < row.nr && all->nr < MAX_SEEDS; j++)
			all->guest[all->nr++] = row.guest[j];
	}
}

/* Of the bugs that all tests were run on, how many each has found, and their union. */
static void others_totals(const char *results, char names[][128], unsigned int n,
			  char **tools, int nr_tools)
{
	static struct row row, controls[MAX_TOOLS];
	unsigned int i, run = 0, together = 0, each[MAX_TOOLS] = { 0 };
	bool any;
	int t;

	for (t = 0; t < nr_tools; t++)
		read_controls(results, names, n, tools[t], &controls[t]);
	for (i = 0; i < n; i++) {
		read_row(results, names[i], TOGETHER, &row);
		if (is_control(names[i]) || !row.nr)
			continue;
		run++;
		for (any = false, t = 0; t < nr_tools; t++) {
			bool found;

			read_row(results, names[i], tools[t], &row);
			found = tool_found(&row, &controls[t]);
			each[t] += found;
			any |= found && strcmp(tools[t], OURS);
		}
		together += any;
	}
	if (!run)
		return;
	printf("\nOf %u bugs", run);
	for (t = 0; t < nr_tools; t++) {
		if (!strcmp(tools[t], OURS))
			printf(" thprace found %u;", each[t]);
	}
	printf(" the union of all others %u (", together);
	for (any = false, t = 0; t < nr_tools; t++) {
		if (!strcmp(tools[t], OURS) || !strcmp(tools[t], TOGETHER))
			continue;
		printf("%s%s %u", any ? ", " : "", tools[t], each[t]);
		any = true;
	}
	printf(", alone).\n");
}

int others(const char *patches, const char *results, char **tools, int nr_tools)
{
	static char names[MAX_BUGS][128];
	unsigned int i, n = list_bugs(patches, names), any;
	static struct row row;
	int t;

	printf("\n| bug |");
	for (t = 0; t < nr_tools; t++)
		printf(" %s |", tools[t]);
	printf("\n| --- |");
	for (t = 0; t < nr_tools; t++)
		printf(" --- |");
	printf("\n");
	for (i = 0; i < n; i++) {
		for (any = 0, t = 0; t < nr_tools; t++) {
			if (!strcmp(tools[t], OURS))
				continue;
			read_row(results, names[i], tools[t], &row);
			any += row.nr;
		}
		if (!any)
			continue;
		printf("| %s |", names[i]);
		for (t = 0; t < nr_tools; t++) {
			read_row(results, names[i], tools[t], &row);
			printf(" ");
			if (row.nr)
				print_by(&row);
			if (isfinite(median(&row)))
				printf(", %.1f s", median(&row));
			printf(" |");
		}
		printf("\n");
	}
	others_totals(results, names, n, tools, nr_tools);
	printf("\n");
	return 0;
}

/* One test on one bug. */
struct pair {
	struct row alone, observed;
	bool found_alone, found_itself, found_checks;
};

static void add_rows(struct row *all, const struct row *row)
{
	unsigned int i;

	for (i = 0; i < row->nr && all->nr < MAX_SEEDS; i++)
		all->guest[all->nr++] = row->guest[i];
}

/* @fails: it does so on controls, so that its own failures say nothing */
static void read_pair(const char *results, const char *name, const char *tool, bool fails,
		      struct pair *p)
{
	char *with = path_of("%s%s", tool, OBSERVED);
	const struct guest *g;
	unsigned int i;

	memset(p, 0, sizeof(*p));
	read_row(results, name, tool, &p->alone);
	read_row(results, name, with, &p->observed);
	free(with);
	for (i = 0; i < p->alone.nr; i++) {
		g = &p->alone.guest[i];
		p->found_alone |= is_found(g) && !(g->found == FOUND_FAILURE && fails);
	}
	for (i = 0; i < p->observed.nr; i++) {
		g = &p->observed.guest[i];
		p->found_checks |= g->found == FOUND_CHECK;
		p->found_itself |= g->itself && !(g->itself == FOUND_FAILURE && fails);
	}
}

/* A control that was not run may fail as well. */
static bool fails_on_controls(const char *results, char names[][128], unsigned int n,
			      const char *tool)
{
	char *with = path_of("%s%s", tool, OBSERVED);
	static struct row all, more;
	bool fails;
	unsigned int i;

	read_controls(results, names, n, tool, &all);
	read_controls(results, names, n, with, &more);
	free(with);
	add_rows(&all, &more);
	fails = !all.nr;
	for (i = 0; i < all.nr; i++)
		fails |= all.guest[i].found == FOUND_FAILURE ||
			 all.guest[i].itself == FOUND_FAILURE;
	return fails;
}

static const char *word_of(const struct pair *p)
{
	bool itself = p->found_alone || p->found_itself;

	if (itself && p->found_checks)
		return "both";
	if (itself)
		return "itself";
	if (p->found_checks)
		return "checks";
	return p->alone.nr || p->observed.nr ? "-" : "";
}

static void print_cell(const struct row *row)
{
	printf(" ");
	if (row->nr)
		print_by(row);
	if (isfinite(median(row)))
		printf(", %.1f s", median(row));
	printf(" |");
}

static void print_observed(const struct row *row)
{
	static const struct row none;
	const struct guest *g = &row->guest[0];

	if (row->nr && g->found == FOUND_ERROR) {
		printf(" did not run | |");
		return;
	}
	if (row->nr && g->found != FOUND_CHECK)
		printf(" - |");
	else
		print_cell(row->nr ? row : &none);
	printf(" %s |", row->nr ? g->itself_by : "");
}

static void print_totals(const unsigned int (*nr)[4], char **tools, int nr_tools)
{
	const char *comma = "";
	int t;

	for (t = 0; t < nr_tools; t++) {
		if (!nr[t][0])
			continue;
		if (!comma[0])
			printf("\nOf those run both ways, found alone and under observe (by our checks): ");
		printf("%s%s %u and %u (%u) of %u", comma, tools[t], nr[t][1], nr[t][2],
		       nr[t][3], nr[t][0]);
		comma = ", ";
	}
	printf("%s", comma[0] ? ".\n" : "");
}

/* A row for each bug that a test was observed on; the first test in words, others in one. */
int observed(const char *patches, const char *results, char **tools, int nr_tools)
{
	static char names[MAX_BUGS][128];
	unsigned int i, n = list_bugs(patches, names), nr[MAX_TOOLS][4] = { { 0 } }, seen;
	static struct pair pair[MAX_TOOLS];
	bool fails[MAX_TOOLS];
	int t;

	printf("\n| bug | alone | observed: our checks | itself | %s found by |", tools[0]);
	for (t = 1; t < nr_tools; t++)
		printf(" %s |", tools[t]);
	printf("\n| --- | --- | --- | --- | --- |");
	for (t = 1; t < nr_tools; t++)
		printf(" --- |");
	printf("\n");
	for (t = 0; t < nr_tools; t++)
		fails[t] = fails_on_controls(results, names, n, tools[t]);
	for (i = 0; i < n; i++) {
		for (seen = 0, t = 0; t < nr_tools; t++) {
			read_pair(results, names[i], tools[t], fails[t], &pair[t]);
			seen += pair[t].observed.nr;
			if (is_control(names[i]) || !pair[t].alone.nr || !pair[t].observed.nr)
				continue;
			nr[t][0]++;
			nr[t][1] += pair[t].found_alone;
			nr[t][2] += pair[t].found_itself || pair[t].found_checks;
			nr[t][3] += pair[t].found_checks;
		}
		if (!seen)
			continue;
		printf("| %s |", names[i]);
		print_cell(&pair[0].alone);
		print_observed(&pair[0].observed);
		printf(" %s |", word_of(&pair[0]));
		for (t = 1; t < nr_tools; t++)
			printf(" %s |", word_of(&pair[t]));
		printf("\n");
	}
	print_totals(nr, tools, nr_tools);
	printf("\n");
	return 0;
}
