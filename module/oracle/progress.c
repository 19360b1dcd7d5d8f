// SPDX-License-Identifier: GPL-2.0
/*
 * progress.c - a huge page that nobody else refers to must split at once
 *
 * can_split_folio() and its kin compare the references of a folio with its
 * mappings, its caches and the caller's; nothing else fails for an anonymous
 * folio that is not under writeback.  Made only when it is asked for, since it
 * changes how the memory is mapped (not what it holds).
 */
#include <linux/delay.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "compat/sym.h"
#include "mm/huge.h"
#include "oracle/describe.h"
#include "oracle/run.h"
#include "state/record.h"

/* How often a split is tried, with drains in between. */
#define NR_TRIES	6
/* Failures in a row, each with all references known, that need no second folio. */
#define SURE_FAILURES	3
/* How long a folio lock is waited for; not for ever: a bug may have left it locked. */
#define NR_LOCK_TRIES	100
#define LOCK_TRY_MS	10

static bool lock_for_a_while(struct folio *folio)
{
	unsigned int tries;

	for (tries = 0; !folio_trylock(folio); tries++) {
		if (tries == NR_LOCK_TRIES || fatal_signal_pending(current))
			return false;
		msleep(LOCK_TRY_MS);
	}
	return true;
}

/**
 * struct attempt - the tries at one huge page
 * @ret:	of the last try
 * @failed:	tries that failed although all references were known
 * @unknown:	tries that failed, perhaps since somebody else had a reference
 * @shared:	it was mapped more than once
 * @skip:	why nothing can be said, or NULL
 */
struct attempt {
	int ret;
	unsigned int failed, unknown;
	bool shared;
	const char *skip;
};

/*
 * Are all references known?  Folio lock held, so that rmap walks change neither
 * mappings nor caches.  Off the LRU lists, or in the swap cache, somebody may
 * hold one for a while.
 */
static bool all_known(struct thprace_session *s, struct folio *folio, unsigned int own)
{
	own += thprace_session_held_refs(s, folio_pfn(folio), folio_nr_pages(folio));
	return folio_test_lru(folio) && !folio_test_swapcache(folio) &&
	       folio_ref_count(folio) == thprace_folio_mapcount(folio) + own;
}

/* One try; true if there is nothing more to try. */
static bool try_once(struct thprace_check_run *r, struct page *page, unsigned int own,
		     struct attempt *a)
{
	struct thprace_session *s = r->s;
	struct folio *folio = page_folio(page);
	bool known, done = true;

	if (!lock_for_a_while(folio)) {
		a->skip = "someone else has the folio locked";
		return true;
	}
	if (page_folio(page) != folio || !folio_test_large(folio)) {
		a->skip = "someone else has split it";
	} else if (!folio_test_anon(folio) || folio_test_ksm(folio)) {
		a->skip = "not anonymous: its split may fail for other reasons";
	} else if (folio_test_writeback(folio)) {
		a->skip = "under writeback";
	} else {
		known = all_known(s, folio, own);
		a->shared |= thprace_entire_mapcount_raw(folio) > 0;
		a->ret = thprace_split_page(page, 0);
		folio = page_folio(page);
		if (a->ret == -ENOMEM) {
			a->skip = "no memory for the split";
		} else if (a->ret) {
			if (known && all_known(s, folio, own)) {
				a->failed++;
				thprace_describe_locked(r->o, folio);
			} else {
				a->unknown++;
			}
			done = false;
		}
	}
	folio_unlock(folio);
	return done;
}

static void judge_attempt(struct thprace_check_run *r, const struct attempt *a,
			  unsigned long addr, unsigned long pfn, bool control)
{
	struct thprace_finding f = {
		.outcome = THPRACE_VIOLATED,
		.addr = addr,
		.pfn = pfn,
		.got = a->ret,
		.looks = a->failed,
		.control = control,
		/* of the last failure with all references known, without which nothing is said */
		.seen_folio = &r->o->described,
	};

	if (a->skip) {
		thprace_run_skipped(r, THPRACE_CHECK_SPLIT_PROGRESS, a->skip);
	} else if (!r->req->refs_exact && !control && (a->ret || a->failed)) {
		thprace_run_skipped(r, THPRACE_CHECK_SPLIT_PROGRESS,
				    "it does not split at once, but others may hold references");
	} else if (a->ret && a->failed < SURE_FAILURES) {
		thprace_run_skipped(r, THPRACE_CHECK_SPLIT_PROGRESS,
				    "it does not split, but someone had a reference");
	} else if (a->ret) {
		f.reason = "a quiescent folio with no other users does not split";
		thprace_record(r->s, THPRACE_CHECK_SPLIT_PROGRESS, &f);
	} else if (a->failed) {
		/*
		 * One failure may be a reference that came and went within the try.
		 * It is no chance if all shared folios of the check behave so.
		 */
		r->nr_late++;
		if (f.looks < SURE_FAILURES)
			f.looks = r->nr_prompt ? 0 : r->nr_late;
		f.want = 1;
		f.got = 1 + a->failed;
		f.reason = "a quiescent folio with no other users does not split at the first try";
		thprace_record(r->s, THPRACE_CHECK_SPLIT_PROGRESS, &f);
	} else {
		r->nr_prompt += a->shared;
		thprace_run_held(r, THPRACE_CHECK_SPLIT_PROGRESS, 1);
	}
}

/*
 * The control takes a reference more and says that it knows of it, so that the
 * split really fails.
 */
static void check_one(struct thprace_check_run *r, struct page *page, unsigned long addr)
{
	bool control = thprace_run_injects(r, THPRACE_CHECK_SPLIT_PROGRESS);
	struct attempt a = { };
	unsigned int tries;

	if (control)
		get_page(page);
	for (tries = 0; tries < NR_TRIES; tries++) {
		if (tries) {
			msleep(1 << tries);
			thprace_lru_drain();
		}
		if (try_once(r, page, 1 + control, &a))
			break;
	}
	judge_attempt(r, &a, addr, page_to_pfn(page), control);
	if (control)
		put_page(page);
}

/* All that are large there, be it one of PMD size or many that are smaller. */
static int check_mm(struct thprace_check_run *r, struct mm_struct *mm, unsigned long addr)
{
	struct thprace_large *large;
	int nr, i;

	large = kvmalloc_array(THPRACE_HPAGE_NR, sizeof(*large), GFP_KERNEL);
	if (!large) {
		thprace_run_skipped(r, THPRACE_CHECK_SPLIT_PROGRESS, "no memory");
		return 0;
	}
	nr = thprace_find_folios(mm, addr, large);
	if (nr > 0)
		thprace_lru_drain();
	for (i = 0; i < nr; i++) {
		if (!fatal_signal_pending(current))
			check_one(r, large[i].page, large[i].addr);
		put_page(large[i].page);
		cond_resched();
	}
	kvfree(large);
	if (nr < 0)
		return nr;
	return fatal_signal_pending(current) ? -EINTR : 0;
}

/**
 * thprace_check_region_progress() - split what is huge in a region, in each mm
 * @r: the check
 * @addr: PMD-aligned
 *
 * Context: process context, no locks. Return: 0 or -EINTR.
 */
int thprace_check_region_progress(struct thprace_check_run *r, unsigned long addr)
{
	unsigned int m;
	int ret = 0;

	for (m = 0; m < r->o->set.nr_given && !ret; m++)
		ret = check_mm(r, r->o->set.mm[m], addr);
	return ret;
}
