/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A line on its way: shared by fuzz_line.c (verbs), fuzz_word.c (words) and
 * fuzz_spoil.c (faults), and by nobody else
 */
#ifndef THPRACE_KSFT_FUZZ_GEN_H
#define THPRACE_KSFT_FUZZ_GEN_H

#include "fuzz.h"

#define MAX_WORDS	96
#define WORD_BYTES	800
#define MAX_PID		4194304

enum word {
	W_PID, W_MAP, W_OP, W_DURATION_MS, W_ROUNDS, W_SEED, W_ORDER, W_PAGE, W_STEER,
	W_GRID_K, W_CHECK, W_INJECT, W_STOP_ON, W_LANE, W_TASK, W_RESULT, W_ERRNO, W_REFS,
	W_SCENARIO,
	NR_WORDS,
	W_NONE			/* the verb, and what is no word at all */
};

#define B(word)		(1U << W_##word)
#define W_ALL		((1U << NR_WORDS) - 1)

/* A line on its way. */
struct gen {
	struct fuzz_rng *rng;
	const struct fuzz_wish *wish;
	const struct verb_row *verb;
	unsigned int lanes;		/* of all op= words */
	int want;
	bool nowhere;
	unsigned int nr;
	enum word kind[MAX_WORDS];
	char word[MAX_WORDS][WORD_BYTES];
	size_t len;
	char text[FUZZ_TEXT];
};

/**
 * struct verb_row - what can be asked for
 * @name:	of the summary; each must be accepted at least once
 * @file:	the trigger, or NULL: a session's command
 * @verb:	its first word, of a command
 * @needs:	words that must be given
 * @always:	words that are always given, though they need not be
 * @takes:	words that may be given beside those
 * @other:	words that it takes and that this row leaves to others, and those of
 *		which docs/ABI.md does not say whether it takes them
 * @one:	one map= at most, and one op= without lanes
 */
struct verb_row {
	const char *name, *file, *verb;
	unsigned int needs, always, takes, other;
	bool one;
};

/* A value that no line may have, and its errno. */
struct bad_value {
	const char *text;
	int err;
};

/**
 * struct word_row - one word of the grammar
 * @name:	what is before its '='
 * @min:	of a number
 * @max:	likewise
 * @add:	adds good ones to a line; NULL: a number between @min and @max
 * @bad:	values that it may not have; the limits of numbers are added to these
 * @times:	how often it may be given, if it is counted
 */
struct word_row {
	const char *name;
	u64 min, max;
	void (*add)(struct gen *g);
	const struct bad_value *bad;
	unsigned int times;
};

extern const struct word_row fuzz_words[NR_WORDS];

__printf(3, 4) void gen_add(struct gen *g, enum word kind, const char *fmt, ...);
bool gen_has(const struct gen *g, enum word kind);
unsigned int gen_count(const struct gen *g, enum word kind);
/* Index of the first word behind the verb. */
unsigned int gen_first(const struct gen *g);
void gen_swap(struct gen *g, unsigned int i, unsigned int j);
/* The order of words means nothing. */
void gen_shuffle(struct gen *g);
/* Appends to the text. */
void gen_put(struct gen *g, const char *s);
/* Good words of one kind. */
void gen_add_word(struct gen *g, enum word kind);
/* map=, in huge pages from FUZZ_BASE. */
void gen_add_map(struct gen *g, unsigned int first, unsigned int nr);

/**
 * struct spoiler - one way to spoil a good line
 * @name:	for messages
 * @weight:	how often it is tried
 * @words:	does it to the words, and sets what is wanted; false: not to this line
 * @text:	the same, to the text
 */
struct spoiler {
	const char *name;
	unsigned int weight;
	bool (*words)(struct gen *g);
	bool (*text)(struct gen *g);
};

const struct spoiler *fuzz_some_spoiler(struct fuzz_rng *rng);

#endif /* THPRACE_KSFT_FUZZ_GEN_H */
