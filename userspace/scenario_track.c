// SPDX-License-Identifier: GPL-2.0
/*
 * Tracking of writes survives a split: soft-dirty, userfaultfd
 *
 * Marks are set by one thread and looked for in pagemap after the race; a
 * split, which takes all mappings away and puts them back, must keep them.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "env.h"
#include "phases.h"
#include "piece.h"
#include "region.h"
#include "rng.h"
#include "run.h"
#include "scenario.h"
#include "scenario_piece.h"
#include "track.h"
#include "uffd.h"
#include "util.h"
#include "verify.h"

#define NR_WRITTEN	8

struct track_priv {
	u8 *marked;			/* [nr_thps * nr_subpages]: must carry the mark */
	int uffd, pagemap;
};

static int track_setup(struct run *run)
{
	struct track_priv *priv = calloc(1, sizeof(*priv));

	run->priv = priv;
	if (!priv)
		return -ENOMEM;
	priv->uffd = -1;
	priv->marked = calloc(run->nr_thps, env.nr_subpages);
	priv->pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	if (priv->marked && priv->pagemap >= 0)
		return 0;
	set_error("cannot read pagemap");
	return -EIO;
}

static void track_cleanup(struct run *run)
{
	struct track_priv *priv = run->priv;

	if (!priv)
		return;
	if (priv->uffd >= 0)
		close(priv->uffd);
	if (priv->pagemap >= 0)
		close(priv->pagemap);
	free(priv->marked);
	free(priv);
}

static void look_for(struct run *run, struct lane *lane, unsigned int thp, u64 bit,
		     const char *what)
{
	struct track_priv *priv = run->priv;
	u8 *marked = priv->marked + (size_t)thp * env.nr_subpages;
	char *base = region_thp(&run->region, thp);
	unsigned int i;
	u64 entry;

	for (i = 0; i < env.nr_subpages; i++) {
		struct mismatch bad = { .addr = base + i * env.page_size, .want = bit };

		if (!marked[i])
			continue;
		marked[i] = 0;
		if (track_entries(priv->pagemap, bad.addr, &entry, 1))
			continue;
		run->sh->lane[lane->id].pages_verified++;
		bad.got = entry;
		if ((entry & PM_THERE) && !(entry & bit))
			content_violation(run, lane, &bad, what);
	}
}

/* The whole process is cleared: what was written before has no mark any more. */
static int clear_marks(struct run *run)
{
	struct track_priv *priv = run->priv;
	int err = track_clear();

	if (!err)
		memset(priv->marked, 0, (size_t)run->nr_thps * env.nr_subpages);
	return err;
}

static void write_some(struct run *run, struct lane *lane, unsigned int thp)
{
	struct track_priv *priv = run->priv;
	char *base = region_thp(&run->region, thp);
	unsigned int i, page;

	for (i = 0; i < NR_WRITTEN; i++) {
		page = rng_below(&lane->rng, env.nr_subpages);
		page_fill(base + page * env.page_size, run->gen);
		priv->marked[(size_t)thp * env.nr_subpages + page] = 1;
	}
}

/*
 * Marks are set before the split, or while it is at it.  Mostly they are not
 * cleared any more later in the batch, so that many can be looked for.
 *
 * Never cleared while it is at it: a stock kernel clears the bit of a writable
 * migration entry and leaves it writable, so that nobody sees a later write.
 */
static int softdirty_plan(struct run *run, struct lane *lane, unsigned int thp)
{
	int err = 0;

	piece_plan(run, lane, thp);
	if (!thp || lane->variant % 4 < 2)
		err = clear_marks(run);
	if (err)
		set_error("cannot clear soft-dirty bits: %s", strerror(-err));
	else if (lane->variant / 4 % 2)
		write_some(run, lane, thp);
	return err;
}

/* What is written after the last clearing must be dirty, split or not. */
static enum act_result softdirty_act(struct run *run, struct lane *lane, unsigned int thp)
{
	write_some(run, lane, thp);
	return ACT_OK;
}

static int softdirty_after(struct run *run, struct lane *lane, unsigned int thp)
{
	if (lane->id)
		look_for(run, lane, thp, PM_SOFT_DIRTY, "the soft-dirty bit of a written page");
	return 0;
}

/* Only what pagemap shows can be looked for. */
static const char *uffd_why_not(void)
{
	const char *why = track_uffd_why_not();

	if (why)
		return why;
	return track_shows_uffd() ? NULL :
				    "pagemap does not show write-protection on this kernel";
}

static int uffd_setup(struct run *run)
{
	struct track_priv *priv;
	int err = track_setup(run);

	if (err)
		return err;
	priv = run->priv;
	priv->uffd = track_open_uffd(0);
	if (priv->uffd >= 0)
		return 0;
	set_error("userfaultfd: %s", strerror(-priv->uffd));
	return priv->uffd;
}

static int uffd_map(struct run *run)
{
	struct track_priv *priv = run->priv;
	int err = region_map(&run->region);

	if (!err)
		err = track_register(priv->uffd, run->region.base, run->region.len);
	if (err)
		set_error("cannot register for write-protection: %s", strerror(-err));
	return err;
}

static int protect_piece(struct run *run, struct lane *lane, unsigned int thp, bool on)
{
	struct track_priv *priv = run->priv;
	u8 *marked = priv->marked + (size_t)thp * env.nr_subpages;
	char *base = region_thp(&run->region, thp);
	const struct piece *p = &lane->piece;
	int err;

	err = track_protect(priv->uffd, base + p->first * env.page_size,
			    p->nr * env.page_size, on);
	if (!err)
		memset(marked + p->first, on, p->nr);
	return err;
}

/* Write-protects a piece; sometimes the whole was, and the piece is not any more. */
static int uffd_plan(struct run *run, struct lane *lane, unsigned int thp)
{
	struct track_priv *priv = run->priv;
	int err = 0;

	piece_plan(run, lane, thp);
	lane->piece.stride = 1;
	if (lane->variant % 2)
		return 0;
	err = track_protect(priv->uffd, region_thp(&run->region, thp), env.hpage_size, true);
	if (err)
		set_error("write-protect: %s", strerror(-err));
	else
		memset(priv->marked + (size_t)thp * env.nr_subpages, 1, env.nr_subpages);
	return err;
}

static enum act_result uffd_act(struct run *run, struct lane *lane, unsigned int thp)
{
	int err = protect_piece(run, lane, thp, lane->variant % 2);

	if (!err)
		return ACT_OK;
	return err == -EAGAIN ? ACT_BUSY : ACT_FAILED;
}

/* Looked at, then given up: nobody is there to let a later write through. */
static int uffd_after(struct run *run, struct lane *lane, unsigned int thp)
{
	struct track_priv *priv = run->priv;
	int err;

	if (!lane->id)
		return 0;
	look_for(run, lane, thp, PM_UFFD_WP, "the write-protection of a page");
	err = uffd_unregister(priv->uffd, region_thp(&run->region, thp), env.hpage_size);
	if (err)
		set_error("cannot give up write-protection: %s", strerror(-err));
	return err;
}

const struct scenario scenario_softdirty = {
	.name = "softdirty",
	.summary =
		"a write after soft-dirty bits were cleared must show after the split",
	.op = "softdirty",
	.phases = PHASES_COW,
	.inner = INNER_COW,
	.why_not = track_softdirty_why_not,
	.setup = track_setup,
	.cleanup = track_cleanup,
	.plan = softdirty_plan,
	.act = softdirty_act,
	.after = softdirty_after,
};

const struct scenario scenario_uffd_wp = {
	.name = "uffd-wp",
	.pmd_only = true,
	.summary =
		"pages are write-protected by userfaultfd; the protection must survive the split",
	.op = "uffd",
	.phases = "change_huge_pmd split_huge_pmd",
	.why_not = uffd_why_not,
	.setup = uffd_setup,
	.cleanup = track_cleanup,
	.map = uffd_map,
	.plan = uffd_plan,
	.act = uffd_act,
	.after = uffd_after,
};
