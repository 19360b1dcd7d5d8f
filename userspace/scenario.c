// SPDX-License-Identifier: GPL-2.0
/*
 * The table of scenarios
 *
 * One row each: what it maps, who its lanes are, what they do, what must hold
 * after.  Not here: the acts (scenario_*.c) and the rounds (engine.c).
 */
#include <string.h>

#include "scenario.h"

const struct scenario scenarios[] = {
	{
		.name = "split-munmap",
		.summary = "threads of one mm: split a huge page while a part of it is unmapped",
		.op = "munmap",
		.shape = SHAPE_THREADS,
		.by_default = true,
		.needs_split = true,
		.workers = 1,
		.thps = 8,
		.plan = piece_plan,
		.act = munmap_act,
	}, {
		.name = "fork-munmap",
		.summary =
			"processes that share huge pages by fork each unmap a page of the same one at once",
		.op = "munmap",
		.shape = SHAPE_PROCS,
		.by_default = true,
		.workers = 4,
		.scalable = true,
		.thps = 32,
		.act = fork_munmap_act,
		.after = fork_write_own,
	}, {
		.name = "fork-zap",
		.summary =
			"the same with MADV_DONTNEED: discarded pages read as zero, in that process only",
		.op = "zap",
		.shape = SHAPE_PROCS,
		.by_default = true,
		.workers = 4,
		.scalable = true,
		.thps = 32,
		.act = fork_zap_act,
		.after = fork_write_own,
	},
};

const unsigned int nr_scenarios = ARRAY_SIZE(scenarios);

const struct scenario *scenario_by_name(const char *name)
{
	unsigned int i;

	for (i = 0; i < nr_scenarios; i++) {
		if (!strcmp(scenarios[i].name, name))
			return &scenarios[i];
	}
	return NULL;
}

/**
 * scenario_why_not() - why it cannot run here, or NULL
 * @sc: scenario
 * @no_module: run without the module
 */
const char *scenario_why_not(const struct scenario *sc, bool no_module)
{
	if (env.no_thp[0])
		return env.no_thp;
	if (!no_module && !env.have_module)
		return env.no_module;
	if (no_module && sc->needs_split && !env.have_split_file)
		return "nothing splits here without the module (split_huge_pages takes no pid)";
	return sc->why_not ? sc->why_not() : NULL;
}
