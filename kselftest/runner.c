// SPDX-License-Identifier: GPL-2.0
/*
 * Runs tests one after another and decides
 *
 * usage: runner TEST...
 *
 * Prints KTAP with each test's own results nested below it.  A test has
 * passed when its plan, its result lines, its exit status and the kernel's
 * taint all say so; saying nothing is a failure.  Called by run.sh, which
 * starts things; here is the verdict.  Environment:
 *
 *   KSFT_EXPECT_SKIPS	file of "TEST SUBTEST" lines that may skip ('*': any)
 *   THPRACE_STRICT_SKIP	1: any other skip is a failure
 *   KSFT_TEST_TIMEOUT	seconds for one test, default 1800
 *
 * Exit status: 0 passed, 1 something failed, 4 everything was skipped.
 */
#include <errno.h>
#include <linux/types.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define DEFAULT_TIMEOUT_S	1800
#define TERM_GRACE_MS		10000
#define MAX_LINE		4096
#define MAX_SKIPS		256

/* Bits of /proc/sys/kernel/tainted that loading our module sets. */
#define TAINT_OURS		0x3000ULL	/* out of tree, unsigned */

/* One test's results so far. */
struct test {
	const char *name;
	long nr_plan;		/* -1: none seen */
	unsigned int nr_lines, nr_pass, nr_fail, nr_skip;
	bool broken;		/* failed in a way that no result line says */
};

/* Complaints that the kernel keeps count of. */
struct complaints {
	unsigned long long taint, warns, oopses;
};

static struct {
	unsigned int pass, fail, skip;
} totals;

static char *skip_lines[MAX_SKIPS];
static unsigned int nr_skip_lines;
static bool strict;
static pid_t running;

static __u64 now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (__u64)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static unsigned long long read_number(const char *path)
{
	unsigned long long v = 0;
	char buf[32] = "";
	FILE *f = fopen(path, "r");

	if (!f)
		return 0;
	if (fgets(buf, sizeof(buf), f))
		v = strtoull(buf, NULL, 10);
	fclose(f);
	return v;
}

static struct complaints read_complaints(void)
{
	struct complaints c = {
		.taint = read_number("/proc/sys/kernel/tainted"),
		.warns = read_number("/sys/kernel/warn_count"),
		.oopses = read_number("/sys/kernel/oops_count"),
	};

	c.taint &= ~TAINT_OURS;
	return c;
}

static bool read_skips(const char *path)
{
	char line[MAX_LINE];
	FILE *f;

	if (!path || !*path)
		return true;
	f = fopen(path, "r");
	if (!f) {
		fprintf(stderr, "runner: %s: %s\n", path, strerror(errno));
		return false;
	}
	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		if (!*line || *line == '#')
			continue;
		if (nr_skip_lines == MAX_SKIPS) {
			fprintf(stderr, "runner: %s: more than %d lines\n",
				path, MAX_SKIPS);
			fclose(f);
			return false;
		}
		skip_lines[nr_skip_lines++] = strdup(line);
	}
	fclose(f);
	return true;
}

static bool may_skip(const char *test, const char *name)
{
	size_t len = strlen(test);
	unsigned int i;

	if (!strict)
		return true;
	for (i = 0; i < nr_skip_lines; i++) {
		const char *rest = skip_lines[i] + len;

		if (strncmp(skip_lines[i], test, len) || *rest != ' ')
			continue;
		rest += strspn(rest, " ");
		if (!strcmp(rest, "*") || !strcmp(rest, name))
			return true;
	}
	return false;
}

static void broke(struct test *t, const char *why)
{
	printf("  # %s: %s\n", t->name, why);
	t->broken = true;
}

/* "N rest": whether N is the number expected next. */
static bool take_number(struct test *t, char **s)
{
	char *end;
	unsigned long n = strtoul(*s, &end, 10);

	if (end == *s || n != t->nr_lines + 1)
		return false;
	*s = end + strspn(end, " ");
	if (!strncmp(*s, "- ", 2))
		*s += 2;
	t->nr_lines++;
	return true;
}

static void take_skip(struct test *t, char *name, char *directive)
{
	const char *reason = directive + strlen(" # SKIP");

	*directive = '\0';
	reason += strspn(reason, " ");
	if (!*reason) {
		t->nr_fail++;
		printf("  not ok %u %s # SKIP without a reason\n",
		       t->nr_lines, name);
	} else if (may_skip(t->name, name)) {
		t->nr_skip++;
		printf("  ok %u %s # SKIP %s\n", t->nr_lines, name, reason);
	} else {
		t->nr_fail++;
		printf("  not ok %u %s # unexpected SKIP: %s\n",
		       t->nr_lines, name, reason);
	}
}

static void take_plan(struct test *t, char *line)
{
	char *end, *skip;
	long n = strtol(line + 3, &end, 10);

	if (end == line + 3 || t->nr_plan >= 0 || n < 0) {
		broke(t, "a second or malformed plan");
		return;
	}
	t->nr_plan = n;
	printf("  %s\n", line);
	if (n)
		return;

	/* A test that skips as a whole. */
	skip = strstr(line, "# SKIP ");
	if (!skip)
		broke(t, "an empty plan without a SKIP reason");
	else if (!may_skip(t->name, "*"))
		broke(t, "unexpected SKIP of the whole test");
	else
		t->nr_skip++;
}

/* One line of a test's output: counted when it is a result, and passed on. */
static void take_line(struct test *t, char *line)
{
	char *rest, *skip;

	if (!strncmp(line, "1..", 3)) {
		take_plan(t, line);
		return;
	}
	if (!strncmp(line, "ok ", 3)) {
		rest = line + 3;
		if (!take_number(t, &rest)) {
			printf("  # %s\n", line);
			broke(t, "a result out of sequence");
			return;
		}
		skip = strstr(rest, " # SKIP");
		if (skip) {
			take_skip(t, rest, skip);
			return;
		}
		t->nr_pass++;
	} else if (!strncmp(line, "not ok ", 7)) {
		rest = line + 7;
		t->nr_fail++;
		if (!take_number(t, &rest))
			broke(t, "a result out of sequence");
	} else if (!strncmp(line, "Bail out!", 9)) {
		t->broken = true;
	} else if (strncmp(line, "# ", 2) && strncmp(line, "KTAP version", 12) &&
		   strncmp(line, "TAP version", 11)) {
		printf("  # %s\n", line);
		return;
	}
	printf("  %s\n", line);
}

static void on_signal(int sig)
{
	if (running > 0)
		kill(-running, SIGTERM);
	_exit(128 + sig);
}

static pid_t start(const char *path, int *out)
{
	int fds[2];
	pid_t pid;

	if (pipe(fds))
		return -1;
	fflush(stdout);
	pid = fork();
	if (!pid) {
		char cmd[MAX_LINE];

		signal(SIGINT, SIG_DFL);
		signal(SIGQUIT, SIG_DFL);
		signal(SIGTERM, SIG_DFL);
		signal(SIGHUP, SIG_DFL);
		setpgid(0, 0);
		dup2(fds[1], 1);
		dup2(fds[1], 2);
		close(fds[0]);
		close(fds[1]);
		snprintf(cmd, sizeof(cmd), "%s%s",
			 strchr(path, '/') ? "" : "./", path);
		execl(cmd, cmd, (char *)NULL);
		printf("Bail out! %s: %s\n", cmd, strerror(errno));
		fflush(stdout);
		_exit(127);
	}
	close(fds[1]);
	if (pid < 0) {
		close(fds[0]);
		return -1;
	}
	setpgid(pid, pid);
	*out = fds[0];
	return pid;
}

/*
 * Passes output on until the test's end of the pipe is closed, or the test
 * itself has ended (something it left behind may still hold the pipe), or the
 * time is over.  False on the last.
 */
static bool pump(struct test *t, int fd, pid_t pid, __u64 end, int *status)
{
	static char buf[MAX_LINE];
	bool gone = false;
	size_t len = 0;

	*status = -1;
	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		char *nl;
		ssize_t n;

		if (poll(&p, 1, gone ? 0 : 200) > 0) {
			n = read(fd, buf + len, sizeof(buf) - 1 - len);
			if (n <= 0)
				break;
			len += n;
			buf[len] = '\0';
			while ((nl = strchr(buf, '\n'))) {
				*nl = '\0';
				take_line(t, buf);
				len -= nl + 1 - buf;
				memmove(buf, nl + 1, len + 1);
			}
			fflush(stdout);
			if (len == sizeof(buf) - 1) {
				take_line(t, buf);
				len = 0;
			}
			continue;
		}
		if (gone)
			break;
		gone = waitpid(pid, status, WNOHANG) == pid;
		if (!gone && now_ms() > end)
			return false;
	}
	if (len)
		take_line(t, buf);
	while (!gone && now_ms() <= end) {
		gone = waitpid(pid, status, WNOHANG) == pid;
		usleep(1000);
	}
	return gone;
}

static void end_test(pid_t pid, int *status)
{
	__u64 end = now_ms() + TERM_GRACE_MS;

	kill(-pid, SIGTERM);
	while (now_ms() < end) {
		if (waitpid(pid, status, WNOHANG) == pid)
			return;
		usleep(10000);
	}
	kill(-pid, SIGKILL);
	usleep(100000);
	waitpid(pid, status, WNOHANG);
}

static void check_status(struct test *t, int status)
{
	char why[128];

	if (t->nr_plan < 0) {
		broke(t, "no plan");
	} else if (t->nr_plan != (long)t->nr_lines) {
		snprintf(why, sizeof(why), "planned %ld, ran %u", t->nr_plan,
			 t->nr_lines);
		broke(t, why);
	}
	if (WIFSIGNALED(status)) {
		snprintf(why, sizeof(why), "died of signal %d", WTERMSIG(status));
		broke(t, why);
	} else if (WEXITSTATUS(status) == 4 ? t->nr_pass > 0 :
		   WEXITSTATUS(status) != (t->nr_fail > 0)) {
		/* An unexpected skip is a failure that the test knows not of. */
		if (WEXITSTATUS(status) || !strict || !t->nr_fail) {
			snprintf(why, sizeof(why),
				 "exit status %d does not fit its results",
				 WEXITSTATUS(status));
			broke(t, why);
		}
	}
}

static void check_complaints(struct test *t, struct complaints a)
{
	struct complaints b = read_complaints();
	char why[128];

	if (b.taint & ~a.taint) {
		snprintf(why, sizeof(why), "kernel taint %#llx, before %#llx",
			 b.taint, a.taint);
		broke(t, why);
	}
	if (b.warns != a.warns || b.oopses != a.oopses) {
		snprintf(why, sizeof(why), "%llu kernel warnings, %llu oopses",
			 b.warns - a.warns, b.oopses - a.oopses);
		broke(t, why);
	}
}

static bool run_test(const char *path, unsigned int n, unsigned int timeout_s)
{
	struct complaints before = read_complaints();
	struct test t = { .nr_plan = -1 };
	int fd, status = 0;
	bool failed;

	t.name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	printf("  # Subtest: %s\n", t.name);
	running = start(path, &fd);
	if (running < 0) {
		broke(&t, strerror(errno));
	} else {
		if (pump(&t, fd, running, now_ms() + timeout_s * 1000ULL,
			 &status)) {
			check_status(&t, status);
		} else {
			end_test(running, &status);
			broke(&t, "timed out");
		}
		kill(-running, SIGKILL);
		close(fd);
	}
	running = 0;
	check_complaints(&t, before);

	failed = t.nr_fail || t.broken;
	totals.pass += t.nr_pass;
	totals.skip += t.nr_skip;
	totals.fail += t.nr_fail ? t.nr_fail : t.broken;
	if (failed)
		printf("not ok %u %s\n", n, t.name);
	else if (t.nr_pass)
		printf("ok %u %s\n", n, t.name);
	else
		printf("ok %u %s # SKIP nothing in it could run here\n", n,
		       t.name);
	return !failed;
}

int main(int argc, char **argv)
{
	const char *strict_env = getenv("THPRACE_STRICT_SKIP");
	const char *timeout_env = getenv("KSFT_TEST_TIMEOUT");
	unsigned int timeout_s = DEFAULT_TIMEOUT_S;
	struct sigaction sa = { .sa_handler = on_signal };
	int i;

	setvbuf(stdout, NULL, _IOLBF, 0);
	strict = strict_env && !strcmp(strict_env, "1");
	if (timeout_env && atoi(timeout_env) > 0)
		timeout_s = atoi(timeout_env);
	if (argc < 2) {
		fprintf(stderr, "usage: runner TEST...\n");
		return 2;
	}
	if (!read_skips(getenv("KSFT_EXPECT_SKIPS")))
		return 2;
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGHUP, &sa, NULL);

	printf("KTAP version 1\n1..%d\n", argc - 1);
	for (i = 1; i < argc; i++)
		run_test(argv[i], i, timeout_s);

	printf("# Totals: pass:%u fail:%u skip:%u\n", totals.pass, totals.fail,
	       totals.skip);
	if (totals.fail)
		return 1;
	return totals.pass ? 0 : 4;
}
