// SPDX-License-Identifier: GPL-2.0
/*
 * schedule.c - runs lanes step by step, parking them at probe points
 *
 * Called by race/lane.c when a lane begins and ends its op, and by the probe
 * handlers in between.  Every wait is bounded by what the ops were measured to
 * take.
 *
 * Of the lanes of an armed round one runs, that of the current step.  The
 * others wait at their points (spinning, with interrupts on), sleep before their
 * start, or have ended.  When the
 * running lane sleeps, or takes many times longer than its op takes by itself,
 * the step is blocked; the lane then runs on freely and the next step begins.
 */
#include <linux/hrtimer.h>
#include <linux/kprobes.h>
#include <linux/ktime.h>
#include <linux/moduleparam.h>
#include <linux/sched/signal.h>

#include "state/events.h"
#include "state/off.h"
#include "state/stats.h"
#include "steer/lanemap.h"
#include "steer/lockcount.h"
#include "steer/steering.h"

/*
 * A running lane that sleeps this part of its bound is taken to be blocked;
 * one that waits for a lock that a parked lane is seen to own, this part.
 */
#define SLEEP_PART		8
#define LOCK_PART		32

/* A lane spins while it is parked: so long at most, whatever the steps do. */
#define LONGEST_PARK_MS		1000
static unsigned int max_park_ms = LONGEST_PARK_MS;

static int set_max_park(const char *val, const struct kernel_param *kp)
{
	unsigned int ms;
	int ret = kstrtouint(val, 0, &ms);

	if (ret)
		return ret;
	if (!ms || ms > LONGEST_PARK_MS)
		return -ERANGE;
	WRITE_ONCE(max_park_ms, ms);
	return 0;
}

static const struct kernel_param_ops max_park_ops = {
	.set = set_max_park,
	.get = param_get_uint,
};

module_param_cb(max_park_ms, &max_park_ops, &max_park_ms, 0644);
MODULE_PARM_DESC(max_park_ms, "longest time that a lane is parked, 1 to 1000 (default) ms");

/**
 * thprace_schedule_wake() - let lanes that sleep in go see whether they may run
 * @st: the steering, whose lock is held
 *
 * Context: any, also a probe handler.
 */
void thprace_schedule_wake(struct thprace_steering *st)
{
	unsigned int i;

	for (i = 0; i < THPRACE_MAX_LANES; i++)
		if (st->lane[i].waiting)
			wake_up_process(st->lane[i].waiting);
}

NOKPROBE_SYMBOL(thprace_schedule_wake);

/* st->lock held: the steps are over, or given up. */
static void end_steps(struct thprace_steering *st)
{
	WRITE_ONCE(st->cur, st->nr);
	thprace_schedule_wake(st);
}

NOKPROBE_SYMBOL(end_steps);

/* st->lock held: end the current step, the next one begins. */
static void next_step(struct thprace_steering *st, enum thprace_step_state state, u64 now)
{
	st->result[st->cur].state = state;
	st->begun_ns = now;
	if (st->cur + 1 == st->nr || (st->brief && state != THPRACE_STEP_REACHED)) {
		end_steps(st);
		return;
	}
	st->lane[st->result[st->cur + 1].step.lane].asleep_ns = 0;
	WRITE_ONCE(st->cur, st->cur + 1);
	thprace_schedule_wake(st);
}

NOKPROBE_SYMBOL(next_step);

/* st->lock held: have all lanes that the steps name come, or been waited for enough? */
static bool all_here(struct thprace_steering *st, u64 now)
{
	unsigned int i;

	if (st->open)
		return true;
	for (i = 0; i < st->nr; i++)
		if (!st->lane[st->result[i].step.lane].entered)
			break;
	if (i < st->nr && now - st->begun_ns < st->arrival_ns)
		return false;
	st->begun_ns = now;
	WRITE_ONCE(st->open, true);
	thprace_schedule_wake(st);
	return true;
}

/*
 * A kernel thread works on the memory of everybody: is this about the lane's
 * huge page?  Where that can't be told from the arguments it is not.  @fregs are
 * those of an entry, or NULL.
 */
static bool is_about(const struct steer_lane *l, unsigned int phase, struct ftrace_regs *fregs)
{
	if (!l->helper)
		return !thprace_phases[phase].kthread;
	/* until go returns it is not the lane's work */
	if (!READ_ONCE(l->started))
		return false;
	if (!(current->flags & PF_KTHREAD))
		return !thprace_phases[phase].kthread;
	return fregs && l->mm && thprace_phase_is_about(phase, fregs, l->mm, l->addr);
}

NOKPROBE_SYMBOL(is_about);

/**
 * thprace_schedule_advance() - end all steps that can't be waited for any longer
 * @st: the steering, whose lock is held
 *
 * Context: any, also a probe handler.
 */
void thprace_schedule_advance(struct thprace_steering *st)
{
	u64 now = ktime_get_mono_fast_ns();

	if (!all_here(st, now))
		return;
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
		/* one that has come gets the time that it takes to wake up */
		if (!l->started) {
			if (l->entered && waited < MAX_BOUND_NS)
				return;
			next_step(st, THPRACE_STEP_NEVER, now);
			continue;
		}
		lock = thprace_blocked_rwsem(st, step->lane);
		if (!thprace_blocked_asleep(l) && !lock)
			l->asleep_ns = 0;
		else if (!l->asleep_ns)
			l->asleep_ns = now;
		if (waited < st->bound_ns &&
		    (!l->asleep_ns || now - l->asleep_ns <
		     st->bound_ns / (lock ? LOCK_PART : SLEEP_PART)))
			return;
		/* no lock keeps it from running, it has no CPU */
		if (!l->asleep_ns && !thprace_task_on_cpu(l->task)) {
			if (waited < MAX_BOUND_NS)
				return;
			next_step(st, THPRACE_STEP_NEVER, now);
			continue;
		}
		st->result[st->cur].lock = lock ?: thprace_blocked_other(st, step->lane);
		next_step(st, THPRACE_STEP_BLOCKED, now);
	}
}

/* May this lane begin?  One that is in no step that is left may, once all are here. */
static bool may_run(struct thprace_steering *st, unsigned int lane)
{
	unsigned int cur = READ_ONCE(st->cur), i;

	if (!READ_ONCE(st->armed) || cur >= st->nr || thprace_off_since(st->epoch))
		return true;
	if (!READ_ONCE(st->open))
		return false;
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

	if (!READ_ONCE(st->armed) || cur >= st->nr || thprace_off_since(st->epoch))
		return true;
	for (i = cur; i < st->nr; i++)
		if (st->result[i].step.lane == lane)
			return i == cur;
	return false;
}

/* Is another lane parked under the same rwsem as current, which is at @phase? */
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

/*
 * Keep a parked lane where it is; bounded, as it may spin with preemption off.
 * Return what has ended it: its steps are over, it is killed, the limit, or off.
 */
static const char *spin_parked(struct thprace_steering *st, unsigned int lane, u64 begun)
{
	const char *end = "over";
	unsigned long flags;
	unsigned int i;

	while (!may_leave(st, lane)) {
		if (fatal_signal_pending(current))
			return "killed";
		raw_spin_lock_irqsave(&st->lock, flags);
		thprace_schedule_advance(st);
		if (st->cur < st->nr && ktime_get_mono_fast_ns() - begun >
		    (u64)READ_ONCE(max_park_ms) * NSEC_PER_MSEC) {
			end_steps(st);
			end = "limit";
		}
		raw_spin_unlock_irqrestore(&st->lock, flags);
		for (i = 0; i < 32; i++)
			cpu_relax();
	}
	return thprace_off_since(st->epoch) ? "off" : end;
}

NOKPROBE_SYMBOL(spin_parked);

/* st->lock held: current's lane has reached a step; who is parked elsewhere? */
static void tell_meets(struct thprace_steering *st, u64 session, unsigned int lane,
		       unsigned int phase)
{
	unsigned int i;

	for (i = 0; trace_meet_enabled() && i < THPRACE_MAX_LANES; i++)
		if (i != lane && st->lane[i].parked)
			trace_meet(session, lane, thprace_phases[phase].name, i,
				   thprace_phases[st->lane[i].last].name);
}

NOKPROBE_SYMBOL(tell_meets);

/**
 * thprace_schedule_hit() - a task enters (or returns from) a phase
 * @phase: which
 * @returned: it returns
 * @fregs: of the function at its entry; NULL: its arguments must not be read
 * @spot: out
 *
 * Context: probe handler, preemption off; any task, most are no lane.
 * Return: does the schedule say that current waits here?  It is counted as parked
 * then, and thprace_schedule_park() must follow.
 */
bool thprace_schedule_hit(unsigned int phase, bool returned, struct ftrace_regs *fregs,
			  struct thprace_spot *spot)
{
	struct thprace_steering *st;
	struct thprace_step_result *r;
	struct thprace_lane_ref ref;
	struct thprace_session *s;
	struct steer_lane *l;
	unsigned int lane;
	unsigned long flags;
	const void *here = NULL;
	u32 nth;
	bool park = false;

	if (!thprace_lanemap_find(current, &ref) || ref.lane == THPRACE_NO_LANE || !in_task())
		return false;
	s = ref.s;
	lane = ref.lane;
	st = READ_ONCE(s->steer);
	if (!st || !READ_ONCE(st->armed) || thprace_off_since(st->epoch))
		return false;
	l = &st->lane[lane];
	/* a task that still leaves a function is no lane of the next round */
	if (READ_ONCE(l->task) != current || !is_about(l, phase, fregs))
		return false;
	l->at_work = true;
	l->last = phase;
	nth = returned ? ++l->returns[phase] : ++l->hits[phase];
	if (!returned) {
		bool control = ref.inject & BIT_ULL(THPRACE_CHECK_SPLIT_SERIAL);

		here = thprace_section_pass(&l->section, phase, fregs, control ? st : NULL);
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
			tell_meets(st, s->id, lane, phase);
			next_step(st, THPRACE_STEP_REACHED, ktime_get_mono_fast_ns());
		}
	}
	raw_spin_unlock_irqrestore(&st->lock, flags);
	trace_phase(s->id, lane, thprace_phases[phase].name, nth, returned, park);
	spot->st = st;
	spot->session = s->id;
	spot->lane = lane;
	spot->phase = phase;
	return park;
}

NOKPROBE_SYMBOL(thprace_schedule_hit);

/**
 * thprace_schedule_park() - current waits until the schedule lets it go on
 * @spot: of thprace_schedule_hit()
 *
 * thprace_schedule_disarm() waits for it, so it need not be an RCU reader.
 *
 * Context: probe handler, interrupts on, preemption on or off.  Spins; must not
 * sleep, as the trampoline that it returns to may go away under a sleeper.
 */
void thprace_schedule_park(const struct thprace_spot *spot)
{
	struct thprace_steering *st = spot->st;
	struct steer_lane *l = &st->lane[spot->lane];
	u64 begun = ktime_get_mono_fast_ns();
	unsigned long flags;
	const char *end;

	thprace_stat_add(THPRACE_STAT_PARKS, 1);
	end = spin_parked(st, spot->lane, begun);
	trace_park(spot->session, spot->lane, thprace_phases[spot->phase].name,
		   ktime_get_mono_fast_ns() - begun, end);
	raw_spin_lock_irqsave(&st->lock, flags);
	l->parked = false;
	l->section.parked = NULL;
	raw_spin_unlock_irqrestore(&st->lock, flags);
	/* @st may be freed from here on; orders all of the above before it */
	smp_mb__before_atomic();
	atomic_dec(&st->parked);
}

NOKPROBE_SYMBOL(thprace_schedule_park);

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
	struct thprace_lane_ref other;
	unsigned long flags;
	int ret = 0;

	if (thprace_lanemap_find(task, &other))
		return -EBUSY;
	if (!st || !READ_ONCE(st->armed))
		return 0;
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
 * thprace_schedule_enter() - a lane is about to begin its op
 * @s: the session
 * @lane: which; current is its task
 * @helper: who does the lane's work, or NULL: current
 *
 * Context: process context; nobody arms or disarms meanwhile.
 */
void thprace_schedule_enter(struct thprace_session *s, unsigned int lane,
			    struct task_struct *helper)
{
	struct thprace_steering *st = s->steer;
	unsigned long flags;

	if (st && READ_ONCE(st->armed)) {
		struct steer_lane *l = &st->lane[lane];
		u64 now = ktime_get_mono_fast_ns();
		unsigned int i;

		raw_spin_lock_irqsave(&st->lock, flags);
		for (i = 0; i < THPRACE_MAX_LANES; i++)
			if (st->lane[i].entered)
				break;
		/* the first one: the others are waited for from now on */
		if (i == THPRACE_MAX_LANES)
			st->begun_ns = now;
		if (!l->helper)
			follow(l, current, current->mm);
		l->addr = s->lane[lane].span[s->lane[lane].nr_spans].addr;
		l->section.splits = NULL;
		l->entered = true;
		all_here(st, now);
		raw_spin_unlock_irqrestore(&st->lock, flags);
	}
	thprace_lockcount_enter(s, lane, helper ?: current);
}

/* Sleep until the schedule lets a lane begin, or the round is over. */
static void wait_for_turn(struct thprace_steering *st, unsigned int lane)
{
	struct steer_lane *l = &st->lane[lane];
	unsigned long flags;
	ktime_t poll = ns_to_ktime(st->bound_ns / LOCK_PART);

	raw_spin_lock_irqsave(&st->lock, flags);
	WRITE_ONCE(l->waiting, current);
	raw_spin_unlock_irqrestore(&st->lock, flags);
	for (;;) {
		ktime_t timeout = poll;

		set_current_state(TASK_KILLABLE);
		if (may_run(st, lane) || fatal_signal_pending(current))
			break;
		schedule_hrtimeout(&timeout, HRTIMER_MODE_REL);
		raw_spin_lock_irqsave(&st->lock, flags);
		thprace_schedule_advance(st);
		raw_spin_unlock_irqrestore(&st->lock, flags);
	}
	__set_current_state(TASK_RUNNING);
	raw_spin_lock_irqsave(&st->lock, flags);
	WRITE_ONCE(l->waiting, NULL);
	l->started = true;
	if (st->cur < st->nr && st->result[st->cur].step.lane == lane)
		st->begun_ns = ktime_get_mono_fast_ns();
	raw_spin_unlock_irqrestore(&st->lock, flags);
}

/**
 * thprace_schedule_go() - a lane that has entered waits until the schedule lets it start
 * @s: the session
 * @lane: which; current is its task
 *
 * Nothing is parked before all lanes that the schedule names are here, so that
 * a parked one never waits for one that has not come.  Bounded.
 *
 * Context: process context, sleeps.
 */
void thprace_schedule_go(struct thprace_session *s, unsigned int lane)
{
	struct thprace_steering *st = s->steer;

	if (st && READ_ONCE(st->armed) && st->lane[lane].task)
		wait_for_turn(st, lane);
	thprace_lockcount_start(s, lane);
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

	thprace_lockcount_leave(s, lane);
	if (!st || !READ_ONCE(st->armed))
		return;
	raw_spin_lock_irqsave(&st->lock, flags);
	st->lane[lane].ended = true;
	thprace_schedule_advance(st);
	raw_spin_unlock_irqrestore(&st->lock, flags);
}

/**
 * thprace_schedule_split() - split a huge page, perhaps as a lane of a schedule
 * @page: as for thprace_split_page(): locked, so that its lock can be told
 * @order: likewise
 *
 * Context: process context, folio lock held. Return: as thprace_split_page().
 */
int thprace_schedule_split(struct page *page, unsigned int order)
{
	struct thprace_steering *st = NULL;
	struct thprace_lane_ref ref;
	int ret;

	if (thprace_lanemap_find(current, &ref) && ref.lane != THPRACE_NO_LANE)
		st = READ_ONCE(ref.s->steer);
	if (st)
		WRITE_ONCE(st->lane[ref.lane].section.splits, page);
	ret = thprace_lockcount_split(page, order);
	if (st)
		WRITE_ONCE(st->lane[ref.lane].section.splits, NULL);
	return ret;
}
