// SPDX-License-Identifier: GPL-2.0
/*
 * session.c - what an open session file owns, and how it is given back
 *
 * Called by debugfs.c (life), command.c and worker.c (lanes, held references).
 * Not here: what commands mean, or any check.
 */
#include <linux/ktime.h>
#include <linux/sched/task.h>

#include "grid.h"
#include "session.h"
#include "steer.h"

static atomic64_t next_id;

/**
 * thprace_session_create() - a new session
 *
 * Context: process context. Return: the session, or NULL (no memory).
 */
struct thprace_session *thprace_session_create(void)
{
	struct thprace_session *s = kvzalloc(sizeof(*s), GFP_KERNEL);

	if (!s)
		return NULL;
	s->id = atomic64_inc_return(&next_id);
	mutex_init(&s->cmd_lock);
	init_rwsem(&s->arm_lock);
	spin_lock_init(&s->lock);
	INIT_LIST_HEAD(&s->node);
	s->command = "none";
	thprace_stat_add(THPRACE_STAT_SESSIONS, 1);
	thprace_stat_add(THPRACE_STAT_SESSION_BYTES, sizeof(*s));
	return s;
}

/**
 * thprace_session_destroy() - free a session and all that it holds
 * @s: no command runs
 *
 * Context: process context.
 */
void thprace_session_destroy(struct thprace_session *s)
{
	thprace_racing_put(s);
	thprace_steer_free(s);
	thprace_grid_free(s);
	thprace_lanes_clear(s);
	thprace_session_drop(s);
	thprace_observer_free(s->observer);
	thprace_stat_add(THPRACE_STAT_SESSION_BYTES, -(s64)thprace_session_bytes(s));
	kvfree(s->held);
	kvfree(s->watch);
	kvfree(s);
	thprace_stat_add(THPRACE_STAT_SESSIONS, -1);
}

/**
 * thprace_session_bytes() - kernel memory of a session
 * @s: the session
 */
size_t thprace_session_bytes(struct thprace_session *s)
{
	return sizeof(*s) + (s->held ? THPRACE_MAX_HELD * sizeof(*s->held) : 0) +
	       (s->watch ? THPRACE_MAX_WATCH * sizeof(*s->watch) : 0) +
	       thprace_steer_bytes(s) + thprace_grid_bytes(s);
}

/**
 * thprace_session_reset() - zero the counters and findings of a session
 * @s: the session; held references and lanes stay
 *
 * Context: process context.
 */
void thprace_session_reset(struct thprace_session *s)
{
	unsigned int i;

	thprace_grid_free(s);
	spin_lock(&s->lock);
	s->nr_rounds = 0;
	s->nr_overlaps = 0;
	s->selected = 0;
	s->duration_ns = 0;
	s->op_asked = 0;
	s->nr_checks = 0;
	s->aborted = false;
	memset(s->op, 0, sizeof(s->op));
	memset(s->check, 0, sizeof(s->check));
	s->nr_violations = 0;
	s->cell[0] = '\0';
	for (i = 0; i < THPRACE_NR_CHECKS; i++)
		s->racing_base[i] = thprace_racing_held(i);
	spin_unlock(&s->lock);
}

/* Allocate a table of the session once; whoever comes second frees his own. */
static void *table_once(struct thprace_session *s, void **where, size_t bytes)
{
	void *table = READ_ONCE(*where);

	if (table)
		return table;
	table = kvzalloc(bytes, GFP_KERNEL);
	if (!table)
		return NULL;
	if (cmpxchg(where, NULL, table)) {
		kvfree(table);
		return READ_ONCE(*where);
	}
	thprace_stat_add(THPRACE_STAT_SESSION_BYTES, bytes);
	return table;
}

/**
 * thprace_session_watch() - begin to follow frames in this session
 * @s: the session
 *
 * Context: process context. Return: 0 or -ENOMEM.
 */
int thprace_session_watch(struct thprace_session *s)
{
	return table_once(s, (void **)&s->watch,
			  THPRACE_MAX_WATCH * sizeof(*s->watch)) ? 0 : -ENOMEM;
}

/**
 * thprace_session_hold() - keep a reference for a later split
 * @s: the session
 * @mm: in which it was found (identity only)
 * @addr: PMD-aligned address at which it was found
 * @page: referenced; the reference is the session's on success
 *
 * Context: process context. Return: 0, -ENOMEM, -EBUSY (held already), or
 * -ENOSPC (table full).
 */
int thprace_session_hold(struct thprace_session *s, struct mm_struct *mm,
			 unsigned long addr, struct page *page)
{
	unsigned int i;
	int free = -1;

	if (!table_once(s, (void **)&s->held, THPRACE_MAX_HELD * sizeof(*s->held)))
		return -ENOMEM;
	spin_lock(&s->lock);
	for (i = 0; i < THPRACE_MAX_HELD; i++) {
		struct thprace_held *h = &s->held[i];

		if (!h->page) {
			if (free < 0)
				free = i;
		} else if (h->mm == mm && h->addr == addr) {
			spin_unlock(&s->lock);
			return -EBUSY;
		}
	}
	if (free >= 0) {
		s->held[free].mm = mm;
		s->held[free].addr = addr;
		s->held[free].page = page;
	}
	spin_unlock(&s->lock);
	return free < 0 ? -ENOSPC : 0;
}

/**
 * thprace_session_holds() - is a reference held for this place?
 * @s: the session
 * @mm: as given to thprace_session_hold()
 * @addr: likewise
 */
bool thprace_session_holds(struct thprace_session *s, struct mm_struct *mm,
			   unsigned long addr)
{
	bool found = false;
	unsigned int i;

	if (!READ_ONCE(s->held))
		return false;
	spin_lock(&s->lock);
	for (i = 0; i < THPRACE_MAX_HELD && !found; i++)
		found = s->held[i].page && s->held[i].mm == mm && s->held[i].addr == addr;
	spin_unlock(&s->lock);
	return found;
}

/**
 * thprace_session_unhold() - take a held reference out of the session
 * @s: the session
 * @mm: as given to thprace_session_hold()
 * @addr: likewise
 *
 * Context: process context.
 * Return: the page, whose reference is now the caller's, or NULL.
 */
struct page *thprace_session_unhold(struct thprace_session *s, struct mm_struct *mm,
				    unsigned long addr)
{
	struct page *page = NULL;
	unsigned int i;

	if (!READ_ONCE(s->held))
		return NULL;
	spin_lock(&s->lock);
	for (i = 0; i < THPRACE_MAX_HELD && !page; i++) {
		struct thprace_held *h = &s->held[i];

		if (h->page && h->mm == mm && h->addr == addr) {
			page = h->page;
			h->page = NULL;
		}
	}
	spin_unlock(&s->lock);
	return page;
}

/**
 * thprace_session_drop() - give back all held references
 * @s: the session
 *
 * Context: process context.
 */
void thprace_session_drop(struct thprace_session *s)
{
	unsigned int i;

	if (!READ_ONCE(s->held))
		return;
	for (i = 0; i < THPRACE_MAX_HELD; i++) {
		struct page *page;

		spin_lock(&s->lock);
		page = s->held[i].page;
		s->held[i].page = NULL;
		spin_unlock(&s->lock);
		if (page)
			put_page(page);
	}
}

/**
 * thprace_session_held_refs() - how many references the session holds on a folio
 * @s: the session
 * @pfn: of its head
 * @nr: its pages
 */
unsigned int thprace_session_held_refs(struct thprace_session *s, unsigned long pfn,
				       unsigned long nr)
{
	unsigned int i, n = 0;

	if (!READ_ONCE(s->held))
		return 0;
	spin_lock(&s->lock);
	for (i = 0; i < THPRACE_MAX_HELD; i++) {
		struct page *page = s->held[i].page;

		if (page && page_to_pfn(page) >= pfn && page_to_pfn(page) < pfn + nr)
			n++;
	}
	spin_unlock(&s->lock);
	return n;
}

/**
 * thprace_lane_go() - a task begins its op as a lane
 * @s: the session
 * @lane: 0..THPRACE_MAX_LANES-1
 * @task: the task; referenced until the lanes are cleared
 * @op: what it does
 * @addr: huge page it acts on, 0 = not told
 * @helper: referenced; who does the lane's work, or NULL: @task itself
 *
 * Context: process context; takes arm_lock for read, and not while it waits.
 * Return: 0, -EBUSY (the lane is another task's or active, has too many
 * intervals in this round, or the helper is a lane), -EINTR (killed); then
 * nothing has changed.
 */
int thprace_lane_go(struct thprace_session *s, unsigned int lane,
		    struct task_struct *task, const struct thprace_op *op,
		    unsigned long addr, struct task_struct *helper)
{
	struct thprace_lane *l = &s->lane[lane];
	bool first = false;
	int ret = 0;

	if (down_read_killable(&s->arm_lock))
		return -EINTR;
	spin_lock(&s->lock);
	/* while kernel threads race, no other lane may come in between */
	if (l->active || (l->task && l->task != task) ||
	    l->nr_spans == THPRACE_MAX_SPANS ||
	    (s->racing && !(task->flags & PF_KTHREAD))) {
		ret = -EBUSY;
	} else {
		first = !l->task;
		if (first) {
			get_task_struct(task);
			l->task = task;
		}
		l->op = op;
		l->active = true;
		l->span[l->nr_spans].addr = addr;
	}
	spin_unlock(&s->lock);
	if (ret)
		goto out;
	if (helper)
		ret = thprace_steer_helper(s, lane, helper);
	if (!ret)
		thprace_steer_enter(s, lane);
	spin_lock(&s->lock);
	if (!ret) {
		s->op_asked |= BIT_ULL(thprace_op_index(op));
	} else {
		l->active = false;
		if (first)
			l->task = NULL;
	}
	spin_unlock(&s->lock);
out:
	up_read(&s->arm_lock);
	if (!ret) {
		thprace_steer_go(s, lane);
		WRITE_ONCE(l->span[l->nr_spans].t0_ns, ktime_get_ns());
	} else if (first) {
		put_task_struct(task);
	}
	return ret;
}

/**
 * thprace_lane_done() - it ended
 * @s: the session
 * @lane: as given to thprace_lane_go()
 * @result: how
 *
 * Context: process context; the lane's own task. Return: 0 or -EINVAL.
 */
int thprace_lane_done(struct thprace_session *s, unsigned int lane,
		      enum thprace_result result)
{
	struct thprace_lane *l = &s->lane[lane];
	struct thprace_op_count *c;
	u64 now = ktime_get_ns(), took;
	unsigned int op;

	if (!l->active || l->task != current)
		return -EINVAL;
	thprace_steer_done(s, lane);
	spin_lock(&s->lock);
	op = thprace_op_index(l->op);
	c = &s->op[op];
	l->span[l->nr_spans].t1_ns = now;
	took = now - l->span[l->nr_spans].t0_ns;
	l->nr_spans++;
	l->active = false;
	if (result == THPRACE_RESULT_OK)
		c->done++;
	else if (result == THPRACE_RESULT_BUSY)
		c->busy++;
	else
		c->failed++;
	c->time_ns += took;
	if (!thprace_steer_active(s))
		s->op_ewma_ns[op] = s->op_ewma_ns[op] ?
			(7 * s->op_ewma_ns[op] + took) / 8 : took;
	spin_unlock(&s->lock);
	return 0;
}

/**
 * thprace_lanes_active() - is some living task between go and done?
 * @s: the session
 *
 * Context: process context.
 */
bool thprace_lanes_active(struct thprace_session *s)
{
	bool active = false;
	unsigned int i;

	spin_lock(&s->lock);
	for (i = 0; i < THPRACE_MAX_LANES; i++)
		active |= s->lane[i].active && !(s->lane[i].task->flags & PF_EXITING);
	spin_unlock(&s->lock);
	return active;
}

/**
 * thprace_lanes_clear() - forget the lanes of a round
 * @s: the session
 *
 * Context: process context.
 */
void thprace_lanes_clear(struct thprace_session *s)
{
	unsigned int i;

	for (i = 0; i < THPRACE_MAX_LANES; i++) {
		struct task_struct *task;

		spin_lock(&s->lock);
		task = s->lane[i].task;
		s->lane[i].task = NULL;
		s->lane[i].active = false;
		s->lane[i].op = NULL;
		s->lane[i].nr_spans = 0;
		spin_unlock(&s->lock);
		if (task)
			put_task_struct(task);
	}
}

static bool spans_meet(const struct thprace_lane *a, const struct thprace_lane *b)
{
	unsigned int i, j;

	for (i = 0; i < a->nr_spans; i++)
		for (j = 0; j < b->nr_spans; j++) {
			const struct thprace_span *x = &a->span[i], *y = &b->span[j];

			if (x->addr && y->addr && x->addr != y->addr)
				continue;
			if (x->t0_ns < y->t1_ns && y->t0_ns < x->t1_ns)
				return true;
		}
	return false;
}

/**
 * thprace_session_overlapped() - did two lanes meet in this round?
 * @s: the session
 *
 * A split and another op, on the same huge page as far as told; without a
 * split among the lanes, any two of them.
 *
 * Context: process context.
 */
bool thprace_session_overlapped(struct thprace_session *s)
{
	const struct thprace_op *split = thprace_op_find("split");
	bool have_split = false, met = false;
	unsigned int i, j;

	spin_lock(&s->lock);
	for (i = 0; i < THPRACE_MAX_LANES; i++)
		have_split |= s->lane[i].op == split && s->lane[i].nr_spans;
	for (i = 0; i < THPRACE_MAX_LANES && !met; i++)
		for (j = i + 1; j < THPRACE_MAX_LANES && !met; j++) {
			struct thprace_lane *a = &s->lane[i], *b = &s->lane[j];

			if (!a->op || !b->op)
				continue;
			if (have_split && a->op != split && b->op != split)
				continue;
			if (a->op == split && b->op == split)
				continue;
			met = spans_meet(a, b);
		}
	spin_unlock(&s->lock);
	return met;
}
