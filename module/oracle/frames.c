// SPDX-License-Identifier: GPL-2.0
/*
 * frames.c - huge pages that were seen, and what became of their frames
 *
 * Remembers which huge page was at an address of an mm, so that its frames can
 * be followed when it is gone.
 */
#include <linux/delay.h>
#include <linux/rhashtable.h>
#include <linux/sched/signal.h>

#include "mm/pgwalk.h"
#include "oracle/frames.h"
#include "oracle/intact.h"
#include "state/record.h"
#include "state/stats.h"

/* How often, and at which interval, a frame is looked at before it is reported. */
#define RECHECK_LOOKS	100
#define RECHECK_LOCKED	250
#define RECHECK_MS	20

struct watch_key {
	struct mm_struct *mm;	/* identity only */
	unsigned long addr;
};

/* The huge page that was seen at an address. */
struct watch {
	struct rhash_head node;
	struct watch_key key;
	unsigned long pfn;
	struct address_space *mapping;	/* identity only */
	pgoff_t index;
};

/**
 * struct thprace_frames - the huge pages that a session follows
 * @table:	of struct watch
 * @nr:		entries, at most THPRACE_MAX_WATCHED
 *
 * Entries are only added, and changed under the session's lock.
 */
struct thprace_frames {
	struct rhashtable table;
	atomic_t nr;
};

static const struct rhashtable_params params = {
	.key_len = sizeof(struct watch_key),
	.key_offset = offsetof(struct watch, key),
	.head_offset = offsetof(struct watch, node),
	.automatic_shrinking = true,
};

/**
 * thprace_frames_begin() - begin to follow frames in this session
 * @s: the session; once is enough
 *
 * Context: process context. Return: 0 or -ENOMEM.
 */
int thprace_frames_begin(struct thprace_session *s)
{
	struct thprace_frames *frames;
	int ret;

	if (READ_ONCE(s->frames))
		return 0;
	frames = kvzalloc(sizeof(*frames), GFP_KERNEL);
	if (!frames)
		return -ENOMEM;
	ret = rhashtable_init(&frames->table, &params);
	if (ret) {
		kvfree(frames);
		return ret;
	}
	if (cmpxchg(&s->frames, NULL, frames)) {
		rhashtable_destroy(&frames->table);
		kvfree(frames);
		return 0;
	}
	thprace_stat_add(THPRACE_STAT_SESSION_BYTES, sizeof(*frames));
	return 0;
}

static void free_watch(void *ptr, void *arg)
{
	kfree(ptr);
	thprace_stat_add(THPRACE_STAT_SESSION_BYTES, -(s64)sizeof(struct watch));
}

/**
 * thprace_frames_end() - forget them
 * @s: the session, about to be freed
 *
 * Context: process context.
 */
void thprace_frames_end(struct thprace_session *s)
{
	if (!s->frames)
		return;
	rhashtable_free_and_destroy(&s->frames->table, free_watch, NULL);
	kvfree(s->frames);
	s->frames = NULL;
	thprace_stat_add(THPRACE_STAT_SESSION_BYTES, -(s64)sizeof(struct thprace_frames));
}

static void set_watch(struct watch *w, struct folio *folio)
{
	w->pfn = folio_pfn(folio);
	w->mapping = thprace_folio_mapping_raw(folio);
	w->index = thprace_folio_index(folio);
}

/* Follow one more huge page; false if there are too many, or no memory. */
static bool add_watch(struct thprace_frames *frames, const struct watch_key *key,
		      struct folio *folio)
{
	struct watch *w;

	if (atomic_inc_return(&frames->nr) > THPRACE_MAX_WATCHED)
		goto out;
	w = kzalloc(sizeof(*w), GFP_KERNEL | __GFP_NOWARN);
	if (!w)
		goto out;
	w->key = *key;
	set_watch(w, folio);
	/* somebody else may have been quicker: then it is followed already */
	if (rhashtable_insert_fast(&frames->table, &w->node, params)) {
		kfree(w);
		atomic_dec(&frames->nr);
		return true;
	}
	thprace_stat_add(THPRACE_STAT_SESSION_BYTES, sizeof(*w));
	return true;
out:
	atomic_dec(&frames->nr);
	return false;
}

/*
 * What was seen at an address before, into @old; from now on it is @folio, if
 * there is one.  False if that can't be followed.
 */
static bool swap_watch(struct thprace_session *s, struct mm_struct *mm, unsigned long addr,
		       struct folio *folio, struct watch *old)
{
	struct watch_key key;
	struct watch *w;

	memset(&key, 0, sizeof(key));	/* padding is hashed, too */
	key.mm = mm;
	key.addr = addr;
	memset(old, 0, sizeof(*old));
	w = rhashtable_lookup_fast(&s->frames->table, &key, params);
	if (!w)
		return !folio || add_watch(s->frames, &key, folio);
	spin_lock(&s->lock);
	*old = *w;
	if (folio)
		set_watch(w, folio);
	spin_unlock(&s->lock);
	return true;
}

/**
 * thprace_frames_hold() - follow the frames of a huge page from now on
 * @s: the session
 * @mm: user reference held
 * @addr: PMD-aligned
 * @page: of a folio that was found there, referenced
 *
 * Only if a PMD leaf maps it, and nobody has it locked.  Without memory nothing
 * is followed.
 *
 * Context: process context, no locks; takes mmap_lock for read.
 */
void thprace_frames_hold(struct thprace_session *s, struct mm_struct *mm,
			 unsigned long addr, struct page *page)
{
	struct folio *folio = page_folio(page);
	enum thprace_level level;
	struct thprace_entry e;
	struct watch old;

	if (thprace_frames_begin(s) || mmap_read_lock_killable(mm))
		return;
	if (!folio_trylock(folio))
		goto out;
	e = thprace_pgwalk_entry(mm, addr, &level);
	if (page_folio(page) == folio && level == THPRACE_LEVEL_PMD &&
	    e.kind == THPRACE_ENTRY_PRESENT && e.pfn == folio_pfn(folio)) {
		if (folio_test_anon(folio) && !folio_test_swapcache(folio))
			thprace_intact_note(folio_pfn(folio));
		swap_watch(s, mm, addr, folio, &old);
	}
	folio_unlock(folio);
out:
	mmap_read_unlock(mm);
}

/* Is this the anon_vma of some VMA of an mm that is write-locked? */
static bool mm_has_anon_vma(struct mm_struct *mm, struct address_space *mapping)
{
	struct anon_vma *anon_vma = (void *)((unsigned long)mapping - 1);
	struct vm_area_struct *vma;

	if (((unsigned long)mapping & 3) != 1)
		return false;
	for (vma = find_vma(mm, 0); vma; vma = find_vma(mm, vma->vm_end))
		if (thprace_vma_links(vma, anon_vma))
			return true;
	return false;
}

/**
 * thprace_frame_look() - what a frame is now
 * @s: the session, which may hold references
 * @x: the frame, and what it belonged to
 * @mapped_too: also if it is mapped
 * @frame: filled; all zero if it is not what it was, or not to be judged
 *
 * The frame can be anybody's: nothing is locked, so a reference keeps the folio
 * what it is while we look, and what is seen must be seen again.
 *
 * Context: process context. Return: how often it was seen to be so.
 */
unsigned int thprace_frame_look(struct thprace_session *s, const struct thprace_suspect *x,
				bool mapped_too, struct thprace_frame *frame)
{
	struct page *page = pfn_to_online_page(x->pfn);
	struct folio *folio;
	unsigned int own_refs;

	memset(frame, 0, sizeof(*frame));
	if (!page)
		return 1;
	folio = page_folio(page);
	frame->refcount = page_ref_count(page);
	if (frame->refcount < 0) {
		usleep_range(10, 20);
		return 1 + (page_ref_count(page) == frame->refcount);
	}
	if (folio_page(folio, 0) != page || thprace_folio_mapping_raw(folio) != x->mapping)
		return 1;
	/* most are mapped: those are judged as folios */
	if (!mapped_too && !folio_test_large(folio) && thprace_page_mapcount_raw(page) >= 0 &&
	    !folio_test_locked(folio))
		return 1;
	if (!folio_try_get(folio))
		return 1;
	if (page_folio(page) == folio && thprace_folio_mapping_raw(folio) == x->mapping &&
	    thprace_folio_index(folio) == x->index && !folio_test_swapcache(folio) &&
	    !folio_test_writeback(folio) && folio_test_lru(folio) && !PageHWPoison(page)) {
		own_refs = thprace_session_held_refs(s, x->pfn, folio_nr_pages(folio));
		frame->refcount = folio_ref_count(folio) - 1;
		frame->own_refs = thprace_session_held_refs(s, x->pfn, folio_nr_pages(folio));
		/* taken or given back just now: nothing can be said */
		frame->ours = frame->own_refs == own_refs;
		frame->mappings = thprace_folio_mapcount(folio);
		frame->locked = folio_test_locked(folio);
	}
	folio_put(folio);
	return 1;
}

/**
 * thprace_frames_check() - look at the frames of the huge page that was here
 * @s: the session
 * @o: locked observer
 * @m: index of an mm that was given
 * @addr: PMD-aligned
 * @now: head pfn of a huge folio that is here now, or 0
 * @x: filled with a frame that nobody accounts for, unless there is one already
 * @f: filled on THPRACE_VIOLATED, and with a reason on THPRACE_SKIPPED
 *
 * Whatever became of them, a count below zero is wrong: page_ref_freeze()
 * leaves 0, a free page has 0.
 *
 * Context: mmap_lock of @o's mm held for write.
 * Return: THPRACE_HELD, THPRACE_VIOLATED, THPRACE_SKIPPED (see @x), or
 * THPRACE_NOT_APPLICABLE (no huge page is gone).
 */
enum thprace_outcome thprace_frames_check(struct thprace_session *s,
					  struct thprace_observer *o, unsigned int m,
					  unsigned long addr, unsigned long now,
					  struct thprace_suspect *x,
					  struct thprace_finding *f)
{
	enum thprace_outcome outcome = THPRACE_HELD;
	struct thprace_suspect look;
	struct thprace_frame frame;
	struct watch w;
	int has = -1;		/* not asked yet */
	unsigned int i, looks;
	struct page *page;

	if (!s->frames)
		return THPRACE_NOT_APPLICABLE;
	page = now ? pfn_to_online_page(now) : NULL;
	if (!swap_watch(s, o->set.mm[m], addr, page ? page_folio(page) : NULL, &w)) {
		f->reason = "more huge pages than can be followed";
		return THPRACE_SKIPPED;
	}
	if (!w.pfn || w.pfn == now)
		return THPRACE_NOT_APPLICABLE;
	for (i = 0; i < THPRACE_HPAGE_NR; i++) {
		look.pfn = w.pfn + i;
		look.addr = addr + i * PAGE_SIZE;
		look.mapping = w.mapping;
		look.index = w.index + i;
		looks = thprace_frame_look(s, &look, false, &frame);
		thprace_judge_frame(&frame, f);
		if (f->outcome == THPRACE_SKIPPED && has < 0)
			has = mm_has_anon_vma(o->set.mm[m], w.mapping);
		if (f->outcome == THPRACE_SKIPPED && has) {
			outcome = THPRACE_SKIPPED;
			if (!x->pfn) {
				*x = look;
				x->frame = frame;
			}
		}
		if (f->outcome != THPRACE_VIOLATED)
			continue;
		f->addr = look.addr;
		f->pfn = look.pfn;
		f->index = i;
		f->looks = looks;
		return THPRACE_VIOLATED;
	}
	return outcome;
}

/**
 * thprace_frame_recheck() - look at a suspect for some seconds more
 * @s: the session
 * @x: as left by several looks in a row, with drains in between
 * @mapped_too: it is mapped
 *
 * Context: process context, no locks, sleeps; ends early when killed.
 * Return: how often it was looked at, or 0: it was not the same each time.
 */
unsigned int thprace_frame_recheck(struct thprace_session *s, const struct thprace_suspect *x,
				   bool mapped_too)
{
	unsigned int i, looks = x->frame.locked ? RECHECK_LOCKED : RECHECK_LOOKS;
	struct thprace_frame frame;

	for (i = 0; i < looks; i++) {
		thprace_frame_look(s, x, mapped_too, &frame);
		if (memcmp(&frame, &x->frame, sizeof(frame)))
			return 0;
		msleep(RECHECK_MS);
		if (fatal_signal_pending(current))
			return 0;
	}
	return looks;
}

static bool maps_unreferenced(struct mm_struct *mm, unsigned long addr, unsigned long pfn,
			      struct thprace_frame *frame)
{
	struct thprace_pgwalk w;
	struct thprace_entry e;
	struct page *page;

	memset(frame, 0, sizeof(*frame));
	if (thprace_pgwalk_lock(&w, mm, addr) == THPRACE_LEVEL_PTE) {
		e = thprace_pte_entry(READ_ONCE(*w.pte));
		page = e.kind == THPRACE_ENTRY_PRESENT && e.pfn == pfn ?
		       pfn_to_online_page(pfn) : NULL;
		if (page && !PageReserved(page)) {
			frame->mapped = true;
			frame->refcount = folio_ref_count(page_folio(page));
		}
	}
	thprace_pgwalk_unlock(&w);
	return frame->mapped && frame->refcount <= 0;
}

/**
 * thprace_frames_unref() - is an entry there that maps a frame nobody references?
 * @mm: mmap_lock held for write
 * @addr: of the page
 * @pfn: which an entry there was seen to map
 * @f: filled on a violation
 *
 * A present entry holds a reference, and cannot go away under its lock.
 *
 * Context: process context. Return: true if it is a violation.
 */
bool thprace_frames_unref(struct mm_struct *mm, unsigned long addr, unsigned long pfn,
			  struct thprace_finding *f)
{
	struct thprace_frame frame;

	if (!maps_unreferenced(mm, addr, pfn, &frame))
		return false;
	usleep_range(10, 20);
	if (!maps_unreferenced(mm, addr, pfn, &frame))
		return false;
	thprace_judge_frame(&frame, f);
	f->addr = addr;
	f->pfn = pfn;
	f->looks = 2;
	return f->outcome == THPRACE_VIOLATED;
}
