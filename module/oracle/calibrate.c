// SPDX-License-Identifier: GPL-2.0
/*
 * calibrate.c - the rules against memory in known states
 *
 * At load, in memory of the process that loads the module (insmod), made for
 * this and unmapped at the end.  A kernel thread has none: then the first process
 * that opens a file of the module does it.  What takes two processes is made by
 * a command, since only user space can fork.
 *
 * What was made is looked at as any check does, through the same functions.  An
 * answer that is wrong is believed if two looks in a row show the same integers,
 * and it comes again each time with new memory.
 */
#include <linux/delay.h>
#include <linux/mutex.h>
#include <linux/sched/signal.h>

#include "compat/sym.h"
#include "mm/pgwalk.h"
#include "oracle/available.h"
#include "oracle/cache.h"
#include "oracle/calibrate.h"
#include "oracle/calibration.h"
#include "oracle/folio_obs.h"
#include "oracle/made.h"
#include "oracle/rss.h"
#include "state/record.h"

/* How often a folio is looked at, with drains of the LRU batches in between. */
#define NR_LOOKS	6
/* How often it may be locked by others, or change under a look. */
#define NR_TRIES	16
/* How often what is wrong must come again with new memory, the first time included. */
#define NR_PASSES	4
/* Tries to split that failed for no reason, which are believed. */
#define SURE_FAILURES	3
/* Without memory that is huge, as many processes try. */
#define NR_CALLS	16

#define CHECK(name)	BIT_ULL(THPRACE_CHECK_##name)

/**
 * struct calibration - one pass over known states
 * @s:		a session of its own: an observer needs one
 * @o:		what looks
 * @addr:	PMD-aligned
 * @pfn:	where the folio was in the state before, or 0
 * @made:	the memory was made here, so that its history is known
 * @asked:	bitmap of the checks that this kernel has
 * @obs:	the last look
 * @again:	the look after it
 * @finding:	what the rules say of it
 * @answers:	what was found
 * @nr_states:	how many states there were
 * @state:	of @example
 * @example:	an observation of which all rules were right, if there are states
 */
struct calibration {
	struct thprace_session *s;
	struct thprace_observer *o;
	unsigned long addr;
	u64 pfn;
	bool made;
	u64 asked;
	struct thprace_obs obs, again;
	struct thprace_finding finding[THPRACE_NR_CHECKS];
	struct thprace_answers answers;
	unsigned int nr_states;
	enum thprace_known state;
	struct thprace_obs example;
};

/* The folio of the first page, as it is now. */
static bool look(struct calibration *c, struct thprace_obs *obs)
{
	struct thprace_mmset *set = &c->o->set;
	enum thprace_observe_result ret;
	enum thprace_level level;
	struct thprace_entry e;
	unsigned int tries;

	set->nr_extra = 0;
	for (tries = 0; tries < NR_TRIES; tries++) {
		if (fatal_signal_pending(current) || thprace_mmset_lock(set, c->addr))
			return false;
		e = thprace_pgwalk_entry(set->mm[0], c->addr, &level);
		ret = e.kind != THPRACE_ENTRY_PRESENT ? THPRACE_OBSERVE_GONE :
		      thprace_observe_folio(c->o, obs, 0, e.pfn, 0, c->addr, 0, true);
		thprace_mmset_unlock(set);
		if (ret == THPRACE_OBSERVED)
			return true;
		if (ret != THPRACE_OBSERVE_AGAIN)
			msleep(1 << min(tries, 4U));
	}
	return false;
}

/* One look; false: it is not in the state.  @wrong: bitmap of the wrong answers. */
static bool judge_look(struct calibration *c, enum thprace_known state,
		       struct thprace_obs *obs, u64 *wrong)
{
	if (!look(c, obs) || !thprace_known_is(state, obs))
		return false;
	/* migrated meanwhile: its history is not what was done to it here */
	if (c->pfn && obs->pfn != c->pfn)
		return false;
	/* whoever made it has seen it whole, and has unmapped nothing but the hole */
	if (c->made)
		obs->flags |= BIT(THPRACE_OBS_UNDISTURBED);
	thprace_judge_inject(obs, thprace_calibration_spoils());
	*wrong = thprace_known_judge(state, obs, c->made, c->asked, c->finding);
	return true;
}

static void note_wrong(struct calibration *c, enum thprace_known state, unsigned int check,
		       const struct thprace_finding *f)
{
	if (c->answers.wrong & BIT_ULL(check))
		return;
	c->answers.wrong |= BIT_ULL(check);
	c->answers.state[check] = state;
	c->answers.finding[check] = *f;
}

/*
 * All rules on one state.  Somebody may have taken a reference for a moment, so
 * what is wrong is given time, and must then be so in two looks in a row.
 */
static bool judge_state(struct calibration *c, enum thprace_known state)
{
	unsigned int looks, i;
	u64 wrong, again;

	for (looks = 0; looks < NR_LOOKS; looks++) {
		if (looks) {
			thprace_lru_drain();
			msleep(1 << looks);
		}
		if (!judge_look(c, state, &c->obs, &wrong))
			return false;
		if (!wrong)
			break;
	}
	if (wrong && (!judge_look(c, state, &c->again, &again) ||
		      !thprace_obs_equal(&c->obs, &c->again)))
		return false;
	for (i = 0; i < THPRACE_NR_CHECKS; i++)
		/* others may well have references to memory that was not made here */
		if ((wrong & BIT_ULL(i)) &&
		    (c->made || c->finding[i].outcome != THPRACE_SKIPPED))
			note_wrong(c, state, i, &c->finding[i]);
	c->answers.right |= c->asked & thprace_known_checks(state) & ~wrong;
	if (!wrong && !c->nr_states) {
		c->state = state;
		c->example = c->obs;
	}
	c->nr_states++;
	return true;
}

/* Of files there is what the process maps that loads the module, or is looked at. */
static void judge_cache(struct calibration *c)
{
	bool inject = thprace_calibration_spoils() == THPRACE_CHECK_CACHE_INDEX;
	struct thprace_finding f;

	if (!(c->asked & CHECK(CACHE_INDEX)) || !thprace_cache_look(current->mm, inject, &f))
		return;
	if (f.outcome == THPRACE_HELD)
		c->answers.right |= CHECK(CACHE_INDEX);
	else
		note_wrong(c, THPRACE_KNOWN_PMD, THPRACE_CHECK_CACHE_INDEX, &f);
}

/* The counts of the whole mm, while a huge page of it is known to be there. */
static void judge_rss(struct calibration *c, const struct thprace_made *m, bool made)
{
	bool inject = thprace_calibration_spoils() == THPRACE_CHECK_RSS;
	struct thprace_finding f;

	if (!made)
		return;
	judge_cache(c);
	if (!(c->asked & CHECK(RSS)) || thprace_rss_look(current->mm, inject, &f))
		return;
	if (f.outcome == THPRACE_HELD)
		c->answers.right |= CHECK(RSS);
	else
		note_wrong(c, THPRACE_KNOWN_PMD, THPRACE_CHECK_RSS, &f);
}

/*
 * The rules are those of split_progress: a failure says something if all references
 * were known before and after it.  One try may fail by chance.
 */
static void judge_split(struct calibration *c, const struct thprace_made *m, bool made)
{
	struct thprace_finding f = {
		.outcome = THPRACE_VIOLATED,
		.got = m->last_try,
		.reason = "a huge page that nobody else refers to does not split",
	};

	if (!(c->asked & CHECK(SPLIT_PROGRESS)) || !(c->answers.right & CHECK(REFCOUNT)) ||
	    !m->nr_tries)
		return;
	if (thprace_calibration_spoils() == THPRACE_CHECK_SPLIT_PROGRESS)
		f.got = -EAGAIN;
	else if (f.got ? m->nr_failed < SURE_FAILURES : m->nr_tries > 1)
		return;
	if (f.got)
		note_wrong(c, THPRACE_KNOWN_PART, THPRACE_CHECK_SPLIT_PROGRESS, &f);
	else
		c->answers.right |= CHECK(SPLIT_PROGRESS);
}

/*
 * Each begins where the last one ended, or (@fresh) with new memory.  What only a
 * kernel that can split to an order has is the rest of the table.
 */
static const struct {
	enum thprace_known state;
	bool fresh, orders;
	const char *(*make)(struct thprace_made *m);
	void (*also)(struct calibration *c, const struct thprace_made *m, bool made);
} steps[] = {
	{ THPRACE_KNOWN_PMD, true, false, thprace_made_pmd, judge_rss },
	{ THPRACE_KNOWN_PTE, false, false, thprace_made_pte, NULL },
	{ THPRACE_KNOWN_PART, false, false, thprace_made_part, NULL },
	{ THPRACE_KNOWN_PAGE, false, false, thprace_made_page, judge_split },
	{ THPRACE_KNOWN_SMALL, true, true, thprace_made_small, NULL },
	{ THPRACE_KNOWN_SMALL_PART, false, true, thprace_made_small_part, NULL },
};

/* All states in memory of its own; what could not be made is left out. */
static const char *run_steps(struct calibration *c)
{
	const char *why = NULL, *first = NULL;
	struct thprace_made m = { };
	unsigned int i;

	memset(&c->answers, 0, sizeof(c->answers));
	c->nr_states = 0;
	c->made = true;
	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		if ((steps[i].orders && !thprace_split_has_order()) ||
		    (why && !steps[i].fresh))
			continue;
		if (steps[i].fresh)
			c->pfn = 0;
		why = steps[i].make(&m);
		if (steps[i].also)
			steps[i].also(c, &m, !why);
		thprace_lru_drain();
		c->addr = m.addr;
		if (!why && !judge_state(c, steps[i].state))
			why = "not calibrated: memory did not come to a known state";
		c->pfn = c->obs.pfn;
		if (!first)
			first = why;
	}
	thprace_made_end(&m);
	return c->nr_states ? NULL : first;
}

/* What was wrong before and is now, in the same state. */
static void keep_wrong(struct thprace_answers *a, const struct thprace_answers *now)
{
	unsigned int i;

	for (i = 0; i < THPRACE_NR_CHECKS; i++)
		if (!(now->wrong & BIT_ULL(i)) || now->state[i] != a->state[i])
			a->wrong &= ~BIT_ULL(i);
	a->right |= now->right;
}

/*
 * Only what is wrong of several huge pages, in the same state, is believed.  That
 * somebody else tried to migrate or to split one just while a hole was made, and
 * did not succeed, can happen; not each time.
 */
static const char *run_passes(struct calibration *c)
{
	const char *why = run_steps(c);
	struct thprace_answers *a;
	unsigned int i;

	if (why || !c->answers.wrong)
		return why;
	a = kvmalloc(sizeof(*a), GFP_KERNEL);
	if (!a)
		return "not calibrated: no memory";
	*a = c->answers;
	for (i = 1; i < NR_PASSES && a->wrong && !why; i++) {
		why = run_steps(c);
		keep_wrong(a, &c->answers);
	}
	c->answers = *a;
	kvfree(a);
	return why;
}

static struct calibration *start(struct mm_struct **mms, unsigned int nr)
{
	struct calibration *c = kvzalloc(sizeof(*c), GFP_KERNEL);
	unsigned int i;

	if (!c)
		return NULL;
	c->s = thprace_session_create();
	if (!c->s)
		goto out_free;
	c->o = thprace_observer_get(c->s, mms, nr);
	if (!c->o)
		goto out_session;
	for (i = 0; i < THPRACE_CHECK_CALIBRATION; i++)
		if (!thprace_quiesced_lacks(i))
			c->asked |= BIT_ULL(i);
	return c;

out_session:
	thprace_session_destroy(c->s);
out_free:
	kvfree(c);
	return NULL;
}

static void end(struct calibration *c)
{
	thprace_observer_put(c->s, c->o);
	thprace_observer_free(c->s->observer);
	thprace_session_destroy(c->s);
	kvfree(c);
}

static void store(struct calibration *c, u64 asked)
{
	c->answers.right &= ~c->answers.wrong;
	thprace_calibration_store(&c->answers, asked, c->state,
				  c->example.nr ? &c->example : NULL);
}

/**
 * thprace_calibrate() - calibrate in memory of current, if that was not done yet
 *
 * Takes some address space of current, and gives it back.
 *
 * Context: process context, no locks.
 */
void thprace_calibrate(void)
{
	static DEFINE_MUTEX(one);
	static unsigned int calls;	/* one */
	const char *why = "not calibrated: no memory";
	struct calibration *c;
	char text[40];
	u64 t0 = ktime_get_ns();

	if (thprace_calibration_done() || thprace_calibration_lacks() || !current->mm ||
	    (current->flags & PF_KTHREAD))
		return;
	if (mutex_lock_killable(&one))
		return;
	if (thprace_calibration_done() || calls == NR_CALLS)
		goto out;
	calls++;
	c = start(&current->mm, 1);
	if (c) {
		why = run_passes(c);
		if (!why)
			store(c, c->asked);
		snprintf(text, sizeof(text), "calibrated in %u states", c->nr_states);
		end(c);
	}
	if (why)
		thprace_calibration_missing(why);
	pr_info("thprace: %s, %llu us\n", why ? why : text,
		div_u64(ktime_get_ns() - t0, NSEC_PER_USEC));
out:
	mutex_unlock(&one);
}

/**
 * thprace_calibrate_mms() - the rules against memory that others have made
 * @s: the session, which counts what was found
 * @mms: who maps it, user references held by the caller
 * @nr_mms: how many
 * @addr: PMD-aligned; the folio at this address
 *
 * In which of the known states it is, the page tables say; in another one nothing
 * is found.
 *
 * Context: process context, no locks. Return: 0, -EINTR or -ENOMEM.
 */
int thprace_calibrate_mms(struct thprace_session *s, struct mm_struct **mms,
			  unsigned int nr_mms, unsigned long addr)
{
	struct calibration *c = start(mms, nr_mms);
	enum thprace_known state = THPRACE_NR_KNOWN;

	if (!c)
		return -ENOMEM;
	c->addr = addr;
	thprace_lru_drain();
	if (look(c, &c->obs))
		state = thprace_known_find(&c->obs);
	if (state < THPRACE_NR_KNOWN && judge_state(c, state)) {
		store(c, 0);
		thprace_calibration_tell(s, c->o->tally);
		thprace_record_counts(s, c->o->tally);
	}
	end(c);
	return fatal_signal_pending(current) ? -EINTR : 0;
}
