// SPDX-License-Identifier: GPL-2.0
/*
 * A seeded part of a huge page is unmapped
 *
 * Head, tail, middle, one page, every other page, all: the kinds of munmap
 * that split VMAs and page tables differently.  Not here: forked processes
 * (scenario_fork.c).
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "scenario.h"

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
	unsigned int all = env.nr_subpages, len;
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
		len = 4 + rng_below(rng, 12);
		p.stride = 2;
		p.first = rng_below(rng, all - 2 * len);
		p.nr = len;
		break;
	default:
		/* One page survives at one end. */
		p.nr = all - 1;
		p.first = rng_below(rng, 2);
		break;
	}
	return p;
}

/**
 * piece_plan() - choose before the gate
 * @run: the run
 * @lane: the caller; its scratch[0..2] hold the piece
 * @thp: huge page
 */
void piece_plan(struct run *run, struct lane *lane, unsigned int thp)
{
	struct piece p = piece_draw(&lane->rng);

	(void)run;
	(void)thp;
	lane->scratch[0] = p.first;
	lane->scratch[1] = p.nr;
	lane->scratch[2] = p.stride;
}

/**
 * munmap_act() - unmap the piece
 * @run: the run
 * @lane: the caller
 * @thp: huge page
 */
enum act_result munmap_act(struct run *run, struct lane *lane, unsigned int thp)
{
	unsigned int first = lane->scratch[0], nr = lane->scratch[1];
	unsigned int stride = lane->scratch[2], step, i;
	char *base = region_thp(&run->region, thp);
	u8 *state = run_state(run, thp);

	if (stride == 1) {
		if (munmap(base + first * env.page_size, nr * env.page_size))
			goto failed;
		memset(state + first, PG_HOLE, nr);
		return ACT_OK;
	}
	for (i = 0; i < nr; i++) {
		step = first + i * stride;
		if (munmap(base + step * env.page_size, env.page_size))
			goto failed;
		state[step] = PG_HOLE;
	}
	return ACT_OK;
failed:
	set_error("munmap of subpages %u+%u: %s", first, nr, strerror(errno));
	return ACT_ERROR;
}
