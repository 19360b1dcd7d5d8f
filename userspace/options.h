/* SPDX-License-Identifier: GPL-2.0 */
/* What to run, from the command line or from a recorded run */
#ifndef THPRACE_OPTIONS_H
#define THPRACE_OPTIONS_H

#include "cmdline.h"
#include "orders.h"
#include "scenario.h"
#include "storm.h"
#include "uop_set.h"

#define MAX_WORKERS		64	/* --procs */
#define MAX_THPS		32768	/* --thps */
#define MAX_SCENARIOS		96
#define MAX_JOBS		64	/* --jobs */
#define DEFAULT_MEM_SHARE	25	/* percent, --mem-share */
#define MAX_MEM_SHARE		90

/* What a run does without; bits. */
enum without {
	WITHOUT_SPLIT = 1,
	WITHOUT_OP = 2,			/* the other one */
	WITHOUT_RACE = 4,		/* lanes take turns */
	WITHOUT_STEER = 8,
	WITHOUT_CHECK_SPLIT = 16,	/* the check splits nothing, either */
	NR_WITHOUT = 5
};

extern const char *const without_names[NR_WITHOUT];	/* by bit */

#define PHASE_CHARS \
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_."

struct options {
	const struct scenario *scenarios[MAX_SCENARIOS];
	unsigned int nr_scenarios;
	u64 duration_ms, rounds, seed, procs, thps, grid_k, first_round;
	u64 triage_ms;
	u64 jobs, mem_share;			/* 0: as fits; the default */
	bool triage_given;
	unsigned int without;		/* enum without */
	bool stop_first, grid, no_module, quiet, verbose, gentle, dry_run;
	bool allow_uncalibrated;
	struct uop_set ops;			/* that are drawn */
	struct orders orders;			/* of the folios that are raced */
	const char *steer;
	const char *grid_rows;			/* "PHASE PHASE...", or NULL: all */
	const char *json;
	const char *ktap;
	const char *grid_html;
	const struct storm_batch *program;	/* of a recorded storm, or NULL */
	bool had_failed;			/* a recorded run that did */
};

extern const struct argp run_argp;

int options_parse(struct options *opt, int argc, char **argv);

#endif /* THPRACE_OPTIONS_H */
