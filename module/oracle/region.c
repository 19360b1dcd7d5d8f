// SPDX-License-Identifier: GPL-2.0
/*
 * region.c - the quiesced check of one PMD-sized region of all mms
 */
#include <linux/delay.h>
#include <linux/moduleparam.h>
#include <linux/sched/signal.h>

#include "mm/pgwalk.h"
#include "oracle/describe.h"
#include "oracle/run.h"
#include "state/record.h"
#include "state/stats.h"

/* How often the mms of a region are locked anew. */
#define MAX_RELOCKS	16

#define MAX_LOOK_DELAY_MS	10000

static unsigned int look_delay_ms;
module_param(look_delay_ms, uint, 0600);
MODULE_PARM_DESC(look_delay_ms,
		 "for tests: how long a check waits between reading page table entries and looking at the folios that they map; 0 ends a wait");

/* Folios can be reclaimed, split or truncated meanwhile: no lock is held that forbids it. */
static void wait_before_look(void)
{
	unsigned int ms;

	for (ms = 0; ms < min_t(unsigned int, READ_ONCE(look_delay_ms), MAX_LOOK_DELAY_MS) &&
	     !fatal_signal_pending(current); ms += 20)
		msleep(20);
}

static void record_frame(struct thprace_check_run *r, struct thprace_finding *f)
{
	thprace_describe_frame(r->o, f->pfn, f->got);
	f->seen_folio = &r->o->described;
	thprace_record(r->s, THPRACE_CHECK_REFCOUNT, f);
}

/* Frames of the huge page that was here. */
static void check_frames(struct thprace_check_run *r, unsigned int m, unsigned long addr,
			 unsigned long now)
{
	struct thprace_finding f;

	if (!(r->checks & BIT_ULL(THPRACE_CHECK_REFCOUNT)))
		return;
	switch (thprace_frames_check(r->s, r->o, m, addr, now, &r->frame, &f)) {
	case THPRACE_HELD:
		thprace_run_held(r, THPRACE_CHECK_REFCOUNT, 1);
		break;
	case THPRACE_SKIPPED:
		if (r->frame.pfn)
			r->unsettled |= r->req->refs_exact;
		else
			thprace_run_skipped(r, THPRACE_CHECK_REFCOUNT, f.reason);
		break;
	case THPRACE_VIOLATED:
		record_frame(r, &f);
		break;
	default:
		break;
	}
}

/*
 * An entry was read, and then the folio was gone.  Did it leave the entry behind?
 * Else what is mapped here is another thing now.
 */
static bool check_unref(struct thprace_check_run *r, unsigned int m, unsigned int slot,
			unsigned long pfn, unsigned long addr)
{
	struct thprace_finding f;

	if (!(r->checks & BIT_ULL(THPRACE_CHECK_REFCOUNT)) ||
	    !thprace_frames_unref(r->o->set.mm[m], addr + slot * PAGE_SIZE, pfn, &f))
		return false;
	f.index = slot;
	record_frame(r, &f);
	return true;
}

/*
 * The folio of one page that was seen. Returns how many of the @n frames from
 * @pfn on are its own, or 0: lock again, @r->o->incomplete says why.
 */
static unsigned int check_folio(struct thprace_check_run *r, unsigned int mm,
				unsigned int slot, unsigned int n, unsigned long pfn,
				unsigned long addr, unsigned long *huge)
{
	struct page *page = pfn_to_online_page(pfn);
	struct thprace_observer *o = r->o;
	unsigned long head, nr;

	if (!page)
		return n;
	head = folio_pfn(page_folio(page));
	nr = folio_nr_pages(page_folio(page));
	if (nr == THPRACE_HPAGE_NR)
		*huge = head;
	/* it can be another's by now */
	n = pfn >= head && pfn < head + nr ? min_t(unsigned long, n, head + nr - pfn) : 1;
	if (thprace_observer_seen(o, head))
		return n;
	switch (thprace_observe_folio(o, &o->obs, mm, pfn, slot, addr,
				      thprace_session_held_refs(r->s, head, nr), false)) {
	case THPRACE_OBSERVED:
		n = min_t(unsigned long, n, o->obs.pfn + o->obs.nr - pfn);
		thprace_judge_folio(r, mm, slot, pfn, addr);
		thprace_stat_add(THPRACE_STAT_FOLIOS_CHECKED, 1);
		break;
	case THPRACE_OBSERVE_AGAIN:
		thprace_observer_forget(o, head);
		o->incomplete = "the set of mms kept growing";
		return 0;
	case THPRACE_OBSERVE_BUSY:
		thprace_skip_all(r, "someone else has the folio locked");
		break;
	case THPRACE_OBSERVE_UNKNOWN:
		thprace_skip_all(r, o->obs.incomplete);
		break;
	case THPRACE_OBSERVE_GONE:
		if (check_unref(r, mm, slot, pfn, addr))
			break;
		thprace_observer_forget(o, head);
		o->incomplete = "what is mapped kept changing";
		return 0;
	case THPRACE_OBSERVE_FOREIGN:
		break;
	}
	return n;
}

/* All folios of one run; false: lock again. */
static bool check_run(struct thprace_check_run *r, unsigned int mm,
		      const struct thprace_run *run, unsigned long addr, unsigned long *huge)
{
	unsigned long *done = r->o->set.view[mm].done;
	unsigned int end = run->slot + run->nr, slot = run->slot, fast = slot, slow;

	for (; (slot = find_next_zero_bit(done, end, slot)) < end;) {
		unsigned long pfn = run->pfn + (slot - run->slot);
		unsigned int left = find_next_bit(done, end, slot) - slot, n = 0;

		if (slot >= fast) {
			n = thprace_judge_small(r, mm, slot, left, pfn, &slow);
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

/*
 * A huge page of which only the first page was judged.  Was it split meanwhile?
 * Then its other pages are yet to be collected.
 */
static bool split_since(struct thprace_observer *o, unsigned int mm, unsigned long addr)
{
	enum thprace_level level;
	unsigned int m;

	thprace_pgwalk_entry(o->set.mm[mm], addr, &level);
	if (level == THPRACE_LEVEL_PMD)
		return false;
	for (m = 0; m < o->set.nr_given; m++)
		if (o->set.view[m].huge == o->set.view[mm].huge)
			__set_bit(0, o->set.view[m].done);
	o->incomplete = "what is mapped kept changing";
	return true;
}

/* Everything that was collected of one mm; false: lock again. */
static bool check_view(struct thprace_check_run *r, unsigned int mm, unsigned long addr,
		       unsigned long *huge)
{
	const struct thprace_view *v = &r->o->set.view[mm];
	unsigned int i, n;

	if (v->huge) {
		n = check_folio(r, mm, 0, THPRACE_HPAGE_NR, v->huge, addr, huge);
		return n == THPRACE_HPAGE_NR || (n && !split_since(r->o, mm, addr));
	}
	for (i = 0; i < v->nr_runs; i++)
		if (!check_run(r, mm, &v->run[i], addr, huge))
			return false;
	return true;
}

/* A migration entry of a folio that is not locked was read with the region. */
static void check_unlocked(struct thprace_check_run *r)
{
	struct thprace_unlocked *u = &r->o->set.unlocked;
	struct thprace_finding f = {
		.outcome = THPRACE_VIOLATED,
		.addr = u->addr,
		.pfn = u->entry.pfn,
		.want = 1,
		.reason = "a migration entry refers to an unlocked folio",
		.looks = 1,
		.control = u->control,
	};

	if (!u->addr)
		return;
	usleep_range(10, 20);
	f.looks += thprace_mmset_still_unlocked(&r->o->set);
	if (thprace_record_wants(r->s, &f)) {
		thprace_describe_entry(r->o, u->mm, u->addr, &u->entry);
		f.seen_folio = &r->o->described;
	}
	thprace_record(r->s, THPRACE_CHECK_MIGRATION_ENTRY, &f);
}

/**
 * thprace_check_region() - everything that is mapped in one region of the mms
 * @r: the check
 * @addr: PMD-aligned
 *
 * Context: process context, no locks. Return: 0 or -EINTR.
 */
int thprace_check_region(struct thprace_check_run *r, unsigned long addr)
{
	struct thprace_observer *o = r->o;
	unsigned int tries = 0, m;
	int ret;

	o->generation++;
	o->set.nr_extra = 0;
	r->frame.pfn = 0;
	if (o->set.nr_left_out)
		thprace_skip_all(r, "more processes than can be locked at once");
	for (m = 0; m < o->set.nr_given; m++)
		clear_subpages(o->set.view[m].done);
again:
	if (tries++ == MAX_RELOCKS) {
		thprace_skip_all(r, o->incomplete);
		return 0;
	}
	ret = thprace_mmset_lock(&o->set, addr);
	if (ret == -EBUSY) {
		thprace_skip_all(r, "an mmap_lock is held by others");
		return 0;
	}
	if (ret)
		return ret;
	memset(&o->set.unlocked, 0, sizeof(o->set.unlocked));
	o->set.unlocked.control = thprace_run_injects(r, THPRACE_CHECK_MIGRATION_ENTRY);
	for (m = 0; m < o->set.nr_given; m++)
		thprace_mmset_collect(&o->set, m, addr);
	wait_before_look();
	for (m = 0; m < o->set.nr_given; m++) {
		unsigned long huge = 0;

		if (!check_view(r, m, addr, &huge)) {
			thprace_mmset_unlock(&o->set);
			goto again;
		}
		check_frames(r, m, addr, huge);
	}
	if (r->checks & BIT_ULL(THPRACE_CHECK_MIGRATION_ENTRY))
		check_unlocked(r);
	thprace_mmset_unlock(&o->set);
	return 0;
}
