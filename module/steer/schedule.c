// SPDX-License-Identifier: GPL-2.0
/*
 * schedule.c - runs lanes step by step, parking them at probe points
 *
 * Called by session.c when a lane begins and ends its op, and by points.c's
 * probe handlers in between.  Every wait is bounded by what the ops were
 * measured to take.  Not here: any check.
 *
 * Of the lanes of an armed round one runs, that of the current step; the
 * others wait at their points (spinning, with interrupts on: preemption is off
 * in a probe handler), before their start, or have ended.  When the running
 * lane sleeps, or takes many times longer than its op takes by itself, the
 * step is blocked; the lane then runs on freely and the next step begins.
 */
#include <linux/ktime.h>
#include <linux/sched/signal.h>

#include "compat/sym.h"
#include "mm/pgwalk.h"
#include "state/stats.h"
#include "steer/grid.h"
#include "steer/lanemap.h"
#include "steer/points.h"
#include "steer/probe.h"
#include "steer/schedule.h"
#include "steer/section.h"

/* Bounds of the wait for one step, and the factor on the measured duration. */
#define MIN_BOUND_NS		(2 * NSEC_PER_MSEC)
#define MAX_BOUND_NS		(200 * NSEC_PER_MSEC)
#define FIRST_BOUND_NS		(50 * NSEC_PER_MSEC)	/* nothing measured yet */
#define BOUND_FACTOR		6
/*
 * A running lane that sleeps this part of its bound is taken to be blocked;
 * one that waits for a lock that a parked lane is seen to own, this part.
 */
#define SLEEP_PART		8
#define LOCK_PART		32
/*
 * Lanes that have not begun at all are waited for this many bounds, all of a
 * round together: who is parked meanwhile has preemption off.
 */
#define ARRIVAL_BOUNDS		64
#define MAX_ARRIVAL_NS		(8 * NSEC_PER_SEC)

struct steer_lane {
	struct task_struct *task;	/* referenced; whose way is followed */
	struct mm_struct *mm;		/* mm_count held, so that its lock can be looked at */
	unsigned long addr;		/* huge page it is to work on, or 0 */
	bool helper;			/* @task does the work of the lane, which waits for it */
	bool at_work;			/* and has been seen doing it */
	bool started, ended, parked;
	unsigned int last;		/* phase that it entered last; where it is parked */
	u64 asleep_ns;			/* since when it was seen waiting, or 0 */
	u32 hits[THPRACE_MAX_PHASES];
	u32 returns[THPRACE_MAX_PHASES];
	struct thprace_section section;
};

/* Guarded by @lock, but @cur, which waiting lanes read as well. */
struct thprace_steering {
	raw_spinlock_t lock;
	bool armed;
	unsigned int nr, cur;
	u64 begun_ns;			/* of the current step */
	u64 bound_ns;
	u64 arrival_ns;			/* what is left of the wait for lanes */
	bool arrived;			/* somebody has */
	int phase[THPRACE_MAX_STEPS];
	struct thprace_step_result result[THPRACE_MAX_STEPS];
	struct steer_lane lane[THPRACE_MAX_LANES];
	atomic_t parked;
	u64 returns;			/* bitmap of return probes in use */
	bool clashed;			/* this round; once is enough */
	bool brief;			/* of a grid: a miss ends the schedule */
};

/* st->lock held: end the current step, the next one begins. */
static void next_step(struct thprace_steering *st, enum thprace_step_state state, u64 now)
{
	st->result[st->cur].state = state;
	st->begun_ns = now;
	if (st->cur + 1 < st->nr)
		st->lane[st->result[st->cur + 1].step.lane].asleep_ns = 0;
	WRITE_ONCE(st->cur, st->brief && state != THPRACE_STEP_REACHED ? st->nr : st->cur + 1);
}

/* st->lock held: the lock of a parked lane that this one waits for, or NULL. */
static const char *waits_for(struct thprace_steering *st, unsigned int lane)
{
	const char *lock = NULL;
	unsigned int i;

	for (i = 0; i < THPRACE_MAX_LANES && !lock; i++)
		if (i != lane && st->lane[i].parked)
			lock = thprace_section_waits(st->lane[lane].mm, &st->lane[i].section,
						    st->lane[i].task);
	return lock;
}

/*
 * st->lock held: the same of locks for which one has to look closer, at the
 * stack of a lane that sleeps, or at what one that spins was about to take.  (A
 * spinlock need not know that it is waited for: in a guest it does not.)
 */
static const char *stuck_at(struct thprace_steering *st, unsigned int lane)
{
	const struct steer_lane *stuck = &st->lane[lane];
	bool asleep = thprace_task_state(stuck->task) != TASK_RUNNING;
	bool in_folio_lock = asleep && thprace_sleeps_in_folio_lock(stuck->task);
	bool spins = !asleep && thprace_task_on_cpu(stuck->task) && stuck->at_work &&
		     thprace_phases[stuck->last].takes_ptl;
	unsigned int i;

	for (i = 0; i < THPRACE_MAX_LANES; i++) {
		const struct steer_lane *l = &st->lane[i];

		if (i == lane || !l->parked)
			continue;
		if (in_folio_lock && thprace_section_folio_waited_for(&l->section))
			return "folio";
		/* a split may be in any mm, the others are in their own */
		if (spins && !l->section.folio && l->mm && l->addr &&
		    l->addr == stuck->addr && thprace_phases[l->last].ptl &&
		    thprace_ptl_held(l->mm, l->addr))
			return "page_table";
	}
	return NULL;
}

/*
 * Does the lane sleep, waiting for what others hold?  A helper that has nothing
 * to do yet sleeps for reasons of its own; one that has no more sleeps
 * interruptibly, or has gone.
 */
static bool is_asleep(const struct steer_lane *l)
{
	unsigned int state = thprace_task_state(l->task);

	if (!l->helper)
		return state != TASK_RUNNING;
	return l->at_work &&
	       (state & (TASK_UNINTERRUPTIBLE | TASK_NOLOAD)) == TASK_UNINTERRUPTIBLE;
}

/*
 * A kernel thread works on the memory of everybody: is this about the lane's
 * huge page?  Where that can't be told from the arguments it is not.  @regs are
 * those of an entry, or NULL.
 */
static bool is_about(const struct steer_lane *l, unsigned int phase, struct pt_regs *regs)
{
	if (!l->helper)
		return !thprace_phases[phase].kthread;
	/* until go returns it is not the lane's work */
	if (!READ_ONCE(l->started))
		return false;
	if (!(current->flags & PF_KTHREAD))
		return !thprace_phases[phase].kthread;
	return regs && l->mm && thprace_phase_is_about(phase, regs, l->mm, l->addr);
}

NOKPROBE_SYMBOL(is_about);

/* st->lock held: end all steps that can't be waited for any longer. */
static void advance(struct thprace_steering *st)
{
	u64 now = ktime_get_mono_fast_ns();

	while (st->cur < st->nr) {
		struct thprace_step *step = &st->result[st->cur].step;
		struct steer_lane *l = &st->lane[step->lane];
		u64 waited = now - st->begun_ns;
		const char *lock;

		if (l->ended) {
			next_step(st, step->kind == THPRACE_STEP_END ?
				  THPRACE_STEP_REACHED : THPRACE_STEP_NEVER, now);
			continue;
		}
		if (!l->started) {
			if (waited < st->arrival_ns)
				return;
			st->arrival_ns = 0;
			next_step(st, THPRACE_STEP_NEVER, now);
			continue;
		}
		lock = waits_for(st, step->lane);
		if (!is_asleep(l) && !lock)
			l->asleep_ns = 0;
		else if (!l->asleep_ns)
			l->asleep_ns = now;
		if (waited < st->bound_ns &&
		    (!l->asleep_ns || now - l->asleep_ns <
		     st->bound_ns / (lock ? LOCK_PART : SLEEP_PART)))
			return;
		st->result[st->cur].lock = lock ?: stuck_at(st, step->lane);
		next_step(st, THPRACE_STEP_BLOCKED, now);
	}
}

/* May this lane run?  Lanes that are in no step that is left always may. */
static bool may_run(struct thprace_steering *st, unsigned int lane)
{
	unsigned int cur = READ_ONCE(st->cur), i;

	if (!READ_ONCE(st->armed) || cur >= st->nr)
		return true;
	for (i = cur; i < st->nr; i++)
		if (st->result[i].step.lane == lane)
			return i == cur;
	return true;
}

/*
 * The end of a lane's steps: it has reached its last point and stays there
 * until all steps are over, so that "a>x b>end" means what it says.
 */
static bool may_leave(struct thprace_steering *st, unsigned int lane)
{
	unsigned int cur = READ_ONCE(st->cur), i;

	if (!READ_ONCE(st->armed) || cur >= st->nr)
		return true;
	for (i = cur; i < st->nr; i++)
		if (st->result[i].step.lane == lane)
			return i == cur;
	return false;
}

/* Is another lane parked inside the same section as current, which is in it now? */
static void look_for_clash(struct thprace_session *s, unsigned int lane,
			   unsigned int phase, const void *here)
{
	struct thprace_steering *st = s->steer;
	struct thprace_section other;
	unsigned long flags;
	unsigned int i;

	raw_spin_lock_irqsave(&st->lock, flags);
	for (i = 0; i < THPRACE_MAX_LANES && st->armed && !st->clashed; i++)
		if (i != lane && thprace_section_clash(&st->lane[lane].section, here,
						      &st->lane[i].section))
			break;
	if (i == THPRACE_MAX_LANES || !st->armed || st->clashed) {
		raw_spin_unlock_irqrestore(&st->lock, flags);
		return;
	}
	st->clashed = true;
	other = st->lane[i].section;
	raw_spin_unlock_irqrestore(&st->lock, flags);
	thprace_section_report(s, lane, phase, i, &other);
}

NOKPROBE_SYMBOL(look_for_clash);

/**
 * thprace_schedule_hit() - a task enters (or returns from) a phase
 * @phase: which
 * @returned: it returns
 * @regs: of the function
 *
 * Parks current when the schedule says so.
 *
 * Context: probe handler, preemption off; any task, most are no lane.
 */
void thprace_schedule_hit(unsigned int phase, bool returned, struct pt_regs *regs)
{
	struct thprace_session *s;
	struct thprace_steering *st;
	struct thprace_step_result *r;
	struct steer_lane *l;
	unsigned int lane;
	unsigned long flags;
	const void *here = NULL;
	u32 nth;
	bool park = false;

	if (!thprace_lanemap_find(current, &s, &lane) || !in_task())
		return;
	st = READ_ONCE(s->steer);
	if (!st || !READ_ONCE(st->armed))
		return;
	l = &st->lane[lane];
	/* who is still on its way out of here is nobody's lane in the next round */
	if (READ_ONCE(l->task) != current || !is_about(l, phase, returned ? NULL : regs))
		return;
	l->at_work = true;
	l->last = phase;
	nth = returned ? ++l->returns[phase] : ++l->hits[phase];
	if (!returned) {
		bool control = READ_ONCE(s->inject) & BIT_ULL(THPRACE_CHECK_SPLIT_SERIAL);

		here = thprace_section_pass(&l->section, phase, regs, control ? st : NULL);
		thprace_section_folio(&l->section, phase, s->lane[lane].op, regs);
		if (here)
			look_for_clash(s, lane, phase, here);
	}

	raw_spin_lock_irqsave(&st->lock, flags);
	if (st->armed && st->cur < st->nr) {
		r = &st->result[st->cur];
		if (r->step.lane == lane && st->phase[st->cur] == phase &&
		    r->step.kind == (returned ? THPRACE_STEP_RETURN : THPRACE_STEP_ENTER) &&
		    r->step.nth == nth) {
			/* the flags that the kernel's code runs with */
			park = !irqs_disabled_flags(flags);
			r->unparked = !park;
			if (park) {
				atomic_inc(&st->parked);
				l->parked = true;
				l->section.parked = here;
				if (here)
					thprace_section_park(&l->section, phase);
			}
			next_step(st, THPRACE_STEP_REACHED, ktime_get_mono_fast_ns());
		}
	}
	raw_spin_unlock_irqrestore(&st->lock, flags);
	if (!park)
		return;
	thprace_stat_add(THPRACE_STAT_PARKS, 1);
	while (!may_leave(st, lane) && !fatal_signal_pending(current)) {
		unsigned int i;

		raw_spin_lock_irqsave(&st->lock, flags);
		advance(st);
		raw_spin_unlock_irqrestore(&st->lock, flags);
		for (i = 0; i < 32; i++)
			cpu_relax();
	}
	raw_spin_lock_irqsave(&st->lock, flags);
	l->parked = false;
	l->section.parked = NULL;
	raw_spin_unlock_irqrestore(&st->lock, flags);
	atomic_dec(&st->parked);
}

NOKPROBE_SYMBOL(thprace_schedule_hit);

/* st->lock held: the lane's way is that of @task, within @mm. */
static void follow(struct steer_lane *l, struct task_struct *task, struct mm_struct *mm)
{
	if (!l->task) {
		get_task_struct(task);
		l->task = task;
	}
	if (!l->mm && mm) {
		mmgrab(mm);
		l->mm = mm;
	}
}

/**
 * thprace_schedule_helper() - another task does a lane's work: its way is followed
 * @s: the session
 * @lane: that is about to go
 * @task: the other; of a kernel thread only what it does to the memory of
 *	current, at the address that the lane goes with
 *
 * Context: process context, before thprace_schedule_go() of the lane.
 * Return: 0, -EBUSY: it is a lane already.
 */
int thprace_schedule_helper(struct thprace_session *s, unsigned int lane,
			 struct task_struct *task)
{
	struct thprace_steering *st = s->steer;
	struct thprace_session *other;
	unsigned int other_lane;
	unsigned long flags;
	int ret = 0;

	if (!st || !READ_ONCE(st->armed))
		return 0;
	if (thprace_lanemap_find(task, &other, &other_lane))
		return -EBUSY;
	raw_spin_lock_irqsave(&st->lock, flags);
	if (st->lane[lane].task && st->lane[lane].task != task) {
		ret = -EBUSY;
	} else {
		/* what a process waits for in an mm of its own can't be told */
		follow(&st->lane[lane], task,
		       task->flags & PF_KTHREAD ? current->mm : NULL);
		st->lane[lane].helper = true;
	}
	raw_spin_unlock_irqrestore(&st->lock, flags);
	return ret;
}

/**
 * thprace_schedule_enter() - a lane is about to begin its op: its way is followed
 * @s: the session
 * @lane: which; current is its task
 *
 * Context: process context; nobody arms or disarms meanwhile.
 */
void thprace_schedule_enter(struct thprace_session *s, unsigned int lane)
{
	struct thprace_steering *st = s->steer;
	unsigned long flags;

	if (!st || !READ_ONCE(st->armed))
		return;
	raw_spin_lock_irqsave(&st->lock, flags);
	if (!st->lane[lane].helper)
		follow(&st->lane[lane], current, current->mm);
	st->lane[lane].addr = s->lane[lane].span[s->lane[lane].nr_spans].addr;
	st->lane[lane].section.folio = NULL;
	if (!st->arrived)
		st->begun_ns = ktime_get_mono_fast_ns();
	st->arrived = true;
	raw_spin_unlock_irqrestore(&st->lock, flags);
	thprace_lanemap_add(st->lane[lane].task, s, lane);
}

/**
 * thprace_schedule_go() - a lane that has entered waits until the schedule lets it start
 * @s: the session
 * @lane: which; current is its task
 *
 * Bounded.
 *
 * Context: process context.
 */
void thprace_schedule_go(struct thprace_session *s, unsigned int lane)
{
	struct thprace_steering *st = s->steer;
	unsigned long flags;

	if (!st || !READ_ONCE(st->armed) || !st->lane[lane].task)
		return;
	while (!may_run(st, lane) && !fatal_signal_pending(current)) {
		raw_spin_lock_irqsave(&st->lock, flags);
		advance(st);
		raw_spin_unlock_irqrestore(&st->lock, flags);
		cpu_relax();
		cond_resched();
	}
	raw_spin_lock_irqsave(&st->lock, flags);
	if (!st->lane[lane].started) {
		u64 now = ktime_get_mono_fast_ns();

		st->lane[lane].started = true;
		if (st->cur < st->nr && st->result[st->cur].step.lane == lane) {
			st->arrival_ns -= min(now - st->begun_ns, st->arrival_ns);
			st->begun_ns = now;
		}
	}
	raw_spin_unlock_irqrestore(&st->lock, flags);
}

/**
 * thprace_schedule_done() - a lane has ended its op
 * @s: the session
 * @lane: which; current is its task
 *
 * Context: process context.
 */
void thprace_schedule_done(struct thprace_session *s, unsigned int lane)
{
	struct thprace_steering *st = s->steer;
	unsigned long flags;

	if (!st || !READ_ONCE(st->armed))
		return;
	if (st->lane[lane].task)
		thprace_lanemap_del(st->lane[lane].task, s);
	raw_spin_lock_irqsave(&st->lock, flags);
	st->lane[lane].ended = true;
	advance(st);
	raw_spin_unlock_irqrestore(&st->lock, flags);
}

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
	int ret;

	if (!st) {
		st = kvzalloc(sizeof(*st), GFP_KERNEL);
		if (!st)
			return -ENOMEM;
		raw_spin_lock_init(&st->lock);
		atomic_set(&st->parked, 0);
		thprace_phase_get_all();
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
 * Return: 0, -EINVAL (unknown phase), -EOPNOTSUPP (not on this kernel), -ENOMEM;
 * then nothing has changed.
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
	st->arrived = false;
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

/**
 * thprace_schedule_validate() - can the schedule of a race be forced here?
 * @spec: ops and steer=
 *
 * Return: 0, -EINVAL (unknown phase; a lane that no op has; a grid of other
 * than two lanes), -EOPNOTSUPP (a phase, or returns, not on this kernel).
 */
int thprace_schedule_validate(const struct thprace_spec *spec)
{
	unsigned int i, lanes = 0;

	for (i = 0; i < spec->nr_ops; i++)
		lanes += spec->op[i].lanes;
	if (spec->steer == THPRACE_STEER_GRID && lanes && lanes != 2)
		return -EINVAL;
	for (i = 0; i < spec->nr_steps; i++) {
		const struct thprace_step *step = &spec->step[i];
		int phase;

		if (lanes && step->lane >= lanes)
			return -EINVAL;
		if (step->kind == THPRACE_STEP_END)
			continue;
		phase = thprace_phase_find(step->phase);
		if (phase < 0)
			return -EINVAL;
		if (thprace_phase_why_not(phase))
			return -EOPNOTSUPP;
		if (step->kind == THPRACE_STEP_RETURN && !thprace_phase_has_returns())
			return -EOPNOTSUPP;
	}
	return 0;
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

	if (!st)
		return;
	raw_spin_lock_irqsave(&st->lock, flags);
	WRITE_ONCE(st->armed, false);
	raw_spin_unlock_irqrestore(&st->lock, flags);
	while (atomic_read(&st->parked))
		cond_resched();
	/* a lane that died between go and done, or had no done, is still in the map */
	thprace_lanemap_forget(s);
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
	advance(st);
	raw_spin_unlock_irqrestore(&st->lock, flags);
	thprace_grid_result(s);
}

/**
 * thprace_schedule_free() - give back all that steering took
 * @s: the session, about to be freed
 *
 * Context: process context; waits for probe handlers that still run.
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
 * thprace_schedule_hits() - how often a lane passed a phase in the last round
 * @s: the session
 * @lane: which
 * @phase: which
 */
u32 thprace_schedule_hits(struct thprace_session *s, unsigned int lane, unsigned int phase)
{
	return s->steer ? s->steer->lane[lane].hits[phase] : 0;
}
