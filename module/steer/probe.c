// SPDX-License-Identifier: GPL-2.0
/*
 * probe.c - places the probes of the table of points
 *
 * Probes are placed for the first user and removed with the last.  Only probes
 * that ftrace carries are used: in an int3 probe interrupts are off, and to
 * wait there would hold up TLB flushes.
 */
#include <linux/kprobes.h>
#include <linux/mutex.h>

#include "compat/sym.h"
#include "steer/points.h"
#include "steer/probe.h"
#include "steer/schedule.h"

/* What the kernel has for a row; all guarded by point_lock but the handlers' reads. */
static struct point {
	unsigned long addr;
	const char *why_not;
	bool placed;
	bool needed;		/* by a racing check */
	struct kprobe kp;
	struct kretprobe rp;
	unsigned int nr_returns;
} points[THPRACE_MAX_PHASES];

static DEFINE_MUTEX(point_lock);
static unsigned int nr_racing, nr_all;	/* point_lock */

static int enter(struct kprobe *kp, struct pt_regs *regs)
{
	unsigned int phase = container_of(kp, struct point, kp) - points;

	if (thprace_phases[phase].racing)
		thprace_phases[phase].racing(regs);
	thprace_schedule_hit(phase, false, regs);
	return 0;
}

NOKPROBE_SYMBOL(enter);

static int returned(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	struct kretprobe *rp = thprace_kretprobe_of(ri);

	if (rp)
		thprace_schedule_hit(container_of(rp, struct point, rp) - points, true, regs);
	return 0;
}

NOKPROBE_SYMBOL(returned);

static int place(unsigned int phase)
{
	struct point *p = &points[phase];
	int ret;

	if (p->placed || p->why_not)
		return 0;
	memset(&p->kp, 0, sizeof(p->kp));
	p->kp.addr = (kprobe_opcode_t *)p->addr;
	p->kp.pre_handler = enter;
	ret = register_kprobe(&p->kp);
	if (ret) {
		p->why_not = "no probe can be placed there";
		return ret;
	}
	if (!(p->kp.flags & KPROBE_FLAG_FTRACE)) {
		unregister_kprobe(&p->kp);
		p->why_not = "ftrace does not carry a probe there";
		return -EOPNOTSUPP;
	}
	p->placed = true;
	return 0;
}

/* point_lock held: take out what nobody uses any more, in one grace period. */
static void remove_unused(void)
{
	static struct kprobe *unused[THPRACE_MAX_PHASES];	/* point_lock */
	unsigned int i, nr = 0;

	for (i = 0; i < thprace_nr_phases && !nr_all; i++) {
		if (!points[i].placed || (nr_racing && thprace_phases[i].racing))
			continue;
		unused[nr++] = &points[i].kp;
		points[i].placed = false;
	}
	if (nr)
		unregister_kprobes(unused, nr);
}

/**
 * thprace_phase_get_racing() - place the probes of the racing checks
 *
 * A probe that can't be placed makes its checks unavailable, no error.
 *
 * Context: process context. Return: 0.
 */
int thprace_phase_get_racing(void)
{
	unsigned int i;

	mutex_lock(&point_lock);
	if (!nr_racing++)
		for (i = 0; i < thprace_nr_phases; i++)
			if (thprace_phases[i].racing)
				place(i);
	mutex_unlock(&point_lock);
	return 0;
}

/**
 * thprace_phase_put_racing() - undo it
 *
 * Context: process context.
 */
void thprace_phase_put_racing(void)
{
	mutex_lock(&point_lock);
	nr_racing--;
	remove_unused();
	mutex_unlock(&point_lock);
}

/**
 * thprace_phase_get_all() - place the probes of all phases
 *
 * Context: process context. Return: 0.
 */
int thprace_phase_get_all(void)
{
	unsigned int i;

	mutex_lock(&point_lock);
	if (!nr_all++)
		for (i = 0; i < thprace_nr_phases; i++)
			place(i);
	mutex_unlock(&point_lock);
	return 0;
}

/**
 * thprace_phase_put_all() - undo it
 *
 * Context: process context.
 */
void thprace_phase_put_all(void)
{
	mutex_lock(&point_lock);
	nr_all--;
	remove_unused();
	mutex_unlock(&point_lock);
}

/**
 * thprace_phase_has_returns() - can lanes be parked at returns on this kernel?
 */
bool thprace_phase_has_returns(void)
{
	return THPRACE_RETURNS_CAN_WAIT;
}

/**
 * thprace_phase_get_return() - place a probe at the return of a phase
 * @phase: which
 *
 * Context: process context.
 * Return: 0, or -EOPNOTSUPP (no symbol; or, before rethook, return handlers
 * run with a lock of kprobes held and can't wait).
 */
int thprace_phase_get_return(unsigned int phase)
{
	struct point *p = &points[phase];
	int ret = 0;

	if (!THPRACE_RETURNS_CAN_WAIT)
		return -EOPNOTSUPP;
	mutex_lock(&point_lock);
	if (p->why_not) {
		ret = -EOPNOTSUPP;
	} else if (!p->nr_returns) {
		memset(&p->rp, 0, sizeof(p->rp));
		p->rp.kp.addr = (kprobe_opcode_t *)p->addr;
		p->rp.handler = returned;
		p->rp.maxactive = 64;
		ret = register_kretprobe(&p->rp) ? -EOPNOTSUPP : 0;
	}
	if (!ret)
		p->nr_returns++;
	mutex_unlock(&point_lock);
	return ret;
}

/**
 * thprace_phase_put_return() - undo it
 * @phase: which
 *
 * Context: process context.
 */
void thprace_phase_put_return(unsigned int phase)
{
	mutex_lock(&point_lock);
	if (!--points[phase].nr_returns)
		unregister_kretprobe(&points[phase].rp);
	mutex_unlock(&point_lock);
}

/**
 * thprace_phase_missed() - how often a racing check's probe was passed unseen
 *
 * As kprobes count it; of the probes that are placed now.
 */
u64 thprace_phase_missed(void)
{
	unsigned int i;
	u64 sum = 0;

	for (i = 0; i < thprace_nr_phases; i++)
		if (thprace_phases[i].racing && READ_ONCE(points[i].placed))
			sum += READ_ONCE(points[i].kp.nmissed);
	return sum;
}

/**
 * thprace_phase_probed() - is a probe placed there, be it for another phase?
 * @name: as in schedules
 */
bool thprace_phase_probed(const char *name)
{
	int phase = thprace_phase_find(name);
	unsigned int i;

	for (i = 0; phase >= 0 && i < thprace_nr_phases; i++)
		if (points[i].addr && points[i].addr == points[phase].addr &&
		    READ_ONCE(points[i].placed))
			return true;
	return false;
}

/**
 * thprace_phase_why_not() - why a phase can't be steered to on this kernel
 * @phase: which
 *
 * Return: NULL if it can, else a static text.
 */
const char *thprace_phase_why_not(unsigned int phase)
{
	return READ_ONCE(points[phase].why_not);
}

/* A clone has other arguments: there must be none where one is followed. */
static unsigned long find(const struct thprace_phase *phase, const char *symbol)
{
	bool exact = phase->about == THPRACE_ABOUT_VMA_ADDR ||
		     phase->about == THPRACE_ABOUT_VMA;

	return exact ? thprace_sym_exact(symbol) : thprace_sym_lookup(symbol);
}

/**
 * thprace_phase_init() - find the functions; no probe is placed yet
 *
 * Context: module load. Return: 0.
 */
int thprace_phase_init(void)
{
	unsigned int i, j;

	for (i = 0; i < thprace_nr_phases; i++) {
		for (j = 0; j < ARRAY_SIZE(thprace_phases[i].symbol) && !points[i].addr; j++)
			if (thprace_phases[i].symbol[j])
				points[i].addr = find(&thprace_phases[i],
						      thprace_phases[i].symbol[j]);
		if (!points[i].addr)
			points[i].why_not = "no such function in this kernel (inlined or absent)";
		for (j = 0; j < i && points[i].addr; j++)
			if (points[j].addr == points[i].addr)
				points[i].why_not = "the function of an earlier phase, here";
#ifndef CONFIG_KPROBES_ON_FTRACE
		points[i].why_not = "the kernel has no CONFIG_KPROBES_ON_FTRACE";
#endif
	}
	return 0;
}

/**
 * thprace_phase_exit() - nothing is placed any more: all users are gone
 */
void thprace_phase_exit(void)
{
	WARN_ON(nr_racing || nr_all);
}
