// SPDX-License-Identifier: GPL-2.0
/*
 * What the scenario that runs has left in shared memory, as a result
 *
 * Whatever has become of its processes: called when they are gone, and in between
 * for a report of what is known so far.
 */
#include <signal.h>
#include <stdarg.h>
#include <string.h>

#include "collect.h"
#include "crash.h"
#include "env.h"
#include "note.h"
#include "pageflags.h"
#include "report.h"
#include "result.h"
#include "run.h"
#include "scenario.h"
#include "tally.h"
#include "util.h"

#define KNOWN_MAX	0x20000		/* of the module's last violations */

static u32 bounded(u32 n, u32 max)
{
	return n < max ? n : max;
}

/* The session has looked at the same huge page, after the same batch. */
static u32 same_page_before(const struct tally *t, const struct violation *v, u32 nr,
			    u64 batch_round)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		const struct violation *k = &t->kept[i];

		if (v->thp && (k->addr & ~(env.hpage_size - 1)) == v->thp &&
		    k->round >= batch_round)
			return k->cause;
	}
	return 0;
}

static void add_violations(const struct shared *sh, const struct violation *list, u32 nr,
			   enum note_of of, struct tally *t)
{
	u32 i, kept = bounded(nr, SHARED_VIOLATIONS), cause, number = t->nr_violations;

	for (i = 0; i < kept; i++) {
		struct violation v = list[i];

		v.cause = same_page_before(t, &v, number, sh->batch_round);
		cause = tally_violation(t, &v);
		if (cause)
			note_collect(sh, of, i, cause, t);
	}
	t->violations += nr - kept;
}

/* A check that lanes make; returns how often it was violated, of what is kept. */
static u32 add_promise(const struct shared *sh, u32 nr, unsigned int check, struct tally *t)
{
	struct check_count *c = &t->checks[check];
	unsigned int i;

	memset(c, 0, sizeof(*c));
	c->listed = true;
	for (i = 0; i < ARRAY_SIZE(sh->lane); i++)
		c->held += sh->lane[i].held[check];
	for (i = 0; i < bounded(nr, SHARED_VIOLATIONS); i++)
		c->violated += !strcmp(sh->violations[i].check, check_name(check));
	return c->violated;
}

/* What lanes have seen: of content, but for what two checks say. */
static void add_lanes(const struct shared *sh, struct tally *t)
{
	struct check_count *content = &t->checks[THPRACE_CHECK_CONTENT];
	u32 nr = __atomic_load_n(&sh->nr_violations, __ATOMIC_ACQUIRE), others;
	unsigned int i;

	others = add_promise(sh, nr, THPRACE_CHECK_RECLAIM_PROGRESS, t);
	others += add_promise(sh, nr, THPRACE_CHECK_MLOCKED, t);
	memset(content, 0, sizeof(*content));
	content->listed = true;
	content->violated = nr - others;
	for (i = 0; i < ARRAY_SIZE(sh->lane); i++)
		content->held += sh->lane[i].pages_verified;
	add_violations(sh, sh->violations, nr, NOTE_LANES, t);
}

static void add_outside(const struct shared *sh, struct tally *t)
{
	struct check_count *kernel = &t->checks[CHECK_KERNEL];
	u32 nr = __atomic_load_n(&sh->nr_outside, __ATOMIC_ACQUIRE);

	kernel->listed = true;
	kernel->violated += nr;
	add_violations(sh, sh->outside, nr, NOTE_MAIN, t);
}

/* Those that no session has counted: of all lanes without the module, else of the 17th and on. */
static void add_ops(const struct report *rep, const struct scenario *sc, struct tally *t)
{
	const struct shared *sh = rep->sh;
	struct op_count *op;
	unsigned int i;

	for (i = rep->opt->no_module ? 0 : THPRACE_MAX_LANES; i < ARRAY_SIZE(sh->lane); i++) {
		const struct lane_shared *ls = &sh->lane[i];

		if (!i && !env.have_split_file)
			continue;
		op = tally_op(t, i ? sc->op : "split");
		if (!op)
			continue;
		op->done += ls->done;
		op->busy += ls->busy;
		op->failed += ls->failed;
		op->time_ns += ls->time_ns;
	}
}

static const char *access_name(const struct crash *c)
{
	return c->fetch ? "execution" : c->write ? "write" : "read";
}

static const char *signal_name(int sig)
{
	return sig == SIGSEGV ? "SIGSEGV" : sig == SIGBUS ? "SIGBUS" : "SIGILL";
}

static void add_line(struct tally *t, u32 cause, const char *kind, const char *fmt, ...)
	__printf(4, 5);

static void add_line(struct tally *t, u32 cause, const char *kind, const char *fmt, ...)
{
	struct block b = { .cause = cause };
	va_list ap;

	copy_word(b.kind, sizeof(b.kind), kind);
	va_start(ap, fmt);
	vsnprintf(b.text, sizeof(b.text), fmt, ap);
	va_end(ap);
	tally_block(t, &b);
}

static void describe_crash(struct tally *t, u32 cause, const struct crash *c)
{
	char text[PAGEMAP_TEXT], flags[PAGEFLAGS_TEXT];

	if (!cause)
		return;
	add_line(t, cause, "page", "addr=0x%llx pid=%d lane=%s ip=0x%llx", c->addr, c->pid,
		 note_lane_name(c->lane), c->ip);
	pagemap_text(text, sizeof(text), c->pagemap);
	add_line(t, cause, "pagemap", "%s", text);
	pageflags_text(flags, sizeof(flags), c->flags);
	add_line(t, cause, "kpageflags", "bits=0x%llx flags=%s", c->flags, flags);
	add_line(t, cause, "vma", "text=%s", c->mapped ? c->perms : "none there");
}

static void crash_violation(const struct report *rep, const struct scenario *sc,
			    const struct crash *c, struct tally *t)
{
	struct violation v = {
		.addr = c->addr,
		.time_ns = now_ns() - rep->start_ns,
		.round = rep->sh->round,
	};
	u32 cause;

	copy_word(v.check, sizeof(v.check), check_name(THPRACE_CHECK_CONTENT));
	copy_word(v.scenario, sizeof(v.scenario), sc->name);
	copy_word(v.cell, sizeof(v.cell), "-");
	snprintf(v.want, sizeof(v.want), "%s of a page", access_name(c));
	snprintf(v.got, sizeof(v.got), "%s code %d", signal_name(c->sig), c->code);
	scenario_ops(sc, v.ops, sizeof(v.ops));
	snprintf(v.detail, sizeof(v.detail),
		 "lane %u, pid %d, ip 0x%llx: %s %s; pagemap 0x%llx, kpageflags 0x%llx", c->lane,
		 c->pid, c->ip, c->mapped ? "there is a mapping," : "the mapping is gone",
		 c->mapped ? c->perms : "", c->pagemap, c->flags);
	if (c->known) {
		v.thp = rep->sh->base + c->thp * env.hpage_size;
		v.round = rep->sh->thp_round[c->thp].round;
	}
	cause = tally_violation(t, &v);
	describe_crash(t, cause, c);
	if (c->known)
		note_collect(rep->sh, NOTE_CRASH, c - rep->sh->crash, cause, t);
	t->checks[THPRACE_CHECK_CONTENT].violated++;
}

static void describe(const struct crash *c, char *buf, size_t size)
{
	switch (crash_judge(c)) {
	case CRASH_SENT:
		snprintf(buf, size, "lane %u (pid %d) was sent %s by another process", c->lane,
			 c->pid, signal_name(c->sig));
		break;
	case CRASH_HARDWARE:
		snprintf(buf, size, "a memory error of the hardware at 0x%llx", c->addr);
		break;
	default:
		snprintf(buf, size, "lane %u (pid %d): %s at 0x%llx, ip 0x%llx (code %d)", c->lane,
			 c->pid, signal_name(c->sig), c->addr, c->ip, c->code);
	}
}

/* Its handler has a stack of its own, so something that it needs was gone. */
static void unseen_violation(const struct report *rep, const struct scenario *sc,
			     struct tally *t)
{
	const struct crash c = {
		.sig = rep->sh->unseen_signal, .pid = rep->sh->unseen_pid,
	};

	crash_violation(rep, sc, &c, t);
}

static void add_crashes(const struct report *rep, const struct scenario *sc, struct result *out)
{
	struct shared *sh = rep->sh;
	u32 nr = bounded(__atomic_load_n(&sh->nr_crashes, __ATOMIC_ACQUIRE), MAX_CRASHES), i;

	for (i = 0; i < nr; i++) {
		struct crash *c = &sh->crash[i];

		if (!__atomic_load_n(&c->ready, __ATOMIC_ACQUIRE))
			continue;
		if (c->known && !c->noted)
			note_lanes(sh, NOTE_CRASH, i, c->thp);
		c->noted = true;
		if (crash_judge(c) == CRASH_LOST)
			crash_violation(rep, sc, c, &out->tally);
		else
			describe(c, out->error, sizeof(out->error));
	}
	if (!sh->nr_crashes && sh->armed && crash_is_fatal(sh->unseen_signal))
		unseen_violation(rep, sc, &out->tally);
}

static void add_session_notes(const struct shared *sh, struct tally *t)
{
	u32 nr = __atomic_load_n(&sh->nr_notes, __ATOMIC_ACQUIRE), cause;

	for (cause = 1; cause <= t->nr_causes && cause <= SHARED_NOTES; cause++)
		note_collect(sh, NOTE_SESSION, cause, cause, t);
	if (nr > SHARED_NOTES)
		t->lost_blocks += nr - SHARED_NOTES;
}

/* One that ended the scenario was noted by nobody there. */
static void note_late(const struct report *rep, struct result *out)
{
	const struct tally *t = &out->tally;

	if (t->nr_violations)
		note_found(rep->sh, t->kept[0].thp ? t->kept[0].thp : t->kept[0].addr,
			   &out->found);
}

/**
 * collect() - all that the scenario that runs has counted and found
 * @rep: report; its sh and part are this scenario's
 * @out: a copy of rep->part, or it
 */
void collect(const struct report *rep, struct result *out)
{
	const struct result *before = rep->results[rep->sh->index];
	const struct scenario *sc = before->sc;
	struct tally *t = &out->tally;
	unsigned int i;

	tally_copy(t, &rep->sh->tally[__atomic_load_n(&rep->sh->tally_now, __ATOMIC_ACQUIRE) % 2]);
	/* The session has counted the rounds of this pass. */
	for (i = 0; i < t->nr_violations; i++)
		t->kept[i].round += rep->opt->first_round + before->tally.rounds;
	add_session_notes(rep->sh, t);
	add_lanes(rep->sh, t);
	add_ops(rep, sc, t);
	add_crashes(rep, sc, out);
	add_outside(rep->sh, t);
	note_late(rep, out);
	out->batches = rep->sh->batch > before->batches ? rep->sh->batch - before->batches : 0;
	if (t->violations && !out->first_violation_ns)
		out->first_violation_ns = now_ns() - rep->start_ns;
}

/**
 * collect_known() - what the module has recorded before a scenario
 * @rep: report
 * @buf: result; empty without the module
 * @size: of @buf
 */
void collect_known(const struct report *rep, char *buf, size_t size)
{
	buf[0] = '\0';
	if (!rep->opt->no_module)
		read_text(THPRACE_DEBUGFS "/violations", buf, size);
}

static bool already_has(const struct tally *t, const struct violation *v)
{
	unsigned int i;

	for (i = 0; i < t->nr_violations; i++) {
		const struct violation *k = &t->kept[i];

		if (!strcmp(k->check, v->check) && k->addr == v->addr && k->pfn == v->pfn &&
		    k->time_ns == v->time_ns)
			return true;
	}
	return false;
}

/* Unless it is of another scenario, or is counted already. */
static void add_missed(struct result *out, char *line)
{
	struct tally *t = &out->tally;
	struct violation v;
	int check;

	violation_parse(&v, line);
	check = check_by_name(v.check);
	if (check < 0 || strcmp(v.scenario, out->sc->name) || already_has(t, &v))
		return;
	tally_violation(t, &v);
	t->checks[check].listed = true;
	t->checks[check].violated++;
}

static bool has_block(const struct tally *t, unsigned int nr, u64 serial)
{
	while (nr) {
		if (t->blocks[--nr].serial == serial)
			return true;
	}
	return false;
}

/**
 * collect_missed() - violations that only the module knows of
 * @rep: report
 * @out: result of a scenario that ended before it read its session's report
 * @known: from collect_known(), before it was begun
 */
void collect_missed(const struct report *rep, struct result *out, const char *known)
{
	unsigned int nr_blocks = out->tally.nr_blocks;
	static char text[KNOWN_MAX];
	char *line, *next;
	struct block b;

	collect_known(rep, text, sizeof(text));
	for (line = text; *line; line = next) {
		next = line + strcspn(line, "\n");
		if (*next)
			*next++ = '\0';
		if (strstr(known, line))
			continue;
		if (!strncmp(line, "violation ", strlen("violation ")))
			add_missed(out, line + strlen("violation "));
		if (strncmp(line, "block ", strlen("block ")) ||
		    !block_parse(&b, line + strlen("block ")))
			continue;
		b.cause = tally_cause(&out->tally, b.serial);
		if (b.cause && !has_block(&out->tally, nr_blocks, b.serial))
			tally_block(&out->tally, &b);
	}
	if (out->tally.violations && !out->first_violation_ns)
		out->first_violation_ns = now_ns() - rep->start_ns;
	note_late(rep, out);
}
