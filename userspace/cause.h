/* SPDX-License-Identifier: GPL-2.0 */
/* Violations of one cause, together */
#ifndef THPRACE_CAUSE_H
#define THPRACE_CAUSE_H

#include "tally.h"

struct cause_check {
	unsigned int nr;		/* violations that were kept */
	const struct violation *first;
};

struct cause {
	u32 number;
	const struct violation *basic;	/* of the most basic check, the first one */
	bool control;			/* injected, all of it */
	unsigned int nr_violations;
	unsigned int nr_checks;
	struct cause_check checks[NR_CHECKS];	/* the most basic one first */
};

unsigned int causes_count(const struct tally *t);
bool cause_get(const struct tally *t, unsigned int index, struct cause *c);
const struct block *cause_block(const struct tally *t, u32 number, const struct block *after);
bool cause_has_check(const struct cause *c, const char *check);
bool cause_has_kind(const struct tally *t, u32 number, const char *kind);

#endif /* THPRACE_CAUSE_H */
