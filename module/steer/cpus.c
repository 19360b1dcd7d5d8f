// SPDX-License-Identifier: GPL-2.0
/*
 * cpus.c - how many CPUs a schedule needs, and which lanes may use
 *
 * A parked lane keeps its CPU.  With too few of them the lane that is to run
 * would wait for a CPU, and look as if it waited for a lock.
 */
#include <linux/cpumask.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "compat/peek.h"
#include "steer/cpus.h"

/* Lanes that are parked at one time, and the one that runs then: the most of all steps. */
static unsigned int needed(const struct thprace_step *step, unsigned int nr)
{
	unsigned long parked = 0;
	unsigned int i, most = 0;

	for (i = 0; i < nr; i++) {
		__clear_bit(step[i].lane, &parked);
		most = max_t(unsigned int, most, hweight_long(parked) + 1);
		if (step[i].kind != THPRACE_STEP_END)
			__set_bit(step[i].lane, &parked);
	}
	return most;
}

static void usable(struct cpumask *mask)
{
	thprace_housekeeping_cpus(mask);
	cpumask_and(mask, mask, cpu_online_mask);
}

/**
 * thprace_cpus_suffice() - are there enough CPUs for a schedule?
 * @step: the steps
 * @nr: how many
 * @no: why not, or NULL
 *
 * Isolated CPUs and those without a tick are not used.
 *
 * Context: process context.
 * Return: 0, -EOPNOTSUPP, -ENOMEM.
 */
int thprace_cpus_suffice(const struct thprace_step *step, unsigned int nr,
			 struct thprace_refusal *no)
{
	unsigned int have, want = needed(step, nr);
	cpumask_var_t mask;

	if (!alloc_cpumask_var(&mask, GFP_KERNEL))
		return -ENOMEM;
	usable(mask);
	have = cpumask_weight(mask);
	free_cpumask_var(mask);
	if (want <= have)
		return 0;
	return thprace_refuse(no, -EOPNOTSUPP,
			      "the schedule needs %u CPUs (%u parked lanes and one that runs), there are %u online that are neither isolated nor nohz_full",
			      want, want - 1, have);
}

/* Lanes in the order in which a line names them; one that is in no step comes last. */
static unsigned int rank_of(const struct thprace_spec *spec, unsigned int lane)
{
	unsigned long named = 0;
	unsigned int i;

	for (i = 0; i < spec->nr_steps; i++) {
		if (spec->step[i].lane == lane)
			break;
		__set_bit(spec->step[i].lane, &named);
	}
	return i == spec->nr_steps ? hweight_long(named) + lane : hweight_long(named);
}

/**
 * thprace_cpus_place() - choose the CPU of a lane's kernel thread
 * @task: that has not run yet
 * @spec: of the race
 * @lane: which lane it is
 *
 * One CPU each while there are enough, in turn; but a lane of a schedule may go
 * to any once there are not, since a parked one keeps its own.
 *
 * Context: process context.
 */
void thprace_cpus_place(struct task_struct *task, const struct thprace_spec *spec,
			unsigned int lane)
{
	unsigned int rank = spec->steer == THPRACE_STEER_SCHEDULE ? rank_of(spec, lane) : lane;
	unsigned int cpu, have;
	cpumask_var_t mask;

	/* with no memory for a mask the scheduler chooses */
	if (!alloc_cpumask_var(&mask, GFP_KERNEL))
		return;
	usable(mask);
	have = cpumask_weight(mask);
	if (!have)
		cpumask_copy(mask, cpu_online_mask);
	if (spec->steer == THPRACE_STEER_NONE)
		rank %= max(have, 1U);
	if (rank < have) {
		for_each_cpu(cpu, mask)
			if (!rank--)
				break;
		cpumask_clear(mask);
		cpumask_set_cpu(cpu, mask);
	}
	set_cpus_allowed_ptr(task, mask);
	free_cpumask_var(mask);
}
