// SPDX-License-Identifier: GPL-2.0
/*
 * Reads reports, and keeps each run once
 *
 * What is read twice counts once: a run that several files hold, a merged report and what it
 * was made of. Of two reports of one run the complete one stays, or the later one.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "json_value.h"
#include "merge.h"
#include "runid.h"

/**
 * merge_init() - nothing was read
 * @m: merge
 */
int merge_init(struct merge *m)
{
	memset(m, 0, sizeof(*m));
	m->names = json_object();
	m->by_id = json_object();
	m->found = json_object();
	m->tasks = json_object();
	return m->names && m->by_id && m->found && m->tasks ? 0 : -ENOMEM;
}

void merge_free(struct merge *m)
{
	size_t i;

	for (i = 0; i < m->nr_runs; i++)
		free(m->runs[i].text);
	free(m->runs);
	json_decref(m->names);
	json_decref(m->by_id);
	json_decref(m->found);
	json_decref(m->tasks);
	json_decref(m->root);
}

/**
 * merge_name() - the one copy of a string
 * @m: merge
 * @name: string or NULL
 */
const char *merge_name(struct merge *m, const char *name)
{
	json_t *has;

	if (!name)
		return "";
	has = json_object_get(m->names, name);
	if (!has) {
		has = json_string(name);
		json_object_set_new(m->names, name, has);
	}
	return json_string_value(has);
}

static int add_text(const char *text, size_t size, void *data)
{
	FILE *out = data;

	return fwrite(text, 1, size, out) == size ? 0 : -1;
}

/* json_dumps() grows its buffer slowly. */
static char *one_line(const json_t *obj)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	int err = out ? json_dump_callback(obj, add_text, out, JSON_COMPACT) : -1;

	if (out && fclose(out))
		err = -1;
	if (err) {
		free(text);
		return NULL;
	}
	return text;
}

static void fill(struct merge *m, struct merge_run *run, const json_t *slim, char *text)
{
	const char *task = json_string_value(json_object_get(slim, "task"));

	run->text = text;
	run->id = merge_name(m, json_string_value(json_object_get(slim, "run")));
	run->kernel = merge_name(m, json_string_value(json_object_get(slim, "kernel")));
	run->started = merge_name(m, json_string_value(json_object_get(slim, "started")));
	run->task = merge_name(m, task);
	run->complete = json_is_true(json_object_get(slim, "complete"));
	run->duration_s = json_number_value(json_object_get(slim, "duration_s"));
	run->hash = text_hash(text, 0);
	run->outcome = outcome_by_name(json_string_value(json_object_get(slim, "outcome")));
}

/* Which of two reports of one run; any order would do, if only it is one. */
static bool is_later(const struct merge_run *a, const struct merge_run *b)
{
	if (a->complete != b->complete)
		return a->complete;
	if (a->duration_s != b->duration_s)
		return a->duration_s > b->duration_s;
	if (!!a->task[0] != !!b->task[0])
		return a->task[0];
	return strcmp(a->text, b->text) < 0;
}

static struct merge_run *new_run(struct merge *m)
{
	size_t room = m->room ? m->room * 2 : 64;
	struct merge_run *more;

	if (m->nr_runs == m->room) {
		more = realloc(m->runs, room * sizeof(*more));
		if (!more)
			return NULL;
		m->runs = more;
		m->room = room;
	}
	return &m->runs[m->nr_runs++];
}

static int add_run(struct merge *m, json_t *slim)
{
	const char *id = json_string_value(json_object_get(slim, "run"));
	json_t *at = json_object_get(m->by_id, id);
	struct merge_run run, *slot;
	char *text = one_line(slim);

	if (!text)
		return -ENOMEM;
	fill(m, &run, slim, text);
	if (at) {
		slot = &m->runs[json_integer_value(at)];
		if (!is_later(&run, slot)) {
			free(run.text);
			return 0;
		}
		free(slot->text);
	} else {
		slot = new_run(m);
		if (!slot) {
			free(run.text);
			return -ENOMEM;
		}
		json_object_set_new(m->by_id, id, json_integer((json_int_t)m->nr_runs - 1));
	}
	*slot = run;
	return 0;
}

static int add_merged(struct merge *m, const json_t *root)
{
	const json_t *runs = json_object_get(root, "runs");
	const json_t *tasks = json_object_get(root, "tasks");
	int err = merge_found(m, root, NULL);
	size_t i;

	for (i = 0; i < json_array_size(runs) && !err; i++)
		err = add_run(m, json_array_get(runs, i));
	for (i = 0; i < json_array_size(tasks) && !err; i++)
		err = merge_task_known(m, json_array_get(tasks, i));
	return err;
}

/**
 * merge_report() - take a report in
 * @m: merge
 * @root: the report
 * @path: where it was read
 * @task: of a manifest, or NULL
 */
int merge_report(struct merge *m, json_t *root, const char *path, const char *task)
{
	const char *bad = merge_why_bad(root);
	json_t *slim;
	int err;

	if (bad) {
		set_error("%.200s: no report of thprace: %s", path, bad);
		return -EINVAL;
	}
	if (json_object_get(root, "runs"))
		return add_merged(m, root);
	slim = merge_slim(root);
	if (task)
		json_object_set_new(slim, "task", json_string(task));
	err = merge_found(m, root, slim);
	if (!err)
		err = add_run(m, slim);
	json_decref(slim);
	return err;
}

/* json_load_file() reads byte by byte: that is most of the time of a merge. */
static json_t *load(const char *path, json_error_t *error)
{
	FILE *in = fopen(path, "re");
	char *text = NULL;
	json_t *root = NULL;
	size_t size = 0, n;
	struct stat st;

	snprintf(error->text, sizeof(error->text), "cannot be read: %s", strerror(errno));
	error->line = 0;
	if (!in)
		return NULL;
	if (!fstat(fileno(in), &st))
		size = st.st_size;
	/* A byte more, so that the end is seen at once; a pipe has no size. */
	for (n = 0, size++;; size *= 2) {
		char *more = realloc(text, size);

		if (!more)
			break;
		text = more;
		n += fread(text + n, 1, size - n, in);
		if (n < size)
			break;
	}
	if (text && !ferror(in) && n < size)
		root = json_loadb(text, n, JSON_REJECT_DUPLICATES, error);
	fclose(in);
	free(text);
	return root;
}

/**
 * merge_file() - take a file in
 * @m: merge
 * @path: report of a run, or a merged one
 * @task: of a manifest, or NULL
 */
int merge_file(struct merge *m, const char *path, const char *task)
{
	json_error_t error;
	json_t *root = load(path, &error);
	int err;

	if (!root) {
		set_error("%.160s: line %d: %.120s", path, error.line, error.text);
		return -EINVAL;
	}
	err = merge_report(m, root, path, task);
	json_decref(root);
	return err;
}
