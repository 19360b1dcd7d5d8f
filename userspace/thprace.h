/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the companion's files share
 *
 * Types and one line per function; each file's comment says what it does.
 * Not here: the contract with the module, which is include/thprace_abi.h.
 */
#ifndef THPRACE_H
#define THPRACE_H

#include <pthread.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>
#include <linux/types.h>

#include "thprace_abi.h"
#include "storm.h"

typedef __u64 u64;
typedef __u32 u32;
typedef __u8 u8;

#define ARRAY_SIZE(a)		(sizeof(a) / sizeof((a)[0]))
#define BIT_ULL(n)		(1ULL << (n))
#define NSEC_PER_USEC		1000ULL
#define NSEC_PER_MSEC		1000000ULL
#define NSEC_PER_SEC		1000000000ULL

#define MAX_WORKERS		64	/* --procs */
#define MAX_THPS		1024	/* --thps */
#define MAX_SCENARIOS		48
#define MAX_PASSES		3	/* of a run over its scenarios */
#define MAX_OPS			40
#define MAX_CELLS		2304
#define MAX_NR_SUBPAGES		8192	/* arm64 with 64K pages: 512M huge pages */
#define KEPT_VIOLATIONS		THPRACE_MAX_VIOLATIONS
#define SHARED_VIOLATIONS	16	/* content violations kept per scenario */
#define NR_SKEWS		32768
#define MAX_DEPTH		4	/* generations between main and a worker */

/* util.c: time, strict parsing, small files, messages */
u64 now_ns(void);
int parse_u64(const char *s, u64 min, u64 max, u64 *val);
ssize_t read_text(const char *path, char *buf, size_t size);
int write_text(const char *path, const char *text);
void set_error(const char *fmt, ...) __printf(1, 2);
const char *last_error(void);
void copy_word(char *dst, size_t size, const char *src);

/* rng.c: seeded choices, the same on every machine */
struct rng {
	u64 state;
};

u64 mix64(u64 a, u64 b);
void rng_seed(struct rng *rng, u64 seed, u64 round, u64 lane);
u64 rng_next(struct rng *rng);
u64 rng_below(struct rng *rng, u64 n);
u64 rng_fresh_seed(void);

/* env.c: what this machine and kernel have; constant after env_probe() */
struct env {
	size_t page_size;
	size_t hpage_size;
	unsigned int nr_subpages;
	unsigned int nr_cpus;		/* in this task's affinity mask */
	bool have_module;
	bool have_split_file;		/* debugfs split_huge_pages takes pid,start,end */
	bool have_swap;
	int nr_nodes;
	char module[48];		/* ABI version, or empty */
	char no_module[160];		/* why there is none */
	char no_thp[120];		/* why THP can't be had, or empty */
	char release[72];
};

extern struct env env;

void env_probe(void);
int env_split_file(pid_t pid, const void *addr, size_t len);
u64 env_vmstat(const char *name);
int env_cpu(unsigned int n);
void env_pin(unsigned int n);
bool env_has_madvise(int advice);

/* gate.c: bounded rendezvous of threads and processes in shared memory */
struct gate {
	alignas(64) u32 seq;
	u32 arrived;
	u32 parties;
	u32 sleepers;
	u64 opened_ns;			/* when the last one came */
};

struct gate_wait {
	u32 *abort;			/* in shared memory: give up when set */
	u64 budget_ns;
	int (*poll)(void *arg);		/* now and then; non-zero gives up */
	void *arg;
	bool spin;			/* never sleep, only yield */
	bool crowded;			/* more parties than CPUs: sleep at once */
};

void gate_init(struct gate *gate, unsigned int parties);
int gate_meet(struct gate *gate, const struct gate_wait *wait);
void wait_until(u64 when_ns, bool sleep);

/* tally.c: what a report says, added up */
struct op_count {
	char name[24];
	u64 done, busy, failed, time_ns;
};

struct check_count {
	u64 held, violated, skipped;
	bool listed;			/* a report had it */
	char reason[120];
};

struct violation {
	char check[24], scenario[40];
	u64 round, time_ns, addr, pfn;
	char want[40], got[40], ops[64], cell[96], detail[200];
};

struct cell {
	char a[48], b[48], state[24];
	u64 hits, rounds, violations;
};

struct grid_state {
	bool listed;			/* a report had it */
	bool complete;
	u64 k, left;			/* tries of a kind; tries still to come */
	u64 time_ns;			/* until it was complete, or so far */
};

struct tally {
	u64 rounds, overlaps;
	struct grid_state grid;
	unsigned int nr_ops, nr_cells, nr_violations;
	u64 violations;			/* in all, kept or not */
	struct op_count ops[MAX_OPS];
	struct check_count checks[THPRACE_NR_CHECKS];
	struct violation kept[KEPT_VIOLATIONS];
	struct cell cells[MAX_CELLS];
	char verdict[16];
	char steer[256];		/* last steer line */
};

extern const char *const check_names[THPRACE_NR_CHECKS];
extern const char *const verdict_names[THPRACE_NR_VERDICTS];

int check_by_name(const char *name);
int tally_parse(struct tally *t, char *text);
void tally_add(struct tally *sum, const struct tally *t);
struct op_count *tally_op(struct tally *t, const char *name);
void tally_violation(struct tally *t, const struct violation *v);

/* client.c: the session */
int session_open(void);
int session_cmd(int fd, const char *fmt, ...) __printf(2, 3);
bool session_met(int fd);
int session_report(int fd, struct tally *t);

/* region.c: huge pages, proven, filled, verified */
enum page_state {
	PG_PATTERN,			/* as filled */
	PG_HOLE,			/* not mapped */
	PG_ZERO,			/* reads as zero */
	PG_OWN,				/* written since by this lane */
	PG_ANY,				/* not looked at */
	PG_PATTERN_OR_ZERO,		/* MADV_FREE: as filled or zero */
	PG_REWRITTEN,			/* written since, whoever looks */
};

struct region {
	char *base;			/* huge page aligned */
	size_t len;
	unsigned int nr;		/* huge pages */
	void *reserved;			/* PROT_NONE around and between uses */
	size_t reserved_len;
};

struct mismatch {
	const void *addr;		/* page */
	size_t offset;			/* of the first wrong word */
	u64 want, got;
};

int region_reserve(struct region *r, unsigned int nr);
int region_map(struct region *r);
void region_release(struct region *r);
char *region_thp(const struct region *r, unsigned int thp);
void page_fill(void *page, u64 gen);
void page_fill_as(void *page, const void *as, u64 gen);
bool page_verify(const void *page, const void *as, u64 gen, struct mismatch *bad);
bool page_zero(const void *page, struct mismatch *bad);
void thp_fill(char *thp, u64 gen);
int thp_is_huge(const char *thp);
bool hole_is_unmapped(const char *addr, size_t len);

/* A seeded part of a huge page, in subpages. */
struct piece {
	unsigned int first, nr, stride;
};

/* scenario.c: the table */
struct run;
struct lane;
struct report;

enum act_result {
	ACT_OK,
	ACT_BUSY,
	ACT_FAILED,
	ACT_ERROR,			/* harness error, see set_error() */
};

enum shape {
	SHAPE_THREADS,			/* workers are threads of one mm */
	SHAPE_PROCS,			/* workers are forked each batch */
	SHAPE_PEERS,			/* forked once, before anything is mapped */
};

struct scenario {
	const char *name;
	const char *summary;
	const char *op;			/* what the workers do */
	const char *also;		/* what the kernel has to count, or NULL */
	enum shape shape;
	bool optional;			/* not in the default set */
	bool file;			/* shared memory, not anonymous */
	bool refs_held;			/* ops keep references beyond the round */
	bool mixed;			/* does several ops, any will do */
	bool alone;			/* what the op alone leaves matters as much */
	unsigned int depth;		/* of forks between main and a worker; 0 is 1 */
	const char *phases;		/* of the op, for forced rounds */
	const char *inner;		/* those behind its own locks, before its work */
	unsigned int inner_times;	/* that it passes there; 0 is 1 */
	const char *phases_c;		/* the same of lane c, where it can be steered too */
	const char *inner_c;
	const char *third;		/* what lane c passes; without a split, it meets b */
	unsigned int workers;		/* default (0 is 1); --procs where scalable */
	bool scalable;
	unsigned int thps;		/* default (0 is 8) */
	const char *(*why_not)(void);
	int (*setup)(struct run *run);
	void (*cleanup)(struct run *run);
	int (*map)(struct run *run);
	int (*attach)(struct run *run, struct lane *lane);	/* a peer's own mappings */
	int (*plan)(struct run *run, struct lane *lane, unsigned int thp);
	enum act_result (*act)(struct run *run, struct lane *lane, unsigned int thp);
	int (*after)(struct run *run, struct lane *lane, unsigned int thp);
};

extern const struct scenario scenarios[];
extern const unsigned int nr_scenarios;

const struct scenario *scenario_by_name(const char *name);
const char *scenario_why_not(const struct scenario *sc, bool no_module);

/* options, from the command line or from a recorded run */
struct options {
	const struct scenario *scenarios[MAX_SCENARIOS];
	unsigned int nr_scenarios;
	u64 duration_ms, rounds, seed, procs, thps, grid_k;
	bool stop_first, grid, no_module, quiet;
	const char *steer;
	const char *json;
	const char *grid_html;
	const struct storm_batch *program;	/* of a recorded storm, or NULL */
};

/* engine.c: rounds */
enum timing {
	T_MAP, T_FAULT, T_FILL, T_PROVE, T_FORK, T_HOLD, T_RACE, T_CHECK,
	T_VERIFY, T_OTHER, T_NR
};

extern const char *const timing_names[T_NR];

struct stamp {
	u64 begin_ns, end_ns;
};

/* A lane's part of the shared memory; written by the lane only. */
struct lane_shared {
	alignas(64) u64 done;
	u64 busy, failed, time_ns;
	u64 mean_ns;			/* running mean of an op */
	u64 pages_verified;
	u64 delay_ns;			/* written by main before the gate */
	pid_t line[MAX_DEPTH];		/* forks between main and it, itself last */
	u32 nr_ready;			/* of them that have pages of their own */
	u32 error;
	char message[160];
};

enum worker_cmd {
	CMD_FAULT, CMD_FILL, CMD_ATTACH, CMD_RACE, CMD_RACE_ALL, CMD_AFTER, CMD_VERIFY, CMD_QUIT,
};

struct shared {
	struct gate ready, spin, done;
	u32 abort;
	u32 cmd, thp;
	u32 solo;			/* nobody splits in this round */
	u32 forced;			/* this round follows a schedule */
	u32 culprit;			/* the op that was to be found was done */
	u64 round, batch, budget_ns;
	u8 huge[MAX_THPS];		/* proven */
	u32 nr_violations;
	struct violation violations[SHARED_VIOLATIONS];
	struct lane_shared lane[MAX_WORKERS + 1];
	struct stamp stamp[MAX_WORKERS + 1][MAX_THPS];	/* lane, huge page */
};

struct lane {
	unsigned int id;		/* 0 is main, the splitter */
	char letter;			/* of the session, or 0 */
	pid_t pid;
	pthread_t thread;
	bool started;
	struct run *run;
	const char *op;			/* this round's */
	pid_t helper;			/* the task that does it in the lane's place, or 0 */
	struct rng rng;			/* this round's choices */
	bool urgent;			/* runs before all others */
	struct piece piece;		/* from plan() to act() */
	unsigned int variant;
};

struct result {
	const struct scenario *sc;
	enum thprace_verdict verdict;
	const char *skipped;
	int err;			/* of the scenario's process */
	char error[320];
	char why[160];			/* verdict's reason when not pass */
	struct tally tally;
	u64 duration_ns, splits, not_huge, batches, forced;
	u64 met;			/* of forced: all points of the schedule were reached */
	u64 time_ns[T_NR];
	u64 first_violation_ns;		/* since the run's start, or 0 */
	u64 beat_ns, longest_ns;	/* stuck.c: the last end of a batch, the longest one */
	struct storm_batch program;	/* the last one that was run */
	u32 nr_skews;
	u32 spread_ns[NR_SKEWS];	/* first to last start on a huge page */
	u32 closest_ns[NR_SKEWS];	/* nearest two starts on it */
};

struct run {
	const struct scenario *sc;
	const struct options *opt;
	struct result *res;		/* of this pass */
	const struct result *before;	/* of the passes before */
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
	const char *cgroup;		/* the scenario's own, or NULL */
	u64 splits_before;
	bool full_verify;
	pid_t extra[MAX_THPS];		/* more processes to check, 0 = none */
	unsigned int nr_extra;
	pid_t kthread;			/* that does a lane's work, or 0 */
	void *priv;			/* a scenario's own */
};

int engine_run(struct run *run);
void run_begin_batch(struct run *run);
bool engine_enough(const struct scenario *sc, const struct tally *t);
bool run_alone(const struct run *run, unsigned int thp);
u8 *run_state(struct run *run, unsigned int thp);
char *run_view(const struct run *run, unsigned int thp);
bool run_has_procs(const struct run *run);
int run_stopping(struct run *run);

/* round.c: the race of a batch */
int race_batch(struct run *run);
bool round_steers_to(const struct run *run, unsigned int thp, const char *phase);

/* spawn.c: workers come and go */
int workers_start(struct run *run);
void workers_stop(struct run *run);

/* worker.c: the lanes' side of a round */
int worker_loop(struct run *run, struct lane *lane);
int workers_do(struct run *run, enum worker_cmd cmd, unsigned int thp);
int workers_error(struct run *run);

/* verify.c: what must be in the pages after a round */
void verify_thp(struct run *run, struct lane *lane, unsigned int thp, bool all);
u64 own_gen(const struct run *run, const struct lane *lane);
u64 rewritten_gen(const struct run *run);
void content_violation(struct run *run, struct lane *lane, const struct mismatch *bad,
		       const char *what);

/* steer.c: random schedules over the phases that apply */
bool steer_draw(const struct scenario *sc, struct rng *rng, char *buf, size_t size);
bool steer_draw_third(const struct scenario *sc, struct rng *rng, char *buf, size_t size);

/* leak.c: what is left when a scenario's processes are gone */
struct leak;

void leak_init(void);
const char *leak_why_not(void);
const char *leak_no_cgroup(void);
struct leak *leak_begin(unsigned int index);
const char *leak_enter(const struct leak *leak);
void leak_look(struct leak *leak, struct result *res, u64 start_ns, bool last);
bool leak_pending(const struct leak *leak);
bool leak_overdue(const struct leak *leak, u64 patience_ns);
void leak_nudge(bool hard);
void leak_give_up(void);
void leak_stop(void);
void leak_sweep(pid_t run);

/* stuck.c: a scenario that gets on no more */
struct stuck {
	u64 beat_ns, found_ns;
	unsigned int looks;
	struct tally *tally;		/* violations that were found, or NULL */
};

void stuck_beat(struct result *res);
bool stuck_look(const struct run *run, pid_t pid, struct stuck *look);
void stuck_add(struct result *res, struct stuck *look);

/* runner.c: the scenarios, in processes of their own, in passes */
int run_all(struct report *rep);

/* grid.c: pairs of phases, drawn */
void grid_counts(const struct tally *t, unsigned int *decided, unsigned int *met);
void grid_print(const struct tally *t, FILE *out);
int grid_html(const struct report *rep, const char *path);

/* knobs.c: sysfs settings, given back on every exit */
int knobs_init(void);
int knob_set(const char *path, const char *value);
pid_t knob_kthread(const char *name);
void knobs_restore(void);

/* swap.c: swap in compressed memory, where there is none */
int swap_init(void);
void swap_start(void);
void swap_stop(void);

/* keeper.c: the same after kill -9 */
int keeper_start(void);
pid_t keeper_pid(void);
void keeper_stop(void);

/* signals.c: SIGINT and left-over processes */
int signals_setup(void);
void signals_scenario(pid_t pid);
void signals_in_scenario(void);
bool signals_stop(void);
void signals_child(pid_t pid);
void signals_child_gone(pid_t pid);

struct report {
	const struct options *opt;
	u64 start_ns, duration_ns;
	unsigned int nr_passes;
	u64 pass_end_ns[MAX_PASSES];
	enum thprace_verdict verdict;
	char why[200];
	unsigned int nr_results;
	struct result *results[MAX_SCENARIOS];
	struct tally sum;
	bool available[THPRACE_NR_CHECKS];
	char why_not[THPRACE_NR_CHECKS][120];
};

/* report.c, json.c */
void progress(struct run *run, bool force);
void progress_end(void);
void report_judge(struct report *rep);
void report_print(const struct report *rep, FILE *out);
int report_json(const struct report *rep, const char *path);
int options_from_json(const char *path, struct options *opt);
int reduce_program(struct report *rep, struct options *opt, unsigned int tries);
void report_checks(struct report *rep);

/* check.c: "thprace check" */
int check_process(pid_t pid, const char *map);
int check_memory(int fd, pid_t pid, const char *inject);

#endif /* THPRACE_H */
