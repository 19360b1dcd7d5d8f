// SPDX-License-Identifier: GPL-2.0
/*
 * The table of scenarios, from scenario_list.h
 */
#include <string.h>

#include "env.h"
#include "options.h"
#include "orders.h"
#include "readers.h"
#include "scenario.h"
#include "touch.h"
#include "uop_set.h"

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
 * scenario_mixed() - the one that does several ops, in programs
 */
const struct scenario *scenario_mixed(void)
{
	unsigned int i;

	for (i = 0; i < nr_scenarios && !scenarios[i]->mixed; i++)
		;
	return i < nr_scenarios ? scenarios[i] : NULL;
}

/**
 * scenario_ops() - what meets in it, where it is not known more closely
 * @sc: scenario
 * @buf: room
 * @size: of @buf
 */
const char *scenario_ops(const struct scenario *sc, char *buf, size_t size)
{
	snprintf(buf, size, "%s%s", sc->pairs ? "" : "split,", sc->op);
	return buf;
}

/**
 * scenario_workers() - how many lanes it has, but for the splitter
 * @sc: scenario
 * @opt: options of the run
 */
unsigned int scenario_workers(const struct scenario *sc, const struct options *opt)
{
	if (sc->readers)
		return sc->workers + readers_nr();
	return sc->scalable && opt->procs ? opt->procs : sc->workers ?: 1;
}

/**
 * scenario_why_not() - why it cannot run here, or NULL
 * @sc: scenario
 * @opt: options of the run
 */
const char *scenario_why_not(const struct scenario *sc, const struct options *opt)
{
	if (env.no_thp[0])
		return env.no_thp;
	if (!opt->no_module && !env.have_module)
		return env.no_module;
	if (sc->pairs && opt->grid && !uop_set_one_each(&opt->ops))
		return "nobody splits here: a grid needs two ops, --grid=A,B";
	if (opt->no_module && !env.have_split_file && scenario_workers(sc, opt) < 2)
		return "its one worker meets nobody, as nothing splits here without the module";
	if (sc->why_not && sc->why_not())
		return sc->why_not();
	if (uop_set_why_not(&opt->ops, sc))
		return uop_set_why_not(&opt->ops, sc);
	if (orders_why_not(opt, sc))
		return orders_why_not(opt, sc);
	return opt->gentle ? touch_not_gentle(sc) : NULL;
}
