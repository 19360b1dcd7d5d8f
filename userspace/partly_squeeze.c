// SPDX-License-Identifier: GPL-2.0
/*
 * The memory of a huge page that is mapped in part is asked back
 *
 * The group is squeezed.  What is not mapped must become free, and be charged no
 * more: reclaim_progress, see docs/CHECKS.md.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "cgroup.h"
#include "env.h"
#include "options.h"
#include "part.h"
#include "partly.h"
#include "promise.h"
#include "run.h"
#include "scenario.h"
#include "util.h"

#define SQUEEZES	8
#define STRIKES		3		/* another one was split, this one not */
#define IN_A_ROW	3		/* huge pages, all treated alike */
#define CHARGE_LOOKS	20
#define NAP_NS		(5 * NSEC_PER_MSEC)

enum outcome { CAME_BACK, STAYED, STAYED_CHARGED, NOT_KNOWN };

static void nap(unsigned int times)
{
	const struct timespec ts = { .tv_nsec = times * NAP_NS };

	nanosleep(&ts, NULL);
}

/* A huge page beside those of the batch; all of it is @byte. */
static int make_fresh(struct part *part, char *at, int byte)
{
	if (mmap(at, env.hpage_size, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != at)
		return -errno;
	madvise(at, env.hpage_size, MADV_HUGEPAGE);
	memset(at, byte, env.hpage_size);
	return part_begin(part, at, -1);
}

/*
 * Another one that is to be split, made in the simplest way.  Where it is, the
 * kernel has looked at what the group has to give.
 */
static int make_control(struct run *run, const struct partly_way *way, struct part *control)
{
	int err = make_fresh(control, partly_slot(run, SLOT_CONTROL), way->zeroes ? 0 : 1);
	unsigned int i;

	if (err)
		return err;
	control->keep = 0;
	control->nr_keep = 1;
	if (!way->zeroes)
		return part_drop(NULL, control, true);
	for (i = 0; i < control->nr_keep; i++)
		control->at[i * env.page_size] = 1;
	return 0;
}

/* What was unmapped is charged no more; half of it will do, as others may have taken some. */
static bool uncharged(struct run *run, const struct part *part, u64 before)
{
	u64 gone = (env.nr_subpages - part->nr_keep) * env.page_size;
	unsigned int i;

	for (i = 0; i < CHARGE_LOOKS; i++) {
		if (cgroup_charged(run->cgroup) + gone / 2 <= before)
			return true;
		nap(1);
	}
	return false;
}

/* The positive control sees none that was split. */
static enum part_state look(const struct part *part)
{
	return injected("stays") ? PART_LARGE : part_look(part);
}

/*
 * Squeezes the group until what is not mapped is free; bounded.  The first time only
 * until there is less than before; later for as long as the kernel tries.
 */
static enum outcome squeeze(struct run *run, const struct partly_way *way, const struct part *part)
{
	unsigned int i, strikes = 0;
	enum part_state state;
	struct part control;
	u64 before;
	int err;

	for (i = 0; i < SQUEEZES && strikes < STRIKES; i++) {
		if (i)
			nap(1 << i / 2);
		if (make_control(run, way, &control))
			continue;
		before = cgroup_charged(run->cgroup);
		/* Nothing is said of what was split before it was asked for. */
		if (look(part) != PART_LARGE || part_look(&control) != PART_LARGE)
			break;
		err = (i ? cgroup_reclaim : cgroup_squeeze)(run->cgroup, before,
							    env.hpage_size / 2);
		if (err && err != -EAGAIN)
			break;
		state = look(part);
		if (state == PART_SPLIT && !before)
			return CAME_BACK;
		if (state == PART_SPLIT)
			return uncharged(run, part, before) ? CAME_BACK : STAYED_CHARGED;
		if (state != PART_LARGE)
			break;
		strikes += part_look(&control) == PART_SPLIT;
	}
	return strikes == STRIKES ? STAYED : NOT_KNOWN;
}

/* The same with a huge page of its own. */
static enum outcome once_more(struct run *run, struct lane *lane, const struct partly_way *way)
{
	enum outcome outcome = NOT_KNOWN;
	struct part part;

	if (!make_fresh(&part, partly_slot(run, SLOT_TARGET), 1)) {
		partly_choose_pages(lane, &part);
		if (!way->make(run, lane, &part))
			outcome = squeeze(run, way, &part);
		part_end_child(&part);
	}
	return outcome;
}

static void stayed(struct run *run, struct lane *lane, const struct partly_way *way,
		   const struct part *part, enum outcome outcome)
{
	struct violation v = {
		.addr = (unsigned long)part->seen_at + part->keep * env.page_size,
		.thp = (unsigned long)part->at,
		.pfn = part->head,
	};

	snprintf(v.want, sizeof(v.want), "0");
	snprintf(v.got, sizeof(v.got), "%u", env.nr_subpages - part->nr_keep);
	snprintf(v.detail, sizeof(v.detail), "pages that %s under pressure, of %d huge pages: %s",
		 outcome == STAYED ? "are not split off" : "are split off and charged still",
		 IN_A_ROW, way->text);
	promise_broken(run, lane, THPRACE_CHECK_RECLAIM_PROGRESS, &v);
}

/**
 * partly_ask_back() - the memory that is not mapped must come back
 * @run: the run
 * @lane: the caller
 * @way: how it was unmapped
 * @part: of which huge page
 *
 * Returns ACT_BUSY, too, where it did not: that was reported then.
 */
enum act_result partly_ask_back(struct run *run, struct lane *lane, const struct partly_way *way,
				struct part *part)
{
	enum outcome outcome = squeeze(run, way, part);
	unsigned int i;

	for (i = 1; i < IN_A_ROW; i++) {
		if (outcome != STAYED && outcome != STAYED_CHARGED)
			break;
		if (once_more(run, lane, way) != outcome)
			return ACT_BUSY;
	}
	partly_clear_out(partly_slot(run, SLOT_CONTROL), NR_SLOTS * env.hpage_size);
	if (outcome == NOT_KNOWN)
		return ACT_BUSY;
	if (outcome == CAME_BACK)
		promise_held(run, lane, THPRACE_CHECK_RECLAIM_PROGRESS, 1);
	else
		stayed(run, lane, way, part, outcome);
	return outcome == CAME_BACK ? ACT_OK : ACT_BUSY;
}
