// SPDX-License-Identifier: GPL-2.0
/*
 * A thread writes while another one forks
 *
 * It writes a word to each page of the huge page, in an order of the seed, about as
 * long as a fork takes.  The child must have the first writes and none of the
 * others, whatever part of the page tables was copied when: a page fault must wait
 * until all are.  What the child has may not change any more.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "env.h"
#include "phases.h"
#include "region.h"
#include "rng.h"
#include "run.h"
#include "scenario.h"
#include "scenario_child.h"
#include "snapshot.h"
#include "util.h"
#include "verify.h"

#ifndef MADV_DONTDUMP
#define MADV_DONTDUMP	16
#endif
#define ORDER_LANE	(~0ULL - 6)	/* choices that all lanes share */
#define FORKER		1		/* worker; the other one writes */
#define LEAST_NS	(200 * NSEC_PER_USEC)
#define MOST_NS		(20 * NSEC_PER_MSEC)
#define FORKS		2		/* that the writes take as long as */
#define VMAS		6		/* with pages that a fork copies, about */
#define WEIGHT		2		/* in half of its rounds nobody splits */

/* Shared with the children. */
struct fork_write {
	struct child_order child;
	unsigned int written[MAX_THPS];	/* pages, in this batch */
	u64 *old;			/* all arrays: of a page each; a child has copies */
	u64 *seen;
	u64 *words;
	u16 *order;
};

static u64 *word_of(const struct run *run, unsigned int thp, unsigned int page)
{
	char *end = region_thp(&run->region, thp) + (page + 1) * env.page_size;

	return (u64 *)end - 1;
}

static u64 key_of(const struct run *run, unsigned int thp)
{
	return mix64(run->seed, mix64(run->gen, thp));
}

/* The same for all who ask, in whatever process. */
static void find_order(const struct run *run, unsigned int thp, u16 *order)
{
	struct rng rng;

	rng_seed(&rng, run->seed, mix64(run->gen, thp), ORDER_LANE);
	snapshot_order(&rng, order, env.nr_subpages);
}

/* What was in the words before. */
static void find_old(struct run *run, unsigned int thp, u64 *old)
{
	const u8 *state = run_state(run, thp);
	unsigned int i;

	for (i = 0; i < env.nr_subpages; i++) {
		char *page = region_thp(&run->region, thp) + i * env.page_size;
		struct pattern pattern = page_pattern(page, run->gen);

		old[i] = state[i] == PG_ZERO ? 0 :
			 pattern_word(&pattern, env.page_size / sizeof(u64) - 1);
	}
}

static void read_words(const struct run *run, unsigned int thp, u64 *words)
{
	unsigned int i;

	for (i = 0; i < env.nr_subpages; i++)
		words[i] = __atomic_load_n(word_of(run, thp, i), __ATOMIC_RELAXED);
}

/* What is verified then is as if nobody had written. */
static void set_back(const struct run *run, unsigned int thp, const u64 *words, const u64 *old)
{
	unsigned int i;

	for (i = 0; i < env.nr_subpages; i++) {
		if (words[i] != old[i])
			*word_of(run, thp, i) = old[i];
	}
}

static void report(struct run *run, struct lane *lane, unsigned int thp,
		   const struct snapshot_bad *from)
{
	struct mismatch bad = {
		.addr = region_thp(&run->region, thp) + from->page * env.page_size,
		.offset = env.page_size - sizeof(u64),
		.want = from->want,
		.got = from->got,
	};

	content_violation(run, lane, &bad, from->what);
}

/* The child, as soon as there is one. */
static void look_first(struct run *run, struct lane *lane, unsigned int thp)
{
	struct fork_write *fw = run->priv;
	struct snapshot_bad bad;

	find_order(run, thp, fw->order);
	find_old(run, thp, fw->old);
	read_words(run, thp, fw->seen);
	/* The positive control: it lacks the first write, if it has the second. */
	if (injected("snapshot"))
		fw->seen[fw->order[0]] = fw->old[fw->order[0]];
	if (!snapshot_holds(fw->seen, fw->old, fw->order, env.nr_subpages, key_of(run, thp), &bad))
		report(run, lane, thp, &bad);
}

/* The child, when its parent has written all. */
static void look_again(struct run *run, struct lane *lane, unsigned int thp)
{
	struct fork_write *fw = run->priv;
	struct snapshot_bad bad = { .what = "a page of a forked process that has changed" };
	unsigned int i;

	read_words(run, thp, fw->words);
	for (i = 0; i < env.nr_subpages; i++) {
		if (fw->words[i] == fw->seen[i] || injected("snapshot"))
			continue;
		bad.page = i;
		bad.want = fw->seen[i];
		bad.got = fw->words[i];
		report(run, lane, thp, &bad);
		break;
	}
	set_back(run, thp, fw->words, fw->old);
}

static const struct child_hooks hooks = { .begin = look_first, .end = look_again };

/* Sometimes it is two VMAs, which a fork copies one after the other. */
static int divide(struct run *run, struct lane *lane, unsigned int thp)
{
	unsigned int first = 1 + rng_below(&lane->rng, env.nr_subpages - 1);
	char *at = region_thp(&run->region, thp) + first * env.page_size;

	if (!rng_below(&lane->rng, 2) ||
	    !madvise(at, (env.nr_subpages - first) * env.page_size, MADV_DONTDUMP))
		return 0;
	set_error("madvise(MADV_DONTDUMP): %s", strerror(errno));
	return -errno;
}

static int fork_write_plan(struct run *run, struct lane *lane, unsigned int thp)
{
	int err;

	if (lane->id != FORKER) {
		struct fork_write *fw = run->priv;

		lane->op = "cow";
		find_order(run, thp, fw->order);
		return 0;
	}
	lane->op = "fork";
	err = fork_plan(run, lane, thp);
	return err ? err : divide(run, lane, thp);
}

/* As long as some forks take, that any write may meet any part of one. */
static enum act_result write_all(struct run *run, struct lane *lane, unsigned int thp)
{
	u64 fork_ns = FORKS * run->sh->lane[FORKER].mean_ns, begin_ns = now_ns();
	struct fork_write *fw = run->priv;
	u64 key = key_of(run, thp);
	unsigned int i;

	if (fork_ns < LEAST_NS)
		fork_ns = LEAST_NS;
	else if (fork_ns > MOST_NS)
		fork_ns = MOST_NS;
	lane_did(lane, 0, env.nr_subpages, 1);
	for (i = 0; i < env.nr_subpages; i++) {
		__atomic_store_n(word_of(run, thp, fw->order[i]), snapshot_word(key, i),
				 __ATOMIC_RELEASE);
		fw->written[thp] = i + 1;
		while (now_ns() - begin_ns < fork_ns * (i + 1) / env.nr_subpages)
			;
	}
	return ACT_OK;
}

static enum act_result fork_write_act(struct run *run, struct lane *lane, unsigned int thp)
{
	return lane->id == FORKER ? fork_child(run, lane, thp, &hooks) :
				    write_all(run, lane, thp);
}

/* The parent has all that was written; then all goes on as after any fork. */
static int fork_write_after(struct run *run, struct lane *lane, unsigned int thp)
{
	struct fork_write *fw = run->priv;
	struct snapshot_bad bad;

	if (lane->id != FORKER)
		return 0;
	find_order(run, thp, fw->order);
	find_old(run, thp, fw->old);
	read_words(run, thp, fw->words);
	if (!snapshot_kept(fw->words, fw->old, fw->order, env.nr_subpages, fw->written[thp],
			   key_of(run, thp), &bad))
		report(run, lane, thp, &bad);
	set_back(run, thp, fw->words, fw->old);
	return fork_after(run, lane, thp);
}

static int fork_write_map(struct run *run)
{
	struct fork_write *fw = run->priv;

	memset(fw->written, 0, sizeof(fw->written));
	return fork_map(run);
}

static int fork_write_setup(struct run *run)
{
	int err = child_share(run, sizeof(struct fork_write));
	struct fork_write *fw = run->priv;

	if (err)
		return err;
	fw->old = calloc(env.nr_subpages, sizeof(*fw->old));
	fw->seen = calloc(env.nr_subpages, sizeof(*fw->seen));
	fw->words = calloc(env.nr_subpages, sizeof(*fw->words));
	fw->order = calloc(env.nr_subpages, sizeof(*fw->order));
	if (fw->old && fw->seen && fw->words && fw->order)
		return 0;
	set_error("out of memory");
	return -ENOMEM;
}

static void fork_write_cleanup(struct run *run)
{
	struct fork_write *fw = run->priv;

	if (fw) {
		free(fw->old);
		free(fw->seen);
		free(fw->words);
		free(fw->order);
	}
	child_cleanup(run);
}

const struct scenario scenario_fork_write = {
	.name = "fork-write",
	.summary = "a thread writes while another one forks: the child has the first of its writes",
	.op = "fork",
	.alone = true,
	.phases = PHASES_FORK " copy_page_range",
	.inner = INNER_FORK " copy_page_range",
	.inner_times = VMAS,
	.phases_c = PHASES_COW,
	.inner_c = INNER_COW,
	.workers = 2,
	.weight = WEIGHT,
	.setup = fork_write_setup,
	.cleanup = fork_write_cleanup,
	.map = fork_write_map,
	.plan = fork_write_plan,
	.act = fork_write_act,
	.after = fork_write_after,
};
