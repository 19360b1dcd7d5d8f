/* SPDX-License-Identifier: GPL-2.0 */
/* Complaints of the kernel while it is raced */
#ifndef THPRACE_WATCH_H
#define THPRACE_WATCH_H

#include "util.h"

#define LOG_LINES	64
#define LOG_WIDTH	160

struct complaint {
	char got[40];			/* which counter, or "kernel log" */
	char line[LOG_WIDTH];
	bool oops;			/* a task has died of it */
};

/* The kernel log from the first complaint on; in shared memory. */
struct kernel_log {
	u32 nr;
	char line[LOG_LINES][LOG_WIDTH];
};

int watch_begin(void);
const char *watch_why_not(void);
bool watch_oopsed(void);
bool watch_look(struct complaint *c);
const struct kernel_log *watch_log(void);
bool watch_is_complaint(const char *text);
const char *watch_message(char *record);
u64 watch_oom_kills(void);

#endif /* THPRACE_WATCH_H */
