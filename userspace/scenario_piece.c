// SPDX-License-Identifier: GPL-2.0
/*
 * Something is done to a seeded part of a huge page
 *
 * Head, tail, middle, one page, every other page: the kinds that split VMAs
 * and page tables differently; unmapped, discarded, protected, locked, advised.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "env.h"
#include "phases.h"
#include "piece.h"
#include "region.h"
#include "rng.h"
#include "run.h"
#include "scenario.h"
#include "scenario_piece.h"
#include "util.h"

/**
 * piece_plan() - choose before the gate
 * @run: the run
 * @lane: the caller; gets a piece, and a variant for acts that have several
 * @thp: huge page
 */
int piece_plan(struct run *run, struct lane *lane, unsigned int thp)
{
	(void)run;
	(void)thp;
	lane->piece = piece_draw(&lane->rng);
	lane->variant = rng_next(&lane->rng);
	return 0;
}

/**
 * piece_apply() - do something to each run of pages of the lane's piece
 * @run: the run
 * @lane: the caller
 * @thp: huge page
 * @fn: the system call
 * @arg: its argument
 *
 * Returns 0, or -1 with errno as @fn left it.
 */
int piece_apply(struct run *run, struct lane *lane, unsigned int thp,
		int (*fn)(void *addr, size_t len, int arg), int arg)
{
	char *base = run_view(run, thp);
	const struct piece *p = &lane->piece;
	unsigned int i;

	lane_did(lane, p->first, p->nr, p->stride);
	if (p->stride == 1)
		return fn(base + p->first * env.page_size, p->nr * env.page_size, arg);
	for (i = 0; i < p->nr; i++) {
		if (fn(base + (p->first + i * p->stride) * env.page_size, env.page_size, arg))
			return -1;
	}
	return 0;
}

/**
 * piece_mark() - what the piece's pages are now
 * @run: the run
 * @lane: the caller
 * @thp: huge page
 * @state: enum page_state
 */
void piece_mark(struct run *run, struct lane *lane, unsigned int thp, u8 state)
{
	const struct piece *p = &lane->piece;
	unsigned int i;

	for (i = 0; i < p->nr; i++)
		run_state(run, thp)[p->first + i * p->stride] = state;
}

static int call_munmap(void *addr, size_t len, int arg)
{
	(void)arg;
	return munmap(addr, len);
}

enum act_result munmap_act(struct run *run, struct lane *lane, unsigned int thp)
{
	if (piece_apply(run, lane, thp, call_munmap, 0)) {
		set_error("munmap of a part of a huge page: %s", strerror(errno));
		return ACT_ERROR;
	}
	piece_mark(run, lane, thp, PG_HOLE);
	return ACT_OK;
}

static enum act_result zap_act(struct run *run, struct lane *lane, unsigned int thp)
{
	if (piece_apply(run, lane, thp, madvise, MADV_DONTNEED)) {
		set_error("madvise(MADV_DONTNEED): %s", strerror(errno));
		return ACT_ERROR;
	}
	piece_mark(run, lane, thp, PG_ZERO);
	return ACT_OK;
}

/* Half of the time the neighbours merge back while the split still runs. */
static enum act_result mprotect_act(struct run *run, struct lane *lane, unsigned int thp)
{
	if (piece_apply(run, lane, thp, mprotect, PROT_READ) ||
	    (lane->variant % 2 &&
	     piece_apply(run, lane, thp, mprotect, PROT_READ | PROT_WRITE))) {
		set_error("mprotect: %s", strerror(errno));
		return ACT_ERROR;
	}
	return ACT_OK;
}

static int call_mlock(void *addr, size_t len, int lock)
{
	return lock ? mlock(addr, len) : munlock(addr, len);
}

static enum act_result mlock_act(struct run *run, struct lane *lane, unsigned int thp)
{
	if (piece_apply(run, lane, thp, call_mlock, 1))
		return ACT_FAILED;	/* RLIMIT_MEMLOCK */
	if (lane->variant % 2 && piece_apply(run, lane, thp, call_mlock, 0)) {
		set_error("munlock: %s", strerror(errno));
		return ACT_ERROR;
	}
	return ACT_OK;
}

/* Advice that splits a VMA, and its opposite, which merges it again. */
static const struct {
	int set, clear;
} advices[] = {
	{ MADV_DONTFORK, MADV_DOFORK },
	{ MADV_NOHUGEPAGE, MADV_HUGEPAGE },
	{ MADV_SEQUENTIAL, MADV_NORMAL },
	{ MADV_DONTDUMP, MADV_DODUMP },
};

static enum act_result madvise_act(struct run *run, struct lane *lane, unsigned int thp)
{
	unsigned int i = lane->variant / 2 % ARRAY_SIZE(advices);

	if (piece_apply(run, lane, thp, madvise, advices[i].set) ||
	    (lane->variant % 2 && piece_apply(run, lane, thp, madvise, advices[i].clear))) {
		set_error("madvise(%d): %s", advices[i].set, strerror(errno));
		return ACT_ERROR;
	}
	return ACT_OK;
}

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

static const char *collapse_why_not(void)
{
	return env_has_madvise(MADV_COLLAPSE) ? frames_why_not() :
						"this kernel has no MADV_COLLAPSE";
}

/* Tries of a collapse that waits for the split to have taken something apart. */
#define COLLAPSE_TRIES	64

/* What the split takes apart is put together, and again. */
static enum act_result collapse_act(struct run *run, struct lane *lane, unsigned int thp)
{
	bool waits = lane->variant % 2;
	unsigned int i, nr_ok = 0, tries = waits ? COLLAPSE_TRIES : 1 + lane->variant % 3;
	char *base = region_thp(&run->region, thp);
	int got;

	for (i = 0; i < tries && !(waits && nr_ok); i++) {
		got = thp_collapse(base);
		if (got == -EINVAL)
			return ACT_FAILED;
		nr_ok += got > 0;
	}
	return nr_ok ? ACT_OK : ACT_BUSY;
}

#define PHASES_PROTECT	PHASES_VMA " change_huge_pmd"
#define PHASES_COLLAPSE	"khugepaged_scan_pmd collapse_huge_page"
#define INNER_PROTECT	"change_huge_pmd"
#define INNER_COLLAPSE	"khugepaged_scan_pmd"

const struct scenario scenario_split_munmap = {
	.name = "split-munmap",
	.summary = "threads of one mm: split a huge page while a part of it is unmapped",
	.op = "munmap",
	.phases = PHASES_MUNMAP,
	.inner = INNER_MUNMAP,
	.plan = piece_plan,
	.act = munmap_act,
};

const struct scenario scenario_zap = {
	.name = "zap",
	.summary =
		"threads of one mm: a part of the huge page is discarded with MADV_DONTNEED",
	.op = "zap",
	.phases = PHASES_ZAP,
	.inner = INNER_ZAP,
	.plan = piece_plan,
	.act = zap_act,
};

const struct scenario scenario_mprotect = {
	.name = "mprotect",
	.summary = "VMAs split and merge over the huge page: mprotect",
	.op = "mprotect",
	.phases = PHASES_PROTECT,
	.inner = INNER_PROTECT,
	.plan = piece_plan,
	.act = mprotect_act,
};

const struct scenario scenario_mlock = {
	.name = "mlock",
	.summary = "VMAs split and merge over the huge page: mlock",
	.op = "mlock",
	.alone = true,
	.phases = PHASES_VMA,
	.plan = piece_plan,
	.act = mlock_act,
};

const struct scenario scenario_madvise = {
	.name = "madvise",
	.summary =
		"VMAs split and merge over the huge page: MADV_DONTFORK, MADV_NOHUGEPAGE...",
	.op = "madvise",
	.alone = true,
	.phases = PHASES_VMA,
	.plan = piece_plan,
	.act = madvise_act,
};

const struct scenario scenario_collapse = {
	.name = "collapse",
	.summary = "what the split takes apart, MADV_COLLAPSE puts together",
	.op = "collapse",
	.phases = PHASES_COLLAPSE,
	.inner = INNER_COLLAPSE,
	.why_not = collapse_why_not,
	.plan = piece_plan,
	.act = collapse_act,
};
