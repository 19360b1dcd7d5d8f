// SPDX-License-Identifier: GPL-2.0
/*
 * A seeded part of a huge page
 *
 * Head, tail, middle, one page, every other page: the kinds that split VMAs
 * and page tables differently.
 */
#include "env.h"
#include "piece.h"
#include "rng.h"

enum piece_kind {
	PIECE_HEAD, PIECE_TAIL, PIECE_MIDDLE, PIECE_ONE, PIECE_FIRST, PIECE_LAST,
	PIECE_HALF, PIECE_EVERY_OTHER, PIECE_ALL_BUT_ONE, NR_PIECES
};

/**
 * piece_draw() - which subpages
 * @rng: choices
 *
 * Never the whole huge page: something has to survive.
 */
struct piece piece_draw(struct rng *rng)
{
	unsigned int all = env.nr_subpages;
	struct piece p = { .stride = 1 };

	switch (rng_below(rng, NR_PIECES)) {
	case PIECE_HEAD:
		p.nr = 1 + rng_below(rng, all - 1);
		break;
	case PIECE_TAIL:
		p.nr = 1 + rng_below(rng, all - 1);
		p.first = all - p.nr;
		break;
	case PIECE_MIDDLE:
		p.first = 1 + rng_below(rng, all - 2);
		p.nr = 1 + rng_below(rng, all - 1 - p.first);
		break;
	case PIECE_ONE:
		p.first = rng_below(rng, all);
		p.nr = 1;
		break;
	case PIECE_FIRST:
		p.nr = 1;
		break;
	case PIECE_LAST:
		p.first = all - 1;
		p.nr = 1;
		break;
	case PIECE_HALF:
		p.nr = all / 2;
		p.first = rng_below(rng, 2) * p.nr;
		break;
	case PIECE_EVERY_OTHER:
		p.nr = 4 + rng_below(rng, 12);
		p.stride = 2;
		p.first = rng_below(rng, all - 2 * p.nr);
		break;
	default:
		/* One page survives at one end. */
		p.nr = all - 1;
		p.first = rng_below(rng, 2);
		break;
	}
	return p;
}
