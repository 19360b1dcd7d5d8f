// SPDX-License-Identifier: GPL-2.0
/* huge.c - which memory can be raced, and the huge pages in it */
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/magic.h>

#include "mm/huge.h"
#include "mm/pgwalk.h"

static bool vma_is_tmpfs(struct vm_area_struct *vma)
{
	return vma->vm_file && file_inode(vma->vm_file)->i_sb->s_magic == TMPFS_MAGIC;
}

/**
 * thprace_vma_supported() - is this memory that we can race?
 * @vma: mmap_lock held
 * @shared: mappings of shmem are fine
 */
bool thprace_vma_supported(struct vm_area_struct *vma, bool shared)
{
	if (is_vm_hugetlb_page(vma) ||
	    (vma->vm_flags & (VM_IO | VM_PFNMAP | VM_MIXEDMAP | VM_DONTEXPAND)))
		return false;
	if (vma->vm_flags & (VM_GROWSDOWN | VM_GROWSUP))
		return false;
	return vma_is_anonymous(vma) ||
	       (shared && (vma->vm_flags & VM_SHARED) && vma_is_tmpfs(vma));
}

/* The huge zero page has no mapping; page table lock held. */
static struct page *get_huge(struct page *page)
{
	struct folio *folio = page_folio(page);

	if (folio_test_hugetlb(folio) || !thprace_folio_mapping_raw(folio) ||
	    !folio_try_get(folio))
		return NULL;
	return page;
}

/**
 * thprace_find_huge() - a page of the huge page at an address
 * @mm: user reference held by the caller
 * @addr: PMD-aligned
 * @index: which subpage
 *
 * Faults nothing in. A mapping by PTEs counts as well, when the page belongs
 * to a large folio.
 *
 * Context: process context; takes mmap_lock for read.
 * Return: the page, referenced; NULL (nothing huge there); or ERR_PTR(-EINTR).
 */
struct page *thprace_find_huge(struct mm_struct *mm, unsigned long addr,
			       unsigned int index)
{
	struct vm_area_struct *vma;
	struct page *page = NULL;
	spinlock_t *ptl;	/* of the page table */
	unsigned int i;
	pmd_t *pmd, val;
	pte_t *pte;

	if (mmap_read_lock_killable(mm))
		return ERR_PTR(-EINTR);
	/* proven before, but without the lock since */
	vma = find_vma(mm, addr);
	if (!vma || vma->vm_start >= addr + PMD_SIZE || !thprace_vma_supported(vma, true))
		goto out;
	pmd = thprace_find_pmd(mm, addr);
	if (!pmd)
		goto out;
	ptl = pmd_lock(mm, pmd);
	val = READ_ONCE(*pmd);
	if (pmd_present(val) && pmd_trans_huge(val))
		page = get_huge(pmd_page(val) + index);
	spin_unlock(ptl);
	if (page || !thprace_ptes_below(mm, pmd, &val, &ptl))
		goto out;
	spin_lock(ptl);
	pte = pte_offset_kernel(&val, addr);
	for (i = 0; i < THPRACE_HPAGE_NR && !page && pmd_same(val, READ_ONCE(*pmd)); i++) {
		pte_t entry = READ_ONCE(pte[(index + i) % THPRACE_HPAGE_NR]);

		if (pte_present(entry) && !pte_special(entry) && pfn_valid(pte_pfn(entry)) &&
		    PageCompound(pte_page(entry)))
			page = get_huge(pte_page(entry));
	}
	spin_unlock(ptl);
out:
	mmap_read_unlock(mm);
	return page;
}
