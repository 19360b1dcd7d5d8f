// SPDX-License-Identifier: GPL-2.0
/*
 * Any two ops at once, and nobody of ours who splits
 *
 * The session holds no reference, so the kernel's own splits, migrations and
 * discards succeed.  Main reads or migrates beside the two.  A child may share
 * the huge page, or have one of its own at the same address.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "aside.h"
#include "child.h"
#include "content.h"
#include "env.h"
#include "options.h"
#include "orders.h"
#include "pair.h"
#include "readers.h"
#include "region.h"
#include "run.h"
#include "scenario.h"
#include "scenario_file.h"
#include "uop.h"
#include "uop_set.h"
#include "util.h"
#include "verify.h"

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif
#ifndef MADV_FREE
#define MADV_FREE 8
#endif
#define PAIR_LANE	(~0ULL - 5)	/* choices that all lanes share */
#define PASS_GEN	0x1000		/* behind those of the lanes */
#define PAIR_WEIGHT	4		/* of all ops, with all others */

static const struct touch pair_touches[] = {
	{ .kind = TOUCH_SWAP, .what = "of zram", .optional = true },
	{ }
};

struct pair_priv {
	struct file_priv file;		/* of shared memory */
	struct region away[PAIR_LANES + MAX_READERS];	/* one for each lane */
	struct pair_choice may;
	u16 *mask;			/* of each page: CONTENT_ bits, or 0: its state says it */
	u16 *seen;			/* of each page of the round's huge page, meanwhile */
	struct target target[PAIR_LANES + MAX_READERS + 1];
	struct sharer sharer[MAX_THPS];
	size_t nr_pages;
};

/* Beside the two, where there are more lanes. */
static bool is_reader(const struct lane *lane)
{
	return lane->id > PAIR_LANES;
}

static const struct pair_round *round_of(const struct run *run, unsigned int thp)
{
	return &run->sh->pair[thp];
}

static int pair_setup(struct run *run)
{
	struct pair_priv *priv = calloc(1, sizeof(*priv));
	unsigned int i;
	int err = 0;

	run->priv = priv;
	if (priv) {
		priv->nr_pages = (size_t)run->nr_thps * env.nr_subpages;
		priv->mask = calloc(priv->nr_pages, sizeof(*priv->mask));
		priv->seen = calloc(env.nr_subpages, sizeof(*priv->seen));
	}
	if (!priv || !priv->mask || !priv->seen) {
		set_error("out of memory");
		return -ENOMEM;
	}
	uop_set_choices(&run->opt->ops, run->sc, &priv->may);
	if (run->sc->readers)
		readers_choose(&priv->may);
	priv->may.quiet = run->opt->grid;
	priv->may.no_free = !env_has_madvise(MADV_FREE);
	priv->may.pmd_only = orders_of(run->opt, run->sc) == 1U << orders_pmd();
	if (run->sc->file)
		err = file_open(&priv->file, run->nr_thps);
	for (i = 0; i < run->nr_workers && !err; i++)
		err = region_reserve(&priv->away[i], 1);
	return err;
}

static void pair_cleanup(struct run *run)
{
	struct pair_priv *priv = run->priv;
	unsigned int i;

	if (!priv)
		return;
	for (i = 0; i < run->nr_thps; i++)
		sharer_kill(run, i, &priv->sharer[i]);
	for (i = 0; i < run->nr_workers; i++)
		region_release(&priv->away[i]);
	file_close(&priv->file, run->nr_thps);
	free(priv->mask);
	free(priv->seen);
	free(priv);
}

/* What an earlier batch said of its pages is void. */
static int pair_map(struct run *run)
{
	struct pair_priv *priv = run->priv;

	memset(priv->mask, 0, priv->nr_pages * sizeof(*priv->mask));
	if (run->sc->file)
		return file_map_fresh(&priv->file, &run->region);
	/* A fork would share all huge pages: the later ones could not be had unshared. */
	return run_has_procs(run) ? region_map(&run->region) : region_map_unshared(&run->region);
}

static struct content content_of(const struct run *run, u64 old)
{
	struct content c = { .old = old };
	unsigned int w, pass;

	for (w = 0; w < CONTENT_WRITERS; w++) {
		for (pass = 0; pass < CONTENT_PASSES; pass++)
			c.pass[w][pass] = mix64(run->gen, PASS_GEN + w * CONTENT_PASSES + pass);
	}
	return c;
}

/* The huge page of the caller's own mm, made anew. */
static bool make_own(struct run *run, struct lane *lane, unsigned int thp)
{
	char *base = region_thp(&run->region, thp);

	if (madvise(base, env.hpage_size, MADV_DONTNEED))
		return false;
	thp_fill(base, own_gen(run, lane));
	memset(run_state(run, thp), PG_OWN, env.nr_subpages);
	return true;
}

/*
 * Where a page table has an entry already no huge page is faulted in: the kernel
 * takes the largest folio that fits beside what is there.
 */
static int make_orders(struct run *run, unsigned int thp, char *first)
{
	char *base = region_thp(&run->region, thp);

	if (madvise(base, env.hpage_size, MADV_DONTNEED) ||
	    madvise(base, env.hpage_size, MADV_NOHUGEPAGE))
		return -errno;
	__atomic_store_n(first, 1, __ATOMIC_RELAXED);
	if (madvise(base, env.hpage_size, MADV_HUGEPAGE))
		return -errno;
	thp_fill(base, run->gen);
	return 0;
}

/* In a child that shares the huge page, or then has one of its own there. */
static bool prepare_sharer(struct run *run, unsigned int thp)
{
	bool own = round_of(run, thp)->shape == PAIR_OWN;

	/* What is shared changes. */
	memset(run_state(run, thp), run->sc->file ? PG_ANY : PG_PATTERN, env.nr_subpages);
	if (own && run->sc->file)
		madvise(region_thp(&run->region, thp), env.hpage_size, MADV_DONTNEED);
	return !own || run->sc->file || make_own(run, &run->lanes[1], thp);
}

static void look_as_sharer(struct run *run, unsigned int thp)
{
	verify_thp(run, &run->lanes[1], thp, true);
}

static int start_sharer(struct run *run, unsigned int thp)
{
	struct pair_priv *priv = run->priv;

	return sharer_start(run, thp, &priv->sharer[thp], prepare_sharer, look_as_sharer);
}

/* How it is to look, in the caller's mm. */
static int give_shape(struct run *run, struct lane *lane, unsigned int thp)
{
	const struct pair_round *round = round_of(run, thp);
	char *base = region_thp(&run->region, thp);
	char *page = base + round->hole * env.page_size;

	switch (round->shape) {
	case PAIR_PTES:
		return mprotect(page, env.page_size, PROT_READ) ||
		       mprotect(page, env.page_size, PROT_READ | PROT_WRITE) ? -errno : 0;
	case PAIR_PARTLY:
		return madvise(page, env.page_size, run->sc->file ? MADV_REMOVE :
			       MADV_DONTNEED) ? -errno : 0;
	case PAIR_FREED:
		return madvise(base, env.hpage_size, MADV_FREE) ? -errno : 0;
	case PAIR_ORDERS:
		return make_orders(run, thp, page);
	case PAIR_OUT:
		/* It is up to reclaim. */
		madvise(round->piece[0].stride > 1 ? base : base + round->piece[0].first *
			env.page_size, round->piece[0].stride > 1 ? env.hpage_size :
			round->piece[0].nr * env.page_size, MADV_PAGEOUT);
		return 0;
	case PAIR_SHARED:
		return run_has_procs(run) ? 0 : start_sharer(run, thp);
	case PAIR_OWN:
		if (!run_has_procs(run))
			return start_sharer(run, thp);
		return make_own(run, lane, thp) ? 0 : -errno;
	default:
		return 0;
	}
}

/* What a page must be then, as far as its state can say it; the rest is in the mask. */
static void expect(struct run *run, unsigned int thp, unsigned int page, unsigned int bits,
		   u8 old)
{
	u16 *mask = &((struct pair_priv *)run->priv)->mask[thp * env.nr_subpages + page];
	u8 *state = &run_state(run, thp)[page];

	*mask = 0;
	switch (bits) {
	case CONTENT_OLD:
		*state = old;
		return;
	case CONTENT_ZERO:
		*state = PG_ZERO;
		return;
	case CONTENT_HOLE:
		*state = PG_HOLE;
		return;
	}
	*mask = bits;
	*state = PG_ANY;
}

/* Both in one mm. */
static void expect_both(struct run *run, unsigned int thp)
{
	const struct pair_round *round = round_of(run, thp);
	struct pair_priv *priv = run->priv;
	unsigned int i, before;

	for (i = 0; i < env.nr_subpages; i++) {
		before = pair_before(round, i);
		priv->seen[i] = pair_meanwhile(round, i, before);
		expect(run, thp, i, pair_after(round, i, before), PG_PATTERN);
	}
}

/* One, in an mm of its own; @lane 0 or 1. */
static void expect_one(struct run *run, unsigned int thp, unsigned int lane)
{
	const struct pair_round *round = round_of(run, thp);
	const struct uop *op = &uops[round->op[lane]];
	struct pair_priv *priv = run->priv;
	unsigned int i, before, after;
	bool shaped = lane == 1;

	for (i = 0; i < env.nr_subpages; i++) {
		before = shaped ? pair_before(round, i) : CONTENT_OLD;
		after = pair_after_one(round, lane, i, before);
		priv->seen[i] = before | after;
		if (uop_effect(op, false) == UOP_WRITES && uop_hits(op, &round->piece[lane], i))
			priv->seen[i] |= CONTENT_ALL_OF(lane);
		expect(run, thp, i, after,
		       shaped && round->shape == PAIR_OWN ? PG_OWN : PG_PATTERN);
	}
}

static void set_target(struct run *run, struct lane *lane, unsigned int thp,
		       const struct content *content)
{
	const struct pair_round *round = round_of(run, thp);
	struct pair_priv *priv = run->priv;
	struct target *t = &priv->target[lane->id];
	bool acts = lane->id && !is_reader(lane);
	unsigned int nr = acts ? lane->id - 1 : 0, i;

	*t = (struct target){
		.run = run, .lane = lane, .thp_index = thp,
		.thp = region_thp(&run->region, thp),
		.piece = acts ? round->piece[nr] : round->look,
		.variant = round->variant[nr],
		.away = lane->id ? priv->away[lane->id - 1].base : NULL,
		.content = content, .writer = nr, .seen = priv->seen,
		.fd = priv->file.fd[thp],
		.by_file = acts ? uops[round->op[nr]].flags & UOP_BY_FILE :
				  run->sc->file && round->variant[0] % 2,
	};
	lane->variant = t->variant;
	if (run_has_procs(run)) {
		t->other_frees = lane->id == 2 && round->shape == PAIR_FREED;
		return;
	}
	for (i = 0; i < PAIR_LANES; i++) {
		const struct uop *other = &uops[round->op[i]];

		if (acts && i == nr)
			continue;
		t->other_flags |= other->flags;
		t->other_frees |= uop_effect(other, run->sc->file) == UOP_FREES;
		t->may_fault |= acts ? pair_may_fault(round, nr) :
				pair_may_fault(round, 0) || pair_may_fault(round, 1);
	}
	t->other_frees |= round->shape == PAIR_FREED;
	if (is_reader(lane))
		reader_draw(t);
}

/* Of the round of the calling process. */
static struct content contents;

/**
 * pair_begin() - draw a round, and make its huge page look as it is to
 * @run: the run
 * @thp: huge page
 *
 * Called by main, before anything is armed.
 */
static int pair_begin(struct run *run, unsigned int thp)
{
	struct pair_round *round = &run->sh->pair[thp];
	struct pair_priv *priv = run->priv;
	struct rng rng;
	int err;

	rng_seed(&rng, run->seed, run->sh->round, PAIR_LANE);
	pair_draw(round, &priv->may, &rng);
	/* What is not done must not be waited for in the pages. */
	if (run->opt->without & WITHOUT_OP)
		round->op[1] = uop_by_name("read");
	contents = content_of(run, run->gen);
	if (run_has_procs(run)) {
		unsigned int i;

		for (i = 0; i < env.nr_subpages; i++)
			priv->seen[i] = CONTENT_OLD;
		set_target(run, &run->lanes[0], thp, &contents);
		return 0;
	}
	if (pair_shares(round) && !run->sc->file &&
	    madvise(region_thp(&run->region, thp), env.hpage_size, MADV_DOFORK)) {
		set_error("madvise(MADV_DOFORK): %s", strerror(errno));
		return -errno;
	}
	err = give_shape(run, &run->lanes[0], thp);
	if (err) {
		set_error("cannot prepare a huge page: %s", strerror(-err));
		return err;
	}
	expect_both(run, thp);
	set_target(run, &run->lanes[0], thp, &contents);
	return 0;
}

/**
 * pair_ended() - a child has looked at what it was forked with
 * @run: the run
 * @lane: whose child
 */
static void pair_ended(struct run *run, struct lane *lane)
{
	struct pair_priv *priv = run->priv;
	struct target *t = &priv->target[lane->id];

	if (t->child > 0)
		waitpid(t->child, NULL, 0);
	t->child = 0;
}

/* The op is the end of a process: this one. */
static int start_leaver(struct target *t)
{
	pid_t parent = getpid(), pid = fork();

	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(THPRACE_EXIT_ERROR);
		for (;;)
			pause();
	}
	if (pid < 0) {
		set_error("fork: %s", strerror(errno));
		return -EAGAIN;
	}
	t->child = pid;
	t->lane->helper = pid;
	return 0;
}

static int pair_plan(struct run *run, struct lane *lane, unsigned int thp)
{
	const struct pair_round *round = round_of(run, thp);
	struct pair_priv *priv = run->priv;
	const struct uop *op;
	u64 old = run->gen;
	int err;

	if (is_reader(lane)) {
		lane->op = READER_OP;
		set_target(run, lane, thp, &contents);
		return 0;
	}
	op = &uops[round->op[lane->id - 1]];
	lane->op = op->op;
	if (run_has_procs(run)) {
		if (lane->id == 2) {
			err = give_shape(run, lane, thp);
			if (err) {
				set_error("cannot prepare a huge page: %s", strerror(-err));
				return err;
			}
			if (round->shape == PAIR_OWN)
				old = own_gen(run, lane);
		}
		contents = content_of(run, old);
		expect_one(run, thp, lane->id - 1);
	}
	set_target(run, lane, thp, &contents);
	return op->flags & UOP_ENDS ? start_leaver(&priv->target[lane->id]) : 0;
}

static enum act_result pair_act(struct run *run, struct lane *lane, unsigned int thp)
{
	const struct pair_round *round = round_of(run, thp);
	struct pair_priv *priv = run->priv;
	struct target *t = &priv->target[lane->id];
	enum act_result result;
	const struct uop *op;

	lane_did(lane, t->piece.first, t->piece.nr, t->piece.stride);
	if (is_reader(lane))
		return uop_read(t);
	op = &uops[round->op[lane->id - 1]];
	result = op->act(t);
	if (result == ACT_ERROR)
		set_error("%s of pages %u+%u beside %s: %s", op->name, t->piece.first,
			  t->piece.nr, uops[round->op[lane->id % PAIR_LANES]].name,
			  strerror(errno));
	return result;
}

/**
 * pair_aside() - what main does beside the two
 * @run: the run
 * @thp: huge page
 */
static void pair_aside(struct run *run, unsigned int thp)
{
	struct pair_priv *priv = run->priv;

	switch (round_of(run, thp)->aside) {
	case ASIDE_READ:
		uop_read(&priv->target[0]);
		break;
	case ASIDE_MIGRATE:
		aside_migrate(run, thp, 0);
		break;
	case ASIDE_MIGRATE_CHILD:
		aside_migrate(run, thp, run_has_procs(run) ? run->lanes[2].pid :
							    priv->sharer[thp].pid);
		break;
	}
}

static void verify_masked(struct run *run, struct lane *lane, unsigned int thp)
{
	static __thread u64 copy[MAX_PAGE_WORDS];
	struct pair_priv *priv = run->priv;
	const u16 *mask = priv->mask + (size_t)thp * env.nr_subpages;
	struct content c = content_of(run, run->gen);
	u64 verified = 0;
	unsigned int i;

	if (run_has_procs(run) && lane->id == 2 && round_of(run, thp)->shape == PAIR_OWN)
		c.old = own_gen(run, lane);
	for (i = 0; i < env.nr_subpages; i++) {
		const char *page = region_thp(&run->region, thp) + i * env.page_size;
		struct mismatch bad = { .addr = page, .got = 1 };

		if (!mask[i])
			continue;
		if (!page_copy(copy, page)) {
			if (mask[i] & CONTENT_HOLE)
				verified++;
			else
				content_violation(run, lane, &bad, "a page that is gone");
		} else if (content_verify(copy, page, &c, mask[i], run->sc->file, &bad)) {
			verified++;
		} else {
			content_violation(run, lane, &bad, "a page that two ops were at");
		}
	}
	__atomic_fetch_add(&run->sh->lane[lane->id].pages_verified, verified, __ATOMIC_RELAXED);
}

/**
 * pair_after_batch() - children look and end; pages that several things may be in
 * @run: the run
 * @lane: the caller
 * @thp: huge page
 */
static int pair_after_batch(struct run *run, struct lane *lane, unsigned int thp)
{
	struct pair_priv *priv = run->priv;

	if (!lane->id)
		return 0;
	if (run_has_procs(run) || lane->id == 1)
		verify_masked(run, lane, thp);
	if (run_has_procs(run) || lane->id != 1)
		return 0;
	return sharer_ask(run, thp, &priv->sharer[thp]);
}

#define PAIR_ROW							\
	.op = "any",							\
	.pairs = true,							\
	.workers = PAIR_LANES,						\
	.weight = PAIR_WEIGHT,						\
	.setup = pair_setup,						\
	.cleanup = pair_cleanup,					\
	.map = pair_map,						\
	.begin = pair_begin,						\
	.plan = pair_plan,						\
	.act = pair_act,						\
	.aside = pair_aside,						\
	.ended = pair_ended,						\
	.after = pair_after_batch

const struct scenario scenario_pair = {
	.name = "pair",
	.summary = "any two ops of two threads at once, without a split or a reference of ours",
	.touches = pair_touches,
	.draws = true,
	PAIR_ROW,
};

const struct scenario scenario_pair_procs = {
	.name = "pair-procs",
	.summary = "the same of two processes that share the huge page, or have one each there",
	.shape = SHAPE_PROCS,
	.touches = pair_touches,
	.draws = true,
	PAIR_ROW,
};

static const struct touch pair_shmem_touches[] = {
	{ .kind = TOUCH_SWAP, .what = "of zram", .optional = true },
	SHMEM_TOUCH,
	{ }
};

const struct scenario scenario_pair_shmem = {
	.name = "pair-shmem",
	.summary = "the same of shared memory: also punched, cut and grown, read() and written",
	.file = true,
	.touches = pair_shmem_touches,
	.why_not = shmem_why_not,
	.draws = true,
	PAIR_ROW,
};

const struct scenario scenario_readers = {
	.name = "readers",
	.summary = "many read shared memory, in each way, while two ops punch, cut and change it",
	.file = true,
	.readers = true,
	.touches = pair_shmem_touches,
	.why_not = shmem_why_not,
	PAIR_ROW,
};
