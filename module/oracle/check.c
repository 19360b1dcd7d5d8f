// SPDX-License-Identifier: GPL-2.0
/*
 * check.c - the quiesced check: observe, judge, observe again, record
 *
 * Called by command.c and worker.c when all lanes are parked.  Not here: how
 * state is read (folio_obs.c), what is right (rules.c), which checks there are
 * (checks.c), those that run at probe points (lockcheck.c).
 */
#include <linux/delay.h>
#include <linux/ktime.h>
#include <linux/sched/signal.h>

#include "compat/sym.h"
#include "mm/huge.h"
#include "oracle/available.h"
#include "oracle/check.h"
#include "oracle/folio_obs.h"
#include "oracle/frames.h"
#include "oracle/rss.h"
#include "state/record.h"
#include "state/stats.h"

/* How often a count that is too high is looked at, with drains in between. */
#define NR_SETTLE	6

/* How long a folio lock is waited for. */
#define NR_LOCK_TRIES	100
#define LOCK_TRY_MS	10

/* One check command: what is selected, and what was counted so far. */
struct run {
	struct thprace_session *s;
	struct thprace_observer *o;
	u64 checks, inject;
	bool refs_exact, progress;
	unsigned int settle;		/* rounds of settling so far */
	bool unsettled;
	struct thprace_suspect suspect;	/* of the last look */
	bool convicted;			/* one of them: the rest need no long look */
	struct thprace_tally *count;	/* of all checks, the observer's */
};

static void skip_all(struct run *r, const char *reason)
{
	unsigned int i;

	for (i = 0; i <= THPRACE_CHECK_DEFERRED_QUEUE; i++)
		if (r->checks & BIT_ULL(i)) {
			r->count[i].skipped++;
			r->count[i].reason = reason;
		}
}

static void add_flags(struct run *r, struct thprace_obs *obs)
{
	if (r->s->many_mms)
		obs->flags |= BIT(THPRACE_OBS_MANY_MMS);
	else if (obs->flags & BIT(THPRACE_OBS_MANY_MMS))
		r->s->many_mms = true;
	if (r->settle == NR_SETTLE)
		obs->flags |= BIT(THPRACE_OBS_REFS_SETTLED);
}

static bool violates(struct run *r, struct thprace_obs *obs)
{
	unsigned int i;

	add_flags(r, obs);
	thprace_judge(obs, r->checks, r->o->finding);
	for (i = 0; i < THPRACE_NR_CHECKS; i++)
		if (r->o->finding[i].outcome == THPRACE_VIOLATED)
			return true;
	return false;
}

/* A positive control: perturb what was seen, keep the rule. */
static bool controlled(struct run *r, unsigned int check)
{
	struct thprace_observer *o = r->o;

	if (!(r->inject & r->checks & BIT_ULL(check)))
		return false;
	o->again = o->obs;
	if (thprace_judge_inject(&o->again, check))
		return false;
	o->again.flags |= BIT(THPRACE_OBS_REFS_SETTLED);
	thprace_judge(&o->again, BIT_ULL(check), o->control);
	return true;
}

/* Only the lower bound was asked for, and it did hold. */
static bool enough_refs(struct run *r, unsigned int check, const struct thprace_finding *f)
{
	return check == THPRACE_CHECK_REFCOUNT && f->outcome == THPRACE_SKIPPED &&
	       f->got > f->want && !r->refs_exact;
}

static void judge_folio(struct run *r, unsigned int mm, unsigned int slot,
			unsigned long pfn, unsigned long addr, struct folio *folio)
{
	unsigned long head = folio_pfn(folio), nr = folio_nr_pages(folio);
	unsigned int held;
	struct thprace_observer *o = r->o;
	struct thprace_obs *obs = &o->obs;
	unsigned int i;

	if (violates(r, obs)) {
		/*
		 * What was collected may be old: look at the page tables, and
		 * believe it only if a second look sees the very same, and the
		 * session took or gave back no reference meanwhile.
		 */
		held = thprace_session_held_refs(r->s, head, nr);
		if (thprace_observe_folio(o, obs, mm, pfn, slot, addr, held, true) !=
		    THPRACE_OBSERVED) {
			skip_all(r, "two looks in a row differed");
			return;
		}
		if (violates(r, obs)) {
			bool same = thprace_observe_folio(o, &o->again, mm, pfn, slot, addr,
							  held, true) == THPRACE_OBSERVED;

			add_flags(r, &o->again);
			same &= obs->nr == nr &&
				thprace_session_held_refs(r->s, head, nr) == held;
			if (!same || !thprace_obs_equal(obs, &o->again)) {
				skip_all(r, "two looks in a row differed");
				return;
			}
		}
	}

	for (i = 0; r->inject && i < THPRACE_NR_CHECKS; i++)
		if (controlled(r, i))
			o->finding[i] = o->control[i];

	for (i = 0; i < THPRACE_NR_CHECKS; i++) {
		struct thprace_finding *f = &o->finding[i];

		switch (f->outcome) {
		case THPRACE_HELD:
			r->count[i].held++;
			break;
		case THPRACE_SKIPPED:
			if (enough_refs(r, i, f)) {
				r->count[i].held++;
				break;
			}
			if (i == THPRACE_CHECK_REFCOUNT && f->got > f->want)
				r->unsettled = true;
			r->count[i].skipped++;
			r->count[i].reason = f->reason;
			break;
		case THPRACE_VIOLATED:
			f->looks = 2;
			f->pfn = obs->pfn + f->index;
			thprace_record(r->s, i, f);
			break;
		default:
			break;
		}
	}
}

/*
 * Small folios that are alike are judged once and count as many. Returns how
 * many, or 0: then @slow of them must be judged one by one, which alone can
 * report or skip.
 */
static unsigned int judge_small(struct run *r, unsigned int mm, unsigned int slot,
				unsigned int n, unsigned long pfn, unsigned int *slow)
{
	struct thprace_observer *o = r->o;
	u64 held = 0;
	unsigned int i;

	*slow = 1;
	if (thprace_session_held_refs(r->s, pfn, n))
		return 0;
	n = thprace_observe_small(o, &o->obs, mm, slot, n, pfn);
	if (!n)
		return 0;
	*slow = n;
	if (violates(r, &o->obs))
		return 0;
	for (i = 0; i < THPRACE_NR_CHECKS; i++) {
		const struct thprace_finding *f = &o->finding[i];

		if (f->outcome == THPRACE_HELD || enough_refs(r, i, f))
			held |= BIT_ULL(i);
		else if (f->outcome == THPRACE_SKIPPED)
			return 0;
		if (controlled(r, i) && o->control[i].outcome != THPRACE_HELD)
			return 0;
	}
	for (i = 0; i < THPRACE_NR_CHECKS; i++)
		if (held & BIT_ULL(i))
			r->count[i].held += n;
	thprace_small_done(o, n);
	thprace_stat_add(THPRACE_STAT_FOLIOS_CHECKED, n);
	return n;
}

/* Frames of the huge page that was here. */
static void check_frames(struct run *r, unsigned int m, unsigned long addr,
			 unsigned long now)
{
	struct thprace_suspect *x = &r->suspect;

	if (!(r->checks & BIT_ULL(THPRACE_CHECK_REFCOUNT)))
		return;
	switch (thprace_frames_check(r->s, r->o, m, addr, now, x)) {
	case THPRACE_HELD:
		r->count[THPRACE_CHECK_REFCOUNT].held++;
		break;
	case THPRACE_SKIPPED:
		r->unsettled |= r->refs_exact;
		break;
	default:
		break;
	}
}

/* An entry was read, and then the folio was gone: it may have taken the entry along. */
static void check_unref(struct run *r, unsigned int m, unsigned int slot, unsigned long pfn,
			unsigned long addr)
{
	struct thprace_finding f;

	if ((r->checks & BIT_ULL(THPRACE_CHECK_REFCOUNT)) &&
	    thprace_frames_unref(r->o->set.mm[m], addr + slot * PAGE_SIZE, pfn, &f)) {
		f.addr = addr + slot * PAGE_SIZE;
		f.pfn = pfn;
		f.looks = 2;
		thprace_record(r->s, THPRACE_CHECK_REFCOUNT, &f);
	}
}

/*
 * The folio of one page that was seen. Returns how many of the @n frames from
 * @pfn on are its own, or 0: the set of mms grew, lock again.
 */
static unsigned int check_folio(struct run *r, unsigned int mm, unsigned int slot,
				unsigned int n, unsigned long pfn, unsigned long addr,
				unsigned long *huge)
{
	struct thprace_observer *o = r->o;
	struct folio *folio = page_folio(pfn_to_page(pfn));
	unsigned long head = folio_pfn(folio), nr = folio_nr_pages(folio);
	unsigned int held;

	if (nr == THPRACE_HPAGE_NR)
		*huge = head;
	/* it can be another's by now */
	n = pfn >= head && pfn < head + nr ? min_t(unsigned long, n, head + nr - pfn) : 1;
	if (thprace_observer_seen(o, head))
		return n;
	held = thprace_session_held_refs(r->s, head, nr);
	switch (thprace_observe_folio(o, &o->obs, mm, pfn, slot, addr, held, false)) {
	case THPRACE_OBSERVED:
		judge_folio(r, mm, slot, pfn, addr, folio);
		thprace_stat_add(THPRACE_STAT_FOLIOS_CHECKED, 1);
		break;
	case THPRACE_OBSERVE_AGAIN:
		thprace_observer_forget(o, head);
		return 0;
	case THPRACE_OBSERVE_BUSY:
		skip_all(r, "someone else has the folio locked");
		break;
	case THPRACE_OBSERVE_UNKNOWN:
		skip_all(r, o->incomplete);
		break;
	case THPRACE_OBSERVE_GONE:
		check_unref(r, mm, slot, pfn, addr);
		break;
	}
	return n;
}

/* All folios of one run; false: lock again. */
static bool check_run(struct run *r, unsigned int mm, const struct thprace_run *run,
		      unsigned long addr, unsigned long *huge)
{
	unsigned long *done = r->o->set.view[mm].done;
	unsigned int end = run->slot + run->nr, slot = run->slot, fast = slot, slow;

	for (; (slot = find_next_zero_bit(done, end, slot)) < end;) {
		unsigned long pfn = run->pfn + (slot - run->slot);
		unsigned int left = find_next_bit(done, end, slot) - slot, n = 0;

		if (slot >= fast) {
			n = judge_small(r, mm, slot, left, pfn, &slow);
			fast = slot + slow;
		}
		if (!n)
			n = check_folio(r, mm, slot, left, pfn, addr, huge);
		if (!n)
			return false;
		slot += n;
	}
	return true;
}

/* Everything that was collected of one mm; false: lock again. */
static bool check_view(struct run *r, unsigned int mm, unsigned long addr,
		       unsigned long *huge)
{
	const struct thprace_view *v = &r->o->set.view[mm];
	unsigned int i;

	if (v->huge)
		return check_folio(r, mm, 0, THPRACE_HPAGE_NR, v->huge, addr, huge);
	for (i = 0; i < v->nr_runs; i++)
		if (!check_run(r, mm, &v->run[i], addr, huge))
			return false;
	return true;
}

/* Everything that is mapped in one PMD-sized region of the session's mms. */
static int check_region(struct run *r, unsigned long addr)
{
	struct thprace_observer *o = r->o;
	unsigned int tries = 0, m;
	int ret;

	o->generation++;
	o->set.nr_extra = 0;
	r->suspect.pfn = 0;
	for (m = 0; m < o->set.nr_given; m++)
		clear_subpages(o->set.view[m].done);
again:
	if (tries++ == 16) {
		skip_all(r, "the set of mms kept growing");
		return 0;
	}
	ret = thprace_mmset_lock(&o->set, addr);
	if (ret == -EBUSY) {
		skip_all(r, "an mmap_lock is held by others");
		return 0;
	}
	if (ret)
		return ret;
	memset(&o->set.unlocked, 0, sizeof(o->set.unlocked));
	for (m = 0; m < o->set.nr_given; m++)
		thprace_mmset_collect(&o->set, m, addr);
	for (m = 0; m < o->set.nr_given; m++) {
		unsigned long huge = 0;

		if (!check_view(r, m, addr, &huge)) {
			thprace_mmset_unlock(&o->set);
			goto again;
		}
		check_frames(r, m, addr, huge);
	}
	if (r->checks & BIT_ULL(THPRACE_CHECK_MIGRATION_ENTRY)) {
		struct thprace_finding f = {
			.outcome = THPRACE_VIOLATED, .addr = o->set.unlocked.addr, .want = 1,
			.looks = 2,
			.reason = "a migration entry refers to an unlocked folio",
		};

		if (o->set.unlocked.nr)
			thprace_record(r->s, THPRACE_CHECK_MIGRATION_ENTRY, &f);
	}
	thprace_mmset_unlock(&o->set);
	return 0;
}

/* This needs all of an mm to be still, so it is not made at each check of a session. */
static int check_rss(struct run *r)
{
	bool inject = r->inject & BIT_ULL(THPRACE_CHECK_RSS);
	struct thprace_finding f;
	unsigned int m;

	for (m = 0; m < r->o->set.nr_given; m++) {
		if (thprace_rss_look(r->o->set.mm[m], inject, &f))
			return -EINTR;
		if (f.outcome == THPRACE_HELD) {
			r->count[THPRACE_CHECK_RSS].held++;
		} else if (f.outcome == THPRACE_SKIPPED) {
			r->count[THPRACE_CHECK_RSS].skipped++;
			r->count[THPRACE_CHECK_RSS].reason = f.reason;
		} else {
			f.looks = 2;
			thprace_record(r->s, THPRACE_CHECK_RSS, &f);
		}
	}
	return 0;
}

/* Not for ever: a bug may have left it locked. */
static bool lock_for_a_while(struct folio *folio)
{
	unsigned int tries;

	for (tries = 0; !folio_trylock(folio); tries++) {
		if (tries == NR_LOCK_TRIES || fatal_signal_pending(current))
			return false;
		msleep(LOCK_TRY_MS);
	}
	return true;
}

/*
 * A folio that nobody else refers to must split.  Only on request: it changes
 * how the memory is mapped (no content).
 */
static int check_progress(struct run *r, struct mm_struct *mm, unsigned long addr)
{
	struct page *page = thprace_find_huge(mm, addr, 0);
	unsigned int tries;
	int ret = -EBUSY, before = 0;

	if (IS_ERR_OR_NULL(page))
		return 0;
	for (tries = 0; tries < NR_SETTLE; tries++) {
		struct folio *folio = page_folio(page);

		thprace_lru_drain();
		if (!lock_for_a_while(folio)) {
			put_page(page);
			r->count[THPRACE_CHECK_SPLIT_PROGRESS].skipped++;
			r->count[THPRACE_CHECK_SPLIT_PROGRESS].reason =
				"someone else has the folio locked";
			return fatal_signal_pending(current) ? -EINTR : 0;
		}
		if (!folio_test_large(folio)) {
			ret = 0;
			folio_unlock(folio);
			break;
		}
		before = folio_ref_count(folio);
		ret = thprace_split_page(page, 0);
		folio_unlock(page_folio(page));
		if (!ret)
			break;
		msleep(1 << tries);
	}
	if (r->inject & BIT_ULL(THPRACE_CHECK_SPLIT_PROGRESS))
		ret = -EAGAIN;
	if (!ret) {
		r->count[THPRACE_CHECK_SPLIT_PROGRESS].held++;
	} else if (r->refs_exact || (r->inject & BIT_ULL(THPRACE_CHECK_SPLIT_PROGRESS))) {
		struct thprace_finding f = {
			.outcome = THPRACE_VIOLATED, .addr = addr, .pfn = page_to_pfn(page),
			.got = ret, .looks = 2,
			.reason = "a quiescent folio with no other users does not split",
		};

		thprace_record(r->s, THPRACE_CHECK_SPLIT_PROGRESS, &f);
	} else {
		r->count[THPRACE_CHECK_SPLIT_PROGRESS].skipped++;
		r->count[THPRACE_CHECK_SPLIT_PROGRESS].reason =
			"it does not split, but others may hold references";
	}
	put_page(page);
	return before < 0 ? -EINVAL : 0;
}

typedef int (*region_fn)(struct run *r, unsigned long addr);

static int walk_regions(struct run *r, const struct thprace_check_req *req, region_fn fn)
{
	unsigned int i;
	u64 off;
	int ret;

	for (i = 0; i < req->nr_maps; i++)
		for (off = 0; off < req->map[i].len; off += PMD_SIZE) {
			if (fatal_signal_pending(current))
				return -EINTR;
			ret = fn(r, req->map[i].addr + off);
			if (ret)
				return ret;
			cond_resched();
		}
	return 0;
}

/* A frame that looked the same through all settling: for some seconds more? */
static void convict(struct run *r)
{
	struct thprace_suspect *x = &r->suspect;
	struct thprace_finding f;

	if (!r->convicted && thprace_frames_linger(r->s, x, &f)) {
		f.addr = x->addr;
		f.pfn = x->pfn;
		f.looks = 2;
		thprace_record(r->s, THPRACE_CHECK_REFCOUNT, &f);
		r->convicted = true;
		return;
	}
	r->count[THPRACE_CHECK_REFCOUNT].skipped++;
	r->count[THPRACE_CHECK_REFCOUNT].reason = "a frame is still in use, perhaps for a moment";
}

/* Look until the reference counts have settled, or not. */
static int check_region_settled(struct run *r, unsigned long addr)
{
	u64 checks = r->checks;
	int ret;

	r->unsettled = false;
	ret = check_region(r, addr);
	r->checks &= BIT_ULL(THPRACE_CHECK_REFCOUNT);
	for (r->settle = 1; !ret && r->unsettled && r->settle <= NR_SETTLE; r->settle++) {
		thprace_lru_drain();
		if (r->settle > 1)
			msleep(1 << r->settle);
		r->unsettled = false;
		ret = check_region(r, addr);
	}
	if (!ret && r->refs_exact && r->suspect.pfn && r->settle > NR_SETTLE)
		convict(r);
	r->settle = 0;
	r->checks = checks;
	return ret;
}

static int check_region_progress(struct run *r, unsigned long addr)
{
	unsigned int m;
	int ret = 0;

	for (m = 0; m < r->o->set.nr_given && !ret; m++)
		ret = check_progress(r, r->o->set.mm[m], addr);
	return ret;
}

/**
 * thprace_check_maps() - the quiesced check of everything in the maps
 * @s: session that counts and keeps the findings
 * @req: maps, selected checks, inject, refs
 * @mms: mms to look at, user references held by the caller
 * @nr_mms: how many
 *
 * All lanes are parked or done.  rss walks whole mms and is made by the first
 * and then every 16th check of a session, or when it is named; split_progress
 * only when it is named.
 *
 * Context: process context, no locks. Return: 0, -EINTR or -ENOMEM.
 */
int thprace_check_maps(struct thprace_session *s, const struct thprace_check_req *req,
		       struct mm_struct **mms, unsigned int nr_mms)
{
	u64 available = thprace_checks_quiesced();
	struct run run = {
		.s = s, .inject = req->inject, .refs_exact = req->refs_exact,
		.checks = req->check ? req->check & available : available,
	};
	struct run *r = &run;
	int ret = 0;
	u64 t0 = ktime_get_ns();

	r->o = thprace_observer_get(s, mms, nr_mms);
	if (!r->o)
		return -ENOMEM;
	r->count = r->o->tally;
	ret = walk_regions(r, req, check_region_settled);
	if (!ret && (r->checks & BIT_ULL(THPRACE_CHECK_RSS)) &&
	    ((req->check & BIT_ULL(THPRACE_CHECK_RSS)) || s->nr_checks % 16 == 0))
		ret = check_rss(r);
	if (!ret && (req->check & r->checks & BIT_ULL(THPRACE_CHECK_SPLIT_PROGRESS)))
		ret = walk_regions(r, req, check_region_progress);
	s->nr_checks++;
	thprace_record_counts(s, r->count);
	thprace_observer_put(s, r->o);
	thprace_stat_add(THPRACE_STAT_CHECK_NS, ktime_get_ns() - t0);
	return ret;
}
