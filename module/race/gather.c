// SPDX-License-Identifier: GPL-2.0
/*
 * gather.c - the folios of a hold or a split: one of PMD size, or several smaller ones
 *
 * Called by the commands hold and split, once for each PMD of a map.
 */
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "mm/huge.h"
#include "oracle/frames.h"
#include "race/gather.h"
#include "state/held.h"

/* With a page: the one that has it, or the next one.  Return: how many, or -EINTR. */
static int find(struct thprace_target *t, bool one)
{
	struct page *page;

	if (!one)
		return thprace_find_folios(t->mm, t->addr, t->large);
	page = thprace_find_huge(t->mm, t->addr, t->page);
	if (IS_ERR(page))
		return PTR_ERR(page);
	t->large[0].page = page;
	t->large[0].addr = t->addr;
	return !!page;
}

static bool make_room(struct thprace_target *t)
{
	t->large = kvmalloc_array(THPRACE_HPAGE_NR, sizeof(*t->large), GFP_KERNEL);
	return t->large;
}

/**
 * thprace_gather() - what a split is to split
 * @s: the session
 * @t: one PMD; its large and nr_large are filled, kvfree() is the caller's
 * @one: only the folio of t->page, or the next one
 * @taken: gets what was held for it ahead
 *
 * What was held ahead, all of it; where nothing was, what is there now.
 *
 * Context: process context; may take mmap_lock for read. Return: 0 or -ENOMEM.
 */
int thprace_gather(struct thprace_session *s, struct thprace_target *t, bool one,
		   struct list_head *taken)
{
	struct thprace_held *held;

	if (!make_room(t))
		return -ENOMEM;
	while (t->nr_large < THPRACE_HPAGE_NR) {
		held = thprace_held_take(s, t->mm, t->addr, PMD_SIZE);
		if (!held)
			break;
		list_add_tail(&held->node, taken);
		t->large[t->nr_large++].page = held->page;
	}
	if (!t->nr_large)
		t->nr_large = max(find(t, one), 0);
	return 0;
}

/**
 * thprace_gather_return() - it is not split after all
 * @s: the session
 * @t: as thprace_gather() left it
 * @taken: likewise; what is held again is taken out
 *
 * Context: process context.
 */
void thprace_gather_return(struct thprace_session *s, struct thprace_target *t,
			   struct list_head *taken)
{
	struct thprace_held *held, *next;

	if (list_empty(taken)) {
		while (t->nr_large)
			put_page(t->large[--t->nr_large].page);
		return;
	}
	list_for_each_entry_safe(held, next, taken, node)
		thprace_held_return(s, held);
	INIT_LIST_HEAD(taken);
	t->nr_large = 0;
}

/**
 * thprace_gather_hold() - take references on the large folios of a PMD, for a later split
 * @s: the session
 * @t: one PMD
 * @one: only on the folio of t->page, or the next one
 * @batch: the command's, thprace_held_batch()
 *
 * Those of an earlier command will do.
 *
 * Context: process context; takes mmap_lock for read.
 * Return: 0, -ENOMEM, -EINTR, or -ERANGE (too many are held).
 */
int thprace_gather_hold(struct thprace_session *s, struct thprace_target *t, bool one,
			u64 batch)
{
	int nr, ret = 0, i;

	if (thprace_held_has(s, t->mm, t->addr, PMD_SIZE))
		return 0;
	if (!make_room(t))
		return -ENOMEM;
	nr = find(t, one);
	for (i = 0; i < nr; i++) {
		if (!ret) {
			thprace_frames_hold(s, t->mm, t->large[i].addr, t->large[i].page);
			ret = thprace_held_add(s, t->mm, t->large[i].addr, t->large[i].page,
					       batch);
			if (!ret)
				continue;
		}
		put_page(t->large[i].page);
		if (ret == -EBUSY)
			ret = 0;
	}
	kvfree(t->large);
	t->large = NULL;
	return nr < 0 ? nr : ret;
}
