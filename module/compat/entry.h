/* SPDX-License-Identifier: GPL-2.0 */
/*
 * entry.h - what a page table entry is
 *
 * The only place that takes an entry apart.
 */
#ifndef THPRACE_ENTRY_H
#define THPRACE_ENTRY_H

#include "compat/peek.h"

enum thprace_entry_kind {
	THPRACE_ENTRY_NONE,
	THPRACE_ENTRY_PRESENT,		/* maps a page, and counts as its mapping */
	THPRACE_ENTRY_SPECIAL,		/* maps a frame without counting: zero page, PFN map */
	THPRACE_ENTRY_MIGRATION,
	THPRACE_ENTRY_DEVICE_PRIVATE,
	THPRACE_ENTRY_DEVICE_EXCLUSIVE,
	THPRACE_ENTRY_HWPOISON,
	THPRACE_ENTRY_SWAP,
	THPRACE_ENTRY_MARKER,		/* guard page, uffd-wp or poison marker: no page */
	THPRACE_ENTRY_UNKNOWN,		/* a kind of a later kernel */
	THPRACE_NR_ENTRY_KINDS
};

/**
 * struct thprace_entry - one entry, taken apart
 * @kind:	what it is
 * @writable:	of a present one
 * @pfn:	of a present one, a migration, a device or a hwpoison entry
 */
struct thprace_entry {
	enum thprace_entry_kind kind;
	bool writable;
	unsigned long pfn;
};

#ifdef THPRACE_HAVE_LEAFOPS
static inline void thprace_leaf_entry(softleaf_t leaf, struct thprace_entry *e)
{
	if (softleaf_is_migration(leaf))
		e->kind = THPRACE_ENTRY_MIGRATION;
	else if (softleaf_is_device_private(leaf))
		e->kind = THPRACE_ENTRY_DEVICE_PRIVATE;
	else if (softleaf_is_device_exclusive(leaf))
		e->kind = THPRACE_ENTRY_DEVICE_EXCLUSIVE;
	else if (softleaf_is_hwpoison(leaf))
		e->kind = THPRACE_ENTRY_HWPOISON;
	else if (softleaf_is_marker(leaf))
		e->kind = THPRACE_ENTRY_MARKER;
	else if (softleaf_is_swap(leaf))
		e->kind = THPRACE_ENTRY_SWAP;
	else
		e->kind = THPRACE_ENTRY_UNKNOWN;
	if (softleaf_has_pfn(leaf))
		e->pfn = softleaf_to_pfn(leaf);
}

#define thprace_leaf_of_pte(pte)	softleaf_from_pte(pte)
#define thprace_leaf_of_pmd(pmd)	softleaf_from_pmd(pmd)
#else
#ifndef THPRACE_HAVE_DEVICE_EXCLUSIVE
static inline bool is_device_exclusive_entry(swp_entry_t entry)
{
	return false;
}
#endif
#ifndef THPRACE_HAVE_PTE_MARKER
static inline bool is_pte_marker_entry(swp_entry_t entry)
{
	return false;
}
#endif

/*
 * Not pfn_swap_entry_to_page(): it BUGs on a migration entry of an unlocked
 * page, which is just what the check migration_entry wants to report.
 */
static inline unsigned long thprace_leaf_pfn(swp_entry_t entry)
{
#if defined(THPRACE_HAVE_PFN_SWAP_ENTRY) && defined(SWP_PFN_MASK)
	return swp_offset(entry) & SWP_PFN_MASK;
#elif defined(SWP_PFN_BITS)
	return swp_offset_pfn(entry);
#else
	return swp_offset(entry);
#endif
}

static inline void thprace_leaf_entry(swp_entry_t leaf, struct thprace_entry *e)
{
	if (!non_swap_entry(leaf)) {
		e->kind = THPRACE_ENTRY_SWAP;
		return;
	}
	if (is_pte_marker_entry(leaf)) {
		e->kind = THPRACE_ENTRY_MARKER;
		return;
	}
	if (is_migration_entry(leaf))
		e->kind = THPRACE_ENTRY_MIGRATION;
	else if (is_device_private_entry(leaf))
		e->kind = THPRACE_ENTRY_DEVICE_PRIVATE;
	else if (is_device_exclusive_entry(leaf))
		e->kind = THPRACE_ENTRY_DEVICE_EXCLUSIVE;
	else if (is_hwpoison_entry(leaf))
		e->kind = THPRACE_ENTRY_HWPOISON;
	else
		e->kind = THPRACE_ENTRY_UNKNOWN;
	if (e->kind != THPRACE_ENTRY_UNKNOWN)
		e->pfn = thprace_leaf_pfn(leaf);
}

#define thprace_leaf_of_pte(pte)	pte_to_swp_entry(pte)
#define thprace_leaf_of_pmd(pmd)	pmd_to_swp_entry(pmd)
#endif

#ifndef THPRACE_HAVE_PMD_SPECIAL
/* Before 6.12 no PMD leaf maps frames that are not counted, but a device's. */
static inline bool pmd_special(pmd_t pmd)
{
	return false;
}
#endif

static inline struct thprace_entry thprace_pte_entry(pte_t pte)
{
	struct thprace_entry e = { .kind = THPRACE_ENTRY_NONE };

	if (pte_none(pte))
		return e;
	if (!pte_present(pte)) {
		thprace_leaf_entry(thprace_leaf_of_pte(pte), &e);
		return e;
	}
	e.pfn = pte_pfn(pte);
	e.writable = pte_write(pte);
	e.kind = pte_special(pte) || !pfn_valid(e.pfn) ? THPRACE_ENTRY_SPECIAL :
							 THPRACE_ENTRY_PRESENT;
	return e;
}

/* Of an entry that is no page table. */
static inline struct thprace_entry thprace_pmd_entry(pmd_t pmd)
{
	struct thprace_entry e = { .kind = THPRACE_ENTRY_NONE };

	if (pmd_none(pmd))
		return e;
	if (!pmd_present(pmd)) {
		thprace_leaf_entry(thprace_leaf_of_pmd(pmd), &e);
		return e;
	}
	e.pfn = pmd_pfn(pmd);
	e.writable = pmd_write(pmd);
	/* the huge zero page cannot be told here: its folio has no mapping */
	e.kind = pmd_special(pmd) || !pfn_valid(e.pfn) ? THPRACE_ENTRY_SPECIAL :
							 THPRACE_ENTRY_PRESENT;
	return e;
}

#endif /* THPRACE_ENTRY_H */
