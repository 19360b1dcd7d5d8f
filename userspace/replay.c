// SPDX-License-Identifier: GPL-2.0
/*
 * A recorded run again, and a storm's program reduced
 *
 * Choices and delays are the same, the interleaving is not.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <jansson.h>

#include "duration.h"
#include "env.h"
#include "json.h"
#include "options.h"
#include "replay.h"
#include "report.h"
#include "runner.h"
#include "scenario.h"
#include "storm.h"
#include "tally.h"
#include "undo.h"
#include "util.h"

#define TRY_MS	(10 * 60 * 1000ULL)	/* bound of one candidate */

static u64 get_u64(const json_t *obj, const char *key)
{
	json_int_t val = json_integer_value(json_object_get(obj, key));

	return val > 0 ? (u64)val : 0;
}

static int op_from_json(const json_t *json, struct storm_op *op)
{
	const char *name = json_string_value(json_object_get(json, "op"));
	u64 first = get_u64(json, "first"), nr = get_u64(json, "nr");
	int kind = name ? storm_kind_by_name(name) : -1;

	if (kind < 0 || !nr || first >= env.nr_subpages || nr > env.nr_subpages - first)
		return -EINVAL;
	op->kind = kind;
	op->first = first;
	op->nr = nr;
	return 0;
}

static int round_from_json(const json_t *json, struct storm_round *round)
{
	const json_t *ops = json_object_get(json, "ops");
	const char *schedule = json_string_value(json_object_get(json, "schedule"));

	if (schedule && (strlen(schedule) >= sizeof(round->schedule) ||
			 strpbrk(schedule, "\"\n")))
		return -EINVAL;
	copy_word(round->schedule, sizeof(round->schedule), schedule ? schedule : "");
	if (json_array_size(ops) > STORM_OPS)
		return -EINVAL;
	for (round->nr = 0; round->nr < json_array_size(ops); round->nr++) {
		if (op_from_json(json_array_get(ops, round->nr), &round->op[round->nr]))
			return -EINVAL;
	}
	return 0;
}

static bool storm_violated(const json_t *root)
{
	const json_t *list = json_object_get(root, "violations");
	const char *name;
	size_t i;

	for (i = 0; i < json_array_size(list); i++) {
		name = json_string_value(json_object_get(json_array_get(list, i), "scenario"));
		if (name && scenario_by_name(name) == scenario_mixed())
			return true;
	}
	return false;
}

/* The batch that failed; a storm that passed is repeated by its seed. */
static int program_from_json(const json_t *root, struct options *opt)
{
	const json_t *list = json_object_get(json_object_get(root, "storm"), "batch");
	static struct storm_batch batch;

	if (!storm_violated(root))
		return 0;
	if (!json_array_size(list) || json_array_size(list) > STORM_ROUNDS)
		return -EINVAL;
	for (batch.nr = 0; batch.nr < json_array_size(list); batch.nr++) {
		if (round_from_json(json_array_get(list, batch.nr), &batch.round[batch.nr]))
			return -EINVAL;
	}
	opt->program = &batch;
	return 0;
}

static int scenarios_from_json(const char *path, const json_t *names, struct options *opt)
{
	const char *name;
	size_t i;

	opt->nr_scenarios = 0;
	for (i = 0; i < json_array_size(names) && i < MAX_SCENARIOS; i++) {
		name = json_string_value(json_array_get(names, i));
		opt->scenarios[i] = name ? scenario_by_name(name) : NULL;
		if (!opt->scenarios[i]) {
			set_error("%s: unknown scenario '%s'", path, name ? name : "?");
			return -EINVAL;
		}
		opt->nr_scenarios++;
	}
	return 0;
}

/* Large ones are strings; in older reports they were negative. */
static int seed_from_json(const json_t *json, u64 *seed)
{
	if (json_is_string(json))
		return parse_u64(json_string_value(json), 0, ~0ULL, seed);
	*seed = json_integer_value(json);
	return json_is_integer(json) ? 0 : -EINVAL;
}

static unsigned int without_from_json(const json_t *list)
{
	unsigned int without = 0, i;
	const char *name;
	size_t k;

	for (k = 0; k < json_array_size(list); k++) {
		name = json_string_value(json_array_get(list, k));
		for (i = 0; name && i < NR_WITHOUT; i++) {
			if (!strcmp(without_names[i], name))
				without |= 1U << i;
		}
	}
	return without;
}

/**
 * options_from_json() - the options of a recorded run
 * @path: a JSON report
 * @opt: result
 */
int options_from_json(const char *path, struct options *opt)
{
	const json_t *options, *names;
	const char *schema, *steer, *ops, *rows, *orders;
	json_error_t error;
	json_t *root;
	int err = -EINVAL;

	root = json_load_file(path, 0, &error);
	if (!root) {
		set_error("%s: %s", path, error.text);
		return -EINVAL;
	}
	schema = json_string_value(json_object_get(root, "schema"));
	options = json_object_get(root, "options");
	names = json_object_get(options, "scenarios");
	if (!schema || strcmp(schema, THPRACE_JSON_SCHEMA) || !json_is_array(names)) {
		set_error("%s is not a %s report", path, THPRACE_JSON_SCHEMA);
		goto out;
	}
	if (json_object_get(root, "runs")) {
		set_error("%.120s is merged of several runs: its violations say how to replay each",
			  path);
		goto out;
	}
	if (scenarios_from_json(path, names, opt))
		goto out;
	if (seed_from_json(json_object_get(root, "seed"), &opt->seed)) {
		set_error("%s: the seed is no number", path);
		goto out;
	}
	opt->duration_ms = get_u64(options, "duration_ms");
	opt->rounds = get_u64(options, "rounds");
	opt->procs = get_u64(options, "procs");
	opt->thps = get_u64(options, "thps");
	opt->grid_k = get_u64(options, "grid_k");
	opt->jobs = get_u64(options, "jobs") ?: 1;
	opt->mem_share = get_u64(options, "mem_share");
	/* Older reports have none of these. */
	opt->first_round = get_u64(options, "first_round");
	opt->triage_ms = get_u64(options, "triage_ms");
	opt->without = without_from_json(json_object_get(options, "without"));
	if (!opt->duration_ms || opt->duration_ms > MAX_DURATION_MS ||
	    opt->rounds > THPRACE_MAX_ROUNDS || opt->grid_k > THPRACE_MAX_GRID_K ||
	    opt->procs > MAX_WORKERS || opt->thps > MAX_THPS || opt->jobs > MAX_JOBS ||
	    opt->mem_share > MAX_MEM_SHARE ||
	    opt->triage_ms > MAX_DURATION_MS) {
		set_error("%s: recorded options are out of limits", path);
		goto out;
	}
	opt->had_failed = json_array_size(json_object_get(root, "violations"));
	opt->stop_first = json_is_true(json_object_get(options, "stop_first"));
	opt->grid = json_is_true(json_object_get(options, "grid"));
	opt->no_module = json_is_true(json_object_get(options, "no_module"));
	opt->gentle = json_is_true(json_object_get(options, "gentle"));
	opt->allow_uncalibrated =
		json_is_true(json_object_get(options, "allow_uncalibrated"));
	ops = json_string_value(json_object_get(options, "ops"));
	if (ops && uop_set_parse(&opt->ops, ops)) {
		set_error("%s: the recorded ops are not valid", path);
		goto out;
	}
	/* Reports of before there were any have none: those were of PMD size. */
	orders = json_string_value(json_object_get(options, "orders"));
	if (!json_object_get(options, "orders"))
		orders = "pmd";
	if (orders && orders_parse(&opt->orders, orders)) {
		set_error("%s: the recorded orders are not valid", path);
		goto out;
	}
	rows = json_string_value(json_object_get(options, "grid_rows"));
	if (rows && strspn(rows, PHASE_CHARS " ") != strlen(rows)) {
		set_error("%s: the recorded rows of the grid are not valid", path);
		goto out;
	}
	steer = json_string_value(json_object_get(options, "steer"));
	opt->steer = steer ? strdup(steer) : NULL;
	opt->grid_rows = rows ? strdup(rows) : NULL;
	err = program_from_json(root, opt);
	if (err)
		set_error("%s: the recorded storm is not valid", path);
out:
	json_decref(root);
	return err;
}

static unsigned int nr_ops(const struct storm_batch *batch)
{
	unsigned int i, n = 0;

	for (i = 0; i < batch->nr; i++)
		n += batch->round[i].nr;
	return n;
}

/* Without @count ops from the @first on, counted over all rounds. */
static void without(struct storm_batch *to, const struct storm_batch *from,
		    unsigned int first, unsigned int count)
{
	unsigned int i, j, n = 0;

	*to = *from;
	for (i = 0; i < from->nr; i++) {
		to->round[i].nr = 0;
		for (j = 0; j < from->round[i].nr; j++, n++) {
			if (n < first || n >= first + count)
				to->round[i].op[to->round[i].nr++] = from->round[i].op[j];
		}
		if (!to->round[i].nr)
			to->round[i].schedule[0] = '\0';
	}
}

/* Returns 1 when it still fails within the tries, 0 if not, or an error. */
static int try_program(struct report *rep, struct options *opt,
		       const struct storm_batch *program, unsigned int tries)
{
	bool failed = false;
	unsigned int i;
	int err;

	opt->program = program;
	opt->rounds = tries * (opt->thps ? opt->thps : STORM_ROUNDS);
	opt->duration_ms = TRY_MS;
	rep->start_ns = now_ns();
	err = run_all(rep);
	for (i = 0; i < rep->nr_results; i++)
		failed |= rep->results[i]->tally.violations > 0;
	rep->duration_ns = now_ns() - rep->start_ns;
	report_judge(rep);
	return err && !failed ? err : failed;
}

static void print_program(const struct storm_batch *batch, FILE *out)
{
	unsigned int i, j;

	for (i = 0; i < batch->nr; i++) {
		const struct storm_round *round = &batch->round[i];

		if (!round->nr && !round->schedule[0])
			continue;
		fprintf(out, "huge page %u:%s%s\n", i, round->schedule[0] ? " schedule " : "",
			round->schedule);
		for (j = 0; j < round->nr; j++)
			fprintf(out, "  %s of %u pages from subpage %u\n",
				storm_kind_name(round->op[j].kind), round->op[j].nr,
				round->op[j].first);
	}
}

/* Leave out ever smaller parts, as long as it still fails. */
static int shrink(struct report *rep, struct options *opt, struct storm_batch *best,
		  unsigned int tries, unsigned int *nr_tried)
{
	unsigned int chunk = (nr_ops(best) + 1) / 2, at;
	struct storm_batch candidate;
	int failed;

	while (chunk && nr_ops(best) > 0) {
		bool shorter = false;

		for (at = 0; at < nr_ops(best) && !signals_stop();) {
			without(&candidate, best, at, chunk);
			failed = try_program(rep, opt, &candidate, tries);
			if (failed < 0)
				return failed;
			++*nr_tried;
			if (failed) {
				*best = candidate;
				shorter = true;
			} else {
				at += chunk;
			}
		}
		if (signals_stop() || (chunk == 1 && !shorter))
			break;
		chunk = chunk > 1 ? chunk / 2 : 1;
	}
	return 0;
}

/**
 * reduce_program() - the fewest ops that still fail
 * @rep: prepared report; used again and again
 * @opt: with the program to begin with; ends with the reduced one
 * @tries: batches that a candidate gets to fail in
 *
 * Returns an exit code: 1 with a program that fails, 3 if even the whole one
 * did not; or a negative errno.
 */
int reduce_program(struct report *rep, struct options *opt, unsigned int tries)
{
	static struct storm_batch best;
	unsigned int before = nr_ops(opt->program), nr_tried = 1;
	/* A report may have standard output for itself. */
	FILE *out = opt->json && !strcmp(opt->json, "-") ? stderr : stdout;
	int failed;

	best = *opt->program;
	opt->nr_scenarios = 1;
	opt->scenarios[0] = scenario_mixed();
	opt->stop_first = true;
	opt->quiet = true;
	failed = try_program(rep, opt, &best, tries);
	if (failed < 0)
		return failed;
	if (!failed) {
		fprintf(out, "the program of %u ops did not fail in %u tries\n", before, tries);
		return THPRACE_EXIT_INCONCLUSIVE;
	}
	/* From here on there is a finding, which no error takes back. */
	if (shrink(rep, opt, &best, tries, &nr_tried) < 0)
		fprintf(stderr, "thprace: %s\n", last_error());
	fprintf(out, "reduced from %u ops to %u, %u programs tried\n", before, nr_ops(&best),
		nr_tried);
	print_program(&best, out);
	if (!opt->json)
		return THPRACE_EXIT_FAIL;
	/* Once more, for a report that replays it. */
	if (try_program(rep, opt, &best, tries) < 0 || report_json(rep, opt->json))
		fprintf(stderr, "thprace: %s\n", last_error());
	return THPRACE_EXIT_FAIL;
}
