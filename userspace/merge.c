// SPDX-License-Identifier: GPL-2.0
/*
 * thprace merge: one report of many
 *
 * Reads everything before it writes anything.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmdline.h"
#include "html.h"
#include "json_value.h"
#include "junit.h"
#include "kcidb.h"
#include "merge.h"
#include "merge_cmd.h"

#define FEW_VIOLATIONS	10
#define REPORT_NAME	"/report.json"

struct merging {
	struct merge m;
	char **files;			/* of argv[] */
	int nr_files;
	const char *manifest, *json, *html, *junit, *kcidb;
	struct kcidb_names names;
	char id[64];			/* of the manifest */
};

enum option_key {
	OPT_JSON = CMDLINE_KEYS + 1, OPT_HTML, OPT_JUNIT, OPT_KCIDB, OPT_MANIFEST, OPT_ORIGIN,
	OPT_BUILD
};

static const struct argp_option merge_options[] = {
	{ "json", OPT_JSON, "FILE", 0, "write the merged report as JSON (- for standard output)",
	  1 },
	{ "html", OPT_HTML, "FILE", 0, "write one static page for people", 1 },
	{ "junit", OPT_JUNIT, "FILE", 0, "write JUnit XML", 1 },
	{ "kcidb", OPT_KCIDB, "FILE", 0, "write a KCIDB v5 submission", 1 },
	{ "manifest", OPT_MANIFEST, "FILE", 0,
	  "what was to be run: a task without a report is lost", 1 },
	{ "kcidb-origin", OPT_ORIGIN, "NAME", 0, "who submits, a-z 0-9 _ (default thprace)", 2 },
	{ "kcidb-build", OPT_BUILD, "ID", 0,
	  "the build that was tested, ORIGIN:ID (default: one of its own for each kernel)", 2 },
	{ }
};

static error_t merge_option(int key, char *arg, struct argp_state *state)
{
	struct merging *me = state->input;

	switch (key) {
	case OPT_JSON:
		me->json = arg;
		return 0;
	case OPT_HTML:
		me->html = arg;
		return 0;
	case OPT_JUNIT:
		me->junit = arg;
		return 0;
	case OPT_KCIDB:
		me->kcidb = arg;
		return 0;
	case OPT_MANIFEST:
		me->manifest = arg;
		return 0;
	case OPT_ORIGIN:
		if (!kcidb_is_origin(arg, strlen(arg)))
			return cmdline_refuse(state, "--kcidb-origin takes a-z 0-9 _, not '%.40s'",
					      arg);
		me->names.origin = arg;
		return 0;
	case OPT_BUILD:
		if (!strchr(arg, ':') || !kcidb_is_origin(arg, strcspn(arg, ":")))
			return cmdline_refuse(state, "--kcidb-build takes ORIGIN:ID, not '%.40s'",
					      arg);
		me->names.build = arg;
		return 0;
	case ARGP_KEY_ARG:
		me->files[me->nr_files++] = arg;
		return 0;
	case ARGP_KEY_END:
		if (me->nr_files)
			return 0;
		return cmdline_refuse(state, "name reports, or directories of them");
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp merge_argp = {
	.options = merge_options,
	.parser = merge_option,
	.args_doc = "FILE...",
	.doc = "Makes one report of many runs or merged ones; what is named twice counts once.\n"
	       "FILE may be a directory: then its */report.json.",
	.children = cmdline_common,
};

/* The report of a run, which may be that of a task; its directory says. */
static int take_file(struct merging *me, const char *path)
{
	const char *task = me->id[0] ? merge_task_of(&me->m, me->id, path) : NULL;
	char dir[PATH_MAX];
	int err;

	if (task) {
		copy_word(dir, sizeof(dir), path);
		*strrchr(dir, '/') = '\0';
		err = merge_task_status(&me->m, task, dir);
		if (err)
			return err;
	}
	return merge_file(&me->m, path, task);
}

/* A subdirectory, which has a report, or only the status of a task that left none. */
static int take_subdir(struct merging *me, const char *dir, const char *name)
{
	char path[PATH_MAX];
	const char *task;
	int len;

	len = snprintf(path, sizeof(path), "%s/%s" REPORT_NAME, dir, name);
	if (len >= (int)sizeof(path))
		return -ENAMETOOLONG;
	if (!access(path, F_OK))
		return take_file(me, path);
	task = me->id[0] ? merge_task_of(&me->m, me->id, path) : NULL;
	path[len - strlen(REPORT_NAME)] = '\0';
	return task ? merge_task_status(&me->m, task, path) : 0;
}

static int take_dir(struct merging *me, const char *dir)
{
	struct dirent **list;
	int nr = scandir(dir, &list, NULL, alphasort), err = 0, i;

	if (nr < 0) {
		set_error("%.200s: %s", dir, strerror(errno));
		return -errno;
	}
	for (i = 0; i < nr; i++) {
		if (!err && list[i]->d_name[0] != '.')
			err = take_subdir(me, dir, list[i]->d_name);
		free(list[i]);
	}
	free(list);
	return err;
}

static int take_all(struct merging *me)
{
	struct stat st;
	int err = 0, i;

	if (me->manifest)
		err = merge_manifest(&me->m, me->manifest, me->id, sizeof(me->id));
	for (i = 0; i < me->nr_files && !err; i++) {
		if (!stat(me->files[i], &st) && S_ISDIR(st.st_mode))
			err = take_dir(me, me->files[i]);
		else
			err = take_file(me, me->files[i]);
	}
	return err ? err : merge_sum(&me->m);
}

static int write_all(const struct merging *me)
{
	int err = 0;

	if (me->json)
		err = merge_json(&me->m, me->json);
	if (me->html && !err)
		err = merge_html(&me->m, me->html);
	if (me->junit && !err)
		err = merge_junit(&me->m, me->junit);
	if (me->kcidb && !err)
		err = merge_kcidb(&me->m, &me->names, me->kcidb);
	return err;
}

static const char *text_of(const json_t *obj, const char *key)
{
	const char *text = json_string_value(json_object_get(obj, key));

	return text ? text : "";
}

/* As plain as a terminal needs it: names come from files. */
static void print_text(const char *text, FILE *out)
{
	for (; *text; text++)
		fputc((u8)*text < ' ' || *text == 0x7f ? '?' : *text, out);
}

static void print_kernels(const json_t *root, FILE *out)
{
	const json_t *kernels = json_object_get(root, "kernels");
	size_t i;

	for (i = 0; i < json_array_size(kernels); i++) {
		const json_t *k = json_array_get(kernels, i);

		fputs("  ", out);
		print_text(text_of(k, "kernel"), out);
		fprintf(out, "  %s  runs %lld  rounds %llu  violations %llu\n",
			text_of(k, "outcome"),
			(long long)json_integer_value(json_object_get(k, "runs")),
			count_value(json_object_get(k, "rounds")),
			count_value(json_object_get(k, "violations")));
	}
}

static void print_violations(const json_t *root, FILE *out)
{
	const json_t *list = json_object_get(root, "violations");
	static const char *const keys[] = { "check", "scenario", "kernel" };
	static const char *const before[] = { "VIOLATION ", " in ", " on " };
	unsigned int j;
	size_t i;

	for (i = 0; i < json_array_size(list) && i < FEW_VIOLATIONS; i++) {
		const json_t *v = json_array_get(list, i);

		for (j = 0; j < ARRAY_SIZE(keys); j++) {
			fputs(before[j], out);
			print_text(text_of(v, keys[j]), out);
		}
		fprintf(out, " after %.1f s\n  run         ",
			json_number_value(json_object_get(v, "time_s")));
		print_text(text_of(v, "replay"), out);
		fputc('\n', out);
	}
	if (json_array_size(list) > i)
		fprintf(out, "... and %zu more\n", json_array_size(list) - i);
}

static void print(const struct merge *m, FILE *out)
{
	const char *why = text_of(m->root, "why");

	fprintf(out, "verdict: %s%s", text_of(m->root, "verdict"), why[0] ? " (" : "");
	print_text(why, out);
	fprintf(out, "%s\n%zu runs, %zu tasks\n", why[0] ? ")" : "", m->nr_runs,
		json_object_size(m->tasks));
	print_violations(m->root, out);
	print_kernels(m->root, out);
}

static bool to_stdout(const char *path)
{
	return path && !strcmp(path, "-");
}

int cmd_merge(int argc, char **argv)
{
	struct merging me = { .names.origin = "thprace" };
	int code;

	me.files = calloc(argc + 1, sizeof(*me.files));
	if (!me.files || merge_init(&me.m)) {
		fputs("thprace: out of memory\n", stderr);
		return THPRACE_EXIT_ERROR;
	}
	code = cmdline_parse(&merge_argp, "thprace merge", argc, argv, &me);
	if (code == CMDLINE_GO) {
		if (take_all(&me) || write_all(&me)) {
			fprintf(stderr, "thprace: %s\n", last_error());
			code = THPRACE_EXIT_ERROR;
		} else {
			print(&me.m, to_stdout(me.json) || to_stdout(me.html) ||
			      to_stdout(me.junit) || to_stdout(me.kcidb) ? stderr : stdout);
			code = outcomes[me.m.outcome].exit;
		}
	}
	merge_free(&me.m);
	free(me.files);
	return code;
}
