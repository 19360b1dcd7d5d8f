// SPDX-License-Identifier: GPL-2.0
/*
 * How sessions end: by close, by kill -9 of whoever uses them, by the end of
 * what they act on; and that nothing of them stays, nor grows while they live.
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

/* Whatever was killed is gone within that. */
#define GONE_MS		60000
#define SESSION_MAX	(4 << 20)
#define RACE		"race pid=%d map=%p+%#zx op=split:1 op=munmap:1 duration_ms=%d"

static void case_close(const void *arg)
{
	s64 sessions = tr_stat("sessions"), bytes = tr_stat("session_bytes");
	struct holder h;
	int fd;

	(void)arg;
	/* Before the session: nobody must inherit its fd. */
	holder_start(&h, 2 * thp_bytes());
	fd = tr_session();
	ksft_expect(tr_stat("sessions") == sessions + 1, "stats: sessions %lld",
		    (long long)tr_stat("sessions"));
	tr_on_holder(fd, "hold", &h, "");
	close(fd);
	ksft_expect(tr_stat("sessions") == sessions &&
		    tr_stat("session_bytes") == bytes,
		    "stats: sessions %lld, before %lld, bytes %lld, before %lld",
		    (long long)tr_stat("sessions"), (long long)sessions,
		    (long long)tr_stat("session_bytes"), (long long)bytes);
	ksft_expect(tr_try_split(&h) == 2, "a reference outlives the session");
	holder_stop(&h);
}

/* A child that races on an inherited session until it is killed. */
static pid_t race_in_child(int fd, struct holder *h)
{
	pid_t pid = fork();

	ksft_assert(pid >= 0, "fork: %s", strerror(errno));
	if (!pid)
		_exit(tr_fd_write(fd, RACE, h->pid, h->r.addr, h->r.len,
				  THPRACE_MAX_DURATION_MS));
	ksft_assert(ksft_wait_for(tr_kthreads() > 0, GONE_MS),
		    "the race has no kernel thread");
	ksft_nap_ms(500);
	return pid;
}

static void case_killed(const void *arg)
{
	s64 sessions = tr_stat("sessions"), bytes = tr_stat("session_bytes");
	struct holder h;
	pid_t pid;
	int fd;

	(void)arg;
	holder_start(&h, 4 * thp_bytes());
	fd = tr_session();
	pid = race_in_child(fd, &h);
	close(fd);
	/* Now the child's is the last reference, and it dies with it. */
	kill(pid, SIGKILL);
	ksft_assert(ksft_reap(pid, GONE_MS) >= 0, "it does not die");
	ksft_expect(!tr_kthreads(), "%u kernel threads stay", tr_kthreads());
	ksft_expect(tr_stat("sessions") == sessions &&
		    tr_stat("session_bytes") == bytes, "the session stays");
	ksft_expect(!maps_hole(h.pid, h.r.addr, h.r.len), "a hole stays");
	holder_stop(&h);
}

static void case_target_killed(const void *arg)
{
	unsigned int nr;
	u64 frames[16];
	struct holder h;
	int fd, status;
	pid_t pid;

	(void)arg;
	holder_start(&h, ARRAY_SIZE(frames) * thp_bytes());
	nr = holder_frames(&h, frames, ARRAY_SIZE(frames));
	fd = tr_session();
	pid = race_in_child(fd, &h);
	holder_stop(&h);
	status = ksft_reap(pid, GONE_MS);
	if (!ksft_expect(status >= 0, "the race goes on without its target")) {
		kill(pid, SIGKILL);
		ksft_reap(pid, GONE_MS);
	} else {
		ksft_expect(WIFEXITED(status) && (!WEXITSTATUS(status) ||
						  WEXITSTATUS(status) == ESRCH),
			    "it ended with %#x (%s)", status,
			    tr_errno_name(WEXITSTATUS(status)));
	}
	ksft_expect(!tr_kthreads(), "%u kernel threads stay", tr_kthreads());
	ksft_expect(ksft_wait_for(!frames_left(frames, nr), 20000), "%u pages are left",
		    frames_left(frames, nr));
	close(fd);
}

/* Tells a child on the other end of a pipe to go on. */
static void turn(int fd)
{
	ksft_assert(write(fd, "", 1) == 1, "pipe: %s", strerror(errno));
}

static void case_lane_killed(const void *arg)
{
	int fd = tr_session(), ready[2];
	char c;
	pid_t pid;

	(void)arg;
	ksft_assert(!pipe(ready), "pipe");
	tr_expect(fd, 0, "arm");
	pid = fork();
	if (!pid) {
		if (tr_fd_write(fd, "go lane=b op=munmap"))
			_exit(1);
		turn(ready[1]);
		pause();
		_exit(1);
	}
	ksft_assert(read(ready[0], &c, 1) == 1, "the child did not go");
	kill(pid, SIGKILL);
	ksft_assert(ksft_reap(pid, GONE_MS) >= 0, "it does not die");
	tr_expect(fd, 0, "go lane=a op=munmap");
	tr_expect(fd, 0, "done lane=a");
	tr_expect(fd, 0, "round");
	ksft_expect(tr_number(tr_fd_read(fd), "rounds") == 1, "no round");
	tr_expect(fd, 0, "arm");
	tr_expect(fd, 0, "go lane=b op=munmap");
	tr_expect(fd, 0, "done lane=b");
}

/* However much is mapped, and even when it is all looked at. */
static void case_memory(const void *arg)
{
	size_t gib = 1UL << 30, i, n = 0;
	char line[THPRACE_MAX_LINE] = "";
	s64 before, bytes;
	char *p;
	int fd, err;

	(void)arg;
	p = mmap(NULL, 8 * gib + thp_bytes(), PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	ksft_assert(p != MAP_FAILED, "mmap: %s", strerror(errno));
	p = (char *)(((unsigned long)p + thp_bytes() - 1) & ~(thp_bytes() - 1));
	madvise(p, 8 * gib, MADV_HUGEPAGE);
	for (i = 0; i < 8; i++) {
		region_fill(p + i * gib, PAGE_BYTES);
		n += snprintf(line + n, sizeof(line) - n, " map=%p+%#zx",
			      p + i * gib, gib);
	}
	before = tr_stat("session_bytes");
	ksft_assert(before >= 0, "stats has no session_bytes");
	fd = tr_session();
	err = tr_fd_write(fd, "check%s", line);
	ksft_assert(!err, "check: %s", tr_errno_name(err));
	err = tr_fd_write(fd, "hold%s", line);
	ksft_assert(!err, "hold: %s", tr_errno_name(err));
	bytes = tr_stat("session_bytes") - before;
	ksft_expect(bytes > 0 && bytes < SESSION_MAX, "%lld bytes",
		    (long long)bytes);
	close(fd);
	ksft_expect(tr_stat("session_bytes") == before, "%lld bytes stay",
		    (long long)(tr_stat("session_bytes") - before));
}

static const struct ksft_case cases[] = {
	{ .name = "close gives everything back", .run = case_close },
	{ .name = "kill -9 of the last user", .run = case_killed },
	{ .name = "kill -9 of the target", .run = case_target_killed },
	{ .name = "kill -9 of a lane", .run = case_lane_killed },
	{ .name = "memory of a session", .run = case_memory },
};

int main(int argc, char **argv)
{
	return ksft_main(argc, argv, cases, ARRAY_SIZE(cases));
}
