/* SPDX-License-Identifier: GPL-2.0 */
/* stop.h - what ends a command before its work is done */
#ifndef THPRACE_STOP_H
#define THPRACE_STOP_H

#include <linux/types.h>

struct completion;
struct mm_struct;
struct pid;

/**
 * struct thprace_stop - what ends a command early
 * @mm:		mms that the command works on, @nr of them
 * @pid:	the process that each was found in
 * @any_signal:	every signal of the writer ends it, not only a fatal one
 */
struct thprace_stop {
	struct mm_struct **mm;
	struct pid **pid;
	unsigned int nr;
	bool any_signal;
};

int thprace_stopped(const struct thprace_stop *stop);
int thprace_stopped_arg(void *stop);
int thprace_stop_wait(const struct thprace_stop *stop, struct completion *done);

#endif /* THPRACE_STOP_H */
