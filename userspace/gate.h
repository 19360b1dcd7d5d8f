/* SPDX-License-Identifier: GPL-2.0 */
/* Bounded rendezvous of threads and processes in shared memory */
#ifndef THPRACE_GATE_H
#define THPRACE_GATE_H

#include <stdalign.h>

#include "util.h"

struct gate {
	alignas(64) u32 seq;
	u32 arrived;
	u32 parties;
	u32 sleepers;
	u64 opened_ns;			/* when the last one came */
};

struct gate_wait {
	u32 *abort;			/* in shared memory: give up when set */
	u64 budget_ns;
	int (*poll)(void *arg);		/* now and then; non-zero gives up */
	void *arg;
	bool spin;			/* never sleep, only yield */
	bool crowded;			/* more parties than CPUs: sleep at once */
};

void gate_init(struct gate *gate, unsigned int parties);
int gate_meet(struct gate *gate, const struct gate_wait *wait);
void wait_until(u64 when_ns, bool sleep);

#endif /* THPRACE_GATE_H */
