// SPDX-License-Identifier: GPL-2.0
/*
 * race.c - the race: kernel threads as lanes, round after round
 *
 * A round: pick a huge page, prepare, meet, race, park, check, restore.
 */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/sched/signal.h>
#include <linux/wait.h>

#include "oracle/check.h"
#include "oracle/frames.h"
#include "race/kthread.h"
#include "race/lane.h"
#include "race/ops.h"
#include "race/race.h"
#include "state/names.h"
#include "state/rng.h"
#include "state/stats.h"
#include "steer/checks.h"
#include "steer/cpus.h"
#include "steer/grid.h"
#include "steer/lockcount.h"
#include "steer/schedule.h"

/* Rounds of a race that names neither rounds= nor duration_ms=. */
#define DEFAULT_ROUNDS	100

enum stage {
	STAGE_PREPARE,
	STAGE_ACT,
	STAGE_RESTORE,
	STAGE_EXIT,
};

struct racer {
	struct race *race;
	struct task_struct *task;
	unsigned int lane;
	enum thprace_op id;
	const struct thprace_op_row *op;
	struct mm_struct *mm;
	struct thprace_target target;
	enum thprace_result prepared;
	u64 delay_ns;
	int restored;
	bool restores;		/* the one of its mm that restores */
} ____cacheline_aligned_in_smp;

struct race {
	struct thprace_session *s;
	const struct thprace_spec *spec;
	struct mm_struct **mms;
	unsigned int nr_mms, nr;
	u64 random;
	enum stage stage;
	bool steered;
	unsigned int seq;
	wait_queue_head_t start, parked;
	atomic_t busy;
	atomic_t arrived ____cacheline_aligned_in_smp;
	u64 go_ns;
	u64 gate_ns;		/* bound of the wait at the gate */
	struct racer racer[THPRACE_MAX_LANES];
};

static u64 draw(struct race *race)
{
	return thprace_draw(&race->random);
}

/* All lanes meet, then each waits out its own delay.  Bounded. */
static void gate(struct racer *r)
{
	struct race *race = r->race;
	u64 bound = ktime_get_ns() + race->gate_ns;
	u64 until;

	if (atomic_inc_return(&race->arrived) == race->nr)
		WRITE_ONCE(race->go_ns, ktime_get_ns());
	while (!READ_ONCE(race->go_ns) && ktime_get_ns() < bound) {
		cpu_relax();
		cond_resched();
	}
	until = READ_ONCE(race->go_ns) + r->delay_ns;
	while (ktime_get_ns() < until && ktime_get_ns() < bound)
		cpu_relax();
}

static void act(struct racer *r)
{
	struct race *race = r->race;
	struct thprace_lane *lane = &race->s->lane[r->lane];
	enum thprace_result result = THPRACE_RESULT_BUSY;

	if (thprace_lane_go(race->s, r->lane, current, r->id, r->target.addr,
			    NULL)) {
		atomic_inc(&race->arrived);
		return;
	}
	if (!race->steered) {
		gate(r);
		WRITE_ONCE(lane->span[lane->nr_spans].t0_ns, ktime_get_ns());
	}
	if (r->prepared == THPRACE_RESULT_OK)
		result = r->op->act(&r->target);
	thprace_lane_done(race->s, r->lane, result);
}

static void put_held(struct racer *r)
{
	if (r->target.held)
		put_page(r->target.held);
	r->target.held = NULL;
}

/* Holes that others have made in the huge page are closed by one, too. */
static int restore(struct racer *r)
{
	struct race *race = r->race;
	unsigned int i;

	for (i = 0; i < race->nr; i++) {
		const struct thprace_target *t = &race->racer[i].target;

		if (t->mm == r->target.mm && t->addr == r->target.addr)
			bitmap_or(r->target.gone, r->target.gone, t->gone,
				  THPRACE_HPAGE_NR);
	}
	return r->op->restore(&r->target);
}

static int racer_thread(void *arg)
{
	struct racer *r = arg;
	struct race *race = r->race;
	unsigned int seen = 0;
	bool exit = false;

	kthread_use_mm(r->mm);
	while (!exit) {
		wait_event_idle(race->start, READ_ONCE(race->seq) != seen);
		seen++;
		switch (race->stage) {
		case STAGE_PREPARE:
			r->prepared = r->op->prepare ? r->op->prepare(&r->target) :
						       THPRACE_RESULT_OK;
			break;
		case STAGE_ACT:
			act(r);
			break;
		case STAGE_RESTORE:
			put_held(r);
			r->restored = r->restores ? restore(r) : 0;
			break;
		case STAGE_EXIT:
			put_held(r);
			exit = true;
			break;
		}
		if (atomic_dec_and_test(&race->busy))
			wake_up(&race->parked);
	}
	kthread_unuse_mm(r->mm);
	return thprace_wait_for_stop();
}

static void run_stage(struct race *race, enum stage stage)
{
	race->stage = stage;
	atomic_set(&race->arrived, 0);
	atomic_set(&race->busy, race->nr);
	race->go_ns = 0;
	smp_wmb();	/* lanes see the stage when they see its number */
	WRITE_ONCE(race->seq, race->seq + 1);
	wake_up_all(&race->start);
	wait_event(race->parked, atomic_read(&race->busy) == 0);
}

static void stop_lanes(struct race *race)
{
	unsigned int i;

	if (race->nr)
		run_stage(race, STAGE_EXIT);
	for (i = 0; i < race->nr; i++)
		kthread_stop(race->racer[i].task);
}

/* One thread a lane, spread over the CPUs. */
static int start_lanes(struct race *race)
{
	const struct thprace_spec *spec = race->spec;
	unsigned int i, j, lane = 0;
	bool restorer[THPRACE_MAX_PIDS] = { };

	for (i = 0; i < spec->nr_ops; i++) {
		enum thprace_op id = thprace_op_find(spec->op[i].name);
		const struct thprace_op_row *op = &thprace_ops[id];

		for (j = 0; j < spec->op[i].lanes; j++, lane++) {
			struct racer *r = &race->racer[lane];
			unsigned int m = j % race->nr_mms;

			r->race = race;
			r->lane = lane;
			r->id = id;
			r->op = op;
			r->mm = race->mms[m];
			if (op->restore && !restorer[m]) {
				restorer[m] = true;
				r->restores = true;
			}
			r->task = kthread_create(racer_thread, r, "thprace/%llu/%s.%u",
						 race->s->id, thprace_op_name(id), j);
			if (IS_ERR(r->task))
				return PTR_ERR(r->task);
			thprace_cpus_place(r->task, spec, lane);
			race->nr++;
			wake_up_process(r->task);
		}
	}
	return 0;
}

/* Delays by which any point of one op can meet any point of another. */
static void draw_delays(struct race *race)
{
	u64 sum = 0;
	unsigned int i, j;

	for (i = 0; i < race->nr; i++) {
		struct racer *r = &race->racer[i];
		u64 longest = 0;

		for (j = 0; j < race->nr; j++) {
			enum thprace_op op = race->racer[j].id;

			if (j != i)
				longest = max(longest, race->s->op_ewma_ns[op]);
		}
		r->delay_ns = longest ? draw(race) % longest : 0;
		sum += longest;
	}
	race->gate_ns = max_t(u64, 16 * sum, NSEC_PER_MSEC);
}

static unsigned long nth_huge(const struct thprace_spec *spec, u64 n)
{
	unsigned int i;

	for (i = 0; n >= spec->map[i].len / PMD_SIZE; i++)
		n -= spec->map[i].len / PMD_SIZE;
	return spec->map[i].addr + n * PMD_SIZE;
}

/*
 * Steered splits in one mm are of different huge pages: of the same one they
 * would meet at the folio lock, and never come to the anon_vma rwsem.
 */
static bool splits_another(struct race *race, unsigned int lane)
{
	unsigned int i;

	if (race->spec->steer == THPRACE_STEER_NONE || race->racer[lane].id != THPRACE_OP_SPLIT)
		return false;
	for (i = 0; i < lane; i++)
		if (race->racer[i].id == THPRACE_OP_SPLIT && race->racer[i].mm == race->racer[lane].mm)
			return true;
	return false;
}

/* One round on one huge page. Return 1 if it raced, 0 if nothing was huge. */
static int race_round(struct race *race)
{
	struct thprace_session *s = race->s;
	const struct thprace_spec *spec = race->spec;
	u64 which = draw(race), huge = 0, taken = 1;
	struct thprace_map region[THPRACE_MAX_LANES];
	struct thprace_check_req req = {
		.map = region, .nr_maps = 1, .check = spec->check,
		.inject = spec->inject, .refs_exact = spec->refs_exact,
	};
	bool met, ready = false;
	unsigned int i;
	int ret;

	for (i = 0; i < spec->nr_maps; i++)
		huge += spec->map[i].len / PMD_SIZE;
	region[0].addr = nth_huge(spec, which % huge);
	region[0].len = PMD_SIZE;

	thprace_lanes_clear(s);
	for (i = 0; i < race->nr; i++) {
		struct thprace_target *t = &race->racer[i].target;

		memset(t, 0, sizeof(*t));
		t->session = s;
		t->mm = race->racer[i].mm;
		t->addr = region[0].addr;
		if (splits_another(race, i) && taken < huge) {
			t->addr = nth_huge(spec, (which + taken++) % huge);
			region[req.nr_maps].addr = t->addr;
			region[req.nr_maps++].len = PMD_SIZE;
		}
		t->order = spec->order;
		t->random = draw(race);
		t->page = (spec->given & BIT(THPRACE_WORD_PAGE)) ? spec->page :
			  (t->random >> 32) % THPRACE_HPAGE_NR;
	}
	/* now and then while all is whole: some rules speak of PMD mappings only */
	if (s->nr_rounds % 8 == 0) {
		ret = thprace_check_maps(s, &req, race->mms, race->nr_mms);
		if (ret)
			return ret;
	}
	run_stage(race, STAGE_PREPARE);
	for (i = 0; i < race->nr; i++)
		ready |= race->racer[i].op->kind == THPRACE_OP_KIND_KERNEL &&
			 race->racer[i].prepared == THPRACE_RESULT_OK &&
			 race->racer[i].target.held;
	if (!ready) {
		/* nothing huge there (yet): make it so, and try elsewhere */
		run_stage(race, STAGE_RESTORE);
		return 0;
	}
	draw_delays(race);
	if (spec->steer != THPRACE_STEER_NONE) {
		ret = thprace_schedule_arm(s, spec);
		if (ret < 0)
			return ret;
		/* some rounds stay free: they measure what the bounds scale with */
		race->steered = thprace_schedule_active(s);
	}
	run_stage(race, STAGE_ACT);
	met = thprace_session_overlapped(s);
	thprace_schedule_finish(s);
	ret = thprace_check_maps(s, &req, race->mms, race->nr_mms);
	thprace_schedule_disarm(s);
	spin_lock(&s->lock);
	s->nr_rounds++;
	s->nr_overlaps += met;
	spin_unlock(&s->lock);
	thprace_stat_add(THPRACE_STAT_ROUNDS, 1);
	thprace_stat_add(THPRACE_STAT_OVERLAPS, met);
	run_stage(race, STAGE_RESTORE);
	for (i = 0; i < race->nr && !ret; i++)
		if (race->racer[i].restored)
			ret = race->racer[i].restored;
	return ret ? ret : 1;
}

/* We keep the mm of a dying process alive: it waits for us to be freed. */
static bool someone_exits(struct pid **pids, unsigned int nr)
{
	bool exits = false;
	unsigned int i;

	rcu_read_lock();
	for (i = 0; i < nr && !exits; i++) {
		struct task_struct *task = pid_task(pids[i], PIDTYPE_PID);

		exits = !task || (task->flags & PF_EXITING) || fatal_signal_pending(task);
	}
	rcu_read_unlock();
	return exits;
}

/**
 * thprace_race() - race the ops of a spec on the huge pages of its maps
 * @s: session that counts
 * @spec: ops, maps, bounds; the choices are made from @s->seed
 * @mms: user references held by the caller
 * @pids: of the processes; the race ends when one of them does
 * @nr_mms: how many
 *
 * Ends at the first of rounds, duration, a violation (unless stop_on=never)
 * and a signal.  A process whose hole was filled by something else in the
 * meantime ends it as well, with -EEXIST in the log and what was found in the
 * report; its new mapping is left alone.
 *
 * Context: process context. Return: 0, -EINTR, -ENOMEM, or an errno of steer.
 */
int thprace_race(struct thprace_session *s, const struct thprace_spec *spec,
		 struct mm_struct **mms, struct pid **pids, unsigned int nr_mms)
{
	struct race *race = kvzalloc(sizeof(*race), GFP_KERNEL);
	u64 rounds = spec->rounds, raced = 0, idle = 0;
	u64 t0 = ktime_get_ns();
	unsigned int before = s->nr_violations;
	int ret = 0;

	if (!race)
		return -ENOMEM;
	race->s = s;
	race->spec = spec;
	race->mms = mms;
	race->nr_mms = nr_mms;
	init_waitqueue_head(&race->start);
	init_waitqueue_head(&race->parked);
	race->random = s->seed;
	if (!(spec->given & (BIT(THPRACE_WORD_ROUNDS) | BIT(THPRACE_WORD_DURATION_MS))))
		rounds = spec->steer == THPRACE_STEER_GRID ? THPRACE_MAX_ROUNDS :
							     DEFAULT_ROUNDS;
	else if (!rounds)
		rounds = THPRACE_MAX_ROUNDS;
	thprace_schedule_disarm(s);
	thprace_lockcount_inject(s, spec->inject);
	s->selected |= spec->check ? spec->check :
		       thprace_checks_available() & ~BIT_ULL(THPRACE_CHECK_SPLIT_PROGRESS);
	ret = thprace_frames_begin(s);
	if (!ret)
		ret = start_lanes(race);
	while (!ret && raced < rounds) {
		if (signal_pending(current)) {
			ret = -EINTR;
			break;
		}
		if (someone_exits(pids, nr_mms)) {
			ret = -ESRCH;
			break;
		}
		if (spec->duration_ms &&
		    ktime_get_ns() - t0 >= spec->duration_ms * NSEC_PER_MSEC)
			break;
		if (spec->stop_on == THPRACE_STOP_FIRST && s->nr_violations != before)
			break;
		if (spec->steer == THPRACE_STEER_GRID && thprace_grid_complete(s))
			break;
		ret = race_round(race);
		if (ret > 0) {
			raced++;
			idle = 0;
			ret = 0;
		} else if (!ret && ++idle > 2 * DEFAULT_ROUNDS) {
			break;	/* nothing is huge here: inconclusive */
		}
		cond_resched();
	}
	thprace_schedule_disarm(s);
	thprace_lockcount_inject(s, 0);
	stop_lanes(race);
	thprace_lanes_clear(s);
	s->duration_ns += ktime_get_ns() - t0;
	if (ret == -EINTR)
		s->aborted = true;
	kvfree(race);
	if (ret && ret != -EINTR && ret != -ENOMEM && raced) {
		pr_info("thprace: race of session %llu ended early: %d\n", s->id, ret);
		s->aborted = true;
		ret = 0;
	}
	return ret;
}
