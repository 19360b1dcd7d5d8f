// SPDX-License-Identifier: GPL-2.0
/*
 * One scenario in a process of its own, and an eye on it
 *
 * What it finds and what the kernel complains of is written down as it comes; it is
 * killed when it is overdue.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "apart.h"
#include "client.h"
#include "collect.h"
#include "engine.h"
#include "env.h"
#include "live.h"
#include "note.h"
#include "options.h"
#include "progress.h"
#include "result.h"
#include "run.h"
#include "scenario.h"
#include "stuck.h"
#include "undo.h"
#include "util.h"

#define POLL_MS			200
#define OVERDUE_NS		(300 * NSEC_PER_SEC)	/* beyond the deadline, at least */
#define OVERDUE_BATCHES		20
#define WRITE_NS		(2 * NSEC_PER_SEC)
#define STOPPED_NS		(30 * NSEC_PER_SEC)
#define TRY_END_NS		(5 * NSEC_PER_SEC)	/* of a try that was killed */
#define OOPS_NS			(10 * NSEC_PER_SEC)	/* a task has died in the kernel */
#define KNOWN_MAX		0x20000	/* of the module's last violations */

#ifndef SYS_pidfd_open
#define SYS_pidfd_open		434
#endif

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

/**
 * run_complaint() - a complaint of the kernel as a violation
 * @sc: the scenario that was running, or the nearest
 * @round: its round
 * @start_ns: of the run
 * @c: what the kernel said
 */
struct violation run_complaint(const struct scenario *sc, u64 round, u64 start_ns,
			       const struct complaint *c)
{
	struct violation v = { .round = round, .time_ns = now_ns() - start_ns };

	copy_word(v.check, sizeof(v.check), check_name(CHECK_KERNEL));
	copy_word(v.scenario, sizeof(v.scenario), sc->name);
	copy_word(v.cell, sizeof(v.cell), "-");
	copy_word(v.want, sizeof(v.want), "no complaint");
	copy_word(v.got, sizeof(v.got), c->got);
	scenario_ops(sc, v.ops, sizeof(v.ops));
	copy_word(v.detail, sizeof(v.detail), c->line);
	return v;
}

static void add_outside(struct run *run, const struct complaint *c)
{
	struct shared *sh = run->sh;

	if (sh->nr_outside < SHARED_VIOLATIONS) {
		sh->outside[sh->nr_outside] = run_complaint(run->sc, sh->round, run->start_ns, c);
		note_lanes(sh, NOTE_MAIN, sh->nr_outside, sh->thp);
	}
	__atomic_store_n(&sh->nr_outside, sh->nr_outside + 1, __ATOMIC_RELEASE);
}

/* Returns whether the kernel has killed one of its own tasks: lanes may wait for ever. */
static bool look_at_kernel(struct run *run)
{
	struct complaint c;

	/* Main does, of all that run. */
	if (run->beside)
		return __atomic_load_n(&run->sh->oopsed, __ATOMIC_RELAXED);
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

/**
 * run_apart() - one scenario in a process of its own
 * @rep: the report that it is for
 * @run: what to do
 * @leak: the look at what it leaves
 *
 * How it has ended is in its result.
 *
 * Returns an error when it hung, as the next one would, too.
 */
int run_apart(struct report *rep, struct run *run, struct leak *leak)
{
	u64 oom_before = watch_oom_kills(), splits_before, begin_ns = now_ns();
	static char known[KNOWN_MAX];
	struct result *res = run->res;
	pid_t parent = getpid(), pid;
	struct stuck look = { 0 };
	int status = 0, late;

	/* A grid is of the lanes a and b; where nobody splits, these are the first two workers. */
	note_name_from(run->sc->pairs && run->opt->grid);
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
	/* The kernel counts those of all. */
	res->splits = run->beside ? tally_done(&res->tally, "split") :
		      env_splits() - splits_before;
	res->duration_ns = now_ns() - begin_ns;
	stuck_add(res, &look);
	/* Its own doing already, unless it was killed. */
	knobs_restore();
	swap_stop();
	device_stop();
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

/**
 * run_is_stuck() - is there a process of the run that could not be killed?
 */
bool run_is_stuck(void)
{
	return stuck_for_good;
}
