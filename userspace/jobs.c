// SPDX-License-Identifier: GPL-2.0
/*
 * Scenarios side by side
 *
 * Each job is a process that takes scenario after scenario from the queue, with
 * CPUs, memory and a session of its own.  Main runs none: it looks at the kernel,
 * writes the report while the run goes on, and hears the user's signals.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "apart.h"
#include "cgroup.h"
#include "collect.h"
#include "env.h"
#include "job.h"
#include "jobs.h"
#include "leak.h"
#include "live.h"
#include "options.h"
#include "progress.h"
#include "queue.h"
#include "result.h"
#include "run.h"
#include "scenario.h"
#include "tally.h"
#include "undo.h"
#include "util.h"

#define CPUS_OF_JOB		3	/* a split, an op, and what else the kernel has to do */
#define THPS_OF_JOB		128	/* of the memory that is its share */
#define MAX_NAMES		60	/* of a line */
#define POLL_NS			(50 * NSEC_PER_MSEC)
#define WHOLE_PATIENCE_NS	(6 * NSEC_PER_SEC)

/**
 * jobs_why_not() - why scenarios cannot run side by side, or NULL
 * @opt: options of the run
 */
const char *jobs_why_not(const struct options *opt)
{
	/* Whether one has split is seen by the kernel's counter alone. */
	return opt->no_module ? "--no-module tells splits by a counter of the whole machine" : NULL;
}

/**
 * jobs_fitting() - how many jobs this machine carries
 * @opt: options of the run
 */
unsigned int jobs_fitting(const struct options *opt)
{
	u64 part = (opt->mem_share ?: DEFAULT_MEM_SHARE) * env_available_bytes() / 100;
	u64 by_memory = part / (THPS_OF_JOB * env.hpage_size), nr = env.nr_cpus / CPUS_OF_JOB;

	if (jobs_why_not(opt))
		return 1;
	nr = nr < by_memory ? nr : by_memory;
	nr = nr < opt->nr_scenarios ? nr : opt->nr_scenarios;
	nr = nr < MAX_JOBS ? nr : MAX_JOBS;
	return nr ?: 1;
}

/* In the job's process. */
static void be_job(struct report *rep, unsigned int number)
{
	int err;

	signals_in_job(number);
	lock_leave();
	undo_hold_as(number);
	live_by_main();
	leak_beside();
	report_job(rep, number);
	/* Fewer than two each would be no race. */
	if (env.nr_cpus / rep->nr_jobs > 1)
		env_share_cpus(number, rep->nr_jobs);
	err = run_job(rep);
	progress_end();
	if (err) {
		copy_word(rep->sh->broken, sizeof(rep->sh->broken), last_error());
		queue_stop(rep);
	}
	_exit(!!err);
}

static int start_jobs(struct report *rep, pid_t *pids)
{
	pid_t parent = getpid();
	unsigned int i;

	fflush(NULL);
	for (i = 0; i < rep->nr_jobs; i++) {
		pids[i] = fork();
		if (pids[i] < 0) {
			set_error("cannot fork: %s", strerror(errno));
			queue_stop(rep);
			return -EAGAIN;
		}
		if (pids[i])
			continue;
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(THPRACE_EXIT_ERROR);
		be_job(rep, i);
	}
	return 0;
}

/* The nearest to what is seen of the whole machine: one that runs, or any that has run. */
static struct result *nearest(const struct report *rep, unsigned int *index)
{
	struct result *last = NULL;
	unsigned int i;

	for (i = 0; i < rep->nr_jobs; i++) {
		if (queue_runs(rep, i, index))
			return rep->results[*index];
	}
	for (i = 0; i < rep->nr_results; i++) {
		if (rep->results[i]->begun)
			last = rep->results[i];
	}
	*index = rep->nr_results;
	return last;
}

static void name_others(const struct report *rep, unsigned int but, char *text, size_t size)
{
	unsigned int i, index;
	size_t len;

	for (i = 0; i < rep->nr_jobs; i++) {
		len = strlen(text);
		if (queue_runs(rep, i, &index) && index != but)
			snprintf(text + len, size - len, "; beside %s",
				 rep->results[index]->sc->name);
	}
}

/**
 * jobs_complaint() - the kernel has complained, and nobody can say of which scenario
 * @rep: report; one that runs gets it, or the last one
 * @c: what the kernel said
 */
void jobs_complaint(struct report *rep, const struct complaint *c)
{
	struct result *res;
	struct violation v;
	unsigned int index;

	result_lock();
	res = nearest(rep, &index);
	if (res) {
		v = run_complaint(res->sc, res->tally.rounds, rep->start_ns, c);
		name_others(rep, index, v.detail, sizeof(v.detail));
		tally_violation(&res->tally, &v);
		res->tally.checks[CHECK_KERNEL].listed = true;
		res->tally.checks[CHECK_KERNEL].violated++;
		if (!res->first_violation_ns)
			res->first_violation_ns = v.time_ns;
	}
	result_unlock();
}

static u64 found_so_far(const struct report *rep)
{
	u64 sum = 0;
	unsigned int i;

	for (i = 0; i < rep->nr_results; i++)
		sum += rep->results[i]->tally.violations;
	for (i = 0; i < rep->nr_jobs; i++) {
		const struct run run = { .sh = rep->jobs[i].sh };

		if (run.sh->running)
			sum += run_violations(&run) + run.sh->nr_crashes;
	}
	return sum;
}

/* What one has found ends all, unless the user wants to go on. */
static void stop_others(struct report *rep, bool oopsed)
{
	unsigned int i;

	queue_stop(rep);
	for (i = 0; i < rep->nr_jobs; i++) {
		__atomic_store_n(&rep->jobs[i].sh->stop, 1, __ATOMIC_RELAXED);
		if (oopsed)
			__atomic_store_n(&rep->jobs[i].sh->oopsed, 1, __ATOMIC_RELAXED);
	}
}

static void tell_progress(const struct report *rep)
{
	u64 now = now_ns(), rounds = 0, end_ns = rep->pass_end_ns[rep->nr_passes - 1];
	static u64 last_ns;
	unsigned int i, index;
	char line[320] = "";
	size_t len;

	if (rep->opt->quiet || !progress_due(last_ns))
		return;
	last_ns = now;
	for (i = 0; i < rep->nr_results; i++)
		rounds += rep->results[i]->tally.rounds;
	for (i = 0; i < rep->nr_jobs; i++) {
		len = strlen(line);
		if (queue_runs(rep, i, &index) && len < MAX_NAMES)
			snprintf(line + len, sizeof(line) - len, "%s ",
				 rep->results[index]->sc->name);
	}
	len = strlen(line);
	snprintf(line + len, sizeof(line) - len, " rounds until now %llu  found %llu  left %llu s",
		 rounds, found_so_far(rep),
		 end_ns > now ? (end_ns - now + NSEC_PER_SEC / 2) / NSEC_PER_SEC : 0);
	progress_line(line);
}

static void look_around(struct report *rep, u64 *seen)
{
	bool oopsed = false;
	struct complaint c;
	u64 now;

	if (!watch_why_not() && watch_look(&c)) {
		jobs_complaint(rep, &c);
		oopsed = c.oops;
		if (!rep->opt->quiet) {
			progress_end();
			fprintf(stderr, "thprace: the kernel complains: %s%s%s\n", c.got,
				c.line[0] ? ": " : "", c.line);
		}
	}
	now = found_so_far(rep);
	if (now && rep->opt->stop_first)
		stop_others(rep, oopsed);
	if (now != *seen || live_wanted(rep))
		live_write();
	*seen = now;
	tell_progress(rep);
}

static bool any_died;

/* A job was killed: what its scenario has left is collected, the others go on. */
static void job_died(struct report *rep, unsigned int number, int status)
{
	struct report view = *rep;
	unsigned int index;
	struct result *res;

	signals_job_gone(number);
	undo_hold_as(number);
	knobs_restore();
	swap_stop();
	device_stop();
	undo_hold_as(0);
	result_lock();
	if (queue_runs(rep, number, &index)) {
		report_job(&view, number);
		res = rep->results[index];
		/* Before it runs, and when it has been added, what is there is another one's. */
		if (view.sh->running && view.sh->index == index)
			collect(&view, view.part);
		else
			result_reset(view.part, res->sc);
		view.part->ending = END_BADLY;
		snprintf(view.part->error, sizeof(view.part->error),
			 "the process that ran %s was killed by signal %d", res->sc->name,
			 WIFSIGNALED(status) ? WTERMSIG(status) : 0);
		result_add(res, view.part);
		view.sh->running = 0;
	}
	result_unlock();
	queue_done(rep, number);
	any_died = true;
}

static int wait_for_jobs(struct report *rep, pid_t *pids)
{
	const struct timespec nap = { .tv_nsec = POLL_NS };
	unsigned int i, left = rep->nr_jobs;
	int status, err = 0;
	u64 seen = 0;

	while (left) {
		for (i = 0, left = 0; i < rep->nr_jobs; i++) {
			if (pids[i] <= 0)
				continue;
			if (waitpid(pids[i], &status, WNOHANG) != pids[i]) {
				left++;
				continue;
			}
			pids[i] = 0;
			if (WIFEXITED(status) && rep->jobs[i].sh->broken[0]) {
				set_error("%s", rep->jobs[i].sh->broken);
				err = -ETIMEDOUT;
			} else if (status) {
				job_died(rep, i, status);
			}
		}
		look_around(rep, &seen);
		if (left)
			nanosleep(&nap, NULL);
	}
	progress_end();
	return err;
}

/* All have ended: the counters of the whole machine are as before, or not. */
static void look_at_whole(struct report *rep, struct leak *leak)
{
	const struct timespec nap = { .tv_nsec = 200 * NSEC_PER_MSEC };
	u64 end_ns = now_ns() + WHOLE_PATIENCE_NS;
	struct result *res;
	unsigned int index;
	bool last = false;

	res = nearest(rep, &index);
	while (res && leak_pending(leak) && !last) {
		last = now_ns() >= end_ns;
		leak_nudge(last);
		leak_look(leak, res, rep->start_ns, last);
		if (leak_pending(leak))
			nanosleep(&nap, NULL);
	}
}

/**
 * jobs_run() - run the scenarios of the queue in as many jobs as the report has
 * @rep: its queue is made
 *
 * Returns an error only when the run cannot go on.
 */
int jobs_run(struct report *rep)
{
	pid_t pids[MAX_JOBS] = { 0 };
	struct leak *whole;
	int err, failed;

	/* Before any job, as it is main that has to go aside. */
	cgroup_prepare();
	whole = leak_begin_whole();
	failed = start_jobs(rep, pids);
	err = wait_for_jobs(rep, pids);
	undo_hold_all();
	look_at_whole(rep, whole);
	if (any_died)
		leak_remove_all(getpid());
	return failed ? failed : err;
}
