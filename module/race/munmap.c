// SPDX-License-Identifier: GPL-2.0
/*
 * munmap.c - the munmap trigger: a piece of each huge page, once, no remap
 */
#include <linux/completion.h>
#include <linux/kthread.h>

#include "race/kthread.h"
#include "race/munmap.h"
#include "race/ops.h"
#include "state/rng.h"
#include "steer/lockcount.h"

struct once {
	struct thprace_session *s;
	const struct thprace_spec *spec;
	struct mm_struct *mm;
	struct completion done;
	int ret;
};

static void munmap_maps(struct once *o)
{
	const struct thprace_op_row *op = &thprace_ops[THPRACE_OP_MUNMAP];
	u64 random = o->s->seed;
	struct thprace_target t;
	unsigned int i;
	u64 off;

	for (i = 0; i < o->spec->nr_maps; i++)
		for (off = 0; off < o->spec->map[i].len; off += PMD_SIZE) {
			struct thprace_op_count *c = &o->s->op[THPRACE_OP_MUNMAP];
			enum thprace_result result;

			memset(&t, 0, sizeof(t));
			t.mm = o->mm;
			t.addr = o->spec->map[i].addr + off;
			t.random = thprace_draw(&random);
			op->prepare(&t);
			if (o->spec->given & BIT(THPRACE_WORD_PAGE)) {
				t.start = o->spec->page;
				t.nr = 1;
				t.every_other = false;
			}
			result = op->act(&t);
			spin_lock(&o->s->lock);
			if (result == THPRACE_RESULT_OK)
				c->done++;
			else
				c->failed++;
			spin_unlock(&o->s->lock);
		}
}

static int once_thread(void *arg)
{
	struct once *o = arg;

	bool begun = thprace_lockcount_begin(o->s, 0);

	kthread_use_mm(o->mm);
	munmap_maps(o);
	thprace_lockcount_end(o->s, begun);
	kthread_unuse_mm(o->mm);
	complete(&o->done);
	return thprace_wait_for_stop();
}

/**
 * thprace_munmap_once() - unmap a piece of each huge page of the maps
 * @s: session that counts
 * @spec: maps; page= unmaps just that page, else the seed chooses
 * @mms: user references held by the caller
 * @nr_mms: how many
 *
 * Context: process context. Return: 0 or -ENOMEM.
 */
int thprace_munmap_once(struct thprace_session *s, const struct thprace_spec *spec,
			struct mm_struct **mms, unsigned int nr_mms)
{
	unsigned int i;

	s->op_asked |= BIT_ULL(THPRACE_OP_MUNMAP);
	for (i = 0; i < nr_mms; i++) {
		struct once o = { .s = s, .spec = spec, .mm = mms[i] };
		struct task_struct *task;

		init_completion(&o.done);
		task = kthread_run(once_thread, &o, "thprace/%llu/munmap.%u", s->id, i);
		if (IS_ERR(task))
			return PTR_ERR(task);
		wait_for_completion(&o.done);
		kthread_stop(task);
	}
	return 0;
}
