// SPDX-License-Identifier: GPL-2.0
/*
 * ops.c - the table of ops, and those that the module does itself
 *
 * Called by race.c for races and by command.c for single ops.  An op that a
 * user lane does by its own system calls is a row without functions.
 */
#include <linux/bitmap.h>
#include <linux/err.h>
#include <linux/mman.h>
#include <linux/sched.h>

#include "compat/sym.h"
#include "mm/huge.h"
#include "oracle/check.h"
#include "race/ops.h"
#include "state/stats.h"
#include "steer/schedule.h"

/* ---- split ---- */

static const char *split_why_not(void)
{
	return thprace_sym_missing(THPRACE_SYM_SPLIT);
}

/* The reference is taken ahead: finding the page needs mmap_lock. */
static enum thprace_result split_prepare(struct thprace_target *t)
{
	if (t->held)
		return THPRACE_RESULT_OK;
	t->held = thprace_find_huge(t->mm, t->addr, t->page);
	if (IS_ERR(t->held))
		t->held = NULL;
	return t->held ? THPRACE_RESULT_OK : THPRACE_RESULT_BUSY;
}

/* A reference and the folio lock are enough; mmap_lock is not held. */
/*
 * The kernel warns of what it cannot split to: order 1 of anonymous memory, which
 * has no room for the list of deferred splits, and (6.12) any order of shmem.
 */
static bool can_leave(struct folio *folio, unsigned int order)
{
	return !order || (folio_test_anon(folio) && order != 1);
}

static enum thprace_result split_one(struct thprace_target *t, struct page *page)
{
	struct folio *folio = page_folio(page);

	t->err = folio_lock_killable(folio);
	if (t->err) {
		put_page(page);
		return THPRACE_RESULT_FAILED;
	}
	t->err = -EBUSY;
	/* it can have been split between the look and the lock */
	if (page_folio(page) == folio && folio_test_large(folio) &&
	    !folio_test_writeback(folio) && folio_order(folio) > t->order)
		t->err = can_leave(folio, t->order) ?
			 thprace_schedule_split(page, t->order) : -EINVAL;
	folio_unlock(page_folio(page));
	put_page(page);
	if (!t->err)
		thprace_stat_add(THPRACE_STAT_SPLITS, 1);
	if (t->err == -EBUSY || t->err == -EAGAIN)
		return THPRACE_RESULT_BUSY;
	return t->err ? THPRACE_RESULT_FAILED : THPRACE_RESULT_OK;
}

static enum thprace_result split_act(struct thprace_target *t)
{
	enum thprace_result result = THPRACE_RESULT_BUSY;
	struct page *page = t->held;
	bool done = false;
	unsigned int i;

	t->held = NULL;
	if (page)
		return split_one(t, page);
	/* each is tried: it is done if one of them was split */
	for (i = 0; i < t->nr_large; i++) {
		result = split_one(t, t->large[i].page);
		done |= result == THPRACE_RESULT_OK;
		cond_resched();
	}
	t->nr_large = 0;
	if (!done)
		return result;
	t->err = 0;
	return THPRACE_RESULT_OK;
}

/* ---- munmap, in the mm that the caller has made its own ---- */

/* Every way in which a piece of a huge page can lie in it. */
static enum thprace_result munmap_prepare(struct thprace_target *t)
{
	unsigned int n = 1 + (t->random >> 8) % (THPRACE_HPAGE_NR - 1);

	t->every_other = false;
	switch (t->random % 7) {
	case 0:	/* head */
		t->start = 0;
		t->nr = n;
		break;
	case 1:	/* tail */
		t->start = THPRACE_HPAGE_NR - n;
		t->nr = n;
		break;
	case 2:	/* somewhere in the middle */
		t->start = 1 + (t->random >> 20) % (THPRACE_HPAGE_NR - 2);
		t->nr = 1 + n % (THPRACE_HPAGE_NR - t->start);
		break;
	case 3:	/* one page, first, last or any */
		t->start = n;
		t->nr = 1;
		break;
	case 4:
		t->start = 0;
		t->nr = 1;
		break;
	case 5:	/* every other page of a few */
		t->start = (t->random >> 20) % (THPRACE_HPAGE_NR - 16);
		t->nr = 16;
		t->every_other = true;
		break;
	case 6:	/* all of it */
		t->start = 0;
		t->nr = THPRACE_HPAGE_NR;
		break;
	}
	return THPRACE_RESULT_OK;
}

static enum thprace_result munmap_act(struct thprace_target *t)
{
	unsigned long addr = t->addr + t->start * PAGE_SIZE;
	unsigned int i, step = t->every_other ? 2 : t->nr, n = t->every_other ? 1 : t->nr;

	for (i = 0; i < t->nr && !t->err; i += step) {
		t->err = vm_munmap(addr + i * PAGE_SIZE, n * PAGE_SIZE);
		if (!t->err)
			bitmap_set(t->gone, t->start + i, n);
	}
	return t->err ? THPRACE_RESULT_FAILED : THPRACE_RESULT_OK;
}

/* ---- zap: MADV_DONTNEED of a piece, no anon_vma lock on the way ---- */

static const char *madvise_why_not(void)
{
	return thprace_sym_missing(THPRACE_SYM_MADVISE);
}

static enum thprace_result zap_act(struct thprace_target *t)
{
	unsigned long addr = t->addr + t->start * PAGE_SIZE;
	unsigned int i;

	if (!t->every_other) {
		t->err = thprace_madvise(t->mm, addr, t->nr * PAGE_SIZE, MADV_DONTNEED);
	} else {
		for (i = 0; i < t->nr && !t->err; i += 2)
			t->err = thprace_madvise(t->mm, addr + i * PAGE_SIZE, PAGE_SIZE,
						 MADV_DONTNEED);
	}
	return t->err ? THPRACE_RESULT_FAILED : THPRACE_RESULT_OK;
}

/* ---- check: the quiesced check while others race; its locks keep them out ---- */

static enum thprace_result check_act(struct thprace_target *t)
{
	struct thprace_map region = { .addr = t->addr, .len = PMD_SIZE };
	struct thprace_check_req req = { .map = &region, .nr_maps = 1 };

	t->err = thprace_check_maps(t->session, &req, &t->mm, 1);
	return t->err ? THPRACE_RESULT_FAILED : THPRACE_RESULT_OK;
}

const struct thprace_op_row thprace_ops[THPRACE_NR_OPS] = {
	[THPRACE_OP_SPLIT] = {
		.prepare = split_prepare,
		.act = split_act,
		.why_not = split_why_not,
	},
	[THPRACE_OP_MUNMAP] = {
		.prepare = munmap_prepare,
		.act = munmap_act,
		.empties = true,
	},
	[THPRACE_OP_ZAP] = {
		.prepare = munmap_prepare,
		.act = zap_act,
		.empties = true,
		.why_not = madvise_why_not,
	},
	[THPRACE_OP_CHECK] = {
		.act = check_act,
	},
	[THPRACE_OP_MREMAP ... THPRACE_NR_OPS - 1] = {
		.kind = THPRACE_OP_KIND_USER,
	},
};

/**
 * thprace_op_why_not() - why an op can't run on this kernel
 * @op: which
 *
 * Return: NULL if it can, else a static text.
 */
const char *thprace_op_why_not(enum thprace_op op)
{
	return thprace_ops[op].why_not ? thprace_ops[op].why_not() : NULL;
}
