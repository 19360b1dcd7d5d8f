// SPDX-License-Identifier: GPL-2.0
/*
 * The table of scenarios
 *
 * One row each: what it maps, who its lanes are, what they do, what must hold
 * after.  Not here: the acts (scenario_*.c) and the rounds (engine.c).
 */
#include <string.h>

#include "scenario.h"

/* What a lane of that op passes; not every kernel has all of them. */
#define PHASES_VMA \
	"split_vma anon_vma_clone vma_prepare vma_adjust_trans_huge vma_complete split_huge_pmd"
#define PHASES_PROTECT	PHASES_VMA " change_huge_pmd"
#define PHASES_ZAP \
	"split_huge_pmd unmap_page_range remove_rmap_pmd remove_rmap_ptes deferred_split " \
	"tlb_finish_mmu"
#define PHASES_MUNMAP \
	"do_munmap " PHASES_VMA " unmap_vmas unmap_page_range remove_rmap_pmd " \
	"remove_rmap_ptes deferred_split free_pgtables unlink_anon_vmas tlb_finish_mmu"
#define PHASES_MREMAP	PHASES_VMA " move_page_tables move_huge_pmd do_munmap unlink_anon_vmas"
#define PHASES_FORK	"anon_vma_fork anon_vma_clone copy_huge_pmd"
#define PHASES_COW	"do_huge_pmd_wp_page do_wp_page split_huge_pmd"
#define PHASES_RECLAIM \
	"shrink_folio_list madvise_free_huge_pmd split_huge_page split_huge_pmd page_vma_mapped_walk"
#define PHASES_SHRINK	"deferred_split_scan split_huge_page try_to_migrate shrink_folio_list"
#define PHASES_COLLAPSE	"khugepaged_scan_pmd collapse_huge_page"
#define PHASES_KHUGEPAGED \
	"khugepaged_find_pmd khugepaged_scan_pmd collapse_huge_page hugepage_vma_revalidate " \
	"collapse_swapin pmdp_collapse_flush"
#define PHASES_EXIT \
	"exit_mmap unmap_vmas unmap_page_range zap_huge_pmd remove_rmap_pmd free_pgtables " \
	"unlink_anon_vmas anon_vma_tree_remove tlb_finish_mmu"
#define PHASES_GUP \
	"gup_fast gup_slow follow_trans_huge_pmd follow_page_pte pipe_buf_release"
#define PHASES_PIN \
	"pin_pages gup_fast gup_slow follow_trans_huge_pmd follow_page_pte unpin_user_page"
#define PHASES_KSM	"try_to_merge_one_page write_protect_page break_ksm"
#define PHASES_MIGRATE	"migrate_pages split_huge_page rmap_walk_anon remove_migration_pte"
#define PHASES_SHMEM	"shmem_fallocate shmem_undo_range split_huge_page split_huge_pmd"
#define PHASES_PEERS \
	PHASES_SHMEM " do_munmap split_vma vma_adjust_trans_huge unmap_page_range " \
	"remove_rmap_pmd remove_rmap_ptes tlb_finish_mmu"

/*
 * Behind what its op takes of a split's locks: parked there it can wait until
 * the split has unmapped everything, and then go on among migration entries.
 */
#define INNER_MUNMAP	"unmap_vmas unmap_page_range zap_huge_pmd"
#define INNER_ZAP	"unmap_page_range zap_huge_pmd"
#define INNER_MREMAP	"move_page_tables"
#define INNER_FORK	"copy_huge_pmd"
#define INNER_COW	"do_huge_pmd_wp_page"
#define INNER_PROTECT	"change_huge_pmd"
#define INNER_RECLAIM	"shrink_folio_list"
#define INNER_COLLAPSE	"khugepaged_scan_pmd"
#define INNER_KHUGEPAGED "khugepaged_find_pmd khugepaged_scan_pmd"
#define INNER_EXIT	"exit_mmap unmap_vmas unmap_page_range zap_huge_pmd"
#define INNER_GUP	"gup_fast"
#define INNER_PIN	"pin_pages"

const struct scenario scenarios[] = {
	{
		.name = "split-munmap",
		.summary = "threads of one mm: split a huge page while a part of it is unmapped",
		.op = "munmap",
		.phases = PHASES_MUNMAP,
		.inner = INNER_MUNMAP,
		.plan = piece_plan,
		.act = munmap_act,
	}, {
		.name = "fork-munmap",
		.summary =
			"processes that share huge pages by fork each unmap a page of the same one at once",
		.op = "munmap",
		.phases = PHASES_MUNMAP,
		.inner = INNER_MUNMAP,
		.shape = SHAPE_PROCS,
		.scalable = true,
		.workers = 4,
		.thps = 16,
		.act = fork_munmap_act,
		.after = fork_write_own,
	}, {
		.name = "fork-zap",
		.summary =
			"the same with MADV_DONTNEED: discarded pages read as zero, in that process only",
		.op = "zap",
		.phases = PHASES_ZAP,
		.inner = INNER_ZAP,
		.shape = SHAPE_PROCS,
		.scalable = true,
		.workers = 4,
		.thps = 16,
		.act = fork_zap_act,
		.after = fork_write_own,
	}, {
		.name = "munmap-wide",
		.summary = "munmap of whole huge pages, and of parts of two neighbours at once",
		.op = "munmap",
		.phases = PHASES_MUNMAP " zap_huge_pmd",
		.inner = INNER_MUNMAP,
		.plan = piece_plan,
		.act = wide_act,
	}, {
		.name = "sibling-munmap",
		.summary =
			"processes that share huge pages by fork unmap pieces: head, tail, every other...",
		.op = "munmap",
		.phases = PHASES_MUNMAP,
		.inner = INNER_MUNMAP,
		.shape = SHAPE_PROCS,
		.scalable = true,
		.workers = 2,
		.plan = piece_plan,
		.act = munmap_act,
	}, {
		.name = "grandchild",
		.summary =
			"great-grandchildren unmap pieces: three generations of anon_vmas, all with pages",
		.op = "munmap",
		.phases = PHASES_MUNMAP,
		.inner = INNER_MUNMAP,
		.shape = SHAPE_PROCS,
		.depth = 3,
		.workers = 1,
		.plan = piece_plan,
		.act = munmap_act,
		.after = fork_write_own,
	}, {
		.name = "vma-merge",
		.summary =
			"VMAs merge by filling the hole between two, a boundary moves into the huge page",
		.op = "munmap",
		.alone = true,
		.phases = PHASES_MUNMAP " change_huge_pmd",
		.inner = INNER_MUNMAP,
		.plan = piece_plan,
		.act = merge_act,
	}, {
		.name = "zap",
		.summary =
			"threads of one mm: a part of the huge page is discarded with MADV_DONTNEED",
		.op = "zap",
		.phases = PHASES_ZAP,
		.inner = INNER_ZAP,
		.plan = piece_plan,
		.act = zap_act,
	}, {
		.name = "mremap",
		.summary = "the huge page or a part of it moves away, back, or onto itself",
		.op = "mremap",
		.phases = PHASES_MREMAP,
		.inner = INNER_MREMAP,
		.inner_times = 2,
		.setup = mremap_setup,
		.cleanup = mremap_cleanup,
		.plan = mremap_plan,
		.act = mremap_act,
		.after = mremap_after,
	}, {
		.name = "mremap-straddle",
		.summary =
			"the huge page moves to where its PTEs lie in two page tables, on, or home",
		.op = "mremap",
		.phases = PHASES_MREMAP,
		.setup = straddle_setup,
		.cleanup = straddle_cleanup,
		.plan = straddle_plan,
		.act = straddle_act,
		.after = straddle_after,
	}, {
		.name = "mremap-touch",
		.summary = "a huge page moves while another thread writes through its old address",
		.op = "mremap",
		.alone = true,
		.phases = PHASES_MREMAP,
		.inner = INNER_MREMAP,
		.workers = 2,
		.setup = stale_setup,
		.cleanup = stale_cleanup,
		.plan = stale_plan,
		.act = stale_act,
		.after = stale_after,
	}, {
		.name = "mremap-migrate",
		.summary = "a huge page moves away and back while it migrates to another node",
		.op = "mremap",
		.alone = true,
		.phases = PHASES_MREMAP,
		.inner = INNER_MREMAP,
		.inner_times = 2,
		.third = "try_to_migrate_one remove_migration_pte",
		.workers = 2,
		.why_not = migrate_why_not,
		.setup = mremap_setup,
		.cleanup = mremap_cleanup,
		.plan = migrating_plan,
		.act = migrating_act,
	}, {
		.name = "fork",
		.summary = "the process forks; the child writes and sees its own pages only",
		.op = "fork",
		.phases = PHASES_FORK,
		.inner = INNER_FORK,
		.setup = child_setup,
		.cleanup = child_cleanup,
		.map = fork_map,
		.plan = fork_plan,
		.act = fork_act,
		.after = fork_after,
	}, {
		.name = "exit",
		.summary = "a process that shares the huge page by fork ends",
		.op = "exit",
		.phases = PHASES_EXIT,
		.inner = INNER_EXIT,
		.setup = child_setup,
		.cleanup = child_cleanup,
		.plan = exit_plan,
		.act = exit_act,
	}, {
		.name = "exit-munmap",
		.summary =
			"three processes share the huge page by fork: one unmaps a part, one ends",
		.op = "munmap",
		.phases = PHASES_MUNMAP,
		.inner = INNER_MUNMAP,
		.phases_c = PHASES_EXIT,
		.inner_c = INNER_EXIT,
		.workers = 2,
		.thps = 4,
		.setup = child_setup,
		.cleanup = child_cleanup,
		.plan = leave_plan,
		.act = leave_act,
		.after = leave_after,
	}, {
		.name = "cow",
		.summary = "processes that share the huge page by fork write to it",
		.op = "cow",
		.phases = PHASES_COW,
		.inner = INNER_COW,
		.shape = SHAPE_PROCS,
		.scalable = true,
		.workers = 2,
		.act = cow_act,
	}, {
		.name = "mprotect",
		.summary = "VMAs split and merge over the huge page: mprotect",
		.op = "mprotect",
		.phases = PHASES_PROTECT,
		.inner = INNER_PROTECT,
		.plan = piece_plan,
		.act = mprotect_act,
	}, {
		.name = "mlock",
		.summary = "VMAs split and merge over the huge page: mlock",
		.op = "mlock",
		.alone = true,
		.phases = PHASES_VMA,
		.plan = piece_plan,
		.act = mlock_act,
	}, {
		.name = "madvise",
		.summary =
			"VMAs split and merge over the huge page: MADV_DONTFORK, MADV_NOHUGEPAGE...",
		.op = "madvise",
		.alone = true,
		.phases = PHASES_VMA,
		.plan = piece_plan,
		.act = madvise_act,
	}, {
		.name = "pageout",
		.summary =
			"pages are given up lazily, written again, reclaimed: MADV_FREE, MADV_PAGEOUT",
		.op = "pageout",
		.phases = PHASES_RECLAIM,
		.inner = INNER_RECLAIM,
		.why_not = pageout_why_not,
		.setup = pageout_setup,
		.cleanup = pageout_cleanup,
		.plan = piece_plan,
		.act = pageout_act,
	}, {
		.name = "lazyfree",
		.summary =
			"a whole huge page is given up lazily, some pages are written again: those stay",
		.op = "pageout",
		.alone = true,
		.phases = PHASES_RECLAIM,
		.inner = INNER_RECLAIM,
		.why_not = pageout_why_not,
		.setup = pageout_setup,
		.cleanup = pageout_cleanup,
		.plan = lazyfree_plan,
		.act = lazyfree_act,
		.after = lazyfree_after,
	}, {
		.name = "collapse",
		.summary = "what the split takes apart, MADV_COLLAPSE puts together",
		.op = "collapse",
		.phases = PHASES_COLLAPSE,
		.inner = INNER_COLLAPSE,
		.why_not = collapse_why_not,
		.plan = piece_plan,
		.act = collapse_act,
	}, {
		.name = "gup",
		.summary = "a pipe holds references on pages of the huge page (vmsplice)",
		.op = "gup",
		.phases = PHASES_GUP,
		.inner = INNER_GUP,
		.refs_held = true,
		.plan = piece_plan,
		.act = gup_act,
	}, {
		.name = "pin",
		.summary = "an io_uring pins pages of the huge page for long (FOLL_PIN)",
		.op = "gup",
		.phases = PHASES_PIN,
		.inner = INNER_PIN,
		.refs_held = true,
		.why_not = pin_why_not,
		.setup = pin_setup,
		.cleanup = pin_cleanup,
		.plan = pin_plan,
		.act = pin_act,
		.after = pin_after,
	}, {
		.name = "reclaim",
		.summary =
			"pressure in a cgroup of its own: the deferred-split shrinker, zero pages, swap",
		.op = "reclaim",
		.alone = true,
		.phases = PHASES_SHRINK,
		.why_not = reclaim_why_not,
		.setup = reclaim_setup,
		.cleanup = pageout_cleanup,
		.plan = piece_plan,
		.act = reclaim_act,
	}, {
		.name = "compact",
		.summary = "compaction moves the small pages that the split leaves",
		.op = "migrate",
		.phases = PHASES_MIGRATE,
		.refs_held = true,
		.why_not = compact_why_not,
		.act = compact_act,
	}, {
		.name = "khugepaged",
		.summary = "khugepaged puts together what the split takes apart",
		.op = "collapse",
		.phases = PHASES_KHUGEPAGED,
		.inner = INNER_KHUGEPAGED,
		.refs_held = true,
		.why_not = khugepaged_why_not,
		.setup = khugepaged_setup,
		.plan = khugepaged_plan,
		.act = khugepaged_act,
	}, {
		.name = "migrate",
		.summary = "pages of the huge page migrate to the other node",
		.op = "migrate",
		.alone = true,
		.phases = PHASES_MIGRATE,
		.why_not = migrate_why_not,
		.plan = piece_plan,
		.act = migrate_act,
	}, {
		.name = "mbind",
		.summary = "a memory policy for a part of the huge page takes its pages along",
		.op = "migrate",
		.phases = PHASES_MIGRATE " split_vma vma_adjust_trans_huge vma_complete",
		.why_not = migrate_why_not,
		.plan = piece_plan,
		.act = mbind_act,
	}, {
		.name = "ksm",
		.summary = "zero pages of the huge page merge and unmerge",
		.op = "ksm",
		.alone = true,
		.phases = PHASES_KSM,
		.refs_held = true,
		.why_not = ksm_why_not,
		.setup = ksm_setup,
		.cleanup = ksm_cleanup,
		.plan = ksm_plan,
		.act = ksm_act,
	}, {
		.name = "softdirty",
		.summary =
			"a write after soft-dirty bits were cleared must show after the split",
		.op = "softdirty",
		.phases = PHASES_COW,
		.inner = INNER_COW,
		.why_not = softdirty_why_not,
		.setup = track_setup,
		.cleanup = track_cleanup,
		.plan = softdirty_plan,
		.act = softdirty_act,
		.after = softdirty_after,
	}, {
		.name = "uffd-wp",
		.summary =
			"pages are write-protected by userfaultfd; the protection must survive the split",
		.op = "uffd",
		.phases = "change_huge_pmd split_huge_pmd",
		.why_not = uffd_why_not,
		.setup = uffd_setup,
		.cleanup = track_cleanup,
		.map = uffd_map,
		.plan = uffd_plan,
		.act = uffd_act,
		.after = uffd_after,
	}, {
		.name = "shmem-punch",
		.summary = "shared memory: a hole is punched",
		.op = "punch",
		.phases = PHASES_SHMEM,
		.why_not = shmem_why_not,
		.setup = file_setup,
		.cleanup = file_cleanup,
		.map = file_map,
		.file = true,
		.plan = piece_plan,
		.act = punch_act,
	}, {
		.name = "shmem-truncate",
		.summary = "shared memory: the file is cut and grown",
		.op = "truncate",
		.phases = PHASES_SHMEM,
		.why_not = shmem_why_not,
		.setup = file_setup,
		.cleanup = file_cleanup,
		.map = file_map,
		.file = true,
		.plan = piece_plan,
		.act = truncate_act,
	}, {
		.name = "shmem-munmap",
		.summary = "shared memory: a part is unmapped",
		.op = "munmap",
		.phases = PHASES_MUNMAP,
		.inner = INNER_MUNMAP,
		.why_not = shmem_why_not,
		.setup = file_setup,
		.cleanup = file_cleanup,
		.map = file_map,
		.file = true,
		.plan = piece_plan,
		.act = munmap_act,
	}, {
		.name = "shmem-peers",
		.summary =
			"shared memory: a process that only has the file unmaps, discards, removes a part",
		.op = "munmap",
		.phases = PHASES_PEERS,
		.shape = SHAPE_PEERS,
		.scalable = true,
		.why_not = shmem_why_not,
		.setup = peers_setup,
		.cleanup = file_cleanup,
		.map = peers_map,
		.attach = peers_attach,
		.file = true,
		.plan = peers_plan,
		.act = peers_act,
		.after = peers_after,
	}, {
		.name = "shmem-misaligned",
		.summary =
			"the same, and there it is mapped by PTEs only, in two page tables",
		.op = "munmap",
		.phases = PHASES_PEERS,
		.shape = SHAPE_PEERS,
		.scalable = true,
		.why_not = shmem_why_not,
		.setup = misaligned_setup,
		.cleanup = file_cleanup,
		.map = peers_map,
		.attach = misaligned_attach,
		.file = true,
		.plan = peers_plan,
		.act = peers_act,
		.after = peers_after,
	}, {
		.name = "shmem-pageout",
		.summary =
			"shared memory: pages that are dirty by their PMD alone go to swap and come back",
		.op = "pageout",
		.phases = "split_huge_page split_huge_pmd change_huge_pmd shrink_folio_list",
		.thps = 4,
		.why_not = shmem_pageout_why_not,
		.setup = file_pageout_setup,
		.cleanup = file_pageout_cleanup,
		.map = file_pageout_map,
		.file = true,
		.plan = file_pageout_plan,
		.act = file_pageout_act,
		.after = file_pageout_after,
	}, {
		.name = "storm",
		.summary = "random programs of all these ops; recorded, replayed, reduced",
		.op = "munmap",
		.phases = PHASES_MUNMAP,
		.inner = INNER_MUNMAP,
		.mixed = true,
		.setup = storm_setup,
		.cleanup = storm_cleanup,
		.plan = storm_plan,
		.act = storm_act,
	},
};

const unsigned int nr_scenarios = ARRAY_SIZE(scenarios);

const struct scenario *scenario_by_name(const char *name)
{
	unsigned int i;

	for (i = 0; i < nr_scenarios; i++) {
		if (!strcmp(scenarios[i].name, name))
			return &scenarios[i];
	}
	return NULL;
}

/**
 * scenario_why_not() - why it cannot run here, or NULL
 * @sc: scenario
 * @no_module: run without the module
 */
const char *scenario_why_not(const struct scenario *sc, bool no_module)
{
	if (env.no_thp[0])
		return env.no_thp;
	if (!no_module && !env.have_module)
		return env.no_module;
	if (no_module && sc->shape != SHAPE_PROCS && !env.have_split_file)
		return "nothing splits here without the module (split_huge_pages takes no pid)";
	return sc->why_not ? sc->why_not() : NULL;
}
