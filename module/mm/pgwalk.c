// SPDX-License-Identifier: GPL-2.0
/*
 * pgwalk.c - page table walks that look at no folio in particular
 *
 * Finding entries, counting what an mm maps, and the bare walk that the cost of
 * the check is measured by. Called by folio_obs.c, ops.c and check.c. Not here:
 * the observation of a folio.
 */
#include "mm/mmset.h"
#include "mm/pgwalk.h"

/**
 * thprace_find_pmd() - the PMD entry of an address
 * @mm: mmap_lock held
 * @addr: any
 *
 * Return: the entry (perhaps none, perhaps changing), or NULL.
 */
pmd_t *thprace_find_pmd(struct mm_struct *mm, unsigned long addr)
{
	pgd_t *pgd = pgd_offset(mm, addr);
	p4d_t *p4d;
	pud_t *pud;

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

/**
 * thprace_ptes_below() - is there a page table below a PMD entry?
 * @mm: mmap_lock held
 * @pmd: the entry
 * @old: out, what it holds; to be compared again under @ptlp
 * @ptlp: out, the page table's lock, not taken
 */
bool thprace_ptes_below(struct mm_struct *mm, pmd_t *pmd, pmd_t *old, spinlock_t **ptlp)
{
	*old = READ_ONCE(*pmd);
	if (pmd_none(*old) || !pmd_present(*old) || pmd_trans_huge(*old) || pmd_bad(*old))
		return false;
	*ptlp = pte_lockptr(mm, old);
	return true;
}

/**
 * thprace_ptl_held() - is a lock of the page tables at an address held?
 * @mm: of a lane that is parked with such a lock of this mm held
 * @addr: PMD-aligned
 *
 * Context: interrupts off; the lane stays parked meanwhile.
 */
bool thprace_ptl_held(struct mm_struct *mm, unsigned long addr)
{
	pmd_t *pmd = thprace_find_pmd(mm, addr), val;
	spinlock_t *ptl;	/* of the page table */

	if (!pmd)
		return false;
	return thprace_spinlock_held(pmd_lockptr(mm, pmd)) ||
	       (thprace_ptes_below(mm, pmd, &val, &ptl) && thprace_spinlock_held(ptl));
}

/**
 * thprace_bare_walk() - the least that looking at a huge page costs
 * @mm: user reference held
 * @addr: PMD-aligned
 *
 * mmap_lock, page table lock, and a look at the mapcount of each 4 KiB page
 * that is mapped, as /proc/PID/smaps does.  The yardstick for the check's cost.
 *
 * Context: process context. Return: sum of what it read (so that it is read).
 */
u64 thprace_bare_walk(struct mm_struct *mm, unsigned long addr)
{
	struct page *page;
	unsigned int i;
	spinlock_t *ptl;	/* of the page table */
	u64 sum = 0;
	pmd_t *pmd, val;
	pte_t *pte;

	if (mmap_write_lock_killable(mm))
		return 0;
	pmd = thprace_find_pmd(mm, addr);
	if (!pmd)
		goto out;
	ptl = pmd_lock(mm, pmd);
	if (pmd_present(*pmd) && pmd_trans_huge(*pmd)) {
		page = pmd_page(*pmd);
		for (i = 0; i < THPRACE_HPAGE_NR; i++)
			sum += atomic_read(&page[i]._mapcount) + page_ref_count(page + i);
	}
	spin_unlock(ptl);
	if (!thprace_ptes_below(mm, pmd, &val, &ptl))
		goto out;
	spin_lock(ptl);
	pte = pte_offset_kernel(&val, addr);
	for (i = 0; i < THPRACE_HPAGE_NR && pmd_same(val, READ_ONCE(*pmd)); i++) {
		pte_t entry = READ_ONCE(pte[i]);

		if (!pte_present(entry) || pte_special(entry))
			continue;
		page = pte_page(entry);
		sum += atomic_read(&page->_mapcount) + page_ref_count(page);
	}
	spin_unlock(ptl);
out:
	mmap_write_unlock(mm);
	return sum;
}

/* What one leaf adds to MM_ANONPAGES and MM_SHMEMPAGES. */
static void count_page(struct page *page, long nr, long *anon, long *shmem)
{
	struct folio *folio = page_folio(page);

	if (folio_test_anon(folio))
		*anon += nr;
	else if (folio_test_swapbacked(folio))
		*shmem += nr;
}

/* The same for the page table below a PMD entry, [addr, end). */
static void count_ptes(struct mm_struct *mm, pmd_t *pmd, unsigned long addr,
		       unsigned long end, long *anon, long *shmem)
{
	spinlock_t *ptl;	/* of the page table */
	pmd_t val;
	pte_t *pte;

	if (!thprace_ptes_below(mm, pmd, &val, &ptl))
		return;
	spin_lock(ptl);
	pte = pte_offset_kernel(&val, addr);
	for (; addr < end && pmd_same(val, READ_ONCE(*pmd)); addr += PAGE_SIZE, pte++) {
		pte_t entry = READ_ONCE(*pte);
		struct page *page = NULL;

		if (pte_none(entry))
			continue;
		if (!pte_present(entry))
			page = thprace_pte_migration_page(entry);
		else if (!pte_special(entry) && pfn_valid(pte_pfn(entry)))
			page = pte_page(entry);
		if (page)
			count_page(page, 1, anon, shmem);
	}
	spin_unlock(ptl);
}

/**
 * thprace_count_rss() - anonymous and shmem pages in the page tables of an mm
 * @mm: mmap_lock held for write
 * @anon: out, pages; present and migration entries
 * @shmem: out, pages
 *
 * Pages that a driver put into a VM_MIXEDMAP area are neither.
 *
 * Context: process context.
 */
void thprace_count_rss(struct mm_struct *mm, long *anon, long *shmem)
{
	struct vm_area_struct *vma;
	unsigned long addr;

	*anon = 0;
	*shmem = 0;
	for (vma = find_vma(mm, 0); vma; vma = find_vma(mm, vma->vm_end)) {
		vma_start_write(vma);
		if (is_vm_hugetlb_page(vma) || (vma->vm_flags & VM_PFNMAP))
			continue;
		for (addr = vma->vm_start; addr < vma->vm_end;
		     addr = (addr & PMD_MASK) + PMD_SIZE) {
			pmd_t *pmd = thprace_find_pmd(mm, addr);
			unsigned long end = min((addr & PMD_MASK) + PMD_SIZE, vma->vm_end);
			struct page *page;
			spinlock_t *ptl;	/* of the page table */
			pmd_t val;

			if (!pmd)
				continue;
			val = READ_ONCE(*pmd);
			if (pmd_none(val))
				continue;
			ptl = pmd_lock(mm, pmd);
			val = READ_ONCE(*pmd);
			page = NULL;
			if (pmd_present(val) && pmd_trans_huge(val))
				page = pmd_page(val);
			else if (!pmd_none(val) && !pmd_present(val))
				page = thprace_pmd_migration_page(val);
			if (page)
				count_page(page, HPAGE_PMD_NR, anon, shmem);
			spin_unlock(ptl);
			if (page)
				continue;
			count_ptes(mm, pmd, addr, end, anon, shmem);
			addr = end - 1;
			cond_resched();
		}
	}
}
