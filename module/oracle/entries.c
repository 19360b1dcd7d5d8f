// SPDX-License-Identifier: GPL-2.0
/*
 * entries.c - the page table entries that map one folio, counted
 *
 * The mms and the folio are locked, its candidates are known.  Takes page table
 * locks.
 */
#include "mm/pgwalk.h"
#include "oracle/look.h"

/* The VMA of a mapping must agree with the folio's rmap. */
static void look_at_vma(struct thprace_observer *o, struct thprace_obs *obs,
			struct folio *folio, struct anon_vma *anon_vma,
			unsigned int mm, unsigned long addr, unsigned int i, bool pmd)
{
	struct vm_area_struct *vma = thprace_mmset_vma(&o->set, mm, addr);
	pgoff_t want = thprace_folio_index(folio) + i, got;
	enum thprace_chain chain;

	if (!vma || vma->vm_start > addr) {
		note_bad(&obs->linear, i, addr, want, -1);
		return;
	}
	got = thprace_vma_pgoff(vma, folio_test_anon(folio)) +
	      ((addr - vma->vm_start) >> PAGE_SHIFT);
	if (got != want)
		note_bad(&obs->linear, i, addr, want, got);
	if (pmd && (!IS_ALIGNED(addr, PMD_SIZE) || addr + PMD_SIZE > vma->vm_end))
		note_bad(&obs->geometry, i, addr, addr + PMD_SIZE, vma->vm_end);
	if (!anon_vma)
		return;
	chain = thprace_vma_chain(vma, anon_vma);
	if (chain != THPRACE_CHAIN_HAS)
		note_bad(&obs->chain, i, addr, THPRACE_CHAIN_HAS, chain);
}

static void count_owner(struct thprace_obs *obs, struct mm_struct *mm, unsigned int nr)
{
	u32 id = thprace_mm_id(mm);
	int i;

	for (i = 0; id && i < 2; i++)
		if (obs->mm_id[i] == id)
			obs->mm_maps[i] += nr;
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
		v->owns = thprace_candidate_owns(v->o, v->p, addr, v->folio, &v->until);
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
	    !thprace_candidate_owns(v->o, v->p, addr, v->folio, &v->until))
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

/**
 * thprace_look_at_entries() - count what maps a folio, at all candidates
 * @o: locked observer
 * @obs: gets the counts, and what is wrong with a mapping
 * @folio: locked
 * @anon_vma: of the folio, or NULL
 * @walk: read page tables anew, where what was collected would do
 *
 * Context: process context; the rmap lock is held.
 */
void thprace_look_at_entries(struct thprace_observer *o, struct thprace_obs *obs,
			     struct folio *folio, struct anon_vma *anon_vma, bool walk)
{
	struct walk v = { .o = o, .obs = obs, .folio = folio, .anon_vma = anon_vma };
	unsigned int i;

	for (i = 0; i < o->nr_candidates; i++) {
		v.p = &o->candidate[i];
		v.until = 0;
		v.owns = false;
		v.asked = false;
		look_at_candidate(&v, walk);
	}
}
