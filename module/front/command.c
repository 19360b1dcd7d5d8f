// SPDX-License-Identifier: GPL-2.0
/*
 * command.c - what a line asks for: verbs, the words they take, what is valid
 *
 * Called by debugfs.c with one line.  Resolves pids to mms and proves the maps
 * before anything is changed.
 */
#include <linux/pid.h>
#include <linux/sched/signal.h>

#include "compat/sym.h"
#include "front/command.h"
#include "front/trigger.h"
#include "mm/huge.h"
#include "oracle/bench.h"
#include "oracle/check.h"
#include "oracle/frames.h"
#include "race/lane.h"
#include "race/munmap.h"
#include "race/ops.h"
#include "race/race.h"
#include "state/names.h"
#include "state/stats.h"
#include "steer/checks.h"
#include "steer/grid.h"
#include "steer/lockcount.h"
#include "steer/schedule.h"

#define W(word)		BIT(THPRACE_WORD_##word)

#define F_HOLES		BIT(0)	/* in a session, the maps may have holes (a race leaves them) */
#define F_SHARED	BIT(1)	/* mappings of shmem are fine */
#define F_SERIAL	BIT(2)	/* only one such command of a session at a time */
#define F_HELD		BIT(3)	/* works on pages held ahead, without mmap_lock */

struct verb;

/* A parsed line with its mms. */
struct job {
	const struct verb *verb;
	struct thprace_spec spec;
	struct mm_struct *mm[THPRACE_MAX_PIDS];	/* mm_users held */
	struct pid *pid[THPRACE_MAX_PIDS];	/* referenced; of the same index */
	unsigned int nr_mms;
	bool holes;		/* the maps may have holes */
};

/**
 * struct verb - one row of the table of commands
 * @name:	first word of a session command; of a trigger: its file
 * @takes:	words that may be given
 * @needs:	words that must be given
 * @flags:	F_*
 * @fn:		does it
 */
struct verb {
	const char *name;
	u32 takes, needs;
	u32 flags;
	int (*fn)(struct thprace_session *s, struct job *job);
};

static void put_mms(struct job *job)
{
	while (job->nr_mms) {
		mmput(job->mm[--job->nr_mms]);
		put_pid(job->pid[job->nr_mms]);
	}
}

/* pid= words to mms, each once; the writer's own without any. */
static int get_mms(struct job *job)
{
	unsigned int i, j;

	for (i = 0; i < max(job->spec.nr_pids, 1U); i++) {
		struct task_struct *task;
		struct mm_struct *mm = NULL;
		struct pid *pid;

		pid = job->spec.nr_pids ? find_get_pid(job->spec.pid[i]) :
					  get_task_pid(current, PIDTYPE_PID);
		task = get_pid_task(pid, PIDTYPE_PID);
		if (task) {
			mm = get_task_mm(task);
			put_task_struct(task);
		}
		if (!mm) {
			put_pid(pid);
			return -ESRCH;
		}
		for (j = 0; j < job->nr_mms; j++)
			if (job->mm[j] == mm)
				break;
		if (j < job->nr_mms) {
			mmput(mm);
			put_pid(pid);
		} else {
			job->pid[job->nr_mms] = pid;
			job->mm[job->nr_mms++] = mm;
		}
	}
	return 0;
}

/* Is every page of the maps mapped, by something that we can race? */
static int prove_maps(struct job *job, struct mm_struct *mm)
{
	unsigned int i;
	int ret = 0;

	if (mmap_read_lock_killable(mm))
		return -EINTR;
	for (i = 0; i < job->spec.nr_maps && !ret; i++) {
		unsigned long addr = job->spec.map[i].addr;
		unsigned long end = addr + job->spec.map[i].len;
		struct vm_area_struct *vma;
		bool any = false;

		if (end > TASK_SIZE_MAX || end < addr) {
			ret = -ENOMEM;
			break;
		}
		while (addr < end && !ret) {
			vma = find_vma(mm, addr);
			if (!vma || vma->vm_start >= end) {
				if (!job->holes)
					ret = -ENOMEM;
				break;
			}
			if (vma->vm_start > addr && !job->holes)
				ret = -ENOMEM;
			else if (!thprace_vma_supported(vma, job->verb->flags & F_SHARED))
				ret = -EINVAL;
			any = true;
			addr = vma->vm_end;
		}
		if (!ret && !any && job->nr_mms == 1)
			ret = -ENOMEM;
	}
	mmap_read_unlock(mm);
	return ret;
}

typedef int (*huge_fn)(struct thprace_session *s, struct job *job, struct thprace_target *t);

/* fn() is called for each huge page of the maps in each mm. */
static int walk_huge(struct thprace_session *s, struct job *job, huge_fn fn)
{
	struct thprace_target t;
	unsigned int m, i;
	u64 off;
	int ret;

	for (m = 0; m < job->nr_mms; m++)
		for (i = 0; i < job->spec.nr_maps; i++)
			for (off = 0; off < job->spec.map[i].len; off += PMD_SIZE) {
				if (fatal_signal_pending(current))
					return -EINTR;
				memset(&t, 0, sizeof(t));
				t.mm = job->mm[m];
				t.addr = job->spec.map[i].addr + off;
				t.page = job->spec.page;
				t.order = job->spec.order;
				ret = fn(s, job, &t);
				if (ret)
					return ret;
				cond_resched();
			}
	return 0;
}

static void count_op(struct thprace_session *s, enum thprace_op op,
		     enum thprace_result result, u64 took)
{
	struct thprace_op_count *c = &s->op[op];

	spin_lock(&s->lock);
	s->op_asked |= BIT_ULL(op);
	if (result == THPRACE_RESULT_OK)
		c->done++;
	else if (result == THPRACE_RESULT_BUSY)
		c->busy++;
	else
		c->failed++;
	c->time_ns += took;
	spin_unlock(&s->lock);
}

/* ---- verbs ---- */

static void choose_seed(struct thprace_session *s, const struct thprace_spec *spec)
{
	s->seed = spec->given & W(SEED) ? spec->seed : thprace_random_seed();
}

/* The line that makes the same choices again. */
static void print_run(struct thprace_session *s, const struct thprace_spec *spec)
{
	struct thprace_spec *copy = kvmalloc(sizeof(*copy), GFP_KERNEL);

	if (!copy)
		return;
	*copy = *spec;
	copy->seed = s->seed;
	copy->given |= W(SEED);
	thprace_trigger_print(copy, s->run, sizeof(s->run));
	kvfree(copy);
}

static int do_split(struct thprace_session *s, struct job *job, struct thprace_target *t)
{
	const struct thprace_op_row *op = &thprace_ops[THPRACE_OP_SPLIT];
	bool lane = job->spec.given & W(LANE), was_held, begun;
	enum thprace_result result;
	u64 t0;
	int ret;

	t->held = thprace_session_unhold(s, t->mm, t->addr);
	was_held = t->held;
	op->prepare(t);
	if (!t->held && !lane)
		return 0;	/* nothing huge here: not an op */
	if (!lane) {
		begun = thprace_lockcount_begin(s, 0);
		t0 = ktime_get_ns();
		result = op->act(t);
		thprace_lockcount_end(s, begun);
		count_op(s, THPRACE_OP_SPLIT, result, ktime_get_ns() - t0);
		return 0;
	}
	ret = thprace_lane_go(s, job->spec.lane, current, THPRACE_OP_SPLIT, t->addr, NULL);
	if (ret) {
		/* back to where it came from */
		if (t->held && (!was_held ||
				thprace_session_hold(s, t->mm, t->addr, t->held)))
			put_page(t->held);
		return ret;
	}
	result = op->act(t);
	return thprace_lane_done(s, job->spec.lane, result);
}

static int cmd_split(struct thprace_session *s, struct job *job)
{
	if (job->spec.order && !thprace_split_has_order())
		return -EOPNOTSUPP;
	if (thprace_op_why_not(THPRACE_OP_SPLIT))
		return -EOPNOTSUPP;
	return walk_huge(s, job, do_split);
}

static int do_hold(struct thprace_session *s, struct job *job, struct thprace_target *t)
{
	struct page *page = thprace_find_huge(t->mm, t->addr, t->page);
	int ret;

	if (IS_ERR(page))
		return PTR_ERR(page);
	if (!page)
		return 0;
	thprace_frames_hold(s, t->mm, t->addr, page);
	ret = thprace_session_hold(s, t->mm, t->addr, page);
	if (ret)
		put_page(page);
	return ret == -ENOSPC ? -ERANGE : ret == -EBUSY ? 0 : ret;
}

static int cmd_hold(struct thprace_session *s, struct job *job)
{
	return walk_huge(s, job, do_hold);
}

static int cmd_drop(struct thprace_session *s, struct job *job)
{
	thprace_session_drop(s);
	return 0;
}

/* The writer need not be the process: the mm is borrowed by a kernel thread. */
static int cmd_munmap(struct thprace_session *s, struct job *job)
{
	choose_seed(s, &job->spec);
	return thprace_munmap_once(s, &job->spec, job->mm, job->nr_mms);
}

static int cmd_race(struct thprace_session *s, struct job *job)
{
	unsigned int i;
	int ret;

	for (i = 0; i < job->spec.nr_ops; i++) {
		int op = thprace_op_find(job->spec.op[i].name);

		if (op < 0)
			return op;
		if (thprace_ops[op].kind != THPRACE_OP_KIND_KERNEL || thprace_op_why_not(op))
			return -EOPNOTSUPP;
	}
	if (job->spec.order && !thprace_split_has_order())
		return -EOPNOTSUPP;
	if ((job->spec.check | job->spec.inject) & ~thprace_checks_available())
		return -EOPNOTSUPP;
	ret = thprace_schedule_validate(&job->spec);
	if (ret)
		return ret;
	if (down_write_killable(&s->arm_lock))
		return -EINTR;
	s->racing = !thprace_lanes_active(s);
	up_write(&s->arm_lock);
	if (!s->racing)
		return -EBUSY;
	choose_seed(s, &job->spec);
	print_run(s, &job->spec);
	ret = thprace_race(s, &job->spec, job->mm, job->pid, job->nr_mms);
	down_write(&s->arm_lock);
	s->racing = false;
	up_write(&s->arm_lock);
	return ret;
}

static void make_req(struct job *job, struct thprace_check_req *req)
{
	memset(req, 0, sizeof(*req));
	req->map = job->spec.map;
	req->nr_maps = job->spec.nr_maps;
	req->check = job->spec.check;
	req->inject = job->spec.inject;
	req->refs_exact = job->spec.refs_exact;
}

static int cmd_check(struct thprace_session *s, struct job *job)
{
	struct thprace_check_req req;
	u64 wanted = job->spec.check | job->spec.inject;
	bool begun;
	int ret;

	if (wanted & ~thprace_checks_available())
		return -EOPNOTSUPP;
	ret = thprace_frames_begin(s);
	if (ret)
		return ret;
	s->selected |= job->spec.check ? job->spec.check :
		       thprace_checks_available() & ~BIT_ULL(THPRACE_CHECK_SPLIT_PROGRESS);
	make_req(job, &req);
	begun = thprace_lockcount_begin(s, job->spec.inject);
	ret = thprace_check_maps(s, &req, job->mm, job->nr_mms);
	thprace_lockcount_end(s, begun);
	return ret;
}

static int cmd_bench(struct thprace_session *s, struct job *job)
{
	struct thprace_check_req req;

	make_req(job, &req);
	return thprace_check_bench(s, &req, job->spec.rounds ? job->spec.rounds : 16,
				   job->mm, job->nr_mms);
}

static int cmd_arm(struct thprace_session *s, struct job *job)
{
	u64 seed = s->seed;
	int ret = thprace_schedule_validate(&job->spec);

	if (!ret && (job->spec.inject & ~thprace_checks_racing()))
		ret = -EINVAL;
	if (!ret && (job->spec.inject & ~thprace_checks_available()))
		ret = -EOPNOTSUPP;
	if (!ret)
		ret = thprace_frames_begin(s);
	if (ret)
		return ret;
	if (down_write_killable(&s->arm_lock))
		return -EINTR;
	if (thprace_lanes_active(s)) {
		up_write(&s->arm_lock);
		return -EBUSY;
	}
	if (job->spec.given & W(SEED))
		s->seed = job->spec.seed;
	if (job->spec.steer == THPRACE_STEER_NONE)
		thprace_schedule_disarm(s);
	else
		ret = thprace_schedule_arm(s, &job->spec);
	if (!ret) {
		thprace_lanes_clear(s);
		thprace_lockcount_inject(s, job->spec.inject);
	} else {
		s->seed = seed;
	}
	up_write(&s->arm_lock);
	return ret;
}

static int cmd_go(struct thprace_session *s, struct job *job)
{
	struct task_struct *helper = NULL;
	int op, ret;

	if (job->spec.nr_ops != 1 || job->spec.nr_maps > 1)
		return -EINVAL;
	op = thprace_op_find(job->spec.op[0].name);
	if (op < 0)
		return op;
	/* Somebody else does the lane's work: a process that ends, a kernel thread. */
	if (job->spec.given & W(TASK)) {
		struct pid *pid = find_get_pid(job->spec.task);

		helper = get_pid_task(pid, PIDTYPE_PID);
		put_pid(pid);
		if (!helper)
			return -ESRCH;
	}
	ret = thprace_lane_go(s, job->spec.lane, current, op,
			      job->spec.nr_maps ? job->spec.map[0].addr : 0, helper);
	if (helper)
		put_task_struct(helper);
	return ret;
}

static int cmd_done(struct thprace_session *s, struct job *job)
{
	return thprace_lane_done(s, job->spec.lane, job->spec.result);
}

static int cmd_round(struct thprace_session *s, struct job *job)
{
	bool met = thprace_session_overlapped(s);

	thprace_schedule_finish(s);
	thprace_lockcount_inject(s, 0);
	spin_lock(&s->lock);
	s->nr_rounds++;
	s->nr_overlaps += met;
	spin_unlock(&s->lock);
	thprace_stat_add(THPRACE_STAT_ROUNDS, 1);
	thprace_stat_add(THPRACE_STAT_OVERLAPS, met);
	return 0;
}

static int cmd_reset(struct thprace_session *s, struct job *job)
{
	thprace_grid_free(s);
	thprace_session_reset(s);
	thprace_lockcount_reset(s);
	return 0;
}

#define W_CHECKS	(W(CHECK) | W(INJECT) | W(REFS) | W(SCENARIO))

static const struct verb verbs[] = {
	[THPRACE_TRIGGER_SPLIT]	 = { "split", W(PID) | W(MAP) | W(PAGE) | W(ORDER) | W(LANE),
				     W(MAP), F_HOLES | F_SHARED | F_HELD, cmd_split },
	[THPRACE_TRIGGER_MUNMAP] = { "munmap", W(PID) | W(MAP) | W(PAGE) | W(SEED),
				     W(MAP), 0, cmd_munmap },
	[THPRACE_TRIGGER_RACE]	 = { "race", (u32)~(W(LANE) | W(RESULT) | W(TASK)),
				     W(MAP) | W(OP), F_SERIAL, cmd_race },
	[THPRACE_TRIGGER_CHECK]	 = { "check", W(PID) | W(MAP) | W_CHECKS,
				     W(MAP), F_HOLES | F_SHARED, cmd_check },
	{ "hold", W(PID) | W(MAP) | W(PAGE), W(MAP), F_HOLES | F_SHARED, cmd_hold },
	{ "drop", 0, 0, 0, cmd_drop },
	{ "arm", W(STEER) | W(SCENARIO) | W(SEED) | W(GRID_K) | W(INJECT), 0, F_SERIAL, cmd_arm },
	{ "go", W(LANE) | W(OP) | W(MAP) | W(TASK), W(LANE) | W(OP), F_HOLES | F_SHARED, cmd_go },
	{ "done", W(LANE) | W(RESULT), W(LANE), 0, cmd_done },
	{ "round", 0, 0, F_SERIAL, cmd_round },
	{ "reset", 0, 0, F_SERIAL, cmd_reset },
	{ "bench", W(PID) | W(MAP) | W(ROUNDS), W(MAP), F_HOLES | F_SHARED | F_SERIAL, cmd_bench },
};

/* Are all of the huge pages held?  Then they were proven when they were taken. */
static bool all_held(struct thprace_session *s, struct job *job, struct mm_struct *mm)
{
	unsigned int i;
	u64 off;

	for (i = 0; i < job->spec.nr_maps; i++)
		for (off = 0; off < job->spec.map[i].len; off += PMD_SIZE)
			if (!thprace_session_holds(s, mm, job->spec.map[i].addr + off))
				return false;
	return true;
}

/* What a report says of the command; undone when it fails. */
static int run_named(struct thprace_session *s, struct job *job)
{
	char scenario[THPRACE_NAME_LEN];
	const char *command = s->command;
	int ret;

	memcpy(scenario, s->scenario, sizeof(scenario));
	WRITE_ONCE(s->command, job->verb->name);
	if (job->spec.given & W(SCENARIO))
		strscpy(s->scenario, job->spec.scenario, sizeof(s->scenario));
	thprace_stat_add(THPRACE_STAT_COMMANDS, 1);
	ret = job->verb->fn(s, job);
	if (!ret || ret == -EINTR)
		return ret;
	WRITE_ONCE(s->command, command);
	if (job->spec.given & W(SCENARIO))
		memcpy(s->scenario, scenario, sizeof(scenario));
	return ret;
}

static int run_job(struct thprace_session *s, struct job *job)
{
	unsigned int i;
	int ret = 0;

	if (job->verb->takes & W(PID)) {
		ret = get_mms(job);
		/* no mmap_lock for what is held */
		for (i = 0; i < job->nr_mms && !ret; i++)
			if (!(job->verb->flags & F_HELD) || !all_held(s, job, job->mm[i]))
				ret = prove_maps(job, job->mm[i]);
	}
	if (!ret) {
		if ((job->verb->flags & F_SERIAL) && !mutex_trylock(&s->cmd_lock)) {
			ret = -EBUSY;
		} else {
			ret = run_named(s, job);
			if (job->verb->flags & F_SERIAL)
				mutex_unlock(&s->cmd_lock);
		}
	}
	put_mms(job);
	if (ret == -EINTR)
		s->aborted = true;
	return ret;
}

static int parse_job(struct job *job, const struct verb *verb, const char *line, size_t len)
{
	int ret = 0;

	job->verb = verb;
	if (len) {
		ret = thprace_trigger_parse(&job->spec, line, len);
		if (ret)
			return ret;
	}
	if ((job->spec.given & ~verb->takes) ||
	    (verb->needs & ~job->spec.given))
		return -EINVAL;
	return 0;
}

/**
 * thprace_command() - run one session command
 * @s: the session
 * @line: "VERB words...", not terminated
 * @len: its length
 *
 * Context: process context, may sleep. Return: 0 or an errno of docs/ABI.md.
 */
int thprace_command(struct thprace_session *s, const char *line, size_t len)
{
	struct job *job;
	size_t n = 0;
	unsigned int i;
	int ret = -EINVAL;

	while (n < len && line[n] != ' ' && line[n] != '\n')
		n++;
	for (i = 0; i < ARRAY_SIZE(verbs); i++)
		if (strlen(verbs[i].name) == n && !memcmp(verbs[i].name, line, n))
			break;
	if (i == ARRAY_SIZE(verbs))
		return -EINVAL;
	while (n < len && line[n] == ' ')
		n++;
	if (n + 1 == len && line[n] == '\n')
		n++;
	job = kvzalloc(sizeof(*job), GFP_KERNEL);
	if (!job)
		return -ENOMEM;
	ret = parse_job(job, &verbs[i], line + n, len - n);
	job->holes = verbs[i].flags & F_HOLES;
	if (!ret)
		ret = thprace_lockcount_get(s);
	if (!ret)
		ret = run_job(s, job);
	kvfree(job);
	return ret;
}

/**
 * thprace_command_trigger() - run one line of a shell trigger
 * @s: a session of its own
 * @kind: which file was written
 * @line: the words, not terminated
 * @len: length
 *
 * Context: process context, may sleep. Return: 0 or an errno of docs/ABI.md.
 */
int thprace_command_trigger(struct thprace_session *s, enum thprace_trigger_kind kind,
			    const char *line, size_t len)
{
	struct job *job = kvzalloc(sizeof(*job), GFP_KERNEL);
	int ret;

	if (!job)
		return -ENOMEM;
	ret = len ? parse_job(job, &verbs[kind], line, len) : -EINVAL;
	if (!ret && (job->spec.given & W(LANE)))
		ret = -EINVAL;
	if (!ret) {
		if (kind != THPRACE_TRIGGER_RACE)
			thprace_trigger_print(&job->spec, s->run, sizeof(s->run));
		ret = thprace_lockcount_get(s);
	}
	if (!ret)
		ret = run_job(s, job);
	kvfree(job);
	return ret;
}

/**
 * thprace_command_end() - end a session: every layer gives back what it keeps in it
 * @s: no command runs; freed
 *
 * Context: process context.
 */
void thprace_command_end(struct thprace_session *s)
{
	thprace_schedule_free(s);
	thprace_lockcount_put(s);
	thprace_grid_free(s);
	thprace_observer_free(s->observer);
	thprace_frames_end(s);
	thprace_session_destroy(s);
}
