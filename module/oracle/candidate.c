// SPDX-License-Identifier: GPL-2.0
/*
 * candidate.c - where a folio can be mapped: what rmap shows, and the mms given
 *
 * The mms are locked, and so is the folio.
 */
#include "oracle/look.h"

/**
 * thprace_candidate_find() - a place where the folio can be mapped
 * @o: locked observer
 * @mm: index of an mm
 * @base: where the folio's first page is then
 *
 * Return: the candidate, which is made if there is none, or NULL: there are too many.
 */
struct thprace_candidate *thprace_candidate_find(struct thprace_observer *o, unsigned int mm,
						 unsigned long base)
{
	struct thprace_candidate *p;
	int i;

	for (i = o->candidates_of[mm]; i >= 0; i = o->candidate[i].next)
		if (o->candidate[i].base == base)
			return &o->candidate[i];
	if (o->nr_candidates == THPRACE_MAX_CANDIDATES)
		return NULL;
	p = &o->candidate[o->nr_candidates];
	p->mm = mm;
	p->base = base;
	p->next = o->candidates_of[mm];
	o->candidates_of[mm] = o->nr_candidates++;
	clear_subpages(p->reach);
	return p;
}

/*
 * A VMA that the rmap walk shows: remember which subpages it reaches.  Its mm
 * can be one that nobody named; then it is added, and all are locked anew once
 * the walk is over.
 */
static enum thprace_observe_result add_vma(struct thprace_observer *o, struct folio *folio,
					   struct vm_area_struct *vma, unsigned long region)
{
	pgoff_t index = thprace_folio_index(folio), nr = folio_nr_pages(folio);
	bool anon = folio_test_anon(folio);
	struct mm_struct *mm = vma->vm_mm;
	pgoff_t start = thprace_vma_pgoff(vma, anon);
	pgoff_t first = max(index, start);
	pgoff_t end = min(index + nr, start + vma_pages(vma));
	struct thprace_candidate *p;
	unsigned long base, at;
	int m = thprace_mmset_index(&o->set, mm);
	unsigned int i;

	if (first >= end)
		return THPRACE_OBSERVED;
	if (m < 0) {
		o->incomplete = thprace_mmset_add(&o->set, mm);
		return o->incomplete ? THPRACE_OBSERVE_UNKNOWN : THPRACE_OBSERVE_AGAIN;
	}
	if (m >= o->set.nr_locked)
		return THPRACE_OBSERVE_AGAIN;

	/* May wrap below 0 in theory only; then no page is found there. */
	base = thprace_vma_address(vma, anon, index);
	at = thprace_vma_address(vma, anon, first) & PMD_MASK;
	if (at != region) {
		for (i = 0; i < o->set.nr_extra; i++)
			if (o->set.extra[i].mm == m && o->set.extra[i].addr == at)
				break;
		if (i == o->set.nr_extra) {
			if (i == THPRACE_MAX_EXTRA) {
				o->incomplete = "mapped at too many addresses";
				return THPRACE_OBSERVE_UNKNOWN;
			}
			o->set.extra[i].mm = m;
			o->set.extra[i].addr = at;
			o->set.nr_extra++;
			return THPRACE_OBSERVE_AGAIN;
		}
	}
	p = thprace_candidate_find(o, m, base);
	if (!p) {
		o->incomplete = "mapped at too many addresses of one process";
		return THPRACE_OBSERVE_UNKNOWN;
	}
	if (end - first == THPRACE_HPAGE_NR)
		bitmap_fill(p->reach, THPRACE_HPAGE_NR);
	else
		bitmap_set(p->reach, first - index, end - first);
	return THPRACE_OBSERVED;
}

/* What is worse of what two VMAs of one folio came to. */
static enum thprace_observe_result worse(enum thprace_observe_result a,
					 enum thprace_observe_result b)
{
	if (a == THPRACE_OBSERVE_UNKNOWN || b == THPRACE_OBSERVED)
		return a;
	return b;
}

/**
 * thprace_candidates_add_rmap() - all VMAs that rmap shows for a folio
 * @o: locked observer
 * @folio: locked
 * @anon_vma: of the folio, or NULL
 * @mapping: of the folio, if it has no anon_vma
 * @region: PMD-aligned, the one that is checked
 *
 * Context: the rmap lock is held.
 * Return: THPRACE_OBSERVED, THPRACE_OBSERVE_AGAIN (mms or regions were added), or
 * THPRACE_OBSERVE_UNKNOWN with the reason in @o->incomplete.
 */
enum thprace_observe_result
thprace_candidates_add_rmap(struct thprace_observer *o, struct folio *folio,
			    struct anon_vma *anon_vma, struct address_space *mapping,
			    unsigned long region)
{
	unsigned long nr = folio_nr_pages(folio);
	pgoff_t index = thprace_folio_index(folio);
	enum thprace_observe_result ret = THPRACE_OBSERVED;

	if (anon_vma) {
		struct anon_vma_chain *avc;

		for (avc = thprace_anon_it_first(anon_vma, index, index + nr - 1);
		     avc; avc = thprace_anon_it_next(avc, index, index + nr - 1)) {
			ret = worse(ret, add_vma(o, folio, avc->vma, region));
			if (ret == THPRACE_OBSERVE_UNKNOWN)
				break;
		}
	} else {
		struct vm_area_struct *vma;

		for (vma = thprace_file_it_first(mapping, index, index + nr - 1);
		     vma; vma = thprace_file_it_next(vma, index, index + nr - 1)) {
			ret = worse(ret, add_vma(o, folio, vma, region));
			if (ret == THPRACE_OBSERVE_UNKNOWN)
				break;
		}
	}
	return ret;
}

/**
 * thprace_candidates_add_given() - where the mms that were given can map a folio
 * @o: locked observer
 * @folio: locked
 *
 * Whatever rmap says: at the index that the first VMA of the region puts there,
 * if it reaches that far.
 */
void thprace_candidates_add_given(struct thprace_observer *o, struct folio *folio)
{
	pgoff_t index = thprace_folio_index(folio), start;
	unsigned long nr = folio_nr_pages(folio);
	bool anon = folio_test_anon(folio);
	unsigned int i;

	for (i = 0; i < o->set.nr_given; i++) {
		struct vm_area_struct *vma = o->set.region_vma[i];

		if (!vma)
			continue;
		start = thprace_vma_pgoff(vma, anon);
		if (index < start + vma_pages(vma) && index + nr > start)
			thprace_candidate_find(o, i, thprace_vma_address(vma, anon, index));
	}
}

/**
 * thprace_vma_links() - is an anon_vma on the chain of a VMA?
 * @vma: of a locked mm, so that its chain keeps the anon_vmas on it alive
 * @anon_vma: only compared; dead or alive
 *
 * Context: mmap_lock held for write.
 */
bool thprace_vma_links(struct vm_area_struct *vma, struct anon_vma *anon_vma)
{
	struct anon_vma_chain *avc;

	list_for_each_entry(avc, &vma->anon_vma_chain, same_vma)
		if (avc->anon_vma == anon_vma)
			return true;
	return false;
}

/**
 * thprace_vma_chain() - can pages of an anon_vma be mapped in a VMA?
 * @vma: of a locked mm
 * @anon_vma: dead or alive; looked at only if it is on the VMA's chain
 *
 * Context: mmap_lock held for write.
 * Return: THPRACE_CHAIN_HAS if they can, else what is wrong; then @anon_vma must not
 * be followed.
 */
enum thprace_chain thprace_vma_chain(struct vm_area_struct *vma, struct anon_vma *anon_vma)
{
	if (!vma->anon_vma)
		return THPRACE_CHAIN_NONE;
	if (!thprace_vma_links(vma, anon_vma))
		return THPRACE_CHAIN_OTHERS;
	/* A link keeps it, and so do the links of all VMAs; nobody takes the last one yet. */
	if (atomic_read(&anon_vma->refcount) < 1)
		return THPRACE_CHAIN_FREED;
	if (!thprace_vma_links(vma, vma->anon_vma))
		return THPRACE_CHAIN_NOT_OWN;
	if (READ_ONCE(vma->anon_vma->root) != READ_ONCE(anon_vma->root))
		return THPRACE_CHAIN_ROOT;
	return THPRACE_CHAIN_HAS;
}

/**
 * thprace_vma_has() - the same, yes or no
 * @vma: of a locked mm
 * @anon_vma: dead or alive
 *
 * Context: mmap_lock held for write.
 */
bool thprace_vma_has(struct vm_area_struct *vma, struct anon_vma *anon_vma)
{
	return thprace_vma_chain(vma, anon_vma) == THPRACE_CHAIN_HAS;
}

/**
 * thprace_candidate_owns() - does an address belong to a candidate?
 * @o: locked observer
 * @p: the candidate
 * @addr: of its mm
 * @folio: locked
 * @until: out, up to which address the answer holds
 *
 * Candidates of one mm can overlap: a part of a folio that was moved within the
 * same 2 MiB lies in the range of the rest.  An address belongs to the
 * candidate that its VMA puts there; if there is none, to the first that covers
 * it.
 */
bool thprace_candidate_owns(struct thprace_observer *o, const struct thprace_candidate *p,
			    unsigned long addr, struct folio *folio, unsigned long *until)
{
	unsigned long bytes = folio_nr_pages(folio) << PAGE_SHIFT;
	struct vm_area_struct *vma = thprace_mmset_vma(&o->set, p->mm, addr);
	const struct thprace_candidate *q, *cover = NULL;
	unsigned long base;
	int i;

	*until = vma ? (vma->vm_start <= addr ? vma->vm_end : vma->vm_start) : ULONG_MAX;
	base = vma ? thprace_vma_address(vma, folio_test_anon(folio),
					 thprace_folio_index(folio)) : 0;
	for (i = o->candidates_of[p->mm]; i >= 0; i = q->next) {
		q = &o->candidate[i];
		if (vma && vma->vm_start <= addr && q->base == base)
			return q == p;
		if (!cover && addr >= q->base && addr < q->base + bytes)
			cover = q;
	}
	return cover == p;
}
