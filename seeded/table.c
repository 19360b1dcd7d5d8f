// SPDX-License-Identifier: GPL-2.0
/*
 * What the runs of seeded bugs found, as Markdown
 *
 *   table detect PATCHES RESULTS [KIND]     a row for each bug (of KIND) that was run
 *   table others PATCHES RESULTS TOOL...    a row for each, a column for each tool
 *   table line PATCHES RESULTS NAME TOOL    one bug under one tool, one line
 *   table found RESULTS NAME TOOL           prints nothing: did it find it?
 *   table verdict PATCHES RESULTS MODE NAME...
 *
 * PATCHES holds NAME.patch, with a header; RESULTS holds NAME/TOOL/SEED/ with
 * what vm/run left: verdict.json, console.log, and r.json of thprace. verdict
 * prints "N passed, N failed": a bug passes when every seed found it, a
 * control when none reported anything. It fails for a control, or, in MODE
 * short, for anything. Called by seeded/run; starts nothing itself.
 *
 * KIND is "fixes", what really was a bug once, or "made", what was thought up and the
 * controls. The "Basis:" of the header decides: it is a fix if that has the word
 * "revert" (as in "reverted", "revert in effect of") or "without its fix".
 */
#include <dirent.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#define MAX_SEEDS	16
#define MAX_BUGS	256
#define MAX_TOOLS	16
#define CONTROL		"control-"
#define OURS		"thprace"
#define TOGETHER	"all"		/* all others side by side */
#define SAID		"thprace: violation "	/* module/record.c */
#define FIXES		"fixes"
#define MADE		"made"

enum found {
	FOUND_NOTHING, FOUND_CHECK, FOUND_SPLAT, FOUND_HANG, FOUND_FAILURE, FOUND_ERROR, NR_FOUND
};

static const char *const found_names[] = {
	[FOUND_NOTHING] = "-",
	[FOUND_CHECK] = "check",
	[FOUND_SPLAT] = "splat",
	[FOUND_HANG] = "hang",
	[FOUND_FAILURE] = "fails",
	[FOUND_ERROR] = "did not run",
};

_Static_assert(sizeof(found_names) / sizeof(found_names[0]) == NR_FOUND, "a name each");

struct guest {
	enum found found;
	double seconds;			/* INFINITY: not found, or not known when */
	char by[160];
	char scenario[64], cell[128], kernel[64], date[16];
};

struct row {
	struct guest guest[MAX_SEEDS];
	unsigned int nr, nr_found;
};

/* Cut to what fits. */
static void copy(char *to, size_t size, const char *from)
{
	size_t len = strlen(from);

	if (len >= size)
		len = size - 1;
	memcpy(to, from, len);
	to[len] = '\0';
}

static __attribute__((format(printf, 1, 2))) char *path_of(const char *format, ...)
{
	char *path = NULL;
	va_list ap;

	va_start(ap, format);
	if (vasprintf(&path, format, ap) < 0) {
		perror("table");
		exit(2);
	}
	va_end(ap);
	return path;
}

/* NULL when it is not there. */
static FILE *open_in(const char *dir, const char *name)
{
	char *path = path_of("%s/%s", dir, name);
	FILE *f = fopen(path, "re");

	free(path);
	return f;
}

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
static void say_splat(struct guest *g, const char *splat)
{
	size_t i;

	snprintf(g->by, sizeof(g->by), "splat: %.60s", splat);
	for (i = 0; g->by[i]; i++) {
		if (g->by[i] == '|')
			g->by[i] = '/';
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
static bool read_report(const char *dir, struct guest *g)
{
	json_t *root = load_in(dir, "r.json"), *first, *when;
	struct guest said;
	bool violated;

	first = json_array_get(json_object_get(root, "violations"), 0);
	violated = first;
	if (first) {
		g->found = FOUND_CHECK;
		copy(g->by, sizeof(g->by), text_of(first, "check"));
		copy(g->scenario, sizeof(g->scenario), text_of(first, "scenario"));
		copy(g->cell, sizeof(g->cell), text_of(first, "cell"));
		when = json_object_get(root, "first_violation_s");
		g->seconds = INFINITY;
		if (json_is_number(when))
			g->seconds = json_number_value(when);
		else if (read_console(dir, "", &said))
			g->seconds = said.seconds;
	}
	json_decref(root);
	return violated;
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
static void read_guest(const char *dir, bool ours, struct guest *g)
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
	if (ours && (read_report(dir, g) ||
		     ((splat[0] || !strcmp(verdict, "lost")) && read_console(dir, splat, g))))
		;
	else if (splat[0]) {
		g->found = FOUND_SPLAT;
		say_splat(g, splat);
		g->seconds = console_seconds(dir, splat);
	} else if (!strcmp(verdict, "lost") || (ours && report_hangs(dir))) {
		g->found = FOUND_HANG;
		copy(g->by, sizeof(g->by), "hang");
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

static bool is_found(const struct guest *g)
{
	return g->found != FOUND_NOTHING && g->found != FOUND_ERROR;
}

static void read_row(const char *results, const char *name, const char *tool, struct row *row)
{
	char *top = path_of("%s/%s/%s", results, name, tool), *dir;
	bool ours = !strcmp(tool, OURS);
	struct dirent **entry;
	int i, nr;

	memset(row, 0, sizeof(*row));
	nr = scandir(top, &entry, NULL, versionsort);
	for (i = 0; i < nr; i++) {
		if (entry[i]->d_name[0] != '.' && row->nr < MAX_SEEDS) {
			dir = path_of("%s/%s", top, entry[i]->d_name);
			read_guest(dir, ours, &row->guest[row->nr]);
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

static int compare_double(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* Of all seeds; one that found nothing took for ever. */
static double median(const struct row *row)
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

/* "rss 2, splat: Bad page map 1": who found it, and how often. */
static void print_by(const struct row *row)
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

static void print_seconds(double seconds)
{
	if (isfinite(seconds))
		printf("%.1f", seconds);
	else
		printf("-");
}

static bool is_control(const char *name)
{
	return !strncmp(name, CONTROL, strlen(CONTROL));
}

/* One field of a patch's header, as "Bug: ", which may go on in indented lines. */
static void read_header(const char *patches, const char *name, const char *field,
			char *text, size_t size)
{
	char *file = path_of("%s.patch", name), line[256];
	FILE *f = open_in(patches, file);
	bool on = false;
	const char *more;
	size_t len;

	free(file);
	text[0] = '\0';
	while (f && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		if (!strncmp(line, field, strlen(field)))
			more = line + strlen(field);
		else if (on && line[0] == ' ')
			more = line + 1;
		else
			more = NULL;
		on = more;
		len = strlen(text);
		if (more)
			copy(text + len, size - len, more);
	}
	if (f)
		fclose(f);
}

static bool is_fix(const char *patches, const char *name)
{
	char basis[1024];

	read_header(patches, name, "Basis: ", basis, sizeof(basis));
	return !is_control(name) && (strstr(basis, "revert") || strstr(basis, "without its fix"));
}

static unsigned int list_bugs(const char *patches, char (*names)[128])
{
	struct dirent **entry;
	unsigned int n = 0;
	int i, nr = scandir(patches, &entry, NULL, versionsort);
	char *dot;

	for (i = 0; i < nr; i++) {
		dot = strstr(entry[i]->d_name, ".patch");
		if (dot && !dot[6] && n < MAX_BUGS) {
			*dot = '\0';
			copy(names[n++], sizeof(names[0]), entry[i]->d_name);
		}
		free(entry[i]);
	}
	if (nr >= 0)
		free(entry);
	return n;
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

static int others(const char *patches, const char *results, char **tools, int nr_tools)
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

static int verdict(const char *results, bool strict, char **names, int nr)
{
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
	if (argc == 5 && !strcmp(argv[1], "found"))
		return found(argv[2], argv[3], argv[4]);
	if (argc == 6 && !strcmp(argv[1], "line"))
		return line(argv[3], argv[4], argv[5]);
	if (argc > 5 && !strcmp(argv[1], "verdict"))
		return verdict(argv[3], !strcmp(argv[4], "short"), argv + 5, argc - 5);
	fprintf(stderr, "usage: table detect|others|line|found|verdict PATCHES RESULTS ...\n");
	return 2;
}
