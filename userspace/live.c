// SPDX-License-Identifier: GPL-2.0
/*
 * The report on disk while the run goes on
 *
 * Written before the first scenario, so that a path that cannot be written is
 * known at once; whenever something is found; and by the keeper when all
 * other processes were killed.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collect.h"
#include "json.h"
#include "live.h"
#include "report.h"
#include "result.h"
#include "util.h"

static struct report *live;
static struct result *running;		/* of each job */
static bool by_main;			/* the caller is a job, and main writes */
static char path[PATH_MAX];

/* The keeper has another working directory. */
static int make_absolute(const char *name)
{
	size_t len = 0;

	if (name[0] != '/') {
		if (!getcwd(path, sizeof(path) - 1))
			return -errno;
		len = strlen(path);
		path[len++] = '/';
	}
	if (len + strlen(name) >= sizeof(path))
		return -ENAMETOOLONG;
	copy_word(path + len, sizeof(path) - len, name);
	return 0;
}

/* What a job's scenario has found so far is in no result yet. */
static void add_running(struct report *copy, unsigned int job)
{
	static struct result part;

	report_job(copy, job);
	if (!copy->sh->running)
		return;
	running[job] = *live->results[copy->sh->index];
	part = *copy->part;
	/* It looks at what the passes before have counted. */
	collect(copy, &part);
	result_add(&running[job], &part);
	running[job].begun = true;
	copy->results[copy->sh->index] = &running[job];
}

static int write_now(const char *why)
{
	static struct report copy;
	unsigned int i;
	int err;

	copy = *live;
	result_lock();
	for (i = 0; i < live->nr_jobs; i++)
		add_running(&copy, i);
	copy.duration_ns = now_ns() - live->start_ns;
	report_judge(&copy);
	if (copy.verdict != THPRACE_FAIL) {
		copy.verdict = THPRACE_ABORTED;
		copy_word(copy.why, sizeof(copy.why), why);
	}
	err = report_json(&copy, path);
	result_unlock();
	return err;
}

/**
 * live_begin() - from here on the report is on disk
 * @rep: prepared report
 *
 * Returns 0 or a negative errno: it cannot be written.
 */
int live_begin(struct report *rep)
{
	int err;

	if (!rep->opt->json || !strcmp(rep->opt->json, "-"))
		return 0;
	err = make_absolute(rep->opt->json);
	if (err) {
		set_error("%s: %s", rep->opt->json, strerror(-err));
		return err;
	}
	running = map_shared(rep->nr_jobs * sizeof(*running));
	if (!running)
		return -ENOMEM;
	live = rep;
	err = write_now("the run has not ended");
	if (err)
		live = NULL;
	return err;
}

/**
 * live_write() - something was found
 */
void live_write(void)
{
	if (live && by_main)
		__atomic_store_n(&live->sh->found, 1, __ATOMIC_RELEASE);
	else if (live)
		write_now("the run has not ended");
}

/**
 * live_by_main() - the caller is a job: what it finds is written by main
 */
void live_by_main(void)
{
	by_main = true;
}

/**
 * live_wanted() - has a job found something since the last call?
 * @rep: report
 */
bool live_wanted(struct report *rep)
{
	bool found = false;
	unsigned int i;

	for (i = 0; i < rep->nr_jobs; i++)
		found |= __atomic_exchange_n(&rep->jobs[i].sh->found, 0, __ATOMIC_ACQ_REL);
	return found;
}

/**
 * live_last_words() - all processes of the run are gone, but the caller
 */
void live_last_words(void)
{
	if (live)
		write_now("all processes of the run were killed");
}
