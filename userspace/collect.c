// SPDX-License-Identifier: GPL-2.0
/*
 * What the scenario that runs has left in shared memory, as a result
 *
 * Whatever has become of its processes: called when they are gone, and in between
 * for a report of what is known so far.
 */
#include <signal.h>
#include <string.h>

#include "collect.h"
#include "crash.h"
#include "env.h"
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

static void add_content(const struct shared *sh, struct tally *t)
{
	struct check_count *content = &t->checks[THPRACE_CHECK_CONTENT];
	u32 nr = __atomic_load_n(&sh->nr_violations, __ATOMIC_ACQUIRE);
	unsigned int i;

	memset(content, 0, sizeof(*content));
	content->listed = true;
	content->violated = nr;
	for (i = 0; i < ARRAY_SIZE(sh->lane); i++)
		content->held += sh->lane[i].pages_verified;
	for (i = 0; i < bounded(nr, SHARED_VIOLATIONS); i++)
		tally_violation(t, &sh->violations[i]);
	t->violations += nr - bounded(nr, SHARED_VIOLATIONS);
}

static void add_outside(const struct shared *sh, struct tally *t)
{
	struct check_count *kernel = &t->checks[CHECK_KERNEL];
	unsigned int i;

	kernel->listed = true;
	kernel->violated += sh->nr_outside;
	for (i = 0; i < bounded(sh->nr_outside, SHARED_VIOLATIONS); i++)
		tally_violation(t, &sh->outside[i]);
	t->violations += sh->nr_outside - bounded(sh->nr_outside, SHARED_VIOLATIONS);
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

static void crash_violation(const struct report *rep, const struct scenario *sc,
			    const struct crash *c, struct tally *t)
{
	struct violation v = {
		.addr = c->addr,
		.time_ns = now_ns() - rep->start_ns,
		.round = rep->sh->round,
	};

	copy_word(v.check, sizeof(v.check), check_name(THPRACE_CHECK_CONTENT));
	copy_word(v.scenario, sizeof(v.scenario), sc->name);
	copy_word(v.cell, sizeof(v.cell), "-");
	snprintf(v.want, sizeof(v.want), "%s of a page", access_name(c));
	snprintf(v.got, sizeof(v.got), "%s code %d", signal_name(c->sig), c->code);
	snprintf(v.ops, sizeof(v.ops), "split,%s", sc->op);
	snprintf(v.detail, sizeof(v.detail),
		 "lane %u, pid %d, ip 0x%llx: %s %s; pagemap 0x%llx, kpageflags 0x%llx", c->lane,
		 c->pid, c->ip, c->mapped ? "there is a mapping," : "the mapping is gone",
		 c->mapped ? c->perms : "", c->pagemap, c->flags);
	tally_violation(t, &v);
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
	const struct shared *sh = rep->sh;
	u32 nr = bounded(__atomic_load_n(&sh->nr_crashes, __ATOMIC_ACQUIRE), MAX_CRASHES), i;

	for (i = 0; i < nr; i++) {
		const struct crash *c = &sh->crash[i];

		if (!__atomic_load_n(&c->ready, __ATOMIC_ACQUIRE))
			continue;
		if (crash_judge(c) == CRASH_LOST)
			crash_violation(rep, sc, c, &out->tally);
		else
			describe(c, out->error, sizeof(out->error));
	}
	if (!sh->nr_crashes && sh->armed && crash_is_fatal(sh->unseen_signal))
		unseen_violation(rep, sc, &out->tally);
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
		t->kept[i].round += before->tally.rounds;
	add_content(rep->sh, t);
	add_ops(rep, sc, t);
	add_crashes(rep, sc, out);
	add_outside(rep->sh, t);
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

/**
 * collect_missed() - violations that only the module knows of
 * @rep: report
 * @out: result of a scenario that ended before it read its session's report
 * @known: from collect_known(), before it was begun
 */
void collect_missed(const struct report *rep, struct result *out, const char *known)
{
	static char text[KNOWN_MAX];
	struct violation v;
	char *line, *next;
	int check;

	collect_known(rep, text, sizeof(text));
	for (line = text; *line; line = next) {
		next = line + strcspn(line, "\n");
		if (*next)
			*next++ = '\0';
		if (strstr(known, line) || strncmp(line, "violation ", strlen("violation ")))
			continue;
		violation_parse(&v, line + strlen("violation "));
		check = check_by_name(v.check);
		if (check < 0 || strcmp(v.scenario, out->sc->name) ||
		    already_has(&out->tally, &v))
			continue;
		tally_violation(&out->tally, &v);
		out->tally.checks[check].listed = true;
		out->tally.checks[check].violated++;
	}
	if (out->tally.violations && !out->first_violation_ns)
		out->first_violation_ns = now_ns() - rep->start_ns;
}
