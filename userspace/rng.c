// SPDX-License-Identifier: GPL-2.0
/*
 * Seeded choices
 *
 * splitmix64, keyed by seed, round and lane, so that a lane's choices do not
 * depend on what other lanes do.
 */
#include <time.h>
#include <unistd.h>

#include "rng.h"
#include "run.h"
#include "util.h"

static u64 finalize(u64 z)
{
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

/**
 * mix64() - one well mixed value of two
 * @a: any value
 * @b: any value
 */
u64 mix64(u64 a, u64 b)
{
	return finalize(finalize(a + 0x9e3779b97f4a7c15ULL) ^ b);
}

/**
 * rng_seed() - start the sequence of one lane in one round
 * @rng: to be set up
 * @seed: the run's seed
 * @round: round number
 * @lane: lane number
 */
void rng_seed(struct rng *rng, u64 seed, u64 round, u64 lane)
{
	rng->state = mix64(mix64(seed, round), lane);
}

u64 rng_next(struct rng *rng)
{
	rng->state += 0x9e3779b97f4a7c15ULL;
	return finalize(rng->state);
}

/**
 * rng_below() - a value from 0 to @n - 1
 * @rng: the sequence
 * @n: bound, > 0
 */
u64 rng_below(struct rng *rng, u64 n)
{
	return rng_next(rng) % n;
}

/**
 * rng_fresh_seed() - a seed for a run that was given none
 *
 * 48 bits, so that every JSON reader keeps it exactly.
 */
u64 rng_fresh_seed(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return mix64(ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec, getpid()) >> 16;
}
