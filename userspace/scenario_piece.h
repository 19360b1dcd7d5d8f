/* SPDX-License-Identifier: GPL-2.0 */
/* What scenarios do with the piece of a lane */
#ifndef THPRACE_SCENARIO_PIECE_H
#define THPRACE_SCENARIO_PIECE_H

#include "run.h"

int piece_plan(struct run *run, struct lane *lane, unsigned int thp);
int piece_apply(struct run *run, struct lane *lane, unsigned int thp,
		int (*fn)(void *addr, size_t len, int arg), int arg);
void piece_mark(struct run *run, struct lane *lane, unsigned int thp, u8 state);
enum act_result munmap_act(struct run *run, struct lane *lane, unsigned int thp);

#endif /* THPRACE_SCENARIO_PIECE_H */
