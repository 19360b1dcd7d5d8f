/* SPDX-License-Identifier: GPL-2.0 */
/* Children of a scenario's process: how they begin, share a huge page, and end */
#ifndef THPRACE_CHILD_H
#define THPRACE_CHILD_H

#include "run.h"

/* One that sleeps until it is told to look at what it shares. */
struct sharer {
	pid_t pid;			/* 0: there is none */
	int order;			/* its socket */
};

void child_dies_with(pid_t parent);
void child_begin(pid_t parent);
int child_adopt(struct run *run, unsigned int thp, pid_t pid);
int child_reap(pid_t *pid);
void child_kill(pid_t *pid);
int child_end(const struct run *run, pid_t *pid, u64 nap_ns);

int sharer_start(struct run *run, unsigned int thp, struct sharer *sharer,
		 bool (*prepare)(struct run *run, unsigned int thp),
		 void (*look)(struct run *run, unsigned int thp));
int sharer_ask(struct run *run, unsigned int thp, struct sharer *sharer);
void sharer_kill(struct run *run, unsigned int thp, struct sharer *sharer);

#endif /* THPRACE_CHILD_H */
