// SPDX-License-Identifier: GPL-2.0
/*
 * observer.c - a set of mms, locked together, and what their page tables hold
 *
 * Called by check.c.  Takes mmap_lock for write on every mm (and the per-VMA
 * locks) and writes down the entries of a region, as runs.  Not here: the look
 * at a folio (observe.c, small.c).
 */
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

/**
 * thprace_observer_index() - index of an mm in the observer, or -1
 * @o: the observer
 * @mm: any
 */
int thprace_observer_index(struct thprace_observer *o, struct mm_struct *mm)
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

/**
 * thprace_observer_vma() - the VMA of an address, or the next one, as find_vma()
 * @o: locked observer
 * @mm: index of an mm
 * @addr: any
 */
struct vm_area_struct *thprace_observer_vma(struct thprace_observer *o, unsigned int mm,
					    unsigned long addr)
{
	struct vm_area_struct *vma = o->vma[mm];

	if (!vma || addr < vma->vm_start || addr >= vma->vm_end)
		vma = find_vma(o->mm[mm], addr);
	o->vma[mm] = vma;
	return vma;
}

/**
 * thprace_observer_add() - add an mm that was not given
 * @o: the observer
 * @mm: found by rmap; rmap lock held
 *
 * Return: NULL, or a static text why not.
 */
const char *thprace_observer_add(struct thprace_observer *o, struct mm_struct *mm)
{
	if (o->nr_mms >= max_mms())
		return "more mms than can be locked at once";
	if (!mmget_not_zero(mm))
		return "an exiting mm maps it";
	add_mm(o, mm);
	return NULL;
}

/**
 * thprace_observer_get() - an observer of a set of mms
 * @s: session that may keep one from the last time
 * @mms: given by the caller, who keeps a user reference on each
 * @nr: how many, at most THPRACE_MAX_MMS; with lockdep the first 32 count
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
		o->view = kvmalloc_array(nr, sizeof(*o->view), GFP_KERNEL);
		if (!o->view) {
			kvfree(o);
			return NULL;
		}
		o->room = nr;
		thprace_stat_add(THPRACE_STAT_SESSION_BYTES, thprace_observer_bytes(o));
	}
	o->nr_mms = 0;
	o->first = 0;
	for (i = 0; i < nr && i < max_mms(); i++) {
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
	while (o->nr_mms) {
		struct mm_struct *mm = o->mm[--o->nr_mms];
		unsigned int i = hash_ptr(mm, 8);

		/* from its place to the next free one: all of it goes in the end */
		for (; o->mm_hash[i]; i = (i + 1) % ARRAY_SIZE(o->mm_hash))
			o->mm_hash[i] = 0;
		mmput(mm);
	}
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
	return o ? sizeof(*o) + o->room * sizeof(*o->view) : 0;
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
	kvfree(o->view);
	kvfree(o);
}

/*
 * Wait for readers of the per-VMA locks in one mm, [addr, addr + PMD_SIZE).
 * Returns the first VMA there, or NULL.
 */
static struct vm_area_struct *write_lock_vmas(struct mm_struct *mm, unsigned long addr)
{
	struct vm_area_struct *first = find_vma(mm, addr), *vma = first;
	unsigned long end = addr + PMD_SIZE;

	if (!first || first->vm_start >= end)
		return NULL;
	vma_start_write(first);
	while (vma->vm_end < end) {
		vma = find_vma(mm, vma->vm_end);
		if (!vma || vma->vm_start >= end)
			break;
		vma_start_write(vma);
	}
	return first;
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
		o->region_vma[i] = write_lock_vmas(o->mm[i], addr);
		o->vma[i] = o->region_vma[i];
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

/*
 * Does an entry map the frame behind another's, and in the same way?  Most are
 * the same in all other bits, which is quicker to see than what each bit means.
 * Not if @inverted: then the frame's bits count down.
 */
static bool follows(pte_t entry, pte_t before, bool inverted)
{
	if (!inverted && pte_val(entry) == pte_val(before) + PAGE_SIZE)
		return true;
	return pte_present(entry) && pte_pfn(entry) == pte_pfn(before) + 1 &&
	       !pte_write(entry) == !pte_write(before) && !pte_special(entry);
}

/* The entries of a page table as runs; page table lock held. */
static void collect_ptes(struct thprace_observer *o, struct thprace_view *v, const pte_t *pte,
			 unsigned long addr)
{
	unsigned int i = 0;

	while (i < THPRACE_HPAGE_NR) {
		pte_t entry = READ_ONCE(pte[i]);
		struct thprace_run *run = &v->run[v->nr_runs];
		unsigned long pfn;
		unsigned int end;
		bool inverted;

		if (!pte_present(entry)) {
			if (!pte_none(entry)) {
				struct page *page = thprace_pte_migration_page(entry);

				v->odd = true;
				if (page)
					note_migration(o, page, addr + i * PAGE_SIZE);
			}
			i++;
			continue;
		}
		pfn = pte_pfn(entry);
		if (pte_special(entry) || !pfn_valid(pfn)) {
			i++;
			continue;
		}
		inverted = pte_pfn(__pte(pte_val(entry) + PAGE_SIZE)) != pfn + 1;
		run->pfn = pfn;
		run->slot = i;
		run->writable = pte_write(entry);
		/* memory is there, or not, in aligned pieces of this size at least */
		end = min_t(unsigned long, THPRACE_HPAGE_NR,
			    i + THPRACE_HPAGE_NR - pfn % THPRACE_HPAGE_NR);
		while (++i < end) {
			pte_t next = READ_ONCE(pte[i]);

			if (!follows(next, entry, inverted))
				break;
			entry = next;
		}
		run->nr = i - run->slot;
		v->nr_runs++;
	}
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
	struct thprace_view *v = &o->view[mm];
	pmd_t *pmd = thprace_find_pmd(m, addr);
	struct page *page = NULL;
	spinlock_t *ptl;	/* of the page table */
	pmd_t val;

	v->huge = 0;
	v->odd = false;
	v->nr_runs = 0;
	v->cursor = 0;
	if (!pmd)
		return;
	val = READ_ONCE(*pmd);
	if (pmd_none(val))
		return;
	if (pmd_present(val) && pmd_trans_huge(val)) {
		v->huge = page_to_pfn(pmd_page(val));
		v->huge_writable = pmd_write(val);
		return;
	}
	if (!pmd_present(val)) {
		v->odd = true;
		/* the entry can't go away under the lock */
		ptl = pmd_lock(m, pmd);
		val = READ_ONCE(*pmd);
		if (!pmd_none(val) && !pmd_present(val))
			page = thprace_pmd_migration_page(val);
		if (page)
			note_migration(o, page, addr);
		spin_unlock(ptl);
	}
	if (!thprace_ptes_below(m, pmd, &val, &ptl))
		return;
	spin_lock(ptl);
	if (pmd_same(val, READ_ONCE(*pmd)))
		collect_ptes(o, v, pte_offset_kernel(&val, addr), addr);
	else
		v->odd = true;
	spin_unlock(ptl);
}

/**
 * thprace_run_at() - the first run that ends behind a page
 * @v: what was collected of one mm; most calls go forward
 * @slot: of the page
 *
 * Return: the run, which may begin behind @slot, or NULL.
 */
const struct thprace_run *thprace_run_at(struct thprace_view *v, unsigned int slot)
{
	unsigned int i = v->cursor;

	if (i && v->run[i - 1].slot + v->run[i - 1].nr > slot)
		i = 0;
	while (i < v->nr_runs && v->run[i].slot + v->run[i].nr <= slot)
		i++;
	v->cursor = i;
	return i < v->nr_runs ? &v->run[i] : NULL;
}

/**
 * thprace_observer_seen() - was a folio seen in this region before?
 * @o: the observer; remembers it
 * @pfn: of the folio's head
 */
bool thprace_observer_seen(struct thprace_observer *o, unsigned long pfn)
{
	unsigned int i = hash_long(pfn, 10), n;

	static_assert(ARRAY_SIZE(o->seen) == 1 << 10);
	for (n = 0; n < ARRAY_SIZE(o->seen); n++, i = (i + 1) % ARRAY_SIZE(o->seen)) {
		if (o->seen[i].generation != o->generation) {
			o->seen[i].generation = o->generation;
			o->seen[i].pfn = pfn;
			return false;
		}
		if (o->seen[i].pfn == pfn)
			return true;
	}
	return false;
}

/**
 * thprace_observer_forget() - a folio was not judged after all
 * @o: the observer
 * @pfn: of the folio's head
 */
void thprace_observer_forget(struct thprace_observer *o, unsigned long pfn)
{
	unsigned int i = hash_long(pfn, 10), n;

	for (n = 0; n < ARRAY_SIZE(o->seen); n++, i = (i + 1) % ARRAY_SIZE(o->seen))
		if (o->seen[i].pfn == pfn && o->seen[i].generation == o->generation) {
			o->seen[i].pfn = ~0UL;
			return;
		}
}
