/* SPDX-License-Identifier: GPL-2.0 */
/* A recorded run again, and the program of a storm reduced */
#ifndef THPRACE_REPLAY_H
#define THPRACE_REPLAY_H

#include "report.h"

int options_from_json(const char *path, struct options *opt);
int reduce_program(struct report *rep, struct options *opt, unsigned int tries);

#endif /* THPRACE_REPLAY_H */
