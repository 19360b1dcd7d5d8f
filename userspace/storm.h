/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The programs of a storm
 *
 * Shared by the scenario (storm.c), the report (json.c) and the reducer
 * (replay.c).
 */
#ifndef THPRACE_STORM_H
#define THPRACE_STORM_H

#define STORM_OPS	10		/* of a round */
#define STORM_ROUNDS	8		/* of a batch */

struct storm_op {
	unsigned int kind, first, nr;	/* pages of the huge page */
	unsigned int result;		/* enum act_result, when it was done */
};

struct storm_round {
	unsigned int nr;
	struct storm_op op[STORM_OPS];
	char schedule[256];		/* or empty: nothing is forced */
};

struct storm_batch {
	unsigned int nr;
	struct storm_round round[STORM_ROUNDS];
};

const char *storm_kind_name(unsigned int kind);
int storm_kind_by_name(const char *name);

#endif /* THPRACE_STORM_H */
