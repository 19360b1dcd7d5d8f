/* SPDX-License-Identifier: GPL-2.0 */
/* The race of a batch */
#ifndef THPRACE_ROUND_H
#define THPRACE_ROUND_H

#include "run.h"

int race_batch(struct run *run);

#endif /* THPRACE_ROUND_H */
