// SPDX-License-Identifier: GPL-2.0
/*
 * args.c - compares prototypes in the kernel's headers with those that we know
 *
 * Functions that are not exported are called, or their arguments read, by
 * their name alone.  A kernel in which such a function takes something else is
 * found out here, when the module is built for it.
 */
#include <linux/ftrace.h>
#include <linux/memcontrol.h>
#include <linux/stacktrace.h>

#include "compat.h"
#include "args.h"

#define SAME(function, ...)	\
	__builtin_types_compatible_p(typeof(function), __VA_ARGS__)

/* What a header of this kernel declares. */
static const struct {
	const char *symbol;
	bool same;
} protos[] = {
	{ "ftrace_location", SAME(ftrace_location, unsigned long (unsigned long)) },
#ifdef THPRACE_HAVE_TRY_TO_MIGRATE
	{ "try_to_migrate", SAME(try_to_migrate, void (struct folio *, enum ttu_flags)) },
#endif
#ifdef THPRACE_HAVE_DECL_TRY_TO_UNMAP
	{ "try_to_unmap", SAME(try_to_unmap, void (struct folio *, enum ttu_flags)) ||
			  SAME(try_to_unmap, bool (struct page *, enum ttu_flags)) },
#endif
#ifdef THPRACE_HAVE_DECL_REMOVE_MIGRATION_PTES
	{ "remove_migration_ptes",
	  SAME(remove_migration_ptes, void (struct folio *, struct folio *, enum ttu_flags)) ||
	  SAME(remove_migration_ptes, void (struct folio *, struct folio *, int)) ||
	  SAME(remove_migration_ptes, void (struct folio *, struct folio *, bool)) ||
	  SAME(remove_migration_ptes, void (struct page *, struct page *, bool)) },
#endif
#ifdef THPRACE_HAVE_DECL_anon_vma_interval_tree_insert
	{ "anon_vma_interval_tree_insert",
	  SAME(anon_vma_interval_tree_insert,
	       void (struct anon_vma_chain *, struct rb_root_cached *)) },
#endif
#ifdef THPRACE_HAVE_DECL_anon_vma_interval_tree_remove
	{ "anon_vma_interval_tree_remove",
	  SAME(anon_vma_interval_tree_remove,
	       void (struct anon_vma_chain *, struct rb_root_cached *)) },
#endif
#ifdef THPRACE_HAVE_DECL_anon_vma_interval_tree_iter_first
	{ "anon_vma_interval_tree_iter_first",
	  SAME(anon_vma_interval_tree_iter_first,
	       struct anon_vma_chain *(struct rb_root_cached *, unsigned long,
				       unsigned long)) },
#endif
#ifdef THPRACE_HAVE_DECL_anon_vma_interval_tree_iter_next
	{ "anon_vma_interval_tree_iter_next",
	  SAME(anon_vma_interval_tree_iter_next,
	       struct anon_vma_chain *(struct anon_vma_chain *, unsigned long,
				       unsigned long)) },
#endif
#ifdef THPRACE_HAVE_DECL_anon_rmap_tree_insert
	{ "anon_rmap_tree_insert",
	  SAME(anon_rmap_tree_insert, void (struct anon_vma_chain *, struct anon_vma *)) },
#endif
#ifdef THPRACE_HAVE_DECL_anon_rmap_tree_remove
	{ "anon_rmap_tree_remove",
	  SAME(anon_rmap_tree_remove, void (struct anon_vma_chain *, struct anon_vma *)) },
#endif
#ifdef THPRACE_HAVE_DECL_anon_rmap_tree_iter_first
	{ "anon_rmap_tree_iter_first",
	  SAME(anon_rmap_tree_iter_first,
	       struct anon_vma_chain *(struct anon_vma *, pgoff_t, pgoff_t)) },
#endif
#ifdef THPRACE_HAVE_DECL_anon_rmap_tree_iter_next
	{ "anon_rmap_tree_iter_next",
	  SAME(anon_rmap_tree_iter_next,
	       struct anon_vma_chain *(struct anon_vma_chain *, pgoff_t, pgoff_t)) },
#endif
#ifdef THPRACE_HAVE_DECL_mapping_rmap_tree_iter_first
	{ "mapping_rmap_tree_iter_first",
	  SAME(mapping_rmap_tree_iter_first,
	       struct vm_area_struct *(struct address_space *, pgoff_t, pgoff_t)) },
#endif
#ifdef THPRACE_HAVE_DECL_mapping_rmap_tree_iter_next
	{ "mapping_rmap_tree_iter_next",
	  SAME(mapping_rmap_tree_iter_next,
	       struct vm_area_struct *(struct vm_area_struct *, pgoff_t, pgoff_t)) },
#endif
#ifdef THPRACE_HAVE_DECL_vma_interval_tree_iter_first
	{ "vma_interval_tree_iter_first",
	  SAME(vma_interval_tree_iter_first,
	       struct vm_area_struct *(struct rb_root_cached *, unsigned long,
				       unsigned long)) },
#endif
#ifdef THPRACE_HAVE_DECL_vma_interval_tree_iter_next
	{ "vma_interval_tree_iter_next",
	  SAME(vma_interval_tree_iter_next,
	       struct vm_area_struct *(struct vm_area_struct *, unsigned long,
				       unsigned long)) },
#endif
#ifdef THPRACE_HAVE_DECL_MOVE_HUGE_PMD
	{ "move_huge_pmd",
	  SAME(move_huge_pmd, bool (struct vm_area_struct *, unsigned long, unsigned long,
				    pmd_t *, pmd_t *)) },
#endif
#ifdef THPRACE_HAVE_DECL_PMDP_COLLAPSE_FLUSH
	{ "pmdp_collapse_flush",
	  SAME(pmdp_collapse_flush, pmd_t (struct vm_area_struct *, unsigned long, pmd_t *)) },
#endif
#ifdef THPRACE_HAVE_FLUSH_TLB_MM_RANGE
	{ "flush_tlb_mm_range", true },	/* hidden from modules: compared as text */
#endif
#ifdef THPRACE_HAVE_DECL_DO_MADVISE
	{ "do_madvise", SAME(do_madvise, int (struct mm_struct *, unsigned long, size_t, int)) },
#endif
#ifdef THPRACE_HAVE_DECL_LRU_ADD_DRAIN_ALL
	{ "lru_add_drain_all", SAME(lru_add_drain_all, void (void)) },
#endif
#if defined(THPRACE_HAVE_DECL_PAGE_CGROUP_INO) && defined(CONFIG_MEMCG)
	{ "page_cgroup_ino", SAME(page_cgroup_ino, ino_t (struct page *)) },
#endif
#ifdef THPRACE_HAVE_DECL_STACK_TRACE_SAVE_TSK
	{ "stack_trace_save_tsk",
	  SAME(stack_trace_save_tsk, unsigned int (struct task_struct *, unsigned long *,
						   unsigned int, unsigned int)) },
#endif
#if defined(THPRACE_HAVE_SPLIT_TO_ORDER_UU)
	{ "__split_huge_page_to_list_to_order",
	  SAME(__split_huge_page_to_list_to_order,
	       int (struct page *, struct list_head *, unsigned int)) },
#elif defined(THPRACE_HAVE_SPLIT_TO_ORDER)
	{ "split_huge_page_to_list_to_order",
	  SAME(split_huge_page_to_list_to_order,
	       int (struct page *, struct list_head *, unsigned int)) },
#elif defined(THPRACE_HAVE_DECL_SPLIT_TO_LIST)
	{ "split_huge_page_to_list",
	  SAME(split_huge_page_to_list, int (struct page *, struct list_head *)) },
#endif
	{ }
};

/**
 * thprace_args_declared() - does a header of this kernel declare a function?
 * @symbol: its name
 */
bool thprace_args_declared(const char *symbol)
{
	unsigned int i;

	for (i = 0; protos[i].symbol; i++)
		if (!strcmp(protos[i].symbol, symbol))
			return true;
	return false;
}

/**
 * thprace_args_why_not() - why a function's parameters are not known
 * @symbol: its name
 *
 * Return: NULL if they are those that we know, else a static text.
 */
const char *thprace_args_why_not(const char *symbol)
{
	unsigned int i;

	for (i = 0; protos[i].symbol; i++)
		if (!strcmp(protos[i].symbol, symbol))
			return protos[i].same ? NULL : "declared here with another prototype";
	return "declared in no header, its parameters are not known";
}
