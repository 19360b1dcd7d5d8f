// SPDX-License-Identifier: GPL-2.0
/*
 * A cause of violations, for people
 *
 * What is wrong, then all that is known of it, a label at the left of each kind
 * of line, on 100 columns.
 */
#include <stdlib.h>
#include <string.h>

#include "block.h"
#include "cause.h"
#include "cause_text.h"

#define COLUMNS		100
#define INDENT		2
#define LABEL		12		/* with the blanks behind it */
#define BAR		28		/* characters of a time line */
#define LINE_TEXT	1024
#define ADDRESS_MIN	BIT_ULL(47)	/* no count is as high */
#define GLUE		1		/* stands for a blank at which no line ends */

/* The page that is written; what is beyond its lines is counted. */
struct sheet {
	FILE *out;
	unsigned int nr, max, dropped;
};

static char plain(char c)
{
	if (c == GLUE)
		return ' ';
	return c < ' ' || c > '~' ? '?' : c;
}

/* How much of a text fits: up to a blank, if there is one. */
static size_t fitting(const char *text, size_t room)
{
	size_t len = strlen(text), n;

	if (len <= room)
		return len;
	for (n = room; n && text[n] != ' '; n--)
		;
	return n ? n : room;
}

static void put(struct sheet *s, const char *label, const char *text)
{
	size_t n, end, i;

	text += strspn(text, " ");
	do {
		n = fitting(text, COLUMNS - INDENT - LABEL);
		for (end = n; end && text[end - 1] == ' '; end--)
			;
		if (s->nr++ < s->max) {
			fprintf(s->out, "%*s%-*.*s ", INDENT, "", LABEL - 1, LABEL - 1, label);
			for (i = 0; i < end; i++)
				fputc(plain(text[i]), s->out);
			fputc('\n', s->out);
		} else {
			s->dropped++;
		}
		text += n;
		text += strspn(text, " ");
		label = "";
	} while (*text);
}

static void say(char *buf, size_t size, size_t *len, const char *word)
{
	if (*len < size)
		*len += snprintf(buf + *len, size - *len, "%s%s", *len ? "  " : "", word);
}

static bool among(const char *name, const char *const *names)
{
	for (; names && *names; names++) {
		if (!strcmp(name, *names))
			return true;
	}
	return false;
}

/* All keys but some, as "key value"; what is not known ("-") is left out. */
static void say_keys(const struct block *b, const char *const *but, char *buf, size_t size,
		     size_t *len)
{
	const char *at = b->text;
	struct block_key key;
	char word[sizeof(key.name) + sizeof(key.value) + 1];

	while (block_next(&at, &key)) {
		if (among(key.name, but) || !strcmp(key.value, "-"))
			continue;
		if (!key.name[0] || !strcmp(key.name, "text"))
			copy_word(word, sizeof(word), key.value);
		else
			snprintf(word, sizeof(word), "%s%c%s", key.name, GLUE, key.value);
		say(buf, size, len, word);
	}
}

static void put_keys(struct sheet *s, const struct block *b, const char *label,
		     const char *const *but)
{
	char text[LINE_TEXT];
	size_t len = 0;

	text[0] = '\0';
	say_keys(b, but, text, sizeof(text), &len);
	put(s, label, text);
}

/* The rule's numbers are on the first line already. */
static void put_rule(struct sheet *s, const struct block *b)
{
	char rule[BLOCK_TEXT], where[64], text[LINE_TEXT];

	block_get(b, "text", rule, sizeof(rule));
	if (block_get(b, "where", where, sizeof(where)))
		snprintf(text, sizeof(text), "%s (%s)", rule, where);
	else
		copy_word(text, sizeof(text), rule);
	put(s, b->kind, text);
}

/* The latest time that a lane of the cause has, at least 1. */
static u64 last_time(const struct tally *t, u32 cause)
{
	const struct block *b = NULL;
	u64 last_ns = 1;

	while ((b = cause_block(t, cause, b))) {
		u64 ns = block_number(b, "start_ns", 0), end = block_number(b, "end_ns", 0);

		if (strcmp(b->kind, "lane"))
			continue;
		if (ns > last_ns)
			last_ns = ns;
		if (end > last_ns)
			last_ns = end;
	}
	return last_ns;
}

/* From the start to the end; to the right edge and ">" when it has not ended. */
static void draw_bar(char bar[BAR + 1], u64 start_ns, u64 end_ns, u64 last_ns)
{
	unsigned int from = (double)start_ns / last_ns * (BAR - 1), to = BAR - 1, i;

	if (end_ns != ~0ULL)
		to = (double)end_ns / last_ns * (BAR - 1);
	for (i = 0; i < BAR; i++)
		bar[i] = i < from || i > to ? ' ' : '=';
	if (end_ns == ~0ULL)
		bar[BAR - 1] = '>';
	bar[BAR] = '\0';
}

/* What a line "args" says of this lane's op. */
static const struct block *args_of(const struct tally *t, const struct block *lane,
				   const char *letter)
{
	const struct block *b = NULL;
	char of[12];

	while ((b = cause_block(t, lane->cause, b))) {
		if (!strcmp(b->kind, "args") && block_get(b, "lane", of, sizeof(of)) &&
		    !strcmp(of, letter))
			return b;
	}
	return NULL;
}

static void put_lane(struct sheet *s, const struct tally *t, const struct block *b,
		     u64 last_ns)
{
	/* The bars show what overlaps; the JSON report has all. */
	static const char *const said[] = {
		"lane", "op", "start_ns", "end_ns", "result", "errno", "overlap", "comm", NULL
	};
	static const char *const args_said[] = { "lane", "op", NULL };
	u64 start_ns = block_number(b, "start_ns", 0), end_ns = block_number(b, "end_ns", ~0ULL);
	char letter[12], op[24], result[12], failed[24], label[24], bar[BAR + 1], when[48];
	char text[LINE_TEXT];
	const struct block *args;
	size_t len;
	char *at;

	block_get(b, "lane", letter, sizeof(letter));
	block_get(b, "op", op, sizeof(op));
	block_get(b, "result", result, sizeof(result));
	snprintf(label, sizeof(label), "lane %s", letter);
	draw_bar(bar, start_ns, end_ns, last_ns);
	if (end_ns == ~0ULL)
		snprintf(when, sizeof(when), "%.1f.. us", start_ns / 1e3);
	else
		snprintf(when, sizeof(when), "%.1f..%.1f us", start_ns / 1e3, end_ns / 1e3);
	len = snprintf(text, sizeof(text), "%-9.16s %-6s |%s| %s", op, result, bar, when);
	/* What belongs together stays on one line. */
	for (at = text; *at; at++)
		*at = *at == ' ' ? GLUE : *at;
	if (block_get(b, "errno", failed, sizeof(failed))) {
		snprintf(when, sizeof(when), "errno%c%s", GLUE, failed);
		say(text, sizeof(text), &len, when);
	}
	args = args_of(t, b, letter);
	if (args)
		say_keys(args, args_said, text, sizeof(text), &len);
	say_keys(b, said, text, sizeof(text), &len);
	put(s, label, text);
}

static void put_block(struct sheet *s, const struct tally *t, u32 cause)
{
	u64 last_ns = last_time(t, cause);
	const struct block *b = NULL;
	const char *before = "";
	bool lanes = cause_has_kind(t, cause, "lane");

	while ((b = cause_block(t, cause, b))) {
		if (!strcmp(b->kind, "lane"))
			put_lane(s, t, b, last_ns);
		else if (!strcmp(b->kind, "rule"))
			put_rule(s, b);
		else if (strcmp(b->kind, "args") || !lanes)
			put_keys(s, b, strcmp(before, b->kind) ? b->kind : "", NULL);
		before = b->kind;
	}
}

/* "and 27 more: tail_index 12, refcount 15": of the first check one is told already. */
static void put_more(struct sheet *s, const struct cause *c)
{
	char text[LINE_TEXT];
	unsigned int i, nr, n = 0;
	size_t len;

	if (c->nr_violations < 2)
		return;
	len = snprintf(text, sizeof(text), "%u more:", c->nr_violations - 1);
	for (i = 0; i < c->nr_checks && len < sizeof(text); i++) {
		nr = c->checks[i].nr - !i;
		if (nr)
			len += snprintf(text + len, sizeof(text) - len, "%s %s%c%u",
					n++ ? "," : "", c->checks[i].first->check, GLUE, nr);
	}
	put(s, "and", text);
}

static void put_where(struct sheet *s, const struct violation *v)
{
	char text[LINE_TEXT];
	size_t len = 0;

	text[0] = '\0';
	if (v->addr)
		len += snprintf(text, sizeof(text), "addr%c0x%llx", GLUE, v->addr);
	if (v->pfn)
		len += snprintf(text + len, sizeof(text) - len, "%spfn%c0x%llx", len ? "  " : "",
				GLUE, v->pfn);
	if (v->ops[0] && strcmp(v->ops, "-"))
		len += snprintf(text + len, sizeof(text) - len, "%sops%c%s", len ? "  " : "",
				GLUE, v->ops);
	if (len)
		put(s, "at", text);
	if (v->detail[0])
		put(s, "what", v->detail);
}

/**
 * violation_number() - what a violation wants or got, for people
 * @text: as it is in files: decimal, or hexadecimal already
 * @shown: room
 *
 * What must be an address, or has the bits of one, is read more easily as such.
 *
 * Returns @text or @shown.
 */
const char *violation_number(const char *text, char shown[24])
{
	char *end;
	u64 val;

	if (text[0] < '0' || text[0] > '9')
		return text;
	val = strtoull(text, &end, 10);
	if (*end || val < ADDRESS_MIN)
		return text;
	snprintf(shown, 24, "0x%llx", val);
	return shown;
}

/**
 * cause_print() - what is wrong, and all that is known of it
 * @t: tally with its violations and blocks
 * @c: cause
 * @max_lines: of the block; those beyond are counted
 * @out: where to
 */
void cause_print(const struct tally *t, const struct cause *c, unsigned int max_lines, FILE *out)
{
	struct sheet s = { .out = out, .max = max_lines };
	const struct violation *v = c->basic;
	char want[24], got[24];

	fprintf(out, "VIOLATION %s in %s round %llu: want %s got %s%s", v->check, v->scenario,
		v->round, violation_number(v->want, want), violation_number(v->got, got),
		c->control ? " (injected)" : "");
	if (v->serial)
		fprintf(out, " (cause %llu in the kernel log)", v->serial);
	fputc('\n', out);
	put_where(&s, v);
	put_more(&s, c);
	put_block(&s, t, c->number);
	if (s.dropped)
		fprintf(out, "%*s%-*s%u more lines: --verbose or --json\n", INDENT, "", LABEL,
			"...", s.dropped);
}

/**
 * cause_print_line() - one more line, or several, of the same form
 * @label: at the left
 * @text: broken where it has blanks
 * @out: where to
 */
void cause_print_line(const char *label, const char *text, FILE *out)
{
	struct sheet s = { .out = out, .max = ~0U };

	put(&s, label, text);
}
