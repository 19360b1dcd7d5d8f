// SPDX-License-Identifier: GPL-2.0
/*
 * conclude.c - what the lanes of a round did goes into the blocks of its causes
 *
 * Called wherever a round, or what was checked after it, has ended, before the
 * lanes are forgotten.  A block is complete then, and goes to the kernel log.
 */
#include <linux/sched.h>

#include "race/conclude.h"
#include "state/block.h"
#include "state/record.h"
#include "steer/schedule.h"

/* The intervals of a round, as they are collected. */
struct collect {
	struct thprace_session *s;
	u64 begin_ns;
	bool active;		/* some lane still does its op */
};

/* s->lock held: intervals of a lane, the last of which may not have ended. */
static unsigned int nr_spans(const struct thprace_lane *l)
{
	return l->nr_spans + (l->active && l->span[l->nr_spans].t0_ns);
}

static u64 end_of(const struct thprace_span *span)
{
	return span->t1_ns ? span->t1_ns : U64_MAX;
}

/* s->lock held */
static void find_begin(struct collect *c)
{
	unsigned int i, j;

	c->begin_ns = U64_MAX;
	for (i = 0; i < THPRACE_MAX_LANES; i++) {
		const struct thprace_lane *l = &c->s->lane[i];

		c->active |= l->active && !(l->task->flags & PF_EXITING);
		for (j = 0; j < nr_spans(l); j++)
			c->begin_ns = min(c->begin_ns, l->span[j].t0_ns);
	}
}

/* s->lock held: the other lanes that an interval overlapped */
static u16 overlaps(const struct thprace_session *s, unsigned int lane,
		    const struct thprace_span *x)
{
	unsigned int i, j;
	u16 met = 0;

	for (i = 0; i < THPRACE_MAX_LANES; i++)
		for (j = 0; i != lane && j < nr_spans(&s->lane[i]); j++) {
			const struct thprace_span *y = &s->lane[i].span[j];

			if (x->addr && y->addr && x->addr != y->addr)
				continue;
			if (x->t0_ns < end_of(y) && y->t0_ns < end_of(x))
				met |= BIT(i);
		}
	return met;
}

/* s->lock held */
static void add_span(struct collect *c, struct thprace_seen_round *r, unsigned int lane,
		     const struct thprace_span *span)
{
	static const char * const results[] = { "done", "busy", "failed" };
	const struct thprace_lane *l = &c->s->lane[lane];
	struct thprace_seen_lane *seen = &r->lane[r->nr_lanes];

	static_assert(ARRAY_SIZE(results) == THPRACE_NR_RESULTS);
	if (r->nr_lanes == THPRACE_BLOCK_LANES) {
		r->more_lanes++;
		return;
	}
	r->nr_lanes++;
	seen->lane = lane;
	seen->op = span->op;
	if (l->task) {
		seen->pid = l->task->pid;
		strscpy(seen->comm, l->task->comm, sizeof(seen->comm));
	}
	seen->start_ns = span->t0_ns - c->begin_ns;
	seen->ended = span->t1_ns;
	if (seen->ended) {
		seen->end_ns = span->t1_ns - c->begin_ns;
		seen->result = results[span->result];
		seen->err = span->err;
	}
	seen->first = span->first;
	seen->nr = span->nr;
	seen->step = span->every_other ? 2 : 1;
	seen->overlap = overlaps(c->s, lane, span);
}

/* What was done to a huge page, and where that is not told; 0: to all of them. */
static void collect_lanes(struct collect *c, struct thprace_seen_round *r, unsigned long addr)
{
	unsigned int i, j;

	spin_lock(&c->s->lock);
	find_begin(c);
	for (i = 0; i < THPRACE_MAX_LANES; i++) {
		const struct thprace_lane *l = &c->s->lane[i];

		for (j = 0; j < nr_spans(l); j++)
			if (!addr || !l->span[j].addr || l->span[j].addr == addr)
				add_span(c, r, i, &l->span[j]);
	}
	spin_unlock(&c->s->lock);
}

static void collect_steps(struct thprace_session *s, struct thprace_seen_round *r)
{
	const struct thprace_step_result *step;
	unsigned int nr, len = 0, n;

	if (!thprace_schedule_active(s))
		return;
	for (nr = thprace_schedule_results(s, &step); nr; nr--, step++) {
		char word[THPRACE_STEP_WORD];

		n = thprace_schedule_word(step, word);
		if (len + n + 2 > sizeof(r->steps)) {
			r->more_steps = nr;
			return;
		}
		len += scnprintf(r->steps + len, sizeof(r->steps) - len, "%s%s",
				 len ? " " : "", word);
	}
}

static void log_line(void *arg, const char *line)
{
	pr_warn("thprace: %s\n", line);
}

/* @r is room for what its lanes did. */
static void conclude_one(struct thprace_session *s, struct thprace_cause *c,
			 struct thprace_seen_round *r)
{
	struct collect collect = { .s = s };
	bool same = c->batch == READ_ONCE(s->causes.batch);

	memset(r, 0, sizeof(*r));
	if (same) {
		collect_lanes(&collect, r, c->addr & PMD_MASK);
		collect_steps(s, r);
	}
	if (thprace_record_round(s, c, same ? r : NULL, !collect.active))
		thprace_block_print(c, false, log_line, NULL);
}

/**
 * thprace_conclude() - complete the blocks of what was found in this round
 * @s: the session
 *
 * As long as a lane is in its op, a block is not complete, and is not logged.
 *
 * Context: process context, no locks.  Without memory a block stays as it is.
 */
void thprace_conclude(struct thprace_session *s)
{
	struct thprace_seen_round *r;
	struct thprace_cause *c;
	unsigned int i, nr;

	for (i = 0; i < READ_ONCE(s->causes.nr); i++)
		if (!READ_ONCE(s->causes.block[i].done))
			break;
	if (i == READ_ONCE(s->causes.nr))
		return;
	c = kvmalloc_array(THPRACE_MAX_BLOCKS, sizeof(*c), GFP_KERNEL | __GFP_NOWARN);
	r = kvmalloc(sizeof(*r), GFP_KERNEL | __GFP_NOWARN);
	if (c && r) {
		nr = thprace_record_blocks(s, c);
		for (i = 0; i < nr; i++)
			if (!c[i].done)
				conclude_one(s, &c[i], r);
	}
	kvfree(r);
	kvfree(c);
}
