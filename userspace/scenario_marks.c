// SPDX-License-Identifier: GPL-2.0
/*
 * Marks by which writes are tracked, through any two ops
 *
 * Some pages of a huge page get a mark: userfaultfd's write protection, the same
 * without faults (as PAGEMAP_SCAN gives it), or the soft-dirty bit.  Two threads
 * do an op each, main may migrate it or change marks beside them.  Once they are
 * done the marks are compared with what the ops promise (marks.c), and some pages
 * are written: what the mark says of a write must come true.
 *
 * Main looks before it prepares the next huge page, since clearing soft-dirty bits
 * is about the whole process.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "aside.h"
#include "child.h"
#include "content.h"
#include "env.h"
#include "marks_round.h"
#include "pair.h"
#include "region.h"
#include "run.h"
#include "scenario.h"
#include "scenario_pages.h"
#include "track.h"
#include "uop.h"
#include "util.h"

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif
#define GIVE_LANE	(~0ULL - 7)	/* choices of which pages get a mark */

/* Acts look at it only for whether there is one: all variants, then. */
static const struct content no_content;

static const char *marks_why_not(void)
{
	if (pagemap_why_not())
		return pagemap_why_not();
	return track_uffd_why_not() && track_softdirty_why_not() ?
	       "neither write-protection by userfaultfd nor soft-dirty tracking here" : NULL;
}

static int marks_setup(struct run *run)
{
	struct marks_priv *priv = calloc(1, sizeof(*priv));
	unsigned int i;
	int err = 0;

	run->priv = priv;
	if (!priv) {
		set_error("out of memory");
		return -ENOMEM;
	}
	priv->stop = -1;
	priv->pending = NO_THP;
	memset(priv->uffd, -1, sizeof(priv->uffd));
	priv->pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	if (priv->pagemap < 0) {
		set_error("cannot read pagemap");
		return -EIO;
	}
	marks_open(priv);
	marks_find_choices(priv);
	for (i = 0; i < PAIR_LANES && !err; i++)
		err = region_reserve(&priv->away[i], 1);
	if (err)
		return err;
	err = marks_start_reader(priv);
	if (err)
		set_error("cannot start a thread: %s", strerror(-err));
	return err;
}

static void marks_cleanup(struct run *run)
{
	struct marks_priv *priv = run->priv;
	unsigned int i;

	if (!priv)
		return;
	sharer_kill(run, priv->pending == NO_THP ? 0 : priv->pending, &priv->sharer);
	marks_close(priv);
	for (i = 0; i < PAIR_LANES; i++)
		region_release(&priv->away[i]);
	if (priv->pagemap >= 0)
		close(priv->pagemap);
	free(priv);
}

static int marks_map(struct run *run)
{
	return region_map_unshared(&run->region);
}

static void fail(const char *what, int err)
{
	set_error("marks: cannot %s: %s", what, strerror(-err));
}

static void look_as_child(struct run *run, unsigned int thp)
{
	marks_look_as_child(run, &run->lanes[0], thp);
}

static int cut(char *base, unsigned int page)
{
	char *at = base + page * env.page_size;

	return mprotect(at, env.page_size, PROT_READ) ||
	       mprotect(at, env.page_size, PROT_READ | PROT_WRITE) ? -errno : 0;
}

static int zero_page(char *base)
{
	if (madvise(base, env.hpage_size, MADV_DONTNEED))
		return -errno;
	(void)__atomic_load_n(base, __ATOMIC_RELAXED);
	return 0;
}

static int give_shape(struct run *run, unsigned int thp)
{
	struct marks_priv *priv = run->priv;
	struct marks_round *round = &priv->round;
	char *base = region_thp(&run->region, thp);
	int err = 0;

	switch (round->shape) {
	case MARKS_PTES:
		err = cut(base, round->hole);
		break;
	case MARKS_PARTLY:
		err = madvise(base + round->hole * env.page_size, env.page_size, MADV_DONTNEED) ?
		      -errno : 0;
		/* It may have had a mark, and has none now. */
		if (round->kind != KIND_DIRTY)
			round->before[round->hole] = MARK_NEVER;
		else
			round->before[round->hole] = MARK_MAY;
		break;
	case MARKS_OUT:
		/* Where it does not succeed, it is a round like others. */
		madvise(base + round->out.first * env.page_size, round->out.nr * env.page_size,
			MADV_PAGEOUT);
		break;
	case MARKS_SHARED:
		err = sharer_start(run, thp, &priv->sharer, NULL, look_as_child);
		break;
	default:
		break;
	}
	/* What was to split its PMD may have failed: marks are those of PTEs there. */
	if (!err && round->kind != KIND_DIRTY && !priv->shows_uffd)
		err = cut(base, round->hole);
	if (err)
		fail("prepare a huge page", err);
	return err;
}

static bool is_op(const struct pair_round *pair, unsigned int lane, const char *name)
{
	return !strcmp(uops[pair->op[lane]].name, name);
}

static bool shares(const struct run *run, unsigned int thp)
{
	const struct marks_priv *priv = run->priv;
	const struct pair_round *pair = &run->sh->pair[thp];

	return priv->round.shape == MARKS_SHARED || is_op(pair, 0, "fork") ||
	       is_op(pair, 1, "fork");
}

static void set_target(struct run *run, struct lane *lane, unsigned int thp)
{
	const struct pair_round *pair = &run->sh->pair[thp];
	unsigned int nr = lane->id - 1;
	struct marks_priv *priv = run->priv;

	priv->target[lane->id] = (struct target){
		.run = run, .lane = lane, .thp_index = thp,
		.thp = region_thp(&run->region, thp),
		.piece = pair->piece[nr], .variant = pair->variant[nr],
		.away = priv->away[nr].base, .content = &no_content, .writer = nr,
		.may_fault = true, .other_flags = uops[pair->op[!nr]].flags,
	};
	lane->variant = pair->variant[nr];
}

/* What either of the two may change is not known before they have ended. */
static void forget_state(struct run *run, unsigned int thp)
{
	const struct marks_round *round = &((struct marks_priv *)run->priv)->round;
	const struct pair_round *pair = &run->sh->pair[thp];
	u8 *state = run_state(run, thp);
	unsigned int i, j;

	memset(state, round->shape == MARKS_ZERO ? PG_ZERO : PG_PATTERN, env.nr_subpages);
	if (round->shape == MARKS_PARTLY)
		state[round->hole] = PG_ZERO;
	for (i = 0; i < PAIR_LANES; i++) {
		const struct uop *op = &uops[pair->op[i]];

		if (op->effect == UOP_KEEPS && !(op->flags & UOP_MOVES))
			continue;
		for (j = 0; j < env.nr_subpages; j++) {
			if (op->effect != UOP_WRITES && uop_hits(op, &pair->piece[i], j))
				state[j] = PG_ANY;
		}
	}
}

/* Both ops on the last huge page are done. */
static int settle(struct run *run)
{
	struct marks_priv *priv = run->priv;
	unsigned int thp = priv->pending;

	if (thp == NO_THP)
		return 0;
	priv->pending = NO_THP;
	marks_look(run, thp);
	return sharer_ask(run, thp, &priv->sharer);
}

/**
 * marks_begin() - look at the huge page before, and prepare this one
 * @run: the run
 * @thp: huge page
 *
 * Called by main, before anything is armed.
 */
static int marks_begin(struct run *run, unsigned int thp)
{
	struct marks_priv *priv = run->priv;
	char *base = region_thp(&run->region, thp);
	struct marks_round *round = &priv->round;
	struct rng rng;
	int err = settle(run);

	if (err)
		return err;
	marks_draw(run, thp);
	rng_seed(&rng, run->seed, run->sh->round, GIVE_LANE);
	if (shares(run, thp) && madvise(base, env.hpage_size, MADV_DOFORK))
		err = -errno;
	if (!err && round->shape == MARKS_ZERO)
		err = zero_page(base);
	if (err) {
		fail("prepare a huge page", err);
		return err;
	}
	priv->pending = thp;
	if (!round->late)
		err = marks_give(run, thp, &rng);
	if (!err)
		err = give_shape(run, thp);
	if (!err && round->late)
		err = marks_give(run, thp, &rng);
	forget_state(run, thp);
	return err;
}

static int marks_plan(struct run *run, struct lane *lane, unsigned int thp)
{
	lane->op = uops[run->sh->pair[thp].op[lane->id - 1]].op;
	set_target(run, lane, thp);
	return 0;
}

static enum act_result act_store(struct target *t)
{
	struct marks_priv *priv = t->run->priv;
	u8 *stored = priv->round.stored[t->writer];
	unsigned int i, page, step = UOP_WRITE_STEP(&t->piece);
	enum act_result result = ACT_BUSY;

	for (i = 0; i < t->piece.nr; i += step) {
		page = t->piece.first + i * t->piece.stride;
		stored[page] = marks_store(t->thp + page * env.page_size);
		if (stored[page] != STORE_SEGV)
			result = ACT_OK;
	}
	return result;
}

static enum act_result act_load(struct target *t)
{
	static __thread u64 copy[MAX_PAGE_WORDS];
	unsigned int i, step = UOP_WRITE_STEP(&t->piece);
	enum act_result result = ACT_BUSY;

	for (i = 0; i < t->piece.nr; i += step) {
		if (page_copy(copy, t->thp +
			      (t->piece.first + i * t->piece.stride) * env.page_size))
			result = ACT_OK;
	}
	return result;
}

/* The child looks at marks while the other op goes on. */
static enum act_result act_fork_look(struct target *t)
{
	pid_t parent = getpid(), pid = fork();

	if (!pid) {
		child_begin(parent);
		marks_look_as_child(t->run, t->lane, t->thp_index);
		_exit(0);
	}
	if (pid < 0)
		return ACT_BUSY;
	t->child = pid;
	return ACT_OK;
}

static void marks_ended(struct run *run, struct lane *lane)
{
	struct target *t = &((struct marks_priv *)run->priv)->target[lane->id];

	if (t->child > 0)
		waitpid(t->child, NULL, 0);
	t->child = 0;
}

static enum act_result marks_act(struct run *run, struct lane *lane, unsigned int thp)
{
	const struct pair_round *pair = &run->sh->pair[thp];
	const struct uop *op = &uops[pair->op[lane->id - 1]];
	struct target *t = &((struct marks_priv *)run->priv)->target[lane->id];
	enum act_result result;

	lane_did(lane, t->piece.first, t->piece.nr, t->piece.stride);
	if (!strcmp(op->name, "write"))
		return act_store(t);
	if (!strcmp(op->name, "read"))
		return act_load(t);
	if (!strcmp(op->name, "fork"))
		return act_fork_look(t);
	result = op->act(t);
	if (result == ACT_ERROR)
		set_error("%s of pages %u+%u beside %s: %s", op->name, t->piece.first,
			  t->piece.nr, uops[pair->op[lane->id % PAIR_LANES]].name,
			  strerror(errno));
	return result;
}

static void act_aside(struct run *run, unsigned int thp)
{
	struct marks_priv *priv = run->priv;
	struct marks_round *round = &priv->round;

	switch (round->aside) {
	case MARKS_MIGRATE:
		aside_migrate(run, thp, 0);
		break;
	case MARKS_MARK:
	case MARKS_RESOLVE:
		round->aside_tried = true;
		round->aside_done = !marks_protect(priv, region_thp(&run->region, thp),
						   &round->second, round->aside == MARKS_MARK);
		break;
	default:
		break;
	}
}

static int marks_after_batch(struct run *run, struct lane *lane, unsigned int thp)
{
	struct marks_priv *priv = run->priv;

	return !lane->id && priv->pending == thp ? settle(run) : 0;
}

const struct scenario scenario_marks = {
	.name = "marks",
	.summary = "marks that track writes, through any two ops: none is lost, none appears",
	.op = "any",
	.pairs = true,
	.workers = PAIR_LANES,
	.weight = WEIGHT_OF_TABLE,
	.touches = pageout_touches,
	.why_not = marks_why_not,
	.setup = marks_setup,
	.cleanup = marks_cleanup,
	.map = marks_map,
	.begin = marks_begin,
	.plan = marks_plan,
	.act = marks_act,
	.aside = act_aside,
	.ended = marks_ended,
	.after = marks_after_batch,
};
