// SPDX-License-Identifier: GPL-2.0
/*
 * cache.c - what the page cache holds at an index is the folio that says so
 *
 * Of files that are mapped in a region.  mapping and index of a cached folio are
 * written before it comes into the cache, or under the lock of i_pages, and are taken
 * away under that lock (__filemap_add_folio(), page_cache_delete(), shmem_add_to_page_cache(),
 * __folio_migrate_mapping(), __split_huge_page(), collapse_file()); so whatever is
 * found there under the lock must agree at once.  A large folio is one entry, or, up
 * to 5.16, one for each of its pages, unless somebody has it locked: a collapse
 * puts it in page by page.
 */
#include <linux/delay.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/hugetlb.h>
#include <linux/pagemap.h>
#include <linux/sched/signal.h>
#include <linux/xarray.h>

#include "compat/peek.h"
#include "oracle/cache.h"
#include "oracle/calibration.h"
#include "oracle/describe.h"
#include "state/record.h"

/* Entries that are looked at under one hold of the lock. */
#define CACHE_BATCH	64
/* How often an entry must look the same before it is believed to be wrong. */
#define CACHE_LOOKS	3

/* VMAs of which a file is looked for in a calibration. */
#define MAX_VMAS	64

/* A large folio had all its entries: what is said of these is so on this kernel. */
static bool large_known;

/**
 * struct cache_part - a part of a file that is mapped
 * @file:	referenced, or NULL
 * @first:	offset of its first page, in pages; a multiple of THPRACE_HPAGE_NR
 * @last:	of its last page
 */
struct cache_part {
	struct file *file;
	pgoff_t first, last;
};

/**
 * struct cache_look - what was found at one place
 * @outcome:	held, violated or skipped
 * @inject:	perturb what is found (control)
 * @at:		the place
 * @bad:	the place that is wrong, if that is another one of the same folio
 * @next:	the place behind all that was looked at
 * @pfn:	frame of what is there
 * @want:	what the rule says
 * @got:	what was found
 * @reason:	which rule it is, or why nothing is said
 */
struct cache_look {
	enum thprace_outcome outcome;
	bool inject;
	pgoff_t at, bad, next;
	unsigned long pfn;
	s64 want, got;
	const char *reason;
};

static void is_wrong(struct cache_look *l, s64 want, s64 got, const char *reason)
{
	l->outcome = THPRACE_VIOLATED;
	l->want = want;
	l->got = got;
	l->reason = reason;
}

/*
 * A large folio has all of its places, and has them as one entry or as one for each
 * page.  The lock of i_pages is held, and the folio's.
 */
static void judge_large(struct address_space *mapping, struct folio *folio, pgoff_t first,
			unsigned long nr, struct cache_look *l)
{
	XA_STATE(xas, &mapping->i_pages, first);
	unsigned long entries = 0;
	void *entry;

	xas_for_each(&xas, entry, first + nr - 1) {
		if (entry != folio_page(folio, 0)) {
			l->bad = xas.xa_index;
			is_wrong(l, page_to_pfn(folio_page(folio, 0)),
				 xa_is_value(entry) ? 0 : page_to_pfn((struct page *)entry),
				 "another entry at an index of a large folio");
			return;
		}
		entries++;
	}
	if (entries != 1 && entries != nr)
		is_wrong(l, 1, entries, "a large folio in several entries of the page cache");
	xas_set(&xas, first + nr - 1);
	if (xas_load(&xas) != folio_page(folio, 0))
		is_wrong(l, nr, entries, "a large folio that lacks some of its entries");
	if (l->outcome == THPRACE_HELD) {
		WRITE_ONCE(large_known, true);
	} else if (!thprace_calibration_tested() && !READ_ONCE(large_known)) {
		l->outcome = THPRACE_SKIPPED;
		l->reason = "how this kernel caches large folios is not known";
	}
}

/* The lock of i_pages is held: the entry holds a reference, and nothing of it moves. */
static void judge_entry(struct address_space *mapping, struct page *page, struct cache_look *l)
{
	struct folio *folio = page_folio(page);
	unsigned long nr = folio_nr_pages(folio);
	pgoff_t first = thprace_folio_index(folio) + (l->inject ? nr : 0);

	l->outcome = THPRACE_HELD;
	l->pfn = page_to_pfn(page);
	l->bad = l->at;
	l->next = l->at + 1;
	if (folio_page(folio, 0) != page) {
		is_wrong(l, folio_pfn(folio), l->pfn, "a tail page in the page cache");
	} else if (thprace_folio_mapping_raw(folio) != mapping) {
		is_wrong(l, 1, 0, "a folio in the page cache of a file that it does not belong to");
	} else if (l->at < first || l->at - first >= nr) {
		is_wrong(l, l->at, first, "a folio in the page cache at an index of another");
	} else if (nr > 1) {
		l->next = first + nr;
		if (!folio_trylock(folio)) {
			l->outcome = THPRACE_SKIPPED;
			l->reason = "someone else has the folio locked";
			return;
		}
		judge_large(mapping, folio, first, nr, l);
		folio_unlock(folio);
	}
}

/*
 * From one place on, until something is found that does not hold, or a batch of
 * entries is through.  Returns how many held; l->next is where to go on.
 */
static unsigned int look_from(struct address_space *mapping, pgoff_t from, pgoff_t last,
			      bool inject, struct cache_look *l)
{
	XA_STATE(xas, &mapping->i_pages, from);
	unsigned int nr = 0, held = 0;
	void *entry;

	memset(l, 0, sizeof(*l));
	l->inject = inject;
	l->next = last + 1;
	xas_lock_irq(&xas);
	xas_for_each(&xas, entry, last) {
		if (xa_is_value(entry) || xa_is_internal(entry))
			continue;
		if (nr++ == CACHE_BATCH) {
			l->next = xas.xa_index;
			break;
		}
		/* one that begins before is found where it was asked for */
		l->at = max_t(pgoff_t, xas.xa_index, from);
		judge_entry(mapping, entry, l);
		if (l->outcome != THPRACE_HELD)
			break;
		held++;
		from = l->next;
		l->next = last + 1;
		if (from > last)
			break;
		xas_set(&xas, from);
	}
	xas_unlock_irq(&xas);
	return held;
}

/* Is the same thing still wrong at the same place? */
static u32 look_again(struct address_space *mapping, const struct cache_look *first)
{
	struct cache_look again;
	u32 looks;

	for (looks = 1; looks < CACHE_LOOKS; looks++) {
		usleep_range(200, 400);
		look_from(mapping, first->at, first->at, first->inject, &again);
		if (again.outcome != THPRACE_VIOLATED || again.pfn != first->pfn ||
		    again.reason != first->reason || again.want != first->want ||
		    again.got != first->got || again.bad != first->bad)
			return 0;
	}
	return looks;
}

/* As it is by now: the lock under which it was judged forbids to look closer. */
static void describe(struct thprace_observer *o, unsigned long pfn)
{
	struct page *page = pfn_to_online_page(pfn);
	struct folio *folio = page ? page_folio(page) : NULL;

	if (!folio || !folio_try_get(folio)) {
		thprace_describe_frame(o, pfn, 0);
		return;
	}
	if (page_folio(page) == folio && folio_trylock(folio)) {
		thprace_describe_locked(o, folio);
		/* without ours */
		o->described.refcount--;
		folio_unlock(folio);
	} else {
		thprace_describe_frame(o, pfn, folio_ref_count(folio) - 1);
	}
	folio_put(folio);
}

static void to_finding(const struct cache_look *l, u32 looks, struct thprace_finding *f)
{
	*f = (struct thprace_finding){
		.outcome = l->outcome,
		.pfn = l->pfn,
		.index = l->bad % THPRACE_HPAGE_NR,
		.want = l->want,
		.got = l->got,
		.reason = l->reason,
		.looks = looks,
		.control = l->inject,
	};
}

static void record_bad(struct thprace_check_run *r, const struct cache_look *l, u32 looks,
		       unsigned long addr)
{
	struct thprace_finding f;

	to_finding(l, looks, &f);
	f.addr = addr;
	if (thprace_record_wants(r->s, &f)) {
		describe(r->o, l->pfn);
		f.seen_folio = &r->o->described;
	}
	thprace_record(r->s, THPRACE_CHECK_CACHE_INDEX, &f);
}

static int check_part(struct thprace_check_run *r, const struct cache_part *p, unsigned long addr)
{
	bool inject = thprace_run_injects(r, THPRACE_CHECK_CACHE_INDEX);
	struct address_space *mapping = p->file->f_mapping;
	struct cache_look l = { .next = p->first };
	u32 looks;

	while (l.next <= p->last) {
		if (fatal_signal_pending(current))
			return -EINTR;
		thprace_run_held(r, THPRACE_CHECK_CACHE_INDEX,
				 look_from(mapping, l.next, p->last, inject, &l));
		if (l.outcome == THPRACE_SKIPPED)
			thprace_run_skipped(r, THPRACE_CHECK_CACHE_INDEX, l.reason);
		if (l.outcome == THPRACE_VIOLATED) {
			looks = look_again(mapping, &l);
			if (looks)
				record_bad(r, &l, looks, addr);
			else
				thprace_run_skipped(r, THPRACE_CHECK_CACHE_INDEX,
						    "what the page cache holds kept changing");
			/* what follows is of the same cause */
			return 0;
		}
		cond_resched();
	}
	return 0;
}

/*
 * The file that is mapped at an address or behind it, with all places that a large
 * folio there can have.  *end: where its VMA ends, or where the region does.
 */
static int part_at(struct mm_struct *mm, unsigned long at, unsigned long *end,
		   struct cache_part *p)
{
	struct vm_area_struct *vma;

	p->file = NULL;
	if (mmap_read_lock_killable(mm))
		return -EINTR;
	vma = find_vma(mm, at);
	if (vma && vma->vm_start < *end) {
		pgoff_t pgoff = vma->vm_pgoff;

		at = max(at, vma->vm_start);
		*end = min(*end, vma->vm_end);
		pgoff += (at - vma->vm_start) >> PAGE_SHIFT;
		p->first = round_down(pgoff, THPRACE_HPAGE_NR);
		p->last = round_up(pgoff + ((*end - at) >> PAGE_SHIFT), THPRACE_HPAGE_NR) - 1;
		/* indices of hugetlbfs were in units of huge pages */
		if (vma->vm_file && !is_vm_hugetlb_page(vma))
			p->file = get_file(vma->vm_file);
	}
	mmap_read_unlock(mm);
	return 0;
}

/**
 * thprace_check_region_cache() - the page cache of the files mapped in one region
 * @r: the check
 * @addr: PMD-aligned
 *
 * Context: process context, no locks; takes mmap_lock for read, and the lock of
 * i_pages for short.
 * Return: 0 or -EINTR.
 */
int thprace_check_region_cache(struct thprace_check_run *r, unsigned long addr)
{
	struct cache_part p, seen = { };
	unsigned long at, end;
	unsigned int m;
	int ret = 0;

	for (m = 0; m < r->o->set.nr_given && !ret; m++)
		for (at = addr; at < addr + PMD_SIZE && !ret; at = end) {
			end = addr + PMD_SIZE;
			ret = part_at(r->o->set.mm[m], at, &end, &p);
			if (!p.file)
				continue;
			/* most often the next VMA, and the next process, map the same */
			if (!seen.file || p.file->f_mapping != seen.file->f_mapping ||
			    p.first < seen.first || p.last > seen.last) {
				ret = check_part(r, &p, at);
				swap(seen, p);
			}
			if (p.file)
				fput(p.file);
		}
	if (seen.file)
		fput(seen.file);
	return ret;
}

/**
 * thprace_cache_look() - the page cache of a file that an mm maps
 * @mm: user reference held
 * @inject: perturb what is found (control)
 * @f: filled, if there is such a file with something in its cache: held or violated
 *
 * For calibration: of the first files that are found.
 *
 * Context: process context, no locks.
 * Return: was something found?
 */
bool thprace_cache_look(struct mm_struct *mm, bool inject, struct thprace_finding *f)
{
	unsigned long at, end;
	struct cache_part p;
	struct cache_look l;
	unsigned int i, held;
	u32 looks;

	for (i = 0, at = 0; i < MAX_VMAS; i++, at = end) {
		end = TASK_SIZE;
		if (part_at(mm, at, &end, &p) || end >= TASK_SIZE)
			break;
		if (!p.file)
			continue;
		held = look_from(p.file->f_mapping, p.first, p.last, inject, &l);
		looks = l.outcome == THPRACE_VIOLATED ? look_again(p.file->f_mapping, &l) : 0;
		fput(p.file);
		if (!looks && (!held || l.outcome == THPRACE_VIOLATED))
			continue;
		if (!looks)
			l.outcome = THPRACE_HELD;
		to_finding(&l, looks, f);
		return true;
	}
	return false;
}
