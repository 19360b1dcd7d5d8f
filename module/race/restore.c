// SPDX-License-Identifier: GPL-2.0
/*
 * restore.c - makes a huge page what it was before a round emptied it
 *
 * Or says that it can't be: memory that other mms share is never replaced by
 * private memory, and no mapping by one that lacks a property.
 */
#include <linux/bitmap.h>
#include <linux/err.h>
#include <linux/mempolicy.h>
#include <linux/mman.h>
#include <linux/uaccess.h>
#include <linux/userfaultfd_k.h>

#include "compat/sym.h"
#include "mm/huge.h"
#include "race/restore.h"

/* What the kernel sets by itself, and may set otherwise the next time. */
#define OWN_FLAGS	(VM_SOFTDIRTY | VM_ACCOUNT)

/* What mmap() gives a mapping, and the protection that is asked for. */
#define MMAP_FLAGS	(VM_READ | VM_WRITE | VM_EXEC | VM_MAYREAD | VM_MAYWRITE |	\
			 VM_MAYEXEC | VM_LOCKED | VM_NORESERVE)

/* What madvise() gives it. */
static const struct {
	unsigned long flag;
	int advice;
} advices[] = {
	{ VM_NOHUGEPAGE, MADV_NOHUGEPAGE },
	{ VM_HUGEPAGE, MADV_HUGEPAGE },
	{ VM_DONTCOPY, MADV_DONTFORK },
	{ VM_DONTDUMP, MADV_DONTDUMP },
	{ VM_WIPEONFORK, MADV_WIPEONFORK },
	{ VM_MERGEABLE, MADV_MERGEABLE },
	{ VM_SEQ_READ, MADV_SEQUENTIAL },
	{ VM_RAND_READ, MADV_RANDOM },
};

/* Has it nothing but what a new mapping can be given? */
static bool can_remap(struct vm_area_struct *vma)
{
	unsigned long known = MMAP_FLAGS | OWN_FLAGS;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(advices); i++)
		known |= advices[i].flag;
#ifdef CONFIG_ANON_VMA_NAME
	if (vma->anon_name)
		return false;
#endif
	return !(vma->vm_flags & ~known) && !vma_policy(vma) && !userfaultfd_armed(vma);
}

/**
 * thprace_shape_take() - what is a huge page like, before it is raced?
 * @shape: filled
 * @mm: user reference held by the caller
 * @addr: PMD-aligned
 *
 * Context: process context; takes mmap_lock for read. Return: 0 or -EINTR.
 */
int thprace_shape_take(struct thprace_shape *shape, struct mm_struct *mm,
		       unsigned long addr)
{
	struct vm_area_struct *vma;

	memset(shape, 0, sizeof(*shape));
	if (mmap_read_lock_killable(mm))
		return -EINTR;
	shape->shared = thprace_region_shared(mm, addr);
	vma = find_vma(mm, addr);
	if (vma && vma->vm_start <= addr && vma->vm_end >= addr + PMD_SIZE) {
		shape->vm_flags = vma->vm_flags;
		shape->remaps = can_remap(vma);
		/* userfaultfd would have the writer wait */
		shape->refaults = (vma->vm_flags & VM_WRITE) && !userfaultfd_armed(vma);
	}
	mmap_read_unlock(mm);
	return 0;
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

static bool same_flags(struct mm_struct *mm, unsigned long addr, unsigned long flags)
{
	struct vm_area_struct *vma;
	bool same = false;

	if (mmap_read_lock_killable(mm))
		return false;
	vma = find_vma(mm, addr);
	if (vma && vma->vm_start <= addr)
		same = !((vma->vm_flags ^ flags) & ~OWN_FLAGS);
	mmap_read_unlock(mm);
	return same;
}

/*
 * A new mapping at the same place, with the same properties.  Not over anything
 * that the process itself mapped in a hole in the meantime; what has been
 * plugged until that is seen stays so.
 */
static int remap(const struct thprace_shape *shape, struct thprace_target *t)
{
	unsigned long prot = 0, flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, got;
	unsigned int i;
	int ret = plug_holes(t);

	if (ret)
		return ret;
	prot |= shape->vm_flags & VM_READ ? PROT_READ : 0;
	prot |= shape->vm_flags & VM_WRITE ? PROT_WRITE : 0;
	prot |= shape->vm_flags & VM_EXEC ? PROT_EXEC : 0;
	flags |= shape->vm_flags & VM_LOCKED ? MAP_LOCKED : 0;
	flags |= shape->vm_flags & VM_NORESERVE ? MAP_NORESERVE : 0;
	got = vm_mmap(NULL, t->addr, PMD_SIZE, prot, flags, 0);
	if (IS_ERR_VALUE(got))
		return (int)got;
	for (i = 0; i < ARRAY_SIZE(advices); i++)
		if (shape->vm_flags & advices[i].flag)
			thprace_madvise(t->mm, t->addr, PMD_SIZE, advices[i].advice);
	if (same_flags(t->mm, t->addr, shape->vm_flags))
		return 0;
	vm_munmap(t->addr, PMD_SIZE);
	return THPRACE_USED_UP;
}

/*
 * Zap the rest and let a fault bring new memory.  The page table is still there,
 * so that is a small page; only a kernel with MADV_COLLAPSE (6.1) makes it huge.
 */
static int refault(struct thprace_target *t)
{
	int ret = thprace_madvise(t->mm, t->addr, PMD_SIZE, MADV_DONTNEED);

	/* locked memory stays as it is */
	return ret && ret != -EINTR ? THPRACE_USED_UP : ret;
}

static int collapse(struct thprace_target *t)
{
	int ret = thprace_madvise(t->mm, t->addr, PMD_SIZE, MADV_COLLAPSE);

	return ret && ret != -EINTR ? THPRACE_USED_UP : ret;
}

/**
 * thprace_restore() - make a huge page what it was before the round
 * @shape: what it was
 * @t: place, and the pages that were unmapped; its content is lost
 *
 * By a new mapping if that can be all that the old one was; else the old one
 * stays, if there is no hole in it.
 *
 * Context: a kernel thread that uses the mm.
 * Return: 0, THPRACE_USED_UP, or -EEXIST, -EINTR, -ENOMEM, -EFAULT.
 */
int thprace_restore(const struct thprace_shape *shape, struct thprace_target *t)
{
	int ret;

	if (shape->shared || !shape->refaults)
		return THPRACE_USED_UP;
	if (shape->remaps)
		ret = remap(shape, t);
	else if (bitmap_empty(t->gone, THPRACE_HPAGE_NR))
		ret = refault(t);
	else
		ret = THPRACE_USED_UP;
	if (ret)
		return ret;
	if (put_user((char)t->random, (char __user *)t->addr + (t->random >> 16) % PMD_SIZE))
		return fatal_signal_pending(current) ? -EINTR : -EFAULT;
	return shape->remaps ? 0 : collapse(t);
}
