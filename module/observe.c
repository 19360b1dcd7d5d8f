// SPDX-License-Identifier: GPL-2.0
/*
 * observe.c - looks at one folio under locks and writes down what is there
 *
 * Called by check.c.  Takes mmap_lock for write on every mm (and the per-VMA
 * locks), the folio lock, the rmap lock and the page table locks, in this
 * order.  Not here: any judgement.
 */
#include <linux/delay.h>
#include <linux/fs.h>
#include <linux/hash.h>
#include <linux/lockdep.h>
#include <linux/sched/signal.h>

#include "observe.h"

/*
 * lockdep keeps at most MAX_LOCK_DEPTH (48) locks of a task; leave room for
 * what comes below the mmap_locks.
 */
static unsigned int max_mms(void)
{
#ifdef CONFIG_LOCKDEP
	return 32;
#else
	return THPRACE_MAX_MMS;
#endif
}

/* Index of an mm in the observer, or -1. */
static int mm_index(struct thprace_observer *o, struct mm_struct *mm)
{
	unsigned int i = hash_ptr(mm, 8);

	for (; o->mm_hash[i]; i = (i + 1) % ARRAY_SIZE(o->mm_hash))
		if (o->mm[o->mm_hash[i] - 1] == mm)
			return o->mm_hash[i] - 1;
	return -1;
}

/* @mm's user reference is the observer's from now on. */
static void add_mm(struct thprace_observer *o, struct mm_struct *mm)
{
	unsigned int i = hash_ptr(mm, 8);

	static_assert(4 * THPRACE_MAX_MMS == 1 << 8);
	while (o->mm_hash[i])
		i = (i + 1) % ARRAY_SIZE(o->mm_hash);
	o->mm[o->nr_mms++] = mm;
	o->mm_hash[i] = o->nr_mms;
}

/* The VMA of an address, or the next one, as find_vma(); mms write-locked. */
static struct vm_area_struct *vma_at(struct thprace_observer *o, unsigned int mm,
				     unsigned long addr)
{
	struct vm_area_struct *vma = o->vma[mm];

	if (!vma || addr < vma->vm_start || addr >= vma->vm_end)
		vma = find_vma(o->mm[mm], addr);
	o->vma[mm] = vma;
	return vma;
}

/**
 * thprace_observer_get() - an observer of a set of mms
 * @s: session that may keep one from the last time
 * @mms: given by the caller, who keeps a user reference on each
 * @nr: how many, at most THPRACE_MAX_MMS
 *
 * Context: process context. Return: the observer, or NULL (no memory).
 */
struct thprace_observer *thprace_observer_get(struct thprace_session *s,
					      struct mm_struct **mms, unsigned int nr)
{
	struct thprace_observer *o = xchg(&s->observer, NULL);
	unsigned int i;

	if (o && o->room < nr) {
		thprace_observer_free(o);
		o = NULL;
	}
	if (!o) {
		o = kvzalloc(sizeof(*o), GFP_KERNEL);
		if (!o)
			return NULL;
		o->table = kvmalloc_array(nr, THPRACE_HPAGE_NR * sizeof(pte_t), GFP_KERNEL);
		if (!o->table) {
			kvfree(o);
			return NULL;
		}
		o->room = nr;
		thprace_stat_add(THPRACE_STAT_SESSION_BYTES, thprace_observer_bytes(o));
	}
	o->nr_mms = 0;
	o->first = 0;
	memset(o->mm_hash, 0, sizeof(o->mm_hash));
	for (i = 0; i < nr && i < THPRACE_MAX_MMS; i++) {
		mmget(mms[i]);
		add_mm(o, mms[i]);
	}
	o->nr_given = o->nr_mms;
	return o;
}

/**
 * thprace_observer_put() - drop its references, and let the session keep it
 * @s: the session
 * @o: unlocked
 *
 * Context: process context; mmput() may tear down an mm.
 */
void thprace_observer_put(struct thprace_session *s, struct thprace_observer *o)
{
	while (o->nr_mms)
		mmput(o->mm[--o->nr_mms]);
	o = xchg(&s->observer, o);
	if (o)
		thprace_observer_free(o);
}

/**
 * thprace_observer_bytes() - kernel memory of an observer
 * @o: the observer, or NULL
 */
size_t thprace_observer_bytes(const struct thprace_observer *o)
{
	return o ? sizeof(*o) + o->room * THPRACE_HPAGE_NR * sizeof(pte_t) : 0;
}

/**
 * thprace_observer_free() - free an observer without references
 * @o: the observer, or NULL
 *
 * Context: process context.
 */
void thprace_observer_free(struct thprace_observer *o)
{
	if (!o)
		return;
	thprace_stat_add(THPRACE_STAT_SESSION_BYTES, -(s64)thprace_observer_bytes(o));
	kvfree(o->table);
	kvfree(o);
}

/* Wait for readers of the per-VMA locks in one mm, [addr, addr + PMD_SIZE). */
static void write_lock_vmas(struct mm_struct *mm, unsigned long addr)
{
	struct vm_area_struct *vma;
	unsigned long end = addr + PMD_SIZE;

	for (vma = find_vma(mm, addr); vma && vma->vm_start < end;
	     vma = find_vma(mm, vma->vm_end))
		vma_start_write(vma);
}

/**
 * thprace_observer_lock() - write-lock all mms and their VMAs around a region
 * @o: the observer
 * @addr: PMD-aligned start of the region
 *
 * Blocks for one mmap_lock only and tries the others, so that no order among
 * mms is needed; what could not be had is blocked for first the next time.
 *
 * Context: process context, no mmap_lock held.
 * Return: 0, -EINTR (killed), or -EBUSY (some mmap_lock is kept by others).
 */
int thprace_observer_lock(struct thprace_observer *o, unsigned long addr)
{
	unsigned int tries, i;

	for (tries = 0; tries < 64; tries++) {
		unsigned int stuck = o->nr_mms;

		if (o->first >= o->nr_mms)
			o->first = 0;
		if (mmap_write_lock_killable(o->mm[o->first]))
			return -EINTR;
		for (i = 0; i < o->nr_mms; i++) {
			if (i == o->first)
				continue;
			if (!mmap_write_trylock(o->mm[i])) {
				stuck = i;
				break;
			}
		}
		if (stuck == o->nr_mms)
			goto locked;
		while (i-- > 0)
			if (i != o->first)
				mmap_write_unlock(o->mm[i]);
		mmap_write_unlock(o->mm[o->first]);
		o->first = stuck;
		cond_resched();
	}
	return -EBUSY;

locked:
	o->nr_locked = o->nr_mms;
	o->region = addr;
	for (i = 0; i < o->nr_mms; i++) {
		o->vma[i] = NULL;
		o->region_vma[i] = find_vma(o->mm[i], addr);
		if (o->region_vma[i] && o->region_vma[i]->vm_start >= addr + PMD_SIZE)
			o->region_vma[i] = NULL;
		write_lock_vmas(o->mm[i], addr);
	}
	for (i = 0; i < o->nr_extra; i++)
		write_lock_vmas(o->mm[o->extra[i].mm], o->extra[i].addr);
	return 0;
}

/**
 * thprace_observer_unlock() - undo thprace_observer_lock()
 * @o: the observer
 *
 * Context: process context.
 */
void thprace_observer_unlock(struct thprace_observer *o)
{
	unsigned int i;

	for (i = o->nr_locked; i-- > 0;)
		mmap_write_unlock(o->mm[i]);
	o->nr_locked = 0;
}

static void note_bad(struct thprace_bad *bad, u32 index, u64 addr, s64 want, s64 got)
{
	if (!bad->nr++) {
		bad->index = index;
		bad->addr = addr;
		bad->want = want;
		bad->got = got;
	}
}

/* A migration entry is there while its folio is locked, mm/migrate.c. */
static void note_migration(struct thprace_observer *o, struct page *page, unsigned long addr)
{
	/*
	 * Not an older view of the compound page than the entry is: pairs with
	 * the smp_wmb() in __split_huge_page_tail(), as
	 * swap_entry_migration_sync() does.
	 */
	smp_rmb();
	if (!folio_test_locked(page_folio(page)))
		note_bad(&o->mig_unlocked, 0, addr, 1, 0);
}

/**
 * thprace_observer_collect() - read the entries of a region in one mm
 * @o: locked observer; notes migration entries of unlocked folios
 * @mm: index of an mm that was given
 * @addr: PMD-aligned
 *
 * Context: mmap_lock held for write.
 */
void thprace_observer_collect(struct thprace_observer *o, unsigned int mm, unsigned long addr)
{
	struct mm_struct *m = o->mm[mm];
	pte_t *table = o->table + mm * THPRACE_HPAGE_NR;
	pmd_t *pmd = thprace_find_pmd(m, addr);
	struct page *page = NULL;
	spinlock_t *ptl;	/* of the page table */
	unsigned int i;
	pte_t *pte;
	pmd_t val;

	o->huge[mm] = 0;
	o->has_table[mm] = false;
	if (!pmd)
		return;
	ptl = pmd_lock(m, pmd);
	val = READ_ONCE(*pmd);
	if (pmd_present(val) && pmd_trans_huge(val))
		o->huge[mm] = page_to_pfn(pmd_page(val));
	else if (!pmd_none(val) && !pmd_present(val))
		page = thprace_pmd_migration_page(val);
	if (page)
		note_migration(o, page, addr);
	spin_unlock(ptl);
	if (o->huge[mm] || !thprace_ptes_below(m, pmd, &val, &ptl))
		return;
	spin_lock(ptl);
	pte = pte_offset_kernel(&val, addr);
	o->has_table[mm] = pmd_same(val, READ_ONCE(*pmd));
	for (i = 0; i < THPRACE_HPAGE_NR && o->has_table[mm]; i++) {
		pte_t entry = READ_ONCE(pte[i]);

		table[i] = entry;
		if (pte_none(entry) || pte_present(entry))
			continue;
		page = thprace_pte_migration_page(entry);
		if (page)
			note_migration(o, page, addr + i * PAGE_SIZE);
	}
	spin_unlock(ptl);
}

/**
 * thprace_observer_list() - the pages that were collected of one mm
 * @o: the observer; fills @o->seen_at
 * @mm: index of an mm that was given
 *
 * Return: how many.
 */
unsigned int thprace_observer_list(struct thprace_observer *o, unsigned int mm)
{
	const pte_t *table = o->table + mm * THPRACE_HPAGE_NR;
	unsigned int i, nr = 0;

	if (o->huge[mm]) {
		o->seen_at[nr].slot = 0;
		o->seen_at[nr++].pfn = o->huge[mm];
	}
	for (i = 0; i < THPRACE_HPAGE_NR && o->has_table[mm]; i++)
		if (pte_present(table[i]) && !pte_special(table[i]) &&
		    pfn_valid(pte_pfn(table[i]))) {
			o->seen_at[nr].slot = i;
			o->seen_at[nr++].pfn = pte_pfn(table[i]);
		}
	return nr;
}

static struct thprace_place *find_place(struct thprace_observer *o, unsigned int mm,
					unsigned long base)
{
	struct thprace_place *p;
	int i;

	for (i = o->places_of[mm]; i >= 0; i = o->place[i].next)
		if (o->place[i].base == base)
			return &o->place[i];
	if (o->nr_places == THPRACE_MAX_PLACES)
		return NULL;
	p = &o->place[o->nr_places];
	p->mm = mm;
	p->base = base;
	p->next = o->places_of[mm];
	o->places_of[mm] = o->nr_places++;
	bitmap_zero(p->reach, THPRACE_HPAGE_NR);
	return p;
}

/*
 * A VMA that the rmap walk shows: remember which subpages it reaches.  Its mm
 * can be one that nobody named; then it is added and all is locked anew.
 */
static enum thprace_observe_result add_vma(struct thprace_observer *o,
					   struct vm_area_struct *vma, pgoff_t index,
					   unsigned long nr, unsigned long region)
{
	struct mm_struct *mm = vma->vm_mm;
	pgoff_t first = max(index, vma->vm_pgoff);
	pgoff_t end = min(index + nr, vma->vm_pgoff + vma_pages(vma));
	struct thprace_place *p;
	unsigned long base, at;
	int m = mm_index(o, mm);
	unsigned int i;

	if (first >= end)
		return THPRACE_OBSERVED;
	if (m < 0) {
		if (o->nr_mms >= max_mms()) {
			o->incomplete = "more mms than can be locked at once";
			return THPRACE_OBSERVE_UNKNOWN;
		}
		if (!mmget_not_zero(mm)) {
			o->incomplete = "an exiting mm maps it";
			return THPRACE_OBSERVE_UNKNOWN;
		}
		add_mm(o, mm);
		return THPRACE_OBSERVE_AGAIN;
	}
	if (m >= o->nr_locked)
		return THPRACE_OBSERVE_AGAIN;

	/* May wrap below 0 in theory only; then no page is found there. */
	base = vma->vm_start + ((index - vma->vm_pgoff) << PAGE_SHIFT);
	at = (vma->vm_start + ((first - vma->vm_pgoff) << PAGE_SHIFT)) & PMD_MASK;
	if (at != region) {
		for (i = 0; i < o->nr_extra; i++)
			if (o->extra[i].mm == m && o->extra[i].addr == at)
				break;
		if (i == o->nr_extra) {
			if (i == THPRACE_MAX_EXTRA) {
				o->incomplete = "mapped at too many addresses";
				return THPRACE_OBSERVE_UNKNOWN;
			}
			o->extra[i].mm = m;
			o->extra[i].addr = at;
			o->nr_extra++;
			return THPRACE_OBSERVE_AGAIN;
		}
	}
	p = find_place(o, m, base);
	if (!p) {
		o->incomplete = "mapped in too many places";
		return THPRACE_OBSERVE_UNKNOWN;
	}
	bitmap_set(p->reach, first - index, end - first);
	return THPRACE_OBSERVED;
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
			ret = add_vma(o, avc->vma, index, nr, region);
			if (ret != THPRACE_OBSERVED)
				break;
		}
	} else {
		struct vm_area_struct *vma;

		for (vma = thprace_file_it_first(&mapping->i_mmap, index, index + nr - 1);
		     vma; vma = thprace_file_it_next(vma, index, index + nr - 1)) {
			ret = add_vma(o, vma, index, nr, region);
			if (ret != THPRACE_OBSERVED)
				break;
		}
	}
	return ret;
}

/* The VMA of a mapping must agree with the folio's rmap. */
static void look_at_vma(struct thprace_observer *o, struct thprace_obs *obs,
			struct folio *folio, struct anon_vma *anon_vma,
			unsigned int mm, unsigned long addr, unsigned int i, bool pmd)
{
	struct vm_area_struct *vma = vma_at(o, mm, addr);
	pgoff_t want = thprace_folio_index(folio) + i, got;
	struct anon_vma_chain *avc;

	if (!vma || vma->vm_start > addr) {
		note_bad(&obs->linear, i, addr, want, -1);
		return;
	}
	got = vma->vm_pgoff + ((addr - vma->vm_start) >> PAGE_SHIFT);
	if (got != want)
		note_bad(&obs->linear, i, addr, want, got);
	if (pmd && (!IS_ALIGNED(addr, PMD_SIZE) || addr + PMD_SIZE > vma->vm_end))
		note_bad(&obs->geometry, i, addr, addr + PMD_SIZE, vma->vm_end);
	if (!anon_vma)
		return;
	if (!vma->anon_vma || READ_ONCE(vma->anon_vma->root) != READ_ONCE(anon_vma->root)) {
		note_bad(&obs->linear, i, addr, want, -2);
		return;
	}
	list_for_each_entry(avc, &vma->anon_vma_chain, same_vma)
		if (avc->anon_vma == anon_vma)
			return;
	note_bad(&obs->linear, i, addr, want, -3);
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
 * Places of one mm can overlap: a part of a folio that was moved within the
 * same 2 MiB lies in the range of the rest. An address belongs to the place
 * that its VMA puts there; if there is none, to the first that covers it.
 */
static bool place_owns(struct thprace_observer *o, const struct thprace_place *p,
		       unsigned long addr, pgoff_t index, unsigned long bytes,
		       unsigned long *until)
{
	struct vm_area_struct *vma = vma_at(o, p->mm, addr);
	const struct thprace_place *q, *cover = NULL;
	unsigned long base;
	int i;

	*until = vma ? (vma->vm_start <= addr ? vma->vm_end : vma->vm_start) : ULONG_MAX;
	base = vma ? vma->vm_start + ((index - vma->vm_pgoff) << PAGE_SHIFT) : 0;
	for (i = o->places_of[p->mm]; i >= 0; i = q->next) {
		q = &o->place[i];
		if (vma && vma->vm_start <= addr && q->base == base)
			return q == p;
		if (!cover && addr >= q->base && addr < q->base + bytes)
			cover = q;
	}
	return cover == p;
}

/* What is being looked at, for each entry. */
struct scene {
	struct thprace_observer *o;
	struct thprace_obs *obs;
	struct folio *folio;
	struct anon_vma *anon_vma;
	struct thprace_place *p;
	unsigned long until;	/* up to here owns and asked are known */
	bool owns, asked;
};

/* One PTE of a place, at subpage @i's address. */
static __always_inline void look_at_pte(struct scene *v, unsigned int i, unsigned long addr,
					pte_t entry)
{
	struct thprace_obs *obs = v->obs;
	unsigned long pfn;
	unsigned int sub;

	if (pte_none(entry))
		return;
	if (addr >= v->until) {
		v->owns = place_owns(v->o, v->p, addr, thprace_folio_index(v->folio),
				     obs->nr * PAGE_SIZE, &v->until);
		v->asked = false;
	}
	if (!v->owns)
		return;
	if (!pte_present(entry)) {
		struct page *page = thprace_pte_migration_page(entry);

		if (page && page_folio(page) == v->folio)
			note_bad(&obs->mig_held, i, addr, 0, 1);
		return;
	}
	pfn = pte_pfn(entry);
	if (pte_special(entry) || pfn < obs->pfn || pfn >= obs->pfn + obs->nr)
		return;
	sub = pfn - obs->pfn;
	obs->ptes[sub]++;
	obs->sum_ptes++;
	obs->writable[sub] |= !!pte_write(entry);
	count_owner(obs, v->o->mm[v->p->mm], 1);
	if (sub != i)
		note_bad(&obs->linear, sub, addr, i, sub);
	else if (!test_bit(sub, v->p->reach))
		note_bad(&obs->census_missing, sub, addr, 1, 0);
	/* once for each VMA and folio, not for each page */
	if (!v->asked)
		look_at_vma(v->o, obs, v->folio, v->anon_vma, v->p->mm, addr, sub, false);
	v->asked = true;
}

/* A PMD leaf, at subpage @i's address, of which it maps @n pages of the place. */
static void look_at_pmd(struct scene *v, unsigned int i, unsigned int n, unsigned long addr,
			pmd_t val)
{
	struct thprace_obs *obs = v->obs;
	unsigned long pfn = page_to_pfn(pmd_page(val));
	unsigned int zero;

	if (pfn < obs->pfn || pfn >= obs->pfn + obs->nr ||
	    !place_owns(v->o, v->p, addr, thprace_folio_index(v->folio),
			obs->nr * PAGE_SIZE, &v->until))
		return;
	v->until = 0;
	obs->pmd_maps++;
	obs->pmd_writable |= !!pmd_write(val);
	count_owner(obs, v->o->mm[v->p->mm], 1);
	if (pfn != obs->pfn)
		note_bad(&obs->geometry, pfn - obs->pfn, addr, obs->pfn, pfn);
	look_at_vma(v->o, obs, v->folio, v->anon_vma, v->p->mm, addr & PMD_MASK,
		    pfn - obs->pfn, true);
	zero = find_next_zero_bit(v->p->reach, i + n, i);
	if (zero < i + n)
		note_bad(&obs->census_missing, zero, addr, 1, 0);
}

/* Look at the page tables of one place. */
static void walk_place(struct scene *v)
{
	struct thprace_obs *obs = v->obs;
	struct thprace_place *p = v->p;
	struct mm_struct *mm = v->o->mm[p->mm];
	unsigned int i = 0, n, j;

	for (; i < obs->nr; i += n) {
		unsigned long addr = p->base + i * PAGE_SIZE;
		unsigned long next = min((addr & PMD_MASK) + PMD_SIZE,
					 p->base + obs->nr * PAGE_SIZE);
		pmd_t *pmd = thprace_find_pmd(mm, addr);
		spinlock_t *ptl;	/* of the page table */
		bool leaf;
		pmd_t val;
		pte_t *pte;

		n = (next - addr) >> PAGE_SHIFT;
		if (!pmd)
			continue;
		ptl = pmd_lock(mm, pmd);
		val = READ_ONCE(*pmd);
		leaf = pmd_present(val) && pmd_trans_huge(val);
		if (leaf) {
			look_at_pmd(v, i, n, addr, val);
		} else if (!pmd_none(val) && !pmd_present(val)) {
			struct page *page = thprace_pmd_migration_page(val);

			if (page && page_folio(page) == v->folio)
				note_bad(&obs->mig_held, i, addr, 0, 1);
		}
		spin_unlock(ptl);
		if (leaf || !thprace_ptes_below(mm, pmd, &val, &ptl))
			continue;
		spin_lock(ptl);
		pte = pte_offset_kernel(&val, addr);
		for (j = 0; j < n && pmd_same(val, READ_ONCE(*pmd)); j++, addr += PAGE_SIZE)
			look_at_pte(v, i + j, addr, READ_ONCE(pte[j]));
		spin_unlock(ptl);
	}
}

/*
 * One place of a small folio.  What the collecting walk has read of the region
 * is as good as the page table for a first look: a violation must be seen
 * again by a walk (@walk) to count.
 */
static void look_at_place(struct scene *v, bool walk)
{
	struct thprace_observer *o = v->o;
	unsigned long off = v->p->base - o->region;

	if (walk || v->obs->nr > 1 || v->p->mm >= o->nr_given || off >= PMD_SIZE)
		walk_place(v);
	else if (o->has_table[v->p->mm])
		look_at_pte(v, 0, v->p->base, o->table[v->p->mm * THPRACE_HPAGE_NR +
						       (off >> PAGE_SHIFT)]);
}

static void read_counters(struct thprace_obs *obs, struct folio *folio)
{
	unsigned int i;
	int differ = 0;

	obs->entirely_mapped = THPRACE_ENTIRELY_MAPPED;
	obs->refcount = folio_ref_count(folio);
	for (i = 0; i < obs->nr; i++) {
		int count = thprace_page_mapcount_raw(folio_page(folio, i));

		obs->mapcount[i] = count;
		differ |= count ^ obs->mapcount[0];
	}
	obs->uniform = !differ;
	/* mapped by PMDs only, the head speaks for all */
	for (i = 0; i < (obs->sum_ptes ? obs->nr : 1); i++)
		obs->exclusive[i] = thprace_anon_exclusive(folio_page(folio, i));
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

static void obs_reset(struct thprace_obs *obs, unsigned int nr)
{
	/* mapcount and exclusive are written for every page anyway */
	if (obs->sum_ptes) {
		memset(obs->ptes, 0, sizeof(obs->ptes));
		memset(obs->writable, 0, sizeof(obs->writable));
	}
	memset(obs, 0, offsetof(struct thprace_obs, ptes));
	obs->nr = nr;
	obs->caps = kernel_caps();
}

/*
 * The picture of a locked folio.  The rmap lock is held for read: that keeps
 * the tree of VMAs still; the mappings are kept still by the mmap_locks and
 * VMA locks (faults, zaps) and the folio lock (rmap walks that unmap).
 */
static enum thprace_observe_result look(struct thprace_observer *o, struct thprace_obs *obs,
					struct folio *folio, unsigned long region,
					unsigned int mm, unsigned long base, bool walk)
{
	struct anon_vma *anon_vma = NULL;
	struct address_space *mapping = NULL;
	struct rw_semaphore *sem;
	enum thprace_observe_result ret;
	unsigned int i;

	obs_reset(obs, folio_nr_pages(folio));
	obs->pfn = folio_pfn(folio);
	obs->flags = BIT(THPRACE_OBS_FOLIO_LOCKED) | BIT(THPRACE_OBS_STABLE);
	if (folio_test_swapcache(folio))
		obs->flags |= BIT(THPRACE_OBS_SWAPCACHE);
	if (folio_test_private(folio))
		obs->flags |= BIT(THPRACE_OBS_HAS_PRIVATE);
	if (folio_test_ksm(folio)) {
		obs->flags |= BIT(THPRACE_OBS_KSM) | BIT(THPRACE_OBS_ANON);
		o->incomplete = "a KSM page";
		return THPRACE_OBSERVE_UNKNOWN;
	}
	if (folio_test_anon(folio)) {
		obs->flags |= BIT(THPRACE_OBS_ANON);
		anon_vma = thprace_folio_anon_vma(folio);
		if (!anon_vma)
			return THPRACE_OBSERVE_GONE;
		sem = &READ_ONCE(anon_vma->root)->rwsem;
	} else {
		mapping = thprace_folio_mapping_raw(folio);
		if (!mapping || ((unsigned long)mapping & 3))
			return THPRACE_OBSERVE_GONE;
		sem = &mapping->i_mmap_rwsem;
	}

	down_read(sem);
	o->nr_places = 0;
	memset(o->places_of, -1, o->nr_mms * sizeof(o->places_of[0]));
	find_place(o, mm, base);
	for (i = 0; i < o->nr_given; i++) {
		/* where the session would see it, whatever rmap says */
		pgoff_t index = thprace_folio_index(folio);
		struct vm_area_struct *vma = o->region_vma[i];

		if (vma)
			find_place(o, i, vma->vm_start +
				   ((index - vma->vm_pgoff) << PAGE_SHIFT));
	}
	ret = add_rmap(o, folio, anon_vma, mapping, region);
	if (ret == THPRACE_OBSERVED) {
		bool shared = false;

		if (folio_test_large(folio))
			thprace_mm_ids(folio, obs->mm_id, obs->mm_id_mapcount, &shared);
		if (shared)
			obs->flags |= BIT(THPRACE_OBS_MAPPED_SHARED);
		for (i = 0; i < o->nr_places; i++) {
			struct scene v = {
				.o = o, .obs = obs, .folio = folio,
				.anon_vma = anon_vma, .p = &o->place[i],
			};

			look_at_place(&v, walk);
		}
		read_counters(obs, folio);
		if (obs->pmd_maps && obs->nr == THPRACE_HPAGE_NR && anon_vma &&
		    !folio_test_swapcache(folio))
			thprace_whole_note(obs->pfn);
		if (obs->nr == THPRACE_HPAGE_NR && thprace_whole_since(obs->pfn))
			obs->flags |= BIT(THPRACE_OBS_UNDISTURBED);
		obs->nr_mms = o->nr_mms;
		obs->flags |= BIT(THPRACE_OBS_COMPLETE);
		if (o->nr_mms > 2)
			obs->flags |= BIT(THPRACE_OBS_MANY_MMS);
	}
	up_read(sem);
	return ret;
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
 * Context: mmap_locks held by thprace_observer_lock(). May sleep.
 * Return: THPRACE_OBSERVED with @obs filled, or why not.
 */
enum thprace_observe_result
thprace_observe_folio(struct thprace_observer *o, struct thprace_obs *obs,
		      unsigned int mm, unsigned long pfn, unsigned int slot,
		      unsigned long region,
		      unsigned int own_refs, bool walk)
{
	struct page *page = pfn_to_page(pfn);
	struct folio *folio = page_folio(page);
	enum thprace_observe_result ret;
	unsigned int tries;

	o->incomplete = NULL;
	if (!folio_try_get(folio))
		return THPRACE_OBSERVE_GONE;
	if (page_folio(page) != folio) {
		folio_put(folio);
		return THPRACE_OBSERVE_GONE;
	}
	for (tries = 0; !folio_trylock(folio); tries++) {
		if (tries == 16) {
			folio_put(folio);
			return THPRACE_OBSERVE_BUSY;
		}
		cond_resched();
		udelay(1 << min(tries, 6U));
	}
	if (page_folio(page) != folio || folio_test_hugetlb(folio) ||
	    folio_nr_pages(folio) > THPRACE_HPAGE_NR) {
		ret = THPRACE_OBSERVE_GONE;
	} else {
		unsigned long sub = pfn - folio_pfn(folio);

		ret = look(o, obs, folio, region, mm, region + (slot - sub) * PAGE_SIZE,
			   walk);
		if (ret == THPRACE_OBSERVED) {
			obs->addr = region + (slot - sub) * PAGE_SIZE;
			obs->own_refs = 1 + own_refs;
		}
	}
	folio_unlock(folio);
	folio_put(folio);
	return ret;
}

/**
 * thprace_obs_equal() - do two observations of a folio agree in every integer?
 * @a: one
 * @b: the other
 */
bool thprace_obs_equal(const struct thprace_obs *a, const struct thprace_obs *b)
{
	unsigned int nr = a->nr;

	return !memcmp(a, b, offsetof(struct thprace_obs, ptes)) &&
	       !memcmp(a->ptes, b->ptes, nr * sizeof(a->ptes[0])) &&
	       !memcmp(a->mapcount, b->mapcount, nr * sizeof(a->mapcount[0])) &&
	       !memcmp(a->exclusive, b->exclusive, a->sum_ptes ? nr : 1) &&
	       !memcmp(a->writable, b->writable, nr);
}
