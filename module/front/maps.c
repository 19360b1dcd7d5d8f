// SPDX-License-Identifier: GPL-2.0
/*
 * maps.c - from pid= words to mms, and is a map= word what it must be?
 *
 * Called by command.c before a line changes anything.
 */
#include <linux/pid.h>
#include <linux/sched/mm.h>
#include <linux/sched/task.h>

#include "front/maps.h"
#include "mm/huge.h"

/**
 * thprace_mms_put() - give back the references
 * @mms: empty afterwards
 *
 * Context: process context; may tear down an mm.
 */
void thprace_mms_put(struct thprace_mms *mms)
{
	while (mms->nr) {
		mmput(mms->mm[--mms->nr]);
		put_pid(mms->pid[mms->nr]);
	}
}

static int add_process(struct thprace_mms *mms, struct pid *pid)
{
	struct task_struct *task = get_pid_task(pid, PIDTYPE_PID);
	struct mm_struct *mm = NULL;
	unsigned int i;

	if (task) {
		mm = get_task_mm(task);
		put_task_struct(task);
	}
	if (!mm)
		return -ESRCH;
	for (i = 0; i < mms->nr; i++)
		if (mms->mm[i] == mm) {
			mmput(mm);
			return 0;
		}
	mms->pid[mms->nr] = get_pid(pid);
	mms->mm[mms->nr++] = mm;
	return 0;
}

/**
 * thprace_mms_get() - the mms of the pid= words; the writer's own without any
 * @mms: empty; the caller puts it, whatever is returned
 * @spec: the line
 *
 * Threads of one process count once.
 *
 * Context: process context. Return: 0 or -ESRCH.
 */
int thprace_mms_get(struct thprace_mms *mms, const struct thprace_spec *spec)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < max(spec->nr_pids, 1U) && !ret; i++) {
		struct pid *pid = spec->nr_pids ? find_get_pid(spec->pid[i]) :
						  get_task_pid(current, PIDTYPE_PID);

		ret = add_process(mms, pid);
		put_pid(pid);
	}
	return ret;
}

/**
 * thprace_maps_in_user_space() - can all of the maps be memory of a process?
 * @spec: the line
 * @mm: of the process; or NULL: any process
 *
 * Return: 0 or -ENOMEM.
 */
int thprace_maps_in_user_space(const struct thprace_spec *spec, struct mm_struct *mm)
{
	u64 size = mm ? mm->task_size : TASK_SIZE_MAX;
	unsigned int i;

	for (i = 0; i < spec->nr_maps; i++)
		if (spec->map[i].addr >= size || spec->map[i].len > size - spec->map[i].addr)
			return -ENOMEM;
	return 0;
}

/* mmap_lock held */
static int prove_map(struct mm_struct *mm, const struct thprace_map *map, bool shared,
		     bool holes, bool *any)
{
	unsigned long addr = map->addr, end = addr + map->len;

	while (addr < end) {
		struct vm_area_struct *vma = find_vma(mm, addr);

		if (!vma || vma->vm_start >= end)
			return holes ? 0 : -ENOMEM;
		if (vma->vm_start > addr && !holes)
			return -ENOMEM;
		if (!thprace_vma_supported(vma, shared))
			return -EINVAL;
		*any = true;
		addr = vma->vm_end;
	}
	return 0;
}

/**
 * thprace_maps_prove() - is all of the maps mapped, by something that can be raced?
 * @spec: the line
 * @mms: its processes
 * @nth: the one to look at
 * @shared: shared mappings of tmpfs will do
 * @holes: holes will do; but if there is only one process, not in place of a whole map
 *
 * Context: process context; takes mmap_lock for read.
 * Return: 0, -ENOMEM (a hole, or beyond user space), -EINVAL (unsupported) or -EINTR.
 */
int thprace_maps_prove(const struct thprace_spec *spec, const struct thprace_mms *mms,
		       unsigned int nth, bool shared, bool holes)
{
	struct mm_struct *mm = mms->mm[nth];
	unsigned int i;
	int ret;

	ret = thprace_maps_in_user_space(spec, mm);
	if (ret)
		return ret;
	if (mmap_read_lock_killable(mm))
		return -EINTR;
	for (i = 0; i < spec->nr_maps && !ret; i++) {
		bool any = false;

		ret = prove_map(mm, &spec->map[i], shared, holes, &any);
		if (!ret && !any && mms->nr == 1)
			ret = -ENOMEM;
	}
	mmap_read_unlock(mm);
	return ret;
}
