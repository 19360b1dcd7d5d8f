// SPDX-License-Identifier: GPL-2.0
/*
 * watched.c - processes that a session watches, without lanes
 *
 * Set by the verb watch.  A task is watched if its process is one of those that
 * were named, or has one of them for an ancestor: whoever is forked is watched from its
 * first step on.  An orphan is the child of somebody else, and has to be named.
 *
 * Probe handlers ask about every task of the system, so nothing here may be probed.
 */
#include <linux/kprobes.h>
#include <linux/pid.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>

#include "steer/watched.h"

/* Sessions that watch at a time, and generations that are looked up. */
#define NR_WATCHES	4
#define MAX_DEPTH	24

/**
 * struct watch - what one session watches
 * @s: the session
 * @inject: controls, of all checks of its tasks
 * @nr: processes
 * @tgid: of each, referenced; none is taken for another one
 */
struct watch {
	struct thprace_session *s;
	u64 inject;
	unsigned int nr;
	struct pid *tgid[];
};

static struct watch __rcu *watches[NR_WATCHES];
static DEFINE_MUTEX(watch_lock);	/* writers */
static unsigned int nr_watches;		/* watch_lock; handlers read it without */

static void free_watch(struct watch *w)
{
	if (!w)
		return;
	/* handlers that have found the session by it */
	synchronize_rcu();
	while (w->nr)
		put_pid(w->tgid[--w->nr]);
	kfree(w);
}

/* watch_lock held: the slot of a session, or of none. Return NULL: there is no slot. */
static struct watch __rcu **slot_of(struct thprace_session *s)
{
	unsigned int i;

	for (i = 0; i < NR_WATCHES; i++) {
		struct watch *w = rcu_dereference_protected(watches[i],
							    lockdep_is_held(&watch_lock));

		if (w ? w->s == s : !s)
			return &watches[i];
	}
	return NULL;
}

static struct watch *swap_in(struct watch __rcu **slot, struct watch *w)
{
	struct watch *old = rcu_dereference_protected(*slot, lockdep_is_held(&watch_lock));

	rcu_assign_pointer(*slot, w);
	WRITE_ONCE(nr_watches, nr_watches + !!w - !!old);
	return old;
}

/* Of a thread, its process. */
static struct pid *tgid_of(struct pid *pid)
{
	struct task_struct *task = get_pid_task(pid, PIDTYPE_PID);
	struct pid *tgid;

	if (!task)
		return get_pid(pid);
	tgid = get_task_pid(task, PIDTYPE_TGID);
	put_task_struct(task);
	return tgid;
}

/**
 * thprace_watched_set() - these processes, and all that they fork, are watched from now on
 * @s: the session; those that it has named before are not, unless they are named again
 * @pid: of the processes
 * @nr: how many
 * @inject: controls of their lock checks
 *
 * Context: process context; waits for a grace period.
 * Return: 0, -ENOMEM, -EBUSY (too many sessions watch).
 */
int thprace_watched_set(struct thprace_session *s, struct pid **pid, unsigned int nr, u64 inject)
{
	struct watch *w = kzalloc(sizeof(*w) + nr * sizeof(*pid), GFP_KERNEL);
	struct watch __rcu **slot;

	if (!w)
		return -ENOMEM;
	w->s = s;
	w->inject = inject;
	for (; w->nr < nr; w->nr++)
		w->tgid[w->nr] = tgid_of(pid[w->nr]);
	mutex_lock(&watch_lock);
	slot = slot_of(s);
	if (!slot)
		slot = slot_of(NULL);
	if (slot)
		w = swap_in(slot, w);
	mutex_unlock(&watch_lock);
	free_watch(w);
	return slot ? 0 : -EBUSY;
}

/**
 * thprace_watched_clear() - a session watches nobody any more
 * @s: the session; no handler knows it when this returns
 *
 * Context: process context.
 */
void thprace_watched_clear(struct thprace_session *s)
{
	struct watch __rcu **slot;
	struct watch *w = NULL;

	mutex_lock(&watch_lock);
	slot = slot_of(s);
	if (slot)
		w = swap_in(slot, NULL);
	mutex_unlock(&watch_lock);
	free_watch(w);
}

/* Preemption off: is one of these processes @tgid? */
static bool names(const struct pid *tgid, struct thprace_lane_ref *ref)
{
	unsigned int i, j;

	for (i = 0; i < NR_WATCHES; i++) {
		struct watch *w = rcu_dereference_sched(watches[i]);

		for (j = 0; w && j < w->nr; j++) {
			if (w->tgid[j] != tgid)
				continue;
			ref->s = w->s;
			ref->lane = THPRACE_NO_LANE;
			ref->inject = w->inject;
			return true;
		}
	}
	return false;
}

NOKPROBE_SYMBOL(names);

/**
 * thprace_watched_find() - which session watches a task?
 * @task: current
 * @ref: out
 *
 * Context: probe handler, preemption off; takes no lock.
 */
bool thprace_watched_find(struct task_struct *task, struct thprace_lane_ref *ref)
{
	unsigned int depth;

	if (!READ_ONCE(nr_watches) || (task->flags & PF_KTHREAD))
		return false;
	for (depth = 0; depth < MAX_DEPTH; depth++) {
		struct task_struct *parent;

		if (names(READ_ONCE(task->signal->pids[PIDTYPE_TGID]), ref))
			return true;
		parent = rcu_dereference_sched(task->real_parent);
		if (!parent || parent == task || is_global_init(parent))
			return false;
		task = parent;
	}
	return false;
}

NOKPROBE_SYMBOL(thprace_watched_find);
