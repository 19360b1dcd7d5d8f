// SPDX-License-Identifier: GPL-2.0
/*
 * counters.c - what a folio's own fields say
 *
 * The mms and the folio are locked.
 */
#include "oracle/intact.h"
#include "oracle/look.h"

/* Are the counters of all pages those of the first?  No branch for each page. */
static noinline __thprace_loop __aligned(256)
bool pages_alike(struct page *page, unsigned int n, unsigned long mask)
{
	const s32 count = thprace_page_mapcount_raw(page);
	const unsigned long flags = thprace_page_flags_raw(page);
	unsigned long differs = 0;
	s32 differ = 0;
	unsigned int i;

	if (!mask) {
		/* four at a time; the first again where their number is a multiple */
		for (i = n % 4; i < n; i += 4)
			differ |= (thprace_page_mapcount_raw(page + i) ^ count) |
				  (thprace_page_mapcount_raw(page + i + 1) ^ count) |
				  (thprace_page_mapcount_raw(page + i + 2) ^ count) |
				  (thprace_page_mapcount_raw(page + i + 3) ^ count);
		for (i = 1; i < n % 4; i++)
			differ |= thprace_page_mapcount_raw(page + i) ^ count;
		return !differ;
	}
	for (i = 1; i < n; i++) {
		differ |= thprace_page_mapcount_raw(page + i) ^ count;
		differs |= thprace_page_flags_raw(page + i) ^ flags;
	}
	return !differ && !(differs & mask);
}

/* Per-page counters: rows whose pages differ are cut. */
static void read_pages(struct thprace_obs *obs, struct folio *folio)
{
	/* mapped by PMDs only, the head speaks for all */
	const unsigned long mask = obs->sum_ptes ? THPRACE_EXCLUSIVE_FLAG : 0;
	struct page *first = folio_page(folio, 0);
	unsigned int i, j, known = 0;

	for (i = 0; i < obs->nr; i = j) {
		struct page *page = first + i;
		s32 count = thprace_page_mapcount_raw(page);
		unsigned long flags = thprace_page_flags_raw(page);
		unsigned int end = obs->end[i];

		/* once for what was a row: pages that differ can be many */
		j = i + 1;
		if (i >= known && pages_alike(page, end - i, mask))
			j = end;
		known = max(known, end);
		for (; j < end; j++)
			if (thprace_page_mapcount_raw(first + j) != count ||
			    ((thprace_page_flags_raw(first + j) ^ flags) & mask))
				break;
		thprace_obs_cut(obs, i, j);
		obs->mapcount[i] = count;
		obs->exclusive[i] = !!(flags & THPRACE_EXCLUSIVE_FLAG);
	}
}

static void read_counters(struct thprace_obs *obs, struct folio *folio)
{
	obs->refcount = folio_ref_count(folio);
	if (!folio_test_large(folio))
		return;
	obs->flags |= BIT(THPRACE_OBS_LARGE);
	obs->entire_mapcount = thprace_entire_mapcount_raw(folio);
	obs->large_mapcount = thprace_large_mapcount_raw(folio);
	obs->nr_pages_mapped = thprace_nr_pages_mapped_raw(folio);
	if (thprace_double_map(folio))
		obs->flags |= BIT(THPRACE_OBS_DOUBLE_MAP);
	if (thprace_deferred_queued(folio))
		obs->flags |= BIT(THPRACE_OBS_DEFERRED);
	if (thprace_partially_mapped(folio))
		obs->flags |= BIT(THPRACE_OBS_PARTIALLY_MAPPED);
}

static u32 kernel_caps(void)
{
	return THPRACE_KEEPS_PAGE_MAPCOUNT * BIT(THPRACE_CAP_PAGE_MAPCOUNT) |
	       THPRACE_KEEPS_NR_PAGES_MAPPED * BIT(THPRACE_CAP_NR_PAGES_MAPPED) |
	       THPRACE_KEEPS_DOUBLE_MAP * BIT(THPRACE_CAP_DOUBLE_MAP) |
	       THPRACE_KEEPS_DOUBLE_MAP * BIT(THPRACE_CAP_TOTAL_MAPCOUNT) |
	       THPRACE_KEEPS_LARGE_MAPCOUNT * BIT(THPRACE_CAP_LARGE_MAPCOUNT) |
	       THPRACE_KEEPS_MM_ID * BIT(THPRACE_CAP_MM_ID) |
	       THPRACE_KEEPS_ANON_EXCLUSIVE * BIT(THPRACE_CAP_ANON_EXCLUSIVE) |
	       THPRACE_KEEPS_PARTIALLY_MAPPED * BIT(THPRACE_CAP_PARTIALLY_MAPPED);
}

/**
 * thprace_obs_start() - an observation of which nothing is known yet
 * @obs: the observation; one row, of which nothing is mapped
 * @nr: pages of the folio
 */
void thprace_obs_start(struct thprace_obs *obs, unsigned int nr)
{
	size_t bytes = offsetof(struct thprace_obs, end);

	/* a call: string instructions are slow to start */
	OPTIMIZER_HIDE_VAR(bytes);
	memset(obs, 0, bytes);
	obs->nr = nr;
	obs->end[0] = nr;
	obs->ptes[0] = 0;
	obs->writable[0] = 0;
	obs->caps = kernel_caps();
	obs->entirely_mapped = THPRACE_ENTIRELY_MAPPED;
}

/**
 * thprace_look_at_mm_ids() - whose mappings a folio counts apart
 * @obs: gets the slots
 * @folio: locked
 *
 * Before thprace_look_at_entries(), which counts the mappings of their owners.
 */
void thprace_look_at_mm_ids(struct thprace_obs *obs, struct folio *folio)
{
	bool shared = false;

	if (folio_test_large(folio))
		thprace_mm_ids(folio, obs->mm_id, obs->mm_id_mapcount, &shared);
	if (shared)
		obs->flags |= BIT(THPRACE_OBS_MAPPED_SHARED);
}

/**
 * thprace_look_at_counters() - a folio's mapcounts, references and flags
 * @o: locked observer
 * @obs: gets them; its rows are cut where pages differ
 * @folio: locked
 */
void thprace_look_at_counters(struct thprace_observer *o, struct thprace_obs *obs,
			      struct folio *folio)
{
	read_counters(obs, folio);
	read_pages(obs, folio);
	if (obs->nr == THPRACE_HPAGE_NR && thprace_intact_since(obs->pfn))
		obs->flags |= BIT(THPRACE_OBS_UNDISTURBED);
	if (folio_test_lru(folio) && !folio_test_writeback(folio))
		obs->flags |= BIT(THPRACE_OBS_LRU);
	obs->nr_mms = o->set.nr_mms;
}
