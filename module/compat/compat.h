/* SPDX-License-Identifier: GPL-2.0 */
/*
 * compat.h - one vocabulary over the kernels 5.10 to 7.3
 *
 * Written for the newest kernel; backfills keep upstream's name and signature.
 * THPRACE_HAVE_* come from Kbuild.probe.  What is read inside the kernel's
 * structures is in peek.h.
 */
#ifndef THPRACE_COMPAT_H
#define THPRACE_COMPAT_H

#include <linux/highmem.h>
#include <linux/huge_mm.h>
#include <linux/hugetlb.h>
#include <linux/kprobes.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/mmap_lock.h>
#include <linux/pagemap.h>
#include <linux/random.h>
#include <linux/percpu_counter.h>
#include <linux/rmap.h>
#include <linux/rwsem.h>
#include <linux/sched/isolation.h>
#include <linux/sched/mm.h>
#include <linux/static_call.h>
#include <linux/swap.h>
#include <linux/swapops.h>
#ifdef THPRACE_HAVE_LEAFOPS
#include <linux/leafops.h>
#endif

/*
 * For functions of a short loop that makes out much of a check's time: an emulator
 * runs a loop that crosses a page several times slower, so with __aligned(256) it
 * does not cross one.  They are not inlined, and in a section of their own: an
 * assembler that aligns one among others jumps over the gap, and objtool takes that
 * jump for code that is never reached.
 */
#define __thprace_loop	__section(".text.thprace_loop")

/* ---- folio, for kernels that have only compound pages ---- */

#ifndef THPRACE_HAVE_FOLIO
struct folio {
	struct page page;
};

static inline struct folio *page_folio(struct page *page)
{
	return (struct folio *)compound_head(page);
}

static inline bool folio_trylock(struct folio *folio)
{
	return trylock_page(&folio->page);
}

static inline int folio_lock_killable(struct folio *folio)
{
	return lock_page_killable(&folio->page);
}

static inline void folio_unlock(struct folio *folio)
{
	unlock_page(&folio->page);
}

static inline void folio_put(struct folio *folio)
{
	put_page(&folio->page);
}

static inline void folio_get(struct folio *folio)
{
	get_page(&folio->page);
}

static inline bool folio_try_get(struct folio *folio)
{
	return get_page_unless_zero(&folio->page);
}

static inline int folio_ref_count(struct folio *folio)
{
	return page_ref_count(&folio->page);
}

static inline bool folio_test_large(struct folio *folio)
{
	return PageHead(&folio->page);
}

static inline bool folio_test_anon(struct folio *folio)
{
	return PageAnon(&folio->page);
}

static inline bool folio_test_ksm(struct folio *folio)
{
	return PageKsm(&folio->page);
}

static inline bool folio_test_swapcache(struct folio *folio)
{
	return PageSwapCache(&folio->page);
}

static inline bool folio_test_locked(struct folio *folio)
{
	return PageLocked(&folio->page);
}

static inline bool folio_test_private(struct folio *folio)
{
	return PagePrivate(&folio->page);
}

static inline bool folio_test_hugetlb(struct folio *folio)
{
	return PageHuge(&folio->page);
}

static inline bool folio_test_lru(struct folio *folio)
{
	return PageLRU(&folio->page);
}

static inline bool folio_test_writeback(struct folio *folio)
{
	return PageWriteback(&folio->page);
}

static inline unsigned int folio_order(struct folio *folio)
{
	return compound_order(&folio->page);
}

static inline unsigned long folio_nr_pages(struct folio *folio)
{
	return compound_nr(&folio->page);
}

static inline unsigned long folio_pfn(struct folio *folio)
{
	return page_to_pfn(&folio->page);
}

static inline bool folio_test_swapbacked(struct folio *folio)
{
	return PageSwapBacked(&folio->page);
}

#define folio_page(folio, n)	(&(folio)->page + (n))
#endif /* !THPRACE_HAVE_FOLIO */

/* ---- random seeds ---- */

#ifdef THPRACE_HAVE_GET_RANDOM_U64
static inline u64 thprace_random_seed(void)
{
	return get_random_u64();
}
#else
static inline u64 thprace_random_seed(void)
{
	u64 seed;

	get_random_bytes(&seed, sizeof(seed));
	return seed;
}
#endif

/* ---- VMAs ---- */

#ifndef THPRACE_HAVE_VMA_START_WRITE
static inline void vma_start_write(struct vm_area_struct *vma) { }
#endif

/*
 * Index of the folio at the start of a VMA, by which rmap finds it.  Since 7.3
 * anonymous folios have one of their own, also in private mappings of files.
 */
static inline pgoff_t thprace_vma_pgoff(const struct vm_area_struct *vma, bool anon)
{
#ifdef THPRACE_HAVE_ANON_PGOFF
	if (anon)
		return vma_start_anon_pgoff(vma);
#endif
	return vma->vm_pgoff;
}

/* Where a VMA has, or would have, the folio with this index. */
static inline unsigned long thprace_vma_address(const struct vm_area_struct *vma, bool anon,
						pgoff_t index)
{
	return vma->vm_start + ((index - thprace_vma_pgoff(vma, anon)) << PAGE_SHIFT);
}

/* ---- locks ---- */

#ifndef THPRACE_HAVE_MMAP_WRITE_TRYLOCK
/* Gone since 6.5 for want of a user; as mmap_write_lock() but for the wait. */
static inline bool mmap_write_trylock(struct mm_struct *mm)
{
	if (!down_write_trylock(&mm->mmap_lock))
		return false;
#ifdef THPRACE_HAVE_MM_LOCK_SEQCOUNT
	mm_lock_seqcount_begin(mm);
#endif
	return true;
}
#endif

#endif /* THPRACE_COMPAT_H */
