/* SPDX-License-Identifier: GPL-2.0 */
/* The grid of pairs of phases */
#ifndef THPRACE_GRID_H
#define THPRACE_GRID_H

#include "report.h"

#define GRID_SIDE	128	/* phases of a lane */

struct grid_axes {
	const char *a[GRID_SIDE], *b[GRID_SIDE];
	unsigned int nr_a, nr_b;
	const struct cell *cell[GRID_SIDE][GRID_SIDE];
};

void grid_axes(struct grid_axes *ax, const struct tally *t);
void grid_counts(const struct tally *t, unsigned int *decided, unsigned int *met);
void grid_print(const struct report *rep, FILE *out);
int grid_html(const struct report *rep, const char *path);

#endif /* THPRACE_GRID_H */
