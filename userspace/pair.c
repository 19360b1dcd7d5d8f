// SPDX-License-Identifier: GPL-2.0
/*
 * Two ops at once: what is drawn, and what may be in each page then
 *
 * Pure.  The order of the two is not known, so what either order allows is right,
 * and where one can keep the other from a page, so is what was there before.
 */
#include <string.h>

#include "content.h"
#include "env.h"
#include "pair.h"
#include "uop.h"
#include "util.h"

#define DRAWS	16

static const struct uop *op_of(const struct pair_round *round, unsigned int lane)
{
	return &uops[round->op[lane]];
}

static unsigned int draw_op(const bool *may, struct rng *rng)
{
	unsigned int i;

	do {
		i = rng_below(rng, nr_uops);
	} while (!may[i]);
	return i;
}

/*
 * Where both move it one may meet the other half way, and no page is anywhere for sure.
 * And a file that is cut in the middle of a folio that is swapped out keeps the kernel
 * busy for ever: docs/FOUND.md, shmem_truncate_swapped.
 */
static bool goes_together(const struct uop *a, const struct uop *b)
{
	if (a->flags & b->flags & (UOP_MOVES | UOP_ENDS))
		return false;
	if ((a->flags | b->flags) & UOP_TRUNCATES && (a->flags | b->flags) & UOP_SWAPS)
		return false;
	return a->act != uop_read || b->act != uop_read;
}

/* The n-th two that may be drawn, counted on from the first again and again. */
static bool nth_two(const struct pair_choice *may, u64 n, u8 op[PAIR_LANES])
{
	unsigned int a, b, nr = 0;

	do {
		if (nr)
			n %= nr;
		for (nr = 0, a = 0; a < nr_uops; a++) {
			for (b = 0; b < nr_uops; b++) {
				if (!may->op[0][a] || !may->op[1][b] ||
				    (!may->procs && !goes_together(&uops[a], &uops[b])))
					continue;
				op[0] = a;
				op[1] = b;
				if (nr++ == n)
					return true;
			}
		}
	} while (nr);
	return false;
}

/**
 * pair_possible() - are there two that go together?
 * @may: what there is here
 */
bool pair_possible(const struct pair_choice *may)
{
	u8 op[PAIR_LANES];

	return nth_two(may, 0, op);
}

static struct piece whole(void)
{
	return (struct piece){ .nr = env.nr_subpages, .stride = 1 };
}

static void draw_pieces(struct pair_round *round, struct rng *rng)
{
	unsigned int i;

	round->piece[0] = piece_draw(rng);
	switch (rng_below(rng, 4)) {
	case 0:
		round->piece[1] = round->piece[0];
		break;
	case 1:
		round->piece[1] = piece_draw(rng);
		break;
	case 2:
		round->piece[1] = whole();
		break;
	default:
		round->piece[1] = round->piece[0];
		round->piece[0] = whole();
		break;
	}
	for (i = 0; i < PAIR_LANES; i++) {
		/* A move has one range. */
		if (op_of(round, i)->flags & UOP_MOVES && round->piece[i].stride > 1)
			round->piece[i] = whole();
		if (op_of(round, i)->flags & UOP_TRUNCATES) {
			round->piece[i].nr = env.nr_subpages - round->piece[i].first;
			round->piece[i].stride = 1;
		}
	}
	round->look = rng_below(rng, 2) ? round->piece[0] : round->piece[1];
}

/**
 * pair_draw() - what is done in a round
 * @round: result
 * @may: what there is here; some two of it go together
 * @rng: choices
 */
void pair_draw(struct pair_round *round, const struct pair_choice *may, struct rng *rng)
{
	unsigned int i;

	memset(round, 0, sizeof(*round));
	round->shared = may->shared;
	for (i = 0; i < DRAWS; i++) {
		round->op[0] = draw_op(may->op[0], rng);
		round->op[1] = draw_op(may->op[1], rng);
		if (may->procs || goes_together(op_of(round, 0), op_of(round, 1)))
			break;
	}
	/* Of a few that mostly do not. */
	if (i == DRAWS)
		nth_two(may, rng_next(rng), round->op);
	draw_pieces(round, rng);
	for (i = 0; i < PAIR_LANES; i++)
		round->variant[i] = rng_next(rng);
	round->hole = rng_below(rng, env.nr_subpages);
	/* As it is mostly. */
	round->shape = rng_below(rng, 3) ? rng_below(rng, PAIR_SHAPES) : PAIR_HUGE;
	if (may->shared && round->shape >= PAIR_FREED && round->shape < PAIR_OUT)
		round->shape = PAIR_PTES;
	if ((may->pmd_only && round->shape == PAIR_ORDERS) ||
	    (may->no_free && round->shape == PAIR_FREED))
		round->shape = PAIR_PTES;
	if (round->shape == PAIR_OUT &&
	    (op_of(round, 0)->flags | op_of(round, 1)->flags) & UOP_TRUNCATES)
		round->shape = PAIR_PTES;
	/* What is whole is not put together. */
	for (i = 0; i < PAIR_LANES; i++) {
		if (round->shape == PAIR_HUGE && !strcmp(op_of(round, i)->op, "collapse"))
			round->shape = rng_below(rng, 2) ? PAIR_PTES : PAIR_PARTLY;
	}
	round->aside = rng_below(rng, PAIR_ASIDES);
	if (round->aside == ASIDE_MIGRATE_CHILD && round->shape != PAIR_OWN && !may->procs)
		round->aside = ASIDE_MIGRATE;
	if (may->quiet || (round->aside >= ASIDE_MIGRATE && !may->nodes))
		round->aside = ASIDE_NOTHING;
}

/**
 * pair_shares() - does a child share the huge page in this round?
 * @round: what was drawn
 */
bool pair_shares(const struct pair_round *round)
{
	unsigned int i;

	for (i = 0; i < PAIR_LANES; i++) {
		if (!strcmp(op_of(round, i)->op, "fork") || op_of(round, i)->flags & UOP_ENDS)
			return true;
	}
	return round->shape == PAIR_SHARED || round->shape == PAIR_OWN;
}

/**
 * pair_before() - what is in a page when the two begin
 * @round: what was drawn
 * @page: subpage
 *
 * Returns CONTENT_ bits.
 */
unsigned int pair_before(const struct pair_round *round, unsigned int page)
{
	if (round->shape == PAIR_PARTLY && page == round->hole)
		return CONTENT_ZERO;
	if (round->shape == PAIR_FREED && !round->shared)
		return CONTENT_OLD | CONTENT_ZERO;
	return CONTENT_OLD;
}

/* What would keep an op from its work, of those that the other one does. */
static unsigned int hindrances(const struct uop *op, bool shared)
{
	if (op->flags & UOP_BY_FILE)
		return 0;
	switch (uop_effect(op, shared)) {
	case UOP_ZEROES:
	case UOP_FREES:
		return UOP_MOVES | UOP_LOCKS;
	case UOP_WRITES:
		return UOP_MOVES | UOP_PROTECTS | UOP_TRUNCATES;
	default:
		return UOP_MOVES;
	}
}

/* One op of lane @w on a page with @before in it; @other is beside it, or NULL. */
static unsigned int effect(const struct uop *op, unsigned int w, const struct uop *other,
			   bool shared, unsigned int before)
{
	unsigned int hole = before & CONTENT_HOLE, rest = before & ~CONTENT_HOLE, after = 0;
	unsigned int hindered = other ? other->flags & hindrances(op, shared) : 0;

	switch (uop_effect(op, shared)) {
	case UOP_CANNOT:
	case UOP_KEEPS:
		/* Of what it moves it may lose a part to a VMA that ends there. */
		if (op->flags & UOP_MOVES && other && other->flags & UOP_CUTS)
			before |= CONTENT_HOLE;
		return before;
	case UOP_MAPS:
		after = CONTENT_ZERO;
		break;
	case UOP_UNMAPS:
		after = CONTENT_HOLE;
		break;
	case UOP_ZEROES:
		after = hole | (rest ? CONTENT_ZERO : 0);
		break;
	case UOP_FREES:
		after = before | (rest ? CONTENT_ZERO : 0);
		break;
	case UOP_WRITES:
		after = hole | (rest ? CONTENT_LAST(w) : 0);
		if (hindered)
			after |= CONTENT_ALL_OF(w);
		break;
	}
	if (hindered)
		after |= before;
	return after;
}

/**
 * pair_after_one() - what may be in a page after one op, with nobody beside it there
 * @round: what was drawn
 * @lane: whose op, 0 or 1
 * @page: subpage
 * @before: CONTENT_ bits
 */
unsigned int pair_after_one(const struct pair_round *round, unsigned int lane,
			    unsigned int page, unsigned int before)
{
	const struct uop *op = op_of(round, lane);

	if (!uop_hits(op, &round->piece[lane], page))
		return before;
	return effect(op, lane, NULL, round->shared, before);
}

static unsigned int one(const struct pair_round *round, unsigned int lane, unsigned int page,
			unsigned int before)
{
	const struct uop *op = op_of(round, lane);

	if (!uop_hits(op, &round->piece[lane], page))
		return before;
	return effect(op, lane, op_of(round, !lane), round->shared, before);
}

/**
 * pair_after() - what may be in a page when both ops are done, in one mm
 * @round: what was drawn
 * @page: subpage
 * @before: CONTENT_ bits
 */
unsigned int pair_after(const struct pair_round *round, unsigned int page, unsigned int before)
{
	return one(round, 1, page, one(round, 0, page, before)) |
	       one(round, 0, page, one(round, 1, page, before));
}

/**
 * pair_meanwhile() - what may be seen in a page while both are at it
 * @round: what was drawn
 * @page: subpage
 * @before: CONTENT_ bits
 */
unsigned int pair_meanwhile(const struct pair_round *round, unsigned int page,
			    unsigned int before)
{
	unsigned int seen = before | pair_after(round, page, before), i;

	for (i = 0; i < PAIR_LANES; i++) {
		const struct uop *op = op_of(round, i);

		seen |= one(round, i, page, before);
		if (!uop_hits(op, &round->piece[i], page))
			continue;
		if (uop_effect(op, round->shared) == UOP_WRITES)
			seen |= CONTENT_ALL_OF(i);
		/* Where it was, there is nothing, or something new. */
		if (op->flags & UOP_MOVES)
			seen |= CONTENT_HOLE | (round->shared ? 0 : CONTENT_ZERO);
		if (op->flags & (UOP_HIDES | UOP_TRUNCATES))
			seen |= CONTENT_HOLE;
	}
	return seen;
}

/**
 * pair_may_fault() - may an access of a lane meet a hole, or what cannot be written?
 * @round: what was drawn
 * @lane: 0 or 1; the other one is who does it
 */
bool pair_may_fault(const struct pair_round *round, unsigned int lane)
{
	const struct uop *other = op_of(round, !lane);

	return uop_effect(other, round->shared) == UOP_UNMAPS ||
	       other->flags & (UOP_MOVES | UOP_PROTECTS | UOP_TRUNCATES);
}
