/* SPDX-License-Identifier: GPL-2.0 */
/* A round of the scenario direct: who writes where, and what is done beside it */
#ifndef THPRACE_DIRECT_H
#define THPRACE_DIRECT_H

#include "run.h"
#include "writes.h"

#define MAX_KINDS	16
#define MAX_BESIDE	16

enum direct_stage {
	DIRECT_BEFORE,
	DIRECT_WRITING,
	DIRECT_WRITTEN,
};

struct direct_draw;

/* What is done beside the write. */
struct beside {
	const char *op;			/* of the session */
	const char *phases;		/* that it passes, or NULL */
	bool discards;			/* what is written may be gone, and is zero then */
	bool unheld;			/* in vain while somebody else has a reference */
	unsigned int turns;		/* at most, while it is written */
	unsigned int turns_after;	/* and after */
	const char *(*why_not)(void);
	int (*prepare)(struct run *run, unsigned int thp, const struct direct_draw *d);
	enum act_result (*act)(struct run *run, struct lane *lane, unsigned int thp,
			       const struct direct_draw *d);
};

/* Both lanes draw the same. */
struct direct_draw {
	const struct write_kind *kind;
	const struct beside *beside;
	unsigned int first, nr;		/* subpages that are written to */
	unsigned int side, nr_side;	/* next to them */
	bool freed;			/* given up lazily before */
	bool freed_all;			/* so is the rest of the huge page */
	bool touches;			/* the owner writes the same meanwhile */
	unsigned int variant;
};

/* What must be there in the end. */
struct direct_claim {
	unsigned int first, nr;
	bool or_zero;
	bool again;			/* it is reclaimed once more, now that nobody holds it */
	const char *kind;
};

struct direct_priv {
	struct writes writes;
	bool opened;
	const struct write_kind *kind[MAX_KINDS];
	bool survives[MAX_KINDS];		/* of the same: survives_sharing() */
	unsigned int nr_kinds;
	const struct beside *beside[MAX_BESIDE];
	unsigned int nr_beside;
	u32 stage, turns;		/* of this round */
	struct direct_draw draw[MAX_WORKERS + 1];
	struct direct_claim claim[MAX_THPS];
};

extern const struct beside besides[];
extern const unsigned int nr_besides;

#endif /* THPRACE_DIRECT_H */
