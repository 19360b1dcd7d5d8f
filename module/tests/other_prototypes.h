/* SPDX-License-Identifier: GPL-2.0 */
/*
 * other_prototypes.h - a kernel that declares some functions with other parameters
 *
 * What module/compat/args.c includes first in the build that prototypes.sh tests.
 */
#define try_to_migrate				thprace_this_kernels_1
#define anon_vma_interval_tree_iter_next	thprace_this_kernels_2
#define do_madvise				thprace_this_kernels_3
#include <linux/mm.h>
#include <linux/rmap.h>
#undef try_to_migrate
#undef anon_vma_interval_tree_iter_next
#undef do_madvise

void try_to_migrate(struct mm_struct *mm, struct folio *folio, enum ttu_flags flags);
struct anon_vma_chain *anon_vma_interval_tree_iter_next(struct rb_root_cached *root,
							struct anon_vma_chain *avc,
							unsigned long start, unsigned long last);
int do_madvise(struct mm_struct *mm, unsigned long start, size_t len, int advice, bool wait);
