// SPDX-License-Identifier: GPL-2.0
/*
 * lanemap.c - which session does a task work for just now?
 *
 * A small open-addressed table.  Probe handlers ask it about every task of the
 * system, most of which find an empty slot at once; so nothing here may be
 * probed.
 */
#include <linux/hash.h>
#include <linux/kprobes.h>
#include <linux/log2.h>
#include <linux/sched/task.h>
#include <linux/spinlock.h>

#include "steer/lanemap.h"

#define MAP_SIZE	256
#define MAP_DELETED	((struct task_struct *)1UL)

static struct {
	struct task_struct *task;	/* referenced, NULL or MAP_DELETED */
	struct thprace_lane_ref ref;
} map[MAP_SIZE];
static DEFINE_RAW_SPINLOCK(map_lock);	/* writers */

static __always_inline unsigned int map_slot(struct task_struct *task)
{
	return hash_ptr(task, ilog2(MAP_SIZE));
}

/* map_lock held. Return the slot of a task, or -1. */
static int slot_of(struct task_struct *task)
{
	unsigned int i, n;

	for (n = 0, i = map_slot(task); n < MAP_SIZE && map[i].task; n++, i = (i + 1) % MAP_SIZE)
		if (map[i].task == task)
			return i;
	return -1;
}

/* map_lock held. Return a slot for a task that has none, or -1: the table is full. */
static int free_slot(struct task_struct *task)
{
	unsigned int i, n;

	for (n = 0, i = map_slot(task); n < MAP_SIZE; n++, i = (i + 1) % MAP_SIZE)
		if (!map[i].task || map[i].task == MAP_DELETED)
			return i;
	return -1;
}

/**
 * thprace_lanemap_add() - from now on a task works for a session
 * @task: the task; one that is in the table already is given to the new session
 * @ref: what it works for
 *
 * Context: any; takes a raw spinlock.
 * Return: false: the table is full, and the task counts as one of the system's.
 */
bool thprace_lanemap_add(struct task_struct *task, const struct thprace_lane_ref *ref)
{
	unsigned long flags;
	int i;

	raw_spin_lock_irqsave(&map_lock, flags);
	i = slot_of(task);
	if (i < 0) {
		i = free_slot(task);
		if (i >= 0)
			get_task_struct(task);
	}
	if (i >= 0) {
		map[i].ref = *ref;
		/* pairs with thprace_lanemap_find(): who sees the task sees the rest */
		smp_store_release(&map[i].task, task);
	}
	raw_spin_unlock_irqrestore(&map_lock, flags);
	return i >= 0;
}

/* map_lock held: a slot is no longer in use; so are deleted ones before an empty one. */
static void delete_slot(unsigned int i)
{
	WRITE_ONCE(map[i].task, MAP_DELETED);
	if (map[(i + 1) % MAP_SIZE].task)
		return;
	for (; map[i].task == MAP_DELETED; i = (i + MAP_SIZE - 1) % MAP_SIZE)
		WRITE_ONCE(map[i].task, NULL);
}

/**
 * thprace_lanemap_del() - a task does not work for a session any more
 * @task: one that may do so
 * @s: the session
 * @lane: as which lane
 *
 * Context: any; takes a raw spinlock.
 */
void thprace_lanemap_del(struct task_struct *task, const struct thprace_session *s,
			 unsigned int lane)
{
	unsigned long flags;
	bool found;
	int i;

	raw_spin_lock_irqsave(&map_lock, flags);
	i = slot_of(task);
	found = i >= 0 && map[i].ref.s == s && map[i].ref.lane == lane;
	if (found)
		delete_slot(i);
	raw_spin_unlock_irqrestore(&map_lock, flags);
	if (found)
		put_task_struct(task);
}

/**
 * thprace_lanemap_forget() - a session has no lanes any more
 * @s: the session
 *
 * Tasks that do a command's own work stay.  Handlers that have found a lane may
 * still be running: they have ended after a grace period.
 *
 * Context: any; takes a raw spinlock.
 */
void thprace_lanemap_forget(const struct thprace_session *s)
{
	struct task_struct *gone[THPRACE_MAX_LANES];
	unsigned int i, nr = 0;
	unsigned long flags;

	raw_spin_lock_irqsave(&map_lock, flags);
	for (i = 0; i < MAP_SIZE && nr < ARRAY_SIZE(gone); i++) {
		struct task_struct *task = map[i].task;

		if (!task || task == MAP_DELETED || map[i].ref.s != s ||
		    map[i].ref.lane == THPRACE_NO_LANE)
			continue;
		delete_slot(i);
		gone[nr++] = task;
	}
	raw_spin_unlock_irqrestore(&map_lock, flags);
	while (nr)
		put_task_struct(gone[--nr]);
}

/**
 * thprace_lanemap_find() - does a task work for a session?
 * @task: current, or the task that a lane waits for
 * @ref: out
 *
 * Context: any, also a probe handler; takes no lock.
 */
bool thprace_lanemap_find(struct task_struct *task, struct thprace_lane_ref *ref)
{
	unsigned int i, n;

	for (n = 0, i = map_slot(task); n < MAP_SIZE; n++, i = (i + 1) % MAP_SIZE) {
		/* pairs with thprace_lanemap_add() */
		struct task_struct *t = smp_load_acquire(&map[i].task);

		if (!t)
			return false;
		if (t == task) {
			*ref = map[i].ref;
			return true;
		}
	}
	return false;
}

NOKPROBE_SYMBOL(thprace_lanemap_find);
