/* SPDX-License-Identifier: GPL-2.0 */
/* A round of marks: what was drawn, and what was seen of it */
#ifndef THPRACE_MARKS_ROUND_H
#define THPRACE_MARKS_ROUND_H

#include <pthread.h>

#include "child.h"
#include "env.h"
#include "marks.h"
#include "pair.h"
#include "piece.h"
#include "region.h"
#include "rng.h"
#include "run.h"
#include "uop.h"

#define NO_THP		(~0U)

enum marks_kind {
	KIND_WP,			/* a write is a fault */
	KIND_ASYNC,			/* a write takes the mark away */
	KIND_DIRTY,			/* a write sets the mark */
	NR_KINDS
};

enum marks_shape {
	MARKS_HUGE,			/* mapped by a PMD */
	MARKS_PTES,			/* whole, mapped by PTEs */
	MARKS_PARTLY,			/* one of its pages is discarded */
	MARKS_OUT,			/* partly paged out */
	MARKS_SHARED,			/* with a child that sleeps */
	MARKS_ZERO,			/* the huge zero page, in its place */
	NR_SHAPES
};

enum marks_aside {
	MARKS_NOTHING,
	MARKS_MIGRATE,			/* to other nodes, and again */
	MARKS_MARK,			/* more pages */
	MARKS_RESOLVE,			/* some of them get no mark any more */
	NR_ASIDES
};

/* What came of a store. */
enum stored {
	STORE_NONE,
	STORE_DONE,
	STORE_BUS,			/* userfaultfd has stopped it */
	STORE_SEGV,			/* nothing is there, or it is read-only */
};

/* A round's choices, and what was seen of it. */
struct marks_round {
	enum marks_kind kind;
	enum marks_shape shape;
	enum marks_aside aside;
	bool late;			/* marks are given behind the shape */
	bool moves_keep;		/* userfaultfd is told of moves */
	int uffd;
	struct piece piece;		/* that is marked: all of it if nr is 0 */
	struct piece second;		/* of main, beside */
	struct piece out;
	unsigned int hole;
	bool aside_done, aside_tried;
	u8 before[MAX_NR_SUBPAGES];	/* enum mark, of what kind ever */
	u8 stored[PAIR_LANES][MAX_NR_SUBPAGES];	/* enum stored */
};

struct marks_priv {
	struct region away[PAIR_LANES];
	struct target target[PAIR_LANES + 1];
	struct marks_round round;
	unsigned int pending;		/* huge page that was not looked at yet */
	struct pair_choice may[NR_KINDS];
	bool kind[NR_KINDS];
	bool shows_uffd;		/* pagemap does */
	bool nodes;
	int uffd[NR_KINDS][2];		/* [kind][told of moves], or -1 */
	int pagemap;
	int stop;			/* eventfd that ends the reader of messages */
	bool reading;
	pthread_t reader;
	struct sharer sharer;
};

/* marks_uffd.c */
void marks_open(struct marks_priv *priv);
int marks_start_reader(struct marks_priv *priv);
void marks_close(struct marks_priv *priv);

/* marks_draw.c */
void marks_find_choices(struct marks_priv *priv);
void marks_draw(struct run *run, unsigned int thp);

/* marks_give.c */
int marks_protect(struct marks_priv *priv, char *base, const struct piece *p, bool on);
int marks_give(struct run *run, unsigned int thp, struct rng *rng);

/* marks_look.c */
enum stored marks_store(char *page);
bool marks_is_in(const struct piece *p, unsigned int page);
void marks_complain(struct run *run, struct lane *lane, const char *page, u64 want, u64 got,
		    const char *what);
void marks_look_as_child(struct run *run, struct lane *lane, unsigned int thp);
void marks_look(struct run *run, unsigned int thp);

#endif /* THPRACE_MARKS_ROUND_H */
