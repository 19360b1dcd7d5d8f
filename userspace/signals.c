// SPDX-License-Identifier: GPL-2.0
/*
 * A clean end: SIGINT stops, and no process is left over
 *
 * The first SIGINT or SIGTERM asks for the end of the round, the second ends
 * the scenario at once.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "options.h"
#include "undo.h"
#include "util.h"

#define MAX_CHILDREN	(MAX_WORKERS + 2 * MAX_THPS)	/* those of scenario_child.c, too */

struct state {
	int stop_requests;
	pid_t scenario;			/* the process that runs one, or 0 */
};

static struct state *state;		/* shared by main and the scenarios */
static pid_t children[MAX_CHILDREN];

static void kill_children(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(children); i++) {
		if (children[i] > 0)
			kill(children[i], SIGKILL);
	}
}

static void end_at_once(int sig)
{
	(void)sig;
	kill_children();
	knobs_restore();
	/* Swap is left to main, or to the keeper: it may take long. */
	_exit(THPRACE_EXIT_ERROR);
}

static void on_signal(int sig)
{
	pid_t pid = __atomic_load_n(&state->scenario, __ATOMIC_RELAXED);

	if (__atomic_add_fetch(&state->stop_requests, 1, __ATOMIC_RELAXED) < 2)
		return;
	/* The scenario ends at once; main then prints what there is. */
	if (pid > 0)
		kill(pid, SIGUSR1);
	else if (__atomic_load_n(&state->stop_requests, __ATOMIC_RELAXED) > 2)
		end_at_once(sig);
}

/**
 * signals_setup() - catch what ends a run
 */
int signals_setup(void)
{
	struct sigaction sa = { .sa_handler = on_signal, .sa_flags = SA_RESTART };

	state = map_shared(sizeof(*state));
	if (!state)
		return -ENOMEM;
	sigemptyset(&sa.sa_mask);
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	signal(SIGPIPE, SIG_IGN);
	return 0;
}

/**
 * signals_scenario() - which process to end when we have to end at once
 * @pid: its id, or 0
 */
void signals_scenario(pid_t pid)
{
	__atomic_store_n(&state->scenario, pid, __ATOMIC_RELAXED);
}

/**
 * signals_in_scenario() - main hears the signals, its scenario ends with it
 */
void signals_in_scenario(void)
{
	struct sigaction sa = { .sa_handler = end_at_once };

	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	sigaction(SIGUSR1, &sa, NULL);
}

bool signals_stop(void)
{
	return state && __atomic_load_n(&state->stop_requests, __ATOMIC_RELAXED) > 0;
}

/**
 * signals_child() - a process to kill if we have to end at once
 * @pid: its id
 *
 * There is room for all that may be alive at a time; one too many is killed.
 */
int signals_child(pid_t pid)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(children); i++) {
		if (!children[i]) {
			children[i] = pid;
			return 0;
		}
	}
	kill(pid, SIGKILL);
	set_error("more than %u children at a time", MAX_CHILDREN);
	return -ENOSPC;
}

void signals_child_gone(pid_t pid)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(children); i++) {
		if (children[i] == pid)
			children[i] = 0;
	}
}
