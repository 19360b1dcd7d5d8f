// SPDX-License-Identifier: GPL-2.0
/*
 * section.c - the grid's oracle: do two lanes run under one rwsem at once?
 *
 * Called by schedule.c at each phase that a lane passes.  A split holds the
 * rwsem of its anon_vma's root for write from before its unmap until after its
 * remap.  A task that changes the trees of the root holds it from before it
 * takes the first link out until after the last one is back.  On a correct
 * kernel no lane can be at a phase of one such section while another is parked
 * in one, under the same root.  The state of the lock is not looked at: two
 * tasks are seen where one may be, whatever the reason.
 */
#include <linux/kernel.h>
#include <linux/sched.h>

#include "state/record.h"
#include "steer/lockcheck.h"
#include "steer/lockseen.h"
#include "steer/points.h"
#include "steer/section.h"

static struct anon_vma *root_of(struct anon_vma *anon_vma)
{
	return anon_vma ? READ_ONCE(anon_vma->root) : NULL;
}

static const void *pass(struct thprace_section *sec, unsigned int phase,
			struct ftrace_regs *fregs, const void *shadow)
{
	struct vm_area_struct *vma;
	struct anon_vma_chain *avc;
	const void *here;

	switch (thprace_phases[phase].section) {
	case THPRACE_SECTION_NONE:
		/* a split passes no such phase after its remap: it has ended */
		if (!(thprace_phases[phase].sides & THPRACE_SIDE_SPLIT) &&
		    !thprace_lockcheck_root())
			sec->owned = NULL;
		return sec->root;
	case THPRACE_SECTION_OUTSIDE:
		sec->root = NULL;
		sec->owned = NULL;
		sec->adjusting = false;
		return NULL;
	case THPRACE_SECTION_BEFORE:
		sec->root = NULL;
		sec->owned = NULL;
		sec->split = thprace_phases[phase].sides == THPRACE_SIDE_SPLIT;
		sec->adjusting = !sec->split;
		return shadow;
	case THPRACE_SECTION_UNMAP:
		sec->root = thprace_lockcheck_root();
		sec->owned = (struct anon_vma *)sec->root;
		sec->split = true;
		sec->adjusting = false;
		return sec->root;
	case THPRACE_SECTION_REMAP:
		sec->root = NULL;
		return NULL;
	case THPRACE_SECTION_REMOVE:
	case THPRACE_SECTION_INSERT:
		if (!fregs)
			break;
		avc = (void *)ftrace_regs_get_argument(fregs, 0);
		here = root_of(avc->anon_vma);
		sec->split = false;
		/* back in the tree: the lock goes next */
		if (thprace_phases[phase].section == THPRACE_SECTION_INSERT)
			sec->adjusting = false;
		sec->root = sec->adjusting ? here : NULL;
		return here;
	case THPRACE_SECTION_COMPLETE:
		here = sec->root;
		sec->root = NULL;
		sec->adjusting = false;
		return here;
	case THPRACE_SECTION_COLLAPSE:
		if (!fregs)
			break;
		vma = (void *)ftrace_regs_get_argument(fregs, 0);
		sec->split = false;
		return vma_is_anonymous(vma) ? root_of(vma->anon_vma) : NULL;
	}
	/* under some root, which only an argument would tell */
	sec->root = NULL;
	sec->owned = NULL;
	sec->split = false;
	return NULL;
}

NOKPROBE_SYMBOL(pass);

/**
 * thprace_section_pass() - a lane enters a phase
 * @sec: of the lane; current is its task
 * @phase: which
 * @fregs: of the function, or NULL: its arguments must not be read
 * @shadow: NULL, or (control) an identity that stands for a lock that keeps
 *	nobody out, taken where the real one is about to be
 *
 * The column "section" of the phases' table says where sections begin and end.
 * A section whose end is not seen exactly is ended too early rather than too
 * late.
 *
 * Context: probe handler, preemption off.
 * Return: the root (or shadow) whose lock is held at this entry, or NULL.
 */
const void *thprace_section_pass(struct thprace_section *sec, unsigned int phase,
				 struct ftrace_regs *fregs, const void *shadow)
{
	const void *here = pass(sec, phase, fregs, shadow);

	if (!sec->split)
		sec->owned = here == shadow ? NULL : (struct anon_vma *)here;
	return here;
}

NOKPROBE_SYMBOL(thprace_section_pass);

/**
 * thprace_section_clash() - are two lanes where only one may be?
 * @mine: of the lane that enters a phase
 * @here: the root whose lock is held there, or NULL
 * @other: of another lane
 *
 * Two splits between unmap and remap have been reported by the lock check at
 * the second one's unmap.
 *
 * Context: the steering's lock is held, so a parked lane stays parked.
 */
bool thprace_section_clash(const struct thprace_section *mine, const void *here,
			   const struct thprace_section *other)
{
	if (mine->split && other->split && mine->root == here)
		return false;
	return here && other->parked == here && (mine->split || other->split);
}

NOKPROBE_SYMBOL(thprace_section_clash);

/**
 * thprace_section_park() - a lane is about to be parked under a root
 * @sec: of the lane; current is its task
 * @phase: where
 *
 * Its stack is taken now: nobody else can take that of a running task.
 *
 * Context: probe handler, preemption off.
 */
void thprace_section_park(struct thprace_section *sec, unsigned int phase)
{
	sec->phase = phase;
	sec->stack.pid = current->pid;
	strscpy(sec->stack.comm, current->comm, sizeof(sec->stack.comm));
	sec->stack.nr = thprace_lockseen_stack(sec->stack.entry, ARRAY_SIZE(sec->stack.entry));
}

NOKPROBE_SYMBOL(thprace_section_park);

/**
 * thprace_section_report() - record that two lanes are under one rwsem
 * @s: the session
 * @lane: that enters; current is its task
 * @phase: which
 * @other: lane that is parked
 * @parked: a copy of its state
 *
 * Both stacks go into the block of the cause.
 *
 * Context: probe handler, preemption off, no lock held.
 */
void thprace_section_report(struct thprace_session *s, unsigned int lane,
			    unsigned int phase, unsigned int other,
			    const struct thprace_section *parked)
{
	struct thprace_seen_lock seen;
	char reason[160];
	bool named = s->cell[0];
	struct thprace_finding f = {
		.outcome = THPRACE_VIOLATED, .want = 1, .got = 2, .looks = 2,
		.control = parked->parked == s->steer,
		.by_lock = true, .lock = (unsigned long)parked->parked, .seen_lock = &seen,
	};

	snprintf(reason, sizeof(reason),
		 "%c in %s, %c parked in %s: both under one anon_vma rwsem",
		 'a' + lane, thprace_phases[phase].name, 'a' + other,
		 thprace_phases[parked->phase].name);
	/* a schedule is no cell of a grid: it is named by the two phases, a's first */
	if (!named)
		snprintf(s->cell, sizeof(s->cell), "%s,%s",
			 thprace_phases[lane < other ? phase : parked->phase].name,
			 thprace_phases[lane < other ? parked->phase : phase].name);
	f.reason = reason;
	thprace_lockseen_start(&seen, "anon_vma", parked->parked);
	thprace_lockseen_current(&seen);
	seen.owner_pid = parked->stack.pid;
	memcpy(seen.owner_comm, parked->stack.comm, sizeof(seen.owner_comm));
	seen.stack[seen.nr_stacks++] = parked->stack;
	thprace_record(s, THPRACE_CHECK_SPLIT_SERIAL, &f);
	if (!named)
		s->cell[0] = '\0';
}

NOKPROBE_SYMBOL(thprace_section_report);
