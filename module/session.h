/* SPDX-License-Identifier: GPL-2.0 */
/*
 * session.h - an open file is a session; the module's shared types
 *
 * Life: open() makes one, the last close() frees it; a write holds the file,
 * so no command outlives its session and there is no reference count.  Shell
 * triggers use a session of their own for one line.
 *
 * Locks, outermost first:
 *   session->cmd_lock (mutex)	one race/arm/round/reset at a time
 *   session->arm_lock (rwsem)	read: a lane enters; write: a schedule is armed
 *   mmap_lock of the mms > folio lock > anon_vma root rwsem > page table locks
 *   session->lock (spinlock)	lanes, held pages, watched frames, counters
 *   record.c's ring lock (raw spinlock, irqsave; also taken in probe handlers)
 * No user memory is touched under any of them.
 */
#ifndef THPRACE_SESSION_H
#define THPRACE_SESSION_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/rwsem.h>
#include <linux/spinlock.h>
#include <linux/types.h>

#include "compat/sym.h"
#include "judge.h"
#include "trigger.h"

#define THPRACE_MAX_MMS		64	/* mms looked at for one folio */
#define THPRACE_MAX_HELD	1024	/* folio references of a session */
#define THPRACE_MAX_WATCH	1024	/* huge pages whose frames are followed */
#define THPRACE_MAX_SPANS	64	/* intervals of a lane in a round */
#define THPRACE_SESSION_VIOLATIONS 32	/* kept in a session's report */
#define THPRACE_SESSION_SAID	16	/* printed to the kernel log */

struct thprace_session;
struct thprace_lane;

enum thprace_op_kind {
	THPRACE_OP_KERNEL,	/* the module does it: triggers, race, session */
	THPRACE_OP_USER,	/* only a user lane's own system call */
	THPRACE_NR_OP_KINDS
};

/* Where an op is meant to run; one mm, one huge page. */
struct thprace_target {
	struct thprace_session *session;
	struct mm_struct *mm;	/* mm_users held */
	unsigned long addr;	/* PMD-aligned */
	unsigned int page;	/* subpage */
	unsigned int order;
	struct page *held;	/* reference taken ahead, or NULL */
	DECLARE_BITMAP(gone, THPRACE_HPAGE_NR);	/* pages that were unmapped */
	unsigned long prot;	/* of the VMA, for a remap */
	unsigned int start, nr;	/* piece for munmap, in subpages */
	bool every_other;
	u64 random;
};

/**
 * struct thprace_op - one row of the table of ops
 * @name:	in op=, reports and kthread names
 * @kind:	who can do it
 * @unmaps:	removes mappings: counts as the other side of an overlap, and a
 *		race with it remaps
 * @splits:	it is the split
 * @prepare:	outside the race: take references, choose the piece
 * @act:	the racing part
 * @restore:	outside the race: make the target huge again
 * @why_not:	NULL, or why it can't run on this kernel
 */
struct thprace_op {
	const char *name;
	enum thprace_op_kind kind;
	bool unmaps, splits;
	enum thprace_result (*prepare)(struct thprace_target *t);
	enum thprace_result (*act)(struct thprace_target *t);
	int (*restore)(struct thprace_target *t);
	const char *(*why_not)(void);
};

#define THPRACE_MAX_OP_ROWS	40

struct thprace_op_count {
	u64 done, busy, failed, time_ns;
};

struct thprace_check_count {
	u64 held, violated, skipped;
	const char *reason;
};

struct thprace_violation {
	u64 serial;
	unsigned int check;
	u64 round;
	u64 time_ns;
	u64 addr, pfn;
	u32 index;
	s64 want, got;
	char scenario[THPRACE_NAME_LEN];
	char ops[64];
	char cell[2 * THPRACE_NAME_LEN + 2];
	char reason[160];
};

/* One interval in which a lane did its op. */
struct thprace_span {
	u64 t0_ns, t1_ns;
	unsigned long addr;	/* huge page, 0 = not told */
};

/* A user task doing an op of its own, or a kernel thread of a race. */
struct thprace_lane {
	struct task_struct *task;	/* referenced; NULL = free */
	const struct thprace_op *op;
	bool active;			/* between go and done */
	unsigned int nr_spans;
	struct thprace_span span[THPRACE_MAX_SPANS];
};

struct thprace_held {
	struct mm_struct *mm;		/* identity only */
	unsigned long addr;
	struct page *page;		/* referenced; NULL = free */
};

/* A huge page seen at an address: its frames are followed. */
struct thprace_watch {
	struct mm_struct *mm;		/* identity only */
	unsigned long addr;
	unsigned long pfn;		/* 0 = free */
	struct address_space *mapping;	/* identity only */
	pgoff_t index;
};

/* A frame that nobody accounts for, as it was seen. */
struct thprace_suspect {
	unsigned long pfn, addr;	/* 0 = none */
	struct address_space *mapping;	/* identity only */
	pgoff_t index;
	struct thprace_frame frame;
};

/* How often a check held or was skipped, not yet in the session. */
struct thprace_tally {
	u64 held, skipped;
	const char *reason;	/* of the last skip, static, or NULL */
};

struct thprace_steering;
struct thprace_grid;
struct thprace_observer;

struct thprace_session {
	u64 id;
	struct mutex cmd_lock;		/* serial commands: race, arm, round, reset, bench */
	struct rw_semaphore arm_lock;
	bool racing;			/* arm_lock: lanes are kernel threads now */
	spinlock_t lock;		/* see the fields below */
	struct list_head node;		/* in racing.c's list of active sessions */

	/* identity of the last command, for the report */
	const char *command;
	char run[THPRACE_MAX_LINE];
	char scenario[THPRACE_NAME_LEN];
	bool aborted;
	bool many_mms;			/* more than two shared a folio at some time */
	unsigned int nr_checks;		/* check commands so far */
	u64 seed;
	u64 inject;			/* controls of the last check; racing.c's active_lock */

	/* guarded by @lock */
	u64 nr_rounds, nr_overlaps;
	u64 selected;			/* checks that were asked for, ever */
	u64 duration_ns;
	struct thprace_op_count op[THPRACE_MAX_OP_ROWS];
	u64 op_asked;			/* bitmap of ops that were asked for */
	struct thprace_check_count check[THPRACE_NR_CHECKS];
	u64 racing_base[THPRACE_NR_CHECKS];
	struct thprace_lane lane[THPRACE_MAX_LANES];
	u64 op_ewma_ns[THPRACE_MAX_OP_ROWS];	/* measured unsteered durations */
	struct thprace_held *held;	/* THPRACE_MAX_HELD, allocated on first hold */
	struct thprace_watch *watch;	/* THPRACE_MAX_WATCH, on first check */
	unsigned int nr_violations;
	unsigned int nr_said;		/* not reset */
	struct thprace_violation violation[THPRACE_SESSION_VIOLATIONS];

	struct thprace_observer *observer;	/* kept between checks; xchg() */
	struct thprace_steering *steer;	/* armed schedule and its outcome, or NULL */
	struct thprace_grid *grid;	/* or NULL */
	char cell[2 * THPRACE_NAME_LEN + 2];
	u64 bench_check_ns, bench_walk_ns, bench_rounds;
};

/* session.c */
struct thprace_session *thprace_session_create(void);
void thprace_session_destroy(struct thprace_session *s);
void thprace_session_reset(struct thprace_session *s);
size_t thprace_session_bytes(struct thprace_session *s);
int thprace_session_watch(struct thprace_session *s);
int thprace_session_hold(struct thprace_session *s, struct mm_struct *mm,
			 unsigned long addr, struct page *page);
bool thprace_session_holds(struct thprace_session *s, struct mm_struct *mm,
			   unsigned long addr);
struct page *thprace_session_unhold(struct thprace_session *s, struct mm_struct *mm,
				    unsigned long addr);
void thprace_session_drop(struct thprace_session *s);
unsigned int thprace_session_held_refs(struct thprace_session *s, unsigned long pfn,
				       unsigned long nr);
int thprace_lane_go(struct thprace_session *s, unsigned int lane,
		    struct task_struct *task, const struct thprace_op *op,
		    unsigned long addr, struct task_struct *helper);
int thprace_lane_done(struct thprace_session *s, unsigned int lane,
		      enum thprace_result result);
bool thprace_lanes_active(struct thprace_session *s);
void thprace_lanes_clear(struct thprace_session *s);
bool thprace_session_overlapped(struct thprace_session *s);

/* command.c */
enum thprace_trigger_kind {
	THPRACE_TRIGGER_SPLIT,
	THPRACE_TRIGGER_MUNMAP,
	THPRACE_TRIGGER_RACE,
	THPRACE_TRIGGER_CHECK,
	THPRACE_NR_TRIGGERS
};

int thprace_command(struct thprace_session *s, const char *line, size_t len);
int thprace_command_trigger(struct thprace_session *s, enum thprace_trigger_kind kind,
			    const char *line, size_t len);

/* worker.c */
int thprace_race(struct thprace_session *s, const struct thprace_spec *spec,
		 struct mm_struct **mms, struct pid **pids, unsigned int nr_mms);

int thprace_munmap_once(struct thprace_session *s, const struct thprace_spec *spec,
			struct mm_struct **mms, unsigned int nr_mms);

/* ops.c */
extern const struct thprace_op thprace_ops[];
extern const unsigned int thprace_nr_ops;
const struct thprace_op *thprace_op_find(const char *name);
const char *thprace_op_why_not(const struct thprace_op *op);
bool thprace_vma_supported(struct vm_area_struct *vma, bool shared);
struct page *thprace_find_huge(struct mm_struct *mm, unsigned long addr,
			       unsigned int index);

static inline unsigned int thprace_op_index(const struct thprace_op *op)
{
	return op - thprace_ops;
}

/* check.c: the quiesced check */
struct thprace_check_req {
	const struct thprace_map *map;
	unsigned int nr_maps;
	u64 check;		/* bitmap; 0 = all that there are */
	u64 inject;
	bool refs_exact;	/* nobody else holds references: counts must be equal */
};

int thprace_check_maps(struct thprace_session *s, const struct thprace_check_req *req,
		       struct mm_struct **mms, unsigned int nr_mms);
bool thprace_check_must_hold(struct thprace_session *s, unsigned int check);
const char *thprace_check_why_not(unsigned int check);
const char *thprace_check_kind(unsigned int check);
u64 thprace_checks_available(void);
u64 thprace_checks_quiesced(void);

/* frames.c: frames of huge pages that are gone, and folios that stayed whole */
void thprace_frames_hold(struct thprace_session *s, struct mm_struct *mm,
			 unsigned long addr, struct page *page);
enum thprace_outcome thprace_frames_check(struct thprace_session *s,
					  struct thprace_observer *o, unsigned int m,
					  unsigned long addr, unsigned long now,
					  struct thprace_suspect *x);
bool thprace_frames_linger(struct thprace_session *s, struct thprace_suspect *x,
			   struct thprace_finding *f);
bool thprace_frames_unref(struct mm_struct *mm, unsigned long addr, unsigned long pfn,
			  struct thprace_finding *f);
void thprace_whole_clear(void);
void thprace_whole_note(unsigned long pfn);
bool thprace_whole_since(unsigned long pfn);
void thprace_whole_end(struct folio *folio);

/* rss.c */
int thprace_rss_look(struct mm_struct *mm, bool inject, struct thprace_finding *f);

/* bench.c */
int thprace_check_bench(struct thprace_session *s, const struct thprace_check_req *req,
			u64 rounds, struct mm_struct **mms, unsigned int nr_mms);

/* observer.c */
size_t thprace_observer_bytes(const struct thprace_observer *o);
void thprace_observer_free(struct thprace_observer *o);

/* record.c */
void thprace_record_finding(struct thprace_session *s, unsigned int check,
			    const struct thprace_finding *f,
			    const struct thprace_obs *obs);
void thprace_record_violation(struct thprace_session *s, unsigned int check,
			      u64 addr, u64 pfn, u32 index, s64 want, s64 got,
			      const char *reason);
void thprace_record_counts(struct thprace_session *s, struct thprace_tally *tally);
unsigned int thprace_record_snapshot(struct thprace_violation *out, unsigned int max);

enum thprace_stat {
	THPRACE_STAT_SESSIONS,
	THPRACE_STAT_SESSION_BYTES,
	THPRACE_STAT_COMMANDS,
	THPRACE_STAT_ROUNDS,
	THPRACE_STAT_OVERLAPS,
	THPRACE_STAT_SPLITS,
	THPRACE_STAT_FOLIOS_CHECKED,
	THPRACE_STAT_VIOLATIONS,
	THPRACE_STAT_PARKS,
	THPRACE_STAT_CHECK_NS,
	THPRACE_STAT_BARE_WALK_NS,
	THPRACE_NR_STATS
};

void thprace_stat_add(enum thprace_stat stat, s64 n);
s64 thprace_stat_read(enum thprace_stat stat);
const char *thprace_stat_name(enum thprace_stat stat);

/* report.c */
char *thprace_report_session(struct thprace_session *s, size_t *len);
char *thprace_report_violations(size_t *len);
enum thprace_verdict thprace_session_verdict(struct thprace_session *s);

/* racing.c: checks that run at probe points */
int thprace_racing_get(struct thprace_session *s);
void thprace_racing_put(struct thprace_session *s);
u64 thprace_racing_held(unsigned int check);
const char *thprace_racing_why_not(unsigned int check);
void thprace_racing_inject(struct thprace_session *s, u64 checks);
struct anon_vma *thprace_racing_inside(void);
bool thprace_racing_sees_entries(void);

#endif /* THPRACE_SESSION_H */
