/* SPDX-License-Identifier: GPL-2.0 */
/*
 * sums.h - what follows from an observation, for rules.c and controls.c alone
 */
#ifndef THPRACE_SUMS_H
#define THPRACE_SUMS_H

#include "oracle/rules.h"

#define FLAG(name)	(1U << THPRACE_OBS_##name)
#define CAP(name)	(1U << THPRACE_CAP_##name)

/* Order 0 and 1 folios have no deferred list. */
#define DEFERRED_MIN_NR	4

static inline s64 nr_mappings(const struct thprace_obs *obs)
{
	return (s64)obs->sum_ptes + obs->pmd_maps;
}

static inline u32 nr_pte_mapped(const struct thprace_obs *obs)
{
	u32 i, nr = 0;

	for (i = 0; i < obs->nr; i = obs->end[i])
		if (obs->ptes[i])
			nr += obs->end[i] - i;
	return nr;
}

/* References that the observation accounts for. */
static inline s64 known_refs(const struct thprace_obs *obs)
{
	s64 refs = nr_mappings(obs), mappings = refs;

	refs += obs->own_refs;
	if (obs->flags & FLAG(SWAPCACHE))
		return refs + obs->nr;
	if (!(obs->flags & FLAG(ANON)) && mappings) {
		/* Mapped and locked: not truncated, so in the page cache. */
		refs += obs->nr;
		if (obs->flags & FLAG(HAS_PRIVATE))
			refs++;
	}
	return refs;
}

/* Some pages mapped, and not all, as the kernel's rmap removal sees it. */
static inline bool is_partially_mapped(const struct thprace_obs *obs)
{
	u32 nr;

	if (obs->pmd_maps)
		return false;
	/* Without per-page counts the kernel compares sums. */
	nr = obs->caps & CAP(PAGE_MAPCOUNT) ? nr_pte_mapped(obs) : obs->sum_ptes;
	return nr && nr < obs->nr;
}

#endif /* THPRACE_SUMS_H */
