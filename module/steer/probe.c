// SPDX-License-Identifier: GPL-2.0
/*
 * probe.c - places the probes of the table of points
 *
 * Entries are seen by two ftrace_ops, for the rows with a racing check and for
 * the others.  The addresses of each are known from load on, so placing or
 * removing all of them is one update of the kernel's text.  They are placed for
 * the first user, and removed some time after the last one has gone: sessions
 * often follow each other, and each update interrupts all CPUs.  Returns are seen
 * by kretprobes.
 *
 * No function is in both, so ftrace calls each ops by a trampoline of its own,
 * with the preemption of the function's caller; and by its list function, with
 * preemption off, where somebody else traces the same function.  A handler does
 * its work with preemption off, which makes it an RCU reader, and only parks with
 * that of the caller.  It must not sleep: unregistering waits for tasks that are
 * preempted on a trampoline, but not for those that sleep there.
 */
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/sort.h>
#include <linux/workqueue.h>

#include "compat/args.h"
#include "compat/ftrace.h"
#include "compat/sym.h"
#include "state/off.h"
#include "steer/chance.h"
#include "steer/points.h"
#include "steer/probe.h"
#include "steer/schedule.h"

/*
 * What the kernel has for a row.  @addr, @ip and @args are set at load; the rest
 * is guarded by point_lock.
 */
static struct point {
	unsigned long addr;
	unsigned long ip;	/* that a handler is given: behind an ENDBR */
	const char *why_not;	/* for good: no lane can be parked here */
	char args[112];		/* why no argument is read, or empty */
	struct kretprobe rp;
	unsigned int nr_returns;
} points[THPRACE_MAX_PHASES];

/* The rows that have a probe, by address; set at load. */
static struct {
	unsigned long ip;
	unsigned int phase;
} by_ip[THPRACE_MAX_PHASES];
static unsigned int nr_by_ip;

static void entered(unsigned long ip, unsigned long parent_ip, struct ftrace_ops *ops,
		    struct ftrace_regs *fregs);

#define SET_OPS	{							\
	.func = entered,						\
	/* PERMANENT: ftrace can't be switched off while we rely on it */ \
	.flags = FTRACE_OPS_FL_SAVE_ARGS | FTRACE_OPS_FL_PERMANENT |	\
		 THPRACE_FTRACE_FL_GUARDED,				\
}

enum { RACING, OTHERS, NR_SETS };

/**
 * struct probe_set - probes that come and go together
 * @ops: its filter is set at load, and never empty while it is registered
 * @nr: addresses in the filter
 * @users: who needs it
 * @placed: it is registered
 * @dead: it can't be
 */
struct probe_set {
	struct ftrace_ops ops;
	unsigned int nr, users;
	bool placed, dead;
};

static struct probe_set sets[NR_SETS] = { { .ops = SET_OPS }, { .ops = SET_OPS } };

static DEFINE_MUTEX(point_lock);

#define UNUSED_JIFFIES	(10 * HZ)	/* that probes stay without a user */
static void remove_unused(struct work_struct *work);
static DECLARE_DELAYED_WORK(removal, remove_unused);

static DEFINE_PER_CPU(unsigned int, inside);	/* contexts in which a handler runs */
static DEFINE_PER_CPU(unsigned long, missed);	/* entries at which racing checks were not made */

static struct probe_set *set_of(unsigned int phase)
{
	return &sets[thprace_phases[phase].racing ? RACING : OTHERS];
}

static unsigned int phase_at(unsigned long ip)
{
	unsigned int low = 0, high = nr_by_ip, mid;

	while (high - low > 1) {
		mid = (low + high) / 2;
		if (by_ip[mid].ip <= ip)
			low = mid;
		else
			high = mid;
	}
	return by_ip[low].phase;
}

NOKPROBE_SYMBOL(phase_at);

/* Preemption off. A bit for where current code runs: task, softirq, interrupt or NMI. */
static unsigned int context(void)
{
	unsigned long count = preempt_count();

	return count & NMI_MASK ? 8 : count & HARDIRQ_MASK ? 4 : count & SOFTIRQ_OFFSET ? 2 : 1;
}

/*
 * Nothing that a handler calls has a probe, tracepoints included.  Should it once
 * be otherwise, what it comes to within itself is missed, not a deadlock.
 */
static void entered(unsigned long ip, unsigned long parent_ip, struct ftrace_ops *ops,
		    struct ftrace_regs *fregs)
{
	unsigned int phase = phase_at(ip), bit;
	struct thprace_spot spot;
	bool park = false;

	preempt_disable_notrace();
	bit = context();
	if ((this_cpu_read(inside) & bit) || thprace_is_off()) {
		if (thprace_phases[phase].racing)
			this_cpu_inc(missed);
	} else {
		this_cpu_or(inside, bit);
		if (points[phase].args[0])
			fregs = NULL;
		else if (thprace_phases[phase].racing)
			thprace_phases[phase].racing(fregs);
		thprace_chance_hit(phase, fregs);
		park = thprace_schedule_hit(phase, false, fregs, &spot);
		this_cpu_and(inside, ~bit);
	}
	preempt_enable_notrace();
	if (park)
		thprace_schedule_park(&spot);
}

NOKPROBE_SYMBOL(entered);

/* Preemption is off. */
static int returned(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	struct kretprobe *rp = thprace_kretprobe_of(ri);
	struct thprace_spot spot;

	if (rp && !thprace_is_off() &&
	    thprace_schedule_hit(container_of(rp, struct point, rp) - points, true, NULL, &spot))
		thprace_schedule_park(&spot);
	return 0;
}

NOKPROBE_SYMBOL(returned);

/* Errors that come each time; after others it is tried again. */
static bool is_permanent(int err)
{
	return err == -EINVAL || err == -EILSEQ || err == -ENOENT || err == -ENODEV ||
	       err == -EOPNOTSUPP;
}

/* point_lock held. Return 0 also when none can be placed for good. */
static int place(struct probe_set *set)
{
	unsigned int i;
	int ret;

	if (set->placed || set->dead || !set->nr)
		return 0;
	ret = register_ftrace_function(&set->ops);
	if (!ret) {
		WRITE_ONCE(set->placed, true);
	} else if (is_permanent(ret)) {
		set->dead = true;
		for (i = 0; i < nr_by_ip; i++)
			if (set_of(by_ip[i].phase) == set)
				points[by_ip[i].phase].why_not = "no probe can be placed there";
		ret = 0;
	} else {
		pr_info_ratelimited("thprace: no probes just now: %d\n", ret);
	}
	return ret;
}

/* point_lock held: returns when no handler runs any more. */
static void take_out(struct probe_set *set)
{
	if (!set->placed)
		return;
	WRITE_ONCE(set->placed, false);
	if (!unregister_ftrace_function(&set->ops))
		return;
	/* ftrace has found a fault of its own and given up: it may still call us */
	pr_err("thprace: ftrace does not let go of the probes, so the module stays\n");
	WRITE_ONCE(set->placed, true);
	__module_get(THIS_MODULE);
}

static int get(struct probe_set *set)
{
	int ret;

	mutex_lock(&point_lock);
	ret = thprace_is_off() ? 0 : place(set);
	if (!ret)
		set->users++;
	mutex_unlock(&point_lock);
	return ret;
}

static void remove_unused(struct work_struct *work)
{
	unsigned int i;

	mutex_lock(&point_lock);
	for (i = 0; i < NR_SETS; i++)
		if (!sets[i].users)
			take_out(&sets[i]);
	mutex_unlock(&point_lock);
}

static void put(struct probe_set *set)
{
	mutex_lock(&point_lock);
	if (!--set->users) {
		cancel_delayed_work(&removal);
		schedule_delayed_work(&removal, UNUSED_JIFFIES);
	}
	mutex_unlock(&point_lock);
}

/**
 * thprace_phase_switch() - switch thprace off or on
 * @off: handlers do nothing from now on, and all probes of entries are removed;
 *	else those that have users are placed again
 *
 * Those of returns stay as long as their sessions.
 *
 * Context: process context. Return: 0; or, to switch it on, as
 * thprace_phase_get_racing(): then it is off still.
 */
int thprace_phase_switch(bool off)
{
	unsigned int i;
	int ret = 0;

	mutex_lock(&point_lock);
	if (off) {
		WRITE_ONCE(thprace_off_epoch, thprace_off_epoch + 1);
		/* who sees that a hit was missed sees that no more are seen */
		smp_mb();
		this_cpu_inc(missed);
		for (i = 0; i < NR_SETS; i++)
			take_out(&sets[i]);
	} else {
		for (i = 0; i < NR_SETS && !ret; i++)
			if (sets[i].users)
				ret = place(&sets[i]);
		if (!ret)
			WRITE_ONCE(thprace_off_epoch, thprace_off_epoch + 1);
	}
	mutex_unlock(&point_lock);
	return ret;
}

/**
 * thprace_phase_get_racing() - place the probes of the racing checks
 *
 * Where none can ever be placed its checks become unavailable, which is no error.
 *
 * Context: process context.
 * Return: 0; -EBUSY: ftrace is switched off (kernel.ftrace_enabled); or another
 * errno (-ENOMEM...) that may be another one next time.
 */
int thprace_phase_get_racing(void)
{
	return get(&sets[RACING]);
}

/**
 * thprace_phase_put_racing() - undo it
 *
 * Context: process context; handlers may go on running.
 */
void thprace_phase_put_racing(void)
{
	put(&sets[RACING]);
}

/**
 * thprace_phase_get_all() - place the probes of all phases
 *
 * Context: process context. Return: as thprace_phase_get_racing().
 */
int thprace_phase_get_all(void)
{
	int ret = get(&sets[RACING]);

	if (ret)
		return ret;
	ret = get(&sets[OTHERS]);
	if (ret)
		put(&sets[RACING]);
	return ret;
}

/**
 * thprace_phase_put_all() - undo it
 *
 * Context: process context; handlers may go on running.
 */
void thprace_phase_put_all(void)
{
	put(&sets[OTHERS]);
	put(&sets[RACING]);
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
 * Since load.
 */
u64 thprace_phase_missed(void)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu(missed, cpu));
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
		    !points[i].args[0] && !READ_ONCE(points[i].why_not) &&
		    READ_ONCE(set_of(i)->placed))
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

static int by_address(const void *a, const void *b)
{
	unsigned long x = *(const unsigned long *)a, y = *(const unsigned long *)b;

	return x < y ? -1 : x > y;
}

/* Where a probe of a row would sit; rows that share an address leave it to the first. */
static int locate(unsigned int phase)
{
	struct point *p = &points[phase];
	unsigned int i;
	int ret;

	for (i = 0; i < phase; i++)
		if (points[i].addr == p->addr)
			p->why_not = "the function of an earlier phase, here";
	p->ip = thprace_ftrace_location(p->addr);
	if (!p->ip)
		p->why_not = "ftrace does not carry a probe there";
	if (p->why_not)
		return 0;
	ret = ftrace_set_filter_ip(&set_of(phase)->ops, p->ip, 0, 0);
	if (is_permanent(ret)) {
		p->why_not = "no probe can be placed there";
		return 0;
	}
	if (ret)
		return ret;
	set_of(phase)->nr++;
	by_ip[nr_by_ip].ip = p->ip;
	by_ip[nr_by_ip++].phase = phase;
	return 0;
}

static void free_filters(void)
{
	unsigned int i;

	/* an empty filter means all functions: neither is registered ever again */
	for (i = 0; i < NR_SETS; i++)
		if (sets[i].nr)
			ftrace_set_filter(&sets[i].ops, NULL, 0, 1);
}

/**
 * thprace_phase_init() - find the functions; no probe is placed yet
 *
 * Context: module load. Return: 0, -ENOMEM.
 */
int thprace_phase_init(void)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < thprace_nr_phases && !ret; i++) {
		find(i);
		if (points[i].addr)
			ret = locate(i);
	}
	if (ret)
		free_filters();
	sort(by_ip, nr_by_ip, sizeof(by_ip[0]), by_address, NULL);
	return ret;
}

/**
 * thprace_phase_exit() - remove the probes: all users are gone
 */
void thprace_phase_exit(void)
{
	unsigned int i;

	for (i = 0; i < NR_SETS; i++)
		WARN_ON(sets[i].users);
	cancel_delayed_work_sync(&removal);
	remove_unused(NULL);
	free_filters();
}
