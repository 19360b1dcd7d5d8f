// SPDX-License-Identifier: GPL-2.0
/*
 * All scenarios of a run
 */
#include <errno.h>
#include <unistd.h>

#include "client.h"
#include "job.h"
#include "jobs.h"
#include "leak.h"
#include "options.h"
#include "queue.h"
#include "report.h"
#include "result.h"
#include "runner.h"
#include "scenario.h"
#include "util.h"
#include "watch.h"

/**
 * run_keep_probes() - probes stay where they are from scenario to scenario
 * @opt: of the run
 *
 * They are placed with the first schedule of any session, and removed with the
 * last: one that is idle keeps them.
 *
 * Returns a file descriptor to close, or a negative number: there is none.
 */
int run_keep_probes(const struct options *opt)
{
	int fd = opt->no_module ? -1 : session_open();

	if (fd >= 0)
		session_cmd(fd, "arm steer=\"a>end\"");
	return fd;
}

/**
 * run_all() - run the selected scenarios
 * @rep: has room for a result of each, see report_alloc()
 *
 * Returns an error only when it cannot go on; an error of one scenario is in its
 * result.
 */
int run_all(struct report *rep)
{
	const struct options *opt = rep->opt;
	int err, probes = run_keep_probes(opt);
	struct complaint c;
	unsigned int i;

	rep->nr_results = opt->nr_scenarios;
	for (i = 0; i < opt->nr_scenarios; i++) {
		result_reset(rep->results[i], opt->scenarios[i]);
		rep->results[i]->skipped = scenario_why_not(opt->scenarios[i], opt);
	}
	rep->queue = queue_make(rep);
	if (!rep->queue)
		err = -ENOMEM;
	else
		err = rep->nr_jobs > 1 ? jobs_run(rep) : run_job(rep);
	leak_stop();
	if (probes >= 0)
		close(probes);
	if (rep->queue && !watch_why_not() && watch_look(&c))
		jobs_complaint(rep, &c);
	return err;
}
