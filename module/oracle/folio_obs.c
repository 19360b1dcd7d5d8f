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
#include "oracle/folio_obs.h"
#include "oracle/intact.h"

static struct thprace_candidate *find_candidate(struct thprace_observer *o, unsigned int mm,
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
static enum thprace_observe_result add_vma(struct thprace_observer *o,
					   struct vm_area_struct *vma, pgoff_t index,
					   unsigned long nr, unsigned long region)
{
	struct mm_struct *mm = vma->vm_mm;
	pgoff_t first = max(index, vma->vm_pgoff);
	pgoff_t end = min(index + nr, vma->vm_pgoff + vma_pages(vma));
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
	base = vma->vm_start + ((index - vma->vm_pgoff) << PAGE_SHIFT);
	at = (vma->vm_start + ((first - vma->vm_pgoff) << PAGE_SHIFT)) & PMD_MASK;
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
	p = find_candidate(o, m, base);
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

/* All VMAs that rmap shows for the folio; rmap lock held. */
static enum thprace_observe_result add_rmap(struct thprace_observer *o, struct folio *folio,
					    struct anon_vma *anon_vma,
					    struct address_space *mapping,
					    unsigned long region)
{
	unsigned long nr = folio_nr_pages(folio);
	pgoff_t index = thprace_folio_index(folio);
	enum thprace_observe_result ret = THPRACE_OBSERVED;

	if (anon_vma) {
		struct anon_vma_chain *avc;

		for (avc = thprace_anon_it_first(&anon_vma->rb_root, index, index + nr - 1);
		     avc; avc = thprace_anon_it_next(avc, index, index + nr - 1)) {
			ret = worse(ret, add_vma(o, avc->vma, index, nr, region));
			if (ret == THPRACE_OBSERVE_UNKNOWN)
				break;
		}
	} else {
		struct vm_area_struct *vma;

		for (vma = thprace_file_it_first(&mapping->i_mmap, index, index + nr - 1);
		     vma; vma = thprace_file_it_next(vma, index, index + nr - 1)) {
			ret = worse(ret, add_vma(o, vma, index, nr, region));
			if (ret == THPRACE_OBSERVE_UNKNOWN)
				break;
		}
	}
	return ret;
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
 * thprace_vma_has() - can pages of an anon_vma be mapped in a VMA?
 * @vma: of a locked mm
 * @anon_vma: dead or alive; looked at only if it is on the VMA's chain
 *
 * Context: mmap_lock held for write.
 * Return: true if it is, and has the root of the VMA's own anon_vma.
 */
bool thprace_vma_has(struct vm_area_struct *vma, struct anon_vma *anon_vma)
{
	return thprace_vma_links(vma, anon_vma) && vma->anon_vma &&
	       READ_ONCE(vma->anon_vma->root) == READ_ONCE(anon_vma->root);
}

/* The VMA of a mapping must agree with the folio's rmap. */
static void look_at_vma(struct thprace_observer *o, struct thprace_obs *obs,
			struct folio *folio, struct anon_vma *anon_vma,
			unsigned int mm, unsigned long addr, unsigned int i, bool pmd)
{
	struct vm_area_struct *vma = thprace_mmset_vma(&o->set, mm, addr);
	pgoff_t want = thprace_folio_index(folio) + i, got;

	if (!vma || vma->vm_start > addr) {
		note_bad(&obs->linear, i, addr, want, -1);
		return;
	}
	got = vma->vm_pgoff + ((addr - vma->vm_start) >> PAGE_SHIFT);
	if (got != want)
		note_bad(&obs->linear, i, addr, want, got);
	if (pmd && (!IS_ALIGNED(addr, PMD_SIZE) || addr + PMD_SIZE > vma->vm_end))
		note_bad(&obs->geometry, i, addr, addr + PMD_SIZE, vma->vm_end);
	if (anon_vma && !thprace_vma_has(vma, anon_vma))
		note_bad(&obs->linear, i, addr, want, -2);
}

static void count_owner(struct thprace_obs *obs, struct mm_struct *mm, unsigned int nr)
{
	u32 id = thprace_mm_id(mm);
	int i;

	for (i = 0; id && i < 2; i++)
		if (obs->mm_id[i] == id)
			obs->mm_maps[i] += nr;
}

/*
 * Candidates of one mm can overlap: a part of a folio that was moved within the
 * same 2 MiB lies in the range of the rest.  An address belongs to the
 * candidate that its VMA puts there; if there is none, to the first that covers
 * it.
 */
static bool candidate_owns(struct thprace_observer *o, const struct thprace_candidate *p,
			   unsigned long addr, pgoff_t index, unsigned long bytes,
			   unsigned long *until)
{
	struct vm_area_struct *vma = thprace_mmset_vma(&o->set, p->mm, addr);
	const struct thprace_candidate *q, *cover = NULL;
	unsigned long base;
	int i;

	*until = vma ? (vma->vm_start <= addr ? vma->vm_end : vma->vm_start) : ULONG_MAX;
	base = vma ? vma->vm_start + ((index - vma->vm_pgoff) << PAGE_SHIFT) : 0;
	for (i = o->candidates_of[p->mm]; i >= 0; i = q->next) {
		q = &o->candidate[i];
		if (vma && vma->vm_start <= addr && q->base == base)
			return q == p;
		if (!cover && addr >= q->base && addr < q->base + bytes)
			cover = q;
	}
	return cover == p;
}

/* What a walk over the entries of one folio knows. */
struct walk {
	struct thprace_observer *o;
	struct thprace_obs *obs;
	struct folio *folio;
	struct anon_vma *anon_vma;
	struct thprace_candidate *p;
	unsigned long until;	/* up to here owns and asked are known */
	bool owns, asked;
	unsigned int row;	/* that was counted last; most counts go forward */
};

/* @n PTEs of one VMA, at subpage @i's address and on, of subpages @sub and on. */
static void count_ptes(struct walk *v, unsigned int i, unsigned int sub, unsigned int n,
		       unsigned long addr, bool writable)
{
	struct thprace_obs *obs = v->obs;
	unsigned int j;

	obs->sum_ptes += n;
	count_owner(obs, v->o->set.mm[v->p->mm], n);
	v->row = thprace_obs_cut(obs, v->row <= sub ? v->row : 0, sub);
	thprace_obs_cut(obs, sub, sub + n);
	for (j = sub; j < sub + n; j = obs->end[j]) {
		obs->ptes[j]++;
		obs->writable[j] |= writable;
	}
	if (sub != i) {
		note_bad(&obs->linear, sub, addr, i, sub);
	} else {
		j = find_next_zero_bit(v->p->reach, sub + n, sub);
		if (j < sub + n)
			note_bad(&obs->census_missing, j, addr + (j - sub) * PAGE_SIZE, 1, 0);
	}
	/* once for each VMA and folio, not for each page */
	if (!v->asked)
		look_at_vma(v->o, obs, v->folio, v->anon_vma, v->p->mm, addr, sub, false);
	v->asked = true;
}

/* Does the candidate own an address?  Known up to @v->until. */
static bool owns(struct walk *v, unsigned long addr)
{
	if (addr >= v->until) {
		v->owns = candidate_owns(v->o, v->p, addr, thprace_folio_index(v->folio),
					 v->obs->nr * PAGE_SIZE, &v->until);
		v->asked = false;
	}
	return v->owns;
}

/*
 * An entry that maps nothing, at subpage @i's address.  Whether a device's entry
 * counts as a mapping differs between kernels, so it leaves the picture open.
 */
static void look_at_other(struct walk *v, unsigned int i, unsigned long addr,
			  struct thprace_entry e)
{
	struct thprace_obs *obs = v->obs;

	if (e.pfn < obs->pfn || e.pfn >= obs->pfn + obs->nr)
		return;
	switch (e.kind) {
	case THPRACE_ENTRY_MIGRATION:
		note_bad(&obs->mig_held, i, addr, 0, 1);
		break;
	case THPRACE_ENTRY_DEVICE_PRIVATE:
	case THPRACE_ENTRY_DEVICE_EXCLUSIVE:
	case THPRACE_ENTRY_HWPOISON:
	case THPRACE_ENTRY_UNKNOWN:
		obs->incomplete = "an entry of a device, or of a poisoned page, refers to it";
		break;
	default:
		break;
	}
}

/* One PTE of a candidate, at subpage @i's address. */
static void look_at_pte(struct walk *v, unsigned int i, unsigned long addr, pte_t pte)
{
	struct thprace_obs *obs = v->obs;
	struct thprace_entry e = thprace_pte_entry(pte);

	if (e.kind == THPRACE_ENTRY_NONE || !owns(v, addr))
		return;
	if (e.kind != THPRACE_ENTRY_PRESENT)
		look_at_other(v, i, addr, e);
	else if (e.pfn >= obs->pfn && e.pfn < obs->pfn + obs->nr)
		count_ptes(v, i, e.pfn - obs->pfn, 1, addr, e.writable);
}

/* Entries that were collected, at subpage @i's address and on. */
static void look_at_run(struct walk *v, unsigned int i, unsigned int n, unsigned long pfn,
			bool writable)
{
	struct thprace_obs *obs = v->obs;
	unsigned long skip, part;

	if (pfn < obs->pfn) {
		skip = min_t(unsigned long, n, obs->pfn - pfn);
		i += skip;
		n -= skip;
		pfn += skip;
	}
	if (pfn >= obs->pfn + obs->nr)
		return;
	n = min_t(unsigned long, n, obs->pfn + obs->nr - pfn);
	for (; n; n -= part, i += part, pfn += part) {
		unsigned long addr = v->p->base + i * PAGE_SIZE;
		bool own = owns(v, addr);

		part = min_t(unsigned long, n, (v->until - addr) >> PAGE_SHIFT);
		if (own)
			count_ptes(v, i, pfn - obs->pfn, part, addr, writable);
	}
}

/* A PMD leaf, at subpage @i's address, of which it maps @n pages of the candidate. */
static void look_at_pmd(struct walk *v, unsigned int i, unsigned int n, unsigned long addr,
			unsigned long pfn, bool writable)
{
	struct thprace_obs *obs = v->obs;
	unsigned int zero;

	if (pfn < obs->pfn || pfn >= obs->pfn + obs->nr ||
	    !candidate_owns(v->o, v->p, addr, thprace_folio_index(v->folio),
			obs->nr * PAGE_SIZE, &v->until))
		return;
	v->until = 0;
	obs->pmd_maps++;
	obs->pmd_writable |= writable;
	count_owner(obs, v->o->set.mm[v->p->mm], 1);
	if (pfn != obs->pfn)
		note_bad(&obs->geometry, pfn - obs->pfn, addr, obs->pfn, pfn);
	look_at_vma(v->o, obs, v->folio, v->anon_vma, v->p->mm, addr & PMD_MASK,
		    pfn - obs->pfn, true);
	zero = find_next_zero_bit(v->p->reach, i + n, i);
	if (zero < i + n)
		note_bad(&obs->census_missing, zero, addr, 1, 0);
}

/* Look at the page tables of one candidate. */
static void walk_candidate(struct walk *v)
{
	struct thprace_obs *obs = v->obs;
	struct thprace_candidate *p = v->p;
	struct mm_struct *mm = v->o->set.mm[p->mm];
	unsigned int i = 0, n, j;

	for (; i < obs->nr; i += n) {
		unsigned long addr = p->base + i * PAGE_SIZE;
		unsigned long next = min((addr & PMD_MASK) + PMD_SIZE,
					 p->base + obs->nr * PAGE_SIZE);
		struct thprace_pgwalk w;
		struct thprace_entry e;

		n = (next - addr) >> PAGE_SHIFT;
		switch (thprace_pgwalk_lock(&w, mm, addr)) {
		case THPRACE_LEVEL_PMD:
			e = thprace_pmd_entry(w.pmd);
			if (e.kind == THPRACE_ENTRY_PRESENT)
				look_at_pmd(v, i, n, addr, e.pfn, e.writable);
			else
				look_at_other(v, i, addr, e);
			break;
		case THPRACE_LEVEL_PTE:
			for (j = 0; j < n; j++, addr += PAGE_SIZE)
				look_at_pte(v, i + j, addr, READ_ONCE(w.pte[j]));
			break;
		case THPRACE_LEVEL_NONE:
			break;
		}
		thprace_pgwalk_unlock(&w);
	}
}

/*
 * One candidate.  What the collecting walk has read of the region is as good as
 * the page table for a first look: if it is not right, a walk (@walk) looks anew.
 */
static void look_at_candidate(struct walk *v, bool walk)
{
	struct thprace_observer *o = v->o;
	unsigned long off = v->p->base - o->set.region;
	unsigned int first = off >> PAGE_SHIFT, end = first + v->obs->nr;
	struct thprace_view *view = &o->set.view[v->p->mm];
	const struct thprace_run *run;

	if (walk || v->p->mm >= o->set.nr_given || off >= PMD_SIZE || end > THPRACE_HPAGE_NR ||
	    view->others) {
		walk_candidate(v);
		return;
	}
	if (view->huge) {
		look_at_pmd(v, 0, v->obs->nr, v->p->base, view->huge, view->huge_writable);
		return;
	}
	run = thprace_run_at(view, first);
	for (; run && run < view->run + view->nr_runs && run->slot < end; run++) {
		unsigned int from = max_t(unsigned int, run->slot, first);
		unsigned int to = min_t(unsigned int, run->slot + run->nr, end);

		look_at_run(v, from - first, to - from, run->pfn + (from - run->slot),
			    run->writable);
	}
}

/* Are the counters of all pages those of the first?  No branch for each page. */
static bool pages_alike(struct page *page, unsigned int n, unsigned long mask)
{
	const s32 count = thprace_page_mapcount_raw(page);
	const unsigned long flags = thprace_page_flags_raw(page);
	unsigned long differs = 0;
	s32 differ = 0;
	unsigned int i;

	if (!mask) {
		for (i = 1; i < n; i++)
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

/*
 * Does an address still map a page of the folio, which is locked?  Then it goes
 * on doing so: who unmaps through rmap has locked the folio, who zaps has locked
 * the mm.
 */
static bool still_maps(struct thprace_observer *o, unsigned int mm, unsigned long addr,
		       struct folio *folio)
{
	enum thprace_level level;
	struct thprace_entry e = thprace_pgwalk_entry(o->set.mm[mm], addr, &level);
	unsigned long head = folio_pfn(folio);

	return e.kind == THPRACE_ENTRY_PRESENT && e.pfn >= head &&
	       e.pfn < head + folio_nr_pages(folio);
}

/*
 * The rmap of a locked folio that is mapped in @vma.  Its anon_vma or mapping is
 * only looked at if that VMA, of a locked mm, keeps it alive.
 */
struct rmap {
	struct anon_vma *anon_vma;	/* or NULL */
	struct address_space *mapping;	/* or NULL */
	struct rw_semaphore *sem;	/* NULL: neither can be looked at */
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
		if (vma && thprace_vma_links(vma, rmap->anon_vma))
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
 * Where the mms that were given can map the folio, whatever rmap says: at the
 * index that the first VMA of the region puts there, if it reaches that far.
 */
static void add_given(struct thprace_observer *o, struct folio *folio)
{
	pgoff_t index = thprace_folio_index(folio);
	unsigned long nr = folio_nr_pages(folio);
	unsigned int i;

	for (i = 0; i < o->set.nr_given; i++) {
		struct vm_area_struct *vma = o->set.region_vma[i];

		if (vma && index < vma->vm_pgoff + vma_pages(vma) && index + nr > vma->vm_pgoff)
			find_candidate(o, i, vma->vm_start +
				       ((index - vma->vm_pgoff) << PAGE_SHIFT));
	}
}

/* Before the walk, which counts the mappings of the slots' owners. */
static void read_mm_ids(struct thprace_obs *obs, struct folio *folio)
{
	bool shared = false;

	if (folio_test_large(folio))
		thprace_mm_ids(folio, obs->mm_id, obs->mm_id_mapcount, &shared);
	if (shared)
		obs->flags |= BIT(THPRACE_OBS_MAPPED_SHARED);
}

static void look_at_counters(struct thprace_observer *o, struct thprace_obs *obs,
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
	struct walk v = { .o = o, .obs = obs, .folio = folio };
	struct rmap rmap;
	unsigned int i;

	thprace_obs_start(obs, folio_nr_pages(folio));
	obs->pfn = folio_pfn(folio);
	obs->mapping = (unsigned long)thprace_folio_mapping_raw(folio);
	obs->index = thprace_folio_index(folio);
	if (vma && vma->vm_start > addr)
		vma = NULL;
	if (!still_maps(o, mm, addr, folio))
		return THPRACE_OBSERVE_GONE;
	if (folio_test_swapcache(folio))
		obs->flags |= BIT(THPRACE_OBS_SWAPCACHE);
	if (folio_test_private(folio))
		obs->flags |= BIT(THPRACE_OBS_HAS_PRIVATE);
	ret = find_rmap(obs, folio, vma, &rmap);
	if (ret != THPRACE_OBSERVED)
		return ret;
	v.anon_vma = rmap.anon_vma;
	o->nr_candidates = 0;
	memset(o->candidates_of, -1, o->set.nr_mms * sizeof(o->candidates_of[0]));
	find_candidate(o, mm, base);
	add_given(o, folio);
	if (!rmap.sem) {
		/* its anon_vma may be dead, so nothing is known of other mappings */
		note_bad(&obs->linear, (addr - base) >> PAGE_SHIFT, addr,
			 thprace_folio_index(folio), -2);
		obs->incomplete = "its anon_vma is not on the chain of a VMA that maps it";
		look_at_counters(o, obs, folio);
		return THPRACE_OBSERVED;
	}
	down_read(rmap.sem);
	ret = add_rmap(o, folio, rmap.anon_vma, rmap.mapping, region);
	if (ret == THPRACE_OBSERVE_UNKNOWN)
		obs->incomplete = o->incomplete;
	if (ret == THPRACE_OBSERVED) {
		read_mm_ids(obs, folio);
		for (i = 0; i < o->nr_candidates; i++) {
			v.p = &o->candidate[i];
			v.until = 0;
			v.owns = false;
			v.asked = false;
			look_at_candidate(&v, walk);
		}
		look_at_counters(o, obs, folio);
		if (!obs->incomplete)
			obs->flags |= BIT(THPRACE_OBS_COMPLETE);
		if (o->set.nr_mms > 2)
			obs->flags |= BIT(THPRACE_OBS_MANY_MMS);
	}
	up_read(rmap.sem);
	return ret;
}

/*
 * A reference on the folio of a page that is mapped at an address, or NULL.  It
 * is taken under the page table lock: a frame that was read there before may
 * have been freed since, and to lock it would be to lock somebody else's page,
 * one that zsmalloc has just allocated for instance.
 */
static struct folio *get_mapped(struct mm_struct *mm, unsigned long addr, unsigned long pfn)
{
	struct folio *folio = NULL;
	struct thprace_pgwalk w;
	struct thprace_entry e;

	thprace_pgwalk_lock(&w, mm, addr);
	e = thprace_pgwalk_read(&w, addr);
	if (e.kind == THPRACE_ENTRY_PRESENT && e.pfn == pfn) {
		folio = page_folio(pfn_to_page(pfn));
		if (!folio_try_get(folio))
			folio = NULL;
	}
	thprace_pgwalk_unlock(&w);
	return folio;
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
	folio = get_mapped(o->set.mm[mm], region + slot * PAGE_SIZE, pfn);
	if (!folio)
		return THPRACE_OBSERVE_GONE;
	page = pfn_to_page(pfn);
	for (tries = 0; !folio_trylock(folio); tries++) {
		if (tries == 16) {
			folio_put(folio);
			return THPRACE_OBSERVE_BUSY;
		}
		cond_resched();
		udelay(1 << min(tries, 6U));
	}
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
