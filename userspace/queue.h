/* SPDX-License-Identifier: GPL-2.0 */
/* Which scenario is next, of the passes of a run */
#ifndef THPRACE_QUEUE_H
#define THPRACE_QUEUE_H

#include "report.h"

/* A scenario that a job has taken. */
struct turn {
	unsigned int index, pass;
	u64 deadline_ns;
};

enum queue_answer {
	QUEUE_TAKEN,
	QUEUE_LATER,			/* what is left must not run beside what runs */
	QUEUE_EMPTY,
};

struct queue;

struct queue *queue_make(struct report *rep);
enum queue_answer queue_take(struct report *rep, struct turn *turn);
void queue_done(struct report *rep, unsigned int job);
void queue_stop(struct report *rep);
bool queue_runs(const struct report *rep, unsigned int job, unsigned int *index);

#endif /* THPRACE_QUEUE_H */
