// SPDX-License-Identifier: GPL-2.0
/*
 * What may be in a page that several ops were at: words, pages, histories
 */
#include <unistd.h>

#include "content.h"
#include "env.h"
#include "rng.h"
#include "test.h"

#define NR_BITS		9		/* of CONTENT_ */
#define ALL_BITS	(BIT_ULL(NR_BITS) - 1)
#define NR_PAGES	4096		/* to choose one from */

REAL_READ_TEXT

static const struct content contents = {
	.old = 4711, .pass = { { 11, 12, 13 }, { 21, 22, 23 } },
};

static u64 page[8192], other[8192];
static size_t nr_words;

static int setup(void **state)
{
	(void)state;
	env.page_size = sysconf(_SC_PAGESIZE);
	nr_words = env.page_size / sizeof(u64);
	assert_true(sizeof(page) >= env.page_size);
	return 0;
}

/* In the order of the bits; 0 for those that are no pattern. */
static u64 gen_of(unsigned int bit)
{
	const u64 gens[NR_BITS] = { 4711, 0, 0, 11, 12, 13, 21, 22, 23 };
	unsigned int i;

	for (i = 0; !(bit >> i & 1); i++)
		;
	return gens[i];
}

static void fill_with(u64 *to, const void *as, unsigned int bit)
{
	memset(to, 0, env.page_size);
	if (bit != CONTENT_ZERO)
		page_fill_as(to, as, gen_of(bit));
}

/* Where the pattern of a bit begins with so many zero words. */
static const char *place_for(unsigned int bit, size_t first)
{
	const char *as = (const char *)0x7f0000000000;
	unsigned int i;
	size_t n;

	for (i = 0; i < NR_PAGES; i++, as += env.page_size) {
		fill_with(other, as, bit);
		for (n = 0; n < nr_words && !other[n]; n++)
			;
		if (n == first)
			return as;
	}
	fail_msg("no page with %zu zeros at first", first);
	return NULL;
}

/* All patterns there are different, and begin at once. */
static const char *plain_place(void)
{
	const char *as = (const char *)0x7f0000000000;
	unsigned int i, bit;

	for (i = 0; i < NR_PAGES; i++, as += env.page_size) {
		for (bit = 1; bit <= ALL_BITS; bit <<= 1) {
			if (bit == CONTENT_ZERO || bit == CONTENT_HOLE)
				continue;
			fill_with(other, as, bit);
			if (!other[0])
				break;
		}
		if (bit > ALL_BITS)
			return as;
	}
	fail_msg("no page without zeros at first");
	return NULL;
}

static bool verified(const char *as, unsigned int allowed, struct mismatch *bad)
{
	memset(bad, 0, sizeof(*bad));
	return content_verify(page, as, &contents, allowed, false, bad);
}

static void test_bits(void **state)
{
	unsigned int seen = 0, bit, w, p;

	(void)state;
	/* One for each thing, and none between them. */
	assert_int_equal(CONTENT_OLD | CONTENT_ZERO | CONTENT_HOLE | CONTENT_ALL_OF(0) |
			 CONTENT_ALL_OF(1), ALL_BITS);
	for (w = 0; w < CONTENT_WRITERS; w++) {
		for (p = 0; p < CONTENT_PASSES; p++) {
			bit = CONTENT_PASS(w, p);
			assert_false(seen & bit);
			assert_true(CONTENT_ALL_OF(w) & bit && !(CONTENT_ALL_OF(!w) & bit));
			seen |= bit;
		}
		assert_int_equal(CONTENT_LAST(w), CONTENT_PASS(w, 2));
	}
	assert_int_equal(seen, CONTENT_ALL_OF(0) | CONTENT_ALL_OF(1));
}

/* A page of one thing is right if that is allowed, alone or among others, and else not. */
static void test_each_bit(void **state)
{
	const char *as = plain_place();
	unsigned int bit, allowed;
	struct mismatch bad;

	(void)state;
	for (bit = 1; bit <= ALL_BITS; bit <<= 1) {
		if (bit == CONTENT_HOLE)
			continue;
		fill_with(page, as, bit);
		for (allowed = 0; allowed <= ALL_BITS; allowed++) {
			assert_int_equal(verified(as, allowed, &bad), !!(allowed & bit));
			if (allowed & bit)
				continue;
			assert_ptr_equal(bad.addr, as);
			assert_int_equal(bad.offset, 0);
			assert_true(bad.got == page[0]);
			if (!(allowed & ~CONTENT_HOLE))
				assert_true(!bad.want);
			else
				assert_true(content_of_word(bad.want, 0, as, &contents) & allowed);
		}
	}
}

/* Each word may be another one of them; one that is not is found where it is. */
static void test_mixtures(void **state)
{
	const char *as = plain_place();
	struct mismatch bad;
	struct rng rng;
	unsigned int i;
	size_t w;

	(void)state;
	rng_seed(&rng, 1, 2, 3);
	for (i = 0; i < 2000; i++) {
		unsigned int allowed = rng_below(&rng, ALL_BITS + 1), bit;
		size_t at = rng_below(&rng, nr_words);
		u64 word;

		if (!(allowed & ~CONTENT_HOLE))
			continue;
		for (w = 0; w < nr_words; w++) {
			do {
				bit = 1U << rng_below(&rng, NR_BITS);
			} while (!(allowed & bit) || bit == CONTENT_HOLE);
			page[w] = 0;
			if (bit != CONTENT_ZERO) {
				struct pattern p = page_pattern(as, gen_of(bit));

				page[w] = pattern_word(&p, w);
			}
		}
		assert_true(verified(as, allowed, &bad));
		word = page[at];
		page[at] ^= BIT_ULL(rng_below(&rng, 64));
		assert_false(verified(as, allowed, &bad));
		assert_int_equal(bad.offset, at * sizeof(u64));
		assert_true(bad.got == page[at]);
		/* Half of a word from each of two. */
		page[at] = word ^ 0xffffffff00000000ULL;
		assert_false(verified(as, allowed, &bad));
		/* The word before, or behind: whole, but not there. */
		page[at] = word ? page[(at + 1) % nr_words] : 1;
		if (!(content_of_word(page[at], at, as, &contents) & allowed)) {
			assert_false(verified(as, allowed, &bad));
			assert_int_equal(bad.offset, at * sizeof(u64));
		}
	}
}

/* Nothing but a hole is allowed: then there is no right page; a page is no matter of holes. */
static void test_holes(void **state)
{
	const char *as = plain_place();
	struct mismatch bad;

	(void)state;
	fill_with(page, as, CONTENT_ZERO);
	assert_false(verified(as, CONTENT_HOLE, &bad));
	assert_false(verified(as, 0, &bad));
	assert_true(verified(as, CONTENT_HOLE | CONTENT_ZERO, &bad));
	fill_with(page, as, CONTENT_OLD);
	assert_true(verified(as, CONTENT_HOLE | CONTENT_OLD, &bad));
	assert_false(verified(as, CONTENT_HOLE | CONTENT_ZERO, &bad));
}

/* A pattern that is zero in part is no other one's in the rest. */
static void test_zeros_at_first(void **state)
{
	const size_t firsts[] = { 0, nr_words / 2, nr_words };
	struct mismatch bad;
	unsigned int i, bit, found;
	const char *as;
	size_t w;

	(void)state;
	for (bit = 1; bit <= ALL_BITS; bit <<= 1) {
		if (bit == CONTENT_ZERO || bit == CONTENT_HOLE)
			continue;
		for (i = 0; i < ARRAY_SIZE(firsts); i++) {
			as = place_for(bit, firsts[i]);
			fill_with(page, as, bit);
			assert_true(verified(as, bit, &bad));
			assert_int_equal(verified(as, CONTENT_ZERO, &bad), firsts[i] == nr_words);
			for (w = 0; w < nr_words; w++) {
				found = content_of_word(page[w], w, as, &contents);
				assert_true(found & bit);
				assert_int_equal(!!(found & CONTENT_ZERO), w < firsts[i]);
			}
			/* Zeros only where they may be. */
			memset(page, 0, env.page_size);
			assert_int_equal(verified(as, bit, &bad), firsts[i] == nr_words);
			if (firsts[i] < nr_words)
				assert_int_equal(bad.offset, firsts[i] * sizeof(u64));
		}
	}
}

static void test_words(void **state)
{
	const char *as = plain_place();
	unsigned int bit;
	size_t w;

	(void)state;
	for (bit = 1; bit <= ALL_BITS; bit <<= 1) {
		if (bit == CONTENT_HOLE)
			continue;
		fill_with(page, as, bit);
		for (w = 0; w < nr_words; w++)
			assert_int_equal(content_of_word(page[w], w, as, &contents), bit);
		for (w = 0; w < nr_words; w++)
			assert_int_equal(content_of_word(page[w] ^ 2, w, as, &contents), 0);
		/* Of another page. */
		if (bit != CONTENT_ZERO)
			assert_int_equal(content_of_word(page[3], 3, as + env.page_size,
							 &contents), 0);
	}
}

static bool is_single(unsigned int bits)
{
	return __builtin_popcount(bits) == 1;
}

/* From each state, with each thing that may be seen. */
static void history_of(struct history from, unsigned int seen)
{
	struct history h = from;
	bool goes_on = history_goes_on(&h, seen);
	unsigned int w, p;

	if (!is_single(seen)) {
		assert_true(goes_on);
		assert_memory_equal(&h, &from, sizeof(h));
		return;
	}
	if (seen == CONTENT_OLD) {
		assert_int_equal(goes_on, !from.left_old);
		assert_memory_equal(&h, &from, sizeof(h));
		return;
	}
	assert_true(h.left_old);
	if (seen == CONTENT_ZERO) {
		assert_true(goes_on);
		assert_memory_equal(h.pass, from.pass, sizeof(h.pass));
		return;
	}
	for (w = 0; w < CONTENT_WRITERS; w++) {
		for (p = 0; p < CONTENT_PASSES; p++) {
			if (seen != CONTENT_PASS(w, p))
				continue;
			assert_int_equal(goes_on, (int)p >= from.pass[w]);
			assert_int_equal(h.pass[!w], from.pass[!w]);
			if (goes_on)
				assert_int_equal(h.pass[w], p);
		}
	}
}

static void test_history(void **state)
{
	struct history from;
	unsigned int seen, i;

	(void)state;
	for (i = 0; i < 2 * (CONTENT_PASSES + 1) * (CONTENT_PASSES + 1); i++) {
		for (seen = 1; seen <= ALL_BITS; seen++) {
			if (seen == CONTENT_HOLE)
				continue;
			memset(&from, 0, sizeof(from));
			from.left_old = i % 2;
			from.pass[0] = (int)(i / 2 % (CONTENT_PASSES + 1)) - 1;
			from.pass[1] = (int)(i / 2 / (CONTENT_PASSES + 1)) - 1;
			history_of(from, seen);
		}
	}
}

/* One pattern in 31 is all zero, which is no use to a scenario that needs a content of its own. */
static void test_with_pattern(void **state)
{
	char *pages = (char *)(16 * env.page_size);
	unsigned int gen, moved = 0;
	const char *as;

	(void)state;
	for (gen = 0; gen < 500; gen++) {
		as = page_with_pattern(pages, gen);
		assert_int_equal(page_pattern(as, gen).first, 0);
		moved += as != pages;
	}
	assert_in_range(moved, 1, 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bits),
		cmocka_unit_test(test_each_bit),
		cmocka_unit_test(test_mixtures),
		cmocka_unit_test(test_holes),
		cmocka_unit_test(test_zeros_at_first),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_history),
		cmocka_unit_test(test_with_pattern),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
