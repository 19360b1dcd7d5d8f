// SPDX-License-Identifier: GPL-2.0
/*
 * The tasks of a manifest, and those that have no result
 *
 * A task's report is a file ID/report.json. Beside it may be a file "status" with the exit
 * status of what ran it: vm/run sees a complaint of the kernel where a report does not.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "json_value.h"
#include "merge.h"
#include "runid.h"

#define MANIFEST_FORMAT	"thprace-manifest/1"
#define REPORT_NAME	"report.json"

static const char *const task_keys[] = { "kernel", "arch", "seed", "args", "budget" };

static const char *text_at(const json_t *obj, const char *key)
{
	return json_string_value(json_object_get(obj, key));
}

static json_t *task_key(const char *manifest, const char *id)
{
	return json_sprintf("%s/%s", manifest, id);
}

static bool is_id(const char *id)
{
	return id && id[0] && !strchr(id, '/') && strcmp(id, ".") && strcmp(id, "..");
}

static int add_task(struct merge *m, const char *manifest, const json_t *from)
{
	json_t *key = task_key(manifest, text_at(from, "id")), *task, *val;
	unsigned int i;

	if (!key)
		return -ENOMEM;
	task = json_object();
	json_object_set_new(task, "manifest", json_string(manifest));
	json_object_set(task, "id", json_object_get(from, "id"));
	for (i = 0; i < ARRAY_SIZE(task_keys); i++) {
		val = json_object_get(from, task_keys[i]);
		if (val)
			json_object_set(task, task_keys[i], val);
	}
	val = json_object_get(from, "status");
	json_object_set(task, "status", json_is_integer(val) ? val : json_null());
	val = json_object_get(m->tasks, json_string_value(key));
	/* The higher one is worse. */
	if (val && json_integer_value(json_object_get(val, "status")) >=
	    json_integer_value(json_object_get(task, "status")) &&
	    json_is_integer(json_object_get(val, "status")))
		json_object_set(task, "status", json_object_get(val, "status"));
	json_object_set_new(m->tasks, json_string_value(key), task);
	json_decref(key);
	return 0;
}

/**
 * merge_task_known() - a task of a merged report
 * @m: merge
 * @task: of its "tasks"
 */
int merge_task_known(struct merge *m, const json_t *task)
{
	const char *manifest = text_at(task, "manifest");

	if (!manifest || !is_id(text_at(task, "id"))) {
		set_error("a task without manifest or id");
		return -EINVAL;
	}
	return add_task(m, manifest, task);
}

static int add_tasks(struct merge *m, const json_t *root, const char *path, const char *id)
{
	const json_t *tasks = json_object_get(root, "tasks");
	json_t *seen = json_object();
	int err = 0;
	size_t i;

	for (i = 0; i < json_array_size(tasks) && !err; i++) {
		const json_t *task = json_array_get(tasks, i);
		const char *name = text_at(task, "id");

		if (!is_id(name) || !text_at(task, "kernel") || json_object_get(seen, name)) {
			set_error("%.200s: task %zu: no id of its own, or no kernel", path, i);
			err = -EINVAL;
			break;
		}
		json_object_set_new(seen, name, json_true());
		err = add_task(m, id, task);
	}
	json_decref(seen);
	return err;
}

/**
 * merge_manifest() - what was to be run
 * @m: merge
 * @path: manifest
 * @id: result, what tells it from others
 * @size: of @id
 */
int merge_manifest(struct merge *m, const char *path, char *id, size_t size)
{
	json_error_t error;
	json_t *root = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
	const char *format = text_at(root, "format");
	json_t *hash;
	int err;

	if (!root) {
		set_error("%.160s: line %d: %.120s", path, error.line, error.text);
		return -EINVAL;
	}
	if (!format || strcmp(format, MANIFEST_FORMAT) ||
	    !json_array_size(json_object_get(root, "tasks"))) {
		set_error("%.200s: no manifest of the format " MANIFEST_FORMAT, path);
		json_decref(root);
		return -EINVAL;
	}
	hash = runid_of_content(root);
	copy_word(id, size, json_string_value(hash));
	json_decref(hash);
	err = add_tasks(m, root, path, id);
	json_decref(root);
	return err;
}

/**
 * merge_task_of() - whose report a file is
 * @m: merge
 * @manifest: its id
 * @path: file
 *
 * Returns the key of the task, or NULL: of none.
 */
const char *merge_task_of(const struct merge *m, const char *manifest, const char *path)
{
	const char *base = strrchr(path, '/'), *from;
	char id[256];
	json_t *key;
	void *at;

	if (!base || strcmp(base + 1, REPORT_NAME))
		return NULL;
	for (from = base; from > path && from[-1] != '/'; from--)
		;
	if ((size_t)(base - from) >= sizeof(id))
		return NULL;
	memcpy(id, from, base - from);
	id[base - from] = '\0';
	key = task_key(manifest, id);
	at = json_object_iter_at(m->tasks, json_string_value(key));
	json_decref(key);
	return at ? json_object_iter_key(at) : NULL;
}

/**
 * merge_task_status() - how the command of a task has ended, if that was kept
 * @m: merge
 * @key: of the task
 * @dir: its directory
 */
int merge_task_status(struct merge *m, const char *key, const char *dir)
{
	json_t *task = json_object_get(m->tasks, key);
	char path[4096], text[16];
	u64 status;

	if (snprintf(path, sizeof(path), "%s/status", dir) >= (int)sizeof(path) ||
	    read_text(path, text, sizeof(text)) < 0)
		return 0;
	text[strcspn(text, "\n")] = '\0';
	if (parse_u64(text, 0, 255, &status)) {
		set_error("%.200s: no exit status", path);
		return -EINVAL;
	}
	json_object_set_new(task, "status", json_integer((json_int_t)status));
	return 0;
}

/* What an exit status says of a task that has no report; 0, 1 and 3 come with one. */
static enum outcome without_report(const json_t *status)
{
	static const enum outcome says[] = {
		OUTCOME_LOST, OUTCOME_LOST, OUTCOME_ERROR, OUTCOME_LOST, OUTCOME_SKIP,
		OUTCOME_SPLAT, OUTCOME_LOST,
	};
	json_int_t code = json_is_integer(status) ? json_integer_value(status) : 0;

	return code >= 0 && code < (json_int_t)ARRAY_SIZE(says) ? says[code] : OUTCOME_LOST;
}

/* What it adds to a report. */
static enum outcome with_report(const json_t *status, enum outcome out)
{
	enum outcome o;

	for (o = 0; json_is_integer(status) && o < OUTCOME_PASS; o++) {
		if (outcomes[o].exit == json_integer_value(status))
			return outcome_worse(o, out);
	}
	return out;
}

/* Task -> index of its run, the worst of several. */
static json_t *runs_by_task(const struct merge *m)
{
	json_t *by_task = json_object();
	size_t i;

	for (i = 0; i < m->nr_runs; i++) {
		const struct merge_run *run = &m->runs[i];
		const json_t *was = json_object_get(by_task, run->task);

		if (run->task[0] &&
		    (!was || run->outcome < m->runs[json_integer_value(was)].outcome))
			json_object_set_new(by_task, run->task, json_integer((json_int_t)i));
	}
	return by_task;
}

static json_t *task_json(const struct merge *m, const json_t *task, const json_t *at)
{
	const struct merge_run *run = at ? &m->runs[json_integer_value(at)] : NULL;
	const json_t *status = json_object_get(task, "status");
	enum outcome out = run ? with_report(status, run->outcome) : without_report(status);
	json_t *copy = json_copy((json_t *)task);

	json_object_set_new(copy, "run", run ? json_string(run->id) : json_null());
	json_object_set_new(copy, "outcome", json_string(outcomes[out].name));
	return copy;
}

static int compare_keys(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/**
 * merge_tasks_json() - all tasks, with what came of them
 * @m: merge, its runs are in order
 */
json_t *merge_tasks_json(const struct merge *m)
{
	const char **keys = calloc(json_object_size(m->tasks) + 1, sizeof(*keys)), *key;
	json_t *list = json_array(), *by_task = runs_by_task(m), *task;
	size_t nr = 0, i;

	json_object_foreach(m->tasks, key, task) {
		if (keys)
			keys[nr++] = key;
	}
	if (keys)
		qsort(keys, nr, sizeof(*keys), compare_keys);
	for (i = 0; i < nr; i++)
		json_array_append_new(list, task_json(m, json_object_get(m->tasks, keys[i]),
						      json_object_get(by_task, keys[i])));
	free(keys);
	json_decref(by_task);
	return list;
}
