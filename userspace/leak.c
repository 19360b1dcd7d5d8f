// SPDX-License-Identifier: GPL-2.0
/*
 * The leak check: what is left when a scenario's processes are gone
 *
 * A scenario's processes live in a memory cgroup of their own; when they have
 * ended its counters must be zero.  Counters of the whole system are judged only
 * where nobody else can have huge pages.  docs/CHECKS.md says why.  A first look
 * costs nothing; what it does not like is looked at again later, and must stay the
 * same.
 */
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cgroup.h"
#include "env.h"
#include "leak.h"
#include "leak_count.h"
#include "options.h"
#include "report.h"
#include "result.h"
#include "run.h"
#include "scenario.h"
#include "tally.h"
#include "touch.h"
#include "undo.h"
#include "util.h"

#define STAT_REFRESH	"/proc/sys/vm/stat_refresh"
#define NAPS		200		/* of cgroup_remove() */
#define NAPS_OF_SWEEP	(60 * NAPS)	/* a session that is closed goes first */
#define MAX_LEAKS	(MAX_SCENARIOS * MAX_PASSES)
#define FLUSH_NS	(5 * NSEC_PER_SEC)	/* twice the kernel's own period, and some */
#ifndef MPOL_MF_MOVE
#define MPOL_MF_MOVE	2
#endif
#define LEAKED_BYTES	(8UL << 20)	/* of the positive control */

struct leak {
	char path[CGROUP_PATH];		/* of the cgroup, or empty */
	struct leak_counts counts;
	bool entered;			/* the scenario was in its cgroup */
	pid_t leaker;			/* the positive control, or 0 */
	bool pending;
	u64 ended_ns;			/* of the scenario, or 0 */
	u64 unclean_ns;			/* since when */
};

static struct leak leaks[MAX_LEAKS], whole;
static bool beside;			/* others have huge pages meanwhile */
static const char *forbidden;

const struct touch leak_touches[] = {
	{ .kind = TOUCH_ACTION, .what = STAT_REFRESH },
	{ }
};

/**
 * leak_why_not() - why the check cannot be made, or NULL
 */
const char *leak_why_not(void)
{
	static char why[120];
	const char *no_cgroup;

	if (forbidden)
		return forbidden;
	if (geteuid())
		return "only root can make a cgroup and flush the kernel's counters";
	no_cgroup = cgroup_why_not();
	if (!no_cgroup)
		return NULL;
	snprintf(why, sizeof(why), "a scenario cannot have a memory cgroup: %s", no_cgroup);
	return why;
}

/**
 * leak_forbid() - the check is not to be made
 * @why: the reason
 */
void leak_forbid(const char *why)
{
	forbidden = why;
}

/* A process of the scenario that forgets to end. */
static void start_leaker(struct leak *leak)
{
	pid_t pid = fork();
	char *at;

	if (pid) {
		leak->leaker = pid > 0 ? pid : 0;
		return;
	}
	lock_leave();
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	alarm(3600);
	leak_enter(leak);
	at = mmap(NULL, LEAKED_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (at != MAP_FAILED) {
		madvise(at, LEAKED_BYTES, MADV_HUGEPAGE);
		memset(at, 1, LEAKED_BYTES);
	}
	for (;;)
		pause();
}

/**
 * leak_begin() - before a scenario's process is forked
 * @index: of the scenario and pass in this run
 *
 * Returns NULL when the check cannot be made at all.
 */
struct leak *leak_begin(unsigned int index)
{
	struct leak *leak = &leaks[index];

	if (leak_why_not() || index >= MAX_LEAKS)
		return NULL;
	memset(leak, 0, sizeof(*leak));
	cgroup_make(leak->path, sizeof(leak->path), index);
	write_text(STAT_REFRESH, "1");
	leak_read_base(&leak->counts, leak->path);
	if (beside)
		leak_of_cgroup(&leak->counts);
	leak->pending = true;
	if (injected("leak"))
		start_leaker(leak);
	return leak;
}

/**
 * leak_beside() - scenarios run side by side: the system's counters say nothing of one
 */
void leak_beside(void)
{
	beside = true;
}

/**
 * leak_begin_whole() - before several scenarios run side by side
 *
 * Returns what to look at when all have ended, for the system's counters; or NULL.
 */
struct leak *leak_begin_whole(void)
{
	if (leak_why_not())
		return NULL;
	memset(&whole, 0, sizeof(whole));
	write_text(STAT_REFRESH, "1");
	leak_read_base(&whole.counts, whole.path);
	whole.pending = true;
	return &whole;
}

/**
 * leak_enter() - the scenario's process enters its cgroup
 * @leak: of the scenario, or NULL
 *
 * Returns the cgroup's directory, or NULL.
 */
const char *leak_enter(const struct leak *leak)
{
	if (!leak || !leak->path[0])
		return NULL;
	return cgroup_enter(leak->path) ? NULL : leak->path;
}

/**
 * leak_entered() - the scenario's process is gone
 * @leak: of the scenario, or NULL
 * @entered: it had entered its cgroup
 */
void leak_entered(struct leak *leak, bool entered)
{
	if (!leak)
		return;
	leak->entered = entered;
	leak->ended_ns = now_ns();
}

static void end_leaker(struct leak *leak)
{
	if (!leak->leaker)
		return;
	kill(leak->leaker, SIGKILL);
	waitpid(leak->leaker, NULL, 0);
	leak->leaker = 0;
}

static void remove_cgroup(struct leak *leak, unsigned int naps)
{
	end_leaker(leak);
	if (leak->path[0])
		cgroup_remove(leak->path, naps);
	leak->path[0] = '\0';
}

static void violated(struct result *res, unsigned int i, u64 want, u64 got, u64 start_ns)
{
	struct violation v = { .time_ns = now_ns() - start_ns, .round = res->tally.rounds };

	copy_word(v.check, sizeof(v.check), check_name(THPRACE_CHECK_LEAK));
	copy_word(v.scenario, sizeof(v.scenario), res->sc->name);
	copy_word(v.cell, sizeof(v.cell), "-");
	snprintf(v.want, sizeof(v.want), "%llu", want);
	snprintf(v.got, sizeof(v.got), "%llu", got);
	scenario_ops(res->sc, v.ops, sizeof(v.ops));
	snprintf(v.detail, sizeof(v.detail), "%s: %s, after all its processes have ended",
		 leak_counters[i].name, leak_counters[i].unit);
	tally_violation(&res->tally, &v);
	res->tally.checks[THPRACE_CHECK_LEAK].violated++;
	if (!res->first_violation_ns)
		res->first_violation_ns = v.time_ns;
}

/*
 * Zero counters may only wait to be flushed: the kernel does that every two
 * seconds, or when much has changed.  Not when less is charged than a huge page.
 */
static bool flushed(const struct leak *leak)
{
	if (!leak->counts.exact || now_ns() - leak->ended_ns > FLUSH_NS)
		return true;
	return cgroup_charged(leak->path) < env.hpage_size;
}

static void judge_counter(const struct leak *leak, unsigned int i, struct result *res, u64 start_ns)
{
	struct check_count *c = &res->tally.checks[THPRACE_CHECK_LEAK];
	const struct leak_counts *counts = &leak->counts;
	const char *why = NULL;

	if (!counts->there[i])
		return;
	if (leak_counters[i].kind == IN_CGROUP && !leak->entered)
		why = "the scenario could not enter its cgroup";
	else if (counts->agreeing[i])
		why = leak_excuse(counts, i);
	if (why) {
		c->skipped++;
		snprintf(c->reason, sizeof(c->reason), "%.20s: %.90s", leak_counters[i].name, why);
	} else if (counts->agreeing[i]) {
		violated(res, i, counts->base[i], counts->got[i], start_ns);
	} else {
		c->held++;
	}
}

/**
 * leak_look() - the scenario's processes are gone: is anything left?
 * @leak: of the scenario
 * @res: gets the check's counts and violations
 * @start_ns: of the run
 * @last: judge; else what is not clean is left for later
 */
void leak_look(struct leak *leak, struct result *res, u64 start_ns, bool last)
{
	unsigned int i;
	bool clean;

	if (!leak || !leak->pending)
		return;
	write_text(STAT_REFRESH, "1");
	clean = leak_read_all(&leak->counts);
	if (!clean && !leak->unclean_ns)
		leak->unclean_ns = now_ns();
	if ((!clean || !flushed(leak)) && !last)
		return;
	result_lock();
	res->tally.checks[THPRACE_CHECK_LEAK].listed = true;
	for (i = 0; i < NR_LEAK_COUNTERS; i++)
		judge_counter(leak, i, res, start_ns);
	result_unlock();
	leak->pending = false;
	remove_cgroup(leak, NAPS);
}

/**
 * leak_dismiss() - nothing is to be said of this one
 * @leak: of a scenario whose processes are gone, or NULL
 */
void leak_dismiss(struct leak *leak)
{
	if (!leak)
		return;
	leak->pending = false;
	remove_cgroup(leak, NAPS);
}

/**
 * leak_give_up() - a process cannot be killed: nothing can be said any more
 */
void leak_give_up(void)
{
	unsigned int i;

	for (i = 0; i < MAX_LEAKS; i++)
		leaks[i].pending = false;
}

bool leak_pending(const struct leak *leak)
{
	return leak && leak->pending;
}

/**
 * leak_overdue() - has it been unclean for so long that it must be judged?
 * @leak: of a scenario whose processes are gone
 * @patience_ns: how long
 */
bool leak_overdue(const struct leak *leak, u64 patience_ns)
{
	return leak_pending(leak) && leak->unclean_ns &&
	       now_ns() - leak->unclean_ns > patience_ns;
}

/*
 * Pages that other CPUs have batched for the LRU lists are let go there before any
 * page is migrated, be it one that has not far to go.
 */
static void drain_batches(void)
{
	static u64 word;
	void *page = &word;
	int node = 0, status;

	word++;
	syscall(SYS_move_pages, 0, 1UL, &page, &node, &status, MPOL_MF_MOVE);
}

/**
 * leak_nudge() - have what is only late happen now
 * @hard: drain per-CPU lists of pages, too
 */
void leak_nudge(bool hard)
{
	if (hard)
		drain_batches();
	write_text(STAT_REFRESH, "1");
}

/**
 * leak_remove() - remove the caller's cgroups that are still there
 */
void leak_remove(void)
{
	unsigned int i;

	for (i = 0; i < MAX_LEAKS; i++)
		remove_cgroup(&leaks[i], NAPS);
}

/**
 * leak_stop() - remove all cgroups, and put back what it took to make them
 */
void leak_stop(void)
{
	leak_remove();
	cgroup_end(getpid());
}

/**
 * leak_remove_all() - remove the cgroups of a run, whoever has made them
 * @run: its main process
 */
void leak_remove_all(pid_t run)
{
	char path[CGROUP_PATH];
	unsigned int i;

	for (i = 0; i < MAX_LEAKS && !cgroup_why_not(); i++) {
		cgroup_name(path, sizeof(path), run, i);
		cgroup_remove(path, NAPS_OF_SWEEP);
	}
}

/**
 * leak_sweep() - put back all cgroups of a run that was killed
 * @run: the process that called leak_begin()
 *
 * For another process, forked from it between cgroup_init() and leak_begin().
 */
void leak_sweep(pid_t run)
{
	leak_remove_all(run);
	cgroup_end(run);
}
