// SPDX-License-Identifier: GPL-2.0
/*
 * session.c - what an open session file owns, and how it is given back
 */
#include <linux/ktime.h>
#include <linux/sched/task.h>

#include "state/record.h"
#include "state/session.h"
#include "state/stats.h"

static atomic64_t next_id;

/* Kernel memory of a session, but for what the layers above keep in it. */
static size_t session_bytes(const struct thprace_session *s)
{
	return sizeof(*s) + (s->held ? THPRACE_MAX_HELD * sizeof(*s->held) : 0);
}

/**
 * thprace_session_create() - a new session
 *
 * Context: process context. Return: the session, or NULL (no memory).
 */
struct thprace_session *thprace_session_create(void)
{
	struct thprace_session *s = kvzalloc(sizeof(*s), GFP_KERNEL);
	unsigned int i;

	if (!s)
		return NULL;
	s->id = atomic64_inc_return(&next_id);
	mutex_init(&s->cmd_lock);
	init_rwsem(&s->arm_lock);
	spin_lock_init(&s->lock);
	INIT_LIST_HEAD(&s->node);
	s->command = "none";
	for (i = 0; i < THPRACE_MAX_LANES; i++)
		s->lane[i].op = THPRACE_NR_OPS;
	thprace_stat_add(THPRACE_STAT_SESSIONS, 1);
	thprace_stat_add(THPRACE_STAT_SESSION_BYTES, sizeof(*s));
	return s;
}

/**
 * thprace_session_destroy() - free a session and what it holds
 * @s: no command runs; the layers above have given back what they keep in it
 *
 * Context: process context.
 */
void thprace_session_destroy(struct thprace_session *s)
{
	thprace_lanes_clear(s);
	thprace_session_drop(s);
	thprace_stat_add(THPRACE_STAT_SESSION_BYTES, -(s64)session_bytes(s));
	kvfree(s->held);
	kvfree(s);
	thprace_stat_add(THPRACE_STAT_SESSIONS, -1);
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

	spin_lock(&s->lock);
	s->nr_rounds = 0;
	s->nr_overlaps = 0;
	s->selected = 0;
	s->duration_ns = 0;
	s->op_asked = 0;
	s->nr_checks = 0;
	s->aborted = false;
	memset(s->op, 0, sizeof(s->op));
	for (i = 0; i < THPRACE_NR_CHECKS; i++) {
		s->check[i].held = 0;
		s->check[i].skipped = 0;
		s->check[i].reason = NULL;
	}
	s->cell[0] = '\0';
	spin_unlock(&s->lock);
	thprace_record_reset(s);
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
		s->lane[i].op = THPRACE_NR_OPS;
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
	const enum thprace_op split = THPRACE_OP_SPLIT;
	bool have_split = false, met = false;
	unsigned int i, j;

	spin_lock(&s->lock);
	for (i = 0; i < THPRACE_MAX_LANES; i++)
		have_split |= s->lane[i].op == split && s->lane[i].nr_spans;
	for (i = 0; i < THPRACE_MAX_LANES && !met; i++)
		for (j = i + 1; j < THPRACE_MAX_LANES && !met; j++) {
			struct thprace_lane *a = &s->lane[i], *b = &s->lane[j];

			if (!thprace_lane_has_op(a) || !thprace_lane_has_op(b))
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
