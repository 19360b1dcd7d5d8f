// SPDX-License-Identifier: GPL-2.0
/*
 * The content check: what must be in the pages after a round
 *
 * Compares each page of a huge page with the state that the lanes gave it.
 */
#include <string.h>

#include "describe.h"
#include "env.h"
#include "note.h"
#include "region.h"
#include "run.h"
#include "scenario.h"
#include "tally.h"
#include "util.h"
#include "verify.h"

static const char *const state_names[] = {
	[PG_PATTERN] = "a page that must survive",
	[PG_HOLE] = "a hole",
	[PG_ZERO] = "a discarded page",
	[PG_OWN] = "a page written since",
	[PG_ANY] = "a page of no known content",
	[PG_PATTERN_OR_ZERO] = "a page given up lazily",
	[PG_REWRITTEN] = "a page written again",
	[PG_SAME] = "a page equal to others",
};

/**
 * content_violation() - record wrong content
 * @run: the run
 * @lane: who saw it
 * @bad: where, what
 * @what: what kind of page it is
 */
void content_violation(struct run *run, struct lane *lane, const struct mismatch *bad,
		       const char *what)
{
	struct shared *sh = run->sh;
	u32 n = __atomic_fetch_add(&sh->nr_violations, 1, __ATOMIC_RELAXED);
	unsigned long addr = (unsigned long)bad->addr, home = addr - run->shift;
	struct violation *v;
	bool known = false;
	u32 i;
	int thp;

	if (n >= SHARED_VIOLATIONS)
		return;
	v = &sh->violations[n];
	memset(v, 0, sizeof(*v));
	copy_word(v->check, sizeof(v->check), "content");
	copy_word(v->scenario, sizeof(v->scenario), run->sc->name);
	copy_word(v->cell, sizeof(v->cell), "-");
	thp = note_thp(sh, home);
	v->round = thp < 0 ? sh->round : sh->thp_round[thp].round;
	v->thp = home & ~(env.hpage_size - 1);
	v->time_ns = now_ns() - run->start_ns;
	v->addr = addr + bad->offset;
	snprintf(v->want, sizeof(v->want), "0x%llx", bad->want);
	snprintf(v->got, sizeof(v->got), "0x%llx", bad->got);
	if (thp >= 0 && run->sc->pairs)
		note_ops(sh, thp, v->ops, sizeof(v->ops));
	else
		snprintf(v->ops, sizeof(v->ops), "split,%s", lane->id ? lane->op : run->sc->op);
	snprintf(v->detail, sizeof(v->detail),
		 "%s: subpage %lu of the huge page at 0x%lx, byte %zu, seen by %s %u",
		 what, home % env.hpage_size / env.page_size,
		 (home & ~(env.hpage_size - 1)) + run->shift, bad->offset,
		 run_has_procs(run) ? "process" : "thread", lane->id);
	/* Once for each huge page is enough. */
	for (i = 0; i < n && !known; i++)
		known = sh->violations[i].thp == v->thp && sh->violations[i].round == v->round;
	if (!known)
		describe_content(run, lane, n, bad->addr);
}

static bool verify_page(struct run *run, struct lane *lane, const char *page, u8 state)
{
	const char *as = page - run->shift;
	struct mismatch bad, ignored;

	switch (state) {
	case PG_PATTERN:
		if (page_verify(page, as, run->gen, &bad))
			return true;
		break;
	case PG_OWN:
		if (page_verify(page, as, own_gen(run, lane), &bad))
			return true;
		break;
	case PG_REWRITTEN:
		if (page_verify(page, page, rewritten_gen(run), &bad))
			return true;
		break;
	case PG_SAME:
		if (page_verify(page, run->same_as, run->seed, &bad))
			return true;
		break;
	case PG_ZERO:
		if (page_zero(page, &bad))
			return true;
		break;
	case PG_PATTERN_OR_ZERO:
		/* Discarded between two looks, it is zero from then on. */
		if (page_zero(page, &ignored) || page_verify(page, as, run->gen, &bad) ||
		    page_zero(page, &ignored))
			return true;
		break;
	default:
		return false;
	}
	content_violation(run, lane, &bad, state_names[state]);
	return false;
}

static unsigned int hole_length(const u8 *state, unsigned int from)
{
	unsigned int end = from;

	while (end < env.nr_subpages && state[end] == PG_HOLE)
		end++;
	return end - from;
}

/**
 * verify_thp() - look at one huge page, or at the caller's share of it
 * @run: the run
 * @lane: the caller
 * @thp: which
 * @all: all pages; else those that are not as filled, and every n-th
 */
void verify_thp(struct run *run, struct lane *lane, unsigned int thp, bool all)
{
	const u8 *state = run_state(run, thp);
	char *base = run_view(run, thp);
	unsigned int i, hole;
	u64 verified = 0;

	for (i = 0; i < env.nr_subpages; i++) {
		const char *page = base + i * env.page_size;

		if (state[i] == PG_HOLE) {
			const struct mismatch bad = { .addr = page, .want = 0, .got = 1 };

			hole = hole_length(state, i);
			if (hole_is_unmapped(page, hole * env.page_size))
				verified += hole;
			else
				content_violation(run, lane, &bad, "a hole that is mapped");
			i += hole - 1;
			continue;
		}
		if (state[i] == PG_ANY)
			continue;
		if (!all && state[i] == PG_PATTERN && i % run->nr_workers != lane->id - 1)
			continue;
		verified += verify_page(run, lane, page, state[i]);
	}
	/* Children of the moment count for their lane, at the same time. */
	__atomic_fetch_add(&run->sh->lane[lane->id].pages_verified, verified, __ATOMIC_RELAXED);
}
