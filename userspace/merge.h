/* SPDX-License-Identifier: GPL-2.0 */
/* Many reports become one */
#ifndef THPRACE_MERGE_H
#define THPRACE_MERGE_H

#include <jansson.h>

#include "outcome.h"
#include "util.h"

/*
 * A run, as text: it is parsed again when it is added up, since thousands of parsed ones take
 * gigabytes.  What is beside the text is what runs are ordered by.
 */
struct merge_run {
	char *text;			/* an object of "runs", on one line */
	const char *id, *kernel, *started, *task;	/* of names */
	bool complete;
	double duration_s;
	u64 hash;			/* of the text */
	enum outcome outcome;
};

struct merge {
	json_t *names;			/* strings, each once */
	json_t *by_id;			/* run -> index in runs[] */
	struct merge_run *runs;
	size_t nr_runs, room;
	json_t *found;			/* key -> violation, its cause in "_cause" */
	json_t *tasks;			/* "MANIFEST/ID" -> task */
	json_t *root;			/* merge_sum(): the report, but for its runs */
	enum outcome outcome;
};

/* A row of counts is an array in a run, and an object in what is added up. */
enum column_kind {
	COLUMN_NAME,
	COLUMN_OUTCOME,			/* the worst counts */
	COLUMN_TEXT,			/* of the worst, else the first one */
	COLUMN_SUM,
	COLUMN_REAL,			/* added up as well */
	COLUMN_MAX,
	COLUMN_LAST,			/* the highest number, or null */
	COLUMN_ANY,			/* true, if one is */
};

struct column {
	const char *key;
	enum column_kind kind;
};

#define MAX_COLUMNS	10

struct table {
	const char *key;		/* of the list in a report */
	struct column columns[MAX_COLUMNS];
};

enum { TABLE_SCENARIOS, TABLE_OPS, TABLE_CHECKS, NR_TABLES };

extern const struct table merge_tables[NR_TABLES];
extern const struct table merge_cover_table;

/* merge_read.c */
int merge_init(struct merge *m);
void merge_free(struct merge *m);
const char *merge_name(struct merge *m, const char *name);
int merge_file(struct merge *m, const char *path, const char *task);
int merge_report(struct merge *m, json_t *root, const char *path, const char *task);

/* merge_slim.c */
const char *merge_why_bad(const json_t *root);
json_t *merge_slim(const json_t *root);

/* merge_found.c */
int merge_found(struct merge *m, const json_t *root, const json_t *run);
void merge_found_json(const struct merge *m, json_t *root);

/* merge_replay.c */
char *merge_replay(const json_t *options, const json_t *seed, const char *scenario);

/* merge_task.c */
int merge_manifest(struct merge *m, const char *path, char *id, size_t size);
int merge_task_known(struct merge *m, const json_t *task);
int merge_task_status(struct merge *m, const char *key, const char *dir);
json_t *merge_tasks_json(const struct merge *m);
const char *merge_task_of(const struct merge *m, const char *manifest, const char *path);

/* merge_table.c */
json_t *merge_row(const struct table *t, const json_t *obj);
void merge_add_rows(const struct table *t, json_t *sum, const json_t *rows);
json_t *merge_rows_json(const json_t *sum);

/* merge_sum.c */
int merge_sum(struct merge *m);

/* merge_grid.c */
void merge_grid_add(json_t *sum, const json_t *grid);
json_t *merge_grid_json(const json_t *sum);

/* merge_cover.c */
json_t *merge_cover_slim(const json_t *cover);
void merge_cover_add(json_t *sum, const json_t *cover);
json_t *merge_cover_json(const json_t *sum);

/* merge_json.c */
int merge_json(const struct merge *m, const char *path);

#endif /* THPRACE_MERGE_H */
