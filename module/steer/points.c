// SPDX-License-Identifier: GPL-2.0
/* points.c - the table of probe points */
#include <linux/mm.h>
#include <linux/uaccess.h>

#include "compat/peek.h"
#include "steer/lockcheck.h"
#include "steer/points.h"

#define SPLIT	THPRACE_SIDE_SPLIT
#define UNMAP	THPRACE_SIDE_UNMAP
#define OTHER	THPRACE_SIDE_OTHER

const struct thprace_phase thprace_phases[] = {
	/* split side, in the order in which they are met */
	{ "split_huge_page", SPLIT,
	  { "__folio_split", "split_huge_page_to_list_to_order", "split_huge_page_to_list" },
	  "the split begins; folio lock",
	  .section = THPRACE_SECTION_OUTSIDE },
	{ "folio_get_anon_vma", SPLIT, { "folio_get_anon_vma", "page_get_anon_vma" },
	  "before the anon_vma rwsem is taken for write; folio lock",
	  .section = THPRACE_SECTION_BEFORE },
	{ "try_to_migrate", SPLIT, { "try_to_migrate", "try_to_unmap" },
	  "unmap begins; folio lock, anon_vma rwsem for write", thprace_lockcheck_unmap,
	  .section = THPRACE_SECTION_UNMAP },
	{ "rmap_walk_anon", SPLIT, { "rmap_walk_anon" },
	  "a walk over the VMAs; folio lock, anon_vma rwsem" },
	{ "try_to_migrate_one", SPLIT, { "try_to_migrate_one", "try_to_unmap_one" },
	  "one VMA; folio lock, anon_vma rwsem for write" },
	{ "split_huge_pmd_address", SPLIT, { "split_huge_pmd_address" },
	  "the PMD is split before the unmap; folio lock, anon_vma rwsem for write" },
	{ "page_vma_mapped_walk", SPLIT, { "page_vma_mapped_walk" },
	  "looking for the entry; folio lock, anon_vma rwsem, then the page table lock",
	  .takes_ptl = true },
	{ "remap_page", SPLIT, { "remap_page" },
	  "refcounts are thawed, mappings come back; folio locks, anon_vma rwsem for write" },
	{ "remove_migration_ptes", SPLIT, { "remove_migration_ptes" },
	  "one folio is remapped; folio lock, anon_vma rwsem for write",
	  thprace_lockcheck_remap,
	  .section = THPRACE_SECTION_REMAP },
	{ "remove_migration_pte", SPLIT, { "remove_migration_pte" },
	  "in one VMA; folio lock, anon_vma rwsem for write" },
	{ "free_page_and_swap_cache", SPLIT,
	  { "free_folio_and_swap_cache", "free_page_and_swap_cache" },
	  "tail pages are released; anon_vma rwsem" },
	/* both */
	{ "split_huge_pmd", SPLIT | UNMAP, { "__split_huge_pmd" },
	  "a PMD mapping becomes PTEs; anon_vma rwsem or mmap_lock for write",
	  .takes_ptl = true },
	{ "remove_rmap_pmd", SPLIT | UNMAP, { "folio_remove_rmap_pmd", "page_remove_rmap" },
	  "a mapcount goes down; page table lock",
	  .ptl = true },
	{ "remove_rmap_ptes", SPLIT | UNMAP, { "folio_remove_rmap_ptes" },
	  "mapcounts go down; page table lock",
	  .ptl = true },
	{ "deferred_split", SPLIT | UNMAP,
	  { "deferred_split_folio", "deferred_split_huge_page" },
	  "a partly mapped folio is queued; page table lock",
	  .ptl = true },
	/* unmap side */
	{ "do_munmap", UNMAP, { "do_vmi_align_munmap", "do_mas_align_munmap", "__do_munmap" },
	  "munmap begins; mmap_lock for write",
	  .section = THPRACE_SECTION_OUTSIDE },
	{ "split_vma", UNMAP, { "__split_vma" }, "a VMA is split; mmap_lock for write",
	  .section = THPRACE_SECTION_OUTSIDE },
	{ "anon_vma_clone", UNMAP | OTHER, { "anon_vma_clone" },
	  "the new VMA joins the anon_vmas; mmap_lock for write",
	  .section = THPRACE_SECTION_OUTSIDE },
	{ "vma_prepare", UNMAP, { "vma_prepare", "__vma_adjust" },
	  "before the anon_vma rwsem is taken for write; mmap_lock for write",
	  .section = THPRACE_SECTION_BEFORE },
	{ "vma_adjust_trans_huge", UNMAP, { "vma_adjust_trans_huge" },
	  "a huge PMD across the boundary is split; mmap_lock and anon_vma rwsem for write" },
	{ "vma_complete", UNMAP, { "vma_complete" },
	  "before the anon_vma rwsem is released; mmap_lock, anon_vma rwsem for write",
	  .section = THPRACE_SECTION_COMPLETE },
	{ "anon_vma_tree_remove", UNMAP | OTHER,
	  { "anon_rmap_tree_remove", "anon_vma_interval_tree_remove" },
	  "a VMA leaves the anon_vma's tree; anon_vma rwsem for write",
	  thprace_lockcheck_tree,
	  .section = THPRACE_SECTION_REMOVE },
	{ "anon_vma_tree_insert", UNMAP | OTHER,
	  { "anon_rmap_tree_insert", "anon_vma_interval_tree_insert" },
	  "a VMA joins the anon_vma's tree; anon_vma rwsem for write",
	  thprace_lockcheck_tree,
	  .section = THPRACE_SECTION_INSERT },
	{ "unmap_vmas", UNMAP, { "unmap_vmas" },
	  "the zap begins; mmap_lock",
	  .section = THPRACE_SECTION_OUTSIDE },
	{ "unmap_page_range", UNMAP, { "unmap_page_range" }, "one VMA; mmap_lock" },
	{ "zap_huge_pmd", UNMAP, { "zap_huge_pmd" },
	  "a whole PMD is zapped; mmap_lock, page table lock not yet",
	  .takes_ptl = true },
	{ "free_pgtables", UNMAP, { "free_pgtables" },
	  "before VMAs leave the anon_vma; references still in mmu_gather" },
	{ "unlink_anon_vmas", UNMAP, { "unlink_anon_vmas" },
	  "before the anon_vma rwsem is taken for write",
	  .section = THPRACE_SECTION_OUTSIDE },
	{ "tlb_finish_mmu", UNMAP, { "tlb_finish_mmu" },
	  "before mmu_gather drops its references" },
	/* others that meet a split */
	{ "copy_huge_pmd", OTHER, { "copy_huge_pmd" },
	  "fork copies a PMD; both mmap_locks for write" },
	{ "anon_vma_fork", OTHER, { "anon_vma_fork" },
	  "fork makes the child's anon_vma; both mmap_locks for write" },
	{ "move_huge_pmd", OTHER, { "move_huge_pmd" },
	  "mremap moves a PMD; mmap_lock for write, rmap locks if it moves to the left",
	  thprace_lockcheck_move },
	{ "move_page_tables", OTHER, { "move_page_tables" },
	  "mremap moves mappings; mmap_lock for write" },
	{ "move_pages_huge_pmd", OTHER, { "move_pages_huge_pmd" },
	  "UFFDIO_MOVE moves a PMD; mmap_lock or VMA locks for read, folio lock, anon_vma rwsem",
	  .takes_ptl = true },
	{ "copy_page_range", OTHER, { "copy_page_range" },
	  "fork copies a VMA; both mmap_locks for write" },
	{ "do_huge_pmd_wp_page", OTHER, { "do_huge_pmd_wp_page" },
	  "write fault on a shared PMD; mmap_lock or VMA lock for read" },
	{ "do_wp_page", OTHER, { "do_wp_page" }, "write fault on a PTE; page table lock",
	  .ptl = true },
	{ "do_huge_pmd_anonymous_page", OTHER, { "do_huge_pmd_anonymous_page" },
	  "first touch; mmap_lock or VMA lock for read" },
	{ "change_huge_pmd", OTHER, { "change_huge_pmd" }, "mprotect; mmap_lock for write" },
	{ "madvise_free_huge_pmd", OTHER, { "madvise_free_huge_pmd" },
	  "MADV_FREE; mmap_lock for read" },
	{ "khugepaged_scan_pmd", OTHER, { "collapse_scan_pmd", "hpage_collapse_scan_pmd",
	  "khugepaged_scan_pmd" }, "khugepaged looks for pages; mmap_lock for read",
	  .about = THPRACE_ABOUT_MM_VMA_ADDR },
	{ "khugepaged_find_pmd", OTHER, { "mm_find_pmd" },
	  "khugepaged has come to this huge page's place; mmap_lock",
	  .about = THPRACE_ABOUT_MM_ADDR, .kthread = true },
	{ "collapse_huge_page", OTHER, { "collapse_huge_page" },
	  "small pages become a huge one; mmap_lock in turns",
	  .about = THPRACE_ABOUT_MM_ADDR },
	{ "hugepage_vma_revalidate", OTHER, { "hugepage_vma_revalidate" },
	  "the collapse has got the mmap_lock again; mmap_lock",
	  .about = THPRACE_ABOUT_MM_ADDR },
	{ "collapse_swapin", OTHER, { "__collapse_huge_page_swapin" },
	  "the collapse looks for entries that are not present; mmap_lock for read",
	  .about = THPRACE_ABOUT_MM_VMA_ADDR },
	{ "pmdp_collapse_flush", OTHER, { "pmdp_collapse_flush" },
	  "the collapse takes the page table away; mmap_lock, anon_vma rwsem for write",
	  thprace_lockcheck_collapse,
	  .section = THPRACE_SECTION_COLLAPSE, .about = THPRACE_ABOUT_VMA_ADDR },
	{ "flush_tlb_mm_range", OTHER, { "flush_tlb_mm_range" },
	  "entries of an mm were changed; mmap_lock, often the page table lock",
	  thprace_lockcheck_flush },
	{ "deferred_split_scan", OTHER, { "deferred_split_scan" }, "the shrinker; no lock" },
	{ "shmem_fallocate", OTHER, { "shmem_fallocate" }, "hole punching; no lock yet" },
	{ "shmem_undo_range", OTHER, { "shmem_undo_range", "shmem_truncate_range" },
	  "truncation; inode lock" },
	{ "migrate_pages", OTHER, { "migrate_pages" }, "migration of a list of folios" },
	{ "exit_mmap", OTHER, { "exit_mmap" }, "an mm goes away; no lock yet" },
	{ "gup_fast", OTHER, { "gup_fast_fallback", "internal_get_user_pages_fast" },
	  "references are about to be taken by a walk without locks; no lock" },
	{ "gup_slow", OTHER, { "__get_user_pages" },
	  "references are about to be taken, faults included; mmap_lock for read" },
	{ "follow_trans_huge_pmd", OTHER, { "follow_trans_huge_pmd" },
	  "GUP has found a huge PMD; mmap_lock for read, page table lock",
	  .ptl = true },
	{ "follow_page_pte", OTHER, { "follow_page_pte" },
	  "GUP looks for a PTE; mmap_lock for read, page table lock not yet",
	  .takes_ptl = true },
	{ "pin_pages", OTHER, { "io_pin_pages", "pin_user_pages" },
	  "pages are about to be pinned; no lock, or mmap_lock for read" },
	{ "unpin_user_page", OTHER, { "unpin_user_folio", "unpin_user_page" },
	  "a pin is about to go; no lock" },
	{ "pipe_buf_release", OTHER, { "page_cache_pipe_buf_release" },
	  "a pipe's reference is about to go; the pipe's mutex" },
	{ "try_to_merge_one_page", OTHER, { "try_to_merge_one_page" },
	  "KSM is about to merge a page, and splits what is huge; mmap_lock for read",
	  .about = THPRACE_ABOUT_VMA },
	{ "write_protect_page", OTHER, { "write_protect_page" },
	  "KSM write-protects a small page; mmap_lock for read, folio lock",
	  .about = THPRACE_ABOUT_VMA },
	{ "break_ksm", OTHER, { "break_ksm" },
	  "a KSM page is about to be unshared; mmap_lock" },
	{ "shrink_folio_list", OTHER, { "shrink_folio_list", "shrink_page_list" },
	  "reclaim of a list of folios; no lock yet" },
	{ "try_to_unmap", OTHER, { "try_to_unmap" },
	  "reclaim unmaps a folio; folio lock", thprace_lockcheck_swap },
};

const unsigned int thprace_nr_phases = ARRAY_SIZE(thprace_phases);
static_assert(ARRAY_SIZE(thprace_phases) <= THPRACE_MAX_PHASES);

/**
 * thprace_phase_find() - a row by its name
 * @name: as in schedules
 *
 * Return: its index, or -1.
 */
int thprace_phase_find(const char *name)
{
	unsigned int i;

	for (i = 0; i < thprace_nr_phases; i++)
		if (!strcmp(thprace_phases[i].name, name))
			return i;
	return -1;
}

/*
 * The VMA is an argument of a static function, whose prototype no header shows:
 * should it be something else on this kernel, it just does not compare equal.
 */
static bool vma_covers(const struct vm_area_struct *vma, struct mm_struct *mm,
		       unsigned long start, unsigned long end)
{
	unsigned long vm_start, vm_end;
	struct mm_struct *vm_mm;

	if (get_kernel_nofault(vm_mm, &vma->vm_mm) || vm_mm != mm ||
	    get_kernel_nofault(vm_start, &vma->vm_start) ||
	    get_kernel_nofault(vm_end, &vma->vm_end))
		return false;
	return vm_start < end && vm_end > start;
}

NOKPROBE_SYMBOL(vma_covers);

/**
 * thprace_phase_is_about() - is this entry about a huge page of an mm?
 * @phase: which
 * @fregs: of the function, whose arguments may be read
 * @mm: the mm
 * @addr: PMD-aligned, or 0: anywhere in the mm
 *
 * Context: probe handler, preemption off; a VMA among the arguments is stable,
 * as the function's caller holds a lock for that.
 */
bool thprace_phase_is_about(unsigned int phase, struct ftrace_regs *fregs,
			    struct mm_struct *mm, unsigned long addr)
{
	const struct vm_area_struct *vma = (void *)ftrace_regs_get_argument(fregs, 0);
	unsigned int nth = 1;

	switch (thprace_phases[phase].about) {
	case THPRACE_ABOUT_UNKNOWN:
		return false;
	case THPRACE_ABOUT_MM_VMA_ADDR:
		nth = 2;
		fallthrough;
	case THPRACE_ABOUT_MM_ADDR:
		if (ftrace_regs_get_argument(fregs, 0) != (unsigned long)mm)
			return false;
		break;
	case THPRACE_ABOUT_VMA_ADDR:
		if (!vma_covers(vma, mm, 0, ULONG_MAX))
			return false;
		break;
	case THPRACE_ABOUT_VMA:
		return vma_covers(vma, mm, addr, addr ? addr + PMD_SIZE : ULONG_MAX);
	}
	return !addr || (ftrace_regs_get_argument(fregs, nth) & PMD_MASK) == addr;
}

NOKPROBE_SYMBOL(thprace_phase_is_about);

/**
 * thprace_phase_side() - which ops pass a phase, as a word
 * @phase: which
 */
const char *thprace_phase_side(unsigned int phase)
{
	switch (thprace_phases[phase].sides) {
	case SPLIT:
		return "split";
	case UNMAP:
	case UNMAP | OTHER:
		return "unmap";
	case SPLIT | UNMAP:
		return "both";
	default:
		return "other";
	}
}
