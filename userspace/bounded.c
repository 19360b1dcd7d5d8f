// SPDX-License-Identifier: GPL-2.0
/*
 * Something that may hang, in a process of its own
 */
#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "env.h"
#include "undo.h"
#include "util.h"

#define NAP_NS		(10 * NSEC_PER_MSEC)
#define KILLED_NS	(5 * NSEC_PER_SEC)	/* to end after SIGKILL */

/* Returns whether it has ended. */
static bool wait_until(pid_t pid, int *status, u64 end_ns)
{
	const struct timespec nap = { .tv_nsec = NAP_NS };
	pid_t got;

	while (!(got = waitpid(pid, status, WNOHANG)) || (got < 0 && errno == EINTR)) {
		if (now_ns() > end_ns)
			return false;
		nanosleep(&nap, NULL);
	}
	return got == pid;
}

/**
 * do_within() - call a function, with an end
 * @fn: called in a process of its own; returns 0 or a negative errno
 * @limit_ns: then it is killed
 *
 * Neither Ctrl-C nor the end of memory hits the caller in its place.  What hangs
 * in the kernel beyond SIGKILL is left behind.
 *
 * Returns what @fn has returned, or -ETIMEDOUT, or -EIO: it was killed.
 */
int do_within(int (*fn)(void), u64 limit_ns)
{
	pid_t parent = getpid(), pid = fork();
	int status = 0;

	if (pid < 0)
		return -errno;
	if (!pid) {
		signal(SIGINT, SIG_IGN);
		signal(SIGTERM, SIG_IGN);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(EIO);
		lock_leave();
		env_be_victim();
		_exit(-fn());
	}
	if (!wait_until(pid, &status, now_ns() + limit_ns)) {
		kill(pid, SIGKILL);
		wait_until(pid, &status, now_ns() + KILLED_NS);
		return -ETIMEDOUT;
	}
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -EIO;
}
