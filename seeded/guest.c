// SPDX-License-Identifier: GPL-2.0
/*
 * Reads what guests left behind: verdict.json, console.log, r.json, date
 *
 * A check that spoke names the bug, before any complaint of the kernel. Judges one
 * guest at a time; what a bug or a tool is worth is said by table.c.
 */
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "files.h"
#include "guest.h"

#define SAID		"thprace: violation "	/* module/state/record.c */

static const char *const found_names[] = {
	[FOUND_NOTHING] = "-",
	[FOUND_CHECK] = "check",
	[FOUND_SPLAT] = "splat",
	[FOUND_HANG] = "hang",
	[FOUND_FAILURE] = "fails",
	[FOUND_ERROR] = "did not run",
};

_Static_assert(sizeof(found_names) / sizeof(found_names[0]) == NR_FOUND, "a name each");

static json_t *load_in(const char *dir, const char *name)
{
	char *path = path_of("%s/%s", dir, name);
	json_t *root = json_load_file(path, 0, NULL);

	free(path);
	return root;
}

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

/* Guest seconds from the loading of the module to a line of the console. */
static double console_seconds(const char *dir, const char *splat)
{
	double loaded = 0, at, when = INFINITY;
	FILE *f = open_in(dir, "console.log");
	char line[1024];

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "[%lf]", &at) != 1)
			continue;
		if (strstr(line, "loading out-of-tree module"))
			loaded = at;
		if (!strstr(line, splat))
			continue;
		when = at - loaded;
		break;
	}
	if (f)
		fclose(f);
	return when;
}

/* Bounded, and without what would end a cell of a table. */
static void say_splat(char *by, size_t size, const char *splat)
{
	size_t i;

	snprintf(by, size, "splat: %.60s", splat);
	for (i = 0; by[i]; i++) {
		if (by[i] == '|')
			by[i] = '/';
	}
}

/*
 * A guest that died has no report, but its console may hold what the module
 * said before the kernel complained (or, without @splat, at all).
 */
static bool read_console(const char *dir, const char *splat, struct guest *g)
{
	FILE *f = open_in(dir, "console.log");
	double loaded = 0, at = 0;
	char line[1024], *said;
	bool violated = false;

	while (f && !violated && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "[%lf]", &at) == 1 && strstr(line, "loading out-of-tree module"))
			loaded = at;
		said = strstr(line, SAID);
		if (said && sscanf(said, SAID "check=%63s scenario=%63s ", g->by,
				   g->scenario) == 2) {
			g->found = FOUND_CHECK;
			g->seconds = at - loaded;
			violated = true;
		} else if (splat[0] && strstr(line, splat)) {
			break;
		}
	}
	if (f)
		fclose(f);
	return violated;
}

/*
 * Without a time in the report (the scenario never came to an end), that of the
 * console is taken.
 */
static bool read_report(const char *dir, bool observed, struct guest *g)
{
	json_t *root = load_in(dir, "r.json"), *all, *first, *when;
	struct guest said;
	bool violated;
	size_t i = 0;

	all = json_object_get(root, "violations");
	first = json_array_get(all, 0);
	/* what the kernel says by itself is none of our checks */
	while (observed && first && !strcmp(text_of(first, "check"), "kernel"))
		first = json_array_get(all, ++i);
	violated = first;
	if (first) {
		g->found = FOUND_CHECK;
		copy(g->by, sizeof(g->by), text_of(first, "check"));
		copy(g->scenario, sizeof(g->scenario), text_of(first, "scenario"));
		copy(g->cell, sizeof(g->cell), text_of(first, "cell"));
		when = json_object_get(root, "first_violation_s");
		g->seconds = INFINITY;
		/* reports are fetched when a command has ended */
		if (!observed && json_is_number(when))
			g->seconds = json_number_value(when);
		else if (read_console(dir, "", &said))
			g->seconds = said.seconds;
	}
	json_decref(root);
	return violated;
}

/* How a test ended that was observed: the status of the guest is that of our verdict. */
static bool test_failed(const char *dir)
{
	json_t *root = load_in(dir, "r.json");
	json_t *status = json_object_get(json_object_get(root, "observe"), "status");
	bool failed = json_integer_value(status) > 0;

	json_decref(root);
	return failed;
}

/* What was found without our checks, be it that they have found it as well. */
static void read_itself(const char *dir, const char *verdict, const char *splat,
			struct guest *g)
{
	copy(g->itself_by, sizeof(g->itself_by), found_names[FOUND_NOTHING]);
	if (splat[0]) {
		g->itself = FOUND_SPLAT;
		say_splat(g->itself_by, sizeof(g->itself_by), splat);
	} else if (!strcmp(verdict, "lost")) {
		g->itself = FOUND_HANG;
	} else if (test_failed(dir)) {
		g->itself = FOUND_FAILURE;
	}
	if (g->itself == FOUND_HANG || g->itself == FOUND_FAILURE)
		copy(g->itself_by, sizeof(g->itself_by), found_names[g->itself]);
}

/* The guest has come back, but not what ran in it. */
static bool report_hangs(const char *dir)
{
	json_t *root = load_in(dir, "r.json");
	bool hangs = strstr(text_of(root, "why"), "did not end in time");

	json_decref(root);
	return hangs;
}

/*
 * verdict.json of vm/run, then r.json: a check that spoke names the bug, be it
 * on the console of a guest that did not live to report it.
 */
static void read_guest(const char *dir, bool ours, bool observed, struct guest *g)
{
	const char *verdict, *splat;
	json_t *root;
	FILE *f;

	memset(g, 0, sizeof(*g));
	g->seconds = INFINITY;
	g->found = FOUND_ERROR;
	copy(g->by, sizeof(g->by), found_names[FOUND_ERROR]);
	f = open_in(dir, "date");
	if (f) {
		if (fscanf(f, "%15s", g->date) != 1)
			g->date[0] = '\0';
		fclose(f);
	}
	root = load_in(dir, "verdict.json");
	if (!root)
		return;
	copy(g->kernel, sizeof(g->kernel), text_of(root, "kernel"));
	verdict = text_of(root, "verdict");
	splat = text_of(root, "splat");
	if (observed)
		read_itself(dir, verdict, splat, g);
	if (ours && (read_report(dir, observed, g) ||
		     ((splat[0] || !strcmp(verdict, "lost")) && read_console(dir, splat, g))))
		;
	else if (splat[0]) {
		g->found = FOUND_SPLAT;
		say_splat(g->by, sizeof(g->by), splat);
		g->seconds = console_seconds(dir, splat);
	} else if (!strcmp(verdict, "lost") || (ours && report_hangs(dir))) {
		g->found = FOUND_HANG;
		copy(g->by, sizeof(g->by), "hang");
	} else if (g->itself == FOUND_FAILURE) {
		g->found = FOUND_FAILURE;
		copy(g->by, sizeof(g->by), found_names[FOUND_FAILURE]);
	} else if (!strcmp(verdict, "pass") || !strcmp(verdict, "inconclusive")) {
		g->found = FOUND_NOTHING;
		copy(g->by, sizeof(g->by), strcmp(verdict, "pass") ? "inconclusive" : "-");
	} else if (!strcmp(verdict, "fail") ||
		   (!ours && json_integer_value(json_object_get(root, "exit_status")) > 0 &&
		    strcmp(verdict, "skip"))) {
		g->found = FOUND_FAILURE;
		copy(g->by, sizeof(g->by), ours ? "fails without a violation" : "fails");
	}
	json_decref(root);
}

bool is_found(const struct guest *g)
{
	return g->found != FOUND_NOTHING && g->found != FOUND_ERROR;
}

/* Of one bug under one tool: a guest for each seed. */
void read_row(const char *results, const char *name, const char *tool, struct row *row)
{
	char *top = path_of("%s/%s/%s", results, name, tool), *dir;
	bool observed = strstr(tool, OBSERVED), ours = observed || !strcmp(tool, OURS);
	struct dirent **entry;
	int i, nr;

	memset(row, 0, sizeof(*row));
	nr = scandir(top, &entry, NULL, versionsort);
	for (i = 0; i < nr; i++) {
		if (entry[i]->d_name[0] != '.' && row->nr < MAX_SEEDS) {
			dir = path_of("%s/%s", top, entry[i]->d_name);
			read_guest(dir, ours, observed, &row->guest[row->nr]);
			row->nr_found += is_found(&row->guest[row->nr]);
			row->nr++;
			free(dir);
		}
		free(entry[i]);
	}
	if (nr >= 0)
		free(entry);
	free(top);
}

int compare_double(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* Of all seeds; one that found nothing took for ever. */
double median(const struct row *row)
{
	double s[MAX_SEEDS];
	unsigned int i;

	if (!row->nr)
		return INFINITY;
	for (i = 0; i < row->nr; i++)
		s[i] = row->guest[i].seconds;
	qsort(s, row->nr, sizeof(*s), compare_double);
	return s[(row->nr - 1) / 2];
}
