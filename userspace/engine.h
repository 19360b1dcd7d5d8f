/* SPDX-License-Identifier: GPL-2.0 */
/* The batches of a scenario */
#ifndef THPRACE_ENGINE_H
#define THPRACE_ENGINE_H

#include "run.h"

int engine_run(struct run *run);
bool engine_enough(const struct scenario *sc, const struct options *opt, const struct tally *t);

#endif /* THPRACE_ENGINE_H */
