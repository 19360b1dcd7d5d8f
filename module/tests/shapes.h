/* SPDX-License-Identifier: GPL-2.0 */
/*
 * shapes.h - healthy observations written down by hand
 *
 * Each function fills obs with what a kernel of these caps shows for the
 * mapping described; the numbers are literal.  Only for test_judge.c,
 * test_judge_anon.c and test_controls.c.  Not here: what is wrong with any of them.
 */
#ifndef THPRACE_TESTS_SHAPES_H
#define THPRACE_TESTS_SHAPES_H

#include "oracle/rules.h"

#define NR	THPRACE_HPAGE_NR
#define ADDR	0x7f0000000000ULL
#define F(name)	(1U << THPRACE_OBS_##name)
#define C(name)	(1U << THPRACE_CAP_##name)

#define CAPS_5_10	(C(PAGE_MAPCOUNT) | C(DOUBLE_MAP) | C(TOTAL_MAPCOUNT))
#define CAPS_6_1	(CAPS_5_10 | C(ANON_EXCLUSIVE))
#define CAPS_6_12	(C(PAGE_MAPCOUNT) | C(LARGE_MAPCOUNT) | C(NR_PAGES_MAPPED) |	\
			 C(ANON_EXCLUSIVE) | C(PARTIALLY_MAPPED))
#define CAPS_7_2	(CAPS_6_12 | C(MM_ID))
#define CAPS_7_2_NOPM	(C(LARGE_MAPCOUNT) | C(ANON_EXCLUSIVE) | C(MM_ID) | C(PARTIALLY_MAPPED))

static struct thprace_obs obs;

static void start(u32 caps, u32 flags, u32 nr)
{
	memset(&obs, 0, sizeof(obs));
	obs.caps = caps;
	obs.flags = flags | F(COMPLETE) | F(LRU) | F(REFS_SETTLED) | F(UNDISTURBED);
	obs.nr = nr;
	obs.addr = ADDR;
	obs.own_refs = 1;
	obs.entirely_mapped = 0x800000;
	obs.mm_id_mapcount[0] = -1;
	obs.mm_id_mapcount[1] = -1;
}

/* The same for pages first..first+n-1. */
static void pages(u32 first, u32 n, u16 ptes, s32 mapcount)
{
	u32 i;

	for (i = first; i < first + n; i++) {
		obs.sum_ptes += ptes - obs.ptes[i];
		obs.ptes[i] = ptes;
		obs.mapcount[i] = mapcount;
	}
}

static void exclusive(u32 first, u32 n)
{
	memset(obs.exclusive + first, 1, n);
}

/* One process, one PMD mapping, just faulted in. */
static void pmd_mapped(u32 caps)
{
	start(caps, F(ANON) | F(LARGE), NR);
	pages(0, NR, 0, -1);
	obs.pmd_maps = 1;
	obs.pmd_writable = true;
	obs.exclusive[0] = 1;
	obs.entire_mapcount = 0;
	obs.large_mapcount = caps & C(TOTAL_MAPCOUNT) ? 1 : 0;
	obs.nr_pages_mapped = 0x800000;
	obs.refcount = 2;
	obs.mm_id[0] = 11;
	obs.mm_id_mapcount[0] = 0;
	obs.mm_maps[0] = 1;
}

/* One process, all by PTEs. */
static void pte_mapped(u32 caps)
{
	start(caps, F(ANON) | F(LARGE), NR);
	pages(0, NR, 1, caps & C(PAGE_MAPCOUNT) ? 0 : -1);
	memset(obs.writable, 1, NR);
	exclusive(0, NR);
	obs.entire_mapcount = -1;
	obs.large_mapcount = caps & C(TOTAL_MAPCOUNT) ? 512 : 511;
	obs.nr_pages_mapped = 512;
	obs.refcount = 513;
	obs.mm_id[0] = 11;
	obs.mm_id_mapcount[0] = 511;
	obs.mm_maps[0] = 512;
}

/* The process above after it unmapped its first 12 pages. */
static void partly_unmapped(u32 caps)
{
	pte_mapped(caps);
	pages(0, 12, 0, -1);
	memset(obs.writable, 0, 12);
	obs.large_mapcount -= 12;
	obs.nr_pages_mapped = 500;
	obs.refcount = 501;
	obs.mm_id_mapcount[0] = 499;
	obs.mm_maps[0] = 500;
	obs.flags |= F(DEFERRED);
	if (!(caps & C(DOUBLE_MAP)))
		obs.flags |= F(PARTIALLY_MAPPED);
}

/*
 * Three processes: two map by a PMD, one by PTEs all but page 3.  5.10 and 6.1
 * count one more in each page (PageDoubleMap).
 */
static void mixed(u32 caps)
{
	bool dm = caps & C(DOUBLE_MAP);

	start(caps, F(ANON) | F(LARGE) | (dm ? F(DOUBLE_MAP) : F(MAPPED_SHARED)), NR);
	pages(0, NR, 1, dm ? 1 : caps & C(PAGE_MAPCOUNT) ? 0 : -1);
	pages(3, 1, 0, dm ? 0 : -1);
	obs.pmd_maps = 2;
	obs.entire_mapcount = 1;
	obs.large_mapcount = dm ? 513 : 512;
	obs.nr_pages_mapped = 0x800000 + 511;
	obs.refcount = 514;
	obs.mm_id[0] = 11;
	obs.mm_id_mapcount[0] = 0;
	obs.mm_maps[0] = 1;
	obs.mm_id[1] = 12;
	obs.mm_id_mapcount[1] = 510;
	obs.mm_maps[1] = 511;
}

static void small(u32 caps)
{
	start(caps, F(ANON), 1);
	pages(0, 1, 3, 2);
	obs.refcount = 4;
}

/* In the page cache, one PMD mapping and pages 0..9 by PTEs of another mm. */
static void file(u32 caps)
{
	bool dm = caps & C(DOUBLE_MAP);

	start(caps, F(LARGE) | (dm ? F(DOUBLE_MAP) : F(MAPPED_SHARED)), NR);
	pages(0, NR, 0, dm ? 0 : -1);
	pages(0, 10, 1, dm ? 1 : caps & C(PAGE_MAPCOUNT) ? 0 : -1);
	obs.pmd_maps = 1;
	obs.pmd_writable = true;
	obs.entire_mapcount = 0;
	obs.large_mapcount = dm ? 11 : 10;
	obs.nr_pages_mapped = 0x800000 + 10;
	obs.refcount = 512 + 11 + 1;
	obs.mm_id[0] = 11;
	obs.mm_id_mapcount[0] = 0;
	obs.mm_maps[0] = 1;
	obs.mm_id[1] = 12;
	obs.mm_id_mapcount[1] = 9;
	obs.mm_maps[1] = 10;
}

#endif /* THPRACE_TESTS_SHAPES_H */
