/* SPDX-License-Identifier: GPL-2.0 */
/* What a run has seen so far, and how time is shared by what is still new */
#ifndef THPRACE_COVER_H
#define THPRACE_COVER_H

#include "util.h"

/* What may be seen for the first time. */
enum cover_kind {
	COVER_PHASES,			/* two phases of two lanes have met */
	COVER_OUTCOME,			/* the lanes' ops, and what came of each */
	COVER_STATE,			/* a folio: order, how mapped, shared, flags */
	NR_COVER
};

#define COVER_KEYS	8192		/* that a scenario can have, a power of two */
#define COVER_SECONDS	64		/* that are kept apart; at least a minute */
#define COVER_STEPS	32		/* of doubling the time */
#define COVER_FLOOR	600		/* per mille of a scenario's part that it keeps */

/*
 * Of one scenario, over all passes.  Written by its process alone, of which there is
 * one at a time; read by main.
 */
struct cover {
	u64 nr[NR_COVER];		/* seen for the first time */
	u32 nr_keys;
	u32 full;			/* there was more than there is room for */
	u64 last_ns;			/* since the run's start: the last of them */
	u64 news, ns;			/* of late: each batch counts more than the one before */
	u32 second[COVER_SECONDS];	/* + 1, that a slot is of */
	u32 in_second[COVER_SECONDS][NR_COVER];
	u32 in_step[COVER_STEPS];	/* 0: the first second; n: from 2^(n-1) s to 2^n s */
	u64 key[COVER_KEYS];
};

extern const char *const cover_names[NR_COVER];

bool cover_see(struct cover *c, enum cover_kind kind, u64 key, u64 at_ns);
u64 cover_sum(const struct cover *c);
void cover_batch(struct cover *c, u64 news, u64 ns);
u64 cover_last_minute(const struct cover *c, enum cover_kind kind, u64 now_ns);
void cover_shares(const struct cover *const *c, const unsigned int *weight, unsigned int nr,
		  u64 *share);

#endif /* THPRACE_COVER_H */
