// SPDX-License-Identifier: GPL-2.0
/*
 * Causes of violations, and what they need, as JSON
 *
 * The lines of a block are objects of their keys, whatever these are.
 */
#include <stdint.h>
#include <string.h>

#include "block.h"
#include "cause.h"
#include "json_cause.h"
#include "json_value.h"
#include "options.h"
#include "triage_plan.h"
#include "triage_report.h"

static json_t *checks_json(const struct cause *c)
{
	json_t *list = json_array();
	unsigned int i;

	for (i = 0; i < c->nr_checks; i++) {
		const struct violation *v = c->checks[i].first;

		json_array_append_new(list, json_pack("{s:o, s:i, s:o, s:o, s:o}",
						      "check", plain_json(v->check),
						      "count", (int)c->checks[i].nr,
						      "want", plain_json(v->want),
						      "got", plain_json(v->got),
						      "detail", plain_json(v->detail)));
	}
	return list;
}

/* Hexadecimal is for people, and stays a string, as what is no number. */
static json_t *value_json(const char *text)
{
	const char *digits = text + (text[0] == '-');
	size_t len = strlen(digits);
	u64 val;

	if (!len || strspn(digits, "0123456789") != len ||
	    parse_u64(digits, 0, INT64_MAX, &val))
		return plain_json(text);
	return json_integer(text[0] == '-' ? -(json_int_t)val : (json_int_t)val);
}

static json_t *line_json(const struct block *b)
{
	json_t *line = json_pack("{s:o}", "kind", plain_json(b->kind)), *words = NULL;
	const char *at = b->text;
	struct block_key key;

	while (block_next(&at, &key)) {
		if (key.name[0]) {
			json_object_set_new(line, strcmp(key.name, "kind") ? key.name : "kind_",
					    strcmp(key.name, "text") ? value_json(key.value) :
								       plain_json(key.value));
			continue;
		}
		if (!words)
			words = json_array();
		json_array_append_new(words, plain_json(key.value));
	}
	if (words)
		json_object_set_new(line, "words", words);
	return line;
}

static json_t *block_json(const struct tally *t, u32 cause)
{
	const struct block *b = NULL;
	json_t *list = json_array();

	while ((b = cause_block(t, cause, b)))
		json_array_append_new(list, line_json(b));
	return list;
}

static json_t *variants_json(const struct triage *t)
{
	json_t *list = json_array();
	unsigned int i;

	for (i = 0; i < t->nr; i++) {
		const struct triage_variant *v = &t->variant[i];

		json_array_append_new(list, json_pack("{s:o, s:i, s:i, s:i, s:i, s:b}",
						      "what", plain_json(v->what),
						      "tries", (int)v->tries,
						      "hits", (int)v->hits,
						      "other_failures", (int)v->others,
						      "not_run", (int)v->broken,
						      "accepted", v->accepted));
	}
	return list;
}

static json_t *needs_json(const struct triage *t)
{
	char text[TRIAGE_TEXT];
	json_t *list = json_array();
	unsigned int i;

	for (i = 0; i < t->nr; i++) {
		if (triage_need(t, &t->variant[i], text, sizeof(text)))
			json_array_append_new(list, plain_json(text));
	}
	return list;
}

static json_t *triage_json(const struct report *rep, u32 cause)
{
	const struct triage *t = triage_of(rep, cause);
	char sentence[TRIAGE_TEXT], command[TRIAGE_TEXT];

	if (!t)
		return json_null();
	triage_sentence(t, sentence, sizeof(sentence));
	triage_command(rep, t, command, sizeof(command));
	return json_pack("{s:o, s:o, s:o, s:o, s:o}",
			 "sentence", plain_json(sentence),
			 "variants", variants_json(t),
			 "needs", needs_json(t),
			 "command", text_or_null(command),
			 "why_not", text_or_null(t->why_not));
}

/**
 * causes_json() - all causes, in the order in which they were found
 * @rep: judged report
 */
json_t *causes_json(const struct report *rep)
{
	const struct tally *t = &rep->sum;
	json_t *list = json_array();
	struct cause c;
	unsigned int i;

	for (i = 0; cause_get(t, i, &c); i++) {
		const struct violation *v = c.basic;

		json_array_append_new(list, json_pack("{s:o, s:o, s:o, s:o, s:b, s:o, s:o, s:o}",
						      "cause", u64_json(c.number),
						      "serial", v->serial ? u64_json(v->serial) :
							json_null(),
						      "scenario", plain_json(v->scenario),
						      "round", u64_json(v->round),
						      "control", c.control,
						      "checks", checks_json(&c),
						      "block", block_json(t, c.number),
						      "triage", triage_json(rep, c.number)));
	}
	return list;
}
