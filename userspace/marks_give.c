// SPDX-License-Identifier: GPL-2.0
/*
 * Gives pages the marks of a round, and says which of them have one then
 *
 * Called by main for the scenario of marks, while nobody is beside it.
 */
#include <errno.h>
#include <string.h>

#include "env.h"
#include "marks_round.h"
#include "region.h"
#include "rng.h"
#include "run.h"
#include "track.h"
#include "util.h"

#define NR_DIRTY 24 /* pages that are written */

static int protect_run(struct marks_priv *priv, char *at, size_t len, bool on)
{
	const struct marks_round *round = &priv->round;

	if (on && round->kind == KIND_ASYNC)
		return track_scan_protect(priv->pagemap, at, len);
	return track_protect(round->uffd, at, len, on);
}

/**
 * marks_protect() - write-protect pages, or take that back
 * @priv: of the scenario
 * @base: of the huge page
 * @p: which pages
 * @on: protect
 *
 * Returns the first error, and does the rest all the same.
 */
int marks_protect(struct marks_priv *priv, char *base, const struct piece *p, bool on)
{
	unsigned int i, step = p->stride == 1 ? p->nr : 1;
	int err = 0, ret;

	for (i = 0; i < p->nr; i += step) {
		ret = protect_run(priv, base + (p->first + (size_t)i * p->stride) * env.page_size,
				  step * env.page_size, on);
		err = err ? err : ret;
	}
	return err;
}

/*
 * Its pages have no soft-dirty bit after this, but for what a migration was about just
 * then: known on stock kernels, docs/FOUND.md.  What is written after must have one.
 */
static int clear_and_write(struct run *run, unsigned int thp, struct rng *rng)
{
	static u64 was[MAX_NR_SUBPAGES], is[MAX_NR_SUBPAGES];
	char *base = region_thp(&run->region, thp);
	struct marks_priv *priv = run->priv;
	struct marks_round *round = &priv->round;
	unsigned int i, page;
	int err;

	memset(round->before, MARK_MAY, env.nr_subpages);
	err = track_entries(priv->pagemap, base, was, env.nr_subpages);
	if (!err)
		err = track_clear();
	if (!err)
		err = track_entries(priv->pagemap, base, is, env.nr_subpages);
	if (err)
		return err;
	/* The same frame, or the same place in swap: it was no migration entry between. */
	for (i = 0; i < env.nr_subpages; i++) {
		if ((was[i] ^ is[i]) & (BIT_ULL(55) - 1) || (was[i] ^ is[i]) & PM_THERE)
			continue;
		round->before[i] = MARK_NEVER;
	}
	for (i = 0; i < NR_DIRTY; i++) {
		page = round->piece.first + rng_below(rng, round->piece.nr) * round->piece.stride;
		if (round->before[page] != MARK_MAY &&
		    marks_store(base + page * env.page_size) == STORE_DONE)
			round->before[page] = MARK_MUST;
	}
	return 0;
}

/* Nothing may keep these from being there: nobody is beside us. */
static int protect_some(struct run *run, unsigned int thp)
{
	static u64 entry[MAX_NR_SUBPAGES];
	char *base = region_thp(&run->region, thp);
	struct marks_priv *priv = run->priv;
	struct marks_round *round = &priv->round;
	unsigned int i;
	int err;

	err = track_register(round->uffd, base, env.hpage_size);
	if (!err)
		err = marks_protect(priv, base, &round->piece, true);
	if (!err)
		err = track_entries(priv->pagemap, base, entry, env.nr_subpages);
	if (err)
		return err;
	for (i = 0; i < env.nr_subpages; i++) {
		bool there = entry[i] & PM_THERE, shown = entry[i] & PM_UFFD_WP;

		round->before[i] = MARK_NEVER;
		if (!marks_is_in(&round->piece, i))
			continue;
		/* Nothing is there to be marked, or it is a marker. */
		if (!there)
			round->before[i] = shown ? MARK_MUST : MARK_MAY;
		else if (shown || !priv->shows_uffd)
			round->before[i] = MARK_MUST;
		/* PAGEMAP_SCAN has met a migration entry: known, docs/FOUND.md. */
		else if (round->kind == KIND_ASYNC)
			round->before[i] = MARK_MAY;
		else
			marks_complain(run, &run->lanes[0], base + i * env.page_size, PM_UFFD_WP,
				       entry[i],
				       "a page that userfaultfd has just write-protected");
	}
	return 0;
}

/**
 * marks_give() - mark some pages
 * @run: the run
 * @thp: huge page
 * @rng: choices
 *
 * Returns 0, or a negative errno with set_error().
 */
int marks_give(struct run *run, unsigned int thp, struct rng *rng)
{
	struct marks_priv *priv = run->priv;
	int err = priv->round.kind == KIND_DIRTY ? clear_and_write(run, thp, rng)
						 : protect_some(run, thp);

	if (err)
		set_error("cannot mark pages: %s", strerror(-err));
	return err;
}
