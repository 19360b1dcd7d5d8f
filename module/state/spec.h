/* SPDX-License-Identifier: GPL-2.0 */
/*
 * spec.h - one line of the trigger grammar (docs/ABI.md) as data
 *
 * front/trigger.c fills a struct thprace_spec; everything below acts on it.
 */
#ifndef THPRACE_SPEC_H
#define THPRACE_SPEC_H

#include "compat/pure.h"

#define THPRACE_NAME_LEN	40

#define THPRACE_MAX_PID		4194304	/* 2^22 */
#define THPRACE_MAX_PAGE	(THPRACE_HPAGE_NR - 1)
#define THPRACE_MAX_ERRNO	4095	/* MAX_ERRNO of the kernel */

/* One map=0xADDR+LEN word: PMD-aligned address and length, in bytes. */
struct thprace_map {
	u64 addr;
	u64 len;
};

/* One op=NAME:LANES word. */
struct thprace_op_req {
	char name[THPRACE_NAME_LEN];
	u32 lanes;
};

enum thprace_step_kind {
	THPRACE_STEP_ENTER,	/* a>phase */
	THPRACE_STEP_RETURN,	/* a<phase */
	THPRACE_STEP_END,	/* a>end */
	THPRACE_NR_STEP_KINDS
};

/* One step of a schedule: run @lane until the @nth occurrence of @phase. */
struct thprace_step {
	u8 lane;			/* 0 = a, 1 = b ... < THPRACE_MAX_LANES */
	enum thprace_step_kind kind;
	u32 nth;			/* 1.. */
	char phase[THPRACE_NAME_LEN];	/* "" for THPRACE_STEP_END */
};

enum thprace_steer {
	THPRACE_STEER_NONE,
	THPRACE_STEER_SCHEDULE,
	THPRACE_STEER_GRID,
};

enum thprace_stop_on {
	THPRACE_STOP_FIRST,
	THPRACE_STOP_NEVER,
};

/* How a user lane's own system call ended; for the done command. */
enum thprace_result {
	THPRACE_RESULT_OK,
	THPRACE_RESULT_BUSY,
	THPRACE_RESULT_FAILED,
	THPRACE_NR_RESULTS
};

/* Which words a line held; a bit each, in struct thprace_spec::given. */
enum thprace_word {
	THPRACE_WORD_PID,
	THPRACE_WORD_MAP,
	THPRACE_WORD_OP,
	THPRACE_WORD_DURATION_MS,
	THPRACE_WORD_ROUNDS,
	THPRACE_WORD_SEED,
	THPRACE_WORD_ORDER,
	THPRACE_WORD_PAGE,
	THPRACE_WORD_STEER,
	THPRACE_WORD_CHECK,
	THPRACE_WORD_STOP_ON,
	THPRACE_WORD_INJECT,
	THPRACE_WORD_LANE,
	THPRACE_WORD_RESULT,
	THPRACE_WORD_GRID_K,
	THPRACE_WORD_SCENARIO,
	THPRACE_WORD_REFS,
	THPRACE_WORD_TASK,
	THPRACE_WORD_ERRNO,
	THPRACE_NR_WORDS
};

#define THPRACE_WORD_NAMES {						\
	"pid", "map", "op", "duration_ms", "rounds", "seed", "order",	\
	"page", "steer", "check", "stop_on", "inject", "lane",		\
	"result", "grid_k", "scenario", "refs", "task", "errno" }

/**
 * struct thprace_spec - a parsed line
 * @given:	bitmap of enum thprace_word
 * @pid:	process ids as written (in the writer's pid namespace), @nr_pids of them
 * @map:	PMD-aligned ranges, @nr_maps of them, none overlapping another
 * @op:		op requests, @nr_ops of them, names not repeated; the sum of
 *		lanes is at most THPRACE_MAX_LANES
 * @step:	the schedule, @nr_steps of them, when @steer is THPRACE_STEER_SCHEDULE;
 *		with THPRACE_STEER_GRID only phases, those of the rows, @nr_rows of them;
 *		0: all
 * @check:	bitmap of enum thprace_check that the line named; 0 = all
 * @inject:	bitmap of checks whose observation is perturbed (positive controls)
 * @duration_ms: 1..THPRACE_MAX_DURATION_MS
 * @rounds:	1..THPRACE_MAX_ROUNDS
 * @seed:	any u64
 * @order:	0..THPRACE_MAX_ORDER: order that a split leaves
 * @page:	0..THPRACE_MAX_PAGE: subpage that the op starts at
 * @grid_k:	1..THPRACE_MAX_GRID_K: how often each cell is tried
 * @lane:	0..THPRACE_MAX_LANES-1, from a letter a..p
 * @result:	of a done command
 * @err:	of a done command: errno of the system call that failed
 * @scenario:	label for violations
 * @task:	id of the task that does a lane's work, as written
 * @refs_exact:	refs=exact: nobody but the session holds references on the folios
 *
 * Numbers not given are 0; @given tells.
 */
struct thprace_spec {
	u32 given;
	u32 nr_pids, nr_maps, nr_ops, nr_steps, nr_rows;
	s32 pid[THPRACE_MAX_PIDS];
	struct thprace_map map[THPRACE_MAX_MAPS];
	struct thprace_op_req op[THPRACE_MAX_OPS];
	enum thprace_steer steer;
	struct thprace_step step[THPRACE_MAX_STEPS];
	u64 check;
	u64 inject;
	u64 duration_ms;
	u64 rounds;
	u64 seed;
	u32 order;
	u32 page;
	u32 grid_k;
	u32 lane;
	enum thprace_result result;
	u32 err;
	enum thprace_stop_on stop_on;
	char scenario[THPRACE_NAME_LEN];
	u32 refs_exact;
	u32 task;
};

#endif /* THPRACE_SPEC_H */
