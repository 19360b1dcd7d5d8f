// SPDX-License-Identifier: GPL-2.0
/*
 * small.c - small folios next to each other that are alike in every integer
 *
 * A split leaves hundreds of folios of one page, at consecutive indices of one
 * anon_vma, mapped by the same mms.  One observation stands for all of them.
 * It is made without their locks, so it may only say that checks held: check.c
 * looks at each folio by folio_obs.c when anything else comes out, or when
 * anything here is out of the ordinary.
 */
#include "oracle/folio_obs.h"

/* Where the first of the pages can be mapped, and up to which page all can. */
struct alike {
	struct thprace_observer *o;
	struct anon_vma *anon_vma;
	pgoff_t index;
	unsigned long pfn, n;
	unsigned int maps;
	bool writable;
};

/*
 * The VMAs that rmap shows for the first page; @s->n shrinks to the pages that
 * have the same.  The VMAs cannot go when the rmap lock is dropped: their mms
 * are locked.
 */
static bool find_addresses(struct alike *s)
{
	struct rw_semaphore *sem = &READ_ONCE(s->anon_vma->root)->rwsem;
	struct thprace_observer *o = s->o;
	struct anon_vma_chain *avc;
	bool known = true;

	o->nr_at = 0;
	memset(o->at_slot, 0xff, o->set.nr_given * sizeof(o->at_slot[0]));
	down_read(sem);
	for (avc = thprace_anon_it_first(s->anon_vma, s->index, s->index + s->n - 1);
	     avc;
	     avc = thprace_anon_it_next(avc, s->index, s->index + s->n - 1)) {
		struct vm_area_struct *vma = avc->vma;
		pgoff_t start = thprace_vma_pgoff(vma, true);
		unsigned long addr;
		int m;

		if (start > s->index) {
			s->n = min(s->n, start - s->index);
			continue;
		}
		s->n = min(s->n, start + vma_pages(vma) - s->index);
		addr = thprace_vma_address(vma, true, s->index);
		m = thprace_mmset_index(&o->set, vma->vm_mm);
		known = m >= 0 && m < o->set.nr_given && (addr & PMD_MASK) == o->set.region &&
			o->nr_at < ARRAY_SIZE(o->at) &&
			thprace_mmset_vma(&o->set, m, addr) == vma &&
			thprace_vma_has(vma, s->anon_vma);
		if (!known)
			break;
		o->at_slot[m] = (addr - o->set.region) >> PAGE_SHIFT;
		o->at[o->nr_at].mm = m;
		o->at[o->nr_at].maps = false;
		o->at[o->nr_at++].slot = o->at_slot[m];
	}
	up_read(sem);
	return known;
}

enum seen { SEEN_UNKNOWN, SEEN_NOT, SEEN_READABLE, SEEN_WRITABLE };

/* Is the first page mapped at a slot?  @s->n shrinks to what is so of all. */
static enum seen look_at_slot(struct alike *s, unsigned int mm, unsigned int slot)
{
	struct thprace_view *v = &s->o->set.view[mm];
	const struct thprace_run *run;

	if (v->huge || v->others)
		return SEEN_UNKNOWN;
	s->n = min_t(unsigned long, s->n, THPRACE_HPAGE_NR - slot);
	run = thprace_run_at(v, slot);
	if (!run)
		return SEEN_NOT;
	if (run->slot > slot) {
		s->n = min_t(unsigned long, s->n, run->slot - slot);
		return SEEN_NOT;
	}
	s->n = min_t(unsigned long, s->n, run->slot + run->nr - slot);
	if (run->pfn + (slot - run->slot) != s->pfn)
		return SEEN_NOT;
	return run->writable ? SEEN_WRITABLE : SEEN_READABLE;
}

/* Count the mappings; false if there are some where rmap shows none. */
static bool count_mappings(struct alike *s)
{
	struct thprace_observer *o = s->o;
	unsigned int i;

	for (i = 0; i < o->nr_at; i++) {
		enum seen seen = look_at_slot(s, o->at[i].mm, o->at[i].slot);

		if (seen == SEEN_UNKNOWN)
			return false;
		if (seen == SEEN_NOT)
			continue;
		o->at[i].maps = true;
		s->maps++;
		s->writable |= seen == SEEN_WRITABLE;
	}
	/* where the session would see it, whatever rmap says */
	for (i = 0; i < o->set.nr_given; i++) {
		struct vm_area_struct *vma = o->set.region_vma[i];
		unsigned long off;

		if (!vma)
			continue;
		off = thprace_vma_address(vma, true, s->index) - o->set.region;
		if (off >= PMD_SIZE)
			return false;
		if (o->at_slot[i] != off >> PAGE_SHIFT &&
		    look_at_slot(s, i, off >> PAGE_SHIFT) != SEEN_NOT)
			return false;
	}
	return true;
}

/* Pages from the first on that are like it, up to @s->n. */
static unsigned int nr_alike(const struct alike *s, struct page *page)
{
	const unsigned long mask = THPRACE_BUSY_FLAGS | THPRACE_EXCLUSIVE_FLAG;
	unsigned long flags = thprace_page_flags_raw(page) & mask;
	struct address_space *mapping = thprace_folio_mapping_raw((struct folio *)page);
	int mapcount = thprace_page_mapcount_raw(page), refs = page_ref_count(page);
	unsigned int i;

	for (i = 1; i < s->n; i++) {
		struct page *p = page + i;

		if ((thprace_page_flags_raw(p) & mask) != flags || PageTail(p) ||
		    thprace_folio_mapping_raw((struct folio *)p) != mapping ||
		    thprace_folio_index((struct folio *)p) != s->index + i ||
		    thprace_page_mapcount_raw(p) != mapcount || page_ref_count(p) != refs)
			break;
	}
	return i;
}

/**
 * thprace_observe_small() - write down the state of small folios that are alike
 * @o: locked observer, all given mms collected
 * @obs: filled: of the first, and of all but for their pfn and address
 * @mm: index of the mm in which they were seen
 * @slot: at which page of the region the first is
 * @n: how many pages to look at
 * @pfn: of the first
 *
 * What is read is not kept still by the folios' locks: it must not be reported.
 *
 * Context: mmap_locks held by thprace_observer_lock(). May sleep.
 * Return: how many are alike, or 0 if the first must be looked at by itself.
 */
unsigned int thprace_observe_small(struct thprace_observer *o, struct thprace_obs *obs,
				   unsigned int mm, unsigned int slot, unsigned int n,
				   unsigned long pfn)
{
	unsigned long addr = o->set.region + slot * PAGE_SIZE;
	struct page *page = pfn_to_online_page(pfn);
	struct folio *folio = (struct folio *)page;
	struct alike s = { .o = o, .pfn = pfn, .n = n };
	struct vm_area_struct *vma;

	if (!page || (thprace_page_flags_raw(page) & THPRACE_BUSY_FLAGS) || PageTail(page))
		return 0;
	s.anon_vma = thprace_folio_anon_vma(folio);
	s.index = thprace_folio_index(folio);
	vma = thprace_mmset_vma(&o->set, mm, addr);
	/* on the chain of a locked mm's VMA: it stays */
	if (!s.anon_vma || !vma || vma->vm_start > addr || !thprace_vma_has(vma, s.anon_vma) ||
	    thprace_vma_address(vma, true, s.index) != addr)
		return 0;
	if (!find_addresses(&s) || o->at_slot[mm] != slot || !count_mappings(&s))
		return 0;
	n = nr_alike(&s, page);

	thprace_obs_start(obs, 1);
	obs->pfn = pfn;
	obs->addr = addr;
	obs->flags = BIT(THPRACE_OBS_ANON) | BIT(THPRACE_OBS_COMPLETE);
	obs->nr_mms = o->set.nr_mms;
	obs->refcount = page_ref_count(page);
	obs->sum_ptes = s.maps;
	obs->ptes[0] = s.maps;
	obs->writable[0] = s.writable;
	obs->mapcount[0] = thprace_page_mapcount_raw(page);
	obs->exclusive[0] = thprace_anon_exclusive(page);
	return n;
}

/**
 * thprace_small_done() - they are judged, wherever they are mapped
 * @o: the observer, right after thprace_observe_small()
 * @n: how many
 */
void thprace_small_done(struct thprace_observer *o, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < o->nr_at; i++)
		if (o->at[i].maps)
			bitmap_set(o->set.view[o->at[i].mm].done, o->at[i].slot, n);
}
