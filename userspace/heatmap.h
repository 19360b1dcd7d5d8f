/* SPDX-License-Identifier: GPL-2.0 */
/* A grid of pairs of phases as a picture */
#ifndef THPRACE_HEATMAP_H
#define THPRACE_HEATMAP_H

#include <stdio.h>

#include "util.h"

enum look { LOOK_MET, LOOK_EXCLUDED, LOOK_NEVER, LOOK_UNTRIED, LOOK_VIOLATED, NR_LOOKS };

struct look_row {
	const char *name;
	char sign;
	const char *colour;		/* of a terminal */
};

extern const struct look_row looks[NR_LOOKS];

struct heatmap_cell {
	const char *state;		/* as the module says it */
	u64 met, tries, violations;
	bool differs;			/* from the same cell of another map */
};

struct heatmap {
	const char *const *a, *const *b;
	unsigned int nr_a, nr_b;
	struct heatmap_cell (*cell)(const void *data, unsigned int a, unsigned int b);
	const void *data;
	bool steep;			/* labels of columns stand upright: it gets narrower */
	bool alone;			/* a file of its own, with its own style */
};

enum look look_of(const char *state, u64 violations);
void heatmap_style(FILE *out);
void heatmap_svg(FILE *out, const struct heatmap *map);

#endif /* THPRACE_HEATMAP_H */
