/* SPDX-License-Identifier: GPL-2.0 */
/*
 * peek.h - what is read inside the kernel's structures
 *
 * Raw values, without locks or references: the caller has what keeps them
 * still, or stands it that they change.
 */
#ifndef THPRACE_PEEK_H
#define THPRACE_PEEK_H

#include "compat/compat.h"

/* ---- a folio's owner ---- */

static inline struct address_space *thprace_folio_mapping_raw(struct folio *folio)
{
	return READ_ONCE(folio->page.mapping);
}

static inline pgoff_t thprace_folio_index(struct folio *folio)
{
#ifdef THPRACE_HAVE_FOLIO
	return folio->index;
#else
	return folio->page.index;
#endif
}

/* The anon_vma of an anonymous, non-KSM folio, without locks or references. */
static inline struct anon_vma *thprace_folio_anon_vma(struct folio *folio)
{
	unsigned long mapping = (unsigned long)thprace_folio_mapping_raw(folio);

	if ((mapping & 3UL) != 1UL)	/* anon set, movable/ksm clear */
		return NULL;
	return (struct anon_vma *)(mapping - 1UL);
}

/* ---- what this kernel keeps, as 0 or 1 ---- */

#ifdef CONFIG_NO_PAGE_MAPCOUNT
#define THPRACE_KEEPS_PAGE_MAPCOUNT	0
#else
#define THPRACE_KEEPS_PAGE_MAPCOUNT	1
#endif
#if defined(THPRACE_HAVE_NR_PAGES_MAPPED) && !defined(CONFIG_NO_PAGE_MAPCOUNT)
#define THPRACE_KEEPS_NR_PAGES_MAPPED	1
#else
#define THPRACE_KEEPS_NR_PAGES_MAPPED	0
#endif
#ifdef THPRACE_HAVE_LARGE_MAPCOUNT
#define THPRACE_KEEPS_LARGE_MAPCOUNT	1
#else
#define THPRACE_KEEPS_LARGE_MAPCOUNT	0
#endif
#ifdef THPRACE_HAVE_DOUBLE_MAP
#define THPRACE_KEEPS_DOUBLE_MAP	1
#else
#define THPRACE_KEEPS_DOUBLE_MAP	0
#endif
#if defined(THPRACE_HAVE_MM_ID) && defined(CONFIG_MM_ID)
#define THPRACE_KEEPS_MM_ID		1
#else
#define THPRACE_KEEPS_MM_ID		0
#endif
#ifdef THPRACE_HAVE_ANON_EXCLUSIVE
#define THPRACE_KEEPS_ANON_EXCLUSIVE	1
#else
#define THPRACE_KEEPS_ANON_EXCLUSIVE	0
#endif

/* Between PageDoubleMap (to 6.1) and _large_mapcount (6.10) the sum has other formulas. */
#define THPRACE_KNOWS_MAPCOUNT_SUM						\
	(THPRACE_KEEPS_LARGE_MAPCOUNT || THPRACE_KEEPS_DOUBLE_MAP)
#ifdef THPRACE_HAVE_PARTIALLY_MAPPED
#define THPRACE_KEEPS_PARTIALLY_MAPPED	1
#else
#define THPRACE_KEEPS_PARTIALLY_MAPPED	0
#endif

/* ---- counters of a folio, raw ---- */

static inline int thprace_page_mapcount_raw(struct page *page)
{
	return atomic_read(&page->_mapcount);
}

static inline int thprace_entire_mapcount_raw(struct folio *folio)
{
#ifdef THPRACE_HAVE_COMPOUND_MAPCOUNT_PTR
	return atomic_read(compound_mapcount_ptr(&folio->page));
#else
	return atomic_read(&folio->_entire_mapcount);
#endif
}

static inline bool thprace_double_map(struct folio *folio)
{
#ifdef THPRACE_HAVE_DOUBLE_MAP
	return folio_test_large(folio) && PageDoubleMap(&folio->page);
#else
	return false;
#endif
}

static inline int thprace_large_mapcount_raw(struct folio *folio)
{
#ifdef THPRACE_HAVE_LARGE_MAPCOUNT
	return atomic_read(&folio->_large_mapcount);
#else
	/*
	 * total_mapcount() up to 6.7, which is not exported: a DoubleMap page
	 * counts once more in each subpage, a compound mapping of a file in
	 * each subpage as well.
	 */
	int i, nr = folio_nr_pages(folio);
	int compound = thprace_entire_mapcount_raw(folio) + 1;
	int sum = compound;

	for (i = 0; i < nr; i++)
		sum += thprace_page_mapcount_raw(folio_page(folio, i)) + 1;
	if (!folio_test_anon(folio))
		return sum - compound * nr;
	return thprace_double_map(folio) ? sum - nr : sum;
#endif
}

/* All mappings of a folio, as its own counters say. */
static inline int thprace_folio_mapcount(struct folio *folio)
{
	if (!folio_test_large(folio))
		return thprace_page_mapcount_raw(folio_page(folio, 0)) + 1;
	return thprace_large_mapcount_raw(folio) + THPRACE_KEEPS_LARGE_MAPCOUNT;
}

static inline int thprace_nr_pages_mapped_raw(struct folio *folio)
{
#if defined(THPRACE_HAVE_NR_PAGES_MAPPED) && !defined(CONFIG_NO_PAGE_MAPCOUNT)
	return atomic_read(&folio->_nr_pages_mapped);
#else
	return 0;
#endif
}

/* ENTIRELY_MAPPED of mm/internal.h, "[v6.4, ) 0x800000"; read, not exported. */
#define THPRACE_ENTIRELY_MAPPED	0x800000

static inline bool thprace_anon_exclusive(struct page *page)
{
#ifdef THPRACE_HAVE_ANON_EXCLUSIVE
#ifdef THPRACE_HAVE_MEMDESC_FLAGS
	return test_bit(PG_anon_exclusive, &page->flags.f);
#else
	return test_bit(PG_anon_exclusive, &page->flags);
#endif
#else
	return false;
#endif
}

static inline unsigned long thprace_page_flags_raw(struct page *page)
{
#ifdef THPRACE_HAVE_MEMDESC_FLAGS
	return READ_ONCE(page->flags.f);
#else
	return READ_ONCE(page->flags);
#endif
}

/* An idle small folio of anonymous memory has none of these. */
#define THPRACE_BUSY_FLAGS	(BIT(PG_locked) | BIT(PG_head) | BIT(PG_reserved) |	\
				 BIT(PG_private) | BIT(PG_swapcache))
#ifdef THPRACE_HAVE_ANON_EXCLUSIVE
#define THPRACE_EXCLUSIVE_FLAG	BIT(PG_anon_exclusive)
#else
#define THPRACE_EXCLUSIVE_FLAG	0UL
#endif

/* mm_id slots (7.2, CONFIG_MM_ID): false where there are none. */
static inline bool thprace_mm_ids(struct folio *folio, u32 id[2], s32 count[2],
				  bool *shared)
{
#if defined(THPRACE_HAVE_MM_ID) && defined(CONFIG_MM_ID)
	int i;

	for (i = 0; i < 2; i++) {
		id[i] = folio->_mm_id[i] & MM_ID_MASK;
		count[i] = folio->_mm_id_mapcount[i];
	}
	*shared = test_bit(FOLIO_MM_IDS_SHARED_BITNUM, &folio->_mm_ids);
	return true;
#else
	return false;
#endif
}

static inline u32 thprace_mm_id(struct mm_struct *mm)
{
#if defined(THPRACE_HAVE_MM_ID) && defined(CONFIG_MM_ID)
	return mm->mm_id;
#else
	return 0;
#endif
}

/* Is the folio on a deferred split queue?  Racy; read under the folio lock. */
static inline bool thprace_deferred_queued(struct folio *folio)
{
	if (folio_order(folio) < 2)
		return false;
#ifdef THPRACE_HAVE_DEFERRED_LIST
	return !list_empty(&folio->_deferred_list);
#else
	return !list_empty(page_deferred_list(&folio->page));
#endif
}

static inline bool thprace_partially_mapped(struct folio *folio)
{
#ifdef THPRACE_HAVE_PARTIALLY_MAPPED
	return folio_test_large(folio) && folio_order(folio) > 1 &&
	       folio_test_partially_mapped(folio);
#else
	return false;
#endif
}

/* ---- locks, tasks and counters of an mm ---- */

/* RWSEM_WRITER_LOCKED and the flag bits of owner, kernel/locking/rwsem.c. */
#define THPRACE_RWSEM_WRITER	1UL
#define THPRACE_RWSEM_FLAGS	7UL

/* Does @task hold @sem for write?  Exact when @task is current. */
static inline bool thprace_rwsem_write_owned(struct rw_semaphore *sem,
					     struct task_struct *task)
{
	unsigned long owner = atomic_long_read(&sem->owner);

	return (atomic_long_read(&sem->count) & THPRACE_RWSEM_WRITER) &&
	       (owner & ~THPRACE_RWSEM_FLAGS) == (unsigned long)task;
}

/* CPUs that are neither isolated nor free of the tick, online or not. */
static inline void thprace_housekeeping_cpus(struct cpumask *mask)
{
	rcu_read_lock();
#ifdef THPRACE_HAVE_HK_TYPE
	cpumask_and(mask, housekeeping_cpumask(HK_TYPE_DOMAIN),
		    housekeeping_cpumask(HK_TYPE_TICK));
#else
	cpumask_and(mask, housekeeping_cpumask(HK_FLAG_DOMAIN),
		    housekeeping_cpumask(HK_FLAG_TICK));
#endif
	rcu_read_unlock();
}

/* Does any task wait for @sem, asleep or spinning on its owner?  Racy. */
static inline bool thprace_rwsem_waited_for(struct rw_semaphore *sem)
{
#ifdef CONFIG_RWSEM_SPIN_ON_OWNER
	if (osq_is_locked(&sem->osq))
		return true;
#endif
	return rwsem_is_contended(sem);
}

static inline unsigned int thprace_task_state(struct task_struct *task)
{
#ifdef THPRACE_HAVE_TASK___STATE
	return READ_ONCE(task->__state);
#else
	return READ_ONCE(task->state);
#endif
}

/* Does anybody hold it?  Racy. */
static inline bool thprace_spinlock_held(spinlock_t *lock)
{
	return arch_spin_is_locked(&lock->rlock.raw_lock);
}

/* Is it running just now, not only runnable?  Racy. */
static inline bool thprace_task_on_cpu(struct task_struct *task)
{
#ifdef CONFIG_SMP
	return READ_ONCE(task->on_cpu);
#else
	return false;
#endif
}

/*
 * MM_ANONPAGES and MM_SHMEMPAGES of @mm, exact while the mm is quiescent.
 * 5.10 and 6.1 keep up to 64 events in each task (SPLIT_RSS_COUNTING): those
 * of @mm's threads are added by the caller through @task_delta.
 */
static inline long thprace_mm_counter(struct mm_struct *mm, int member)
{
#ifdef THPRACE_HAVE_PERCPU_RSS
	return percpu_counter_sum(&mm->rss_stat[member]);
#else
	return atomic_long_read(&mm->rss_stat.count[member]);
#endif
}

#if !defined(THPRACE_HAVE_PERCPU_RSS) && defined(SPLIT_RSS_COUNTING)
#define THPRACE_TASKS_KEEP_RSS	1
#else
#define THPRACE_TASKS_KEEP_RSS	0
#endif

static inline long thprace_task_rss_delta(struct task_struct *task, int member)
{
#if THPRACE_TASKS_KEEP_RSS
	return READ_ONCE(task->rss_stat.count[member]);
#else
	return 0;
#endif
}

#endif /* THPRACE_PEEK_H */
