/* SPDX-License-Identifier: GPL-2.0 */
/* What one scenario has counted */
#ifndef THPRACE_RESULT_H
#define THPRACE_RESULT_H

#include "orders.h"
#include "scenario.h"
#include "storm.h"
#include "tally.h"

#define NR_SKEWS		32768

enum timing {
	T_MAP, T_FAULT, T_FILL, T_PROVE, T_FORK, T_HOLD, T_RACE, T_CHECK,
	T_VERIFY, T_OTHER, T_NR
};

extern const char *const timing_names[T_NR];

/* How the process of a scenario has ended; the worst of all passes counts. */
enum ending {
	END_WELL,
	END_NO_MEMORY,			/* by the OOM killer, or nothing could be forked */
	END_BADLY,			/* killed, or an error of this program */
};

/* Where the first violation was found: what it takes to try again. */
struct found {
	bool known;
	u64 batch_round;		/* the first round of its batch */
	u32 nr_thps, nr_workers;
	bool exact;			/* what follows is known: its huge page's last round */
	u64 round;
	bool solo;			/* without a split */
	char schedule[256];		/* that was forced, or empty */
};

struct result {
	const struct scenario *sc;
	enum thprace_verdict verdict;
	bool begun;
	const char *skipped;
	enum ending ending;
	int err;			/* of the scenario's process */
	char error[320];
	char why[280];			/* verdict's reason when not pass */
	char hint[160];			/* what the scenario knows of why its op was not done */
	u64 duration_ns, splits, not_huge, batches, forced;
	u64 met;			/* of forced: all points of the schedule were reached */
	u64 time_ns[T_NR];
	struct order_count orders[NR_ORDERS];
	u64 first_violation_ns;		/* since the run's start, or 0 */
	struct found found;		/* of the first violation */
	u64 beat_ns, longest_ns;	/* stuck.c: the last end of a batch, the longest one */
	struct storm_batch program;	/* the last one that was run */
	u32 nr_skews;
	/* Large: what is behind the counts is not even cleared. */
	struct tally tally;
	u32 spread_ns[NR_SKEWS];	/* first to last start on a huge page */
	u32 closest_ns[NR_SKEWS];	/* nearest two starts on it */
};

int result_lock_init(void);
void result_lock(void);
void result_unlock(void);
void result_reset(struct result *res, const struct scenario *sc);
void result_add(struct result *sum, const struct result *part);

struct distribution {
	u32 min, median, p90, max, nr;
};

struct distribution distribution_of(const u32 *ns, u32 nr);

#endif /* THPRACE_RESULT_H */
