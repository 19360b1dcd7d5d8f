// SPDX-License-Identifier: GPL-2.0
/*
 * Rows of counts, and how they are added up
 *
 * A table says of each column what becomes of two values.  In a run a row is an array in the
 * order of the columns, in a sum it is an object.
 */
#include <string.h>

#include "json_value.h"
#include "merge.h"

const struct table merge_tables[NR_TABLES] = {
	[TABLE_SCENARIOS] = { "scenarios", {
		{ "name", COLUMN_NAME },
		{ "outcome", COLUMN_OUTCOME },
		{ "why", COLUMN_TEXT },
		{ "rounds", COLUMN_SUM },
		{ "overlaps", COLUMN_SUM },
		{ "splits", COLUMN_SUM },
		{ "forced", COLUMN_SUM },
		{ "met", COLUMN_SUM },
		{ "duration_s", COLUMN_REAL },
	} },
	[TABLE_OPS] = { "ops", {
		{ "name", COLUMN_NAME },
		{ "done", COLUMN_SUM },
		{ "busy", COLUMN_SUM },
		{ "failed", COLUMN_SUM },
	} },
	[TABLE_CHECKS] = { "checks", {
		{ "name", COLUMN_NAME },
		{ "available", COLUMN_ANY },
		{ "reason", COLUMN_TEXT },
		{ "held", COLUMN_SUM },
		{ "violated", COLUMN_SUM },
		{ "skipped", COLUMN_SUM },
	} },
};

const struct table merge_cover_table = { "scenarios", {
	{ "name", COLUMN_NAME },
	{ "phases", COLUMN_MAX },
	{ "outcomes", COLUMN_MAX },
	{ "states", COLUMN_MAX },
	{ "last_minute", COLUMN_MAX },
	{ "last_new_s", COLUMN_LAST },
} };

/**
 * merge_row() - a row as an array
 * @t: its table
 * @obj: the row as an object
 */
json_t *merge_row(const struct table *t, const json_t *obj)
{
	json_t *row = json_array(), *val;
	unsigned int i;

	for (i = 0; i < MAX_COLUMNS && t->columns[i].key; i++) {
		val = json_object_get(obj, t->columns[i].key);
		json_array_append(row, val ? val : json_null());
	}
	return row;
}

/* What the row says, of what would not say more than the one before. */
static bool is_worse(const json_t *row, const json_t *at, const struct column *col)
{
	enum outcome has = outcome_by_name(json_string_value(json_object_get(row, col->key)));

	return outcome_by_name(json_string_value(at)) < has;
}

static json_t *combine(const struct column *col, json_t *was, json_t *add, bool worse)
{
	switch (col->kind) {
	case COLUMN_OUTCOME:
		return worse ? add : was;
	case COLUMN_TEXT:
		return worse || !json_is_string(was) ? add : was;
	case COLUMN_ANY:
		return json_is_true(was) ? was : add;
	case COLUMN_LAST:
		return json_is_number(was) && json_number_value(was) >= json_number_value(add) ?
			was : add;
	case COLUMN_MAX:
		return count_value(was) >= count_value(add) ? was : add;
	default:
		return was;
	}
}

static void add_value(json_t *row, const struct column *col, json_t *val, bool worse)
{
	json_t *was = json_object_get(row, col->key);

	if (!was)
		json_object_set(row, col->key, val);
	else if (col->kind == COLUMN_SUM)
		json_object_set_new(row, col->key, u64_json(count_sum(count_value(was),
								      count_value(val))));
	else if (col->kind == COLUMN_REAL)
		json_object_set_new(row, col->key, json_real(json_number_value(was) +
							     json_number_value(val)));
	else
		json_object_set(row, col->key, combine(col, was, val, worse));
}

static void add_row(const struct table *t, json_t *sum, const json_t *from)
{
	const char *name = json_string_value(json_array_get(from, 0));
	json_t *row = json_object_get(sum, name);
	bool worse = false;
	unsigned int i;

	if (!name)
		return;
	if (!row) {
		row = json_object();
		json_object_set_new(sum, name, row);
	}
	for (i = 0; i < MAX_COLUMNS && t->columns[i].key; i++) {
		if (t->columns[i].kind == COLUMN_OUTCOME)
			worse = is_worse(row, json_array_get(from, i), &t->columns[i]);
	}
	for (i = 0; i < MAX_COLUMNS && t->columns[i].key; i++)
		add_value(row, &t->columns[i], json_array_get(from, i), worse);
}

/**
 * merge_add_rows() - add what one run has counted
 * @t: table
 * @sum: object, a row for each name
 * @rows: of the run
 */
void merge_add_rows(const struct table *t, json_t *sum, const json_t *rows)
{
	size_t i;

	for (i = 0; i < json_array_size(rows); i++)
		add_row(t, sum, json_array_get(rows, i));
}

/**
 * merge_rows_json() - the rows of a sum, in the order in which they came
 * @sum: of merge_add_rows()
 */
json_t *merge_rows_json(const json_t *sum)
{
	json_t *list = json_array();
	const char *name;
	json_t *row;

	json_object_foreach((json_t *)sum, name, row)
		json_array_append(list, row);
	return list;
}
