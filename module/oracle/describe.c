// SPDX-License-Identifier: GPL-2.0
/*
 * describe.c - what a person wants to know of a folio that breaks a rule
 *
 * Filled into the observer by the look that is judged, under the locks of that
 * look; goes into the block of a cause.  Nothing is judged by it.
 */
#include <linux/sched/signal.h>

#include "mm/pgwalk.h"
#include "oracle/describe.h"
#include "oracle/look.h"

/* A process that has an mm: its user reference keeps the mm, not the process. */
static void name_owner(struct mm_struct *mm, struct thprace_seen_map *m)
{
	struct task_struct *g, *t;

	rcu_read_lock();
	for_each_process_thread(g, t) {
		if (READ_ONCE(t->mm) != mm || (t->flags & PF_KTHREAD))
			continue;
		m->pid = task_tgid_nr(t);
		strscpy(m->comm, t->comm, sizeof(m->comm));
		goto out;
	}
out:
	rcu_read_unlock();
}

static enum thprace_seen_entry seen_as(struct folio *folio, struct thprace_entry e)
{
	static const enum thprace_seen_entry table[THPRACE_NR_ENTRY_KINDS] = {
		[THPRACE_ENTRY_NONE]		 = THPRACE_SEEN_NONE,
		[THPRACE_ENTRY_PRESENT]		 = THPRACE_SEEN_PRESENT,
		[THPRACE_ENTRY_SPECIAL]		 = THPRACE_SEEN_SPECIAL,
		[THPRACE_ENTRY_MIGRATION]	 = THPRACE_SEEN_MIGRATION,
		[THPRACE_ENTRY_DEVICE_PRIVATE]	 = THPRACE_SEEN_DEVICE,
		[THPRACE_ENTRY_DEVICE_EXCLUSIVE] = THPRACE_SEEN_DEVICE,
		[THPRACE_ENTRY_HWPOISON]	 = THPRACE_SEEN_HWPOISON,
		[THPRACE_ENTRY_SWAP]		 = THPRACE_SEEN_SWAP,
		[THPRACE_ENTRY_MARKER]		 = THPRACE_SEEN_MARKER,
		[THPRACE_ENTRY_UNKNOWN]		 = THPRACE_SEEN_UNKNOWN,
	};
	unsigned long head = folio_pfn(folio);

	if (e.kind != THPRACE_ENTRY_PRESENT && e.kind != THPRACE_ENTRY_MIGRATION)
		return table[e.kind];
	return e.pfn >= head && e.pfn < head + folio_nr_pages(folio) ? table[e.kind] :
								       THPRACE_SEEN_OTHER;
}

/* What maps a folio at one candidate. */
struct scan {
	struct thprace_observer *o;
	struct folio *folio;
	struct thprace_candidate *p;
	struct thprace_seen_map m;
	bool found;
	unsigned long at;	/* address of the first entry that is about the folio */
};

static void add_entries(struct scan *s, unsigned int i, unsigned int n, struct thprace_entry e,
			bool pmd)
{
	unsigned long addr = s->p->base + i * PAGE_SIZE, until;
	enum thprace_seen_entry seen = seen_as(s->folio, e);
	bool present = seen == THPRACE_SEEN_PRESENT;

	/* another candidate's, which overlaps this one */
	if ((present || seen == THPRACE_SEEN_MIGRATION) &&
	    !thprace_candidate_owns(s->o, s->p, addr, s->folio, &until)) {
		seen = THPRACE_SEEN_OTHER;
		present = false;
	}
	thprace_runs_add(&s->m.entries, i, i + n - 1, seen);
	if (present && find_next_zero_bit(s->p->reach, i + n, i) < i + n)
		s->m.rmap = false;
	if (!present && seen != THPRACE_SEEN_MIGRATION)
		return;
	if (!s->found) {
		s->found = true;
		s->at = addr;
		s->m.pmd = pmd;
	}
}

static void scan_candidate(struct scan *s)
{
	struct mm_struct *mm = s->o->set.mm[s->p->mm];
	unsigned int nr = folio_nr_pages(s->folio), i = 0, n, j;

	s->m.rmap = true;
	for (; i < nr; i += n) {
		unsigned long addr = s->p->base + i * PAGE_SIZE;
		unsigned long next = min((addr & PMD_MASK) + PMD_SIZE,
					 s->p->base + nr * PAGE_SIZE);
		struct thprace_entry none = { .kind = THPRACE_ENTRY_NONE };
		struct thprace_pgwalk w;

		n = (next - addr) >> PAGE_SHIFT;
		switch (thprace_pgwalk_lock(&w, mm, addr)) {
		case THPRACE_LEVEL_PMD:
			add_entries(s, i, n, thprace_pmd_entry(w.pmd), true);
			break;
		case THPRACE_LEVEL_PTE:
			for (j = 0; j < n; j++)
				add_entries(s, i + j, 1, thprace_pte_entry(READ_ONCE(w.pte[j])),
					    false);
			break;
		case THPRACE_LEVEL_NONE:
			add_entries(s, i, n, none, false);
			break;
		}
		thprace_pgwalk_unlock(&w);
	}
}

static void add_vma(struct thprace_observer *o, struct thprace_seen_map *m, unsigned int mm,
		    unsigned long addr)
{
	struct vm_area_struct *vma = thprace_mmset_vma(&o->set, mm, addr);

	m->mm = mm;
	if (!vma || vma->vm_start > addr)
		return;
	m->vma_start = vma->vm_start;
	m->vma_end = vma->vm_end;
	m->vma_flags = vma->vm_flags;
}

static void start(struct thprace_observer *o)
{
	memset(&o->described, 0, sizeof(o->described));
}

/* What the observation does not have; @root is alive. */
static void describe_folio(struct thprace_seen_folio *f, struct folio *folio,
			   struct anon_vma *anon_vma)
{
	f->counted = true;
	f->flags = thprace_page_flags_raw(folio_page(folio, 0));
	f->order = folio_order(folio);
	f->index = thprace_folio_index(folio);
	f->lru = folio_test_lru(folio);
	f->memcg = thprace_cgroup_ino(folio_page(folio, 0));
	f->root = anon_vma ? (unsigned long)READ_ONCE(anon_vma->root) : 0;
	if (folio_test_anon(folio))
		f->owner = THPRACE_OWNER_ANON_VMA;
	else if (thprace_folio_mapping_raw(folio))
		f->owner = THPRACE_OWNER_ADDRESS_SPACE;
}

/**
 * thprace_describe_look() - a folio as a look finds it
 * @o: locked observer, the folio's candidates are known; @o->described is filled
 * @folio: locked
 * @anon_vma: of the folio, known to be alive, or NULL
 *
 * Context: process context, as for the look itself; takes page table locks.
 */
void thprace_describe_look(struct thprace_observer *o, struct folio *folio,
			   struct anon_vma *anon_vma)
{
	struct thprace_seen_folio *f = &o->described;
	unsigned int i;

	start(o);
	describe_folio(f, folio, anon_vma);
	for (i = 0; i < o->nr_candidates; i++) {
		struct scan s = { .o = o, .folio = folio, .p = &o->candidate[i] };

		scan_candidate(&s);
		if (!s.found)
			continue;
		if (f->nr_maps == THPRACE_BLOCK_MAPS) {
			f->more_maps++;
			continue;
		}
		add_vma(o, &s.m, s.p->mm, s.at);
		f->map[f->nr_maps++] = s.m;
	}
}

/**
 * thprace_describe_obs() - complete that by what was judged, and by names
 * @o: the observer, after thprace_describe_look()
 * @obs: the observation of that look, or a control's
 *
 * Context: process context.
 */
void thprace_describe_obs(struct thprace_observer *o, const struct thprace_obs *obs)
{
	struct thprace_seen_folio *f = &o->described;
	unsigned int i;

	f->pfn = obs->pfn;
	f->refcount = obs->refcount;
	f->entire_mapcount = obs->entire_mapcount;
	f->large_mapcount = obs->large_mapcount;
	f->nr_pages_mapped = obs->nr_pages_mapped;
	f->has_large = obs->caps & (BIT(THPRACE_CAP_LARGE_MAPCOUNT) |
				    BIT(THPRACE_CAP_TOTAL_MAPCOUNT));
	f->has_pages = obs->caps & BIT(THPRACE_CAP_NR_PAGES_MAPPED);
	f->queued = obs->flags & BIT(THPRACE_OBS_DEFERRED);
	memset(&f->mapcount, 0, sizeof(f->mapcount));
	for (i = 0; i < obs->nr; i = obs->end[i])
		thprace_runs_add(&f->mapcount, i, obs->end[i] - 1, obs->mapcount[i]);
	for (i = 0; i < f->nr_maps; i++)
		if (!f->map[i].pid)
			name_owner(o->set.mm[f->map[i].mm], &f->map[i]);
}

/**
 * thprace_describe_locked() - a folio without its mappings
 * @o: observer; @o->described is filled
 * @folio: locked and referenced
 *
 * Context: process context.
 */
void thprace_describe_locked(struct thprace_observer *o, struct folio *folio)
{
	struct thprace_seen_folio *f = &o->described;
	unsigned int i;

	start(o);
	/* its anon_vma may be dead */
	describe_folio(f, folio, NULL);
	f->pfn = folio_pfn(folio);
	f->refcount = folio_ref_count(folio);
	for (i = 0; i < folio_nr_pages(folio); i++)
		thprace_runs_add(&f->mapcount, i, i,
				 thprace_page_mapcount_raw(folio_page(folio, i)));
	if (!folio_test_large(folio))
		return;
	f->entire_mapcount = thprace_entire_mapcount_raw(folio);
	f->large_mapcount = thprace_large_mapcount_raw(folio);
	f->nr_pages_mapped = thprace_nr_pages_mapped_raw(folio);
	f->has_large = THPRACE_KNOWS_MAPCOUNT_SUM;
	f->has_pages = THPRACE_KEEPS_NR_PAGES_MAPPED;
	f->queued = thprace_deferred_queued(folio);
}

/**
 * thprace_describe_frame() - a frame of a huge page that is gone
 * @o: observer; @o->described is filled
 * @pfn: of the frame
 * @refcount: as it was judged
 *
 * It is anybody's: nothing more is read of it.
 */
void thprace_describe_frame(struct thprace_observer *o, u64 pfn, s32 refcount)
{
	start(o);
	o->described.pfn = pfn;
	o->described.refcount = refcount;
}

/**
 * thprace_describe_entry() - an entry, of a folio that is not locked
 * @o: locked observer; @o->described is filled
 * @mm: index of the mm
 * @addr: of the entry
 * @e: the entry
 *
 * Context: process context.
 */
void thprace_describe_entry(struct thprace_observer *o, unsigned int mm, unsigned long addr,
			    const struct thprace_entry *e)
{
	struct thprace_seen_map *m = &o->described.map[0];
	enum thprace_level level;

	start(o);
	o->described.nr_maps = 1;
	name_owner(o->set.mm[mm], m);
	add_vma(o, m, mm, addr);
	thprace_pgwalk_entry(o->set.mm[mm], addr, &level);
	m->pmd = level == THPRACE_LEVEL_PMD;
	thprace_runs_add(&m->entries, (addr & ~PMD_MASK) >> PAGE_SHIFT,
			 (addr & ~PMD_MASK) >> PAGE_SHIFT,
			 e->kind == THPRACE_ENTRY_MIGRATION ? THPRACE_SEEN_MIGRATION :
							      THPRACE_SEEN_PRESENT);
}

/**
 * thprace_describe_mm() - an mm alone
 * @o: observer; @o->described is filled
 * @mm: index of the mm
 *
 * Context: process context.
 */
void thprace_describe_mm(struct thprace_observer *o, unsigned int mm)
{
	start(o);
	o->described.nr_maps = 1;
	o->described.map[0].mm = mm;
	name_owner(o->set.mm[mm], &o->described.map[0]);
}
