// SPDX-License-Identifier: GPL-2.0
/*
 * After a finding: what does it need?
 *
 * Runs what triage_plan.c proposes, in fresh processes, within --triage.  The
 * verdict is made already, and nothing that happens here changes it.
 */
#include <string.h>
#include <unistd.h>

#include "apart.h"
#include "cause.h"
#include "env.h"
#include "job.h"
#include "leak.h"
#include "options.h"
#include "report.h"
#include "runner.h"
#include "scenario.h"
#include "triage.h"
#include "triage_plan.h"
#include "undo.h"
#include "util.h"
#include "watch.h"

#define MIN_LIMIT_NS	(10 * NSEC_PER_SEC)	/* of a try */
#define LIMIT_FACTOR	20			/* of the longest one so far */

/* One after the other, in the same memory. */
struct trial {
	struct report rep;
	struct options opt;
	u64 longest_ns, end_ns;
};

static void set_options(struct trial *trial, const struct report *rep, const struct scenario *sc,
			const struct triage_config *c)
{
	struct options *opt = &trial->opt;

	*opt = *rep->opt;
	opt->scenarios[0] = sc;
	opt->nr_scenarios = 1;
	opt->without = c->without;
	opt->first_round = c->first_round;
	opt->rounds = c->rounds;
	opt->procs = c->procs;
	opt->thps = c->thps;
	opt->steer = c->schedule[0] ? c->schedule : NULL;
	opt->grid = false;
	opt->stop_first = true;
	opt->quiet = true;
	opt->json = NULL;
	opt->ktap = NULL;
	opt->grid_html = NULL;
}

static enum triage_outcome judge(const struct trial *trial, const struct cause *cause, int err)
{
	const struct result *res = trial->rep.results[0];
	const struct tally *t = &res->tally;
	unsigned int i;

	for (i = 0; i < t->nr_violations; i++) {
		if (cause_has_check(cause, t->kept[i].check))
			return TRIAGE_HIT;
	}
	if (t->violations)
		return TRIAGE_OTHER;
	return err || res->err || res->ending != END_WELL || res->skipped || !res->batches ?
	       TRIAGE_BROKEN : TRIAGE_MISS;
}

static enum triage_outcome try_once(struct trial *trial, const struct report *rep,
				    const struct cause *cause, const struct triage_variant *v)
{
	const struct scenario *sc = scenario_by_name(cause->basic->scenario);
	u64 begin_ns = now_ns(), limit_ns = begin_ns + MIN_LIMIT_NS, took_ns;
	int err;

	set_options(trial, rep, sc, &v->config);
	if (trial->longest_ns * LIMIT_FACTOR > MIN_LIMIT_NS)
		limit_ns = begin_ns + trial->longest_ns * LIMIT_FACTOR;
	if (limit_ns > trial->end_ns)
		limit_ns = trial->end_ns;
	err = run_try(&trial->rep, limit_ns);
	took_ns = now_ns() - begin_ns;
	/* One that was killed says nothing of how long they take. */
	if (!err && took_ns > trial->longest_ns)
		trial->longest_ns = took_ns;
	return judge(trial, cause, err);
}

/* Why the machine is not to be asked any more, or NULL. */
static const char *unusable(void)
{
	if (watch_oopsed())
		return "a task of the kernel has died: what happens now means nothing";
	if (run_is_stuck())
		return "a process of the run cannot be killed";
	return NULL;
}

static const struct result *result_of(const struct report *rep, const char *scenario)
{
	unsigned int i;

	for (i = 0; i < rep->nr_results; i++) {
		if (!strcmp(rep->results[i]->sc->name, scenario))
			return rep->results[i];
	}
	return NULL;
}

/*
 * The first way of a cell of the grid: b is parked, a comes, goes, b goes.  Where
 * nobody splits, the same lanes are b and c without a grid.
 */
static void schedule_of_cell(const char *cell, bool pairs, char *buf, size_t size)
{
	const char *comma = strchr(cell, ',');
	char a = 'a' + pairs, b = 'b' + pairs;

	if (comma)
		snprintf(buf, size, "%c>%s %c>%.*s %c>end %c>end", b, comma + 1, a,
			 (int)(comma - cell), cell, a, b);
}

static void begin(struct triage *t, const struct report *rep, const struct cause *cause)
{
	const struct violation *v = cause->basic;
	const struct result *res = result_of(rep, v->scenario);
	const struct options *opt = rep->opt;

	memset(t, 0, sizeof(*t));
	t->cause = cause->number;
	copy_word(t->scenario, sizeof(t->scenario), v->scenario);
	if (!res)
		return;
	copy_word(t->op, sizeof(t->op), res->sc->op);
	if (res->sc->pairs)
		copy_word(t->op, sizeof(t->op), v->ops);
	t->pairs = res->sc->pairs;
	t->found = res->found;
	t->scalable = res->sc->scalable;
	t->can_steer = !opt->no_module && env.nr_cpus > 1;
	t->check_splits = !opt->no_module && !res->sc->refs_held;
	t->of_progress = cause_has_check(cause, check_name(THPRACE_CHECK_SPLIT_PROGRESS));
	t->all_steered = opt->steer;
	t->fixed = opt->program;
	t->first_round = opt->first_round;
	if (opt->steer)
		copy_word(t->schedule, sizeof(t->schedule), opt->steer);
	else if (res->found.schedule[0])
		copy_word(t->schedule, sizeof(t->schedule), res->found.schedule);
	else
		schedule_of_cell(v->cell, t->pairs, t->schedule, sizeof(t->schedule));
}

/* What one try may take: as long as a batch of the run did. */
static u64 batch_ns(const struct report *rep, const char *scenario)
{
	const struct result *res = result_of(rep, scenario);

	return res ? res->duration_ns / (res->batches ? res->batches : 1) : 0;
}

static void look_into(struct trial *trial, const struct report *rep, const struct cause *cause,
		      struct triage *t)
{
	const char *why = triage_why_not(t, cause->basic->check);
	struct triage_variant *v;

	if (!why)
		why = unusable();
	while (!why && (v = triage_next(t))) {
		if (signals_stop())
			why = "interrupted";
		else if (now_ns() >= trial->end_ns)
			why = "then its time was over (--triage)";
		else
			triage_note(v, try_once(trial, rep, cause, v));
		if (!why)
			why = unusable();
	}
	copy_word(t->why_not, sizeof(t->why_not), why ? why : "");
}

/* The first cause of each scenario: the others have the same rounds. */
static unsigned int choose(const struct report *rep, struct cause *chosen)
{
	unsigned int i, j, nr = 0;
	struct cause c;

	for (i = 0; nr < MAX_TRIAGES && cause_get(&rep->sum, i, &c); i++) {
		for (j = 0; j < nr && strcmp(chosen[j].basic->scenario, c.basic->scenario); j++)
			;
		if (j == nr)
			chosen[nr++] = c;
	}
	return nr;
}

/**
 * triage_run() - try the findings of a run again, with ever less
 * @rep: judged report; its triage is filled in
 * @why_not: it is only said why nothing is tried; or NULL
 */
void triage_run(struct report *rep, const char *why_not)
{
	u64 left_ns = rep->opt->triage_ms * NSEC_PER_MSEC, begin_ns;
	struct cause chosen[MAX_TRIAGES];
	static struct trial trial;
	unsigned int nr = choose(rep, chosen), i;
	int probes;

	if (!left_ns || !nr)
		return;
	if (signals_stop())
		why_not = "interrupted";
	if (why_not) {
		begin(&rep->triage[0], rep, &chosen[0]);
		copy_word(rep->triage[0].why_not, sizeof(rep->triage[0].why_not), why_not);
		rep->nr_triages = 1;
		return;
	}
	if (!rep->opt->quiet)
		fprintf(stderr, "thprace: what does it need? for %llu s at most\n",
			(left_ns + NSEC_PER_SEC - 1) / NSEC_PER_SEC);
	probes = run_keep_probes(rep->opt);
	for (i = 0; i < nr; i++) {
		struct triage *t = &rep->triage[rep->nr_triages++];

		begin(t, rep, &chosen[i]);
		set_options(&trial, rep, scenario_by_name(t->scenario), &t->variant[0].config);
		trial.rep.opt = &trial.opt;
		if (!trial.rep.sh && report_alloc(&trial.rep)) {
			copy_word(t->why_not, sizeof(t->why_not), "out of memory");
			break;
		}
		trial.rep.start_ns = rep->start_ns;
		trial.longest_ns = batch_ns(rep, t->scenario);
		begin_ns = now_ns();
		trial.end_ns = begin_ns + left_ns / (nr - i);
		look_into(&trial, rep, &chosen[i], t);
		left_ns -= now_ns() - begin_ns < left_ns ? now_ns() - begin_ns : left_ns;
	}
	if (probes >= 0)
		close(probes);
	leak_stop();
}
