/* SPDX-License-Identifier: GPL-2.0 */
/* The files of /proc about pages: pagemap, kpageflags, kpagecount */
#ifndef THPRACE_PROC_PAGE_H
#define THPRACE_PROC_PAGE_H

#include "util.h"

#define PM_PFRAME_MASK		(BIT_ULL(55) - 1)
#define PM_SWAP_TYPE		31		/* types from MAX_SWAPFILES on are no swap */
#define PM_SOFT_DIRTY		BIT_ULL(55)
#define PM_EXCLUSIVE		BIT_ULL(56)
#define PM_UFFD_WP		BIT_ULL(57)
#define PM_FILE			BIT_ULL(61)
#define PM_SWAP			BIT_ULL(62)
#define PM_PRESENT		BIT_ULL(63)

/* Bits of kpageflags. */
#define KPF_DIRTY		4
#define KPF_LRU			5
#define KPF_ACTIVE		6
#define KPF_WRITEBACK		8
#define KPF_ANON		12
#define KPF_SWAPCACHE		13
#define KPF_SWAPBACKED		14
#define KPF_COMPOUND_HEAD	15
#define KPF_COMPOUND_TAIL	16
#define KPF_HUGE		17
#define KPF_UNEVICTABLE		18
#define KPF_KSM			21
#define KPF_THP			22
#define KPF_ZERO_PAGE		24
#define KPF_MLOCKED		33

int pagemap_entries(const void *addr, u64 *entry, unsigned int nr);
int page_flags(u64 pfn, u64 *flags, unsigned int nr);
int page_count(u64 pfn, u64 *count);

#endif /* THPRACE_PROC_PAGE_H */
