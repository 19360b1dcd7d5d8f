// SPDX-License-Identifier: GPL-2.0
/*
 * The table of scenarios, from scenario_list.h
 */
#include <string.h>

#include "env.h"
#include "scenario.h"

#define SCENARIO(name)	(&scenario_##name)

const struct scenario *const scenarios[] = {
#include "scenario_list.h"
};

const unsigned int nr_scenarios = ARRAY_SIZE(scenarios);

const struct scenario *scenario_by_name(const char *name)
{
	unsigned int i;

	for (i = 0; i < nr_scenarios; i++) {
		if (!strcmp(scenarios[i]->name, name))
			return scenarios[i];
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
	if (no_module && sc->shape != SHAPE_PROCS && !env.have_split_file)
		return "nothing splits here without the module (split_huge_pages takes no pid)";
	return sc->why_not ? sc->why_not() : NULL;
}
