// SPDX-License-Identifier: GPL-2.0
/*
 * The words of docs/ABI.md: good values, bad ones and their errnos; to add a
 * word, add a row of the table at the end
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz_gen.h"

#define MAX_PAGE	511
#define MAX_ERRNO	4095

static const char letters[] = "abcdefghijklmnop";

/* @nr different numbers below @below, in @out. */
static void draw_set(struct fuzz_rng *r, unsigned int *out, unsigned int nr, unsigned int below)
{
	unsigned int i, j, v;

	for (i = 0; i < nr; i++) {
		v = fuzz_below(r, below - i);
		/* What comes before it in order is taken: count on. */
		for (j = 0; j < i; j++)
			v += v >= out[j];
		out[i] = v;
		for (j = i; j > 0 && out[j - 1] > out[j]; j--) {
			v = out[j];
			out[j] = out[j - 1];
			out[j - 1] = v;
		}
	}
}

/* ---- good values ---- */

static void add_number(struct gen *g, enum word kind, const char *name, u64 v)
{
	char text[64];

	switch (fuzz_below(g->rng, 8)) {
	case 1:
		snprintf(text, sizeof(text), "0x%llx", (unsigned long long)v);
		break;
	case 2:
		snprintf(text, sizeof(text), "0x%llX", (unsigned long long)v);
		break;
	case 3:
		snprintf(text, sizeof(text), "00%llu", (unsigned long long)v);
		break;
	default:
		snprintf(text, sizeof(text), "%llu", (unsigned long long)v);
	}
	gen_add(g, kind, "%s=%s", name, text);
}

static pid_t some_task(struct gen *g)
{
	switch (fuzz_below(g->rng, 24)) {
	case 0:
		return fuzz->dead;
	case 1:
		return fuzz->zombie;
	case 2:
		return fuzz->kthread;
	case 3:
		return 1;
	default:
		return fuzz_pid(fuzz_below(g->rng, FUZZ_SLOTS));
	}
}

static void add_pid(struct gen *g)
{
	unsigned int nr = 1 + fuzz_below(g->rng, 3), from, set[3], i;

	if (g->wish->alone) {
		if (fuzz_chance(g->rng, 20))
			gen_add(g, W_PID, "pid=%d", fuzz->dead);
		return;
	}
	if (fuzz_chance(g->rng, 2)) {
		/* As many as there may be. */
		from = 1000 + fuzz_below(g->rng, 1000000);
		for (i = 0; i < THPRACE_MAX_PIDS; i++)
			gen_add(g, W_PID, "pid=%u", from + i);
		return;
	}
	draw_set(g->rng, set, nr, FUZZ_SLOTS);
	if (nr == 1) {
		add_number(g, W_PID, "pid", some_task(g));
		return;
	}
	/* As many words whoever lives: what is chosen next depends on it. */
	for (i = 0; i < nr; i++)
		gen_add(g, W_PID, "pid=%d", fuzz_pid(set[i]));
}

/* Who may accept a line about a place? */
enum whose {
	ANYONE,
	NO_TRIGGER,	/* nothing is there: fine in a session, ENOMEM for a trigger */
	NOBODY,		/* but go, which only remembers the address */
};

/* What map= may name. */
static const struct place {
	u64 addr, len;		/* in huge pages from FUZZ_BASE, or in bytes */
	unsigned int weight;
	bool bytes;
	enum whose whose;
} places[] = {
	{ FUZZ_ANON, FUZZ_NR_ANON, .weight = 10 },
	{ FUZZ_ANON, 1, .weight = 10 },
	{ FUZZ_ANON + 1, 1, .weight = 6 },
	{ FUZZ_ANON + 1, 2, .weight = 6 },
	{ FUZZ_LONE, 1, .weight = 6 },
	{ FUZZ_SHMEM, FUZZ_NR_SHMEM, .weight = 5 },
	{ FUZZ_SHMEM, 1, .weight = 3 },
	{ FUZZ_MIXED, 1, .weight = 5 },
	{ FUZZ_ANON, FUZZ_NR_PLACES, .weight = 1 },
	{ FUZZ_ANON + 2, 3, .weight = 1 },
	{ FUZZ_FILE, 1, .weight = 1, .whose = NOBODY },
	{ FUZZ_NOTHING, 2, .weight = 1, .whose = NO_TRIGGER },
	/* the first and last of user memory, what is in no half, and the kernel's */
	{ 0, 0x200000, .weight = 1, .bytes = true, .whose = NO_TRIGGER },
	{ 0x7fffffc00000, 0x200000, .weight = 1, .bytes = true },
	{ 0x7fffffe00000, 0x200000, .weight = 1, .bytes = true, .whose = NOBODY },
	{ 0x7fffffe00000, 0x400000, .weight = 1, .bytes = true, .whose = NOBODY },
	{ 0x800000000000, 0x200000, .weight = 1, .bytes = true, .whose = NOBODY },
	{ 0x700000000000000, THPRACE_MAX_MAP_BYTES, .weight = 1, .bytes = true, .whose = NOBODY },
	{ 0xffff800000000000, 0x200000, .weight = 1, .bytes = true, .whose = NOBODY },
	{ 0xffff888000000000, 0x40000000, .weight = 1, .bytes = true, .whose = NOBODY },
	{ 0xffffffff80000000, 0x200000, .weight = 1, .bytes = true, .whose = NOBODY },
	{ 0xffffffffffc00000, 0x200000, .weight = 1, .bytes = true, .whose = NOBODY },
};

static const struct place *some_place(struct gen *g)
{
	unsigned int i, sum = 0, at;

	for (i = 0; i < ARRAY_SIZE(places); i++)
		sum += places[i].weight;
	at = fuzz_below(g->rng, sum);
	for (i = 0; at >= places[i].weight; i++)
		at -= places[i].weight;
	return &places[i];
}

static void add_place(struct gen *g, const struct place *p)
{
	unsigned long long addr = p->addr, len = p->len;

	if (!p->bytes) {
		addr = FUZZ_BASE + addr * thp_bytes();
		len *= thp_bytes();
	}
	if (fuzz_chance(g->rng, 80))
		gen_add(g, W_MAP, "map=%#llx+%#llx", addr, len);
	else
		gen_add(g, W_MAP, "map=%llu+%llu", addr, len);
}

static void add_map(struct gen *g)
{
	static const struct place vast = { FUZZ_BASE, THPRACE_MAX_MAP_BYTES, .bytes = true };
	const struct place *p = some_place(g);
	unsigned int i;

	if (g->wish->killed && fuzz_chance(g->rng, 30)) {
		add_place(g, &vast);
		return;
	}
	if (!g->verb->one && (p->whose == NOBODY || (p->whose == NO_TRIGGER && g->verb->file)))
		g->want = FUZZ_REFUSED;
	add_place(g, p);
	if (g->verb->one || p->len > 3)
		return;
	if (fuzz_chance(g->rng, 15) && !p->bytes &&
	    (p->addr > FUZZ_LONE || p->addr + p->len <= FUZZ_LONE))
		add_place(g, &(struct place){ FUZZ_LONE, .len = 1 });
	/* As many as there may be. */
	if (fuzz_chance(g->rng, 2) && !p->bytes)
		for (i = gen_count(g, W_MAP); i < THPRACE_MAX_MAPS; i++)
			add_place(g, &(struct place){ FUZZ_NOTHING + 4 + 2 * i, .len = 1 });
}

static unsigned int some_name(struct gen *g, const struct fuzz_names *n, bool available)
{
	unsigned int i, tries;

	for (tries = 0; tries < 200; tries++) {
		i = fuzz_below(g->rng, n->nr);
		if (!available || n->available[i])
			break;
	}
	return i;
}

static void add_op(struct gen *g)
{
	unsigned int nr = 1 + fuzz_below(g->rng, 3), left = 3, set[8], i, lanes;
	const struct fuzz_names *n = &fuzz->ops;

	if (g->verb->one) {
		gen_add(g, W_OP, "op=%s", n->name[fuzz_below(g->rng, n->nr)]);
		return;
	}
	/* Mostly what a race can have: those are the first of the table. */
	if (fuzz_chance(g->rng, 4)) {
		draw_set(g->rng, set, nr, n->nr);
	} else {
		for (i = 0; i < n->nr && n->kernel[i]; i++)
			;
		nr = nr < i ? nr : i;
		draw_set(g->rng, set, nr, i);
	}
	if (fuzz_chance(g->rng, 1))
		left = THPRACE_MAX_LANES;
	for (i = 0; i < nr; i++) {
		lanes = left > nr - i ? 1 + fuzz_below(g->rng, left - (nr - i) + 1) : 1;
		left = left > lanes ? left - lanes : 0;
		g->lanes += lanes;
		gen_add(g, W_OP, "op=%s:%u", n->name[set[i]], lanes);
	}
}

static void add_duration(struct gen *g)
{
	add_number(g, W_DURATION_MS, "duration_ms",
		   fuzz_chance(g->rng, 5) ? THPRACE_MAX_DURATION_MS : 1 + fuzz_below(g->rng, 40));
}

static void add_rounds(struct gen *g)
{
	/* Few, but as many as there may be where the time is short. */
	if (gen_has(g, W_DURATION_MS) && fuzz_chance(g->rng, 20)) {
		g->nr--;
		gen_add(g, W_DURATION_MS, "duration_ms=%u", 1 + fuzz_below(g->rng, 20));
		add_number(g, W_ROUNDS, "rounds", THPRACE_MAX_ROUNDS);
		return;
	}
	if (g->wish->killed && fuzz_chance(g->rng, 50))
		add_number(g, W_ROUNDS, "rounds", THPRACE_MAX_ROUNDS);
	else
		add_number(g, W_ROUNDS, "rounds", 1 + fuzz_below(g->rng, 3));
}

static void add_lane(struct gen *g)
{
	gen_add(g, W_LANE, "lane=%c", g->wish->lane);
}

static void add_task(struct gen *g)
{
	add_number(g, W_TASK, "task", g->wish->alone ? fuzz->dead : some_task(g));
}

static void add_steer(struct gen *g)
{
	/* a line that was spoilt may have no op left */
	unsigned int lanes = g->verb->needs & B(OP) && g->lanes ? g->lanes : 1;
	unsigned int nr, i, lane, at = 0;
	const struct fuzz_names *n = &fuzz->phases;
	char text[WORD_BYTES];

	if (fuzz_chance(g->rng, lanes == 2 ? 30 : 15)) {
		gen_add(g, W_STEER, "steer=grid");
		return;
	}
	/* Lanes that never come are waited for, so mostly there is one that does. */
	if (!(g->verb->needs & B(OP)) && fuzz_chance(g->rng, 2))
		lanes = 2;
	nr = fuzz_chance(g->rng, 3) ? THPRACE_MAX_STEPS : 1 + fuzz_below(g->rng, 4);
	for (i = 0; i < nr; i++) {
		lane = fuzz_below(g->rng, lanes < 3 ? lanes : 3);
		at += snprintf(text + at, sizeof(text) - at, "%s%c", i ? " " : "",
			       lanes == 1 ? g->wish->lane : letters[lane]);
		if (i + lanes >= nr || fuzz_chance(g->rng, 15)) {
			at += snprintf(text + at, sizeof(text) - at, ">end");
			continue;
		}
		at += snprintf(text + at, sizeof(text) - at, "%c%s",
			       fuzz_chance(g->rng, 10) ? '<' : '>',
			       n->name[some_name(g, n, !fuzz_chance(g->rng, 3))]);
		if (fuzz_chance(g->rng, 10))
			at += snprintf(text + at, sizeof(text) - at, "#%u",
				       fuzz_chance(g->rng, 20) ? THPRACE_MAX_OCCURRENCE :
				       1 + fuzz_below(g->rng, 3));
	}
	/* What has no blank needs no quotes. */
	if (nr == 1 && fuzz_chance(g->rng, 50))
		gen_add(g, W_STEER, "steer=%s", text);
	else
		gen_add(g, W_STEER, "steer=\"%s\"", text);
}

static void add_checks(struct gen *g, enum word kind, const char *name)
{
	unsigned int nr = 1 + fuzz_below(g->rng, 3), set[3], i;

	draw_set(g->rng, set, nr, fuzz->checks.nr);
	for (i = 0; i < nr; i++)
		if (fuzz->checks.available[set[i]] || fuzz_chance(g->rng, 5))
			gen_add(g, kind, "%s=%s", name, fuzz->checks.name[set[i]]);
}

static void add_check(struct gen *g)
{
	add_checks(g, W_CHECK, "check");
}

static void add_inject(struct gen *g)
{
	if (g->wish->injected)
		add_checks(g, W_INJECT, "inject");
}

static void add_refs(struct gen *g)
{
	/* Others may well hold references, so what it finds is expected. */
	bool exact = g->wish->injected && fuzz_chance(g->rng, 50);

	gen_add(g, W_REFS, "refs=%s", exact ? "exact" : "lower");
}

static void add_scenario(struct gen *g)
{
	static const char * const labels[] = {
		"fuzz", "a", "0", "-", "_", "a-label-that-is-as-long-as-it-may-be-39c",
	};

	if (g->wish->injected)
		gen_add(g, W_SCENARIO, "scenario=%s", FUZZ_INJECTED);
	else
		gen_add(g, W_SCENARIO, "scenario=%.39s",
			labels[fuzz_below(g->rng, ARRAY_SIZE(labels))]);
}

static void add_result(struct gen *g)
{
	static const char * const results[] = { "ok", "busy", "failed" };

	gen_add(g, W_RESULT, "result=%s", results[fuzz_below(g->rng, ARRAY_SIZE(results))]);
}

static void add_stop_on(struct gen *g)
{
	gen_add(g, W_STOP_ON, "stop_on=%s", fuzz_chance(g->rng, 50) ? "first" : "never");
}

/* ---- bad values ---- */

static const struct bad_value bad_number[] = {
	{ "", EINVAL }, { "-1", EINVAL }, { "+1", EINVAL }, { "0x", EINVAL }, { "0xg", EINVAL },
	{ "0X1", EINVAL }, { "1k", EINVAL }, { "1e3", EINVAL }, { "1.0", EINVAL },
	{ "x", EINVAL }, { "1,2", EINVAL }, { "\"1\"", EINVAL },
	{ "99999999999999999999999x", EINVAL },
	{ "18446744073709551616", ERANGE }, { "99999999999999999999999", ERANGE },
	{ "0x10000000000000000", ERANGE }, { }
};

static const struct bad_value bad_map[] = {
	{ "", EINVAL }, { "0x200000000000", EINVAL }, { "0x200000000000+", EINVAL },
	{ "+0x200000", EINVAL }, { "0x200000000000-0x200000", EINVAL },
	{ "0x200000000000+0x200000+0x200000", EINVAL }, { "200000000000h+1", EINVAL },
	{ "0x200000000000+0x1000", EINVAL }, { "0x200000000000+1", EINVAL },
	{ "0x200000001000+0x200000", EINVAL }, { "1+0x200000", EINVAL },
	{ "\"0x200000000000+0x200000\"", EINVAL },
	{ "0xffffffffffe00000+0x200000", EINVAL }, { "0xffffffffffe00000+0x400000", EINVAL },
	{ "0x200000000000+0", ERANGE }, { "0x200000000000+0x10000200000", ERANGE },
	{ "0x10000000000000000+0x200000", ERANGE },
	{ "0x200000000000+0xffffffffffe00000", ERANGE }, { }
};

static const struct bad_value bad_op[] = {
	{ "", EINVAL }, { ":1", EINVAL }, { "split:", EINVAL }, { "split:1:1", EINVAL },
	{ "split:one", EINVAL }, { "split:-1", EINVAL }, { "sp/it:1", EINVAL },
	{ "Split:1", EINVAL },
	{ "a-name-that-is-longer-than-any-name-may-be:1", EINVAL },
	{ "split:0", ERANGE }, { "split:17", ERANGE }, { "split:4294967297", ERANGE }, { }
};

static const struct bad_value bad_steer[] = {
	{ "", EINVAL }, { "\"\"", EINVAL }, { "\"  \"", EINVAL }, { "a>end b>end", EINVAL },
	{ "\"a>\"", EINVAL }, { "\"a>end", EINVAL }, { "\"a=end\"", EINVAL },
	{ "\"q>end\"", EINVAL },
	{ "\"A>end\"", EINVAL }, { "\"a<end\"", EINVAL }, { "\"a>end#2\"", EINVAL },
	{ "\"a>end\"x", EINVAL }, { "grids", EINVAL }, { "\"a>try_to_migrate#\"", EINVAL },
	{ "\"a>try_to_migrate#x\"", EINVAL }, { "\"a > end\"", EINVAL },
	{ "\"a>end,b>end\"", EINVAL },
	{ "\"a>try_to_migrate#0\"", ERANGE }, { "\"a>try_to_migrate#1025\"", ERANGE },
	{ "\"a>x a>x a>x a>x a>x a>x a>x a>x a>x a>x a>x a>x a>x a>x a>x a>x a>x\"", ERANGE }, { }
};

static const struct bad_value bad_check[] = {
	{ "", EINVAL }, { "nosuch", EINVAL }, { "refcoun", EINVAL }, { "refcounts", EINVAL },
	{ "refcount,rss", EINVAL }, { "REFCOUNT", EINVAL }, { }
};

static const struct bad_value bad_lane[] = {
	{ "", EINVAL }, { "q", EINVAL }, { "aa", EINVAL }, { "A", EINVAL }, { "1", EINVAL },
	{ "`", EINVAL }, { }
};

static const struct bad_value bad_name[] = {
	{ "", EINVAL }, { "maybe", EINVAL }, { "OK", EINVAL }, { "firs", EINVAL },
	{ "lowerr", EINVAL }, { "0", EINVAL }, { }
};

static const struct bad_value bad_label[] = {
	{ "", EINVAL }, { "Big", EINVAL }, { "a/b", EINVAL }, { "a.b", EINVAL }, { "%s%n", EINVAL },
	{ "a-label-of-forty-characters-is-too-long-x", EINVAL }, { }
};

const struct word_row fuzz_words[NR_WORDS] = {
	[W_PID]	= { "pid", 1, MAX_PID, add_pid, bad_number, THPRACE_MAX_PIDS },
	[W_MAP]	= { "map", .add = add_map, .bad = bad_map, .times = THPRACE_MAX_MAPS },
	[W_OP]	= { "op", .add = add_op, .bad = bad_op, .times = THPRACE_MAX_OPS },
	[W_DURATION_MS] = { "duration_ms", 1, THPRACE_MAX_DURATION_MS, .add = add_duration,
			    .bad = bad_number },
	[W_ROUNDS] = { "rounds", 1, THPRACE_MAX_ROUNDS, .add = add_rounds, .bad = bad_number },
	[W_SEED] = { "seed", 0, ~0ULL, .bad = bad_number },
	[W_ORDER] = { "order", 0, THPRACE_MAX_ORDER, .bad = bad_number },
	[W_PAGE] = { "page", 0, MAX_PAGE, .bad = bad_number },
	[W_STEER] = { "steer", .add = add_steer, .bad = bad_steer },
	[W_GRID_K] = { "grid_k", 1, THPRACE_MAX_GRID_K, .bad = bad_number },
	[W_CHECK] = { "check", .add = add_check, .bad = bad_check },
	[W_INJECT] = { "inject", .add = add_inject, .bad = bad_check },
	[W_STOP_ON] = { "stop_on", .add = add_stop_on, .bad = bad_name },
	[W_LANE] = { "lane", .add = add_lane, .bad = bad_lane },
	[W_TASK] = { "task", 1, MAX_PID, .add = add_task, .bad = bad_number },
	[W_RESULT] = { "result", .add = add_result, .bad = bad_name },
	[W_ERRNO] = { "errno", 1, MAX_ERRNO, .bad = bad_number },
	[W_REFS] = { "refs", .add = add_refs, .bad = bad_name },
	[W_SCENARIO] = { "scenario", .add = add_scenario, .bad = bad_label },
};

void gen_add_word(struct gen *g, enum word kind)
{
	const struct word_row *row = &fuzz_words[kind];
	u64 span = row->max - row->min;

	if (row->add) {
		row->add(g);
		return;
	}
	switch (fuzz_below(g->rng, 4)) {
	case 0:
		add_number(g, kind, row->name, row->min);
		break;
	case 1:
		add_number(g, kind, row->name, row->max);
		break;
	default:
		add_number(g, kind, row->name,
			   row->min + (span + 1 ? fuzz_draw(g->rng) % (span + 1) :
				       fuzz_draw(g->rng)));
	}
}

void gen_add_map(struct gen *g, unsigned int first, unsigned int nr)
{
	add_place(g, &(struct place){ first, nr, .bytes = false });
}
