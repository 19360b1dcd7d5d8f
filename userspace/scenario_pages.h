/* SPDX-License-Identifier: GPL-2.0 */
/* Reclaim and migration, for several scenarios */
#ifndef THPRACE_SCENARIO_PAGES_H
#define THPRACE_SCENARIO_PAGES_H

#include "run.h"
#include "touch.h"

const char *pageout_why_not(void);
extern const struct touch pageout_touches[];
const char *migrate_why_not(void);
enum act_result migrate_act(struct run *run, struct lane *lane, unsigned int thp);

#endif /* THPRACE_SCENARIO_PAGES_H */
