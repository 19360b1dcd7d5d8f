// SPDX-License-Identifier: GPL-2.0
/*
 * stop.c - has a command to end before its work is done?
 *
 * Every loop over huge pages asks once for each of them.
 */
#include <linux/completion.h>
#include <linux/jiffies.h>
#include <linux/pid.h>
#include <linux/sched/signal.h>

#include "state/off.h"
#include "state/stop.h"

/* How often the processes are looked at during a wait. */
#define LOOK_MS		50

/*
 * A command keeps the mms of its processes alive: one that is killed, or that
 * calls exec, waits for the command to give its memory back.
 */
static bool process_left(const struct thprace_stop *stop)
{
	bool left = false;
	unsigned int i;

	rcu_read_lock();
	for (i = 0; i < stop->nr && !left; i++) {
		struct task_struct *task = pid_task(stop->pid[i], PIDTYPE_PID);

		left = !task || fatal_signal_pending(task) ||
		       READ_ONCE(task->mm) != stop->mm[i];
	}
	rcu_read_unlock();
	return left;
}

static bool signalled(const struct thprace_stop *stop)
{
	return stop && stop->any_signal ? signal_pending(current) :
					  fatal_signal_pending(current);
}

/**
 * thprace_stopped() - has the command to end now?
 * @stop: what ends it; NULL: only a fatal signal
 *
 * Context: process context.
 * Return: 0, -EINTR (a signal), -EBUSY (thprace was switched off), or -ESRCH (a
 * process has left its mm).
 */
int thprace_stopped(const struct thprace_stop *stop)
{
	if (signalled(stop))
		return -EINTR;
	if (thprace_is_off())
		return -EBUSY;
	return stop && process_left(stop) ? -ESRCH : 0;
}

/**
 * thprace_stopped_arg() - the same as a callback
 * @stop: a struct thprace_stop
 *
 * Context: process context. Return: as thprace_stopped().
 */
int thprace_stopped_arg(void *stop)
{
	return thprace_stopped(stop);
}

/**
 * thprace_stop_wait() - wait for another thread's work, or for a reason to stop
 * @stop: what ends it
 * @done: completed by that thread
 *
 * Context: process context, sleeps.
 * Return: 0 (@done), or as thprace_stopped() (not done yet).
 */
int thprace_stop_wait(const struct thprace_stop *stop, struct completion *done)
{
	unsigned long timeout = msecs_to_jiffies(LOOK_MS);

	for (;;) {
		long left = stop->any_signal ?
			wait_for_completion_interruptible_timeout(done, timeout) :
			wait_for_completion_killable_timeout(done, timeout);
		int ret;

		if (left > 0)
			return 0;
		ret = thprace_stopped(stop);
		if (ret)
			return ret;
	}
}
