// SPDX-License-Identifier: GPL-2.0
/*
 * What several runs have seen for the first time
 *
 * Reports have numbers only, so the most that one run has seen stands for all of them.
 */
#include <string.h>

#include "json_value.h"
#include "merge.h"

static const char *const counts[] = { "phases", "outcomes", "states" };

static json_t *copy_counts(const json_t *from)
{
	json_t *to = json_object(), *val;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		val = json_object_get(from, counts[i]);
		json_object_set_new(to, counts[i], val ? json_incref(val) : json_integer(0));
	}
	return to;
}

/**
 * merge_cover_slim() - the part of a run's coverage that is kept
 * @cover: of its report
 */
json_t *merge_cover_slim(const json_t *cover)
{
	const json_t *list = json_object_get(cover, "scenarios");
	json_t *slim = copy_counts(cover), *rows = json_array(), *val;
	size_t i;

	json_object_set_new(slim, "last_minute",
			    copy_counts(json_object_get(cover, "last_minute")));
	json_object_set_new(slim, "full", json_boolean(json_is_true(json_object_get(cover,
										    "full"))));
	val = json_object_get(cover, "curve");
	json_object_set_new(slim, "curve", val ? json_incref(val) : json_array());
	for (i = 0; i < json_array_size(list); i++) {
		val = json_array_get(list, i);
		if (json_is_string(json_object_get(val, "name")))
			json_array_append_new(rows, merge_row(&merge_cover_table, val));
	}
	json_object_set_new(slim, "scenarios", rows);
	return slim;
}

static void most(json_t *sum, const json_t *add)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		json_t *val = json_object_get(add, counts[i]);

		if (val && (!json_object_get(sum, counts[i]) ||
			    count_value(val) > count_value(json_object_get(sum, counts[i]))))
			json_object_set(sum, counts[i], val);
	}
}

static u64 seen_at(const json_t *curve, size_t i)
{
	size_t nr = json_array_size(curve);

	/* Who has ended sees no more. */
	if (i >= nr)
		i = nr - 1;
	return nr ? count_value(json_array_get(json_array_get(curve, i), 1)) : 0;
}

/* Each second twice the one before, in all runs. */
static json_t *most_curve(const json_t *was, const json_t *add)
{
	size_t nr = json_array_size(was), i;
	json_t *curve = json_array();

	if (json_array_size(add) > nr)
		nr = json_array_size(add);
	for (i = 0; i < nr && i < 40; i++) {
		u64 a = seen_at(was, i), b = seen_at(add, i);

		json_array_append_new(curve, json_pack("[I, o]", (json_int_t)1 << i,
						       u64_json(a > b ? a : b)));
	}
	return curve;
}

/**
 * merge_cover_add() - add what a run has seen
 * @sum: object, empty at first
 * @cover: of merge_cover_slim(), or NULL
 */
void merge_cover_add(json_t *sum, const json_t *cover)
{
	json_t *minute = json_object_get(sum, "last_minute");
	json_t *rows = json_object_get(sum, "rows");

	if (!json_is_object(cover))
		return;
	if (!minute) {
		minute = json_object();
		json_object_set_new(sum, "last_minute", minute);
		rows = json_object();
		json_object_set_new(sum, "rows", rows);
	}
	most(sum, cover);
	most(minute, json_object_get(cover, "last_minute"));
	if (json_is_true(json_object_get(cover, "full")))
		json_object_set_new(sum, "full", json_true());
	json_object_set_new(sum, "curve", most_curve(json_object_get(sum, "curve"),
						     json_object_get(cover, "curve")));
	merge_add_rows(&merge_cover_table, rows, json_object_get(cover, "scenarios"));
}

/**
 * merge_cover_json() - coverage as a report has it
 * @sum: of merge_cover_add()
 */
json_t *merge_cover_json(const json_t *sum)
{
	json_t *cover = copy_counts(sum), *curve = json_object_get(sum, "curve");

	json_object_set_new(cover, "last_minute",
			    copy_counts(json_object_get(sum, "last_minute")));
	json_object_set_new(cover, "full", json_boolean(json_object_get(sum, "full")));
	json_object_set_new(cover, "curve", json_array_size(curve) ? json_incref(curve) :
			    json_pack("[[i, i]]", 1, 0));
	json_object_set_new(cover, "scenarios", merge_rows_json(json_object_get(sum, "rows")));
	return cover;
}
