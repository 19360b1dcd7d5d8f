// SPDX-License-Identifier: GPL-2.0
/*
 * What to try to find out what a finding needs
 *
 * Pure: triage.c runs what is proposed here.  First it must come again; then one
 * thing after the other is left out, and stays out when it comes all the same.
 */
#include <string.h>

#include "tally.h"
#include "triage_plan.h"
#include "util.h"

#define SURE_TRIES	3		/* when all of them hit */
#define FEW_TRIES	5		/* that miss, of what always hits */
#define MANY_TRIES	20
#define MOST_TRIES	30
#define START_TRIES	3		/* of all rounds from the first on: long */
#define MISS_FACTOR	3		/* tries that miss, in tries that should hit once */
#define MAX_BROKEN	2

static bool has(const struct triage *t, unsigned int without)
{
	return t->best && t->best->config.without & without;
}

/* With the best so far, so many tries hit once more often than not, by far. */
static u32 enough_tries(const struct triage *t)
{
	u32 n = FEW_TRIES;

	if (t->best)
		n = (MISS_FACTOR * t->best->tries + t->best->hits - 1) / t->best->hits;
	if (n < FEW_TRIES)
		n = FEW_TRIES;
	return n < MOST_TRIES ? n : MOST_TRIES;
}

static bool is_decided(const struct triage *t, const struct triage_variant *v)
{
	u32 most = enough_tries(t);

	if (v->broken >= MAX_BROKEN)
		return true;
	if (v->step == TRIAGE_FROM_START)
		return v->tries >= START_TRIES;
	if (v->step == TRIAGE_AGAIN || v->step == TRIAGE_ALONG)
		most = MANY_TRIES;
	if (v->tries >= SURE_TRIES && v->hits == v->tries)
		return true;
	return v->tries >= most;
}

/* Is a hit there more, or not much less, likely than with the best? */
static bool as_likely(const struct triage *t, const struct triage_variant *v, u32 factor)
{
	return !t->best ||
	       (u64)v->hits * t->best->tries * factor >= (u64)t->best->hits * v->tries;
}

static bool accept(const struct triage *t, const struct triage_variant *v)
{
	if (!v->hits)
		return false;
	switch (v->step) {
	case TRIAGE_ALONG:
		/* A schedule says more than a rate. */
		return as_likely(t, v, 1);
	case TRIAGE_NO_STEER:
		return !t->best->config.schedule[0] || as_likely(t, v, 1);
	case TRIAGE_FEWER_PHASES:
	case TRIAGE_FEWER_LANES:
	case TRIAGE_FEWER_PAGES:
		return as_likely(t, v, 2);
	default:
		return true;
	}
}

static void first_config(const struct triage *t, struct triage_config *c)
{
	memset(c, 0, sizeof(*c));
	c->first_round = t->found.batch_round;
	c->rounds = t->found.nr_thps;
	c->thps = t->found.nr_thps;
	if (t->scalable)
		c->procs = t->found.nr_workers;
	if (t->all_steered)
		copy_word(c->schedule, sizeof(c->schedule), t->schedule);
}

/**
 * triage_word() - a step of a schedule
 * @schedule: words with blanks between
 * @index: of the step
 * @word: where it is, if it is there
 * @len: of it
 *
 * Returns how many there are.
 */
unsigned int triage_word(const char *schedule, unsigned int index, const char **word,
			 size_t *len)
{
	unsigned int n = 0;
	const char *at;
	size_t width;

	for (at = schedule + strspn(schedule, " "); *at; at += strspn(at, " ")) {
		width = strcspn(at, " ");
		if (n++ == index) {
			*word = at;
			*len = width;
		}
		at += width;
	}
	return n;
}

static bool leave_word_out(struct triage_variant *v, unsigned int index)
{
	char before[TRIAGE_SCHEDULE];
	const char *word = NULL;
	size_t len = 0, at;

	memcpy(before, v->config.schedule, sizeof(before));
	if (triage_word(before, index, &word, &len) < 2 || !word)
		return false;
	snprintf(v->what, sizeof(v->what), "without %.*s", (int)len, word);
	at = word - before;
	word += len;
	word += strspn(word, " ");
	snprintf(v->config.schedule + at, sizeof(v->config.schedule) - at, "%s", word);
	at = strlen(v->config.schedule);
	while (at && v->config.schedule[at - 1] == ' ')
		v->config.schedule[--at] = '\0';
	v->detail = index;
	return true;
}

static bool propose_phases(const struct triage *t, const struct triage_variant *last,
			   struct triage_variant *v)
{
	unsigned int index = 0;

	if (!v->config.schedule[0] || has(t, WITHOUT_STEER))
		return false;
	if (last->step == TRIAGE_FEWER_PHASES)
		index = last->detail + !last->accepted;
	return leave_word_out(v, index);
}

static bool propose_lanes(const struct triage *t, const struct triage_variant *last,
			  struct triage_variant *v)
{
	unsigned int nr = 1;

	if (last->step == TRIAGE_FEWER_LANES) {
		if (last->accepted || last->detail > 1)
			return false;
		nr = 2;
	}
	if (!t->scalable || t->found.nr_workers <= nr || has(t, WITHOUT_OP))
		return false;
	v->detail = nr;
	v->config.procs = nr;
	snprintf(v->what, sizeof(v->what), "with %u process%s beside main", nr,
		 nr > 1 ? "es" : "");
	return true;
}

static bool propose_pages(const struct triage *t, struct triage_variant *v)
{
	if (!t->found.exact || t->found.nr_thps < 2 || (t->found.solo && !has(t, WITHOUT_SPLIT)) ||
	    v->config.first_round != t->found.batch_round)
		return false;
	v->config.first_round = t->found.round;
	v->config.rounds = 1;
	v->config.thps = 1;
	copy_word(v->what, sizeof(v->what), "with one huge page, its round alone");
	return true;
}

static bool leave_out(struct triage_variant *v, unsigned int without, const char *what)
{
	v->config.without |= without;
	v->config.schedule[0] = '\0';
	copy_word(v->what, sizeof(v->what), what);
	return true;
}

/* Fills in a variant of the best one, for a step behind that of the last one. */
static bool propose(const struct triage *t, enum triage_step step,
		    const struct triage_variant *last, struct triage_variant *v)
{
	char text[64];

	switch (step) {
	case TRIAGE_AGAIN:
		copy_word(v->what, sizeof(v->what), "again");
		return !last;
	case TRIAGE_FROM_START:
		if (t->best || t->found.batch_round <= t->first_round)
			return false;
		v->config.first_round = t->first_round;
		v->config.rounds = t->found.batch_round - t->first_round + t->found.nr_thps;
		copy_word(v->what, sizeof(v->what), "from the first round on");
		return true;
	case TRIAGE_ALONG:
		if (!t->schedule[0] || t->all_steered || !t->can_steer)
			return false;
		copy_word(v->config.schedule, sizeof(v->config.schedule), t->schedule);
		snprintf(v->what, sizeof(v->what), "all along %s", t->schedule);
		return true;
	case TRIAGE_NO_SPLIT:
		return !t->pairs && leave_out(v, WITHOUT_SPLIT, "without the split");
	case TRIAGE_NO_OP:
		if (t->pairs)
			return leave_out(v, WITHOUT_OP, "without the second op");
		snprintf(text, sizeof(text), "without %s", t->op);
		return leave_out(v, WITHOUT_OP, text);
	case TRIAGE_NO_CHECK_SPLIT:
		return t->check_splits && !t->of_progress && has(t, WITHOUT_SPLIT) &&
		       leave_out(v, WITHOUT_CHECK_SPLIT, "without the split of the check");
	case TRIAGE_TURNS:
		return !has(t, WITHOUT_OP) &&
		       (!has(t, WITHOUT_SPLIT) || t->found.nr_workers > 1) &&
		       leave_out(v, WITHOUT_RACE, "one after the other");
	case TRIAGE_NO_STEER:
		return t->can_steer && !has(t, HARD_WITHOUT) &&
		       leave_out(v, WITHOUT_STEER, "without steering");
	case TRIAGE_FEWER_PHASES:
		return propose_phases(t, last, v);
	case TRIAGE_FEWER_LANES:
		return propose_lanes(t, last, v);
	case TRIAGE_FEWER_PAGES:
		return last->step != step && propose_pages(t, v);
	default:
		return false;
	}
}

static bool may_repeat(enum triage_step step)
{
	return step == TRIAGE_FEWER_PHASES || step == TRIAGE_FEWER_LANES;
}

/* Without one that came again only that is still looked for. */
static bool is_worth_it(const struct triage *t, enum triage_step step)
{
	if (step <= TRIAGE_ALONG)
		return step == TRIAGE_AGAIN || !t->fixed;
	return t->best && !t->fixed;
}

/**
 * triage_why_not() - why a finding is not tried again
 * @t: triage; what is given
 * @check: the most basic one that has failed
 *
 * Returns a static text, or NULL: it can be.
 */
const char *triage_why_not(const struct triage *t, const char *check)
{
	if (!strcmp(check, check_name(THPRACE_CHECK_LEAK)))
		return "a leak is judged only when all is over";
	if (!strcmp(check, check_name(THPRACE_CHECK_CALIBRATION)))
		return "it was found before the run, and needs nothing of it";
	if (!t->found.known)
		return "it is not known in which round it came";
	return NULL;
}

/**
 * triage_next() - what to run next
 * @t: triage
 *
 * To be called again after each try, which triage_note() has noted.  Returns NULL
 * when nothing is left to be tried.
 */
struct triage_variant *triage_next(struct triage *t)
{
	struct triage_variant *last = t->nr ? &t->variant[t->nr - 1] : NULL, *v;
	unsigned int step = 0;

	if (last && !is_decided(t, last))
		return last;
	if (last && !last->decided) {
		last->decided = true;
		last->accepted = accept(t, last);
		if (last->accepted)
			t->best = last;
	}
	if (last)
		step = last->step + !may_repeat(last->step);
	for (; step < TRIAGE_NR_STEPS && t->nr < TRIAGE_VARIANTS; step++) {
		v = &t->variant[t->nr];
		memset(v, 0, sizeof(*v));
		v->step = step;
		if (t->best)
			v->config = t->best->config;
		else
			first_config(t, &v->config);
		if (is_worth_it(t, step) && propose(t, step, last, v)) {
			t->nr++;
			return v;
		}
	}
	/* What is said in the end is said of a few more. */
	return t->best && t->best->tries < FEW_TRIES && t->best->hits == t->best->tries ?
	       t->best : NULL;
}

/**
 * triage_note() - a try has ended
 * @v: of which variant
 * @outcome: of it
 */
void triage_note(struct triage_variant *v, enum triage_outcome outcome)
{
	v->tries += outcome != TRIAGE_BROKEN;
	v->hits += outcome == TRIAGE_HIT;
	v->others += outcome == TRIAGE_OTHER;
	v->broken += outcome == TRIAGE_BROKEN;
}
