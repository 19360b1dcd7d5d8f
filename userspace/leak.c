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
#include <dirent.h>
#include <errno.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cgroup.h"
#include "env.h"
#include "leak.h"
#include "options.h"
#include "report.h"
#include "result.h"
#include "run.h"
#include "scenario.h"
#include "tally.h"
#include "touch.h"
#include "undo.h"
#include "util.h"

#define MTHP_SYSFS	"/sys/kernel/mm/transparent_hugepage/hugepages-%zukB/stats/%s"
#define STAT_REFRESH	"/proc/sys/vm/stat_refresh"
#define BATCH_PAGES	32		/* what a CPU keeps to itself, before 5.13 */
#define CHARGED		"memory.current"
#define STOCK_PAGES	128		/* charged ahead: 64, and as many for the kernel's own */
#define LAZY_TABLES	4		/* of an mm that an idle CPU still has */
#define NAPS		200		/* of cgroup_remove() */
#define NAPS_OF_SWEEP	(60 * NAPS)	/* a session that is closed goes first */
#define MAX_LEAKS	(MAX_SCENARIOS * MAX_PASSES)
#define FLUSH_NS	(5 * NSEC_PER_SEC)	/* twice the kernel's own period, and some */
#define AGREEING	3		/* looks in a row */
#define PID_NS_INIT	"pid:[4026531836]"	/* the first one */
#define KSM_SHARED	"/sys/kernel/mm/ksm/pages_shared"
#ifndef MPOL_MF_MOVE
#define MPOL_MF_MOVE	2
#endif
#define LEAKED_BYTES	(8UL << 20)	/* of the positive control */

enum counter_kind { IN_CGROUP, IN_MEMINFO, IN_MTHP };

static const struct {
	enum counter_kind kind;
	const char *name, *unit;
	const char *name_v1;		/* in memory.stat of cgroup v1; NULL: not judged there */
	const char *less;		/* what of it is accounted for: other counters there */
	unsigned int pages_per_cpu;	/* that CPUs may keep back */
	bool flushed;			/* judged only where a read flushes the file */
} counters[] = {
	{ IN_CGROUP, "anon", "bytes in the scenario's cgroup", .name_v1 = "rss" },
	{ IN_CGROUP, "anon_thp", "bytes in the scenario's cgroup", .name_v1 = "rss_huge" },
	{ IN_CGROUP, "shmem", "bytes in the scenario's cgroup", .name_v1 = "shmem" },
	{ IN_CGROUP, "shmem_thp", "bytes in the scenario's cgroup", .flushed = true },
	{ IN_CGROUP, "inactive_anon", "bytes on its LRU list, of nobody",
	  .less = "shmem swapcached", .flushed = true },
	{ IN_CGROUP, "active_anon", "bytes on its LRU list, of nobody",
	  .less = "shmem swapcached", .flushed = true },
	{ IN_CGROUP, "file_mapped", "bytes, more than there are",
	  .less = "file", .flushed = true },
	{ IN_CGROUP, "pagetables", "bytes in the scenario's cgroup",
	  .pages_per_cpu = LAZY_TABLES, .flushed = true },
	{ IN_CGROUP, CHARGED, "bytes charged to its cgroup that no counter there has",
	  .less = "anon file kernel sock swapcached hugetlb", .pages_per_cpu = STOCK_PAGES,
	  .flushed = true },
	{ IN_MEMINFO, "AnonHugePages", "kB in the system", .name_v1 = NULL },
	{ IN_MTHP, "nr_anon", "huge pages in the system", .name_v1 = NULL },
	{ IN_MTHP, "nr_anon_partially_mapped", "huge pages in the system", .name_v1 = NULL },
};

#define NR_COUNTERS	ARRAY_SIZE(counters)

struct leak {
	char path[CGROUP_PATH];		/* of the cgroup, or empty */
	u64 base[NR_COUNTERS];
	bool there[NR_COUNTERS];
	u64 got[NR_COUNTERS];		/* when looked at last */
	unsigned int agreeing[NR_COUNTERS];	/* looks in a row that saw this excess */
	char other[96];			/* who else may have huge pages, or empty */
	bool entered;			/* the scenario was in its cgroup */
	bool exact;			/* a look at the counters flushes them, in time */
	pid_t leaker;			/* the positive control, or 0 */
	bool pending;
	u64 ended_ns;			/* of the scenario, or 0 */
	u64 unclean_ns;			/* since when */
};

static struct leak leaks[MAX_LEAKS];
static const char *forbidden;
static pid_t ignored;

const struct touch leak_touches[] = {
	{ .kind = TOUCH_ACTION, .what = STAT_REFRESH },
	{ }
};

static bool on_tmpfs(int fd)
{
	struct statfs fs;

	return !fstatfs(fd, &fs) && fs.f_type == TMPFS_MAGIC;
}

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

/**
 * leak_ignore() - a process of this run that outlives all scenarios
 * @pid: its id
 */
void leak_ignore(pid_t pid)
{
	ignored = pid;
}

/* The number after a name at a line's start. */
static bool find_number(const char *text, const char *name, u64 *val)
{
	size_t len = strlen(name);
	const char *at;

	for (at = text; at && *at; at = strchr(at, '\n')) {
		at += *at == '\n';
		if (strncmp(at, name, len) || !strchr(" :", at[len]))
			continue;
		*val = strtoull(at + len + 1, NULL, 10);
		return true;
	}
	return false;
}

static bool read_meminfo(const char *name, u64 *val)
{
	char text[8192];

	return read_text("/proc/meminfo", text, sizeof(text)) > 0 && find_number(text, name, val);
}

/* What other counters say of it is no excess.  Those that a kernel lacks have nothing. */
static u64 less(const char *text, const char *names, u64 val)
{
	char name[24];
	size_t len;
	u64 part;

	for (; names && *names; names += len + strspn(names + len, " ")) {
		len = strcspn(names, " ");
		snprintf(name, sizeof(name), "%.*s", (int)len, names);
		if (find_number(text, name, &part))
			val = val > part ? val - part : 0;
	}
	return val;
}

static bool read_cgroup(const struct leak *leak, unsigned int i, u64 *val)
{
	const char *name = cgroup_is_v1() ? counters[i].name_v1 : counters[i].name;
	char path[256], text[8192];
	u64 kernel;

	if (!leak->path[0] || !name || (counters[i].flushed && !leak->exact))
		return false;
	/* Before its counters, which may only grow less meanwhile. */
	*val = cgroup_charged(leak->path);
	snprintf(path, sizeof(path), "%s/memory.stat", leak->path);
	if (read_text(path, text, sizeof(text)) <= 0)
		return false;
	/* Before 5.18 the kernel's own part is not told whole. */
	if (!strcmp(name, CHARGED) ? !find_number(text, "kernel", &kernel) :
				     !find_number(text, name, val))
		return false;
	*val = less(text, counters[i].less, *val);
	return true;
}

static bool read_counter(const struct leak *leak, unsigned int i, u64 *val)
{
	char path[256], text[8192];

	switch (counters[i].kind) {
	case IN_CGROUP:
		return read_cgroup(leak, i, val);
	case IN_MEMINFO:
		return read_meminfo(counters[i].name, val);
	default:
		snprintf(path, sizeof(path), MTHP_SYSFS, env.hpage_size / 1024,
			 counters[i].name);
		if (read_text(path, text, sizeof(text)) <= 0)
			return false;
		*val = strtoull(text, NULL, 10);
		return true;
	}
}

/*
 * Before 5.13 reading the file flushes nothing: each CPU keeps back some pages,
 * or as many huge pages, for good.  The key came just before the flush did.
 */
static bool counts_exactly(const struct leak *leak)
{
	char path[256], text[8192];
	u64 val;

	snprintf(path, sizeof(path), "%s/memory.stat", leak->path);
	return read_text(path, text, sizeof(text)) > 0 && find_number(text, "swapcached", &val);
}

static void read_base(struct leak *leak)
{
	unsigned int i;

	leak->exact = counts_exactly(leak);
	for (i = 0; i < NR_COUNTERS; i++) {
		leak->there[i] = read_counter(leak, i, &leak->base[i]);
		if (counters[i].kind != IN_CGROUP)
			continue;
		leak->base[i] = (leak->exact ? counters[i].pages_per_cpu : BATCH_PAGES) *
				env.page_size * sysconf(_SC_NPROCESSORS_CONF);
		if (!leak->exact && !strcmp(counters[i].name, "anon_thp"))
			leak->there[i] = false;
		/* what is printed there stays, and is the scenario's */
		if (!strcmp(counters[i].name, "shmem") && (on_tmpfs(1) || on_tmpfs(2)))
			leak->there[i] = false;
	}
}

/* The most memory that a process has ever had; 0: none, or a kernel thread. */
static u64 peak_kb(const char *pid)
{
	char path[64], text[4096];
	u64 kb = 0;

	snprintf(path, sizeof(path), "/proc/%.20s/status", pid);
	if (read_text(path, text, sizeof(text)) > 0)
		find_number(text, "VmHWM", &kb);
	return kb;
}

/* A kernel without pid namespaces has no link; only the first has the kernel's threads. */
static bool sees_all_processes(void)
{
	char link[32] = "", comm[32];

	if (readlink("/proc/self/ns/pid", link, sizeof(link) - 1) > 0)
		return !strcmp(link, PID_NS_INIT);
	return errno == ENOENT && read_text("/proc/2/comm", comm, sizeof(comm)) > 0 &&
	       !strcmp(comm, "kthreadd\n");
}

/*
 * Who else may have the huge pages that the system counts: any process that was
 * ever as large as one.  Main and the keeper are not allowed to.  Without an
 * answer the system's counters say nothing.
 */
static void find_other(struct leak *leak)
{
	char comm[32], path[64];
	struct dirent *d;
	u64 swapped;
	DIR *dir;

	if (leak->other[0])
		return;
	if (!sees_all_processes())
		copy_word(leak->other, sizeof(leak->other),
			  "processes outside of this pid namespace may have huge pages");
	else if (read_meminfo("SwapCached", &swapped) && swapped)
		copy_word(leak->other, sizeof(leak->other),
			  "the swap cache may keep huge pages");
	dir = leak->other[0] ? NULL : opendir("/proc");
	while (dir && !leak->other[0] && (d = readdir(dir))) {
		pid_t pid = atoi(d->d_name);

		if (pid <= 0 || pid == getpid() || pid == ignored ||
		    peak_kb(d->d_name) < env.hpage_size / 1024)
			continue;
		snprintf(path, sizeof(path), "/proc/%d/comm", pid);
		read_text(path, comm, sizeof(comm));
		comm[strcspn(comm, "\n")] = '\0';
		snprintf(leak->other, sizeof(leak->other),
			 "process %d (%s) may have huge pages of its own", pid, comm);
	}
	if (dir)
		closedir(dir);
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
	read_base(leak);
	leak->pending = true;
	if (injected("leak"))
		start_leaker(leak);
	return leak;
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
		 counters[i].name, counters[i].unit);
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
	if (!leak->exact || now_ns() - leak->ended_ns > FLUSH_NS)
		return true;
	return cgroup_charged(leak->path) < env.hpage_size;
}

/* Of KSM one page stays charged to who had it first, whoever else has it by now. */
static bool is_ksm(unsigned int i, u64 excess)
{
	char text[32];

	return counters[i].kind == IN_CGROUP && strstr(counters[i].name, "anon") &&
	       read_text(KSM_SHARED, text, sizeof(text)) > 0 &&
	       excess <= strtoull(text, NULL, 10) * env.page_size;
}

/* Returns whether all is as it was. */
static bool look_at_counters(struct leak *leak)
{
	bool clean = true, of_system = false;
	unsigned int i;
	u64 got;

	for (i = 0; i < NR_COUNTERS; i++) {
		got = 0;
		leak->there[i] = leak->there[i] && read_counter(leak, i, &got);
		if (got <= leak->base[i])
			leak->agreeing[i] = 0;
		else if (leak->agreeing[i] && got == leak->got[i])
			leak->agreeing[i]++;
		else
			leak->agreeing[i] = 1;
		leak->got[i] = got;
		clean &= !leak->there[i] || !leak->agreeing[i];
		of_system |= counters[i].kind != IN_CGROUP && leak->agreeing[i];
	}
	if (of_system)
		find_other(leak);
	return clean;
}

/* Why a counter above its base is nothing to complain of, or NULL. */
static const char *excuse(const struct leak *leak, unsigned int i)
{
	if (counters[i].kind != IN_CGROUP && leak->other[0])
		return leak->other;
	if (is_ksm(i, leak->got[i] - leak->base[i]))
		return "others still have what KSM has merged";
	if (leak->agreeing[i] < AGREEING)
		return "it does not come to rest";
	return NULL;
}

static void judge_counter(struct leak *leak, unsigned int i, struct result *res, u64 start_ns)
{
	struct check_count *c = &res->tally.checks[THPRACE_CHECK_LEAK];
	const char *why = NULL;

	if (!leak->there[i])
		return;
	if (counters[i].kind == IN_CGROUP && !leak->entered)
		why = "the scenario could not enter its cgroup";
	else if (leak->agreeing[i])
		why = excuse(leak, i);
	if (why) {
		c->skipped++;
		snprintf(c->reason, sizeof(c->reason), "%.20s: %.90s", counters[i].name, why);
	} else if (leak->agreeing[i]) {
		violated(res, i, leak->base[i], leak->got[i], start_ns);
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
	clean = look_at_counters(leak);
	if (!clean && !leak->unclean_ns)
		leak->unclean_ns = now_ns();
	if ((!clean || !flushed(leak)) && !last)
		return;
	res->tally.checks[THPRACE_CHECK_LEAK].listed = true;
	for (i = 0; i < NR_COUNTERS; i++)
		judge_counter(leak, i, res, start_ns);
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
 * leak_stop() - remove all cgroups that are still there
 */
void leak_stop(void)
{
	unsigned int i;

	for (i = 0; i < MAX_LEAKS; i++)
		remove_cgroup(&leaks[i], NAPS);
	cgroup_end(getpid());
}

/**
 * leak_sweep() - remove the cgroups of a run that was killed
 * @run: the process that called leak_begin()
 *
 * For another process, forked from it between cgroup_init() and leak_begin().
 */
void leak_sweep(pid_t run)
{
	char path[CGROUP_PATH];
	unsigned int i;

	for (i = 0; i < MAX_LEAKS && !cgroup_why_not(); i++) {
		cgroup_name(path, sizeof(path), run, i);
		cgroup_remove(path, NAPS_OF_SWEEP);
	}
	cgroup_end(run);
}
