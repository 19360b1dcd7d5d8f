// SPDX-License-Identifier: GPL-2.0
/*
 * Nothing that a correct kernel may do is reported, and what was looked at is
 * counted: the faults of the checks that a review found, each as a case.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "thp.h"
#include "tr.h"

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE	0x100000
#endif
#ifndef MADV_HUGEPAGE
#define MADV_HUGEPAGE	14
#endif

/*
 * The offset of the first VMA of a region says nothing about the pages of the
 * next one: taken for theirs it leads to twice the address of the region, which
 * is the kernel's text if it is at this one (and the kernel where it was linked).
 */
#define HALF_OF_KERNEL_TEXT	((char *)0x7fffc0a00000UL)

static void case_other_offset(const void *arg)
{
	size_t huge = thp_bytes();
	char words[64], *p = HALF_OF_KERNEL_TEXT, *report;
	int fd = memfd_create("thprace", 0);

	(void)arg;
	ksft_assert(fd >= 0 && !ftruncate(fd, PAGE_BYTES), "memfd");
	if (mmap(p, huge, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS |
		 MAP_FIXED_NOREPLACE, -1, 0) != p)
		p = thp_reserve(huge);
	ksft_assert(mmap(p, PAGE_BYTES, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_FIXED, fd, 0) == p, "mmap");
	ksft_assert(mmap(p + PAGE_BYTES, huge - PAGE_BYTES,
			 PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) ==
		    p + PAGE_BYTES, "mmap");
	memset(p, 1, huge);
	snprintf(words, sizeof(words), "map=%p+%#zx", p, huge);
	report = tr_check_sound(words);
	ksft_expect(tr_row(report, "check", "page_mapcount", "held") ==
		    (s64)(huge / PAGE_BYTES), "not all pages were judged:\n%s",
		    report);
	munmap(p, huge);
	close(fd);
}

/* Pages that a write copied into a mapping of raw frames count as anonymous. */
static void case_pfnmap(const void *arg)
{
	int fd = open("/dev/mem", O_RDWR);
	char words[64], *p, *report;
	struct region r;

	(void)arg;
	if (fd < 0)
		ksft_skip("no /dev/mem");
	/* the system ROM of a PC: no memory of the kernel's */
	p = mmap(NULL, 4 * PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd,
		 0xf0000);
	if (p == MAP_FAILED)
		ksft_skip("/dev/mem does not map the system ROM");
	p[0] = 1;
	p[PAGE_BYTES] = 1;
	region_map(&r, thp_bytes());
	snprintf(words, sizeof(words), "map=%p+%#zx check=rss", r.addr, r.len);
	report = tr_check_sound(words);
	ksft_expect(tr_row(report, "check", "rss", "held") == 1, "rss:\n%s",
		    report);
	region_unmap(&r);
	munmap(p, 4 * PAGE_BYTES);
	close(fd);
}

/*
 * A pipe has a reference on one page at @addr; a child of ours takes it out once we
 * have slept @sleeps times. Forked before the memory is there, so that it maps none
 * of it.
 */
struct lender {
	int go, pipe[2];
	pid_t pid;
};

/* How often a process has slept so far. */
static unsigned long sleeps_of(pid_t pid)
{
	char path[64], line[128];
	unsigned long n = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f) &&
	       sscanf(line, "voluntary_ctxt_switches: %lu", &n) != 1)
		;
	if (f)
		fclose(f);
	return n;
}

static void lender_start(struct lender *l, unsigned int sleeps)
{
	char buf[PAGE_BYTES], c;
	unsigned long before;
	int go[2];

	ksft_assert(!pipe(l->pipe) && !pipe(go), "pipe");
	l->go = go[1];
	l->pid = fork();
	ksft_assert(l->pid >= 0, "fork");
	if (l->pid)
		return;
	if (read(go[0], &c, 1) == 1) {
		before = sleeps_of(getppid());
		while (sleeps_of(getppid()) - before < sleeps)
			ksft_nap_ms(5);
		if (read(l->pipe[0], buf, sizeof(buf)) < 0)
			_exit(1);
	}
	pause();
	_exit(0);
}

static void lender_lend(struct lender *l, char *addr)
{
	struct iovec iov = { addr, PAGE_BYTES };

	ksft_assert(vmsplice(l->pipe[1], &iov, 1, 0) == PAGE_BYTES, "vmsplice");
	ksft_assert(write(l->go, "", 1) == 1, "write");
}

static void lender_stop(struct lender *l)
{
	kill(l->pid, SIGKILL);
	waitpid(l->pid, NULL, 0);
	close(l->pipe[0]);
	close(l->pipe[1]);
	close(l->go);
}

/* refs=exact stands a holder that is slow to go, whoever it is. */
static void case_slow_holder(const void *arg)
{
	int fd = tr_session(), err;
	struct region r;
	struct lender l;
	char *report;

	(void)arg;
	/* Seven looks, and the sleeps in between, are behind it; 70 are still to come. */
	lender_start(&l, 40);
	region_map(&r, thp_bytes());
	/* It sleeps where it places its probes as well: that is done before. */
	err = tr_fd_write(fd, "check map=%p+%#zx check=refcount", r.addr, r.len);
	ksft_assert(!err, "check: %s", tr_errno_name(err));
	tr_expect(fd, 0, "reset");
	lender_lend(&l, r.addr);
	err = tr_fd_write(fd, "check map=%p+%#zx check=refcount refs=exact", r.addr, r.len);
	ksft_assert(!err, "check: %s", tr_errno_name(err));
	report = tr_fd_read(fd);
	ksft_expect(!tr_violations(report, NULL), "a violation:\n%s", report);
	ksft_expect(tr_row(report, "check", "refcount", "skipped") > 0,
		    "the reference was not seen:\n%s", report);
	close(fd);
	region_unmap(&r);
	lender_stop(&l);
}

/* And a reference that stays is reported: the same, but that nobody takes it out. */
static void case_holder_stays(const void *arg)
{
	struct region r;
	struct lender l;
	char *report;
	int err;

	(void)arg;
	lender_start(&l, ~0U);
	region_map(&r, thp_bytes());
	lender_lend(&l, r.addr);
	err = tr_write("check", "map=%p+%#zx check=refcount refs=exact", r.addr,
		       r.len);
	ksft_assert(!err, "check: %s", tr_errno_name(err));
	report = tr_read("last");
	ksft_expect(tr_violations(report, "refcount") == 1,
		    "one violation of refcount:\n%s", report);
	region_unmap(&r);
	lender_stop(&l);
}

#define SHMEM_KNOB	"/sys/kernel/mm/transparent_hugepage/shmem_enabled"

/* Sets the knob; @old gets the value that it had. */
static void set_shmem(const char *value, char old[32])
{
	char text[128] = "", *from, *end;
	int fd = open(SHMEM_KNOB, O_RDWR);

	ksft_assert(fd >= 0 && read(fd, text, sizeof(text) - 1) > 0, SHMEM_KNOB);
	from = strchr(text, '[');
	end = from ? strchr(from, ']') : NULL;
	ksft_assert(end && end - from <= 31, "%s: %s", SHMEM_KNOB, text);
	*end = '\0';
	snprintf(old, 32, "%s", from + 1);
	ksft_assert(write(fd, value, strlen(value)) == (ssize_t)strlen(value),
		    "%s: %s", SHMEM_KNOB, value);
	close(fd);
}

/* The split of a file's folio may fail for reasons of its own. */
static void case_shmem_progress(const void *arg)
{
	size_t huge = thp_bytes();
	char words[96], old[32], advise[32], *p = thp_reserve(huge), *report;
	int fd = memfd_create("thprace", 0);
	struct lender l;

	(void)arg;
	lender_start(&l, ~0U);
	ksft_assert(fd >= 0 && !ftruncate(fd, huge), "memfd");
	ksft_assert(mmap(p, huge, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
			 fd, 0) == p, "mmap");
	madvise(p, huge, MADV_HUGEPAGE);
	set_shmem("advise", old);
	memset(p, 1, huge);
	set_shmem(old, advise);
	if (smaps_bytes(getpid(), p, huge, "ShmemPmdMapped") != huge)
		ksft_skip("shared memory is not huge here");
	lender_lend(&l, p);
	snprintf(words, sizeof(words),
		 "map=%p+%#zx check=split_progress refs=exact", p, huge);
	report = tr_check_sound(words);
	ksft_expect(tr_row(report, "check", "split_progress", "skipped") == 1,
		    "not skipped:\n%s", report);
	munmap(p, huge);
	close(fd);
	lender_stop(&l);
}

/* However many processes share them, huge pages split at the first try. */
static void case_sharers(const void *arg)
{
	unsigned int nr = (unsigned long)arg, n;
	pid_t child[512];
	struct region r;
	char words[80], *report;

	region_map(&r, 3 * thp_bytes());
	for (n = 0; n + 1 < nr; n++) {
		child[n] = fork();
		ksft_assert(child[n] >= 0, "fork of sharer %u", n);
		if (!child[n]) {
			pause();
			_exit(0);
		}
	}
	snprintf(words, sizeof(words),
		 "map=%p+%#zx check=split_progress refs=exact", r.addr, r.len);
	report = tr_check_sound(words);
	ksft_expect(tr_row(report, "check", "split_progress", "held") == 3,
		    "not all split:\n%s", report);
	while (n--) {
		kill(child[n], SIGKILL);
		waitpid(child[n], NULL, 0);
	}
	region_unmap(&r);
}

/* Processes that nobody named are found and locked in one go, however many. */
static void case_unnamed(const void *arg)
{
	struct holder h[21];
	char words[80], *report;
	unsigned int i;

	(void)arg;
	holder_start_shared(h, ARRAY_SIZE(h), 2 * thp_bytes());
	snprintf(words, sizeof(words), "pid=%d map=%p+%#zx", h[0].pid,
		 h[0].r.addr, h[0].r.len);
	report = tr_check_sound(words);
	tr_no_skip(report);
	ksft_expect(tr_row(report, "check", "entire_mapcount", "held") == 2,
		    "both huge pages:\n%s", report);
	for (i = 0; i < ARRAY_SIZE(h); i++)
		holder_stop(&h[i]);
}

/* Frames are followed for as much memory as is named. */
static void case_many_frames(const void *arg)
{
	/* lockdep knows no more locks of one task */
	const unsigned int nr = access("/proc/lockdep", F_OK) ? 64 : 30;
	const unsigned int pages = 1280 / nr + 1;
	char line[THPRACE_MAX_LINE], *report;
	struct holder h[64];
	size_t len = 0;
	unsigned int i;
	s64 folios, frames;
	int fd;

	(void)arg;
	holder_start_shared(h, nr, pages * thp_bytes());
	for (i = 0; i < nr; i++)
		len += snprintf(line + len, sizeof(line) - len, "pid=%d ",
				h[i].pid);
	snprintf(line + len, sizeof(line) - len, "map=%p+%#zx", h[0].r.addr,
		 h[0].r.len);
	fd = tr_session();
	ksft_assert(!tr_fd_write(fd, "check %s check=refcount check=rmap_linear",
				 line), "check");
	tr_split_all(fd, &h[0]);
	tr_expect(fd, 0, "reset");
	ksft_assert(!tr_fd_write(fd, "check %s check=refcount check=rmap_linear",
				 line), "check");
	report = tr_fd_read(fd);
	/* each folio was judged, and in each process what was huge before */
	folios = tr_row(report, "check", "rmap_linear", "held");
	frames = tr_row(report, "check", "refcount", "held") - folios;
	ksft_expect(folios == (s64)(pages * thp_bytes() / PAGE_BYTES),
		    "%lld folios:\n%s", (long long)folios, report);
	ksft_expect(frames == nr * pages, "%lld of %u huge pages were followed",
		    (long long)frames, nr * pages);
	close(fd);
	for (i = 0; i < nr; i++)
		holder_stop(&h[i]);
}

static const struct ksft_case cases[] = {
	{ .name = "a region that begins with another offset", .run = case_other_offset },
	{ .name = "pages copied in a PFN map", .run = case_pfnmap },
	{ .name = "a holder that is slow to go", .run = case_slow_holder },
	{ .name = "a holder that stays", .run = case_holder_stays },
	{ .name = "split_progress of shared memory", .run = case_shmem_progress },
	{ .name = "2 sharers", .run = case_sharers, .arg = (void *)2 },
	{ .name = "5 sharers", .run = case_sharers, .arg = (void *)5 },
	{ .name = "65 sharers", .run = case_sharers, .arg = (void *)65 },
	{ .name = "513 sharers", .run = case_sharers, .arg = (void *)513,
	  .timeout_s = 1200 },
	{ .name = "20 processes that nobody named", .run = case_unnamed },
	{ .name = "1280 huge pages followed", .run = case_many_frames },
};

int main(int argc, char **argv)
{
	return ksft_main(argc, argv, cases, ARRAY_SIZE(cases));
}
