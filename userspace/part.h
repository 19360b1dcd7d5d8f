/* SPDX-License-Identifier: GPL-2.0 */
/* A huge page of which a few pages are left: in whose page tables, and what became of it */
#ifndef THPRACE_PART_H
#define THPRACE_PART_H

#include "run.h"

struct part {
	char *at;			/* the huge page, before anything was done to it */
	int thp;			/* which of the run, or -1 */
	u64 head;			/* its first frame */
	unsigned int keep, nr_keep;	/* pages that stay */
	pid_t owner;			/* whose page tables have them; 0: the caller's */
	char *seen_at;			/* address of page 0 there */
	pid_t child;			/* that shares it, or 0 */
};

enum part_state {
	PART_LARGE,			/* the same large folio as at the beginning */
	PART_SPLIT,			/* none of its pages is part of a large one */
	PART_UNKNOWN,			/* elsewhere, paged out, not to be seen */
};

int part_begin(struct part *part, char *at, int thp);
enum part_state part_look(const struct part *part);
int part_fork(struct part *part, void (*child)(const struct part *part));
int part_end_child(struct part *part);
int part_drop(struct run *run, const struct part *part, bool unmap);

#endif /* THPRACE_PART_H */
