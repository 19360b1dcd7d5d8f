// SPDX-License-Identifier: GPL-2.0
/*
 * What a run has seen so far, and how time is shared by what is still new
 *
 * Pure.  Called where rounds end (cover_look.c), where time is shared (runner.c)
 * and for the report.
 *
 * Time is shared in proportion, above a floor, and no scenario is picked: how much
 * is new is known from a few batches only, and gets less the longer a scenario
 * runs.  In proportion, who was lucky gets no more than a part, who was not is
 * seen again in the next pass, and nothing has to be drawn.
 */
#include <assert.h>
#include <string.h>

#include "cover.h"
#include "rng.h"
#include "util.h"

#define NEWS_UNIT	1024		/* of one thing that is new, before it fades */
#define FADE_PARTS	4		/* a batch's news lose one of these with each one after */
#define MINUTE		60
#define FULL		(COVER_KEYS / 4 * 3)

const char *const cover_names[NR_COVER] = { "phases", "outcomes", "states" };

static_assert(!(COVER_KEYS & (COVER_KEYS - 1)), "keys are masked");
static_assert(COVER_SECONDS > MINUTE, "a minute is kept");

static unsigned int step_of(u64 second)
{
	unsigned int step = 0;

	while (second >> step && step < COVER_STEPS - 1)
		step++;
	return step;
}

static void count(struct cover *c, enum cover_kind kind, u64 at_ns)
{
	u32 second = at_ns / NSEC_PER_SEC, slot = second % COVER_SECONDS;

	if (c->second[slot] != second + 1) {
		memset(c->in_second[slot], 0, sizeof(c->in_second[slot]));
		c->second[slot] = second + 1;
	}
	c->in_second[slot][kind]++;
	c->in_step[step_of(second)]++;
	c->nr[kind]++;
	c->last_ns = at_ns;
}

/**
 * cover_see() - something was seen
 * @c: of the scenario
 * @kind: what it is
 * @key: which one of its kind
 * @at_ns: since the run's start
 *
 * Returns whether it is new.  When there is no more room nothing is.
 */
bool cover_see(struct cover *c, enum cover_kind kind, u64 key, u64 at_ns)
{
	u64 k = mix64(key, kind + 1) | 1;	/* 0 is a free place */
	u32 at = mix64(k, 0) % COVER_KEYS;

	for (; c->key[at]; at = (at + 1) % COVER_KEYS) {
		if (c->key[at] == k)
			return false;
	}
	if (c->nr_keys >= FULL) {
		c->full = 1;
		return false;
	}
	c->key[at] = k;
	c->nr_keys++;
	count(c, kind, at_ns);
	return true;
}

/**
 * cover_sum() - how much was seen, of all kinds
 * @c: of a scenario
 */
u64 cover_sum(const struct cover *c)
{
	u64 sum = 0;
	unsigned int i;

	for (i = 0; i < NR_COVER; i++)
		sum += c->nr[i];
	return sum;
}

/**
 * cover_batch() - what a batch has brought
 * @c: of its scenario
 * @news: seen for the first time in it
 * @ns: what it took
 *
 * All of a first batch is new, and says nothing of what the next one brings: so
 * what is older counts for less.
 */
void cover_batch(struct cover *c, u64 news, u64 ns)
{
	c->news = c->news - c->news / FADE_PARTS + news * NEWS_UNIT;
	c->ns = c->ns - c->ns / FADE_PARTS + ns;
}

/**
 * cover_last_minute() - what was seen for the first time in the last 60 s
 * @c: of a scenario
 * @kind: of these
 * @now_ns: since the run's start
 */
u64 cover_last_minute(const struct cover *c, enum cover_kind kind, u64 now_ns)
{
	u64 now = now_ns / NSEC_PER_SEC + 1, sum = 0;
	unsigned int i;

	for (i = 0; i < COVER_SECONDS; i++) {
		if (c->second[i] && c->second[i] <= now && c->second[i] + MINUTE > now)
			sum += c->in_second[i][kind];
	}
	return sum;
}

/* New things in 1000 s, of late. */
static u64 rate_of(const struct cover *c)
{
	u64 ms = c->ns / NSEC_PER_MSEC;

	return ms ? c->news * 1000 / NEWS_UNIT * 1000 / ms : 0;
}

/**
 * cover_shares() - the parts of a pass's time
 * @c: of each scenario
 * @weight: of each, or 0: it does not run
 * @nr: how many
 * @share: result, a part for each; they mean something beside each other only
 *
 * Each keeps COVER_FLOOR of what it has by its weight.  The rest goes by weight, too,
 * times how much that is new a second of it brought of late: a weight says that there
 * is more to be seen, which a few batches do not show.  By weight alone while nobody knows.
 */
void cover_shares(const struct cover *const *c, const unsigned int *weight, unsigned int nr,
		  u64 *share)
{
	u64 weights = 0, rates = 0, rest;
	unsigned int i;

	for (i = 0; i < nr; i++) {
		weights += weight[i];
		rates += weight[i] ? weight[i] * rate_of(c[i]) : 0;
	}
	rest = weights * (1000 - COVER_FLOOR);
	for (i = 0; i < nr; i++) {
		if (!weight[i] || !rates)
			share[i] = weight[i] * 1000ULL;
		else
			share[i] = weight[i] * COVER_FLOOR +
				   rest * weight[i] * rate_of(c[i]) / rates;
	}
}
