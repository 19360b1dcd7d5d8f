// SPDX-License-Identifier: GPL-2.0
/*
 * The verdict: the one place that decides what a run was worth
 */
#include <stdlib.h>
#include <string.h>
#include <errno.h>

#include "leak.h"
#include "options.h"
#include "orders.h"
#include "report.h"
#include "result.h"
#include "scenario.h"
#include "tally.h"
#include "undo.h"
#include "uop_set.h"
#include "util.h"
#include "watch.h"

/**
 * report_job() - this process is to run the scenarios of a job
 * @rep: from report_alloc()
 * @job: which
 */
void report_job(struct report *rep, unsigned int job)
{
	rep->job = job;
	rep->sh = rep->jobs[job].sh;
	rep->part = rep->jobs[job].part;
}

/* Huge pages at a time, at most. */
static u32 room_for(const struct options *opt)
{
	u32 room = STORM_ROUNDS;
	unsigned int i;

	for (i = 0; i < nr_scenarios; i++) {
		if (room < scenarios[i]->thps)
			room = scenarios[i]->thps;
	}
	return room < opt->thps ? opt->thps : room;
}

/**
 * report_alloc() - room for the results, in memory that all processes share
 * @rep: its options are filled in, and the number of its jobs (0 is 1)
 */
int report_alloc(struct report *rep)
{
	unsigned int i;

	rep->nr_jobs = rep->nr_jobs ?: 1;
	rep->jobs = map_shared(rep->nr_jobs * sizeof(*rep->jobs));
	if (!rep->jobs || result_lock_init())
		return -ENOMEM;
	for (i = 0; i < rep->nr_jobs; i++) {
		rep->jobs[i].sh = run_shared(room_for(rep->opt));
		rep->jobs[i].part = map_shared(sizeof(*rep->part));
		if (!rep->jobs[i].sh || !rep->jobs[i].part)
			return -ENOMEM;
	}
	report_job(rep, 0);
	for (i = 0; i < rep->opt->nr_scenarios; i++) {
		rep->results[i] = map_shared(sizeof(*rep->results[i]));
		if (!rep->results[i])
			return -ENOMEM;
		rep->results[i]->sc = rep->opt->scenarios[i];
		rep->cover[i] = map_shared(sizeof(*rep->cover[i]));
		if (!rep->cover[i])
			return -ENOMEM;
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
	set_available(rep, THPRACE_CHECK_RECLAIM_PROGRESS, scenario_partly.why_not());
	set_available(rep, THPRACE_CHECK_MLOCKED, scenario_munlock.why_not());
	set_available(rep, THPRACE_CHECK_LEAK, leak_why_not());
	set_available(rep, CHECK_KERNEL, watch_why_not());
}

/* Of a scenario: some were without a split, then. */
#define MANY_ROUNDS	16

/* What to do where nothing but chance was lacking. */
#define MORE_TIME	"; try more --duration"

/* "3 violations: content, leak": which checks, in the order of their first one. */
static void say_violated(struct result *res)
{
	const struct tally *t = &res->tally;
	unsigned int i, j;
	size_t len;

	snprintf(res->why, sizeof(res->why), "%llu violation%s", t->violations,
		 t->violations == 1 ? "" : "s");
	for (i = 0; i < t->nr_violations; i++) {
		for (j = 0; j < i && strcmp(t->kept[j].check, t->kept[i].check); j++)
			;
		len = strlen(res->why);
		if (j == i)
			snprintf(res->why + len, sizeof(res->why) - len, "%s %s", i ? "," : ":",
				 t->kept[i].check);
	}
}

static void judge_scenario(const struct report *rep, struct result *res)
{
	const struct op_count *undone;
	struct tally *t = &res->tally;
	const char *named;
	char name[16];
	int order;

	if (res->skipped)
		return;
	res->why[0] = '\0';
	res->verdict = THPRACE_FAIL;
	if (t->violations) {
		say_violated(res);
		return;
	}
	res->verdict = THPRACE_ABORTED;
	if (!res->begun)
		copy_word(res->why, sizeof(res->why), "not begun");
	else if (signals_stop())
		copy_word(res->why, sizeof(res->why), "interrupted");
	if (res->ending == END_BADLY)
		copy_word(res->why, sizeof(res->why), res->error);
	if (!res->begun || res->ending == END_BADLY || signals_stop())
		return;
	res->verdict = THPRACE_INCONCLUSIVE;
	if (res->ending == END_NO_MEMORY) {
		copy_word(res->why, sizeof(res->why), res->error);
		return;
	}
	order = orders_not_got(rep->opt, res);
	if (order >= 0) {
		snprintf(res->why, sizeof(res->why), "no folio of %s could be had" MORE_TIME,
			 order_name(order, name, sizeof(name)));
		return;
	}
	if (!t->rounds) {
		copy_word(res->why, sizeof(res->why), res->not_huge ?
			  "no round: the memory was not huge; free some, or take less with --thps" :
			  "no round; give it more --duration");
		return;
	}
	named = rep->opt->no_module ? NULL : uop_set_undone(&rep->opt->ops, res->sc, t);
	undone = res->sc->mixed || res->sc->pairs ? NULL : tally_undone(t, res->sc->op);
	if (undone) {
		snprintf(res->why, sizeof(res->why),
			 "op %s was never done (busy %llu, failed %llu)%s%.150s" MORE_TIME,
			 undone->name, undone->busy, undone->failed,
			 res->hint[0] ? ": " : "", res->hint);
		return;
	}
	if (!res->sc->pairs && !rep->opt->no_module && !tally_op(t, "split")->done)
		copy_word(res->why, sizeof(res->why), "op split was never done" MORE_TIME);
	else if (!res->sc->pairs && !res->sc->mixed && !tally_op(t, res->sc->op)->done)
		snprintf(res->why, sizeof(res->why), "op %s was never done" MORE_TIME,
			 res->sc->op);
	else if (named)
		snprintf(res->why, sizeof(res->why), "op %s was never done" MORE_TIME, named);
	else if (!tally_other_done(t))
		copy_word(res->why, sizeof(res->why), "no other op was ever done" MORE_TIME);
	else if (!t->overlaps)
		copy_word(res->why, sizeof(res->why),
			  "nothing overlapped" MORE_TIME ", more CPUs, or --steer");
	else if (!t->checks[THPRACE_CHECK_CONTENT].held)
		copy_word(res->why, sizeof(res->why), "content was never checked" MORE_TIME);
	else if (rep->opt->grid && t->grid.complete && !t->nr_cells)
		copy_word(res->why, sizeof(res->why),
			  "the grid has no cell: one of the ops passes no phase here");
	else if (rep->opt->grid && !t->grid.complete)
		copy_word(res->why, sizeof(res->why), "the grid is not complete" MORE_TIME);
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

/* A check is made in rounds without a split: there are some if there are many. */
static bool had_rounds_alone(const struct report *rep, const struct scenario *sc)
{
	unsigned int i;

	for (i = 0; i < rep->nr_results; i++) {
		if (rep->results[i]->sc == sc && !rep->results[i]->skipped &&
		    rep->results[i]->tally.rounds >= MANY_ROUNDS)
			return !rep->opt->no_module && !rep->opt->grid && !rep->opt->steer;
	}
	return false;
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
	case THPRACE_CHECK_CACHE_INDEX:
		return rep->sum.checks[check].skipped;
	/* skipped: rules are wrong here, and the kernel is none of those tested */
	case THPRACE_CHECK_CALIBRATION:
		return rep->sum.checks[check].skipped && !rep->opt->allow_uncalibrated;
	case THPRACE_CHECK_SPLIT_PROGRESS:
		return rep->sum.checks[check].skipped && !only_files(rep);
	case THPRACE_CHECK_RECLAIM_PROGRESS:
		return had_rounds_alone(rep, &scenario_partly);
	case THPRACE_CHECK_MLOCKED:
		return had_rounds_alone(rep, &scenario_munlock);
	case THPRACE_CHECK_ANON_EXCLUSIVE:
	case THPRACE_CHECK_RMAP_LINEAR:
	case THPRACE_CHECK_ANON_VMA_ALIVE:
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

static bool is_lacking(const struct report *rep, unsigned int check)
{
	return must_hold(rep, check) && !rep->sum.checks[check].held;
}

/* What else is inconclusive may follow from rules that are wrong here. */
static bool judge_calibration(struct report *rep)
{
	if (!is_lacking(rep, THPRACE_CHECK_CALIBRATION))
		return false;
	rep->verdict = THPRACE_INCONCLUSIVE;
	snprintf(rep->why, sizeof(rep->why),
		 "calibration: %s (--allow-uncalibrated does without)",
		 rep->sum.checks[THPRACE_CHECK_CALIBRATION].reason);
	return true;
}

static void judge_checks(struct report *rep)
{
	unsigned int i;

	if (judge_calibration(rep))
		return;
	for (i = 0; i < NR_CHECKS; i++) {
		if (!is_lacking(rep, i))
			continue;
		rep->verdict = THPRACE_INCONCLUSIVE;
		snprintf(rep->why, sizeof(rep->why), "check %s never held: %s" MORE_TIME,
			 check_name(i), rep->sum.checks[i].reason[0] ?
			 rep->sum.checks[i].reason : "nothing to check");
		return;
	}
}

/* What was named must have been raced somewhere. */
static void judge_orders(struct report *rep)
{
	int order = orders_never(rep);
	char name[16];

	if (order < 0)
		return;
	rep->verdict = THPRACE_INCONCLUSIVE;
	snprintf(rep->why, sizeof(rep->why), "no folio of %s was raced" MORE_TIME,
		 order_name(order, name, sizeof(name)));
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
			 signals_stop() ? "interrupted" :
			 "all scenarios were skipped; list scenarios says what each needs");
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
			if (rep->verdict == THPRACE_INCONCLUSIVE)
				judge_calibration(rep);
			return;
		}
	}
	rep->verdict = signals_stop() ? THPRACE_ABORTED : THPRACE_PASS;
	if (rep->verdict == THPRACE_PASS)
		judge_checks(rep);
	if (rep->verdict == THPRACE_PASS)
		judge_orders(rep);
}

/**
 * report_judge() - the verdict, of each scenario and of the run
 * @rep: report with its results
 *
 * Violations win; then an interruption; then anything that was not really
 * tested.  Skipped scenarios don't count, but all skipped is no pass.  What
 * could not be put back is an error, whatever was tested.  A verdict that stands
 * is made no more, whatever has happened since.
 */
void report_judge(struct report *rep)
{
	if (!rep->judged)
		judge_results(rep);
	if (!undo_nr_failed())
		return;
	rep->broken = true;
	if (rep->verdict == THPRACE_FAIL)
		return;
	rep->verdict = THPRACE_ABORTED;
	snprintf(rep->why, sizeof(rep->why), "not put back: %s", undo_note(0));
}

/**
 * report_exit_code() - what the run ends with
 * @rep: judged report
 */
int report_exit_code(const struct report *rep)
{
	unsigned int i;

	/* What was found counts before all that has gone wrong besides. */
	if (rep->verdict == THPRACE_FAIL)
		return THPRACE_EXIT_FAIL;
	if (rep->broken)
		return THPRACE_EXIT_ERROR;
	for (i = 0; i < rep->nr_results; i++) {
		if (!rep->results[i]->skipped)
			break;
	}
	if (rep->nr_results && i == rep->nr_results)
		return THPRACE_EXIT_SKIP;
	return rep->verdict == THPRACE_PASS ? THPRACE_EXIT_PASS : THPRACE_EXIT_INCONCLUSIVE;
}
