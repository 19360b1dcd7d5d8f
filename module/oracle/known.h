/* SPDX-License-Identifier: GPL-2.0 */
/* known.h - states of memory of which every rule's answer is known */
#ifndef THPRACE_KNOWN_H
#define THPRACE_KNOWN_H

#include "oracle/rules.h"

enum thprace_known {
	THPRACE_KNOWN_PMD,
	THPRACE_KNOWN_PTE,
	THPRACE_KNOWN_PART,
	THPRACE_KNOWN_PAGE,
	THPRACE_KNOWN_SMALL,
	THPRACE_KNOWN_SMALL_PART,
	THPRACE_KNOWN_PMD_TWO,
	THPRACE_KNOWN_PMD_PTE,
	THPRACE_KNOWN_PTE_TWO,
	THPRACE_NR_KNOWN
};

/* The small folios that are made, and where the hole of one mapped in part is. */
#define THPRACE_KNOWN_SMALL_ORDER	4
#define THPRACE_KNOWN_SMALL_NR		16
#define THPRACE_KNOWN_HOLE(nr)		((nr) / 4)	/* from here on, and as long */

const char *thprace_known_name(enum thprace_known state);
bool thprace_known_is(enum thprace_known state, const struct thprace_obs *obs);
enum thprace_known thprace_known_find(const struct thprace_obs *obs);
u64 thprace_known_checks(enum thprace_known state);
u64 thprace_known_judge(enum thprace_known state, const struct thprace_obs *obs, bool fresh,
			u64 checks, struct thprace_finding finding[THPRACE_NR_CHECKS]);

#endif /* THPRACE_KNOWN_H */
