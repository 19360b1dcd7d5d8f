// SPDX-License-Identifier: GPL-2.0
/*
 * Nothing that changes while a check looks at it is reported: page tables,
 * and folios between the walk that collects them and the look at each.
 */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <stdnoreturn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "thp.h"
#include "tr.h"

#ifndef MADV_NOHUGEPAGE
#define MADV_NOHUGEPAGE	15
#endif
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE	25
#endif

/* Page tables come and go, some of them under neither mmap_lock nor VMA lock. */
static noreturn void free_tables(char *anon, char *shared, size_t len)
{
	for (;;) {
		/* MADV_DONTNEED frees the empty table under the VMA lock (6.13) */
		memset(anon, 1, len);
		madvise(anon, len, MADV_DONTNEED);
		/* a collapse frees the tables of all who map the file */
		memset(shared, 1, len);
		madvise(shared, len, MADV_COLLAPSE);
		madvise(shared, len, MADV_DONTNEED);
	}
}

static void case_tables_vanish(const void *arg)
{
	size_t len = 2 * thp_bytes();
	char *p = thp_reserve(2 * len), *shared = p + len;
	int fd = memfd_create("thprace", 0), session, i, err;
	char *report = NULL;
	long long held = 0;
	pid_t child;

	(void)arg;
	ksft_assert(fd >= 0 && !ftruncate(fd, len), "memfd");
	ksft_assert(mmap(p, len, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == p,
		    "mmap");
	ksft_assert(mmap(shared, len, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_FIXED, fd, 0) == shared, "mmap");
	madvise(p, len, MADV_NOHUGEPAGE);
	child = fork();
	ksft_assert(child >= 0, "fork");
	if (!child)
		free_tables(p, shared, len);
	/* one session: probes are not placed anew for each check */
	session = tr_session();
	/* A child that gets no CPU has nothing mapped yet. */
	for (i = 0; i < 60 || (!held && i < 600); i++) {
		err = tr_fd_write(session, "check pid=%d map=%p+%#zx", child, p,
				  2 * len);
		ksft_assert(!err, "check %d: %s", i, tr_errno_name(err));
		report = tr_fd_read(session);
		held = tr_row(report, "check", "page_mapcount", "held");
		if (!held)
			usleep(1000);
	}
	if (!ksft_expect(!tr_violations(report, NULL), "a violation"))
		ksft_msg("%s", report);
	ksft_expect(held, "nothing was checked:\n%s", report);
	close(session);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	munmap(p, 2 * len);
	close(fd);
}

/*
 * Between the walk and the look the module waits for a child, which finds its
 * parent asleep in the check, does what a case is about, and ends the wait.
 */
#define LOOK_DELAY	"/sys/module/thprace/parameters/look_delay_ms"

static void set_look_delay(const char *ms)
{
	int fd = open(LOOK_DELAY, O_WRONLY);

	ksft_assert(fd >= 0 && write(fd, ms, strlen(ms)) == (ssize_t)strlen(ms),
		    LOOK_DELAY);
	close(fd);
}

static bool parent_waits(void)
{
	char path[64], stack[4096];
	ssize_t len = 0;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stack", getppid());
	fd = open(path, O_RDONLY);
	if (fd >= 0) {
		len = read(fd, stack, sizeof(stack) - 1);
		close(fd);
	}
	stack[len < 0 ? 0 : len] = '\0';
	return strstr(stack, "msleep") && strstr(stack, "thprace_check_region");
}

struct meanwhile {
	void (*act)(const struct meanwhile *m);
	const char *delay;	/* how long the module waits, in ms */
	char *addr;
	size_t len;
	int fd, start[2];
	pid_t pid;
};

/*
 * Forked before the memory is there, so that it maps none of it.  On the same
 * CPU, so that the child is given the frames that the parent's pages leave.
 */
static void meanwhile_start(struct meanwhile *m)
{
	cpu_set_t here;
	char c;

	CPU_ZERO(&here);
	CPU_SET(sched_getcpu(), &here);
	ksft_assert(!sched_setaffinity(0, sizeof(here), &here), "sched_setaffinity");

	if (access("/proc/self/stack", R_OK))
		ksft_skip("no /proc/self/stack");
	ksft_assert(!pipe(m->start), "pipe");
	m->pid = fork();
	ksft_assert(m->pid >= 0, "fork");
	if (m->pid)
		return;
	if (read(m->start[0], &c, 1) != 1)
		_exit(2);
	if (!ksft_wait_for(parent_waits(), 60000))
		_exit(3);
	m->act(m);
	set_look_delay("0");
	_exit(0);
}

/* A check of [@addr, @addr + @len) while the child acts; its report. */
static char *meanwhile_check(struct meanwhile *m)
{
	char words[64], *report;
	int status;

	set_look_delay(m->delay);
	ksft_assert(write(m->start[1], "", 1) == 1, "write");
	snprintf(words, sizeof(words), "map=%p+%#zx", m->addr, m->len);
	report = tr_check_sound(words);
	set_look_delay("0");
	status = ksft_reap(m->pid, 60000);
	ksft_assert(!status, "the child did not act in time: status %#x", status);
	return report;
}

static void expect_judged(const char *report, s64 pages)
{
	s64 held = tr_row(report, "check", "page_mapcount", "held");

	ksft_expect(held == pages, "%lld pages were judged, not %lld:\n%s",
		    (long long)held, (long long)pages, report);
}

static void split_all(const struct meanwhile *m)
{
	int fd = open("/sys/kernel/debug/split_huge_pages", O_WRONLY);

	(void)m;
	if (fd < 0 || write(fd, "1", 1) != 1)
		_exit(4);
	close(fd);
}

static void case_split_meanwhile(const void *arg)
{
	struct meanwhile m = { .act = split_all, .delay = "10000" };
	struct region r;
	char *report;

	(void)arg;
	if (access("/sys/kernel/debug/split_huge_pages", W_OK))
		ksft_skip("no split_huge_pages in debugfs");
	meanwhile_start(&m);
	region_map(&r, thp_bytes());
	m.addr = r.addr;
	m.len = r.len;
	report = meanwhile_check(&m);
	ksft_assert(!smaps_bytes(getpid(), r.addr, r.len, "AnonHugePages"),
		    "nothing was split");
	expect_judged(report, r.len / PAGE_BYTES);
	tr_no_skip(report);
	region_unmap(&r);
}

/* The frames that were freed last are those that are given out next. */
static void use_frames(size_t freed)
{
	size_t len = 16 * freed, i;
	char *p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		       -1, 0);

	if (p == MAP_FAILED || madvise(p, len, MADV_NOHUGEPAGE))
		_exit(5);
	for (i = 0; i < len; i += PAGE_BYTES)
		p[i] = 1;
}

/* Takes pages out of the file, and uses their frames for memory of its own. */
static void punch(const struct meanwhile *m)
{
	if (fallocate(m->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, m->len / 4,
		      m->len / 2))
		_exit(4);
	use_frames(m->len);
}

/* One page after the other, whatever is collected: in the end it is skipped. */
static void punch_on(const struct meanwhile *m)
{
	size_t at;

	for (at = 0; at < m->len; at += PAGE_BYTES) {
		if (fallocate(m->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, at,
			      PAGE_BYTES))
			_exit(4);
		usleep(20000);
	}
}

static void case_punch(const struct meanwhile *how, bool on)
{
	struct meanwhile m = *how;
	char *report;

	m.len = thp_bytes();
	m.addr = thp_reserve(m.len);
	m.fd = memfd_create("thprace", 0);
	ksft_assert(m.fd >= 0 && !ftruncate(m.fd, m.len), "memfd");
	meanwhile_start(&m);
	ksft_assert(mmap(m.addr, m.len, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_FIXED, m.fd, 0) == m.addr, "mmap");
	madvise(m.addr, m.len, MADV_NOHUGEPAGE);
	memset(m.addr, 1, m.len);
	report = meanwhile_check(&m);
	if (on) {
		ksft_expect(tr_row(report, "check", "page_mapcount", "skipped") > 0,
			    "not skipped:\n%s", report);
	} else {
		expect_judged(report, m.len / 2 / PAGE_BYTES);
		tr_no_skip(report);
	}
	munmap(m.addr, m.len);
	close(m.fd);
}

#define CGROUP	"/sys/fs/cgroup/thprace-sound"

static bool shell(const char *command)
{
	return !system(command);
}

/* Pages out what the parent has in its cgroup, and uses the frames. */
static void reclaim(const struct meanwhile *m)
{
	/* it fails if it could not get as much as it was asked for */
	shell("echo 4M 2>/dev/null >" CGROUP "/memory.reclaim");
	use_frames(m->len);
}

/* A cgroup whose memory can be reclaimed, with the caller in it, and swap. */
static void reclaimable_start(void)
{
	char enter[64];

	shell("echo +memory 2>/dev/null >/sys/fs/cgroup/cgroup.subtree_control");
	if (mkdir(CGROUP, 0755) || access(CGROUP "/memory.reclaim", W_OK)) {
		rmdir(CGROUP);
		ksft_skip("no memory.reclaim in a cgroup");
	}
	shell("modprobe zram 2>/dev/null");
	if (!shell("[ \"$(cat /sys/block/zram0/disksize)\" = 0 ]") ||
	    !shell("echo 64M >/sys/block/zram0/disksize") ||
	    !shell("mkswap /dev/zram0 >/dev/null && swapon /dev/zram0")) {
		rmdir(CGROUP);
		ksft_skip("no zram to swap to");
	}
	snprintf(enter, sizeof(enter), "echo %d >" CGROUP "/cgroup.procs", getpid());
	ksft_assert(shell(enter), "cgroup.procs");
}

static void reclaimable_stop(void)
{
	char leave[64];

	snprintf(leave, sizeof(leave), "echo %d >/sys/fs/cgroup/cgroup.procs", getpid());
	ksft_expect(shell(leave) && !rmdir(CGROUP), CGROUP);
	ksft_expect(shell("swapoff /dev/zram0 && echo 1 >/sys/block/zram0/reset"), "zram");
}

static void case_reclaimed_meanwhile(const void *arg)
{
	struct meanwhile m = { .act = reclaim, .delay = "10000", .len = thp_bytes() };
	s64 out = vm_counter("pswpout"), held;
	char *report;

	(void)arg;
	meanwhile_start(&m);
	reclaimable_start();
	m.addr = thp_reserve(m.len);
	ksft_assert(mmap(m.addr, m.len, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == m.addr, "mmap");
	madvise(m.addr, m.len, MADV_NOHUGEPAGE);
	memset(m.addr, 1, m.len);
	report = meanwhile_check(&m);
	out = vm_counter("pswpout") - out;
	held = tr_row(report, "check", "page_mapcount", "held");
	ksft_expect(out > 0 && held + out >= (s64)(m.len / PAGE_BYTES) &&
		    held < (s64)(m.len / PAGE_BYTES),
		    "%lld pages judged, %lld swapped out:\n%s", (long long)held,
		    (long long)out, report);
	munmap(m.addr, m.len);
	reclaimable_stop();
}

static void case_truncated_meanwhile(const void *arg)
{
	const struct meanwhile m = { .act = punch, .delay = "10000" };

	(void)arg;
	case_punch(&m, false);
}

static void case_always_truncated(const void *arg)
{
	const struct meanwhile m = { .act = punch_on, .delay = "100" };

	(void)arg;
	case_punch(&m, true);
}

static const struct ksft_case cases[] = {
	{ .name = "page tables that vanish", .run = case_tables_vanish },
	{ .name = "split before the look", .run = case_split_meanwhile },
	{ .name = "reclaimed before the look", .run = case_reclaimed_meanwhile },
	{ .name = "truncated before the look", .run = case_truncated_meanwhile },
	{ .name = "truncated before each look", .run = case_always_truncated },
};

int main(int argc, char **argv)
{
	return ksft_main(argc, argv, cases, ARRAY_SIZE(cases));
}
