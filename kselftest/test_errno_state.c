// SPDX-License-Identifier: GPL-2.0
/*
 * The errnos that depend on more than the line: what is mapped there, what
 * this kernel can do, who writes, what else is going on, and a writer that is
 * killed.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "thp.h"
#include "tr.h"

/* A killed race is gone within that, and has begun within that. */
#define UNDONE_MS	60000
/* What need not wait is answered within that. */
#define ANSWER_MS	20000

static const struct {
	const char *file, *words;
} triggers[] = {
	{ "split", "" },
	{ "munmap", "page=1" },
	{ "check", "" },
	{ "race", "op=split:1 op=munmap:1 rounds=1" },
};

/* Every trigger on the range of the writer yields @want; @why says of what. */
static void expect_all(const char *addr, size_t len, int want, const char *why)
{
	size_t i;
	int err;

	for (i = 0; i < ARRAY_SIZE(triggers); i++) {
		err = tr_write(triggers[i].file, "map=%p+%#zx %s", addr, len,
			       triggers[i].words);
		ksft_expect(err == want, "%s of %s: %s, expected %s",
			    triggers[i].file, why, tr_errno_name(err),
			    tr_errno_name(want));
	}
	ksft_expect(!tr_kthreads(), "%u kernel threads", tr_kthreads());
}

/* An aligned range of two huge pages with nothing in it. */
static char *reserve(void)
{
	size_t huge = thp_bytes();
	char *p = mmap(NULL, 4 * huge, PROT_NONE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	ksft_assert(p != MAP_FAILED, "mmap: %s", strerror(errno));
	return (char *)(((unsigned long)p + huge - 1) & ~(huge - 1));
}

static void case_file_mapping(const void *arg)
{
	size_t len = 2 * thp_bytes();
	char *p = reserve();
	int fd;

	(void)arg;
	fd = open("/proc/self/exe", O_RDONLY);
	ksft_assert(fd >= 0, "/proc/self/exe: %s", strerror(errno));
	/* What is beyond the end of the file is never touched. */
	ksft_assert(mmap(p, len, PROT_READ, MAP_PRIVATE | MAP_FIXED, fd, 0) == p,
		    "mmap: %s", strerror(errno));
	expect_all(p, len, EINVAL, "a private mapping of a file");
	ksft_expect(!memcmp(p, "\177ELF", 4), "it changed");
	ksft_expect(!maps_hole(getpid(), p, len), "a part is unmapped");
}

static void case_hugetlb(const void *arg)
{
	size_t len = thp_bytes();
	char *p = reserve();

	(void)arg;
	hugetlb_have(2);
	if (mmap(p, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS |
		 MAP_HUGETLB | MAP_FIXED, -1, 0) != p)
		ksft_skip("no hugetlb page to map: %s", strerror(errno));
	memset(p, 0x5a, len);
	expect_all(p, len, EINVAL, "hugetlb");
	ksft_expect(p[0] == 0x5a && p[len - 1] == 0x5a, "it changed");
}

static void case_pfn_mapping(const void *arg)
{
	/* Physical ranges that are devices on common machines. */
	static const unsigned long where[] = {
		0xfec00000, 0xfed00000, 0xfee00000, 0xfd000000, 0xe0000000,
		0xc0000000,
	};
	size_t len = thp_bytes(), i;
	char *p = reserve();
	int fd;

	(void)arg;
	fd = open("/dev/mem", O_RDONLY | O_SYNC);
	if (fd < 0)
		ksft_skip("/dev/mem: %s", strerror(errno));
	for (i = 0; i < ARRAY_SIZE(where); i++)
		if (mmap(p, len, PROT_READ, MAP_SHARED | MAP_FIXED, fd,
			 where[i]) == p)
			break;
	if (i == ARRAY_SIZE(where))
		ksft_skip("/dev/mem maps none of the known device ranges");
	expect_all(p, len, EINVAL, "a device");
	ksft_expect(!maps_hole(getpid(), p, len), "a part is unmapped");
}

static void case_special_mixed(const void *arg)
{
	size_t huge = thp_bytes();
	struct region r;
	int fd;

	/* The fault is in the second half: the first must stay as it was. */
	(void)arg;
	region_map(&r, 2 * huge);
	fd = open("/proc/self/exe", O_RDONLY);
	ksft_assert(fd >= 0 && mmap(r.addr + huge, huge, PROT_READ,
				    MAP_PRIVATE | MAP_FIXED, fd, 0) != MAP_FAILED,
		    "mmap: %s", strerror(errno));
	expect_all(r.addr, r.len, EINVAL, "half a file");
	ksft_expect(smaps_bytes(getpid(), r.addr, huge, "AnonHugePages") == huge,
		    "the other half was split");
	ksft_expect(!region_bad(r.addr, huge), "the other half changed");
	ksft_expect(!maps_hole(getpid(), r.addr, r.len), "a hole is in it");
}

static void case_hole_inside(const void *arg)
{
	size_t huge = thp_bytes(), i;
	struct region r;
	int err;

	(void)arg;
	region_map(&r, 4 * huge);
	ksft_assert(!munmap(r.addr + huge + 7 * PAGE_BYTES, PAGE_BYTES),
		    "munmap: %s", strerror(errno));
	for (i = 0; i < ARRAY_SIZE(triggers); i++) {
		/* these two are made to be used after a munmap */
		if (!strcmp(triggers[i].file, "split") || !strcmp(triggers[i].file, "check"))
			continue;
		err = tr_write(triggers[i].file, "map=%p+%#zx %s", r.addr, r.len,
			       triggers[i].words);
		ksft_expect(err == ENOMEM, "%s of a map with a hole: %s", triggers[i].file,
			    tr_errno_name(err));
	}
	ksft_expect(maps_hole(getpid(), r.addr, r.len) == PAGE_BYTES,
		    "%zu bytes unmapped", maps_hole(getpid(), r.addr, r.len));
	ksft_expect(smaps_bytes(getpid(), r.addr, r.len, "AnonHugePages") ==
		    3 * huge, "something was split");
	ksft_expect(!region_bad(r.addr, huge) &&
		    !region_bad(r.addr + 2 * huge, 2 * huge), "changed");
	/* Without the hole all is well: it was the hole. */
	err = tr_write("munmap", "map=%p+%#zx page=1", r.addr + 2 * huge, huge);
	ksft_expect(!err, "a map without a hole: %s", tr_errno_name(err));
	for (i = 0; i < ARRAY_SIZE(triggers); i += 2) {
		err = tr_write(triggers[i].file, "map=%p+%#zx", r.addr, r.len);
		ksft_expect(!err, "%s of a map with a hole: %s", triggers[i].file,
			    tr_errno_name(err));
	}
}

/* Known to the ABI or the tables, but not on this kernel. */
static void case_not_here(const void *arg)
{
	static const char * const names[] = THPRACE_CHECK_NAMES;
	unsigned int nr = 0;
	struct region r;
	size_t i;
	int err;

	(void)arg;
	region_map(&r, thp_bytes());
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		if (tr_available("checks", names[i], NULL))
			continue;
		nr++;
		err = tr_write("check", "map=%p+%#zx check=%s", r.addr, r.len,
			       names[i]);
		ksft_expect(err == EOPNOTSUPP, "check=%s: %s", names[i],
			    tr_errno_name(err));
		err = tr_write("check", "map=%p+%#zx inject=%s", r.addr, r.len,
			       names[i]);
		ksft_expect(err == EOPNOTSUPP, "inject=%s: %s", names[i],
			    tr_errno_name(err));
		err = tr_write("race",
			       "map=%p+%#zx op=split:1 rounds=1 check=%s",
			       r.addr, r.len, names[i]);
		ksft_expect(err == EOPNOTSUPP, "race check=%s: %s", names[i],
			    tr_errno_name(err));
	}
	if (!nr)
		ksft_skip("every check is available on this kernel");
	ksft_expect(smaps_bytes(getpid(), r.addr, r.len, "AnonHugePages") ==
		    r.len && !region_bad(r.addr, r.len), "it changed");
}

/* An op that only a process can do is none of a race's. */
static void case_op_not_here(const void *arg)
{
	char *ops = tr_read("ops"), *line, *next;
	unsigned int nr = 0;
	struct region r;

	(void)arg;
	region_map(&r, thp_bytes());
	for (line = ops; line && *line; line = next) {
		char name[64], kind[32], state[8];
		int err;

		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		if (sscanf(line, "%63s %31s %7s", name, kind, state) != 3)
			continue;
		if (strcmp(kind, "user") && strcmp(state, "no"))
			continue;
		nr++;
		err = tr_write("race", "map=%p+%#zx op=%s:1 rounds=1", r.addr,
			       r.len, name);
		ksft_expect(err == EOPNOTSUPP, "op=%s: %s", name,
			    tr_errno_name(err));
	}
	if (!nr)
		ksft_skip("every op can be in a race");
	ksft_expect(smaps_bytes(getpid(), r.addr, r.len, "AnonHugePages") ==
		    r.len && !region_bad(r.addr, r.len), "it changed");
}

static void drop_capabilities(void)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2] = { };

	ksft_assert(!syscall(SYS_capset, &head, data), "capset: %s",
		    strerror(errno));
}

static void case_capability(const void *arg)
{
	static const char * const files[] = {
		"split", "munmap", "race", "check", "session",
	};
	size_t i;
	int fd;

	/* Still root, as files go, but without the capability. */
	(void)arg;
	drop_capabilities();
	for (i = 0; i < ARRAY_SIZE(files); i++) {
		fd = tr_open(files[i], O_WRONLY);
		ksft_expect(fd == -EPERM, "%s: %d", files[i], fd);
	}
}

/* A child that races for ever, seen to be at it. */
static pid_t start_race(struct holder *h, int session)
{
	pid_t pid = fork();

	ksft_assert(pid >= 0, "fork: %s", strerror(errno));
	if (!pid) {
		static const char fmt[] =
			"pid=%d map=%p+%#zx op=split:1 op=munmap:1 duration_ms=%d";
		char line[THPRACE_MAX_LINE];

		snprintf(line, sizeof(line), fmt, h->pid, h->r.addr, h->r.len,
			 THPRACE_MAX_DURATION_MS);
		_exit(session < 0 ? tr_write("race", "%s", line) :
		      tr_fd_write(session, "race %s", line));
	}
	ksft_assert(ksft_wait_for(tr_kthreads() > 0, UNDONE_MS),
		    "the race has no kernel thread");
	/* Into its rounds. */
	ksft_nap_ms(500);
	return pid;
}

static void kill_race(pid_t pid)
{
	int status;

	kill(pid, SIGKILL);
	status = ksft_reap(pid, UNDONE_MS);
	ksft_assert(status >= 0, "a killed race goes on");
	ksft_expect(WIFSIGNALED(status), "the race had ended with %d (%s)",
		    status, tr_errno_name(WEXITSTATUS(status)));
	ksft_expect(!tr_kthreads(), "%u kernel threads outlive their race",
		    tr_kthreads());
}

static void case_killed(const void *arg)
{
	s64 sessions = tr_stat("sessions"), bytes = tr_stat("session_bytes");
	const char *verdict;
	struct holder h;
	char *report;
	unsigned int i;

	(void)arg;
	holder_start(&h, 8 * thp_bytes());
	for (i = 0; i < 3; i++) {
		kill_race(start_race(&h, -1));
		ksft_expect(!maps_hole(h.pid, h.r.addr, h.r.len),
			    "%zu bytes stay unmapped",
			    maps_hole(h.pid, h.r.addr, h.r.len));
		ksft_expect(tr_stat("sessions") == sessions &&
			    tr_stat("session_bytes") == bytes,
			    "a session stays");
		report = tr_read("last");
		verdict = tr_field(report, "verdict");
		ksft_expect(!strcmp(verdict, "aborted"), "verdict %s", verdict);
	}
	/* And the process is as good as new. */
	ksft_expect(!holder_fill(&h, h.r.addr, h.r.len) &&
		    !holder_bad(&h, h.r.addr, h.r.len), "its memory is not");
	holder_stop(&h);
}

/* What a session says to all that there can be one of, while it races. */
static noreturn void expect_busy(int fd, struct holder *h)
{
	static const char * const serial[] = { "round", "reset", "arm seed=1",
		"go lane=p op=fork" };
	size_t i;
	int err;

	for (i = 0; i < ARRAY_SIZE(serial); i++)
		tr_expect(fd, EBUSY, serial[i]);
	err = tr_fd_write(fd, "race pid=%d map=%p+%#zx op=split:1 rounds=1",
			  h->pid, h->r.addr, h->r.len);
	ksft_expect(err == EBUSY, "a race during a race: %s",
		    tr_errno_name(err));
	_exit(0);
}

static void case_busy(const void *arg)
{
	int fd = tr_session();
	struct holder h, other;
	pid_t racer, asker;

	(void)arg;
	holder_start(&h, 8 * thp_bytes());
	/* Its maps have no holes, as those of a running race may. */
	holder_start(&other, thp_bytes());
	racer = start_race(&h, fd);
	/* Not from here: it must not wait for the race, but if it does... */
	asker = fork();
	if (!asker)
		expect_busy(fd, &other);
	ksft_expect(!ksft_reap(asker, ANSWER_MS),
		    "a second command of the session waits for the race");
	kill_race(racer);
	kill(asker, SIGKILL);
	ksft_reap(asker, UNDONE_MS);
	tr_expect(fd, 0, "round");
	close(fd);
	holder_stop(&h);
	holder_stop(&other);
}

static const struct ksft_case cases[] = {
	{ .name = "EINVAL: file mapping", .run = case_file_mapping },
	{ .name = "EINVAL: hugetlb", .run = case_hugetlb },
	{ .name = "EINVAL: PFN mapping", .run = case_pfn_mapping },
	{ .name = "EINVAL: partly a file", .run = case_special_mixed },
	{ .name = "ENOMEM: hole inside", .run = case_hole_inside },
	{ .name = "EOPNOTSUPP: checks", .run = case_not_here },
	{ .name = "EOPNOTSUPP: ops", .run = case_op_not_here },
	{ .name = "EPERM: no capability", .run = case_capability },
	{ .name = "EBUSY: a race in the session", .run = case_busy },
	{ .name = "EINTR: killed writer", .run = case_killed },
};

int main(int argc, char **argv)
{
	return ksft_main(argc, argv, cases, ARRAY_SIZE(cases));
}
