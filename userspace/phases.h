/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Phases that the lanes of several scenarios pass
 *
 * Not every kernel has all of them.
 */
#ifndef THPRACE_PHASES_H
#define THPRACE_PHASES_H

#define PHASES_VMA \
	"split_vma anon_vma_clone vma_prepare vma_adjust_trans_huge vma_complete split_huge_pmd"
#define PHASES_ZAP \
	"split_huge_pmd unmap_page_range remove_rmap_pmd remove_rmap_ptes deferred_split " \
	"tlb_finish_mmu"
#define PHASES_MUNMAP \
	"do_munmap " PHASES_VMA " unmap_vmas unmap_page_range remove_rmap_pmd " \
	"remove_rmap_ptes deferred_split free_pgtables unlink_anon_vmas tlb_finish_mmu"
#define PHASES_MREMAP	PHASES_VMA " move_page_tables move_huge_pmd do_munmap unlink_anon_vmas"
#define PHASES_COW	"do_huge_pmd_wp_page do_wp_page split_huge_pmd"
#define PHASES_MIGRATE	"migrate_pages split_huge_page rmap_walk_anon remove_migration_pte"
#define PHASES_SHMEM	"shmem_fallocate shmem_undo_range split_huge_page split_huge_pmd"

/*
 * Behind what its op takes of a split's locks: parked there it can wait until
 * the split has unmapped everything, and then go on among migration entries.
 */
#define INNER_MUNMAP	"unmap_vmas unmap_page_range zap_huge_pmd"
#define INNER_ZAP	"unmap_page_range zap_huge_pmd"
#define INNER_MREMAP	"move_page_tables"
#define INNER_COW	"do_huge_pmd_wp_page"

#endif /* THPRACE_PHASES_H */
