// SPDX-License-Identifier: GPL-2.0
/*
 * rss.c - MM_ANONPAGES and MM_SHMEMPAGES of an mm against its page tables
 */
#include <linux/delay.h>
#include <linux/sched/signal.h>

#include "mm/pgwalk.h"
#include "oracle/rss.h"

/* How often an mm must look the same before its counts are believed to be wrong. */
#define RSS_LOOKS	3

/* A signal is looked for after this many PMD entries. */
#define SIGNAL_ENTRIES	64

struct rss {
	long page_tables[2], counters[2];	/* MM_ANONPAGES, MM_SHMEMPAGES */
};

static const int rss_member[] = { MM_ANONPAGES, MM_SHMEMPAGES };

/*
 * Threads of an mm may keep some of its counts to themselves (5.10, 6.1).  They
 * hand them over in faults, which the mmap_lock excludes, and when they leave the
 * mm, which it does not: then they are seen exiting, or the mm's own count moves.
 */
static bool read_counters(struct mm_struct *mm, long sum[2])
{
	bool leaves = false, moved = false;
	struct task_struct *g, *t;
	long before[2];
	int i;

	for (i = 0; i < 2; i++)
		before[i] = thprace_mm_counter(mm, rss_member[i]);
	memcpy(sum, before, sizeof(before));
	rcu_read_lock();
	for_each_process_thread(g, t) {
		if (READ_ONCE(t->mm) != mm)
			continue;
		for (i = 0; i < 2; i++)
			sum[i] += thprace_task_rss_delta(t, rss_member[i]);
		leaves |= THPRACE_TASKS_KEEP_RSS && (READ_ONCE(t->flags) & PF_EXITING);
	}
	rcu_read_unlock();
	for (i = 0; i < 2; i++)
		moved |= thprace_mm_counter(mm, rss_member[i]) != before[i];
	return !leaves && !moved;
}

/* What one entry adds to the counts; device entries count like present ones. */
static void count_entry(const struct thprace_entry *e, long nr, long sum[2])
{
	struct folio *folio;
	struct page *page;

	switch (e->kind) {
	case THPRACE_ENTRY_PRESENT:
	case THPRACE_ENTRY_MIGRATION:
	case THPRACE_ENTRY_DEVICE_PRIVATE:
	case THPRACE_ENTRY_DEVICE_EXCLUSIVE:
		break;
	default:
		return;
	}
	page = pfn_to_page(e->pfn);
	/* raw memory that a PFN map shows is not counted */
	if (PageReserved(page))
		return;
	folio = page_folio(page);
	if (folio_test_anon(folio))
		sum[0] += nr;
	else if (folio_test_swapbacked(folio))
		sum[1] += nr;
}

/*
 * Anonymous and shmem pages in the page tables.  Also of VM_PFNMAP areas: their
 * pages are special entries, but for those that were copied on write.
 */
static int count_page_tables(struct mm_struct *mm, long sum[2])
{
	struct vm_area_struct *vma;
	unsigned long addr, end;
	unsigned int n = 0;

	sum[0] = 0;
	sum[1] = 0;
	for (vma = find_vma(mm, 0); vma; vma = find_vma(mm, vma->vm_end)) {
		vma_start_write(vma);
		if (is_vm_hugetlb_page(vma))
			continue;
		for (addr = vma->vm_start; addr < vma->vm_end; addr = end) {
			struct thprace_entry e;
			struct thprace_pgwalk w;

			end = min((addr & PMD_MASK) + PMD_SIZE, vma->vm_end);
			switch (thprace_pgwalk_lock(&w, mm, addr)) {
			case THPRACE_LEVEL_PMD:
				e = thprace_pmd_entry(w.pmd);
				count_entry(&e, HPAGE_PMD_NR, sum);
				break;
			case THPRACE_LEVEL_PTE:
				for (; addr < end; addr += PAGE_SIZE) {
					e = thprace_pte_entry(READ_ONCE(*w.pte++));
					count_entry(&e, 1, sum);
				}
				break;
			case THPRACE_LEVEL_NONE:
				break;
			}
			thprace_pgwalk_unlock(&w);
			if (++n % SIGNAL_ENTRIES)
				continue;
			if (fatal_signal_pending(current))
				return -EINTR;
			cond_resched();
		}
	}
	return 0;
}

/*
 * What is in the page tables, then what is counted.  Reclaim and the remap of a
 * split change both under the page table lock alone, so one look proves nothing.
 * They only ever take away: if two looks find the same in the page tables, that
 * was so at any time between them, and so must the count be that lies between.
 */
static int look_at_rss(struct mm_struct *mm, bool inject, struct rss *rss, bool *stable)
{
	int ret = count_page_tables(mm, rss->page_tables);

	if (ret)
		return ret;
	*stable = read_counters(mm, rss->counters);
	rss->counters[0] += inject;
	return 0;
}

/**
 * thprace_rss_look() - compare, and look again before a difference is believed
 * @mm: user reference held
 * @inject: perturb what is counted (control)
 * @f: filled: held, violated or skipped
 *
 * Context: process context, no locks; takes mmap_lock for write.
 * Return: 0 or -EINTR.
 */
int thprace_rss_look(struct mm_struct *mm, bool inject, struct thprace_finding *f)
{
	static const char * const reason[] = {
		"MM_ANONPAGES disagrees with the page tables",
		"MM_SHMEMPAGES disagrees with the page tables",
	};
	bool same = true, wrong = true;
	struct rss rss, last;
	unsigned int i;
	int ret = 0;

	memset(f, 0, sizeof(*f));
	if (mmap_write_lock_killable(mm))
		return -EINTR;
	for (i = 0; i < RSS_LOOKS && same && wrong; i++) {
		if (i)
			usleep_range(200, 400);
		ret = look_at_rss(mm, inject, &rss, &same);
		if (ret)
			break;
		wrong = memcmp(rss.counters, rss.page_tables, sizeof(rss.counters));
		if (wrong && i)
			same = same && !memcmp(&rss, &last, sizeof(rss));
		last = rss;
	}
	mmap_write_unlock(mm);
	if (ret)
		return ret;
	f->looks = i;
	f->control = inject;
	if (!same) {
		f->outcome = THPRACE_SKIPPED;
		f->reason = "the counts kept changing";
	} else if (!wrong) {
		f->outcome = THPRACE_HELD;
	} else {
		i = rss.counters[0] == rss.page_tables[0];
		f->outcome = THPRACE_VIOLATED;
		f->want = rss.page_tables[i];
		f->got = rss.counters[i];
		f->reason = reason[i];
	}
	return 0;
}
