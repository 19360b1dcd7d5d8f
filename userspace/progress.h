/* SPDX-License-Identifier: GPL-2.0 */
/* One line on the state of a run, now and then */
#ifndef THPRACE_PROGRESS_H
#define THPRACE_PROGRESS_H

#include "run.h"

void progress(struct run *run, bool force);
void progress_end(void);

#endif /* THPRACE_PROGRESS_H */
