/* SPDX-License-Identifier: GPL-2.0 */
/* made.h - memory of the caller's own, taken through states that are known */
#ifndef THPRACE_MADE_H
#define THPRACE_MADE_H

#include <linux/types.h>

/**
 * struct thprace_made - memory of current
 * @map:	what was mapped, or 0
 * @addr:	PMD-aligned: where the huge page is
 * @nr_tries:	how often its split was tried, of the last one
 * @nr_failed:	tries that failed although all references were known before and after
 * @last_try:	what the last one returned
 */
struct thprace_made {
	unsigned long map, addr;
	unsigned int nr_tries, nr_failed;
	int last_try;
};

const char *thprace_made_pmd(struct thprace_made *m);
const char *thprace_made_pte(struct thprace_made *m);
const char *thprace_made_part(struct thprace_made *m);
const char *thprace_made_page(struct thprace_made *m);
const char *thprace_made_small(struct thprace_made *m);
const char *thprace_made_small_part(struct thprace_made *m);
void thprace_made_end(struct thprace_made *m);

#endif /* THPRACE_MADE_H */
