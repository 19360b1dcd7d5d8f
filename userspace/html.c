// SPDX-License-Identifier: GPL-2.0
/*
 * A merged report as one page that needs nothing else
 */
#include <string.h>

#include "escape.h"
#include "html.h"
#include "html_part.h"
#include "html_style.h"
#include "json_value.h"
#include "write_file.h"

#define MAX_CARDS	200		/* violations that have one */
#define MAX_LISTED	100		/* runs, and tasks */

/* What is wide scrolls in a box of its own. */
#define BEGIN_TABLE	"<div class=\"scroll\" tabindex=\"0\"><table class=\""

static const char *text_of(const json_t *obj, const char *key)
{
	const char *text = json_string_value(json_object_get(obj, key));

	return text ? text : "";
}

static enum outcome outcome_of(const json_t *obj, const char *key)
{
	enum outcome out = outcome_by_name(text_of(obj, key));

	return out == NR_OUTCOMES ? OUTCOME_ERROR : out;
}

static void put_tag(FILE *out, enum outcome o)
{
	fprintf(out, "<span class=\"tag o-%s\">%s</span>", outcomes[o].name, outcomes[o].name);
}

static void put_head(FILE *out, const struct merge *m)
{
	const json_t *root = m->root, *totals = json_object_get(root, "totals");

	fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n", out);
	html_style(out, "thprace: merged report");
	fputs("<h1>thprace: ", out);
	put_tag(out, m->outcome);
	fputs("</h1>\n", out);
	if (text_of(root, "why")[0]) {
		fputs("<p>", out);
		escape_put(out, text_of(root, "why"));
		fputs("</p>\n", out);
	}
	fprintf(out, "<p class=\"dim\">%zu runs on %zu kernels, %llu rounds, %llu violations",
		m->nr_runs, json_array_size(json_object_get(root, "kernels")),
		count_value(json_object_get(totals, "rounds")),
		count_value(json_object_get(totals, "violations")));
	if (json_object_size(m->tasks))
		fprintf(out, "; %zu tasks", json_object_size(m->tasks));
	fputs("</p>\n", out);
}

/* A table of kernels and what each has a row of. */
struct matrix {
	const char *title, *key, *corner;
	void (*cell)(FILE *out, const json_t *row);
};

static void scenario_cell(FILE *out, const json_t *row)
{
	enum outcome o = outcome_of(row, "outcome");

	fprintf(out, "<td class=\"o-%s\" title=\"%s", outcomes[o].name, outcomes[o].name);
	if (text_of(row, "why")[0]) {
		fputs(": ", out);
		escape_put(out, text_of(row, "why"));
	}
	fprintf(out, "\">%s ", outcomes[o].sign);
	if (o == OUTCOME_PASS || o == OUTCOME_FAIL)
		fprintf(out, "%llu", count_value(json_object_get(row, "rounds")));
	else
		fputs(o == OUTCOME_NOT_BEGUN ? "not begun" : outcomes[o].name, out);
	fputs("</td>", out);
}

static void check_cell(FILE *out, const json_t *row)
{
	u64 violated = count_value(json_object_get(row, "violated"));
	u64 held = count_value(json_object_get(row, "held"));
	enum outcome o = violated ? OUTCOME_FAIL : held ? OUTCOME_PASS : OUTCOME_SKIP;

	fprintf(out, "<td class=\"o-%s\" title=\"held %llu, violated %llu, skipped %llu",
		outcomes[o].name, held, violated, count_value(json_object_get(row, "skipped")));
	if (text_of(row, "reason")[0]) {
		fputs(": ", out);
		escape_put(out, text_of(row, "reason"));
	}
	fprintf(out, "\">%s ", outcomes[o].sign);
	if (o == OUTCOME_SKIP)
		fputs(json_is_true(json_object_get(row, "available")) ? "never held" :
		      "not available", out);
	else
		fprintf(out, "%llu", violated ? violated : held);
	fputs("</td>", out);
}

static const struct matrix matrices[] = {
	{ "Scenarios", "scenarios", "scenario, rounds", scenario_cell },
	{ "Checks", "checks", "check, times held", check_cell },
};

static const json_t *row_of(const json_t *kernel, const struct matrix *x, const char *name)
{
	const json_t *list = json_object_get(kernel, x->key);
	size_t i;

	for (i = 0; i < json_array_size(list); i++) {
		if (!strcmp(text_of(json_array_get(list, i), "name"), name))
			return json_array_get(list, i);
	}
	return NULL;
}

static void put_matrix(FILE *out, const json_t *root, const struct matrix *x)
{
	const json_t *kernels = json_object_get(root, "kernels"), *row;
	const json_t *names = json_object_get(root, x->key);
	size_t i, k;

	fprintf(out, "<h2>%s</h2>\n" BEGIN_TABLE "matrix\">\n<thead><tr><th>%s</th>", x->title,
		x->corner);
	for (k = 0; k < json_array_size(kernels); k++) {
		fputs("<th>", out);
		escape_put(out, text_of(json_array_get(kernels, k), "kernel"));
		fputs("</th>", out);
	}
	fputs("</tr></thead>\n<tbody>\n", out);
	for (i = 0; i < json_array_size(names); i++) {
		const char *name = text_of(json_array_get(names, i), "name");

		fputs("<tr><th>", out);
		escape_put(out, name);
		fputs("</th>", out);
		for (k = 0; k < json_array_size(kernels); k++) {
			row = row_of(json_array_get(kernels, k), x, name);
			if (row)
				x->cell(out, row);
			else
				fputs("<td></td>", out);
		}
		fputs("</tr>\n", out);
	}
	fputs("</tbody></table></div>\n", out);
}

/* A line is broken between words, not behind a hyphen. */
static void put_words(FILE *out, const char *text)
{
	char word[256];
	size_t len;

	while (*text) {
		len = strcspn(text, " ");
		if (len >= sizeof(word))
			break;
		memcpy(word, text, len);
		word[len] = '\0';
		fputs("<span>", out);
		escape_put(out, word);
		fputs("</span>", out);
		text += len;
		for (; *text == ' '; text++)
			fputc(' ', out);
	}
	escape_put(out, text);
}

static void put_card(FILE *out, const json_t *v)
{
	fputs("<div class=\"card\"><h3>", out);
	escape_put(out, text_of(v, "check"));
	fputs(" in ", out);
	escape_put(out, text_of(v, "scenario"));
	fputs(" on ", out);
	escape_put(out, text_of(v, "kernel"));
	if (json_is_true(json_object_get(v, "control")))
		fputs(" (injected)", out);
	fprintf(out, "</h3>\n<p>after %.2f s: want ",
		json_number_value(json_object_get(v, "time_s")));
	escape_put(out, text_of(v, "want"));
	fputs(" got ", out);
	escape_put(out, text_of(v, "got"));
	if (text_of(v, "cell")[0]) {
		fputs("; cell ", out);
		escape_put(out, text_of(v, "cell"));
	}
	fputs("</p>\n<p>", out);
	escape_put(out, text_of(v, "detail"));
	fputs("</p>\n<pre>", out);
	put_words(out, text_of(v, "replay"));
	fputs("</pre>\n<p class=\"dim\">run ", out);
	escape_put(out, text_of(v, "run"));
	fputs("</p></div>\n", out);
}

static void put_violations(FILE *out, const json_t *root)
{
	const json_t *list = json_object_get(root, "violations");
	size_t i, nr = json_array_size(list);

	if (!nr)
		return;
	fputs("<h2>Violations</h2>\n<p class=\"dim\">The first of each check, scenario, ", out);
	fprintf(out, "cell and kernel: %zu</p>\n<div class=\"cards\">\n", nr);
	for (i = 0; i < nr && i < MAX_CARDS; i++)
		put_card(out, json_array_get(list, i));
	fputs("</div>\n", out);
	if (i < nr)
		fprintf(out, "<p>... and %zu more</p>\n", nr - i);
}

static void put_row(FILE *out, enum outcome o, const char *kernel, const char *name,
		    const char *why)
{
	fputs("<tr><td>", out);
	put_tag(out, o);
	fputs("</td><td>", out);
	escape_put(out, kernel);
	fputs("</td><td>", out);
	escape_put(out, name);
	fputs("</td><td>", out);
	escape_put(out, why);
	fputs("</td></tr>\n", out);
}

static void begin_list(FILE *out, const char *title, const char *name)
{
	fprintf(out, "<h2>%s</h2>\n" BEGIN_TABLE "wide\">\n<tr><th></th><th>kernel</th>", title);
	fprintf(out, "<th>%s</th><th>why</th></tr>\n", name);
}

static void end_list(FILE *out, size_t shown, size_t nr)
{
	fputs("</table></div>\n", out);
	if (shown < nr)
		fprintf(out, "<p>... and %zu more</p>\n", nr - shown);
}

static bool is_dull(enum outcome o)
{
	return o == OUTCOME_PASS || o == OUTCOME_SKIP;
}

static void put_runs(FILE *out, const struct merge *m)
{
	size_t i, nr = 0, shown = 0;
	json_t *run;

	for (i = 0; i < m->nr_runs; i++) {
		if (is_dull(m->runs[i].outcome) || nr++ >= MAX_LISTED)
			continue;
		if (!shown++)
			begin_list(out, "Runs that did not pass", "run");
		run = json_loads(m->runs[i].text, 0, NULL);
		put_row(out, m->runs[i].outcome, m->runs[i].kernel, m->runs[i].id,
			text_of(run, "why"));
		json_decref(run);
	}
	if (shown)
		end_list(out, shown, nr);
}

static void put_tasks(FILE *out, const json_t *root)
{
	const json_t *list = json_object_get(root, "tasks");
	size_t i, nr = 0, shown = 0;

	for (i = 0; i < json_array_size(list); i++) {
		const json_t *task = json_array_get(list, i);
		const bool ran = json_is_string(json_object_get(task, "run"));
		enum outcome o = outcome_of(task, "outcome");

		if (is_dull(o) || nr++ >= MAX_LISTED)
			continue;
		if (!shown++)
			begin_list(out, "Tasks that did not pass", "task");
		put_row(out, o, text_of(task, "kernel"), text_of(task, "id"),
			ran ? text_of(task, "run") : "no report");
	}
	if (shown)
		end_list(out, shown, nr);
}

static int write_html(FILE *out, const void *data)
{
	const struct merge *m = data;
	const json_t *kernels = json_object_get(m->root, "kernels");
	unsigned int i;

	put_head(out, m);
	put_tasks(out, m->root);
	if (json_array_size(kernels)) {
		put_matrix(out, m->root, &matrices[0]);
		html_grids(out, kernels);
	}
	put_violations(out, m->root);
	if (json_array_size(kernels))
		html_charts(out, kernels);
	put_runs(out, m);
	for (i = 1; i < ARRAY_SIZE(matrices) && json_array_size(kernels); i++)
		put_matrix(out, m->root, &matrices[i]);
	fprintf(out, "<p class=\"dim\">thprace %s</p>\n</body></html>\n", THPRACE_VERSION);
	return 0;
}

/**
 * merge_html() - write the report as a page
 * @m: merge with its sum
 * @path: file, or "-" for standard output
 */
int merge_html(const struct merge *m, const char *path)
{
	int err = write_file(path, write_html, m);

	if (err)
		set_error("cannot write the page to %.200s", path);
	return err;
}
