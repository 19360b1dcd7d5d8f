// SPDX-License-Identifier: GPL-2.0
/*
 * munmap.c - the munmap trigger: a piece of each huge page, once, no remap
 *
 * vm_munmap() works on the mm of its caller, so a kernel thread borrows the mm
 * of each process in turn.  The writer waits for it, and can be interrupted.
 */
#include <linux/bitmap.h>
#include <linux/completion.h>
#include <linux/kthread.h>
#include <linux/pid.h>
#include <linux/sched/signal.h>

#include "race/kthread.h"
#include "race/munmap.h"
#include "race/ops.h"
#include "state/rng.h"
#include "steer/lockcount.h"

struct once {
	struct thprace_session *s;
	const struct thprace_spec *spec;
	struct mm_struct *mm;
	int pid;
	u64 random;
	bool stop;
	struct completion done;
};

/* What is gone of a huge page goes into the report. */
static void report_gone(struct once *o, const struct thprace_target *t)
{
	unsigned int start, end;

	for (start = 0; ; start = end) {
		start = find_next_bit(t->gone, THPRACE_HPAGE_NR, start);
		if (start >= THPRACE_HPAGE_NR)
			return;
		end = find_next_zero_bit(t->gone, THPRACE_HPAGE_NR, start);
		thprace_session_unmapped(o->s, o->pid, t->addr + start * PAGE_SIZE,
					 (end - start) * PAGE_SIZE);
	}
}

static void munmap_one(struct once *o, unsigned long addr)
{
	const struct thprace_op_row *op = &thprace_ops[THPRACE_OP_MUNMAP];
	struct thprace_target t = {
		.mm = o->mm, .addr = addr, .random = thprace_draw(&o->random),
	};
	enum thprace_result result;
	u64 t0;

	op->prepare(&t);
	if (o->spec->given & BIT(THPRACE_WORD_PAGE)) {
		t.start = o->spec->page;
		t.nr = 1;
		t.every_other = false;
	}
	t0 = ktime_get_ns();
	result = op->act(&t);
	thprace_session_count_op(o->s, THPRACE_OP_MUNMAP, result, ktime_get_ns() - t0);
	report_gone(o, &t);
}

static int once_thread(void *arg)
{
	struct once *o = arg;
	unsigned int i;
	bool begun;
	u64 off;

	allow_signal(SIGKILL);
	begun = thprace_lockcount_begin(o->s, 0);
	kthread_use_mm(o->mm);
	for (i = 0; i < o->spec->nr_maps; i++)
		for (off = 0; off < o->spec->map[i].len && !READ_ONCE(o->stop);
		     off += PMD_SIZE) {
			munmap_one(o, o->spec->map[i].addr + off);
			cond_resched();
		}
	thprace_lockcount_end(o->s, begun);
	kthread_unuse_mm(o->mm);
	complete(&o->done);
	return thprace_wait_for_stop();
}

/**
 * thprace_munmap_once() - unmap a piece of each huge page of the maps
 * @s: session that counts, and says what was unmapped
 * @spec: maps; page= unmaps just that page, else the seed chooses
 * @seed: the same for each mm
 * @stop: the mms, user references held by the caller; and what ends it early
 *
 * Context: process context.
 * Return: 0, -ENOMEM, -EINTR or -ESRCH; then some may have been unmapped.
 */
int thprace_munmap_once(struct thprace_session *s, const struct thprace_spec *spec, u64 seed,
			const struct thprace_stop *stop)
{
	unsigned int i;
	int ret = thprace_session_unmapped_room(s);

	for (i = 0; i < stop->nr && !ret; i++) {
		struct once o = {
			.s = s, .spec = spec, .mm = stop->mm[i], .random = seed,
			.pid = pid_vnr(stop->pid[i]),
		};
		struct task_struct *task;

		init_completion(&o.done);
		task = kthread_run(once_thread, &o, "thprace/%llu/munmap.%u", s->id, i);
		if (IS_ERR(task))
			return PTR_ERR(task);
		ret = thprace_stop_wait(stop, &o.done);
		if (ret) {
			/* it may wait for an mmap_lock */
			WRITE_ONCE(o.stop, true);
			send_sig(SIGKILL, task, 1);
			wait_for_completion(&o.done);
		}
		kthread_stop(task);
	}
	return ret;
}
