// SPDX-License-Identifier: GPL-2.0
/*
 * The command that repeats a recorded run of one scenario
 */
#include <stdlib.h>
#include <string.h>

#include "duration.h"
#include "json_value.h"
#include "merge.h"

/* Numbers that are 0 unless they were given. */
static const struct {
	const char *key, *option;
} numbers[] = {
	{ "first_round", "--first-round" },
	{ "rounds", "--rounds" },
	{ "procs", "--procs" },
	{ "thps", "--thps" },
	{ "grid_k", "--grid-k" },
};

static const struct {
	const char *key, *option;
	bool when;
} flags[] = {
	{ "stop_first", "--stop-on never", false },
	{ "grid", "--grid", true },
	{ "no_module", "--no-module", true },
	{ "gentle", "--gentle", true },
	{ "allow_uncalibrated", "--allow-uncalibrated", true },
};

#define PLAIN "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_,:."

/* As a shell takes it, whatever it is. */
static void put_word(FILE *out, const char *word)
{
	if (word[0] && word[strspn(word, PLAIN)] == '\0') {
		fprintf(out, " %s", word);
		return;
	}
	fputs(" '", out);
	for (; *word; word++) {
		if (*word == '\'')
			fputs("'\\''", out);
		else
			fputc(*word, out);
	}
	fputc('\'', out);
}

static void put_option(FILE *out, const char *option, const json_t *val)
{
	if (!json_is_string(val))
		return;
	fprintf(out, " %s", option);
	put_word(out, json_string_value(val));
}

static void put_command(FILE *out, const json_t *options, const json_t *seed,
			const char *scenario)
{
	const json_t *without = json_object_get(options, "without");
	char duration[DURATION_TEXT];
	unsigned int i;
	u64 val;

	fputs("thprace run", out);
	put_word(out, scenario);
	fprintf(out, " --seed %llu", count_value(seed));
	val = count_value(json_object_get(options, "duration_ms"));
	if (val)
		fprintf(out, " --duration %s", duration_text(duration, val));
	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		val = count_value(json_object_get(options, numbers[i].key));
		if (val)
			fprintf(out, " %s %llu", numbers[i].option, val);
	}
	for (i = 0; i < json_array_size(without); i++)
		put_option(out, "--without", json_array_get(without, i));
	put_option(out, "--ops", json_object_get(options, "ops"));
	put_option(out, "--steer", json_object_get(options, "steer"));
	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		const json_t *flag = json_object_get(options, flags[i].key);

		if (json_is_boolean(flag) && json_is_true(flag) == flags[i].when)
			fprintf(out, " %s", flags[i].option);
	}
}

/**
 * merge_replay() - a command line, to be freed
 * @options: of the report
 * @seed: of the report
 * @scenario: which of them
 */
char *merge_replay(const json_t *options, const json_t *seed, const char *scenario)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	put_command(out, options, seed, scenario);
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}
