// SPDX-License-Identifier: GPL-2.0
/*
 * ops.c - the table of ops, and those that the module does itself
 *
 * Called by worker.c (races) and command.c (single ops).  An op that a user
 * lane does by its own system calls is a row without functions.  Not here:
 * when an op runs.
 */
#include <linux/bitmap.h>
#include <linux/err.h>
#include <linux/mman.h>
#include <linux/uaccess.h>

#include "observe.h"

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

/* ---- split ---- */

static const char *split_why_not(void)
{
	return thprace_sym_missing(THPRACE_SYM_SPLIT);
}

/* The reference is taken ahead: finding the page needs mmap_lock. */
static enum thprace_result split_prepare(struct thprace_target *t)
{
	if (t->held)
		return THPRACE_RESULT_OK;
	t->held = thprace_find_huge(t->mm, t->addr, t->page);
	if (IS_ERR(t->held))
		t->held = NULL;
	return t->held ? THPRACE_RESULT_OK : THPRACE_RESULT_BUSY;
}

/* A reference and the folio lock are enough; mmap_lock is not held. */
static enum thprace_result split_act(struct thprace_target *t)
{
	struct page *page = t->held;
	struct folio *folio;
	int ret = -EBUSY;

	t->held = NULL;
	if (!page)
		return THPRACE_RESULT_BUSY;
	folio = page_folio(page);
	if (folio_lock_killable(folio)) {
		put_page(page);
		return THPRACE_RESULT_FAILED;
	}
	/* it can have been split between the look and the lock */
	if (page_folio(page) == folio && folio_test_large(folio) &&
	    !folio_test_writeback(folio) && folio_order(folio) > t->order)
		ret = thprace_split_page(page, t->order);
	folio_unlock(page_folio(page));
	put_page(page);
	if (!ret)
		thprace_stat_add(THPRACE_STAT_SPLITS, 1);
	if (ret == -EBUSY || ret == -EAGAIN)
		return THPRACE_RESULT_BUSY;
	return ret ? THPRACE_RESULT_FAILED : THPRACE_RESULT_OK;
}

/* ---- munmap, in the mm that the caller has made its own ---- */

/* Every way in which a piece of a huge page can lie in it. */
static enum thprace_result munmap_prepare(struct thprace_target *t)
{
	struct vm_area_struct *vma;
	unsigned int n = 1 + (t->random >> 8) % (THPRACE_HPAGE_NR - 1);

	t->every_other = false;
	switch (t->random % 7) {
	case 0:	/* head */
		t->start = 0;
		t->nr = n;
		break;
	case 1:	/* tail */
		t->start = THPRACE_HPAGE_NR - n;
		t->nr = n;
		break;
	case 2:	/* somewhere in the middle */
		t->start = 1 + (t->random >> 20) % (THPRACE_HPAGE_NR - 2);
		t->nr = 1 + n % (THPRACE_HPAGE_NR - t->start);
		break;
	case 3:	/* one page, first, last or any */
		t->start = n;
		t->nr = 1;
		break;
	case 4:
		t->start = 0;
		t->nr = 1;
		break;
	case 5:	/* every other page of a few */
		t->start = (t->random >> 20) % (THPRACE_HPAGE_NR - 16);
		t->nr = 16;
		t->every_other = true;
		break;
	case 6:	/* all of it */
		t->start = 0;
		t->nr = THPRACE_HPAGE_NR;
		break;
	}
	if (mmap_read_lock_killable(t->mm))
		return THPRACE_RESULT_FAILED;
	vma = find_vma(t->mm, t->addr);
	if (vma && vma->vm_start <= t->addr) {
		t->prot = ((vma->vm_flags & VM_READ) ? PROT_READ : 0) |
			  ((vma->vm_flags & VM_WRITE) ? PROT_WRITE : 0) |
			  ((vma->vm_flags & VM_EXEC) ? PROT_EXEC : 0);
	}
	mmap_read_unlock(t->mm);
	return THPRACE_RESULT_OK;
}

static enum thprace_result munmap_act(struct thprace_target *t)
{
	unsigned long addr = t->addr + t->start * PAGE_SIZE;
	unsigned int i, step = t->every_other ? 2 : t->nr, n = t->every_other ? 1 : t->nr;
	int ret = 0;

	for (i = 0; i < t->nr && !ret; i += step) {
		ret = vm_munmap(addr + i * PAGE_SIZE, n * PAGE_SIZE);
		if (!ret)
			bitmap_set(t->gone, t->start + i, n);
	}
	return ret ? THPRACE_RESULT_FAILED : THPRACE_RESULT_OK;
}

/* Something of ours in each hole, or -EEXIST: something else is there by now. */
static int plug_holes(struct thprace_target *t)
{
	unsigned int start, end;

	for (start = 0; ; start = end) {
		unsigned long addr, got, len;

		start = find_next_bit(t->gone, THPRACE_HPAGE_NR, start);
		if (start >= THPRACE_HPAGE_NR)
			return 0;
		end = find_next_zero_bit(t->gone, THPRACE_HPAGE_NR, start);
		addr = t->addr + start * PAGE_SIZE;
		len = (end - start) * PAGE_SIZE;
		got = vm_mmap(NULL, addr, len, PROT_NONE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, 0);
		if (IS_ERR_VALUE(got))
			return (int)got;
		if (got != addr) {
			vm_munmap(got, len);
			return -EEXIST;
		}
	}
}

/*
 * Fresh memory at the same place, and a fault so that it is huge again.  Not
 * over anything that the process itself mapped in a hole in the meantime; what
 * has been plugged until that is seen stays so.
 */
static int munmap_restore(struct thprace_target *t)
{
	unsigned long got;
	int ret = plug_holes(t);

	if (ret)
		return ret;
	got = vm_mmap(NULL, t->addr, PMD_SIZE, t->prot,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, 0);
	if (IS_ERR_VALUE(got))
		return (int)got;
	thprace_madvise(t->mm, t->addr, PMD_SIZE, MADV_HUGEPAGE);
	if (put_user((char)t->random, (char __user *)t->addr + (t->random >> 16) % PMD_SIZE))
		return -EFAULT;
	return 0;
}

/* ---- zap: MADV_DONTNEED of a piece, no anon_vma lock on the way ---- */

static const char *madvise_why_not(void)
{
	return thprace_sym_missing(THPRACE_SYM_MADVISE);
}

static enum thprace_result zap_act(struct thprace_target *t)
{
	unsigned long addr = t->addr + t->start * PAGE_SIZE;
	unsigned int i;
	int ret = 0;

	if (!t->every_other) {
		ret = thprace_madvise(t->mm, addr, t->nr * PAGE_SIZE, MADV_DONTNEED);
	} else {
		for (i = 0; i < t->nr && !ret; i += 2)
			ret = thprace_madvise(t->mm, addr + i * PAGE_SIZE, PAGE_SIZE,
					      MADV_DONTNEED);
	}
	return ret ? THPRACE_RESULT_FAILED : THPRACE_RESULT_OK;
}

/* ---- check: the quiesced check while others race; its locks keep them out ---- */

static enum thprace_result check_act(struct thprace_target *t)
{
	struct thprace_map region = { .addr = t->addr, .len = PMD_SIZE };
	struct thprace_check_req req = { .map = &region, .nr_maps = 1 };

	return thprace_check_maps(t->session, &req, &t->mm, 1) ?
	       THPRACE_RESULT_FAILED : THPRACE_RESULT_OK;
}

/* The order is the order of reports; names are ABI. */
const struct thprace_op thprace_ops[] = {
	{ "split", THPRACE_OP_KERNEL, false, true, split_prepare, split_act, NULL,
	  split_why_not },
	{ "munmap", THPRACE_OP_KERNEL, true, false, munmap_prepare, munmap_act, munmap_restore },
	{ "zap", THPRACE_OP_KERNEL, true, false, munmap_prepare, zap_act, munmap_restore,
	  madvise_why_not },
	{ "check", THPRACE_OP_KERNEL, false, false, NULL, check_act },
	{ "mremap", THPRACE_OP_USER, true },
	{ "fork", THPRACE_OP_USER },
	{ "exit", THPRACE_OP_USER, true },
	{ "fault", THPRACE_OP_USER },
	{ "cow", THPRACE_OP_USER },
	{ "mprotect", THPRACE_OP_USER },
	{ "mlock", THPRACE_OP_USER },
	{ "madvise", THPRACE_OP_USER },
	{ "pageout", THPRACE_OP_USER, true },
	{ "collapse", THPRACE_OP_USER },
	{ "gup", THPRACE_OP_USER },
	{ "migrate", THPRACE_OP_USER },
	{ "ksm", THPRACE_OP_USER },
	{ "reclaim", THPRACE_OP_USER, true },
	{ "punch", THPRACE_OP_USER, true },
	{ "truncate", THPRACE_OP_USER, true },
	{ "uffd", THPRACE_OP_USER },
	{ "softdirty", THPRACE_OP_USER },
};

const unsigned int thprace_nr_ops = ARRAY_SIZE(thprace_ops);
static_assert(ARRAY_SIZE(thprace_ops) <= THPRACE_MAX_OP_ROWS);

/**
 * thprace_op_find() - a row by its name
 * @name: as in op=
 *
 * Return: the row, or NULL.
 */
const struct thprace_op *thprace_op_find(const char *name)
{
	unsigned int i;

	for (i = 0; i < thprace_nr_ops; i++)
		if (!strcmp(thprace_ops[i].name, name))
			return &thprace_ops[i];
	return NULL;
}

/**
 * thprace_op_why_not() - why an op can't run on this kernel
 * @op: a row
 *
 * Return: NULL if it can, else a static text.
 */
const char *thprace_op_why_not(const struct thprace_op *op)
{
	return op->why_not ? op->why_not() : NULL;
}
