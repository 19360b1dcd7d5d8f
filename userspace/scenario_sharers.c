// SPDX-License-Identifier: GPL-2.0
/*
 * Many processes share a huge page by fork: the first split must succeed
 *
 * They sleep; some of them have it by PTEs, or only a part of it.  While the split
 * runs one more is forked, or some end.  Where nobody splits, all of it is left to
 * split_progress.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "env.h"
#include "options.h"
#include "part.h"
#include "phases.h"
#include "region.h"
#include "rng.h"
#include "run.h"
#include "scenario.h"
#include "util.h"

#define MAX_SHARERS	512		/* beside main */
#define MIB_PER_SHARER	1		/* of what is available, generously */
#define MANY		32
#define MANY_BATCHES	4		/* one of so many has many sharers, once */
#define MOST_BATCHES	64

struct sharers_priv {
	struct part *part;		/* [nr_thps][MAX_SHARERS] */
	unsigned int nr[MAX_THPS];
};

static struct part *sharers_of(const struct run *run, unsigned int thp)
{
	const struct sharers_priv *priv = run->priv;

	return priv->part + (size_t)thp * MAX_SHARERS;
}

static int sharers_setup(struct run *run)
{
	struct sharers_priv *priv = calloc(1, sizeof(*priv));

	run->priv = priv;
	if (priv)
		priv->part = calloc((size_t)run->nr_thps * MAX_SHARERS, sizeof(*priv->part));
	if (priv && priv->part)
		return 0;
	set_error("out of memory");
	return -ENOMEM;
}

static void end_sharers(struct run *run, unsigned int thp, unsigned int left)
{
	struct sharers_priv *priv = run->priv;
	struct part *part = sharers_of(run, thp);
	unsigned int i;

	/* All are told before one is waited for. */
	for (i = left; i < priv->nr[thp]; i++)
		kill(part[i].child, SIGKILL);
	for (i = left; i < priv->nr[thp]; i++)
		part_end_child(&part[i]);
	if (priv->nr[thp] > left)
		priv->nr[thp] = left;
}

static void sharers_cleanup(struct run *run)
{
	struct sharers_priv *priv = run->priv;
	unsigned int i;

	if (!priv)
		return;
	for (i = 0; priv->part && i < run->nr_thps; i++)
		end_sharers(run, i, 0);
	free(priv->part);
	free(priv);
}

/* A fork would share all of them: each shall have sharers of its own. */
static int sharers_map(struct run *run)
{
	int err = region_map(&run->region);

	if (err || !madvise(run->region.base, run->region.len, MADV_DONTFORK))
		return err;
	set_error("madvise(MADV_DONTFORK): %s", strerror(errno));
	return -errno;
}

static void cuts_pmd(const struct part *part)
{
	if (mprotect(part->at, env.page_size, PROT_READ) ||
	    mprotect(part->at, env.page_size, PROT_READ | PROT_WRITE))
		_exit(THPRACE_EXIT_ERROR);
}

static void has_a_part(const struct part *part)
{
	if (part_drop(NULL, part, true))
		_exit(THPRACE_EXIT_ERROR);
}

static int fork_one(struct run *run, struct lane *lane, unsigned int thp, bool mixed)
{
	static void (*const kinds[])(const struct part *part) = {
		NULL, cuts_pmd, has_a_part, NULL,
	};
	struct sharers_priv *priv = run->priv;
	struct part *part = sharers_of(run, thp) + priv->nr[thp];
	int err;

	memset(part, 0, sizeof(*part));
	part->at = region_thp(&run->region, thp);
	part->thp = -1;
	part->nr_keep = 1 + rng_below(&lane->rng, env.nr_subpages / 2);
	part->keep = rng_below(&lane->rng, env.nr_subpages - part->nr_keep + 1);
	err = part_fork(part, mixed ? kinds[rng_below(&lane->rng, ARRAY_SIZE(kinds))] : NULL);
	if (!err)
		priv->nr[thp]++;
	return err;
}

/* How many processes have it, main not counted, before the round begins. */
static unsigned int draw_number(struct run *run, struct lane *lane, unsigned int thp)
{
	static const unsigned int few[] = { 1, 2, 4, 4, 8, 16 };
	u64 fit = env_available_bytes() / (MIB_PER_SHARER << 20) / 4;
	unsigned int nr = few[rng_below(&lane->rng, ARRAY_SIZE(few))];

	/* Not where a split is steered meanwhile, and not often: it takes its time. */
	if (run->sh->solo && thp == 1 && run->sh->batch % MANY_BATCHES == 1)
		nr = run->sh->batch % MOST_BATCHES == MOST_BATCHES - 3 ? MAX_SHARERS - 1 : MANY;
	return fit && nr > fit ? fit : nr;
}

static int sharers_plan(struct run *run, struct lane *lane, unsigned int thp)
{
	char *base = region_thp(&run->region, thp);
	unsigned int nr = draw_number(run, lane, thp), i;
	bool mixed = rng_below(&lane->rng, 2);

	lane->variant = rng_next(&lane->rng);
	if (madvise(base, env.hpage_size, MADV_DOFORK)) {
		set_error("madvise(MADV_DOFORK): %s", strerror(errno));
		return -errno;
	}
	for (i = 0; i < nr && !fork_one(run, lane, thp, mixed); i++)
		;
	lane->op = lane->variant % 2 && i > 1 ? "exit" : run->sc->op;
	return 0;
}

/**
 * sharers_act() - one more, or every other one ends
 * @run: the run
 * @lane: the caller
 * @thp: huge page
 */
static enum act_result sharers_act(struct run *run, struct lane *lane, unsigned int thp)
{
	struct sharers_priv *priv = run->priv;
	char *base = region_thp(&run->region, thp);
	int err = 0;

	if (strcmp(lane->op, run->sc->op))
		end_sharers(run, thp, priv->nr[thp] / 2);
	else if (!injected("idle"))
		err = fork_one(run, lane, thp, false);
	/* The children of later rounds need not have it. */
	madvise(base, env.hpage_size, MADV_DONTFORK);
	return err || injected("idle") ? ACT_BUSY : ACT_OK;
}

/**
 * sharers_after() - they end
 * @run: the run
 * @lane: the caller
 * @thp: huge page
 */
static int sharers_after(struct run *run, struct lane *lane, unsigned int thp)
{
	if (lane->id)
		end_sharers(run, thp, 0);
	return 0;
}

const struct scenario scenario_sharers = {
	.name = "sharers",
	.summary = "2 to 513 processes share a huge page by fork: it must split at once",
	.op = "fork",
	.alone = true,
	.phases = "anon_vma_fork anon_vma_clone copy_huge_pmd",
	.inner = "copy_huge_pmd",
	.thps = 4,
	.setup = sharers_setup,
	.cleanup = sharers_cleanup,
	.map = sharers_map,
	.plan = sharers_plan,
	.act = sharers_act,
	.after = sharers_after,
};
