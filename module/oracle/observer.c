// SPDX-License-Identifier: GPL-2.0
/*
 * observer.c - what a check works with, kept by its session between checks
 */
#include <linux/hash.h>

#include "oracle/folio_obs.h"
#include "state/stats.h"

#define SEEN_BITS	(PMD_SHIFT - PAGE_SHIFT + 1)	/* slots for twice the pages of a region */

static size_t observer_bytes(const struct thprace_observer *o)
{
	return sizeof(*o) + o->set.room * sizeof(*o->set.view);
}

/**
 * thprace_observer_get() - an observer of a set of mms
 * @s: session that may keep one from the last time
 * @mms: given by the caller, who keeps a user reference on each
 * @nr: how many, at most THPRACE_MAX_MMS
 *
 * Context: process context. Return: the observer, or NULL (no memory).
 */
struct thprace_observer *thprace_observer_get(struct thprace_session *s,
					      struct mm_struct **mms, unsigned int nr)
{
	struct thprace_observer *o = xchg(&s->observer, NULL);

	if (!o) {
		o = kvzalloc(sizeof(*o), GFP_KERNEL);
		if (!o)
			return NULL;
	} else {
		thprace_stat_add(THPRACE_STAT_SESSION_BYTES, -(s64)observer_bytes(o));
	}
	if (thprace_mmset_init(&o->set, mms, nr)) {
		kvfree(o);
		return NULL;
	}
	thprace_stat_add(THPRACE_STAT_SESSION_BYTES, observer_bytes(o));
	return o;
}

/**
 * thprace_observer_put() - drop its references, and let the session keep it
 * @s: the session
 * @o: unlocked
 *
 * Context: process context; mmput() may tear down an mm.
 */
void thprace_observer_put(struct thprace_session *s, struct thprace_observer *o)
{
	thprace_mmset_drop(&o->set);
	thprace_observer_free(xchg(&s->observer, o));
}

/**
 * thprace_observer_free() - free an observer without references
 * @o: the observer, or NULL
 *
 * Context: process context.
 */
void thprace_observer_free(struct thprace_observer *o)
{
	if (!o)
		return;
	thprace_stat_add(THPRACE_STAT_SESSION_BYTES, -(s64)observer_bytes(o));
	thprace_mmset_free(&o->set);
	kvfree(o);
}

/**
 * thprace_observer_seen() - was a folio seen in this region before?
 * @o: the observer; remembers it
 * @pfn: of the folio's head
 */
bool thprace_observer_seen(struct thprace_observer *o, unsigned long pfn)
{
	unsigned int i = hash_long(pfn, SEEN_BITS), n;

	static_assert(ARRAY_SIZE(o->seen) == 1 << SEEN_BITS);
	for (n = 0; n < ARRAY_SIZE(o->seen); n++, i = (i + 1) % ARRAY_SIZE(o->seen)) {
		if (o->seen[i].generation != o->generation) {
			o->seen[i].generation = o->generation;
			o->seen[i].pfn = pfn;
			return false;
		}
		if (o->seen[i].pfn == pfn)
			return true;
	}
	return false;
}

/**
 * thprace_observer_forget() - a folio was not judged after all
 * @o: the observer
 * @pfn: of the folio's head
 */
void thprace_observer_forget(struct thprace_observer *o, unsigned long pfn)
{
	unsigned int i = hash_long(pfn, SEEN_BITS), n;

	for (n = 0; n < ARRAY_SIZE(o->seen); n++, i = (i + 1) % ARRAY_SIZE(o->seen))
		if (o->seen[i].pfn == pfn && o->seen[i].generation == o->generation) {
			o->seen[i].pfn = ~0UL;
			return;
		}
}
