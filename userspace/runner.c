// SPDX-License-Identifier: GPL-2.0
/*
 * The scenarios of a run, one after the other, in passes
 *
 * Each in a process of its own, so that all it had is given back when it ends
 * and what is left can be looked for.
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

#include "client.h"
#include "engine.h"
#include "leak.h"
#include "options.h"
#include "progress.h"
#include "report.h"
#include "result.h"
#include "rng.h"
#include "run.h"
#include "runner.h"
#include "scenario.h"
#include "stuck.h"
#include "tally.h"
#include "undo.h"
#include "util.h"

#define POLL_MS			200
#define OVERDUE_NS		(300 * NSEC_PER_SEC)	/* beyond the deadline */
#define STOPPED_NS		(30 * NSEC_PER_SEC)
#define LEAK_PATIENCE_NS	(6 * NSEC_PER_SEC)
#define LEAK_NAP_NS		(200 * NSEC_PER_MSEC)
#define LEAK_LOOKS		5

#ifndef SYS_pidfd_open
#define SYS_pidfd_open		434
#endif

static struct leak *leaks[MAX_SCENARIOS * MAX_PASSES];

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

/*
 * What a violation or the user stops is on its way out, if the kernel still lets
 * it go: it gets ten times as long as it took so far.
 */
static u64 end_of_stopped(const struct run *run, u64 begin_ns)
{
	u64 now = now_ns(), grace_ns = (now - begin_ns) * 10;

	if (!signals_stop() &&
	    !(run->opt->stop_first &&
	      __atomic_load_n(&run->res->tally.violations, __ATOMIC_RELAXED)))
		return 0;
	return now + (grace_ns > STOPPED_NS ? grace_ns : STOPPED_NS);
}

static int wait_for(const struct run *run, pid_t pid, int *status, struct stuck *look)
{
	const struct timespec nap = { .tv_nsec = 5 * NSEC_PER_MSEC };
	struct pollfd pfd = { .fd = syscall(SYS_pidfd_open, pid, 0), .events = POLLIN };
	u64 begin_ns = now_ns(), end_ns = run->deadline_ns + OVERDUE_NS, stopped_ns = 0;
	bool killed = false;
	pid_t got;

	while (!(got = waitpid(pid, status, WNOHANG))) {
		if (!stopped_ns) {
			stopped_ns = end_of_stopped(run, begin_ns);
			if (stopped_ns && stopped_ns < end_ns)
				end_ns = stopped_ns;
		}
		if (!killed && stuck_look(run, pid, look) && run->opt->stop_first)
			end_ns = 0;
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
	struct stuck look = { 0 };
	int status = 0, late;

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
	late = wait_for(run, pid, &status, &look);
	if (late)
		set_error("%s did not end in time and was killed%s", res->sc->name,
			  look.tally ? ": it was stuck" : "");
	else if (WIFSIGNALED(status))
		set_error("the process of %s was killed by signal %d", res->sc->name,
			  WTERMSIG(status));
	else if (res->err)
		set_error("%s", res->error);
	else if (status)
		set_error("%s was ended in the middle", res->sc->name);
	signals_scenario(0);
	stuck_add(res, &look);
	/* Its own doing already, unless it was killed. */
	knobs_restore();
	swap_stop();
	/* What is still there is no leak. */
	if (late && kill(pid, 0) == 0)
		leak_give_up();
	return late || status || res->err ? -EIO : 0;
}

/* Counts of another pass are added; what a scenario left last stays. */
static void add_pass(struct result *sum, const struct result *part)
{
	unsigned int i;

	tally_add(&sum->tally, &part->tally);
	/* What it has seen in an earlier pass stands. */
	if (!sum->tally.rounds && !sum->tally.violations)
		sum->skipped = part->skipped;
	sum->err = part->err;
	memcpy(sum->error, part->error, sizeof(sum->error));
	sum->duration_ns += part->duration_ns;
	sum->splits += part->splits;
	sum->not_huge += part->not_huge;
	sum->batches += part->batches;
	sum->forced += part->forced;
	sum->met += part->met;
	for (i = 0; i < T_NR; i++)
		sum->time_ns[i] += part->time_ns[i];
	if (!sum->first_violation_ns)
		sum->first_violation_ns = part->first_violation_ns;
	if (part->program.nr)
		sum->program = part->program;
	for (i = 0; i < part->nr_skews && sum->nr_skews < NR_SKEWS; i++) {
		sum->spread_ns[sum->nr_skews] = part->spread_ns[i];
		sum->closest_ns[sum->nr_skews++] = part->closest_ns[i];
	}
}

/* Those in a part of the list that can run. */
static unsigned int nr_left(const struct report *rep, const char *const *why,
			    unsigned int from, unsigned int to)
{
	unsigned int left = 0, i;

	for (i = from; i < to; i++)
		left += !why[i] && !(i < rep->nr_results && rep->results[i]->skipped);
	return left;
}

static int run_one(struct report *rep, struct result *part, unsigned int index,
		   unsigned int pass, unsigned int left)
{
	u64 end_ns = rep->pass_end_ns[pass], now;
	struct result *res = rep->results[index];
	struct leak **leak = &leaks[pass * MAX_SCENARIOS + index];
	struct run run = {
		.sc = res->sc,
		.opt = rep->opt,
		.res = part,
		.before = pass ? res : NULL,
		.last_pass = pass == rep->nr_passes - 1,
		.brief = rep->nr_passes > 1 && !pass,
		.start_ns = rep->start_ns,
	};
	unsigned int i;
	int err;

	memset(part, 0, sizeof(*part));
	part->sc = res->sc;
	run.seed = rep->opt->seed;
	for (i = 0; res->sc->name[i]; i++)
		run.seed = mix64(run.seed, res->sc->name[i]);
	*leak = leak_begin(pass * MAX_SCENARIOS + index);
	/* What earlier ones did not use is shared by those still to come. */
	now = now_ns();
	run.deadline_ns = end_ns > now ? now + (end_ns - now) / left : now;
	err = run_apart(&run, *leak);
	add_pass(res, part);
	leak_look(*leak, res, rep->start_ns, false);
	return err;
}

/* Looks at what is not clean yet, or at what must be judged. */
static void look_at(struct report *rep, u64 patience_ns, bool last)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(leaks); i++) {
		if (leak_pending(leaks[i]) &&
		    (!patience_ns || leak_overdue(leaks[i], patience_ns)))
			leak_look(leaks[i], rep->results[i % MAX_SCENARIOS], rep->start_ns,
				  last);
	}
}

static bool any_pending(u64 patience_ns)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(leaks); i++) {
		if (patience_ns ? leak_overdue(leaks[i], patience_ns) : leak_pending(leaks[i]))
			return true;
	}
	return false;
}

/*
 * Between two scenarios: an excess that has stayed for long is judged, after
 * the last one's processes had time to be gone for good.
 */
static void look_between(struct report *rep)
{
	const struct timespec nap = { .tv_nsec = LEAK_NAP_NS };
	unsigned int i;

	if (!any_pending(0))
		return;
	look_at(rep, 0, false);
	for (i = 0; i < LEAK_LOOKS && any_pending(LEAK_PATIENCE_NS); i++) {
		leak_nudge(!i);
		nanosleep(&nap, NULL);
		look_at(rep, LEAK_PATIENCE_NS, i == LEAK_LOOKS - 1);
	}
}

/* Only an excess that stays is a leak. */
static void look_again(struct report *rep)
{
	const struct timespec nap = { .tv_nsec = LEAK_NAP_NS };
	u64 end_ns = now_ns() + LEAK_PATIENCE_NS;
	bool last = false, dropped = false;

	while (any_pending(0)) {
		bool late = now_ns() + LEAK_PATIENCE_NS / 2 > end_ns;

		leak_nudge(late && !dropped);
		dropped |= late;
		last = now_ns() >= end_ns;
		look_at(rep, 0, last);
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

/*
 * Every scenario is begun early, and goes on in later passes: a bug that only
 * the last one sees is not found last.  What is bounded by something else than
 * time has one pass.
 */
static void plan_passes(struct report *rep)
{
	static const unsigned int shares[MAX_PASSES] = { 1, 2, 3 };
	const struct options *opt = rep->opt;
	u64 duration_ns = opt->duration_ms * NSEC_PER_MSEC;
	unsigned int i, sum = 0, so_far = 0;

	rep->nr_passes = MAX_PASSES;
	if (opt->nr_scenarios < 2 || opt->rounds || opt->grid || opt->steer || opt->program)
		rep->nr_passes = 1;
	for (i = 0; i < rep->nr_passes; i++)
		sum += shares[i];
	for (i = 0; i < rep->nr_passes; i++) {
		so_far += shares[i];
		rep->pass_end_ns[i] = rep->start_ns + duration_ns / sum * so_far;
	}
}

static bool stop_now(const struct report *rep)
{
	unsigned int i;

	for (i = 0; rep->opt->stop_first && i < rep->nr_results; i++) {
		if (rep->results[i]->tally.violations)
			return true;
	}
	return signals_stop();
}

/* Later passes are for the time that is left, and for what has met no split yet. */
static bool worth_it(const struct report *rep, unsigned int index, unsigned int pass)
{
	const struct result *res = rep->results[index];

	if (!pass || now_ns() < rep->pass_end_ns[rep->nr_passes - 1])
		return true;
	return pass == rep->nr_passes - 1 && !engine_enough(res->sc, &res->tally);
}

static int begin_result(struct report *rep, unsigned int index, const char *why_not)
{
	struct result *res = new_result();

	if (!res)
		return -ENOMEM;
	res->sc = rep->opt->scenarios[index];
	res->skipped = why_not;
	rep->results[rep->nr_results++] = res;
	return 0;
}

/* The last of several passes goes backwards: who comes last gets least. */
static int run_pass(struct report *rep, struct result *part, const char *const *why,
		    unsigned int pass)
{
	unsigned int n = rep->opt->nr_scenarios, i, k, left;
	bool last = pass == rep->nr_passes - 1;
	int err = 0;

	/* The first pass took as long as two: the rest is for the last one. */
	if (pass && !last && now_ns() >= rep->pass_end_ns[pass])
		return 0;
	for (k = 0; k < n && !stop_now(rep) && !err; k++) {
		i = pass && last ? n - 1 - k : k;
		if (!pass)
			err = begin_result(rep, i, why[i]);
		if (err || rep->results[i]->skipped || !worth_it(rep, i, pass))
			continue;
		left = pass && last ? nr_left(rep, why, 0, i + 1) : nr_left(rep, why, i, n);
		err = run_one(rep, part, i, pass, left);
		if (err)
			rep->results[i]->verdict = THPRACE_ABORTED;
		look_between(rep);
	}
	return err;
}

/**
 * run_all() - run the selected scenarios
 * @rep: gets a result for each that was begun
 */
int run_all(struct report *rep)
{
	const struct options *opt = rep->opt;
	const char *why[MAX_SCENARIOS];
	struct result *part = new_result();
	int err = part ? 0 : -ENOMEM, probes = keep_probes(opt);
	unsigned int i;

	for (i = 0; i < opt->nr_scenarios; i++)
		why[i] = scenario_why_not(opt->scenarios[i], opt->no_module);
	memset(leaks, 0, sizeof(leaks));
	plan_passes(rep);
	for (i = 0; i < rep->nr_passes && !stop_now(rep) && !err; i++)
		err = run_pass(rep, part, why, i);
	look_again(rep);
	if (probes >= 0)
		close(probes);
	if (part)
		munmap(part, sizeof(*part));
	return err;
}
