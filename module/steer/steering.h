/* SPDX-License-Identifier: GPL-2.0 */
/* steering.h - the state of a session's schedule; for schedule.c and blocked.c */
#ifndef THPRACE_STEERING_H
#define THPRACE_STEERING_H

#include "steer/points.h"
#include "steer/schedule.h"
#include "steer/section.h"

/* The longest wait for one step. */
#define MAX_BOUND_NS	(200 * NSEC_PER_MSEC)

/**
 * struct steer_lane - a lane of an armed round
 * @task: referenced; whose way is followed
 * @mm: mm_count held, so that its lock can be looked at
 * @addr: huge page that it is to work on, or 0
 * @helper: @task does the work of the lane, which waits for it
 * @at_work: the helper has been seen doing it
 * @entered: its task has called go
 * @started: go has let it begin
 * @ended: its op has ended
 * @parked: it spins at the entry (or return) of @last
 * @waiting: task that sleeps in go, or NULL
 * @last: phase that it entered last
 * @asleep_ns: since when it was seen waiting, or 0
 * @hits: entries of each phase
 * @returns: returns from each phase
 * @section: what it does under an anon_vma rwsem
 */
struct steer_lane {
	struct task_struct *task;
	struct mm_struct *mm;
	unsigned long addr;
	bool helper, at_work;
	bool entered, started, ended, parked;
	struct task_struct *waiting;
	unsigned int last;
	u64 asleep_ns;
	u32 hits[THPRACE_MAX_PHASES];
	u32 returns[THPRACE_MAX_PHASES];
	struct thprace_section section;
};

/**
 * struct thprace_steering - the schedule of a session
 * @lock: guards all of it; waiting lanes read @armed, @open and @cur without
 * @armed: a round is on
 * @open: all lanes have entered, or were waited for long enough: steps count
 * @nr: steps
 * @cur: the current one
 * @begun_ns: when the current step began, or while not @open the first lane entered
 * @bound_ns: of a step
 * @arrival_ns: of the wait for lanes
 * @phase: of each step, or -1
 * @result: of each step
 * @lane: the lanes
 * @parked: how many
 * @returns: bitmap of return probes in use
 * @epoch: when it was armed: once thprace was switched off it is dead
 * @clashed: two lanes were where one may be; reported once in a round
 * @brief: of a grid: a miss ends the schedule
 */
struct thprace_steering {
	raw_spinlock_t lock;
	bool armed, open;
	unsigned int nr, cur;
	u64 begun_ns, bound_ns, arrival_ns;
	int phase[THPRACE_MAX_STEPS];
	struct thprace_step_result result[THPRACE_MAX_STEPS];
	struct steer_lane lane[THPRACE_MAX_LANES];
	atomic_t parked;
	u64 returns;
	unsigned int epoch;
	bool clashed, brief;
};

void thprace_schedule_wake(struct thprace_steering *st);
void thprace_schedule_advance(struct thprace_steering *st);
bool thprace_blocked_asleep(const struct steer_lane *l);
const char *thprace_blocked_rwsem(const struct thprace_steering *st, unsigned int lane);
const char *thprace_blocked_other(const struct thprace_steering *st, unsigned int lane);

#endif /* THPRACE_STEERING_H */
