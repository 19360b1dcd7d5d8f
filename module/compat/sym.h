/* SPDX-License-Identifier: GPL-2.0 */
/*
 * sym.h - kernel functions that are not exported
 *
 * Resolved once at load through kprobes and called through static calls, so
 * that no indirect call meets a sealed ENDBR on an IBT kernel.  Whether a
 * function was found is asked with thprace_sym_missing().
 */
#ifndef THPRACE_SYM_H
#define THPRACE_SYM_H

#include <linux/mman.h>

#include "compat.h"

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE	25	/* uapi; EINVAL before 6.1 */
#endif

enum thprace_sym {
	THPRACE_SYM_SPLIT,
	THPRACE_SYM_ANON_IT_FIRST,
	THPRACE_SYM_ANON_IT_NEXT,
	THPRACE_SYM_FILE_IT_FIRST,
	THPRACE_SYM_FILE_IT_NEXT,
	THPRACE_SYM_LRU_DRAIN,
	THPRACE_SYM_MADVISE,
	THPRACE_SYM_STACK,
	THPRACE_SYM_FTRACE_LOCATION,
	THPRACE_SYM_CGROUP_INO,
	THPRACE_NR_SYMS
};

int thprace_sym_init(void);
unsigned long thprace_sym_exact(const char *name);
unsigned long thprace_sym_clone(const char *name);
const char *thprace_sym_missing(enum thprace_sym sym);

int thprace_split_page(struct page *page, unsigned int order);
bool thprace_split_has_order(void);
struct anon_vma_chain *thprace_anon_it_first(struct anon_vma *anon_vma,
					     pgoff_t first, pgoff_t last);
struct anon_vma_chain *thprace_anon_it_next(struct anon_vma_chain *avc,
					    pgoff_t first, pgoff_t last);
struct vm_area_struct *thprace_file_it_first(struct address_space *mapping,
					     pgoff_t first, pgoff_t last);
struct vm_area_struct *thprace_file_it_next(struct vm_area_struct *vma,
					    pgoff_t first, pgoff_t last);
void thprace_lru_drain(void);
bool thprace_sleeps_in_folio_lock(struct task_struct *task);
unsigned int thprace_stack_of(struct task_struct *task, unsigned long *stack, unsigned int size);
unsigned long thprace_ftrace_location(unsigned long addr);
u64 thprace_cgroup_ino(struct page *page);
int thprace_madvise(struct mm_struct *mm, unsigned long start, size_t len, int advice);

#endif /* THPRACE_SYM_H */
