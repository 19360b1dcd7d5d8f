// SPDX-License-Identifier: GPL-2.0
/*
 * Looks at the marks of a huge page once both ops on it are done
 *
 * In pagemap, and by writing: what a mark says of a write must come true.  What
 * they must be is said by marks.c.
 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "crash.h"
#include "env.h"
#include "marks.h"
#include "marks_round.h"
#include "region.h"
#include "rng.h"
#include "run.h"
#include "track.h"
#include "uffd.h"
#include "uop.h"
#include "util.h"
#include "verify.h"

#define TRY_LANE (~0ULL - 6)
#define NR_TRIED 32 /* pages that are written */

static const char forbidden[] = "a write that write protection forbids";
static const char not_forbidden[] = "a write that no write protection forbids";

static u64 bit_of(enum marks_kind kind)
{
	return kind == KIND_DIRTY ? PM_SOFT_DIRTY : PM_UFFD_WP;
}

/**
 * marks_store() - write to a page what is there
 * @page: address
 *
 * In one step, as another page may be there at the next moment.  So content stays,
 * and anybody may do that at any time.
 */
enum stored marks_store(char *page)
{
	u64 *word = (u64 *)page, is;
	sigjmp_buf out;
	int sig = sigsetjmp(out, 1);

	if (sig) {
		crash_expect(NULL);
		return sig == SIGBUS ? STORE_BUS : STORE_SEGV;
	}
	crash_expect_bus(&out);
	do {
		is = __atomic_load_n(word, __ATOMIC_RELAXED);
	} while (!__atomic_compare_exchange_n(word, &is, is, false, __ATOMIC_RELAXED,
					      __ATOMIC_RELAXED));
	crash_expect(NULL);
	return STORE_DONE;
}

/**
 * marks_is_in() - is a page one of a piece?
 * @p: piece
 * @page: subpage
 */
bool marks_is_in(const struct piece *p, unsigned int page)
{
	unsigned int i = page - p->first;

	return page >= p->first && !(i % p->stride) && i / p->stride < p->nr;
}

/**
 * marks_complain() - record a mark that is wrong
 * @run: the run
 * @lane: who saw it
 * @page: address
 * @want: bits of its entry
 * @got: its entry
 * @what: what kind of mark it is
 */
void marks_complain(struct run *run, struct lane *lane, const char *page, u64 want, u64 got,
		    const char *what)
{
	static const char *const kinds[] = {
		[KIND_WP] = "wp",
		[KIND_ASYNC] = "async",
		[KIND_DIRTY] = "soft-dirty",
	};
	static const char *const shapes[] = {
		[MARKS_HUGE] = "PMD",	    [MARKS_PTES] = "PTEs",     [MARKS_PARTLY] = "partial",
		[MARKS_OUT] = "partly out", [MARKS_SHARED] = "shared", [MARKS_ZERO] = "zero page",
	};
	static const char *const asides[] = {
		[MARKS_NOTHING] = "",
		[MARKS_MIGRATE] = ", migrating",
		[MARKS_MARK] = ", more marked",
		[MARKS_RESOLVE] = ", some resolved",
	};
	const struct marks_round *round = &((struct marks_priv *)run->priv)->round;
	const struct mismatch bad = {.addr = page, .want = want, .got = got};
	char text[120];

	snprintf(text, sizeof(text), "%s (%s; %s%s%s%s)", what, kinds[round->kind],
		 shapes[round->shape], round->late ? "" : " after", asides[round->aside],
		 round->moves_keep ? "" : ", moves untold");
	content_violation(run, lane, &bad, text);
}

/**
 * marks_look_as_child() - what a child has of marked pages has no mark
 * @run: the run
 * @lane: who looks
 * @thp: huge page
 *
 * It has not registered, so nothing protects its pages.
 */
void marks_look_as_child(struct run *run, struct lane *lane, unsigned int thp)
{
	static u64 entry[MAX_NR_SUBPAGES];
	char *base = region_thp(&run->region, thp), *page;
	struct marks_priv *priv = run->priv;
	int pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	u64 verified = 0;
	unsigned int i;

	if (priv->round.kind == KIND_DIRTY || track_entries(pagemap, base, entry, env.nr_subpages))
		return;
	for (i = 0; i < env.nr_subpages; i++) {
		page = base + i * env.page_size;
		verified++;
		if (priv->shows_uffd && entry[i] & PM_UFFD_WP)
			marks_complain(run, lane, page, 0, entry[i],
				       "write protection in a child that did not register");
		else if (i % (env.nr_subpages / NR_TRIED) == 0 && marks_store(page) == STORE_BUS)
			marks_complain(run, lane, page, 0, PM_UFFD_WP,
				       "a child's write that its parent's protection forbids");
	}
	__atomic_fetch_add(&run->sh->lane[lane->id].pages_verified, verified, __ATOMIC_RELAXED);
}

static void find_done(const struct run *run, unsigned int thp, struct mark_done *done)
{
	const struct pair_round *pair = &run->sh->pair[thp];
	const struct marks_priv *priv = run->priv;
	bool is_zero = priv->round.shape == MARKS_ZERO;
	unsigned int i;

	for (i = 0; i < PAIR_LANES; i++) {
		const struct stamp *stamp = &run->sh->stamp[i + 1][thp];

		done[i] = (struct mark_done){.piece = pair->piece[i]};
		if (!stamp->end_ns)
			continue;
		done[i].op = &uops[pair->op[i]];
		/* Who discards may pass over the huge zero page: docs/FOUND.md. */
		done[i].sure = stamp->result == ACT_OK && !is_zero;
	}
}

static bool was_stored(const struct marks_round *round, unsigned int page)
{
	return round->stored[0][page] == STORE_DONE || round->stored[1][page] == STORE_DONE;
}

/* What main did beside the two. */
static enum mark after_aside(const struct marks_round *round, const struct mark_done *done,
			     unsigned int page, enum mark mark)
{
	if (!round->aside_tried || !marks_is_in(&round->second, page))
		return mark;
	if (round->aside == MARKS_RESOLVE) {
		if (mark == MARK_NEVER)
			return mark;
		return round->aside_done && marks_is_left_alone(done, page) ? MARK_NEVER : MARK_MAY;
	}
	if (mark == MARK_MUST)
		return mark;
	/* PAGEMAP_SCAN loses it to a migration entry that is writable: docs/FOUND.md. */
	if (round->aside_done && round->kind == KIND_WP && round->before[page] != MARK_MAY &&
	    !(round->shape == MARKS_PARTLY && page == round->hole) &&
	    marks_is_left_alone(done, page))
		return MARK_MUST;
	return MARK_MAY;
}

/* All that is said of a page's mark now. */
static enum mark mark_now(const struct marks_round *round, const struct mark_done *done,
			  unsigned int page)
{
	enum mark mark = round->before[page];

	if (round->kind == KIND_DIRTY && was_stored(round, page) && mark == MARK_NEVER)
		mark = MARK_MUST;
	mark = marks_after(mark, done, page, round->moves_keep);
	if (round->kind == KIND_DIRTY)
		return mark == MARK_NEVER ? MARK_MAY : mark;
	/* The write has taken it away, or it was there before it. */
	if (round->kind == KIND_ASYNC && was_stored(round, page) && mark != MARK_NEVER)
		mark = round->aside_tried || !marks_is_left_alone(done, page) ? MARK_MAY
									      : MARK_NEVER;
	if (round->kind == KIND_ASYNC && mark != MARK_NEVER && marks_is_locked(done, page))
		mark = MARK_MAY;
	return after_aside(round, done, page, mark);
}

static bool keeps_content(const char *page)
{
	static u64 copy[MAX_PAGE_WORDS];
	struct mismatch ignored;

	return page_copy(copy, page) && !page_zero(copy, &ignored);
}

static void judge_entry(struct run *run, const char *page, enum mark mark, u64 entry)
{
	struct marks_priv *priv = run->priv;
	enum marks_kind kind = priv->round.kind;
	u64 bit = bit_of(kind);
	bool dirty = kind == KIND_DIRTY, is = entry & bit;

	/* Where nothing is there, the look at its content says so; a marker is a mark. */
	if (mark == MARK_MAY || (mark != MARK_NEVER && !(entry & PM_THERE)))
		return;
	run->sh->lane[0].pages_verified++;
	if (mark == MARK_NEVER ? !is : is)
		return;
	if (mark == MARK_IF_KEPT && !keeps_content(page))
		return;
	marks_complain(run, &run->lanes[0], page, mark == MARK_NEVER ? 0 : bit, entry,
		       mark == MARK_NEVER ? "write protection of a page that has none"
		       : dirty		  ? "the soft-dirty bit of a written page"
					  : "the write protection of a page");
}

/* Which of them a lane's write to a page is, if it went as it must not. */
static const char *wrong_store(const struct marks_round *round, const struct mark_done *done,
			       unsigned int page, enum stored came)
{
	bool aside = round->aside_tried && marks_is_in(&round->second, page);
	enum mark before = round->before[page];

	if (came == STORE_BUS) {
		if (round->kind != KIND_WP)
			return not_forbidden;
		if (before == MARK_NEVER && !(aside && round->aside == MARKS_MARK))
			return not_forbidden;
	}
	if (came == STORE_DONE && round->kind == KIND_WP && before == MARK_MUST && !aside &&
	    marks_is_left_alone(done, page))
		return forbidden;
	return NULL;
}

static void judge_stores(struct run *run, unsigned int thp, const struct mark_done *done)
{
	const struct marks_round *round = &((struct marks_priv *)run->priv)->round;
	char *base = region_thp(&run->region, thp);
	unsigned int i, lane;

	for (lane = 0; lane < PAIR_LANES; lane++) {
		for (i = 0; i < env.nr_subpages; i++) {
			const char *what = wrong_store(round, done, i, round->stored[lane][i]);

			if (what)
				marks_complain(run, &run->lanes[lane + 1], base + i * env.page_size,
					       0, 0, what);
		}
	}
}

/* Writes to a page, and judges what came of it. */
static void try_store(struct run *run, char *page, enum mark mark)
{
	struct marks_priv *priv = run->priv;
	enum marks_kind kind = priv->round.kind;
	enum stored came = marks_store(page);
	struct lane *lane = &run->lanes[0];
	u64 entry;

	if (came == STORE_SEGV || track_entries(priv->pagemap, page, &entry, 1))
		return;
	run->sh->lane[0].pages_verified++;
	if (came == STORE_BUS && (kind != KIND_WP || mark == MARK_NEVER))
		marks_complain(run, lane, page, 0, entry, not_forbidden);
	else if (came == STORE_DONE && kind == KIND_WP && mark == MARK_MUST)
		marks_complain(run, lane, page, PM_UFFD_WP, entry, forbidden);
	else if (kind == KIND_ASYNC && entry & PM_UFFD_WP)
		marks_complain(run, lane, page, 0, entry,
			       "write protection of a page just written");
	else if (kind == KIND_DIRTY && entry & PM_THERE && !(entry & PM_SOFT_DIRTY))
		marks_complain(run, lane, page, PM_SOFT_DIRTY, entry,
			       "the soft-dirty bit of a page just written");
}

static bool may_be_tried(u8 state)
{
	return state == PG_PATTERN || state == PG_ZERO || state == PG_PATTERN_OR_ZERO;
}

static void try_some(struct run *run, unsigned int thp, const enum mark *mark)
{
	struct marks_priv *priv = run->priv;
	char *base = region_thp(&run->region, thp);
	u8 *state = run_state(run, thp);
	struct rng rng;
	unsigned int i, page;

	rng_seed(&rng, run->seed, mix64(run->gen, thp), TRY_LANE);
	for (i = 0; i < NR_TRIED; i++) {
		page = rng_below(&rng, env.nr_subpages);
		/* A bit that might have been lost before: known, docs/FOUND.md. */
		if (!may_be_tried(state[page]) ||
		    (priv->round.kind == KIND_DIRTY && priv->round.before[page] == MARK_MAY))
			continue;
		try_store(run, base + page * env.page_size, mark[page]);
	}
}

/* Whoever gives up userfaultfd has no marks left, and writes as he likes. */
static void give_up(struct run *run, unsigned int thp)
{
	static u64 entry[MAX_NR_SUBPAGES];
	struct marks_priv *priv = run->priv;
	char *base = region_thp(&run->region, thp);
	u8 *state = run_state(run, thp);
	unsigned int i;

	/* Where all of it is unmapped there is nothing to give up. */
	if (uffd_unregister(priv->round.uffd, base, env.hpage_size) ||
	    track_entries(priv->pagemap, base, entry, env.nr_subpages))
		return;
	for (i = 0; i < env.nr_subpages; i++) {
		char *page = base + i * env.page_size;

		if (priv->shows_uffd && entry[i] & PM_UFFD_WP)
			marks_complain(run, &run->lanes[0], page, 0, entry[i],
				       "write protection that nobody is registered for");
		else if (i % (env.nr_subpages / NR_TRIED) == 0 && may_be_tried(state[i]) &&
			 marks_store(page) == STORE_BUS)
			marks_complain(run, &run->lanes[0], page, 0, entry[i], not_forbidden);
	}
}

/* The positive control: a mark is lost on the way. */
static void lose_mark(struct run *run, unsigned int thp, const enum mark *mark)
{
	struct marks_priv *priv = run->priv;
	char *base = region_thp(&run->region, thp);
	unsigned int i;

	for (i = 0; i < env.nr_subpages; i++) {
		if (mark[i] != MARK_MUST)
			continue;
		if (priv->round.kind == KIND_DIRTY)
			track_clear();
		else
			track_protect(priv->round.uffd, base + i * env.page_size, env.page_size,
				      false);
		return;
	}
}

/**
 * marks_look() - both ops on a huge page are done: look at it
 * @run: the run
 * @thp: huge page
 *
 * Then userfaultfd is given up there.
 */
void marks_look(struct run *run, unsigned int thp)
{
	static u64 entry[MAX_NR_SUBPAGES];
	static enum mark mark[MAX_NR_SUBPAGES];
	struct marks_priv *priv = run->priv;
	struct marks_round *round = &priv->round;
	struct mark_done done[PAIR_LANES];
	char *base = region_thp(&run->region, thp);
	u8 *state = run_state(run, thp);
	unsigned int i;

	find_done(run, thp, done);
	for (i = 0; i < env.nr_subpages; i++) {
		bool zero = round->shape == MARKS_ZERO ||
			    (round->shape == MARKS_PARTLY && i == round->hole);

		mark[i] = mark_now(round, done, i);
		state[i] = marks_content(zero ? PG_ZERO : PG_PATTERN, done, i);
	}
	if (injected("marks"))
		lose_mark(run, thp, mark);
	if ((round->kind == KIND_DIRTY || priv->shows_uffd) &&
	    !track_entries(priv->pagemap, base, entry, env.nr_subpages)) {
		for (i = 0; i < env.nr_subpages; i++)
			judge_entry(run, base + i * env.page_size, mark[i], entry[i]);
	}
	judge_stores(run, thp, done);
	try_some(run, thp, mark);
	if (round->kind != KIND_DIRTY)
		give_up(run, thp);
}
