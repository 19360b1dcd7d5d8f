// SPDX-License-Identifier: GPL-2.0
/*
 * Lanes that read, beside the two of a pair
 *
 * Whatever is done to a file meanwhile, a word of it is at any time what was there,
 * what is written, or zero: never what another offset has.
 */
#include "env.h"
#include "pair.h"
#include "piece.h"
#include "readers.h"
#include "rng.h"
#include "run.h"
#include "uop.h"
#include "util.h"

/* In turn over the lanes, from where the seed says. */
enum way {
	BY_MAPPING,
	BY_FILE,			/* read() */
	BY_NEW_MAPPING,			/* one for each pass: all of it is faulted in anew */
	NR_WAYS
};

/**
 * readers_nr() - how many lanes read on this machine
 */
unsigned int readers_nr(void)
{
	if (env.nr_cpus < MIN_READERS)
		return MIN_READERS;
	return env.nr_cpus > MAX_READERS ? MAX_READERS : env.nr_cpus;
}

/**
 * readers_choose() - in each round the first op takes pages out of the file
 * @may: what there is here; changed
 *
 * That is where the kernel splits by itself.
 */
void readers_choose(struct pair_choice *may)
{
	unsigned int i;

	for (i = 0; i < nr_uops; i++)
		may->op[0][i] &= uop_effect(&uops[i], true) == UOP_ZEROES;
	/* Main is one more who reads. */
	may->quiet = false;
}

/**
 * reader_draw() - which pages a lane reads, and how
 * @t: its target
 */
void reader_draw(struct target *t)
{
	enum way way = (t->lane->id + t->variant) % NR_WAYS;

	t->by_file = way == BY_FILE;
	t->anew = way == BY_NEW_MAPPING;
	t->yields = true;
	if (rng_below(&t->lane->rng, 2))
		t->piece = piece_draw(&t->lane->rng);
}
