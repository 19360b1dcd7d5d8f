// SPDX-License-Identifier: GPL-2.0
/*
 * Shared memory that others map as well, or that is written out
 *
 * Peers: processes that have nothing in common but the files, each with a
 * mapping of its own, at the same place or so that no huge page fits.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "env.h"
#include "phases.h"
#include "piece.h"
#include "region.h"
#include "rng.h"
#include "run.h"
#include "scenario.h"
#include "scenario_file.h"
#include "scenario_pages.h"
#include "scenario_piece.h"
#include "util.h"

#ifndef MADV_REMOVE
#define MADV_REMOVE	9
#endif
#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT	21
#endif
#define SHIFT_LANE	(~0ULL - 3)
#define REFILL_STEP	4

enum peer_kind {
	PEER_MUNMAP, PEER_ZAP, PEER_REMOVE, PEER_REMOVE_AND_FILL, NR_PEER_KINDS
};

/* What a peer did to the file, for all who have it. */
enum fate {
	FATE_NONE, FATE_ZERO, FATE_UNKNOWN,
};

static u8 *thp_fate(struct run *run, unsigned int thp)
{
	const struct file_priv *priv = run->priv;

	return priv->fate + (size_t)thp * env.nr_subpages;
}

/**
 * peers_setup() - files, and what all of the processes know of them
 * @run: the run
 */
static int peers_setup(struct run *run)
{
	struct file_priv *priv;
	int err = file_setup(run);

	if (err)
		return err;
	priv = run->priv;
	priv->fate_len = (size_t)run->nr_thps * env.nr_subpages;
	priv->fate = mmap(NULL, priv->fate_len, PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (priv->fate != MAP_FAILED)
		return 0;
	priv->fate = NULL;
	set_error("cannot map shared memory: %s", strerror(errno));
	return -ENOMEM;
}

/* The last one reaches beyond the region: there is room for it behind. */
static int misaligned_setup(struct run *run)
{
	run->also.base = run->region.base + run->region.len;
	run->also.len = env.hpage_size;
	return peers_setup(run);
}

static int peers_map(struct run *run)
{
	const struct file_priv *priv = run->priv;

	memset(priv->fate, FATE_NONE, priv->fate_len);
	return file_map(run);
}

/* Nothing of the batch before may stay: the next one is mapped elsewhere. */
static int forget_views(struct run *run)
{
	if (mmap(run->region.base, run->region.len + env.hpage_size, PROT_NONE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0) != MAP_FAILED)
		return 0;
	set_error("cannot unmap: %s", strerror(errno));
	return -errno;
}

/* Reads map what is there, writes make the mapping dirty; both happen. */
static void touch(char *at, size_t len, bool write)
{
	size_t off;

	for (off = 0; off < len; off += env.page_size) {
		if (write)
			__atomic_fetch_or(at + off, 0, __ATOMIC_RELAXED);
		else
			(void)__atomic_load_n(at + off, __ATOMIC_RELAXED);
	}
}

/**
 * peers_attach() - map main's files, each where main has it
 * @run: the run
 * @lane: the caller, in a process that was forked when nothing was mapped
 */
static int peers_attach(struct run *run, struct lane *lane)
{
	const struct file_priv *priv = run->priv;
	unsigned int i;
	char *at;
	int err = forget_views(run);

	for (i = 0; !err && i < run->nr_thps; i++) {
		at = mmap(run_view(run, i), env.hpage_size, PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_FIXED, priv->fd[i], 0);
		if (at == MAP_FAILED || madvise(at, env.hpage_size, MADV_HUGEPAGE)) {
			set_error("cannot map shared memory: %s", strerror(errno));
			return -errno;
		}
		/* One access maps a huge page; where none fits, each its own. */
		touch(at, run->shift ? env.hpage_size : env.page_size,
		      (run->sh->batch + i + lane->id) % 2);
	}
	return err;
}

/**
 * misaligned_attach() - the same, so many pages behind: by PTEs of two page tables
 * @run: the run
 * @lane: the caller
 */
static int misaligned_attach(struct run *run, struct lane *lane)
{
	struct rng rng;

	rng_seed(&rng, run->seed, run->sh->batch, SHIFT_LANE - lane->id);
	run->shift = (1 + rng_below(&rng, env.nr_subpages - 1)) * env.page_size;
	return peers_attach(run, lane);
}

/*
 * One kind after the other, from where the seed says: by chance alone a short run
 * may come to none of a kind that it needs.
 */
static unsigned int peer_kind(const struct run *run, const struct lane *lane)
{
	return (mix64(run->seed, NR_PEER_KINDS) + run->sh->round + lane->id) % NR_PEER_KINDS;
}

static int peers_plan(struct run *run, struct lane *lane, unsigned int thp)
{
	piece_plan(run, lane, thp);
	lane->variant = peer_kind(run, lane);
	switch (lane->variant % NR_PEER_KINDS) {
	case PEER_MUNMAP:
		lane->op = "munmap";
		break;
	case PEER_ZAP:
		lane->op = "zap";
		break;
	default:
		lane->op = "punch";
		break;
	}
	return 0;
}

static void set_fate(struct run *run, struct lane *lane, unsigned int thp, u8 what)
{
	const struct piece *p = &lane->piece;
	u8 *fate = thp_fate(run, thp);
	unsigned int i;

	for (i = 0; i < p->nr; i++)
		__atomic_store_n(&fate[p->first + i * p->stride], what, __ATOMIC_RELAXED);
}

/* Some of what was removed is written again at once; all others must see it. */
static void refill(struct run *run, struct lane *lane, unsigned int thp)
{
	const struct piece *p = &lane->piece;
	char *home = region_thp(&run->region, thp), *view = run_view(run, thp);
	u8 *fate = thp_fate(run, thp);
	unsigned int i, page;

	for (i = 0; i < p->nr; i += REFILL_STEP) {
		page = p->first + i * p->stride;
		page_fill_as(view + page * env.page_size, home + page * env.page_size, run->gen);
		__atomic_store_n(&fate[page], FATE_NONE, __ATOMIC_RELAXED);
	}
}

/**
 * peers_act() - unmap, discard or remove a part of what others map as well
 * @run: the run
 * @lane: the caller
 * @thp: huge page
 */
static enum act_result peers_act(struct run *run, struct lane *lane, unsigned int thp)
{
	int kind = lane->variant % NR_PEER_KINDS;

	switch (kind) {
	case PEER_MUNMAP:
		return munmap_act(run, lane, thp);
	case PEER_ZAP:
		/* The file keeps it. */
		return piece_apply(run, lane, thp, madvise, MADV_DONTNEED) ? ACT_FAILED : ACT_OK;
	default:
		if (piece_apply(run, lane, thp, madvise, MADV_REMOVE)) {
			set_fate(run, lane, thp, FATE_UNKNOWN);
			return ACT_FAILED;
		}
		set_fate(run, lane, thp, FATE_ZERO);
		/* Of several peers another may remove it again. */
		if (kind == PEER_REMOVE_AND_FILL && run->nr_workers == 1)
			refill(run, lane, thp);
		return ACT_OK;
	}
}

/**
 * peers_after() - what the peers did to the file, in each one's own view
 * @run: the run
 * @lane: the caller, main too
 * @thp: huge page
 */
static int peers_after(struct run *run, struct lane *lane, unsigned int thp)
{
	const u8 *fate = thp_fate(run, thp);
	u8 *state = run_state(run, thp);
	unsigned int i;

	(void)lane;
	for (i = 0; i < env.nr_subpages; i++) {
		if (state[i] != PG_HOLE && fate[i] != FATE_NONE)
			state[i] = fate[i] == FATE_ZERO ? PG_ZERO : PG_ANY;
	}
	return 0;
}

static const char *shmem_pageout_why_not(void)
{
	const char *why = shmem_why_not();

	return why ? why : pageout_why_not();
}

static const struct touch file_pageout_touches[] = {
	{ .kind = TOUCH_SWAP, .what = "of zram" },
	SHMEM_TOUCH,
	{ }
};

/*
 * The huge page comes by a read: then no fault ever marks it dirty, and what is
 * written afterwards shows in the dirty bit of its PMD alone.
 */
static int file_pageout_map(struct run *run)
{
	int err = file_map(run);
	unsigned int i;

	for (i = 0; !err && i < run->nr_thps; i++)
		touch(region_thp(&run->region, i), env.page_size, false);
	return err;
}

static int file_pageout_plan(struct run *run, struct lane *lane, unsigned int thp)
{
	piece_plan(run, lane, thp);
	lane->piece.stride = 1;
	return 0;
}

/*
 * A file's PMD that is split is unmapped, and only what is mapped is paged out:
 * reads map it again, clean.  ENOMEM is a hole; the rest is done.
 */
static int page_out(struct run *run, unsigned int thp)
{
	char *base = region_thp(&run->region, thp);
	const u8 *state = run_state(run, thp);
	unsigned int i;

	for (i = 0; i < env.nr_subpages; i++) {
		if (state[i] != PG_HOLE)
			touch(base + i * env.page_size, env.page_size, false);
	}
	return madvise(base, env.hpage_size, MADV_PAGEOUT) && errno != ENOMEM ? -errno : 0;
}

/* Pages of [first, first + nr) that are in no memory. */
static unsigned int nr_out(char *thp, unsigned int first, unsigned int nr)
{
	unsigned char vec[MAX_NR_SUBPAGES];
	unsigned int i, out = 0;

	if (!nr || mincore(thp + first * env.page_size, nr * env.page_size, vec))
		return 0;
	for (i = 0; i < nr; i++)
		out += !(vec[i] & 1);
	return out;
}

/**
 * file_pageout_act() - cut the PMD, then out with the pages
 * @run: the run
 * @lane: the caller
 * @thp: huge page
 *
 * As long as the split is to come its reference keeps the pages in: busy.
 */
static enum act_result file_pageout_act(struct run *run, struct lane *lane, unsigned int thp)
{
	char *base = region_thp(&run->region, thp);
	const struct piece *p = &lane->piece;
	unsigned int end = p->first + p->nr, out;

	if (lane->variant % 3 == 0 && munmap_act(run, lane, thp) != ACT_OK)
		return ACT_ERROR;
	if (lane->variant % 3 == 1 && piece_apply(run, lane, thp, mprotect, PROT_READ))
		return ACT_FAILED;
	if (page_out(run, thp))
		return ACT_FAILED;
	out = nr_out(base, 0, p->first) + nr_out(base, end, env.nr_subpages - end);
	return out ? ACT_OK : ACT_BUSY;
}

/**
 * file_pageout_after() - out with all that is still in: it must come back
 * @run: the run
 * @lane: the caller
 * @thp: huge page; every other one, since coming back takes time
 */
static int file_pageout_after(struct run *run, struct lane *lane, unsigned int thp)
{
	int err = lane->id && (thp + run->sh->batch) % 2 ? page_out(run, thp) : 0;

	if (err)
		set_error("madvise(MADV_PAGEOUT): %s", strerror(-err));
	return err;
}

#define PHASES_PEERS \
	PHASES_SHMEM " do_munmap split_vma vma_adjust_trans_huge unmap_page_range " \
	"remove_rmap_pmd remove_rmap_ptes tlb_finish_mmu"

const struct scenario scenario_shmem_peers = {
	.name = "shmem-peers",
	.summary =
		"shared memory: a process that only has the file unmaps, discards, removes a part",
	.op = "munmap",
	.phases = PHASES_PEERS,
	.shape = SHAPE_PEERS,
	.scalable = true,
	.touches = shmem_touches,
	.why_not = shmem_why_not,
	.setup = peers_setup,
	.cleanup = file_cleanup,
	.map = peers_map,
	.attach = peers_attach,
	.file = true,
	.plan = peers_plan,
	.act = peers_act,
	.after = peers_after,
};

const struct scenario scenario_shmem_misaligned = {
	.name = "shmem-misaligned",
	.summary =
		"the same, and there it is mapped by PTEs only, in two page tables",
	.op = "munmap",
	.phases = PHASES_PEERS,
	.shape = SHAPE_PEERS,
	.scalable = true,
	.touches = shmem_touches,
	.why_not = shmem_why_not,
	.setup = misaligned_setup,
	.cleanup = file_cleanup,
	.map = peers_map,
	.attach = misaligned_attach,
	.file = true,
	.plan = peers_plan,
	.act = peers_act,
	.after = peers_after,
};

const struct scenario scenario_shmem_pageout = {
	.name = "shmem-pageout",
	.summary =
		"shared memory: pages that are dirty by their PMD alone go to swap and come back",
	.op = "pageout",
	.phases = "split_huge_page split_huge_pmd change_huge_pmd shrink_folio_list",
	.thps = 4,
	.why_not = shmem_pageout_why_not,
	.touches = file_pageout_touches,
	.setup = file_setup,
	.cleanup = file_cleanup,
	.map = file_pageout_map,
	.file = true,
	.plan = file_pageout_plan,
	.act = file_pageout_act,
	.after = file_pageout_after,
};
