// SPDX-License-Identifier: GPL-2.0
/*
 * Bounded rendezvous of threads and processes
 *
 * In shared memory: spins, then yields, then sleeps on a futex; sleeps at once
 * where there are more parties than CPUs.  Every wait has a budget.
 */
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <sched.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "gate.h"
#include "util.h"

#define SPINS_BEFORE_YIELD	256
#define YIELDS_BEFORE_SLEEP	64
#define SPIN_NS			(100 * NSEC_PER_USEC)	/* before a point in time */
#define SLEEP_SLICE_NS		(20 * NSEC_PER_MSEC)

static void cpu_relax(void)
{
#if __has_builtin(__builtin_ia32_pause)
	__builtin_ia32_pause();
#else
	asm volatile("" : : : "memory");
#endif
}

void gate_init(struct gate *gate, unsigned int parties)
{
	memset(gate, 0, sizeof(*gate));
	gate->parties = parties;
}

static void gate_sleep(struct gate *gate, u32 seq)
{
	const struct timespec slice = { .tv_nsec = SLEEP_SLICE_NS };

	__atomic_add_fetch(&gate->sleepers, 1, __ATOMIC_SEQ_CST);
	syscall(SYS_futex, &gate->seq, FUTEX_WAIT, seq, &slice, NULL, 0);
	__atomic_sub_fetch(&gate->sleepers, 1, __ATOMIC_SEQ_CST);
}

static int gate_give_up(const struct gate_wait *wait, u64 begin_ns)
{
	if (__atomic_load_n(wait->abort, __ATOMIC_ACQUIRE))
		return -ECANCELED;
	if (now_ns() - begin_ns > wait->budget_ns)
		return -ETIMEDOUT;
	return wait->poll ? wait->poll(wait->arg) : 0;
}

/**
 * gate_meet() - wait until all parties have come
 * @gate: in memory that all parties share
 * @wait: bounds
 *
 * Returns 0, -ETIMEDOUT, -ECANCELED (another party gave up), or what
 * @wait->poll returned.
 */
int gate_meet(struct gate *gate, const struct gate_wait *wait)
{
	u32 seq = __atomic_load_n(&gate->seq, __ATOMIC_ACQUIRE);
	unsigned int spins = 0, yields = 0;
	u64 begin_ns = 0;
	int err;

	if (__atomic_add_fetch(&gate->arrived, 1, __ATOMIC_ACQ_REL) == gate->parties) {
		__atomic_store_n(&gate->arrived, 0, __ATOMIC_RELAXED);
		gate->opened_ns = now_ns();
		__atomic_add_fetch(&gate->seq, 1, __ATOMIC_SEQ_CST);
		if (__atomic_load_n(&gate->sleepers, __ATOMIC_SEQ_CST))
			syscall(SYS_futex, &gate->seq, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
		return 0;
	}
	while (__atomic_load_n(&gate->seq, __ATOMIC_ACQUIRE) == seq) {
		if (!wait->crowded && ++spins % SPINS_BEFORE_YIELD) {
			cpu_relax();
			continue;
		}
		if (!begin_ns)
			begin_ns = now_ns();
		if (wait->crowded || (!wait->spin && yields > YIELDS_BEFORE_SLEEP))
			gate_sleep(gate, seq);
		else
			sched_yield();
		if (++yields % 16 && wait->spin)
			continue;
		err = gate_give_up(wait, begin_ns);
		if (err && __atomic_load_n(&gate->seq, __ATOMIC_ACQUIRE) == seq)
			return err;
	}
	return 0;
}

/**
 * wait_until() - wait to a point in time
 * @when_ns: on the clock of now_ns()
 * @sleep: others need this CPU for the same moment
 */
void wait_until(u64 when_ns, bool sleep)
{
	const u64 wake_ns = when_ns - SPIN_NS;
	const struct timespec ts = {
		.tv_sec = wake_ns / NSEC_PER_SEC,
		.tv_nsec = wake_ns % NSEC_PER_SEC,
	};

	if (sleep)
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
	while (now_ns() < when_ns)
		cpu_relax();
}
