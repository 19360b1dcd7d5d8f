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
 *
 * Context: any.
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

/*
 * A reference on page @i of what an entry maps, if that is a large folio; its
 * page table lock is held.  The huge zero page has no mapping.
 */
static struct page *get_huge(struct thprace_entry e, unsigned int i)
{
	struct folio *folio;
	struct page *page;

	if (e.kind != THPRACE_ENTRY_PRESENT)
		return NULL;
	page = pfn_to_page(e.pfn + i);
	folio = page_folio(page);
	if (!PageCompound(page) || folio_test_hugetlb(folio) ||
	    !thprace_folio_mapping_raw(folio) || !folio_try_get(folio))
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
	struct thprace_pgwalk w;
	unsigned int i;

	if (mmap_read_lock_killable(mm))
		return ERR_PTR(-EINTR);
	/* proven before, but without the lock since */
	vma = find_vma(mm, addr);
	if (!vma || vma->vm_start >= addr + PMD_SIZE || !thprace_vma_supported(vma, true))
		goto out;
	switch (thprace_pgwalk_lock(&w, mm, addr)) {
	case THPRACE_LEVEL_PMD:
		page = get_huge(thprace_pmd_entry(w.pmd), index);
		break;
	case THPRACE_LEVEL_PTE:
		for (i = 0; i < THPRACE_HPAGE_NR && !page; i++)
			page = get_huge(thprace_pte_entry(READ_ONCE(w.pte[(index + i) %
							  THPRACE_HPAGE_NR])), 0);
		break;
	case THPRACE_LEVEL_NONE:
		break;
	}
	thprace_pgwalk_unlock(&w);
out:
	mmap_read_unlock(mm);
	return page;
}

/* Is it of none of the folios that were found?  Mostly the last one's. */
static bool is_another(const struct thprace_large *found, unsigned int nr, struct page *page)
{
	while (nr)
		if (page_folio(found[--nr].page) == page_folio(page))
			return false;
	return true;
}

/**
 * thprace_find_folios() - a page of each large folio that is mapped at an address
 * @mm: user reference held by the caller
 * @addr: PMD-aligned
 * @found: filled: a page of each, referenced, and where it is mapped first
 *
 * Faults nothing in.  One for a huge page, whether a PMD maps it or PTEs; where
 * there are smaller ones, or parts of several, one for each of them.
 *
 * Context: process context; takes mmap_lock for read.
 * Return: how many, at most THPRACE_HPAGE_NR, or -EINTR.
 */
int thprace_find_folios(struct mm_struct *mm, unsigned long addr, struct thprace_large *found)
{
	struct vm_area_struct *vma;
	struct thprace_pgwalk w;
	struct page *page;
	unsigned int i;
	int nr = 0;

	if (mmap_read_lock_killable(mm))
		return -EINTR;
	vma = find_vma(mm, addr);
	if (!vma || vma->vm_start >= addr + PMD_SIZE || !thprace_vma_supported(vma, true))
		goto out;
	switch (thprace_pgwalk_lock(&w, mm, addr)) {
	case THPRACE_LEVEL_PMD:
		found[0].addr = addr;
		found[0].page = get_huge(thprace_pmd_entry(w.pmd), 0);
		nr = !!found[0].page;
		break;
	case THPRACE_LEVEL_PTE:
		for (i = 0; i < THPRACE_HPAGE_NR; i++) {
			page = get_huge(thprace_pte_entry(READ_ONCE(w.pte[i])), 0);
			if (!page)
				continue;
			if (is_another(found, nr, page)) {
				found[nr].addr = addr + i * PAGE_SIZE;
				found[nr++].page = page;
			} else {
				/* not the last reference: it is mapped */
				put_page(page);
			}
		}
		break;
	case THPRACE_LEVEL_NONE:
		break;
	}
	thprace_pgwalk_unlock(&w);
out:
	mmap_read_unlock(mm);
	return nr;
}

/* Is a page mapped more often than by the entry that it was found by?  Its lock is held. */
static bool page_shared(struct page *page)
{
	struct folio *folio = page_folio(page);
	s32 count[2];
	bool shared;
	u32 id[2];

	if (!folio_test_large(folio))
		return thprace_page_mapcount_raw(page) > 0;
	if (thprace_mm_ids(folio, id, count, &shared))
		return shared;
	return thprace_entire_mapcount_raw(folio) + 1 + thprace_page_mapcount_raw(page) + 1 -
	       thprace_double_map(folio) > 1;
}

/* The same of @nr pages that an entry maps; what cannot be told counts as shared. */
static bool entry_shared(struct thprace_entry e, unsigned int nr)
{
	struct page *page;
	unsigned int i;

	switch (e.kind) {
	case THPRACE_ENTRY_NONE:
	case THPRACE_ENTRY_SPECIAL:
	case THPRACE_ENTRY_MARKER:
		return false;
	case THPRACE_ENTRY_PRESENT:
		break;
	default:
		return true;
	}
	page = pfn_to_page(e.pfn);
	/* the huge zero page is everybody's, and no memory */
	if (!thprace_folio_mapping_raw(page_folio(page)))
		return false;
	for (i = 0; i < nr; i++)
		if (page_shared(page + i))
			return true;
	return false;
}

/**
 * thprace_region_shared() - is memory of a region also mapped elsewhere?
 * @mm: mmap_lock held
 * @addr: PMD-aligned
 *
 * What is swapped out or under migration may be mapped by others, too: it counts
 * as shared.
 *
 * Context: process context.
 */
bool thprace_region_shared(struct mm_struct *mm, unsigned long addr)
{
	struct thprace_pgwalk w;
	bool shared = false;
	unsigned int i;

	switch (thprace_pgwalk_lock(&w, mm, addr)) {
	case THPRACE_LEVEL_PMD:
		shared = entry_shared(thprace_pmd_entry(w.pmd), THPRACE_HPAGE_NR);
		break;
	case THPRACE_LEVEL_PTE:
		for (i = 0; i < THPRACE_HPAGE_NR && !shared; i++)
			shared = entry_shared(thprace_pte_entry(READ_ONCE(w.pte[i])), 1);
		break;
	case THPRACE_LEVEL_NONE:
		break;
	}
	thprace_pgwalk_unlock(&w);
	return shared;
}
