// SPDX-License-Identifier: GPL-2.0
/*
 * section.c - the grid's oracle: two lanes inside what one rwsem serialises
 *
 * Called by schedule.c at each phase that a lane passes.  A split holds the
 * rwsem of its anon_vma's root for write from before its unmap to behind its
 * remap; whoever changes the root's trees holds it from before the first link
 * goes to behind the last link is back.  On a kernel that keeps to that, no
 * lane can be at a phase of one section while another is parked in the other
 * under the same root.  What the lock looks like is not asked: this sees two
 * tasks where one may be, whatever went wrong.
 */
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/stacktrace.h>

#include "mm/mmset.h"
#include "state/record.h"
#include "steer/lockcheck.h"
#include "steer/points.h"
#include "steer/section.h"

#define MAX_LOGGED	8	/* violations of a session with stacks in the log */

static struct anon_vma *root_of(struct anon_vma *anon_vma)
{
	return anon_vma ? READ_ONCE(anon_vma->root) : NULL;
}

static const void *pass(struct thprace_section *ser, unsigned int phase,
			struct pt_regs *regs, const void *shadow)
{
	struct vm_area_struct *vma;
	struct anon_vma_chain *avc;
	const void *here;

	switch (thprace_phases[phase].section) {
	case THPRACE_SECTION_NONE:
		/* a split passes no such phase behind its remap: it has ended */
		if (!(thprace_phases[phase].sides & THPRACE_SIDE_SPLIT) &&
		    !thprace_lockcheck_root())
			ser->held = NULL;
		return ser->root;
	case THPRACE_SECTION_OUTSIDE:
		ser->root = NULL;
		ser->held = NULL;
		ser->adjusting = false;
		return NULL;
	case THPRACE_SECTION_BEFORE:
		ser->root = NULL;
		ser->held = NULL;
		ser->split = thprace_phases[phase].sides == THPRACE_SIDE_SPLIT;
		ser->adjusting = !ser->split;
		return shadow;
	case THPRACE_SECTION_UNMAP:
		ser->root = thprace_lockcheck_root();
		ser->held = (struct anon_vma *)ser->root;
		ser->split = true;
		ser->adjusting = false;
		return ser->root;
	case THPRACE_SECTION_REMAP:
		ser->root = NULL;
		return NULL;
	case THPRACE_SECTION_REMOVE:
	case THPRACE_SECTION_INSERT:
		avc = (void *)regs_get_kernel_argument(regs, 0);
		here = root_of(avc->anon_vma);
		ser->split = false;
		/* back in the tree: the lock goes next */
		if (thprace_phases[phase].section == THPRACE_SECTION_INSERT)
			ser->adjusting = false;
		ser->root = ser->adjusting ? here : NULL;
		return here;
	case THPRACE_SECTION_COMPLETE:
		here = ser->root;
		ser->root = NULL;
		ser->adjusting = false;
		return here;
	case THPRACE_SECTION_COLLAPSE:
		vma = (void *)regs_get_kernel_argument(regs, 0);
		ser->split = false;
		return vma_is_anonymous(vma) ? root_of(vma->anon_vma) : NULL;
	}
	return NULL;
}

NOKPROBE_SYMBOL(pass);

/**
 * thprace_section_pass() - a lane enters a phase
 * @ser: of the lane; current is its task
 * @phase: which
 * @regs: of the function
 * @shadow: NULL, or (control) what stands for a lock that excludes nobody,
 *	taken where the real one is about to be
 *
 * The column "section" of the phases' table says where sections begin and end.
 * Sections that cannot be told from outside are closed too early rather than
 * too late.
 *
 * Context: probe handler, preemption off.
 * Return: identity of what the lane is inside of at this entry, or NULL.
 */
const void *thprace_section_pass(struct thprace_section *ser, unsigned int phase,
				struct pt_regs *regs, const void *shadow)
{
	const void *here = pass(ser, phase, regs, shadow);

	if (!ser->split)
		ser->held = here == shadow ? NULL : (struct anon_vma *)here;
	return here;
}

NOKPROBE_SYMBOL(thprace_section_pass);

/**
 * thprace_section_waits() - which lock of a parked lane is waited for?
 * @mm: of the lane that does not come on
 * @other: of the parked lane
 * @owner: its task
 *
 * Context: the parked lane stays parked meanwhile, so it keeps what it owns.
 * Return: a word, or NULL: none that can be told.
 */
const char *thprace_section_waits(struct mm_struct *mm, const struct thprace_section *other,
				 struct task_struct *owner)
{
	if (!THPRACE_RWSEM_READABLE)
		return NULL;
	if (other->held && thprace_rwsem_write_owned(&other->held->rwsem, owner) &&
	    thprace_rwsem_waited_for(&other->held->rwsem))
		return "anon_vma";
	if (mm && thprace_rwsem_write_owned(&mm->mmap_lock, owner) &&
	    thprace_rwsem_waited_for(&mm->mmap_lock))
		return "mmap_lock";
	return NULL;
}

NOKPROBE_SYMBOL(thprace_section_waits);

/**
 * thprace_section_folio() - remember which huge page a lane splits
 * @ser: of the lane; current is its task
 * @phase: that it enters
 * @op: what the lane does
 * @regs: of the function
 *
 * Only of the op "split", which is inside of that function all the time that it
 * can be parked, and holds the lock of the folio.
 *
 * Context: probe handler, preemption off.
 */
void thprace_section_folio(struct thprace_section *ser, unsigned int phase,
			  enum thprace_op op, struct pt_regs *regs)
{
	if (phase == THPRACE_PHASE_SPLIT && op == THPRACE_OP_SPLIT)
		ser->folio = (void *)regs_get_kernel_argument(regs, 0);
}

NOKPROBE_SYMBOL(thprace_section_folio);

/**
 * thprace_section_folio_waited_for() - does a task sleep on what a lane splits?
 * @other: of a lane that is parked
 *
 * On the huge page, or on one of those that it has become: they are locked
 * until the split is over.
 *
 * Context: the parked lane stays parked meanwhile, so the pages stay.
 */
bool thprace_section_folio_waited_for(const struct thprace_section *other)
{
	const unsigned long both = BIT(PG_locked) | BIT(PG_waiters);
	unsigned long pfn;
	unsigned int i;

	if (!other->folio)
		return false;
	pfn = ALIGN_DOWN(page_to_pfn(other->folio), THPRACE_HPAGE_NR);
	for (i = 0; i < THPRACE_HPAGE_NR; i++)
		if ((thprace_page_flags_raw(pfn_to_page(pfn + i)) & both) == both)
			return true;
	return false;
}

NOKPROBE_SYMBOL(thprace_section_folio_waited_for);

/**
 * thprace_section_clash() - are two lanes where only one may be?
 * @mine: of the lane that enters a phase
 * @here: what it is inside of, or NULL
 * @other: of another lane
 *
 * Context: the steering's lock is held, so a parked lane stays parked.
 */
bool thprace_section_clash(const struct thprace_section *mine, const void *here,
			  const struct thprace_section *other)
{
	return here && other->parked == here && (mine->split || other->split);
}

NOKPROBE_SYMBOL(thprace_section_clash);

/**
 * thprace_section_park() - a lane is about to be parked inside
 * @ser: of the lane; current is its task
 * @phase: where
 *
 * Its stack is taken now: of a running task no one else can take it.
 *
 * Context: probe handler, preemption off.
 */
void thprace_section_park(struct thprace_section *ser, unsigned int phase)
{
	ser->phase = phase;
	ser->nr_stack = stack_trace_save(ser->stack, THPRACE_SECTION_STACK, 0);
}

NOKPROBE_SYMBOL(thprace_section_park);

static void log_stack(const char *what, const unsigned long *stack, unsigned int nr)
{
	unsigned int i;

	pr_warn("thprace: %s:\n", what);
	for (i = 0; i < nr; i++)
		pr_warn("thprace:   %pS\n", (void *)stack[i]);
}

/**
 * thprace_section_report() - record that two lanes are inside
 * @s: the session
 * @lane: that enters; current is its task
 * @phase: which
 * @other: lane that is parked
 * @parked: a copy of its state
 *
 * Both stacks go to the kernel log, for the first few of a session.
 *
 * Context: probe handler, preemption off, no lock held.
 */
void thprace_section_report(struct thprace_session *s, unsigned int lane,
			   unsigned int phase, unsigned int other,
			   const struct thprace_section *parked)
{
	unsigned long stack[THPRACE_SECTION_STACK];
	char reason[160], what[64];
	bool named = s->cell[0];
	struct thprace_finding f = {
		.outcome = THPRACE_VIOLATED, .want = 1, .got = 2, .looks = 2,
		.control = READ_ONCE(s->inject) & BIT_ULL(THPRACE_CHECK_SPLIT_SERIAL),
	};
	unsigned int nr;

	snprintf(reason, sizeof(reason),
		 "%c in %s, %c parked in %s: both inside what one anon_vma rwsem serialises",
		 'a' + lane, thprace_phases[phase].name, 'a' + other,
		 thprace_phases[parked->phase].name);
	/* a schedule is no cell of a grid: it is named by the two phases, a's first */
	if (!named)
		snprintf(s->cell, sizeof(s->cell), "%s,%s",
			 thprace_phases[lane < other ? phase : parked->phase].name,
			 thprace_phases[lane < other ? parked->phase : phase].name);
	f.reason = reason;
	thprace_record(s, THPRACE_CHECK_SPLIT_SERIAL, &f);
	if (s->nr_violations <= MAX_LOGGED)
		pr_warn("thprace: split_serial: cell %s: %s\n", s->cell, reason);
	if (!named)
		s->cell[0] = '\0';
	if (s->nr_violations > MAX_LOGGED)
		return;
	nr = stack_trace_save(stack, THPRACE_SECTION_STACK, 0);
	snprintf(what, sizeof(what), "%c, in %s", 'a' + lane, thprace_phases[phase].name);
	log_stack(what, stack, nr);
	snprintf(what, sizeof(what), "%c, parked in %s", 'a' + other,
		 thprace_phases[parked->phase].name);
	log_stack(what, parked->stack, parked->nr_stack);
}

NOKPROBE_SYMBOL(thprace_section_report);
