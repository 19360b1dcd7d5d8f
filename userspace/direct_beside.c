// SPDX-License-Identifier: GPL-2.0
/*
 * What is done beside a write through a reference
 *
 * Rows: reclaim, migration, collapse, fork and the copies that it makes,
 * protection, and what unmaps or discards.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "direct.h"
#include "env.h"
#include "region.h"
#include "run.h"
#include "scenario.h"
#include "scenario_pages.h"
#include "undo.h"
#include "util.h"
#include "writes.h"

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT	21
#endif
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE	25
#endif
#define NR_COPIED	8		/* pages that each side of a fork writes to */
#define CHILD_NAP_NS	(20 * NSEC_PER_USEC)

static char *page_at(const struct run *run, unsigned int thp, unsigned int page)
{
	return region_thp(&run->region, thp) + page * env.page_size;
}

static const char *reclaim_why_not(void)
{
	const char *why = pageout_why_not();

	return why ? why : pagemap_why_not();
}

/* All of it if it was given up as a whole, else little more than what is written to. */
static enum act_result pageout(struct run *run, struct lane *lane, unsigned int thp,
			       const struct direct_draw *d)
{
	unsigned int first = d->first < d->side ? d->first : d->side, nr = d->nr + d->nr_side;
	/* The positive control: as if reclaim did not mind. */
	int advice = injected("discard") ? MADV_DONTNEED : MADV_PAGEOUT;

	if (d->freed_all && d->variant % 4) {
		first = 0;
		nr = env.nr_subpages;
	}
	lane_did(lane, first, nr, 1);
	if (!injected("idle") && madvise(page_at(run, thp, first), nr * env.page_size, advice))
		return ACT_FAILED;
	return pages_out(page_at(run, thp, 0), first, nr, 1) ? ACT_OK : ACT_BUSY;
}

static enum act_result migrate(struct run *run, struct lane *lane, unsigned int thp,
			       const struct direct_draw *d)
{
	(void)d;
	return migrate_act(run, lane, thp);
}

static const char *collapse_why_not(void)
{
	return env_has_madvise(MADV_COLLAPSE) ? frames_why_not() :
						"this kernel has no MADV_COLLAPSE";
}

static int protect(char *at, size_t len, int prot)
{
	if (!mprotect(at, len, prot) && !mprotect(at, len, PROT_READ | PROT_WRITE))
		return 0;
	set_error("mprotect beside a write: %s", strerror(errno));
	return -errno;
}

/* There is something to collapse only when it is mapped by PTEs. */
static int cut(struct run *run, unsigned int thp, const struct direct_draw *d)
{
	return protect(page_at(run, thp, d->side), env.page_size, PROT_READ);
}

static enum act_result collapse(struct run *run, struct lane *lane, unsigned int thp,
				const struct direct_draw *d)
{
	int got = thp_collapse(page_at(run, thp, 0));

	(void)d;
	lane_did(lane, 0, env.nr_subpages, 1);
	if (got == -EINVAL)
		return ACT_FAILED;
	return got > 0 ? ACT_OK : ACT_BUSY;
}

/* What is next to it; or it itself, where it is only the kernel that writes. */
static enum act_result protect_act(struct run *run, struct lane *lane, unsigned int thp,
				   const struct direct_draw *d)
{
	bool itself = !d->kind->pin && d->variant % 3 == 0;
	unsigned int first = itself ? d->first : d->side, nr = itself ? d->nr : d->nr_side;

	lane_did(lane, first, nr, 1);
	return protect(page_at(run, thp, first), nr * env.page_size,
		       d->variant / 3 % 2 ? PROT_READ : PROT_NONE) ? ACT_ERROR : ACT_OK;
}

static enum act_result unmap(struct run *run, struct lane *lane, unsigned int thp,
			     const struct direct_draw *d)
{
	lane_did(lane, d->side, d->nr_side, 1);
	if (munmap(page_at(run, thp, d->side), d->nr_side * env.page_size)) {
		set_error("munmap beside a write: %s", strerror(errno));
		return ACT_ERROR;
	}
	memset(run_state(run, thp) + d->side, PG_HOLE, d->nr_side);
	return ACT_OK;
}

static enum act_result discard(struct run *run, struct lane *lane, unsigned int thp,
			       const struct direct_draw *d)
{
	unsigned int first = d->first + (d->variant % 2 ? d->nr / 2 : 0);

	lane_did(lane, first, d->first + d->nr - first, 1);
	return madvise(page_at(run, thp, first), (d->first + d->nr - first) * env.page_size,
		       MADV_DONTNEED) ? ACT_FAILED : ACT_OK;
}

/* Given up, and reclaimed, while it is written to. */
static enum act_result give_up(struct run *run, struct lane *lane, unsigned int thp,
			       const struct direct_draw *d)
{
	char *at = page_at(run, thp, d->first);

	lane_did(lane, d->first, d->nr, 1);
	if (madvise(at, d->nr * env.page_size, MADV_FREE))
		return ACT_FAILED;
	/* Not everywhere. */
	madvise(at, d->nr * env.page_size, MADV_PAGEOUT);
	return ACT_OK;
}

/* Each fork has one huge page, see fork_map() of the scenario fork. */
static int share(struct run *run, unsigned int thp, const struct direct_draw *d)
{
	(void)d;
	if (!madvise(page_at(run, thp, 0), env.hpage_size, MADV_DOFORK))
		return 0;
	set_error("madvise(MADV_DOFORK): %s", strerror(errno));
	return -errno;
}

static unsigned int copied(const struct direct_draw *d, unsigned int i)
{
	return i * d->nr / NR_COPIED;
}

static void child_main(struct run *run, unsigned int thp, const struct direct_draw *d,
		       pid_t parent)
{
	unsigned int i;

	child_dies_with(parent);
	for (i = 0; i < NR_COPIED; i++)
		__atomic_store_n(page_at(run, thp, d->first + copied(d, i)), 0x55,
				 __ATOMIC_RELAXED);
	_exit(0);
}

/*
 * The child writes to what is written to: into copies of its own.  So does the owner,
 * where the kernel promises that this is no copy.
 */
static enum act_result fork_act(struct run *run, struct lane *lane, unsigned int thp,
				const struct direct_draw *d)
{
	struct direct_priv *priv = run->priv;
	pid_t parent = getpid(), pid;
	unsigned int i;

	lane_did(lane, d->first, d->nr, 1);
	pid = fork();
	if (pid < 0)
		return ACT_FAILED;
	if (!pid)
		child_main(run, thp, d, parent);
	if (signals_child(pid)) {
		waitpid(pid, NULL, 0);
		return ACT_ERROR;
	}
	for (i = 0; d->touches && i < NR_COPIED; i++)
		writes_same(&priv->writes, page_at(run, thp, d->first + copied(d, i)),
			    copied(d, i));
	child_end(run, &pid, CHILD_NAP_NS);
	return ACT_OK;
}

#define ROW_PAGEOUT \
	{ .op = "pageout", .phases = "shrink_folio_list try_to_unmap", .unheld = true, \
	  .turns = 4, .turns_after = 2, .why_not = reclaim_why_not, .act = pageout }

/* In this order where they come in turn; reclaim more often, as its window is the longest. */
const struct beside besides[] = {
	ROW_PAGEOUT,
	{ .op = "fork", .phases = "copy_huge_pmd anon_vma_fork", .turns = 2, .prepare = share,
	  .act = fork_act },
	{ .op = "migrate", .phases = "migrate_pages", .unheld = true, .turns = 8,
	  .turns_after = 1, .why_not = migrate_why_not, .act = migrate },
	{ .op = "mprotect", .phases = "change_huge_pmd vma_complete", .turns = 8,
	  .act = protect_act },
	ROW_PAGEOUT,
	{ .op = "collapse", .phases = "collapse_huge_page", .unheld = true, .turns = 2,
	  .turns_after = 1, .why_not = collapse_why_not, .prepare = cut, .act = collapse },
	{ .op = "munmap", .phases = "split_vma unmap_vmas", .turns = 1, .act = unmap },
	{ .op = "zap", .phases = "unmap_page_range", .discards = true, .turns = 2,
	  .act = discard },
	{ .op = "madvise", .phases = "madvise_free_huge_pmd", .discards = true, .turns = 4,
	  .act = give_up },
};

const unsigned int nr_besides = ARRAY_SIZE(besides);
