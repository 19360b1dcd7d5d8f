// SPDX-License-Identifier: GPL-2.0
/*
 * A command on much memory ends soon when its writer is killed or gets a
 * signal, or when its target is killed; and munmap says what it unmapped.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "thp.h"
#include "tr.h"

#define GONE_MS		120000
/* munmap of a page in each: fewer than there may be mappings. */
#define MUNMAP_HUGE	30000UL

/* Reserved memory, nothing in it but its first and last page. */
static char *reserve(size_t huge_pages)
{
	size_t huge = thp_bytes(), len = huge_pages * huge;
	char *p = mmap(NULL, len + huge, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	ksft_assert(p != MAP_FAILED, "mmap: %s", strerror(errno));
	p = (char *)(((unsigned long)p + huge - 1) & ~(huge - 1));
	p[0] = 1;
	p[len - 1] = 1;
	return p;
}

/* A process that has what we have, and does nothing. */
static pid_t start_target(void)
{
	pid_t pid = fork();

	ksft_assert(pid >= 0, "fork: %s", strerror(errno));
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	return pid;
}

static void on_signal(int sig)
{
	(void)sig;
}

/* Exits with the errno of the trigger's write, signals caught. */
static pid_t start_writer(const char *file, pid_t target, const char *addr, size_t len,
			  const char *words)
{
	struct sigaction sa = { .sa_handler = on_signal };
	pid_t pid = fork();

	ksft_assert(pid >= 0, "fork: %s", strerror(errno));
	if (!pid) {
		sigaction(SIGUSR1, &sa, NULL);
		_exit(tr_write(file, "pid=%d map=%p+%#zx %s", target, addr, len, words));
	}
	return pid;
}

/* Begin to unmap much of a target, @sig to the writer or the target; its status. */
static int interrupted_munmap(int sig, bool to_target, bool *whole)
{
	size_t huge = thp_bytes(), len = MUNMAP_HUGE * huge;
	char *p = reserve(MUNMAP_HUGE);
	pid_t target = start_target(), writer;
	int status;

	writer = start_writer("munmap", target, p, len, "page=0");
	ksft_assert(ksft_wait_for(maps_hole(target, p, huge), GONE_MS), "nothing is unmapped");
	kill(to_target ? target : writer, sig);
	status = ksft_reap(writer, GONE_MS);
	ksft_assert(status >= 0, "the writer goes on");
	if (!to_target)
		*whole = maps_hole(target, p + len - huge, huge);
	ksft_expect(!tr_kthreads(), "%u kernel threads", tr_kthreads());
	kill(target, SIGKILL);
	ksft_reap(target, GONE_MS);
	munmap(p, len);
	return status;
}

static void case_munmap_killed(const void *arg)
{
	bool whole;
	int status = interrupted_munmap(SIGKILL, false, &whole);

	(void)arg;
	ksft_expect(WIFSIGNALED(status), "wait status %#x", status);
	ksft_expect(!whole, "all was unmapped before it died");
}

/* As Ctrl-C does to a shell's echo. */
static void case_munmap_signalled(const void *arg)
{
	bool whole;
	int status = interrupted_munmap(SIGUSR1, false, &whole);

	(void)arg;
	ksft_expect(WIFEXITED(status) && WEXITSTATUS(status) == EINTR, "wait status %#x", status);
	ksft_expect(!whole, "all was unmapped before it ended");
	ksft_expect(!strcmp(tr_field(tr_read("last"), "verdict"), "aborted"), "last:\n%s",
		    tr_read("last"));
}

static void case_munmap_target(const void *arg)
{
	int status = interrupted_munmap(SIGKILL, true, NULL);

	(void)arg;
	ksft_expect(WIFEXITED(status) && WEXITSTATUS(status) == ESRCH, "wait status %#x", status);
}

/* Begin to check a TiB of a target, @sig to the writer or the target; the writer's status. */
static int interrupted_check(int sig, bool to_target)
{
	size_t len = THPRACE_MAX_MAP_BYTES;
	char *p = reserve(len / thp_bytes());
	pid_t target = start_target(), writer;
	s64 before = tr_stat("commands");
	int status;

	writer = start_writer("check", target, p, len, "");
	ksft_assert(ksft_wait_for(tr_stat("commands") > before, GONE_MS), "it has not begun");
	kill(to_target ? target : writer, sig);
	status = ksft_reap(writer, GONE_MS);
	kill(target, SIGKILL);
	ksft_reap(target, GONE_MS);
	return status;
}

/* What it has not come to when the target dies is left. */
static void case_check_target(const void *arg)
{
	int status = interrupted_check(SIGKILL, true);

	(void)arg;
	ksft_expect(WIFEXITED(status) && WEXITSTATUS(status) == ESRCH, "wait status %#x", status);
}

static void case_check_signalled(const void *arg)
{
	int status = interrupted_check(SIGUSR1, false);

	(void)arg;
	ksft_expect(WIFEXITED(status) && WEXITSTATUS(status) == EINTR, "wait status %#x", status);
}

/* A hold that waits for a target of which nothing may be kept. */
static void case_exec(const void *arg)
{
	size_t len = THPRACE_MAX_MAP_BYTES;
	char *p = reserve(len / thp_bytes());
	s64 before = tr_stat("commands");
	int go[2], status;
	pid_t target, writer;
	char c;

	(void)arg;
	ksft_assert(!pipe(go), "pipe: %s", strerror(errno));
	target = fork();
	if (!target) {
		static char *const argv[] = { "sleep", "600", NULL };

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (read(go[0], &c, 1) == 1)
			execvp("sleep", argv);
		_exit(1);
	}
	writer = start_writer("check", target, p, len, "");
	ksft_assert(ksft_wait_for(tr_stat("commands") > before, GONE_MS), "it has not begun");
	ksft_assert(write(go[1], "", 1) == 1, "pipe: %s", strerror(errno));
	status = ksft_reap(writer, GONE_MS);
	ksft_expect(WIFEXITED(status) && WEXITSTATUS(status) == ESRCH, "wait status %#x", status);
	kill(target, SIGKILL);
	ksft_reap(target, GONE_MS);
}

/* What the report says is what the process finds gone, no more and no less. */
static void case_unmapped(const void *arg)
{
	unsigned long addr, len, told = 0;
	struct holder h;
	char *report, *line;
	int pid, err;

	(void)arg;
	holder_start(&h, 8 * thp_bytes());
	err = tr_write("munmap", "pid=%d map=%p+%#zx seed=5", h.pid, h.r.addr, h.r.len);
	ksft_assert(!err, "munmap: %s", tr_errno_name(err));
	report = tr_read("last");
	for (line = report; (line = strstr(line, "\nunmapped ")); line++) {
		ksft_assert(sscanf(line, "\nunmapped pid=%d map=0x%lx+0x%lx", &pid, &addr,
				   &len) == 3, "cannot be read:%.60s", line);
		ksft_expect(pid == h.pid, "of pid %d", pid);
		ksft_expect(maps_hole(h.pid, (void *)addr, len) == len, "%#lx+%#lx is not gone",
			    addr, len);
		told += len;
	}
	ksft_expect(told && told == maps_hole(h.pid, h.r.addr, h.r.len),
		    "%#lx bytes are gone by\n%s, %#zx in fact", told, report,
		    maps_hole(h.pid, h.r.addr, h.r.len));
	holder_stop(&h);
}

static const struct ksft_case cases[] = {
	{ .name = "munmap: the writer is killed", .run = case_munmap_killed },
	{ .name = "munmap: the writer gets a signal", .run = case_munmap_signalled },
	{ .name = "munmap: the target is killed", .run = case_munmap_target },
	{ .name = "check: the target is killed", .run = case_check_target },
	{ .name = "check: the writer gets a signal", .run = case_check_signalled },
	{ .name = "check: the target calls exec", .run = case_exec },
	{ .name = "munmap says what it unmapped", .run = case_unmapped },
};

int main(int argc, char **argv)
{
	return ksft_main(argc, argv, cases, ARRAY_SIZE(cases));
}
