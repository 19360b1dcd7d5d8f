// SPDX-License-Identifier: GPL-2.0
/*
 * Runs groups of tests, one program each, in the shape that kernel CI parses
 *
 * usage: outer TABLE [GROUP]...
 *
 * TABLE has a line for each group: NAME SECONDS COMMAND.  Prints KTAP as the
 * kernel's own selftests/kselftest/runner.sh does: what a program says stands
 * behind "# ", then comes the one line that says what became of it.  A program
 * that crashes, hangs or says nothing is one line that is not ok; the others
 * run.  Only what passed is ok: "inconclusive" is not.  Called by run.sh.
 * Judging single tests is no business of this file (runner.c).
 *
 * Exit status: 0 passed, 1 something failed, 2 the table is wrong, 3 something
 * was inconclusive and nothing failed, 4 all was skipped.
 */
#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_GROUPS	64
#define MAX_LINE	4096
#define MAX_SECONDS	86400
#define DEFAULT_GRACE_S	30	/* to put back settings after SIGTERM */
#define REAP_MS		2000
#define COLLECTION	"thprace"

/* The exit statuses of a program that mean something (README.md). */
enum { EXIT_PASS, EXIT_FAIL, EXIT_ERROR, EXIT_INCONCLUSIVE, EXIT_SKIP };

struct group {
	char name[64];
	unsigned int seconds;
	char command[MAX_LINE];
};

/* What a program has said so far. */
struct said {
	long nr_plan;			/* of its outermost points; -1: none */
	unsigned int nr_points;		/* its outermost */
	unsigned int nr_ok, nr_not_ok;	/* all; a skip is neither */
	char skip[MAX_LINE];		/* the first reason */
};

/* What became of a program. */
struct ended {
	bool timed_out;
	bool reaped;
	int status;			/* of waitpid() */
};

static struct group groups[MAX_GROUPS];
static unsigned int nr_groups;
static struct {
	unsigned int pass, fail, inconclusive, skip;
} totals;
static pid_t running;

static unsigned long long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (unsigned long long)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static bool is_name_char(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-';
}

static bool is_name(const char *s)
{
	if (!*s)
		return false;
	while (is_name_char(*s))
		s++;
	return !*s;
}

static const struct group *find_group(const char *name)
{
	unsigned int i;

	for (i = 0; i < nr_groups; i++) {
		if (!strcmp(groups[i].name, name))
			return &groups[i];
	}
	return NULL;
}

/* What is wrong with a line of the table, or NULL. */
static const char *take_row(const char *line)
{
	struct group *g = &groups[nr_groups];
	int at = 0;

	if (nr_groups == MAX_GROUPS)
		return "too many groups";
	if (sscanf(line, "%63s %u %n", g->name, &g->seconds, &at) < 2 || !at)
		return "no NAME SECONDS COMMAND";
	if (!is_name(g->name))
		return "a name is of letters, digits, '_' and '-'";
	if (find_group(g->name))
		return "the name is there twice";
	if (!g->seconds || g->seconds > MAX_SECONDS)
		return "seconds are 1 to 86400";
	if (!line[at])
		return "no command";
	snprintf(g->command, sizeof(g->command), "%s", line + at);
	nr_groups++;
	return NULL;
}

static bool read_table(const char *path)
{
	unsigned int nr = 0;
	char line[MAX_LINE];
	const char *wrong;
	FILE *f = fopen(path, "re");

	if (!f) {
		fprintf(stderr, "outer: %s: %s\n", path, strerror(errno));
		return false;
	}
	for (wrong = NULL; !wrong && fgets(line, sizeof(line), f);) {
		nr++;
		line[strcspn(line, "\n")] = '\0';
		if (*line && *line != '#')
			wrong = take_row(line);
	}
	fclose(f);
	if (!wrong && nr_groups)
		return true;
	fprintf(stderr, "outer: %s:%u: %s\n", path, nr, wrong ?: "no group");
	return false;
}

/* The length of "ok N " or "not ok N " with an optional "- ", or 0. */
static size_t point_head(const char *s, bool *ok)
{
	const char *at = s;

	*ok = strncmp(at, "not ", 4);
	at += *ok ? 0 : 4;
	if (strncmp(at, "ok ", 3) || !isdigit((unsigned char)at[3]))
		return 0;
	at += 3;
	at += strspn(at, "0123456789");
	at += strspn(at, " ");
	if (!strncmp(at, "- ", 2))
		at += 2;
	return at - s;
}

/* A point's name in place, such that any consumer takes it: [A-Za-z0-9_-]. */
static void plain_name(char *name, size_t len)
{
	size_t from, to = 0;

	for (from = 0; from < len; from++) {
		if (is_name_char(name[from]))
			name[to++] = name[from];
		else if (to && name[to - 1] != '-')
			name[to++] = '-';
	}
	while (to && name[to - 1] == '-')
		to--;
	memmove(name + to, name + len, strlen(name + len) + 1);
}

static void take_point(struct said *said, char *line, size_t indent, size_t head, bool ok)
{
	char *name = line + indent + head;
	char *directive = strstr(name, " # ");
	char *skip = strstr(name, " # SKIP");

	if (!indent)
		said->nr_points++;
	if (!ok)
		said->nr_not_ok++;
	else if (!skip)
		said->nr_ok++;
	else if (!*said->skip)
		snprintf(said->skip, sizeof(said->skip), "%s",
			 skip + 7 + strspn(skip + 7, " "));
	plain_name(name, directive ? (size_t)(directive - name) : strlen(name));
}

/* One line of a program: counted if it is a point, and passed on. */
static void take_line(struct said *said, char *line)
{
	size_t indent = strspn(line, " "), head;
	bool ok;

	line[strcspn(line, "\r")] = '\0';
	head = point_head(line + indent, &ok);
	if (head) {
		take_point(said, line, indent, head, ok);
	} else if (!strncmp(line, "1..", 3) && isdigit((unsigned char)line[3])) {
		char *skip = strstr(line, "# SKIP ");

		said->nr_plan = strtol(line + 3, NULL, 10);
		if (skip && !*said->skip)
			snprintf(said->skip, sizeof(said->skip), "%s", skip + 7);
	}
	printf("# %s\n", line);
}

static void on_signal(int sig)
{
	if (running > 0)
		kill(-running, SIGTERM);
	_exit(128 + sig);
}

static pid_t start(const char *command, int *out)
{
	int fds[2];
	pid_t pid;

	*out = -1;
	if (pipe(fds))
		return -1;
	fflush(stdout);
	pid = fork();
	if (!pid) {
		signal(SIGINT, SIG_DFL);
		signal(SIGTERM, SIG_DFL);
		signal(SIGHUP, SIG_DFL);
		setpgid(0, 0);
		dup2(fds[1], 1);
		dup2(fds[1], 2);
		close(fds[0]);
		close(fds[1]);
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
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

/* Waits for the program, at most until @end. */
static void reap(pid_t pid, struct ended *e, unsigned long long end)
{
	while (!e->reaped) {
		e->reaped = waitpid(pid, &e->status, WNOHANG) == pid;
		if (e->reaped || now_ms() >= end)
			return;
		usleep(10000);
	}
}

/*
 * Passes on what the program says until it has ended.  Something that it left
 * behind may hold the pipe, so its end is not waited for.
 */
static void pump(struct said *said, int fd, pid_t pid, struct ended *e, unsigned long long end)
{
	static char buf[MAX_LINE];
	size_t len = 0;

	while (!e->timed_out) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		ssize_t n;
		char *nl;

		e->timed_out = now_ms() >= end;
		if (poll(&p, 1, e->reaped ? 0 : 100) <= 0) {
			if (e->reaped)
				break;
			reap(pid, e, 0);
			continue;
		}
		n = read(fd, buf + len, sizeof(buf) - 1 - len);
		if (n <= 0)
			break;
		len += n;
		buf[len] = '\0';
		while ((nl = memchr(buf, '\n', len))) {
			*nl = '\0';
			take_line(said, buf);
			len -= nl + 1 - buf;
			memmove(buf, nl + 1, len + 1);
		}
		if (len == sizeof(buf) - 1) {
			take_line(said, buf);
			len = 0;
		}
	}
	if (len)
		take_line(said, buf);
	if (!e->timed_out)
		reap(pid, e, end);
	e->timed_out |= !e->reaped;
}

/* First the signal on which settings are put back, then the one that must do. */
static void end_program(pid_t pid, struct ended *e)
{
	const char *text = getenv("KSELFTEST_GRACE");
	unsigned int grace = text ? atoi(text) : DEFAULT_GRACE_S;

	kill(-pid, SIGTERM);
	reap(pid, e, now_ms() + grace * 1000ULL);
	kill(-pid, SIGKILL);
	reap(pid, e, now_ms() + REAP_MS);
}

static void fail(unsigned int nr, const struct group *g, const char *why)
{
	totals.fail++;
	printf("not ok %u selftests: " COLLECTION ": %s # %s\n", nr, g->name, why);
}

/* Why an exit status of 0 is not believed, or NULL. */
static const char *not_believed(const struct said *said)
{
	static char why[128];

	if (said->nr_not_ok)
		snprintf(why, sizeof(why), "exit=0 but %u points are not ok", said->nr_not_ok);
	else if (said->nr_plan < 0)
		snprintf(why, sizeof(why), "exit=0 but there is no plan");
	else if (said->nr_plan != (long)said->nr_points)
		snprintf(why, sizeof(why), "exit=0 but of %ld planned points there are %u",
			 said->nr_plan, said->nr_points);
	else if (!said->nr_ok)
		snprintf(why, sizeof(why), "exit=0 but no point is ok");
	else
		return NULL;
	return why;
}

/* The one line that says what became of a group. */
static void judge(unsigned int nr, const struct group *g, const struct said *said,
		  const struct ended *e)
{
	const char *wrong = not_believed(said);
	/* A shell that starts the program says a signal as 128 and its number. */
	int status = WIFEXITED(e->status) ? WEXITSTATUS(e->status) : 128 + WTERMSIG(e->status);
	char why[128];

	if (e->timed_out) {
		snprintf(why, sizeof(why), "TIMEOUT %u seconds%s", g->seconds,
			 e->reaped ? "" : ", and it cannot be killed");
		fail(nr, g, why);
	} else if (status > 128 && status <= 128 + SIGRTMAX) {
		snprintf(why, sizeof(why), "exit=%d crashed by signal %d", status, status - 128);
		fail(nr, g, why);
	} else if (status == EXIT_INCONCLUSIVE) {
		totals.inconclusive++;
		printf("not ok %u selftests: " COLLECTION ": %s # inconclusive\n", nr, g->name);
	} else if (status == EXIT_SKIP && !said->nr_ok && !said->nr_not_ok) {
		totals.skip++;
		printf("ok %u selftests: " COLLECTION ": %s # SKIP %s\n", nr, g->name,
		       *said->skip ? said->skip : "no reason was given");
	} else if (status == EXIT_PASS && !wrong) {
		totals.pass++;
		printf("ok %u selftests: " COLLECTION ": %s\n", nr, g->name);
	} else if (status == EXIT_PASS) {
		fail(nr, g, wrong);
	} else {
		snprintf(why, sizeof(why), "exit=%d%s", status,
			 status == EXIT_SKIP ? " but not all is skipped" : "");
		fail(nr, g, why);
	}
}

static void run_group(unsigned int nr, const struct group *g)
{
	struct said said = { .nr_plan = -1 };
	struct ended e = { 0 };
	int fd;

	printf("# timeout set to %u\n# selftests: " COLLECTION ": %s\n", g->seconds, g->name);
	running = start(g->command, &fd);
	if (running < 0) {
		fail(nr, g, strerror(errno));
		return;
	}
	pump(&said, fd, running, &e, now_ms() + g->seconds * 1000ULL);
	if (e.timed_out)
		end_program(running, &e);
	kill(-running, SIGKILL);
	close(fd);
	running = 0;
	judge(nr, g, &said, &e);
}

int main(int argc, char **argv)
{
	struct sigaction sa = { .sa_handler = on_signal };
	unsigned int i, nr = argc > 2 ? argc - 2 : 0;

	if (argc < 2) {
		fprintf(stderr, "usage: outer TABLE [GROUP]...\n");
		return EXIT_ERROR;
	}
	if (!read_table(argv[1]))
		return EXIT_ERROR;
	for (i = 0; i < nr; i++) {
		if (!find_group(argv[i + 2])) {
			fprintf(stderr, "outer: no group '%s' in %s\n", argv[i + 2], argv[1]);
			return EXIT_ERROR;
		}
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGHUP, &sa, NULL);

	printf("KTAP version 1\n1..%u\n", nr ?: nr_groups);
	for (i = 0; i < (nr ?: nr_groups); i++)
		run_group(i + 1, nr ? find_group(argv[i + 2]) : &groups[i]);
	printf("# Totals: pass:%u fail:%u xfail:0 xpass:0 skip:%u error:0\n", totals.pass,
	       totals.fail + totals.inconclusive, totals.skip);
	if (totals.fail)
		return EXIT_FAIL;
	if (totals.inconclusive)
		return EXIT_INCONCLUSIVE;
	return totals.pass ? EXIT_PASS : EXIT_SKIP;
}
