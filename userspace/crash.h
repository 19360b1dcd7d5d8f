/* SPDX-License-Identifier: GPL-2.0 */
/* Fatal signals: caught, and judged */
#ifndef THPRACE_CRASH_H
#define THPRACE_CRASH_H

#include <setjmp.h>
#include <signal.h>

#include "run.h"

enum crash_kind {
	CRASH_LOST,			/* memory that must be there */
	CRASH_SENT,			/* by somebody, not by a fault */
	CRASH_HARDWARE,
	CRASH_OURS,			/* a bug of this program, as far as can be told */
};

void crash_catch(struct run *run);
void crash_thread(unsigned int lane);
void crash_expect(sigjmp_buf *way_out);
void crash_expect_bus(sigjmp_buf *way_out);
void crash_signal(int sig, siginfo_t *info, void *context);
enum crash_kind crash_judge(const struct crash *crash);
bool crash_is_fatal(int sig);

#endif /* THPRACE_CRASH_H */
