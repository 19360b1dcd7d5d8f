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
#include <sys/wait.h>
#include <unistd.h>

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
#include "util.h"

#ifndef MADV_FREE
#define MADV_FREE 8
#endif
#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif
#define MAX_WRITTEN	16

/* The pages that an op is about, and what is in them so far. */
struct target {
	struct run *run;
	char *thp, *at;
	u8 *state;
	size_t len;
	const struct storm_op *op;
	char *away;			/* room to move to */
};

static enum act_result done_or_busy(int err)
{
	return err ? ACT_BUSY : ACT_OK;
}

static void mark_mapped(struct target *t, u8 state)
{
	unsigned int i;

	for (i = 0; i < t->op->nr; i++) {
		if (t->state[i] != PG_HOLE)
			t->state[i] = state;
	}
}

static enum act_result do_munmap(struct target *t)
{
	if (munmap(t->at, t->len))
		return ACT_ERROR;
	memset(t->state, PG_HOLE, t->op->nr);
	return ACT_OK;
}

static enum act_result do_fill(struct target *t)
{
	if (mmap(t->at, t->len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
		 -1, 0) != t->at)
		return ACT_ERROR;
	memset(t->state, PG_ZERO, t->op->nr);
	return done_or_busy(madvise(t->at, t->len, MADV_HUGEPAGE));
}

static enum act_result do_zap(struct target *t)
{
	/* Holes make it ENOMEM, but the rest is discarded. */
	if (madvise(t->at, t->len, MADV_DONTNEED) && errno != ENOMEM)
		return ACT_ERROR;
	mark_mapped(t, PG_ZERO);
	return ACT_OK;
}

static enum act_result do_protect(struct target *t)
{
	int err = mprotect(t->at, t->len, PROT_READ);
	unsigned int i;

	/* Nothing may stay unwritable: page by page where there are holes. */
	for (i = 0; mprotect(t->at, t->len, PROT_READ | PROT_WRITE) && i < t->op->nr; i++)
		mprotect(t->at + i * env.page_size, env.page_size, PROT_READ | PROT_WRITE);
	return done_or_busy(err);
}

static enum act_result do_lock(struct target *t)
{
	int err = mlock(t->at, t->len);
	unsigned int i;

	for (i = 0; munlock(t->at, t->len) && i < t->op->nr; i++)
		munlock(t->at + i * env.page_size, env.page_size);
	return done_or_busy(err);
}

static enum act_result do_advise(struct target *t)
{
	int err = madvise(t->at, t->len, MADV_DONTFORK);

	madvise(t->at, t->len, MADV_DOFORK);
	return done_or_busy(err);
}

static enum act_result do_write(struct target *t)
{
	unsigned int step = t->op->nr / MAX_WRITTEN + 1, i;

	for (i = 0; i < t->op->nr; i += step) {
		if (t->state[i] == PG_HOLE)
			continue;
		page_fill(t->at + i * env.page_size, t->run->gen);
		t->state[i] = PG_PATTERN;
	}
	return ACT_OK;
}

static enum act_result do_free(struct target *t)
{
	unsigned int i;
	int err = madvise(t->at, t->len, MADV_FREE);

	for (i = 0; i < t->op->nr; i++) {
		if (t->state[i] == PG_PATTERN)
			t->state[i] = PG_PATTERN_OR_ZERO;
	}
	return done_or_busy(err);
}

static enum act_result do_pageout(struct target *t)
{
	if (madvise(t->at, t->len, MADV_PAGEOUT))
		return ACT_BUSY;
	return pages_out(t->thp, t->op->first, t->op->nr, 1) ? ACT_OK : ACT_BUSY;
}

static enum act_result do_collapse(struct target *t)
{
	return thp_collapse(t->thp) > 0 ? ACT_OK : ACT_BUSY;
}

/*
 * Since 6.17 mremap() moves several VMAs at once, with what lies between them.
 * On the way back that is what had been kept free where they went.
 */
static int keep_holes(struct target *t)
{
	unsigned int i;

	for (i = 0; i < t->op->nr; i++) {
		if (t->state[i] == PG_HOLE &&
		    munmap(t->at + i * env.page_size, env.page_size))
			return -1;
	}
	return 0;
}

static enum act_result do_move(struct target *t)
{
	char *to = t->away + (t->at - t->thp);

	if (mremap(t->at, t->len, t->len, MREMAP_MAYMOVE | MREMAP_FIXED, to) != to) {
		/* A part may have gone before it met a hole: what is known is void. */
		if (errno == EFAULT)
			return ACT_BUSY;
		return ACT_ERROR;
	}
	if (mremap(to, t->len, t->len, MREMAP_MAYMOVE | MREMAP_FIXED, t->at) != t->at ||
	    keep_holes(t))
		return ACT_ERROR;
	/* Nobody else may come to live there. */
	mmap(to, t->len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE,
	     -1, 0);
	return ACT_OK;
}

static enum act_result do_fork(struct target *t)
{
	pid_t pid = fork();

	(void)t;
	if (!pid)
		_exit(0);
	if (pid < 0)
		return ACT_BUSY;
	waitpid(pid, NULL, 0);
	return ACT_OK;
}

static enum act_result do_softdirty(struct target *t)
{
	(void)t;
	return done_or_busy(write_text("/proc/self/clear_refs", "4"));
}

static const struct {
	const char *name;		/* in programs */
	const char *op;			/* of the module */
	enum act_result (*fn)(struct target *t);
} kinds[] = {
	{ "munmap", "munmap", do_munmap },
	{ "fill", "munmap", do_fill },
	{ "zap", "zap", do_zap },
	{ "mprotect", "mprotect", do_protect },
	{ "mlock", "mlock", do_lock },
	{ "madvise", "madvise", do_advise },
	{ "write", "fault", do_write },
	{ "free", "pageout", do_free },
	{ "pageout", "pageout", do_pageout },
	{ "collapse", "collapse", do_collapse },
	{ "mremap", "mremap", do_move },
	{ "fork", "fork", do_fork },
	{ "softdirty", "softdirty", do_softdirty },
};

const char *storm_kind_name(unsigned int kind)
{
	return kind < ARRAY_SIZE(kinds) ? kinds[kind].name : "?";
}

int storm_kind_by_name(const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (!strcmp(kinds[i].name, name))
			return i;
	}
	return -1;
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

static void draw_program(struct storm_round *round, struct rng *rng)
{
	unsigned int i;

	round->nr = 1 + rng_below(rng, STORM_OPS);
	for (i = 0; i < round->nr; i++) {
		struct storm_op *op = &round->op[i];
		struct piece p = piece_draw(rng);

		op->kind = rng_below(rng, ARRAY_SIZE(kinds));
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
		draw_program(round, &lane->rng);
	if (run->res->program.nr <= thp % STORM_ROUNDS)
		run->res->program.nr = thp % STORM_ROUNDS + 1;
	if (round->nr)
		lane->op = kinds[round->op[0].kind].op;
	return 0;
}

static enum act_result do_op(struct run *run, unsigned int thp, const struct storm_op *op)
{
	const struct region *away = run->priv;
	struct target t = {
		.run = run,
		.thp = region_thp(&run->region, thp),
		.state = run_state(run, thp) + op->first,
		.len = op->nr * env.page_size,
		.op = op,
		.away = away->base,
	};
	enum act_result result;

	t.at = t.thp + op->first * env.page_size;
	result = kinds[op->kind].fn(&t);
	if (result == ACT_ERROR)
		set_error("storm: %s of %u pages at subpage %u: %s", kinds[op->kind].name,
			  op->nr, op->first, strerror(errno));
	/* The positive control of the reducer: this op is the culprit. */
	if (injected(kinds[op->kind].name))
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
	const struct storm_round *round = &run->res->program.round[thp % STORM_ROUNDS];
	enum act_result result = ACT_BUSY, one;
	unsigned int i;

	(void)lane;
	for (i = 0; i < round->nr; i++) {
		one = do_op(run, thp, &round->op[i]);
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
	.touches = pageout_touches,
	.setup = storm_setup,
	.cleanup = storm_cleanup,
	.plan = storm_plan,
	.act = storm_act,
};
