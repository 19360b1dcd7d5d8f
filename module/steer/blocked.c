// SPDX-License-Identifier: GPL-2.0
/*
 * blocked.c - does a lane wait for a parked one, and for which of its locks?
 *
 * Called by schedule.c with the steering's lock held, so that parked lanes stay
 * parked and keep what they own.  Functions that probe handlers come to take no
 * further lock.
 */
#include <linux/kprobes.h>
#include <linux/sched.h>

#include "compat/sym.h"
#include "mm/pgwalk.h"
#include "steer/steering.h"

/**
 * thprace_blocked_asleep() - does a lane sleep, waiting for what others hold?
 * @l: the lane
 *
 * A helper that has nothing to do yet sleeps for reasons of its own; one that
 * has nothing left to do sleeps interruptibly, or has gone.
 *
 * Context: any.
 */
bool thprace_blocked_asleep(const struct steer_lane *l)
{
	unsigned int state = thprace_task_state(l->task);

	if (!l->helper)
		return state != TASK_RUNNING;
	return l->at_work &&
	       (state & (TASK_UNINTERRUPTIBLE | TASK_NOLOAD)) == TASK_UNINTERRUPTIBLE;
}

NOKPROBE_SYMBOL(thprace_blocked_asleep);

/* Which rwsem of a parked lane does another one, with @mm, wait for? */
static const char *rwsem_of(const struct steer_lane *parked, struct mm_struct *mm)
{
	struct anon_vma *root = parked->section.owned;

	if (root && thprace_rwsem_write_owned(&root->rwsem, parked->task) &&
	    thprace_rwsem_waited_for(&root->rwsem))
		return "anon_vma";
	if (mm && thprace_rwsem_write_owned(&mm->mmap_lock, parked->task) &&
	    thprace_rwsem_waited_for(&mm->mmap_lock))
		return "mmap_lock";
	return NULL;
}

NOKPROBE_SYMBOL(rwsem_of);

/**
 * thprace_blocked_rwsem() - the rwsem of a parked lane that another waits for
 * @st: the steering, whose lock is held
 * @lane: the other
 *
 * Context: any, also a probe handler.
 * Return: a word, or NULL: none that can be told.
 */
const char *thprace_blocked_rwsem(const struct thprace_steering *st, unsigned int lane)
{
	const char *lock = NULL;
	unsigned int i;

	for (i = 0; i < THPRACE_MAX_LANES && !lock; i++)
		if (i != lane && st->lane[i].parked)
			lock = rwsem_of(&st->lane[i], st->lane[lane].mm);
	return lock;
}

NOKPROBE_SYMBOL(thprace_blocked_rwsem);

/*
 * Does a task sleep for the lock of what a parked lane splits?  That is the huge
 * page, or one of those that it has become: they are locked until the split is over.
 */
static bool folio_waited_for(const struct steer_lane *parked)
{
	const unsigned long both = BIT(PG_locked) | BIT(PG_waiters);
	struct page *page = parked->section.splits;
	unsigned long pfn;
	unsigned int i;

	if (!page)
		return false;
	pfn = ALIGN_DOWN(page_to_pfn(page), THPRACE_HPAGE_NR);
	for (i = 0; i < THPRACE_HPAGE_NR; i++)
		if ((thprace_page_flags_raw(pfn_to_page(pfn + i)) & both) == both)
			return true;
	return false;
}

NOKPROBE_SYMBOL(folio_waited_for);

/**
 * thprace_blocked_other() - the same of locks that take a closer look
 * @st: the steering, whose lock is held
 * @lane: the lane that does not come on
 *
 * At the stack of a lane that sleeps; at what one that spins was about to take.
 * (A spinlock need not know that it is waited for: in a guest it does not.)
 *
 * Context: any, also a probe handler.
 * Return: a word, or NULL: none that can be told.
 */
const char *thprace_blocked_other(const struct thprace_steering *st, unsigned int lane)
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
		if (in_folio_lock && folio_waited_for(l))
			return "folio";
		/* a split may be in any mm, the others are in their own */
		if (spins && !l->section.splits && l->mm && l->addr &&
		    l->addr == stuck->addr && thprace_phases[l->last].ptl &&
		    thprace_ptl_held(l->mm, l->addr))
			return "page_table";
	}
	return NULL;
}

NOKPROBE_SYMBOL(thprace_blocked_other);
