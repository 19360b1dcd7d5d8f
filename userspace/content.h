/* SPDX-License-Identifier: GPL-2.0 */
/* What may be in a page when several ops at once may have changed it */
#ifndef THPRACE_CONTENT_H
#define THPRACE_CONTENT_H

#include "region.h"

#define CONTENT_WRITERS		2
#define CONTENT_PASSES		3	/* of a writer, one after the other */

#define CONTENT_OLD		0x01	/* as before the round */
#define CONTENT_ZERO		0x02
#define CONTENT_HOLE		0x04	/* not to be read */
#define CONTENT_PASS(writer, pass) \
	(0x08U << ((writer) * CONTENT_PASSES + (pass)))
#define CONTENT_LAST(writer)	CONTENT_PASS(writer, CONTENT_PASSES - 1)
#define CONTENT_ALL_OF(writer)	(0x38U << ((writer) * CONTENT_PASSES))

#define CONTENT_KINDS		(2 + CONTENT_WRITERS * CONTENT_PASSES)	/* without a hole */

/* Generations, see page_fill(). */
struct content {
	u64 old;
	u64 pass[CONTENT_WRITERS][CONTENT_PASSES];
};

/* What was seen of one word so far. */
struct history {
	bool left_old;			/* something else was there */
	int pass[CONTENT_WRITERS];	/* the latest of each writer, or -1 */
};

bool content_verify(const void *copy, const void *as, const struct content *c,
		    unsigned int allowed, bool torn, struct mismatch *bad);
bool content_torn(u64 word, size_t i, const void *as, const struct content *c,
		  unsigned int allowed);
unsigned int content_of_word(u64 word, size_t i, const void *as, const struct content *c);
bool history_goes_on(struct history *h, unsigned int seen);

#endif /* THPRACE_CONTENT_H */
