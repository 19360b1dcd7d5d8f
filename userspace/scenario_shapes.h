/* SPDX-License-Identifier: GPL-2.0 */
/* Unusual VMAs over a huge page: what the files of the scenario share */
#ifndef THPRACE_SCENARIO_SHAPES_H
#define THPRACE_SCENARIO_SHAPES_H

#include "options.h"
#include "region.h"
#include "run.h"

#define SHAPE_ROOM	4		/* huge pages of address space for each */
#define SHAPE_SEGS	8
#define SHAPE_BESIDE	16		/* pages of a neighbour outside the huge page */

/* Pages that are not at home: what they must hold, wherever they are. */
struct seg {
	char *at;
	unsigned int first, nr;		/* as which pages of the huge page they were filled */
	u64 gen;			/* 0: zero */
};

struct shape_row;

/* One huge page, from plan() to after(). */
struct shaped {
	const struct shape_row *shape;
	unsigned int variant;
	unsigned int a, b;		/* the pages that it is about, [a, b) */
	char *left, *right;		/* of all that may merge; or NULL */
	char *to;			/* in its room */
	struct seg seg[SHAPE_SEGS];
	unsigned int nr_segs;
	char *guard;			/* no page of this can be touched */
	unsigned int nr_guard;
	int fd;				/* of a file; 0: none */
	unsigned int nr_file;		/* its pages */
};

struct kin;
struct outside;

struct shapes_priv {
	struct region away;		/* a room for each huge page */
	struct shaped shaped[MAX_THPS];
	unsigned int offset;		/* which shape is first */
	int last;			/* the huge page before, of this batch; or -1 */
	struct kin *kin;		/* shared with the children */
	struct outside *outside;	/* shared with the helper */
	bool may[16];			/* this kernel has the shape of that row */
	bool holes;			/* one mremap goes over holes, too */
	bool session;			/* of the module, which takes no private file mapping */
};

/* A row of the table. */
struct shape_row {
	const char *name;
	const char *op;
	bool solo;			/* only where nobody splits */
	bool own_kin;			/* forks itself, in prepare() */
	bool (*can)(struct shapes_priv *priv);
	bool (*prepare)(struct run *run, struct lane *lane, unsigned int thp);
	enum act_result (*act)(struct run *run, struct lane *lane, unsigned int thp);
};

extern const struct shape_row shapes_move[], shapes_merge[], shapes_kin[];
extern const unsigned int nr_shapes_move, nr_shapes_merge, nr_shapes_kin;

/* scenario_shapes_part.c */
struct shaped *shaped_of(const struct run *run, unsigned int thp);
char *shape_page(const struct run *run, unsigned int thp, unsigned int page);
char *shape_room(const struct run *run, unsigned int thp, unsigned int hpages);
void shape_piece(struct lane *lane, struct shaped *s, unsigned int margin);
void shape_put(struct shaped *s, char *at, unsigned int first, unsigned int nr, u64 gen);
enum act_result shape_failed(struct run *run, unsigned int thp, const char *what);
void shape_write(struct run *run, struct lane *lane, unsigned int thp, unsigned int first,
		 unsigned int nr, u64 gen, u8 state);
void shape_verify(struct run *run, struct lane *lane, unsigned int thp);
bool shape_is_guarded(const char *page);
bool shape_is_one_vma(const char *from, const char *to);

/* scenario_shapes_kin.c */
int kin_setup(struct run *run);
void kin_cleanup(struct run *run);
int kin_share(struct run *run, struct lane *lane, unsigned int thp);
int kin_end(struct run *run, struct lane *lane, unsigned int thp);

#endif /* THPRACE_SCENARIO_SHAPES_H */
