/* SPDX-License-Identifier: GPL-2.0 */
/* A seeded part of a huge page, in subpages */
#ifndef THPRACE_PIECE_H
#define THPRACE_PIECE_H

#include "rng.h"

struct piece {
	unsigned int first, nr, stride;
};

struct piece piece_draw(struct rng *rng);

#endif /* THPRACE_PIECE_H */
