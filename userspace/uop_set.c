// SPDX-License-Identifier: GPL-2.0
/*
 * Which ops the rounds of a scenario may draw: all, or those of --ops
 *
 * Called by the command line (options.c), by the scenarios that draw ops, and by
 * whoever asks why one cannot run.
 */
#include <assert.h>
#include <stdarg.h>
#include <string.h>

#include "nodes.h"
#include "scenario.h"
#include "tally.h"
#include "uop.h"
#include "uop_set.h"
#include "util.h"

static_assert(MAX_UOPS <= 32, "a set is 32 bits");

/* By its row: what the kernel and the machine have is another matter. */
static bool does(const struct scenario *sc, const struct uop *op)
{
	if (sc->mixed)
		return op->storm;
	return op->pair && uop_effect(op, sc->file) != UOP_CANNOT;
}

/**
 * uop_names() - the names of ops, with blanks between
 * @buf: result
 * @size: of @buf
 * @sc: those that it does, or NULL: all
 *
 * Returns the length of the text.
 */
size_t uop_names(char *buf, size_t size, const struct scenario *sc)
{
	size_t len = 0;
	unsigned int i;

	buf[0] = '\0';
	for (i = 0; i < nr_uops && len < size; i++) {
		if (!sc || does(sc, &uops[i]))
			len += snprintf(buf + len, size - len, "%s%s", len ? " " : "",
					uops[i].name);
	}
	return len;
}

/* What is wrong, for people; of the last call. */
static const char *wrong(const char *fmt, ...) __printf(1, 2);

static const char *wrong(const char *fmt, ...)
{
	static char text[2 * UOP_SET_TEXT];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return text;
}

static const char *add_name(u32 *set, const char *name, size_t len)
{
	char word[24], names[UOP_SET_TEXT];
	int op = -1;

	if (len < sizeof(word)) {
		memcpy(word, name, len);
		word[len] = '\0';
		op = uop_by_name(word);
	}
	if (op < 0) {
		uop_names(names, sizeof(names), NULL);
		return wrong("there is no op '%.*s'; there are: %s", (int)(len < 40 ? len : 40),
			     name, names);
	}
	if (*set & 1U << op)
		return wrong("op '%s' is named twice", uops[op].name);
	*set |= 1U << op;
	return NULL;
}

/* "A,B" up to @end. */
static const char *add_list(u32 *set, const char *text, const char *end)
{
	const char *why;
	size_t len;

	*set = 0;
	for (;;) {
		len = strcspn(text, ",:");
		why = add_name(set, text, len);
		text += len;
		if (why || text == end)
			return why;
		text++;
	}
}

/**
 * uop_set_parse() - what --ops says
 * @set: result
 * @text: "A,B,C": what each lane draws from; "A,B:C": the first lane, and the second
 *
 * Returns NULL, or what is wrong: the word, and what is allowed in its place.
 */
const char *uop_set_parse(struct uop_set *set, const char *text)
{
	const char *end = text + strlen(text), *colon = strchr(text, ':');
	const char *why;

	memset(set, 0, sizeof(*set));
	if (strlen(text) >= sizeof(set->text) || (colon && strchr(colon + 1, ':')))
		return wrong("it takes A,B,C, or A:B for one list for each lane, not '%.40s'",
			     text);
	why = add_list(&set->lane[0], text, colon ? colon : end);
	if (!why && colon)
		why = add_list(&set->lane[1], colon + 1, end);
	if (why)
		return why;
	if (!colon)
		set->lane[1] = set->lane[0];
	set->apart = colon;
	copy_word(set->text, sizeof(set->text), text);
	return NULL;
}

/**
 * uop_set_one_each() - is there one op for each lane?
 * @set: of --ops
 */
bool uop_set_one_each(const struct uop_set *set)
{
	return set->apart && !(set->lane[0] & (set->lane[0] - 1)) &&
	       !(set->lane[1] & (set->lane[1] - 1));
}

/**
 * uop_set_has() - may any lane draw it?
 * @set: of --ops
 * @op: row of uops[]
 */
bool uop_set_has(const struct uop_set *set, unsigned int op)
{
	return !set->text[0] || (set->lane[0] | set->lane[1]) >> op & 1;
}

/**
 * uop_set_choices() - what rounds may draw here
 * @set: of --ops
 * @sc: whose
 * @may: result
 */
void uop_set_choices(const struct uop_set *set, const struct scenario *sc,
		     struct pair_choice *may)
{
	unsigned int lane, i;
	bool can;

	memset(may, 0, sizeof(*may));
	for (i = 0; i < nr_uops; i++) {
		can = does(sc, &uops[i]) && (sc->mixed || !uops[i].why_not || !uops[i].why_not());
		for (lane = 0; lane < PAIR_LANES; lane++)
			may->op[lane][i] = can && (!set->text[0] || set->lane[lane] >> i & 1);
	}
	may->shared = sc->file;
	may->nodes = !nodes_why_not();
	may->procs = sc->shape != SHAPE_THREADS;
}

/**
 * uop_set_unfit() - what a scenario cannot do of this, whatever the kernel has
 * @set: of --ops
 * @sc: scenario
 *
 * Returns NULL, or what is wrong and what is allowed in its place.
 */
const char *uop_set_unfit(const struct uop_set *set, const struct scenario *sc)
{
	struct pair_choice may = { .procs = sc->shape != SHAPE_THREADS };
	char names[UOP_SET_TEXT];
	unsigned int i;

	if (!sc->draws)
		return wrong("%s draws no ops: pair, pair-procs, pair-shmem and storm do",
			     sc->name);
	if (sc->mixed && set->apart)
		return wrong("%s has one lane that draws ops, not two as in '%.200s'", sc->name,
			     set->text);
	for (i = 0; i < nr_uops; i++) {
		may.op[0][i] = set->lane[0] >> i & 1;
		may.op[1][i] = set->lane[1] >> i & 1;
		if (!uop_set_has(set, i) || does(sc, &uops[i]))
			continue;
		uop_names(names, sizeof(names), sc);
		return wrong("%s does no %s; it does: %s", sc->name, uops[i].name, names);
	}
	if (sc->mixed || pair_possible(&may))
		return NULL;
	return wrong("%s: no two of '%.200s' go together: both move pages, end a child, or read",
		     sc->name, set->text);
}

/**
 * uop_set_why_not() - an op that was asked for, and that is not to be had here
 * @set: of --ops
 * @sc: scenario that it suits
 *
 * Returns a reason in static storage, the same for all scenarios, or NULL.
 */
const char *uop_set_why_not(const struct uop_set *set, const struct scenario *sc)
{
	static char why[160];
	unsigned int i;

	for (i = 0; set->text[0] && sc->draws && i < nr_uops; i++) {
		if (!uop_set_has(set, i) || !uops[i].why_not || !uops[i].why_not())
			continue;
		snprintf(why, sizeof(why), "--ops %s: %s", uops[i].name, uops[i].why_not());
		return why;
	}
	return NULL;
}

/**
 * uop_set_undone() - an op that was asked for by name, and that was never done
 * @set: of --ops
 * @sc: scenario
 * @t: what it counted, with the module
 *
 * Programs are counted by their first op: of these nothing is asked.
 */
const char *uop_set_undone(const struct uop_set *set, const struct scenario *sc,
			   const struct tally *t)
{
	unsigned int i;

	for (i = 0; set->text[0] && sc->draws && !sc->mixed && i < nr_uops; i++) {
		if (uop_set_has(set, i) && !tally_done(t, uops[i].op))
			return uops[i].name;
	}
	return NULL;
}
