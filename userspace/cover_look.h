/* SPDX-License-Identifier: GPL-2.0 */
/* What rounds and batches bring that is new */
#ifndef THPRACE_COVER_LOOK_H
#define THPRACE_COVER_LOOK_H

#include "run.h"

void cover_round(struct run *run, unsigned int thp);
void cover_met(struct run *run, const char *schedule);
void cover_states(struct run *run);

#endif /* THPRACE_COVER_LOOK_H */
