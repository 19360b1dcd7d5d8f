// SPDX-License-Identifier: GPL-2.0
/*
 * What may be in a page when several ops at once may have changed it
 *
 * Pure.  A store of eight bytes is never torn, so each word is something whole:
 * what was there before, zero, or what a writer has put there.  A page may be a
 * mixture.
 */
#include "content.h"
#include "env.h"

static u64 generation_of(const struct content *c, unsigned int bit)
{
	unsigned int nr;

	if (bit == CONTENT_OLD)
		return c->old;
	for (nr = 0; bit != CONTENT_PASS(nr / CONTENT_PASSES, nr % CONTENT_PASSES); nr++)
		;
	return c->pass[nr / CONTENT_PASSES][nr % CONTENT_PASSES];
}

static bool is_one(unsigned int bits)
{
	return bits && !(bits & (bits - 1));
}

/* Each byte from any of the patterns: the kernel copies and clears memory as it likes. */
static bool is_mixture(u64 word, const u64 *candidate, unsigned int nr)
{
	unsigned int shift, j;

	for (shift = 0; shift < 64; shift += 8) {
		for (j = 0; j < nr && (u8)(word >> shift) != (u8)(candidate[j] >> shift); j++)
			;
		if (j == nr)
			return false;
	}
	return nr;
}

static unsigned int candidates(size_t i, const void *as, const struct content *c,
			       unsigned int bits, u64 *candidate)
{
	struct pattern p;
	unsigned int nr = 0, bit;

	for (bits &= ~CONTENT_HOLE; bits; bits &= bits - 1) {
		bit = bits & -bits;
		if (bit == CONTENT_ZERO) {
			candidate[nr++] = 0;
			continue;
		}
		p = page_pattern(as, generation_of(c, bit));
		candidate[nr++] = pattern_word(&p, i);
	}
	return nr;
}

/**
 * content_torn() - is a word made of bytes that may be there?
 * @word: as it was read
 * @i: its number in the page
 * @as: address of the page
 * @c: generations
 * @allowed: CONTENT_ bits
 *
 * For memory that the kernel itself writes to while it is mapped.
 */
bool content_torn(u64 word, size_t i, const void *as, const struct content *c,
		  unsigned int allowed)
{
	u64 candidate[CONTENT_KINDS];

	return is_mixture(word, candidate, candidates(i, as, c, allowed, candidate));
}

/**
 * content_verify() - is each word of a page one of those that may be there?
 * @copy: of the page, which nobody writes to
 * @as: address of the page
 * @c: generations
 * @allowed: CONTENT_ bits; without any but CONTENT_HOLE nothing may be there
 * @torn: see content_torn()
 * @bad: the first word that is not
 *
 * What was wanted is said by the first of the bits.
 */
bool content_verify(const void *copy, const void *as, const struct content *c,
		    unsigned int allowed, bool torn, struct mismatch *bad)
{
	size_t nr_words = env.page_size / sizeof(u64), i;
	struct pattern pattern[CONTENT_KINDS];
	unsigned int bits = allowed & ~CONTENT_HOLE, bit, nr = 0, j;
	const u64 *word = copy;

	for (; bits; bits &= bits - 1) {
		bit = bits & -bits;
		/* No page begins with as many words. */
		pattern[nr++] = bit == CONTENT_ZERO ? (struct pattern){ .first = nr_words } :
						      page_pattern(as, generation_of(c, bit));
	}
	for (i = 0; i < nr_words; i++) {
		for (j = 0; j < nr && word[i] != pattern_word(&pattern[j], i); j++)
			;
		if (j < nr) {
			/* It is mostly the same one for the whole page. */
			if (j) {
				struct pattern p = pattern[0];

				pattern[0] = pattern[j];
				pattern[j] = p;
			}
			continue;
		}
		if (torn && content_torn(word[i], i, as, c, allowed))
			continue;
		bad->addr = as;
		bad->offset = i * sizeof(u64);
		bad->want = nr ? pattern_word(&pattern[0], i) : 0;
		bad->got = word[i];
		return false;
	}
	return true;
}

/**
 * content_of_word() - what this word may be
 * @word: as it was read
 * @i: its number in the page
 * @as: address of the page
 * @c: generations
 *
 * Returns CONTENT_ bits, more than one where they do not differ, or 0.
 */
unsigned int content_of_word(u64 word, size_t i, const void *as, const struct content *c)
{
	unsigned int bits = CONTENT_OLD | CONTENT_ALL_OF(0) | CONTENT_ALL_OF(1), bit, found = 0;
	struct pattern p;

	if (!word)
		found |= CONTENT_ZERO;
	for (; bits; bits &= bits - 1) {
		bit = bits & -bits;
		p = page_pattern(as, generation_of(c, bit));
		if (word == pattern_word(&p, i))
			found |= bit;
	}
	return found;
}

/**
 * history_goes_on() - may a word be this, after all that was seen of it?
 * @h: history
 * @seen: from content_of_word(), not 0
 *
 * What was there before the round does not come back, and a writer's passes come
 * in their order.  What is not clear says nothing.
 */
bool history_goes_on(struct history *h, unsigned int seen)
{
	int nr;

	if (!is_one(seen))
		return true;
	if (seen == CONTENT_OLD)
		return !h->left_old;
	h->left_old = true;
	if (seen == CONTENT_ZERO)
		return true;
	for (nr = 0; seen != CONTENT_PASS(nr / CONTENT_PASSES, nr % CONTENT_PASSES); nr++)
		;
	if (h->pass[nr / CONTENT_PASSES] > nr % CONTENT_PASSES)
		return false;
	h->pass[nr / CONTENT_PASSES] = nr % CONTENT_PASSES;
	return true;
}
