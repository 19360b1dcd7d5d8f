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
#include "collect.h"
#include "engine.h"
#include "env.h"
#include "leak.h"
#include "live.h"
#include "note.h"
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
#include "watch.h"

#define POLL_MS			200
#define OVERDUE_NS		(300 * NSEC_PER_SEC)	/* beyond the deadline, at least */
#define OVERDUE_BATCHES		20
#define WRITE_NS		(2 * NSEC_PER_SEC)
#define STOPPED_NS		(30 * NSEC_PER_SEC)
#define TRY_END_NS		(5 * NSEC_PER_SEC)	/* of a try that was killed */
#define OOPS_NS			(10 * NSEC_PER_SEC)	/* a task has died in the kernel */
#define KNOWN_MAX		0x20000	/* of the module's last violations */
#define LEAK_PATIENCE_NS	(6 * NSEC_PER_SEC)
#define LEAK_NAP_NS		(200 * NSEC_PER_MSEC)
#define LEAK_LOOKS		5

#ifndef SYS_pidfd_open
#define SYS_pidfd_open		434
#endif

static struct leak *leaks[MAX_SCENARIOS * MAX_PASSES];
static bool stuck_for_good;		/* a process that does not even die */

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

	lock_leave();
	/* Main has no huge pages of its own, see find_other(). */
	env_allow_thp(true);
	env_be_victim();
	run->cgroup = leak_enter(leak);
	run->sh->in_cgroup = !!run->cgroup;
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

	if (!signals_stop() && !(run->opt->stop_first && run_violations(run)))
		return 0;
	return now + (grace_ns > STOPPED_NS ? grace_ns : STOPPED_NS);
}

static struct violation violation_of(const struct scenario *sc, u64 round, u64 start_ns,
				     const struct complaint *c)
{
	struct violation v = { .round = round, .time_ns = now_ns() - start_ns };

	copy_word(v.check, sizeof(v.check), check_name(CHECK_KERNEL));
	copy_word(v.scenario, sizeof(v.scenario), sc->name);
	copy_word(v.cell, sizeof(v.cell), "-");
	copy_word(v.want, sizeof(v.want), "no complaint");
	copy_word(v.got, sizeof(v.got), c->got);
	snprintf(v.ops, sizeof(v.ops), "split,%s", sc->op);
	copy_word(v.detail, sizeof(v.detail), c->line);
	return v;
}

static void add_outside(struct run *run, const struct complaint *c)
{
	struct shared *sh = run->sh;

	if (sh->nr_outside < SHARED_VIOLATIONS) {
		sh->outside[sh->nr_outside] = violation_of(run->sc, sh->round, run->start_ns, c);
		note_lanes(sh, NOTE_MAIN, sh->nr_outside, sh->thp);
	}
	__atomic_store_n(&sh->nr_outside, sh->nr_outside + 1, __ATOMIC_RELEASE);
}

/* Returns whether the kernel has killed one of its own tasks: lanes may wait for ever. */
static bool look_at_kernel(struct run *run)
{
	struct complaint c;

	if (watch_why_not() || !watch_look(&c))
		return false;
	add_outside(run, &c);
	if (!run->opt->quiet) {
		progress_end();
		fprintf(stderr, "thprace: the kernel complains: %s%s%s\n", c.got,
			c.line[0] ? ": " : "", c.line);
	}
	if (run->opt->stop_first)
		run->sh->stop = 1;
	return c.oops;
}

/*
 * What was found is on disk before anything else can go wrong.  A flood of it is
 * written now and then; should all be killed in between, the keeper has it.
 */
static void note_findings(const struct run *run, u64 *seen)
{
	u64 now = run_violations(run) + run->sh->nr_crashes;
	static u64 written_ns;

	/* A try is of no report. */
	if (run->limit_ns)
		return;
	if (now == *seen || (*seen && now_ns() - written_ns < WRITE_NS))
		return;
	*seen = now;
	live_write();
	written_ns = now_ns();
}

/* When it is given up at the latest: it may be in the longest batch just now. */
static u64 overdue_ns(const struct run *run)
{
	u64 ns = __atomic_load_n(&run->res->longest_ns, __ATOMIC_RELAXED) * OVERDUE_BATCHES;

	return run->deadline_ns + (ns > OVERDUE_NS ? ns : OVERDUE_NS);
}

static bool is_overdue(const struct run *run)
{
	u64 now = now_ns();

	return now > overdue_ns(run) || (run->limit_ns && now > run->limit_ns);
}

static void end_within(u64 *end_ns, u64 ns)
{
	u64 then = now_ns() + ns;

	if (then < *end_ns)
		*end_ns = then;
}

static int wait_for(struct run *run, pid_t pid, int *status, struct stuck *look)
{
	const struct timespec nap = { .tv_nsec = 5 * NSEC_PER_MSEC };
	struct pollfd pfd = { .fd = syscall(SYS_pidfd_open, pid, 0), .events = POLLIN };
	u64 begin_ns = now_ns(), end_ns = ~0ULL, stopped_ns = 0, seen = 0;
	bool killed = false;
	pid_t got;

	while (!(got = waitpid(pid, status, WNOHANG))) {
		if (look_at_kernel(run) && run->opt->stop_first)
			end_within(&end_ns, OOPS_NS);
		note_findings(run, &seen);
		if (!stopped_ns) {
			stopped_ns = end_of_stopped(run, begin_ns);
			if (stopped_ns && stopped_ns < end_ns)
				end_ns = stopped_ns;
		}
		if (!killed && stuck_look(run, pid, look)) {
			live_write();
			if (run->opt->stop_first)
				end_ns = 0;
		}
		if (now_ns() > end_ns || (!killed && is_overdue(run))) {
			if (killed)
				break;
			killed = true;
			kill(pid, SIGKILL);
			end_ns = now_ns() + (run->limit_ns ? TRY_END_NS : OVERDUE_NS / 10);
		}
		if (pfd.fd < 0 || poll(&pfd, 1, POLL_MS) < 0)
			nanosleep(&nap, NULL);
	}
	if (pfd.fd >= 0)
		close(pfd.fd);
	look_at_kernel(run);
	return got == pid && !killed ? 0 : -ETIMEDOUT;
}

static bool no_memory(int err)
{
	return err == -ENOMEM || err == -EAGAIN;
}

/* What has ended it, unless it ended well. */
static void note_ending(struct run *run, int late, bool stuck, int status, u64 oom_before)
{
	struct result *res = run->res;
	char *text = res->error;
	size_t size = sizeof(res->error);

	if (!late && !status && !res->err)
		return;
	res->ending = END_BADLY;
	if (late)
		snprintf(text, size, "%s did not end in time and was killed%s", res->sc->name,
			 stuck ? ": it was stuck" : "");
	else if (watch_oom_kills() > oom_before)
		snprintf(text, size, "the kernel's OOM killer has ended a process of %s",
			 res->sc->name);
	else if (WIFSIGNALED(status))
		snprintf(text, size, "the process of %s was killed by signal %d", res->sc->name,
			 WTERMSIG(status));
	else if (!res->err)
		snprintf(text, size, "%s was ended in the middle", res->sc->name);
	if (!late && (watch_oom_kills() > oom_before || (!status && no_memory(res->err))))
		res->ending = END_NO_MEMORY;
	if (!late && WIFSIGNALED(status) && !run->sh->unseen_signal) {
		run->sh->unseen_signal = WTERMSIG(status);
		run->sh->unseen_pid = 0;
	}
}

/*
 * The scenario in a process of its own.  How it has ended is in its result; an error
 * is returned when it hung, as the next one would, too.
 */
static int run_apart(struct report *rep, struct run *run, struct leak *leak)
{
	u64 oom_before = watch_oom_kills(), splits_before, begin_ns = now_ns();
	static char known[KNOWN_MAX];
	struct result *res = run->res;
	pid_t parent = getpid(), pid;
	struct stuck look = { 0 };
	int status = 0, late;

	collect_known(rep, known, sizeof(known));
	splits_before = env_splits();
	run->splits_before = splits_before;
	fflush(NULL);
	pid = fork();
	if (pid < 0) {
		snprintf(res->error, sizeof(res->error), "cannot fork: %s", strerror(errno));
		res->ending = END_NO_MEMORY;
		return 0;
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
	note_ending(run, late, look.tally, status, oom_before);
	signals_scenario(0);
	leak_entered(leak, run->sh->in_cgroup);
	collect(rep, res);
	res->tally.checks[CHECK_KERNEL].held += !watch_why_not() && !run->sh->nr_outside;
	if (res->ending != END_WELL)
		collect_missed(rep, res, known);
	res->splits = env_splits() - splits_before;
	res->duration_ns = now_ns() - begin_ns;
	stuck_add(res, &look);
	/* Its own doing already, unless it was killed. */
	knobs_restore();
	swap_stop();
	if (!late)
		return 0;
	/* What is still there is no leak. */
	if (!kill(pid, 0)) {
		leak_give_up();
		stuck_for_good = true;
	}
	if (!run->limit_ns)
		set_error("%s", res->error);
	return -ETIMEDOUT;
}

/* Those in a part of the list that can run. */
static unsigned int nr_left(const struct report *rep, unsigned int from, unsigned int to)
{
	unsigned int left = 0, i;

	for (i = from; i < to; i++)
		left += !rep->results[i]->skipped;
	return left;
}

static u64 seed_of(const struct options *opt, const struct scenario *sc)
{
	u64 seed = opt->seed;
	unsigned int i;

	for (i = 0; sc->name[i]; i++)
		seed = mix64(seed, sc->name[i]);
	return seed;
}

static int run_one(struct report *rep, unsigned int index, unsigned int pass, unsigned int left)
{
	u64 end_ns = rep->pass_end_ns[pass], now;
	struct result *res = rep->results[index], *part = rep->part;
	struct leak **leak = &leaks[pass * MAX_SCENARIOS + index];
	struct run run = {
		.sc = res->sc,
		.opt = rep->opt,
		.res = part,
		.sh = rep->sh,
		.before = pass ? res : NULL,
		.last_pass = pass == rep->nr_passes - 1,
		.brief = rep->nr_passes > 1 && !pass,
		.start_ns = rep->start_ns,
	};
	int err;

	result_reset(part, res->sc);
	run_reset(rep->sh);
	res->begun = true;
	run.seed = seed_of(rep->opt, res->sc);
	*leak = leak_begin(pass * MAX_SCENARIOS + index);
	/* What earlier ones did not use is shared by those still to come. */
	now = now_ns();
	run.deadline_ns = end_ns > now ? now + (end_ns - now) / left : now;
	rep->sh->index = index;
	rep->sh->running = 1;
	err = run_apart(rep, &run, *leak);
	result_add(res, part);
	rep->sh->running = 0;
	if (part->tally.violations || part->ending != END_WELL)
		live_write();
	leak_look(*leak, res, rep->start_ns, false);
	return err;
}

/**
 * run_try() - one scenario once more, for what it finds alone
 * @rep: has room for one result; its options name one scenario
 * @limit_ns: when it is killed
 *
 * What it leaves is not looked at.
 *
 * Returns an error when it was killed.
 */
int run_try(struct report *rep, u64 limit_ns)
{
	struct result *res = rep->results[0], *part = rep->part;
	const struct scenario *sc = rep->opt->scenarios[0];
	struct leak *leak;
	struct run run = {
		.sc = sc,
		.opt = rep->opt,
		.res = part,
		.sh = rep->sh,
		.last_pass = true,
		.start_ns = rep->start_ns,
		.deadline_ns = limit_ns,
		.limit_ns = limit_ns,
		.seed = seed_of(rep->opt, sc),
	};
	int err;

	rep->nr_results = 1;
	result_reset(res, sc);
	res->skipped = scenario_why_not(sc, rep->opt);
	if (res->skipped)
		return 0;
	result_reset(part, sc);
	run_reset(rep->sh);
	rep->sh->running = 1;
	leak = leak_begin(0);
	err = run_apart(rep, &run, leak);
	leak_dismiss(leak);
	result_add(res, part);
	res->err = part->err;
	rep->sh->running = 0;
	return err;
}

/**
 * run_is_stuck() - is there a process of the run that could not be killed?
 */
bool run_is_stuck(void)
{
	return stuck_for_good;
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

/**
 * run_keep_probes() - probes stay where they are from scenario to scenario
 * @opt: of the run
 *
 * They are placed with the first schedule of any session, and removed with the
 * last: one that is idle keeps them.
 *
 * Returns a file descriptor to close, or a negative number: there is none.
 */
int run_keep_probes(const struct options *opt)
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

	if (res->ending != END_WELL)
		return false;
	if (!pass || now_ns() < rep->pass_end_ns[rep->nr_passes - 1])
		return true;
	return pass == rep->nr_passes - 1 && !rep->opt->without &&
	       !engine_enough(res->sc, &res->tally);
}

/* The last of several passes goes backwards: who comes last gets least. */
static int run_pass(struct report *rep, unsigned int pass)
{
	unsigned int n = rep->opt->nr_scenarios, i, k, left;
	bool last = pass == rep->nr_passes - 1;
	int err = 0;

	/* The first pass took as long as two: the rest is for the last one. */
	if (pass && !last && now_ns() >= rep->pass_end_ns[pass])
		return 0;
	for (k = 0; k < n && !stop_now(rep) && !err; k++) {
		i = pass && last ? n - 1 - k : k;
		if (rep->results[i]->skipped || !worth_it(rep, i, pass))
			continue;
		left = pass && last ? nr_left(rep, 0, i + 1) : nr_left(rep, i, n);
		err = run_one(rep, i, pass, left);
		look_between(rep);
	}
	return err;
}

/* Behind the last scenario; its is the nearest. */
static void look_at_last(struct report *rep)
{
	struct result *last = NULL;
	struct complaint c;
	struct violation v;
	unsigned int i;

	for (i = 0; i < rep->nr_results; i++) {
		if (rep->results[i]->begun)
			last = rep->results[i];
	}
	if (!last || watch_why_not() || !watch_look(&c))
		return;
	v = violation_of(last->sc, last->tally.rounds, rep->start_ns, &c);
	tally_violation(&last->tally, &v);
	last->tally.checks[CHECK_KERNEL].violated++;
	if (!last->first_violation_ns)
		last->first_violation_ns = v.time_ns;
}

/**
 * run_all() - run the selected scenarios
 * @rep: has room for a result of each, see report_alloc()
 *
 * Returns an error only when it cannot go on; an error of one scenario is in its
 * result.
 */
int run_all(struct report *rep)
{
	const struct options *opt = rep->opt;
	int err = 0, probes = run_keep_probes(opt);
	unsigned int i;

	rep->nr_results = opt->nr_scenarios;
	for (i = 0; i < opt->nr_scenarios; i++) {
		result_reset(rep->results[i], opt->scenarios[i]);
		rep->results[i]->skipped = scenario_why_not(opt->scenarios[i], opt);
	}
	memset(leaks, 0, sizeof(leaks));
	plan_passes(rep);
	for (i = 0; i < rep->nr_passes && !stop_now(rep) && !err; i++)
		err = run_pass(rep, i);
	look_again(rep);
	if (probes >= 0)
		close(probes);
	look_at_last(rep);
	return err;
}
