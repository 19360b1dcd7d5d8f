/* SPDX-License-Identifier: GPL-2.0 */
/* One line on the state of a run, now and then */
#ifndef THPRACE_PROGRESS_H
#define THPRACE_PROGRESS_H

#include "run.h"

void progress(struct run *run, bool force);
bool progress_due(u64 last_ns);
void progress_line(const char *text);
void progress_end(void);

#endif /* THPRACE_PROGRESS_H */
