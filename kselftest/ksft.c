// SPDX-License-Identifier: GPL-2.0
/*
 * Runs a table of cases and prints KTAP; see ksft.h
 */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "ksft.h"

/* What a case and the processes it forked tell the parent. */
struct ksft_shared {
	unsigned int nr_expected;
	unsigned int nr_failed;
	bool skipped;
	char reason[256];
};

/* Shared between processes once ksft_main() runs; helpers do without. */
static struct ksft_shared ksft_private;
static struct ksft_shared *ksft_shared = &ksft_private;
static pid_t ksft_child;

u64 ksft_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (u64)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

void ksft_nap_ms(unsigned int ms)
{
	struct timespec ts = { ms / 1000, (ms % 1000) * 1000000L };

	while (nanosleep(&ts, &ts) && errno == EINTR)
		;
}

int ksft_reap(int pid, unsigned int ms)
{
	u64 end = ksft_now_ms() + ms;
	int status;

	for (;;) {
		pid_t got = waitpid(pid, &status, WNOHANG);

		if (got == pid)
			return status;
		if (got < 0 && errno != EINTR)
			return -1;
		if (ksft_now_ms() >= end)
			return -1;
		ksft_nap_ms(2);
	}
}

void ksft_msg(const char *fmt, ...)
{
	char text[2048], *line = text, *next;
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);

	/* One write a line: processes of one case share stdout. */
	while (line && *line) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		printf("# %s\n", line);
		line = next;
	}
	fflush(stdout);
}

bool ksft_note(bool ok, const char *file, int line, const char *cond,
	       const char *fmt, ...)
{
	char text[1024];
	va_list args;

	__atomic_add_fetch(&ksft_shared->nr_expected, 1, __ATOMIC_RELAXED);
	if (ok)
		return true;

	__atomic_add_fetch(&ksft_shared->nr_failed, 1, __ATOMIC_RELAXED);
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	ksft_msg("%s:%d: expected %s: %s", file, line, cond, text);
	return false;
}

void ksft_leave(void)
{
	fflush(stdout);
	_exit(KSFT_FAIL);
}

void ksft_skip(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(ksft_shared->reason, sizeof(ksft_shared->reason), fmt, args);
	va_end(args);
	ksft_shared->skipped = true;
	fflush(stdout);
	_exit(KSFT_SKIP);
}

/* The runner was told to stop: take the running case along. */
static void ksft_on_signal(int sig)
{
	if (ksft_child > 0)
		kill(-ksft_child, SIGKILL);
	_exit(128 + sig);
}

static pid_t ksft_start(const struct ksft_case *c)
{
	pid_t pid;

	memset(ksft_shared, 0, sizeof(*ksft_shared));
	fflush(stdout);
	pid = fork();
	if (pid)
		return pid;

	signal(SIGTERM, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	c->run(c->arg);
	fflush(stdout);
	_exit(ksft_shared->nr_failed ? KSFT_FAIL : KSFT_PASS);
}

/* One case to its end: KSFT_PASS, KSFT_FAIL or KSFT_SKIP. */
static int ksft_one(const struct ksft_case *c)
{
	unsigned int timeout_s = c->timeout_s ? c->timeout_s : KSFT_TIMEOUT_S;
	int status;

	ksft_child = ksft_start(c);
	if (ksft_child < 0) {
		ksft_msg("fork: %s", strerror(errno));
		return KSFT_FAIL;
	}
	setpgid(ksft_child, ksft_child);

	status = ksft_reap(ksft_child, timeout_s * 1000);
	kill(-ksft_child, SIGKILL);
	if (status < 0) {
		ksft_msg("still running after %u s: killed", timeout_s);
		if (ksft_reap(ksft_child, 30000) < 0)
			ksft_msg("and not even SIGKILL ends it");
		return KSFT_FAIL;
	}
	if (WIFSIGNALED(status)) {
		ksft_msg("died of signal %d (%s)", WTERMSIG(status),
			 strsignal(WTERMSIG(status)));
		return KSFT_FAIL;
	}
	if (ksft_shared->nr_failed)
		return KSFT_FAIL;
	if (ksft_shared->skipped && WEXITSTATUS(status) == KSFT_SKIP)
		return KSFT_SKIP;
	if (WEXITSTATUS(status) != KSFT_PASS) {
		ksft_msg("exit status %d", WEXITSTATUS(status));
		return KSFT_FAIL;
	}
	if (!ksft_shared->nr_expected) {
		ksft_msg("verified nothing");
		return KSFT_FAIL;
	}
	return KSFT_PASS;
}

static bool ksft_selected(int argc, char **argv, const char *name)
{
	int i;

	if (argc < 2)
		return true;
	for (i = 1; i < argc; i++)
		if (strstr(name, argv[i]))
			return true;
	return false;
}

/*
 * Knobs and module are setup.sh's business; a test that is started without it
 * (by the kernel's own runner, or by hand) starts itself again under it.
 */
static void ksft_under_setup(char **argv)
{
	char **args;
	int n = 0;

	if (getenv("THPRACE_KSFT_SETUP") || access("./setup.sh", X_OK))
		return;
	while (argv[n])
		n++;
	args = calloc(n + 3, sizeof(*args));
	if (!args)
		return;
	args[0] = "./setup.sh";
	memcpy(args + 1, argv, n * sizeof(*args));
	execv(args[0], args);
	free(args);
}

/**
 * ksft_main() - run the cases, or those whose name contains one of @argv
 *
 * Return: KSFT_FAIL when one failed, KSFT_SKIP when none did anything else,
 * else KSFT_PASS.
 */
int ksft_main(int argc, char **argv, const struct ksft_case *cases, size_t nr)
{
	unsigned int nr_pass = 0, nr_fail = 0, nr_skip = 0, nr_plan = 0, n = 0;
	struct sigaction sa = { .sa_handler = ksft_on_signal };
	size_t i;

	ksft_under_setup(argv);
	setvbuf(stdout, NULL, _IOLBF, 0);
	ksft_shared = mmap(NULL, sizeof(*ksft_shared), PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (ksft_shared == MAP_FAILED) {
		printf("Bail out! mmap: %s\n", strerror(errno));
		return KSFT_FAIL;
	}
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGHUP, &sa, NULL);

	for (i = 0; i < nr; i++)
		nr_plan += ksft_selected(argc, argv, cases[i].name);
	printf("KTAP version 1\n1..%u\n", nr_plan);

	for (i = 0; i < nr; i++) {
		if (!ksft_selected(argc, argv, cases[i].name))
			continue;
		switch (ksft_one(&cases[i])) {
		case KSFT_PASS:
			nr_pass++;
			printf("ok %u %s\n", ++n, cases[i].name);
			break;
		case KSFT_SKIP:
			nr_skip++;
			printf("ok %u %s # SKIP %s\n", ++n, cases[i].name,
			       ksft_shared->reason);
			break;
		default:
			nr_fail++;
			printf("not ok %u %s\n", ++n, cases[i].name);
		}
	}
	printf("# Totals: pass:%u fail:%u skip:%u\n", nr_pass, nr_fail, nr_skip);
	if (nr_fail || !nr_plan)
		return KSFT_FAIL;
	return nr_pass ? KSFT_PASS : KSFT_SKIP;
}
