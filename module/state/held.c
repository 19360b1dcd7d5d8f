// SPDX-License-Identifier: GPL-2.0
/*
 * held.c - the folio references of a session
 *
 * hold takes them, split uses them up, drop gives them back.  They are found by
 * the place at which they were taken, and counted by page frame: the check has
 * to know them of every folio that it looks at.
 */
#include <linux/mm.h>
#include <linux/slab.h>

#include "state/held.h"
#include "state/stats.h"

#define MAX_MOVED	256	/* taken out of a session under its lock in one go */

/**
 * thprace_held_batch() - a number for the references of one command
 *
 * Return: never 0.
 */
u64 thprace_held_batch(void)
{
	static atomic64_t last;

	return atomic64_inc_return(&last);
}

static int compare_place(const struct thprace_held *h, struct mm_struct *mm,
			 unsigned long addr)
{
	if (h->mm != mm)
		return h->mm < mm ? -1 : 1;
	return h->addr < addr ? -1 : h->addr > addr;
}

/* s->lock held: the first one of those of @len bytes from @addr on */
static struct thprace_held *find(struct thprace_session *s, struct mm_struct *mm,
				 unsigned long addr, unsigned long len)
{
	struct rb_node *node = s->held_by_place.rb_node;
	struct thprace_held *first = NULL;

	while (node) {
		struct thprace_held *h = rb_entry(node, struct thprace_held, by_place);

		if (compare_place(h, mm, addr) < 0) {
			node = node->rb_right;
		} else {
			first = h;
			node = node->rb_left;
		}
	}
	return first && first->mm == mm && first->addr - addr < len ? first : NULL;
}

/* s->lock held; false: something is held for that place */
static bool insert(struct thprace_session *s, struct thprace_held *new)
{
	struct rb_node **link = &s->held_by_place.rb_node, *parent = NULL;

	while (*link) {
		struct thprace_held *h = rb_entry(*link, struct thprace_held, by_place);
		int order = compare_place(h, new->mm, new->addr);

		if (!order)
			return false;
		parent = *link;
		link = order < 0 ? &parent->rb_right : &parent->rb_left;
	}
	rb_link_node(&new->by_place, parent, link);
	rb_insert_color(&new->by_place, &s->held_by_place);

	link = &s->held_by_pfn.rb_node;
	parent = NULL;
	while (*link) {
		struct thprace_held *h = rb_entry(*link, struct thprace_held, by_pfn);

		parent = *link;
		link = page_to_pfn(h->page) < page_to_pfn(new->page) ? &parent->rb_right :
								       &parent->rb_left;
	}
	rb_link_node(&new->by_pfn, parent, link);
	rb_insert_color(&new->by_pfn, &s->held_by_pfn);

	list_add_tail(&new->node, &s->held);
	WRITE_ONCE(s->nr_held, s->nr_held + 1);
	thprace_stat_add(THPRACE_STAT_SESSION_BYTES, sizeof(*new));
	return true;
}

/* s->lock held; out of the trees, not of the list */
static void erase(struct thprace_session *s, struct thprace_held *h)
{
	rb_erase(&h->by_place, &s->held_by_place);
	rb_erase(&h->by_pfn, &s->held_by_pfn);
	WRITE_ONCE(s->nr_held, s->nr_held - 1);
	thprace_stat_add(THPRACE_STAT_SESSION_BYTES, -(s64)sizeof(*h));
}

/**
 * thprace_held_add() - keep a reference for a later split
 * @s: the session
 * @mm: in which the page was found (identity only)
 * @addr: address at which it was found; of a huge page that of its PMD
 * @page: referenced; the reference is the session's on success
 * @batch: the command's, thprace_held_batch()
 *
 * Context: process context. Return: 0, -ENOMEM, -EBUSY (one is held for this
 * place), or -ERANGE (THPRACE_MAX_HELD are).
 */
int thprace_held_add(struct thprace_session *s, struct mm_struct *mm, unsigned long addr,
		     struct page *page, u64 batch)
{
	struct thprace_held *h = kmalloc(sizeof(*h), GFP_KERNEL);
	int ret = 0;

	if (!h)
		return -ENOMEM;
	h->mm = mm;
	h->addr = addr;
	h->page = page;
	h->batch = batch;
	spin_lock(&s->lock);
	if (s->nr_held >= THPRACE_MAX_HELD)
		ret = -ERANGE;
	else if (!insert(s, h))
		ret = -EBUSY;
	spin_unlock(&s->lock);
	if (ret)
		kfree(h);
	return ret;
}

/**
 * thprace_held_has() - is a reference held for a place in this range?
 * @s: the session
 * @mm: as given to thprace_held_add()
 * @addr: of the range
 * @len: of it
 */
bool thprace_held_has(struct thprace_session *s, struct mm_struct *mm, unsigned long addr,
		      unsigned long len)
{
	bool found;

	if (!READ_ONCE(s->nr_held))
		return false;
	spin_lock(&s->lock);
	found = find(s, mm, addr, len);
	spin_unlock(&s->lock);
	return found;
}

/**
 * thprace_held_take() - take a reference out of the session
 * @s: the session
 * @mm: as given to thprace_held_add()
 * @addr: of a range: the first one in it
 * @len: of it
 *
 * Return: for kfree() once its page is the caller's, or for
 * thprace_held_return(); NULL if none is held.
 */
struct thprace_held *thprace_held_take(struct thprace_session *s, struct mm_struct *mm,
				       unsigned long addr, unsigned long len)
{
	struct thprace_held *h;

	if (!READ_ONCE(s->nr_held))
		return NULL;
	spin_lock(&s->lock);
	h = find(s, mm, addr, len);
	if (h) {
		list_del(&h->node);
		erase(s, h);
	}
	spin_unlock(&s->lock);
	return h;
}

/**
 * thprace_held_return() - undo thprace_held_take()
 * @s: the session
 * @held: with its reference; given back if the place has got another one
 *
 * Context: process context.
 */
void thprace_held_return(struct thprace_session *s, struct thprace_held *held)
{
	bool kept;

	spin_lock(&s->lock);
	kept = insert(s, held);
	spin_unlock(&s->lock);
	if (kept)
		return;
	put_page(held->page);
	kfree(held);
}

/* Take some of a batch, or of all, out of the session; false: that was the last. */
static bool move_some(struct thprace_session *s, u64 batch, struct list_head *to)
{
	struct thprace_held *h, *prev;
	unsigned int n = 0;

	spin_lock(&s->lock);
	list_for_each_entry_safe_reverse(h, prev, &s->held, node)
		if (!batch || h->batch == batch) {
			if (n++ == MAX_MOVED)
				break;
			list_move(&h->node, to);
			erase(s, h);
		}
	spin_unlock(&s->lock);
	return n > MAX_MOVED;
}

/**
 * thprace_held_drop() - give references back
 * @s: the session
 * @batch: those of one command; 0: all
 *
 * Context: process context, may sleep.
 */
void thprace_held_drop(struct thprace_session *s, u64 batch)
{
	bool more;

	do {
		struct thprace_held *h, *next;
		LIST_HEAD(drop);

		more = move_some(s, batch, &drop);
		list_for_each_entry_safe(h, next, &drop, node) {
			put_page(h->page);
			kfree(h);
		}
		cond_resched();
	} while (more);
}

/**
 * thprace_session_held_refs() - how many references the session holds on a folio
 * @s: the session
 * @pfn: of its head
 * @nr: its pages
 */
unsigned int thprace_session_held_refs(struct thprace_session *s, unsigned long pfn,
				       unsigned long nr)
{
	struct rb_node *node, *first = NULL;
	unsigned int n = 0;

	if (!READ_ONCE(s->nr_held))
		return 0;
	spin_lock(&s->lock);
	for (node = s->held_by_pfn.rb_node; node;) {
		struct thprace_held *h = rb_entry(node, struct thprace_held, by_pfn);

		if (page_to_pfn(h->page) >= pfn) {
			first = node;
			node = node->rb_left;
		} else {
			node = node->rb_right;
		}
	}
	for (; first; first = rb_next(first), n++)
		if (page_to_pfn(rb_entry(first, struct thprace_held, by_pfn)->page) >= pfn + nr)
			break;
	spin_unlock(&s->lock);
	return n;
}
