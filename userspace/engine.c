// SPDX-License-Identifier: GPL-2.0
/*
 * Runs a scenario: batches of huge pages, a round for each of them
 *
 * A batch: map, fault, fill, prove huge, (fork,) hold; race (round.c); check
 * and verify.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cgroup.h"
#include "client.h"
#include "cover.h"
#include "cover_look.h"
#include "crash.h"
#include "engine.h"
#include "env.h"
#include "folios.h"
#include "note.h"
#include "options.h"
#include "region.h"
#include "result.h"
#include "round.h"
#include "run.h"
#include "scenario.h"
#include "storm.h"
#include "stuck.h"
#include "tally.h"
#include "touch.h"
#include "undo.h"
#include "uop_set.h"
#include "util.h"
#include "worker.h"

#define DEFAULT_THPS		8
#define BRIEF_THPS		3	/* of DEFAULT_THPS, in a first pass */
#define MIN_THPS		4
#define MIN_BUDGET_NS		(30 * NSEC_PER_SEC)
#define BUDGET_PER_MIB_NS	(20 * NSEC_PER_MSEC)	/* to fill it, or to copy it */
#define BUDGET_PER_LANE_NS	NSEC_PER_SEC		/* of those that a CPU has */
#define MIN_GRACE_NS		(20 * NSEC_PER_SEC)
#define GRACE_BATCHES		4
#define GRACE_TRIES		16	/* of an op that was never done: until then, */
#define MORE_GRACE		3	/* so many times as long */
#define BUDGET_FACTOR		50
#define NOT_HUGE_BATCHES	20	/* in a row, then it makes no sense */

/* What the lane of a storm ran through, on the first huge page with wrong content. */
static void note_program(struct run *run)
{
	int thp = note_thp(run->sh, run->sh->violations[0].thp);
	const struct storm_round *round;
	unsigned int i;

	if (!run->sc->mixed || !run->sh->nr_violations || thp < 0)
		return;
	round = &run->res->program.round[thp % STORM_ROUNDS];
	for (i = 0; i < round->nr; i++)
		note_add(run->sh, NOTE_LANES, 0, "program", "op=%s pages=%u+%u",
			 storm_kind_name(round->op[i].kind), round->op[i].first,
			 round->op[i].nr);
}

static void note_first_violation(struct run *run)
{
	const struct tally *t = run_tally(run);

	if (!run_violations(run))
		return;
	if (!run->res->found.known)
		note_program(run);
	if (!run->res->first_violation_ns)
		run->res->first_violation_ns = now_ns() - run->start_ns;
	note_found(run->sh, t->nr_violations ? t->kept[0].addr : run->sh->violations[0].thp,
		   &run->res->found);
	note_session(run);
}

/**
 * engine_enough() - have ops met at all, and were those done that a pass needs?
 * @sc: scenario
 * @opt: options of the run
 * @t: what it counted
 *
 * What a pass needs and more rounds may give; see judge_scenario().
 */
bool engine_enough(const struct scenario *sc, const struct options *opt, const struct tally *t)
{
	if (!t->overlaps || !tally_other_done(t) || uop_set_undone(&opt->ops, sc, t))
		return false;
	if (sc->pairs)
		return true;
	return tally_done(t, "split") &&
	       (sc->mixed || (tally_done(t, sc->op) && !tally_undone(t, sc->op)));
}

static u64 longest_of(u64 a, u64 b)
{
	return a > b ? a : b;
}

/* How often its op was tried in vain, also in the passes before. */
static u64 tried_in_vain(const struct run *run)
{
	struct op_count *op = tally_op(run_tally(run), run->sc->op);
	u64 n = op ? op->busy + op->failed : 0;

	op = run->before ? tally_op((struct tally *)&run->before->tally, run->sc->op) : NULL;
	return op ? n + op->busy + op->failed : n;
}

/* On a slow machine a scenario gets a little longer, until it has met a split. */
static bool time_is_up(const struct run *run)
{
	u64 now = now_ns(), grace_ns;

	if (now < run->deadline_ns)
		return false;
	grace_ns = longest_of(MIN_GRACE_NS, run->res->longest_ns * GRACE_BATCHES);
	if (tried_in_vain(run) < GRACE_TRIES)
		grace_ns *= MORE_GRACE;
	if (now >= run->deadline_ns + grace_ns || run->fd < 0 || run->opt->grid ||
	    run->opt->without || !run->last_pass)
		return true;
	return engine_enough(run->sc, run->opt, run_tally(run)) ||
	       (run->before && engine_enough(run->sc, run->opt, &run->before->tally));
}

/**
 * run_stopping() - is it time to end this scenario?
 * @run: the run
 */
int run_stopping(struct run *run)
{
	const struct options *opt = run->opt;

	return signals_stop() || run->sh->stop || time_is_up(run) ||
	       (opt->rounds && run->sh->round - opt->first_round >= opt->rounds) ||
	       (opt->grid && run_tally(run)->grid.complete) ||
	       (opt->stop_first && run_violations(run));
}

static u64 lap(struct run *run, enum timing what, u64 since_ns)
{
	u64 now = now_ns();

	run->res->time_ns[what] += now - since_ns;
	return now;
}

/* Nothing is there to be checked where all has been unmapped. */
static int check_refused(const struct run *run, int err)
{
	if (!err || err == -ENOMEM)
		return 0;
	set_error("session refused check: %.250s", session_why(run->fd, err));
	return err;
}

static int check_region(struct run *run, const struct region *region)
{
	char line[THPRACE_MAX_LINE];
	unsigned int i, j, len;
	int err;

	len = snprintf(line, sizeof(line), "check map=0x%lx+0x%zx pid=%d",
		       (unsigned long)region->base, region->len, getpid());
	for (i = 1; run_has_procs(run) && i <= run->nr_workers; i++) {
		if (i < THPRACE_MAX_PIDS)
			len += snprintf(line + len, sizeof(line) - len, " pid=%d",
					run->lanes[i].pid);
		for (j = 1; j < run->sc->depth; j++)
			len += snprintf(line + len, sizeof(line) - len, " pid=%d",
					run->sh->lane[i].line[j]);
	}
	for (i = 0; i < run->nr_extra && i < THPRACE_MAX_PIDS - 1; i++) {
		if (run->extra[i])
			len += snprintf(line + len, sizeof(line) - len, " pid=%d", run->extra[i]);
	}
	/* Nobody else holds references, or the scenario says so. */
	len += snprintf(line + len, sizeof(line) - len, " refs=%s",
			run->sc->refs_held ? "lower" : "exact");
	err = check_refused(run, session_cmd(run->fd, "%s", line));
	if (err || run->sc->refs_held || run->opt->without & WITHOUT_CHECK_SPLIT)
		return err;
	run->sh->check_split = 1;
	err = session_cmd(run->fd, "check map=0x%lx+0x%zx pid=%d refs=exact check=%s",
			  (unsigned long)region->base, region->len, getpid(),
			  check_name(THPRACE_CHECK_SPLIT_PROGRESS));
	return err == -EOPNOTSUPP ? 0 : check_refused(run, err);
}

/* Main may look at any time, or for the last time: the other one stays whole. */
static int take_report(struct run *run, u64 grid_ns)
{
	u32 next = (run->sh->tally_now + 1) % 2;
	int err = session_report(run->fd, &run->sh->tally[next]);

	if (err)
		return err;
	run->sh->tally[next].grid.time_ns = grid_ns;
	__atomic_store_n(&run->sh->tally_now, next, __ATOMIC_RELEASE);
	return 0;
}

static int quiesced_check(struct run *run)
{
	int err = session_cmd(run->fd, "drop");

	if (err) {
		set_error("session refused drop: %s", strerror(-err));
		return err;
	}
	err = check_region(run, &run->region);
	if (!err && run->also.len)
		err = check_region(run, &run->also);
	if (err)
		return err;
	return take_report(run, now_ns() - run->begin_ns);
}

static int fault_and_fill(struct run *run)
{
	u64 t = now_ns();
	int err = folios_prepare(run);

	if (err)
		return err;
	/* Only threads can help: other workers are not there yet, or have not mapped it. */
	if (run_has_procs(run)) {
		unsigned int i;

		for (i = 0; i < run->nr_thps; i++)
			folios_fault(run, i);
		t = lap(run, T_FAULT, t);
		for (i = 0; i < run->nr_thps; i++)
			thp_fill(region_thp(&run->region, i), run->gen);
		lap(run, T_FILL, t);
		return 0;
	}
	err = workers_do(run, CMD_FAULT, 0);
	if (err)
		return err;
	t = lap(run, T_FAULT, t);
	err = workers_do(run, CMD_FILL, 0);
	lap(run, T_FILL, t);
	return err;
}

static int prepare_batch(struct run *run, unsigned int *nr_huge)
{
	u64 begin = now_ns(), t = begin;
	int err;

	run->sh->batch_round = run->sh->round;
	run->sh->check_split = 0;
	run_begin_batch(run);
	folios_draw(run);
	err = run->sc->map ? run->sc->map(run) : region_map(&run->region);
	if (err)
		return err;
	lap(run, T_MAP, t);
	err = fault_and_fill(run);
	if (err)
		return err;
	t = now_ns();
	*nr_huge = folios_prove(run);
	t = lap(run, T_PROVE, t);
	if (!*nr_huge)
		return 0;
	/* Of the first batch nothing else was measured when its race begins. */
	run->budget_ns = longest_of(run->budget_ns, (t - begin) * BUDGET_FACTOR);
	if (run_has_procs(run)) {
		run->sh->budget_ns = run->budget_ns;
		err = run->sc->shape == SHAPE_PEERS ? workers_do(run, CMD_ATTACH, 0) :
						      workers_start(run);
		if (err)
			return err;
		t = lap(run, T_FORK, t);
	}
	if (run->fd >= 0) {
		err = folios_hold(run);
		lap(run, T_HOLD, t);
	}
	return err;
}

/* The positive control of the content check, on this huge page or one behind it. */
static void flip_bit(struct run *run, unsigned int thp)
{
	size_t i;

	for (i = (size_t)thp * env.nr_subpages; i < (size_t)run->nr_thps * env.nr_subpages; i++) {
		if (run->state[i] == PG_PATTERN || run->state[i] == PG_REWRITTEN)
			break;
	}
	if (i == (size_t)run->nr_thps * env.nr_subpages)
		return;
	mprotect(run->region.base + i * env.page_size, env.page_size, PROT_READ | PROT_WRITE);
	run->region.base[i * env.page_size + 8] ^= 1;
}

/*
 * The positive controls of triage: content is wrong after some rounds only.
 * Returns the huge page of such a round, or as many as there are.
 */
static unsigned int find_culprit(const struct run *run)
{
	unsigned int i;
	bool done;

	for (i = 0; i < run->nr_thps; i++) {
		done = run->sh->stamp[1][i].end_ns;
		if ((injected("op") && done) || (injected("race") && run_overlapped(run, i)) ||
		    (injected("steer") && done && run->sh->thp_round[i].schedule[0]))
			break;
	}
	return i;
}

/* The positive control of the look at fatal signals. */
static void lose_page(struct run *run)
{
	size_t i;

	for (i = 0; i < (size_t)run->nr_thps * env.nr_subpages; i++) {
		if (run->state[i] == PG_PATTERN)
			break;
	}
	if (i < (size_t)run->nr_thps * env.nr_subpages)
		munmap(run->region.base + i * env.page_size, env.page_size);
}

/* What ends a scenario from outside, for tests of what then becomes of the rest. */
static void inject_ending(struct run *run)
{
	char path[224];

	if (injected("die"))
		kill(getpid(), SIGKILL);
	if (injected("oom") && run->cgroup)
		cgroup_limit(run->cgroup, "65536");
	if (injected("fork") && run->cgroup) {
		snprintf(path, sizeof(path), "%s/pids.max", run->cgroup);
		write_text(path, "1");
	}
	while (injected("hang"))
		pause();
}

static int verify_batch(struct run *run)
{
	unsigned int culprit;
	int err;

	if (run->sc->after) {
		err = workers_do(run, CMD_AFTER, 0);
		if (err)
			return err;
	}
	if (injected("content") || run->sh->culprit ||
	    (injected("check-split") && run->sh->check_split))
		flip_bit(run, 0);
	culprit = find_culprit(run);
	if (culprit < run->nr_thps)
		flip_bit(run, culprit);
	if (injected("segv"))
		lose_page(run);
	run->sh->culprit = 0;
	return workers_do(run, CMD_VERIFY, 0);
}

static int run_batch(struct run *run, unsigned int *nr_huge)
{
	u64 begin = now_ns(), seen = run->cover ? cover_sum(run->cover) : 0, t, took;
	int err;

	err = prepare_batch(run, nr_huge);
	if (err || !*nr_huge)
		return err;
	/* The positive control of the look at what is stuck. */
	while (injected("stuck"))
		pause();
	t = now_ns();
	err = race_batch(run);
	if (err)
		return err;
	t = lap(run, T_RACE, t);
	cover_states(run);
	if (run->fd >= 0) {
		err = quiesced_check(run);
		note_first_violation(run);
		if (err)
			return err;
		t = lap(run, T_CHECK, t);
	}
	err = verify_batch(run);
	if (err)
		return err;
	t = lap(run, T_VERIFY, t);
	inject_ending(run);
	if (run->sc->shape == SHAPE_PROCS) {
		workers_stop(run);
		lap(run, T_FORK, t);
	}
	run->sh->batch++;
	stuck_beat(run->res);
	took = now_ns() - begin;
	if (run->cover)
		cover_batch(run->cover, cover_sum(run->cover) - seen, took);
	run->budget_ns = longest_of(run->budget_ns, took * BUDGET_FACTOR);
	note_first_violation(run);
	return 0;
}

static int run_batches(struct run *run)
{
	unsigned int in_vain = 0, nr_huge = 0;
	int err;

	if (run->sc->shape != SHAPE_PROCS) {
		err = workers_start(run);
		if (err)
			return err;
	}
	stuck_beat(run->res);
	do {
		err = run_batch(run, &nr_huge);
		in_vain = nr_huge ? 0 : in_vain + 1;
	} while (!err && in_vain < NOT_HUGE_BATCHES && !run_stopping(run));
	return err;
}

static int allocate(struct run *run)
{
	int err;

	run->huge = run->sh->huge;
	run->sh->round = run->opt->first_round;
	/* The choices go on where the pass before has ended. */
	if (run->before) {
		run->sh->round += run->before->tally.rounds;
		run->sh->batch = run->before->batches;
	}
	run->state = calloc(run->nr_thps, env.nr_subpages);
	if (!run->state) {
		set_error("out of memory");
		return -ENOMEM;
	}
	run->sh->nr_thps = run->nr_thps;
	run->sh->nr_workers = run->nr_workers;
	err = region_reserve(&run->region, run->nr_thps);
	run->sh->base = (unsigned long)run->region.base;
	return err;
}

static void init_lanes(struct run *run)
{
	unsigned int i;

	for (i = 0; i <= run->nr_workers; i++) {
		run->lanes[i].id = i;
		run->lanes[i].run = run;
		run->lanes[i].op = run->sc->op;
		run->lanes[i].pid = getpid();
		run->lanes[i].tid = getpid();
		run->lanes[i].letter = note_letter(i);
	}
}

/*
 * Faulting huge pages in is a large part of a round: no more of them than the
 * time may be enough for.
 */
static unsigned int fitting_thps(const struct run *run)
{
	unsigned int nr = run->sc->thps ?: DEFAULT_THPS;
	u64 now = now_ns(), round_ns, rounds;

	if (run->brief)
		return nr * BRIEF_THPS / DEFAULT_THPS;
	if (!run->before || !run->before->tally.rounds)
		return nr;
	round_ns = run->before->duration_ns / run->before->tally.rounds + 1;
	rounds = run->deadline_ns > now ? (run->deadline_ns - now) / round_ns : 0;
	if (rounds >= nr)
		return nr;
	return rounds > MIN_THPS ? rounds : MIN_THPS;
}

/* Forks may copy all of them, and others need memory, too. */
static unsigned int affordable_thps(const struct options *opt, unsigned int nr)
{
	u64 bytes = env_available_bytes(), percent = opt->mem_share ?: DEFAULT_MEM_SHARE;
	u64 fit = bytes / 100 * percent / env.nr_jobs / env.hpage_size;

	if (!bytes || fit >= nr)
		return nr;
	return fit ? fit : 1;
}

/* Until a batch was measured. */
static u64 first_budget(const struct run *run)
{
	u64 lanes = run->nr_workers + 1;
	u64 mib = run->nr_thps * lanes * env.hpage_size / (1 << 20);

	return MIN_BUDGET_NS + mib * BUDGET_PER_MIB_NS +
	       lanes / env.nr_cpus * BUDGET_PER_LANE_NS;
}

static unsigned int choose_thps(const struct run *run)
{
	unsigned int nr = run->opt->thps;

	if (!nr)
		nr = affordable_thps(run->opt, fitting_thps(run));

	/* The programs of all of a batch are kept. */
	return run->sc->mixed && nr > STORM_ROUNDS ? STORM_ROUNDS : nr;
}

/**
 * engine_run() - run one scenario until its end
 * @run: sc, opt, res, sh, fd, seed, start_ns, deadline_ns are given
 *
 * Returns 0, -EOPNOTSUPP with res->skipped set, or another negative errno
 * with set_error().
 */
int engine_run(struct run *run)
{
	const struct scenario *sc = run->sc;
	const struct options *opt = run->opt;
	u64 begin = now_ns();
	int err, report_err;
	unsigned int i;

	run->nr_workers = scenario_workers(sc, opt);
	run->nr_thps = choose_thps(run);
	run->budget_ns = first_budget(run);
	run->begin_ns = begin;
	init_lanes(run);
	err = allocate(run);
	if (err)
		goto out_free;
	crash_catch(run);
	env_pin(0);
	err = touch_begin(run);
	if (!err && sc->setup)
		err = sc->setup(run);
	if (err)
		goto out_free;
	err = run->fd >= 0 ? session_cmd(run->fd, "reset") : 0;
	if (err)
		set_error("session refused reset: %s", strerror(-err));
	else
		err = run_batches(run);
	if (err)
		__atomic_store_n(&run->sh->abort, 1, __ATOMIC_RELEASE);
	workers_stop(run);
	/* Also after an error: what was found until then counts. */
	if (run->fd >= 0) {
		report_err = take_report(run, run_tally(run)->grid.time_ns);
		err = err ? err : report_err;
	}
out_free:
	if (sc->undone && !tally_done(run_tally(run), sc->op))
		sc->undone(run->res->hint, sizeof(run->res->hint));
	if (sc->cleanup)
		sc->cleanup(run);
	knobs_restore();
	region_release(&run->region);
	free(run->state);
	run->state = NULL;
	for (i = 0; i < T_OTHER; i++)
		begin += run->res->time_ns[i];
	if (now_ns() > begin)
		run->res->time_ns[T_OTHER] = now_ns() - begin;
	return err;
}
