/* SPDX-License-Identifier: GPL-2.0 */
/* Most of a huge page goes: the ways to that, and how the memory is asked back */
#ifndef THPRACE_PARTLY_H
#define THPRACE_PARTLY_H

#include "part.h"
#include "region.h"
#include "run.h"
#include "scenario.h"

#define MAX_NONE_KNOB	"/sys/kernel/mm/transparent_hugepage/khugepaged/max_ptes_none"
#define MAX_ZEROES	"64"		/* pages; the pattern has fewer */

/* Of scratch: beside the places of the batch's huge pages. */
enum partly_slot { SLOT_CONTROL, SLOT_TARGET, SLOT_AWAY, SLOT_AWAY_TOO, NR_SLOTS };

struct partly_priv {
	struct region away;		/* two for each of the batch, then the slots */
	unsigned int turn;		/* of the ways, where nobody splits */
	struct part left[MAX_THPS];	/* for the checks of the batch */
};

struct partly_way {
	const char *op;
	const char *text;
	int (*make)(struct run *run, struct lane *lane, struct part *part);
	bool zeroes;			/* all but a few are zero, nothing is unmapped */
	const char *(*why_not)(void);
};

/* partly_ways.c */
extern const struct partly_way partly_ways[];
extern const unsigned int nr_partly_ways;
bool partly_can_be_raced(const struct partly_way *way);
char *partly_slot(const struct run *run, enum partly_slot slot);
int partly_clear_out(char *at, size_t len);
void partly_choose_pages(struct lane *lane, struct part *part);

/* partly_squeeze.c */
enum act_result partly_ask_back(struct run *run, struct lane *lane, const struct partly_way *way,
				struct part *part);

#endif /* THPRACE_PARTLY_H */
