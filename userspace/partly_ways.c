// SPDX-License-Identifier: GPL-2.0
/*
 * The ways in which most of a huge page goes: unmapped, discarded, moved, shared
 *
 * A row each; the scenario draws one.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "env.h"
#include "nodes.h"
#include "part.h"
#include "partly.h"
#include "region.h"
#include "rng.h"
#include "run.h"
#include "util.h"

#define SHRINK_UNDERUSED "/sys/kernel/mm/transparent_hugepage/shrink_underused"
#define MAX_KEEP	4		/* pages that stay mapped */
#define FEW		8		/* pages with content, where the others are zero */
#define MPOL_MF_MOVE	2

/**
 * partly_slot() - a place beside those of the batch
 * @run: the run
 * @slot: which one
 */
char *partly_slot(const struct run *run, enum partly_slot slot)
{
	const struct partly_priv *priv = run->priv;

	return region_thp(&priv->away, 2 * run->nr_thps + slot);
}

/* Where this one may go. */
static char *away_of(const struct run *run, const struct part *part)
{
	const struct partly_priv *priv = run->priv;

	return part->thp < 0 ? partly_slot(run, SLOT_AWAY) : region_thp(&priv->away, 2 * part->thp);
}

/**
 * partly_clear_out() - nothing is mapped there any more, but nobody else gets it
 * @at: address
 * @len: bytes
 *
 * Returns 0, or a negative errno with set_error().
 */
int partly_clear_out(char *at, size_t len)
{
	if (mmap(at, len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE,
		 -1, 0) == at)
		return 0;
	set_error("cannot unmap: %s", strerror(errno));
	return -errno;
}

/**
 * partly_choose_pages() - draw which pages stay
 * @lane: the caller
 * @part: the huge page
 */
void partly_choose_pages(struct lane *lane, struct part *part)
{
	part->nr_keep = 1 + rng_below(&lane->rng, MAX_KEEP);
	part->keep = rng_below(&lane->rng, env.nr_subpages - part->nr_keep + 1);
}

static int make_munmap(struct run *run, struct lane *lane, struct part *part)
{
	(void)lane;
	return part_drop(run, part, true);
}

static int make_zap(struct run *run, struct lane *lane, struct part *part)
{
	(void)lane;
	return part_drop(run, part, false);
}

static int move(char *from, char *to, size_t len)
{
	return mremap(from, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, to) == to ? 0 : -errno;
}

static int move_and_unmap(struct run *run, const struct part *part, unsigned int first,
			  unsigned int nr)
{
	char *away = away_of(run, part) + first * env.page_size;
	size_t len = nr * env.page_size;
	int err;

	if (!nr)
		return 0;
	err = move(part->at + first * env.page_size, away, len);
	if (err)
		return err;
	if (part->thp >= 0)
		memset(run_state(run, part->thp) + first, PG_HOLE, nr);
	return partly_clear_out(away, len);
}

/* What goes is unmapped where it has moved to. */
static int make_moved(struct run *run, struct lane *lane, struct part *part)
{
	unsigned int end = part->keep + part->nr_keep;
	int err = move_and_unmap(run, part, 0, part->keep);

	(void)lane;
	return err ? err : move_and_unmap(run, part, end, env.nr_subpages - end);
}

/*
 * All of it moves to where its PTEs lie in two page tables; what is in one of
 * them is unmapped, mostly in the first.
 */
static int make_straddle(struct run *run, struct lane *lane, struct part *part)
{
	unsigned int behind = 1 + rng_below(&lane->rng, env.nr_subpages / 2);
	unsigned int before = env.nr_subpages - behind;
	char *to = away_of(run, part) + behind * env.page_size;
	int err = move(part->at, to, env.hpage_size);

	if (err)
		return err;
	if (part->thp >= 0)
		memset(run_state(run, part->thp), PG_HOLE, env.nr_subpages);
	part->seen_at = to;
	part->keep = before;
	part->nr_keep = behind;
	return partly_clear_out(to, before * env.page_size);
}

static void child_drops(const struct part *part)
{
	if (part_drop(NULL, part, true))
		_exit(THPRACE_EXIT_ERROR);
}

/* The last PMD goes, while a child has some pages by PTEs. */
static int make_child_keeps(struct run *run, struct lane *lane, struct part *part)
{
	int err = part_fork(part, child_drops);

	(void)lane;
	if (err)
		return err;
	part->owner = part->child;
	if (madvise(part->at, env.hpage_size, MADV_DONTNEED))
		return -errno;
	if (part->thp >= 0)
		memset(run_state(run, part->thp), PG_ZERO, env.nr_subpages);
	return 0;
}

/* The same, but that it is the child that had the PMD, and ends. */
static int make_child_ends(struct run *run, struct lane *lane, struct part *part)
{
	int err = part_fork(part, NULL);

	(void)lane;
	if (!err)
		err = part_drop(run, part, true);
	return err ? err : part_end_child(part);
}

/* Two processes have the same pages, by PTEs. */
static int make_both(struct run *run, struct lane *lane, struct part *part)
{
	int err = part_fork(part, child_drops);

	(void)lane;
	return err ? err : part_drop(run, part, false);
}

/* It was mapped in part before it was shared. */
static int make_then_fork(struct run *run, struct lane *lane, struct part *part)
{
	int err = part_drop(run, part, true);

	(void)lane;
	return err ? err : part_fork(part, NULL);
}

/* One page takes its folio along. */
static int migrate(struct lane *lane, struct part *part)
{
	void *page = part->at + part->keep * env.page_size;
	int node = -1, status = -EBUSY;

	if (syscall(SYS_move_pages, 0, 1UL, &page, NULL, &status, 0) || status < 0)
		return -EAGAIN;
	node = nodes_other(status, lane->variant);
	if (node < 0 ||
	    syscall(SYS_move_pages, 0, 1UL, &page, &node, &status, MPOL_MF_MOVE) ||
	    status != node || page_frame(part->at) == part->head)
		return -EAGAIN;
	part->head = page_frame(part->at);
	return part->head && thp_is_huge(part->at) > 0 ? 0 : -EAGAIN;
}

/* (Newer kernels split what is mapped in part rather than migrate it.) */
static int make_migrated(struct run *run, struct lane *lane, struct part *part)
{
	int err = migrate(lane, part);

	return err ? err : part_drop(run, part, lane->variant % 2);
}

/* Nothing is unmapped, but most is zero: the kernel may know that it is hardly used. */
static int make_underused(struct run *run, struct lane *lane, struct part *part)
{
	unsigned int i;

	for (i = FEW; i < env.nr_subpages; i++)
		memset(part->at + i * env.page_size, 0, env.page_size);
	part->keep = 0;
	part->nr_keep = FEW;
	if (part->thp >= 0)
		memset(run_state(run, part->thp) + FEW, PG_ZERO, env.nr_subpages - FEW);
	return migrate(lane, part);
}

static bool knob_says(const char *path, const char *value)
{
	char text[32];

	if (read_text(path, text, sizeof(text)) <= 0)
		return false;
	text[strcspn(text, "\n")] = '\0';
	return !strcmp(text, value);
}

static const char *underused_why_not(void)
{
	if (!knob_says(SHRINK_UNDERUSED, "1"))
		return "this kernel does not split huge pages that are hardly used";
	return knob_says(MAX_NONE_KNOB, MAX_ZEROES) ?
	       nodes_why_not() : "as it is set, zero pages make no huge page worth splitting";
}

const struct partly_way partly_ways[] = {
	{ .op = "munmap", .make = make_munmap, .text = "its other pages were unmapped" },
	{ .op = "zap", .make = make_zap, .text = "its other pages were discarded" },
	{ .op = "mremap", .make = make_moved,
	  .text = "its other pages were moved away and unmapped" },
	{ .op = "mremap", .make = make_straddle,
	  .text = "it lies across two page tables, one part was unmapped" },
	{ .op = "zap", .make = make_child_keeps,
	  .text = "its last PMD went while a child had some pages" },
	{ .op = "exit", .make = make_child_ends,
	  .text = "the child with its last PMD ended" },
	{ .op = "zap", .make = make_both,
	  .text = "a child and its parent gave up the same pages" },
	{ .op = "fork", .make = make_then_fork,
	  .text = "its other pages were unmapped, then it was shared by fork" },
	{ .op = "munmap", .make = make_migrated, .why_not = nodes_why_not,
	  .text = "it was migrated, then other pages were unmapped" },
	{ .op = "migrate", .make = make_underused, .why_not = underused_why_not, .zeroes = true,
	  .text = "most of it is zero, and it was migrated" },
};

const unsigned int nr_partly_ways = ARRAY_SIZE(partly_ways);

/**
 * partly_can_be_raced() - may a split be beside it?
 * @way: one of partly_ways[]
 */
bool partly_can_be_raced(const struct partly_way *way)
{
	/* A folio that others refer to is not migrated. */
	return way->make != make_migrated && way->make != make_underused;
}
