// SPDX-License-Identifier: GPL-2.0
/*
 * Children of a scenario's process: how they begin, share a huge page, and end
 *
 * None outlives its parent.  What a child does with the huge page is the scenario's.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "child.h"
#include "undo.h"
#include "util.h"

/**
 * child_dies_with() - the caller ends as its parent does
 * @parent: who has forked it
 */
void child_dies_with(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(THPRACE_EXIT_ERROR);
}

/**
 * child_begin() - the caller was just forked: it is its parent that hears Ctrl-C
 * @parent: who has forked it
 */
void child_begin(pid_t parent)
{
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	child_dies_with(parent);
}

/**
 * child_adopt() - a child that has a huge page: checks are about it, too
 * @run: the run
 * @thp: huge page
 * @pid: the child; it is killed if we have to end at once
 *
 * Returns 0, or a negative errno with set_error(): then it was killed.
 */
int child_adopt(struct run *run, unsigned int thp, pid_t pid)
{
	run->extra[thp] = pid;
	if (run->nr_extra <= thp)
		run->nr_extra = thp + 1;
	return signals_child(pid);
}

/**
 * child_reap() - wait for the end of a child, however long it takes
 * @pid: its id; 0 then
 *
 * Returns its status.
 */
int child_reap(pid_t *pid)
{
	int status = 0;

	waitpid(*pid, &status, 0);
	signals_child_gone(*pid);
	*pid = 0;
	return status;
}

/**
 * child_kill() - end a child, if there is one
 * @pid: its id, or 0; 0 then
 */
void child_kill(pid_t *pid)
{
	if (!*pid)
		return;
	kill(*pid, SIGKILL);
	child_reap(pid);
}

/**
 * child_end() - wait for the end of a child; it is killed when that takes too long
 * @run: the run
 * @pid: its id; 0 then
 * @nap_ns: between two looks
 *
 * Returns its status.
 */
int child_end(const struct run *run, pid_t *pid, u64 nap_ns)
{
	const struct timespec nap = { .tv_nsec = nap_ns };
	u64 begin_ns = now_ns();
	int status = 0;

	while (!waitpid(*pid, &status, WNOHANG)) {
		if (now_ns() - begin_ns > run->budget_ns ||
		    __atomic_load_n(&run->sh->abort, __ATOMIC_RELAXED)) {
			kill(*pid, SIGKILL);
			return child_reap(pid);
		}
		nanosleep(&nap, NULL);
	}
	signals_child_gone(*pid);
	*pid = 0;
	return status;
}

/**
 * sharer_start() - fork a child that shares a huge page, and sleeps
 * @run: the run
 * @thp: huge page
 * @sharer: result; has a pid even after an error, if there is a process
 * @prepare: what the child does first, or NULL; returns whether it could
 * @look: what it does when it is told to
 *
 * It ends without a look when nobody is left to tell it.
 *
 * Returns 0 when it is prepared, or a negative errno.
 */
int sharer_start(struct run *run, unsigned int thp, struct sharer *sharer,
		 bool (*prepare)(struct run *run, unsigned int thp),
		 void (*look)(struct run *run, unsigned int thp))
{
	pid_t parent = getpid(), pid;
	struct pollfd ready;
	char byte = 0;
	int fd[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd))
		return -errno;
	pid = fork();
	if (!pid) {
		close(fd[0]);
		child_begin(parent);
		if ((prepare && !prepare(run, thp)) || write(fd[1], &byte, 1) != 1)
			_exit(THPRACE_EXIT_ERROR);
		if (read(fd[1], &byte, 1) == 1)
			look(run, thp);
		_exit(0);
	}
	close(fd[1]);
	if (pid < 0) {
		close(fd[0]);
		return -EAGAIN;
	}
	*sharer = (struct sharer){ .pid = pid, .order = fd[0] };
	ready = (struct pollfd){ .fd = fd[0], .events = POLLIN };
	if (child_adopt(run, thp, pid) ||
	    poll(&ready, 1, run->budget_ns / NSEC_PER_MSEC) != 1 ||
	    read(fd[0], &byte, 1) != 1)
		return -ECHILD;
	return 0;
}

static int sharer_reap(struct run *run, unsigned int thp, struct sharer *sharer)
{
	close(sharer->order);
	run->extra[thp] = 0;
	return child_reap(&sharer->pid);
}

/**
 * sharer_ask() - have the child look, and end
 * @run: the run
 * @thp: huge page
 * @sharer: of sharer_start(); its pid is 0 where there is none
 *
 * Returns 0, or a negative errno with set_error().
 */
int sharer_ask(struct run *run, unsigned int thp, struct sharer *sharer)
{
	char byte = 0;
	int status;

	if (!sharer->pid)
		return 0;
	if (write(sharer->order, &byte, 1) != 1)
		kill(sharer->pid, SIGKILL);
	status = sharer_reap(run, thp, sharer);
	/* A fatal signal of it was noted by its handler. */
	if (!status || run->sh->nr_crashes)
		return 0;
	set_error("a child that shares a huge page ended with status 0x%x", status);
	return -ECHILD;
}

/**
 * sharer_kill() - end the child, if there is one
 * @run: the run
 * @thp: huge page
 * @sharer: of sharer_start(), or zero
 */
void sharer_kill(struct run *run, unsigned int thp, struct sharer *sharer)
{
	if (!sharer->pid)
		return;
	kill(sharer->pid, SIGKILL);
	sharer_reap(run, thp, sharer);
}
