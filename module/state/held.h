/* SPDX-License-Identifier: GPL-2.0 */
/* held.h - the folio references of a session */
#ifndef THPRACE_HELD_H
#define THPRACE_HELD_H

#include <linux/list.h>
#include <linux/rbtree.h>

#include "state/session.h"

/* A reference that a hold command has taken, for a split to come. */
struct thprace_held {
	struct rb_node by_place, by_pfn;
	struct list_head node;		/* in the session's list, or of those to be given back */
	struct mm_struct *mm;		/* identity only */
	unsigned long addr;
	struct page *page;		/* referenced */
	u64 batch;			/* the command that took it */
};

u64 thprace_held_batch(void);
int thprace_held_add(struct thprace_session *s, struct mm_struct *mm, unsigned long addr,
		     struct page *page, u64 batch);
bool thprace_held_has(struct thprace_session *s, struct mm_struct *mm, unsigned long addr,
		      unsigned long len);
struct thprace_held *thprace_held_take(struct thprace_session *s, struct mm_struct *mm,
				       unsigned long addr, unsigned long len);
void thprace_held_return(struct thprace_session *s, struct thprace_held *held);
void thprace_held_drop(struct thprace_session *s, u64 batch);

#endif /* THPRACE_HELD_H */
