// SPDX-License-Identifier: GPL-2.0
/*
 * mmset.c - a set of mms, locked together, and what their page tables hold
 *
 * Takes mmap_lock for write on every mm, and the per-VMA locks, and writes down
 * the entries of a region as runs.
 */
#include <linux/hash.h>
#include <linux/lockdep.h>
#include <linux/sched/signal.h>

#include "mm/mmset.h"
#include "mm/pgwalk.h"

/*
 * lockdep keeps at most MAX_LOCK_DEPTH (48) locks of a task; leave room for
 * what comes below the mmap_locks.
 */
static unsigned int max_mms(void)
{
#ifdef CONFIG_LOCKDEP
	return 32;
#else
	return THPRACE_MAX_MMS;
#endif
}

/**
 * thprace_mmset_index() - index of an mm in the set, or -1
 * @set: the set
 * @mm: any
 */
int thprace_mmset_index(struct thprace_mmset *set, struct mm_struct *mm)
{
	unsigned int i = hash_ptr(mm, 8);

	for (; set->mm_hash[i]; i = (i + 1) % ARRAY_SIZE(set->mm_hash))
		if (set->mm[set->mm_hash[i] - 1] == mm)
			return set->mm_hash[i] - 1;
	return -1;
}

/* @mm's user reference is the set's from now on. */
static void add_mm(struct thprace_mmset *set, struct mm_struct *mm)
{
	unsigned int i = hash_ptr(mm, 8);

	static_assert(4 * THPRACE_MAX_MMS == 1 << 8);
	while (set->mm_hash[i])
		i = (i + 1) % ARRAY_SIZE(set->mm_hash);
	set->mm[set->nr_mms++] = mm;
	set->mm_hash[i] = set->nr_mms;
}

/**
 * thprace_mmset_vma() - the VMA of an address, or the next one, as find_vma()
 * @set: locked set
 * @mm: index of an mm
 * @addr: any
 */
struct vm_area_struct *thprace_mmset_vma(struct thprace_mmset *set, unsigned int mm,
					    unsigned long addr)
{
	struct vm_area_struct *vma = set->vma[mm];

	if (!vma || addr < vma->vm_start || addr >= vma->vm_end)
		vma = find_vma(set->mm[mm], addr);
	set->vma[mm] = vma;
	return vma;
}

/**
 * thprace_mmset_add() - add an mm that was not given
 * @set: the set
 * @mm: found by rmap; rmap lock held
 *
 * Return: NULL, or a static text why not.
 */
const char *thprace_mmset_add(struct thprace_mmset *set, struct mm_struct *mm)
{
	if (set->nr_mms >= max_mms())
		return "more mms than can be locked at once";
	if (!mmget_not_zero(mm))
		return "an exiting mm maps it";
	add_mm(set, mm);
	return NULL;
}

/**
 * thprace_mmset_init() - fill a set with the mms of a command
 * @set: no mms; its view is kept from the last time
 * @mms: the caller keeps a user reference on each
 * @nr: how many, at most THPRACE_MAX_MMS; with lockdep the first 32 count
 *
 * Context: process context. Return: 0 or -ENOMEM.
 */
int thprace_mmset_init(struct thprace_mmset *set, struct mm_struct **mms, unsigned int nr)
{
	unsigned int i;

	if (set->room < nr) {
		kvfree(set->view);
		set->room = 0;
		set->view = kvmalloc_array(nr, sizeof(*set->view), GFP_KERNEL);
		if (!set->view)
			return -ENOMEM;
		set->room = nr;
	}
	set->nr_mms = 0;
	set->first = 0;
	for (i = 0; i < nr && i < max_mms(); i++) {
		mmget(mms[i]);
		add_mm(set, mms[i]);
	}
	set->nr_given = set->nr_mms;
	return 0;
}

/**
 * thprace_mmset_drop() - give back the references on the mms
 * @set: unlocked; empty afterwards
 *
 * Context: process context; mmput() may tear down an mm.
 */
void thprace_mmset_drop(struct thprace_mmset *set)
{
	while (set->nr_mms) {
		struct mm_struct *mm = set->mm[--set->nr_mms];
		unsigned int i = hash_ptr(mm, 8);

		/* from its place to the next free one: all of it goes in the end */
		for (; set->mm_hash[i]; i = (i + 1) % ARRAY_SIZE(set->mm_hash))
			set->mm_hash[i] = 0;
		mmput(mm);
	}
}

/**
 * thprace_mmset_free() - free the memory of an empty set
 * @set: the set itself is the caller's
 *
 * Context: process context.
 */
void thprace_mmset_free(struct thprace_mmset *set)
{
	kvfree(set->view);
	set->view = NULL;
	set->room = 0;
}

/*
 * Wait for readers of the per-VMA locks in one mm, [addr, addr + PMD_SIZE).
 * Returns the first VMA there, or NULL.
 */
static struct vm_area_struct *write_lock_vmas(struct mm_struct *mm, unsigned long addr)
{
	struct vm_area_struct *first = find_vma(mm, addr), *vma = first;
	unsigned long end = addr + PMD_SIZE;

	if (!first || first->vm_start >= end)
		return NULL;
	vma_start_write(first);
	while (vma->vm_end < end) {
		vma = find_vma(mm, vma->vm_end);
		if (!vma || vma->vm_start >= end)
			break;
		vma_start_write(vma);
	}
	return first;
}

/**
 * thprace_mmset_lock() - write-lock all mms and their VMAs around a region
 * @set: the set
 * @addr: PMD-aligned start of the region
 *
 * Blocks for one mmap_lock only and tries the others, so that no order among
 * mms is needed; what could not be had is blocked for first the next time.
 *
 * Context: process context, no mmap_lock held.
 * Return: 0, -EINTR (killed), or -EBUSY (some mmap_lock is kept by others).
 */
int thprace_mmset_lock(struct thprace_mmset *set, unsigned long addr)
{
	unsigned int tries, i;

	for (tries = 0; tries < 64; tries++) {
		unsigned int stuck = set->nr_mms;

		if (set->first >= set->nr_mms)
			set->first = 0;
		if (mmap_write_lock_killable(set->mm[set->first]))
			return -EINTR;
		for (i = 0; i < set->nr_mms; i++) {
			if (i == set->first)
				continue;
			if (!mmap_write_trylock(set->mm[i])) {
				stuck = i;
				break;
			}
		}
		if (stuck == set->nr_mms)
			goto locked;
		while (i-- > 0)
			if (i != set->first)
				mmap_write_unlock(set->mm[i]);
		mmap_write_unlock(set->mm[set->first]);
		set->first = stuck;
		cond_resched();
	}
	return -EBUSY;

locked:
	set->nr_locked = set->nr_mms;
	set->region = addr;
	for (i = 0; i < set->nr_mms; i++) {
		set->region_vma[i] = write_lock_vmas(set->mm[i], addr);
		set->vma[i] = set->region_vma[i];
	}
	for (i = 0; i < set->nr_extra; i++)
		write_lock_vmas(set->mm[set->extra[i].mm], set->extra[i].addr);
	return 0;
}

/**
 * thprace_mmset_unlock() - undo thprace_mmset_lock()
 * @set: the set
 *
 * Context: process context.
 */
void thprace_mmset_unlock(struct thprace_mmset *set)
{
	unsigned int i;

	for (i = set->nr_locked; i-- > 0;)
		mmap_write_unlock(set->mm[i]);
	set->nr_locked = 0;
}

/* A migration entry is there while its folio is locked, mm/migrate.c. */
static void note_migration(struct thprace_mmset *set, struct page *page, unsigned long addr)
{
	/*
	 * Not an older view of the compound page than the entry is: pairs with
	 * the smp_wmb() in __split_huge_page_tail(), as
	 * swap_entry_migration_sync() does.
	 */
	smp_rmb();
	if (!folio_test_locked(page_folio(page)) && !set->unlocked.nr++)
		set->unlocked.addr = addr;
}

/*
 * Does an entry map the frame behind another's, and in the same way?  Most are
 * the same in all other bits, which is quicker to see than what each bit means.
 * Not if @inverted: then the frame's bits count down.
 */
static bool follows(pte_t entry, pte_t before, bool inverted)
{
	if (!inverted && pte_val(entry) == pte_val(before) + PAGE_SIZE)
		return true;
	return pte_present(entry) && pte_pfn(entry) == pte_pfn(before) + 1 &&
	       !pte_write(entry) == !pte_write(before) && !pte_special(entry);
}

/* The entries of a page table as runs; page table lock held. */
static void collect_ptes(struct thprace_mmset *set, struct thprace_view *v, const pte_t *pte,
			 unsigned long addr)
{
	unsigned int i = 0;

	while (i < THPRACE_HPAGE_NR) {
		pte_t entry = READ_ONCE(pte[i]);
		struct thprace_run *run = &v->run[v->nr_runs];
		unsigned long pfn;
		unsigned int end;
		bool inverted;

		if (!pte_present(entry)) {
			if (!pte_none(entry)) {
				struct page *page = thprace_pte_migration_page(entry);

				v->odd = true;
				if (page)
					note_migration(set, page, addr + i * PAGE_SIZE);
			}
			i++;
			continue;
		}
		pfn = pte_pfn(entry);
		if (pte_special(entry) || !pfn_valid(pfn)) {
			i++;
			continue;
		}
		inverted = pte_pfn(__pte(pte_val(entry) + PAGE_SIZE)) != pfn + 1;
		run->pfn = pfn;
		run->slot = i;
		run->writable = pte_write(entry);
		/* memory is there, or not, in aligned pieces of this size at least */
		end = min_t(unsigned long, THPRACE_HPAGE_NR,
			    i + THPRACE_HPAGE_NR - pfn % THPRACE_HPAGE_NR);
		while (++i < end) {
			pte_t next = READ_ONCE(pte[i]);

			if (!follows(next, entry, inverted))
				break;
			entry = next;
		}
		run->nr = i - run->slot;
		v->nr_runs++;
	}
}

/**
 * thprace_mmset_collect() - read the entries of a region in one mm
 * @set: locked set; notes migration entries of unlocked folios
 * @mm: index of an mm that was given
 * @addr: PMD-aligned
 *
 * Context: mmap_lock held for write.
 */
void thprace_mmset_collect(struct thprace_mmset *set, unsigned int mm, unsigned long addr)
{
	struct mm_struct *m = set->mm[mm];
	struct thprace_view *v = &set->view[mm];
	pmd_t *pmd = thprace_find_pmd(m, addr);
	struct page *page = NULL;
	spinlock_t *ptl;	/* of the page table */
	pmd_t val;

	v->huge = 0;
	v->odd = false;
	v->nr_runs = 0;
	v->cursor = 0;
	if (!pmd)
		return;
	val = READ_ONCE(*pmd);
	if (pmd_none(val))
		return;
	if (pmd_present(val) && pmd_trans_huge(val)) {
		v->huge = page_to_pfn(pmd_page(val));
		v->huge_writable = pmd_write(val);
		return;
	}
	if (!pmd_present(val)) {
		v->odd = true;
		/* the entry can't go away under the lock */
		ptl = pmd_lock(m, pmd);
		val = READ_ONCE(*pmd);
		if (!pmd_none(val) && !pmd_present(val))
			page = thprace_pmd_migration_page(val);
		if (page)
			note_migration(set, page, addr);
		spin_unlock(ptl);
	}
	if (!thprace_ptes_below(m, pmd, &val, &ptl))
		return;
	spin_lock(ptl);
	if (pmd_same(val, READ_ONCE(*pmd)))
		collect_ptes(set, v, pte_offset_kernel(&val, addr), addr);
	else
		v->odd = true;
	spin_unlock(ptl);
}

/**
 * thprace_run_at() - the first run that ends behind a page
 * @v: what was collected of one mm; most calls go forward
 * @slot: of the page
 *
 * Return: the run, which may begin behind @slot, or NULL.
 */
const struct thprace_run *thprace_run_at(struct thprace_view *v, unsigned int slot)
{
	unsigned int i = v->cursor;

	if (i && v->run[i - 1].slot + v->run[i - 1].nr > slot)
		i = 0;
	while (i < v->nr_runs && v->run[i].slot + v->run[i].nr <= slot)
		i++;
	v->cursor = i;
	return i < v->nr_runs ? &v->run[i] : NULL;
}
