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
	set->nr_left_out = nr - set->nr_mms;
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

/* Is a frame's folio locked?  Its migration entry's page table lock is held. */
static bool is_locked(unsigned long pfn)
{
	/*
	 * Not an older view of the compound page than the entry is: pairs with
	 * the smp_wmb() in __split_huge_page_tail(), as
	 * swap_entry_migration_sync() does.
	 */
	smp_rmb();
	return folio_test_locked(page_folio(pfn_to_page(pfn)));
}

/*
 * An entry that is not present, or (control) any: a migration entry is there
 * only while its folio is locked, mm/migrate.c.
 */
static void note_migration(struct thprace_mmset *set, unsigned int mm, unsigned long addr,
			   struct thprace_entry e)
{
	struct thprace_unlocked *u = &set->unlocked;

	if (u->addr || (e.kind != THPRACE_ENTRY_MIGRATION &&
			!(u->control && e.kind == THPRACE_ENTRY_PRESENT)))
		return;
	if (is_locked(e.pfn))
		return;
	u->mm = mm;
	u->addr = addr;
	u->entry = e;
}

/**
 * thprace_mmset_still_unlocked() - is the migration entry that was noted still there?
 * @set: locked; an entry was noted by thprace_mmset_collect()
 *
 * Context: process context; mmap_lock held for write.
 * Return: true if the same entry is there, and its folio is still not locked.
 */
bool thprace_mmset_still_unlocked(struct thprace_mmset *set)
{
	const struct thprace_unlocked *u = &set->unlocked;
	struct thprace_pgwalk w;
	struct thprace_entry e;
	bool still;

	thprace_pgwalk_lock(&w, set->mm[u->mm], u->addr);
	e = thprace_pgwalk_read(&w, u->addr);
	still = u->addr && e.kind == u->entry.kind && e.pfn == u->entry.pfn && !is_locked(e.pfn);
	thprace_pgwalk_unlock(&w);
	return still;
}

/* Is this PTE the next pfn with the same permissions, if not in all other bits? */
static noinline bool follows_otherwise(pte_t entry, pte_t before)
{
	return pte_present(entry) && pte_pfn(entry) == pte_pfn(before) + 1 &&
	       !pte_write(entry) == !pte_write(before) && !pte_special(entry);
}

/*
 * Most are equal in all other bits, which is quicker to see than what each bit
 * means.  Not if @inverted: then the bits of the frame count down.
 */
static bool follows(pte_t entry, pte_t before, bool inverted)
{
	return (!inverted && pte_val(entry) == pte_val(before) + PAGE_SIZE) ||
	       follows_otherwise(entry, before);
}

/* How many entries from the first on map frames in a row; it looks at @max at most. */
static noinline __thprace_loop __aligned(256)
unsigned int run_length(const pte_t *pte, unsigned int max, bool inverted)
{
	pte_t last = READ_ONCE(pte[0]);
	unsigned int n;

	for (n = 1; n < max; n++) {
		pte_t next = READ_ONCE(pte[n]);

		if (!follows(next, last, inverted))
			break;
		last = next;
	}
	return n;
}

/* The entries of a page table as runs; page table lock held. */
static void collect_ptes(struct thprace_mmset *set, unsigned int mm, const pte_t *pte,
			 unsigned long addr)
{
	struct thprace_view *v = &set->view[mm];
	unsigned int i = 0;

	while (i < THPRACE_HPAGE_NR) {
		pte_t first = READ_ONCE(pte[i]);
		struct thprace_entry e = thprace_pte_entry(first);
		struct thprace_run *run = &v->run[v->nr_runs];
		unsigned int max;
		bool inverted;

		if (e.kind != THPRACE_ENTRY_PRESENT) {
			v->others |= e.kind != THPRACE_ENTRY_NONE &&
				     e.kind != THPRACE_ENTRY_SPECIAL;
			note_migration(set, mm, addr + i * PAGE_SIZE, e);
			i++;
			continue;
		}
		if (set->unlocked.control)
			note_migration(set, mm, addr + i * PAGE_SIZE, e);
		inverted = pte_pfn(__pte(pte_val(first) + PAGE_SIZE)) != e.pfn + 1;
		run->pfn = e.pfn;
		run->slot = i;
		run->writable = e.writable;
		/* memory is there, or not, in aligned pieces of this size at least */
		max = min_t(unsigned long, THPRACE_HPAGE_NR - i,
			    THPRACE_HPAGE_NR - e.pfn % THPRACE_HPAGE_NR);
		run->nr = run_length(pte + i, max, inverted);
		i += run->nr;
		v->nr_runs++;
	}
}

/**
 * thprace_mmset_collect() - read the entries of a region in one mm
 * @set: locked; the first migration entry of an unlocked folio is noted
 * @mm: index of an mm that was given
 * @addr: PMD-aligned
 *
 * Context: mmap_lock held for write.
 */
void thprace_mmset_collect(struct thprace_mmset *set, unsigned int mm, unsigned long addr)
{
	struct thprace_view *v = &set->view[mm];
	struct thprace_pgwalk w;
	struct thprace_entry e;

	v->huge = 0;
	v->others = false;
	v->nr_runs = 0;
	v->cursor = 0;
	switch (thprace_pgwalk_lock(&w, set->mm[mm], addr)) {
	case THPRACE_LEVEL_PMD:
		e = thprace_pmd_entry(w.pmd);
		if (e.kind == THPRACE_ENTRY_PRESENT) {
			v->huge = e.pfn;
			v->huge_writable = e.writable;
		} else {
			v->others = true;
		}
		if (e.kind != THPRACE_ENTRY_PRESENT || set->unlocked.control)
			note_migration(set, mm, addr, e);
		break;
	case THPRACE_LEVEL_PTE:
		collect_ptes(set, mm, w.pte, addr);
		break;
	case THPRACE_LEVEL_NONE:
		break;
	}
	thprace_pgwalk_unlock(&w);
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
