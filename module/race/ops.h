/* SPDX-License-Identifier: GPL-2.0 */
/* ops.h - the table of ops */
#ifndef THPRACE_OPS_H
#define THPRACE_OPS_H

#include "mm/huge.h"
#include "oracle/rules.h"
#include "state/session.h"

enum thprace_op_kind {
	THPRACE_OP_KIND_KERNEL,	/* the module does it: triggers, race, session */
	THPRACE_OP_KIND_USER,	/* only a user lane does it, by its own system call */
	THPRACE_NR_OP_KINDS
};

/* Where an op is to run: one mm, one huge page. */
struct thprace_target {
	struct thprace_session *session;
	struct mm_struct *mm;	/* mm_users held */
	unsigned long addr;	/* PMD-aligned */
	unsigned int page;	/* subpage */
	unsigned int order;
	struct page *held;	/* reference taken ahead, or NULL */
	struct thprace_large *large;	/* or of several folios there, in place of that one */
	unsigned int nr_large;
	DECLARE_BITMAP(gone, THPRACE_HPAGE_NR);	/* pages that were unmapped */
	unsigned int start, nr;	/* piece for munmap, in subpages */
	bool every_other;
	int err;		/* of what act has tried: 0, or a negative errno */
	u64 random;
};

/**
 * struct thprace_op_row - what the module does for an op
 * @kind:	who can do it
 * @prepare:	outside the race: take references, choose the piece
 * @act:	the racing part
 * @empties:	memory of the target is gone afterwards (restore.c)
 * @why_not:	NULL, or why it can't run on this kernel
 */
struct thprace_op_row {
	enum thprace_op_kind kind;
	enum thprace_result (*prepare)(struct thprace_target *t);
	enum thprace_result (*act)(struct thprace_target *t);
	bool empties;
	const char *(*why_not)(void);
};

extern const struct thprace_op_row thprace_ops[THPRACE_NR_OPS];
const char *thprace_op_why_not(enum thprace_op op);

#endif /* THPRACE_OPS_H */
