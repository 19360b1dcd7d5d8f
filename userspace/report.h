/* SPDX-License-Identifier: GPL-2.0 */
/* The results of a run, judged, and the forms in which they are shown */
#ifndef THPRACE_REPORT_H
#define THPRACE_REPORT_H

#include "options.h"
#include "result.h"

#define MAX_PASSES		3	/* of a run over its scenarios */

struct report {
	const struct options *opt;
	u64 start_ns, duration_ns;
	unsigned int nr_passes;
	u64 pass_end_ns[MAX_PASSES];
	enum thprace_verdict verdict;
	char why[200];
	unsigned int nr_results;
	struct result *results[MAX_SCENARIOS];
	struct tally sum;
	bool available[THPRACE_NR_CHECKS];
	char why_not[THPRACE_NR_CHECKS][120];
};

/* report.c */
void report_checks(struct report *rep);
void report_judge(struct report *rep);
void report_print(const struct report *rep, FILE *out);

/* json.c */
int report_json(const struct report *rep, const char *path);

#endif /* THPRACE_REPORT_H */
