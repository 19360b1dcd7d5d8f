// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel itself wants the memory: reclaim, compaction, khugepaged
 *
 * Pressure is made in the scenario's own memory cgroup, so that its
 * deferred-split shrinker runs and nobody else is squeezed.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cgroup.h"
#include "env.h"
#include "patience.h"
#include "phases.h"
#include "region.h"
#include "run.h"
#include "scenario.h"
#include "scenario_pages.h"
#include "scenario_piece.h"
#include "touch.h"
#include "util.h"

#define KHUGEPAGED	"/sys/kernel/mm/transparent_hugepage/khugepaged"
#define COMPACT		"/proc/sys/vm/compact_memory"
#define COMPACTED	"compact_migrate_scanned"	/* in vmstat */
#define COMPACT_NS	(5 * NSEC_PER_SEC)	/* of the whole machine, at most */
#define KHUGEPAGED_SCANS	2	/* the first may be half over */

static const char *reclaim_why_not(void)
{
	return cgroup_why_not();
}

static const struct touch reclaim_touches[] = {
	{ .kind = TOUCH_CGROUP, .what = "of its own" },
	/* The shrinker frees pages, but what counts as reclaimed is not among them. */
	{ .kind = TOUCH_SWAP, .what = "of zram" },
	/* A few zero pages make a huge page worth splitting, where kernels do that. */
	TOUCH_SET(KHUGEPAGED "/max_ptes_none", "4", .optional = true,
		  .others = "their zero pages are split off, and khugepaged collapses less"),
	{ }
};

static int press(struct run *run)
{
	u64 now = cgroup_charged(run->cgroup);

	if (injected("idle"))
		return -EAGAIN;
	return cgroup_reclaim(run->cgroup, now, env.hpage_size / 2);
}

/* Pages that are partly mapped, or partly zero, are what the shrinker splits. */
static enum act_result reclaim_act(struct run *run, struct lane *lane, unsigned int thp)
{
	int err;

	if (lane->variant % 3) {
		if (piece_apply(run, lane, thp, madvise, MADV_DONTNEED))
			return ACT_FAILED;
		piece_mark(run, lane, thp, PG_ZERO);
	}
	err = press(run);
	if (!err)
		return ACT_OK;
	return err == -EAGAIN ? ACT_BUSY : ACT_FAILED;
}

static const struct touch compact_touches[] = {
	{ .kind = TOUCH_ACTION, .what = COMPACT,
	  .others = "all memory is compacted, again and again" },
	{ }
};

static const char *compact_why_not(void)
{
	u64 scanned;

	if (access(COMPACT, W_OK))
		return "this kernel has no compaction (or not root)";
	return env_counter("/proc/vmstat", COMPACTED, &scanned) ?
	       NULL : "this kernel does not count what compaction looks at";
}

/* It cannot be interrupted but by the end of its process: so it is tried apart, once. */
static int compact_setup(struct run *run)
{
	const struct timespec nap = { .tv_nsec = NSEC_PER_MSEC };
	u64 end_ns = now_ns() + COMPACT_NS;
	bool late = false;
	pid_t pid = fork();
	int status;

	if (pid < 0) {
		set_error("cannot fork: %s", strerror(errno));
		return -EAGAIN;
	}
	if (!pid)
		_exit(!!write_text(COMPACT, "1"));
	while (!waitpid(pid, &status, WNOHANG)) {
		if (!late && now_ns() > end_ns) {
			late = true;
			kill(pid, SIGKILL);
		}
		nanosleep(&nap, NULL);
	}
	if (!late)
		return 0;
	run->res->skipped = "to compact this machine's memory takes more than 5 s";
	return -EOPNOTSUPP;
}

/* Compaction moves the small pages that the split leaves. */
static enum act_result compact_act(struct run *run, struct lane *lane, unsigned int thp)
{
	u64 before = env_vmstat(COMPACTED);

	(void)run;
	(void)lane;
	(void)thp;
	if (!injected("idle") && write_text(COMPACT, "1"))
		return ACT_FAILED;
	return env_vmstat(COMPACTED) != before ? ACT_OK : ACT_BUSY;
}

static const char *khugepaged_why_not(void)
{
	return access(KHUGEPAGED "/scan_sleep_millisecs", W_OK) ?
	       "no khugepaged here (or not root)" : frames_why_not();
}

static const struct touch khugepaged_touches[] = {
	{ .kind = TOUCH_THREAD, .what = "khugepaged", .optional = true },
	TOUCH_SET(KHUGEPAGED "/pages_to_scan", "65536",
		  .others = "khugepaged collapses their memory, too, without pauses"),
	TOUCH_SET(KHUGEPAGED "/alloc_sleep_millisecs", "0"),
	TOUCH_SET(KHUGEPAGED "/scan_sleep_millisecs", "1"),
	{ }
};

/* Of the huge page that the lane plans for: a collapse has another one. */
static __thread u64 frame_before;

static int khugepaged_plan(struct run *run, struct lane *lane, unsigned int thp)
{
	frame_before = page_frame(region_thp(&run->region, thp));
	lane->helper = run->kthread;
	return piece_plan(run, lane, thp);
}

static u64 khugepaged_count(const char *name)
{
	char path[96], text[32];

	snprintf(path, sizeof(path), KHUGEPAGED "/%s", name);
	return read_text(path, text, sizeof(text)) > 0 ? strtoull(text, NULL, 10) : 0;
}

/*
 * It is huge, and another one than before.  The count alone says nothing of whose
 * memory it was; without it, it could be one that has migrated as a whole.
 */
static bool put_together(char *base, u64 collapsed)
{
	u64 frame;

	if (khugepaged_count("pages_collapsed") == collapsed)
		return false;
	frame = page_frame(base);
	return frame && frame != frame_before && thp_is_huge(base) > 0;
}

/*
 * Waits, bounded, until khugepaged has put this one together, or has looked around
 * in vain.
 */
static enum act_result khugepaged_act(struct run *run, struct lane *lane, unsigned int thp)
{
	const struct timespec nap = { .tv_nsec = NSEC_PER_MSEC };
	static struct patience patience;
	u64 begin_ns = now_ns(), collapsed = khugepaged_count("pages_collapsed");
	u64 scans = khugepaged_count("full_scans");
	char *base = region_thp(&run->region, thp);
	bool round = false;

	if (injected("idle"))
		madvise(base, env.hpage_size, MADV_NOHUGEPAGE);
	else
		piece_apply(run, lane, thp, madvise, MADV_HUGEPAGE);
	/* Hit some pages, so that it finds the range worth its while. */
	__atomic_load_n(base, __ATOMIC_RELAXED);
	do {
		nanosleep(&nap, NULL);
		if (put_together(base, collapsed)) {
			patience_note(&patience, now_ns() - begin_ns, true);
			return ACT_OK;
		}
		round = khugepaged_count("full_scans") - scans >= KHUGEPAGED_SCANS;
	} while (!round && now_ns() - begin_ns < patience_limit(&patience));
	patience_note(&patience, now_ns() - begin_ns, round);
	return ACT_BUSY;
}

#define PHASES_SHRINK	"deferred_split_scan split_huge_page try_to_migrate shrink_folio_list"
#define PHASES_KHUGEPAGED \
	"khugepaged_find_pmd khugepaged_scan_pmd collapse_huge_page hugepage_vma_revalidate " \
	"collapse_swapin pmdp_collapse_flush"
#define INNER_KHUGEPAGED "khugepaged_find_pmd khugepaged_scan_pmd"

const struct scenario scenario_reclaim = {
	.name = "reclaim",
	.summary =
		"pressure in a cgroup of its own: the deferred-split shrinker, zero pages, swap",
	.op = "reclaim",
	.alone = true,
	.phases = PHASES_SHRINK,
	.touches = reclaim_touches,
	.why_not = reclaim_why_not,
	.plan = piece_plan,
	.act = reclaim_act,
};

const struct scenario scenario_compact = {
	.name = "compact",
	.summary = "compaction moves the small pages that the split leaves",
	.op = "migrate",
	.phases = PHASES_MIGRATE,
	.refs_held = true,
	.touches = compact_touches,
	.why_not = compact_why_not,
	.setup = compact_setup,
	.act = compact_act,
};

const struct scenario scenario_khugepaged = {
	.name = "khugepaged",
	.summary = "khugepaged puts together what the split takes apart",
	.op = "collapse",
	.phases = PHASES_KHUGEPAGED,
	.inner = INNER_KHUGEPAGED,
	.refs_held = true,
	.touches = khugepaged_touches,
	.why_not = khugepaged_why_not,
	.plan = khugepaged_plan,
	.act = khugepaged_act,
};
