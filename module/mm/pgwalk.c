// SPDX-License-Identifier: GPL-2.0
/*
 * pgwalk.c - the one way to the page table entries of a process
 *
 * As pte_offset_map_lock() does: a page table is looked up and locked under
 * RCU, and the PMD entry is compared again under the lock, because
 * retract_page_tables() and MADV_DONTNEED with PT_RECLAIM free page tables
 * under neither mmap_lock nor VMA lock.  PMD tables are freed by munmap and exit
 * only, which the caller's mmap_lock excludes.
 */
#include "mm/pgwalk.h"

/**
 * thprace_find_pmd() - the PMD entry of a user address
 * @mm: mmap_lock held, for read at least
 * @addr: any
 *
 * Return: the entry, which may be empty and may change, or NULL: there is no PMD
 * table, or the address is not a user's.
 */
pmd_t *thprace_find_pmd(struct mm_struct *mm, unsigned long addr)
{
	pgd_t *pgd;
	p4d_t *p4d;
	pud_t *pud;

	if (addr >= mm->task_size)
		return NULL;
	pgd = pgd_offset(mm, addr);
	if (!pgd_present(*pgd))
		return NULL;
	p4d = p4d_offset(pgd, addr);
	if (!p4d_present(*p4d))
		return NULL;
	pud = pud_offset(p4d, addr);
	if (!pud_present(*pud) || pud_leaf(*pud))
		return NULL;
	return pmd_offset(pud, addr);
}

static bool is_table(pmd_t pmd)
{
	return pmd_present(pmd) && !pmd_trans_huge(pmd) && !pmd_bad(pmd);
}

/* An entry that is no page table; false if it has become one, or none. */
static bool lock_pmd(struct thprace_pgwalk *w, struct mm_struct *mm, pmd_t *pmd)
{
	w->ptl = pmd_lock(mm, pmd);
	w->pmd = READ_ONCE(*pmd);
	if (!pmd_none(w->pmd) && !is_table(w->pmd)) {
		w->level = THPRACE_LEVEL_PMD;
		__release(w->ptl);	/* for sparse: the caller unlocks */
		return true;
	}
	spin_unlock(w->ptl);
	return false;
}

/* A page table; false if it was replaced meanwhile. */
static bool lock_ptes(struct thprace_pgwalk *w, struct mm_struct *mm, pmd_t *pmd,
		      unsigned long addr)
{
	rcu_read_lock();
	w->pmd = READ_ONCE(*pmd);
	if (is_table(w->pmd)) {
		w->ptl = pte_lockptr(mm, &w->pmd);
		spin_lock(w->ptl);
		if (pmd_same(w->pmd, READ_ONCE(*pmd))) {
			w->pte = pte_offset_kernel(&w->pmd, addr);
			w->level = THPRACE_LEVEL_PTE;
			__release(w->ptl);
			__release(RCU);
			return true;
		}
		spin_unlock(w->ptl);
	}
	rcu_read_unlock();
	return false;
}

/**
 * thprace_pgwalk_lock() - find what maps an address, and lock it
 * @w: filled
 * @mm: mmap_lock held, for read at least
 * @addr: any; the PTEs from @w->pte to the end of its table may be read
 *
 * Context: process context, no page table lock held.  Unless the result is
 * THPRACE_LEVEL_NONE, the caller may not sleep before thprace_pgwalk_unlock().
 * Return: @w->level.
 */
enum thprace_level thprace_pgwalk_lock(struct thprace_pgwalk *w, struct mm_struct *mm,
				       unsigned long addr)
{
	pmd_t *pmd = thprace_find_pmd(mm, addr);
	pmd_t val;

	w->level = THPRACE_LEVEL_NONE;
	if (!pmd)
		return w->level;
	/* each turn means that somebody has changed the entry since the last */
	for (val = READ_ONCE(*pmd); !pmd_none(val); val = READ_ONCE(*pmd)) {
		if (pmd_present(val) && !pmd_trans_huge(val) && pmd_bad(val))
			break;
		if (is_table(val) ? lock_ptes(w, mm, pmd, addr) : lock_pmd(w, mm, pmd))
			break;
	}
	return w->level;
}

/**
 * thprace_pgwalk_unlock() - undo thprace_pgwalk_lock()
 * @w: as it was filled; nothing is done on THPRACE_LEVEL_NONE
 *
 * Context: as thprace_pgwalk_lock().
 */
void thprace_pgwalk_unlock(struct thprace_pgwalk *w)
{
	if (w->level == THPRACE_LEVEL_NONE)
		return;
	__acquire(w->ptl);
	spin_unlock(w->ptl);
	if (w->level == THPRACE_LEVEL_PTE) {
		__acquire(RCU);
		rcu_read_unlock();
	}
	w->level = THPRACE_LEVEL_NONE;
}

/**
 * thprace_pgwalk_read() - the entry of the address that was locked
 * @w: as thprace_pgwalk_lock() has filled it
 * @addr: as it was given
 *
 * Of a PMD leaf or a PMD migration entry, @pfn is that of the address, not of
 * the leaf's first page.
 *
 * Context: between thprace_pgwalk_lock() and thprace_pgwalk_unlock().
 */
struct thprace_entry thprace_pgwalk_read(const struct thprace_pgwalk *w, unsigned long addr)
{
	struct thprace_entry e = { .kind = THPRACE_ENTRY_NONE };

	switch (w->level) {
	case THPRACE_LEVEL_PMD:
		e = thprace_pmd_entry(w->pmd);
		e.pfn += (addr & ~PMD_MASK) >> PAGE_SHIFT;
		break;
	case THPRACE_LEVEL_PTE:
		e = thprace_pte_entry(READ_ONCE(*w->pte));
		break;
	case THPRACE_LEVEL_NONE:
		break;
	}
	return e;
}

/**
 * thprace_pgwalk_entry() - the entry of one address
 * @mm: mmap_lock held, for read at least
 * @addr: any
 * @level: out: the level of the entry
 *
 * Context: process context.
 * Return: as thprace_pgwalk_read(); it may have changed since.
 */
struct thprace_entry thprace_pgwalk_entry(struct mm_struct *mm, unsigned long addr,
					  enum thprace_level *level)
{
	struct thprace_pgwalk w;
	struct thprace_entry e;

	*level = thprace_pgwalk_lock(&w, mm, addr);
	e = thprace_pgwalk_read(&w, addr);
	thprace_pgwalk_unlock(&w);
	return e;
}

/**
 * thprace_ptl_held() - is a lock of the page tables at an address held?
 * @mm: of a lane that is parked with such a lock of this mm held
 * @addr: PMD-aligned
 *
 * Context: interrupts off; the lane stays parked meanwhile, so that the page
 * table whose lock it holds stays.
 */
bool thprace_ptl_held(struct mm_struct *mm, unsigned long addr)
{
	pmd_t *pmd = thprace_find_pmd(mm, addr), val;
	bool held;

	if (!pmd)
		return false;
	if (thprace_spinlock_held(pmd_lockptr(mm, pmd)))
		return true;
	rcu_read_lock();
	val = READ_ONCE(*pmd);
	held = is_table(val) && thprace_spinlock_held(pte_lockptr(mm, &val));
	rcu_read_unlock();
	return held;
}
