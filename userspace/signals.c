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
	pid_t scenario[MAX_JOBS];	/* the process that runs one, or 0 */
};

static struct state *state;		/* shared by main and the scenarios */
static unsigned int job;		/* of the caller */
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
	/* Settings and swap are left to main, or to the keeper. */
	_exit(THPRACE_EXIT_ERROR);
}

static void on_signal(int sig)
{
	bool any = false;
	unsigned int i;
	pid_t pid;

	if (__atomic_add_fetch(&state->stop_requests, 1, __ATOMIC_RELAXED) < 2)
		return;
	/* Scenarios end at once; main then prints what there is. */
	for (i = 0; i < MAX_JOBS; i++) {
		pid = __atomic_load_n(&state->scenario[i], __ATOMIC_RELAXED);
		if (pid > 0)
			kill(pid, SIGUSR1);
		any |= pid > 0;
	}
	if (!any && __atomic_load_n(&state->stop_requests, __ATOMIC_RELAXED) > 2)
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
	__atomic_store_n(&state->scenario[job], pid, __ATOMIC_RELAXED);
}

/**
 * signals_in_job() - the caller runs scenarios beside others; main hears the signals
 * @number: of the job
 */
void signals_in_job(unsigned int number)
{
	job = number;
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
}

/**
 * signals_job_gone() - end what a job has left that was killed
 * @number: of the job
 */
void signals_job_gone(unsigned int number)
{
	pid_t pid = __atomic_exchange_n(&state->scenario[number], 0, __ATOMIC_RELAXED);

	if (pid > 0)
		kill(pid, SIGKILL);
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
	static unsigned int next;
	unsigned int i, n;

	for (n = 0; n < ARRAY_SIZE(children); n++) {
		i = (next + n) % ARRAY_SIZE(children);
		if (!children[i]) {
			children[i] = pid;
			next = i + 1;
			return 0;
		}
	}
	kill(pid, SIGKILL);
	set_error("more than %u children at a time", MAX_CHILDREN);
	return -ENOSPC;
}

void signals_child_gone(pid_t pid)
{
	static unsigned int next;
	unsigned int i, n;

	/* Mostly they go in the order in which they came. */
	for (n = 0; n < ARRAY_SIZE(children); n++) {
		i = (next + n) % ARRAY_SIZE(children);
		if (children[i] != pid)
			continue;
		children[i] = 0;
		next = i + 1;
		return;
	}
}
