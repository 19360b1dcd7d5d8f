/* SPDX-License-Identifier: GPL-2.0 */
/*
 * schedule.h - a schedule forced on the lanes of a round
 *
 * Lanes stop at probe points and start again as the steps of a schedule say.
 */
#ifndef THPRACE_SCHEDULE_H
#define THPRACE_SCHEDULE_H

#include "compat/ftrace.h"
#include "state/session.h"

enum thprace_step_state {
	THPRACE_STEP_PENDING,
	THPRACE_STEP_REACHED,
	THPRACE_STEP_BLOCKED,	/* did not get there while the others were parked */
	THPRACE_STEP_NEVER,	/* the op ended without passing there, or had no CPU */
	THPRACE_NR_STEP_STATES
};

/* What became of a step; for grid.c. */
struct thprace_step_result {
	struct thprace_step step;
	enum thprace_step_state state;
	bool unparked;		/* reached, but with interrupts off: did not wait */
	const char *lock;	/* blocked by this lock, as a word, or NULL: not known */
};

/* The longest word of a step, with its end. */
#define THPRACE_STEP_WORD	(THPRACE_NAME_LEN + 48)

/* Where a lane is to be parked. */
struct thprace_spot {
	struct thprace_steering *st;
	u64 session;		/* its number */
	unsigned int lane, phase;
};

int thprace_schedule_validate(const struct thprace_spec *spec, struct thprace_refusal *no);
int thprace_schedule_arm(struct thprace_session *s, const struct thprace_spec *spec);
int thprace_schedule_set(struct thprace_session *s, const struct thprace_step *step,
			 unsigned int nr, bool brief);
bool thprace_schedule_active(struct thprace_session *s);
void thprace_schedule_disarm(struct thprace_session *s);
void thprace_schedule_finish(struct thprace_session *s);
void thprace_schedule_free(struct thprace_session *s);
size_t thprace_schedule_bytes(struct thprace_session *s);
int thprace_schedule_helper(struct thprace_session *s, unsigned int lane,
			    struct task_struct *task);
void thprace_schedule_enter(struct thprace_session *s, unsigned int lane,
			    struct task_struct *helper);
void thprace_schedule_go(struct thprace_session *s, unsigned int lane);
void thprace_schedule_done(struct thprace_session *s, unsigned int lane);
int thprace_schedule_split(struct page *page, unsigned int order);
bool thprace_schedule_hit(unsigned int phase, bool returned, struct ftrace_regs *fregs,
			  struct thprace_spot *spot);
void thprace_schedule_park(const struct thprace_spot *spot);
unsigned int thprace_schedule_results(struct thprace_session *s,
				      const struct thprace_step_result **result);
unsigned int thprace_schedule_reached(struct thprace_session *s, unsigned int *steps);
unsigned int thprace_schedule_word(const struct thprace_step_result *r,
				   char buf[THPRACE_STEP_WORD]);
u32 thprace_schedule_hits(struct thprace_session *s, unsigned int lane, unsigned int phase);

#endif /* THPRACE_SCHEDULE_H */
