// SPDX-License-Identifier: GPL-2.0
/*
 * The verdict and the readable report
 *
 * The one place that decides what a run was worth.
 */
#include <stdlib.h>
#include <string.h>
#include <errno.h>
#include <sys/mman.h>

#include "env.h"
#include "grid.h"
#include "leak.h"
#include "options.h"
#include "report.h"
#include "result.h"
#include "scenario.h"
#include "tally.h"
#include "undo.h"
#include "util.h"
#include "watch.h"

static void *map_shared(size_t size)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED) {
		set_error("out of memory");
		return NULL;
	}
	/* Touched here: not charged to a scenario. */
	memset(at, 0, size);
	return at;
}

/**
 * report_alloc() - room for the results, in memory that all processes share
 * @rep: its options are filled in
 */
int report_alloc(struct report *rep)
{
	unsigned int i;

	rep->sh = map_shared(sizeof(*rep->sh));
	rep->part = map_shared(sizeof(*rep->part));
	if (!rep->sh || !rep->part)
		return -ENOMEM;
	for (i = 0; i < rep->opt->nr_scenarios; i++) {
		rep->results[i] = map_shared(sizeof(*rep->results[i]));
		if (!rep->results[i])
			return -ENOMEM;
		rep->results[i]->sc = rep->opt->scenarios[i];
	}
	rep->nr_results = i;
	return 0;
}

static void set_available(struct report *rep, unsigned int check, const char *why_not)
{
	rep->available[check] = !why_not;
	copy_word(rep->why_not[check], sizeof(rep->why_not[check]), why_not ? why_not : "");
}

/**
 * report_checks() - which checks the module has on this kernel
 * @rep: its available and why_not are filled in
 */
void report_checks(struct report *rep)
{
	char text[LIST_MAX], *at = text;
	struct list_row row;
	int i;

	for (i = 0; i < NR_CHECKS; i++)
		copy_word(rep->why_not[i], sizeof(rep->why_not[i]), "needs the module");
	if (rep->opt->no_module || read_text(THPRACE_DEBUGFS "/checks", text, sizeof(text)) < 0)
		text[0] = '\0';
	while (list_next(&at, &row)) {
		i = check_by_name(row.name);
		if (i < 0)
			continue;
		rep->available[i] = row.there;
		copy_word(rep->why_not[i], sizeof(rep->why_not[i]), row.why);
	}
	set_available(rep, THPRACE_CHECK_CONTENT, NULL);
	set_available(rep, THPRACE_CHECK_LEAK, leak_why_not());
	set_available(rep, CHECK_KERNEL, watch_why_not());
}

#define MAX_LOG_LINES	8

/* Of a scenario with several ops, any but the split. */
static bool other_op_done(const struct tally *t)
{
	unsigned int i;

	for (i = 0; i < t->nr_ops; i++) {
		if (strcmp(t->ops[i].name, "split") && t->ops[i].done)
			return true;
	}
	return false;
}

static void judge_scenario(const struct report *rep, struct result *res)
{
	struct tally *t = &res->tally;
	unsigned int i;

	if (res->skipped)
		return;
	res->why[0] = '\0';
	res->verdict = THPRACE_FAIL;
	if (t->violations)
		return;
	res->verdict = THPRACE_ABORTED;
	if (!res->begun)
		copy_word(res->why, sizeof(res->why), "not begun");
	if (res->ending == END_BADLY)
		copy_word(res->why, sizeof(res->why), res->error);
	if (!res->begun || res->ending == END_BADLY || signals_stop())
		return;
	res->verdict = THPRACE_INCONCLUSIVE;
	if (res->ending == END_NO_MEMORY) {
		copy_word(res->why, sizeof(res->why), res->error);
		return;
	}
	if (!t->rounds) {
		copy_word(res->why, sizeof(res->why), res->not_huge ?
			  "no round: the memory was not huge" : "no round");
		return;
	}
	for (i = 0; i < t->nr_ops && !res->sc->mixed; i++) {
		if (!t->ops[i].done && (t->ops[i].busy || t->ops[i].failed ||
					!strcmp(t->ops[i].name, res->sc->op) ||
					!strcmp(t->ops[i].name, "split"))) {
			snprintf(res->why, sizeof(res->why), "op %s was never done",
				 t->ops[i].name);
			return;
		}
	}
	if (!rep->opt->no_module && !tally_op(t, "split")->done)
		copy_word(res->why, sizeof(res->why), "op split was never done");
	else if (!res->sc->mixed && !tally_op(t, res->sc->op)->done)
		snprintf(res->why, sizeof(res->why), "op %s was never done", res->sc->op);
	else if (!other_op_done(t))
		copy_word(res->why, sizeof(res->why), "no other op was ever done");
	else if (!t->overlaps)
		copy_word(res->why, sizeof(res->why), "nothing overlapped");
	else if (!t->checks[THPRACE_CHECK_CONTENT].held)
		copy_word(res->why, sizeof(res->why), "content was never checked");
	else if (rep->opt->grid && !t->grid.complete)
		copy_word(res->why, sizeof(res->why), "the grid is not complete");
	else
		res->verdict = THPRACE_PASS;
}

static bool only_files(const struct report *rep)
{
	unsigned int i;

	for (i = 0; i < rep->nr_results; i++) {
		if (!rep->results[i]->skipped && !rep->results[i]->sc->file)
			return false;
	}
	return true;
}

/*
 * Some checks are of large folios only, or of those that are mapped in part:
 * with none of them left they are neither held nor skipped.  Of the checks at
 * probe points the module says whether its lanes came there.
 */
static bool must_hold(const struct report *rep, unsigned int check)
{
	if (!rep->available[check])
		return false;
	switch (check) {
	case THPRACE_CHECK_ENTIRE_MAPCOUNT:
	case THPRACE_CHECK_LARGE_MAPCOUNT:
	case THPRACE_CHECK_NR_PAGES_MAPPED:
	case THPRACE_CHECK_MM_ID:
	case THPRACE_CHECK_DEFERRED_QUEUE:
	case THPRACE_CHECK_PMD_GEOMETRY:
		return rep->sum.checks[check].skipped;
	case THPRACE_CHECK_SPLIT_PROGRESS:
		return rep->sum.checks[check].skipped && !only_files(rep);
	case THPRACE_CHECK_ANON_EXCLUSIVE:
	case THPRACE_CHECK_RMAP_LINEAR:
		return !only_files(rep);
	case THPRACE_CHECK_SPLIT_LOCK:
	case THPRACE_CHECK_SPLIT_FOLIO_LOCK:
	case THPRACE_CHECK_SPLIT_SERIAL:
	case THPRACE_CHECK_RMAP_LOCK:
		return rep->sum.checks[check].needed;
	default:
		return true;
	}
}

static void judge_checks(struct report *rep)
{
	unsigned int i;

	for (i = 0; i < NR_CHECKS; i++) {
		if (!must_hold(rep, i) || rep->sum.checks[i].held)
			continue;
		rep->verdict = THPRACE_INCONCLUSIVE;
		snprintf(rep->why, sizeof(rep->why), "check %s never held: %s",
			 check_name(i), rep->sum.checks[i].reason[0] ?
			 rep->sum.checks[i].reason : "nothing to check");
		return;
	}
}

static void judge_results(struct report *rep)
{
	static const enum thprace_verdict order[] = {
		THPRACE_FAIL, THPRACE_ABORTED, THPRACE_INCONCLUSIVE
	};
	unsigned int i, j, nr_run = 0;

	rep->verdict = THPRACE_INCONCLUSIVE;
	rep->why[0] = '\0';
	memset(&rep->sum, 0, sizeof(rep->sum));
	for (i = 0; i < rep->nr_results; i++) {
		judge_scenario(rep, rep->results[i]);
		if (rep->results[i]->skipped)
			continue;
		rep->broken |= rep->results[i]->ending == END_BADLY;
		tally_add(&rep->sum, &rep->results[i]->tally);
		nr_run++;
	}
	if (!nr_run) {
		snprintf(rep->why, sizeof(rep->why), "%s",
			 signals_stop() ? "interrupted" : "all scenarios were skipped");
		rep->verdict = signals_stop() ? THPRACE_ABORTED : THPRACE_INCONCLUSIVE;
		return;
	}
	for (j = 0; j < ARRAY_SIZE(order); j++) {
		for (i = 0; i < rep->nr_results; i++) {
			const struct result *res = rep->results[i];

			if (res->skipped || res->verdict != order[j])
				continue;
			rep->verdict = order[j];
			if (res->why[0])
				snprintf(rep->why, sizeof(rep->why), "%s: %s",
					 res->sc->name, res->why);
			return;
		}
	}
	rep->verdict = signals_stop() ? THPRACE_ABORTED : THPRACE_PASS;
	if (rep->verdict == THPRACE_PASS)
		judge_checks(rep);
}

/**
 * report_judge() - the verdict, of each scenario and of the run
 * @rep: report with its results
 *
 * Violations win; then an interruption; then anything that was not really
 * tested.  Skipped scenarios don't count, but all skipped is no pass.  What
 * could not be put back is an error, whatever was tested.
 */
void report_judge(struct report *rep)
{
	judge_results(rep);
	if (!undo_nr_failed())
		return;
	rep->broken = true;
	if (rep->verdict == THPRACE_FAIL)
		return;
	rep->verdict = THPRACE_ABORTED;
	snprintf(rep->why, sizeof(rep->why), "not put back: %s", undo_note(0));
}

static void print_distribution(FILE *out, const char *what, const u32 *ns, u32 nr)
{
	struct distribution d = distribution_of(ns, nr);

	fprintf(out, "    %s: min %.1f  median %.1f  p90 %.1f  max %.1f us (%u huge pages)\n",
		what, d.min / 1e3, d.median / 1e3, d.p90 / 1e3, d.max / 1e3, d.nr);
}

static void print_result(const struct result *res, FILE *out)
{
	const struct tally *t = &res->tally;
	double seconds = res->duration_ns / 1e9;
	unsigned int i;

	if (res->skipped) {
		fprintf(out, "  %-14s skipped: %s\n", res->sc->name, res->skipped);
		return;
	}
	if (!res->begun) {
		fprintf(out, "  %-14s not begun\n", res->sc->name);
		return;
	}
	fprintf(out,
		"  %-14s %-12s rounds %llu  overlaps %llu (%.0f%%)  splits %llu (%.1f/s)  %.1f s\n",
		res->sc->name, verdict_names[res->verdict], t->rounds, t->overlaps,
		t->rounds ? t->overlaps * 100.0 / t->rounds : 0.0,
		res->splits, seconds > 0 ? res->splits / seconds : 0.0, seconds);
	fprintf(out, "    time:");
	for (i = 0; i < T_NR; i++) {
		if (res->duration_ns && res->time_ns[i] * 200 >= res->duration_ns)
			fprintf(out, " %s %.0f%%", timing_names[i],
				res->time_ns[i] * 100.0 / res->duration_ns);
	}
	fprintf(out, "; per round %.2f ms\n",
		t->rounds ? res->duration_ns / 1e6 / t->rounds : 0.0);
	if (res->nr_skews) {
		print_distribution(out, "starts on the same huge page, first to last",
				   res->spread_ns, res->nr_skews);
		print_distribution(out, "starts on the same huge page, nearest two",
				   res->closest_ns, res->nr_skews);
	}
	if (res->forced || res->met)
		fprintf(out, "    forced rounds: %llu, met: %llu\n", res->forced, res->met);
	if (res->not_huge)
		fprintf(out, "    %llu huge pages were not to be had\n", res->not_huge);
	if (t->steer[0])
		fprintf(out, "    steer %s\n", t->steer);
	if (res->why[0])
		fprintf(out, "    %s\n", res->why);
}

static void print_tally(const struct report *rep, FILE *out)
{
	const struct kernel_log *log = watch_log();
	const struct tally *t = &rep->sum;
	unsigned int i;

	for (i = 0; i < t->nr_ops; i++) {
		const struct op_count *op = &t->ops[i];
		u64 n = op->done + op->busy + op->failed;

		if (n)
			fprintf(out, "  op %-16s done %llu  busy %llu  failed %llu  %.1f us each\n",
				op->name, op->done, op->busy, op->failed,
				op->time_ns / 1e3 / n);
	}
	for (i = 0; i < NR_CHECKS; i++) {
		const struct check_count *c = &t->checks[i];

		if (!rep->available[i])
			fprintf(out, "  check %-16s -  %s\n", check_name(i), rep->why_not[i]);
		else
			fprintf(out, "  check %-16s held %llu  violated %llu  skipped %llu%s%s\n",
				check_name(i), c->held, c->violated, c->skipped,
				c->reason[0] ? "  " : "", c->reason);
	}
	if (t->nr_cells || t->grid.listed)
		grid_print(t, out);
	for (i = 0; i < t->nr_violations && i < 20; i++) {
		const struct violation *v = &t->kept[i];

		fprintf(out,
			"  VIOLATION %s in %s round %llu: addr 0x%llx pfn 0x%llx want %s got %s ops %s: %s\n",
			v->check, v->scenario, v->round, v->addr, v->pfn, v->want,
			v->got, v->ops, v->detail);
	}
	if (t->violations > i)
		fprintf(out, "  ... %llu violations in all\n", t->violations);
	for (i = 0; log && i < log->nr && i < MAX_LOG_LINES; i++)
		fprintf(out, "  kernel: %s\n", log->line[i]);
}

/**
 * report_print() - the report for people
 * @rep: judged report
 * @out: where to
 */
void report_print(const struct report *rep, FILE *out)
{
	const struct options *opt = rep->opt;
	unsigned int i;

	fprintf(out, "thprace %s on %s, module: %s, seed %llu, %.1f s\n", THPRACE_VERSION,
		env.release, opt->no_module ? "not used" : env.module, opt->seed,
		rep->duration_ns / 1e9);
	for (i = 0; i < rep->nr_results; i++)
		print_result(rep->results[i], out);
	print_tally(rep, out);
	fprintf(out, "run: thprace run");
	for (i = 0; i < opt->nr_scenarios; i++)
		fprintf(out, " %s", opt->scenarios[i]->name);
	fprintf(out, " --seed %llu --duration %g", opt->seed, opt->duration_ms / 1e3);
	if (opt->rounds)
		fprintf(out, " --rounds %llu", opt->rounds);
	if (opt->procs)
		fprintf(out, " --procs %llu", opt->procs);
	if (opt->thps)
		fprintf(out, " --thps %llu", opt->thps);
	if (!opt->stop_first)
		fprintf(out, " --stop-on never");
	if (opt->steer)
		fprintf(out, " --steer \"%s\"", opt->steer);
	if (opt->grid_k)
		fprintf(out, " --grid-k %llu", opt->grid_k);
	fprintf(out, "%s%s%s\n", opt->grid ? " --grid" : "", opt->no_module ? " --no-module" : "",
		opt->gentle ? " --gentle" : "");
	undo_print(out);
	fprintf(out, "verdict: %s%s%s%s\n", verdict_names[rep->verdict],
		rep->why[0] ? " (" : "", rep->why, rep->why[0] ? ")" : "");
}
