/* SPDX-License-Identifier: GPL-2.0 */
/* A scenario that is running: its lanes, and the memory that they share */
#ifndef THPRACE_RUN_H
#define THPRACE_RUN_H

#include <pthread.h>
#include <stdalign.h>

#include "block.h"
#include "cover.h"
#include "gate.h"
#include "options.h"
#include "pair.h"
#include "piece.h"
#include "region.h"
#include "result.h"
#include "rng.h"

#define MAX_DEPTH		4	/* generations between main and a worker */
#define SHARED_VIOLATIONS	16	/* kept of what the lanes see, and of what main sees */
#define SHARED_NOTES		320
#define MAX_CRASHES		8

/* What a lane did to a huge page in its round. */
struct stamp {
	u64 begin_ns, end_ns;
	pid_t pid;
	u32 result;			/* enum act_result, once it has ended */
	int err;			/* errno of what has failed, or 0 */
	char op[20];
	bool known;			/* which pages */
	struct piece piece;
};

/* The last round of a huge page. */
struct thp_round {
	u64 round;
	bool solo;			/* without a split */
	char schedule[256];		/* that was forced, or empty */
};

/* What is known of a finding's cause; see struct block. */
enum note_of {
	NOTE_LANES,			/* of a violation that lanes have seen */
	NOTE_MAIN,			/* of one that main has seen */
	NOTE_CRASH,			/* of a fatal signal */
	NOTE_SESSION,			/* of a cause that the session has reported */
};

struct note {
	u32 ready;			/* all of it is there */
	enum note_of of;
	u32 number;			/* of the violation, or the cause */
	char kind[16];
	char text[BLOCK_TEXT];
};

/* A lane's part of the shared memory; written by the lane only. */
struct lane_shared {
	alignas(64) u64 done;
	u64 busy, failed, time_ns;
	u64 mean_ns;			/* running mean of an op */
	u64 pages_verified;
	u64 held[THPRACE_NR_CHECKS];	/* of those that lanes make, but content */
	u64 delay_ns;			/* written by main before the gate */
	pid_t line[MAX_DEPTH];		/* forks between main and it, itself last */
	u32 nr_ready;			/* of them that have pages of their own */
	pid_t tid;			/* of a thread that runs, or 0 */
	u32 error;
	int err;			/* its errno, negative */
	char message[160];
};

enum worker_cmd {
	CMD_FAULT, CMD_FILL, CMD_ATTACH, CMD_RACE, CMD_RACE_ALL, CMD_AFTER, CMD_VERIFY, CMD_QUIT,
};

/* A fatal signal, as its handler has seen it. */
struct crash {
	u32 ready;			/* all of it is there */
	int sig, code;
	pid_t pid;
	u32 lane;
	u64 addr, ip;
	bool write, fetch;		/* what was tried; else a read */
	bool known;			/* the run knows what should be there: state */
	u8 state;
	bool mapped;			/* there is a VMA: vma, perms */
	char perms[8];
	u64 pagemap, flags;		/* 0: not known */
	u32 thp;			/* known: which huge page */
	bool noted;			/* what its lanes did */
};

/*
 * Mapped by main before the scenario's process is forked, and by the keeper: what
 * is in it survives the end of any process.
 */
struct shared {
	struct gate ready, spin, done;
	u32 abort;
	u32 cmd, thp;
	u32 solo;			/* nobody splits in this round */
	u32 forced;			/* this round follows a schedule */
	u32 check_split;		/* the check of this batch has tried to split all of it */
	u32 culprit;			/* the op that was to be found was done */
	u64 round, batch, budget_ns;
	u64 batch_round;		/* the first one of the batch */
	u64 base;			/* address of the first huge page */
	u32 nr_thps, nr_workers;
	u32 running;			/* a scenario: index */
	u32 index;
	u32 stop;			/* main asks for the end */
	u32 found;			/* something that main is to write */
	u32 oopsed;			/* a task has died in the kernel */
	char broken[160];		/* why the job cannot go on, or empty */
	u32 in_cgroup;
	u32 nr_violations;		/* seen by lanes */
	struct violation violations[SHARED_VIOLATIONS];
	u32 nr_outside;			/* seen by main */
	struct violation outside[SHARED_VIOLATIONS];
	u32 nr_notes;
	struct note note[SHARED_NOTES];
	u32 armed;			/* fatal signals are caught */
	u32 nr_crashes;
	struct crash crash[MAX_CRASHES];
	int unseen_signal;		/* ended a worker, past its handler */
	pid_t unseen_pid;
	u32 tally_now;			/* which of the two is whole */
	struct lane_shared lane[MAX_WORKERS + 1];
	/* Large, and not cleared: tallies are by their own rules, stamps before a round. */
	struct tally tally[2];		/* of the session; without it, of the engine */
	u64 uop_ns[MAX_UOPS];		/* running means, of uops[] */
	/* Of each huge page that there may be at a time; see run_shared(). */
	u32 room;
	size_t bytes;			/* of all of it */
	struct stamp *stamp[MAX_WORKERS + 1];	/* of a lane */
	struct thp_round *thp_round;
	struct pair_round *pair;
	u8 *huge;			/* proven */
	u8 *order;			/* that was drawn for it */
	u16 *folios;			/* of that order, in its place */
};

struct lane {
	unsigned int id;		/* 0 is main, the splitter */
	char letter;			/* of the session, or 0 */
	pid_t pid;
	pthread_t thread;
	pid_t tid;
	bool started;
	struct run *run;
	const char *op;			/* this round's */
	pid_t helper;			/* the task that does it in the lane's place, or 0 */
	struct rng rng;			/* this round's choices */
	bool urgent;			/* runs before all others */
	struct piece piece;		/* from plan() to act() */
	unsigned int variant;
	bool did_known;			/* act() has said which pages it is about: did */
	struct piece did;
};

struct run {
	const struct scenario *sc;
	const struct options *opt;
	struct result *res;		/* of this pass */
	const struct result *before;	/* of the passes before */
	struct cover *cover;		/* what it has seen, of all passes; NULL: nobody asks */
	bool beside;			/* others run at the same time */
	bool last_pass;
	bool brief;			/* a first look: fewer huge pages */
	int fd;				/* session or -1 */
	struct region region;
	struct region also;		/* checked too where pages may have gone, if any */
	size_t shift;			/* this process has each huge page so far behind */
	unsigned int nr_workers, nr_thps;
	u8 *huge;			/* of sh */
	u8 *state;			/* [nr_thps * nr_subpages] of this mm */
	struct shared *sh;
	struct lane lanes[MAX_WORKERS + 1];
	u64 gen;			/* pattern generation, one a batch */
	u64 seed;
	u64 start_ns, begin_ns, deadline_ns, budget_ns;
	__s64 bias_ns;			/* added to the workers' start */
	u64 forced_ns;			/* time spent in rounds with a schedule */
	u64 limit_ns;			/* killed then, whatever it does; 0: none */
	u32 noted;			/* causes of the session that have their notes */
	const char *cgroup;		/* the scenario's own, or NULL */
	u64 splits_before;		/* of the kernel */
	bool full_verify;
	pid_t extra[MAX_THPS];		/* more processes to check, 0 = none */
	unsigned int nr_extra;
	pid_t kthread;			/* that does a lane's work, or 0 */
	const void *same_as;		/* a page: all PG_SAME ones are filled as if there */
	void *priv;			/* a scenario's own */
};

struct shared *run_shared(u32 room);
void run_shared_free(struct shared *sh);
void run_reset(struct shared *sh);
struct tally *run_tally(const struct run *run);
u64 run_violations(const struct run *run);
void run_begin_batch(struct run *run);
bool run_alone(const struct run *run, unsigned int thp);
u8 *run_state(struct run *run, unsigned int thp);
char *run_view(const struct run *run, unsigned int thp);
bool run_has_procs(const struct run *run);
u64 own_gen(const struct run *run, const struct lane *lane);
u64 rewritten_gen(const struct run *run);
void lane_did(struct lane *lane, unsigned int first, unsigned int nr, unsigned int stride);
bool run_overlapped(const struct run *run, unsigned int thp);
bool run_steers_to(const struct run *run, unsigned int thp, const char *phase);

#endif /* THPRACE_RUN_H */
