// SPDX-License-Identifier: GPL-2.0
/*
 * lanemap.c - which lane of which session is a task?
 *
 * A small open-addressed table; a task that is no lane finds an empty slot at
 * once.  Read by probe handlers, so nothing here may be probed.  Not here: what
 * a lane does (schedule.c).
 */
#include <linux/hash.h>
#include <linux/kprobes.h>
#include <linux/log2.h>
#include <linux/spinlock.h>

#include "steer/lanemap.h"

#define MAP_SIZE	256
#define MAP_DELETED	((struct task_struct *)1UL)

static struct {
	struct task_struct *task;
	struct thprace_session *s;
	unsigned int lane;
} map[MAP_SIZE];
static DEFINE_RAW_SPINLOCK(map_lock);	/* writers */
static unsigned int map_live;		/* map_lock */

static __always_inline unsigned int map_slot(struct task_struct *task)
{
	return hash_ptr(task, ilog2(MAP_SIZE));
}

/**
 * thprace_lanemap_add() - from now on a task is a lane
 * @task: referenced until it is none any more
 * @s: the session
 * @lane: which
 *
 * With the table full, it is not, and nothing is steered.
 *
 * Context: any; takes a raw spinlock.
 */
void thprace_lanemap_add(struct task_struct *task, struct thprace_session *s,
			 unsigned int lane)
{
	unsigned int i, n;
	unsigned long flags;

	raw_spin_lock_irqsave(&map_lock, flags);
	for (n = 0, i = map_slot(task); n < MAP_SIZE; n++, i = (i + 1) % MAP_SIZE) {
		struct task_struct *old = map[i].task;

		if (old && old != MAP_DELETED && old != task)
			continue;
		if (old != task)
			map_live++;
		map[i].s = s;
		map[i].lane = lane;
		/* pairs with thprace_lanemap_find(): who sees the task sees its lane */
		smp_store_release(&map[i].task, task);
		break;
	}
	raw_spin_unlock_irqrestore(&map_lock, flags);
}

/* map_lock held */
static void delete_slot(unsigned int i)
{
	WRITE_ONCE(map[i].task, MAP_DELETED);
	map_live--;
}

/* map_lock held: when it is empty, nobody looks but tasks that are not in it. */
static void clear_if_empty(void)
{
	unsigned int i;

	for (i = 0; !map_live && i < MAP_SIZE; i++)
		WRITE_ONCE(map[i].task, NULL);
}

/**
 * thprace_lanemap_del() - a task is no lane of a session any more
 * @task: one that may be a lane
 * @s: the session
 *
 * Context: any; takes a raw spinlock.
 */
void thprace_lanemap_del(struct task_struct *task, struct thprace_session *s)
{
	unsigned int i, n;
	unsigned long flags;

	raw_spin_lock_irqsave(&map_lock, flags);
	for (n = 0, i = map_slot(task); n < MAP_SIZE && map[i].task; n++, i = (i + 1) % MAP_SIZE)
		if (map[i].task == task && map[i].s == s)
			delete_slot(i);
	clear_if_empty();
	raw_spin_unlock_irqrestore(&map_lock, flags);
}

/**
 * thprace_lanemap_forget() - a session has no lanes any more
 * @s: the session
 *
 * Handlers that have found one of them may still be at it: a grace period ends
 * the last of those.
 *
 * Context: any; takes a raw spinlock.
 */
void thprace_lanemap_forget(struct thprace_session *s)
{
	unsigned int i;
	unsigned long flags;

	raw_spin_lock_irqsave(&map_lock, flags);
	for (i = 0; i < MAP_SIZE; i++)
		if (map[i].task && map[i].task != MAP_DELETED && map[i].s == s)
			delete_slot(i);
	clear_if_empty();
	raw_spin_unlock_irqrestore(&map_lock, flags);
}

/**
 * thprace_lanemap_find() - is a task a lane?
 * @task: current, or one that its lane waits for
 * @s: out, its session
 * @lane: out, which
 *
 * Context: any, also a probe handler; takes no lock.
 */
bool thprace_lanemap_find(struct task_struct *task, struct thprace_session **s,
			  unsigned int *lane)
{
	unsigned int i, n;

	for (n = 0, i = map_slot(task); n < MAP_SIZE; n++, i = (i + 1) % MAP_SIZE) {
		/* pairs with thprace_lanemap_add() */
		struct task_struct *t = smp_load_acquire(&map[i].task);

		if (!t)
			return false;
		if (t == task) {
			*s = map[i].s;
			*lane = map[i].lane;
			return true;
		}
	}
	return false;
}

NOKPROBE_SYMBOL(thprace_lanemap_find);
