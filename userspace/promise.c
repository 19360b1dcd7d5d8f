// SPDX-License-Identifier: GPL-2.0
/*
 * Checks that lanes make by system calls, beside that of content
 *
 * What they say goes to shared memory; main makes a report of it (collect.c).
 */
#include <string.h>
#include <unistd.h>

#include "env.h"
#include "note.h"
#include "promise.h"
#include "scenario.h"
#include "tally.h"

/**
 * promise_held() - a check has held
 * @run: the run
 * @lane: the caller
 * @check: enum thprace_check
 * @nr: times
 */
void promise_held(struct run *run, const struct lane *lane, unsigned int check, u64 nr)
{
	run->sh->lane[lane->id].held[check] += nr;
}

/**
 * promise_broken() - record a violation of one
 * @run: the run
 * @lane: the caller
 * @check: enum thprace_check
 * @seen: addr, thp, want, got and detail are given
 */
void promise_broken(struct run *run, struct lane *lane, unsigned int check,
		    const struct violation *seen)
{
	struct shared *sh = run->sh;
	u32 n = __atomic_fetch_add(&sh->nr_violations, 1, __ATOMIC_RELAXED);
	struct violation *v;
	int thp;

	if (n >= SHARED_VIOLATIONS)
		return;
	v = &sh->violations[n];
	*v = *seen;
	copy_word(v->check, sizeof(v->check), check_name(check));
	copy_word(v->scenario, sizeof(v->scenario), run->sc->name);
	copy_word(v->cell, sizeof(v->cell), "-");
	copy_word(v->ops, sizeof(v->ops), lane->op);
	v->time_ns = now_ns() - run->start_ns;
	thp = note_thp(sh, v->thp);
	v->round = thp < 0 ? sh->round : sh->thp_round[thp].round;
	note_add(sh, NOTE_LANES, n, "page", "addr=0x%llx pid=%d lane=%s", v->addr, getpid(),
		 note_lane_name(lane->id));
	if (thp >= 0)
		note_lanes(sh, NOTE_LANES, n, thp);
}
