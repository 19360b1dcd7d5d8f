// SPDX-License-Identifier: GPL-2.0
/*
 * Marks through any two ops: which of them must be there after, and which must not
 *
 * Pure.  An op keeps the mark of a page that it keeps.  The order of the two is not
 * known; a page that was never marked must not be, whatever is done to it.  Writes
 * are no matter of this file: they keep what is in a page, and its mark.
 */
#include "marks.h"

static bool hits(const struct mark_done *done, unsigned int page)
{
	return done->op && uop_hits(done->op, &done->piece, page);
}

static bool discards(const struct mark_done *done)
{
	switch (done->op->effect) {
	case UOP_UNMAPS:
	case UOP_MAPS:
	case UOP_ZEROES:
	case UOP_FREES:
		return true;
	default:
		return false;
	}
}

/* The other op may have kept it from some of its pages. */
static bool is_sure(const struct mark_done *done, const struct mark_done *other)
{
	unsigned int in_the_way = UOP_MOVES;

	if (!done->sure)
		return false;
	if (!other->op)
		return true;
	if (discards(done))
		in_the_way |= UOP_LOCKS;
	/* Of what it moves it may lose a part to the other one. */
	if (done->op->flags & UOP_MOVES)
		return !discards(other) && !(other->op->flags & UOP_CUTS);
	return !(other->op->flags & in_the_way);
}

/**
 * marks_after() - what becomes of a mark
 * @before: what is said of it before the two
 * @done: by the two lanes
 * @page: subpage
 * @moves_keep: what is moved keeps its mark; else it loses it
 */
enum mark marks_after(enum mark before, const struct mark_done done[PAIR_LANES], unsigned int page,
		      bool moves_keep)
{
	enum mark mark = before;
	unsigned int i;

	for (i = 0; i < PAIR_LANES && mark != MARK_NEVER; i++) {
		bool sure = is_sure(&done[i], &done[!i]);

		if (!hits(&done[i], page))
			continue;
		if (done[i].op->flags & UOP_MOVES) {
			if (!moves_keep || !sure)
				mark = sure ? MARK_NEVER : MARK_MAY;
		} else if (done[i].op->effect == UOP_FREES) {
			if (mark == MARK_MUST)
				mark = MARK_IF_KEPT;
		} else if (discards(&done[i])) {
			mark = sure ? MARK_NEVER : MARK_MAY;
		}
	}
	return mark;
}

/**
 * marks_content() - what is in a page after the two
 * @before: PG_PATTERN or PG_ZERO
 * @done: by the two lanes
 * @page: subpage
 */
enum page_state marks_content(enum page_state before, const struct mark_done done[PAIR_LANES],
			      unsigned int page)
{
	const struct mark_done *by = NULL;
	unsigned int i;

	for (i = 0; i < PAIR_LANES; i++) {
		if (!hits(&done[i], page))
			continue;
		if (done[i].op->flags & UOP_MOVES && !is_sure(&done[i], &done[!i]))
			return PG_ANY;
		if (!discards(&done[i]))
			continue;
		if (by || !is_sure(&done[i], &done[!i]))
			return PG_ANY;
		by = &done[i];
	}
	if (!by)
		return before;
	if (by->op->effect == UOP_UNMAPS)
		return PG_HOLE;
	return by->op->effect == UOP_FREES && before == PG_PATTERN ? PG_PATTERN_OR_ZERO : PG_ZERO;
}

/**
 * marks_is_locked() - has either of the two mlocked a page?
 * @done: by the two lanes
 * @page: subpage
 *
 * It is faulted in for that, as by a write.
 */
bool marks_is_locked(const struct mark_done done[PAIR_LANES], unsigned int page)
{
	unsigned int i;

	for (i = 0; i < PAIR_LANES; i++) {
		if (hits(&done[i], page) && done[i].op->flags & UOP_LOCKS)
			return true;
	}
	return false;
}

/**
 * marks_is_left_alone() - does neither of the two take a page or its mark away?
 * @done: by the two lanes
 * @page: subpage
 */
bool marks_is_left_alone(const struct mark_done done[PAIR_LANES], unsigned int page)
{
	unsigned int i;

	for (i = 0; i < PAIR_LANES; i++) {
		if (hits(&done[i], page) && (discards(&done[i]) || done[i].op->flags & UOP_MOVES))
			return false;
	}
	return true;
}
