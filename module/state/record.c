// SPDX-License-Identifier: GPL-2.0
/*
 * record.c - the only way of a finding into a report
 *
 * Counts what checks said, keeps the violations of a session and the last ones
 * of all sessions.  Called wherever something is checked, also by probe
 * handlers.
 */
#include <linux/atomic.h>
#include <linux/ktime.h>

#include "state/events.h"
#include "state/names.h"
#include "state/react.h"
#include "state/record.h"
#include "state/stats.h"

/* Seen only once: not believed. */
#define MIN_LOOKS	2

/*
 * Guards the ring and, in every session, what a violation changes; a leaf lock,
 * also taken with interrupts off.
 */
static DEFINE_RAW_SPINLOCK(ring_lock);
static struct thprace_violation ring[THPRACE_MAX_VIOLATIONS];	/* ring_lock */
static u64 ring_serial;						/* ring_lock */
static u64 ring_cleared;	/* ring_lock: those up to this serial are not shown */
static u64 cause_serial;	/* ring_lock: of the last cause of all sessions */
/* ring_lock: copies of the newest blocks of all sessions, oldest first */
static struct thprace_cause block[THPRACE_MAX_BLOCKS];
static unsigned int nr_blocks;

/**
 * thprace_record_counts() - count checks that held or were skipped
 * @s: session
 * @tally: of all THPRACE_NR_CHECKS; zero afterwards
 *
 * Context: process context; takes s->lock.
 */
void thprace_record_counts(struct thprace_session *s, struct thprace_tally *tally)
{
	unsigned int i;

	spin_lock(&s->lock);
	for (i = 0; i < THPRACE_NR_CHECKS; i++) {
		if (!tally[i].held && !tally[i].skipped)
			continue;
		trace_checked(s, i, &tally[i]);
		s->check[i].held += tally[i].held;
		s->check[i].skipped += tally[i].skipped;
		if (tally[i].reason)
			s->check[i].reason = tally[i].reason;
		tally[i].held = 0;
		tally[i].skipped = 0;
		tally[i].reason = NULL;
	}
	spin_unlock(&s->lock);
}

/* The ops whose lanes are in their racing part now; may be a moment old. */
static void list_ops(struct thprace_session *s, char *buf, size_t size)
{
	unsigned int i, n = 0;
	u64 listed = 0;

	buf[0] = '\0';
	for (i = 0; i < THPRACE_MAX_LANES; i++) {
		unsigned int op = READ_ONCE(s->lane[i].op);

		if (op >= THPRACE_NR_OPS || (listed & BIT_ULL(op)))
			continue;
		listed |= BIT_ULL(op);
		n += scnprintf(buf + n, size - n, "%s%s", n ? "," : "", thprace_op_name(op));
	}
}

/* ring_lock held */
static void fill(struct thprace_violation *v, struct thprace_session *s, unsigned int check,
		 const struct thprace_finding *f)
{
	memset(v, 0, sizeof(*v));
	v->serial = ++ring_serial;
	v->cause = thprace_cause_add(&s->causes, check, f, &cause_serial);
	v->check = check;
	v->round = s->nr_rounds;
	v->time_ns = ktime_get_mono_fast_ns();
	v->addr = f->addr;
	v->pfn = f->pfn;
	v->index = f->index;
	v->want = f->want;
	v->got = f->got;
	v->control = f->control;
	strscpy(v->scenario, s->scenario[0] ? s->scenario : "-", sizeof(v->scenario));
	strscpy(v->cell, s->cell[0] ? s->cell : "-", sizeof(v->cell));
	strscpy(v->reason, f->reason ? f->reason : "-", sizeof(v->reason));
	list_ops(s, v->ops, sizeof(v->ops));
}

/* ring_lock held: the file violations shows a block of a session as it is now */
static void keep_block(const struct thprace_cause *c)
{
	unsigned int i;

	for (i = 0; i < nr_blocks; i++)
		if (block[i].serial == c->serial)
			break;
	if (i == nr_blocks) {
		if (nr_blocks == THPRACE_MAX_BLOCKS)
			memmove(block, block + 1, --nr_blocks * sizeof(block[0]));
		i = nr_blocks++;
	}
	block[i] = *c;
}

/**
 * thprace_record_wants() - is what was seen with a finding to be recorded, too?
 * @s: session
 * @f: the finding, as it will be recorded
 *
 * Context: any but NMI; takes ring_lock.
 */
bool thprace_record_wants(struct thprace_session *s, const struct thprace_finding *f)
{
	unsigned long flags;
	bool wants;

	raw_spin_lock_irqsave(&ring_lock, flags);
	wants = thprace_cause_wants(&s->causes, f);
	raw_spin_unlock_irqrestore(&ring_lock, flags);
	return wants;
}

/**
 * thprace_record() - record a violation
 * @s: session
 * @check: an enum thprace_check
 * @f: what was found; its outcome is THPRACE_VIOLATED
 *
 * A violation that was seen only once counts as skipped.
 *
 * Context: any but NMI; takes ring_lock.
 */
void thprace_record(struct thprace_session *s, unsigned int check,
		    const struct thprace_finding *f)
{
	struct thprace_violation *v;
	const struct thprace_cause *c;
	unsigned long flags;
	u64 cause;
	bool print;

	raw_spin_lock_irqsave(&ring_lock, flags);
	if (f->looks < MIN_LOOKS) {
		s->check[check].unconfirmed++;
		raw_spin_unlock_irqrestore(&ring_lock, flags);
		return;
	}
	v = &ring[ring_serial % THPRACE_MAX_VIOLATIONS];
	fill(v, s, check, f);
	cause = v->cause;
	c = thprace_cause_block(&s->causes, cause);
	if (c)
		keep_block(c);
	s->check[check].violated++;
	if (s->nr_violations < THPRACE_SESSION_VIOLATIONS)
		s->violation[s->nr_violations] = *v;
	s->nr_violations++;
	print = s->nr_printed < THPRACE_SESSION_PRINTED;
	s->nr_printed += print;
	raw_spin_unlock_irqrestore(&ring_lock, flags);
	thprace_stat_add(THPRACE_STAT_VIOLATIONS, 1);
	trace_violation(s, check, f, cause);
	/* in case the kernel does not live to see the report; want and got can be pointers */
	if (print)
		pr_warn("thprace: %sviolation check=%s scenario=%s addr=0x%llx pfn=0x%llx cause=%llu: %s\n",
			f->control ? "injected " : "", thprace_check_name(check),
			s->scenario[0] ? s->scenario : "-", f->addr, f->pfn, cause,
			f->reason ? f->reason : "-");
	thprace_react(check, f, cause);
}

/**
 * thprace_record_reset() - forget the violations of a session
 * @s: session
 *
 * The ring keeps them.
 *
 * Context: any but NMI; takes ring_lock.
 */
void thprace_record_reset(struct thprace_session *s)
{
	unsigned long flags;
	unsigned int i;

	raw_spin_lock_irqsave(&ring_lock, flags);
	s->nr_violations = 0;
	thprace_cause_forget(&s->causes);
	for (i = 0; i < THPRACE_NR_CHECKS; i++) {
		s->check[i].violated = 0;
		s->check[i].unconfirmed = 0;
	}
	raw_spin_unlock_irqrestore(&ring_lock, flags);
}

/**
 * thprace_record_name() - name the scenario that violations are of from now on
 * @s: session
 * @scenario: its name, or ""
 * @before: out, the name until now (THPRACE_NAME_LEN bytes), or NULL
 *
 * Context: any but NMI; takes ring_lock.
 */
void thprace_record_name(struct thprace_session *s, const char *scenario, char *before)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&ring_lock, flags);
	if (before)
		memcpy(before, s->scenario, sizeof(s->scenario));
	strscpy(s->scenario, scenario, sizeof(s->scenario));
	raw_spin_unlock_irqrestore(&ring_lock, flags);
}

/**
 * thprace_record_of_session() - copy the first violations of a session
 * @s: session
 * @out: room for THPRACE_SESSION_VIOLATIONS
 * @total: out, how many there were
 *
 * Context: any but NMI. Return: how many were copied.
 */
unsigned int thprace_record_of_session(struct thprace_session *s,
				       struct thprace_violation *out, unsigned int *total)
{
	unsigned long flags;
	unsigned int n;

	raw_spin_lock_irqsave(&ring_lock, flags);
	*total = s->nr_violations;
	n = min_t(unsigned int, *total, THPRACE_SESSION_VIOLATIONS);
	memcpy(out, s->violation, n * sizeof(*out));
	raw_spin_unlock_irqrestore(&ring_lock, flags);
	return n;
}

/**
 * thprace_record_snapshot() - copy the ring, oldest first
 * @out: room for @max
 * @max: at most THPRACE_MAX_VIOLATIONS
 *
 * Context: any but NMI. Return: how many were copied.
 */
unsigned int thprace_record_snapshot(struct thprace_violation *out, unsigned int max)
{
	unsigned long flags;
	unsigned int n = 0;
	u64 i;

	raw_spin_lock_irqsave(&ring_lock, flags);
	i = ring_serial > max ? ring_serial - max : 0;
	i = max(i, ring_cleared);
	for (; i < ring_serial; i++)
		out[n++] = ring[i % THPRACE_MAX_VIOLATIONS];
	raw_spin_unlock_irqrestore(&ring_lock, flags);
	return n;
}

/**
 * thprace_record_batch() - a round begins: what is found from now on has other causes
 * @s: session
 *
 * Context: any but NMI; takes ring_lock.
 */
void thprace_record_batch(struct thprace_session *s)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&ring_lock, flags);
	thprace_cause_batch(&s->causes);
	raw_spin_unlock_irqrestore(&ring_lock, flags);
}

/**
 * thprace_record_blocks() - copy the blocks of a session, or of all
 * @s: session; NULL: what the file violations shows
 * @out: room for THPRACE_MAX_BLOCKS
 *
 * Context: any but NMI; takes ring_lock. Return: how many were copied.
 */
unsigned int thprace_record_blocks(struct thprace_session *s, struct thprace_cause *out)
{
	const struct thprace_cause *from;
	unsigned int nr;
	unsigned long flags;

	static_assert(THPRACE_SESSION_BLOCKS <= THPRACE_MAX_BLOCKS);
	raw_spin_lock_irqsave(&ring_lock, flags);
	from = s ? s->causes.block : block;
	nr = s ? s->causes.nr : nr_blocks;
	memcpy(out, from, nr * sizeof(*out));
	raw_spin_unlock_irqrestore(&ring_lock, flags);
	return nr;
}

/**
 * thprace_record_round() - record what the lanes did in the round of a cause
 * @s: session
 * @c: a copy of its block; out: the block as it is now
 * @r: what they did, or NULL: that is not known any more
 * @done: they do nothing more in that round
 *
 * Context: any but NMI; takes ring_lock.
 * Return: is the block to be logged now?
 */
bool thprace_record_round(struct thprace_session *s, struct thprace_cause *c,
			  const struct thprace_seen_round *r, bool done)
{
	struct thprace_cause *now;
	unsigned long flags;
	bool log = false;

	raw_spin_lock_irqsave(&ring_lock, flags);
	now = thprace_cause_block(&s->causes, c->serial);
	if (now && !now->done) {
		now->has_round = r;
		if (r)
			now->round = *r;
		now->done = done;
		log = done && s->nr_logged < THPRACE_LOGGED_BLOCKS;
		s->nr_logged += log;
		keep_block(now);
		*c = *now;
	}
	raw_spin_unlock_irqrestore(&ring_lock, flags);
	return log;
}

/**
 * thprace_record_clear() - forget the violations of all sessions
 *
 * A session's own report keeps them.
 *
 * Context: any but NMI; takes ring_lock.
 */
void thprace_record_clear(void)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&ring_lock, flags);
	ring_cleared = ring_serial;
	nr_blocks = 0;
	raw_spin_unlock_irqrestore(&ring_lock, flags);
}
