// SPDX-License-Identifier: GPL-2.0
/*
 * intact.c - folios that were seen mapped by a PMD leaf, and had no migration or
 * swap entries since
 *
 * Written by the check and by probe handlers.
 */
#include <linux/hash.h>
#include <linux/kprobes.h>

#include "oracle/intact.h"

#define NR_INTACT_BITS	10

static const struct thprace_intact_source *source;

/**
 * thprace_intact_init() - who knows about the probes
 * @src: static
 *
 * Context: module load.
 */
void thprace_intact_init(const struct thprace_intact_source *src)
{
	source = src;
}

/*
 * Head pfns of folios that a PMD leaf mapped while their lock was held, and
 * that lost no page since but by the removal of its mapping.  A hash in which
 * the newest wins: who is not in it is not known to be intact.  Written under
 * the folio lock, but for the clearing.
 */
static unsigned long intact[1 << NR_INTACT_BITS];
static u64 intact_missed;	/* probe hits that were missed when it was cleared last */

static unsigned long *intact_slot(unsigned long pfn)
{
	return &intact[hash_long(pfn, NR_INTACT_BITS)];
}

/**
 * thprace_intact_clear() - forget all of them
 *
 * The probes have just been placed, or have missed something.
 */
void thprace_intact_clear(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(intact); i++)
		WRITE_ONCE(intact[i], 0);
}

/**
 * thprace_intact_note() - a folio is mapped by a PMD leaf, in no swap cache
 * @pfn: of its head
 *
 * Context: process context, folio lock held.
 */
void thprace_intact_note(unsigned long pfn)
{
	u64 missed = source->missed();

	if (missed != READ_ONCE(intact_missed)) {
		thprace_intact_clear();
		WRITE_ONCE(intact_missed, missed);
	}
	if (source->sees_entries())
		WRITE_ONCE(*intact_slot(pfn), pfn);
}

/**
 * thprace_intact_since() - was it, and had it no migration or swap entries since?
 * @pfn: of its head
 *
 * Context: process context, folio lock held.
 */
bool thprace_intact_since(unsigned long pfn)
{
	return READ_ONCE(*intact_slot(pfn)) == pfn &&
	       source->missed() == READ_ONCE(intact_missed);
}

/**
 * thprace_intact_end() - it gets entries that can be zapped without a trace
 * @folio: locked
 *
 * Context: any; probe handlers.
 */
void thprace_intact_end(struct folio *folio)
{
	unsigned long pfn = folio_pfn(folio);
	unsigned long *slot = intact_slot(pfn);

	if (READ_ONCE(*slot) == pfn)
		cmpxchg(slot, pfn, 0UL);
}

NOKPROBE_SYMBOL(thprace_intact_end);
