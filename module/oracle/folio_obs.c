// SPDX-License-Identifier: GPL-2.0
/*
 * folio_obs.c - looks at one folio under locks and writes down what is there
 *
 * The mms are locked.  Takes the folio lock, the rmap lock and the page table
 * locks, in this order.
 */
#include <linux/delay.h>
#include <linux/fs.h>

#include "mm/pgwalk.h"
#include "oracle/describe.h"
#include "oracle/look.h"

/*
 * The rmap of a locked folio that is mapped in @vma.  Its anon_vma or mapping is
 * only looked at if that VMA, of a locked mm, keeps it alive.
 */
struct rmap {
	struct anon_vma *anon_vma;	/* or NULL */
	struct address_space *mapping;	/* or NULL */
	struct rw_semaphore *sem;	/* NULL: neither can be looked at */
	enum thprace_chain chain;	/* of that VMA, if it is anonymous */
};

static enum thprace_observe_result find_rmap(struct thprace_obs *obs, struct folio *folio,
					     struct vm_area_struct *vma, struct rmap *rmap)
{
	struct address_space *mapping = thprace_folio_mapping_raw(folio);

	memset(rmap, 0, sizeof(*rmap));
	if (folio_test_ksm(folio)) {
		obs->incomplete = "a KSM page";
		return THPRACE_OBSERVE_UNKNOWN;
	}
	if (folio_test_anon(folio)) {
		rmap->anon_vma = thprace_folio_anon_vma(folio);
		if (!rmap->anon_vma)
			return THPRACE_OBSERVE_FOREIGN;
		obs->flags |= BIT(THPRACE_OBS_ANON);
		if (!vma)
			return THPRACE_OBSERVED;
		rmap->chain = thprace_vma_chain(vma, rmap->anon_vma);
		if (rmap->chain == THPRACE_CHAIN_HAS)
			rmap->sem = &READ_ONCE(rmap->anon_vma->root)->rwsem;
		return THPRACE_OBSERVED;
	}
	/* truncated, or the huge zero page */
	if (!mapping || ((unsigned long)mapping & 3))
		return THPRACE_OBSERVE_FOREIGN;
	if (!vma || !vma->vm_file || vma->vm_file->f_mapping != mapping) {
		obs->incomplete = "a page that is not of its VMA's file";
		return THPRACE_OBSERVE_UNKNOWN;
	}
	if (thprace_sym_missing(THPRACE_SYM_FILE_IT_FIRST) ||
	    thprace_sym_missing(THPRACE_SYM_FILE_IT_NEXT)) {
		obs->incomplete = "a file's page, and the tree of its mappings can't be walked";
		return THPRACE_OBSERVE_UNKNOWN;
	}
	rmap->mapping = mapping;
	rmap->sem = &mapping->i_mmap_rwsem;
	return THPRACE_OBSERVED;
}

/*
 * The picture of a locked folio.  The rmap lock is held for read: that keeps
 * the tree of VMAs still; the mappings are kept still by the mmap_locks and
 * VMA locks (faults, zaps) and the folio lock (rmap walks that unmap).
 */
static enum thprace_observe_result look(struct thprace_observer *o, struct thprace_obs *obs,
					struct folio *folio, unsigned long region,
					unsigned int mm, unsigned long addr,
					unsigned long base, bool walk)
{
	struct vm_area_struct *vma = thprace_mmset_vma(&o->set, mm, addr);
	enum thprace_observe_result ret;
	struct rmap rmap;

	thprace_obs_start(obs, folio_nr_pages(folio));
	obs->pfn = folio_pfn(folio);
	obs->mapping = (unsigned long)thprace_folio_mapping_raw(folio);
	obs->index = thprace_folio_index(folio);
	if (vma && vma->vm_start > addr)
		vma = NULL;
	if (folio_test_swapcache(folio))
		obs->flags |= BIT(THPRACE_OBS_SWAPCACHE);
	if (folio_test_private(folio))
		obs->flags |= BIT(THPRACE_OBS_HAS_PRIVATE);
	ret = find_rmap(obs, folio, vma, &rmap);
	if (ret != THPRACE_OBSERVED)
		return ret;
	o->nr_candidates = 0;
	memset(o->candidates_of, -1, o->set.nr_mms * sizeof(o->candidates_of[0]));
	thprace_candidate_find(o, mm, base);
	thprace_candidates_add_given(o, folio);
	if (!rmap.sem) {
		/* its anon_vma may be dead, so nothing is known of other mappings */
		if (vma)
			note_bad(&obs->chain, (addr - base) >> PAGE_SHIFT, addr,
				 THPRACE_CHAIN_HAS, rmap.chain);
		else
			note_bad(&obs->linear, (addr - base) >> PAGE_SHIFT, addr,
				 thprace_folio_index(folio), -1);
		obs->incomplete = "its anon_vma may be dead, as far as a VMA that maps it can tell";
		thprace_look_at_counters(o, obs, folio);
		if (walk || o->describe)
			thprace_describe_look(o, folio, NULL);
		return THPRACE_OBSERVED;
	}
	down_read(rmap.sem);
	ret = thprace_candidates_add_rmap(o, folio, rmap.anon_vma, rmap.mapping, region);
	if (ret == THPRACE_OBSERVE_UNKNOWN)
		obs->incomplete = o->incomplete;
	if (ret == THPRACE_OBSERVED) {
		thprace_look_at_mm_ids(obs, folio);
		thprace_look_at_entries(o, obs, folio, rmap.anon_vma, walk);
		thprace_look_at_counters(o, obs, folio);
		if (!obs->incomplete)
			obs->flags |= BIT(THPRACE_OBS_COMPLETE);
		if (o->set.nr_mms > 2)
			obs->flags |= BIT(THPRACE_OBS_MANY_MMS);
		if (walk || o->describe)
			thprace_describe_look(o, folio, rmap.anon_vma);
	}
	up_read(rmap.sem);
	return ret;
}

/*
 * The folio of a page that is mapped at an address, locked, and a reference on
 * it, or an ERR_PTR().  Both are taken under the page table lock: a frame that
 * was read there before may have been freed since, and to lock it would be to lock
 * somebody else's page, one that zsmalloc has just allocated for instance.  From
 * then on the page stays mapped there: who unmaps through rmap has locked the
 * folio, who zaps has locked the mm.
 */
static struct folio *lock_mapped(struct mm_struct *mm, unsigned long addr, unsigned long pfn)
{
	struct folio *folio = ERR_PTR(-ENOENT);
	struct thprace_pgwalk w;
	struct thprace_entry e;
	bool locked = false;

	thprace_pgwalk_lock(&w, mm, addr);
	e = thprace_pgwalk_read(&w, addr);
	if (e.kind == THPRACE_ENTRY_PRESENT && e.pfn == pfn) {
		folio = page_folio(pfn_to_page(pfn));
		if (folio_try_get(folio))
			locked = folio_trylock(folio);
		else
			folio = ERR_PTR(-ENOENT);
	}
	thprace_pgwalk_unlock(&w);
	if (locked || IS_ERR(folio))
		return folio;
	folio_put(folio);
	return ERR_PTR(-EBUSY);
}

/**
 * thprace_observe_folio() - write down the state of one folio
 * @o: locked observer
 * @obs: filled
 * @mm: index of the mm in which the collecting walk saw it
 * @pfn: the page
 * @slot: at which page of the region it was
 * @region: PMD-aligned
 * @own_refs: references that the session holds on it
 * @walk: read page tables anew, where what was collected would do
 *
 * Context: mmap_locks held by thprace_mmset_lock(). May sleep.
 * Return: THPRACE_OBSERVED with @obs filled, or why not; on
 * THPRACE_OBSERVE_UNKNOWN the reason is @obs->incomplete.
 */
enum thprace_observe_result
thprace_observe_folio(struct thprace_observer *o, struct thprace_obs *obs,
		      unsigned int mm, unsigned long pfn, unsigned int slot,
		      unsigned long region,
		      unsigned int own_refs, bool walk)
{
	enum thprace_observe_result ret;
	struct folio *folio;
	struct page *page;
	unsigned int tries;

	obs->incomplete = NULL;
	for (tries = 0;; tries++) {
		folio = lock_mapped(o->set.mm[mm], region + slot * PAGE_SIZE, pfn);
		if (folio != ERR_PTR(-EBUSY))
			break;
		if (tries == 16)
			return THPRACE_OBSERVE_BUSY;
		cond_resched();
		udelay(1 << min(tries, 6U));
	}
	if (IS_ERR(folio))
		return THPRACE_OBSERVE_GONE;
	page = pfn_to_page(pfn);
	if (page_folio(page) != folio) {
		ret = THPRACE_OBSERVE_GONE;
	} else if (folio_test_hugetlb(folio) || folio_nr_pages(folio) > THPRACE_HPAGE_NR) {
		ret = THPRACE_OBSERVE_FOREIGN;
	} else {
		unsigned long sub = pfn - folio_pfn(folio);
		unsigned long base = region + (slot - sub) * PAGE_SIZE;

		ret = look(o, obs, folio, region, mm, region + slot * PAGE_SIZE, base, walk);
		obs->addr = base;
		obs->own_refs = 1 + own_refs;
	}
	folio_unlock(folio);
	folio_put(folio);
	return ret;
}
