// SPDX-License-Identifier: GPL-2.0
/*
 * What a round of marks is: which kind, the two ops, the huge page's shape
 *
 * All choices come from the seed.  What is known to be wrong on stock kernels is not
 * drawn (docs/FOUND.md).
 */
#include <string.h>

#include "env.h"
#include "marks_round.h"
#include "nodes.h"
#include "pair.h"
#include "rng.h"
#include "run.h"
#include "uop.h"
#include "util.h"

#define MARKS_LANE	(~0ULL - 6)	/* choices of a round */

static bool is_named(const struct uop *op, const char *const *names, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		if (!strcmp(op->name, names[i]))
			return true;
	}
	return false;
}

/* Of any other op it is not known what becomes of marks. */
static const char *const known[] = {
	"munmap", "zap", "mprotect", "mlock", "madvise", "write", "read", "free", "pageout",
	"collapse", "mremap", "migrate", "fork",
};

/*
 * Fresh memory has all its pages dirty by its VMA, and older stock kernels lose
 * that when VMAs merge; clearing bits beside the two is about what is looked for.
 * What UFFDIO_MOVE does to marks is wrong on all kernels so far: docs/FOUND.md.
 */
static const char *const not_dirty[] = { "fill", "softdirty" };

/**
 * marks_find_choices() - which ops can be drawn here, for each kind of marks
 * @priv: of the scenario, after marks_open()
 */
void marks_find_choices(struct marks_priv *priv)
{
	unsigned int i, kind;

	priv->nodes = !nodes_why_not();
	for (kind = 0; kind < NR_KINDS; kind++) {
		struct pair_choice *may = &priv->may[kind];

		may->nodes = priv->nodes;
		for (i = 0; i < nr_uops; i++) {
			bool can = is_named(&uops[i], known, ARRAY_SIZE(known)) ||
				   (kind != KIND_DIRTY &&
				    is_named(&uops[i], not_dirty, ARRAY_SIZE(not_dirty)));

			can &= !(uops[i].why_not && uops[i].why_not());
			may->op[0][i] = can;
			may->op[1][i] = can;
		}
	}
}

static struct piece whole(void)
{
	return (struct piece){ .nr = env.nr_subpages, .stride = 1 };
}

/*
 * A VMA that is new says of all its pages that they are dirty.  Where an op merges it
 * with others, older stock kernels may lose that, and with it later writes to
 * pages that mprotect has made writable meanwhile.
 */
static bool goes_with_kind(const struct pair_round *pair, enum marks_kind kind)
{
	const struct uop *a = &uops[pair->op[0]], *b = &uops[pair->op[1]];

	return kind != KIND_DIRTY || !((a->flags | b->flags) & UOP_MOVES) ||
	       !((a->flags | b->flags) & UOP_CUTS);
}

static void draw_kind(struct marks_priv *priv, struct rng *rng)
{
	struct marks_round *round = &priv->round;

	do {
		round->kind = rng_below(rng, NR_KINDS);
	} while (!priv->kind[round->kind]);
	round->moves_keep = true;
	round->uffd = -1;
	if (round->kind == KIND_DIRTY)
		return;
	round->moves_keep = rng_below(rng, 2) && priv->uffd[round->kind][1] >= 0;
	round->uffd = priv->uffd[round->kind][round->moves_keep];
}

/**
 * marks_draw() - draw a round
 * @run: the run
 * @thp: huge page
 */
void marks_draw(struct run *run, unsigned int thp)
{
	struct marks_priv *priv = run->priv;
	struct pair_round *pair = &run->sh->pair[thp];
	struct marks_round *round = &priv->round;
	struct rng rng;

	rng_seed(&rng, run->seed, run->sh->round, MARKS_LANE);
	memset(round, 0, sizeof(*round));
	draw_kind(priv, &rng);
	do {
		pair_draw(pair, &priv->may[round->kind], &rng);
	} while (!goes_with_kind(pair, round->kind));
	round->shape = rng_below(&rng, 3) ? rng_below(&rng, NR_SHAPES) : MARKS_HUGE;
	round->aside = rng_below(&rng, NR_ASIDES);
	round->late = rng_below(&rng, 2) || round->shape == MARKS_ZERO;
	round->piece = rng_below(&rng, 3) ? piece_draw(&rng) : whole();
	round->second = piece_draw(&rng);
	do {
		round->out = piece_draw(&rng);
	} while (round->out.stride > 1);
	round->hole = rng_below(&rng, env.nr_subpages);
	if (round->aside == MARKS_MIGRATE && !priv->nodes)
		round->aside = MARKS_NOTHING;
	if (round->kind == KIND_DIRTY && round->aside > MARKS_MIGRATE)
		round->aside = MARKS_NOTHING;
	if (priv->shows_uffd || round->kind == KIND_DIRTY)
		return;
	/*
	 * Before 5.14 a PMD that is a migration entry had no mark.  There marks are
	 * those of PTEs.  The huge zero page has no PTEs before it is marked.
	 */
	round->late = true;
	if (round->shape == MARKS_HUGE || round->shape == MARKS_ZERO ||
	    round->shape == MARKS_SHARED)
		round->shape = MARKS_PTES;
}
