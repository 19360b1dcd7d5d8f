// SPDX-License-Identifier: GPL-2.0
/*
 * arm.c - a schedule is set up, and taken down
 *
 * Called by the commands and by race/race.c between rounds; schedule.c runs
 * the lanes in between.
 */
#include <linux/ktime.h>
#include <linux/sched/mm.h>
#include <linux/sched/task.h>

#include "state/off.h"
#include "state/stats.h"
#include "steer/cpus.h"
#include "steer/grid.h"
#include "steer/lockcount.h"
#include "steer/probe.h"
#include "steer/steering.h"

/* Bounds of the wait for one step, and the factor on the measured duration. */
#define MIN_BOUND_NS		(2 * NSEC_PER_MSEC)
#define FIRST_BOUND_NS		(50 * NSEC_PER_MSEC)	/* nothing measured yet */
#define BOUND_FACTOR		6
/* Lanes that have not come are waited for this many bounds; the others sleep. */
#define ARRIVAL_BOUNDS		64
#define MAX_ARRIVAL_NS		(8 * NSEC_PER_SEC)

/* No lane is in the map: forget them all. */
static void forget_lanes(struct thprace_steering *st)
{
	unsigned int i;

	for (i = 0; i < THPRACE_MAX_LANES; i++) {
		if (st->lane[i].mm)
			mmdrop(st->lane[i].mm);
		if (st->lane[i].task)
			put_task_struct(st->lane[i].task);
	}
	memset(st->lane, 0, sizeof(st->lane));
}

/* All that can fail: memory, probes; what was armed before is as it was. */
static int prepare(struct thprace_session *s, const struct thprace_step *step,
		   unsigned int nr, int *phase)
{
	struct thprace_steering *st = s->steer;
	unsigned int i;
	int ret = thprace_cpus_suffice(step, nr, NULL);

	if (ret)
		return ret;
	if (!st) {
		st = kvzalloc(sizeof(*st), GFP_KERNEL);
		ret = st ? thprace_phase_get_all() : -ENOMEM;
		if (ret) {
			kvfree(st);
			return ret;
		}
		raw_spin_lock_init(&st->lock);
		atomic_set(&st->parked, 0);
		thprace_stat_add(THPRACE_STAT_SESSION_BYTES, sizeof(*st));
		WRITE_ONCE(s->steer, st);
	}
	for (i = 0; i < nr; i++) {
		phase[i] = -1;
		if (step[i].kind == THPRACE_STEP_END)
			continue;
		phase[i] = thprace_phase_find(step[i].phase);
		if (phase[i] < 0)
			return -EINVAL;
		if (thprace_phase_why_not(phase[i]))
			return -EOPNOTSUPP;
		if (step[i].kind == THPRACE_STEP_RETURN &&
		    !(st->returns & BIT_ULL(phase[i]))) {
			ret = thprace_phase_get_return(phase[i]);
			if (ret)
				return ret;
			st->returns |= BIT_ULL(phase[i]);
		}
	}
	return 0;
}

/**
 * thprace_schedule_set() - arm a list of steps for the next round
 * @s: the session; its steered lanes are forgotten
 * @step: the steps; none just counts who passes where
 * @nr: how many
 * @brief: the first step that is not reached ends the schedule: all lanes go
 *
 * Context: process context, may sleep; no lane is between go and done.
 * Return: 0, -EINVAL (unknown phase), -EOPNOTSUPP (not on this kernel, or too few
 * CPUs), -ENOMEM or another errno of the moment; then nothing has changed.
 */
int thprace_schedule_set(struct thprace_session *s, const struct thprace_step *step,
			 unsigned int nr, bool brief)
{
	struct thprace_steering *st;
	int phase[THPRACE_MAX_STEPS];
	u64 longest = 0;
	unsigned int i;
	int ret = prepare(s, step, nr, phase);

	if (ret)
		return ret;
	thprace_schedule_disarm(s);
	st = s->steer;
	for (i = 0; i < THPRACE_NR_OPS; i++)
		longest = max(longest, s->op_ewma_ns[i]);
	st->bound_ns = longest ? clamp_t(u64, BOUND_FACTOR * longest, MIN_BOUND_NS,
					 MAX_BOUND_NS) : FIRST_BOUND_NS;
	st->arrival_ns = min_t(u64, ARRIVAL_BOUNDS * st->bound_ns, MAX_ARRIVAL_NS);
	st->epoch = READ_ONCE(thprace_off_epoch);
	st->open = !nr;
	st->nr = nr;
	st->cur = 0;
	st->clashed = false;
	st->brief = brief;
	forget_lanes(st);
	memset(st->result, 0, sizeof(st->result));
	for (i = 0; i < nr; i++) {
		st->result[i].step = step[i];
		st->phase[i] = phase[i];
	}
	st->begun_ns = ktime_get_mono_fast_ns();
	WRITE_ONCE(st->armed, true);
	return 0;
}

/* @lanes: of the ops, 0 if they are not known */
static int validate_step(const struct thprace_step *step, unsigned int lanes,
			 struct thprace_refusal *no)
{
	const char *why;
	int phase;

	if (lanes && step->lane >= lanes)
		return thprace_refuse(no, -EINVAL, "the ops have %u lanes, a to %c", lanes,
				      'a' + lanes - 1);
	if (step->kind == THPRACE_STEP_END)
		return 0;
	phase = thprace_phase_find(step->phase);
	if (phase < 0)
		return thprace_refuse(no, -EINVAL,
				      "there is no such phase; the file phases lists them");
	why = thprace_phase_why_not(phase);
	if (why)
		return thprace_refuse(no, -EOPNOTSUPP, "no such phase on this kernel: %s", why);
	if (step->kind == THPRACE_STEP_RETURN && !thprace_phase_has_returns())
		return thprace_refuse(no, -EOPNOTSUPP, "no returns on this kernel, only a>PHASE");
	return 0;
}

/* That a kernel has not or an op never passes is no row there, as in a grid of all. */
static int validate_rows(const struct thprace_spec *spec, struct thprace_refusal *no)
{
	unsigned int i;

	for (i = 0; i < spec->nr_rows; i++) {
		const char *name = spec->step[i].phase;

		if (thprace_phase_find(name) >= 0)
			continue;
		thprace_refuse_word(no, name, strlen(name));
		return thprace_refuse(no, -EINVAL,
				      "there is no such phase; the file phases lists them");
	}
	return 0;
}

static void refuse_step(struct thprace_refusal *no, const struct thprace_step *step)
{
	char name[THPRACE_NAME_LEN + 4];

	snprintf(name, sizeof(name), "%c%c%s", 'a' + step->lane,
		 step->kind == THPRACE_STEP_RETURN ? '<' : '>',
		 step->kind == THPRACE_STEP_END ? "end" : step->phase);
	thprace_refuse_word(no, name, strlen(name));
}

/**
 * thprace_schedule_validate() - can the schedule of a race be forced here?
 * @spec: ops and steer=
 * @no: why not, or NULL
 *
 * Return: 0, -EINVAL (unknown phase; a lane that no op has; a grid of other
 * than two lanes), -EOPNOTSUPP (a phase, or returns, not on this kernel; too few
 * CPUs), -ENOMEM.
 */
int thprace_schedule_validate(const struct thprace_spec *spec, struct thprace_refusal *no)
{
	static const struct thprace_step both[] = {
		{ .lane = 0, .kind = THPRACE_STEP_ENTER },
		{ .lane = 1, .kind = THPRACE_STEP_ENTER },
	};
	unsigned int i, lanes = 0;
	int ret;

	for (i = 0; i < spec->nr_ops; i++)
		lanes += spec->op[i].lanes;
	if (spec->steer == THPRACE_STEER_GRID) {
		if (lanes && lanes != 2)
			return thprace_refuse(no, -EINVAL, "a grid is of two lanes, these are %u",
					      lanes);
		ret = validate_rows(spec, no);
		if (ret)
			return ret;
		return thprace_cpus_suffice(both, ARRAY_SIZE(both), no);
	}
	for (i = 0; i < spec->nr_steps; i++) {
		ret = validate_step(&spec->step[i], lanes, no);
		if (ret) {
			refuse_step(no, &spec->step[i]);
			return ret;
		}
	}
	return thprace_cpus_suffice(spec->step, spec->nr_steps, no);
}

/**
 * thprace_schedule_arm() - arm what a line asks for
 * @s: the session
 * @spec: steer=
 *
 * Context: process context. Return: as thprace_schedule_set().
 */
int thprace_schedule_arm(struct thprace_session *s, const struct thprace_spec *spec)
{
	struct thprace_step step[THPRACE_MAX_STEPS];
	int ret;

	if (spec->steer == THPRACE_STEER_SCHEDULE)
		return thprace_schedule_set(s, spec->step, spec->nr_steps, false);
	ret = thprace_grid_next(s, spec, step);
	return ret < 0 ? ret : thprace_schedule_set(s, step, ret, true);
}

/**
 * thprace_schedule_active() - are lanes made to wait for each other now?
 * @s: the session
 */
bool thprace_schedule_active(struct thprace_session *s)
{
	return s->steer && READ_ONCE(s->steer->armed) && s->steer->nr;
}

/**
 * thprace_schedule_disarm() - let all lanes go
 * @s: the session
 *
 * Context: process context, may sleep until parked lanes have left.
 */
void thprace_schedule_disarm(struct thprace_session *s)
{
	struct thprace_steering *st = s->steer;
	unsigned long flags;

	if (st) {
		raw_spin_lock_irqsave(&st->lock, flags);
		WRITE_ONCE(st->armed, false);
		thprace_schedule_wake(st);
		raw_spin_unlock_irqrestore(&st->lock, flags);
		while (atomic_read(&st->parked))
			cond_resched();
	}
	/* a lane that died between go and done, or had no done, is still in the map */
	thprace_lockcount_forget(s);
}

/**
 * thprace_schedule_finish() - the round is over: tell the grid what was reached
 * @s: the session
 *
 * Context: process context.
 */
void thprace_schedule_finish(struct thprace_session *s)
{
	struct thprace_steering *st = s->steer;
	unsigned long flags;

	if (!st || !st->armed)
		return;
	raw_spin_lock_irqsave(&st->lock, flags);
	thprace_schedule_advance(st);
	raw_spin_unlock_irqrestore(&st->lock, flags);
	thprace_grid_result(s);
}

/**
 * thprace_schedule_free() - give back all that steering took
 * @s: the session, about to be freed
 *
 * Context: process context; waits for probe handlers that still know the session.
 */
void thprace_schedule_free(struct thprace_session *s)
{
	struct thprace_steering *st = s->steer;
	unsigned int i;

	if (!st)
		return;
	thprace_schedule_disarm(s);
	for (i = 0; i < thprace_nr_phases; i++)
		if (st->returns & BIT_ULL(i))
			thprace_phase_put_return(i);
	thprace_phase_put_all();
	WRITE_ONCE(s->steer, NULL);
	synchronize_rcu();
	forget_lanes(st);
	thprace_stat_add(THPRACE_STAT_SESSION_BYTES, -(s64)sizeof(*st));
	kvfree(st);
}

/**
 * thprace_schedule_bytes() - kernel memory of a session's steering
 * @s: the session
 */
size_t thprace_schedule_bytes(struct thprace_session *s)
{
	return s->steer ? sizeof(*s->steer) : 0;
}

/**
 * thprace_schedule_results() - what became of the steps of the last round
 * @s: the session
 * @result: out, the steps
 *
 * Return: how many.
 */
unsigned int thprace_schedule_results(struct thprace_session *s,
				      const struct thprace_step_result **result)
{
	if (!s->steer)
		return 0;
	*result = s->steer->result;
	return s->steer->nr;
}

/**
 * thprace_schedule_reached() - how many steps of the round were reached
 * @s: the session
 * @steps: out, how many it has
 *
 * Context: process context, before the schedule is disarmed.
 */
unsigned int thprace_schedule_reached(struct thprace_session *s, unsigned int *steps)
{
	unsigned int i, reached = 0;

	*steps = thprace_schedule_active(s) ? s->steer->nr : 0;
	for (i = 0; i < *steps; i++)
		reached += s->steer->result[i].state == THPRACE_STEP_REACHED;
	return reached;
}

/**
 * thprace_schedule_word() - a step and what became of it, as one word
 * @r: the step
 * @buf: out
 *
 * Return: its length.
 */
unsigned int thprace_schedule_word(const struct thprace_step_result *r,
				   char buf[THPRACE_STEP_WORD])
{
	static const char * const names[] = { "pending", "reached", "blocked", "never" };
	unsigned int n;

	static_assert(ARRAY_SIZE(names) == THPRACE_NR_STEP_STATES);
	n = scnprintf(buf, THPRACE_STEP_WORD, "%c%c%s", 'a' + r->step.lane,
		      r->step.kind == THPRACE_STEP_RETURN ? '<' : '>',
		      r->step.kind == THPRACE_STEP_END ? "end" : r->step.phase);
	if (r->step.nth > 1)
		n += scnprintf(buf + n, THPRACE_STEP_WORD - n, "#%u", r->step.nth);
	n += scnprintf(buf + n, THPRACE_STEP_WORD - n, "=%s%s", names[r->state],
		       r->unparked ? "*" : "");
	if (r->lock)
		n += scnprintf(buf + n, THPRACE_STEP_WORD - n, "(%s)", r->lock);
	return n;
}

/**
 * thprace_schedule_hits() - how often a lane passed a phase in the last round
 * @s: the session
 * @lane: which
 * @phase: which
 */
u32 thprace_schedule_hits(struct thprace_session *s, unsigned int lane, unsigned int phase)
{
	return s->steer ? s->steer->lane[lane].hits[phase] : 0;
}
