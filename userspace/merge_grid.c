// SPDX-License-Identifier: GPL-2.0
/*
 * Grids of several runs on one kernel, joined by their phases
 *
 * Shards have cells of their own; where two have the same cell its counts are added up.
 */
#include <string.h>

#include "json_value.h"
#include "merge.h"

/* The order in which states win. */
static const char *const states[] = { "met", "excluded", "never", "untried" };

static unsigned int rank_of(const char *state)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(states); i++) {
		if (state && !strcmp(states[i], state))
			break;
	}
	return i;
}

static bool is_there(const json_t *axis, const char *name, size_t *at)
{
	size_t i;

	for (i = 0; i < json_array_size(axis); i++) {
		if (!strcmp(json_string_value(json_array_get(axis, i)), name)) {
			*at = i;
			return true;
		}
	}
	return false;
}

/* What is new comes behind what it comes behind in its own grid. */
static void join_axis(json_t *axis, const json_t *more)
{
	size_t i, at, next = 0;

	for (i = 0; i < json_array_size(more); i++) {
		const char *name = json_string_value(json_array_get(more, i));

		if (!name)
			continue;
		if (is_there(axis, name, &at)) {
			next = at + 1;
			continue;
		}
		json_array_insert_new(axis, next++, json_string(name));
	}
}

static void add_cell(json_t *row, const char *b, const json_t *cell)
{
	json_t *was = json_object_get(row, b);
	unsigned int i;

	if (!was) {
		json_object_set_new(row, b, json_copy((json_t *)cell));
		return;
	}
	if (rank_of(json_string_value(json_array_get(cell, 0))) <
	    rank_of(json_string_value(json_array_get(was, 0))))
		json_array_set(was, 0, json_array_get(cell, 0));
	for (i = 1; i < 4; i++) {
		u64 sum = count_sum(count_value(json_array_get(was, i)),
				    count_value(json_array_get(cell, i)));

		json_array_set_new(was, i, u64_json(sum));
	}
}

static void add_cells(json_t *rows, const json_t *grid)
{
	const json_t *a = json_object_get(grid, "a"), *b = json_object_get(grid, "b");
	const json_t *cells = json_object_get(grid, "cells");
	size_t i, nr_b = json_array_size(b);
	const char *na, *nb;
	json_t *row;

	for (i = 0; nr_b && i < json_array_size(cells); i++) {
		na = json_string_value(json_array_get(a, i / nr_b));
		nb = json_string_value(json_array_get(b, i % nr_b));
		if (!na || !nb)
			continue;
		row = json_object_get(rows, na);
		if (!row) {
			row = json_object();
			json_object_set_new(rows, na, row);
		}
		add_cell(row, nb, json_array_get(cells, i));
	}
}

static json_t *sub(json_t *of, const char *key, json_t *(*make)(void))
{
	json_t *val = json_object_get(of, key);

	if (!val) {
		val = make();
		json_object_set_new(of, key, val);
	}
	return val;
}

/**
 * merge_grid_add() - add the grid of a run
 * @sum: object, empty at first
 * @grid: of the run, or NULL
 */
void merge_grid_add(json_t *sum, const json_t *grid)
{
	json_t *left, *done;

	if (!json_is_object(grid))
		return;
	join_axis(sub(sum, "a", json_array), json_object_get(grid, "a"));
	join_axis(sub(sum, "b", json_array), json_object_get(grid, "b"));
	add_cells(sub(sum, "rows", json_object), grid);
	if (!json_object_get(grid, "k"))
		return;
	if (count_value(json_object_get(grid, "k")) > count_value(json_object_get(sum, "k")))
		json_object_set(sum, "k", json_object_get(grid, "k"));
	left = u64_json(count_sum(count_value(json_object_get(sum, "left")),
				  count_value(json_object_get(grid, "left"))));
	json_object_set_new(sum, "left", left);
	done = json_object_get(sum, "complete");
	if (!done || json_is_true(done))
		json_object_set(sum, "complete", json_object_get(grid, "complete"));
	json_object_set_new(sum, "time_s",
			    json_real(json_number_value(json_object_get(sum, "time_s")) +
				      json_number_value(json_object_get(grid, "time_s"))));
}

static void list_cells(json_t *cells, const json_t *sum)
{
	const json_t *a = json_object_get(sum, "a"), *b = json_object_get(sum, "b");
	json_t *row, *cell;
	size_t i, j;

	for (i = 0; i < json_array_size(a); i++) {
		row = json_object_get(json_object_get(sum, "rows"),
				      json_string_value(json_array_get(a, i)));
		for (j = 0; j < json_array_size(b); j++) {
			cell = json_object_get(row, json_string_value(json_array_get(b, j)));
			if (cell)
				json_array_append(cells, cell);
			else
				json_array_append_new(cells, json_pack("[s,i,i,i]", "untried",
								       0, 0, 0));
		}
	}
}

/**
 * merge_grid_json() - the joined grid, as a report has it
 * @sum: of merge_grid_add()
 */
json_t *merge_grid_json(const json_t *sum)
{
	static const char *const keys[] = { "k", "left", "complete", "time_s" };
	json_t *grid = json_object(), *cells = json_array(), *val;
	unsigned int i;

	val = json_object_get(sum, "a");
	json_object_set_new(grid, "a", val ? json_incref(val) : json_array());
	val = json_object_get(sum, "b");
	json_object_set_new(grid, "b", val ? json_incref(val) : json_array());
	list_cells(cells, sum);
	json_object_set_new(grid, "cells", cells);
	for (i = 0; i < ARRAY_SIZE(keys); i++) {
		val = json_object_get(sum, keys[i]);
		if (val)
			json_object_set(grid, keys[i], val);
	}
	return grid;
}
