// SPDX-License-Identifier: GPL-2.0
/*
 * The scenarios of a run, one after the other
 *
 * Each in a process of its own, so that all it had is given back when it ends
 * and what is left can be looked for.  Not here: the rounds (engine.c), the
 * verdict (report.c).
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "thprace.h"

#define POLL_MS			200
#define OVERDUE_NS		(300 * NSEC_PER_SEC)	/* beyond the deadline */
#define LEAK_PATIENCE_NS	(6 * NSEC_PER_SEC)
#define LEAK_NAP_NS		(200 * NSEC_PER_MSEC)

#ifndef SYS_pidfd_open
#define SYS_pidfd_open		434
#endif

static struct leak *leaks[MAX_SCENARIOS];

static int open_run_session(struct run *run)
{
	if (run->opt->no_module) {
		run->fd = -1;
		return 0;
	}
	run->fd = session_open();
	if (run->fd >= 0)
		return 0;
	set_error("cannot open a session: %s", strerror(-run->fd));
	return run->fd;
}

/* In the scenario's process. */
static void run_here(struct run *run, const struct leak *leak)
{
	int err;

	run->cgroup = leak_enter(leak);
	err = open_run_session(run);
	if (!err)
		err = engine_run(run);
	progress_end();
	run->res->err = err == -EOPNOTSUPP && run->res->skipped ? 0 : err;
	if (run->res->err)
		copy_word(run->res->error, sizeof(run->res->error), last_error());
}

static int wait_for(pid_t pid, u64 end_ns, int *status)
{
	const struct timespec nap = { .tv_nsec = 5 * NSEC_PER_MSEC };
	struct pollfd pfd = { .fd = syscall(SYS_pidfd_open, pid, 0), .events = POLLIN };
	bool killed = false;
	pid_t got;

	while (!(got = waitpid(pid, status, WNOHANG))) {
		if (now_ns() > end_ns) {
			if (killed)
				break;
			killed = true;
			kill(pid, SIGKILL);
			end_ns = now_ns() + OVERDUE_NS / 10;
		}
		if (pfd.fd < 0 || poll(&pfd, 1, POLL_MS) < 0)
			nanosleep(&nap, NULL);
	}
	if (pfd.fd >= 0)
		close(pfd.fd);
	return got == pid && !killed ? 0 : -ETIMEDOUT;
}

static int run_apart(struct run *run, const struct leak *leak)
{
	struct result *res = run->res;
	pid_t parent = getpid(), pid;
	int status = 0;

	fflush(NULL);
	pid = fork();
	if (pid < 0) {
		set_error("cannot fork: %s", strerror(errno));
		return -errno;
	}
	if (!pid) {
		signals_in_scenario();
		prctl(PR_SET_PDEATHSIG, SIGUSR1);
		if (getppid() != parent)
			_exit(THPRACE_EXIT_ERROR);
		run_here(run, leak);
		_exit(0);
	}
	signals_scenario(pid);
	if (wait_for(pid, run->deadline_ns + OVERDUE_NS, &status))
		set_error("%s did not end in time and was killed", res->sc->name);
	else if (WIFSIGNALED(status))
		set_error("the process of %s was killed by signal %d", res->sc->name,
			  WTERMSIG(status));
	else if (res->err)
		set_error("%s", res->error);
	else if (status)
		set_error("%s was ended in the middle", res->sc->name);
	signals_scenario(0);
	/* Its own doing already, unless it was killed. */
	knobs_restore();
	swap_stop();
	return status || res->err ? -EIO : 0;
}

static int run_one(struct report *rep, unsigned int index, u64 end_ns)
{
	unsigned int left = 0, i;
	struct result *res = rep->results[index];
	struct run run = {
		.sc = res->sc,
		.opt = rep->opt,
		.res = res,
		.start_ns = rep->start_ns,
	};
	u64 now = now_ns();
	int err;

	/* What earlier ones did not use is shared by those still to come. */
	for (i = index; i < rep->opt->nr_scenarios; i++)
		left += !scenario_why_not(rep->opt->scenarios[i], rep->opt->no_module);
	run.deadline_ns = end_ns > now ? now + (end_ns - now) / left : now;
	run.seed = rep->opt->seed;
	for (i = 0; res->sc->name[i]; i++)
		run.seed = mix64(run.seed, res->sc->name[i]);
	leaks[index] = leak_begin(index);
	err = run_apart(&run, leaks[index]);
	leak_look(leaks[index], res, rep->start_ns, false);
	return err;
}

static bool any_pending(const struct report *rep)
{
	unsigned int i;

	for (i = 0; i < rep->nr_results; i++) {
		if (leak_pending(leaks[i]))
			return true;
	}
	return false;
}

/* Only an excess that stays is a leak. */
static void look_again(struct report *rep)
{
	const struct timespec nap = { .tv_nsec = LEAK_NAP_NS };
	u64 end_ns = now_ns() + LEAK_PATIENCE_NS;
	bool last = false, dropped = false;
	unsigned int i;

	while (any_pending(rep)) {
		bool late = now_ns() + LEAK_PATIENCE_NS / 2 > end_ns;

		leak_nudge(late && !dropped);
		dropped |= late;
		last = now_ns() >= end_ns;
		for (i = 0; i < rep->nr_results; i++)
			leak_look(leaks[i], rep->results[i], rep->start_ns, last);
		if (!last)
			nanosleep(&nap, NULL);
	}
	leak_stop();
}

/* Shared with the scenario's process, and touched here: not charged to it. */
static struct result *new_result(void)
{
	struct result *res = mmap(NULL, sizeof(*res), PROT_READ | PROT_WRITE,
				  MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (res == MAP_FAILED) {
		set_error("out of memory");
		return NULL;
	}
	memset(res, 0, sizeof(*res));
	return res;
}

/*
 * Probes are placed with the first schedule of any session, and removed with
 * the last: a session that is idle keeps them from scenario to scenario.
 */
static int keep_probes(const struct options *opt)
{
	int fd = opt->no_module ? -1 : session_open();

	if (fd >= 0)
		session_cmd(fd, "arm steer=\"a>end\"");
	return fd;
}

/**
 * run_all() - run the selected scenarios
 * @rep: gets a result for each that was begun
 */
int run_all(struct report *rep)
{
	const struct options *opt = rep->opt;
	u64 end_ns = rep->start_ns + opt->duration_ms * NSEC_PER_MSEC;
	int err = 0, probes = keep_probes(opt);
	unsigned int i;

	for (i = 0; i < opt->nr_scenarios && !signals_stop() && !err; i++) {
		struct result *res = new_result();

		if (!res) {
			err = -ENOMEM;
			break;
		}
		res->sc = opt->scenarios[i];
		res->skipped = scenario_why_not(res->sc, opt->no_module);
		rep->results[rep->nr_results++] = res;
		if (res->skipped)
			continue;
		err = run_one(rep, i, end_ns);
		if (err)
			res->verdict = THPRACE_ABORTED;
		if (opt->stop_first && res->tally.violations)
			break;
	}
	look_again(rep);
	if (probes >= 0)
		close(probes);
	return err;
}
