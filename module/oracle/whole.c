// SPDX-License-Identifier: GPL-2.0
/*
 * whole.c - folios that were seen mapped as a whole, and had no migration or
 * swap entries since
 *
 * Written by the check and by probe handlers.
 */
#include <linux/hash.h>
#include <linux/kprobes.h>

#include "oracle/whole.h"

#define NR_WHOLE_BITS	10

static const struct thprace_whole_source *source;

/**
 * thprace_whole_init() - who knows about the probes
 * @src: static
 *
 * Context: module load.
 */
void thprace_whole_init(const struct thprace_whole_source *src)
{
	source = src;
}

/*
 * Head pfns of folios that a PMD leaf mapped while their lock was held, and
 * that lost no page since but by the removal of its mapping.  A hash in which
 * the newest wins: who is not in it is not known to be whole.  Written under
 * the folio lock, but for the clearing.
 */
static unsigned long whole[1 << NR_WHOLE_BITS];
static u64 whole_missed;	/* probe hits that were missed when it was cleared last */

static unsigned long *whole_slot(unsigned long pfn)
{
	return &whole[hash_long(pfn, NR_WHOLE_BITS)];
}

/**
 * thprace_whole_clear() - forget all of them
 *
 * The probes have just been placed, or have missed something.
 */
void thprace_whole_clear(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(whole); i++)
		WRITE_ONCE(whole[i], 0);
}

/**
 * thprace_whole_note() - a folio is mapped by a PMD leaf, in no swap cache
 * @pfn: of its head
 *
 * Context: process context, folio lock held.
 */
void thprace_whole_note(unsigned long pfn)
{
	u64 missed = source->missed();

	if (missed != READ_ONCE(whole_missed)) {
		thprace_whole_clear();
		WRITE_ONCE(whole_missed, missed);
	}
	if (source->sees_entries())
		WRITE_ONCE(*whole_slot(pfn), pfn);
}

/**
 * thprace_whole_since() - was it, and had it no migration or swap entries since?
 * @pfn: of its head
 *
 * Context: process context, folio lock held.
 */
bool thprace_whole_since(unsigned long pfn)
{
	return READ_ONCE(*whole_slot(pfn)) == pfn &&
	       source->missed() == READ_ONCE(whole_missed);
}

/**
 * thprace_whole_end() - it gets entries that can be zapped without a trace
 * @folio: locked
 *
 * Context: any; probe handlers.
 */
void thprace_whole_end(struct folio *folio)
{
	unsigned long pfn = folio_pfn(folio);
	unsigned long *slot = whole_slot(pfn);

	if (READ_ONCE(*slot) == pfn)
		cmpxchg(slot, pfn, 0UL);
}

NOKPROBE_SYMBOL(thprace_whole_end);
