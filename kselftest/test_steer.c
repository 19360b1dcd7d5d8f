// SPDX-License-Identifier: GPL-2.0
/*
 * Whose work lock checks count, how long controls last, and what steering asks
 * of the machine: CPUs and time.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "thp.h"
#include "tr.h"

#define NR_FORKS	20
#define GONE_MS		60000

static s64 held(int fd, const char *check)
{
	return tr_row(tr_fd_read(fd), "check", check, "held");
}

static void need(const char *check)
{
	const char *reason;

	if (!tr_available("checks", check, &reason))
		ksft_skip("%s: %s", check, reason);
}

/* Changes the trees of anon_vmas, as any process does. */
static void fork_a_lot(void)
{
	unsigned int i;

	for (i = 0; i < NR_FORKS; i++) {
		pid_t pid = fork();

		if (!pid)
			_exit(0);
		ksft_assert(pid > 0 && !ksft_reap(pid, GONE_MS), "fork");
	}
}

/* Between go and done a task works for the session, before and behind it does not. */
static void case_others(const void *arg)
{
	int fd = tr_session();
	s64 before, others;

	(void)arg;
	need("rmap_lock");
	tr_expect(fd, 0, "arm");
	others = tr_stat("lock_checks_others");
	ksft_expect(others >= 0, "stats has no lock_checks_others");
	fork_a_lot();
	ksft_expect(!held(fd, "rmap_lock"), "held=%lld of what is no lane's",
		    (long long)held(fd, "rmap_lock"));
	ksft_expect(tr_stat("lock_checks_others") >= others + NR_FORKS,
		    "lock_checks_others %lld, before %lld",
		    (long long)tr_stat("lock_checks_others"), (long long)others);
	tr_expect(fd, 0, "go lane=a op=fork");
	tr_expect(fd, 0, "go lane=b op=fork");
	tr_expect(fd, 0, "done lane=b");
	ksft_expect(held(fd, "rmap_lock") < NR_FORKS, "held=%lld before any work",
		    (long long)held(fd, "rmap_lock"));
	fork_a_lot();
	tr_expect(fd, 0, "done lane=a");
	before = held(fd, "rmap_lock");
	ksft_expect(before >= NR_FORKS, "held=%lld of a lane's work",
		    (long long)before);
	fork_a_lot();
	ksft_expect(held(fd, "rmap_lock") == before, "held=%lld, before %lld",
		    (long long)held(fd, "rmap_lock"), (long long)before);
	close(fd);
}

/* A split beside which nobody works proves nothing about two of them. */
static void case_alone(const void *arg)
{
	int fd = tr_session(), other = tr_session(), there[2], go_on[2];
	struct holder h;
	pid_t pid;
	char c;

	(void)arg;
	need("split_serial");
	holder_start(&h, 2 * thp_bytes());
	tr_on_holder(fd, "split", &h, "");
	ksft_expect(held(fd, "split_lock") == 2, "split_lock held=%lld of 2",
		    (long long)held(fd, "split_lock"));
	ksft_expect(!held(fd, "split_serial"), "split_serial held=%lld of 0",
		    (long long)held(fd, "split_serial"));
	ksft_expect(held(other, "split_lock") <= 0, "another session's: held=%lld",
		    (long long)held(other, "split_lock"));
	holder_stop(&h);

	holder_start(&h, 2 * thp_bytes());
	tr_expect(fd, 0, "reset");
	tr_expect(fd, 0, "arm");
	ksft_assert(!pipe(there) && !pipe(go_on), "pipe");
	pid = fork();
	if (!pid) {
		tr_expect(fd, 0, "go lane=b op=munmap");
		_exit(write(there[1], "", 1) != 1 || read(go_on[0], &c, 1) != 1 ||
		      tr_fd_write(fd, "done lane=b"));
	}
	ksft_assert(pid > 0 && read(there[0], &c, 1) == 1, "no lane b");
	tr_on_holder(fd, "split", &h, "");
	ksft_expect(write(go_on[1], "", 1) == 1 && !ksft_reap(pid, GONE_MS), "lane b");
	ksft_expect(held(fd, "split_serial") == 2, "split_serial held=%lld of 2",
		    (long long)held(fd, "split_serial"));
	holder_stop(&h);
	close(fd);
	close(other);
}

/* A control ends with the command or the round that asked for it. */
static void case_control_ends(const void *arg)
{
	int fd = tr_session(), other = tr_session();
	unsigned int found;
	struct holder h;
	s64 total;

	(void)arg;
	need("split_folio_lock");
	holder_start(&h, 4 * thp_bytes());
	tr_on_holder(fd, "check", &h, "inject=split_folio_lock");
	tr_on_holder(fd, "split", &h, "");
	ksft_expect(!tr_violations(tr_fd_read(fd), NULL), "after check inject=:\n%s",
		    tr_fd_read(fd));
	holder_stop(&h);

	holder_start(&h, 4 * thp_bytes());
	tr_expect(other, 0, "arm");
	total = tr_stat("violations");
	tr_expect(fd, EINVAL, "arm inject=refcount");
	tr_expect(fd, 0, "arm inject=split_folio_lock");
	tr_on_holder(fd, "split", &h, "lane=a");
	found = tr_row(tr_fd_read(fd), "check", "split_folio_lock", "violated");
	ksft_expect(found, "armed, not reported:\n%s", tr_fd_read(fd));
	ksft_expect(tr_stat("violations") == total + found,
		    "%u violations in the session, %lld in all", found,
		    (long long)(tr_stat("violations") - total));
	ksft_expect(!tr_violations(tr_fd_read(other), NULL), "in another session:\n%s",
		    tr_fd_read(other));
	holder_stop(&h);

	holder_start(&h, 4 * thp_bytes());
	tr_expect(fd, 0, "round");
	tr_expect(fd, 0, "reset");
	tr_on_holder(fd, "split", &h, "lane=a");
	ksft_expect(!tr_violations(tr_fd_read(fd), NULL), "after the round:\n%s",
		    tr_fd_read(fd));
	holder_stop(&h);
	close(fd);
	close(other);
}

static unsigned int online(void)
{
	return sysconf(_SC_NPROCESSORS_ONLN);
}

/* As many parked lanes as @parked, and one that runs. */
static int arm_parked(int fd, unsigned int parked)
{
	char steer[512] = "";
	unsigned int i;

	for (i = 0; i < parked; i++)
		snprintf(steer + strlen(steer), sizeof(steer) - strlen(steer),
			 "%c>split_huge_page ", 'a' + i);
	return tr_fd_write(fd, "arm steer=\"%s%c>end\"", steer, 'a' + i);
}

/* What the CPUs cannot carry is refused, and nothing else. */
static void case_cpus(const void *arg)
{
	int fd = tr_session(), err;

	(void)arg;
	if (online() > 15)
		ksft_skip("%u CPUs carry any schedule", online());
	err = arm_parked(fd, online());
	ksft_expect(err == EOPNOTSUPP, "%u parked on %u CPUs: %s", online(), online(),
		    tr_errno_name(err));
	err = arm_parked(fd, online() - 1);
	ksft_expect(!err, "%u parked on %u CPUs: %s", online() - 1, online(),
		    tr_errno_name(err));
	close(fd);
}

static bool set_cpu1(const char *to)
{
	int fd = open("/sys/devices/system/cpu/cpu1/online", O_WRONLY);
	bool ok = fd >= 0 && write(fd, to, 1) == 1;

	if (fd >= 0)
		close(fd);
	return ok;
}

/* With one CPU there is no grid, rather than one that draws the scheduler. */
static void case_one_cpu(const void *arg)
{
	int fd = tr_session(), err;

	(void)arg;
	if (online() != 2 || !set_cpu1("0"))
		ksft_skip("the second of two CPUs cannot be taken offline");
	err = tr_fd_write(fd, "arm steer=grid");
	ksft_assert(set_cpu1("1"), "the CPU does not come back");
	ksft_expect(err == EOPNOTSUPP, "a grid on one CPU: %s", tr_errno_name(err));
	tr_expect(fd, 0, "arm steer=grid");
	close(fd);
}

static double seconds(struct timespec a, struct timespec b)
{
	return b.tv_sec - a.tv_sec + (b.tv_nsec - a.tv_nsec) / 1e9;
}

/* A lane sleeps until the others have come; it is not parked to wait for them. */
static void case_absent(const void *arg)
{
	struct timespec begin, end;
	struct rusage use;
	double wall, spun;
	struct holder h;
	int fd = tr_session(), status;
	pid_t pid;

	(void)arg;
	holder_start(&h, thp_bytes());
	tr_on_holder(fd, "hold", &h, "");
	tr_expect(fd, 0, "arm steer=\"a>split_huge_page b>end a>end\"");
	clock_gettime(CLOCK_MONOTONIC, &begin);
	pid = fork();
	if (!pid)
		_exit(tr_fd_write(fd, "split lane=a pid=%d map=%p+%#zx", h.pid,
				  h.r.addr, h.r.len));
	ksft_assert(pid > 0 && wait4(pid, &status, 0, &use) == pid, "fork");
	clock_gettime(CLOCK_MONOTONIC, &end);
	ksft_expect(!status, "split: wait status %#x", status);
	wall = seconds(begin, end);
	spun = use.ru_stime.tv_sec + use.ru_stime.tv_usec / 1e6;
	ksft_expect(wall > 0.5, "it did not wait: %.2f s", wall);
	ksft_expect(spun < wall / 2, "%.2f s of CPU in %.2f s", spun, wall);
	close(fd);
	holder_stop(&h);
}

static const struct ksft_case cases[] = {
	{ .name = "lock checks of others count apart", .run = case_others },
	{ .name = "a split alone says nothing about two", .run = case_alone },
	{ .name = "a control ends with its command", .run = case_control_ends },
	{ .name = "more parked lanes than CPUs", .run = case_cpus },
	{ .name = "a grid on one CPU", .run = case_one_cpu },
	{ .name = "a lane sleeps until the others come", .run = case_absent },
};

int main(int argc, char **argv)
{
	return ksft_main(argc, argv, cases, ARRAY_SIZE(cases));
}
