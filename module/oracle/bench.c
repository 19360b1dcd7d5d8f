// SPDX-License-Identifier: GPL-2.0
/*
 * bench.c - the cost of the quiesced check beside that of bare walks
 *
 * bench/ draws the table.
 */
#include <linux/ktime.h>

#include "mm/pgwalk.h"
#include "oracle/available.h"
#include "oracle/bench.h"

/*
 * The least that looking at a huge page costs: mmap_lock, page table lock, and a
 * look at the counts of each 4 KiB page that is mapped, as /proc/PID/smaps has.
 * Returns the sum of what it read, so that it is read.
 */
static u64 bare_walk(struct mm_struct *mm, unsigned long addr)
{
	struct thprace_pgwalk w;
	struct page *page;
	unsigned int i;
	u64 sum = 0;

	if (mmap_write_lock_killable(mm))
		return 0;
	switch (thprace_pgwalk_lock(&w, mm, addr)) {
	case THPRACE_LEVEL_PMD:
		if (!pmd_present(w.pmd))
			break;
		page = pmd_page(w.pmd);
		for (i = 0; i < THPRACE_HPAGE_NR; i++)
			sum += atomic_read(&page[i]._mapcount) + page_ref_count(page + i);
		break;
	case THPRACE_LEVEL_PTE:
		for (i = 0; i < THPRACE_HPAGE_NR; i++) {
			pte_t pte = READ_ONCE(w.pte[i]);

			if (!pte_present(pte) || pte_special(pte))
				continue;
			page = pte_page(pte);
			sum += atomic_read(&page->_mapcount) + page_ref_count(page);
		}
		break;
	case THPRACE_LEVEL_NONE:
		break;
	}
	thprace_pgwalk_unlock(&w);
	mmap_write_unlock(mm);
	return sum;
}

static int must_stop(const struct thprace_check_req *req)
{
	return req->stop ? req->stop(req->stop_arg) : 0;
}

/**
 * thprace_check_bench() - the cost of the check beside that of bare walks
 * @s: session that keeps the figures
 * @req: maps
 * @rounds: how often each is done, in turn; the fastest of each counts
 * @mms: user references held by the caller
 * @nr_mms: how many
 *
 * Context: process context. Return: 0, -ENOMEM, or what @req->stop returned.
 */
int thprace_check_bench(struct thprace_session *s, const struct thprace_check_req *req,
			u64 rounds, struct mm_struct **mms, unsigned int nr_mms)
{
	struct thprace_check_req one = *req;
	u64 best_check = U64_MAX, best_walk = U64_MAX, i;
	unsigned int map, m;
	int ret = 0;

	one.check = thprace_checks_quiesced() & ~BIT_ULL(THPRACE_CHECK_RSS) &
		    ~BIT_ULL(THPRACE_CHECK_SPLIT_PROGRESS);
	for (i = 0; i < rounds && !ret; i++) {
		u64 t0 = ktime_get_ns(), t1, t2, off, sum = 0;

		for (map = 0; map < req->nr_maps; map++)
			for (off = 0; off < req->map[map].len; off += PMD_SIZE)
				for (m = 0; m < nr_mms && !must_stop(req); m++)
					sum += bare_walk(mms[m], req->map[map].addr + off);
		t1 = ktime_get_ns();
		s->nr_checks = 1;	/* no rss */
		ret = thprace_check_maps(s, &one, mms, nr_mms);
		t2 = ktime_get_ns();
		best_walk = min(best_walk, t1 - t0 + !sum);
		best_check = min(best_check, t2 - t1);
		if (!ret)
			ret = must_stop(req);
		cond_resched();
	}
	s->bench_rounds = 1;
	s->bench_check_ns = best_check;
	s->bench_walk_ns = best_walk;
	return ret;
}
