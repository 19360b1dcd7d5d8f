// SPDX-License-Identifier: GPL-2.0
/*
 * Workers come and go: threads, forked processes, and forks of forks
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "child.h"
#include "env.h"
#include "gate.h"
#include "region.h"
#include "run.h"
#include "undo.h"
#include "util.h"
#include "worker.h"

static void *worker_thread(void *arg)
{
	struct lane *lane = arg;

	worker_loop(lane->run, lane);
	return NULL;
}

/* Pages of its own, in every other huge page: the rest stays shared and huge. */
static void own_pages(struct run *run, struct lane *lane, unsigned int generation)
{
	unsigned int thp, page;

	for (thp = generation % 2; thp < run->nr_thps; thp += 2) {
		page = (lane->id * MAX_DEPTH + generation) % env.nr_subpages;
		page_fill(region_thp(&run->region, thp) + page * env.page_size, run->gen);
	}
}

/* Each generation but the last waits for the next one's end, and ends like it. */
static void descend(struct run *run, struct lane *lane)
{
	struct lane_shared *ls = &run->sh->lane[lane->id];
	const struct timespec nap = { .tv_nsec = 200 * NSEC_PER_USEC };
	unsigned int i;
	int status;

	ls->line[0] = getpid();
	for (i = 1; i < run->sc->depth; i++) {
		pid_t parent = getpid(), pid = fork();

		if (pid < 0)
			_exit(THPRACE_EXIT_ERROR);
		if (!pid) {
			child_dies_with(parent);
			ls->line[i] = getpid();
			continue;
		}
		own_pages(run, lane, i);
		__atomic_add_fetch(&ls->nr_ready, 1, __ATOMIC_RELEASE);
		if (waitpid(pid, &status, 0) != pid || status)
			_exit(THPRACE_EXIT_ERROR);
		_exit(0);
	}
	while (__atomic_load_n(&ls->nr_ready, __ATOMIC_ACQUIRE) + 1 < run->sc->depth &&
	       !__atomic_load_n(&run->sh->abort, __ATOMIC_RELAXED))
		nanosleep(&nap, NULL);
}

static pid_t worker_fork(struct run *run, struct lane *lane)
{
	pid_t parent = getpid(), pid;

	run->sh->lane[lane->id].nr_ready = 0;
	pid = fork();
	if (pid)
		return pid;
	child_begin(parent);
	if (run->sc->depth)
		descend(run, lane);
	lane->pid = getpid();
	_exit(worker_loop(run, lane) ? THPRACE_EXIT_ERROR : 0);
}

/**
 * workers_start() - threads or peers once, or processes that share what is mapped now
 * @run: the run
 */
int workers_start(struct run *run)
{
	unsigned int i;
	int err;

	gate_init(&run->sh->ready, run->nr_workers + 1);
	gate_init(&run->sh->spin, run->nr_workers + 1);
	gate_init(&run->sh->done, run->nr_workers + 1);
	for (i = 1; i <= run->nr_workers; i++) {
		struct lane *lane = &run->lanes[i];

		if (run_has_procs(run)) {
			lane->pid = worker_fork(run, lane);
			err = lane->pid < 0 ? errno : 0;
			if (!err)
				err = -signals_child(lane->pid);
		} else {
			err = pthread_create(&lane->thread, NULL, worker_thread, lane);
			lane->pid = getpid();
		}
		if (err) {
			set_error("cannot start worker %u: %s", i, strerror(err));
			return -err;
		}
		lane->started = true;
	}
	return 0;
}

static void reap(struct run *run, struct lane *lane)
{
	const struct timespec nap = { .tv_nsec = 200 * NSEC_PER_USEC };
	u64 begin_ns = now_ns();
	bool killed = false;

	while (!waitpid(lane->pid, NULL, WNOHANG)) {
		if (!killed && (run->sh->abort || now_ns() - begin_ns > run->budget_ns)) {
			kill(lane->pid, SIGKILL);
			killed = true;
		}
		nanosleep(&nap, NULL);
	}
	signals_child_gone(lane->pid);
}

/* What a thread that is stuck in the kernel may still use cannot be given back. */
static void join(struct run *run, struct lane *lane)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += run->budget_ns / NSEC_PER_SEC + 1;
	if (!pthread_timedjoin_np(lane->thread, NULL, &until))
		return;
	set_error("the thread of lane %u does not end", lane->id);
	run->res->err = -ETIMEDOUT;
	copy_word(run->res->error, sizeof(run->res->error), last_error());
	_exit(THPRACE_EXIT_ERROR);
}

/**
 * workers_stop() - end all workers and wait for them
 * @run: the run; after an error they are killed
 */
void workers_stop(struct run *run)
{
	unsigned int i, nr_started = 0;

	for (i = 1; i <= run->nr_workers; i++)
		nr_started += run->lanes[i].started;
	if (!nr_started)
		return;
	if (nr_started < run->nr_workers || workers_do(run, CMD_QUIT, 0))
		__atomic_store_n(&run->sh->abort, 1, __ATOMIC_RELEASE);
	for (i = 1; i <= run->nr_workers; i++) {
		struct lane *lane = &run->lanes[i];

		if (!lane->started)
			continue;
		lane->started = false;
		if (run_has_procs(run))
			reap(run, lane);
		else
			join(run, lane);
	}
}
