// SPDX-License-Identifier: GPL-2.0
/*
 * verbs.c - what each verb does, and the words that it takes
 *
 * The line is parsed, its processes are referenced and its maps are proven.
 */
#include <linux/pid.h>
#include <linux/sched/signal.h>

#include "compat/sym.h"
#include "front/trigger.h"
#include "front/verbs.h"
#include "mm/huge.h"
#include "oracle/bench.h"
#include "oracle/calibrate.h"
#include "oracle/check.h"
#include "oracle/frames.h"
#include "race/conclude.h"
#include "race/gather.h"
#include "race/lane.h"
#include "race/munmap.h"
#include "race/ops.h"
#include "race/race.h"
#include "state/held.h"
#include "state/names.h"
#include "state/record.h"
#include "state/stats.h"
#include "steer/chance.h"
#include "steer/checks.h"
#include "steer/grid.h"
#include "steer/lockcount.h"
#include "steer/schedule.h"
#include "steer/watched.h"

typedef int (*huge_fn)(struct thprace_session *s, struct thprace_job *job,
		       struct thprace_target *t);

/* fn() is called for each huge page of the maps in each mm. */
static int walk_huge(struct thprace_session *s, struct thprace_job *job, huge_fn fn)
{
	struct thprace_target t;
	unsigned int m, i;
	u64 off;
	int ret;

	for (m = 0; m < job->mms.nr; m++)
		for (i = 0; i < job->spec.nr_maps; i++)
			for (off = 0; off < job->spec.map[i].len; off += PMD_SIZE) {
				ret = thprace_stopped(&job->stop);
				if (ret)
					return ret;
				memset(&t, 0, sizeof(t));
				t.mm = job->mms.mm[m];
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

/**
 * thprace_report_run() - remember a line as the "run:" of the report
 * @s: session
 * @spec: the line
 *
 * Context: process context; nothing is remembered where memory is short.
 */
void thprace_report_run(struct thprace_session *s, const struct thprace_spec *spec)
{
	char *line = kvmalloc(THPRACE_MAX_PRINT, GFP_KERNEL);

	if (!line)
		return;
	if (thprace_trigger_print(spec, line, THPRACE_MAX_PRINT) > 0) {
		spin_lock(&s->lock);
		strscpy(s->run, line, sizeof(s->run));
		spin_unlock(&s->lock);
	}
	kvfree(line);
}

static u64 choose_seed(const struct thprace_spec *spec)
{
	return spec->given & W(SEED) ? spec->seed : thprace_random_seed();
}

/* The line that makes the same choices again. */
static void print_run(struct thprace_session *s, const struct thprace_spec *spec, u64 seed)
{
	struct thprace_spec *copy = kvmalloc(sizeof(*copy), GFP_KERNEL);

	if (!copy)
		return;
	*copy = *spec;
	copy->seed = seed;
	copy->given |= W(SEED);
	thprace_report_run(s, copy);
	kvfree(copy);
}

static int split_gathered(struct thprace_session *s, struct thprace_job *job,
			  struct thprace_target *t, struct list_head *taken)
{
	const struct thprace_op_row *op = &thprace_ops[THPRACE_OP_SPLIT];
	enum thprace_result result;
	bool begun;
	u64 t0;
	int ret;

	if (!(job->spec.given & W(LANE))) {
		if (!t->held && !t->nr_large)
			return 0;	/* nothing huge here: not an op */
		begun = thprace_lockcount_begin(s, 0);
		t0 = ktime_get_ns();
		result = op->act(t);
		thprace_lockcount_end(s, begun);
		thprace_session_count_op(s, THPRACE_OP_SPLIT, result, ktime_get_ns() - t0);
		return 0;
	}
	ret = thprace_lane_go(s, job->spec.lane, current, THPRACE_OP_SPLIT, t->addr, NULL,
			      &job->no);
	if (ret) {
		thprace_gather_return(s, t, taken);
		return ret;
	}
	result = op->act(t);
	return thprace_lane_done(s, job->spec.lane, result, -t->err);
}

static int do_split(struct thprace_session *s, struct thprace_job *job, struct thprace_target *t)
{
	struct thprace_held *held, *next;
	LIST_HEAD(taken);
	int ret = thprace_gather(s, t, job->spec.given & W(PAGE), &taken);

	if (!ret)
		ret = split_gathered(s, job, t, &taken);
	list_for_each_entry_safe(held, next, &taken, node)
		kfree(held);
	kvfree(t->large);
	return ret;
}

/* Can a split leave what order= says? */
static int prove_order(struct thprace_job *job)
{
	if (!job->spec.order || thprace_split_has_order())
		return 0;
	thprace_refuse_word(&job->no, "order", 5);
	return thprace_refuse(&job->no, -EOPNOTSUPP, "on this kernel a split leaves order 0 only");
}

static int cmd_split(struct thprace_session *s, struct thprace_job *job)
{
	const char *why = thprace_op_why_not(THPRACE_OP_SPLIT);
	int ret = prove_order(job);

	if (!ret && why)
		ret = thprace_refuse(&job->no, -EOPNOTSUPP, "no splits on this kernel: %s", why);
	return ret ? ret : walk_huge(s, job, do_split);
}

static int do_hold(struct thprace_session *s, struct thprace_job *job, struct thprace_target *t)
{
	return thprace_gather_hold(s, t, job->spec.given & W(PAGE), job->batch);
}

static int cmd_hold(struct thprace_session *s, struct thprace_job *job)
{
	int ret;

	job->batch = thprace_held_batch();
	ret = walk_huge(s, job, do_hold);
	if (ret)
		thprace_held_drop(s, job->batch);
	if (ret == -ERANGE)
		thprace_refuse(&job->no, ret,
			       "a session holds at most %u folios; drop gives them back",
			       THPRACE_MAX_HELD);
	return ret;
}

static int cmd_drop(struct thprace_session *s, struct thprace_job *job)
{
	thprace_held_drop(s, 0);
	return 0;
}

/* The writer need not be the process: the mm is borrowed by a kernel thread. */
static int cmd_munmap(struct thprace_session *s, struct thprace_job *job)
{
	return thprace_munmap_once(s, &job->spec, choose_seed(&job->spec), &job->stop);
}

static const char no_such_op[] = "there is no such op; the file ops lists them";

static int prove_race_op(const char *name, struct thprace_refusal *no)
{
	int op = thprace_op_find(name);
	const char *why;

	thprace_refuse_word(no, name, strlen(name));
	if (op < 0)
		return thprace_refuse(no, op, no_such_op);
	if (thprace_ops[op].kind != THPRACE_OP_KIND_KERNEL)
		return thprace_refuse(no, -EOPNOTSUPP,
				      "only processes do this op, by system calls of theirs; a race does split, munmap, zap and check");
	why = thprace_op_why_not(op);
	return why ? thprace_refuse(no, -EOPNOTSUPP, "not on this kernel: %s", why) : 0;
}

/* Can all of these checks be made here? */
static int prove_checks(u64 checks, struct thprace_refusal *no)
{
	u64 lacking = checks & ~thprace_checks_available();
	const char *name, *why;
	unsigned int check;

	if (!lacking)
		return 0;
	check = __ffs64(lacking);
	name = thprace_check_name(check);
	why = thprace_check_why_not(check);
	thprace_refuse_word(no, name, strlen(name));
	return thprace_refuse(no, -EOPNOTSUPP, "%s%s", why ? "not on this kernel: " : "",
			      why ? why : "a check that the companion makes, not the module");
}

static int prove_race(struct thprace_job *job)
{
	struct thprace_refusal *no = &job->no;
	unsigned int i;
	int ret;

	for (i = 0; i < job->spec.nr_ops; i++) {
		ret = prove_race_op(job->spec.op[i].name, no);
		if (ret)
			return ret;
	}
	thprace_refuse_word(no, "", 0);
	ret = prove_order(job);
	if (!ret)
		ret = prove_checks(job->spec.check | job->spec.inject, no);
	return ret ? ret : thprace_schedule_validate(&job->spec, no);
}

static int refuse_lanes(struct thprace_job *job)
{
	return thprace_refuse(&job->no, -EBUSY, "a lane is between go and done");
}

static int cmd_race(struct thprace_session *s, struct thprace_job *job)
{
	int ret = prove_race(job);

	if (ret)
		return ret;
	if (down_write_killable(&s->arm_lock))
		return -EINTR;
	s->racing = !thprace_lanes_active(s);
	up_write(&s->arm_lock);
	if (!s->racing)
		return refuse_lanes(job);
	WRITE_ONCE(s->seed, choose_seed(&job->spec));
	print_run(s, &job->spec, s->seed);
	job->stop.any_signal = true;
	ret = thprace_race(s, &job->spec, &job->stop);
	down_write(&s->arm_lock);
	s->racing = false;
	up_write(&s->arm_lock);
	return ret;
}

static void make_req(struct thprace_job *job, struct thprace_check_req *req)
{
	memset(req, 0, sizeof(*req));
	req->map = job->spec.map;
	req->nr_maps = job->spec.nr_maps;
	req->check = job->spec.check;
	req->inject = job->spec.inject;
	req->refs_exact = job->spec.refs_exact;
	req->stop = thprace_stopped_arg;
	req->stop_arg = &job->stop;
}

static int cmd_check(struct thprace_session *s, struct thprace_job *job)
{
	struct thprace_check_req req;
	bool begun;
	int ret = prove_checks(job->spec.check | job->spec.inject, &job->no);

	if (!ret)
		ret = thprace_frames_begin(s);
	if (ret)
		return ret;
	thprace_session_select(s, job->spec.check ? job->spec.check : thprace_checks_default());
	make_req(job, &req);
	begun = thprace_lockcount_begin(s, job->spec.inject);
	ret = thprace_check_maps(s, &req, job->mms.mm, job->mms.nr);
	thprace_lockcount_end(s, begun);
	thprace_conclude(s);
	return ret;
}

static int cmd_bench(struct thprace_session *s, struct thprace_job *job)
{
	struct thprace_check_req req;

	job->stop.any_signal = true;
	make_req(job, &req);
	return thprace_check_bench(s, &req, job->spec.rounds ? job->spec.rounds : 16,
				   job->mms.mm, job->mms.nr);
}

/* The first folio of each map; what user space has made of it the page tables say. */
static int cmd_calibrate(struct thprace_session *s, struct thprace_job *job)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < job->spec.nr_maps && !ret; i++) {
		ret = thprace_stopped(&job->stop);
		if (!ret)
			ret = thprace_calibrate_mms(s, job->mms.mm, job->mms.nr,
						    job->spec.map[i].addr);
	}
	return ret;
}

/* Controls of racing checks alone: others are made by check. */
static int prove_controls(struct thprace_job *job, const char *verb)
{
	u64 quiesced = job->spec.inject & ~thprace_checks_racing();
	const char *name;

	if (!quiesced)
		return prove_checks(job->spec.inject, &job->no);
	name = thprace_check_name(__ffs64(quiesced));
	thprace_refuse_word(&job->no, name, strlen(name));
	return thprace_refuse(&job->no, -EINVAL,
			      "%s takes inject= of racing checks only, see checks; others go with check",
			      verb);
}

static int cmd_arm(struct thprace_session *s, struct thprace_job *job)
{
	u64 seed = s->seed;
	int ret = thprace_schedule_validate(&job->spec, &job->no);

	if (!ret)
		ret = prove_controls(job, "arm");
	if (!ret)
		ret = thprace_frames_begin(s);
	if (ret)
		return ret;
	if (down_write_killable(&s->arm_lock))
		return -EINTR;
	if (thprace_lanes_active(s)) {
		up_write(&s->arm_lock);
		return refuse_lanes(job);
	}
	if (job->spec.given & W(SEED))
		WRITE_ONCE(s->seed, job->spec.seed);
	thprace_conclude(s);
	if (job->spec.steer == THPRACE_STEER_NONE)
		thprace_schedule_disarm(s);
	else
		ret = thprace_schedule_arm(s, &job->spec);
	if (!ret) {
		thprace_lanes_clear(s);
		thprace_lockcount_inject(s, job->spec.inject);
	} else {
		WRITE_ONCE(s->seed, seed);
	}
	up_write(&s->arm_lock);
	return ret;
}

/* Page tables at this address are looked at while the lane is parked. */
static int lane_in_user_space(const struct thprace_spec *spec, struct task_struct *task,
			      struct thprace_refusal *no)
{
	struct mm_struct *mm = get_task_mm(task);
	int ret;

	/* a kernel thread works in the memory of any process, also the writer's */
	ret = thprace_maps_in_user_space(spec, mm, no);
	if (!ret && !mm)
		ret = thprace_maps_in_user_space(spec, current->mm, no);
	if (mm)
		mmput(mm);
	return ret;
}

static int cmd_go(struct thprace_session *s, struct thprace_job *job)
{
	struct task_struct *helper = NULL;
	int op, ret;

	if (job->spec.nr_ops != 1 || job->spec.nr_maps > 1)
		return thprace_refuse(&job->no, -EINVAL, "a lane does one op, and on one map");
	op = thprace_op_find(job->spec.op[0].name);
	if (op < 0) {
		thprace_refuse_word(&job->no, job->spec.op[0].name, strlen(job->spec.op[0].name));
		return thprace_refuse(&job->no, op, no_such_op);
	}
	/* Another task does the lane's work: a process that ends, a kernel thread. */
	if (job->spec.given & W(TASK)) {
		struct pid *pid = find_get_pid(job->spec.task);

		helper = get_pid_task(pid, PIDTYPE_PID);
		put_pid(pid);
		if (!helper)
			return thprace_refuse(&job->no, -ESRCH, "there is no task %u",
					      job->spec.task);
	}
	ret = lane_in_user_space(&job->spec, helper ? helper : current, &job->no);
	if (!ret)
		ret = thprace_lane_go(s, job->spec.lane, current, op,
				      job->spec.nr_maps ? job->spec.map[0].addr : 0, helper,
				      &job->no);
	if (helper)
		put_task_struct(helper);
	return ret;
}

static int cmd_done(struct thprace_session *s, struct thprace_job *job)
{
	int ret = thprace_lane_done(s, job->spec.lane, job->spec.result, job->spec.err);

	if (ret)
		thprace_refuse(&job->no, ret,
			       "lane %c is not between go and done, or another task's",
			       'a' + job->spec.lane);
	return ret;
}

static int cmd_round(struct thprace_session *s, struct thprace_job *job)
{
	bool met = thprace_session_overlapped(s);
	unsigned int steps, reached;

	thprace_schedule_finish(s);
	reached = thprace_schedule_reached(s, &steps);
	thprace_lockcount_inject(s, 0);
	thprace_conclude(s);
	thprace_session_count_round(s, met, steps, reached);
	return 0;
}

static int cmd_reset(struct thprace_session *s, struct thprace_job *job)
{
	thprace_grid_free(s);
	thprace_session_reset(s);
	thprace_lockcount_reset(s);
	return 0;
}

static int cmd_watch(struct thprace_session *s, struct thprace_job *job)
{
	int ret = prove_controls(job, "watch");

	if (!ret && job->spec.steer == THPRACE_STEER_SCHEDULE) {
		thprace_refuse_word(&job->no, "steer", 5);
		ret = thprace_refuse(&job->no, -EINVAL,
				     "watch steers nothing; steer=grid counts what meets by chance");
	}
	if (!ret && job->spec.steer == THPRACE_STEER_GRID)
		ret = thprace_chance_begin(s);
	if (!ret)
		ret = thprace_watched_set(s, job->mms.pid, job->mms.nr, job->spec.inject);
	if (ret == -EBUSY)
		thprace_refuse(&job->no, ret, "as many sessions watch processes as can at a time");
	return ret;
}

#define W_CHECKS	(W(CHECK) | W(INJECT) | W(REFS) | W(SCENARIO))

#define TARGET		"pid=$HELPER_PID map=$HELPER_MAP"

const struct thprace_verb thprace_verbs[] = {
	[THPRACE_TRIGGER_SPLIT]	 = { "split", W(PID) | W(MAP) | W(PAGE) | W(ORDER) | W(LANE),
		W(MAP), F_HOLES | F_SHARED | F_HELD, cmd_split,
		"splits every huge page of the maps once; with lane= (sessions) as go and done",
		TARGET },
	[THPRACE_TRIGGER_MUNMAP] = { "munmap", W(PID) | W(MAP) | W(PAGE) | W(SEED),
		W(MAP), 0, cmd_munmap,
		"unmaps a piece of every huge page of the maps; the hole stays",
		TARGET " page=7" },
	[THPRACE_TRIGGER_RACE]	 = { "race", (u32)~(W(LANE) | W(RESULT) | W(TASK) | W(ERRNO)),
		W(MAP) | W(OP), F_SERIAL, cmd_race,
		"lanes do their ops at the same time, round after round; content is lost",
		TARGET " op=split:1 op=munmap:1 rounds=4" },
	[THPRACE_TRIGGER_CHECK]	 = { "check", W(PID) | W(MAP) | W_CHECKS,
		W(MAP), F_HOLES | F_SHARED, cmd_check,
		"looks at every folio of the maps once, with all locks",
		TARGET },
	{ "hold", W(PID) | W(MAP) | W(PAGE), W(MAP), F_HOLES | F_SHARED, cmd_hold,
		"takes a reference on every large folio, so that a later split needs no mmap_lock",
		TARGET },
	{ "drop", 0, 0, F_OFF, cmd_drop, "gives back what hold took", "" },
	{ "arm", W(STEER) | W(SCENARIO) | W(SEED) | W(GRID_K) | W(INJECT), 0, F_SERIAL, cmd_arm,
		"begins a round of lanes, perhaps with a schedule",
		"steer=\"a>end\" scenario=help" },
	{ "go", W(LANE) | W(OP) | W(MAP) | W(TASK), W(LANE) | W(OP), F_HOLES | F_SHARED, cmd_go,
		"the caller is this lane now, and does the op by system calls of its own",
		"lane=a op=fault" },
	{ "done", W(LANE) | W(RESULT) | W(ERRNO), W(LANE), F_OFF, cmd_done,
		"the lane's op has ended", "lane=a result=ok" },
	{ "watch", W(PID) | W(INJECT) | W(STEER), 0, F_SERIAL, cmd_watch,
		"lock checks count what these processes do, and all that they fork",
		"pid=$HELPER_PID" },
	{ "round", 0, 0, F_SERIAL, cmd_round, "ends the round and counts it", "" },
	{ "reset", 0, 0, F_SERIAL | F_OFF, cmd_reset, "zeroes what the session has counted", "" },
	{ "calibrate", W(PID) | W(MAP), W(MAP), F_HOLES | F_SHARED, cmd_calibrate,
		"tries the quiesced checks on the first folio of each map, if that is in a known state",
		TARGET },
	{ "bench", W(PID) | W(MAP) | W(ROUNDS), W(MAP), F_HOLES | F_SHARED | F_SERIAL, cmd_bench,
		"times the check of the maps", TARGET " rounds=4" },
};

const unsigned int thprace_nr_verbs = ARRAY_SIZE(thprace_verbs);
