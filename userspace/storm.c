// SPDX-License-Identifier: GPL-2.0
/*
 * storm: seeded random programs over everything that meets a split
 *
 * A round is a short program that one thread runs through while the other
 * splits; the programs of a batch are kept, so that a report can be replayed
 * and reduced.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "env.h"
#include "phases.h"
#include "piece.h"
#include "region.h"
#include "result.h"
#include "rng.h"
#include "run.h"
#include "scenario.h"
#include "scenario_pages.h"
#include "storm.h"
#include "uop.h"
#include "uop_set.h"
#include "util.h"

/*
 * Since 6.17 mremap() moves several VMAs at once, with what lies between them.
 * On the way back that is what had been kept free where they went.
 */
static int keep_holes(const struct target *t)
{
	const u8 *state = run_state(t->run, t->thp_index);
	unsigned int i;

	for (i = t->piece.first; i < t->piece.first + t->piece.nr; i++) {
		if (state[i] == PG_HOLE && munmap(t->thp + i * env.page_size, env.page_size))
			return -1;
	}
	return 0;
}

/* What the pages are after an op. */
static void mark(const struct target *t, const struct uop *op)
{
	u8 *state = run_state(t->run, t->thp_index);
	unsigned int i;

	for (i = t->piece.first; i < t->piece.first + t->piece.nr; i++) {
		if (op->effect == UOP_UNMAPS)
			state[i] = PG_HOLE;
		else if (op->effect == UOP_MAPS)
			state[i] = PG_ZERO;
		else if (state[i] == PG_HOLE || !uop_hits(op, &t->piece, i))
			continue;
		else if (op->effect == UOP_ZEROES)
			state[i] = PG_ZERO;
		else if (op->effect == UOP_WRITES)
			state[i] = PG_PATTERN;
		else if (op->effect == UOP_FREES && state[i] == PG_PATTERN)
			state[i] = PG_PATTERN_OR_ZERO;
	}
}

const char *storm_kind_name(unsigned int kind)
{
	return kind < nr_uops ? uops[kind].name : "?";
}

int storm_kind_by_name(const char *name)
{
	int kind = uop_by_name(name);

	return kind >= 0 && uops[kind].storm ? kind : -1;
}

static int storm_setup(struct run *run)
{
	struct region *away = calloc(1, sizeof(*away));

	run->priv = away;
	if (!away) {
		set_error("out of memory");
		return -ENOMEM;
	}
	return region_reserve(away, 1);
}

static void storm_cleanup(struct run *run)
{
	if (run->priv)
		region_release(run->priv);
	free(run->priv);
}

static void draw_program(const struct uop_set *set, struct storm_round *round, struct rng *rng)
{
	unsigned int i;

	round->nr = 1 + rng_below(rng, STORM_OPS);
	for (i = 0; i < round->nr; i++) {
		struct storm_op *op = &round->op[i];
		struct piece p = piece_draw(rng);

		do {
			op->kind = rng_below(rng, nr_uops);
		} while (!uops[op->kind].storm || !uop_set_has(set, op->kind));
		op->first = p.first;
		op->nr = p.nr;
	}
}

/**
 * storm_plan() - the program of this round: drawn, or given
 * @run: the run
 * @lane: the caller
 * @thp: huge page
 */
static int storm_plan(struct run *run, struct lane *lane, unsigned int thp)
{
	struct storm_round *round = &run->res->program.round[thp % STORM_ROUNDS];

	if (run->opt->program)
		*round = run->opt->program->round[thp % STORM_ROUNDS];
	else
		draw_program(&run->opt->ops, round, &lane->rng);
	if (run->res->program.nr <= thp % STORM_ROUNDS)
		run->res->program.nr = thp % STORM_ROUNDS + 1;
	if (round->nr)
		lane->op = uops[round->op[0].kind].op;
	return 0;
}

static enum act_result do_op(struct run *run, struct lane *lane, unsigned int thp,
			     const struct storm_op *op)
{
	const struct uop *uop = &uops[op->kind];
	const struct region *away = run->priv;
	struct target t = {
		.run = run,
		.lane = lane,
		.thp_index = thp,
		.thp = region_thp(&run->region, thp),
		.piece = { .first = op->first, .nr = op->nr, .stride = 1 },
		.away = away->base,
	};
	enum act_result result = uop->act(&t);

	if (result == ACT_OK && uop->flags & UOP_MOVES && keep_holes(&t))
		result = ACT_ERROR;
	if (result == ACT_ERROR)
		set_error("storm: %s of %u pages at subpage %u: %s", uop->name, op->nr, op->first,
			  strerror(errno));
	else
		mark(&t, uop);
	/* The positive control of the reducer: this op is the culprit. */
	if (injected(uop->name))
		run->sh->culprit = 1;
	return result;
}

/**
 * storm_act() - run through the program
 * @run: the run
 * @lane: the caller
 * @thp: huge page
 */
static enum act_result storm_act(struct run *run, struct lane *lane, unsigned int thp)
{
	struct storm_round *round = &run->res->program.round[thp % STORM_ROUNDS];
	enum act_result result = ACT_BUSY, one;
	unsigned int i;

	for (i = 0; i < round->nr; i++) {
		one = do_op(run, lane, thp, &round->op[i]);
		round->op[i].result = one;
		if (one == ACT_ERROR)
			return one;
		if (one == ACT_OK)
			result = ACT_OK;
	}
	return result;
}

const struct scenario scenario_storm = {
	.name = "storm",
	.summary = "random programs of all these ops; recorded, replayed, reduced",
	.op = "munmap",
	.phases = PHASES_MUNMAP,
	.inner = INNER_MUNMAP,
	.mixed = true,
	.draws = true,
	.touches = pageout_touches,
	.setup = storm_setup,
	.cleanup = storm_cleanup,
	.plan = storm_plan,
	.act = storm_act,
};
