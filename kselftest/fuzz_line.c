// SPDX-License-Identifier: GPL-2.0
/*
 * Makes lines for the fuzzer, over the whole grammar of docs/ABI.md: the verbs
 * are here, their words in fuzz_word.c, and what can be wrong with them in
 * fuzz_spoil.c
 */
#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz_gen.h"

#define W_CHECKS	(B(CHECK) | B(INJECT) | B(REFS) | B(SCENARIO))
#define W_RACE		(B(PID) | B(DURATION_MS) | B(SEED) | B(ORDER) | B(PAGE) | B(GRID_K) | \
			 B(STOP_ON) | W_CHECKS)

static const struct verb_row verbs[] = {
	{ "trigger split", "split", .needs = B(MAP), .takes = B(PID) | B(PAGE) | B(ORDER),
	  .other = B(LANE) },
	{ "trigger munmap", "munmap", .needs = B(MAP), .takes = B(PID) | B(PAGE) | B(SEED) },
	{ "trigger race", "race", .needs = B(MAP) | B(OP), .always = B(ROUNDS), .takes = W_RACE,
	  .other = B(STEER) },
	{ "trigger race steer", "race", .needs = B(MAP) | B(OP), .always = B(ROUNDS) | B(STEER),
	  .takes = W_RACE },
	{ "trigger check", "check", .needs = B(MAP), .takes = B(PID) | W_CHECKS },
	{ "split", .verb = "split", .needs = B(MAP), .takes = B(PID) | B(PAGE) | B(ORDER),
	  .other = B(LANE) },
	{ "split lane", .verb = "split", .needs = B(MAP), .always = B(LANE),
	  .takes = B(PID) | B(PAGE) | B(ORDER) },
	{ "munmap", .verb = "munmap", .needs = B(MAP), .takes = B(PID) | B(PAGE) | B(SEED) },
	{ "race", .verb = "race", .needs = B(MAP) | B(OP), .always = B(ROUNDS), .takes = W_RACE,
	  .other = B(STEER) },
	{ "race steer", .verb = "race", .needs = B(MAP) | B(OP), .always = B(ROUNDS) | B(STEER),
	  .takes = W_RACE },
	{ "check", .verb = "check", .needs = B(MAP), .takes = B(PID) | W_CHECKS },
	{ "hold", .verb = "hold", .needs = B(MAP), .takes = B(PID), .other = B(PAGE) },
	{ "drop", .verb = "drop" },
	{ "arm", .verb = "arm", .takes = B(SCENARIO) | B(SEED),
	  .other = B(STEER) | B(GRID_K) | B(LANE) },
	{ "arm steer", .verb = "arm", .always = B(STEER),
	  .takes = B(SCENARIO) | B(SEED) | B(GRID_K), .other = B(LANE) },
	{ "go", .verb = "go", .needs = B(LANE) | B(OP), .takes = B(MAP) | B(TASK), .one = true },
	{ "done", .verb = "done", .needs = B(LANE), .takes = B(RESULT) | B(ERRNO) },
	{ "watch", .verb = "watch", .takes = B(PID) },
	{ "round", .verb = "round" },
	{ "reset", .verb = "reset" },
	{ "calibrate", .verb = "calibrate", .needs = B(MAP), .takes = B(PID) },
	{ "bench", .verb = "bench", .needs = B(MAP), .always = B(ROUNDS), .takes = B(PID) },
};

void gen_add(struct gen *g, enum word kind, const char *fmt, ...)
{
	va_list args;
	int n;

	ksft_assert(g->nr < MAX_WORDS, "a line of %u words", g->nr);
	va_start(args, fmt);
	n = vsnprintf(g->word[g->nr], WORD_BYTES, fmt, args);
	va_end(args);
	ksft_assert(n < WORD_BYTES, "a word of %d bytes", n);
	g->kind[g->nr++] = kind;
}

bool gen_has(const struct gen *g, enum word kind)
{
	unsigned int i;

	for (i = 0; i < g->nr; i++)
		if (g->kind[i] == kind)
			return true;
	return false;
}

unsigned int gen_count(const struct gen *g, enum word kind)
{
	unsigned int i, n = 0;

	for (i = 0; i < g->nr; i++)
		n += g->kind[i] == kind;
	return n;
}

unsigned int gen_first(const struct gen *g)
{
	return g->verb->verb ? 1 : 0;
}

void gen_swap(struct gen *g, unsigned int i, unsigned int j)
{
	static __thread char word[WORD_BYTES];
	enum word kind = g->kind[i];

	memcpy(word, g->word[i], WORD_BYTES);
	memcpy(g->word[i], g->word[j], WORD_BYTES);
	memcpy(g->word[j], word, WORD_BYTES);
	g->kind[i] = g->kind[j];
	g->kind[j] = kind;
}

void gen_shuffle(struct gen *g)
{
	unsigned int first = gen_first(g), i;

	if (g->nr <= first)
		return;
	for (i = g->nr - 1; i > first; i--)
		gen_swap(g, i, first + fuzz_below(g->rng, i - first + 1));
}

void gen_put(struct gen *g, const char *s)
{
	size_t n = strlen(s);

	ksft_assert(g->len + n < FUZZ_TEXT, "a line of %zu bytes", g->len + n);
	memcpy(g->text + g->len, s, n);
	g->len += n;
}

/* The least of a good line, as a control: all of its words are here. */
static void make_plain(struct gen *g)
{
	unsigned int must = g->verb->needs | g->verb->always;

	g->want = 0;
	if (must & B(MAP))
		gen_add_map(g, FUZZ_ANON, FUZZ_NR_ANON);
	if (must & B(OP) && g->verb->one) {
		gen_add(g, W_OP, "op=fork");
	} else if (must & B(OP)) {
		gen_add(g, W_OP, "op=split:1");
		gen_add(g, W_OP, "op=munmap:1");
	}
	if (must & B(ROUNDS))
		gen_add(g, W_ROUNDS, "rounds=1");
	if (must & B(STEER))
		gen_add(g, W_STEER, "steer=\"a>end\"");
	if (must & B(LANE))
		gen_add(g, W_LANE, "lane=a");
}

static void make_words(struct gen *g)
{
	const struct verb_row *v = g->verb;
	enum word kind;

	if (v->verb)
		gen_add(g, W_NONE, "%s", v->verb);
	if (g->wish->plain) {
		make_plain(g);
		return;
	}
	for (kind = 0; kind < NR_WORDS; kind++) {
		unsigned int must = v->needs | v->always;

		/* Whatever it finds shall say that it was asked for. */
		if (g->wish->injected)
			must |= v->takes & B(SCENARIO);
		if (must & 1U << kind || (v->takes & 1U << kind && fuzz_chance(g->rng, 30)))
			gen_add_word(g, kind);
	}
}

static void join(struct gen *g)
{
	static const char * const blanks[] = { " ", " ", " ", " ", "  ", " \t", "\t ", "    " };
	static const char * const ends[] = { "", "", "", " ", "   " };
	unsigned int i;

	if (!g->verb->verb && fuzz_chance(g->rng, 10))
		gen_put(g, fuzz_chance(g->rng, 50) ? "  " : "\t");
	for (i = 0; i < g->nr; i++) {
		if (i > gen_first(g))
			gen_put(g, blanks[fuzz_below(g->rng, ARRAY_SIZE(blanks))]);
		else if (i)
			gen_put(g, fuzz_chance(g->rng, 10) ? "   " : " ");
		gen_put(g, g->word[i]);
	}
	gen_put(g, ends[fuzz_below(g->rng, ARRAY_SIZE(ends))]);
	if (fuzz_chance(g->rng, 30))
		gen_put(g, "\n");
}

/* ---- a line ---- */

static_assert(ARRAY_SIZE(verbs) <= FUZZ_VERBS);

unsigned int fuzz_nr_verbs(void)
{
		return ARRAY_SIZE(verbs);
}

const char *fuzz_verb_name(unsigned int verb)
{
	return verbs[verb].name;
}

unsigned int fuzz_verb_find(const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(verbs); i++)
		if (!strcmp(verbs[i].name, name))
			return i;
	ksft_assert(false, "no verb \"%s\"", name);
	return 0;
}

static void begin(struct gen *g, unsigned int verb)
{
	g->verb = &verbs[verb];
	g->lanes = 0;
	g->want = FUZZ_ANY;
	g->nowhere = false;
	g->nr = 0;
	g->len = 0;
	make_words(g);
	gen_shuffle(g);
}

void fuzz_line_make(struct fuzz_line *line, struct fuzz_rng *rng, unsigned int verb,
		    const struct fuzz_wish *wish, bool spoil)
{
	static __thread struct gen gen;
	const struct spoiler *how = NULL;
	struct gen *g = &gen;

	g->rng = rng;
	g->wish = wish;
	do {
		begin(g, verb);
		if (spoil)
			how = fuzz_some_spoiler(g->rng);
		if (how && how->words && !how->words(g))
			continue;
		join(g);
		if (!how || !how->text || how->text(g))
			break;
	} while (true);

	/* A good line may be as long as the longest; what has come out longer may not. */
	if (!spoil && g->len < THPRACE_MAX_LINE && g->text[g->len - 1] != '\n' &&
	    fuzz_chance(rng, 2)) {
		memset(g->text + g->len, ' ', THPRACE_MAX_LINE - g->len);
		g->len = THPRACE_MAX_LINE;
	}
	if (g->len > THPRACE_MAX_LINE)
		g->want = E2BIG;
	line->verb = verb;
	line->file = g->verb->file;
	line->want = g->want;
	line->spoilt = how ? how->name : NULL;
	line->nowhere = g->nowhere;
	line->len = g->len;
	memcpy(line->text, g->text, g->len);
}
