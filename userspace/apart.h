/* SPDX-License-Identifier: GPL-2.0 */
/* One scenario in a process of its own, and an eye on it */
#ifndef THPRACE_APART_H
#define THPRACE_APART_H

#include "leak.h"
#include "report.h"
#include "tally.h"
#include "watch.h"

struct run;

struct violation run_complaint(const struct scenario *sc, u64 round, u64 start_ns,
			       const struct complaint *c);
int run_apart(struct report *rep, struct run *run, struct leak *leak);
bool run_is_stuck(void);

#endif /* THPRACE_APART_H */
