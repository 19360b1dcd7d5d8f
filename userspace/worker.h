/* SPDX-License-Identifier: GPL-2.0 */
/* Lanes: how they come and go, and what they do together */
#ifndef THPRACE_WORKER_H
#define THPRACE_WORKER_H

#include "run.h"

int workers_start(struct run *run);
void workers_stop(struct run *run);
int worker_loop(struct run *run, struct lane *lane);
int workers_do(struct run *run, enum worker_cmd cmd, unsigned int thp);
int workers_error(struct run *run);

#endif /* THPRACE_WORKER_H */
