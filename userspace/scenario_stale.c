// SPDX-License-Identifier: GPL-2.0
/*
 * Writes through an old address while a huge page moves away from it
 *
 * One thread moves it; another writes to some of its pages where they were
 * until that faults.  When mremap() has returned, no CPU may have a translation
 * of the old address: what the mover writes then must stay.
 */
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "crash.h"
#include "env.h"
#include "options.h"
#include "phases.h"
#include "region.h"
#include "rng.h"
#include "run.h"
#include "scenario.h"
#include "scenario_piece.h"
#include "util.h"
#include "verify.h"

#define MOVER		1		/* lanes */
#define TOUCHER		2
#define NR_TOUCHED	8
#define AFTER_MOVE	64		/* turns that are tried after it has moved */
#define TURNS_PER_LOOK	16
#define TOUCH_NS	(20 * NSEC_PER_MSEC)
#define AWAIT_NS	(5 * NSEC_PER_MSEC)
#define TOUCH_LANE	(~0ULL - 3)	/* choices that both lanes share */

struct stale_priv {
	struct region away;
	u32 turns, moved;		/* this round */
	u8 gone[MAX_THPS];		/* is away */
};

static int stale_setup(struct run *run)
{
	struct stale_priv *priv = calloc(1, sizeof(*priv));
	int err;

	run->priv = priv;
	if (!priv) {
		set_error("out of memory");
		return -ENOMEM;
	}
	err = region_reserve(&priv->away, run->nr_thps);
	if (err)
		return err;
	run->also.base = priv->away.base;
	run->also.len = priv->away.len;
	return 0;
}

static void stale_cleanup(struct run *run)
{
	struct stale_priv *priv = run->priv;

	if (priv)
		region_release(&priv->away);
	run->also.len = 0;
	free(priv);
}

static int stale_plan(struct run *run, struct lane *lane, unsigned int thp)
{
	struct stale_priv *priv = run->priv;

	piece_plan(run, lane, thp);
	if (lane->id == TOUCHER) {
		lane->op = "fault";
		return 0;
	}
	priv->turns = 0;
	priv->moved = 0;
	return 0;
}

/* Subpages, the same for both lanes. */
static void touched(struct run *run, unsigned int thp, unsigned int *page)
{
	struct rng rng;
	unsigned int i;

	rng_seed(&rng, run->seed, mix64(run->gen, thp), TOUCH_LANE);
	for (i = 0; i < NR_TOUCHED; i++)
		page[i] = rng_below(&rng, env.nr_subpages);
}

static enum act_result touch(struct run *run, struct lane *lane, unsigned int thp)
{
	char *base = region_thp(&run->region, thp);
	const struct sched_param param = { 0 };
	struct stale_priv *priv = run->priv;
	unsigned int page[NR_TOUCHED], i;
	u64 end_ns = now_ns() + TOUCH_NS;
	unsigned int late = 0;
	sigjmp_buf env_here;

	/* It shall not keep the split from its CPU. */
	if (lane->urgent && !sched_setscheduler(0, SCHED_OTHER, &param))
		lane->urgent = false;
	touched(run, thp, page);
	if (!sigsetjmp(env_here, 1)) {
		crash_expect(&env_here);
		do {
			for (i = 0; i < NR_TOUCHED; i++)
				__atomic_store_n((u64 *)(base + page[i] * env.page_size),
						 priv->turns, __ATOMIC_RELAXED);
			/* In memory: what is in registers is lost on the way out. */
			__atomic_add_fetch(&priv->turns, 1, __ATOMIC_RELEASE);
			late += __atomic_load_n(&priv->moved, __ATOMIC_ACQUIRE);
		} while (late < AFTER_MOVE &&
			 (priv->turns % TURNS_PER_LOOK || now_ns() < end_ns));
	}
	crash_expect(NULL);
	return priv->turns ? ACT_OK : ACT_BUSY;
}

static enum act_result move_away(struct run *run, struct lane *lane, unsigned int thp)
{
	struct stale_priv *priv = run->priv;
	char *base = region_thp(&run->region, thp);
	char *away = region_thp(&priv->away, thp);
	unsigned int page[NR_TOUCHED], i;
	u64 end_ns = now_ns() + AWAIT_NS;

	/* Mostly not before the other thread has a translation. */
	while (lane->variant % 4 && !__atomic_load_n(&priv->turns, __ATOMIC_ACQUIRE) &&
	       now_ns() < end_ns)
		;
	if (mremap(base, env.hpage_size, env.hpage_size, MREMAP_MAYMOVE | MREMAP_FIXED,
		   away) != away) {
		set_error("mremap: %s", strerror(errno));
		return ACT_ERROR;
	}
	touched(run, thp, page);
	for (i = 0; i < NR_TOUCHED; i++) {
		size_t offset = page[i] * env.page_size;

		page_fill_as(away + offset, base + offset, rewritten_gen(run));
		run_state(run, thp)[page[i]] = PG_REWRITTEN;
	}
	priv->gone[thp] = 1;
	__atomic_store_n(&priv->moved, 1, __ATOMIC_RELEASE);
	return ACT_OK;
}

/**
 * stale_act() - move it, or write where it was
 * @run: the run
 * @lane: the caller
 * @thp: huge page
 */
static enum act_result stale_act(struct run *run, struct lane *lane, unsigned int thp)
{
	return lane->id == TOUCHER ? touch(run, lane, thp) : move_away(run, lane, thp);
}

/**
 * stale_after() - back to where it is verified
 * @run: the run
 * @lane: the caller
 * @thp: huge page
 */
static int stale_after(struct run *run, struct lane *lane, unsigned int thp)
{
	struct stale_priv *priv = run->priv;
	char *base = region_thp(&run->region, thp);
	char *away = region_thp(&priv->away, thp);

	if (lane->id != MOVER || !priv->gone[thp])
		return 0;
	priv->gone[thp] = 0;
	if (mremap(away, env.hpage_size, env.hpage_size, MREMAP_MAYMOVE | MREMAP_FIXED,
		   base) != base) {
		set_error("mremap back: %s", strerror(errno));
		return -errno;
	}
	/* Nobody else may come to live there. */
	mmap(away, env.hpage_size, PROT_NONE,
	     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0);
	return 0;
}

const struct scenario scenario_mremap_touch = {
	.name = "mremap-touch",
	.summary = "a huge page moves while another thread writes through its old address",
	.op = "mremap",
	.alone = true,
	.phases = PHASES_MREMAP,
	.inner = INNER_MREMAP,
	.workers = 2,
	.setup = stale_setup,
	.cleanup = stale_cleanup,
	.plan = stale_plan,
	.act = stale_act,
	.after = stale_after,
};
