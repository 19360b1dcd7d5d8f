/* SPDX-License-Identifier: GPL-2.0 */
/*
 * session.h - the data of an open session file
 *
 * Life: open() makes one, the last close() frees it; a write holds the file,
 * so no command outlives its session and there is no reference count.  Shell
 * triggers use a session of their own for one line.
 *
 * Locks, outermost first:
 *   session->cmd_lock (mutex)	one race/arm/round/reset at a time
 *   session->arm_lock (rwsem)	read: a lane enters; write: a schedule is armed
 *   mmap_lock of the mms > folio lock > anon_vma root rwsem > page table locks
 *   session->lock (spinlock)	lanes, held references, counters
 *   record.c's ring_lock (raw spinlock, irqsave; also taken in probe handlers)
 * No user memory is touched under any of them.
 */
#ifndef THPRACE_SESSION_H
#define THPRACE_SESSION_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/rbtree.h>
#include <linux/rwsem.h>
#include <linux/spinlock.h>
#include <linux/types.h>

#include "compat/peek.h"
#include "state/cause.h"
#include "state/finding.h"
#include "state/refusal.h"
#include "state/spec.h"

#define THPRACE_MAX_SPANS	64	/* intervals of a lane in a round */
#define THPRACE_SESSION_VIOLATIONS 32	/* kept in a session's report */
#define THPRACE_SESSION_PRINTED	16	/* printed to the kernel log */
#define THPRACE_MAX_UNMAPPED	256	/* ranges that a munmap command can report */
#define THPRACE_REFUSED_TEXT	640	/* bytes of a verb, a word and why it is refused */

struct thprace_session;
struct thprace_lane;

struct thprace_op_count {
	u64 done, busy, failed, time_ns;
};

struct thprace_check_count {
	u64 held, skipped;
	u64 violated, unconfirmed;	/* record.c's ring_lock */
	const char *reason;
};

struct thprace_violation {
	u64 serial, cause;
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
	bool control;		/* injected */
};

/* One interval in which a lane did its op. */
struct thprace_span {
	u64 t0_ns, t1_ns;	/* @t1_ns: 0 = it has not ended */
	unsigned long addr;	/* huge page, 0 = not told */
	enum thprace_op op;
	enum thprace_result result;
	unsigned int err;	/* errno of what has failed, 0 = nothing, or not told */
	u16 first, nr;		/* pages of it, @nr 0 = not told */
	bool every_other;
};

/* A user task doing an op of its own, or a kernel thread of a race. */
struct thprace_lane {
	struct task_struct *task;	/* referenced; NULL = free */
	enum thprace_op op;		/* or THPRACE_NR_OPS */
	bool active;			/* between go and done */
	unsigned int nr_spans;
	struct thprace_span span[THPRACE_MAX_SPANS];
};

/* What a munmap command has unmapped of a process. */
struct thprace_unmapped {
	int pid;			/* as the writer sees it */
	u64 addr, len;
};

/* How often a check held or was skipped, not yet in the session. */
struct thprace_tally {
	u64 held, skipped;
	const char *reason;	/* of the last skip, static, or NULL */
};

struct thprace_locks;
struct thprace_steering;
struct thprace_grid;
struct thprace_observer;
struct thprace_frames;

struct thprace_session {
	u64 id;
	struct mutex cmd_lock;		/* serial commands: race, arm, round, reset, bench */
	struct rw_semaphore arm_lock;
	bool racing;			/* arm_lock: lanes are kernel threads now */
	spinlock_t lock;		/* see the fields below */
	struct list_head node;		/* in lockcheck.c's list of active sessions */

	const char *command;		/* the last one, for the report */
	int error;			/* of a trigger that failed, for the report */
	bool aborted;
	bool many_mms;			/* more than two shared a folio at some time */
	unsigned int nr_checks;		/* check commands so far */
	u64 seed;			/* of race and arm, which cmd_lock serialises */
	u64 inject;			/* racing checks: controls of the lanes that go now */

	/* guarded by @lock */
	char run[THPRACE_MAX_LINE];	/* "run:" of the report */
	char refused[THPRACE_REFUSED_TEXT];	/* why the last line that was refused was */
	u64 nr_rounds, nr_overlaps;
	u64 selected;			/* checks that were asked for, ever */
	u64 duration_ns;
	struct thprace_op_count op[THPRACE_NR_OPS];
	u64 op_asked;			/* bitmap of ops that were asked for */
	struct thprace_check_count check[THPRACE_NR_CHECKS];
	struct thprace_lane lane[THPRACE_MAX_LANES];
	u64 op_ewma_ns[THPRACE_NR_OPS];	/* measured unsteered durations */
	struct list_head held;		/* held.c: references kept for splits to come */
	struct rb_root held_by_place, held_by_pfn;
	unsigned int nr_held;
	struct thprace_unmapped *unmapped;	/* THPRACE_MAX_UNMAPPED, on first munmap */
	unsigned int nr_unmapped;
	u64 unmapped_more;		/* ranges for which there was no room */
	u64 nr_used_up;			/* huge pages that races could not put back */
	struct thprace_frames *frames;	/* oracle/frames.c, from the first check on */

	/* guarded by record.c's ring_lock */
	unsigned int nr_violations;
	unsigned int nr_printed, nr_logged;	/* lines, blocks in the kernel log; not reset */
	struct thprace_causes causes;
	char scenario[THPRACE_NAME_LEN];
	struct thprace_violation violation[THPRACE_SESSION_VIOLATIONS];

	struct thprace_observer *observer;	/* kept between checks; xchg() */
	struct thprace_locks *locks;	/* lockcheck.c's counts; from the first command on */
	struct thprace_steering *steer;	/* armed schedule and its outcome, or NULL */
	struct thprace_grid *grid;	/* or NULL */
	char cell[2 * THPRACE_NAME_LEN + 2];
	u64 bench_check_ns, bench_walk_ns, bench_rounds;
};

static inline bool thprace_lane_has_op(const struct thprace_lane *lane)
{
	return READ_ONCE(lane->op) < THPRACE_NR_OPS;
}

struct thprace_session *thprace_session_create(void);
void thprace_session_destroy(struct thprace_session *s);
void thprace_session_reset(struct thprace_session *s);
int thprace_session_unmapped_room(struct thprace_session *s);
void thprace_session_unmapped(struct thprace_session *s, int pid, u64 addr, u64 len);
void thprace_session_count_op(struct thprace_session *s, enum thprace_op op,
			      enum thprace_result result, u64 took_ns);
void thprace_session_count_round(struct thprace_session *s, bool overlapped,
				 unsigned int steps, unsigned int reached);
void thprace_session_select(struct thprace_session *s, u64 checks);
unsigned int thprace_session_held_refs(struct thprace_session *s, unsigned long pfn,
				       unsigned long nr);
bool thprace_lanes_active(struct thprace_session *s);
void thprace_lanes_clear(struct thprace_session *s);
bool thprace_session_overlapped(struct thprace_session *s);

#endif /* THPRACE_SESSION_H */
