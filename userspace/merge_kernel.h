/* SPDX-License-Identifier: GPL-2.0 */
/* What several runs have counted together */
#ifndef THPRACE_MERGE_KERNEL_H
#define THPRACE_MERGE_KERNEL_H

#include "merge.h"

#define MERGE_SECONDS	28		/* powers of two; more than a year */

enum { SUM_ROUNDS, SUM_OVERLAPS, SUM_VIOLATIONS, NR_SUMS };

struct merge_kernel {
	json_t *rows[NR_TABLES], *grid, *cover, *why;
	u64 sum[NR_SUMS], id;
	size_t nr_runs, nr[NR_OUTCOMES];
	size_t found[MERGE_SECONDS];	/* runs that had found something by then */
	unsigned int nr_seconds;
	double duration_s, first_s;
	bool has_first;
	const char *started;
	enum outcome outcome;
};

void merge_kernel_init(struct merge_kernel *k);
void merge_kernel_free(struct merge_kernel *k);
void merge_kernel_add(struct merge_kernel *k, const struct merge_run *run, const json_t *obj);
json_t *merge_kernel_json(const struct merge_kernel *k, const char *name);
json_t *merge_kernel_id(const struct merge_kernel *k);
json_t *merge_kernel_first(const struct merge_kernel *k);

#endif /* THPRACE_MERGE_KERNEL_H */
