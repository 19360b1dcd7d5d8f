// SPDX-License-Identifier: GPL-2.0
/*
 * What the lanes of a running scenario know of it
 */
#include <string.h>
#include <sys/mman.h>

#include "env.h"
#include "region.h"
#include "rng.h"
#include "run.h"
#include "scenario.h"
#include "storm.h"
#include "tally.h"
#include "util.h"

#define ALONE_BATCHES	2

static void *place(char **at, size_t size)
{
	const size_t align = alignof(struct shared);
	void *here = *at;

	*at += (size + align - 1) & ~(align - 1);
	return here;
}

/* Puts the parts whose size is known only now behind the rest. */
static size_t lay_out(struct shared *sh, u32 room, char *begin)
{
	char *at = begin;
	unsigned int i;

	place(&at, sizeof(*sh));
	for (i = 0; i < ARRAY_SIZE(sh->stamp); i++)
		sh->stamp[i] = place(&at, room * sizeof(*sh->stamp[i]));
	sh->thp_round = place(&at, room * sizeof(*sh->thp_round));
	sh->pair = place(&at, room * sizeof(*sh->pair));
	sh->huge = place(&at, room * sizeof(*sh->huge));
	sh->order = place(&at, room * sizeof(*sh->order));
	sh->folios = place(&at, room * sizeof(*sh->folios));
	return at - begin;
}

/**
 * run_shared() - memory that a scenario's processes share with main and the keeper
 * @room: for so many huge pages at a time
 *
 * Returns NULL, with set_error(), when there is none.
 */
struct shared *run_shared(u32 room)
{
	static struct shared counted;
	size_t bytes = lay_out(&counted, room, (char *)&counted);
	struct shared *sh = map_shared(bytes);

	if (!sh)
		return NULL;
	lay_out(sh, room, (char *)sh);
	sh->room = room;
	sh->bytes = bytes;
	return sh;
}

/**
 * run_shared_free() - give it back
 * @sh: from run_shared()
 */
void run_shared_free(struct shared *sh)
{
	munmap(sh, sh->bytes);
}

/**
 * run_reset() - nothing was counted, nobody is there
 * @sh: before the process of a scenario is forked
 */
void run_reset(struct shared *sh)
{
	memset(sh, 0, offsetof(struct shared, tally));
	memset(sh->huge, 0, sh->room * sizeof(*sh->huge));
	memset(sh->order, 0, sh->room * sizeof(*sh->order));
	memset(sh->folios, 0, sh->room * sizeof(*sh->folios));
	tally_reset(&sh->tally[0]);
	tally_reset(&sh->tally[1]);
}

/**
 * run_tally() - what the session has reported last
 * @run: the run
 */
struct tally *run_tally(const struct run *run)
{
	struct shared *sh = run->sh;

	return &sh->tally[__atomic_load_n(&sh->tally_now, __ATOMIC_ACQUIRE) % 2];
}

/**
 * run_violations() - all that are known so far, of this pass
 * @run: the run
 */
u64 run_violations(const struct run *run)
{
	const struct shared *sh = run->sh;

	return run_tally(run)->violations +
	       __atomic_load_n(&sh->nr_violations, __ATOMIC_RELAXED) +
	       __atomic_load_n(&sh->nr_outside, __ATOMIC_RELAXED);
}

u8 *run_state(struct run *run, unsigned int thp)
{
	return run->state + (size_t)thp * env.nr_subpages;
}

/**
 * run_view() - where the calling process has a huge page
 * @run: the run
 * @thp: which
 */
char *run_view(const struct run *run, unsigned int thp)
{
	return region_thp(&run->region, thp) + run->shift;
}

/**
 * run_has_procs() - are the workers processes?
 * @run: the run
 */
bool run_has_procs(const struct run *run)
{
	return run->sc->shape != SHAPE_THREADS;
}

/**
 * run_begin_batch() - what a process knows of the batch by its number alone
 * @run: the run
 */
void run_begin_batch(struct run *run)
{
	run->gen = mix64(run->seed, run->sh->batch);
	run->full_verify = run->sh->batch % 4 == 0;
	memset(run->state, PG_PATTERN, (size_t)run->nr_thps * env.nr_subpages);
}

/**
 * run_alone() - is this huge page's op done without a split beside it?
 * @run: the run
 * @thp: huge page
 *
 * What an op leaves huge and mapped in part has states of its own, and must
 * still be splittable when all is quiet; and some ops want pages that nobody
 * holds.  One in every other batch, early in it; half of them where the
 * scenario says so.
 */
bool run_alone(const struct run *run, unsigned int thp)
{
	if (run->fd < 0 || run->opt->grid || run->opt->steer)
		return false;
	if (run->sc->alone)
		return thp % 2;
	return thp == 1 && run->sh->batch % ALONE_BATCHES == 0;
}

/* Pages that a lane writes after the race carry its own generation. */
u64 own_gen(const struct run *run, const struct lane *lane)
{
	return mix64(run->gen, lane->id + 1);
}

/* The same for all lanes: what one writes, another may verify. */
u64 rewritten_gen(const struct run *run)
{
	return mix64(run->gen, ~0ULL);
}

/**
 * lane_did() - the op of this round is about these pages
 * @lane: the caller, in its act()
 * @first: subpage
 * @nr: how many
 * @stride: from one to the next, in subpages
 *
 * For the report only.
 */
void lane_did(struct lane *lane, unsigned int first, unsigned int nr, unsigned int stride)
{
	lane->did_known = true;
	lane->did = (struct piece){ .first = first, .nr = nr, .stride = stride };
}

/**
 * run_steers_to() - does the schedule of this round go there?
 * @run: the run
 * @thp: huge page of the round
 * @phase: name of a phase
 */
bool run_steers_to(const struct run *run, unsigned int thp, const char *phase)
{
	const char *schedule = run->opt->steer;

	if (!schedule && run->sh->forced)
		schedule = run->res->program.round[thp % STORM_ROUNDS].schedule;
	return schedule && strstr(schedule, phase);
}

/**
 * run_overlapped() - were two lanes at a huge page at once, in its last round?
 * @run: the run
 * @thp: which
 *
 * By our own stamps.
 */
bool run_overlapped(const struct run *run, unsigned int thp)
{
	unsigned int i, j;

	for (i = 0; i <= run->nr_workers; i++) {
		const struct stamp *a = &run->sh->stamp[i][thp];

		for (j = 0; j < i; j++) {
			const struct stamp *b = &run->sh->stamp[j][thp];

			if (a->end_ns && b->end_ns && a->begin_ns < b->end_ns &&
			    b->begin_ns < a->end_ns)
				return true;
		}
	}
	return false;
}
