// SPDX-License-Identifier: GPL-2.0
/*
 * The scenarios of a job, one after the other
 *
 * Each in a process of its own, so that all it had is given back when it ends
 * and what is left can be looked for.
 */
#include <string.h>
#include <time.h>

#include "apart.h"
#include "job.h"
#include "leak.h"
#include "live.h"
#include "options.h"
#include "queue.h"
#include "report.h"
#include "result.h"
#include "rng.h"
#include "run.h"
#include "scenario.h"
#include "util.h"

#define LEAK_PATIENCE_NS	(6 * NSEC_PER_SEC)
#define LEAK_NAP_NS		(200 * NSEC_PER_MSEC)
#define LEAK_LOOKS		5
#define LATER_NS		(20 * NSEC_PER_MSEC)

/* What scenarios of this job have left. */
static struct left {
	struct leak *leak;
	struct result *res;
} all_left[MAX_SCENARIOS * MAX_PASSES];

static u64 seed_of(const struct options *opt, const struct scenario *sc)
{
	u64 seed = opt->seed;
	unsigned int i;

	for (i = 0; sc->name[i]; i++)
		seed = mix64(seed, sc->name[i]);
	return seed;
}

static int run_one(struct report *rep, const struct turn *turn)
{
	unsigned int number = turn->pass * MAX_SCENARIOS + turn->index;
	struct result *res = rep->results[turn->index], *part = rep->part;
	struct left *left = &all_left[number];
	struct run run = {
		.sc = res->sc,
		.opt = rep->opt,
		.res = part,
		.sh = rep->sh,
		.beside = rep->nr_jobs > 1,
		.before = turn->pass ? res : NULL,
		.cover = rep->cover[turn->index],
		.last_pass = turn->pass == rep->nr_passes - 1,
		.brief = rep->nr_passes > 1 && !turn->pass,
		.start_ns = rep->start_ns,
		.deadline_ns = turn->deadline_ns,
	};
	bool tell;
	int err;

	result_reset(part, res->sc);
	run_reset(rep->sh);
	res->begun = true;
	run.seed = seed_of(rep->opt, res->sc);
	left->leak = leak_begin(number);
	left->res = res;
	rep->sh->index = turn->index;
	rep->sh->running = 1;
	err = run_apart(rep, &run, left->leak);
	tell = part->tally.violations || part->ending != END_WELL;
	result_lock();
	result_add(res, part);
	rep->sh->running = 0;
	result_unlock();
	if (tell)
		live_write();
	leak_look(left->leak, res, rep->start_ns, false);
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

	for (i = 0; i < ARRAY_SIZE(all_left); i++) {
		struct left *left = &all_left[i];

		if (leak_pending(left->leak) &&
		    (!patience_ns || leak_overdue(left->leak, patience_ns)))
			leak_look(left->leak, left->res, rep->start_ns, last);
	}
}

static bool any_pending(u64 patience_ns)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(all_left); i++) {
		struct leak *leak = all_left[i].leak;

		if (patience_ns ? leak_overdue(leak, patience_ns) : leak_pending(leak))
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
}

/**
 * run_job() - run scenarios until none is left for this job
 * @rep: whose queue it is
 *
 * Returns an error only when the run cannot go on.
 */
int run_job(struct report *rep)
{
	const struct timespec nap = { .tv_nsec = LATER_NS };
	enum queue_answer answer;
	struct turn turn;
	int err = 0;

	while (!err) {
		answer = queue_take(rep, &turn);
		if (answer == QUEUE_EMPTY)
			break;
		if (answer == QUEUE_LATER) {
			nanosleep(&nap, NULL);
			continue;
		}
		err = run_one(rep, &turn);
		queue_done(rep, rep->job);
		look_between(rep);
	}
	look_again(rep);
	leak_remove();
	return err;
}
