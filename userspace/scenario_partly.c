// SPDX-License-Identifier: GPL-2.0
/*
 * Most of a huge page is unmapped, in one of many ways: the memory comes back
 *
 * In half of the rounds a split meets that.  In the others nobody has a
 * reference: then the group is squeezed, and what is not mapped must become free
 * (reclaim_progress), or all is left as it is for the checks of the batch.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "cgroup.h"
#include "env.h"
#include "nodes.h"
#include "options.h"
#include "part.h"
#include "phases.h"
#include "promise.h"
#include "region.h"
#include "rng.h"
#include "run.h"
#include "scenario.h"
#include "touch.h"
#include "util.h"
#include "verify.h"

#define THP_SYSFS	"/sys/kernel/mm/transparent_hugepage"
#define MAX_ZEROES	"64"		/* pages; the pattern has fewer */
#define MAX_KEEP	4		/* pages that stay mapped */
#define FEW		8		/* pages with content, where the others are zero */
#define SQUEEZES	8
#define STRIKES		3		/* another one was split, this one not */
#define IN_A_ROW	3		/* huge pages, all treated alike */
#define CHARGE_LOOKS	20
#define NAP_NS		(5 * NSEC_PER_MSEC)
#define MPOL_MF_MOVE	2

/* Of scratch: beside the places of the batch's huge pages. */
enum slot { SLOT_CONTROL, SLOT_TARGET, SLOT_AWAY, SLOT_AWAY_TOO, NR_SLOTS };

enum outcome { CAME_BACK, STAYED, STAYED_CHARGED, NOT_KNOWN };

struct partly_priv {
	struct region away;		/* two for each of the batch, then the slots */
	unsigned int turn;		/* of the ways, where nobody splits */
	struct part left[MAX_THPS];	/* for the checks of the batch */
};

struct way {
	const char *op;
	const char *text;
	int (*make)(struct run *run, struct lane *lane, struct part *part);
	bool zeroes;			/* all but a few are zero, nothing is unmapped */
	const char *(*why_not)(void);
};

static char *slot_of(const struct run *run, enum slot slot)
{
	const struct partly_priv *priv = run->priv;

	return region_thp(&priv->away, 2 * run->nr_thps + slot);
}

/* Where this one may go. */
static char *away_of(const struct run *run, const struct part *part)
{
	const struct partly_priv *priv = run->priv;

	return part->thp < 0 ? slot_of(run, SLOT_AWAY) : region_thp(&priv->away, 2 * part->thp);
}

static int clear_out(char *at, size_t len)
{
	if (mmap(at, len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE,
		 -1, 0) == at)
		return 0;
	set_error("cannot unmap: %s", strerror(errno));
	return -errno;
}

/* A huge page beside those of the batch; all of it is @byte. */
static int make_fresh(struct part *part, char *at, int byte)
{
	if (mmap(at, env.hpage_size, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != at)
		return -errno;
	madvise(at, env.hpage_size, MADV_HUGEPAGE);
	memset(at, byte, env.hpage_size);
	return part_begin(part, at, -1);
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
	return clear_out(away, len);
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
	return clear_out(to, before * env.page_size);
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
	if (!knob_says(THP_SYSFS "/shrink_underused", "1"))
		return "this kernel does not split huge pages that are hardly used";
	return knob_says(THP_SYSFS "/khugepaged/max_ptes_none", MAX_ZEROES) ?
	       nodes_why_not() : "as it is set, zero pages make no huge page worth splitting";
}

static const struct way ways[] = {
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

static bool can_be_raced(const struct way *way)
{
	/* A folio that others refer to is not migrated. */
	return way->make != make_migrated && way->make != make_underused;
}

/* In most rounds without a split memory is asked back; the rest is left for the checks. */
static bool is_asked_back(const struct run *run, unsigned int thp)
{
	return run->sh->solo && thp % 8 != 7;
}

/* All in turn where that matters most. */
static const struct way *draw_way(struct run *run, struct lane *lane, unsigned int thp)
{
	struct partly_priv *priv = run->priv;
	const struct way *way;
	unsigned int n;

	/* The schedule is of this one's phases. */
	if (run->sh->forced)
		return &ways[0];
	do {
		n = is_asked_back(run, thp) ? priv->turn++ : rng_next(&lane->rng);
		way = &ways[n % ARRAY_SIZE(ways)];
	} while (run->sh->solo ? way->why_not && way->why_not() : !can_be_raced(way));
	return way;
}

static int partly_plan(struct run *run, struct lane *lane, unsigned int thp)
{
	const struct way *way = draw_way(run, lane, thp);

	lane->variant = way - ways;
	lane->op = is_asked_back(run, thp) ? "reclaim" : way->op;
	if (!madvise(region_thp(&run->region, thp), env.hpage_size, MADV_DOFORK))
		return 0;
	set_error("madvise(MADV_DOFORK): %s", strerror(errno));
	return -errno;
}

static void choose_pages(struct lane *lane, struct part *part)
{
	part->nr_keep = 1 + rng_below(&lane->rng, MAX_KEEP);
	part->keep = rng_below(&lane->rng, env.nr_subpages - part->nr_keep + 1);
}

static void nap(unsigned int times)
{
	const struct timespec ts = { .tv_nsec = times * NAP_NS };

	nanosleep(&ts, NULL);
}

/*
 * Another one that is to be split, made in the simplest way.  Where it is, the
 * kernel has looked at what the group has to give.
 */
static int make_control(struct run *run, const struct way *way, struct part *control)
{
	int err = make_fresh(control, slot_of(run, SLOT_CONTROL), way->zeroes ? 0 : 1);
	unsigned int i;

	if (err)
		return err;
	control->keep = 0;
	control->nr_keep = 1;
	if (!way->zeroes)
		return part_drop(NULL, control, true);
	for (i = 0; i < control->nr_keep; i++)
		control->at[i * env.page_size] = 1;
	return 0;
}

/* What was unmapped is charged no more; half of it will do, as others may have taken some. */
static bool uncharged(struct run *run, const struct part *part, u64 before)
{
	u64 gone = (env.nr_subpages - part->nr_keep) * env.page_size;
	unsigned int i;

	for (i = 0; i < CHARGE_LOOKS; i++) {
		if (cgroup_charged(run->cgroup) + gone / 2 <= before)
			return true;
		nap(1);
	}
	return false;
}

/* The positive control sees none that was split. */
static enum part_state look(const struct part *part)
{
	return injected("stays") ? PART_LARGE : part_look(part);
}

/*
 * Squeezes the group until what is not mapped is free; bounded.  The first time only
 * until there is less than before; later for as long as the kernel tries.
 */
static enum outcome squeeze(struct run *run, const struct way *way, const struct part *part)
{
	unsigned int i, strikes = 0;
	enum part_state state;
	struct part control;
	u64 before;
	int err;

	for (i = 0; i < SQUEEZES && strikes < STRIKES; i++) {
		if (i)
			nap(1 << i / 2);
		if (make_control(run, way, &control))
			continue;
		before = cgroup_charged(run->cgroup);
		/* Nothing is said of what was split before it was asked for. */
		if (look(part) != PART_LARGE || part_look(&control) != PART_LARGE)
			break;
		err = (i ? cgroup_reclaim : cgroup_squeeze)(run->cgroup, before,
							    env.hpage_size / 2);
		if (err && err != -EAGAIN)
			break;
		state = look(part);
		if (state == PART_SPLIT && !before)
			return CAME_BACK;
		if (state == PART_SPLIT)
			return uncharged(run, part, before) ? CAME_BACK : STAYED_CHARGED;
		if (state != PART_LARGE)
			break;
		strikes += part_look(&control) == PART_SPLIT;
	}
	return strikes == STRIKES ? STAYED : NOT_KNOWN;
}

/* The same with a huge page of its own. */
static enum outcome once_more(struct run *run, struct lane *lane, const struct way *way)
{
	enum outcome outcome = NOT_KNOWN;
	struct part part;

	if (!make_fresh(&part, slot_of(run, SLOT_TARGET), 1)) {
		choose_pages(lane, &part);
		if (!way->make(run, lane, &part))
			outcome = squeeze(run, way, &part);
		part_end_child(&part);
	}
	return outcome;
}

static void stayed(struct run *run, struct lane *lane, const struct way *way,
		   const struct part *part, enum outcome outcome)
{
	struct violation v = {
		.addr = (unsigned long)part->seen_at + part->keep * env.page_size,
		.thp = (unsigned long)part->at,
		.pfn = part->head,
	};

	snprintf(v.want, sizeof(v.want), "0");
	snprintf(v.got, sizeof(v.got), "%u", env.nr_subpages - part->nr_keep);
	snprintf(v.detail, sizeof(v.detail), "pages that %s under pressure, of %d huge pages: %s",
		 outcome == STAYED ? "are not split off" : "are split off and charged still",
		 IN_A_ROW, way->text);
	promise_broken(run, lane, THPRACE_CHECK_RECLAIM_PROGRESS, &v);
}

static enum act_result ask_back(struct run *run, struct lane *lane, const struct way *way,
				struct part *part)
{
	enum outcome outcome = squeeze(run, way, part);
	unsigned int i;

	for (i = 1; i < IN_A_ROW; i++) {
		if (outcome != STAYED && outcome != STAYED_CHARGED)
			break;
		if (once_more(run, lane, way) != outcome)
			return ACT_BUSY;
	}
	clear_out(slot_of(run, SLOT_CONTROL), NR_SLOTS * env.hpage_size);
	if (outcome == NOT_KNOWN)
		return ACT_BUSY;
	if (outcome == CAME_BACK)
		promise_held(run, lane, THPRACE_CHECK_RECLAIM_PROGRESS, 1);
	else
		stayed(run, lane, way, part, outcome);
	return outcome == CAME_BACK ? ACT_OK : ACT_BUSY;
}

static enum act_result partly_act(struct run *run, struct lane *lane, unsigned int thp)
{
	struct partly_priv *priv = run->priv;
	const struct way *way = &ways[lane->variant];
	struct part *part = &priv->left[thp];
	char *base = region_thp(&run->region, thp);
	enum act_result result = ACT_OK;
	int err = part_begin(part, base, thp);

	/* A split that was faster: the pages go all the same. */
	if (err && run->sh->solo)
		return ACT_BUSY;
	choose_pages(lane, part);
	lane_did(lane, part->keep, part->nr_keep, 1);
	err = way->make(run, lane, part);
	/* One is enough, and others need not have it. */
	madvise(base, env.hpage_size, MADV_DONTFORK);
	if (err)
		return ACT_BUSY;
	if (is_asked_back(run, thp)) {
		result = injected("idle") ? ACT_BUSY : ask_back(run, lane, way, part);
		part_end_child(part);
	}
	if (part->child) {
		run->extra[thp] = part->child;
		if (run->nr_extra <= thp)
			run->nr_extra = thp + 1;
	}
	return result;
}

/* What has moved must have arrived. */
static void verify_moved(struct run *run, struct lane *lane, const struct part *part)
{
	struct mismatch bad;
	unsigned int i;

	for (i = part->keep; i < part->keep + part->nr_keep; i++) {
		size_t offset = i * env.page_size;

		if (page_verify(part->seen_at + offset, part->at + offset, run->gen, &bad))
			run->sh->lane[lane->id].pages_verified++;
		else
			content_violation(run, lane, &bad, "a page that was moved");
	}
}

/**
 * partly_after() - children end, what has moved is looked at
 * @run: the run
 * @lane: the caller
 * @thp: huge page
 */
static int partly_after(struct run *run, struct lane *lane, unsigned int thp)
{
	struct partly_priv *priv = run->priv;
	struct part *part = &priv->left[thp];

	if (!lane->id)
		return 0;
	run->extra[thp] = 0;
	part_end_child(part);
	if (part->at && part->seen_at != part->at) {
		verify_moved(run, lane, part);
		part->seen_at = part->at;
		return clear_out(region_thp(&priv->away, 2 * thp), 2 * env.hpage_size);
	}
	return 0;
}

static const char *partly_why_not(void)
{
	const char *why = cgroup_why_not();

	return why ? why : frames_why_not();
}

static const struct touch partly_touches[] = {
	{ .kind = TOUCH_CGROUP, .what = "of its own" },
	TOUCH_SET(THP_SYSFS "/khugepaged/max_ptes_none", MAX_ZEROES, .optional = true,
		  .others = "their zero pages are split off, and khugepaged collapses less"),
	{ }
};

static int partly_setup(struct run *run)
{
	struct partly_priv *priv = calloc(1, sizeof(*priv));
	int err;

	run->priv = priv;
	if (!priv) {
		set_error("out of memory");
		return -ENOMEM;
	}
	err = region_reserve(&priv->away, 2 * run->nr_thps + NR_SLOTS);
	if (err)
		return err;
	priv->turn = run->sh->round;
	run->also.base = priv->away.base;
	run->also.len = 2 * run->nr_thps * env.hpage_size;
	cgroup_no_swap(run->cgroup);
	return 0;
}

static void partly_cleanup(struct run *run)
{
	struct partly_priv *priv = run->priv;
	unsigned int i;

	if (!priv)
		return;
	for (i = 0; i < run->nr_thps; i++) {
		run->extra[i] = 0;
		part_end_child(&priv->left[i]);
	}
	region_release(&priv->away);
	run->also.len = 0;
	free(priv);
}

/* A fork would share all of them: the later ones could not be had unshared. */
static int partly_map(struct run *run)
{
	struct partly_priv *priv = run->priv;

	memset(priv->left, 0, sizeof(priv->left));
	return region_map_unshared(&run->region);
}

const struct scenario scenario_partly = {
	.name = "partly",
	.summary = "most of a huge page is unmapped, in many ways: its memory must come back",
	.op = "munmap",
	.alone = true,
	.phases = PHASES_MUNMAP,
	.inner = INNER_MUNMAP,
	.touches = partly_touches,
	.why_not = partly_why_not,
	.setup = partly_setup,
	.cleanup = partly_cleanup,
	.map = partly_map,
	.plan = partly_plan,
	.act = partly_act,
	.after = partly_after,
};
