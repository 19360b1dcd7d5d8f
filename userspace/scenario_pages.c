// SPDX-License-Identifier: GPL-2.0
/*
 * Something else has a hand on the pages while they are split
 *
 * Reclaim (MADV_FREE, MADV_PAGEOUT), references by a pipe, migration between
 * nodes, KSM.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "env.h"
#include "ksm.h"
#include "nodes.h"
#include "patience.h"
#include "phases.h"
#include "piece.h"
#include "region.h"
#include "result.h"
#include "rng.h"
#include "run.h"
#include "scenario.h"
#include "scenario_pages.h"
#include "scenario_piece.h"
#include "touch.h"
#include "util.h"
#include "verify.h"

#ifndef MADV_FREE
#define MADV_FREE 8
#endif
#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif
#define MPOL_MF_MOVE_ALL 4
#define MAX_PIPE_PAGES 16
#define MAX_REWRITTEN 16
#define MAX_ZEROED 64
#define KSM_SCANS 3			/* the first may be half over */
#define KSM_ANCHOR_PAGES 32

const char *pageout_why_not(void)
{
	return env_has_madvise(MADV_PAGEOUT) ? NULL : "this kernel has no MADV_PAGEOUT";
}

static const char *anon_pageout_why_not(void)
{
	const char *why = pageout_why_not();

	return why ? why : pagemap_why_not();
}

const struct touch pageout_touches[] = {
	{ .kind = TOUCH_SWAP, .what = "of zram", .optional = true },
	{ }
};

/*
 * With swap: out and back in.  Without: pages that were given up lazily are
 * dropped; some are written again first and must survive.
 */
static enum act_result pageout_act(struct run *run, struct lane *lane, unsigned int thp)
{
	char *base = region_thp(&run->region, thp);
	const struct piece *p = &lane->piece;
	unsigned int i, out;

	if (!env.have_swap || lane->variant % 2) {
		if (piece_apply(run, lane, thp, madvise, MADV_FREE))
			return ACT_FAILED;
		piece_mark(run, lane, thp, PG_PATTERN_OR_ZERO);
		for (i = 0; i < p->nr; i += 8) {
			unsigned int page = p->first + i * p->stride;

			page_fill(base + page * env.page_size, run->gen);
			run_state(run, thp)[page] = PG_PATTERN;
		}
	}
	if (!injected("idle") && piece_apply(run, lane, thp, madvise, MADV_PAGEOUT))
		return ACT_FAILED;
	out = pages_out(base, p->first, p->nr, p->stride);
	/* Some come back at once, while the split may still be at it. */
	for (i = 0; lane->variant % 3 && i < p->nr; i += 16)
		(void)__atomic_load_n(base + (p->first + i * p->stride) * env.page_size,
				      __ATOMIC_RELAXED);
	return out ? ACT_OK : ACT_BUSY;
}

static int lazyfree_plan(struct run *run, struct lane *lane, unsigned int thp)
{
	char *base = region_thp(&run->region, thp);

	piece_plan(run, lane, thp);
	lane->piece.stride = 1;
	/* In every other round it is given up before the split begins. */
	if (lane->variant % 2 == 0 || !madvise(base, env.hpage_size, MADV_FREE))
		return 0;
	set_error("madvise(MADV_FREE): %s", strerror(errno));
	return -errno;
}

/*
 * All of the huge page is given up lazily, some pages are written again, its
 * PMD is split sometimes (seldom where nobody else splits: it is whole only
 * there), then it is reclaimed: what was written must survive.
 */
static enum act_result lazyfree_act(struct run *run, struct lane *lane, unsigned int thp)
{
	bool protect = lane->variant / 2 % (run_alone(run, thp) ? 4 : 2) == 1;
	char *base = region_thp(&run->region, thp);
	unsigned int nr = 1 + lane->variant / 8 % MAX_REWRITTEN, i;
	u8 *state = run_state(run, thp);

	lane_did(lane, 0, env.nr_subpages, 1);
	if (lane->variant % 2 == 0 && madvise(base, env.hpage_size, MADV_FREE))
		return ACT_FAILED;
	memset(state, PG_PATTERN_OR_ZERO, env.nr_subpages);
	for (i = 0; i < nr; i++) {
		unsigned int page = rng_below(&lane->rng, env.nr_subpages);

		page_fill(base + page * env.page_size, rewritten_gen(run));
		state[page] = PG_REWRITTEN;
	}
	if (protect && (piece_apply(run, lane, thp, mprotect, PROT_READ) ||
			piece_apply(run, lane, thp, mprotect, PROT_READ | PROT_WRITE)))
		return ACT_FAILED;
	if (!injected("idle") && madvise(base, env.hpage_size, MADV_PAGEOUT))
		return ACT_FAILED;
	return pages_out(base, 0, env.nr_subpages, 1) ? ACT_OK : ACT_BUSY;
}

/* Some once more, now that nobody holds them. */
static int lazyfree_after(struct run *run, struct lane *lane, unsigned int thp)
{
	if (lane->id && thp % 4 == 0)
		madvise(region_thp(&run->region, thp), env.hpage_size, MADV_PAGEOUT);
	return 0;
}

/* A pipe takes references on some pages, and gives back what they hold. */
static enum act_result gup_act(struct run *run, struct lane *lane, unsigned int thp)
{
	static __thread u64 words[(1 << 16) / sizeof(u64)];
	unsigned int nr = 1 + lane->variant % MAX_PIPE_PAGES, i;
	unsigned int first = rng_below(&lane->rng, env.nr_subpages - nr + 1);
	char *from = region_thp(&run->region, thp) + first * env.page_size;
	struct iovec iov = { .iov_base = from };
	enum act_result result = ACT_BUSY;
	ssize_t spliced, got, n;
	char *copy = (char *)words;
	struct mismatch bad;
	int fd[2];

	if (nr * env.page_size > sizeof(words))
		nr = sizeof(words) / env.page_size;
	iov.iov_len = nr * env.page_size;
	if (pipe2(fd, O_CLOEXEC)) {
		set_error("pipe: %s", strerror(errno));
		return ACT_ERROR;
	}
	spliced = vmsplice(fd[1], &iov, 1, SPLICE_F_NONBLOCK);
	for (got = 0; got < spliced; got += n) {
		n = read(fd[0], copy + got, spliced - got);
		if (n <= 0)
			break;
		result = ACT_OK;
	}
	for (i = 0; i < got / env.page_size; i++) {
		if (!page_verify(copy + i * env.page_size, from + i * env.page_size,
				 run->gen, &bad))
			content_violation(run, lane, &bad, "a page read through a pipe");
	}
	close(fd[0]);
	close(fd[1]);
	return result;
}

const char *migrate_why_not(void)
{
	return nodes_why_not();
}

/*
 * Some of its pages to another node; all of it, as long as it is huge, since
 * one page takes its folio along.
 */
enum act_result migrate_act(struct run *run, struct lane *lane, unsigned int thp)
{
	void *pages[MAX_PIPE_PAGES];
	int nodes[MAX_PIPE_PAGES], status[MAX_PIPE_PAGES];
	char *base = region_thp(&run->region, thp);
	unsigned int nr = 1 + lane->variant % MAX_PIPE_PAGES, i, moved = 0;

	for (i = 0; i < nr; i++) {
		pages[i] = base + rng_below(&lane->rng, env.nr_subpages) * env.page_size;
		status[i] = -EBUSY;
	}
	if (syscall(SYS_move_pages, 0, (unsigned long)nr, pages, NULL, status, 0) < 0)
		return ACT_FAILED;
	for (i = 0; i < nr; i++) {
		nodes[i] = nodes_other(status[i], lane->variant);
		status[i] = -EBUSY;
	}
	if (syscall(SYS_move_pages, 0, (unsigned long)nr, pages, nodes, status, 2) < 0)
		return ACT_FAILED;
	for (i = 0; i < nr; i++)
		moved += status[i] == nodes[i];
	return moved ? ACT_OK : ACT_BUSY;
}

static const struct touch ksm_touches[] = {
	{ .kind = TOUCH_THREAD, .what = "ksmd", .optional = true },
	/* It is to come back to what it could not merge yet; only newer kernels skip that. */
	TOUCH_SET(KSM_SYSFS "/smart_scan", "0", .optional = true),
	/* A split maps the zero page as well: then nobody could tell who did it. */
	TOUCH_SET(KSM_SYSFS "/use_zero_pages", "0", .optional = true),
	TOUCH_SET(KSM_SYSFS "/sleep_millisecs", "0"),
	TOUCH_SET(KSM_SYSFS "/pages_to_scan", "2000"),
	TOUCH_SET(KSM_SYSFS "/run", "1", .undo_by = "2",
		  .others = "what they make mergeable while it runs is merged, and unmerged after"),
	{ }
};

static const char *ksm_why_not(void)
{
	const char *why;

	if (access(KSM_SYSFS "/run", W_OK))
		return "no KSM here (or not root)";
	why = frames_why_not();
	return why ? why : ksm_others();
}

/*
 * Some pages that stay merged: to those ksmd can merge others at once, as it would
 * else look at each twice.  Half of them are zero.
 */
static int ksm_anchor(struct run *run)
{
	size_t len = KSM_ANCHOR_PAGES * env.page_size;
	char *anchor = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned int i;

	if (anchor == MAP_FAILED)
		return -ENOMEM;
	run->priv = anchor;
	/* What is all zero a split maps to the zero page, and ksmd never sees it. */
	run->same_as = page_with_pattern(anchor, run->seed);
	memset(anchor, 0, len / 2);
	for (i = KSM_ANCHOR_PAGES / 2; i < KSM_ANCHOR_PAGES; i++)
		page_fill_as(anchor + i * env.page_size, run->same_as, run->seed);
	return madvise(anchor, len, MADV_MERGEABLE) ? -errno : 0;
}

static void ksm_cleanup(struct run *run)
{
	if (run->priv)
		munmap(run->priv, KSM_ANCHOR_PAGES * env.page_size);
}

static int ksm_setup(struct run *run)
{
	int err = ksm_anchor(run);

	if (err)
		set_error("cannot make pages that stay merged: %s", strerror(-err));
	return err;
}

static bool ksm_undoes(struct run *run, struct lane *lane, unsigned int thp)
{
	return lane->variant % 4 == 0 || run_steers_to(run, thp, "break_ksm");
}

static void ksm_fill(struct run *run, struct lane *lane, unsigned int thp)
{
	char *base = region_thp(&run->region, thp), *page;
	bool zero = lane->variant / 4 % 4 == 0;
	const struct piece *p = &lane->piece;
	unsigned int i;

	for (i = 0; i < p->nr; i++) {
		page = base + (p->first + i * p->stride) * env.page_size;
		if (zero)
			memset(page, 0, env.page_size);
		else
			page_fill_as(page, run->same_as, run->seed);
	}
	piece_mark(run, lane, thp, zero ? PG_ZERO : PG_SAME);
}

/*
 * Pages that are equal merge; in a fourth of the rounds they are zero, and a newer
 * kernel's split may have replaced them before.  It is ksmd that merges, and the
 * lane that takes it back.  The huge pages of earlier rounds are taken out, so that
 * ksmd is soon round.
 */
static int ksm_plan(struct run *run, struct lane *lane, unsigned int thp)
{
	char *base = region_thp(&run->region, thp);
	struct piece *p = &lane->piece;

	piece_plan(run, lane, thp);
	/* ksmd splits what it merges from, so one in a while has to stay as it is. */
	if (run->sh->solo)
		p->nr = 0;
	if (p->nr > MAX_ZEROED)
		p->nr = MAX_ZEROED;
	madvise(run->region.base, run->region.len, MADV_UNMERGEABLE);
	ksm_fill(run, lane, thp);
	lane->helper = ksm_undoes(run, lane, thp) ? 0 : run->kthread;
	/* To meet ksmd at it, the advice must not have to wait for the split's locks. */
	if (injected("idle") || (!run_steers_to(run, thp, "try_to_merge_one_page") &&
				 !run_steers_to(run, thp, "write_protect_page")))
		return 0;
	if (!madvise(base, env.hpage_size, MADV_MERGEABLE))
		return 0;
	set_error("madvise(MADV_MERGEABLE): %s", strerror(errno));
	return -errno;
}

static u64 ksm_scans(void)
{
	char text[32];

	return read_text(KSM_SYSFS "/full_scans", text, sizeof(text)) > 0 ?
	       strtoull(text, NULL, 10) : 0;
}

static bool is_among(u64 frame, const u64 *frames, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr && frames[i] != frame; i++)
		;
	return i < nr;
}

/*
 * Pages of the piece that share their frame with each other, or with the anchor.
 * (Not KPF_KSM: 6.12 shows it for other anonymous pages, too.)
 */
static unsigned int nr_merged(struct run *run, struct lane *lane, unsigned int thp)
{
	u64 frames[KSM_ANCHOR_PAGES + MAX_ZEROED], frame;
	char *base = region_thp(&run->region, thp);
	const struct piece *p = &lane->piece;
	unsigned int i, nr = 0, merged = 0;

	for (i = 0; i < KSM_ANCHOR_PAGES; i++)
		frames[nr++] = page_frame((char *)run->priv + i * env.page_size);
	for (i = 0; i < p->nr; i++) {
		frame = page_frame(base + (p->first + i * p->stride) * env.page_size);
		merged += frame && is_among(frame, frames, nr);
		frames[nr++] = frame;
	}
	return merged;
}

/* What is huge and held is not merged; solo, nobody splits it. */
static bool is_split(const struct run *run, unsigned int thp)
{
	return run->sh->solo ||
	       __atomic_load_n(&run->sh->stamp[0][thp].end_ns, __ATOMIC_ACQUIRE);
}

/* Waits, bounded, until ksmd has merged something, or has been round in vain since the split. */
static unsigned int ksm_wait(struct run *run, struct lane *lane, unsigned int thp)
{
	const struct timespec nap = { .tv_nsec = NSEC_PER_MSEC };
	u64 begin_ns = now_ns(), before = ksm_scans();
	static struct patience patience;
	unsigned int merged;
	bool round;

	do {
		nanosleep(&nap, NULL);
		merged = nr_merged(run, lane, thp);
		if (!merged && !is_split(run, thp))
			before = ksm_scans();
		round = merged || ksm_scans() - before >= KSM_SCANS;
	} while (!round && now_ns() - begin_ns < patience_limit(&patience));
	patience_note(&patience, now_ns() - begin_ns, round);
	return merged;
}

/* Done if pages were merged, and are not any more where that was to be undone. */
static enum act_result ksm_act(struct run *run, struct lane *lane, unsigned int thp)
{
	char *base = region_thp(&run->region, thp);
	unsigned int merged;

	if (!injected("idle") && madvise(base, env.hpage_size, MADV_MERGEABLE))
		return ACT_FAILED;
	/* A lane that is itself steered must not sleep: it would seem to be blocked. */
	merged = run_steers_to(run, thp, "break_ksm") ? nr_merged(run, lane, thp) :
							ksm_wait(run, lane, thp);
	if (!ksm_undoes(run, lane, thp))
		return merged ? ACT_OK : ACT_BUSY;
	if (madvise(base, env.hpage_size, MADV_UNMERGEABLE))
		return ACT_BUSY;
	return nr_merged(run, lane, thp) < merged ? ACT_OK : ACT_BUSY;
}

#define PHASES_RECLAIM \
	"shrink_folio_list madvise_free_huge_pmd split_huge_page split_huge_pmd page_vma_mapped_walk"
#define PHASES_GUP \
	"gup_fast gup_slow follow_trans_huge_pmd follow_page_pte pipe_buf_release"
#define PHASES_KSM	"try_to_merge_one_page write_protect_page break_ksm"
#define INNER_RECLAIM	"shrink_folio_list"
#define INNER_GUP	"gup_fast"

const struct scenario scenario_pageout = {
	.name = "pageout",
	.summary =
		"pages are given up lazily, written again, reclaimed: MADV_FREE, MADV_PAGEOUT",
	.op = "pageout",
	.phases = PHASES_RECLAIM,
	.inner = INNER_RECLAIM,
	.touches = pageout_touches,
	.why_not = anon_pageout_why_not,
	.plan = piece_plan,
	.act = pageout_act,
};

const struct scenario scenario_lazyfree = {
	.name = "lazyfree",
	.summary =
		"a whole huge page is given up lazily, some pages are written again: those stay",
	.op = "pageout",
	.alone = true,
	.phases = PHASES_RECLAIM,
	.inner = INNER_RECLAIM,
	.touches = pageout_touches,
	.why_not = anon_pageout_why_not,
	.plan = lazyfree_plan,
	.act = lazyfree_act,
	.after = lazyfree_after,
};

const struct scenario scenario_gup = {
	.name = "gup",
	.summary = "a pipe holds references on pages of the huge page (vmsplice)",
	.op = "gup",
	.phases = PHASES_GUP,
	.inner = INNER_GUP,
	.refs_held = true,
	.plan = piece_plan,
	.act = gup_act,
};

const struct scenario scenario_migrate = {
	.name = "migrate",
	.summary = "pages of the huge page migrate to the other node",
	.op = "migrate",
	.alone = true,
	.phases = PHASES_MIGRATE,
	.why_not = migrate_why_not,
	.plan = piece_plan,
	.act = migrate_act,
};

const struct scenario scenario_ksm = {
	.name = "ksm",
	.summary = "equal pages of the huge page, or zero ones, merge and unmerge",
	.op = "ksm",
	.alone = true,
	.phases = PHASES_KSM,
	.refs_held = true,
	.touches = ksm_touches,
	.why_not = ksm_why_not,
	.setup = ksm_setup,
	.cleanup = ksm_cleanup,
	.undone = ksm_text,
	.plan = ksm_plan,
	.act = ksm_act,
};
