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
 * @no: why not, or NULL
 *
 * Threads of one process count once.
 *
 * Context: process context. Return: 0 or -ESRCH.
 */
int thprace_mms_get(struct thprace_mms *mms, const struct thprace_spec *spec,
		    struct thprace_refusal *no)
{
	char word[16];
	unsigned int i;
	int ret = 0;

	for (i = 0; i < max(spec->nr_pids, 1U) && !ret; i++) {
		struct pid *pid = spec->nr_pids ? find_get_pid(spec->pid[i]) :
						  get_task_pid(current, PIDTYPE_PID);

		ret = add_process(mms, pid);
		put_pid(pid);
	}
	if (!ret || !spec->nr_pids)
		return ret;
	i = snprintf(word, sizeof(word), "pid=%d", spec->pid[i - 1]);
	thprace_refuse_word(no, word, i);
	return thprace_refuse(no, ret,
			      "no process with memory of its own: it has ended, or is a kernel thread");
}

static void refuse_map(struct thprace_refusal *no, const struct thprace_map *map)
{
	char word[48];
	int len = snprintf(word, sizeof(word), "map=0x%llx+0x%llx", map->addr, map->len);

	thprace_refuse_word(no, word, len);
}

/**
 * thprace_maps_in_user_space() - can all of the maps be memory of a process?
 * @spec: the line
 * @mm: of the process; or NULL: any process
 * @no: why not, or NULL
 *
 * Return: 0 or -ENOMEM.
 */
int thprace_maps_in_user_space(const struct thprace_spec *spec, struct mm_struct *mm,
			       struct thprace_refusal *no)
{
	u64 size = mm ? mm->task_size : TASK_SIZE_MAX;
	unsigned int i;

	for (i = 0; i < spec->nr_maps; i++)
		if (spec->map[i].addr >= size || spec->map[i].len > size - spec->map[i].addr) {
			refuse_map(no, &spec->map[i]);
			return thprace_refuse(no, -ENOMEM,
					      "beyond user space, which ends at 0x%llx", size);
		}
	return 0;
}

/* Why a VMA is none that can be raced; see thprace_vma_supported(). */
static int refuse_vma(struct thprace_refusal *no, struct vm_area_struct *vma, bool shared)
{
	const char *why = "the mapping at 0x%lx is no private anonymous memory";

	if (!shared && thprace_vma_supported(vma, true))
		why = "the mapping at 0x%lx is shared: only split, check and hold take that";
	else if (is_vm_hugetlb_page(vma))
		why = "the mapping at 0x%lx is hugetlb memory, which is never split";
	return thprace_refuse(no, -EINVAL, why, vma->vm_start);
}

/* mmap_lock held */
static int prove_map(struct mm_struct *mm, const struct thprace_map *map, bool shared,
		     bool holes, bool *any, struct thprace_refusal *no)
{
	unsigned long addr = map->addr, end = addr + map->len;

	while (addr < end) {
		struct vm_area_struct *vma = find_vma(mm, addr);

		if (holes && (!vma || vma->vm_start >= end))
			return 0;
		if (!vma || (vma->vm_start > addr && !holes))
			return thprace_refuse(no, -ENOMEM, "nothing is mapped at 0x%lx", addr);
		if (!thprace_vma_supported(vma, shared))
			return refuse_vma(no, vma, shared);
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
 * @holes: what may be missing
 * @no: why not, or NULL
 *
 * Context: process context; takes mmap_lock for read.
 * Return: 0, -ENOMEM (a hole, or beyond user space), -EINVAL (unsupported) or -EINTR.
 */
int thprace_maps_prove(const struct thprace_spec *spec, const struct thprace_mms *mms,
		       unsigned int nth, bool shared, enum thprace_holes holes,
		       struct thprace_refusal *no)
{
	struct mm_struct *mm = mms->mm[nth];
	unsigned int i;
	int ret;

	ret = thprace_maps_in_user_space(spec, mm, no);
	if (ret)
		return ret;
	if (mmap_read_lock_killable(mm))
		return -EINTR;
	for (i = 0; i < spec->nr_maps && !ret; i++) {
		bool any = false;

		ret = prove_map(mm, &spec->map[i], shared, holes, &any, no);
		if (!ret && !any && (mms->nr == 1 || holes != THPRACE_HOLES_OTHERS))
			ret = thprace_refuse(no, -ENOMEM, "nothing is mapped there");
		if (ret)
			refuse_map(no, &spec->map[i]);
	}
	mmap_read_unlock(mm);
	return ret;
}
