// SPDX-License-Identifier: GPL-2.0
/*
 * A huge page lies across two page tables
 *
 * It is moved as a whole to where no huge PMD fits, so that its PTEs are in two
 * page tables, and is split there or on its way.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "env.h"
#include "options.h"
#include "phases.h"
#include "region.h"
#include "rng.h"
#include "run.h"
#include "scenario.h"
#include "util.h"
#include "verify.h"

#define ROOM		4	/* huge pages of address space for each */

enum straddle_kind {
	STRADDLE_GO, STRADDLE_GO_ON, STRADDLE_BACK, NR_STRADDLES
};

struct straddle_priv {
	struct region away;
	char *at[MAX_THPS];		/* where it is; NULL: at home */
};

static int straddle_setup(struct run *run)
{
	struct straddle_priv *priv = calloc(1, sizeof(*priv));
	int err;

	run->priv = priv;
	if (!priv) {
		set_error("out of memory");
		return -ENOMEM;
	}
	err = region_reserve(&priv->away, ROOM * run->nr_thps);
	if (!err) {
		run->also.base = priv->away.base;
		run->also.len = priv->away.len;
	}
	return err;
}

static void straddle_cleanup(struct run *run)
{
	struct straddle_priv *priv = run->priv;

	if (priv)
		region_release(&priv->away);
	free(priv);
}

/* Never aligned: the table's end is somewhere inside. */
static char *draw_place(struct run *run, struct lane *lane, unsigned int thp, unsigned int half)
{
	const struct straddle_priv *priv = run->priv;
	unsigned int off = 1 + rng_below(&lane->rng, env.nr_subpages - 1);

	return region_thp(&priv->away, ROOM * thp + half * ROOM / 2) + off * env.page_size;
}

static int move_to(struct run *run, unsigned int thp, char *to)
{
	struct straddle_priv *priv = run->priv;
	char *home = region_thp(&run->region, thp);
	char *from = priv->at[thp] ? priv->at[thp] : home;

	if (mremap(from, env.hpage_size, env.hpage_size, MREMAP_MAYMOVE | MREMAP_FIXED,
		   to) != to) {
		set_error("mremap of a huge page to %p: %s", to, strerror(errno));
		return -errno;
	}
	priv->at[thp] = to == home ? NULL : to;
	memset(run_state(run, thp), to == home ? PG_PATTERN : PG_HOLE, env.nr_subpages);
	return 0;
}

static int straddle_plan(struct run *run, struct lane *lane, unsigned int thp)
{
	lane->variant = rng_next(&lane->rng);
	/* One is home in the end: a check wants to find something there. */
	if (!thp)
		lane->variant = STRADDLE_BACK;
	if (lane->variant % NR_STRADDLES == STRADDLE_GO)
		return 0;
	return move_to(run, thp, draw_place(run, lane, thp, 0));
}

/**
 * straddle_act() - move it there, from there to the next such place, or home
 * @run: the run
 * @lane: the caller
 * @thp: huge page
 */
static enum act_result straddle_act(struct run *run, struct lane *lane, unsigned int thp)
{
	char *to = region_thp(&run->region, thp);

	if (lane->variant % NR_STRADDLES != STRADDLE_BACK)
		to = draw_place(run, lane, thp, 1);
	return move_to(run, thp, to) ? ACT_ERROR : ACT_OK;
}

/**
 * straddle_after() - all of it must have arrived
 * @run: the run
 * @lane: the caller
 * @thp: huge page
 */
static int straddle_after(struct run *run, struct lane *lane, unsigned int thp)
{
	struct straddle_priv *priv = run->priv;
	char *home = region_thp(&run->region, thp), *at = priv->at[thp];
	struct mismatch bad;
	unsigned int i;

	if (!lane->id || !at)
		return 0;
	for (i = 0; i < env.nr_subpages; i++) {
		if (page_verify(at + i * env.page_size, home + i * env.page_size, run->gen, &bad))
			run->sh->lane[lane->id].pages_verified++;
		else
			content_violation(run, lane, &bad, "a page that was moved");
	}
	priv->at[thp] = NULL;
	if (mmap(at, env.hpage_size, PROT_NONE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0) == at)
		return 0;
	set_error("cannot unmap: %s", strerror(errno));
	return -errno;
}

const struct scenario scenario_mremap_straddle = {
	.name = "mremap-straddle",
	.summary =
		"the huge page moves to where its PTEs lie in two page tables, on, or home",
	.op = "mremap",
	.phases = PHASES_MREMAP,
	.setup = straddle_setup,
	.cleanup = straddle_cleanup,
	.plan = straddle_plan,
	.act = straddle_act,
	.after = straddle_after,
};
