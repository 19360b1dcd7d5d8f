// SPDX-License-Identifier: GPL-2.0
/*
 * check.c - the quiesced check: what is made when, and of what
 *
 * All lanes are parked or done.
 */
#include <linux/ktime.h>
#include <linux/sched/signal.h>

#include "compat/sym.h"
#include "oracle/available.h"
#include "oracle/cache.h"
#include "oracle/calibration.h"
#include "oracle/describe.h"
#include "oracle/rss.h"
#include "oracle/run.h"
#include "state/record.h"
#include "state/stats.h"

/* A check of a whole mm is made by every so many checks of a session. */
#define RSS_INTERVAL	16

/* 0, or why the check has to end. */
static int must_stop(struct thprace_check_run *r)
{
	if (fatal_signal_pending(current))
		return -EINTR;
	return r->req->stop ? r->req->stop(r->req->stop_arg) : 0;
}

typedef int (*region_fn)(struct thprace_check_run *r, unsigned long addr);

static int walk_regions(struct thprace_check_run *r, region_fn fn)
{
	const struct thprace_check_req *req = r->req;
	unsigned int i;
	u64 off;
	int ret;

	for (i = 0; i < req->nr_maps; i++)
		for (off = 0; off < req->map[i].len; off += PMD_SIZE) {
			ret = must_stop(r);
			if (ret)
				return ret;
			ret = fn(r, req->map[i].addr + off);
			if (ret)
				return ret;
			cond_resched();
		}
	return 0;
}

static void record_rss(struct thprace_check_run *r, unsigned int mm, struct thprace_finding *f)
{
	f->lock = (unsigned long)r->o->set.mm[mm];
	f->by_lock = true;
	if (thprace_record_wants(r->s, f)) {
		thprace_describe_mm(r->o, mm);
		f->seen_folio = &r->o->described;
	}
	thprace_record(r->s, THPRACE_CHECK_RSS, f);
}

static int check_rss(struct thprace_check_run *r)
{
	bool inject = thprace_run_injects(r, THPRACE_CHECK_RSS);
	struct thprace_finding f;
	unsigned int m;
	int ret;

	for (m = 0; m < r->o->set.nr_given; m++) {
		ret = must_stop(r);
		if (ret)
			return ret;
		if (thprace_rss_look(r->o->set.mm[m], inject, &f))
			return -EINTR;
		if (f.outcome == THPRACE_HELD)
			thprace_run_held(r, THPRACE_CHECK_RSS, 1);
		else if (f.outcome == THPRACE_SKIPPED)
			thprace_run_skipped(r, THPRACE_CHECK_RSS, f.reason);
		else
			record_rss(r, m, &f);
	}
	return 0;
}

/* rss needs all of an mm to be still, so it is not made by every check. */
static bool wants_rss(struct thprace_check_run *r)
{
	if (!(r->checks & BIT_ULL(THPRACE_CHECK_RSS)))
		return false;
	return (r->req->check & BIT_ULL(THPRACE_CHECK_RSS)) || r->s->nr_checks % RSS_INTERVAL == 0;
}

/* What was found at load is said once in each session, or when it is named. */
static bool wants_calibration(struct thprace_check_run *r)
{
	const struct thprace_check_count *c = &r->s->check[THPRACE_CHECK_CALIBRATION];

	if (!(r->checks & BIT_ULL(THPRACE_CHECK_CALIBRATION)))
		return false;
	return (r->req->check & BIT_ULL(THPRACE_CHECK_CALIBRATION)) ||
	       !(READ_ONCE(c->held) + READ_ONCE(c->skipped) + READ_ONCE(c->violated));
}

/**
 * thprace_check_maps() - the quiesced check of everything in the maps
 * @s: session that counts and keeps the findings
 * @req: maps, selected checks, controls, refs
 * @mms: mms to look at, user references held by the caller
 * @nr_mms: how many
 *
 * calibration says what was found at load, once in a session or when it is named;
 * rss walks whole mms and is made by the first and then every 16th check of a
 * session, or when it is named; split_progress only when it is named.
 *
 * Context: process context, no locks.
 * Return: 0, -EINTR (killed), -ENOMEM, or what @req->stop returned.
 */
int thprace_check_maps(struct thprace_session *s, const struct thprace_check_req *req,
		       struct mm_struct **mms, unsigned int nr_mms)
{
	u64 available = thprace_checks_quiesced();
	struct thprace_check_run *r;
	u64 t0 = ktime_get_ns();
	int ret = 0;

	r = kvzalloc(sizeof(*r), GFP_KERNEL);
	if (!r)
		return -ENOMEM;
	r->s = s;
	r->req = req;
	r->checks = req->check ? req->check & available : available;
	r->o = thprace_observer_get(s, mms, nr_mms);
	if (!r->o) {
		kvfree(r);
		return -ENOMEM;
	}
	r->count = r->o->tally;
	/* a control is of the first look */
	r->o->describe = req->inject;
	ret = walk_regions(r, thprace_check_region_settled);
	if (!ret && (r->checks & BIT_ULL(THPRACE_CHECK_CACHE_INDEX)))
		ret = walk_regions(r, thprace_check_region_cache);
	if (!ret && wants_rss(r))
		ret = check_rss(r);
	if (!ret && (req->check & r->checks & BIT_ULL(THPRACE_CHECK_SPLIT_PROGRESS)))
		ret = walk_regions(r, thprace_check_region_progress);
	if (!ret && thprace_run_injects(r, THPRACE_CHECK_CALIBRATION))
		thprace_calibration_control(r);
	else if (!ret && wants_calibration(r))
		thprace_calibration_tell(s, r->count);
	s->nr_checks++;
	thprace_record_counts(s, r->count);
	thprace_observer_put(s, r->o);
	kvfree(r);
	thprace_stat_add(THPRACE_STAT_CHECK_NS, ktime_get_ns() - t0);
	return ret;
}
