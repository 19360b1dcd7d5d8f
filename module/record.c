// SPDX-License-Identifier: GPL-2.0
/*
 * record.c - where every finding ends: counters, the ring of violations
 *
 * Called by check.c, racing.c, worker.c, also from probe handlers.  Not here:
 * text (report.c) and verdicts.
 */
#include <linux/atomic.h>
#include <linux/ktime.h>

#include "session.h"

static DEFINE_RAW_SPINLOCK(ring_lock);
static struct thprace_violation ring[THPRACE_MAX_VIOLATIONS];	/* ring_lock */
static u64 ring_serial;						/* ring_lock */

static atomic64_t stats[THPRACE_NR_STATS];

static const char * const stat_names[] = {
	"sessions", "session_bytes", "commands", "rounds", "overlaps", "splits",
	"folios_checked", "violations", "parks", "check_ns", "bare_walk_ns",
};

static_assert(ARRAY_SIZE(stat_names) == THPRACE_NR_STATS);

/**
 * thprace_stat_add() - add to a total
 * @stat: which
 * @n: how much, may be negative
 */
void thprace_stat_add(enum thprace_stat stat, s64 n)
{
	atomic64_add(n, &stats[stat]);
}

/**
 * thprace_stat_read() - a total since load
 * @stat: which
 */
s64 thprace_stat_read(enum thprace_stat stat)
{
	return atomic64_read(&stats[stat]);
}

/**
 * thprace_stat_name() - its name
 * @stat: which
 */
const char *thprace_stat_name(enum thprace_stat stat)
{
	return stat_names[stat];
}

/**
 * thprace_record_counts() - count checks that held or were skipped
 * @s: session
 * @tally: of all THPRACE_NR_CHECKS; zero afterwards
 *
 * Context: process context.
 */
void thprace_record_counts(struct thprace_session *s, struct thprace_tally *tally)
{
	unsigned int i;

	spin_lock(&s->lock);
	for (i = 0; i < THPRACE_NR_CHECKS; i++) {
		if (!tally[i].held && !tally[i].skipped)
			continue;
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
		const struct thprace_op *op = READ_ONCE(s->lane[i].op);

		if (!op || (listed & BIT_ULL(thprace_op_index(op))))
			continue;
		listed |= BIT_ULL(thprace_op_index(op));
		n += scnprintf(buf + n, size - n, "%s%s", n ? "," : "", op->name);
	}
}

/**
 * thprace_record_violation() - every detection ends here
 * @s: session
 * @check: which
 * @addr: virtual address, or 0
 * @pfn: page frame, or 0
 * @index: subpage
 * @want: what the rule says
 * @got: what was seen
 * @reason: text
 *
 * Context: any but NMI; takes ring_lock.
 */
void thprace_record_violation(struct thprace_session *s, unsigned int check,
			      u64 addr, u64 pfn, u32 index, s64 want, s64 got,
			      const char *reason)
{
	struct thprace_violation *v;
	unsigned long flags;
	bool say;

	raw_spin_lock_irqsave(&ring_lock, flags);
	v = &ring[ring_serial % THPRACE_MAX_VIOLATIONS];
	memset(v, 0, sizeof(*v));
	v->serial = ++ring_serial;
	v->check = check;
	v->round = s->nr_rounds;
	v->time_ns = ktime_get_mono_fast_ns();
	v->addr = addr;
	v->pfn = pfn;
	v->index = index;
	v->want = want;
	v->got = got;
	strscpy(v->scenario, s->scenario[0] ? s->scenario : "-", sizeof(v->scenario));
	strscpy(v->cell, s->cell[0] ? s->cell : "-", sizeof(v->cell));
	strscpy(v->reason, reason ? reason : "-", sizeof(v->reason));
	list_ops(s, v->ops, sizeof(v->ops));
	s->check[check].violated++;
	if (s->nr_violations < THPRACE_SESSION_VIOLATIONS)
		s->violation[s->nr_violations] = *v;
	s->nr_violations++;
	say = s->nr_said < THPRACE_SESSION_SAID;
	s->nr_said += say;
	raw_spin_unlock_irqrestore(&ring_lock, flags);
	thprace_stat_add(THPRACE_STAT_VIOLATIONS, 1);
	/* if the kernel does not live to see it reported; no values, they can be pointers */
	if (say)
		pr_warn("thprace: violation check=%s scenario=%s addr=0x%llx pfn=0x%llx: %s\n",
			thprace_check_name(check), s->scenario[0] ? s->scenario : "-",
			addr, pfn, reason ? reason : "-");
}

/**
 * thprace_record_finding() - record what judge.c found violated
 * @s: session
 * @check: which
 * @f: the finding
 * @obs: the observation it is about
 *
 * Context: process context.
 */
void thprace_record_finding(struct thprace_session *s, unsigned int check,
			    const struct thprace_finding *f,
			    const struct thprace_obs *obs)
{
	thprace_record_violation(s, check, f->addr ? f->addr : obs->addr, obs->pfn + f->index,
				 f->index, f->want, f->got, f->reason);
}

/**
 * thprace_record_snapshot() - copy the ring, oldest first
 * @out: room for @max
 * @max: at most THPRACE_MAX_VIOLATIONS
 *
 * Return: how many were copied.
 */
unsigned int thprace_record_snapshot(struct thprace_violation *out, unsigned int max)
{
	unsigned long flags;
	unsigned int n = 0;
	u64 i;

	raw_spin_lock_irqsave(&ring_lock, flags);
	i = ring_serial > max ? ring_serial - max : 0;
	for (; i < ring_serial; i++)
		out[n++] = ring[i % THPRACE_MAX_VIOLATIONS];
	raw_spin_unlock_irqrestore(&ring_lock, flags);
	return n;
}
