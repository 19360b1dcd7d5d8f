// SPDX-License-Identifier: GPL-2.0
/*
 * race.c - the race: kernel threads as lanes, round after round
 *
 * A round: pick a huge page, prepare, meet, race, park, check, restore.
 */
#include <linux/bitmap.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/sched/signal.h>
#include <linux/wait.h>

#include "oracle/check.h"
#include "oracle/frames.h"
#include "race/conclude.h"
#include "race/kthread.h"
#include "race/lane.h"
#include "race/ops.h"
#include "race/race.h"
#include "race/restore.h"
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

/*
 * A race that is to end lets its lanes end what they do, for so many times the
 * longest that it has taken so far, but for this long at least.
 */
#define PATIENCE	16
#define MIN_PATIENCE_MS	1000

/* How often the writer and the processes are looked at during a stage. */
#define LOOK_MS		50

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
	struct thprace_shape shape;	/* of the huge page in @mm, before the round */
	int restored;
	bool restores;		/* the one of its mm that restores */
} ____cacheline_aligned_in_smp;

struct race {
	struct thprace_session *s;
	const struct thprace_spec *spec;
	const struct thprace_stop *stop;	/* has the mms */
	unsigned int nr;
	u64 random;
	u64 nr_huge, left;		/* huge pages in the maps; those not used up */
	unsigned long *used_up;		/* bitmap of them */
	u64 longest_ns;			/* of all stages */
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
			    NULL, NULL)) {
		atomic_inc(&race->arrived);
		return;
	}
	if (r->op->empties)
		thprace_lane_pages(race->s, r->lane, r->target.start, r->target.nr,
				   r->target.every_other);
	if (!race->steered) {
		gate(r);
		WRITE_ONCE(lane->span[lane->nr_spans].t0_ns, ktime_get_ns());
	}
	if (r->prepared == THPRACE_RESULT_OK)
		result = r->op->act(&r->target);
	thprace_lane_done(race->s, r->lane, result, -r->target.err);
}

static void put_held(struct racer *r)
{
	if (r->target.held)
		put_page(r->target.held);
	r->target.held = NULL;
}

/* One of its mm closes the holes that the others have made in the huge page, too. */
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
	return thprace_restore(&r->shape, &r->target);
}

static enum thprace_result prepare(struct racer *r)
{
	if (r->restores && thprace_shape_take(&r->shape, r->mm, r->target.addr))
		return THPRACE_RESULT_FAILED;
	return r->op->prepare ? r->op->prepare(&r->target) : THPRACE_RESULT_OK;
}

static int racer_thread(void *arg)
{
	struct racer *r = arg;
	struct race *race = r->race;
	unsigned int seen = 0;
	bool exit = false;

	allow_signal(SIGKILL);
	kthread_use_mm(r->mm);
	while (!exit) {
		/* pairs with run_stage(): the stage is seen with its number */
		wait_event_idle(race->start, smp_load_acquire(&race->seq) != seen);
		seen++;
		/* what it was sent was to end the last stage */
		flush_signals(current);
		switch (race->stage) {
		case STAGE_PREPARE:
			r->prepared = prepare(r);
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

/*
 * The lanes are at it until they are done, or the race has to end.  Then they
 * may end what they do, so that no hole stays; unless they hang, as in the wait
 * for an mmap_lock that is not given back.
 */
static void wait_for_lanes(struct race *race)
{
	unsigned long look = msecs_to_jiffies(LOOK_MS);
	u64 patience_ns;
	unsigned int i;

	/* pairs with the end of a stage in racer_thread() */
	while (!thprace_stopped(race->stop))
		if (wait_event_interruptible_timeout(race->parked,
						     !atomic_read_acquire(&race->busy),
						     look) > 0)
			return;
	patience_ns = max_t(u64, PATIENCE * race->longest_ns, MIN_PATIENCE_MS * NSEC_PER_MSEC);
	if (wait_event_timeout(race->parked, !atomic_read_acquire(&race->busy),
			       nsecs_to_jiffies(patience_ns)))
		return;
	for (i = 0; i < race->nr; i++)
		send_sig(SIGKILL, race->racer[i].task, 1);
	wait_event(race->parked, !atomic_read_acquire(&race->busy));
}

static void run_stage(struct race *race, enum stage stage)
{
	u64 t0 = ktime_get_ns();

	race->stage = stage;
	atomic_set(&race->arrived, 0);
	atomic_set(&race->busy, race->nr);
	race->go_ns = 0;
	/* pairs with racer_thread(): a lane that sees the number sees the stage */
	smp_store_release(&race->seq, race->seq + 1);
	wake_up_all(&race->start);
	wait_for_lanes(race);
	race->longest_ns = max(race->longest_ns, ktime_get_ns() - t0);
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
			unsigned int m = j % race->stop->nr;

			r->race = race;
			r->lane = lane;
			r->id = id;
			r->op = op;
			r->mm = race->stop->mm[m];
			if (op->empties && !restorer[m]) {
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

/* The next one from @n on, around the end, that is not used up. */
static u64 next_huge(struct race *race, u64 n)
{
	u64 next = find_next_zero_bit(race->used_up, race->nr_huge, n % race->nr_huge);

	return next < race->nr_huge ? next : find_first_zero_bit(race->used_up, race->nr_huge);
}

/* How the round has left its huge page. Return 0 or an errno. */
static int count_restored(struct race *race, u64 which)
{
	struct thprace_session *s = race->s;
	bool used_up = false;
	unsigned int i;

	for (i = 0; i < race->nr; i++) {
		int restored = race->racer[i].restored;

		if (restored < 0)
			return restored;
		used_up |= restored == THPRACE_USED_UP;
	}
	if (used_up && !test_and_set_bit(which, race->used_up)) {
		race->left--;
		spin_lock(&s->lock);
		s->nr_used_up++;
		spin_unlock(&s->lock);
	}
	return 0;
}

/*
 * Steered splits in one mm are of different huge pages: of the same one they
 * would meet at the folio lock, and never come to the anon_vma rwsem.
 */
static bool splits_another(struct race *race, unsigned int lane)
{
	const struct racer *r = &race->racer[lane];
	unsigned int i;

	if (race->spec->steer == THPRACE_STEER_NONE || r->id != THPRACE_OP_SPLIT)
		return false;
	for (i = 0; i < lane; i++)
		if (race->racer[i].id == THPRACE_OP_SPLIT && race->racer[i].mm == r->mm)
			return true;
	return false;
}

/* One round on one huge page. Return 1 if it raced, 0 if nothing was huge. */
static int race_round(struct race *race)
{
	struct thprace_session *s = race->s;
	const struct thprace_spec *spec = race->spec;
	u64 which = next_huge(race, draw(race)), also = which;
	struct thprace_map region[THPRACE_MAX_LANES];
	struct thprace_check_req req = {
		.map = region, .nr_maps = 1, .check = spec->check,
		.inject = spec->inject, .refs_exact = spec->refs_exact,
		.stop = thprace_stopped_arg, .stop_arg = (void *)race->stop,
	};
	unsigned int i, steps, reached;
	bool met, ready = false;
	int ret;

	region[0].addr = nth_huge(spec, which);
	region[0].len = PMD_SIZE;

	thprace_lanes_clear(s);
	for (i = 0; i < race->nr; i++) {
		struct thprace_target *t = &race->racer[i].target;

		memset(t, 0, sizeof(*t));
		t->session = s;
		t->mm = race->racer[i].mm;
		t->addr = region[0].addr;
		race->racer[i].restored = 0;
		if (splits_another(race, i) && req.nr_maps < race->left) {
			also = next_huge(race, also + 1);
			t->addr = nth_huge(spec, also);
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
		ret = thprace_check_maps(s, &req, race->stop->mm, race->stop->nr);
		/* no lane of this round has anything to do with what that found */
		thprace_conclude(s);
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
		return count_restored(race, which);
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
	reached = thprace_schedule_reached(s, &steps);
	ret = thprace_check_maps(s, &req, race->stop->mm, race->stop->nr);
	thprace_conclude(s);
	thprace_schedule_disarm(s);
	thprace_session_count_round(s, met, steps, reached);
	run_stage(race, STAGE_RESTORE);
	if (!ret)
		ret = count_restored(race, which);
	return ret ? ret : 1;
}

static struct race *create(struct thprace_session *s, const struct thprace_spec *spec,
			   const struct thprace_stop *stop)
{
	struct race *race = kvzalloc(sizeof(*race), GFP_KERNEL);
	unsigned int i;

	if (!race)
		return NULL;
	race->s = s;
	race->spec = spec;
	race->stop = stop;
	init_waitqueue_head(&race->start);
	init_waitqueue_head(&race->parked);
	race->random = s->seed;
	for (i = 0; i < spec->nr_maps; i++)
		race->nr_huge += spec->map[i].len / PMD_SIZE;
	race->left = race->nr_huge;
	race->used_up = kvcalloc(BITS_TO_LONGS(race->nr_huge), sizeof(long), GFP_KERNEL);
	if (race->used_up)
		return race;
	kvfree(race);
	return NULL;
}

static u64 max_rounds(const struct thprace_spec *spec)
{
	if (spec->rounds)
		return spec->rounds;
	if (spec->duration_ms || spec->steer == THPRACE_STEER_GRID)
		return THPRACE_MAX_ROUNDS;
	return DEFAULT_ROUNDS;
}

/* Is there a reason to end that is not an error? */
static bool is_over(const struct race *race, u64 t0, unsigned int violations)
{
	const struct thprace_spec *spec = race->spec;

	if (spec->duration_ms && ktime_get_ns() - t0 >= spec->duration_ms * NSEC_PER_MSEC)
		return true;
	if (spec->stop_on == THPRACE_STOP_FIRST &&
	    READ_ONCE(race->s->nr_violations) != violations)
		return true;
	if (spec->steer == THPRACE_STEER_GRID && thprace_grid_complete(race->s))
		return true;
	return !race->left;
}

/**
 * thprace_race() - race the ops of a spec on the huge pages of its maps
 * @s: session that counts
 * @spec: ops, maps, bounds; the choices are made from @s->seed
 * @stop: the mms, user references held by the caller; and what ends it early
 *
 * Ends at the first of rounds, duration, a violation (unless stop_on=never), a
 * signal, the end of a process, and no huge page left that can be raced.  It
 * ends as well, with -EEXIST in the log and what was found in the report, when
 * a process has mapped something in a hole; that mapping is left alone.
 *
 * Context: process context.
 * Return: 0, -EINTR, -ESRCH, -ENOMEM, or an errno of steer.
 */
int thprace_race(struct thprace_session *s, const struct thprace_spec *spec,
		 const struct thprace_stop *stop)
{
	struct race *race = create(s, spec, stop);
	u64 rounds = max_rounds(spec), raced = 0, idle = 0;
	u64 t0 = ktime_get_ns();
	unsigned int before = READ_ONCE(s->nr_violations);
	int ret = 0;

	if (!race)
		return -ENOMEM;
	thprace_schedule_disarm(s);
	thprace_lockcount_inject(s, spec->inject);
	thprace_session_select(s, spec->check ? spec->check : thprace_checks_default());
	ret = thprace_frames_begin(s);
	if (!ret)
		ret = start_lanes(race);
	while (!ret && raced < rounds) {
		ret = thprace_stopped(stop);
		if (ret || is_over(race, t0, before))
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
	spin_lock(&s->lock);
	s->duration_ns += ktime_get_ns() - t0;
	spin_unlock(&s->lock);
	kvfree(race->used_up);
	kvfree(race);
	if (ret == -EINTR)
		WRITE_ONCE(s->aborted, true);
	if (ret && ret != -EINTR && ret != -ENOMEM && (raced || ret == -EEXIST)) {
		pr_info("thprace: race of session %llu ended early: %d\n", s->id, ret);
		WRITE_ONCE(s->aborted, true);
		ret = 0;
	}
	return ret;
}
