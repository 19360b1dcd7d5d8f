/* SPDX-License-Identifier: GPL-2.0 */
/* Two ops at once, neither of them a split of ours: what is drawn, what may come out */
#ifndef THPRACE_PAIR_H
#define THPRACE_PAIR_H

#include "piece.h"
#include "rng.h"
#include "util.h"

#define PAIR_LANES	2
#define MAX_UOPS	32		/* rows of uops[] */

/* How the huge page looks when the two begin. */
enum pair_shape {
	PAIR_HUGE,			/* mapped by a PMD */
	PAIR_PTES,			/* whole, mapped by PTEs */
	PAIR_PARTLY,			/* one of its pages is discarded */
	PAIR_SHARED,			/* with a child that sleeps */
	PAIR_OWN,			/* the child has a huge page of its own at that address */
	PAIR_FREED,			/* given up lazily */
	PAIR_ORDERS,			/* folios of many sizes in its place */
	PAIR_OUT,			/* some of it is paged out */
	PAIR_SHAPES
};

/* What main does meanwhile. */
enum pair_aside {
	ASIDE_NOTHING,
	ASIDE_READ,
	ASIDE_MIGRATE,			/* it to other nodes, and again */
	ASIDE_MIGRATE_CHILD,		/* the child's */
	PAIR_ASIDES
};

struct pair_round {
	u8 op[PAIR_LANES];		/* indices in uops[] */
	u8 shape, aside;
	bool shared;			/* memory */
	struct piece piece[PAIR_LANES];
	struct piece look;		/* of main, where it reads */
	u64 variant[PAIR_LANES];
	unsigned int hole;		/* the page that is discarded before, where one is */
};

/* What may be drawn here. */
struct pair_choice {
	bool op[PAIR_LANES][MAX_UOPS];	/* of uops[] */
	bool nodes;			/* there are several */
	bool procs;			/* the two are processes */
	bool shared;			/* memory */
	bool quiet;			/* main does nothing meanwhile */
	bool pmd_only;			/* no smaller folios */
	bool no_free;			/* the kernel has no MADV_FREE */
};

bool pair_possible(const struct pair_choice *may);
void pair_draw(struct pair_round *round, const struct pair_choice *may, struct rng *rng);
unsigned int pair_before(const struct pair_round *round, unsigned int page);
unsigned int pair_after(const struct pair_round *round, unsigned int page, unsigned int before);
unsigned int pair_meanwhile(const struct pair_round *round, unsigned int page,
			    unsigned int before);
unsigned int pair_after_one(const struct pair_round *round, unsigned int lane,
			    unsigned int page, unsigned int before);
bool pair_may_fault(const struct pair_round *round, unsigned int lane);
bool pair_shares(const struct pair_round *round);

#endif /* THPRACE_PAIR_H */
