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

#include "compat/args.h"
#include "compat/sym.h"
#include "steer/points.h"
#include "steer/probe.h"
#include "steer/schedule.h"

/*
 * What the kernel has for a row.  @addr and @args are set at load; the rest is
 * guarded by point_lock, but handlers read it.
 */
static struct point {
	unsigned long addr;
	const char *why_not;	/* for good: no lane can be parked here */
	char args[112];		/* why no argument is read, or empty */
	bool placed;
	struct kprobe kp;
	struct kretprobe rp;
	unsigned int nr_returns;
} points[THPRACE_MAX_PHASES];

static DEFINE_MUTEX(point_lock);
static unsigned int nr_racing, nr_all;	/* point_lock */

static int enter(struct kprobe *kp, struct pt_regs *regs)
{
	unsigned int phase = container_of(kp, struct point, kp) - points;

	if (points[phase].args[0])
		regs = NULL;
	else if (thprace_phases[phase].racing)
		thprace_phases[phase].racing(regs);
	thprace_schedule_hit(phase, false, regs);
	return 0;
}

NOKPROBE_SYMBOL(enter);

static int returned(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	struct kretprobe *rp = thprace_kretprobe_of(ri);

	if (rp)
		thprace_schedule_hit(container_of(rp, struct point, rp) - points, true, NULL);
	return 0;
}

NOKPROBE_SYMBOL(returned);

/* Errors that the same function gives each time; after others it is tried again. */
static bool is_permanent(int err)
{
	return err == -EINVAL || err == -EILSEQ || err == -ENOENT || err == -ENODEV ||
	       err == -EOPNOTSUPP;
}

/* point_lock held. Return 0 also when none can be placed there for good. */
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
	if (ret && !is_permanent(ret)) {
		pr_info_ratelimited("thprace: no probe in %s just now: %d\n",
				    thprace_phases[phase].name, ret);
		return ret;
	}
	if (ret) {
		p->why_not = "no probe can be placed there";
		return 0;
	}
	if (!(p->kp.flags & KPROBE_FLAG_FTRACE)) {
		unregister_kprobe(&p->kp);
		p->why_not = "ftrace does not carry a probe there";
		return 0;
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
 * Where none can ever be placed its checks become unavailable, which is no error.
 *
 * Context: process context.
 * Return: 0, or an errno (-ENOMEM...) that may be another one next time.
 */
int thprace_phase_get_racing(void)
{
	unsigned int i;
	int ret = 0;

	mutex_lock(&point_lock);
	for (i = 0; i < thprace_nr_phases && !nr_racing && !ret; i++)
		if (thprace_phases[i].racing)
			ret = place(i);
	if (!ret)
		nr_racing++;
	else
		remove_unused();
	mutex_unlock(&point_lock);
	return ret;
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
 * Context: process context. Return: as thprace_phase_get_racing().
 */
int thprace_phase_get_all(void)
{
	unsigned int i;
	int ret = 0;

	mutex_lock(&point_lock);
	for (i = 0; i < thprace_nr_phases && !nr_all && !ret; i++)
		ret = place(i);
	if (!ret)
		nr_all++;
	else
		remove_unused();
	mutex_unlock(&point_lock);
	return ret;
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
 * Return: 0; -EOPNOTSUPP: no symbol, or return handlers run with a lock of
 * kprobes held and can't wait (before rethook); or another errno of the moment.
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
		ret = register_kretprobe(&p->rp);
		if (is_permanent(ret))
			ret = -EOPNOTSUPP;
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
 * thprace_phase_probed() - does a lock check see each entry of a function?
 * @name: of a phase; the probe may be that of another one
 */
bool thprace_phase_probed(const char *name)
{
	int phase = thprace_phase_find(name);
	unsigned int i;

	for (i = 0; phase >= 0 && i < thprace_nr_phases; i++)
		if (points[i].addr && points[i].addr == points[phase].addr &&
		    !points[i].args[0] && READ_ONCE(points[i].placed))
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

/**
 * thprace_phase_args_why_not() - why no argument of a phase is read
 * @phase: which
 *
 * Return: NULL if they are read, else a text that stays.
 */
const char *thprace_phase_args_why_not(unsigned int phase)
{
	return points[phase].args[0] ? points[phase].args : thprace_phase_why_not(phase);
}

/* Arguments that are dereferenced need a prototype; others are just compared. */
static const char *args_why_not(const struct thprace_phase *phase, const char *symbol)
{
	if (!phase->racing && !thprace_args_declared(symbol))
		return NULL;
	return thprace_args_why_not(symbol);
}

/* The function of a row, by the first of its names that the kernel has. */
static void find(unsigned int phase)
{
	const struct thprace_phase *row = &thprace_phases[phase];
	struct point *p = &points[phase];
	const char *symbol = NULL, *why;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(row->symbol) && row->symbol[i] && !p->addr; i++) {
		symbol = row->symbol[i];
		p->addr = thprace_sym_exact(symbol);
		why = args_why_not(row, symbol);
		if (!p->addr) {
			p->addr = thprace_sym_clone(symbol);
			why = "there is only a copy that gcc has changed";
		}
	}
	if (!p->addr) {
		snprintf(p->args, sizeof(p->args), "no %s symbol", row->symbol[0]);
		p->why_not = "no such function in this kernel (inlined or absent)";
	} else if (why) {
		snprintf(p->args, sizeof(p->args), "%s: %s", symbol, why);
	}
	/* of a kernel thread nothing is known then */
	if (row->kthread && p->args[0] && !p->why_not)
		p->why_not = p->args;
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
		find(i);
		for (j = 0; j < i && points[i].addr; j++)
			if (points[j].addr == points[i].addr)
				points[i].why_not = "the function of an earlier phase, here";
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
