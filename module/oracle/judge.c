// SPDX-License-Identifier: GPL-2.0
/*
 * judge.c - what the rules say of a folio, and the second look at it
 */
#include "oracle/describe.h"
#include "oracle/run.h"
#include "state/record.h"
#include "state/stats.h"

/**
 * thprace_skip_all() - something could not be looked at
 * @r: the check
 * @reason: static
 */
void thprace_skip_all(struct thprace_check_run *r, const char *reason)
{
	unsigned int i;

	for (i = 0; i <= THPRACE_CHECK_DEFERRED_QUEUE; i++)
		if (r->checks & BIT_ULL(i))
			thprace_run_skipped(r, i, reason);
}

static void add_flags(struct thprace_check_run *r, struct thprace_obs *obs)
{
	if (r->s->many_mms)
		obs->flags |= BIT(THPRACE_OBS_MANY_MMS);
	else if (obs->flags & BIT(THPRACE_OBS_MANY_MMS))
		r->s->many_mms = true;
	if (r->proven == obs->pfn)
		obs->flags |= BIT(THPRACE_OBS_REFS_SETTLED);
}

static bool violates(struct thprace_check_run *r, struct thprace_obs *obs)
{
	add_flags(r, obs);
	return thprace_judge(obs, r->checks, r->o->finding);
}

/* A positive control: perturb what was seen, keep the rule. */
static bool controlled(struct thprace_check_run *r, unsigned int check)
{
	struct thprace_observer *o = r->o;

	if (!thprace_run_injects(r, check))
		return false;
	o->again = o->obs;
	if (thprace_judge_inject(&o->again, check))
		return false;
	o->again.flags |= BIT(THPRACE_OBS_REFS_SETTLED);
	thprace_judge(&o->again, BIT_ULL(check), o->control);
	return true;
}

/* Only the lower bound was asked for, and it did hold. */
static bool enough_refs(struct thprace_check_run *r, unsigned int check,
			const struct thprace_finding *f)
{
	return check == THPRACE_CHECK_REFCOUNT && f->outcome == THPRACE_SKIPPED &&
	       f->got > f->want && !r->req->refs_exact;
}

/*
 * The first look may be at entries that were read before the folio was locked.
 * Two more are at the page tables, and only what both of these show alike is
 * believed.  Returns how often the folio in r->o->obs was seen to be like that.
 */
static unsigned int look_again(struct thprace_check_run *r, unsigned int mm, unsigned int slot,
			       unsigned long pfn, unsigned long region)
{
	struct thprace_observer *o = r->o;
	struct thprace_obs *obs = &o->obs;
	unsigned long head = obs->pfn, nr = obs->nr;
	unsigned int held = thprace_session_held_refs(r->s, head, nr);

	if (thprace_observe_folio(o, obs, mm, pfn, slot, region, held, true) !=
	    THPRACE_OBSERVED)
		return 0;
	if (!violates(r, obs))
		return 1;
	if (thprace_observe_folio(o, &o->again, mm, pfn, slot, region, held, true) !=
	    THPRACE_OBSERVED)
		return 0;
	add_flags(r, &o->again);
	/* the session must have taken or given back no reference meanwhile */
	if (obs->nr != nr || thprace_session_held_refs(r->s, head, nr) != held ||
	    !thprace_obs_equal(obs, &o->again))
		return 0;
	return 2;
}

/* @obs was judged, or, of a control, is what was made of it. */
static void record(struct thprace_check_run *r, unsigned int check, struct thprace_finding *f,
		   const struct thprace_obs *obs)
{
	struct thprace_observer *o = r->o;

	f->pfn = obs->pfn + f->index;
	f->lock = o->described.root;
	if (thprace_record_wants(r->s, f)) {
		thprace_describe_obs(o, obs);
		f->seen_folio = &o->described;
	}
	thprace_record(r->s, check, f);
}

static void count(struct thprace_check_run *r, unsigned int check, struct thprace_finding *f,
		  unsigned int looks)
{
	const struct thprace_obs *obs = f->control ? &r->o->again : &r->o->obs;

	switch (f->outcome) {
	case THPRACE_HELD:
		thprace_run_held(r, check, 1);
		break;
	case THPRACE_SKIPPED:
		if (enough_refs(r, check, f)) {
			thprace_run_held(r, check, 1);
			break;
		}
		if (check == THPRACE_CHECK_REFCOUNT && f->got > f->want)
			thprace_settle_note(r, obs);
		thprace_run_skipped(r, check, f->reason);
		break;
	case THPRACE_VIOLATED:
		f->looks = looks;
		record(r, check, f, obs);
		break;
	default:
		break;
	}
}

/**
 * thprace_judge_folio() - judge the folio in @r->o->obs
 * @r: the check
 * @mm: index of the mm in which it was seen
 * @slot: at which page of the region
 * @pfn: of that page
 * @region: PMD-aligned
 *
 * Context: process context; the mms are locked.
 */
void thprace_judge_folio(struct thprace_check_run *r, unsigned int mm, unsigned int slot,
			 unsigned long pfn, unsigned long region)
{
	struct thprace_observer *o = r->o;
	unsigned int looks = 1, i;

	if (violates(r, &o->obs)) {
		looks = look_again(r, mm, slot, pfn, region);
		if (!looks) {
			thprace_skip_all(r, "two looks in a row differed");
			return;
		}
	}
	for (i = 0; i < THPRACE_NR_CHECKS; i++) {
		if (controlled(r, i)) {
			o->control[i].control = true;
			count(r, i, &o->control[i], 2);
		} else if (o->finding[i].outcome == THPRACE_HELD) {
			thprace_run_held(r, i, 1);
		} else if (o->finding[i].outcome != THPRACE_NOT_APPLICABLE) {
			count(r, i, &o->finding[i], looks);
		}
	}
}

/**
 * thprace_judge_small() - judge small folios that are alike
 * @r: the check
 * @mm: index of the mm in which they were seen
 * @slot: at which page of the region the first is
 * @n: how many pages to look at
 * @pfn: of the first
 * @slow: out, how many must be judged one by one if the result is 0
 *
 * They are judged once and count as many; only that checks held can come of it.
 *
 * Context: process context; the mms are locked.
 * Return: how many were judged, or 0.
 */
unsigned int thprace_judge_small(struct thprace_check_run *r, unsigned int mm,
				 unsigned int slot, unsigned int n, unsigned long pfn,
				 unsigned int *slow)
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
			thprace_run_held(r, i, n);
	thprace_small_done(o, n);
	thprace_stat_add(THPRACE_STAT_FOLIOS_CHECKED, n);
	return n;
}
