// SPDX-License-Identifier: GPL-2.0
/*
 * VMAs come, go, merge, and their boundaries move over a huge page
 *
 * Unmapping across two huge pages and whole ones; filling the hole between two
 * VMAs so that all three merge; moving a boundary into the huge page.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "env.h"
#include "phases.h"
#include "piece.h"
#include "region.h"
#include "run.h"
#include "scenario.h"
#include "scenario_piece.h"
#include "util.h"

enum wide_kind { WIDE_STRADDLE, WIDE_WHOLE, WIDE_NEIGHBOUR_TOO, NR_WIDE };

/**
 * wide_act() - unmap a whole huge page, or parts of two at once
 * @run: the run
 * @lane: the caller
 * @thp: huge page; with the next one, where there is a next one
 */
static enum act_result wide_act(struct run *run, struct lane *lane, unsigned int thp)
{
	unsigned int all = env.nr_subpages, first = 0, nr = all;
	char *base = region_thp(&run->region, thp);
	/* Not all of the last one: a check wants to find something. */
	unsigned int tail = all / 2 + 1 + lane->piece.first % (all / 2 - 1);
	unsigned int head = 1 + lane->variant / NR_WIDE % (all / 2);

	if (thp + 1 == run->nr_thps) {
		first = tail;
		nr = all - first;
	} else if (lane->variant % NR_WIDE == WIDE_STRADDLE) {
		first = tail;
		nr = all - first + head;
	} else if (lane->variant % NR_WIDE == WIDE_NEIGHBOUR_TOO) {
		nr = all + head;
	}
	lane_did(lane, first, nr, 1);
	if (munmap(base + first * env.page_size, nr * env.page_size)) {
		set_error("munmap across huge pages: %s", strerror(errno));
		return ACT_ERROR;
	}
	memset(run_state(run, thp) + first, PG_HOLE, nr);
	return ACT_OK;
}

/* A hole between two VMAs is filled with what can merge with both. */
static int fill_hole(char *at, size_t len)
{
	if (munmap(at, len) ||
	    mmap(at, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
		 -1, 0) != at)
		return -1;
	/* Only now the flags are the neighbours': this call merges three VMAs. */
	return madvise(at, len, MADV_HUGEPAGE);
}

/* What makes a part a VMA of its own; but for mprotect, no entry is touched. */
enum attribute { ATTR_PROTECT, ATTR_LOCK, ATTR_NODUMP, ATTR_SEQUENTIAL, NR_ATTRIBUTES };

static int give(enum attribute attr, char *at, size_t len, bool on)
{
	switch (attr) {
	case ATTR_PROTECT:
		return mprotect(at, len, on ? PROT_READ : PROT_READ | PROT_WRITE);
	case ATTR_LOCK:
		return on ? mlock(at, len) : munlock(at, len);
	case ATTR_NODUMP:
		return madvise(at, len, on ? MADV_DONTDUMP : MADV_DODUMP);
	default:
		return madvise(at, len, on ? MADV_SEQUENTIAL : MADV_NORMAL);
	}
}

/*
 * The boundary to the huge page before moves into this one: the part at the
 * start gets what that one has.  Then, mostly, it moves on or back.  Returns 1
 * when nothing may be locked (RLIMIT_MEMLOCK).
 */
static int move_boundary(struct run *run, struct lane *lane, unsigned int thp)
{
	enum attribute attr = lane->variant / 2 % NR_ATTRIBUTES;
	unsigned int more = lane->variant / (2 * NR_ATTRIBUTES);
	char *base = region_thp(&run->region, thp);
	size_t to = (1 + lane->piece.first % (env.nr_subpages - 1)) * env.page_size;
	size_t back = more / 4 % (env.nr_subpages - 1) * env.page_size;

	lane_did(lane, 0, to / env.page_size, 1);
	if (thp && give(attr, base - env.hpage_size, env.hpage_size, true))
		return attr == ATTR_LOCK ? 1 : -1;
	if (give(attr, base, to, true))
		return attr == ATTR_LOCK ? 1 : -1;
	if (more % 4 == 0)
		return 0;
	if (back < to)
		return give(attr, base + back, to - back, false);
	if (!give(attr, base + to, back - to + env.page_size, true))
		return 0;
	return attr == ATTR_LOCK ? 1 : -1;
}

/**
 * merge_act() - make VMAs merge over the huge page
 * @run: the run
 * @lane: the caller
 * @thp: huge page
 */
static enum act_result merge_act(struct run *run, struct lane *lane, unsigned int thp)
{
	char *base = region_thp(&run->region, thp);
	const struct piece *p = &lane->piece;
	int err;

	/* With nobody to split the PMD behind a boundary, one left whole shows. */
	if (lane->variant % 2 || (run->sh->solo && lane->variant % 4)) {
		err = move_boundary(run, lane, thp);
	} else {
		lane->piece.stride = 1;
		lane_did(lane, p->first, p->nr, 1);
		err = fill_hole(base + p->first * env.page_size, p->nr * env.page_size);
		piece_mark(run, lane, thp, PG_ZERO);
	}
	if (err >= 0)
		return err ? ACT_BUSY : ACT_OK;
	set_error("cannot make VMAs merge: %s", strerror(errno));
	return ACT_ERROR;
}

const struct scenario scenario_munmap_wide = {
	.name = "munmap-wide",
	.summary = "munmap of whole huge pages, and of parts of two neighbours at once",
	.op = "munmap",
	.phases = PHASES_MUNMAP " zap_huge_pmd",
	.inner = INNER_MUNMAP,
	.plan = piece_plan,
	.act = wide_act,
};

const struct scenario scenario_vma_merge = {
	.name = "vma-merge",
	.summary =
		"VMAs merge by filling the hole between two, a boundary moves into the huge page",
	.op = "munmap",
	.alone = true,
	.phases = PHASES_MUNMAP " change_huge_pmd",
	.inner = INNER_MUNMAP,
	.plan = piece_plan,
	.act = merge_act,
};
