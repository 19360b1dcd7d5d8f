// SPDX-License-Identifier: GPL-2.0
/*
 * calibration.c - what the rules said of memory in known states, and what follows
 *
 * A rule that is wrong of a state that is known is a violation on a kernel of a
 * series that was tested: it has been right there.  On another one it may be the
 * rule that is wrong, so the check is off.
 */
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/utsname.h>

#include "compat/tested.h"
#include "oracle/available.h"
#include "oracle/calibration.h"
#include "oracle/run.h"
#include "state/names.h"
#include "state/record.h"

static char *calibration_series;
module_param(calibration_series, charp, 0400);
MODULE_PARM_DESC(calibration_series,
		 "for tests: take the kernel for one of this series, as 6.13");

static char *calibration_spoil;
module_param(calibration_spoil, charp, 0400);
MODULE_PARM_DESC(calibration_spoil,
		 "for tests: spoil what is seen of this check while it is calibrated");

static bool tested;				/* set at load, as @spoil and @lacking */
static unsigned int spoil = THPRACE_NR_CHECKS;
static char lacking[112];			/* why nothing can be found on this kernel */

static DEFINE_MUTEX(lock);
static bool done;				/* lock; read without it as a hint */
static const char *missing;			/* lock: why nothing was found, static */
static struct thprace_answers found;		/* lock */
static char text[THPRACE_NR_CHECKS][112];	/* lock; said of those that are wrong */
static char off_text[160];			/* lock; which checks are off */
static struct thprace_obs example;		/* lock; for the control */
static enum thprace_known example_state;	/* lock */

/**
 * thprace_calibration_init() - whether this kernel's series was tested
 *
 * Context: module load, symbols are resolved.
 * Return: 0, or -EINVAL: a parameter names no check.
 */
int thprace_calibration_init(void)
{
	const char *release = calibration_series ? calibration_series : init_utsname()->release;
	const char *lacks = thprace_calibration_lacks();
	int check;

	tested = thprace_series_tested(release, PAGE_SHIFT);
	snprintf(lacking, sizeof(lacking), "not calibrated: %s",
		 lacks ? lacks : "no process at load");
	thprace_calibration_missing(lacking);
	if (!calibration_spoil)
		return 0;
	check = thprace_check_find(calibration_spoil, strlen(calibration_spoil));
	if (check < 0)
		return check;
	spoil = check;
	return 0;
}

/**
 * thprace_calibration_lacks() - what this kernel lacks, so that no state can be known
 *
 * Where a name has changed it cannot be told what else has: not calibrated is
 * inconclusive, not unavailable, on a series that was not tested.
 *
 * Context: any. Return: NULL if it has all, else a static text.
 */
const char *thprace_calibration_lacks(void)
{
	/* all mappings of a folio must be found */
	return thprace_quiesced_lacks(THPRACE_CHECK_RMAP_CENSUS);
}

/**
 * thprace_calibration_spoils() - the check of which what is seen is to be spoiled
 *
 * Context: any. Return: the enum thprace_check, or THPRACE_NR_CHECKS: none.
 */
unsigned int thprace_calibration_spoils(void)
{
	return spoil;
}

/**
 * thprace_calibration_tested() - were the rules tested on this kernel's series?
 *
 * Context: any, after load.
 */
bool thprace_calibration_tested(void)
{
	return tested;
}

/**
 * thprace_calibration_done() - was there memory in a known state?
 *
 * Context: any.
 */
bool thprace_calibration_done(void)
{
	return READ_ONCE(done);
}

/**
 * thprace_calibration_missing() - nothing could be found
 * @why: static
 *
 * Where rules were tested they are trusted nevertheless; elsewhere all are off.
 *
 * Context: process context.
 */
void thprace_calibration_missing(const char *why)
{
	unsigned int i;

	mutex_lock(&lock);
	if (!done) {
		missing = why;
		for (i = 0; i <= THPRACE_CHECK_CALIBRATION; i++)
			if (i == THPRACE_CHECK_CALIBRATION ? tested : !tested)
				thprace_quiesced_off(i, why);
	}
	mutex_unlock(&lock);
}

static void say_wrong(const struct thprace_answers *a, unsigned int check)
{
	const struct thprace_finding *f = &a->finding[check];
	const char *state = thprace_known_name(a->state[check]);

	if (f->outcome == THPRACE_VIOLATED)
		snprintf(text[check], sizeof(text[check]),
			 "calibration: %s: want %lld, got %lld: %s", state, f->want, f->got,
			 f->reason);
	else
		snprintf(text[check], sizeof(text[check]), "calibration: %s: want held, got %s",
			 state, f->reason);
	pr_warn("thprace: %s: %s\n", thprace_check_name(check), text[check]);
}

static void list_off(void)
{
	size_t n = scnprintf(off_text, sizeof(off_text), "off:");
	unsigned int i;

	for (i = 0; i < THPRACE_NR_CHECKS; i++)
		if (found.wrong & BIT_ULL(i))
			n += scnprintf(off_text + n, sizeof(off_text) - n, " %s",
				       thprace_check_name(i));
}

/**
 * thprace_calibration_store() - what was found
 * @a: the answers; added to those that were found before
 * @asked: bitmap of the checks that were to give one, or 0: of a command, more
 *	   than what is found at load
 * @state: of @seen
 * @seen: an observation of which the rules said what they must, or NULL
 *
 * Context: process context.
 */
void thprace_calibration_store(const struct thprace_answers *a, u64 asked,
			       enum thprace_known state, const struct thprace_obs *seen)
{
	unsigned int i;

	mutex_lock(&lock);
	for (i = 0; i < THPRACE_CHECK_CALIBRATION; i++) {
		if (found.wrong & BIT_ULL(i))
			continue;
		/* where it was tested, a rule that says nothing is not wrong */
		if ((a->wrong & BIT_ULL(i)) &&
		    !(tested && a->finding[i].outcome == THPRACE_SKIPPED)) {
			found.wrong |= BIT_ULL(i);
			found.state[i] = a->state[i];
			found.finding[i] = a->finding[i];
			say_wrong(a, i);
			if (!tested)
				thprace_quiesced_off(i, text[i]);
		} else if (a->right & BIT_ULL(i)) {
			thprace_quiesced_off(i, NULL);
		} else if (!done && !tested && (asked & BIT_ULL(i))) {
			thprace_quiesced_off(i, "calibration: not in a state that shows it");
		}
	}
	found.right |= a->right;
	list_off();
	if (seen) {
		example = *seen;
		example_state = state;
	}
	if (asked) {
		thprace_quiesced_off(THPRACE_CHECK_CALIBRATION, NULL);
		WRITE_ONCE(done, true);
	}
	mutex_unlock(&lock);
}

/*
 * All that is wrong has one cause, which no finding of later memory shares: what
 * showed it is gone, and its frame may be anybody's.
 */
static void record(struct thprace_session *s, struct thprace_finding *f)
{
	f->outcome = THPRACE_VIOLATED;
	f->looks = 2;
	f->addr = 0;
	f->pfn = 0;
	f->by_lock = true;
	f->lock = (unsigned long)&found;
	thprace_record(s, THPRACE_CHECK_CALIBRATION, f);
}

/* lock held: each that is wrong is a violation on its own. */
static void record_wrong(struct thprace_session *s)
{
	unsigned int i;

	for (i = 0; i < THPRACE_NR_CHECKS; i++) {
		struct thprace_finding f = found.finding[i];
		char reason[160];

		if (!(found.wrong & BIT_ULL(i)))
			continue;
		snprintf(reason, sizeof(reason), "%s: %.110s", thprace_check_name(i), text[i]);
		f.reason = reason;
		record(s, &f);
	}
}

/**
 * thprace_calibration_tell() - count in a session what was found
 * @s: the session
 * @tally: of all checks, not yet in the session
 *
 * Context: process context.
 */
void thprace_calibration_tell(struct thprace_session *s, struct thprace_tally *tally)
{
	struct thprace_tally *t = &tally[THPRACE_CHECK_CALIBRATION];

	mutex_lock(&lock);
	if (done && !found.wrong) {
		t->held++;
	} else if (done && tested) {
		record_wrong(s);
	} else {
		t->skipped++;
		t->reason = done ? off_text : missing;
	}
	mutex_unlock(&lock);
}

/**
 * thprace_calibration_control() - the control: what was seen, spoiled, is judged again
 * @r: the check
 *
 * Context: process context.
 */
void thprace_calibration_control(struct thprace_check_run *r)
{
	const unsigned int check = THPRACE_CHECK_PAGE_MAPCOUNT;
	struct thprace_finding *f = &r->o->control[check];
	enum thprace_known state;

	mutex_lock(&lock);
	r->o->again = example;
	state = example_state;
	mutex_unlock(&lock);
	if (!r->o->again.nr || thprace_judge_inject(&r->o->again, check) ||
	    !thprace_known_judge(state, &r->o->again, true, BIT_ULL(check),
				 r->o->control)) {
		thprace_run_skipped(r, THPRACE_CHECK_CALIBRATION, "nothing that can be spoiled");
		return;
	}
	f->control = true;
	record(r->s, f);
}
