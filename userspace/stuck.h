/* SPDX-License-Identifier: GPL-2.0 */
/* A scenario that gets on no more */
#ifndef THPRACE_STUCK_H
#define THPRACE_STUCK_H

#include "run.h"

struct stuck {
	u64 beat_ns, found_ns;
	unsigned int looks;
	struct tally *tally;		/* violations that were found, or NULL */
};

void stuck_beat(struct result *res);
bool stuck_look(const struct run *run, pid_t pid, struct stuck *look);
void stuck_add(struct result *res, struct stuck *look);

#endif /* THPRACE_STUCK_H */
