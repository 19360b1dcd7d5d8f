// SPDX-License-Identifier: GPL-2.0
/*
 * The report for people
 *
 * One screen: the verdict, a line for each scenario, and of the checks those of
 * which there is something to say.  With --verbose all that was counted.
 */
#include <string.h>

#include "cause.h"
#include "cause_text.h"
#include "color.h"
#include "cover_report.h"
#include "duration.h"
#include "env.h"
#include "grid.h"
#include "options.h"
#include "report_text.h"
#include "result.h"
#include "scenario.h"
#include "tally.h"
#include "triage_report.h"
#include "undo.h"
#include "watch.h"

/* Of causes and of the kernel's log: on one screen, and with --verbose. */
#define FEW_CAUSES		4
#define MANY_CAUSES		20
#define CAUSE_LINES		28	/* of the first one's block */
#define FEW_LINES		3	/* of the others' */
#define FEW_LOG_LINES		3
#define MANY_LOG_LINES		8

static void print_verdict(const struct report *rep, FILE *out)
{
	fputs("verdict: ", out);
	color_verdict(rep->verdict, 0, out);
	fprintf(out, "%s%s%s\n", rep->why[0] ? " (" : "", rep->why, rep->why[0] ? ")" : "");
}

static void print_distribution(FILE *out, const char *what, const u32 *ns, u32 nr)
{
	struct distribution d = distribution_of(ns, nr);

	fprintf(out, "    %s: min %.1f  median %.1f  p90 %.1f  max %.1f us (%u huge pages)\n",
		what, d.min / 1e3, d.median / 1e3, d.p90 / 1e3, d.max / 1e3, d.nr);
}

static void print_times(const struct result *res, FILE *out)
{
	u64 rounds = res->tally.rounds;
	unsigned int i;

	fprintf(out, "    time:");
	for (i = 0; i < T_NR; i++) {
		if (res->duration_ns && res->time_ns[i] * 200 >= res->duration_ns)
			fprintf(out, " %s %.0f%%", timing_names[i],
				res->time_ns[i] * 100.0 / res->duration_ns);
	}
	fprintf(out, "; per round %.2f ms\n", rounds ? res->duration_ns / 1e6 / rounds : 0.0);
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
	if (res->tally.steer[0])
		fprintf(out, "    steer %s\n", res->tally.steer);
}

static void print_result(const struct result *res, bool verbose, FILE *out)
{
	const struct tally *t = &res->tally;
	double seconds = res->duration_ns / 1e9;

	if (res->skipped) {
		fprintf(out, "  %-16s skipped: %s\n", res->sc->name, res->skipped);
		return;
	}
	if (!res->begun) {
		fprintf(out, "  %-16s not begun\n", res->sc->name);
		return;
	}
	fprintf(out, "  %-16s ", res->sc->name);
	color_verdict(res->verdict, 12, out);
	fprintf(out,
		" rounds %llu  overlaps %llu (%.0f%%)  splits %llu (%.1f/s)  %.1f s%s%s\n",
		t->rounds, t->overlaps,
		t->rounds ? t->overlaps * 100.0 / t->rounds : 0.0,
		res->splits, seconds > 0 ? res->splits / seconds : 0.0, seconds,
		res->why[0] ? "  " : "", res->why);
	if (verbose)
		print_times(res, out);
}

static void print_ops(const struct tally *t, FILE *out)
{
	unsigned int i;

	for (i = 0; i < t->nr_ops; i++) {
		const struct op_count *op = &t->ops[i];
		u64 n = op->done + op->busy + op->failed;

		if (n)
			fprintf(out, "  op %-16s done %llu  busy %llu  failed %llu  %.1f us each\n",
				op->name, op->done, op->busy, op->failed,
				op->time_ns / 1e3 / n);
	}
}

static void print_check(const char *name, const struct check_count *c, FILE *out)
{
	fprintf(out, "  check %-16s held %llu  violated %llu  skipped %llu%s%s\n", name, c->held,
		c->violated, c->skipped, c->reason[0] ? "  " : "", c->reason);
}

/* Of a check that is not worth a line of its own; false: there is nothing to say. */
static bool say_check(const struct report *rep, unsigned int check, char *text, size_t size)
{
	const struct check_count *c = &rep->sum.checks[check];

	if (!rep->available[check])
		snprintf(text, size, "not checked, %s", rep->why_not[check]);
	else if (c->violated)
		return false;
	else if (c->skipped)
		snprintf(text, size, "skipped, %s", c->reason[0] ? c->reason : "no reason given");
	else if (!c->held)
		snprintf(text, size, "never made");
	else
		return false;
	return true;
}

/* Those of which the same is to be said are on one line. */
static void print_checks(const struct report *rep, FILE *out)
{
	char said[NR_CHECKS][160];
	unsigned int i, j;

	for (i = 0; i < NR_CHECKS; i++) {
		if (rep->sum.checks[i].violated)
			print_check(check_name(i), &rep->sum.checks[i], out);
		if (!say_check(rep, i, said[i], sizeof(said[i])))
			said[i][0] = '\0';
	}
	for (i = 0; i < NR_CHECKS; i++) {
		for (j = 0; j < i && strcmp(said[j], said[i]); j++)
			;
		if (!said[i][0] || j < i)
			continue;
		fprintf(out, "  %s:", said[i]);
		for (j = i; j < NR_CHECKS; j++) {
			u64 skipped = rep->sum.checks[j].skipped;

			if (strcmp(said[j], said[i]))
				continue;
			fprintf(out, " %s", check_name(j));
			if (rep->available[j] && skipped)
				fprintf(out, " %llu", skipped);
		}
		fputc('\n', out);
	}
}

static void print_all_checks(const struct report *rep, FILE *out)
{
	unsigned int i;

	for (i = 0; i < NR_CHECKS; i++) {
		if (!rep->available[i])
			fprintf(out, "  check %-16s -  %s\n", check_name(i), rep->why_not[i]);
		else
			print_check(check_name(i), &rep->sum.checks[i], out);
	}
}

/**
 * violation_print() - a violation, on one line
 * @v: it
 * @indent: before it
 * @out: where to
 */
void violation_print(const struct violation *v, const char *indent, FILE *out)
{
	char want[24], got[24];

	fprintf(out,
		"%sVIOLATION %s in %s round %llu: addr 0x%llx pfn 0x%llx want %s got %s ops %s: %s\n",
		indent, v->check, v->scenario, v->round, v->addr, v->pfn,
		violation_number(v->want, want), violation_number(v->got, got), v->ops, v->detail);
}

static void print_causes(const struct report *rep, FILE *out)
{
	unsigned int max = rep->opt->verbose ? MANY_CAUSES : FEW_CAUSES, i;
	unsigned int max_lines = rep->opt->verbose ? ~0U : CAUSE_LINES;
	const struct tally *t = &rep->sum;
	const struct triage *triage;
	struct cause c;

	for (i = 0; i < max && cause_get(t, i, &c); i++) {
		cause_print(t, &c, i && !rep->opt->verbose ? FEW_LINES : max_lines, out);
		triage = triage_of(rep, c.number);
		if (triage)
			triage_print(rep, triage, out);
	}
	if (causes_count(t) > i)
		fprintf(out, "... and %u more causes\n", causes_count(t) - i);
	if (t->violations > t->nr_violations)
		fprintf(out, "... %llu violations in all\n", t->violations);
	if (t->lost_blocks)
		fprintf(out, "... %llu lines on causes had no room\n", t->lost_blocks);
}

static void print_findings(const struct report *rep, FILE *out)
{
	unsigned int max_lines = rep->opt->verbose ? MANY_LOG_LINES : FEW_LOG_LINES;
	const struct kernel_log *log = watch_log();
	unsigned int i;

	print_causes(rep, out);
	for (i = 0; log && i < log->nr && i < max_lines; i++)
		fprintf(out, "  kernel: %s\n", log->line[i]);
}

static bool is_among(const struct scenario *sc, const struct options *opt)
{
	unsigned int i;

	for (i = 0; i < opt->nr_scenarios && opt->scenarios[i] != sc; i++)
		;
	return i < opt->nr_scenarios;
}

/* As few names as will do. */
static void print_names(const struct options *opt, FILE *out)
{
	unsigned int i;

	if (opt->nr_scenarios > nr_scenarios / 2) {
		for (i = 0; i < nr_scenarios; i++) {
			if (!is_among(scenarios[i], opt))
				fprintf(out, " --exclude %s", scenarios[i]->name);
		}
		return;
	}
	for (i = 0; i < opt->nr_scenarios; i++)
		fprintf(out, " %s", opt->scenarios[i]->name);
}

/* Of a scenario that failed, so that it comes soon; else @failed is NULL. */
static void print_command(const struct report *rep, const struct result *failed, FILE *out)
{
	bool known = failed && failed->found.known && !rep->opt->grid;
	const struct options *opt = rep->opt;
	u64 first = known ? failed->found.batch_round : opt->first_round;
	u64 thps = known ? failed->found.nr_thps : opt->thps;
	char duration[DURATION_TEXT];
	unsigned int i;
	const char *c;

	fputs("run: thprace run", out);
	if (failed)
		fprintf(out, " %s", failed->sc->name);
	else
		print_names(opt, out);
	fprintf(out, " --seed %llu", opt->seed);
	if (first)
		fprintf(out, " --first-round %llu", first);
	fprintf(out, " --duration %s", duration_text(duration, opt->duration_ms));
	if (opt->rounds)
		fprintf(out, " --rounds %llu", opt->rounds);
	if (opt->procs)
		fprintf(out, " --procs %llu", opt->procs);
	if (thps)
		fprintf(out, " --thps %llu", thps);
	for (i = 0; i < NR_WITHOUT; i++) {
		if (opt->without & 1U << i)
			fprintf(out, " --without %s", without_names[i]);
	}
	if (opt->ops.text[0])
		fprintf(out, " --ops %s", opt->ops.text);
	if (opt->orders.text[0])
		fprintf(out, " --orders %s", opt->orders.text);
	if (opt->jobs)
		fprintf(out, " --jobs %llu", opt->jobs);
	if (opt->mem_share)
		fprintf(out, " --mem-share %llu", opt->mem_share);
	if (!opt->stop_first)
		fprintf(out, " --stop-on never");
	if (opt->steer)
		fprintf(out, " --steer \"%s\"", opt->steer);
	if (opt->grid_rows) {
		fputs(" --grid-rows ", out);
		for (c = opt->grid_rows; *c; c++)
			fputc(*c == ' ' ? ',' : *c, out);
	}
	if (opt->grid_k)
		fprintf(out, " --grid-k %llu", opt->grid_k);
	fprintf(out, "%s%s%s%s\n", opt->grid ? " --grid" : "",
		opt->no_module ? " --no-module" : "", opt->gentle ? " --gentle" : "",
		opt->allow_uncalibrated ? " --allow-uncalibrated" : "");
}

/* The command lines that repeat it: what failed, else all. */
static void print_commands(const struct report *rep, FILE *out)
{
	unsigned int i, nr = 0;

	for (i = 0; i < rep->nr_results && nr < MAX_TRIAGES; i++) {
		if (rep->results[i]->skipped || rep->results[i]->verdict != THPRACE_FAIL)
			continue;
		print_command(rep, rep->results[i], out);
		nr++;
	}
	if (!nr)
		print_command(rep, NULL, out);
}

/* Of a run that failed: what failed, and how many there are of the rest. */
static void print_failed(const struct report *rep, FILE *out)
{
	u64 nr[THPRACE_NR_VERDICTS] = { 0 }, skipped = 0, not_begun = 0;
	unsigned int i;

	for (i = 0; i < rep->nr_results; i++) {
		const struct result *res = rep->results[i];

		if (res->skipped)
			skipped++;
		else if (res->verdict == THPRACE_FAIL || res->ending == END_BADLY)
			print_result(res, false, out);
		else if (!res->begun)
			not_begun++;
		else
			nr[res->verdict]++;
	}
	if (nr[THPRACE_PASS] + nr[THPRACE_INCONCLUSIVE] + nr[THPRACE_ABORTED] + skipped + not_begun)
		fprintf(out,
			"  others: %llu pass, %llu inconclusive, %llu aborted, %llu skipped, %llu not begun\n",
			nr[THPRACE_PASS], nr[THPRACE_INCONCLUSIVE], nr[THPRACE_ABORTED], skipped,
			not_begun);
}

static void print_results(const struct report *rep, FILE *out)
{
	unsigned int i;

	for (i = 0; i < rep->nr_results; i++) {
		print_result(rep->results[i], rep->opt->verbose, out);
		if (rep->opt->verbose)
			cover_print_one(rep->cover[i], out);
	}
	cover_print(rep, out);
}

/**
 * report_print() - the report for people
 * @rep: judged report
 * @out: where to
 */
void report_print(const struct report *rep, FILE *out)
{
	const struct options *opt = rep->opt;

	print_verdict(rep, out);
	fprintf(out, "thprace %s on %s, module: %s, seed %llu, %.1f s\n", THPRACE_VERSION,
		env.release, opt->no_module ? "not used" : env.module, opt->seed,
		rep->duration_ns / 1e9);
	print_findings(rep, out);
	if (rep->verdict == THPRACE_FAIL && !opt->verbose)
		print_failed(rep, out);
	else
		print_results(rep, out);
	if (opt->verbose) {
		print_ops(&rep->sum, out);
		print_all_checks(rep, out);
	} else {
		print_checks(rep, out);
	}
	if (rep->sum.nr_cells || rep->sum.grid.listed)
		grid_print(rep, out);
	print_commands(rep, out);
	undo_print(out);
}
