// SPDX-License-Identifier: GPL-2.0
/*
 * Ways to spoil a good line, each with exactly one fault, so that its errno is
 * known; to add one, add a row of the table at the end
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz_gen.h"

static void insert_word(struct gen *g, unsigned int at, enum word kind, const char *text)
{
	unsigned int i;

	gen_add(g, kind, "%s", text);
	for (i = g->nr - 1; i > at; i--)
		gen_swap(g, i, i - 1);
}

static unsigned int some_gap(struct gen *g)
{
	return gen_first(g) + fuzz_below(g->rng, g->nr - gen_first(g) + 1);
}

/* Index of some key=value word, or -1. */
static int some_word(struct gen *g)
{
	unsigned int first = gen_first(g);

	return g->nr > first ? (int)(first + fuzz_below(g->rng, g->nr - first)) : -1;
}

static bool spoil_value(struct gen *g)
{
	const struct word_row *row;
	int i = some_word(g);
	unsigned int nr;

	if (i < 0)
		return false;
	row = &fuzz_words[g->kind[i]];
	for (nr = 0; row->bad[nr].text; nr++)
		;
	if (row->max && row->max != ~0ULL && fuzz_chance(g->rng, 30)) {
		u64 v = row->min && fuzz_chance(g->rng, 50) ? row->min - 1 : row->max + 1;

		snprintf(g->word[i], WORD_BYTES, "%s=%llu", row->name, (unsigned long long)v);
		g->want = ERANGE;
		return true;
	}
	nr = fuzz_below(g->rng, nr);
	snprintf(g->word[i], WORD_BYTES, "%s=%s", row->name, row->bad[nr].text);
	g->want = row->bad[nr].err;
	return true;
}

static bool spoil_by_repeat(struct gen *g)
{
	static __thread char word[WORD_BYTES];
	enum word kind;
	int i = some_word(g);

	if (i < 0)
		return false;
	kind = g->kind[i];
	/* That would be two faults. */
	if (fuzz_words[kind].times && gen_count(g, kind) >= fuzz_words[kind].times)
		return false;
	memcpy(word, g->word[i], WORD_BYTES);
	g->want = EINVAL;
	insert_word(g, some_gap(g), kind, word);
	return true;
}

static bool spoil_by_unknown(struct gen *g)
{
	static const char * const unknown[] = {
		"colour=red", "pids=1", "PID=1", "pag=1", "=1", "=", "map", "steer", "x", "1",
		"a>end", "pid:1", "Map=0x200000000000+0x200000", "page\\=1", "lane",
		"\"page=1\"", "#", "--",
	};

	insert_word(g, some_gap(g), W_NONE, unknown[fuzz_below(g->rng, ARRAY_SIZE(unknown))]);
	g->want = EINVAL;
	return true;
}

/* A word that is good elsewhere. */
static bool spoil_by_foreign(struct gen *g)
{
	const struct verb_row *v = g->verb;
	unsigned int may = W_ALL & ~(v->needs | v->always | v->takes | v->other), at = g->nr;
	enum word kind = fuzz_below(g->rng, NR_WORDS);

	if (!(may & 1U << kind))
		return false;
	gen_add_word(g, kind);
	if (g->nr == at)
		return false;
	gen_shuffle(g);
	g->want = EINVAL;
	return true;
}

static bool spoil_by_missing(struct gen *g)
{
	enum word kind = fuzz_below(g->rng, NR_WORDS);
	unsigned int i;

	if (!(g->verb->needs & 1U << kind))
		return false;
	for (i = gen_first(g); i < g->nr; )
		if (g->kind[i] == kind)
			gen_swap(g, i, --g->nr);
		else
			i++;
	g->want = EINVAL;
	return true;
}

static bool spoil_by_many(struct gen *g)
{
	static const enum word kinds[] = { W_PID, W_MAP, W_OP };
	enum word kind = kinds[fuzz_below(g->rng, ARRAY_SIZE(kinds))];
	unsigned int i;

	if (!((g->verb->needs | g->verb->takes) & 1U << kind) || g->verb->one)
		return false;
	for (i = 0; gen_count(g, kind) <= fuzz_words[kind].times; i++)
		if (kind == W_PID)
			gen_add(g, kind, "pid=%u", MAX_PID - 100 + i);
		else if (kind == W_MAP)
			gen_add_map(g, FUZZ_NOTHING + 100 + 2 * i, 1);
		else
			gen_add(g, kind, "op=o%u:1", i);
	g->want = ERANGE;
	return true;
}

static bool spoil_verb(struct gen *g)
{
	static const char * const nosuch[] = {
		"nosuch", "Split", "ARM", "go,", "splits", "spli", "-", "split=1", "arm;round",
		"pid=1", "racecheck", "\"arm\"",
	};

	if (!g->verb->verb)
		return false;
	snprintf(g->word[0], WORD_BYTES, "%s", nosuch[fuzz_below(g->rng, ARRAY_SIZE(nosuch))]);
	g->want = EINVAL;
	return true;
}

static bool spoil_equals(struct gen *g)
{
	int i = some_word(g);
	char *p;

	if (i < 0)
		return false;
	p = strchr(g->word[i], '=');
	memmove(p, p + 1, strlen(p));
	g->want = EINVAL;
	return true;
}

/* Names that are no name of an op or phase, and lanes that the race has not. */
static bool spoil_name(struct gen *g)
{
	unsigned int i;

	for (i = gen_first(g); i < g->nr; i++) {
		if (g->kind[i] == W_OP)
			snprintf(g->word[i], WORD_BYTES, "op=nosuch%s",
				 g->verb->one ? "" : ":1");
		else if (g->kind[i] == W_STEER)
			snprintf(g->word[i], WORD_BYTES, "steer=%s",
				 fuzz_chance(g->rng, 50) || !(g->verb->needs & B(OP)) ?
				 "a>nosuch" : "p>end");
		else
			continue;
		if (g->kind[i] == W_STEER && !strcmp(g->word[i], "steer=p>end") &&
		    g->lanes == THPRACE_MAX_LANES)
			return false;
		/* What is mapped, and by whom, is looked at before. */
		g->want = FUZZ_REFUSED;
		return true;
	}
	return false;
}

static void insert_byte(struct gen *g, size_t at, char c)
{
	memmove(g->text + at + 1, g->text + at, g->len - at);
	g->text[at] = c;
	g->len++;
	g->want = EINVAL;
}

static bool spoil_by_nul(struct gen *g)
{
	insert_byte(g, fuzz_below(g->rng, g->len + 1), '\0');
	return true;
}

static bool spoil_by_stray(struct gen *g)
{
	static const char stray[] = "\x01\x0b\r\x1b\x7f\x80\xff!$%&()*,/;?@[\\]^`{|}~'";

	insert_byte(g, fuzz_below(g->rng, g->len), stray[fuzz_below(g->rng, sizeof(stray) - 1)]);
	return true;
}

static bool spoil_by_newline(struct gen *g)
{
	insert_byte(g, fuzz_below(g->rng, g->len), '\n');
	return true;
}

static bool spoil_by_length(struct gen *g)
{
	static const size_t lens[] = {
		THPRACE_MAX_LINE + 1, THPRACE_MAX_LINE + 2, 2 * THPRACE_MAX_LINE, FUZZ_TEXT,
	};
	size_t len = lens[fuzz_below(g->rng, ARRAY_SIZE(lens))];

	if (g->len >= len)
		return false;
	memset(g->text + g->len, ' ', len - g->len);
	g->len = len;
	g->want = E2BIG;
	return true;
}

static bool spoil_to_nothing(struct gen *g)
{
	static const char * const nothing[] = { "", "\n", " ", "\t", " \t ", "\n\n" };

	g->len = 0;
	gen_put(g, nothing[fuzz_below(g->rng, ARRAY_SIZE(nothing))]);
	g->want = EINVAL;
	return true;
}

static bool spoil_pointer(struct gen *g)
{
	if (!g->len || g->len > THPRACE_MAX_LINE)
		return false;
	g->nowhere = true;
	g->want = EFAULT;
	return true;
}

/* Without its last words it could be a long race, or an injection without its label. */
static bool must_stay(const struct gen *g)
{
	return gen_has(g, W_ROUNDS) || gen_has(g, W_INJECT) || gen_has(g, W_REFS) ||
	       gen_has(g, W_SCENARIO);
}

/* What becomes of it can't be told. */
static bool spoil_by_cut(struct gen *g)
{
	if (must_stay(g))
		return false;
	g->len = fuzz_below(g->rng, g->len + 1);
	g->want = FUZZ_ANY;
	return true;
}

static bool spoil_a_byte(struct gen *g)
{
	size_t at = fuzz_below(g->rng, g->len);

	if (must_stay(g))
		return false;
	g->text[at] ^= 1 << fuzz_below(g->rng, 8);
	g->want = FUZZ_ANY;
	return true;
}

static const struct spoiler spoilers[] = {
	{ "a bad value", 12, .words = spoil_value },
	{ "a word twice", 4, .words = spoil_by_repeat },
	{ "an unknown word", 3, .words = spoil_by_unknown },
	{ "a word of another verb", 4, .words = spoil_by_foreign },
	{ "a word less", 2, .words = spoil_by_missing },
	{ "too many words", 2, .words = spoil_by_many },
	{ "an unknown verb", 2, .words = spoil_verb },
	{ "no =", 1, .words = spoil_equals },
	{ "an unknown name", 2, .words = spoil_name },
	{ "a NUL", 3, .text = spoil_by_nul },
	{ "a stray byte", 3, .text = spoil_by_stray },
	{ "a newline", 2, .text = spoil_by_newline },
	{ "too long", 2, .text = spoil_by_length },
	{ "nothing", 1, .text = spoil_to_nothing },
	{ "a bad pointer", 1, .text = spoil_pointer },
	{ "a line that is cut", 1, .text = spoil_by_cut },
	{ "another bit", 1, .text = spoil_a_byte },
};

const struct spoiler *fuzz_some_spoiler(struct fuzz_rng *rng)
{
	unsigned int i, sum = 0, at;

	for (i = 0; i < ARRAY_SIZE(spoilers); i++)
		sum += spoilers[i].weight;
	at = fuzz_below(rng, sum);
	for (i = 0; at >= spoilers[i].weight; i++)
		at -= spoilers[i].weight;
	return &spoilers[i];
}

