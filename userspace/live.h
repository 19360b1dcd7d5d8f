/* SPDX-License-Identifier: GPL-2.0 */
/* The report on disk while the run goes on */
#ifndef THPRACE_LIVE_H
#define THPRACE_LIVE_H

#include "report.h"

int live_begin(struct report *rep);
void live_write(void);
void live_by_main(void);
bool live_wanted(struct report *rep);
void live_last_words(void);

#endif /* THPRACE_LIVE_H */
