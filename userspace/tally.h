/* SPDX-License-Identifier: GPL-2.0 */
/* What a report of the module says, added up */
#ifndef THPRACE_TALLY_H
#define THPRACE_TALLY_H

#include "block.h"
#include "util.h"

#define MAX_OPS			40
#define MAX_CELLS		2304
#define KEPT_VIOLATIONS		THPRACE_MAX_VIOLATIONS

/* The checks of the contract, and one that only this side makes. */
enum {
	CHECK_KERNEL = THPRACE_NR_CHECKS,	/* the kernel complains of something */
	NR_CHECKS
};

struct op_count {
	char name[24];
	u64 done, busy, failed, time_ns;
};

struct check_count {
	u64 held, violated, skipped;
	u64 needed;			/* reports in which a pass needed it */
	bool listed;			/* a report had it */
	char reason[120];
};

struct violation {
	char check[24], scenario[40];
	u64 round, time_ns, addr, pfn;
	char want[40], got[40], ops[64], cell[96], detail[200];
	u32 cause;			/* those of one have the same; 0: not known yet */
	u64 serial;			/* of the cause, as the module counts them, or 0 */
	bool control;			/* it was injected */
	u64 thp;			/* its huge page, where main has it, or 0 */
};

struct cell {
	char a[48], b[48], state[24];
	u64 hits, rounds, violations;
};

struct grid_state {
	bool listed;			/* a report had it */
	bool complete;
	u64 k, left;			/* tries of a kind; tries still to come */
	u64 time_ns;			/* until it was complete, or so far */
};

struct tally {
	u64 rounds, overlaps;
	bool cut;			/* there was more than there is room for */
	struct grid_state grid;
	unsigned int nr_ops, nr_cells, nr_violations, nr_blocks;
	u32 nr_causes;			/* the highest number of one */
	u64 lost_blocks;		/* lines for which there was no room */
	u64 violations;			/* in all, kept or not */
	struct op_count ops[MAX_OPS];
	struct check_count checks[NR_CHECKS];
	char steer[256];		/* last steer line */
	/* Large: what is behind the counts above is not even cleared. */
	struct violation kept[KEPT_VIOLATIONS];
	struct cell cells[MAX_CELLS];
	struct block blocks[KEPT_BLOCKS];
};

extern const char *const verdict_names[THPRACE_NR_VERDICTS];

const char *check_name(unsigned int check);
int check_by_name(const char *name);
void violation_parse(struct violation *v, char *line);
void tally_reset(struct tally *t);
void tally_copy(struct tally *to, const struct tally *from);
int tally_parse(struct tally *t, char *text);
void tally_add(struct tally *sum, const struct tally *t);
struct op_count *tally_op(struct tally *t, const char *name);
const struct op_count *tally_undone(const struct tally *t, const char *op);
u64 tally_done(const struct tally *t, const char *name);
bool tally_other_done(const struct tally *t);
u32 tally_violation(struct tally *t, const struct violation *v);
u32 tally_cause(const struct tally *t, u64 serial);
void tally_block(struct tally *t, const struct block *b);
bool tally_met(char *text);

/* The module's lists of ops, checks and phases. */
#define LIST_MAX	16384

struct list_row {
	char name[40], kind[32];
	bool there;
	char why[120];			/* not there, or empty */
};

bool list_next(char **at, struct list_row *row);

#endif /* THPRACE_TALLY_H */
