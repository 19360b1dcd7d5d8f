// SPDX-License-Identifier: GPL-2.0
/*
 * What this machine and kernel have
 *
 * Probed once, by feature and not by version; read by the scenario table and
 * the reports.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "env.h"
#include "nodes.h"
#include "touch.h"
#include "util.h"

#define THP_SYSFS	"/sys/kernel/mm/transparent_hugepage"
#define SPLIT_FILE	"/sys/kernel/debug/split_huge_pages"
#define DEFAULT_HPAGE	(2UL << 20)

struct env env = { .nr_jobs = 1 };

const struct touch env_touches[] = {
	{ .kind = TOUCH_ACTION, .what = SPLIT_FILE },
	{ }
};

static struct cpu_mask cpus;

static void probe_cpus(void)
{
	unsigned int cpu;

	memset(&cpus, 0, sizeof(cpus));
	if (sched_getaffinity(0, sizeof(cpus), cpus.set)) {
		/* More than MAX_CPUS: all that we can name, and pinning is best effort. */
		for (cpu = 0; cpu < MAX_CPUS; cpu++)
			CPU_SET_S(cpu, sizeof(cpus), cpus.set);
	}
	env.nr_cpus = CPU_COUNT_S(sizeof(cpus), cpus.set);
}

/**
 * env_cpu() - the @n-th CPU that this process may use, round robin
 * @n: any number
 */
int env_cpu(unsigned int n)
{
	unsigned int left = n % env.nr_cpus;
	int cpu;

	for (cpu = 0; cpu < MAX_CPUS; cpu++) {
		if (CPU_ISSET_S(cpu, sizeof(cpus), cpus.set) && !left--)
			return cpu;
	}
	return 0;
}

/**
 * env_share_cpus() - from here on the caller and its children have a part of the CPUs
 * @part: which, the first one is 0
 * @parts: how many there are; no more than CPUs
 *
 * Neighbours by number, which mostly share a node.
 */
void env_share_cpus(unsigned int part, unsigned int parts)
{
	unsigned int first = part * env.nr_cpus / parts, end = (part + 1) * env.nr_cpus / parts;
	struct cpu_mask mine;

	memset(&mine, 0, sizeof(mine));
	for (; first < end; first++)
		CPU_SET_S(env_cpu(first), sizeof(mine), mine.set);
	if (!sched_setaffinity(0, sizeof(mine), mine.set))
		probe_cpus();
}

/**
 * env_pin() - keep the caller on one CPU, when there are two or more
 * @n: which, round robin
 */
void env_pin(unsigned int n)
{
	struct cpu_mask one;

	if (env.nr_cpus < 2)
		return;
	memset(&one, 0, sizeof(one));
	CPU_SET_S(env_cpu(n), sizeof(one), one.set);
	/* Best effort: an unpinned lane races as well, only less often. */
	(void)!sched_setaffinity(0, sizeof(one), one.set);
}

/* Since 6.7 each size has a setting of its own, which may be to follow the one for all. */
static void say_if_off(void)
{
	char path[100], text[64];

	snprintf(path, sizeof(path), THP_SYSFS "/hugepages-%zukB/enabled", env.hpage_size / 1024);
	if (read_text(path, text, sizeof(text)) <= 0 || strstr(text, "[inherit]"))
		copy_word(path, sizeof(path), THP_SYSFS "/enabled");
	if (read_text(path, text, sizeof(text)) <= 0 || !strstr(text, "[never]"))
		return;
	snprintf(env.no_thp, sizeof(env.no_thp), "transparent huge pages are off (never in %s)",
		 path + strlen(THP_SYSFS "/"));
}

static void probe_thp(void)
{
	char buf[128];
	u64 val;

	env.page_size = sysconf(_SC_PAGESIZE);
	env.hpage_size = DEFAULT_HPAGE;
	if (read_text(THP_SYSFS "/hpage_pmd_size", buf, sizeof(buf)) > 0) {
		buf[strcspn(buf, "\n")] = '\0';
		if (!parse_u64(buf, env.page_size * 2, 1ULL << 30, &val))
			env.hpage_size = val;
	}
	env.nr_subpages = env.hpage_size / env.page_size;
	if (read_text(THP_SYSFS "/enabled", buf, sizeof(buf)) < 0)
		snprintf(env.no_thp, sizeof(env.no_thp),
			 "no transparent huge pages on this kernel (no " THP_SYSFS ")");
	else if (prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0) == 1)
		copy_word(env.no_thp, sizeof(env.no_thp),
			  "huge pages were forbidden to this process (PR_SET_THP_DISABLE)");
	else
		say_if_off();
}

static void probe_module(void)
{
	char buf[sizeof(env.module)];
	ssize_t len;
	u64 abi;

	len = read_text(THPRACE_DEBUGFS "/abi", buf, sizeof(buf));
	if (len < 0) {
		snprintf(env.no_module, sizeof(env.no_module),
			 len == -EACCES || len == -EPERM ?
			 "may not read " THPRACE_DEBUGFS " (root only)" :
			 "the module is not loaded (no " THPRACE_DEBUGFS
			 "; insmod it, mount debugfs, or use --no-module)");
		return;
	}
	buf[strcspn(buf, "\n")] = '\0';
	if (parse_u64(buf, 1, ~0U, &abi) || abi != THPRACE_ABI_VERSION) {
		snprintf(env.no_module, sizeof(env.no_module),
			 "the module speaks ABI %.20s, this program %d",
			 buf, THPRACE_ABI_VERSION);
		return;
	}
	snprintf(env.module, sizeof(env.module), "abi %llu", abi);
	env.have_module = true;
}

/*
 * Since 5.13 the file takes "pid,start,end".  Older ones only take "1" and
 * refuse the rest; pid 0 never exists, so this probe splits nothing.
 */
static void probe_split_file(void)
{
	int err = write_text(SPLIT_FILE, "0,0x1000,0x2000");

	env.have_split_file = err == -ESRCH;
}

static void probe_swap(void)
{
	char buf[512], *line;

	if (read_text("/proc/swaps", buf, sizeof(buf)) <= 0)
		return;
	line = strchr(buf, '\n');
	env.have_swap = line && line[1] == '/';
}

/**
 * env_probe() - look at everything once
 */
void env_probe(void)
{
	struct utsname uts;

	if (!uname(&uts))
		copy_word(env.release, sizeof(env.release), uts.release);
	probe_cpus();
	probe_thp();
	probe_module();
	probe_split_file();
	nodes_probe();
	probe_swap();
}

/**
 * env_allow_thp() - may this process, and what it forks, have huge pages?
 * @allow: yes or no
 */
void env_allow_thp(bool allow)
{
	prctl(PR_SET_THP_DISABLE, !allow, 0, 0, 0);
}

/**
 * env_be_victim() - the caller is the first to go when memory runs out
 */
void env_be_victim(void)
{
	write_text("/proc/self/oom_score_adj", "1000");
}

/**
 * env_split_file() - split through debugfs split_huge_pages
 * @pid: whose memory
 * @addr: from
 * @len: bytes
 */
int env_split_file(pid_t pid, const void *addr, size_t len)
{
	char line[96];

	snprintf(line, sizeof(line), "%d,0x%lx,0x%lx", pid,
		 (unsigned long)addr, (unsigned long)addr + len);
	return write_text(SPLIT_FILE, line);
}

/**
 * env_counter() - the number behind a name at a line's start
 * @path: a file like /proc/vmstat or /proc/meminfo
 * @name: the name
 * @val: result
 *
 * Returns whether there is such a line.
 */
bool env_counter(const char *path, const char *name, u64 *val)
{
	size_t len = strlen(name);
	char buf[32768], *at;

	if (read_text(path, buf, sizeof(buf)) <= 0)
		return false;
	for (at = buf; at && *at; at = strchr(at, '\n')) {
		at += *at == '\n';
		if (strncmp(at, name, len) || !at[len] || !strchr(" :", at[len]))
			continue;
		*val = strtoull(at + len + 1, NULL, 10);
		return true;
	}
	return false;
}

/**
 * env_vmstat() - a counter of /proc/vmstat, 0 when there is none
 * @name: its name
 */
u64 env_vmstat(const char *name)
{
	u64 val;

	return env_counter("/proc/vmstat", name, &val) ? val : 0;
}

/**
 * env_available_bytes() - memory that can be had without swapping; 0: not known
 */
u64 env_available_bytes(void)
{
	u64 kb;

	/* Before 3.14 there is no estimate. */
	if (env_counter("/proc/meminfo", "MemAvailable", &kb) ||
	    env_counter("/proc/meminfo", "MemFree", &kb))
		return kb * 1024;
	return 0;
}

/* Of smaller sizes, which are counted elsewhere (6.12). */
static u64 small_splits(void)
{
	size_t kib = env.page_size / 1024;
	char path[100], text[32];
	u64 sum = 0, n;

	for (kib *= 2; kib < env.hpage_size / 1024; kib *= 2) {
		snprintf(path, sizeof(path), THP_SYSFS "/hugepages-%zukB/stats/split", kib);
		if (read_text(path, text, sizeof(text)) <= 0)
			continue;
		text[strcspn(text, "\n")] = '\0';
		sum += parse_u64(text, 0, ~0ULL, &n) ? 0 : n;
	}
	return sum;
}

/**
 * env_splits() - huge pages, and smaller folios, that the kernel has split so far
 */
u64 env_splits(void)
{
	u64 n = env_vmstat("thp_split_page");

	/* the name before 4.5 */
	return (n ? n : env_vmstat("thp_split")) + small_splits();
}

/**
 * env_has_madvise() - does madvise() know this advice?
 * @advice: its number
 */
bool env_has_madvise(int advice)
{
	size_t size = env.hpage_size;
	char *at = mmap(NULL, 2 * size, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	bool forbidden = prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0) > 0;
	char *aligned;
	bool known;

	if (at == MAP_FAILED)
		return false;
	aligned = (char *)(((unsigned long)at + size - 1) & ~(size - 1));
	/* MADV_COLLAPSE calls it invalid when there is nothing to collapse. */
	aligned[0] = 1;
	/* It also calls it invalid where huge pages are not allowed. */
	env_allow_thp(true);
	known = !madvise(aligned, size, advice) || errno != EINVAL;
	env_allow_thp(!forbidden);
	munmap(at, 2 * size);
	return known;
}
