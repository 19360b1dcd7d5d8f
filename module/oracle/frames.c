// SPDX-License-Identifier: GPL-2.0
/*
 * frames.c - huge pages that were seen, and what became of their frames
 *
 * Remembers which huge page was at an address of an mm, so that its frames can
 * be followed when it is gone.
 */
#include <linux/delay.h>
#include <linux/hash.h>
#include <linux/sched/signal.h>

#include "mm/pgwalk.h"
#include "oracle/frames.h"
#include "oracle/whole.h"
#include "state/record.h"

#define LINGER_LOOKS	100	/* how often a frame is looked at, before it is reported */
#define LINGER_LOCKED	250
#define LINGER_MS	20

/* The last one of a slot wins. */
static struct thprace_watch *watch_slot(struct thprace_session *s, struct mm_struct *mm,
					unsigned long addr)
{
	return &s->watch[hash_long(addr ^ (unsigned long)mm, 10) % THPRACE_MAX_WATCH];
}

/* Returns what was watched there before. */
static struct thprace_watch swap_watch(struct thprace_session *s, struct mm_struct *mm,
				       unsigned long addr, struct folio *folio)
{
	struct thprace_watch *w = watch_slot(s, mm, addr), old = { };

	spin_lock(&s->lock);
	if (w->mm == mm && w->addr == addr)
		old = *w;
	if (folio) {
		w->mm = mm;
		w->addr = addr;
		w->pfn = folio_pfn(folio);
		w->mapping = thprace_folio_mapping_raw(folio);
		w->index = thprace_folio_index(folio);
	}
	spin_unlock(&s->lock);
	return old;
}

/**
 * thprace_frames_hold() - follow the frames of a huge page from now on
 * @s: the session
 * @mm: user reference held
 * @addr: PMD-aligned
 * @page: of a folio that was found there, referenced
 *
 * Only if a PMD leaf maps it, and nobody has it locked.  Without memory for
 * the table nothing is followed.
 *
 * Context: process context, no locks; takes mmap_lock for read.
 */
void thprace_frames_hold(struct thprace_session *s, struct mm_struct *mm,
			 unsigned long addr, struct page *page)
{
	struct folio *folio = page_folio(page);
	bool leaf = false;
	spinlock_t *ptl;	/* of the page table */
	pmd_t *pmd, val;

	if (thprace_session_watch(s) || mmap_read_lock_killable(mm))
		return;
	if (!folio_trylock(folio))
		goto out;
	pmd = page_folio(page) == folio ? thprace_find_pmd(mm, addr) : NULL;
	if (pmd) {
		ptl = pmd_lock(mm, pmd);
		val = READ_ONCE(*pmd);
		leaf = pmd_present(val) && pmd_trans_huge(val) &&
		       pmd_page(val) == folio_page(folio, 0);
		spin_unlock(ptl);
	}
	if (leaf) {
		if (folio_test_anon(folio) && !folio_test_swapcache(folio))
			thprace_whole_note(folio_pfn(folio));
		swap_watch(s, mm, addr, folio);
	}
	folio_unlock(folio);
out:
	mmap_read_unlock(mm);
}

/* Is this the anon_vma of some VMA of an mm that is write-locked? */
static bool mm_has_anon_vma(struct mm_struct *mm, struct address_space *mapping)
{
	struct anon_vma *anon_vma = (void *)((unsigned long)mapping - 1);
	struct anon_vma_chain *avc;
	struct vm_area_struct *vma;

	if (((unsigned long)mapping & 3) != 1)
		return false;
	for (vma = find_vma(mm, 0); vma; vma = find_vma(mm, vma->vm_end))
		list_for_each_entry(avc, &vma->anon_vma_chain, same_vma)
			if (avc->anon_vma == anon_vma)
				return true;
	return false;
}

static int mappings_of(struct folio *folio)
{
	if (!folio_test_large(folio))
		return thprace_page_mapcount_raw(folio_page(folio, 0)) + 1;
	return thprace_large_mapcount_raw(folio) + THPRACE_KEEPS_LARGE_MAPCOUNT;
}

/*
 * A frame now.  It can be anybody's: nothing is locked, so a reference keeps
 * the folio what it is while we look, and what is seen must be seen again.
 */
static bool look_at_frame(struct thprace_session *s, unsigned long pfn,
			  struct address_space *mapping, pgoff_t index,
			  struct thprace_frame *frame)
{
	struct page *page = pfn_to_page(pfn);
	struct folio *folio = page_folio(page);
	unsigned int own_refs;

	memset(frame, 0, sizeof(*frame));
	frame->refcount = page_ref_count(page);
	if (frame->refcount < 0) {
		usleep_range(10, 20);
		return page_ref_count(page) == frame->refcount;
	}
	if (folio_page(folio, 0) != page || thprace_folio_mapping_raw(folio) != mapping)
		return true;
	/* most are mapped: those are judged as folios */
	if (!folio_test_large(folio) && thprace_page_mapcount_raw(page) >= 0 &&
	    !folio_test_locked(folio))
		return true;
	if (!folio_try_get(folio))
		return true;
	if (page_folio(page) == folio && thprace_folio_mapping_raw(folio) == mapping &&
	    thprace_folio_index(folio) == index && !folio_test_swapcache(folio) &&
	    !folio_test_writeback(folio) && folio_test_lru(folio) && !PageHWPoison(page)) {
		own_refs = thprace_session_held_refs(s, pfn, folio_nr_pages(folio));
		frame->refcount = folio_ref_count(folio) - 1;
		frame->own_refs = thprace_session_held_refs(s, pfn, folio_nr_pages(folio));
		/* taken or given back just now: nothing can be said */
		frame->ours = frame->own_refs == own_refs;
		frame->mappings = mappings_of(folio);
		frame->locked = folio_test_locked(folio);
	}
	folio_put(folio);
	return true;
}

static void suspect(struct thprace_suspect *x, const struct thprace_watch *w, unsigned int i,
		    const struct thprace_frame *frame)
{
	x->pfn = w->pfn + i;
	x->addr = w->addr + i * PAGE_SIZE;
	x->mapping = w->mapping;
	x->index = w->index + i;
	x->frame = *frame;
}

/**
 * thprace_frames_check() - look at the frames of the huge page that was here
 * @s: the session, which records what is wrong
 * @o: locked observer
 * @m: index of an mm that was given
 * @addr: PMD-aligned
 * @now: head pfn of a huge folio that is here now, or 0
 * @x: filled with a frame that nobody accounts for, unless there is one already
 *
 * Whatever became of them, a count below zero is wrong: page_ref_freeze()
 * leaves 0, a free page has 0.
 *
 * Context: mmap_lock of @o->set.mm[@m] held for write.
 * Return: THPRACE_HELD, THPRACE_VIOLATED (recorded), THPRACE_SKIPPED (see @x),
 * or THPRACE_NOT_APPLICABLE (no huge page is gone).
 */
enum thprace_outcome thprace_frames_check(struct thprace_session *s,
					  struct thprace_observer *o, unsigned int m,
					  unsigned long addr, unsigned long now,
					  struct thprace_suspect *x)
{
	enum thprace_outcome outcome = THPRACE_HELD;
	struct thprace_frame frame;
	struct thprace_finding f;
	struct thprace_watch w;
	int has = -1;		/* not asked yet */
	unsigned int i;

	if (!s->watch)
		return THPRACE_NOT_APPLICABLE;
	w = swap_watch(s, o->set.mm[m], addr, now ? page_folio(pfn_to_page(now)) : NULL);
	if (!w.pfn || w.pfn == now)
		return THPRACE_NOT_APPLICABLE;
	for (i = 0; i < THPRACE_HPAGE_NR; i++) {
		if (!look_at_frame(s, w.pfn + i, w.mapping, w.index + i, &frame))
			continue;
		thprace_judge_frame(&frame, &f);
		if (f.outcome == THPRACE_SKIPPED && has < 0)
			has = mm_has_anon_vma(o->set.mm[m], w.mapping);
		if (f.outcome == THPRACE_SKIPPED && has && !x->pfn)
			suspect(x, &w, i, &frame);
		if (f.outcome == THPRACE_SKIPPED && has)
			outcome = THPRACE_SKIPPED;
		if (f.outcome != THPRACE_VIOLATED)
			continue;
		f.addr = addr + i * PAGE_SIZE;
		f.pfn = w.pfn + i;
		f.index = i;
		f.looks = 2;
		thprace_record(s, THPRACE_CHECK_REFCOUNT, &f);
		return THPRACE_VIOLATED;
	}
	return outcome;
}

/**
 * thprace_frames_linger() - look at a suspect for some seconds
 * @s: the session
 * @x: as left by several looks in a row, with drains in between
 * @f: filled
 *
 * Context: process context, no locks, sleeps; ends early when killed.
 * Return: true if it is a violation: it was the same each time.
 */
bool thprace_frames_linger(struct thprace_session *s, struct thprace_suspect *x,
			   struct thprace_finding *f)
{
	unsigned int i, looks = x->frame.locked ? LINGER_LOCKED : LINGER_LOOKS;
	struct thprace_frame frame;

	for (i = 0; i < looks; i++) {
		if (!look_at_frame(s, x->pfn, x->mapping, x->index, &frame) ||
		    memcmp(&frame, &x->frame, sizeof(frame)))
			return false;
		msleep(LINGER_MS);
		if (fatal_signal_pending(current))
			return false;
	}
	frame.settled = true;
	thprace_judge_frame(&frame, f);
	return f->outcome == THPRACE_VIOLATED;
}

/**
 * thprace_frames_unref() - is an entry there that maps a frame nobody references?
 * @mm: mmap_lock held for write
 * @addr: of the page
 * @pfn: which an entry there was seen to map
 * @f: filled
 *
 * A present entry holds a reference, and cannot go away under its lock.
 *
 * Context: process context. Return: true if it is a violation.
 */
bool thprace_frames_unref(struct mm_struct *mm, unsigned long addr, unsigned long pfn,
			  struct thprace_finding *f)
{
	struct page *page = pfn_to_page(pfn);
	struct thprace_frame frame = { };
	spinlock_t *ptl;	/* of the page table */
	pmd_t *pmd = thprace_find_pmd(mm, addr), val;
	pte_t *pte, entry;

	if (!pmd || !thprace_ptes_below(mm, pmd, &val, &ptl))
		return false;
	spin_lock(ptl);
	pte = pte_offset_kernel(&val, addr);
	entry = READ_ONCE(*pte);
	if (pmd_same(val, READ_ONCE(*pmd)) && pte_present(entry) && !pte_special(entry) &&
	    pte_pfn(entry) == pfn && !PageReserved(page)) {
		frame.mapped = true;
		frame.refcount = folio_ref_count(page_folio(page));
	}
	spin_unlock(ptl);
	thprace_judge_frame(&frame, f);
	return f->outcome == THPRACE_VIOLATED;
}
