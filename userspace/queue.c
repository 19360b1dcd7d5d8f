// SPDX-License-Identifier: GPL-2.0
/*
 * Which scenario is next, of the passes of a run
 *
 * In memory that all jobs share; with one job it is a list that is gone through.
 */
#include <string.h>

#include "cover.h"
#include "engine.h"
#include "options.h"
#include "queue.h"
#include "result.h"
#include "scenario.h"
#include "touch.h"
#include "undo.h"
#include "util.h"

#define LONG_PASS_NS		(150 * NSEC_PER_SEC)

/* Guarded by result_lock(). */
struct queue {
	unsigned int pass;
	bool begun;			/* this pass */
	bool stopped;
	bool done[MAX_SCENARIOS];	/* with this pass */
	u64 share[MAX_SCENARIOS];	/* of the time of this pass */
	struct {
		bool runs;
		unsigned int index;
		u64 deadline_ns;
	} job[MAX_JOBS];
};

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

/**
 * queue_make() - plan the passes of a run
 * @rep: with a result for each of its scenarios, that says whether it is skipped
 *
 * Returns NULL, with set_error(), when there is no memory.
 */
struct queue *queue_make(struct report *rep)
{
	plan_passes(rep);
	return map_shared(sizeof(*rep->queue));
}

/* Later passes are shared by what the ones before have seen. */
static void begin_pass(struct report *rep)
{
	unsigned int weight[MAX_SCENARIOS], i;
	struct queue *q = rep->queue;

	for (i = 0; i < rep->nr_results; i++)
		weight[i] = rep->results[i]->skipped ? 0 : rep->results[i]->sc->weight ?: 1;
	cover_shares((const struct cover *const *)rep->cover, weight, rep->nr_results, q->share);
	memset(q->done, 0, sizeof(q->done));
	q->begun = true;
}

static bool is_last(const struct report *rep)
{
	return rep->queue->pass == rep->nr_passes - 1;
}

static bool stop_now(const struct report *rep)
{
	unsigned int i;

	for (i = 0; rep->opt->stop_first && i < rep->nr_results; i++) {
		if (rep->results[i]->tally.violations)
			return true;
	}
	return rep->queue->stopped || signals_stop();
}

/* Later passes are for the time that is left, and for what has met no split yet. */
static bool worth_it(const struct report *rep, const struct result *res)
{
	if (res->skipped || res->ending != END_WELL)
		return false;
	if (!rep->queue->pass || now_ns() < rep->pass_end_ns[rep->nr_passes - 1])
		return true;
	return is_last(rep) && !rep->opt->without &&
	       !engine_enough(res->sc, rep->opt, &res->tally);
}

/* What other jobs run: may this one run beside it? */
static bool may_begin(const struct report *rep, unsigned int index)
{
	const struct queue *q = rep->queue;
	unsigned int i;

	for (i = 0; i < rep->nr_jobs; i++) {
		if (q->job[i].runs && (q->job[i].index == index ||
				       touch_conflict(rep->results[q->job[i].index]->sc,
						      rep->results[index]->sc)))
			return false;
	}
	return true;
}

/* What all jobs together have until the end of the pass, but for what others run. */
static u64 time_left(const struct report *rep, u64 now)
{
	const struct queue *q = rep->queue;
	u64 end_ns = rep->pass_end_ns[q->pass], left, runs_ns;
	unsigned int i;

	if (end_ns <= now)
		return 0;
	left = rep->nr_jobs * (end_ns - now);
	for (i = 0; i < rep->nr_jobs; i++) {
		if (!q->job[i].runs || q->job[i].deadline_ns <= now)
			continue;
		runs_ns = q->job[i].deadline_ns - now;
		left -= runs_ns < end_ns - now ? runs_ns : end_ns - now;
	}
	return left;
}

/* What was not used is shared by those still to come. */
static u64 deadline_of(const struct report *rep, unsigned int index)
{
	u64 now = now_ns(), left = 0, mine, end_ns = rep->pass_end_ns[rep->queue->pass];
	const struct queue *q = rep->queue;
	unsigned int i;

	for (i = 0; i < rep->nr_results; i++) {
		if (!rep->results[i]->skipped && !q->done[i])
			left += q->share[i];
	}
	if (!left)
		return now;
	mine = now + time_left(rep, now) / left * q->share[index];
	return mine < end_ns || end_ns < now ? mine : end_ns;
}

static void take(struct report *rep, unsigned int index, struct turn *turn)
{
	struct queue *q = rep->queue;

	turn->index = index;
	turn->pass = q->pass;
	turn->deadline_ns = deadline_of(rep, index);
	q->done[index] = true;
	q->job[rep->job].runs = true;
	q->job[rep->job].index = index;
	q->job[rep->job].deadline_ns = turn->deadline_ns;
}

/* The last of several passes goes backwards: who comes last gets least. */
static enum queue_answer take_of_pass(struct report *rep, struct turn *turn)
{
	enum queue_answer answer = QUEUE_EMPTY;
	unsigned int n = rep->nr_results, i, k;
	struct queue *q = rep->queue;

	for (k = 0; k < n; k++) {
		i = q->pass && is_last(rep) ? n - 1 - k : k;
		if (q->done[i])
			continue;
		if (!worth_it(rep, rep->results[i])) {
			q->done[i] = true;
			continue;
		}
		if (may_begin(rep, i)) {
			take(rep, i, turn);
			return QUEUE_TAKEN;
		}
		answer = QUEUE_LATER;
	}
	return answer;
}

/**
 * queue_take() - the next scenario of this job
 * @rep: the report, whose job it is
 * @turn: result of QUEUE_TAKEN; queue_done() must follow
 */
enum queue_answer queue_take(struct report *rep, struct turn *turn)
{
	enum queue_answer answer = QUEUE_EMPTY;
	struct queue *q = rep->queue;

	result_lock();
	while (answer == QUEUE_EMPTY && q->pass < rep->nr_passes && !stop_now(rep)) {
		/* The first pass took as long as two: the rest is for the last one. */
		bool late = q->pass && !is_last(rep) && now_ns() >= rep->pass_end_ns[q->pass];

		if (!q->begun && !late)
			begin_pass(rep);
		answer = q->begun ? take_of_pass(rep, turn) : QUEUE_EMPTY;
		if (answer == QUEUE_EMPTY) {
			q->pass++;
			q->begun = false;
		}
	}
	result_unlock();
	return answer;
}

/**
 * queue_done() - a scenario has ended
 * @rep: the report
 * @job: that had taken it
 */
void queue_done(struct report *rep, unsigned int job)
{
	result_lock();
	rep->queue->job[job].runs = false;
	result_unlock();
}

/**
 * queue_stop() - no further scenario is begun
 * @rep: the report
 */
void queue_stop(struct report *rep)
{
	result_lock();
	rep->queue->stopped = true;
	result_unlock();
}

/**
 * queue_runs() - which scenario runs?
 * @rep: the report
 * @job: in which job
 * @index: result, if there is one
 *
 * By result_lock(), or at a moment that may be over.
 */
bool queue_runs(const struct report *rep, unsigned int job, unsigned int *index)
{
	*index = rep->queue->job[job].index;
	return rep->queue->job[job].runs;
}
