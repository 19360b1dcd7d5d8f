// SPDX-License-Identifier: GPL-2.0
/*
 * controls.c - the positive control of each rule: an observation, spoiled
 *
 * As little as will do, so that its own check must report, and no other.  Pure:
 * also built on the host.
 */
#include "oracle/sums.h"

/* Index of a mapped subpage, or obs->nr. */
static u32 first_mapped(const struct thprace_obs *obs)
{
	u32 i;

	if (obs->pmd_maps)
		return 0;
	for (i = 0; i < obs->nr; i = obs->end[i])
		if (obs->ptes[i])
			return i;
	return obs->nr;
}

static int spoil_page_mapcount(struct thprace_obs *obs)
{
	u32 i = first_mapped(obs);

	if (i == obs->nr)
		i = 0;
	thprace_obs_cut(obs, i, i + 1);
	obs->mapcount[i]++;
	return 0;
}

static int spoil_entire_mapcount(struct thprace_obs *obs)
{
	obs->entire_mapcount++;
	return 0;
}

static int spoil_large_mapcount(struct thprace_obs *obs)
{
	obs->large_mapcount++;
	return 0;
}

static int spoil_nr_pages_mapped(struct thprace_obs *obs)
{
	obs->nr_pages_mapped++;
	return 0;
}

static int spoil_mm_id(struct thprace_obs *obs)
{
	/* One more than the owner has; without an owner, one more than none. */
	obs->mm_id_mapcount[0] = obs->mm_id[0] ? (s32)obs->mm_maps[0] : 0;
	return 0;
}

static int spoil_refcount(struct thprace_obs *obs)
{
	obs->refcount = known_refs(obs) - 1;
	return 0;
}

static void put_bad(struct thprace_bad *bad, const struct thprace_obs *obs, s64 want, s64 got)
{
	u32 i = first_mapped(obs);

	bad->nr = 1;
	bad->index = i < obs->nr ? i : 0;
	bad->addr = obs->addr + (u64)bad->index * THPRACE_PAGE_SIZE;
	bad->want = want;
	bad->got = got;
}

static int spoil_rmap_census(struct thprace_obs *obs)
{
	put_bad(&obs->census_missing, obs, 1, 0);
	return 0;
}

static int spoil_rmap_linear(struct thprace_obs *obs)
{
	put_bad(&obs->linear, obs, 0, 1);
	return 0;
}

static int spoil_anon_vma_alive(struct thprace_obs *obs)
{
	put_bad(&obs->chain, obs, THPRACE_CHAIN_HAS, THPRACE_CHAIN_OTHERS);
	return 0;
}

static int spoil_pmd_geometry(struct thprace_obs *obs)
{
	if (!obs->pmd_maps)
		return -ENODATA;
	put_bad(&obs->geometry, obs, 0, 1);
	return 0;
}

static int spoil_anon_exclusive(struct thprace_obs *obs)
{
	u32 i = first_mapped(obs);

	if (i == obs->nr)
		return -ENODATA;
	thprace_obs_cut(obs, i, i + 1);
	obs->exclusive[i] = 0;
	if (obs->pmd_maps)
		obs->pmd_writable = true;
	else
		obs->writable[i] = 1;
	return 0;
}

static int spoil_migration_entry(struct thprace_obs *obs)
{
	put_bad(&obs->mig_held, obs, 0, 1);
	return 0;
}

static int spoil_deferred_queue(struct thprace_obs *obs)
{
	if (obs->nr < DEFERRED_MIN_NR || obs->refcount > known_refs(obs))
		return -ENODATA;
	obs->flags &= ~FLAG(DEFERRED);
	/* As if it had never been told, where it is known that it must. */
	if (is_partially_mapped(obs) && (obs->flags & FLAG(UNDISTURBED)) &&
	    !(obs->flags & FLAG(SWAPCACHE)))
		obs->flags &= ~FLAG(PARTIALLY_MAPPED);
	else
		obs->flags |= FLAG(PARTIALLY_MAPPED);
	return 0;
}

/* Of an observation that the rule of the check would judge. */
static int (*const spoils[THPRACE_NR_CHECKS])(struct thprace_obs *obs) = {
	[THPRACE_CHECK_PAGE_MAPCOUNT] = spoil_page_mapcount,
	[THPRACE_CHECK_ENTIRE_MAPCOUNT] = spoil_entire_mapcount,
	[THPRACE_CHECK_LARGE_MAPCOUNT] = spoil_large_mapcount,
	[THPRACE_CHECK_NR_PAGES_MAPPED] = spoil_nr_pages_mapped,
	[THPRACE_CHECK_MM_ID] = spoil_mm_id,
	[THPRACE_CHECK_REFCOUNT] = spoil_refcount,
	[THPRACE_CHECK_RMAP_CENSUS] = spoil_rmap_census,
	[THPRACE_CHECK_RMAP_LINEAR] = spoil_rmap_linear,
	[THPRACE_CHECK_ANON_VMA_ALIVE] = spoil_anon_vma_alive,
	[THPRACE_CHECK_PMD_GEOMETRY] = spoil_pmd_geometry,
	[THPRACE_CHECK_ANON_EXCLUSIVE] = spoil_anon_exclusive,
	[THPRACE_CHECK_MIGRATION_ENTRY] = spoil_migration_entry,
	[THPRACE_CHECK_DEFERRED_QUEUE] = spoil_deferred_queue,
};

/**
 * thprace_judge_inject() - spoil an observation so that a check must report
 * @obs: what was seen; changed as little as will do
 * @check: an enum thprace_check
 *
 * The positive control: after it, thprace_judge() reports @check, and no other
 * check that it did not report before.
 *
 * Return: 0, -EOPNOTSUPP when no observation of one folio shows @check on this
 * kernel, -ENODATA when this one cannot carry it.  On error @obs is as it was.
 */
int thprace_judge_inject(struct thprace_obs *obs, unsigned int check)
{
	int ret = thprace_judge_can(obs, check);

	return ret ? ret : spoils[check](obs);
}
