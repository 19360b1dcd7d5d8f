// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel writes into the huge page through a reference
 *
 * Lane b has it do so (O_DIRECT, an io_uring's buffer, process_vm_writev...), lane c
 * reclaims, migrates, shares, protects or unmaps meanwhile.  What the kernel says it
 * has written must be there for its owner.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "direct.h"
#include "env.h"
#include "options.h"
#include "region.h"
#include "rng.h"
#include "run.h"
#include "scenario.h"
#include "scenario_pages.h"
#include "touch.h"
#include "undo.h"
#include "util.h"
#include "verify.h"
#include "writes.h"

#ifndef MADV_FREE
#define MADV_FREE 8
#endif
#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif

#define WRITER		1		/* lanes */
#define BESIDE		2
#define DRAW_LANE	(~0ULL - 4)	/* choices that both lanes share */
#define MAX_SIDE	32
#define NAP_NS		(20 * NSEC_PER_USEC)
#define BEGIN_NS	(5 * NSEC_PER_MSEC)	/* that one lane waits for the other */
#define WRITTEN_NS	(500 * NSEC_PER_MSEC)
#define TURN_NS		(20 * NSEC_PER_MSEC)

static const struct touch direct_touches[] = {
	{ .kind = TOUCH_SWAP, .what = "of zram", .optional = true },
	{ .kind = TOUCH_DEVICE, .what = "of zram", .optional = true },
	{ }
};

/* What is written comes from a file, or goes through one. */
static const char *direct_why_not(void)
{
	int fd = syscall(SYS_memfd_create, "thprace", 0);

	if (fd < 0)
		return "this kernel has no memfd_create()";
	close(fd);
	return NULL;
}

static int direct_setup(struct run *run)
{
	struct direct_priv *priv = calloc(1, sizeof(*priv));
	unsigned int i;
	int err;

	run->priv = priv;
	if (!priv) {
		set_error("out of memory");
		return -ENOMEM;
	}
	priv->opened = true;
	err = writes_open(&priv->writes, run->seed, DEVICE_PAGES, !run->opt->gentle);
	if (err)
		return err;
	for (i = 0; i < nr_write_kinds; i++) {
		if (!write_kinds[i].there(&priv->writes))
			continue;
		priv->survives[priv->nr_kinds] = write_kinds[i].survives_sharing(&priv->writes);
		priv->kind[priv->nr_kinds++] = &write_kinds[i];
	}
	for (i = 0; i < nr_besides; i++) {
		if (!besides[i].why_not || !besides[i].why_not())
			priv->beside[priv->nr_beside++] = &besides[i];
	}
	return 0;
}

static void direct_cleanup(struct run *run)
{
	struct direct_priv *priv = run->priv;

	if (priv && priv->opened)
		writes_close(&priv->writes);
	free(priv);
}

/* A fork would share all huge pages: the later ones could not be had unshared. */
static int direct_map(struct run *run)
{
	struct direct_priv *priv = run->priv;
	int err = region_map(&run->region);

	memset(priv->claim, 0, sizeof(priv->claim));
	if (err || !madvise(run->region.base, run->region.len, MADV_DONTFORK))
		return err;
	set_error("madvise(MADV_DONTFORK): %s", strerror(errno));
	return -errno;
}

static bool is_steered(const struct run *run)
{
	return run->sh->forced || run->opt->steer || run->opt->grid;
}

/* Is this round's schedule about one of these phases? */
static bool steers_to_any(const struct run *run, unsigned int thp, const char *phases)
{
	char word[40];
	size_t len;

	for (; is_steered(run) && phases && *phases; phases += len + strspn(phases + len, " ")) {
		len = strcspn(phases, " ");
		snprintf(word, sizeof(word), ">%.*s", (int)len, phases);
		if (run_steers_to(run, thp, word))
			return true;
	}
	return false;
}

static unsigned int draw_kind(struct run *run, unsigned int thp, struct rng *rng)
{
	const struct direct_priv *priv = run->priv;
	unsigned int i, drawn = rng_below(rng, priv->nr_kinds);

	for (i = 0; i < priv->nr_kinds; i++) {
		if (steers_to_any(run, thp, priv->kind[i]->phases))
			return i;
	}
	return drawn;
}

/*
 * Where nobody else has a reference all are done in turn, so that each is done at
 * all; elsewhere the one that this stops comes only when that has been so.
 */
static const struct beside *draw_beside(struct run *run, unsigned int thp, struct rng *rng)
{
	const struct direct_priv *priv = run->priv;
	unsigned int i, drawn = rng_below(rng, priv->nr_beside);
	u64 before = run->sh->batch * run->nr_thps + thp;

	for (i = 0; i < priv->nr_beside; i++) {
		if (steers_to_any(run, thp, priv->beside[i]->phases))
			return priv->beside[i];
	}
	if (run->fd < 0)
		return priv->beside[before % priv->nr_beside];
	if (run_alone(run, thp))
		return priv->beside[before / 2 % priv->nr_beside];
	while (priv->beside[drawn]->unheld && before / 2 < priv->nr_beside)
		drawn = rng_below(rng, priv->nr_beside);
	return priv->beside[drawn];
}

static unsigned int draw_pages(struct rng *rng)
{
	unsigned int most = env.nr_subpages / 2;

	if (most > DEVICE_PAGES)
		most = DEVICE_PAGES;
	switch (rng_below(rng, 4)) {
	case 0:
		return 1 + rng_below(rng, 16);
	case 1:
		return most;
	default:
		return 1 + rng_below(rng, most);
	}
}

static void draw(struct run *run, unsigned int thp, struct direct_draw *d)
{
	const struct direct_priv *priv = run->priv;
	unsigned int kind;
	bool reclaimed;
	struct rng rng;

	rng_seed(&rng, run->seed, mix64(run->gen, thp), DRAW_LANE);
	memset(d, 0, sizeof(*d));
	kind = draw_kind(run, thp, &rng);
	d->kind = priv->kind[kind];
	d->beside = draw_beside(run, thp, &rng);
	d->variant = rng_next(&rng);
	d->nr = draw_pages(&rng);
	/* There is at least a page on either side. */
	d->first = 1 + rng_below(&rng, env.nr_subpages - d->nr - 1);
	d->nr_side = 1 + rng_below(&rng, MAX_SIDE);
	if (rng_below(&rng, 2)) {
		d->nr_side = d->nr_side < d->first ? d->nr_side : d->first;
		d->side = d->first - d->nr_side;
	} else {
		d->side = d->first + d->nr;
		if (d->nr_side > env.nr_subpages - d->side)
			d->nr_side = env.nr_subpages - d->side;
	}
	reclaimed = !strcmp(d->beside->op, "pageout");
	d->freed = rng_below(&rng, 4) < (reclaimed ? 3 : 1) || (reclaimed && !env.have_swap);
	/* Some of each batch stays as it was filled: a control needs it. */
	d->freed_all = d->freed && thp && rng_below(&rng, 3);
	/* It would be all that is there of a page that was discarded. */
	d->touches = rng_below(&rng, 2) && !d->beside->discards && priv->survives[kind];
}

/* Given up before the write begins: it must not be lost once it is written to. */
static int free_lazily(struct run *run, unsigned int thp, const struct direct_draw *d)
{
	unsigned int first = d->freed_all ? 0 : d->first;
	unsigned int nr = d->freed_all ? env.nr_subpages : d->nr;

	if (!d->freed)
		return 0;
	memset(run_state(run, thp) + first, PG_PATTERN_OR_ZERO, nr);
	if (!madvise(region_thp(&run->region, thp) + first * env.page_size, nr * env.page_size,
		     MADV_FREE))
		return 0;
	set_error("madvise(MADV_FREE): %s", strerror(errno));
	return -errno;
}

/**
 * direct_plan() - both lanes draw the same; the writer prepares the huge page
 * @run: the run
 * @lane: the caller
 * @thp: huge page
 */
static int direct_plan(struct run *run, struct lane *lane, unsigned int thp)
{
	struct direct_priv *priv = run->priv;
	struct direct_draw *d = &priv->draw[lane->id];
	int err;

	draw(run, thp, d);
	lane->variant = d->variant;
	if (lane->id == BESIDE) {
		lane->op = d->beside->op;
		return 0;
	}
	priv->stage = DIRECT_BEFORE;
	priv->turns = 0;
	err = d->beside->prepare ? d->beside->prepare(run, thp, d) : 0;
	if (!err)
		err = free_lazily(run, thp, d);
	/* What was not written, or only in part, is nobody's promise. */
	memset(run_state(run, thp) + d->first, PG_ANY, d->nr);
	return err;
}

/* Bounded; never by a lane that may be parked, which would seem to be blocked. */
static void await(struct run *run, const u32 *what, u32 least, u64 limit_ns)
{
	const struct timespec nap = { .tv_nsec = NAP_NS };
	u64 begin_ns = now_ns();

	while (!is_steered(run) && __atomic_load_n(what, __ATOMIC_ACQUIRE) < least &&
	       !__atomic_load_n(&run->sh->abort, __ATOMIC_RELAXED) &&
	       now_ns() - begin_ns < limit_ns)
		nanosleep(&nap, NULL);
}

static void verify_claim(struct run *run, struct lane *lane, unsigned int thp,
			 const struct direct_claim *claim)
{
	char *base = region_thp(&run->region, thp) + claim->first * env.page_size;
	const struct direct_priv *priv = run->priv;
	struct mismatch bad;
	char what[80];
	unsigned int i;

	snprintf(what, sizeof(what), "a page written through a reference (%s)", claim->kind);
	for (i = 0; i < claim->nr; i++) {
		if (writes_verify(&priv->writes, base + i * env.page_size, i, claim->or_zero,
				  &bad))
			__atomic_fetch_add(&run->sh->lane[lane->id].pages_verified, 1,
					   __ATOMIC_RELAXED);
		else
			content_violation(run, lane, &bad, what);
	}
}

static void touch_all(struct run *run, unsigned int thp, const struct direct_draw *d)
{
	struct direct_priv *priv = run->priv;
	unsigned int i;

	for (i = 0; i < d->nr; i++)
		writes_same(&priv->writes, region_thp(&run->region, thp) +
			    (d->first + i) * env.page_size, i);
}

/*
 * The pages are held from before the write to after it, and the other lane has its
 * turn at each side of it.  While they are held they must not be lost.  Later they
 * may be, if they were given up: an io_uring marks nothing dirty.  So the owner does.
 */
static ssize_t write_held(struct run *run, struct lane *lane, unsigned int thp,
			  const struct direct_draw *d, struct direct_claim *claim)
{
	char *at = region_thp(&run->region, thp) + d->first * env.page_size;
	struct direct_priv *priv = run->priv;
	ssize_t got;
	u32 turns;
	int err;

	err = d->kind->pin(&priv->writes, at, d->nr * env.page_size);
	if (err)
		return err;
	__atomic_store_n(&priv->stage, DIRECT_WRITING, __ATOMIC_RELEASE);
	await(run, &priv->turns, 1, TURN_NS);
	if (d->touches)
		touch_all(run, thp, d);
	got = d->kind->write(&priv->writes, at, d->nr * env.page_size);
	turns = __atomic_load_n(&priv->turns, __ATOMIC_ACQUIRE);
	if (d->variant / 8 % 2)
		await(run, &priv->turns, turns + 1, TURN_NS);
	claim->nr = got > 0 ? got / env.page_size : 0;
	verify_claim(run, lane, thp, claim);
	if (!claim->or_zero)
		touch_all(run, thp, d);
	err = d->kind->unpin(&priv->writes);
	return err ? err : got;
}

static enum act_result write_act(struct run *run, struct lane *lane, unsigned int thp)
{
	struct direct_priv *priv = run->priv;
	const struct direct_draw *d = &priv->draw[WRITER];
	struct direct_claim *claim = &priv->claim[thp];
	ssize_t got;

	*claim = (struct direct_claim){
		.first = d->first, .or_zero = d->beside->discards, .kind = d->kind->name,
		.again = d->freed && d->variant / 16 % 2,
	};
	lane_did(lane, d->first, d->nr, 1);
	if (injected("idle")) {
		got = -EAGAIN;
	} else if (d->kind->pin) {
		got = write_held(run, lane, thp, d, claim);
	} else {
		__atomic_store_n(&priv->stage, DIRECT_WRITING, __ATOMIC_RELEASE);
		got = d->kind->write(&priv->writes, region_thp(&run->region, thp) +
				     d->first * env.page_size, d->nr * env.page_size);
	}
	claim->nr = got > 0 ? got / env.page_size : 0;
	__atomic_store_n(&priv->stage, DIRECT_WRITTEN, __ATOMIC_RELEASE);
	if (claim->nr)
		return ACT_OK;
	/* Where it is protected it cannot be written to. */
	return got == -EFAULT || got == -EAGAIN || got == -ENOMEM ? ACT_BUSY : ACT_FAILED;
}

/* While it is written, and after. */
static enum act_result beside_act(struct run *run, struct lane *lane, unsigned int thp)
{
	struct direct_priv *priv = run->priv;
	const struct direct_draw *d = &priv->draw[BESIDE];
	enum act_result result = ACT_BUSY, got;
	unsigned int turn, after = 0;

	if (d->variant % 8)
		await(run, &priv->stage, DIRECT_WRITING, BEGIN_NS);
	for (turn = 0; turn < d->beside->turns + d->beside->turns_after; turn++) {
		if (turn >= d->beside->turns)
			await(run, &priv->stage, DIRECT_WRITTEN, WRITTEN_NS);
		if (__atomic_load_n(&priv->stage, __ATOMIC_ACQUIRE) == DIRECT_WRITTEN &&
		    turn && after++ >= d->beside->turns_after)
			break;
		got = d->beside->act(run, lane, thp, d);
		if (got == ACT_FAILED || got == ACT_ERROR)
			return got;
		result = got == ACT_OK ? ACT_OK : result;
		__atomic_add_fetch(&priv->turns, 1, __ATOMIC_RELEASE);
	}
	/* Both lanes count as one where there is no session: nothing beside nothing. */
	if (run->fd < 0 && !__atomic_load_n(&priv->claim[thp].nr, __ATOMIC_ACQUIRE))
		return ACT_BUSY;
	return result;
}

static enum act_result direct_act(struct run *run, struct lane *lane, unsigned int thp)
{
	return lane->id == BESIDE ? beside_act(run, lane, thp) : write_act(run, lane, thp);
}

/**
 * direct_after() - what was written is there
 * @run: the run
 * @lane: the caller; the writer looks
 * @thp: huge page
 */
static int direct_after(struct run *run, struct lane *lane, unsigned int thp)
{
	struct direct_priv *priv = run->priv;
	const struct direct_claim *claim = &priv->claim[thp];

	if (lane->id != WRITER || !claim->nr)
		return 0;
	/* Once more, now that the session does not hold it, either. */
	if (claim->again)
		madvise(region_thp(&run->region, thp) + claim->first * env.page_size,
			claim->nr * env.page_size, MADV_PAGEOUT);
	verify_claim(run, lane, thp, claim);
	return 0;
}

#define PHASES_WRITE \
	"pin_pages gup_fast gup_slow follow_trans_huge_pmd follow_page_pte unpin_user_page"
#define PHASES_BESIDE \
	"shrink_folio_list try_to_unmap copy_huge_pmd anon_vma_fork migrate_pages " \
	"change_huge_pmd split_vma unmap_vmas unmap_page_range madvise_free_huge_pmd"
#define INNER_WRITE	"pin_pages gup_fast gup_slow"
#define INNER_BESIDE	"shrink_folio_list copy_huge_pmd unmap_page_range"

const struct scenario scenario_direct = {
	.name = "direct",
	.summary =
		"I/O writes into the huge page (O_DIRECT, io_uring...) beside reclaim, fork, unmap",
	.op = "gup",
	.alone = true,
	.phases = PHASES_WRITE,
	.inner = INNER_WRITE,
	.phases_c = PHASES_BESIDE,
	.inner_c = INNER_BESIDE,
	.workers = 2,
	.weight = WEIGHT_OF_TABLE,
	.touches = direct_touches,
	.why_not = direct_why_not,
	.setup = direct_setup,
	.cleanup = direct_cleanup,
	.map = direct_map,
	.plan = direct_plan,
	.act = direct_act,
	.after = direct_after,
};
