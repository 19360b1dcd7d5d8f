// SPDX-License-Identifier: GPL-2.0
/*
 * report.c - a session as text, and its verdict
 *
 * Called by debugfs.c.  The format is docs/ABI.md.  The verdict is worked out
 * here and nowhere else in the module.
 */
#include <linux/utsname.h>

#include "front/report.h"
#include "race/ops.h"
#include "state/names.h"
#include "state/record.h"
#include "steer/checks.h"
#include "steer/grid.h"
#include "steer/lockcount.h"
#include "steer/schedule.h"

#define REPORT_BYTES	(64 * 1024)

struct text {
	char *buf;
	size_t len, size;
};

static __printf(2, 3) void say(struct text *t, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	t->len += vscnprintf(t->buf + t->len, t->size - t->len, fmt, args);
	va_end(args);
}

static void say_violation(struct text *t, const struct thprace_violation *v)
{
	say(t, "violation check=%s scenario=%s round=%llu time_ns=%llu",
	    thprace_check_name(v->check), v->scenario, v->round, v->time_ns);
	say(t, " addr=0x%llx pfn=0x%llx index=%u want=%lld got=%lld", v->addr, v->pfn,
	    v->index, v->want, v->got);
	say(t, " ops=%s cell=%s reason=%s\n", v->ops[0] ? v->ops : "-", v->cell, v->reason);
}

/* What became of the schedule of the last round, if one was forced. */
static void say_steps(struct text *t, struct thprace_session *s)
{
	static const char * const names[] = { "pending", "reached", "blocked", "never" };
	const struct thprace_step_result *r;
	unsigned int nr = thprace_schedule_results(s, &r);

	static_assert(ARRAY_SIZE(names) == THPRACE_NR_STEP_STATES);
	if (!nr)
		return;
	say(t, "steer");
	for (; nr; nr--, r++) {
		say(t, " %c%c%s", 'a' + r->step.lane,
		    r->step.kind == THPRACE_STEP_RETURN ? '<' : '>',
		    r->step.kind == THPRACE_STEP_END ? "end" : r->step.phase);
		if (r->step.nth > 1)
			say(t, "#%u", r->step.nth);
		say(t, "=%s%s", names[r->state], r->unparked ? "*" : "");
		if (r->lock)
			say(t, "(%s)", r->lock);
	}
	say(t, "\n");
}

/**
 * thprace_session_verdict() - pass, fail, inconclusive or aborted
 * @s: the session
 *
 * A violation fails.  A pass needs every op that was asked for done, an
 * overlap if there were rounds, and every selected check that this kernel can
 * make held at least once; rss, made now and then, need not.
 */
enum thprace_verdict thprace_session_verdict(struct thprace_session *s)
{
	unsigned int i;

	if (s->nr_violations)
		return THPRACE_FAIL;
	if (s->aborted)
		return THPRACE_ABORTED;
	if (!s->op_asked && !s->selected)
		return THPRACE_INCONCLUSIVE;
	for (i = 0; i < THPRACE_NR_OPS; i++)
		if ((s->op_asked & BIT_ULL(i)) && !s->op[i].done)
			return THPRACE_INCONCLUSIVE;
	if (s->nr_rounds && !s->nr_overlaps)
		return THPRACE_INCONCLUSIVE;
	for (i = 0; i < THPRACE_NR_CHECKS; i++) {
		bool racing = thprace_check_kind(i) == THPRACE_KIND_RACING;

		if (!(s->selected & BIT_ULL(i)) || thprace_check_kind(i) == THPRACE_KIND_USER)
			continue;
		if (!s->check[i].held && !(racing && thprace_lockcount_held(s, i)) &&
		    thprace_check_must_hold(s, i))
			return THPRACE_INCONCLUSIVE;
	}
	return THPRACE_PASS;
}

/**
 * thprace_report_session() - the report of a session
 * @s: the session
 * @len: out, bytes
 *
 * Context: process context. Return: text for kvfree(), or NULL.
 */
char *thprace_report_session(struct thprace_session *s, size_t *len)
{
	static const char * const verdicts[] = THPRACE_VERDICT_NAMES;
	struct text t = { .size = REPORT_BYTES };
	unsigned int i;

	t.buf = kvmalloc(t.size, GFP_KERNEL);
	if (!t.buf)
		return NULL;
	say(&t, "%s\n", THPRACE_REPORT_MAGIC);
	say(&t, "command: %s\n", s->command);
	say(&t, "run: %s\n", s->run[0] ? s->run : "-");
	say(&t, "verdict: %s\n", verdicts[thprace_session_verdict(s)]);
	say(&t, "kernel: %s\n", init_utsname()->release);
	say(&t, "rounds: %llu\n", s->nr_rounds);
	say(&t, "overlaps: %llu\n", s->nr_overlaps);
	say(&t, "duration_ns: %llu\n", s->duration_ns);
	for (i = 0; i < THPRACE_NR_OPS; i++)
		if (s->op_asked & BIT_ULL(i))
			say(&t, "op %s done=%llu busy=%llu failed=%llu time_ns=%llu\n",
			    thprace_op_name(i), s->op[i].done, s->op[i].busy,
			    s->op[i].failed, s->op[i].time_ns);
	for (i = 0; i < THPRACE_NR_CHECKS; i++) {
		const char *why = thprace_check_why_not(i);
		u64 held = s->check[i].held;

		if (thprace_check_kind(i) == THPRACE_KIND_RACING)
			held += thprace_lockcount_held(s, i);
		if (!why)
			why = s->check[i].reason;
		say(&t, "check %s held=%llu violated=%llu skipped=%llu reason=%s\n",
		    thprace_check_name(i), held, s->check[i].violated,
		    s->check[i].skipped, why ? why : "-");
	}
	if (s->bench_rounds)
		say(&t, "bench rounds=%llu check_ns=%llu walk_ns=%llu\n", s->bench_rounds,
		    s->bench_check_ns / s->bench_rounds, s->bench_walk_ns / s->bench_rounds);
	say_steps(&t, s);
	t.len += thprace_grid_print(s, t.buf + t.len, t.size - t.len);
	for (i = 0; i < min_t(unsigned int, s->nr_violations, THPRACE_SESSION_VIOLATIONS); i++)
		say_violation(&t, &s->violation[i]);
	*len = t.len;
	return t.buf;
}

/**
 * thprace_report_violations() - the ring of violations
 * @len: out, bytes
 *
 * Context: process context. Return: text for kvfree(), or NULL.
 */
char *thprace_report_violations(size_t *len)
{
	struct text t = { .size = THPRACE_MAX_VIOLATIONS * 512 };
	struct thprace_violation *v;
	unsigned int i, n;

	v = kvmalloc_array(THPRACE_MAX_VIOLATIONS, sizeof(*v), GFP_KERNEL);
	t.buf = kvmalloc(t.size, GFP_KERNEL);
	if (!v || !t.buf) {
		kvfree(v);
		kvfree(t.buf);
		return NULL;
	}
	n = thprace_record_snapshot(v, THPRACE_MAX_VIOLATIONS);
	for (i = 0; i < n; i++)
		say_violation(&t, &v[i]);
	kvfree(v);
	*len = t.len;
	return t.buf;
}
