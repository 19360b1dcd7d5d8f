/* SPDX-License-Identifier: GPL-2.0 */
/* What a task does to pages of a huge page, by a system call or a few */
#ifndef THPRACE_UOP_H
#define THPRACE_UOP_H

#include <setjmp.h>

#include "env.h"
#include "piece.h"
#include "run.h"

struct content;

/* What becomes of the pages that an op is about. */
enum uop_effect {
	UOP_CANNOT,			/* not on such memory */
	UOP_KEEPS,
	UOP_UNMAPS,
	UOP_MAPS,			/* fresh memory, in place of whatever is there */
	UOP_ZEROES,
	UOP_FREES,			/* they may be zero from now on */
	UOP_WRITES,
};

/* How it may keep another op from its work meanwhile. */
#define UOP_MOVES	1U		/* the pages are elsewhere for a moment */
#define UOP_LOCKS	2U		/* they are mlocked for a moment */
#define UOP_PROTECTS	4U		/* they cannot be written for a moment */
#define UOP_CUTS	8U		/* VMAs are split */
#define UOP_HIDES	16U		/* a child does not get them for a moment */
#define UOP_ENDS	32U		/* a child that was forked before */
#define UOP_TRUNCATES	64U		/* the file ends before them for a moment */
#define UOP_BY_FILE	128U		/* no mapping is needed for it */
#define UOP_SWAPS	256U		/* they may be in swap after it */

#define UOP_MAX_WRITTEN	16
#define UOP_WRITE_STEP(piece)	((piece)->nr / UOP_MAX_WRITTEN + 1)

/* The pages that an op is about. */
struct target {
	struct run *run;
	struct lane *lane;
	unsigned int thp_index;
	char *thp;			/* where this process has the huge page */
	struct piece piece;
	u64 variant;
	char *away;			/* room for a huge page, of this lane alone */
	const struct content *content;
	unsigned int writer;		/* of its generations */
	bool may_fault;			/* another op may unmap or protect them just now */
	bool faulted;			/* result: a write or a read met that */
	unsigned int other_flags;	/* UOP_ flags of the op beside it */
	bool other_frees;		/* or discards */
	const u16 *seen;		/* what each page of the huge page may show meanwhile */
	pid_t child;			/* result of a fork, to be reaped */
	int fd;				/* of shared memory, or 0 */
	bool by_file;			/* read() instead of a mapping */
	bool anew;			/* or by a mapping that is made for it */
	bool yields;			/* a CPU between its passes: others may need it */
};

struct uop {
	const char *name;		/* in programs */
	const char *op;			/* of the module */
	enum uop_effect effect, shared;	/* of anonymous memory, and of shared */
	unsigned int flags;
	const char *phases, *inner;
	bool storm, pair;		/* who may draw it */
	const char *(*why_not)(void);
	enum act_result (*act)(struct target *t);
};

extern const struct uop uops[];
extern const unsigned int nr_uops;

#define MAX_PAGE_WORDS	0x2000		/* of the largest pages, 64 KiB */

/* Page I of those that an op is about. */
static inline char *target_page(const struct target *t, unsigned int i)
{
	return t->thp + (t->piece.first + (size_t)i * t->piece.stride) * env.page_size;
}

static inline unsigned int target_subpage(const struct target *t, const char *page)
{
	return (page - t->thp) / env.page_size;
}

int uop_by_name(const char *name);
enum uop_effect uop_effect(const struct uop *op, bool shared);
bool uop_hits(const struct uop *op, const struct piece *p, unsigned int page);

/* uop_look.c */
bool page_copy(void *to, const void *from);
void target_expect_fault(const struct target *t, sigjmp_buf *out);
enum act_result uop_read(struct target *t);
void uop_child_look(struct target *t, unsigned int subpage);

#endif /* THPRACE_UOP_H */
