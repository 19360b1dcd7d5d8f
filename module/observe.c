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

/**
 * thprace_observer_create() - an observer of a set of mms
 * @mms: given by the caller, who keeps a user reference on each
 * @nr: how many, at most THPRACE_MAX_MMS
 *
 * Context: process context. Return: the observer, or NULL (no memory).
 */
struct thprace_observer *thprace_observer_create(struct mm_struct **mms, unsigned int nr)
{
	struct thprace_observer *o = kvzalloc(sizeof(*o), GFP_KERNEL);
	unsigned int i;

	if (!o)
		return NULL;
	for (i = 0; i < nr && i < THPRACE_MAX_MMS; i++) {
		mmget(mms[i]);
		o->mm[o->nr_mms++] = mms[i];
	}
	o->nr_given = o->nr_mms;
	return o;
}

/**
 * thprace_observer_destroy() - drop an observer and its references
 * @o: unlocked
 *
 * Context: process context; mmput() may tear down an mm.
 */
void thprace_observer_destroy(struct thprace_observer *o)
{
	unsigned int i;

	for (i = 0; i < o->nr_mms; i++)
		mmput(o->mm[i]);
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
	for (i = 0; i < o->nr_mms; i++)
		write_lock_vmas(o->mm[i], addr);
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

/**
 * thprace_find_pmd() - the PMD entry of an address
 * @mm: mmap_lock held
 * @addr: any
 *
 * Return: the entry (perhaps none, perhaps changing), or NULL.
 */
pmd_t *thprace_find_pmd(struct mm_struct *mm, unsigned long addr)
{
	pgd_t *pgd = pgd_offset(mm, addr);
	p4d_t *p4d;
	pud_t *pud;

	if (!pgd_present(*pgd))
		return NULL;
	p4d = p4d_offset(pgd, addr);
	if (!p4d_present(*p4d))
		return NULL;
	pud = pud_offset(p4d, addr);
	if (!pud_present(*pud) || pud_leaf(*pud))
		return NULL;
	return pmd_offset(pud, addr);
}

/**
 * thprace_ptes_below() - is there a page table below a PMD entry?
 * @mm: mmap_lock held
 * @pmd: the entry
 * @old: out, what it holds; to be compared again under @ptlp
 * @ptlp: out, the page table's lock, not taken
 */
bool thprace_ptes_below(struct mm_struct *mm, pmd_t *pmd, pmd_t *old, spinlock_t **ptlp)
{
	*old = READ_ONCE(*pmd);
	if (pmd_none(*old) || !pmd_present(*old) || pmd_trans_huge(*old) || pmd_bad(*old))
		return false;
	*ptlp = pte_lockptr(mm, old);
	return true;
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
 * thprace_observer_collect() - list the pages mapped in a region of one mm
 * @o: locked observer; fills @o->pfn (index: slot in the region) and notes
 *     migration entries of unlocked folios
 * @mm: index of the mm
 * @addr: PMD-aligned
 *
 * Context: mmap_lock held for write. Return: how many slots hold a page.
 */
unsigned int thprace_observer_collect(struct thprace_observer *o, unsigned int mm,
				      unsigned long addr)
{
	struct mm_struct *m = o->mm[mm];
	pmd_t *pmd = thprace_find_pmd(m, addr);
	unsigned int i, nr = 0;
	spinlock_t *ptl;	/* of the page table */
	pte_t *pte;
	pmd_t val;

	memset(o->pfn, 0, sizeof(o->pfn));
	if (!pmd)
		return 0;
	ptl = pmd_lock(m, pmd);
	val = READ_ONCE(*pmd);
	if (pmd_present(val) && pmd_trans_huge(val)) {
		o->pfn[0] = page_to_pfn(pmd_page(val));
		spin_unlock(ptl);
		return 1;
	}
	if (!pmd_none(val) && !pmd_present(val)) {
		struct page *page = thprace_pmd_migration_page(val);

		if (page)
			note_migration(o, page, addr);
	}
	spin_unlock(ptl);

	if (!thprace_ptes_below(m, pmd, &val, &ptl))
		return 0;
	spin_lock(ptl);
	pte = pte_offset_kernel(&val, addr);
	for (i = 0; i < THPRACE_HPAGE_NR && pmd_same(val, READ_ONCE(*pmd)); i++) {
		pte_t entry = READ_ONCE(pte[i]);

		if (pte_none(entry))
			continue;
		if (!pte_present(entry)) {
			struct page *page = thprace_pte_migration_page(entry);

			if (page)
				note_migration(o, page, addr + i * PAGE_SIZE);
			continue;
		}
		if (pte_special(entry) || !pfn_valid(pte_pfn(entry)))
			continue;
		o->pfn[i] = pte_pfn(entry);
		nr++;
	}
	spin_unlock(ptl);
	return nr;
}

static int mm_index(struct thprace_observer *o, struct mm_struct *mm)
{
	unsigned int i;

	for (i = 0; i < o->nr_mms; i++)
		if (o->mm[i] == mm)
			return i;
	return -1;
}

static struct thprace_place *find_place(struct thprace_observer *o, unsigned int mm,
					unsigned long base)
{
	struct thprace_place *p;
	unsigned int i;

	for (i = 0; i < o->nr_places; i++)
		if (o->place[i].mm == mm && o->place[i].base == base)
			return &o->place[i];
	if (o->nr_places == THPRACE_MAX_PLACES)
		return NULL;
	p = &o->place[o->nr_places++];
	p->mm = mm;
	p->base = base;
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
		o->mm[o->nr_mms++] = mm;
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
			struct mm_struct *mm, unsigned long addr, unsigned int i, bool pmd)
{
	struct vm_area_struct *vma = find_vma(mm, addr);
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
	struct vm_area_struct *vma = find_vma(o->mm[p->mm], addr);
	const struct thprace_place *q, *cover = NULL;
	unsigned long base;

	*until = vma ? (vma->vm_start <= addr ? vma->vm_end : vma->vm_start) : ULONG_MAX;
	base = vma ? vma->vm_start + ((index - vma->vm_pgoff) << PAGE_SHIFT) : 0;
	for (q = o->place; q < o->place + o->nr_places; q++) {
		if (q->mm != p->mm)
			continue;
		if (vma && vma->vm_start <= addr && q->base == base)
			return q == p;
		if (!cover && addr >= q->base && addr < q->base + bytes)
			cover = q;
	}
	return cover == p;
}

/* Look at the page tables of one place. */
static void walk_place(struct thprace_observer *o, struct thprace_obs *obs,
		       struct folio *folio, struct anon_vma *anon_vma,
		       struct thprace_place *p)
{
	struct mm_struct *mm = o->mm[p->mm];
	unsigned long head = folio_pfn(folio);
	pgoff_t index = thprace_folio_index(folio);
	unsigned long until = 0;	/* up to here owns and asked are known */
	bool owns = false, asked = false;
	unsigned int i = 0;

	while (i < obs->nr) {
		unsigned long addr = p->base + i * PAGE_SIZE;
		unsigned long next = min((addr & PMD_MASK) + PMD_SIZE,
					 p->base + obs->nr * PAGE_SIZE);
		unsigned int n = (next - addr) >> PAGE_SHIFT, j;
		pmd_t *pmd = thprace_find_pmd(mm, addr);
		spinlock_t *ptl;	/* of the page table */
		pmd_t val;
		pte_t *pte;

		if (!pmd) {
			i += n;
			continue;
		}
		ptl = pmd_lock(mm, pmd);
		val = READ_ONCE(*pmd);
		if (pmd_present(val) && pmd_trans_huge(val)) {
			unsigned long pfn = page_to_pfn(pmd_page(val));

			if (pfn >= head && pfn < head + obs->nr &&
			    place_owns(o, p, addr, index, obs->nr * PAGE_SIZE, &until)) {
				obs->pmd_maps++;
				obs->pmd_writable |= !!pmd_write(val);
				count_owner(obs, mm, 1);
				if (pfn != head)
					note_bad(&obs->geometry, pfn - head, addr, head, pfn);
				look_at_vma(o, obs, folio, anon_vma, mm, addr & PMD_MASK,
					    pfn - head, true);
				for (j = 0; j < n; j++)
					if (!test_bit(i + j, p->reach)) {
						note_bad(&obs->census_missing, i + j,
							 addr, 1, 0);
						break;
					}
			}
			spin_unlock(ptl);
			i += n;
			continue;
		}
		if (!pmd_none(val) && !pmd_present(val)) {
			struct page *page = thprace_pmd_migration_page(val);

			if (page && page_folio(page) == folio)
				note_bad(&obs->mig_held, i, addr, 0, 1);
		}
		spin_unlock(ptl);

		if (!thprace_ptes_below(mm, pmd, &val, &ptl)) {
			i += n;
			continue;
		}
		spin_lock(ptl);
		pte = pte_offset_kernel(&val, addr);
		for (j = 0; j < n && pmd_same(val, READ_ONCE(*pmd)); j++, addr += PAGE_SIZE) {
			pte_t entry = READ_ONCE(pte[j]);
			unsigned long pfn;
			unsigned int sub;

			if (pte_none(entry))
				continue;
			if (addr >= until) {
				owns = place_owns(o, p, addr, index, obs->nr * PAGE_SIZE,
						  &until);
				asked = false;
			}
			if (!owns)
				continue;
			if (!pte_present(entry)) {
				struct page *page = thprace_pte_migration_page(entry);

				if (page && page_folio(page) == folio)
					note_bad(&obs->mig_held, i + j, addr, 0, 1);
				continue;
			}
			pfn = pte_pfn(entry);
			if (pte_special(entry) || pfn < head || pfn >= head + obs->nr)
				continue;
			sub = pfn - head;
			obs->ptes[sub]++;
			obs->sum_ptes++;
			obs->writable[sub] |= !!pte_write(entry);
			count_owner(obs, mm, 1);
			if (sub != i + j)
				note_bad(&obs->linear, sub, addr, i + j, sub);
			else if (!test_bit(sub, p->reach))
				note_bad(&obs->census_missing, sub, addr, 1, 0);
			/* once for each VMA and folio, not for each page */
			if (!asked)
				look_at_vma(o, obs, folio, anon_vma, mm, addr, sub, false);
			asked = true;
		}
		spin_unlock(ptl);
		i += n;
	}
}

static void read_counters(struct thprace_obs *obs, struct folio *folio)
{
	bool shared = false;
	unsigned int i;

	obs->entirely_mapped = THPRACE_ENTIRELY_MAPPED;
	obs->refcount = folio_ref_count(folio);
	for (i = 0; i < obs->nr; i++) {
		struct page *page = folio_page(folio, i);

		obs->mapcount[i] = thprace_page_mapcount_raw(page);
		obs->exclusive[i] = thprace_anon_exclusive(page);
	}
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
	thprace_mm_ids(folio, obs->mm_id, obs->mm_id_mapcount, &shared);
	if (shared)
		obs->flags |= BIT(THPRACE_OBS_MAPPED_SHARED);
}

static u32 kernel_caps(void)
{
	return THPRACE_KEEPS_PAGE_MAPCOUNT * BIT(THPRACE_CAP_PAGE_MAPCOUNT) |
	       THPRACE_KEEPS_NR_PAGES_MAPPED * BIT(THPRACE_CAP_NR_PAGES_MAPPED) |
	       THPRACE_KEEPS_DOUBLE_MAP * BIT(THPRACE_CAP_DOUBLE_MAP) |
	       THPRACE_KEEPS_DOUBLE_MAP * BIT(THPRACE_CAP_TOTAL_MAPCOUNT) |
	       THPRACE_KEEPS_LARGE_MAPCOUNT * BIT(THPRACE_CAP_LARGE_MAPCOUNT) |
	       THPRACE_KEEPS_MM_ID * BIT(THPRACE_CAP_MM_ID) |
	       THPRACE_KEEPS_ANON_EXCLUSIVE * BIT(THPRACE_CAP_ANON_EXCLUSIVE);
}

static void obs_reset(struct thprace_obs *obs, unsigned int nr)
{
	memset(obs, 0, offsetof(struct thprace_obs, ptes));
	memset(obs->ptes, 0, nr * sizeof(obs->ptes[0]));
	memset(obs->mapcount, 0, nr * sizeof(obs->mapcount[0]));
	memset(obs->exclusive, 0, nr);
	memset(obs->writable, 0, nr);
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
					unsigned int mm, unsigned long base)
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
	find_place(o, mm, base);
	for (i = 0; i < o->nr_given; i++) {
		/* where the session would see it, whatever rmap says */
		pgoff_t index = thprace_folio_index(folio);
		struct vm_area_struct *vma = find_vma(o->mm[i], region);

		if (vma && vma->vm_start < region + PMD_SIZE)
			find_place(o, i, vma->vm_start +
				   ((index - vma->vm_pgoff) << PAGE_SHIFT));
	}
	ret = add_rmap(o, folio, anon_vma, mapping, region);
	if (ret == THPRACE_OBSERVED) {
		read_counters(obs, folio);
		for (i = 0; i < o->nr_places; i++)
			walk_place(o, obs, folio, anon_vma, &o->place[i]);
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
 * @slot: at which page of the region; @o->pfn[@slot] is the page
 * @region: PMD-aligned
 * @own_refs: references that the session holds on it
 *
 * Context: mmap_locks held by thprace_observer_lock(). May sleep.
 * Return: THPRACE_OBSERVED with @obs filled, or why not.
 */
enum thprace_observe_result
thprace_observe_folio(struct thprace_observer *o, struct thprace_obs *obs,
		      unsigned int mm, unsigned int slot, unsigned long region,
		      unsigned int own_refs)
{
	struct page *page = pfn_to_page(o->pfn[slot]);
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
		unsigned long sub = o->pfn[slot] - folio_pfn(folio);

		ret = look(o, obs, folio, region, mm, region + (slot - sub) * PAGE_SIZE);
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
	       !memcmp(a->exclusive, b->exclusive, nr) &&
	       !memcmp(a->writable, b->writable, nr);
}

/**
 * thprace_bare_walk() - the least that looking at a huge page costs
 * @mm: user reference held
 * @addr: PMD-aligned
 *
 * mmap_lock, page table lock, and a look at the mapcount of each 4 KiB page
 * that is mapped, as /proc/PID/smaps does.  The yardstick for the check's cost.
 *
 * Context: process context. Return: sum of what it read (so that it is read).
 */
u64 thprace_bare_walk(struct mm_struct *mm, unsigned long addr)
{
	struct page *page;
	unsigned int i;
	spinlock_t *ptl;	/* of the page table */
	u64 sum = 0;
	pmd_t *pmd, val;
	pte_t *pte;

	if (mmap_write_lock_killable(mm))
		return 0;
	pmd = thprace_find_pmd(mm, addr);
	if (!pmd)
		goto out;
	ptl = pmd_lock(mm, pmd);
	if (pmd_present(*pmd) && pmd_trans_huge(*pmd)) {
		page = pmd_page(*pmd);
		for (i = 0; i < THPRACE_HPAGE_NR; i++)
			sum += atomic_read(&page[i]._mapcount) + page_ref_count(page + i);
	}
	spin_unlock(ptl);
	if (!thprace_ptes_below(mm, pmd, &val, &ptl))
		goto out;
	spin_lock(ptl);
	pte = pte_offset_kernel(&val, addr);
	for (i = 0; i < THPRACE_HPAGE_NR && pmd_same(val, READ_ONCE(*pmd)); i++) {
		pte_t entry = READ_ONCE(pte[i]);

		if (!pte_present(entry) || pte_special(entry))
			continue;
		page = pte_page(entry);
		sum += atomic_read(&page->_mapcount) + page_ref_count(page);
	}
	spin_unlock(ptl);
out:
	mmap_write_unlock(mm);
	return sum;
}

/* What one leaf adds to MM_ANONPAGES and MM_SHMEMPAGES. */
static void count_page(struct page *page, long nr, long *anon, long *shmem)
{
	struct folio *folio = page_folio(page);

	if (folio_test_anon(folio))
		*anon += nr;
	else if (folio_test_swapbacked(folio))
		*shmem += nr;
}

/* The same for the page table below a PMD entry, [addr, end). */
static void count_ptes(struct mm_struct *mm, pmd_t *pmd, unsigned long addr,
		       unsigned long end, long *anon, long *shmem)
{
	spinlock_t *ptl;	/* of the page table */
	pmd_t val;
	pte_t *pte;

	if (!thprace_ptes_below(mm, pmd, &val, &ptl))
		return;
	spin_lock(ptl);
	pte = pte_offset_kernel(&val, addr);
	for (; addr < end && pmd_same(val, READ_ONCE(*pmd)); addr += PAGE_SIZE, pte++) {
		pte_t entry = READ_ONCE(*pte);
		struct page *page = NULL;

		if (pte_none(entry))
			continue;
		if (!pte_present(entry))
			page = thprace_pte_migration_page(entry);
		else if (!pte_special(entry) && pfn_valid(pte_pfn(entry)))
			page = pte_page(entry);
		if (page)
			count_page(page, 1, anon, shmem);
	}
	spin_unlock(ptl);
}

/**
 * thprace_count_rss() - anonymous and shmem pages in the page tables of an mm
 * @mm: mmap_lock held for write
 * @anon: out, pages; present and migration entries
 * @shmem: out, pages
 *
 * Pages that a driver put into a VM_MIXEDMAP area are neither.
 *
 * Context: process context.
 */
void thprace_count_rss(struct mm_struct *mm, long *anon, long *shmem)
{
	struct vm_area_struct *vma;
	unsigned long addr;

	*anon = 0;
	*shmem = 0;
	for (vma = find_vma(mm, 0); vma; vma = find_vma(mm, vma->vm_end)) {
		vma_start_write(vma);
		if (is_vm_hugetlb_page(vma) || (vma->vm_flags & VM_PFNMAP))
			continue;
		for (addr = vma->vm_start; addr < vma->vm_end;
		     addr = (addr & PMD_MASK) + PMD_SIZE) {
			pmd_t *pmd = thprace_find_pmd(mm, addr);
			unsigned long end = min((addr & PMD_MASK) + PMD_SIZE, vma->vm_end);
			struct page *page;
			spinlock_t *ptl;	/* of the page table */
			pmd_t val;

			if (!pmd)
				continue;
			val = READ_ONCE(*pmd);
			if (pmd_none(val))
				continue;
			ptl = pmd_lock(mm, pmd);
			val = READ_ONCE(*pmd);
			page = NULL;
			if (pmd_present(val) && pmd_trans_huge(val))
				page = pmd_page(val);
			else if (!pmd_none(val) && !pmd_present(val))
				page = thprace_pmd_migration_page(val);
			if (page)
				count_page(page, HPAGE_PMD_NR, anon, shmem);
			spin_unlock(ptl);
			if (page)
				continue;
			count_ptes(mm, pmd, addr, end, anon, shmem);
			addr = end - 1;
			cond_resched();
		}
	}
}
