/* SPDX-License-Identifier: GPL-2.0 */
/* Random schedules over the phases that apply */
#ifndef THPRACE_STEER_H
#define THPRACE_STEER_H

#include "rng.h"
#include "scenario.h"

bool steer_draw(const struct scenario *sc, struct rng *rng, char *buf, size_t size);
struct uop;

bool steer_draw_pair(const struct uop *b, const struct uop *c, struct rng *rng, char *buf,
		     size_t size);
bool steer_draw_third(const struct scenario *sc, struct rng *rng, char *buf, size_t size);

#endif /* THPRACE_STEER_H */
