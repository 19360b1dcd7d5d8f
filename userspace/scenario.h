/* SPDX-License-Identifier: GPL-2.0 */
/* A scenario: what it maps, who its lanes are, what they do, what must hold after */
#ifndef THPRACE_SCENARIO_H
#define THPRACE_SCENARIO_H

#include "util.h"

struct run;
struct lane;
struct touch;

enum act_result {
	ACT_OK,
	ACT_BUSY,
	ACT_FAILED,
	ACT_ERROR,			/* harness error, see set_error() */
};

enum shape {
	SHAPE_THREADS,			/* workers are threads of one mm */
	SHAPE_PROCS,			/* workers are forked each batch */
	SHAPE_PEERS,			/* forked once, before anything is mapped */
};

#define WEIGHT_OF_TABLE	3		/* of a table of ways that come in turn */

struct scenario {
	const char *name;
	const char *summary;
	const char *op;			/* what the workers do */
	enum shape shape;
	bool file;			/* shared memory, not anonymous */
	bool refs_held;			/* ops keep references beyond the round */
	bool mixed;			/* does several ops, any will do */
	bool pairs;			/* two lanes do any two ops; nobody splits */
	bool draws;			/* of uops[] what --ops leaves */
	bool readers;			/* there are more lanes, which read */
	bool alone;			/* what the op alone leaves matters as much */
	bool pmd_only;			/* takes no folios of smaller sizes, see orders.h */
	unsigned int depth;		/* of forks between main and a worker; 0 is 1 */
	const char *phases;		/* of the op, for forced rounds */
	const char *inner;		/* those behind its own locks, before its work */
	unsigned int inner_times;	/* that it passes there; 0 is 1 */
	const char *phases_c;		/* the same of lane c, where it can be steered too */
	const char *inner_c;
	const char *third;		/* what lane c passes; without a split, it meets b */
	const char *third_start;	/* where it has its own locks already */
	unsigned int workers;		/* default (0 is 1); --procs where scalable */
	bool scalable;
	unsigned int thps;		/* default (0 is 8) */
	unsigned int weight;		/* its share of the time (0 is 1) */
	const struct touch *touches;	/* beside its own memory; set up before setup() */
	const char *(*why_not)(void);
	int (*setup)(struct run *run);
	void (*cleanup)(struct run *run);
	int (*map)(struct run *run);
	int (*attach)(struct run *run, struct lane *lane);	/* a peer's own mappings */
	int (*begin)(struct run *run, unsigned int thp);	/* main, before a round */
	int (*plan)(struct run *run, struct lane *lane, unsigned int thp);
	enum act_result (*act)(struct run *run, struct lane *lane, unsigned int thp);
	void (*aside)(struct run *run, unsigned int thp);	/* main, beside the lanes */
	void (*ended)(struct run *run, struct lane *lane);	/* its round, for a worker */
	void (*undone)(char *text, size_t size);	/* why its op may never have been done */
	int (*after)(struct run *run, struct lane *lane, unsigned int thp);
};

#define SCENARIO(name)	scenario_##name
extern const struct scenario
#include "scenario_list.h"
;
#undef SCENARIO

extern const struct scenario *const scenarios[];
extern const unsigned int nr_scenarios;

const struct scenario *scenario_by_name(const char *name);
const struct scenario *scenario_mixed(void);
struct options;

const char *scenario_why_not(const struct scenario *sc, const struct options *opt);
const char *scenario_ops(const struct scenario *sc, char *buf, size_t size);
unsigned int scenario_workers(const struct scenario *sc, const struct options *opt);

#endif /* THPRACE_SCENARIO_H */
