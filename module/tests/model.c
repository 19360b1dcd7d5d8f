// SPDX-License-Identifier: GPL-2.0
/*
 * model.c - one folio's counters, moved as each kernel moves them
 *
 * See model.h.
 */
#include "model.h"

#define MM_ID_DUMMY	0

static bool double_map_kernel(const struct model *m)
{
	return m->kernel <= MODEL_6_1;
}

static bool mm_id_kernel(const struct model *m)
{
	return m->kernel >= MODEL_7_2;
}

static bool page_mapcount_kernel(const struct model *m)
{
	return m->kernel != MODEL_7_2_NO_PAGE_MAPCOUNT;
}

/* deferred_split_huge_page(), deferred_split_folio(folio, true) */
static void deferred_split(struct model *m)
{
	if (m->nr <= 2 || m->swapcache)
		return;
	if (!double_map_kernel(m))
		m->partially_mapped = true;
	m->queued = true;
}

/* 7.2: folio_add_return_large_mapcount(); 6.12: atomic_add() */
static s32 add_large(struct model *m, s32 diff, u32 mm)
{
	u32 id = mm + 1;

	m->large += diff;
	if (!mm_id_kernel(m))
		return m->large + 1;
	if (m->mm_id[0] == id) {
		m->mm_count[0] += diff;
	} else if (m->mm_id[1] == id) {
		m->mm_count[1] += diff;
	} else if (m->mm_id[0] == MM_ID_DUMMY) {
		m->mm_id[0] = id;
		m->mm_count[0] = diff - 1;
		if (m->large != diff - 1)
			m->shared = true;
	} else if (m->mm_id[1] == MM_ID_DUMMY) {
		m->mm_id[1] = id;
		m->mm_count[1] = diff - 1;
		m->shared = true;
	}
	return m->large + 1;
}

/* 7.2: folio_sub_return_large_mapcount() */
static s32 sub_large(struct model *m, s32 diff, u32 mm)
{
	u32 id = mm + 1, slot;

	m->large -= diff;
	if (!mm_id_kernel(m))
		return m->large + 1;
	for (slot = 0; slot < 2; slot++) {
		if (m->mm_id[slot] != id)
			continue;
		m->mm_count[slot] -= diff;
		if (m->mm_count[slot] >= 0)
			return m->large + 1;
		m->mm_count[slot] = -1;
		m->mm_id[slot] = MM_ID_DUMMY;
		break;
	}
	if (m->mm_count[0] == m->large || m->mm_count[1] == m->large)
		m->shared = false;
	return m->large + 1;
}

/* page_add_anon_rmap(), page_add_file_rmap(); __folio_add_rmap(), PTE level */
static void add_pte(struct model *m, u32 mm, u32 i)
{
	if (m->nr == 1 || double_map_kernel(m)) {
		m->mapcount[i]++;
		return;
	}
	if (page_mapcount_kernel(m) && ++m->mapcount[i] == 0)
		m->nr_mapped++;
	add_large(m, 1, mm);
}

static void add_pmd(struct model *m, u32 mm)
{
	u32 i;

	if (double_map_kernel(m)) {
		/* page_add_file_rmap(page, true); page_dup_rmap(page, true) */
		for (i = 0; !m->anon && i < m->nr; i++)
			m->mapcount[i]++;
		m->entire++;
		return;
	}
	if (++m->entire == 0 && page_mapcount_kernel(m))
		m->nr_mapped += MODEL_ENTIRELY_MAPPED;
	add_large(m, 1, mm);
}

/* page_remove_rmap(page, false); __folio_remove_rmap(), PTE level */
static void remove_pte(struct model *m, u32 mm, u32 i)
{
	bool partially = false;
	s32 left;

	if (m->nr == 1) {
		m->mapcount[0]--;
		return;
	}
	if (double_map_kernel(m)) {
		if (--m->mapcount[i] < 0 && m->anon)
			deferred_split(m);
		return;
	}
	left = sub_large(m, 1, mm);
	if (page_mapcount_kernel(m)) {
		if (--m->mapcount[i] < 0)
			partially = --m->nr_mapped > 0 && m->nr_mapped < MODEL_ENTIRELY_MAPPED;
	} else {
		partially = left && left < (s32)m->nr && m->entire < 0;
	}
	if (partially && m->anon && !m->partially_mapped)
		deferred_split(m);
}

/* page_remove_anon_compound_rmap(), page_remove_file_rmap(page, true) */
static void remove_pmd_double_map(struct model *m)
{
	u32 i, nr = 0;

	if (!m->anon)
		for (i = 0; i < m->nr; i++)
			m->mapcount[i]--;
	if (--m->entire >= 0 || !m->anon || !m->double_map)
		return;
	m->double_map = false;
	for (i = 0; i < m->nr; i++)
		nr += --m->mapcount[i] < 0;
	if (nr && nr < m->nr)
		deferred_split(m);
}

/* __folio_remove_rmap(), PMD level */
static void remove_pmd(struct model *m, u32 mm)
{
	bool partially = false;
	s32 left, nr;

	if (double_map_kernel(m)) {
		remove_pmd_double_map(m);
		return;
	}
	left = sub_large(m, 1, mm);
	if (--m->entire < 0) {
		if (page_mapcount_kernel(m)) {
			m->nr_mapped -= MODEL_ENTIRELY_MAPPED;
			nr = (s32)m->nr - m->nr_mapped;
			partially = nr && nr < (s32)m->nr;
		} else {
			partially = left && left < (s32)m->nr;
		}
	}
	if (partially && m->anon && !m->partially_mapped)
		deferred_split(m);
}

/**
 * model_fault() - a new folio
 * @m: the model, overwritten
 * @kernel: whose counters
 * @anon: false: a page cache folio, not mapped yet
 * @nr: pages; anonymous ones of THPRACE_HPAGE_NR are mapped by a PMD, others by PTEs
 *
 * folio_add_new_anon_rmap(), page_add_new_anon_rmap().
 */
void model_fault(struct model *m, enum model_kernel kernel, bool anon, u32 nr)
{
	u32 i;

	memset(m, 0, sizeof(*m));
	m->kernel = kernel;
	m->anon = anon;
	m->nr = nr;
	m->entire = -1;
	m->large = -1;
	m->mm_count[0] = -1;
	m->mm_count[1] = -1;
	for (i = 0; i < nr; i++)
		m->mapcount[i] = -1;
	if (!anon) {
		m->refcount = nr;
		return;
	}
	if (nr == THPRACE_HPAGE_NR) {
		m->refcount = 1;
		add_pmd(m, 0);
		m->exclusive[0] = true;
		m->mm[0].pmd = true;
		m->mm[0].pmd_write = true;
		return;
	}
	m->refcount = nr;
	for (i = 0; i < nr; i++) {
		add_pte(m, 0, i);
		m->exclusive[i] = true;
		m->mm[0].pte[i] = MODEL_WRITE;
	}
}

/**
 * model_map_file_pmd() - map a page cache folio by a PMD, do_set_pmd()
 * @m: the model
 * @mm: maps nothing of it yet
 */
void model_map_file_pmd(struct model *m, u32 mm)
{
	m->refcount++;
	add_pmd(m, mm);
	m->mm[mm].pmd = true;
	m->mm[mm].pmd_write = true;
}

/**
 * model_map_file_ptes() - map pages of a page cache folio, set_pte_range()
 * @m: the model
 * @mm: has no PMD mapping
 * @first: subpage
 * @n: how many; those that are mapped stay so
 */
void model_map_file_ptes(struct model *m, u32 mm, u32 first, u32 n)
{
	u32 i;

	for (i = first; i < first + n; i++) {
		if (m->mm[mm].pte[i])
			continue;
		m->refcount++;
		add_pte(m, mm, i);
		/* page_add_file_rmap(): a hint, not in the counts */
		if (double_map_kernel(m))
			m->double_map = true;
		m->mm[mm].pte[i] = MODEL_WRITE;
	}
}

/**
 * model_split_pmd() - __split_huge_pmd_locked(), freeze = false
 * @m: the model
 * @mm: has a PMD mapping
 */
void model_split_pmd(struct model *m, u32 mm)
{
	struct model_mm *p = &m->mm[mm];
	bool exclusive = m->exclusive[0];
	u32 i;

	if (!m->anon) {
		model_zap(m, mm, 0, m->nr);
		return;
	}
	m->refcount += m->nr - 1;
	for (i = 0; i < m->nr; i++) {
		add_pte(m, mm, i);
		if (exclusive)
			m->exclusive[i] = true;
		p->pte[i] = p->pmd_write ? MODEL_WRITE : MODEL_READ;
	}
	p->pmd = false;
	p->pmd_write = false;
	if (!double_map_kernel(m)) {
		remove_pmd(m, mm);
		return;
	}
	if (m->entire + 1 > 1 && !m->double_map) {
		m->double_map = true;
		for (i = 0; i < m->nr; i++)
			m->mapcount[i]++;
	}
	if (--m->entire < 0 && m->double_map) {
		m->double_map = false;
		for (i = 0; i < m->nr; i++)
			m->mapcount[i]--;
	}
}

/**
 * model_fork() - copy_huge_pmd(), copy_present_ptes()
 * @m: the model
 * @src: parent
 * @dst: child, maps nothing of it yet
 *
 * File mappings are left for the child to fault in, as fork does.
 */
void model_fork(struct model *m, u32 src, u32 dst)
{
	struct model_mm *s = &m->mm[src], *d = &m->mm[dst];
	u32 i;

	if (!m->anon)
		return;
	if (s->pmd) {
		m->exclusive[0] = false;
		m->refcount++;
		add_pmd(m, dst);
		s->pmd_write = false;
		d->pmd = true;
		return;
	}
	for (i = 0; i < m->nr; i++) {
		if (!s->pte[i])
			continue;
		m->exclusive[i] = false;
		m->refcount++;
		add_pte(m, dst, i);
		s->pte[i] = MODEL_READ;
		d->pte[i] = MODEL_READ;
	}
}

/**
 * model_zap() - zap_huge_pmd(), zap_pte_range()
 * @m: the model
 * @mm: whose mappings; a PMD mapping is split first unless it goes as a whole
 * @first: subpage
 * @n: how many
 */
void model_zap(struct model *m, u32 mm, u32 first, u32 n)
{
	struct model_mm *p = &m->mm[mm];
	u32 i;

	if (p->pmd && (n == m->nr || !m->anon)) {
		remove_pmd(m, mm);
		m->refcount--;
		p->pmd = false;
		p->pmd_write = false;
		return;
	}
	if (p->pmd)
		model_split_pmd(m, mm);
	for (i = first; i < first + n; i++) {
		/* A zapped migration entry changes no counter; exclusive may go stale. */
		if (p->pte[i] == MODEL_READ || p->pte[i] == MODEL_WRITE) {
			remove_pte(m, mm, i);
			m->refcount--;
		}
		p->pte[i] = MODEL_NONE;
	}
}

/* May a write fault take over what is not marked exclusive? */
static bool can_reuse(const struct model *m)
{
	if (m->kernel == MODEL_6_12 && m->nr > 1 && m->entire < 0)
		return false;			/* wp_can_reuse_anon_folio() */
	if (mm_id_kernel(m) && m->nr > 1 && m->entire < 0)
		return m->large > 0 && !m->shared && m->large + 1 == m->refcount;
	return m->refcount == 1;		/* do_wp_page(), do_huge_pmd_wp_page() */
}

/**
 * model_write() - a write fault
 * @m: the model
 * @mm: who writes
 * @i: subpage
 */
void model_write(struct model *m, u32 mm, u32 i)
{
	struct model_mm *p = &m->mm[mm];

	if (!m->anon)
		return;
	if (p->pmd) {
		if (m->exclusive[0] || can_reuse(m)) {
			m->exclusive[0] = true;
			p->pmd_write = true;
			return;
		}
		model_split_pmd(m, mm);
	}
	if (p->pte[i] != MODEL_READ)
		return;
	if (m->exclusive[i] || can_reuse(m)) {
		m->exclusive[i] = true;
		p->pte[i] = MODEL_WRITE;
	} else {
		model_zap(m, mm, i, 1);		/* wp_page_copy() */
	}
}

/**
 * model_unmap_folio() - what a split does before it freezes the refcount
 * @m: the model; anonymous
 *
 * unmap_folio(): try_to_migrate() with TTU_SPLIT_HUGE_PMD; mappings become
 * migration entries.
 */
void model_unmap_folio(struct model *m)
{
	bool exclusive;
	u32 mm, i;

	for (mm = 0; mm < MODEL_MMS; mm++) {
		struct model_mm *p = &m->mm[mm];

		if (p->pmd && !double_map_kernel(m)) {
			/* __split_huge_pmd_locked(), freeze = true */
			exclusive = m->exclusive[0];
			m->exclusive[0] = false;
			remove_pmd(m, mm);
			m->refcount--;
			p->pmd = false;
			p->pmd_write = false;
			memset(p->pte, exclusive ? MODEL_MIGRATION_EXCLUSIVE : MODEL_MIGRATION,
			       m->nr);
			/* No page was unmapped alone, so nothing was queued. */
			m->disturbed = true;
			continue;
		}
		if (p->pmd)
			model_split_pmd(m, mm);
		for (i = 0; i < m->nr; i++) {
			if (!p->pte[i])
				continue;
			exclusive = m->exclusive[i];
			m->exclusive[i] = false;
			remove_pte(m, mm, i);
			m->refcount--;
			p->pte[i] = exclusive ? MODEL_MIGRATION_EXCLUSIVE : MODEL_MIGRATION;
		}
	}
}

/**
 * model_remap_folio() - what a failed split does: remove_migration_ptes()
 * @m: the model, after model_unmap_folio() and perhaps zaps
 */
void model_remap_folio(struct model *m)
{
	u32 mm, i;

	for (mm = 0; mm < MODEL_MMS; mm++) {
		for (i = 0; i < m->nr; i++) {
			u8 *pte = &m->mm[mm].pte[i];

			if (*pte != MODEL_MIGRATION && *pte != MODEL_MIGRATION_EXCLUSIVE)
				continue;
			m->refcount++;
			add_pte(m, mm, i);
			if (*pte == MODEL_MIGRATION_EXCLUSIVE && m->kernel >= MODEL_6_1)
				m->exclusive[i] = true;
			*pte = MODEL_READ;
		}
	}
}

/**
 * model_mapped() - is anything of it mapped?
 * @m: the model
 */
bool model_mapped(const struct model *m)
{
	u32 mm, i;

	for (mm = 0; mm < MODEL_MMS; mm++) {
		if (m->mm[mm].pmd)
			return true;
		for (i = 0; i < m->nr; i++)
			if (m->mm[mm].pte[i])
				return true;
	}
	return false;
}

/**
 * model_observe() - what a complete, quiet observer would write down
 * @m: the model, with no migration entry
 * @obs: filled; one reference is the observer's
 */
void model_observe(const struct model *m, struct thprace_obs *obs)
{
	static const u32 caps[MODEL_NR_KERNELS] = {
		[MODEL_5_10] = 1U << THPRACE_CAP_PAGE_MAPCOUNT | 1U << THPRACE_CAP_DOUBLE_MAP |
			       1U << THPRACE_CAP_TOTAL_MAPCOUNT,
		[MODEL_6_1] = 1U << THPRACE_CAP_PAGE_MAPCOUNT | 1U << THPRACE_CAP_DOUBLE_MAP |
			      1U << THPRACE_CAP_TOTAL_MAPCOUNT |
			      1U << THPRACE_CAP_ANON_EXCLUSIVE,
		[MODEL_6_12] = 1U << THPRACE_CAP_PAGE_MAPCOUNT |
			       1U << THPRACE_CAP_LARGE_MAPCOUNT |
			       1U << THPRACE_CAP_NR_PAGES_MAPPED |
			       1U << THPRACE_CAP_ANON_EXCLUSIVE |
			       1U << THPRACE_CAP_PARTIALLY_MAPPED,
		[MODEL_7_2] = 1U << THPRACE_CAP_PAGE_MAPCOUNT |
			      1U << THPRACE_CAP_LARGE_MAPCOUNT |
			      1U << THPRACE_CAP_NR_PAGES_MAPPED |
			      1U << THPRACE_CAP_ANON_EXCLUSIVE | 1U << THPRACE_CAP_MM_ID |
			      1U << THPRACE_CAP_PARTIALLY_MAPPED,
		[MODEL_7_2_NO_PAGE_MAPCOUNT] = 1U << THPRACE_CAP_LARGE_MAPCOUNT |
			      1U << THPRACE_CAP_ANON_EXCLUSIVE | 1U << THPRACE_CAP_MM_ID |
			      1U << THPRACE_CAP_PARTIALLY_MAPPED,
	};
	u32 mm, i, slot;

	memset(obs, 0, sizeof(*obs));
	obs->caps = caps[m->kernel];
	obs->flags = 1U << THPRACE_OBS_COMPLETE | 1U << THPRACE_OBS_LRU |
		     1U << THPRACE_OBS_REFS_SETTLED |
		     (u32)m->anon << THPRACE_OBS_ANON |
		     (u32)(m->nr > 1) << THPRACE_OBS_LARGE |
		     (u32)m->swapcache << THPRACE_OBS_SWAPCACHE |
		     (u32)m->double_map << THPRACE_OBS_DOUBLE_MAP |
		     (u32)m->shared << THPRACE_OBS_MAPPED_SHARED |
		     (u32)m->queued << THPRACE_OBS_DEFERRED |
		     (u32)m->partially_mapped << THPRACE_OBS_PARTIALLY_MAPPED |
		     (u32)!m->disturbed << THPRACE_OBS_UNDISTURBED;
	obs->pfn = 0x200;
	obs->nr = m->nr;
	obs->addr = 0x7f0000000000ULL;
	obs->nr_mms = MODEL_MMS;
	obs->refcount = m->refcount + 1;
	obs->own_refs = 1;
	obs->entirely_mapped = MODEL_ENTIRELY_MAPPED;
	obs->entire_mapcount = m->entire;
	obs->nr_pages_mapped = m->nr_mapped;
	obs->large_mapcount = m->large;
	if (double_map_kernel(m)) {
		/* total_mapcount() */
		s32 sum = m->entire + 1;

		for (i = 0; i < m->nr; i++)
			sum += m->mapcount[i] + 1;
		if (!m->anon)
			sum -= (m->entire + 1) * (s32)m->nr;
		else if (m->double_map)
			sum -= m->nr;
		obs->large_mapcount = sum;
	}
	for (slot = 0; slot < 2; slot++) {
		obs->mm_id[slot] = m->mm_id[slot];
		obs->mm_id_mapcount[slot] = m->mm_count[slot];
	}
	for (i = 0; i < m->nr; i++) {
		obs->mapcount[i] = m->mapcount[i];
		obs->exclusive[i] = m->exclusive[i] && m->kernel >= MODEL_6_1;
	}
	for (mm = 0; mm < MODEL_MMS; mm++) {
		const struct model_mm *p = &m->mm[mm];
		u32 maps = p->pmd;

		obs->pmd_maps += p->pmd;
		obs->pmd_writable |= p->pmd && p->pmd_write;
		for (i = 0; i < m->nr; i++) {
			if (p->pte[i] != MODEL_READ && p->pte[i] != MODEL_WRITE)
				continue;
			obs->ptes[i]++;
			obs->sum_ptes++;
			obs->writable[i] |= p->pte[i] == MODEL_WRITE;
			maps++;
		}
		for (slot = 0; slot < 2; slot++)
			if (obs->mm_id[slot] == mm + 1)
				obs->mm_maps[slot] = maps;
	}
}
