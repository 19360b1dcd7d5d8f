/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the rows of the table are made of
 *
 * Callbacks of struct scenario, implemented in scenario_*.c and named in
 * scenario.c.  Not here: helpers of one file only.
 */
#ifndef THPRACE_SCENARIO_H
#define THPRACE_SCENARIO_H

#include "thprace.h"

/* scenario_piece.c: a seeded part of a huge page, and what is done to it */
struct piece {
	unsigned int first, nr, stride;
};

struct piece piece_draw(struct rng *rng);
void piece_plan(struct run *run, struct lane *lane, unsigned int thp);
enum act_result munmap_act(struct run *run, struct lane *lane, unsigned int thp);

/* scenario_fork.c: processes that share huge pages by fork */
enum act_result fork_munmap_act(struct run *run, struct lane *lane, unsigned int thp);
enum act_result fork_zap_act(struct run *run, struct lane *lane, unsigned int thp);
int fork_write_own(struct run *run, struct lane *lane, unsigned int thp);

#endif /* THPRACE_SCENARIO_H */
