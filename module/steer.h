/* SPDX-License-Identifier: GPL-2.0 */
/*
 * steer.h - a schedule forced on the lanes of a round
 *
 * Lanes stop at probe points and start again as the steps of a schedule say.
 * Not here: where the points are (phase.c), which schedules to try (grid.c).
 */
#ifndef THPRACE_STEER_H
#define THPRACE_STEER_H

#include "session.h"

enum thprace_step_state {
	THPRACE_STEP_PENDING,
	THPRACE_STEP_REACHED,
	THPRACE_STEP_BLOCKED,	/* did not get there while the others were parked */
	THPRACE_STEP_NEVER,	/* the op ended without passing there */
	THPRACE_NR_STEP_STATES
};

/* What became of a step; for grid.c. */
struct thprace_step_result {
	struct thprace_step step;
	enum thprace_step_state state;
	bool unparked;		/* reached, but with interrupts off: did not wait */
	const char *lock;	/* blocked by this lock, as a word, or NULL: not known */
};

int thprace_steer_validate(const struct thprace_spec *spec);
int thprace_steer_arm(struct thprace_session *s, const struct thprace_spec *spec);
int thprace_steer_set(struct thprace_session *s, const struct thprace_step *step,
		      unsigned int nr, bool brief);
bool thprace_steer_active(struct thprace_session *s);
void thprace_steer_disarm(struct thprace_session *s);
void thprace_steer_finish(struct thprace_session *s);
void thprace_steer_free(struct thprace_session *s);
size_t thprace_steer_bytes(struct thprace_session *s);
int thprace_steer_helper(struct thprace_session *s, unsigned int lane,
			 struct task_struct *task);
void thprace_steer_enter(struct thprace_session *s, unsigned int lane);
void thprace_steer_go(struct thprace_session *s, unsigned int lane);
void thprace_steer_done(struct thprace_session *s, unsigned int lane);
void thprace_steer_hit(unsigned int phase, bool returned, struct pt_regs *regs);
unsigned int thprace_steer_results(struct thprace_session *s,
				   const struct thprace_step_result **result);
u32 thprace_steer_hits(struct thprace_session *s, unsigned int lane, unsigned int phase);

#endif /* THPRACE_STEER_H */
