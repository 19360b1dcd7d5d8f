// SPDX-License-Identifier: GPL-2.0
/*
 * The counters of the leak check: which there are, and what they say
 *
 * Those of the scenario's memory cgroup must be zero in the end.  Those of the whole
 * system say something only where nobody else can have huge pages, so it is also
 * found who could.  What follows from that is leak.c's; docs/CHECKS.md says why.
 */
#include <dirent.h>
#include <errno.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "cgroup.h"
#include "env.h"
#include "leak_count.h"
#include "util.h"

#define MTHP_SYSFS	"/sys/kernel/mm/transparent_hugepage/hugepages-%zukB/stats/%s"
#define BATCH_PAGES	32		/* what a CPU keeps to itself, before 5.13 */
#define CHARGED		"memory.current"
#define STOCK_PAGES	128		/* charged ahead: 64, and as many for the kernel's own */
#define LAZY_TABLES	4		/* of an mm that an idle CPU still has */
#define AGREEING	3		/* looks in a row */
#define PID_NS_INIT	"pid:[4026531836]"	/* the first one */
#define KSM_SHARED	"/sys/kernel/mm/ksm/pages_shared"

const struct leak_counter leak_counters[] = {
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

static pid_t ignored;

/**
 * leak_ignore() - a process of this run that outlives all scenarios
 * @pid: its id
 */
void leak_ignore(pid_t pid)
{
	ignored = pid;
}

static bool on_tmpfs(int fd)
{
	struct statfs fs;

	return !fstatfs(fd, &fs) && fs.f_type == TMPFS_MAGIC;
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

static bool read_cgroup(const struct leak_counts *counts, unsigned int i, u64 *val)
{
	const char *name = cgroup_is_v1() ? leak_counters[i].name_v1 : leak_counters[i].name;
	char path[256], text[8192];
	u64 kernel;

	if (!counts->cgroup[0] || !name || (leak_counters[i].flushed && !counts->exact))
		return false;
	/* Before its counters, which may only grow less meanwhile. */
	*val = cgroup_charged(counts->cgroup);
	snprintf(path, sizeof(path), "%s/memory.stat", counts->cgroup);
	if (read_text(path, text, sizeof(text)) <= 0)
		return false;
	/* Before 5.18 the kernel's own part is not told whole. */
	if (!strcmp(name, CHARGED) ? !find_number(text, "kernel", &kernel) :
				     !find_number(text, name, val))
		return false;
	*val = less(text, leak_counters[i].less, *val);
	return true;
}

static bool read_counter(const struct leak_counts *counts, unsigned int i, u64 *val)
{
	char path[256], text[8192];

	switch (leak_counters[i].kind) {
	case IN_CGROUP:
		return read_cgroup(counts, i, val);
	case IN_MEMINFO:
		return read_meminfo(leak_counters[i].name, val);
	default:
		snprintf(path, sizeof(path), MTHP_SYSFS, env.hpage_size / 1024,
			 leak_counters[i].name);
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
static bool counts_exactly(const struct leak_counts *counts)
{
	char path[256], text[8192];
	u64 val;

	snprintf(path, sizeof(path), "%s/memory.stat", counts->cgroup);
	return read_text(path, text, sizeof(text)) > 0 && find_number(text, "swapcached", &val);
}

/**
 * leak_read_base() - what the counters are, or may be, without a leak
 * @counts: result
 * @cgroup: directory of the scenario's cgroup, or empty; stays
 */
void leak_read_base(struct leak_counts *counts, const char *cgroup)
{
	unsigned int i;

	memset(counts, 0, sizeof(*counts));
	counts->cgroup = cgroup;
	counts->exact = counts_exactly(counts);
	for (i = 0; i < NR_LEAK_COUNTERS; i++) {
		counts->there[i] = read_counter(counts, i, &counts->base[i]);
		if (leak_counters[i].kind != IN_CGROUP)
			continue;
		counts->base[i] = (counts->exact ? leak_counters[i].pages_per_cpu : BATCH_PAGES) *
				  env.page_size * sysconf(_SC_NPROCESSORS_CONF);
		if (!counts->exact && !strcmp(leak_counters[i].name, "anon_thp"))
			counts->there[i] = false;
		/* what is printed there stays, and is the scenario's */
		if (!strcmp(leak_counters[i].name, "shmem") && (on_tmpfs(1) || on_tmpfs(2)))
			counts->there[i] = false;
	}
}

/**
 * leak_of_cgroup() - of the system's counters nothing can be said
 * @counts: of leak_read_base()
 */
void leak_of_cgroup(struct leak_counts *counts)
{
	unsigned int i;

	for (i = 0; i < NR_LEAK_COUNTERS; i++)
		counts->there[i] = counts->there[i] && leak_counters[i].kind == IN_CGROUP;
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
static void find_other(struct leak_counts *counts)
{
	char comm[32], path[64];
	struct dirent *d;
	u64 swapped;
	DIR *dir;

	if (counts->other[0])
		return;
	if (!sees_all_processes())
		copy_word(counts->other, sizeof(counts->other),
			  "processes outside of this pid namespace may have huge pages");
	else if (read_meminfo("SwapCached", &swapped) && swapped)
		copy_word(counts->other, sizeof(counts->other),
			  "the swap cache may keep huge pages");
	dir = counts->other[0] ? NULL : opendir("/proc");
	while (dir && !counts->other[0] && (d = readdir(dir))) {
		pid_t pid = atoi(d->d_name);

		if (pid <= 0 || pid == getpid() || pid == ignored ||
		    peak_kb(d->d_name) < env.hpage_size / 1024)
			continue;
		snprintf(path, sizeof(path), "/proc/%d/comm", pid);
		read_text(path, comm, sizeof(comm));
		comm[strcspn(comm, "\n")] = '\0';
		snprintf(counts->other, sizeof(counts->other),
			 "process %d (%s) may have huge pages of its own", pid, comm);
	}
	if (dir)
		closedir(dir);
}

/* Of KSM one page stays charged to who had it first, whoever else has it by now. */
static bool is_ksm(unsigned int i, u64 excess)
{
	char text[32];

	return leak_counters[i].kind == IN_CGROUP && strstr(leak_counters[i].name, "anon") &&
	       read_text(KSM_SHARED, text, sizeof(text)) > 0 &&
	       excess <= strtoull(text, NULL, 10) * env.page_size;
}

/**
 * leak_read_all() - what they are now
 * @counts: of leak_read_base(), and of the looks before
 *
 * Returns whether all is as it was.
 */
bool leak_read_all(struct leak_counts *counts)
{
	bool clean = true, of_system = false;
	unsigned int i;
	u64 got;

	for (i = 0; i < NR_LEAK_COUNTERS; i++) {
		got = 0;
		counts->there[i] = counts->there[i] && read_counter(counts, i, &got);
		if (got <= counts->base[i])
			counts->agreeing[i] = 0;
		else if (counts->agreeing[i] && got == counts->got[i])
			counts->agreeing[i]++;
		else
			counts->agreeing[i] = 1;
		counts->got[i] = got;
		clean &= !counts->there[i] || !counts->agreeing[i];
		of_system |= leak_counters[i].kind != IN_CGROUP && counts->agreeing[i];
	}
	if (of_system)
		find_other(counts);
	return clean;
}

/**
 * leak_excuse() - why a counter above its base is nothing to complain of, or NULL
 * @counts: of leak_read_all()
 * @i: which counter
 */
const char *leak_excuse(const struct leak_counts *counts, unsigned int i)
{
	if (leak_counters[i].kind != IN_CGROUP && counts->other[0])
		return counts->other;
	if (is_ksm(i, counts->got[i] - counts->base[i]))
		return "others still have what KSM has merged";
	if (counts->agreeing[i] < AGREEING)
		return "it does not come to rest";
	return NULL;
}
