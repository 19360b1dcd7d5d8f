// SPDX-License-Identifier: GPL-2.0
/*
 * A clean end: SIGINT stops, and no process is left over
 *
 * The first SIGINT or SIGTERM asks for the end of the round, the second ends
 * at once.  Not here: the workers' own end when main dies (PDEATHSIG, worker.c).
 */
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "thprace.h"

static int stop_requests;
static pid_t children[MAX_WORKERS];

static void kill_children(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(children); i++) {
		if (children[i] > 0)
			kill(children[i], SIGKILL);
	}
}

static void on_signal(int sig)
{
	(void)sig;
	if (__atomic_add_fetch(&stop_requests, 1, __ATOMIC_RELAXED) < 2)
		return;
	kill_children();
	knobs_restore();
	swap_stop();
	_exit(THPRACE_EXIT_ERROR);
}

/**
 * signals_setup() - catch what ends a run
 */
void signals_setup(void)
{
	struct sigaction sa = { .sa_handler = on_signal, .sa_flags = SA_RESTART };

	sigemptyset(&sa.sa_mask);
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	signal(SIGPIPE, SIG_IGN);
}

bool signals_stop(void)
{
	return __atomic_load_n(&stop_requests, __ATOMIC_RELAXED) > 0;
}

/**
 * signals_child() - a process to kill if we have to end at once
 * @pid: its id
 */
void signals_child(pid_t pid)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(children); i++) {
		if (!children[i]) {
			children[i] = pid;
			return;
		}
	}
}

void signals_child_gone(pid_t pid)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(children); i++) {
		if (children[i] == pid)
			children[i] = 0;
	}
}
