/* SPDX-License-Identifier: GPL-2.0 */
/* Any workload, looked at while it runs; nothing is steered */
#ifndef THPRACE_OBSERVE_H
#define THPRACE_OBSERVE_H

#include <jansson.h>

#include "cmdline.h"
#include "observe_map.h"
#include "observe_tree.h"
#include "report.h"
#include "rng.h"

#define OBSERVE_CHECKS_ALL	(~0ULL)

/* Why a region that was chosen was not checked. */
enum unchecked {
	UNCHECKED_GONE,			/* the process has ended, or called exec */
	UNCHECKED_CHANGED,		/* something else is mapped there by now */
	NR_UNCHECKED
};

extern const char *const unchecked_names[NR_UNCHECKED];

/* What the looks at live memory came to, and took. */
struct looks {
	u64 nr_regions;			/* of the size of a huge page, checked */
	u64 unchecked[NR_UNCHECKED];
	u64 nr_visits;			/* of processes */
	u64 nr_huge;			/* visits of processes that had huge pages */
	u64 busy_ns;			/* that looking took, of all the time */
	u64 longest_ns;			/* one command */
};

struct observe {
	/* what was asked for */
	const char *json, *cgroup;
	char **command;			/* or NULL: it runs already */
	pid_t pids[MAX_ROOTS];
	unsigned int nr_pids;
	u64 overhead;			/* percent */
	u64 duration_ms;		/* 0: as long as it lasts */
	u64 checks;			/* bits of enum thprace_check */
	bool checks_named;
	bool allow_uncalibrated, verdict_status, coverage;
	/* what came of it */
	struct tree *tree;
	struct looks looks;
	u64 begin_ns, elapsed_ns;
	int status;			/* of the command, as wait() has it */
	bool ended;			/* the command has */
	bool interrupted;
	/* of the looks */
	int fd;				/* session */
	struct rng rng;
	u64 quiesced, racing, inject;	/* bits: can be made, are to be spoiled */
	pid_t roots[MAX_ROOTS];		/* that the module watches */
	unsigned int nr_roots;
	struct spans spans;		/* of the process that is visited */
	pid_t visited;			/* 0: none */
	pid_t huge_one;			/* the last that had, or may have had, huge pages, or 0 */
	u64 visit_left_ns;
	u64 next_ns;			/* of the next step */
	unsigned int batch;		/* regions a command */
	bool told;			/* calibration was asked for */
};

/* observe_look.c */
int look_begin(struct observe *o, const struct report *rep);
int look_watch(struct observe *o);
int look_step(struct observe *o);
u64 look_pause_ns(const struct observe *o);

/* observe_report.c */
void observe_judge(const struct observe *o, struct report *rep);
int observe_status(const struct observe *o, const struct report *rep);
void observe_print(const struct observe *o, const struct report *rep, FILE *out);
json_t *observe_json(const struct observe *o);

/* observe.c */
extern const struct argp observe_argp;
int cmd_observe(int argc, char **argv);

#endif /* THPRACE_OBSERVE_H */
