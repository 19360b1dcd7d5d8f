// SPDX-License-Identifier: GPL-2.0
/*
 * A huge page in VMAs of unusual shapes
 *
 * Each round takes a shape from a table, in turn; the seed says which is first and
 * draws its sizes and variants.  In half of the rounds a child shares the huge
 * page, and reads all of it through when the parent has done its part.  What the
 * shapes are is in scenario_shapes_merge.c, _move.c and _kin.c.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "env.h"
#include "phases.h"
#include "rng.h"
#include "scenario.h"
#include "scenario_pages.h"
#include "scenario_shapes.h"
#include "util.h"

#define NR_WRITES	3		/* pages that the parent writes in the end */

/* A shape's place in the table: the files' tables, one after the other. */
static const struct shape_row *shape_at(unsigned int i)
{
	if (i < nr_shapes_move)
		return &shapes_move[i];
	i -= nr_shapes_move;
	if (i < nr_shapes_merge)
		return &shapes_merge[i];
	i -= nr_shapes_merge;
	return i < nr_shapes_kin ? &shapes_kin[i] : NULL;
}

static unsigned int nr_shapes(void)
{
	return nr_shapes_move + nr_shapes_merge + nr_shapes_kin;
}

/* Nothing that others might merge with. */
static int clear(char *at, size_t len)
{
	if (mmap(at, len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE,
		 -1, 0) == at)
		return 0;
	set_error("cannot unmap: %s", strerror(errno));
	return -errno;
}

static void forget(struct shaped *s)
{
	if (s->fd)
		close(s->fd);
	memset(s, 0, sizeof(*s));
}

static int shapes_setup(struct run *run)
{
	struct shapes_priv *priv = calloc(1, sizeof(*priv));
	const struct shape_row *shape;
	unsigned int i;
	int err;

	run->priv = priv;
	if (!priv) {
		set_error("out of memory");
		return -ENOMEM;
	}
	err = region_reserve(&priv->away, SHAPE_ROOM * run->nr_thps);
	if (!err)
		err = kin_setup(run);
	if (err)
		return err;
	run->also.base = priv->away.base;
	run->also.len = priv->away.len;
	priv->offset = mix64(run->seed, nr_shapes()) % nr_shapes();
	priv->session = run->fd >= 0;
	for (i = 0; i < nr_shapes() && i < ARRAY_SIZE(priv->may); i++) {
		shape = shape_at(i);
		priv->may[i] = !shape->can || shape->can(priv);
	}
	return 0;
}

static void shapes_cleanup(struct run *run)
{
	struct shapes_priv *priv = run->priv;
	unsigned int i;

	if (!priv)
		return;
	kin_cleanup(run);
	for (i = 0; i < run->nr_thps; i++)
		forget(&priv->shaped[i]);
	region_release(&priv->away);
	free(priv);
}

/* A fork would share all huge pages: each is to be shared in its own round only. */
static int shapes_map(struct run *run)
{
	struct shapes_priv *priv = run->priv;
	size_t beside = SHAPE_BESIDE * env.page_size;
	int err;

	priv->last = -1;
	err = clear(run->region.base - beside, beside);
	if (!err)
		err = clear(run->region.base + run->region.len, beside);
	return err ? err : region_map_unshared(&run->region);
}

/* Its round is over: no later child gets it.  There may be holes. */
static void retire(struct run *run, int thp)
{
	if (thp < 0)
		return;
	(void)madvise(region_thp(&run->region, thp), env.hpage_size, MADV_DONTFORK);
	(void)madvise(shape_room(run, thp, 0), SHAPE_ROOM * env.hpage_size, MADV_DONTFORK);
}

/*
 * The next one of the table that can be had.  By the round, so that a replay has the
 * same; a huge page that sees no split has the number of the round that follows it.
 */
static const struct shape_row *choose(struct run *run)
{
	struct shapes_priv *priv = run->priv;
	unsigned int i, at, first = priv->offset + run->sh->round;

	if (run->sh->solo)
		first += nr_shapes() / 2;
	for (i = 0; i < nr_shapes(); i++) {
		at = (first + i) % nr_shapes();
		if (priv->may[at] && (!shape_at(at)->solo || run->sh->solo))
			break;
	}
	return shape_at((first + i) % nr_shapes());
}

static int shapes_plan(struct run *run, struct lane *lane, unsigned int thp)
{
	struct shapes_priv *priv = run->priv;
	struct shaped *s = &priv->shaped[thp];
	char *home = region_thp(&run->region, thp);

	forget(s);
	retire(run, priv->last);
	priv->last = thp;
	s->shape = choose(run);
	s->variant = rng_next(&lane->rng);
	s->to = shape_room(run, thp, 1);
	lane->op = s->shape->op;
	if (madvise(home, env.hpage_size, MADV_DOFORK)) {
		set_error("madvise(MADV_DOFORK): %s", strerror(errno));
		return -errno;
	}
	/* The huge page may be shared before its VMAs get their shape, or after. */
	if (!s->shape->own_kin && s->variant % 4 == 0 && kin_share(run, lane, thp))
		return -EAGAIN;
	if (s->shape->prepare && !s->shape->prepare(run, lane, thp)) {
		set_error("shape %s cannot be made: %s", s->shape->name, strerror(errno));
		return -errno;
	}
	if (!s->shape->own_kin && s->variant % 4 == 1 && kin_share(run, lane, thp))
		return -EAGAIN;
	return 0;
}

static enum act_result shapes_act(struct run *run, struct lane *lane, unsigned int thp)
{
	lane_did(lane, 0, env.nr_subpages, 1);
	return shaped_of(run, thp)->shape->act(run, lane, thp);
}

/**
 * shapes_after() - the parent writes, a child looks, all that moved is looked at
 * @run: the run
 * @lane: the caller
 * @thp: huge page
 */
static int shapes_after(struct run *run, struct lane *lane, unsigned int thp)
{
	struct shaped *s = shaped_of(run, thp);
	u8 *state = run_state(run, thp);
	unsigned int i, page;
	int err;

	if (!lane->id || !s->shape)
		return 0;
	for (i = 0; i < NR_WRITES; i++) {
		page = rng_below(&lane->rng, env.nr_subpages);
		if (state[page] != PG_PATTERN)
			continue;
		page_fill(shape_page(run, thp, page), rewritten_gen(run));
		state[page] = PG_REWRITTEN;
	}
	err = kin_end(run, lane, thp);
	shape_verify(run, lane, thp);
	forget(s);
	return err ? err : clear(shape_room(run, thp, 0), SHAPE_ROOM * env.hpage_size);
}

const struct scenario scenario_shapes = {
	.name = "shapes",
	.summary =
		"VMAs of unusual shapes: neighbours without pages, pieces, generations, guards...",
	.op = "mremap",
	.alone = true,
	.phases = PHASES_MREMAP " anon_vma_tree_insert unmap_page_range change_huge_pmd",
	.inner = INNER_MREMAP,
	.weight = WEIGHT_OF_TABLE,
	.touches = pageout_touches,
	.setup = shapes_setup,
	.cleanup = shapes_cleanup,
	.map = shapes_map,
	.plan = shapes_plan,
	.act = shapes_act,
	.after = shapes_after,
};
