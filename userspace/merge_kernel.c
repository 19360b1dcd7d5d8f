// SPDX-License-Identifier: GPL-2.0
/*
 * What the runs on one kernel, or on all, have counted together
 */
#include <stdlib.h>
#include <string.h>

#include "json_value.h"
#include "merge_kernel.h"
#include "runid.h"

static const char *const summed[] = { "rounds", "overlaps", "violations" };

void merge_kernel_init(struct merge_kernel *k)
{
	unsigned int i;

	memset(k, 0, sizeof(*k));
	for (i = 0; i < NR_TABLES; i++)
		k->rows[i] = json_object();
	k->grid = json_object();
	k->cover = json_object();
	k->started = "";
	k->outcome = NR_OUTCOMES;
}

void merge_kernel_free(struct merge_kernel *k)
{
	unsigned int i;

	for (i = 0; i < NR_TABLES; i++)
		json_decref(k->rows[i]);
	json_decref(k->grid);
	json_decref(k->cover);
	json_decref(k->why);
}

static void add_detection(struct merge_kernel *k, const json_t *run)
{
	const json_t *first = json_object_get(run, "first_violation_s");
	double at = json_number_value(first), lasted;
	unsigned int i;

	lasted = json_number_value(json_object_get(run, "duration_s"));
	for (i = 0; i < MERGE_SECONDS; i++) {
		if (json_is_number(first) && at <= (double)(1ULL << i))
			k->found[i]++;
	}
	while (k->nr_seconds < MERGE_SECONDS && (double)(1ULL << k->nr_seconds) < lasted)
		k->nr_seconds++;
	if (json_is_number(first) && (!k->has_first || at < k->first_s)) {
		k->has_first = true;
		k->first_s = at;
	}
}

/**
 * merge_kernel_add() - add a run
 * @k: sum
 * @run: the run
 * @obj: its text, parsed
 */
void merge_kernel_add(struct merge_kernel *k, const struct merge_run *run, const json_t *obj)
{
	const json_t *totals = json_object_get(obj, "totals");
	unsigned int i;

	for (i = 0; i < NR_TABLES; i++)
		merge_add_rows(&merge_tables[i], k->rows[i],
			       json_object_get(obj, merge_tables[i].key));
	merge_grid_add(k->grid, json_object_get(obj, "grid"));
	merge_cover_add(k->cover, json_object_get(obj, "coverage"));
	add_detection(k, obj);
	for (i = 0; i < ARRAY_SIZE(summed); i++)
		k->sum[i] = count_sum(k->sum[i], count_value(json_object_get(totals, summed[i])));
	k->duration_s += run->duration_s;
	k->id = text_hash(run->id, text_hash("\n", k->id));
	if (!k->started[0] || (run->started[0] && strcmp(run->started, k->started) < 0))
		k->started = run->started;
	if (run->outcome < k->outcome) {
		json_decref(k->why);
		k->why = json_incref(json_object_get(obj, "why"));
	}
	k->outcome = outcome_worse(k->outcome, run->outcome);
	k->nr_runs++;
	k->nr[run->outcome]++;
}

static json_t *detection_json(const struct merge_kernel *k)
{
	json_t *list = json_array();
	unsigned int i;

	for (i = 0; i <= k->nr_seconds && i < MERGE_SECONDS; i++)
		json_array_append_new(list, json_pack("[I, I]", (json_int_t)1 << i,
						      (json_int_t)k->found[i]));
	return list;
}

static json_t *counts_json(const struct merge_kernel *k)
{
	json_t *counts = json_object();
	unsigned int i;

	for (i = 0; i < NR_OUTCOMES; i++) {
		if (k->nr[i])
			json_object_set_new(counts, outcomes[i].name,
					    json_integer((json_int_t)k->nr[i]));
	}
	return counts;
}

json_t *merge_kernel_id(const struct merge_kernel *k)
{
	return json_sprintf("m%016llx", k->id);
}

json_t *merge_kernel_first(const struct merge_kernel *k)
{
	return k->has_first ? json_real(k->first_s) : json_null();
}

/**
 * merge_kernel_json() - the sum, as "kernels" has it
 * @k: sum
 * @name: of the kernel
 */
json_t *merge_kernel_json(const struct merge_kernel *k, const char *name)
{
	json_t *obj = json_pack("{s:s, s:o, s:s, s:I, s:o, s:s, s:O?}",
				"kernel", name, "run", merge_kernel_id(k), "started", k->started,
				"runs", (json_int_t)k->nr_runs, "outcomes", counts_json(k),
				"outcome", outcomes[k->outcome].name, "why", k->why);
	unsigned int i;

	if (!json_object_get(obj, "why"))
		json_object_set_new(obj, "why", json_null());
	for (i = 0; i < ARRAY_SIZE(summed); i++)
		json_object_set_new(obj, summed[i], u64_json(k->sum[i]));
	json_object_set_new(obj, "duration_s", json_real(k->duration_s));
	json_object_set_new(obj, "first_violation_s", merge_kernel_first(k));
	json_object_set_new(obj, "detection", detection_json(k));
	for (i = 0; i < NR_TABLES; i++)
		json_object_set_new(obj, merge_tables[i].key, merge_rows_json(k->rows[i]));
	json_object_set_new(obj, "grid", merge_grid_json(k->grid));
	json_object_set_new(obj, "coverage", merge_cover_json(k->cover));
	return obj;
}
