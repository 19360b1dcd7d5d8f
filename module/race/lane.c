// SPDX-License-Identifier: GPL-2.0
/*
 * lane.c - a task enters a round as a lane, and leaves it
 *
 * Called for user lanes by the commands go and done, for kernel threads by
 * race.c.
 */
#include <linux/ktime.h>
#include <linux/sched/task.h>

#include "race/lane.h"
#include "steer/schedule.h"

/**
 * thprace_lane_go() - a task begins its op as a lane
 * @s: the session
 * @lane: 0..THPRACE_MAX_LANES-1
 * @task: the task; referenced until the lanes are cleared
 * @op: what it does
 * @addr: huge page it acts on, 0 = not told
 * @helper: referenced; the task that does the lane's work, or NULL: @task itself
 * @no: why not, or NULL
 *
 * Context: process context; takes arm_lock for read, and not while it waits.
 * Return: 0, -EBUSY (the lane is another task's or active, has too many
 * intervals in this round, or the helper is a lane), -EINTR (killed); then
 * nothing has changed.
 */
int thprace_lane_go(struct thprace_session *s, unsigned int lane,
		    struct task_struct *task, enum thprace_op op,
		    unsigned long addr, struct task_struct *helper,
		    struct thprace_refusal *no)
{
	struct thprace_lane *l = &s->lane[lane];
	bool first = false;
	const char *why;
	int ret = 0;

	if (down_read_killable(&s->arm_lock))
		return -EINTR;
	spin_lock(&s->lock);
	/* while kernel threads race, no other lane may come in between */
	why = s->racing && !(task->flags & PF_KTHREAD) ? "a race of this session runs" :
	      l->task && l->task != task ? "the lane is another task's; arm begins a new round" :
	      l->active ? "the lane is between go and done" :
	      l->nr_spans == THPRACE_MAX_SPANS ? "the lane has no room for more ops in this round" :
	      NULL;
	if (why) {
		ret = thprace_refuse(no, -EBUSY, "%s", why);
	} else {
		first = !l->task;
		if (first) {
			get_task_struct(task);
			l->task = task;
		}
		l->op = op;
		l->active = true;
		memset(&l->span[l->nr_spans], 0, sizeof(l->span[0]));
		l->span[l->nr_spans].addr = addr;
		l->span[l->nr_spans].op = op;
	}
	spin_unlock(&s->lock);
	if (ret)
		goto out;
	if (helper)
		ret = thprace_schedule_helper(s, lane, helper);
	if (ret)
		thprace_refuse(no, ret, "task %d is a lane already", helper->pid);
	if (!ret)
		thprace_schedule_enter(s, lane, helper);
	spin_lock(&s->lock);
	if (!ret) {
		s->op_asked |= BIT_ULL(op);
	} else {
		l->active = false;
		if (first)
			l->task = NULL;
	}
	spin_unlock(&s->lock);
out:
	up_read(&s->arm_lock);
	if (!ret) {
		thprace_schedule_go(s, lane);
		WRITE_ONCE(l->span[l->nr_spans].t0_ns, ktime_get_ns());
	} else if (first) {
		put_task_struct(task);
	}
	return ret;
}

/**
 * thprace_lane_pages() - tell which pages of its huge page a lane is about
 * @s: the session
 * @lane: which; its op runs
 * @first: page
 * @nr: pages
 * @every_other: of these
 *
 * Context: process context; the lane's own task.
 */
void thprace_lane_pages(struct thprace_session *s, unsigned int lane, unsigned int first,
			unsigned int nr, bool every_other)
{
	struct thprace_lane *l = &s->lane[lane];
	struct thprace_span *span = &l->span[l->nr_spans];

	spin_lock(&s->lock);
	span->first = first;
	span->nr = nr;
	span->every_other = every_other;
	spin_unlock(&s->lock);
}

/**
 * thprace_lane_done() - it ended
 * @s: the session
 * @lane: as given to thprace_lane_go()
 * @result: how
 * @err: errno of what has failed, positive, or 0
 *
 * Context: process context; the lane's own task. Return: 0 or -EINVAL.
 */
int thprace_lane_done(struct thprace_session *s, unsigned int lane,
		      enum thprace_result result, unsigned int err)
{
	struct thprace_lane *l = &s->lane[lane];
	u64 now = ktime_get_ns(), took;
	unsigned int op;

	if (!l->active || l->task != current)
		return -EINVAL;
	thprace_schedule_done(s, lane);
	spin_lock(&s->lock);
	op = l->op;
	l->span[l->nr_spans].t1_ns = now;
	l->span[l->nr_spans].result = result;
	l->span[l->nr_spans].err = err;
	took = now - l->span[l->nr_spans].t0_ns;
	l->nr_spans++;
	l->active = false;
	if (!thprace_schedule_active(s))
		s->op_ewma_ns[op] = s->op_ewma_ns[op] ?
			(7 * s->op_ewma_ns[op] + took) / 8 : took;
	spin_unlock(&s->lock);
	thprace_session_count_op(s, op, result, took);
	return 0;
}
