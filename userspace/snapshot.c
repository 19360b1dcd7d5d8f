// SPDX-License-Identifier: GPL-2.0
/*
 * A fork is a snapshot: what a child may have of the writes beside it
 *
 * A thread writes a word to each of some pages, once, in an order that the seed
 * draws.  Whatever the moment of a fork, the child has the first of these writes
 * and none of the others: docs/CHECKS.md, "content".
 */
#include "snapshot.h"

/**
 * snapshot_order() - in which order pages are written
 * @rng: choices
 * @order: result: @nr pages
 * @nr: pages
 */
void snapshot_order(struct rng *rng, u16 *order, unsigned int nr)
{
	unsigned int i, j;

	for (i = 0; i < nr; i++) {
		j = rng_below(rng, i + 1);
		order[i] = order[j];
		order[j] = i;
	}
}

/**
 * snapshot_word() - what is written
 * @key: of this huge page in this round
 * @turn: how many pages were written before
 */
u64 snapshot_word(u64 key, unsigned int turn)
{
	return mix64(key, turn + 1);
}

static bool is_bad(struct snapshot_bad *bad, unsigned int page, u64 want, u64 got,
		   const char *what)
{
	*bad = (struct snapshot_bad){ .page = page, .want = want, .got = got, .what = what };
	return false;
}

/**
 * snapshot_holds() - does a forked process have the first writes, and no others?
 * @words: what it sees: a word of each page
 * @old: what was there before
 * @order: of the writes
 * @nr: pages
 * @key: of this huge page in this round
 * @bad: what it has not, if it returns false
 */
bool snapshot_holds(const u64 *words, const u64 *old, const u16 *order, unsigned int nr, u64 key,
		    struct snapshot_bad *bad)
{
	unsigned int i, seen = 0;
	u64 want;

	for (i = nr; i && !seen; i--) {
		if (words[order[i - 1]] == snapshot_word(key, i - 1))
			seen = i;
	}
	for (i = 0; i < nr; i++) {
		want = i < seen ? snapshot_word(key, i) : old[order[i]];
		if (words[order[i]] != want)
			return is_bad(bad, order[i], want, words[order[i]], i < seen ?
				      "a write before the last one that a forked process has" :
				      "a page of a forked process");
	}
	return true;
}

/**
 * snapshot_kept() - does the writer's own process have all writes?
 * @words: what it sees: a word of each page
 * @old: what was there before
 * @order: of the writes
 * @nr: pages
 * @written: how many of them were written
 * @key: of this huge page in this round
 * @bad: what it has not, if it returns false
 */
bool snapshot_kept(const u64 *words, const u64 *old, const u16 *order, unsigned int nr,
		   unsigned int written, u64 key, struct snapshot_bad *bad)
{
	unsigned int i;
	u64 want;

	for (i = 0; i < nr; i++) {
		want = i < written ? snapshot_word(key, i) : old[order[i]];
		if (words[order[i]] != want)
			return is_bad(bad, order[i], want, words[order[i]],
				      "a page written during a fork");
	}
	return true;
}
