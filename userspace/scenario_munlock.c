// SPDX-License-Identifier: GPL-2.0
/*
 * Memory is locked, changes while it is, and is unlocked: then no page is locked
 *
 * A page that stays marked is never reclaimed, until it is freed.  What a split
 * beside it leaves is for the other checks; where nobody splits, the marks are
 * looked at (mlocked).
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "env.h"
#include "options.h"
#include "part.h"
#include "phases.h"
#include "piece.h"
#include "promise.h"
#include "region.h"
#include "rng.h"
#include "run.h"
#include "scenario.h"
#include "scenario_piece.h"
#include "util.h"

#define KPF_MLOCKED	33
#define IN_A_ROW	3		/* huge pages, all treated alike */
#define LOOKS		10
#define NAP_NS		(2 * NSEC_PER_MSEC)
#define FLUSH_PAGES	64		/* more than a CPU collects before it looks at them */

/* What is done to locked memory. */
enum meanwhile {
	LOCKED_ONLY, PMD_CUT, UNLOCKED_IN_PARTS, UNMAPPED_IN_PART, SHARED_FOR_A_WHILE, MOVED,
	SPLIT_BEFORE, LOCKED_IN_PARTS, NR_MEANWHILE
};

static struct region *scratch(struct run *run)
{
	return run->priv;
}

static int munlock_setup(struct run *run)
{
	static struct region region;
	int err = region_reserve(&region, 2);

	run->priv = err ? NULL : &region;
	return err;
}

static void munlock_cleanup(struct run *run)
{
	if (run->priv)
		region_release(run->priv);
}

/* Pages that carry the mark, of those that can be seen; @nr: how many can. */
static unsigned int nr_marked(const char *base, unsigned int *nr)
{
	unsigned int i, marked = 0;
	u64 entry, flags;

	*nr = 0;
	for (i = 0; i < env.nr_subpages; i++) {
		if (page_entry(base + i * env.page_size, &entry) ||
		    page_entry_flags(entry, &flags))
			continue;
		++*nr;
		marked += flags >> KPF_MLOCKED & 1;
	}
	return marked;
}

/* Each CPU collects small pages, and looks at them when it has enough. */
static void flush(struct run *run)
{
	char *at = region_thp(scratch(run), 1);
	size_t len = FLUSH_PAGES * env.page_size;

	if (mmap(at, len, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != at)
		return;
	madvise(at, len, MADV_NOHUGEPAGE);
	memset(at, 1, len);
	mlock(at, len);
	munlock(at, len);
	mmap(at, len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0);
}

static int cut_pmd(char *base)
{
	return mprotect(base, env.page_size, PROT_READ) ||
	       mprotect(base, env.page_size, PROT_READ | PROT_WRITE) ? -errno : 0;
}

static int share_for_a_while(char *base)
{
	struct part part;
	int err = part_begin(&part, base, -1);

	if (!err)
		err = part_fork(&part, NULL);
	return err ? err : part_end_child(&part);
}

static int move_there_and_back(struct run *run, char *base)
{
	char *there = region_thp(scratch(run), 1);
	size_t len = env.hpage_size;

	if (mremap(base, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, there) != there ||
	    mremap(there, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, base) != base)
		return -errno;
	return mmap(there, len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED |
		    MAP_NORESERVE, -1, 0) == there ? 0 : -errno;
}

static int meanwhile(struct run *run, struct lane *lane, char *base, enum meanwhile what)
{
	const struct piece *p = &lane->piece;
	char *at = base + p->first * env.page_size;
	size_t len = p->nr * env.page_size;

	switch (what) {
	case PMD_CUT:
		return cut_pmd(base);
	case UNLOCKED_IN_PARTS:
		return munlock(at, len) ? -errno : 0;
	case UNMAPPED_IN_PART:
		return munmap(at, len) ? -errno : 0;
	case SHARED_FOR_A_WHILE:
		return share_for_a_while(base);
	case MOVED:
		return move_there_and_back(run, base);
	default:
		return 0;
	}
}

static int lock(struct lane *lane, char *base, enum meanwhile what)
{
	const struct piece *p = &lane->piece;
	int err = 0;

	if (what == SPLIT_BEFORE)
		err = cut_pmd(base);
	if (!err && what == LOCKED_IN_PARTS &&
	    mlock(base + p->first * env.page_size, p->nr * env.page_size))
		err = -errno;
	return err ? err : mlock(base, env.hpage_size) ? -errno : 0;
}

/* The call would end at a hole. */
static void unlock(const struct lane *lane, char *base, enum meanwhile what)
{
	unsigned int end = lane->piece.first + lane->piece.nr;

	if (what != UNMAPPED_IN_PART) {
		munlock(base, env.hpage_size);
		return;
	}
	munlock(base, lane->piece.first * env.page_size);
	munlock(base + end * env.page_size, (env.nr_subpages - end) * env.page_size);
}

/*
 * Returns how many pages are marked that must not be; -EAGAIN: none was to begin
 * with, or the kernel refused something.
 */
static int try_one(struct run *run, struct lane *lane, char *base, enum meanwhile what,
		   unsigned int *nr)
{
	const struct timespec nap = { .tv_nsec = NAP_NS };
	unsigned int i, marked;

	if (lock(lane, base, what))
		return -EAGAIN;
	flush(run);
	marked = injected("idle") ? 0 : nr_marked(base, nr);
	if (meanwhile(run, lane, base, what))
		marked = 0;
	unlock(lane, base, what);
	if (!marked)
		return -EAGAIN;
	for (i = 0; i < LOOKS; i++) {
		if (i)
			nanosleep(&nap, NULL);
		flush(run);
		marked = nr_marked(base, nr);
		if (!marked)
			break;
	}
	return injected("mlocked") ? 1 : marked;
}

/* The same once more, with memory that is new. */
static int once_more(struct run *run, struct lane *lane, enum meanwhile what, unsigned int *nr)
{
	char *base = region_thp(scratch(run), 0);

	if (mmap(base, env.hpage_size, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != base)
		return -EAGAIN;
	madvise(base, env.hpage_size, MADV_HUGEPAGE);
	memset(base, 1, env.hpage_size);
	if (thp_is_huge(base) <= 0)
		return -EAGAIN;
	return try_one(run, lane, base, what, nr);
}

static const char *const meanwhile_names[] = {
	"nothing else was done", "its PMD was cut", "a part was unlocked before the rest",
	"a part was unmapped", "a child shared it", "it moved there and back",
	"its PMD was cut before", "a part was locked before the rest",
};

static enum act_result look_at_marks(struct run *run, struct lane *lane, unsigned int thp)
{
	char *base = region_thp(&run->region, thp);
	enum meanwhile what = lane->variant % NR_MEANWHILE;
	unsigned int nr, i;
	struct violation v = { .addr = (unsigned long)base, .thp = (unsigned long)base };
	int marked = try_one(run, lane, base, what, &nr);

	if (what == UNMAPPED_IN_PART)
		piece_mark(run, lane, thp, PG_HOLE);
	for (i = 1; i < IN_A_ROW && marked > 0; i++)
		marked = once_more(run, lane, what, &nr);
	if (marked < 0)
		return ACT_BUSY;
	if (!marked) {
		promise_held(run, lane, THPRACE_CHECK_MLOCKED, nr);
		return ACT_OK;
	}
	snprintf(v.want, sizeof(v.want), "0");
	snprintf(v.got, sizeof(v.got), "%d", marked);
	snprintf(v.detail, sizeof(v.detail),
		 "pages are marked as locked after munlock, of %d huge pages: %s", IN_A_ROW,
		 meanwhile_names[what]);
	promise_broken(run, lane, THPRACE_CHECK_MLOCKED, &v);
	return ACT_BUSY;
}

static int munlock_plan(struct run *run, struct lane *lane, unsigned int thp)
{
	piece_plan(run, lane, thp);
	if (!run->sh->solo)
		return 0;
	lane->piece.stride = 1;
	/* In turn: all are had soon. */
	lane->variant = run->sh->round + thp;
	return 0;
}

static int call_mlock(void *addr, size_t len, int lock)
{
	return lock ? mlock(addr, len) : munlock(addr, len);
}

/**
 * munlock_act() - lock and unlock a piece; or, where nobody splits, look at the marks
 * @run: the run
 * @lane: the caller
 * @thp: huge page
 */
static enum act_result munlock_act(struct run *run, struct lane *lane, unsigned int thp)
{
	if (run->sh->solo) {
		lane_did(lane, 0, env.nr_subpages, 1);
		return look_at_marks(run, lane, thp);
	}
	if (piece_apply(run, lane, thp, call_mlock, 1))
		return ACT_FAILED;	/* RLIMIT_MEMLOCK */
	if (piece_apply(run, lane, thp, call_mlock, 0)) {
		set_error("munlock: %s", strerror(errno));
		return ACT_ERROR;
	}
	return ACT_OK;
}

const struct scenario scenario_munlock = {
	.name = "munlock",
	.pmd_only = true,
	.summary = "memory is locked, changed, unlocked: no page stays marked as locked",
	.op = "mlock",
	.alone = true,
	.phases = PHASES_VMA,
	.why_not = frames_why_not,
	.setup = munlock_setup,
	.cleanup = munlock_cleanup,
	.plan = munlock_plan,
	.act = munlock_act,
};
