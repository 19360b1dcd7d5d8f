// SPDX-License-Identifier: GPL-2.0
/*
 * session.c - what an open session file owns, and how it is given back
 */
#include <linux/ktime.h>
#include <linux/sched/task.h>

#include "state/events.h"
#include "state/held.h"
#include "state/record.h"
#include "state/session.h"
#include "state/stats.h"

static atomic64_t next_id;

/* Kernel memory of a session, but for what the layers above keep in it. */
static size_t session_bytes(const struct thprace_session *s)
{
	return sizeof(*s) + (s->unmapped ? THPRACE_MAX_UNMAPPED * sizeof(*s->unmapped) : 0);
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
	INIT_LIST_HEAD(&s->held);
	s->held_by_place = RB_ROOT;
	s->held_by_pfn = RB_ROOT;
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
	thprace_held_drop(s, 0);
	thprace_stat_add(THPRACE_STAT_SESSION_BYTES, -(s64)session_bytes(s));
	kvfree(s->unmapped);
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
	WRITE_ONCE(s->aborted, false);
	s->nr_unmapped = 0;
	s->unmapped_more = 0;
	s->nr_used_up = 0;
	memset(s->op, 0, sizeof(s->op));
	for (i = 0; i < THPRACE_NR_CHECKS; i++) {
		s->check[i].held = 0;
		s->check[i].skipped = 0;
		s->check[i].reason = NULL;
	}
	s->cell[0] = '\0';
	s->refused[0] = '\0';
	spin_unlock(&s->lock);
	thprace_record_reset(s);
}

/* Allocate a table of the session once; of two at once the second is freed. */
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
 * thprace_session_unmapped_room() - make room for what is going to be unmapped
 * @s: the session
 *
 * Context: process context. Return: 0 or -ENOMEM.
 */
int thprace_session_unmapped_room(struct thprace_session *s)
{
	return table_once(s, (void **)&s->unmapped,
			  THPRACE_MAX_UNMAPPED * sizeof(*s->unmapped)) ? 0 : -ENOMEM;
}

/**
 * thprace_session_unmapped() - remember what a munmap command unmapped
 * @s: the session; thprace_session_unmapped_room() was called
 * @pid: of the process
 * @addr: first byte
 * @len: bytes
 *
 * A range that goes on where the last one ended becomes one with it.
 *
 * Context: process context.
 */
void thprace_session_unmapped(struct thprace_session *s, int pid, u64 addr, u64 len)
{
	struct thprace_unmapped *last;

	spin_lock(&s->lock);
	last = s->nr_unmapped ? &s->unmapped[s->nr_unmapped - 1] : NULL;
	if (last && last->pid == pid && last->addr + last->len == addr && !s->unmapped_more) {
		last->len += len;
	} else if (s->nr_unmapped < THPRACE_MAX_UNMAPPED) {
		last = &s->unmapped[s->nr_unmapped++];
		last->pid = pid;
		last->addr = addr;
		last->len = len;
	} else {
		s->unmapped_more++;
	}
	spin_unlock(&s->lock);
}

/**
 * thprace_session_count_op() - count an op that has ended
 * @s: the session
 * @op: which
 * @result: how it ended
 * @took_ns: how long it took
 *
 * Context: process context.
 */
void thprace_session_count_op(struct thprace_session *s, enum thprace_op op,
			      enum thprace_result result, u64 took_ns)
{
	struct thprace_op_count *c = &s->op[op];

	spin_lock(&s->lock);
	s->op_asked |= BIT_ULL(op);
	if (result == THPRACE_RESULT_OK)
		c->done++;
	else if (result == THPRACE_RESULT_BUSY)
		c->busy++;
	else
		c->failed++;
	c->time_ns += took_ns;
	spin_unlock(&s->lock);
}

/**
 * thprace_session_count_round() - count a round that is over
 * @s: the session
 * @overlapped: two lanes did
 * @steps: of its schedule
 * @reached: of them
 *
 * Context: process context.
 */
void thprace_session_count_round(struct thprace_session *s, bool overlapped,
				 unsigned int steps, unsigned int reached)
{
	trace_round(s, overlapped, steps, reached);
	spin_lock(&s->lock);
	s->nr_rounds++;
	s->nr_overlaps += overlapped;
	spin_unlock(&s->lock);
	thprace_stat_add(THPRACE_STAT_ROUNDS, 1);
	thprace_stat_add(THPRACE_STAT_OVERLAPS, overlapped);
}

/**
 * thprace_session_select() - a pass needs these checks
 * @s: the session
 * @checks: bitmap, added to what was asked for before
 *
 * Context: process context.
 */
void thprace_session_select(struct thprace_session *s, u64 checks)
{
	spin_lock(&s->lock);
	s->selected |= checks;
	spin_unlock(&s->lock);
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

	thprace_record_batch(s);
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
