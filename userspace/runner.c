// SPDX-License-Identifier: GPL-2.0
/*
 * The scenarios of a run, one after the other, in passes
 *
 * Each in a process of its own, so that all it had is given back when it ends
 * and what is left can be looked for.
 */
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "apart.h"
#include "client.h"
#include "cover.h"
#include "engine.h"
#include "leak.h"
#include "live.h"
#include "options.h"
#include "report.h"
#include "result.h"
#include "rng.h"
#include "run.h"
#include "runner.h"
#include "scenario.h"
#include "stuck.h"
#include "tally.h"
#include "undo.h"
#include "util.h"
#include "watch.h"

#define LEAK_PATIENCE_NS	(6 * NSEC_PER_SEC)
#define LEAK_NAP_NS		(200 * NSEC_PER_MSEC)
#define LEAK_LOOKS		5
#define LONG_PASS_NS		(150 * NSEC_PER_SEC)

static struct leak *leaks[MAX_SCENARIOS * MAX_PASSES];

static u64 share[MAX_SCENARIOS];	/* of the time of this pass */

/* Later passes are shared by what the ones before have seen. */
static void share_time(const struct report *rep)
{
	unsigned int weight[MAX_SCENARIOS], i;

	for (i = 0; i < rep->nr_results; i++)
		weight[i] = rep->results[i]->skipped ? 0 : rep->results[i]->sc->weight ?: 1;
	cover_shares((const struct cover *const *)rep->cover, weight, rep->nr_results, share);
}

/* Of those in a part of the list that can run. */
static u64 share_left(const struct report *rep, unsigned int from, unsigned int to)
{
	unsigned int i;
	u64 left = 0;

	for (i = from; i < to; i++) {
		if (!rep->results[i]->skipped)
			left += share[i];
	}
	return left;
}

static u64 seed_of(const struct options *opt, const struct scenario *sc)
{
	u64 seed = opt->seed;
	unsigned int i;

	for (i = 0; sc->name[i]; i++)
		seed = mix64(seed, sc->name[i]);
	return seed;
}

static int run_one(struct report *rep, unsigned int index, unsigned int pass, u64 left)
{
	u64 end_ns = rep->pass_end_ns[pass], now;
	struct result *res = rep->results[index], *part = rep->part;
	struct leak **leak = &leaks[pass * MAX_SCENARIOS + index];
	struct run run = {
		.sc = res->sc,
		.opt = rep->opt,
		.res = part,
		.sh = rep->sh,
		.before = pass ? res : NULL,
		.cover = rep->cover[index],
		.last_pass = pass == rep->nr_passes - 1,
		.brief = rep->nr_passes > 1 && !pass,
		.start_ns = rep->start_ns,
	};
	int err;

	result_reset(part, res->sc);
	run_reset(rep->sh);
	res->begun = true;
	run.seed = seed_of(rep->opt, res->sc);
	*leak = leak_begin(pass * MAX_SCENARIOS + index);
	/* What earlier ones did not use is shared by those still to come. */
	now = now_ns();
	run.deadline_ns = end_ns > now ? now + (end_ns - now) / left * share[index] : now;
	rep->sh->index = index;
	rep->sh->running = 1;
	err = run_apart(rep, &run, *leak);
	result_add(res, part);
	rep->sh->running = 0;
	if (part->tally.violations || part->ending != END_WELL)
		live_write();
	leak_look(*leak, res, rep->start_ns, false);
	return err;
}

/**
 * run_try() - one scenario once more, for what it finds alone
 * @rep: has room for one result; its options name one scenario
 * @limit_ns: when it is killed
 *
 * What it leaves is not looked at.
 *
 * Returns an error when it was killed.
 */
int run_try(struct report *rep, u64 limit_ns)
{
	struct result *res = rep->results[0], *part = rep->part;
	const struct scenario *sc = rep->opt->scenarios[0];
	struct leak *leak;
	struct run run = {
		.sc = sc,
		.opt = rep->opt,
		.res = part,
		.sh = rep->sh,
		.last_pass = true,
		.start_ns = rep->start_ns,
		.deadline_ns = limit_ns,
		.limit_ns = limit_ns,
		.seed = seed_of(rep->opt, sc),
	};
	int err;

	rep->nr_results = 1;
	result_reset(res, sc);
	res->skipped = scenario_why_not(sc, rep->opt);
	if (res->skipped)
		return 0;
	result_reset(part, sc);
	run_reset(rep->sh);
	rep->sh->running = 1;
	leak = leak_begin(0);
	err = run_apart(rep, &run, leak);
	leak_dismiss(leak);
	result_add(res, part);
	res->err = part->err;
	rep->sh->running = 0;
	return err;
}

/* Looks at what is not clean yet, or at what must be judged. */
static void look_at(struct report *rep, u64 patience_ns, bool last)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(leaks); i++) {
		if (leak_pending(leaks[i]) &&
		    (!patience_ns || leak_overdue(leaks[i], patience_ns)))
			leak_look(leaks[i], rep->results[i % MAX_SCENARIOS], rep->start_ns,
				  last);
	}
}

static bool any_pending(u64 patience_ns)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(leaks); i++) {
		if (patience_ns ? leak_overdue(leaks[i], patience_ns) : leak_pending(leaks[i]))
			return true;
	}
	return false;
}

/*
 * Between two scenarios: an excess that has stayed for long is judged, after
 * the last one's processes had time to be gone for good.
 */
static void look_between(struct report *rep)
{
	const struct timespec nap = { .tv_nsec = LEAK_NAP_NS };
	unsigned int i;

	if (!any_pending(0))
		return;
	look_at(rep, 0, false);
	for (i = 0; i < LEAK_LOOKS && any_pending(LEAK_PATIENCE_NS); i++) {
		leak_nudge(!i);
		nanosleep(&nap, NULL);
		look_at(rep, LEAK_PATIENCE_NS, i == LEAK_LOOKS - 1);
	}
}

/* Only an excess that stays is a leak. */
static void look_again(struct report *rep)
{
	const struct timespec nap = { .tv_nsec = LEAK_NAP_NS };
	u64 end_ns = now_ns() + LEAK_PATIENCE_NS;
	bool last = false, dropped = false;

	while (any_pending(0)) {
		bool late = now_ns() + LEAK_PATIENCE_NS / 2 > end_ns;

		leak_nudge(late && !dropped);
		dropped |= late;
		last = now_ns() >= end_ns;
		look_at(rep, 0, last);
		if (!last)
			nanosleep(&nap, NULL);
	}
	leak_stop();
}

/**
 * run_keep_probes() - probes stay where they are from scenario to scenario
 * @opt: of the run
 *
 * They are placed with the first schedule of any session, and removed with the
 * last: one that is idle keeps them.
 *
 * Returns a file descriptor to close, or a negative number: there is none.
 */
int run_keep_probes(const struct options *opt)
{
	int fd = opt->no_module ? -1 : session_open();

	if (fd >= 0)
		session_cmd(fd, "arm steer=\"a>end\"");
	return fd;
}

/*
 * Every scenario is begun early, and goes on in later passes: a bug that only
 * the last one sees is not found last.  What is bounded by something else than
 * time has one pass.  Half of a long run is several: what is still new changes.
 */
static void plan_passes(struct report *rep)
{
	const struct options *opt = rep->opt;
	u64 duration_ns = opt->duration_ms * NSEC_PER_MSEC, nr = duration_ns / 2 / LONG_PASS_NS;
	unsigned int i, last = nr < 1 ? 1 : nr < MAX_PASSES - 2 ? nr : MAX_PASSES - 2;

	rep->nr_passes = 1;
	rep->pass_end_ns[0] = rep->start_ns + duration_ns;
	if (opt->nr_scenarios < 2 || opt->rounds || opt->grid || opt->steer || opt->program)
		return;
	rep->nr_passes = 2 + last;
	rep->pass_end_ns[0] = rep->start_ns + duration_ns / 6;
	for (i = 0; i <= last; i++)
		rep->pass_end_ns[1 + i] = rep->start_ns + duration_ns / 2 +
					  duration_ns / 2 / last * i;
}

static bool stop_now(const struct report *rep)
{
	unsigned int i;

	for (i = 0; rep->opt->stop_first && i < rep->nr_results; i++) {
		if (rep->results[i]->tally.violations)
			return true;
	}
	return signals_stop();
}

/* Later passes are for the time that is left, and for what has met no split yet. */
static bool worth_it(const struct report *rep, unsigned int index, unsigned int pass)
{
	const struct result *res = rep->results[index];

	if (res->ending != END_WELL)
		return false;
	if (!pass || now_ns() < rep->pass_end_ns[rep->nr_passes - 1])
		return true;
	return pass == rep->nr_passes - 1 && !rep->opt->without &&
	       !engine_enough(res->sc, rep->opt, &res->tally);
}

/* The last of several passes goes backwards: who comes last gets least. */
static int run_pass(struct report *rep, unsigned int pass)
{
	unsigned int n = rep->opt->nr_scenarios, i, k;
	bool last = pass == rep->nr_passes - 1;
	int err = 0;
	u64 left;

	/* The first pass took as long as two: the rest is for the last one. */
	if (pass && !last && now_ns() >= rep->pass_end_ns[pass])
		return 0;
	share_time(rep);
	for (k = 0; k < n && !stop_now(rep) && !err; k++) {
		i = pass && last ? n - 1 - k : k;
		if (rep->results[i]->skipped || !worth_it(rep, i, pass))
			continue;
		left = pass && last ? share_left(rep, 0, i + 1) : share_left(rep, i, n);
		err = run_one(rep, i, pass, left);
		look_between(rep);
	}
	return err;
}

/* Behind the last scenario; its is the nearest. */
static void look_at_last(struct report *rep)
{
	struct result *last = NULL;
	struct complaint c;
	struct violation v;
	unsigned int i;

	for (i = 0; i < rep->nr_results; i++) {
		if (rep->results[i]->begun)
			last = rep->results[i];
	}
	if (!last || watch_why_not() || !watch_look(&c))
		return;
	v = run_complaint(last->sc, last->tally.rounds, rep->start_ns, &c);
	tally_violation(&last->tally, &v);
	last->tally.checks[CHECK_KERNEL].violated++;
	if (!last->first_violation_ns)
		last->first_violation_ns = v.time_ns;
}

/**
 * run_all() - run the selected scenarios
 * @rep: has room for a result of each, see report_alloc()
 *
 * Returns an error only when it cannot go on; an error of one scenario is in its
 * result.
 */
int run_all(struct report *rep)
{
	const struct options *opt = rep->opt;
	int err = 0, probes = run_keep_probes(opt);
	unsigned int i;

	rep->nr_results = opt->nr_scenarios;
	for (i = 0; i < opt->nr_scenarios; i++) {
		result_reset(rep->results[i], opt->scenarios[i]);
		rep->results[i]->skipped = scenario_why_not(opt->scenarios[i], opt);
	}
	memset(leaks, 0, sizeof(leaks));
	plan_passes(rep);
	for (i = 0; i < rep->nr_passes && !stop_now(rep) && !err; i++)
		err = run_pass(rep, i);
	look_again(rep);
	if (probes >= 0)
		close(probes);
	look_at_last(rep);
	return err;
}
