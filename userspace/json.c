// SPDX-License-Identifier: GPL-2.0
/*
 * The report as JSON, schema thprace-report/1
 *
 * Key names are final: other tools read them.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#include "cover_report.h"
#include "env.h"
#include "grid.h"
#include "json.h"
#include "json_cause.h"
#include "json_value.h"
#include "machine.h"
#include "observe.h"
#include "options.h"
#include "report.h"
#include "result.h"
#include "runid.h"
#include "scenario.h"
#include "storm.h"
#include "tally.h"
#include "undo.h"
#include "util.h"
#include "watch.h"
#include "write_file.h"

#define MSEC_PER_SEC	1000.0

/* Symbols that a kernel has only with this option. */
static const struct {
	const char *key, *symbol;
} config_symbols[] = {
	{ "debug_vm", "dump_mm" },
	{ "page_table_check", "__page_table_check_zero" },
	{ "kasan", "__asan_load8" },
	{ "prove_locking", "lockdep_init_map_type" },
	{ "fault_injection", "should_fail" },
};

static json_t *config_json(void)
{
	bool seen[ARRAY_SIZE(config_symbols)] = { false };
	json_t *config = json_object();
	bool readable = false;
	char line[256], *name;
	unsigned int i;
	FILE *f;

	f = fopen("/proc/kallsyms", "re");
	while (f && fgets(line, sizeof(line), f)) {
		/* "address type name[\tmodule]" */
		name = strchr(line, ' ');
		name = name ? strchr(name + 1, ' ') : NULL;
		if (!name)
			continue;
		readable = true;
		name++;
		name[strcspn(name, "\t\n")] = '\0';
		for (i = 0; i < ARRAY_SIZE(config_symbols); i++)
			seen[i] |= !strcmp(name, config_symbols[i].symbol);
	}
	if (f)
		fclose(f);
	for (i = 0; i < ARRAY_SIZE(config_symbols); i++)
		json_object_set_new(config, config_symbols[i].key,
				    readable ? json_boolean(seen[i]) : json_null());
	return config;
}

static json_t *config_with_mapcount(const struct report *rep)
{
	static json_t *known;
	json_t *config;

	/* All symbols of the kernel are read for it, so once. */
	if (!known)
		known = config_json();
	config = json_copy(known);

	/* Only the module knows; mm_id exists where counts per page may not. */
	json_object_set_new(config, "page_mapcount", rep->opt->no_module ? json_null() :
			    json_boolean(rep->available[THPRACE_CHECK_PAGE_MAPCOUNT]));
	return config;
}

static json_t *distribution_json(const u32 *ns, u32 nr)
{
	struct distribution d = distribution_of(ns, nr);

	if (!d.nr)
		return json_null();
	return json_pack("{s:f, s:f, s:f, s:f, s:i}", "min", d.min / 1e3, "median",
			 d.median / 1e3, "p90", d.p90 / 1e3, "max", d.max / 1e3,
			 "samples", (int)d.nr);
}

/* Those that were raced, or were to be. */
static json_t *orders_json(const struct result *res)
{
	json_t *list = json_array(), *row;
	unsigned int i;

	for (i = 0; i < NR_ORDERS; i++) {
		const struct order_count *c = &res->orders[i];

		if (!c->rounds && !c->missed)
			continue;
		row = json_pack("{s:o, s:o, s:o, s:o, s:o}",
				"size_kib", u64_json((env.page_size << i) / 1024),
				"rounds", u64_json(c->rounds), "folios", u64_json(c->folios),
				"splits", u64_json(c->splits), "missed", u64_json(c->missed));
		json_array_append_new(list, row);
	}
	return list;
}

static json_t *scenario_json(const struct result *res)
{
	json_t *time = json_object();
	unsigned int i;

	for (i = 0; i < T_NR; i++)
		json_object_set_new(time, timing_names[i], json_real(res->time_ns[i] / 1e9));
	return json_pack("{s:s,s:b,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:f,s:o,s:o,s:o,s:o}",
			 "name", res->sc->name,
			 "begun", res->begun,
			 "rounds", u64_json(res->tally.rounds),
			 "overlaps", u64_json(res->tally.overlaps),
			 "verdict", res->skipped ? json_string("skipped") :
				json_string(verdict_names[res->verdict]),
			 "skipped", text_or_null(res->skipped),
			 "why", text_or_null(res->why),
			 "splits", u64_json(res->splits),
			 "forced", u64_json(res->forced),
			 "met", u64_json(res->met),
			 "duration_s", res->duration_ns / 1e9,
			 "time_s", time,
			 "orders", orders_json(res),
			 "spread_us", distribution_json(res->spread_ns, res->nr_skews),
			 "closest_us", distribution_json(res->closest_ns, res->nr_skews));
}

static json_t *violation_json(const struct violation *v)
{
	json_t *ops = json_array();
	char buf[sizeof(v->ops)], *at, *save;

	memcpy(buf, v->ops, sizeof(buf));
	for (at = strtok_r(buf, ",", &save); at; at = strtok_r(NULL, ",", &save)) {
		/* The module's word for none. */
		if (strcmp(at, "-"))
			json_array_append_new(ops, plain_json(at));
	}
	return json_pack("{s:o, s:b, s:o, s:o, s:o, s:f, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
			 "cause", u64_json(v->cause), "control", v->control,
			 "check", plain_json(v->check), "scenario", plain_json(v->scenario),
			 "round", u64_json(v->round), "time_s", v->time_ns / 1e9,
			 "addr", hex_json(v->addr), "pfn", hex_json(v->pfn),
			 "want", plain_json(v->want), "got", plain_json(v->got), "ops", ops,
			 "cell", !strcmp(v->cell, "-") ? json_null() : plain_json(v->cell),
			 "detail", plain_json(v->detail));
}

static json_t *names_json(const char *const *names, unsigned int nr)
{
	json_t *list = json_array();
	unsigned int i;

	for (i = 0; i < nr; i++)
		json_array_append_new(list, json_string(names[i]));
	return list;
}

static json_t *cell_json(const struct cell *cell)
{
	if (!cell)
		return json_pack("[s,i,i,i]", "untried", 0, 0, 0);
	return json_pack("[s,o,o,o]", cell->state, u64_json(cell->hits),
			 u64_json(cell->rounds), u64_json(cell->violations));
}

/*
 * cells[] has a row per phase of a, a column per phase of b; each is
 * [state, hits, rounds, violations].
 */
static json_t *grid_json(const struct tally *t)
{
	json_t *grid, *cells = json_array();
	static struct grid_axes ax;
	unsigned int a, b;

	grid_axes(&ax, t);
	for (a = 0; a < ax.nr_a; a++) {
		for (b = 0; b < ax.nr_b; b++)
			json_array_append_new(cells, cell_json(ax.cell[a][b]));
	}
	grid = json_pack("{s:o, s:o, s:o}", "a", names_json(ax.a, ax.nr_a), "b",
			 names_json(ax.b, ax.nr_b), "cells", cells);
	if (t->grid.listed)
		json_object_update_new(grid, json_pack("{s:o, s:o, s:b, s:f}",
						       "k", u64_json(t->grid.k),
						       "left", u64_json(t->grid.left),
						       "complete", t->grid.complete,
						       "time_s", t->grid.time_ns / 1e9));
	return grid;
}

static json_t *without_json(unsigned int without)
{
	json_t *list = json_array();
	unsigned int i;

	for (i = 0; i < NR_WITHOUT; i++) {
		if (without & 1U << i)
			json_array_append_new(list, json_string(without_names[i]));
	}
	return list;
}

static json_t *options_json(const struct report *rep)
{
	const struct options *opt = rep->opt;
	json_t *names = json_array(), *json;
	unsigned int i;

	for (i = 0; i < opt->nr_scenarios; i++)
		json_array_append_new(names, json_string(opt->scenarios[i]->name));
	json = json_pack("{s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:b,s:b,s:b,s:b,s:b,s:o,s:o,s:o,s:o}",
			 "without", without_json(opt->without),
			 "first_round", u64_json(opt->first_round),
			 "triage_ms", u64_json(opt->triage_ms),
			 "grid_k", u64_json(opt->grid_k),
			 "duration_ms", u64_json(opt->duration_ms),
			 "rounds", u64_json(opt->rounds),
			 "procs", u64_json(opt->procs),
			 "thps", u64_json(opt->thps),
			 "stop_first", opt->stop_first,
			 "grid", opt->grid,
			 "no_module", opt->no_module,
			 "gentle", opt->gentle,
			 "allow_uncalibrated", opt->allow_uncalibrated,
			 "steer", text_or_null(opt->steer),
			 "grid_rows", text_or_null(opt->grid_rows),
			 "ops", text_or_null(opt->ops.text),
			 "orders", text_or_null(opt->orders.text));
	json_object_set_new(json, "jobs", json_integer(rep->nr_jobs));
	json_object_set_new(json, "mem_share", json_integer(opt->mem_share ?: DEFAULT_MEM_SHARE));
	json_object_set_new(json, "scenarios", names);
	return json;
}

/* The last programs that a storm ran: the violating ones, if it stopped there. */
static json_t *storm_json(const struct report *rep)
{
	const struct storm_batch *batch = NULL;
	json_t *list = json_array(), *ops;
	unsigned int i, j;

	for (i = 0; i < rep->nr_results; i++) {
		if (rep->results[i]->sc->mixed)
			batch = &rep->results[i]->program;
	}
	for (i = 0; batch && i < batch->nr; i++) {
		const struct storm_round *round = &batch->round[i];

		ops = json_array();
		for (j = 0; j < round->nr; j++)
			json_array_append_new(ops, json_pack("{s:s, s:i, s:i}", "op",
							     storm_kind_name(round->op[j].kind),
							     "first", (int)round->op[j].first,
							     "nr", (int)round->op[j].nr));
		json_array_append_new(list, json_pack("{s:o, s:o}", "schedule",
						      text_or_null(round->schedule),
						      "ops", ops));
	}
	return json_pack("{s:o}", "batch", list);
}

/* How many scenarios came to what, and what all of them did. */
static json_t *totals_json(const struct report *rep)
{
	u64 nr[THPRACE_NR_VERDICTS] = { 0 }, skipped = 0, not_begun = 0;
	json_t *totals;
	unsigned int i;

	for (i = 0; i < rep->nr_results; i++) {
		const struct result *res = rep->results[i];

		if (res->skipped)
			skipped++;
		else
			nr[res->verdict]++;
		not_begun += !res->skipped && !res->begun;
	}
	totals = json_pack("{s:o, s:o, s:o, s:o, s:o}",
			   "rounds", u64_json(rep->sum.rounds),
			   "overlaps", u64_json(rep->sum.overlaps),
			   "violations", u64_json(rep->sum.violations),
			   "skipped", u64_json(skipped),
			   "not_begun", u64_json(not_begun));
	for (i = 0; i < THPRACE_NR_VERDICTS; i++)
		json_object_set_new(totals, verdict_names[i], u64_json(nr[i]));
	return totals;
}

static void add_lists(json_t *root, const struct report *rep)
{
	json_t *ops = json_array(), *checks = json_array(), *violations = json_array();
	json_t *list = json_array();
	const struct tally *t = &rep->sum;
	unsigned int i;

	for (i = 0; i < rep->nr_results; i++)
		json_array_append_new(list, scenario_json(rep->results[i]));
	for (i = 0; i < t->nr_ops; i++)
		json_array_append_new(ops, json_pack("{s:s, s:o, s:o, s:o}",
						     "name", t->ops[i].name,
						     "done", u64_json(t->ops[i].done),
						     "busy", u64_json(t->ops[i].busy),
						     "failed", u64_json(t->ops[i].failed)));
	for (i = 0; i < NR_CHECKS; i++) {
		const struct check_count *c = &t->checks[i];

		json_array_append_new(checks, json_pack("{s:s, s:b, s:o, s:o, s:o, s:o}",
							"name", check_name(i),
							"available", rep->available[i],
							"held", u64_json(c->held),
							"violated", u64_json(c->violated),
							"skipped", u64_json(c->skipped),
							"reason", text_or_null(rep->available[i] ?
									       c->reason :
									       rep->why_not[i])));
	}
	for (i = 0; i < t->nr_violations; i++)
		json_array_append_new(violations, violation_json(&t->kept[i]));
	json_object_set_new(root, "scenarios", list);
	json_object_set_new(root, "ops", ops);
	json_object_set_new(root, "checks", checks);
	json_object_set_new(root, "grid", grid_json(t));
	json_object_set_new(root, "storm", storm_json(rep));
	json_object_set_new(root, "coverage", cover_json(rep));
	json_object_set_new(root, "violations", violations);
	json_object_set_new(root, "causes", causes_json(rep));
}

static json_t *kernel_log_json(void)
{
	const struct kernel_log *log = watch_log();
	json_t *list = json_array();
	unsigned int i;

	for (i = 0; log && i < log->nr; i++)
		json_array_append_new(list, plain_json(log->line[i]));
	return list;
}

static json_t *notes_json(void)
{
	json_t *list = json_array();
	unsigned int i;

	for (i = 0; undo_note(i); i++)
		json_array_append_new(list, plain_json(undo_note(i)));
	return list;
}

/**
 * json_try() - before the run, not after it: can a report be written there?
 * @path: file, "-" or NULL; what is there stays
 *
 * Returns 0, or a negative errno with set_error().
 */
int json_try(const char *path)
{
	struct stat st;
	bool there;
	int fd;

	if (!path || !strcmp(path, "-"))
		return 0;
	there = !stat(path, &st);
	/* A pipe waits for its reader. */
	if (there && !S_ISREG(st.st_mode))
		return 0;
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	if (fd < 0) {
		set_error("cannot write %s: %s", path, strerror(errno));
		return -errno;
	}
	close(fd);
	if (!there)
		unlink(path);
	return 0;
}

static int write_json(FILE *out, const void *root)
{
	if (json_dumpf(root, out, JSON_INDENT(1)))
		return -EIO;
	return fputc('\n', out) == EOF ? -EIO : 0;
}

/**
 * report_json() - write the JSON report
 * @rep: judged report
 * @path: file, or "-" for standard output
 */
int report_json(const struct report *rep, const char *path)
{
	json_t *root, *first;
	u64 first_ns = 0, ns;
	unsigned int i;
	int err;

	for (i = 0; i < rep->nr_results; i++) {
		ns = rep->results[i]->first_violation_ns;
		if (ns && (!first_ns || ns < first_ns))
			first_ns = ns;
	}
	first = first_ns ? json_real(first_ns / 1e9) : json_null();
	root = json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:f, s:s, s:o, s:o}",
			 "schema", THPRACE_JSON_SCHEMA,
			 "version", THPRACE_VERSION,
			 "kernel", env.release,
			 "config", config_with_mapcount(rep),
			 "module", rep->opt->no_module ? json_null() : text_or_null(env.module),
			 "seed", u64_json(rep->opt->seed),
			 "duration_s", rep->duration_ns / 1e9,
			 "verdict", verdict_names[rep->verdict],
			 "why", text_or_null(rep->why),
			 "options", options_json(rep));
	if (!root) {
		set_error("out of memory for the JSON report");
		return -ENOMEM;
	}
	add_lists(root, rep);
	runid_json(root, rep->start_ns);
	json_object_set_new(root, "exit_code", json_integer(report_exit_code(rep)));
	json_object_set_new(root, "machine", machine_json());
	json_object_set_new(root, "totals", totals_json(rep));
	json_object_set_new(root, "first_violation_s", first);
	json_object_set_new(root, "complete", json_boolean(rep->ended));
	json_object_set_new(root, "kernel_log", kernel_log_json());
	json_object_set_new(root, "not_put_back", notes_json());
	json_object_set_new(root, "observe",
			    rep->observe ? observe_json(rep->observe) : json_null());
	err = write_file(path, write_json, root);
	json_decref(root);
	if (err)
		set_error("cannot write the JSON report to %s", path);
	return err ? -EIO : 0;
}
