// SPDX-License-Identifier: GPL-2.0
/*
 * report.c - a session as text
 *
 * Called by debugfs.c.  The format is docs/ABI.md.
 */
#include <linux/sort.h>
#include <linux/utsname.h>

#include "front/report.h"
#include "front/verdict.h"
#include "race/conclude.h"
#include "race/ops.h"
#include "state/block.h"
#include "state/catalog.h"
#include "state/names.h"
#include "state/record.h"
#include "steer/chance.h"
#include "steer/checks.h"
#include "steer/grid.h"
#include "steer/lockcount.h"
#include "steer/schedule.h"

/* What most reports need; any that need more get it. */
#define FIRST_BYTES	(16 * 1024)

/* A text that grows; @buf is NULL once there was no memory for it. */
struct text {
	char *buf;
	size_t len, size;
};

static bool grow(struct text *t, size_t size)
{
	char *buf = kvmalloc(size, GFP_KERNEL);

	if (buf && t->buf)
		memcpy(buf, t->buf, t->len);
	kvfree(t->buf);
	t->buf = buf;
	t->size = buf ? size : 0;
	return buf;
}

/* There was no memory for a part of it: then there is no text. */
static void fail(struct text *t)
{
	kvfree(t->buf);
	t->buf = NULL;
}

static __printf(2, 3) void say(struct text *t, const char *fmt, ...)
{
	va_list args;
	size_t n;

	while (t->buf) {
		va_start(args, fmt);
		n = vsnprintf(t->buf + t->len, t->size - t->len, fmt, args);
		va_end(args);
		if (n < t->size - t->len) {
			t->len += n;
			break;
		}
		grow(t, 2 * (t->size + n));
	}
}

static void say_violation(struct text *t, const struct thprace_violation *v)
{
	say(t, "violation check=%s scenario=%s round=%llu time_ns=%llu",
	    thprace_check_name(v->check), v->scenario, v->round, v->time_ns);
	say(t, " addr=0x%llx pfn=0x%llx index=%u want=%lld got=%lld", v->addr, v->pfn,
	    v->index, v->want, v->got);
	say(t, " ops=%s cell=%s cause=%llu%s reason=%s\n", v->ops[0] ? v->ops : "-", v->cell,
	    v->cause, v->control ? " control=yes" : "", v->reason);
}

/* By cause, as they were found; of one cause the most basic check first. */
static int compare_violations(const void *a, const void *b)
{
	const struct thprace_violation *x = a, *y = b;
	unsigned int rank_x = thprace_check_rank(x->check), rank_y = thprace_check_rank(y->check);

	if (x->cause != y->cause)
		return x->cause < y->cause ? -1 : 1;
	if (rank_x != rank_y)
		return rank_x < rank_y ? -1 : 1;
	return x->serial < y->serial ? -1 : 1;
}

static void say_all(struct text *t, struct thprace_violation *v, unsigned int n)
{
	unsigned int i;

	sort(v, n, sizeof(*v), compare_violations, NULL);
	for (i = 0; i < n; i++)
		say_violation(t, &v[i]);
}

static void say_line(void *arg, const char *line)
{
	say(arg, "%s\n", line);
}

/* The blocks of a session; NULL: those that the file violations shows. */
static void say_blocks(struct text *t, struct thprace_session *s)
{
	struct thprace_cause *c = kvmalloc_array(THPRACE_MAX_BLOCKS, sizeof(*c), GFP_KERNEL);
	unsigned int i, n;

	if (!c) {
		fail(t);
		return;
	}
	n = thprace_record_blocks(s, c);
	for (i = 0; i < n; i++)
		thprace_block_print(&c[i], true, say_line, t);
	kvfree(c);
}

static void say_violations(struct text *t, struct thprace_session *s)
{
	struct thprace_violation *v;
	unsigned int n, total;

	if (!READ_ONCE(s->nr_violations))
		return;
	v = kvmalloc_array(THPRACE_SESSION_VIOLATIONS, sizeof(*v), GFP_KERNEL);
	if (!v) {
		fail(t);
		return;
	}
	n = thprace_record_of_session(s, v, &total);
	say_all(t, v, n);
	if (total > n)
		say(t, "violations: %u, the first %u are shown\n", total, n);
	kvfree(v);
	say_blocks(t, s);
}

/* Why the last line that was refused was. */
static void say_refused(struct text *t, struct thprace_session *s)
{
	char *text = kvmalloc(sizeof(s->refused), GFP_KERNEL);

	if (!text)
		return;
	spin_lock(&s->lock);
	memcpy(text, s->refused, sizeof(s->refused));
	spin_unlock(&s->lock);
	if (text[0])
		say(t, "error_text: %s\n", text);
	kvfree(text);
}

/* What the munmap commands of a session have unmapped. */
static void say_unmapped(struct text *t, struct thprace_session *s)
{
	struct thprace_unmapped u;
	unsigned int i;
	bool end;
	u64 more;

	for (i = 0; ; i++) {
		spin_lock(&s->lock);
		end = i >= s->nr_unmapped;
		if (!end)
			u = s->unmapped[i];
		more = s->unmapped_more;
		spin_unlock(&s->lock);
		if (end)
			break;
		say(t, "unmapped pid=%d map=0x%llx+0x%llx\n", u.pid, u.addr, u.len);
	}
	if (more)
		say(t, "unmapped more=%llu\n", more);
}

/* All cells: what fills the buffer may have been cut. */
static void say_cells(struct text *t, struct thprace_session *s,
		      size_t (*print)(struct thprace_session *s, char *buf, size_t size))
{
	while (t->buf) {
		size_t room = t->size - t->len, n;

		n = print(s, t->buf + t->len, room);
		if (n + 1 < room) {
			t->len += n;
			break;
		}
		grow(t, 2 * t->size);
	}
}

/* What became of the schedule of the last round, if one was forced. */
static void say_steps(struct text *t, struct thprace_session *s)
{
	const struct thprace_step_result *r;
	unsigned int nr = thprace_schedule_results(s, &r);
	char word[THPRACE_STEP_WORD];

	if (!nr)
		return;
	say(t, "steer");
	for (; nr; nr--, r++) {
		thprace_schedule_word(r, word);
		say(t, " %s", word);
	}
	say(t, "\n");
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
	char *run = kvmalloc(sizeof(s->run), GFP_KERNEL), why[THPRACE_VERDICT_WHY];
	struct text t = { };
	unsigned int i;

	if (!run || !grow(&t, FIRST_BYTES)) {
		kvfree(run);
		return NULL;
	}
	thprace_conclude(s);
	spin_lock(&s->lock);
	memcpy(run, s->run, sizeof(s->run));
	spin_unlock(&s->lock);
	say(&t, "%s\n", THPRACE_REPORT_MAGIC);
	say(&t, "command: %s\n", READ_ONCE(s->command));
	if (s->error)
		say(&t, "error: %d\n", s->error);
	say_refused(&t, s);
	say(&t, "run: %s\n", run[0] ? run : "-");
	kvfree(run);
	say(&t, "verdict: %s\n", verdicts[thprace_session_verdict(s, why, sizeof(why))]);
	if (why[0])
		say(&t, "why: %s\n", why);
	say(&t, "kernel: %s\n", init_utsname()->release);
	say(&t, "rounds: %llu\n", s->nr_rounds);
	say(&t, "overlaps: %llu\n", s->nr_overlaps);
	say(&t, "duration_ns: %llu\n", s->duration_ns);
	if (s->nr_used_up)
		say(&t, "used_up: %llu\n", s->nr_used_up);
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
		say(&t, "check %s held=%llu violated=%llu skipped=%llu needed=%u reason=%s\n",
		    thprace_check_name(i), held, s->check[i].violated,
		    s->check[i].skipped + s->check[i].unconfirmed,
		    thprace_check_must_hold(s, i), why ? why : "-");
	}
	if (s->bench_rounds)
		say(&t, "bench rounds=%llu check_ns=%llu walk_ns=%llu\n", s->bench_rounds,
		    s->bench_check_ns / s->bench_rounds, s->bench_walk_ns / s->bench_rounds);
	say_steps(&t, s);
	say_unmapped(&t, s);
	say_violations(&t, s);
	say_cells(&t, s, thprace_grid_print);
	say_cells(&t, s, thprace_chance_print);
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
	struct thprace_violation *v;
	struct text t = { };
	unsigned int n;

	v = kvmalloc_array(THPRACE_MAX_VIOLATIONS, sizeof(*v), GFP_KERNEL);
	if (!v || !grow(&t, FIRST_BYTES)) {
		kvfree(v);
		return NULL;
	}
	n = thprace_record_snapshot(v, THPRACE_MAX_VIOLATIONS);
	say_all(&t, v, n);
	kvfree(v);
	say_blocks(&t, NULL);
	*len = t.len;
	return t.buf;
}
