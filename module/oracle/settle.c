// SPDX-License-Identifier: GPL-2.0
/*
 * settle.c - reference counts that are too high: for a moment, or for good?
 *
 * Only under refs=exact, and only of folios on an LRU list, which reclaim,
 * compaction and migration take them off first.  A folio must look the very
 * same in every look: six with drains of the LRU batches in between, then 100
 * over two seconds.  One that looks different once is skipped, whoever held it.
 */
#include <linux/delay.h>

#include "compat/sym.h"
#include "oracle/describe.h"
#include "oracle/run.h"
#include "state/record.h"

/**
 * thprace_settle_note() - a mapped folio has more references than are known
 * @r: the check
 * @obs: the folio
 *
 * Context: process context.
 */
void thprace_settle_note(struct thprace_check_run *r, const struct thprace_obs *obs)
{
	struct thprace_suspect x = {
		.pfn = obs->pfn,
		.addr = obs->addr,
		.mapping = (void *)(unsigned long)obs->mapping,
		.index = obs->index,
		.looks = 1,
	};
	unsigned int i;

	if (!r->req->refs_exact)
		return;
	r->unsettled = true;
	thprace_frame_look(r->s, &x, true, &x.frame);
	for (i = 0; i < r->nr_surplus; i++)
		if (r->surplus[i].pfn == x.pfn)
			break;
	if (i == THPRACE_MAX_SURPLUS)
		return;
	if (i == r->nr_surplus)
		r->nr_surplus++;
	else if (x.frame.ours && !memcmp(&r->surplus[i].frame, &x.frame, sizeof(x.frame)) &&
		 r->surplus[i].mapping == x.mapping && r->surplus[i].index == x.index)
		x.looks = r->surplus[i].looks + 1;
	r->surplus[i] = x;
}

/* A frame of a huge page that is gone looked the same through all settling. */
static void recheck_frame(struct thprace_check_run *r)
{
	struct thprace_finding f;
	struct thprace_frame frame = r->frame.frame;
	unsigned int looks = 0;

	if (!r->rechecked)
		looks = thprace_frame_recheck(r->s, &r->frame, false);
	if (looks) {
		frame.settled = true;
		thprace_judge_frame(&frame, &f);
		if (f.outcome == THPRACE_VIOLATED) {
			f.addr = r->frame.addr;
			f.pfn = r->frame.pfn;
			f.looks = looks;
			thprace_describe_frame(r->o, f.pfn, frame.refcount);
			f.seen_folio = &r->o->described;
			thprace_record(r->s, THPRACE_CHECK_REFCOUNT, &f);
			r->rechecked = true;
			return;
		}
	}
	thprace_run_skipped(r, THPRACE_CHECK_REFCOUNT,
			    "a frame is still in use, perhaps for a moment");
}

/* The same of a folio that is mapped: once more, under all locks. */
static int recheck_surplus(struct thprace_check_run *r, unsigned long addr)
{
	unsigned int i;
	int ret;

	for (i = 0; i < r->nr_surplus && !r->rechecked; i++) {
		if (r->surplus[i].looks <= THPRACE_NR_SETTLE ||
		    !thprace_frame_recheck(r->s, &r->surplus[i], true))
			continue;
		r->proven = r->surplus[i].pfn;
		ret = thprace_check_region(r, addr);
		r->proven = 0;
		r->rechecked = true;
		return ret;
	}
	return 0;
}

/**
 * thprace_check_region_settled() - check a region until reference counts have settled
 * @r: the check
 * @addr: PMD-aligned
 *
 * Context: process context, no locks. Return: 0 or -EINTR.
 */
int thprace_check_region_settled(struct thprace_check_run *r, unsigned long addr)
{
	u64 checks = r->checks;
	int ret;

	r->unsettled = false;
	r->nr_surplus = 0;
	ret = thprace_check_region(r, addr);
	r->checks &= BIT_ULL(THPRACE_CHECK_REFCOUNT);
	for (r->settle = 1; !ret && r->unsettled && r->settle <= THPRACE_NR_SETTLE; r->settle++) {
		thprace_lru_drain();
		if (r->settle > 1)
			msleep(1 << r->settle);
		r->unsettled = false;
		ret = thprace_check_region(r, addr);
	}
	if (!ret && r->unsettled && !thprace_sym_missing(THPRACE_SYM_LRU_DRAIN)) {
		if (r->frame.pfn)
			recheck_frame(r);
		ret = recheck_surplus(r, addr);
	}
	r->settle = 0;
	r->checks = checks;
	return ret;
}
