// SPDX-License-Identifier: GPL-2.0
/*
 * Sessions used in ways that the companion never uses them: no order of
 * commands may hurt the kernel, another session or the target.  What a line
 * may not say is test_errno's and test_errno_state's.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "thp.h"
#include "tr.h"

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE	0x100000
#endif

#define GONE_MS		60000
#define RACE		"race pid=%d map=%p+%#zx op=split:1 op=zap:1 rounds=2"
#define STEER		"arm steer=\"a>try_to_migrate a>end\""

/* Passes many phases, as a task that may still be taken for a lane. */
static void pass_phases(void)
{
	size_t len = 2 * thp_bytes();
	char *p = mmap(NULL, len, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pid_t pid;

	ksft_assert(p != MAP_FAILED, "mmap: %s", strerror(errno));
	madvise(p, len, MADV_HUGEPAGE);
	memset(p, 1, len);
	pid = fork();
	if (!pid)
		_exit(0);
	munmap(p + PAGE_BYTES, 7 * PAGE_BYTES);
	munmap(p, len);
	ksft_assert(!ksft_reap(pid, GONE_MS), "the child");
}

/* A session ends while its lane is in the middle of its second op. */
static void case_second_go(const void *arg)
{
	s64 sessions = tr_stat("sessions");
	/* Not the memory of the first: that is free then. */
	int other = tr_session(), fd = tr_session();

	(void)arg;
	tr_expect(fd, 0, STEER);
	tr_expect(fd, 0, "go lane=a op=fork");
	tr_expect(fd, 0, "done lane=a");
	tr_expect(fd, 0, "go lane=a op=fork");
	close(fd);
	/* Probes of another session: they must not find the lane of the first. */
	tr_expect(other, 0, STEER);
	pass_phases();
	tr_expect(other, 0, "round");
	close(other);
	ksft_expect(tr_stat("sessions") == sessions, "%lld sessions, before %lld",
		    (long long)tr_stat("sessions"), (long long)sessions);
}

static void case_race_with_lane(const void *arg)
{
	int fd = tr_session(), err;
	struct holder h;

	(void)arg;
	holder_start(&h, 2 * thp_bytes());
	tr_expect(fd, 0, STEER);
	tr_expect(fd, 0, "go lane=a op=fork");
	err = tr_fd_write(fd, RACE " steer=\"a>end\"", h.pid, h.r.addr, h.r.len);
	ksft_expect(err == EBUSY, "a race while a lane is active: %s", tr_errno_name(err));
	tr_expect(fd, EBUSY, "arm");
	tr_expect(fd, 0, "done lane=a");
	tr_on_holder(fd, "race", &h, "op=split:1 op=zap:1 rounds=2");
	close(fd);
	holder_stop(&h);
}

/* A control is of the session that asked for it. */
static void case_inject(const void *arg)
{
	int control = tr_session(), other = tr_session();
	struct holder h, quiet;
	char *report;

	(void)arg;
	holder_start(&h, 2 * thp_bytes());
	holder_start(&quiet, thp_bytes());
	tr_on_holder(other, "check", &quiet, "");
	tr_expect(control, 0, "arm inject=split_folio_lock");
	/* Neither does a check of the other end it. */
	tr_on_holder(other, "check", &quiet, "");
	tr_on_holder(other, "split", &quiet, "");
	report = tr_fd_read(other);
	ksft_expect(!tr_violations(report, NULL), "of another session:\n%s", report);
	tr_on_holder(control, "split", &h, "lane=a");
	report = tr_fd_read(control);
	ksft_expect(tr_violations(report, "split_folio_lock"), "no control:\n%s", report);
	close(control);
	close(other);
	holder_stop(&h);
	holder_stop(&quiet);
}

/* What is refused does not name what others have done. */
static void case_names(const void *arg)
{
	int fd = tr_session();
	struct holder h;
	char *report;

	(void)arg;
	holder_start(&h, thp_bytes());
	tr_expect(fd, 0, "arm scenario=first");
	tr_expect(fd, 0, "go lane=a op=fork");
	tr_expect(fd, EBUSY, "arm scenario=second");
	report = tr_fd_read(fd);
	ksft_expect(!strcmp(tr_field(report, "command"), "go"), "command: %s",
		    tr_field(report, "command"));
	tr_expect(fd, 0, "done lane=a");
	tr_on_holder(fd, "check", &h, "inject=refcount");
	report = tr_fd_read(fd);
	ksft_expect(strstr(report, " scenario=first ") && !strstr(report, "second"),
		    "scenario:\n%s", report);
	close(fd);
	holder_stop(&h);
}

/* Behind a huge page that is held lies what must not be split. */
static void case_hugetlb(const void *arg)
{
	size_t len = thp_bytes();
	int fd = tr_session(), err;
	struct region r;

	(void)arg;
	hugetlb_have(2);
	region_map(&r, 2 * len);
	if (mmap(r.addr + len, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS |
		 MAP_HUGETLB | MAP_FIXED, -1, 0) == MAP_FAILED)
		ksft_skip("no hugetlb page to map: %s", strerror(errno));
	memset(r.addr + len, 0x5a, len);
	err = tr_fd_write(fd, "hold map=%p+%#zx", r.addr, len);
	ksft_assert(!err, "hold: %s", tr_errno_name(err));
	err = tr_fd_write(fd, "split map=%p+%#zx", r.addr, 2 * len);
	ksft_expect(err == EINVAL, "split: %s", tr_errno_name(err));
	err = tr_fd_write(fd, "split map=%p+%#zx", r.addr, len);
	ksft_expect(!err, "split of what is held: %s", tr_errno_name(err));
	ksft_expect(r.addr[len] == 0x5a && r.addr[2 * len - 1] == 0x5a, "it changed");
	close(fd);
}

struct reader {
	int fd;
	bool stop;
	unsigned int reads;
};

static void *read_on(void *arg)
{
	struct reader *r = arg;
	char text[4096];

	while (!__atomic_load_n(&r->stop, __ATOMIC_RELAXED))
		r->reads += pread(r->fd, text, sizeof(text), 0) > 0;
	return NULL;
}

static void case_read_reset(const void *arg)
{
	struct reader r = { .fd = tr_session() };
	pthread_t thread;
	unsigned int i;

	(void)arg;
	ksft_assert(!pthread_create(&thread, NULL, read_on, &r), "pthread_create");
	for (i = 0; i < 200 || (r.reads < 200 && i < 100000); i++) {
		tr_expect(r.fd, 0, "arm steer=grid");
		tr_expect(r.fd, 0, "reset");
	}
	__atomic_store_n(&r.stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	ksft_expect(r.reads, "nothing was read");
	close(r.fd);
}

static double parked_s(const char *steer)
{
	struct timespec begin, end;
	int fd = tr_session();
	struct holder h;

	holder_start(&h, thp_bytes());
	tr_on_holder(fd, "hold", &h, "");
	tr_expect(fd, 0, steer);
	clock_gettime(CLOCK_MONOTONIC, &begin);
	tr_on_holder(fd, "split", &h, "lane=a");
	clock_gettime(CLOCK_MONOTONIC, &end);
	close(fd);
	holder_stop(&h);
	return end.tv_sec - begin.tv_sec + (end.tv_nsec - begin.tv_nsec) / 1e9;
}

/* Lanes that never come are waited for once, not one after the other. */
static void case_absent(const void *arg)
{
	char steer[256] = "arm steer=\"a>split_huge_page";
	double one, many;
	char lane;

	(void)arg;
	for (lane = 'b'; lane <= 'k'; lane++)
		snprintf(steer + strlen(steer), sizeof(steer) - strlen(steer), " %c>end", lane);
	strcat(steer, "\"");
	one = parked_s("arm steer=\"a>split_huge_page b>end\"");
	many = parked_s(steer);
	ksft_expect(many < 3 * one, "waited %.1f s for one lane, %.1f s for ten", one, many);
}

struct settler {
	struct region r;
	char *at;		/* where it has got a page */
	bool stop;
};

#define SETTLED	0x77

static void *settle(void *arg)
{
	struct settler *s = arg;
	unsigned int n = 0;
	char *p, *want;

	while (!s->at && !__atomic_load_n(&s->stop, __ATOMIC_RELAXED)) {
		want = s->r.addr + (n++ * 37 % (s->r.len / PAGE_BYTES)) * PAGE_BYTES;
		p = mmap(want, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE |
			 MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
		if (p == MAP_FAILED)
			continue;
		if (p == want) {
			memset(p, SETTLED, PAGE_BYTES);
			s->at = p;
		} else {
			munmap(p, PAGE_BYTES);
		}
	}
	return NULL;
}

/* What the target maps into a hole that a race has made stays. */
static void case_settler(const void *arg)
{
	struct settler s = { .at = NULL };
	unsigned int i, bad = 0;
	int fd = tr_session(), err;
	pthread_t thread;

	(void)arg;
	region_map(&s.r, 2 * thp_bytes());
	ksft_assert(!pthread_create(&thread, NULL, settle, &s), "pthread_create");
	for (i = 0; i < 20 && !__atomic_load_n(&s.at, __ATOMIC_RELAXED); i++) {
		err = tr_fd_write(fd, "race map=%p+%#zx op=split:1 op=munmap:1 rounds=50",
				  s.r.addr, s.r.len);
		/* ENOMEM: the one before has ended with holes, as the settler came */
		ksft_expect(!err || err == EEXIST || (i && err == ENOMEM), "race: %s",
			    tr_errno_name(err));
	}
	__atomic_store_n(&s.stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	close(fd);
	if (!s.at)
		ksft_skip("no hole stayed open for long enough");
	for (i = 0; i < PAGE_BYTES; i++)
		bad += s.at[i] != SETTLED;
	ksft_expect(!bad, "%u bytes of what was mapped there are gone", bad);
}

static const struct ksft_case cases[] = {
	{ .name = "a second op of a lane, and close", .run = case_second_go },
	{ .name = "a race while a lane is active", .run = case_race_with_lane },
	{ .name = "a control is of one session", .run = case_inject },
	{ .name = "a refused command leaves no name", .run = case_names },
	{ .name = "hugetlb behind a held page", .run = case_hugetlb },
	{ .name = "a report that is read during reset", .run = case_read_reset },
	{ .name = "lanes that never come", .run = case_absent },
	{ .name = "a new mapping in a hole of a race", .run = case_settler },
};

int main(int argc, char **argv)
{
	return ksft_main(argc, argv, cases, ARRAY_SIZE(cases));
}
