/* SPDX-License-Identifier: GPL-2.0 */
/* How long a kernel thread is waited for, as measured so far */
#ifndef THPRACE_PATIENCE_H
#define THPRACE_PATIENCE_H

#include "util.h"

struct patience {
	u64 limit_ns;			/* of the next wait; 0: nothing is known yet */
};

u64 patience_limit(const struct patience *p);
void patience_note(struct patience *p, u64 waited_ns, bool in_time);

#endif /* THPRACE_PATIENCE_H */
