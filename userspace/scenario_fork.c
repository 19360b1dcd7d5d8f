// SPDX-License-Identifier: GPL-2.0
/*
 * The mmap10 shape: processes share huge pages by fork
 *
 * Each unmaps or discards a page of its own of the same huge page, all at the
 * same instant; then writes to some survivors, which no other may see.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "env.h"
#include "phases.h"
#include "region.h"
#include "rng.h"
#include "run.h"
#include "scenario.h"
#include "scenario_piece.h"
#include "util.h"
#include "verify.h"

#define COMMON_LANE	(~0ULL - 1)	/* choices that all processes share */
#define NR_OWN		3		/* pages written after the race */

/* A page of its own for each process; next to each other, or spread. */
static unsigned int own_page(struct run *run, struct lane *lane, unsigned int thp)
{
	unsigned int all = env.nr_subpages, first, step;
	struct rng rng;

	rng_seed(&rng, run->seed, mix64(run->gen, thp), COMMON_LANE);
	step = rng_below(&rng, 2) ? all / run->nr_workers : 1;
	first = rng_below(&rng, all);
	return (first + (lane->id - 1) * step) % all;
}

static enum act_result fork_munmap_act(struct run *run, struct lane *lane, unsigned int thp)
{
	unsigned int page = own_page(run, lane, thp);
	char *at = region_thp(&run->region, thp) + page * env.page_size;

	lane_did(lane, page, 1, 1);
	if (munmap(at, env.page_size)) {
		set_error("munmap of one page: %s", strerror(errno));
		return ACT_ERROR;
	}
	run_state(run, thp)[page] = PG_HOLE;
	return ACT_OK;
}

static enum act_result fork_zap_act(struct run *run, struct lane *lane, unsigned int thp)
{
	unsigned int page = own_page(run, lane, thp);
	char *at = region_thp(&run->region, thp) + page * env.page_size;

	lane_did(lane, page, 1, 1);
	if (madvise(at, env.page_size, MADV_DONTNEED)) {
		set_error("madvise(MADV_DONTNEED) of one page: %s", strerror(errno));
		return ACT_ERROR;
	}
	run_state(run, thp)[page] = PG_ZERO;
	return ACT_OK;
}

/**
 * fork_write_own() - write to a few survivors, which only this process may see
 * @run: the run
 * @lane: the caller; main writes nothing and must see nothing
 * @thp: huge page
 */
static int fork_write_own(struct run *run, struct lane *lane, unsigned int thp)
{
	char *base = region_thp(&run->region, thp);
	u8 *state = run_state(run, thp);
	unsigned int i, page;

	if (!lane->id)
		return 0;
	for (i = 0; i < NR_OWN; i++) {
		page = rng_below(&lane->rng, env.nr_subpages);
		if (state[page] != PG_PATTERN)
			continue;
		page_fill(base + page * env.page_size, own_gen(run, lane));
		state[page] = PG_OWN;
	}
	return 0;
}

const struct scenario scenario_fork_munmap = {
	.name = "fork-munmap",
	.summary =
		"processes that share huge pages by fork each unmap a page of the same one at once",
	.op = "munmap",
	.phases = PHASES_MUNMAP,
	.inner = INNER_MUNMAP,
	.shape = SHAPE_PROCS,
	.scalable = true,
	.workers = 4,
	.thps = 16,
	.act = fork_munmap_act,
	.after = fork_write_own,
};

const struct scenario scenario_fork_zap = {
	.name = "fork-zap",
	.summary =
		"the same with MADV_DONTNEED: discarded pages read as zero, in that process only",
	.op = "zap",
	.phases = PHASES_ZAP,
	.inner = INNER_ZAP,
	.shape = SHAPE_PROCS,
	.scalable = true,
	.workers = 4,
	.thps = 16,
	.act = fork_zap_act,
	.after = fork_write_own,
};

const struct scenario scenario_sibling_munmap = {
	.name = "sibling-munmap",
	.summary =
		"processes that share huge pages by fork unmap pieces: head, tail, every other...",
	.op = "munmap",
	.phases = PHASES_MUNMAP,
	.inner = INNER_MUNMAP,
	.shape = SHAPE_PROCS,
	.scalable = true,
	.workers = 2,
	.plan = piece_plan,
	.act = munmap_act,
};

const struct scenario scenario_grandchild = {
	.name = "grandchild",
	.summary =
		"great-grandchildren unmap pieces: three generations of anon_vmas, all with pages",
	.op = "munmap",
	.phases = PHASES_MUNMAP,
	.inner = INNER_MUNMAP,
	.shape = SHAPE_PROCS,
	.depth = 3,
	.workers = 1,
	.plan = piece_plan,
	.act = munmap_act,
	.after = fork_write_own,
};
