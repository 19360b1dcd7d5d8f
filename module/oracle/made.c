// SPDX-License-Identifier: GPL-2.0
/*
 * made.c - memory of the caller's own, taken through states that are known
 *
 * By what any process can do to its memory, and the split of a huge page.  That
 * it has come to a state is not claimed: the caller looks at the page tables.
 */
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/mman.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>

#include "compat/sym.h"
#include "mm/huge.h"
#include "mm/pgwalk.h"
#include "oracle/known.h"
#include "oracle/made.h"

/* How often a split is tried, and how long the lock of its folio is waited for. */
#define NR_TRIES	6
#define NR_LOCK_TRIES	100
#define LOCK_TRY_MS	10

static bool is_huge(unsigned long addr)
{
	enum thprace_level level;
	struct thprace_entry e;

	if (mmap_read_lock_killable(current->mm))
		return false;
	e = thprace_pgwalk_entry(current->mm, addr, &level);
	mmap_read_unlock(current->mm);
	return level == THPRACE_LEVEL_PMD && e.kind == THPRACE_ENTRY_PRESENT;
}

/**
 * thprace_made_pmd() - new memory, a huge page that a PMD leaf maps
 * @m: what was there before is unmapped
 *
 * No child gets it (MADV_DONTFORK), whatever other threads of the caller do.
 *
 * Context: process context; current has an mm.
 * Return: NULL, or a static text why not.
 */
const char *thprace_made_pmd(struct thprace_made *m)
{
	unsigned long map;

	thprace_made_end(m);
	if (thprace_sym_missing(THPRACE_SYM_MADVISE))
		return thprace_sym_missing(THPRACE_SYM_MADVISE);
	map = vm_mmap(NULL, 0, 2 * PMD_SIZE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, 0);
	if (IS_ERR_VALUE(map))
		return "not calibrated: no address space for a huge page";
	m->map = map;
	m->addr = ALIGN(map, PMD_SIZE);
	if (thprace_madvise(current->mm, m->addr, PMD_SIZE, MADV_DONTFORK))
		return "not calibrated: no huge page: its memory could not be kept from children";
	/* not everywhere: MADV_COLLAPSE may do without */
	thprace_madvise(current->mm, m->addr, PMD_SIZE, MADV_HUGEPAGE);
	if (put_user((char)1, (char __user *)m->addr))
		return "not calibrated: no memory for a huge page";
	if (!is_huge(m->addr))
		thprace_madvise(current->mm, m->addr, PMD_SIZE, MADV_COLLAPSE);
	return is_huge(m->addr) ? NULL : "not calibrated: no huge page";
}

/**
 * thprace_made_pte() - the same huge page, mapped by PTEs in two VMAs
 * @m: mapped by a PMD leaf
 *
 * Context: as thprace_made_pmd(). Return: NULL, or a static text why not.
 */
const char *thprace_made_pte(struct thprace_made *m)
{
	return thprace_madvise(current->mm, m->addr, PMD_SIZE / 2, MADV_DONTDUMP) ?
	       "its VMA could not be split" : NULL;
}

/* The VMA stays: another thread of the caller could map something in its place. */
static const char *make_hole(struct thprace_made *m, unsigned int nr)
{
	size_t hole = THPRACE_KNOWN_HOLE(nr) * PAGE_SIZE;

	return thprace_madvise(current->mm, m->addr + hole, hole, MADV_DONTNEED) ?
	       "it could not be unmapped in part" : NULL;
}

/**
 * thprace_made_part() - the same huge page, a quarter of it unmapped
 * @m: mapped by PTEs
 *
 * Context: as thprace_made_pmd(). Return: NULL, or a static text why not.
 */
const char *thprace_made_part(struct thprace_made *m)
{
	return make_hole(m, THPRACE_HPAGE_NR);
}

/* Nobody but the page tables and we refer to it; the folio is locked. */
static bool all_known(struct folio *folio)
{
	return folio_test_lru(folio) && !folio_test_swapcache(folio) &&
	       !folio_test_writeback(folio) &&
	       folio_ref_count(folio) == thprace_folio_mapcount(folio) + 1;
}

static int split_once(struct thprace_made *m, struct page *page, unsigned int order)
{
	struct folio *folio = page_folio(page);
	unsigned int tries;
	int ret = -EBUSY;
	bool known;

	for (tries = 0; !folio_trylock(folio); tries++) {
		if (tries == NR_LOCK_TRIES || fatal_signal_pending(current))
			return -EBUSY;
		msleep(LOCK_TRY_MS);
	}
	if (page_folio(page) == folio && folio_test_large(folio)) {
		known = all_known(folio);
		ret = thprace_split_page(page, order);
		folio = page_folio(page);
		m->nr_failed += ret && ret != -ENOMEM && known && all_known(folio);
	}
	folio_unlock(folio);
	return ret;
}

static const char *split_to(struct thprace_made *m, unsigned int order)
{
	struct page *page = thprace_find_huge(current->mm, m->addr, 0);

	m->nr_tries = 0;
	m->nr_failed = 0;
	if (IS_ERR_OR_NULL(page))
		return "no huge page that could be split";
	do {
		if (m->nr_tries) {
			thprace_lru_drain();
			msleep(1 << m->nr_tries);
		}
		m->last_try = split_once(m, page, order);
		m->nr_tries++;
	} while (m->last_try && m->nr_tries < NR_TRIES);
	put_page(page);
	return m->last_try ? "the huge page does not split" : NULL;
}

/**
 * thprace_made_page() - the huge page split into single pages
 * @m: a huge page
 *
 * Context: as thprace_made_pmd(). Return: NULL, or a static text why not.
 */
const char *thprace_made_page(struct thprace_made *m)
{
	return split_to(m, 0);
}

/**
 * thprace_made_small() - new memory, a huge page split into small folios
 * @m: what was there before is unmapped
 *
 * Only if thprace_split_has_order().
 *
 * Context: as thprace_made_pmd(). Return: NULL, or a static text why not.
 */
const char *thprace_made_small(struct thprace_made *m)
{
	const char *why = thprace_made_pmd(m);

	if (why)
		return why;
	thprace_lru_drain();
	return split_to(m, THPRACE_KNOWN_SMALL_ORDER);
}

/**
 * thprace_made_small_part() - a quarter of the first small folio unmapped
 * @m: split into small folios
 *
 * Context: as thprace_made_pmd(). Return: NULL, or a static text why not.
 */
const char *thprace_made_small_part(struct thprace_made *m)
{
	return make_hole(m, THPRACE_KNOWN_SMALL_NR);
}

/**
 * thprace_made_end() - unmap it
 * @m: nothing mapped afterwards
 *
 * Context: as thprace_made_pmd().
 */
void thprace_made_end(struct thprace_made *m)
{
	if (m->map)
		vm_munmap(m->map, 2 * PMD_SIZE);
	m->map = 0;
}
