/* SPDX-License-Identifier: GPL-2.0 */
/*
 * grid.h - every pair of a split's and another op's phases, in turn
 *
 * Chooses the schedule of each round and keeps its result.
 */
#ifndef THPRACE_GRID_H
#define THPRACE_GRID_H

#include <linux/seq_file.h>

#include "state/session.h"

int thprace_grid_next(struct thprace_session *s, const struct thprace_spec *spec,
		      struct thprace_step step[THPRACE_MAX_STEPS]);
void thprace_grid_result(struct thprace_session *s);
bool thprace_grid_complete(struct thprace_session *s);
void thprace_grid_free(struct thprace_session *s);
size_t thprace_grid_bytes(struct thprace_session *s);
size_t thprace_grid_print(struct thprace_session *s, char *buf, size_t size);
void thprace_grid_keep(struct thprace_session *s);
void thprace_grid_show_last(struct seq_file *m);
void thprace_grid_exit(void);

#endif /* THPRACE_GRID_H */
