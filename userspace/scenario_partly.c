// SPDX-License-Identifier: GPL-2.0
/*
 * Most of a huge page is unmapped, in one of many ways: the memory comes back
 *
 * In half of the rounds a split meets that.  In the others nobody has a
 * reference: then the group is squeezed, and what is not mapped must become free
 * (reclaim_progress), or all is left as it is for the checks of the batch.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "cgroup.h"
#include "env.h"
#include "options.h"
#include "part.h"
#include "partly.h"
#include "phases.h"
#include "region.h"
#include "rng.h"
#include "run.h"
#include "scenario.h"
#include "touch.h"
#include "util.h"
#include "verify.h"

/* In most rounds without a split memory is asked back; the rest is left for the checks. */
static bool is_asked_back(const struct run *run, unsigned int thp)
{
	return run->sh->solo && thp % 8 != 7;
}

/* All in turn where that matters most. */
static const struct partly_way *draw_way(struct run *run, struct lane *lane, unsigned int thp)
{
	struct partly_priv *priv = run->priv;
	const struct partly_way *way;
	unsigned int n;

	/* The schedule is of this one's phases. */
	if (run->sh->forced)
		return &partly_ways[0];
	do {
		n = is_asked_back(run, thp) ? priv->turn++ : rng_next(&lane->rng);
		way = &partly_ways[n % nr_partly_ways];
	} while (run->sh->solo ? way->why_not && way->why_not() : !partly_can_be_raced(way));
	return way;
}

static int partly_plan(struct run *run, struct lane *lane, unsigned int thp)
{
	const struct partly_way *way = draw_way(run, lane, thp);

	lane->variant = way - partly_ways;
	lane->op = is_asked_back(run, thp) ? "reclaim" : way->op;
	if (!madvise(region_thp(&run->region, thp), env.hpage_size, MADV_DOFORK))
		return 0;
	set_error("madvise(MADV_DOFORK): %s", strerror(errno));
	return -errno;
}

static enum act_result partly_act(struct run *run, struct lane *lane, unsigned int thp)
{
	struct partly_priv *priv = run->priv;
	const struct partly_way *way = &partly_ways[lane->variant];
	struct part *part = &priv->left[thp];
	char *base = region_thp(&run->region, thp);
	enum act_result result = ACT_OK;
	int err = part_begin(part, base, thp);

	/* A split that was faster: the pages go all the same. */
	if (err && run->sh->solo)
		return ACT_BUSY;
	partly_choose_pages(lane, part);
	lane_did(lane, part->keep, part->nr_keep, 1);
	err = way->make(run, lane, part);
	/* One is enough, and others need not have it. */
	madvise(base, env.hpage_size, MADV_DONTFORK);
	if (err)
		return ACT_BUSY;
	if (is_asked_back(run, thp)) {
		result = injected("idle") ? ACT_BUSY : partly_ask_back(run, lane, way, part);
		part_end_child(part);
	}
	if (part->child) {
		run->extra[thp] = part->child;
		if (run->nr_extra <= thp)
			run->nr_extra = thp + 1;
	}
	return result;
}

/* What has moved must have arrived. */
static void verify_moved(struct run *run, struct lane *lane, const struct part *part)
{
	struct mismatch bad;
	unsigned int i;

	for (i = part->keep; i < part->keep + part->nr_keep; i++) {
		size_t offset = i * env.page_size;

		if (page_verify(part->seen_at + offset, part->at + offset, run->gen, &bad))
			run->sh->lane[lane->id].pages_verified++;
		else
			content_violation(run, lane, &bad, "a page that was moved");
	}
}

/**
 * partly_after() - children end, what has moved is looked at
 * @run: the run
 * @lane: the caller
 * @thp: huge page
 */
static int partly_after(struct run *run, struct lane *lane, unsigned int thp)
{
	struct partly_priv *priv = run->priv;
	struct part *part = &priv->left[thp];

	if (!lane->id)
		return 0;
	run->extra[thp] = 0;
	part_end_child(part);
	if (part->at && part->seen_at != part->at) {
		verify_moved(run, lane, part);
		part->seen_at = part->at;
		return partly_clear_out(region_thp(&priv->away, 2 * thp), 2 * env.hpage_size);
	}
	return 0;
}

static const char *partly_why_not(void)
{
	const char *why = cgroup_why_not();

	return why ? why : frames_why_not();
}

static const struct touch partly_touches[] = {
	{ .kind = TOUCH_CGROUP, .what = "of its own" },
	TOUCH_SET(MAX_NONE_KNOB, MAX_ZEROES, .optional = true,
		  .others = "their zero pages are split off, and khugepaged collapses less"),
	{ }
};

static int partly_setup(struct run *run)
{
	struct partly_priv *priv = calloc(1, sizeof(*priv));
	int err;

	run->priv = priv;
	if (!priv) {
		set_error("out of memory");
		return -ENOMEM;
	}
	err = region_reserve(&priv->away, 2 * run->nr_thps + NR_SLOTS);
	if (err)
		return err;
	priv->turn = run->sh->round;
	run->also.base = priv->away.base;
	run->also.len = 2 * run->nr_thps * env.hpage_size;
	cgroup_no_swap(run->cgroup);
	return 0;
}

static void partly_cleanup(struct run *run)
{
	struct partly_priv *priv = run->priv;
	unsigned int i;

	if (!priv)
		return;
	for (i = 0; i < run->nr_thps; i++) {
		run->extra[i] = 0;
		part_end_child(&priv->left[i]);
	}
	region_release(&priv->away);
	run->also.len = 0;
	free(priv);
}

/* A fork would share all of them: the later ones could not be had unshared. */
static int partly_map(struct run *run)
{
	struct partly_priv *priv = run->priv;

	memset(priv->left, 0, sizeof(priv->left));
	return region_map_unshared(&run->region);
}

const struct scenario scenario_partly = {
	.name = "partly",
	.pmd_only = true,
	.summary = "most of a huge page is unmapped, in many ways: its memory must come back",
	.op = "munmap",
	.alone = true,
	.phases = PHASES_MUNMAP,
	.inner = INNER_MUNMAP,
	.weight = WEIGHT_OF_TABLE,
	.touches = partly_touches,
	.why_not = partly_why_not,
	.setup = partly_setup,
	.cleanup = partly_cleanup,
	.map = partly_map,
	.plan = partly_plan,
	.act = partly_act,
	.after = partly_after,
};
