/* SPDX-License-Identifier: GPL-2.0 */
/* rng.h - seeded choices */
#ifndef THPRACE_RNG_H
#define THPRACE_RNG_H

#include <linux/types.h>

/* splitmix64: one draw */
static inline u64 thprace_draw(u64 *state)
{
	u64 z = (*state += 0x9e3779b97f4a7c15ULL);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

#endif /* THPRACE_RNG_H */
