/* SPDX-License-Identifier: GPL-2.0 */
/* Marks through any two ops: which of them must be there after, and which must not */
#ifndef THPRACE_MARKS_H
#define THPRACE_MARKS_H

#include "pair.h"
#include "piece.h"
#include "region.h"
#include "uop.h"
#include "util.h"

enum mark {
	MARK_NEVER,			/* it must not be there */
	MARK_MUST,
	MARK_IF_KEPT,			/* it must be there, if what was in the page is */
	MARK_MAY,			/* nothing is said */
};

/* What a lane did. */
struct mark_done {
	const struct uop *op;		/* NULL: nothing */
	struct piece piece;
	bool sure;			/* to all of the piece */
};

enum mark marks_after(enum mark before, const struct mark_done done[PAIR_LANES],
		      unsigned int page, bool moves_keep);
enum page_state marks_content(enum page_state before, const struct mark_done done[PAIR_LANES],
			      unsigned int page);
bool marks_is_locked(const struct mark_done done[PAIR_LANES], unsigned int page);
bool marks_is_left_alone(const struct mark_done done[PAIR_LANES], unsigned int page);

#endif /* THPRACE_MARKS_H */
