/* SPDX-License-Identifier: GPL-2.0 */
/* kthread.h - what all kernel threads of the module do */
#ifndef THPRACE_KTHREAD_H
#define THPRACE_KTHREAD_H

#include <linux/kthread.h>
#include <linux/sched.h>

/* kthread_stop() must find the thread alive, and the module's text with it. */
static inline int thprace_wait_for_stop(void)
{
	set_current_state(TASK_IDLE);
	while (!kthread_should_stop()) {
		schedule();
		set_current_state(TASK_IDLE);
	}
	__set_current_state(TASK_RUNNING);
	return 0;
}

#endif /* THPRACE_KTHREAD_H */
