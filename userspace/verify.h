/* SPDX-License-Identifier: GPL-2.0 */
/* What must be in the pages after a round */
#ifndef THPRACE_VERIFY_H
#define THPRACE_VERIFY_H

#include "run.h"

void verify_thp(struct run *run, struct lane *lane, unsigned int thp, bool all);
void content_violation(struct run *run, struct lane *lane, const struct mismatch *bad,
		       const char *what);

#endif /* THPRACE_VERIFY_H */
