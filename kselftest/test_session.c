// SPDX-License-Identifier: GPL-2.0
/*
 * The session file: commands and their protocol, what is shared and what is
 * not.  How sessions end is in test_session_end.c.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "thp.h"
#include "tr.h"

/* A child has had its turn within that. */
#define GONE_MS		60000

static s64 op_count(int fd, const char *op, const char *key)
{
	char *report = tr_fd_read(fd);
	s64 n = tr_row(report, "op", op, key);

	free(report);
	return n < 0 ? 0 : n;
}

static u64 number(int fd, const char *word)
{
	char *report = tr_fd_read(fd);
	u64 n = tr_number(report, word);

	free(report);
	return n;
}

static void case_new(const void *arg)
{
	int fd = tr_session();
	char *report = tr_fd_read(fd);

	(void)arg;
	ksft_expect(!strncmp(report, THPRACE_REPORT_MAGIC "\n",
			     strlen(THPRACE_REPORT_MAGIC) + 1),
		    "its report begins otherwise");
	ksft_expect(strcmp(tr_field(report, "verdict"), "pass"),
		    "it has passed before it began");
	ksft_expect(!tr_number(report, "rounds"), "rounds: %s",
		    tr_field(report, "rounds"));
	ksft_expect(strlen(tr_field(report, "kernel")) > 0, "no kernel");
}

static void case_accumulate(const void *arg)
{
	int fd = tr_session(), i;
	struct holder h;
	char *report;
	s64 held[2];

	(void)arg;
	holder_start(&h, 2 * thp_bytes());
	for (i = 0; i < 2; i++) {
		tr_on_holder(fd, "check", &h, "");
		report = tr_fd_read(fd);
		held[i] = tr_row(report, "check", "page_mapcount", "held");
		ksft_expect(!strcmp(tr_field(report, "verdict"), "pass"),
			    "verdict %s", tr_field(report, "verdict"));
	}
	ksft_expect(held[0] > 0 && held[1] == 2 * held[0],
		    "held=%lld, then %lld", (long long)held[0],
		    (long long)held[1]);
	tr_on_holder(fd, "split", &h, "");
	ksft_expect(op_count(fd, "split", "done") == 2, "split done=%lld",
		    (long long)op_count(fd, "split", "done"));
	tr_expect(fd, 0, "reset");
	report = tr_fd_read(fd);
	ksft_expect(tr_row(report, "check", "page_mapcount", "held") <= 0 &&
		    tr_row(report, "op", "split", "done") <= 0,
		    "reset leaves\n%s", report);
	holder_stop(&h);
}

static void case_refused(const void *arg)
{
	static const char * const bad[] = {
		"", "\n", " ", "nosuch", "Split", "pid=1", "split", "munmap",
		"race", "check", "hold", "drop pid=1", "go", "go lane=a",
		"go op=split", "go lane=a op=nosuch", "go lane=q op=split",
		"go lane=aa op=split", "go lane= op=split",
		"go lane=a lane=a op=split", "go lane=a op=split:1 op=munmap:1",
		"done", "done lane=z", "done lane=a result=maybe",
		"done lane=a", "arm steer=\"a>nosuch b>end\"", "arm lane=a",
		"arm steer=\"\"", "round 1", "round round", "reset all",
	};
	static char line[THPRACE_MAX_LINE + 1];
	int fd = tr_session();
	size_t i;

	(void)arg;
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		tr_expect(fd, EINVAL, bad[i]);
	memset(line, ' ', sizeof(line));
	memcpy(line, "round", 5);
	ksft_expect(tr_fd_write_bytes(fd, line, sizeof(line)) == E2BIG,
		    "a long line is not too big");
	ksft_expect(tr_fd_write_bytes(fd, (void *)-4096UL, 5) == EFAULT,
		    "a bad pointer is no fault");
	ksft_expect(!number(fd, "rounds"), "a round was counted");
}

/*
 * One round in which this process unmaps a page while its child splits; they
 * overlap when the child has its turn between go and done.
 */
static void one_round(int fd, bool overlap)
{
	size_t huge = thp_bytes();
	struct region r;
	pid_t parent = getpid(), pid;
	int status;

	region_map(&r, huge);
	tr_expect(fd, 0, "arm scenario=by-hand");
	tr_expect(fd, 0, "go lane=a op=munmap");
	if (!overlap)
		tr_expect(fd, 0, "done lane=a result=ok");
	pid = fork();
	if (!pid)
		_exit(tr_fd_write(fd, "split lane=b pid=%d map=%p+%#zx", parent,
				  r.addr, r.len));
	status = ksft_reap(pid, GONE_MS);
	ksft_assert(WIFEXITED(status), "the child's wait status %#x", status);
	ksft_expect(!WEXITSTATUS(status), "split as a lane: %s",
		    tr_errno_name(WEXITSTATUS(status)));
	ksft_assert(!munmap(r.addr + PAGE_BYTES, PAGE_BYTES), "munmap");
	if (overlap)
		tr_expect(fd, 0, "done lane=a result=ok");
	tr_expect(fd, 0, "round");
	ksft_expect(!region_bad(r.addr, PAGE_BYTES) &&
		    !region_bad(r.addr + 2 * PAGE_BYTES, huge - 2 * PAGE_BYTES),
		    "contents changed");
}

/*
 * The work of a lane is done by another task, here one that ends; and what is
 * no task, or no task id, is refused.
 */
static void case_helper(const void *arg)
{
	int fd = tr_session();
	pid_t pid = fork();
	char *report;

	(void)arg;
	if (!pid) {
		pause();
		_exit(0);
	}
	ksft_assert(pid > 0, "fork");
	tr_expect(fd, ERANGE, "go lane=a op=exit task=0");
	tr_expect(fd, EINVAL, "go lane=a op=exit task=x");
	tr_expect(fd, EINVAL, "done lane=a task=1");
	tr_expect(fd, 0, "arm steer=\"a>exit_mmap a>end\"");
	ksft_expect(tr_fd_write(fd, "go lane=a op=exit task=%d", 4194304) == ESRCH,
		    "a task that is not there is no error");
	ksft_expect(!tr_fd_write(fd, "go lane=a op=exit task=%d", pid),
		    "a task that is there is refused");
	ksft_expect(tr_fd_write(fd, "go lane=b op=exit task=%d", pid) == EBUSY,
		    "a task that does one lane's work does another's");
	tr_expect(fd, EINVAL, "done lane=b");
	kill(pid, SIGKILL);
	ksft_reap(pid, GONE_MS);
	tr_expect(fd, 0, "done lane=a result=ok");
	tr_expect(fd, 0, "round");
	report = tr_fd_read(fd);
	ksft_expect(strstr(report, "\nsteer a>exit_mmap=reached a>end=reached\n"),
		    "the process was not followed in\n%s", report);
	close(fd);
}

static void case_rounds(const void *arg)
{
	int fd = tr_session();
	char *report;

	(void)arg;
	one_round(fd, true);
	ksft_expect(number(fd, "rounds") == 1 && number(fd, "overlaps") == 1,
		    "%llu rounds, %llu overlaps of 1, 1",
		    (unsigned long long)number(fd, "rounds"),
		    (unsigned long long)number(fd, "overlaps"));
	one_round(fd, false);
	ksft_expect(number(fd, "rounds") == 2 && number(fd, "overlaps") == 1,
		    "%llu rounds, %llu overlaps of 2, 1",
		    (unsigned long long)number(fd, "rounds"),
		    (unsigned long long)number(fd, "overlaps"));
	report = tr_fd_read(fd);
	ksft_expect(tr_row(report, "op", "munmap", "done") == 2 &&
		    tr_row(report, "op", "split", "done") +
		    tr_row(report, "op", "split", "busy") == 2,
		    "not two of each op in\n%s", report);
}

static void case_results(const void *arg)
{
	static const char * const results[] = { "ok", "busy", "failed" };
	static const char * const keys[] = { "done", "busy", "failed" };
	int fd = tr_session();
	char line[64];
	size_t i;

	(void)arg;
	for (i = 0; i < ARRAY_SIZE(results); i++) {
		tr_expect(fd, 0, "go lane=c op=mremap");
		snprintf(line, sizeof(line), "done lane=c result=%s",
			 results[i]);
		tr_expect(fd, 0, line);
		ksft_expect(op_count(fd, "mremap", keys[i]) == 1,
			    "mremap %s=%lld", keys[i],
			    (long long)op_count(fd, "mremap", keys[i]));
	}
}

static void case_lanes(const void *arg)
{
	int fd = tr_session(), status;
	pid_t pid;

	(void)arg;
	tr_expect(fd, 0, "arm");
	tr_expect(fd, 0, "go lane=a op=munmap");
	tr_expect(fd, EBUSY, "go lane=a op=munmap");
	pid = fork();
	if (!pid) {
		tr_expect(fd, EBUSY, "go lane=a op=munmap");
		tr_expect(fd, EINVAL, "done lane=a");
		tr_expect(fd, 0, "go lane=b op=munmap");
		tr_expect(fd, 0, "done lane=b");
		_exit(0);
	}
	status = ksft_reap(pid, GONE_MS);
	ksft_expect(!status, "the child's wait status %#x", status);
	tr_expect(fd, 0, "done lane=a");
	tr_expect(fd, EINVAL, "done lane=a");
	/* A new round, new lanes: b is no longer the child's. */
	tr_expect(fd, 0, "arm");
	tr_expect(fd, 0, "go lane=b op=munmap");
	tr_expect(fd, 0, "done lane=b");
}

static void case_hold_drop(const void *arg)
{
	int fd = tr_session();
	struct holder h;
	char *report;

	(void)arg;
	holder_start(&h, 2 * thp_bytes());
	tr_on_holder(fd, "hold", &h, "");
	/* A session's own references are no surprise to its check. */
	tr_on_holder(fd, "check", &h, "");
	report = tr_fd_read(fd);
	ksft_expect(!strcmp(tr_field(report, "verdict"), "pass"), "%s", report);
	/* But they keep everyone else from splitting. */
	ksft_expect(tr_try_split(&h) == 0, "a held huge page was split");
	holder_intact(&h, true);
	tr_expect(fd, 0, "drop");
	ksft_expect(tr_try_split(&h) == 2, "it does not split after drop");
	holder_intact(&h, false);
	holder_stop(&h);
}

static void case_hold_split(const void *arg)
{
	int fd = tr_session();
	struct holder h;
	size_t got;

	(void)arg;
	holder_start(&h, 2 * thp_bytes());
	tr_on_holder(fd, "hold", &h, "");
	tr_on_holder(fd, "split", &h, "");
	got = smaps_bytes(h.pid, h.r.addr, h.r.len, "AnonHugePages");
	ksft_expect(!got, "%zu bytes are still huge", got);
	holder_intact(&h, false);
	holder_stop(&h);
}

static void case_two(const void *arg)
{
	static const char words[] = "op=split:1 op=munmap:1 rounds=20";
	int fd[2] = { tr_session(), tr_session() }, i, status;
	struct holder h[2];
	pid_t pid[2];

	(void)arg;
	for (i = 0; i < 2; i++)
		holder_start(&h[i], 4 * thp_bytes());
	for (i = 0; i < 2; i++) {
		pid[i] = fork();
		if (!pid[i]) {
			tr_on_holder(fd[i], "race", &h[i], words);
			_exit(0);
		}
	}
	for (i = 0; i < 2; i++) {
		status = ksft_reap(pid[i], GONE_MS);
		ksft_assert(!status, "race %d: wait status %#x", i, status);
		ksft_expect(number(fd[i], "rounds") == 20,
			    "session %d: %llu rounds of 20", i,
			    (unsigned long long)number(fd[i], "rounds"));
	}
	/* What one does is not in the other's report. */
	tr_expect(fd[0], 0, "reset");
	ksft_expect(!number(fd[0], "rounds") && number(fd[1], "rounds") == 20,
		    "reset of one is not of one");
	holder_stop(&h[0]);
	holder_stop(&h[1]);
}

/* Blanks are blanks, also around a verb. */
static void case_blanks(const void *arg)
{
	int fd = tr_session();

	(void)arg;
	tr_expect(fd, 0, " \t round\n");
	tr_expect(fd, 0, "reset \t\n");
	tr_expect(fd, 0, "arm\tseed=1");
	close(fd);
}

/* What the kernel warns of is not asked of it: order 1 of anonymous memory. */
static void case_order_one(const void *arg)
{
	struct holder h;
	char *report;
	int fd = tr_session();

	(void)arg;
	holder_start(&h, thp_bytes());
	if (tr_fd_write(fd, "split pid=%d map=%p+%#zx order=1", h.pid, h.r.addr,
			h.r.len) == EOPNOTSUPP)
		ksft_skip("this kernel splits to single pages only");
	report = tr_fd_read(fd);
	ksft_expect(tr_row(report, "op", "split", "failed") == 1,
		    "not counted as failed:\n%s", report);
	holder_intact(&h, true);
	holder_stop(&h);
	close(fd);
}

/* Folios that a command has split. */
static s64 splits_of(int fd, const struct holder *h, const char *command)
{
	s64 before = tr_stat("splits");
	int err;

	err = tr_fd_write(fd, "%s pid=%d map=%p+%#zx", command, h->pid, h->r.addr, h->r.len);
	ksft_expect(!err, "%s: %s", command, tr_errno_name(err));
	return tr_stat("splits") - before;
}

/*
 * Of several folios in one PMD a split takes all, or with a page the one of that
 * page; so does a hold, for the split to come, and the check of whether they split.
 */
static void case_several(const void *arg)
{
	struct holder h;
	int fd = tr_session();
	char *report;
	s64 n;

	(void)arg;
	holder_start(&h, thp_bytes());
	if (tr_fd_write(fd, "split pid=%d map=%p+%#zx order=4", h.pid, h.r.addr,
			h.r.len) == EOPNOTSUPP)
		ksft_skip("this kernel splits to single pages only");
	n = splits_of(fd, &h, "split page=20");
	ksft_expect(n == 1, "%lld folios were split by split page=20", n);
	/* Held is one, so that one is split. */
	splits_of(fd, &h, "hold page=100");
	tr_expect(fd, 0, "arm");
	n = splits_of(fd, &h, "split lane=a");
	ksft_expect(n == 1, "%lld folios were split after hold page=100", n);
	tr_expect(fd, 0, "round");
	splits_of(fd, &h, "hold");
	tr_expect(fd, 0, "arm");
	n = splits_of(fd, &h, "split lane=a order=2");
	ksft_expect(n == (s64)(h.r.len / PAGE_BYTES / 16 - 2),
		    "%lld folios were split after hold", n);
	tr_expect(fd, 0, "round");
	report = tr_fd_read(fd);
	ksft_expect(tr_row(report, "op", "split", "done") == 4 &&
		    !tr_row(report, "op", "split", "busy"), "four ops in\n%s", report);
	/* Those of four pages, each of them. */
	tr_expect(fd, 0, "reset");
	splits_of(fd, &h, "check refs=exact check=split_progress");
	report = tr_fd_read(fd);
	ksft_expect(tr_row(report, "check", "split_progress", "held") ==
		    (s64)(h.r.len / PAGE_BYTES / 16 - 2) * 4, "split_progress in\n%s", report);
	n = splits_of(fd, &h, "split");
	ksft_expect(!n, "%lld folios were left", n);
	holder_intact(&h, false);
	holder_stop(&h);
	close(fd);
}

static const struct ksft_case cases[] = {
	{ .name = "blanks around a verb", .run = case_blanks },
	{ .name = "a split to order 1", .run = case_order_one },
	{ .name = "several folios in a PMD", .run = case_several },
	{ .name = "a new session", .run = case_new },
	{ .name = "results accumulate until reset", .run = case_accumulate },
	{ .name = "refused commands", .run = case_refused },
	{ .name = "a lane's work is another task's", .run = case_helper },
	{ .name = "rounds and overlaps", .run = case_rounds },
	{ .name = "results of a lane", .run = case_results },
	{ .name = "a lane is one task's", .run = case_lanes },
	{ .name = "hold and drop", .run = case_hold_drop },
	{ .name = "hold and split", .run = case_hold_split },
	{ .name = "two sessions at once", .run = case_two },
};

int main(int argc, char **argv)
{
	return ksft_main(argc, argv, cases, ARRAY_SIZE(cases));
}
