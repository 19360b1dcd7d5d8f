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

static int write_now(const char *why)
{
	static struct report copy;
	static struct result running, part;

	copy = *live;
	if (live->sh->running) {
		running = *live->results[live->sh->index];
		part = *live->part;
		collect(live, &part);
		result_add(&running, &part);
		running.begun = true;
		copy.results[live->sh->index] = &running;
	}
	copy.duration_ns = now_ns() - live->start_ns;
	report_judge(&copy);
	if (copy.verdict != THPRACE_FAIL) {
		copy.verdict = THPRACE_ABORTED;
		copy_word(copy.why, sizeof(copy.why), why);
	}
	return report_json(&copy, path);
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
	if (live)
		write_now("the run has not ended");
}

/**
 * live_last_words() - all processes of the run are gone, but the caller
 */
void live_last_words(void)
{
	if (live)
		write_now("all processes of the run were killed");
}
