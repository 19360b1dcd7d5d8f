// SPDX-License-Identifier: GPL-2.0
/*
 * lockcount.c - whose work lock checks see, and how often they held
 *
 * What tasks of a session do counts for that session, what all others do in the
 * total lock_checks_others.  A task works for a session while it is a lane,
 * from go to done, while a command makes it split or unmap, or while it is watched.
 */
#include <linux/slab.h>

#include "compat/sym.h"
#include "oracle/intact.h"
#include "state/record.h"
#include "state/stats.h"
#include "steer/chance.h"
#include "steer/lanemap.h"
#include "steer/lockcount.h"
#include "steer/probe.h"
#include "steer/watched.h"

/* Racing checks, as rows of the counters. */
enum { SPLIT_LOCK, FOLIO_LOCK, SERIAL, RMAP_LOCK, NR_LOCK_CHECKS };

static const unsigned int row_of[THPRACE_NR_CHECKS] = {
	[THPRACE_CHECK_SPLIT_LOCK] = SPLIT_LOCK,
	[THPRACE_CHECK_SPLIT_FOLIO_LOCK] = FOLIO_LOCK,
	[THPRACE_CHECK_SPLIT_SERIAL] = SERIAL,
	[THPRACE_CHECK_RMAP_LOCK] = RMAP_LOCK,
};

/**
 * struct thprace_locks - what a session's tasks did that lock checks see
 * @at_work: lanes whose op runs
 * @changes: goes up before and after each end of a lane or a task, and at its begin
 * @nr_tasks: tasks that do work of a command, without a lane
 * @splits: splits of anonymous huge pages by tasks of the session
 * @beside: those of them during which another task was at work all the time
 * @task: who does each lane's work; identity only, the map has the reference
 * @used: a task was in the map of lanes: a handler may have found it there
 * @lane: counts of each lane, written by its own task; the last: without a lane
 */
struct thprace_locks {
	unsigned long at_work;
	atomic_t changes, nr_tasks;
	atomic64_t splits, beside;
	struct task_struct *task[THPRACE_MAX_LANES];
	bool used;
	struct {
		atomic64_t held[NR_LOCK_CHECKS];
	} ____cacheline_aligned_in_smp lane[THPRACE_MAX_LANES + 1];
};

static DEFINE_RAW_SPINLOCK(active_lock);
static LIST_HEAD(active);		/* active_lock: sessions */

/* Is another task of the session at work, one that could be where this one is? */
static bool others_at_work(const struct thprace_locks *l, unsigned int lane)
{
	unsigned long lanes = READ_ONCE(l->at_work);
	int tasks = atomic_read(&l->nr_tasks);

	if (lane == THPRACE_NO_LANE)
		return lanes || tasks > 1;
	return (lanes & ~BIT(lane)) || tasks;
}

NOKPROBE_SYMBOL(others_at_work);

/**
 * thprace_lockcount_find() - which session's work does current do?
 * @ref: out
 *
 * None while its lane waits for its start.  Who is no lane may be watched.
 *
 * Context: any, also a probe handler.
 */
bool thprace_lockcount_find(struct thprace_lane_ref *ref)
{
	if (thprace_lanemap_find(current, ref))
		return ref->lane == THPRACE_NO_LANE ||
		       (READ_ONCE(ref->s->locks->at_work) & BIT(ref->lane));
	return thprace_watched_find(current, ref);
}

NOKPROBE_SYMBOL(thprace_lockcount_find);

/**
 * thprace_lockcount_tell() - record what a task that works for no session did
 * @check: enum thprace_check
 * @f: a violation
 *
 * In one session, if possible one that has something going on.
 *
 * Context: any, also a probe handler.
 */
void thprace_lockcount_tell(unsigned int check, struct thprace_finding *f)
{
	struct thprace_session *s, *chosen = NULL;
	char reason[160];
	unsigned long flags;

	snprintf(reason, sizeof(reason), "task %d (%s), no lane of the session: %s",
		 current->pid, current->comm, f->reason);
	f->reason = reason;
	raw_spin_lock_irqsave(&active_lock, flags);
	list_for_each_entry(s, &active, node) {
		if (!chosen)
			chosen = s;
		if (READ_ONCE(s->locks->at_work) || atomic_read(&s->locks->nr_tasks)) {
			chosen = s;
			break;
		}
	}
	if (chosen)
		thprace_record(chosen, check, f);
	raw_spin_unlock_irqrestore(&active_lock, flags);
}

NOKPROBE_SYMBOL(thprace_lockcount_tell);

/**
 * thprace_lockcount_add() - a check held
 * @ref: what current works for, or NULL: no session
 * @check: which; split_serial only counts if another task could have been there
 *
 * Context: probe handler, preemption off.
 */
void thprace_lockcount_add(const struct thprace_lane_ref *ref, unsigned int check)
{
	bool serial = check == THPRACE_CHECK_SPLIT_SERIAL;

	if (!ref) {
		/* the probes stay a while when the last session has gone */
		if (!serial && !list_empty(&active))
			thprace_stat_add(THPRACE_STAT_LOCK_CHECKS_OTHERS, 1);
	} else if (!serial || others_at_work(ref->s->locks, ref->lane)) {
		atomic64_inc(&ref->s->locks->lane[ref->lane].held[row_of[check]]);
	}
}

NOKPROBE_SYMBOL(thprace_lockcount_add);

/**
 * thprace_lockcount_held() - how often a racing check held
 * @s: the session; what its lanes and its commands did counts
 * @check: which
 */
u64 thprace_lockcount_held(struct thprace_session *s, unsigned int check)
{
	u64 sum = 0;
	unsigned int i;

	for (i = 0; s->locks && i <= THPRACE_MAX_LANES; i++)
		sum += atomic64_read(&s->locks->lane[i].held[row_of[check]]);
	return sum;
}

/**
 * thprace_lockcount_must_hold() - has the session done what a racing check looks at?
 * @s: the session
 * @check: which
 *
 * A split of an anonymous huge page comes to the points of the split's checks;
 * it was alone unless another task was at work from its begin to its end.  A
 * munmap in such memory changes the tree of an anon_vma.
 */
bool thprace_lockcount_must_hold(struct thprace_session *s, unsigned int check)
{
	if (!s->locks)
		return false;
	if (check == THPRACE_CHECK_SPLIT_SERIAL)
		return atomic64_read(&s->locks->beside);
	return atomic64_read(&s->locks->splits) &&
	       (check != THPRACE_CHECK_RMAP_LOCK || s->op[THPRACE_OP_MUNMAP].done);
}

/**
 * thprace_lockcount_split() - split a huge page, for a task of a session
 * @page: as for thprace_split_page()
 * @order: likewise
 *
 * Context: as for thprace_split_page(). Return: its value.
 */
int thprace_lockcount_split(struct page *page, unsigned int order)
{
	bool anon = folio_test_anon(page_folio(page)), beside;
	struct thprace_lane_ref ref;
	struct thprace_locks *l;
	int changes, ret;

	if (!thprace_lockcount_find(&ref))
		return thprace_split_page(page, order);
	l = ref.s->locks;
	changes = atomic_read(&l->changes);
	beside = others_at_work(l, ref.lane);
	ret = thprace_split_page(page, order);
	if (ret || !anon)
		return ret;
	atomic64_inc(&l->splits);
	if (beside && atomic_read(&l->changes) == changes)
		atomic64_inc(&l->beside);
	return 0;
}

/**
 * thprace_lockcount_inject() - controls of the lanes that go from now on
 * @s: the session
 * @checks: bitmap of those whose condition is said to be broken; 0: none
 *
 * Context: any.
 */
void thprace_lockcount_inject(struct thprace_session *s, u64 checks)
{
	WRITE_ONCE(s->inject, checks);
}

/**
 * thprace_lockcount_enter() - a task is about to be a lane
 * @s: the session
 * @lane: which
 * @task: who does its work
 *
 * Context: process context.
 */
void thprace_lockcount_enter(struct thprace_session *s, unsigned int lane,
			     struct task_struct *task)
{
	struct thprace_lane_ref ref = {
		.s = s, .lane = lane, .inject = READ_ONCE(s->inject),
	};

	WRITE_ONCE(s->locks->used, true);
	s->locks->task[lane] = task;
	thprace_lanemap_add(task, &ref);
}

/**
 * thprace_lockcount_start() - a lane's op begins
 * @s: the session
 * @lane: which; it has entered
 *
 * Context: process context.
 */
void thprace_lockcount_start(struct thprace_session *s, unsigned int lane)
{
	atomic_inc(&s->locks->changes);
	set_bit(lane, &s->locks->at_work);
}

/**
 * thprace_lockcount_leave() - a lane's op has ended
 * @s: the session
 * @lane: which; it has entered
 *
 * Context: process context.
 */
void thprace_lockcount_leave(struct thprace_session *s, unsigned int lane)
{
	struct task_struct *task = s->locks->task[lane];
	unsigned int i;

	atomic_inc(&s->locks->changes);
	clear_bit(lane, &s->locks->at_work);
	atomic_inc(&s->locks->changes);
	thprace_lanemap_del(task, s, lane);
	/* one task can be two lanes, one op within the other */
	for (i = 0; i < THPRACE_MAX_LANES; i++)
		if ((READ_ONCE(s->locks->at_work) & BIT(i)) && s->locks->task[i] == task)
			thprace_lockcount_enter(s, i, task);
}

/**
 * thprace_lockcount_forget() - no lane of a session is at work any more
 * @s: the session; lanes that died in the middle of their op are forgotten, too
 *
 * Context: process context.
 */
void thprace_lockcount_forget(struct thprace_session *s)
{
	if (!s->locks || !READ_ONCE(s->locks->used))
		return;
	WRITE_ONCE(s->locks->at_work, 0);
	atomic_inc(&s->locks->changes);
	thprace_lanemap_forget(s);
}

/**
 * thprace_lockcount_begin() - current does work of a command, without a lane
 * @s: the session
 * @inject: controls of the command
 *
 * Context: process context.
 * Return: whether thprace_lockcount_end() is to be called; not if it is a lane
 * or works for a session already.
 */
bool thprace_lockcount_begin(struct thprace_session *s, u64 inject)
{
	struct thprace_lane_ref ref;

	if (thprace_lanemap_find(current, &ref))
		return false;
	ref.s = s;
	ref.lane = THPRACE_NO_LANE;
	ref.inject = inject;
	WRITE_ONCE(s->locks->used, true);
	atomic_inc(&s->locks->nr_tasks);
	atomic_inc(&s->locks->changes);
	if (thprace_lanemap_add(current, &ref))
		return true;
	atomic_dec(&s->locks->nr_tasks);
	return false;
}

/**
 * thprace_lockcount_end() - the work is done
 * @s: the session
 * @begun: what thprace_lockcount_begin() returned
 *
 * Context: process context; the same task.
 */
void thprace_lockcount_end(struct thprace_session *s, bool begun)
{
	if (!begun)
		return;
	thprace_lanemap_del(current, s, THPRACE_NO_LANE);
	atomic_inc(&s->locks->changes);
	atomic_dec(&s->locks->nr_tasks);
	atomic_inc(&s->locks->changes);
}

/**
 * thprace_lockcount_get() - make a session see the racing checks
 * @s: the session; once is enough
 *
 * Context: process context.
 * Return: 0, or an errno of the moment (-ENOMEM...).
 */
int thprace_lockcount_get(struct thprace_session *s)
{
	static DEFINE_MUTEX(get_lock);
	struct thprace_locks *locks;
	unsigned long flags;
	bool first;
	int ret = 0;

	mutex_lock(&get_lock);
	if (!list_empty(&s->node))
		goto out;
	locks = kzalloc(sizeof(*locks), GFP_KERNEL);
	ret = locks ? thprace_phase_get_racing() : -ENOMEM;
	if (ret) {
		kfree(locks);
		goto out;
	}
	raw_spin_lock_irqsave(&active_lock, flags);
	first = list_empty(&active);
	raw_spin_unlock_irqrestore(&active_lock, flags);
	if (first)	/* perhaps no probe was placed until now */
		thprace_intact_clear();
	WRITE_ONCE(s->locks, locks);
	raw_spin_lock_irqsave(&active_lock, flags);
	list_add(&s->node, &active);
	raw_spin_unlock_irqrestore(&active_lock, flags);
	thprace_stat_add(THPRACE_STAT_SESSION_BYTES, sizeof(*locks));
out:
	mutex_unlock(&get_lock);
	return ret;
}

/**
 * thprace_lockcount_put() - undo it, if it was done
 * @s: the session
 *
 * Context: process context; no command of the session runs, and no lane is parked.
 */
void thprace_lockcount_put(struct thprace_session *s)
{
	unsigned long flags;

	if (list_empty(&s->node))
		return;
	thprace_watched_clear(s);
	thprace_chance_end(s);
	thprace_lockcount_forget(s);
	raw_spin_lock_irqsave(&active_lock, flags);
	list_del_init(&s->node);
	raw_spin_unlock_irqrestore(&active_lock, flags);
	thprace_phase_put_racing();
	/* handlers that have found a lane of the session in the map */
	if (s->locks->used)
		synchronize_rcu();
	thprace_stat_add(THPRACE_STAT_SESSION_BYTES, -(s64)sizeof(*s->locks));
	kfree(s->locks);
	s->locks = NULL;
}

/**
 * thprace_lockcount_reset() - forget what was counted
 * @s: the session
 *
 * Context: process context.
 */
void thprace_lockcount_reset(struct thprace_session *s)
{
	unsigned int i, j;

	for (i = 0; i <= THPRACE_MAX_LANES; i++)
		for (j = 0; j < NR_LOCK_CHECKS; j++)
			atomic64_set(&s->locks->lane[i].held[j], 0);
	atomic64_set(&s->locks->splits, 0);
	atomic64_set(&s->locks->beside, 0);
}
