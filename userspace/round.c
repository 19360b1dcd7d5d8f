// SPDX-License-Identifier: GPL-2.0
/*
 * One huge page, all lanes: arm, delays, race, overlap
 *
 * Delays come from the seed and are scaled to measured durations.
 */
#include <errno.h>
#include <string.h>

#include "client.h"
#include "cover_look.h"
#include "env.h"
#include "folios.h"
#include "note.h"
#include "options.h"
#include "progress.h"
#include "result.h"
#include "rng.h"
#include "round.h"
#include "run.h"
#include "scenario.h"
#include "steer.h"
#include "storm.h"
#include "undo.h"
#include "uop.h"
#include "util.h"
#include "worker.h"

#define DELAY_NS		(50 * NSEC_PER_MSEC)	/* the longest, unless both take longer */
#define DELAY_FACTOR		2
#define BIAS_NS			(10 * NSEC_PER_MSEC)
#define BIAS_WEIGHT		4
#define GRID_FREE		8	/* rounds that the module does not steer */
#define STEERED_LEAD_NS		(500 * NSEC_PER_USEC)
#define GRID_K			3
#define FORCED_EVERY		3
#define FORCED_SHARE		3	/* part of the time, at most */
#define STEER_LANE		(~0ULL - 2)

static void draw_schedule(const struct run *run, unsigned int thp, struct rng *rng,
			  char *schedule, size_t size)
{
	const struct pair_round *pair = &run->sh->pair[thp];

	if (run->sc->pairs)
		steer_draw_pair(&uops[pair->op[0]], &uops[pair->op[1]], rng, schedule, size);
	else
		steer_draw(run->sc, rng, schedule, size);
}

/* In some rounds a random pair of phases is made to meet. */
static bool arm_forced(struct run *run, unsigned int thp)
{
	const struct storm_batch *program = run->sc->mixed ? run->opt->program : NULL;
	char *schedule = run->res->program.round[thp % STORM_ROUNDS].schedule;
	size_t size = sizeof(run->res->program.round[0].schedule);
	struct rng rng;

	schedule[0] = '\0';
	if (run->opt->steer || run->opt->grid || run->opt->without || env.nr_cpus < 2)
		return false;
	rng_seed(&rng, run->seed, run->sh->round, STEER_LANE);
	if (program)
		memcpy(schedule, program->round[thp % STORM_ROUNDS].schedule, size);
	else if (run->sh->round % FORCED_EVERY == FORCED_EVERY - 1 &&
		 run->forced_ns * FORCED_SHARE <= now_ns() - run->begin_ns)
		draw_schedule(run, thp, &rng, schedule, size);
	if (!schedule[0])
		return false;
	/* A phase may turn out to be unusable: then this round is free. */
	return !session_cmd(run->fd, "arm scenario=%s steer=\"%s\"", run->sc->name, schedule);
}

static int arm_round(struct run *run, unsigned int thp, bool steered)
{
	const struct options *opt = run->opt;
	int err;

	run->sh->forced = steered && arm_forced(run, thp);
	if (run->sh->forced) {
		run->res->forced++;
		return 0;
	}
	if (steered && opt->steer)
		err = session_cmd(run->fd, "arm scenario=%s steer=\"%s\"", run->sc->name,
				  opt->steer);
	else if (steered && opt->grid)
		err = session_cmd(run->fd,
				  "arm scenario=%s steer=\"grid%s%s\" seed=%llu grid_k=%llu",
				  run->sc->name, opt->grid_rows ? " " : "",
				  opt->grid_rows ? opt->grid_rows : "", run->seed,
				  opt->grid_k ? opt->grid_k : GRID_K);
	else
		err = session_cmd(run->fd, "arm scenario=%s", run->sc->name);
	if (err == -EOPNOTSUPP) {
		run->res->skipped = "the module cannot steer this on this kernel";
		return err;
	}
	if (err)
		set_error("the module refused a round: %.250s", session_why(run->fd, err));
	else if (steered && opt->steer)
		run->res->forced++;
	return err;
}

static u64 mean_of_workers(const struct run *run)
{
	u64 sum = 0;
	unsigned int i;

	for (i = 1; i <= run->nr_workers; i++)
		sum += run->sh->lane[i].mean_ns;
	return sum / run->nr_workers;
}

static u64 at_least(u64 ns, u64 least_ns)
{
	return ns > least_ns ? ns : least_ns;
}

/*
 * One op that takes very long must not make all rounds slow: then most of it is not
 * met.  Two that are slow both, on a slow machine, are.
 */
static u64 longest_delay(u64 split_ns, u64 act_ns)
{
	return at_least(DELAY_FACTOR * (split_ns < act_ns ? split_ns : act_ns), DELAY_NS);
}

static u64 capped(u64 ns, u64 limit_ns)
{
	return ns > limit_ns ? limit_ns : ns;
}

/* By what the command line says, not by what is drawn. */
static bool is_led(const struct run *run)
{
	return run->opt->steer || (run->opt->grid && run->sh->round >= GRID_FREE);
}

/* Any point of one op shall be able to meet any point of the other. */
static void draw_pair_delays(struct run *run, unsigned int thp)
{
	const struct pair_round *pair = &run->sh->pair[thp];
	u64 b_ns = capped(run->sh->uop_ns[pair->op[0]], DELAY_NS);
	u64 c_ns = capped(run->sh->uop_ns[pair->op[1]], DELAY_NS);
	struct lane_shared *ls = run->sh->lane;
	struct rng rng;
	__s64 at = 0;

	rng_seed(&rng, run->seed, run->sh->round, ~0ULL);
	/* The free rounds of a grid show which phases occur, as all others would. */
	if (b_ns + c_ns && !run->sh->forced && !is_led(run))
		at = (__s64)rng_below(&rng, b_ns + c_ns) - (__s64)c_ns;
	ls[0].delay_ns = 0;
	ls[1].delay_ns = at < 0 ? -at : 0;
	ls[2].delay_ns = at > 0 ? at : 0;
}

/* How long each op takes, where it is not parked. */
static void learn_from_pair(struct run *run, unsigned int thp)
{
	const struct pair_round *pair = &run->sh->pair[thp];
	unsigned int i;

	for (i = 0; i < PAIR_LANES; i++) {
		const struct stamp *s = &run->sh->stamp[i + 1][thp];
		u64 *mean = &run->sh->uop_ns[pair->op[i]];

		if (s->end_ns)
			*mean = (*mean * 3 + s->end_ns - s->begin_ns) / 4;
	}
}

/*
 * Any point of the split shall be able to meet any point of the other op: the
 * workers start between one of their ops before and one split after main.
 * Mostly in two thirds of that range, since durations vary.
 */
static void draw_delays(struct run *run, unsigned int thp)
{
	struct lane_shared *ls = run->sh->lane;
	u64 split_ns = ls[0].mean_ns, act_ns = mean_of_workers(run), jitter = 0, limit_ns;
	unsigned int i;
	struct rng rng;
	__s64 at;

	limit_ns = longest_delay(split_ns, act_ns);
	for (i = 0; i <= run->nr_workers; i++)
		ls[i].delay_ns = 0;
	if (run->opt->grid && run->sh->round < GRID_FREE) {
		/* The grid's free rounds show which phases occur: either first, then mixed. */
		if (run->sh->round == 0)
			ls[0].delay_ns = DELAY_NS;
		for (i = 1; run->sh->round == 1 && i <= run->nr_workers; i++)
			ls[i].delay_ns = at_least(DELAY_FACTOR * split_ns, DELAY_NS);
		if (run->sh->round < 2)
			return;
	} else if (run->opt->steer || run->opt->grid || run->sh->forced) {
		/*
		 * The split shall be in the kernel before another lane is parked
		 * there with the mmap_lock: until then it may have a page fault.
		 */
		for (i = 1; i <= run->nr_workers; i++)
			ls[i].delay_ns = STEERED_LEAD_NS;
		/* b may spin for what main holds, on a CPU that c needs to begin. */
		if (run->nr_workers > 1 && run_steers_to(run, thp, "c>"))
			ls[1].delay_ns += 2 * STEERED_LEAD_NS;
		return;
	}
	rng_seed(&rng, run->seed, run->sh->round, ~0ULL);
	split_ns = split_ns > limit_ns ? limit_ns : split_ns;
	act_ns = act_ns > limit_ns ? limit_ns : act_ns;
	if (rng_below(&rng, 8)) {
		split_ns -= split_ns / 3;
		act_ns -= act_ns / 3;
	}
	at = run->bias_ns;
	if (split_ns + act_ns)
		at += (__s64)rng_below(&rng, split_ns + act_ns) - (__s64)act_ns;
	if (at < 0)
		ls[0].delay_ns = -at;
	for (i = 1; at > 0 && i <= run->nr_workers; i++)
		ls[i].delay_ns = at;
	/* Mostly all workers at once; sometimes, or without a split, scattered. */
	if (run->nr_workers > 1 && act_ns && (!split_ns || !rng_below(&rng, 4)))
		jitter = act_ns;
	for (i = 1; jitter && i <= run->nr_workers; i++)
		ls[i].delay_ns += rng_below(&rng, jitter);
}

/* Where one side is always late, the other learns to wait. */
static void correct_bias(struct run *run, unsigned int thp)
{
	const struct stamp *split = &run->sh->stamp[0][thp];
	__s64 early = 0, late = 0, gap, limit;
	unsigned int i;

	for (i = 1; split->end_ns && i <= run->nr_workers; i++) {
		const struct stamp *s = &run->sh->stamp[i][thp];

		if (s->end_ns < split->begin_ns) {
			gap = split->begin_ns - s->end_ns;
			early = !early || gap < early ? gap : early;
		} else if (s->begin_ns > split->end_ns) {
			gap = s->begin_ns - split->end_ns;
			late = !late || gap < late ? gap : late;
		} else {
			return;
		}
	}
	if (early && late)
		return;
	run->bias_ns += (early - late) / BIAS_WEIGHT;
	limit = at_least(run->sh->lane[0].mean_ns, BIAS_NS);
	if (run->bias_ns > limit)
		run->bias_ns = limit;
	if (run->bias_ns < -limit)
		run->bias_ns = -limit;
}

static void note_skew(struct run *run, unsigned int thp)
{
	u64 first = ~0ULL, last = 0, closest = ~0ULL;
	struct result *res = run->res;
	unsigned int i, j;

	if (run->nr_workers < 2 || res->nr_skews == NR_SKEWS)
		return;
	for (i = 1; i <= run->nr_workers; i++) {
		u64 a = run->sh->stamp[i][thp].begin_ns;

		first = a < first ? a : first;
		last = a > last ? a : last;
		for (j = 1; j < i; j++) {
			u64 b = run->sh->stamp[j][thp].begin_ns;
			u64 d = a > b ? a - b : b - a;

			closest = d < closest ? d : closest;
		}
	}
	res->spread_ns[res->nr_skews] = last - first > ~0U ? ~0U : last - first;
	res->closest_ns[res->nr_skews++] = closest > ~0U ? ~0U : closest;
}

static void end_round(struct run *run, unsigned int thp)
{
	cover_round(run, thp);
	folios_raced(run, thp);
	if (run->fd < 0)
		run_tally(run)->overlaps += run_overlapped(run, thp);
	run->sh->round++;
	if (run->fd < 0)
		run_tally(run)->rounds++;
}

/* Along which the lanes are led in this round, or "". */
static const char *schedule_of(const struct run *run, unsigned int thp)
{
	if (run->sh->forced)
		return run->res->program.round[thp % STORM_ROUNDS].schedule;
	return run->opt->steer ? run->opt->steer : "";
}

static int one_round(struct run *run, unsigned int thp)
{
	u64 begin_ns = now_ns();
	int err;

	if (run->sc->begin) {
		err = run->sc->begin(run, thp);
		if (err)
			return err;
	}
	if (run->fd >= 0) {
		err = arm_round(run, thp, true);
		if (err)
			return err;
	}
	if (run->sc->pairs)
		draw_pair_delays(run, thp);
	else
		draw_delays(run, thp);
	note_round(run, thp, schedule_of(run, thp));
	err = workers_do(run, CMD_RACE, thp);
	if (err)
		return err;
	if (run->fd >= 0) {
		err = session_cmd(run->fd, "round");
		if (err) {
			set_error("the module refused to end a round: %.250s",
				  session_why(run->fd, err));
			return err;
		}
	}
	if ((run->sh->forced || run->opt->steer) && session_met(run->fd)) {
		run->res->met++;
		cover_met(run, schedule_of(run, thp));
	}
	if (run->sh->forced) {
		run->forced_ns += now_ns() - begin_ns;
	} else if (run->sc->pairs) {
		if (!is_led(run))
			learn_from_pair(run, thp);
	} else {
		note_skew(run, thp);
		correct_bias(run, thp);
	}
	end_round(run, thp);
	progress(run, false);
	return 0;
}

/* The mmap10 shape: one start, then all go through all huge pages. */
static int free_rounds(struct run *run)
{
	unsigned int thp;
	int err;

	draw_delays(run, 0);
	for (thp = 0; thp < run->nr_thps; thp++)
		note_round(run, thp, "");
	err = workers_do(run, CMD_RACE_ALL, 0);
	if (err)
		return err;
	for (thp = 0; thp < run->nr_thps; thp++) {
		if (run->huge[thp])
			end_round(run, thp);
	}
	progress(run, false);
	return 0;
}

/* Where two workers are what meets, they are mostly made to. */
static bool arm_third(struct run *run, unsigned int thp)
{
	char schedule[256];
	struct rng rng;

	if (!run->sc->third || run->opt->without || env.nr_cpus < 2)
		return false;
	rng_seed(&rng, run->seed, mix64(run->gen, thp), STEER_LANE);
	return rng_below(&rng, 4) &&
	       steer_draw_third(run->sc, &rng, schedule, sizeof(schedule)) &&
	       !session_cmd(run->fd, "arm scenario=%s steer=\"%s\"", run->sc->name, schedule);
}

/* The op alone, see run_alone().  Not a round. */
static int solo_round(struct run *run, unsigned int thp)
{
	bool forced = arm_third(run, thp);
	int err = forced ? 0 : arm_round(run, thp, false);

	if (err)
		return err;
	run->sh->forced = forced;
	run->res->forced += forced;
	run->sh->solo = 1;
	note_round(run, thp, "");
	err = workers_do(run, CMD_RACE, thp);
	run->sh->solo = 0;
	if (!err)
		cover_round(run, thp);
	return err;
}

static bool ending(const struct run *run)
{
	return signals_stop() || now_ns() >= run->deadline_ns ||
	       (run->opt->rounds &&
		run->sh->round - run->opt->first_round >= run->opt->rounds);
}

/**
 * race_batch() - a round for each huge page of the batch
 * @run: the run
 *
 * Returns 0, -EOPNOTSUPP with res->skipped set, or an error.
 */
int race_batch(struct run *run)
{
	unsigned int thp;
	int err;

	/* Without a splitter, the lanes themselves have to meet: mostly freely. */
	if (run->fd < 0 && run->sc->shape == SHAPE_PROCS && !run->sc->pairs &&
	    (run->sh->batch % 4 == 3) == env.have_split_file)
		return free_rounds(run);
	for (thp = 0; thp < run->nr_thps; thp++) {
		if (!run->huge[thp])
			continue;
		err = run_alone(run, thp) && !run->sc->pairs ? solo_round(run, thp) :
							       one_round(run, thp);
		if (err)
			return err;
		if (ending(run))
			break;
	}
	return 0;
}
