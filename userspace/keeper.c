// SPDX-License-Identifier: GPL-2.0
/*
 * A process that cleans up when all others were killed
 *
 * kill -9 runs no handler: settings, swap and cgroups of the run would stay.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "leak.h"
#include "run.h"
#include "undo.h"
#include "util.h"

#ifndef SYS_close_range
#define SYS_close_range		436
#endif

/*
 * Not "thprace", so that "pkill -9 thprace" and the like spare it.  What goes by
 * the executable (pidof, killall of busybox) does not.
 */
#define KEEPER_NAME		"race-keeper"

static pid_t keeper;

/* Nobody of the run is there who could tell the user. */
static void log_notes(void)
{
	char line[256];
	unsigned int i;

	for (i = 0; undo_note(i); i++) {
		snprintf(line, sizeof(line), "thprace: not put back: %s\n", undo_note(i));
		write_text("/dev/kmsg", line);
	}
}

static void close_from(int first)
{
	long fd, max = sysconf(_SC_OPEN_MAX);

	/* Since 5.9. */
	if (!syscall(SYS_close_range, first, ~0U, 0))
		return;
	for (fd = first; fd < max; fd++)
		close(fd);
}

/*
 * Every process of the run has inherited the pipe's other end, so it ends with
 * the last of them: nobody is left who could change a setting again.
 */
static void keep(int pipe_end, pid_t run, void (*last_words)(void))
{
	sigset_t all;
	char byte;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	prctl(PR_SET_NAME, KEEPER_NAME);
	copy_word(program_invocation_name, strlen(program_invocation_name) + 1, KEEPER_NAME);
	/* What would put things back is not to be killed for its memory. */
	write_text("/proc/self/oom_score_adj", "-1000");
	/*
	 * Hold nothing of the user's: no terminal, no pipe, no directory.  But the
	 * lock: the next run waits until this one is cleaned up.
	 */
	setsid();
	if (chdir("/") || dup2(pipe_end, STDIN_FILENO) < 0)
		_exit(THPRACE_EXIT_ERROR);
	if (lock_fd() >= 0 && dup2(lock_fd(), STDOUT_FILENO) < 0)
		_exit(THPRACE_EXIT_ERROR);
	close_from(lock_fd() >= 0 ? STDERR_FILENO : STDOUT_FILENO);
	while (read(STDIN_FILENO, &byte, 1) < 0 && errno == EINTR)
		;
	undo_hold_all();
	knobs_restore();
	/* The rest may take its time. */
	last_words();
	device_stop();
	swap_end();
	leak_sweep(run);
	if (undo_note(0)) {
		last_words();
		log_notes();
	}
	_exit(0);
}

/**
 * keeper_start() - from here on, a sudden end is cleaned up, too
 * @last_words: what else is to be done then
 *
 * To be called when there is no session yet (the keeper must not keep one
 * open), and what it undoes has been initialized.
 *
 * Returns 0, or the error of pipe() or fork(), negative.
 */
int keeper_start(void (*last_words)(void))
{
	pid_t run = getpid();
	int ends[2], err;

	if (pipe2(ends, O_CLOEXEC)) {
		err = -errno;
		set_error("cannot make a pipe: %s", strerror(errno));
		return err;
	}
	fflush(NULL);
	keeper = fork();
	if (!keeper) {
		close(ends[1]);
		keep(ends[0], run, last_words);
	}
	err = -errno;
	close(ends[0]);
	if (keeper > 0)
		return 0;
	close(ends[1]);
	keeper = 0;
	set_error("cannot fork: %s", strerror(-err));
	return err;
}

/**
 * keeper_pid() - the keeper, or 0
 */
pid_t keeper_pid(void)
{
	return keeper;
}

/**
 * keeper_stop() - all is undone: no need of it any more
 */
void keeper_stop(void)
{
	if (!keeper)
		return;
	kill(keeper, SIGKILL);
	waitpid(keeper, NULL, 0);
	keeper = 0;
}
