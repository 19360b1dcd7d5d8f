// SPDX-License-Identifier: GPL-2.0
/*
 * A merged report as JUnit XML
 *
 * A suite for each kernel, with a case for each scenario and a last one, "run", for the runs as
 * a whole; a suite "tasks" where there is a manifest.
 */
#include <stdlib.h>
#include <string.h>

#include "escape.h"
#include "json_value.h"
#include "junit.h"
#include "write_file.h"

struct suite {
	FILE *out;			/* of the cases, in memory */
	const char *name;
	unsigned int tests, nr[NR_OUTCOMES];
};

static const char *text_of(const json_t *obj, const char *key)
{
	const char *text = json_string_value(json_object_get(obj, key));

	return text ? text : "";
}

static enum outcome outcome_of(const json_t *obj)
{
	enum outcome out = outcome_by_name(text_of(obj, "outcome"));

	return out == NR_OUTCOMES ? OUTCOME_ERROR : out;
}

static void attribute(FILE *out, const char *name, const char *val)
{
	fprintf(out, " %s=\"", name);
	escape_put(out, val);
	fputc('"', out);
}

/* "inconclusive: no round", so that the word is there whatever the reason says. */
static void put_message(FILE *out, enum outcome o, const char *why)
{
	attribute(out, "type", outcomes[o].name);
	fprintf(out, " message=\"%s%s", outcomes[o].exit == THPRACE_EXIT_INCONCLUSIVE &&
		o != OUTCOME_INCONCLUSIVE ? "inconclusive: " : "", outcomes[o].name);
	if (why[0]) {
		fputs(": ", out);
		escape_put(out, why);
	}
	fputc('"', out);
}

static void violations(FILE *out, const struct merge *m, const char *kernel, const char *scenario)
{
	const json_t *list = json_object_get(m->root, "violations");
	size_t i;

	for (i = 0; i < json_array_size(list); i++) {
		const json_t *v = json_array_get(list, i);

		if (strcmp(text_of(v, "kernel"), kernel) ||
		    (scenario && strcmp(text_of(v, "scenario"), scenario)))
			continue;
		escape_put(out, text_of(v, "check"));
		fputs(": want ", out);
		escape_put(out, text_of(v, "want"));
		fputs(" got ", out);
		escape_put(out, text_of(v, "got"));
		fprintf(out, " after %.3f s: ", json_number_value(json_object_get(v, "time_s")));
		escape_put(out, text_of(v, "detail"));
		fputs("\nreplay: ", out);
		escape_put(out, text_of(v, "replay"));
		fputc('\n', out);
	}
}

/* The one case; @scenario is NULL of the whole. */
static void put_case(struct suite *s, const struct merge *m, const json_t *obj, const char *name,
		     const char *scenario)
{
	enum outcome o = outcome_of(obj);
	FILE *out = s->out;

	s->tests++;
	s->nr[o]++;
	fputs("  <testcase", out);
	fputs(" classname=\"thprace.", out);
	escape_put(out, s->name);
	fputc('"', out);
	attribute(out, "name", name);
	fprintf(out, " time=\"%.3f\"", json_number_value(json_object_get(obj, "duration_s")));
	if (!outcomes[o].junit) {
		fputs("/>\n", out);
		return;
	}
	fprintf(out, ">\n   <%s", outcomes[o].junit);
	put_message(out, o, text_of(obj, "why"));
	fputc('>', out);
	if (o == OUTCOME_FAIL)
		violations(out, m, s->name, scenario);
	fprintf(out, "</%s>\n  </testcase>\n", outcomes[o].junit);
}

static void put_counts(FILE *out, const struct suite *s)
{
	unsigned int i, failures = 0, errors = 0, skipped = 0;

	for (i = 0; i < NR_OUTCOMES; i++) {
		const char *what = outcomes[i].junit;

		failures += what && !strcmp(what, "failure") ? s->nr[i] : 0;
		errors += what && !strcmp(what, "error") ? s->nr[i] : 0;
		skipped += what && !strcmp(what, "skipped") ? s->nr[i] : 0;
	}
	fprintf(out, " tests=\"%u\" failures=\"%u\" errors=\"%u\" skipped=\"%u\"", s->tests,
		failures, errors, skipped);
}

/* Its attributes are known when its cases are: they wait in memory. */
static void put_suite(FILE *out, const struct merge *m, const json_t *obj, const char *name,
		      void (*cases)(struct suite *s, const struct merge *m, const json_t *obj))
{
	struct suite s = { .name = name };
	const char *started = text_of(obj, "started");
	char *text = NULL;
	size_t size, len;

	s.out = open_memstream(&text, &size);
	if (!s.out)
		return;
	cases(&s, m, obj);
	fclose(s.out);
	fputs(" <testsuite", out);
	attribute(out, "name", name);
	put_counts(out, &s);
	fprintf(out, " time=\"%.3f\"", json_number_value(json_object_get(obj, "duration_s")));
	len = strlen(started);
	if (len && started[len - 1] == 'Z')
		fprintf(out, " timestamp=\"%.*s\"", (int)strspn(started, "0123456789-:T"),
			started);
	fputs(">\n", out);
	fputs(text ? text : "", out);
	fputs(" </testsuite>\n", out);
	free(text);
}

static void kernel_cases(struct suite *s, const struct merge *m, const json_t *kernel)
{
	const json_t *list = json_object_get(kernel, "scenarios");
	size_t i;

	for (i = 0; i < json_array_size(list); i++) {
		const json_t *sc = json_array_get(list, i);

		put_case(s, m, sc, text_of(sc, "name"), text_of(sc, "name"));
	}
	put_case(s, m, kernel, "run", NULL);
}

static void task_cases(struct suite *s, const struct merge *m, const json_t *root)
{
	const json_t *list = json_object_get(root, "tasks");
	size_t i;

	for (i = 0; i < json_array_size(list); i++)
		put_case(s, m, json_array_get(list, i), text_of(json_array_get(list, i), "id"),
			 NULL);
}

static int write_junit(FILE *out, const void *data)
{
	const struct merge *m = data;
	const json_t *kernels = json_object_get(m->root, "kernels");
	size_t i;

	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"thprace\">\n", out);
	for (i = 0; i < json_array_size(kernels); i++) {
		const json_t *k = json_array_get(kernels, i);

		put_suite(out, m, k, text_of(k, "kernel"), kernel_cases);
	}
	if (json_array_size(json_object_get(m->root, "tasks")))
		put_suite(out, m, m->root, "tasks", task_cases);
	fputs("</testsuites>\n", out);
	return 0;
}

/**
 * merge_junit() - write the report as JUnit XML
 * @m: merge with its sum
 * @path: file, or "-" for standard output
 */
int merge_junit(const struct merge *m, const char *path)
{
	int err = write_file(path, write_junit, m);

	if (err)
		set_error("cannot write JUnit XML to %.200s", path);
	return err;
}
