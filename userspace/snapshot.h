/* SPDX-License-Identifier: GPL-2.0 */
/* A fork is a snapshot: what a child may have of the writes beside it */
#ifndef THPRACE_SNAPSHOT_H
#define THPRACE_SNAPSHOT_H

#include "rng.h"
#include "util.h"

/* A word of a page that is not what a snapshot has. */
struct snapshot_bad {
	unsigned int page;
	u64 want, got;
	const char *what;
};

void snapshot_order(struct rng *rng, u16 *order, unsigned int nr);
u64 snapshot_word(u64 key, unsigned int turn);
bool snapshot_holds(const u64 *words, const u64 *old, const u16 *order, unsigned int nr, u64 key,
		    struct snapshot_bad *bad);
bool snapshot_kept(const u64 *words, const u64 *old, const u16 *order, unsigned int nr,
		   unsigned int written, u64 key, struct snapshot_bad *bad);

#endif /* THPRACE_SNAPSHOT_H */
