// SPDX-License-Identifier: GPL-2.0
/*
 * What rounds and batches bring that is new
 *
 * Called by round.c at the end of a round, and by engine.c when a batch was raced and
 * nobody is at it; in the scenario's own process.  Reads what is at hand: stamps, the
 * schedule that was met, and of a few pages of each huge page what /proc says.
 */
#include <string.h>

#include "cover.h"
#include "cover_look.h"
#include "env.h"
#include "pair.h"
#include "proc_page.h"
#include "region.h"
#include "result.h"
#include "rng.h"
#include "run.h"
#include "scenario.h"
#include "storm.h"
#include "util.h"

#define LANES_APART	3		/* the others by how many of them did what */
#define MAX_SUBPAGES	0x2000
#define NR_LOOKS	3		/* at the folios of a huge page */

/* Those that do not come and go by themselves. */
#define STATE_FLAGS							\
	(BIT_ULL(KPF_DIRTY) | BIT_ULL(KPF_LRU) | BIT_ULL(KPF_ACTIVE) | BIT_ULL(KPF_WRITEBACK) |	\
	 BIT_ULL(KPF_ANON) | BIT_ULL(KPF_SWAPCACHE) | BIT_ULL(KPF_SWAPBACKED) |			\
	 BIT_ULL(KPF_UNEVICTABLE) | BIT_ULL(KPF_KSM) | BIT_ULL(KPF_THP) |			\
	 BIT_ULL(KPF_ZERO_PAGE) | BIT_ULL(KPF_MLOCKED))

static void see(struct run *run, enum cover_kind kind, u64 key)
{
	cover_see(run->cover, kind, key, now_ns() - run->start_ns);
}

static u64 hash_text(u64 hash, const char *text, size_t len)
{
	while (len--)
		hash = mix64(hash, (unsigned char)*text++);
	return hash;
}

/* Each op of a program behind the one before. */
static void see_program(struct run *run, const struct storm_round *round)
{
	unsigned int before = ~0U, i;

	for (i = 0; i < round->nr; i++) {
		see(run, COVER_OUTCOME,
		    mix64(mix64(before, round->op[i].kind), round->op[i].result));
		before = round->op[i].kind;
	}
}

/**
 * cover_round() - what came of the ops of a round
 * @run: the run
 * @thp: huge page
 *
 * Which ops, how each has ended, and whether any two of them were at it at once.
 */
void cover_round(struct run *run, unsigned int thp)
{
	unsigned int many[ACT_ERROR + 1] = { 0 }, i;
	u64 key = 0;

	if (!run->cover)
		return;
	for (i = 0; i <= run->nr_workers; i++) {
		const struct stamp *s = &run->sh->stamp[i][thp];

		if (!s->end_ns)
			continue;
		if (i >= LANES_APART) {
			many[s->result <= ACT_ERROR ? s->result : ACT_ERROR]++;
			continue;
		}
		key = hash_text(mix64(key, i + 1), s->op, strlen(s->op));
		if (i && run->sc->pairs)
			key = mix64(key, run->sh->pair[thp].op[i - 1]);
		key = mix64(mix64(key, s->result), s->err);
	}
	/* None, one, several. */
	for (i = 0; i < ARRAY_SIZE(many); i++)
		key = mix64(key, many[i] > 1 ? 2 : many[i]);
	see(run, COVER_OUTCOME, mix64(key, run_overlapped(run, thp)));
	if (run->sc->mixed)
		see_program(run, &run->res->program.round[thp % STORM_ROUNDS]);
}

/* The phase of a step "b>unmap_vmas#2", or 0: of "b>end". */
static size_t phase_len(const char *step)
{
	size_t len = strcspn(step + 2, "# ");

	return len == strlen("end") && !strncmp(step + 2, "end", len) ? 0 : len;
}

/**
 * cover_met() - all points of a schedule were reached
 * @run: the run
 * @schedule: it
 *
 * Two phases of two lanes are a pair when one follows the other in the schedule: the
 * first lane was still there when the second one came.
 */
void cover_met(struct run *run, const char *schedule)
{
	const char *before = NULL, *step;
	u64 a, b;

	for (step = schedule; run->cover && *step && step[1]; step += strspn(step, " ")) {
		if (before && phase_len(before) && phase_len(step) && *before != *step) {
			a = hash_text(*before, before + 1, 1 + phase_len(before));
			b = hash_text(*step, step + 1, 1 + phase_len(step));
			/* Either may have come first. */
			see(run, COVER_PHASES, *before < *step ? mix64(a, b) : mix64(b, a));
		}
		before = step;
		step += strcspn(step, " ");
	}
}

static unsigned int head_of(const u64 *flags, unsigned int at)
{
	while (at && flags[at] >> KPF_COMPOUND_TAIL & 1)
		at--;
	return at;
}

static unsigned int order_of(const u64 *flags, unsigned int head)
{
	unsigned int nr = 1, order = 0;

	while (head + nr < env.nr_subpages && flags[head + nr] >> KPF_COMPOUND_TAIL & 1)
		nr++;
	while (nr >> (order + 1))
		order++;
	return order;
}

static u64 class_of_entry(u64 entry)
{
	if (!(entry & (PM_PRESENT | PM_SWAP)))
		return 0;
	return entry & (PM_PRESENT | PM_SWAP | PM_FILE | PM_EXCLUSIVE | PM_UFFD_WP);
}

/* Flags of all frames of an aligned range, those of the last look or read now. */
struct frames {
	u64 first;			/* 0: none yet */
	u64 flags[MAX_SUBPAGES];
};

static void see_folio(struct run *run, struct frames *f, u64 entry)
{
	u64 pfn = entry & PM_PFRAME_MASK, first = pfn - pfn % env.nr_subpages, count = 0;
	unsigned int head;

	if (!pfn || (f->first != first && page_flags(first, f->flags, env.nr_subpages)) ||
	    page_count(pfn, &count))
		return;
	f->first = first;
	head = head_of(f->flags, pfn - first);
	see(run, COVER_STATE, mix64(mix64(order_of(f->flags, head), class_of_entry(entry)),
				    mix64(count > 2 ? 3 : count, f->flags[head] & STATE_FLAGS)));
}

static void see_huge_page(struct run *run, unsigned int thp)
{
	static u64 entry[MAX_SUBPAGES];
	static struct frames frames;
	u64 classes = 0;
	unsigned int i;

	if (pagemap_entries(region_thp(&run->region, thp), entry, env.nr_subpages))
		return;
	/* What there is beside each other. */
	for (i = 0; i < env.nr_subpages; i++)
		classes |= BIT_ULL(mix64(class_of_entry(entry[i]), 0) % 64);
	see(run, COVER_STATE, mix64(classes, ~0ULL));
	frames.first = 0;
	for (i = 0; i < NR_LOOKS; i++) {
		u64 at = entry[i * (env.nr_subpages - 1) / (NR_LOOKS - 1)];

		if (at & PM_PRESENT)
			see_folio(run, &frames, at);
	}
}

/**
 * cover_states() - how the huge pages of a batch look when it was raced
 * @run: the run
 *
 * As the calling process has them mapped.
 */
void cover_states(struct run *run)
{
	unsigned int thp;

	for (thp = 0; run->cover && thp < run->nr_thps; thp++) {
		if (run->huge[thp] && env.nr_subpages <= MAX_SUBPAGES)
			see_huge_page(run, thp);
	}
}
