// SPDX-License-Identifier: GPL-2.0
/*
 * A run of one huge page, small, on real memory, without a session
 */
#include <sys/mman.h>
#include <unistd.h>

#include "env.h"
#include "mock_run.h"
#include "scenario.h"
#include "test.h"

#define SUBPAGES	64

/**
 * mock_run() - a run whose scenario is set up
 * @scenario: name
 * @opt: options; stay
 *
 * Returns NULL when it cannot be set up.
 */
struct run *mock_run(const char *scenario, const struct options *opt)
{
	struct run *run = calloc(1, sizeof(*run));
	unsigned int i;

	env.page_size = sysconf(_SC_PAGESIZE);
	env.hpage_size = SUBPAGES * env.page_size;
	env.nr_subpages = SUBPAGES;
	env.nr_cpus = 2;
	run->res = calloc(1, sizeof(*run->res));
	run->sc = scenario_by_name(scenario);
	run->opt = opt;
	run->fd = -1;
	run->nr_thps = 1;
	run->nr_workers = run->sc->workers ? run->sc->workers : 1;
	run->budget_ns = 60 * NSEC_PER_SEC;
	run->state = calloc(1, env.nr_subpages);
	run->sh = run_shared(1);
	if (!run->sh || region_reserve(&run->region, 1))
		return NULL;
	run->huge = run->sh->huge;
	run->huge[0] = 1;
	run->sh->nr_thps = 1;
	run->sh->nr_workers = run->nr_workers;
	run->sh->base = (unsigned long)run->region.base;
	for (i = 0; i <= run->nr_workers; i++) {
		run->lanes[i].id = i;
		run->lanes[i].run = run;
		run->lanes[i].op = run->sc->op;
	}
	return run->sc->setup(run) ? NULL : run;
}

/**
 * mock_run_free() - nothing of it is left
 * @run: of mock_run()
 */
void mock_run_free(struct run *run)
{
	run->sc->cleanup(run);
	region_release(&run->region);
	run_shared_free(run->sh);
	free(run->state);
	free(run->res);
	free(run);
}

char *mock_page(struct run *run, unsigned int page)
{
	return region_thp(&run->region, 0) + page * env.page_size;
}
