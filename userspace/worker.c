// SPDX-License-Identifier: GPL-2.0
/*
 * Lanes: threads or forked processes that do one command together
 *
 * Main publishes a command, all meet at a gate, each does its part, all meet
 * again.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "client.h"
#include "crash.h"
#include "env.h"
#include "folios.h"
#include "gate.h"
#include "options.h"
#include "region.h"
#include "result.h"
#include "rng.h"
#include "run.h"
#include "scenario.h"
#include "util.h"
#include "verify.h"
#include "worker.h"

#define LEAD_SPIN_NS	(10 * NSEC_PER_USEC)
#define LEAD_SLEEP_NS	(400 * NSEC_PER_USEC)
#define THREAD_POLL_NS	(100 * NSEC_PER_MSEC)
#define MEAN_WEIGHT	8	/* one sample in so many */
#define MEAN_CLAMP	2	/* a sample counts as at most so many means */

static void lane_fail(struct run *run, struct lane *lane, int err)
{
	struct lane_shared *ls = &run->sh->lane[lane->id];

	copy_word(ls->message, sizeof(ls->message), last_error());
	ls->err = err;
	__atomic_store_n(&ls->error, 1, __ATOMIC_RELEASE);
	__atomic_store_n(&run->sh->abort, 1, __ATOMIC_RELEASE);
}

static bool has_splitter(const struct run *run)
{
	return !run->sc->pairs && (run->fd >= 0 || env.have_split_file);
}

static bool crowded(const struct run *run)
{
	return run->nr_workers + has_splitter(run) > env.nr_cpus;
}

/*
 * With more lanes than CPUs a lane that is woken has to run at once, whoever
 * else is spinning or splitting there.  Best effort: it needs a capability.
 */
static void set_urgent(struct run *run, struct lane *lane, bool urgent)
{
	const struct sched_param param = { .sched_priority = urgent ? 1 : 0 };

	if (!lane->id || lane->urgent == urgent || !crowded(run))
		return;
	(void)!sched_setscheduler(0, urgent ? SCHED_FIFO : SCHED_OTHER, &param);
	lane->urgent = urgent;
}

/* A worker that has ended; it stays waitable. */
static unsigned int dead_worker(struct run *run, siginfo_t *info)
{
	unsigned int i;

	info->si_pid = 0;
	if (waitid(P_ALL, 0, info, WEXITED | WNOHANG | WNOWAIT) || !info->si_pid)
		return 0;
	for (i = 1; i <= run->nr_workers; i++) {
		if (run->lanes[i].pid == info->si_pid)
			return i;
	}
	return 0;
}

/* A thread that has ended without a word was killed by the kernel's own fault. */
static unsigned int dead_thread(const struct run *run)
{
	unsigned int i;

	for (i = 1; i <= run->nr_workers; i++) {
		pid_t tid = __atomic_load_n(&run->sh->lane[i].tid, __ATOMIC_ACQUIRE);

		if (tid && syscall(SYS_tgkill, getpid(), tid, 0) && errno == ESRCH)
			return i;
	}
	return 0;
}

static int poll_lanes(void *arg)
{
	static u64 next_ns;
	struct run *run = arg;
	siginfo_t info;

	if (run_has_procs(run))
		return dead_worker(run, &info) ? -ECHILD : 0;
	if (now_ns() < next_ns)
		return 0;
	next_ns = now_ns() + THREAD_POLL_NS;
	return dead_thread(run) ? -ESRCH : 0;
}

static void set_death_error(struct run *run)
{
	siginfo_t info;
	unsigned int i = dead_worker(run, &info);

	if (info.si_code != CLD_EXITED && !run->sh->nr_crashes) {
		run->sh->unseen_signal = info.si_status;
		run->sh->unseen_pid = info.si_pid;
	}
	/* It may have told why itself. */
	if (__atomic_load_n(&run->sh->lane[i].error, __ATOMIC_ACQUIRE))
		return;
	set_error("worker process %u (pid %d) %s %d in the middle of a round", i, info.si_pid,
		  info.si_code == CLD_EXITED ? "exited with status" : "was killed by signal",
		  info.si_status);
}

static int meet(struct run *run, struct lane *lane, struct gate *gate, bool spin)
{
	const struct gate_wait wait = {
		.abort = &run->sh->abort,
		.budget_ns = run->budget_ns,
		.poll = lane->id ? NULL : poll_lanes,
		.arg = run,
		.spin = spin,
		.crowded = crowded(run),
	};
	int err = gate_meet(gate, &wait);

	if (err == -ETIMEDOUT)
		set_error("lane %u waited more than %llu s for the others",
			  lane->id, run->budget_ns / NSEC_PER_SEC);
	else if (err == -ECHILD)
		set_death_error(run);
	else if (err == -ESRCH)
		set_error("the thread of lane %u is gone in the middle of a round",
			  dead_thread(run));
	return err;
}

static void update_mean(struct lane_shared *ls, u64 sample)
{
	if (!ls->mean_ns) {
		ls->mean_ns = sample;
		return;
	}
	if (sample > MEAN_CLAMP * ls->mean_ns)
		sample = MEAN_CLAMP * ls->mean_ns;
	ls->mean_ns += sample / MEAN_WEIGHT;
	ls->mean_ns -= ls->mean_ns / MEAN_WEIGHT;
}

static void count(struct lane_shared *ls, enum act_result result, const struct stamp *stamp,
		  bool forced)
{
	if (result == ACT_OK)
		ls->done++;
	else if (result == ACT_BUSY)
		ls->busy++;
	else
		ls->failed++;
	ls->time_ns += stamp->end_ns - stamp->begin_ns;
	/* The time that a lane was parked says nothing. */
	if (!forced)
		update_mean(ls, stamp->end_ns - stamp->begin_ns);
}

static enum act_result split_act(struct run *run, unsigned int thp)
{
	char *addr = region_thp(&run->region, thp);
	int err;

	if (run->fd < 0) {
		u64 before = env_splits();

		/* It is content with having split nothing. */
		err = env_split_file(getpid(), addr, env.hpage_size);
		return err || env_splits() == before ? ACT_BUSY : ACT_OK;
	}
	err = session_cmd(run->fd, "split lane=a pid=%d map=0x%lx+0x%zx", run->lanes[0].pid,
			  (unsigned long)addr, env.hpage_size);
	switch (err) {
	case 0:
		return ACT_OK;
	case -EAGAIN:
	case -EBUSY:
	case -ENOMEM:		/* the other lane has already made a hole */
		return ACT_BUSY;
	default:
		set_error("session refused split: %s", strerror(-err));
		return ACT_ERROR;
	}
}

static enum act_result user_act(struct run *run, struct lane *lane, unsigned int thp,
				struct stamp *stamp)
{
	static const char *const names[] = { "ok", "busy", "failed", "failed" };
	bool session = run->fd >= 0 && lane->letter;
	char helper[24] = "", failed[24] = "";
	enum act_result result;
	u64 end_ns;
	int err;

	if (lane->helper)
		snprintf(helper, sizeof(helper), " task=%d", lane->helper);
	if (session) {
		err = session_cmd(run->fd, "go lane=%c op=%s map=0x%lx+0x%zx%s", lane->letter,
				  lane->op, (unsigned long)region_thp(&run->region, thp),
				  env.hpage_size, helper);
		/* Another lane has it somewhere else just now. */
		if (err == -ENOMEM)
			err = session_cmd(run->fd, "go lane=%c op=%s%s", lane->letter, lane->op,
					  helper);
		/* Another run follows that kernel thread. */
		if (err == -EBUSY && lane->helper)
			err = session_cmd(run->fd, "go lane=%c op=%s", lane->letter, lane->op);
		if (err) {
			set_error("session refused go op=%s: %s", lane->op, strerror(-err));
			return ACT_ERROR;
		}
	}
	errno = 0;
	stamp->begin_ns = now_ns();
	result = run->sc->act(run, lane, thp);
	end_ns = now_ns();
	/* What has failed was the last that act() did. */
	stamp->err = result == ACT_FAILED ? errno : 0;
	if (stamp->err)
		snprintf(failed, sizeof(failed), " errno=%d", stamp->err);
	if (session) {
		err = session_cmd(run->fd, "done lane=%c result=%s%s", lane->letter,
				  names[result], failed);
		if (err) {
			set_error("session refused done: %s", strerror(-err));
			return ACT_ERROR;
		}
	}
	/* From now on it is the next one's turn. */
	__atomic_store_n(&stamp->end_ns, end_ns, __ATOMIC_RELEASE);
	return result;
}

static int race_one(struct run *run, struct lane *lane, unsigned int thp)
{
	struct stamp *stamp = &run->sh->stamp[lane->id][thp];
	enum act_result result;

	if (lane->id) {
		result = user_act(run, lane, thp, stamp);
	} else {
		stamp->begin_ns = now_ns();
		result = split_act(run, thp);
		stamp->end_ns = now_ns();
	}
	stamp->result = result;
	stamp->known = lane->did_known;
	stamp->piece = lane->did;
	lane->did_known = false;
	if (result == ACT_ERROR)
		return -EIO;
	count(&run->sh->lane[lane->id], result, stamp, run->sh->forced);
	return 0;
}

/* For the report; before the gate, as nothing is to be done between it and the op. */
static void begin_stamp(struct run *run, struct lane *lane, unsigned int thp)
{
	struct stamp *stamp = &run->sh->stamp[lane->id][thp];

	memset(stamp, 0, sizeof(*stamp));
	copy_word(stamp->op, sizeof(stamp->op), lane->id ? lane->op : "split");
	stamp->pid = lane->tid;
}

/* Takes no part in this round. */
static bool is_idle(const struct run *run, unsigned int id)
{
	/* Of two ops, the second one. */
	if (id)
		return run->opt->without & WITHOUT_OP && (!run->sc->pairs || id > 1);
	return !has_splitter(run) || run->sh->solo || run->opt->without & WITHOUT_SPLIT;
}

/* Where lanes take turns: the one before has ended.  The split is first or last. */
static int await_turn(struct run *run, struct lane *lane, unsigned int thp)
{
	const struct timespec nap = { .tv_nsec = 20 * NSEC_PER_USEC };
	bool upwards = run->sh->round % 2;
	int before = upwards ? (int)lane->id - 1 : (int)lane->id + 1;

	if (before < 0 || before > (int)run->nr_workers || is_idle(run, before))
		return 0;
	while (!__atomic_load_n(&run->sh->stamp[before][thp].end_ns, __ATOMIC_ACQUIRE)) {
		if (__atomic_load_n(&run->sh->abort, __ATOMIC_ACQUIRE))
			return -ECANCELED;
		nanosleep(&nap, NULL);
	}
	return 0;
}

static int race(struct run *run, struct lane *lane, unsigned int first, unsigned int last)
{
	bool idle = is_idle(run, lane->id);
	unsigned int thp;
	int err;

	rng_seed(&lane->rng, run->seed, run->sh->round, lane->id);
	lane->op = run->sc->op;
	lane->helper = 0;
	if (lane->id && run->sc->plan) {
		err = run->sc->plan(run, lane, first);
		if (err)
			return err;
	}
	lane->did_known = false;
	for (thp = first; thp <= last; thp++)
		begin_stamp(run, lane, thp);
	err = meet(run, lane, &run->sh->spin, true);
	if (!err && !lane->id && run->sc->aside)
		run->sc->aside(run, first);
	if (err || idle)
		return err;
	/* One clock for all, and time enough for the last sleeper to wake up. */
	wait_until(run->sh->spin.opened_ns + (crowded(run) ? LEAD_SLEEP_NS : LEAD_SPIN_NS) +
		   run->sh->lane[lane->id].delay_ns, crowded(run));
	for (thp = first; thp <= last; thp++) {
		if (!run->huge[thp])
			continue;
		if (run->opt->without & WITHOUT_RACE) {
			err = await_turn(run, lane, thp);
			if (err)
				return err;
		}
		/* In step, lanes would keep the distance that they began with. */
		if (last > first && lane->id && run->sh->lane[lane->id].mean_ns)
			wait_until(now_ns() + rng_below(&lane->rng,
							run->sh->lane[lane->id].mean_ns), false);
		err = race_one(run, lane, thp);
		if (err)
			return err;
		if (lane->id && run->sc->ended)
			run->sc->ended(run, lane);
	}
	return 0;
}

static void fault(struct run *run, struct lane *lane)
{
	unsigned int step = run->sc->shape == SHAPE_THREADS ? run->nr_workers + 1 : 1;
	unsigned int i;

	for (i = lane->id; i < run->nr_thps; i += step)
		folios_fault(run, i);
}

static void fill(struct run *run, struct lane *lane)
{
	unsigned int step = run->sc->shape == SHAPE_THREADS ? run->nr_workers + 1 : 1;
	unsigned int i;

	for (i = lane->id; i < run->nr_thps; i += step)
		thp_fill(region_thp(&run->region, i), run->gen);
}

/* A peer learns of a batch only now, and maps what main has mapped. */
static int attach(struct run *run, struct lane *lane)
{
	if (!lane->id)
		return 0;
	run->budget_ns = run->sh->budget_ns;
	run_begin_batch(run);
	return run->sc->attach(run, lane);
}

static void verify(struct run *run, struct lane *lane)
{
	unsigned int nr = run->nr_workers + 1, i;

	for (i = 0; i < run->nr_thps; i++) {
		if (run_has_procs(run))
			verify_thp(run, lane, i, !lane->id || run->full_verify);
		else if (i % nr == lane->id)
			verify_thp(run, lane, i, true);
	}
}

static int after(struct run *run, struct lane *lane)
{
	unsigned int i;
	int err;

	for (i = 0; i < run->nr_thps; i++) {
		if (!run->huge[i])
			continue;
		rng_seed(&lane->rng, run->seed, run->sh->round + i, lane->id + 1000);
		err = run->sc->after(run, lane, i);
		if (err)
			return err;
	}
	return 0;
}

static int worker_part(struct run *run, struct lane *lane, enum worker_cmd cmd,
		       unsigned int thp)
{
	set_urgent(run, lane, cmd == CMD_RACE);
	switch (cmd) {
	case CMD_FAULT:
		fault(run, lane);
		return 0;
	case CMD_FILL:
		fill(run, lane);
		return 0;
	case CMD_ATTACH:
		return attach(run, lane);
	case CMD_RACE:
		return race(run, lane, thp, thp);
	case CMD_RACE_ALL:
		return race(run, lane, 0, run->nr_thps - 1);
	case CMD_AFTER:
		return after(run, lane);
	case CMD_VERIFY:
		verify(run, lane);
		return 0;
	case CMD_QUIT:
		break;
	}
	return 0;
}

/**
 * worker_loop() - a worker's life: one command after the other
 * @run: the run
 * @lane: the caller
 */
int worker_loop(struct run *run, struct lane *lane)
{
	struct shared *sh = run->sh;
	enum worker_cmd cmd;
	int err;

	env_pin(lane->id);
	crash_thread(lane->id);
	lane->tid = syscall(SYS_gettid);
	__atomic_store_n(&sh->lane[lane->id].tid, lane->tid, __ATOMIC_RELEASE);
	for (;;) {
		err = meet(run, lane, &sh->ready, false);
		if (err)
			break;
		cmd = sh->cmd;
		if (cmd == CMD_QUIT) {
			sh->lane[lane->id].tid = 0;
			return 0;
		}
		err = worker_part(run, lane, cmd, sh->thp);
		if (err)
			break;
		err = meet(run, lane, &sh->done, false);
		if (err)
			break;
	}
	if (err != -ECANCELED)
		lane_fail(run, lane, err);
	sh->lane[lane->id].tid = 0;
	return err;
}

/**
 * workers_error() - make the first lane's error the program's
 * @run: the run
 */
int workers_error(struct run *run)
{
	int err = -EIO;
	unsigned int i;

	for (i = 1; i <= run->nr_workers; i++) {
		if (!__atomic_load_n(&run->sh->lane[i].error, __ATOMIC_ACQUIRE))
			continue;
		set_error("%s", run->sh->lane[i].message);
		err = run->sh->lane[i].err;
	}
	return err;
}

/**
 * workers_do() - all lanes, main too, do one command
 * @run: the run
 * @cmd: what
 * @thp: on which huge page, where it matters
 */
int workers_do(struct run *run, enum worker_cmd cmd, unsigned int thp)
{
	struct lane *main_lane = &run->lanes[0];
	struct shared *sh = run->sh;
	int err;

	sh->cmd = cmd;
	sh->thp = thp;
	err = meet(run, main_lane, &sh->ready, false);
	if (!err && cmd != CMD_QUIT) {
		err = worker_part(run, main_lane, cmd, thp);
		if (!err)
			err = meet(run, main_lane, &sh->done, false);
	}
	if (!err)
		return 0;
	__atomic_store_n(&sh->abort, 1, __ATOMIC_RELEASE);
	return workers_error(run);
}
