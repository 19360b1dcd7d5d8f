/* SPDX-License-Identifier: GPL-2.0 */
/* Seeded choices, the same on every machine */
#ifndef THPRACE_RNG_H
#define THPRACE_RNG_H

#include "util.h"

struct rng {
	u64 state;
};

u64 mix64(u64 a, u64 b);
void rng_seed(struct rng *rng, u64 seed, u64 round, u64 lane);
u64 rng_next(struct rng *rng);
u64 rng_below(struct rng *rng, u64 n);
u64 rng_fresh_seed(void);

#endif /* THPRACE_RNG_H */
