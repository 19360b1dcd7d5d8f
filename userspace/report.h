/* SPDX-License-Identifier: GPL-2.0 */
/* The results of a run, and their verdict */
#ifndef THPRACE_REPORT_H
#define THPRACE_REPORT_H

#include "options.h"
#include "run.h"
#include "triage_plan.h"

#define MAX_TRIAGES		3	/* causes that are looked into */
#define MAX_PASSES		8	/* of a run over its scenarios */

struct queue;

/* Scenarios run one after the other in a job, and in several beside each other. */
struct job {
	struct shared *sh;		/* of the scenario that runs in it */
	struct result *part;		/* what that has counted so far */
};

struct report {
	const struct options *opt;
	u64 start_ns, duration_ns;
	unsigned int nr_jobs;
	struct job *jobs;
	unsigned int job;		/* of this process */
	struct queue *queue;		/* what is to be run */
	unsigned int nr_passes;
	u64 pass_end_ns[MAX_PASSES];
	enum thprace_verdict verdict;
	char why[340];
	bool ended;			/* else it is written while the run goes on */
	bool broken;			/* a harness error, whatever else was found */
	struct shared *sh;		/* of this process's job */
	struct result *part;
	struct cover *cover[MAX_SCENARIOS];	/* what each has seen */
	unsigned int nr_results;
	struct result *results[MAX_SCENARIOS];
	struct tally sum;
	bool available[NR_CHECKS];
	char why_not[NR_CHECKS][120];
	bool judged;			/* the verdict stands */
	unsigned int nr_triages;
	struct triage triage[MAX_TRIAGES];
	const struct observe *observe;	/* what "thprace observe" has to say, or NULL */
};

int report_alloc(struct report *rep);
void report_job(struct report *rep, unsigned int job);
void report_checks(struct report *rep);
void report_judge(struct report *rep);
int report_exit_code(const struct report *rep);

#endif /* THPRACE_REPORT_H */
