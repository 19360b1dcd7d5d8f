/* SPDX-License-Identifier: GPL-2.0 */
/* What a run or a scenario came to, as merged reports say it */
#ifndef THPRACE_OUTCOME_H
#define THPRACE_OUTCOME_H

/* The worst first: of several results the first in this order is that of all. */
enum outcome {
	OUTCOME_FAIL,
	OUTCOME_SPLAT,			/* the kernel complained, outside of a run */
	OUTCOME_LOST,			/* no end, or no result */
	OUTCOME_ERROR,
	OUTCOME_INCONCLUSIVE,
	OUTCOME_PASS,
	OUTCOME_NOT_BEGUN,		/* of a scenario: the run had ended before */
	OUTCOME_SKIP,
	NR_OUTCOMES
};

struct outcome_row {
	const char *name;
	int exit;			/* of thprace merge */
	const char *scenario;		/* verdict of a scenario in a report */
	const char *kcidb;		/* status of a test */
	const char *junit;		/* element in a testcase, or NULL */
	const char *sign;		/* on a page */
};

extern const struct outcome_row outcomes[NR_OUTCOMES];

enum outcome outcome_by_name(const char *name);
enum outcome outcome_worse(enum outcome a, enum outcome b);

#endif /* THPRACE_OUTCOME_H */
