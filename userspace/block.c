// SPDX-License-Identifier: GPL-2.0
/*
 * What is known of the cause of violations: lines of a kind, with keys
 *
 * The module writes them below its violations, and so does this program for its
 * own.  Kinds and keys that are not known here are carried on like all others.
 */
#include <string.h>

#include "block.h"
#include "util.h"

#define CAUSE	"cause="
#define TEXT	"text"
#define NAME	"abcdefghijklmnopqrstuvwxyz0123456789_-"	/* of a key */

static const char *skip_blanks(const char *at)
{
	return at + strspn(at, " ");
}

/**
 * block_parse() - a line of a block
 * @b: result
 * @line: what follows "block "
 *
 * Returns false for what is no such line.
 */
bool block_parse(struct block *b, const char *line)
{
	size_t len = strcspn(line, " ");
	char number[32];

	memset(b, 0, sizeof(*b));
	if (strncmp(line, CAUSE, strlen(CAUSE)) || len >= sizeof(number))
		return false;
	copy_word(number, len + 1, line);
	if (parse_u64(number + strlen(CAUSE), 1, ~0ULL, &b->serial))
		return false;
	line = skip_blanks(line + len);
	len = strcspn(line, " ");
	if (!len || len >= sizeof(b->kind))
		return false;
	copy_word(b->kind, len + 1, line);
	copy_word(b->text, sizeof(b->text), skip_blanks(line + len));
	return true;
}

/**
 * block_next() - the next key of a line
 * @at: where to go on; begins as the block's text
 * @key: result; a word without a name and "=" is a value alone, as in steps
 *
 * Returns false at the end.
 */
bool block_next(const char **at, struct block_key *key)
{
	const char *word = skip_blanks(*at), *equals = strchr(word, '=');
	size_t len = strcspn(word, " "), name = 0;

	if (!len)
		return false;
	if (equals && equals == word + strspn(word, NAME))
		name = equals - word;
	copy_word(key->name, name < sizeof(key->name) ? name + 1 : sizeof(key->name), word);
	if (!strcmp(key->name, TEXT))
		len = strlen(word);
	*at = word + len;
	if (name) {
		word = equals + 1;
		len -= name + 1;
	}
	copy_word(key->value, len < sizeof(key->value) ? len + 1 : sizeof(key->value), word);
	return true;
}

/**
 * block_get() - the value of a key
 * @b: block
 * @name: of the key
 * @buf: result; empty when there is no such key
 * @size: of @buf
 */
bool block_get(const struct block *b, const char *name, char *buf, size_t size)
{
	const char *at = b->text;
	struct block_key key;

	while (block_next(&at, &key)) {
		if (strcmp(key.name, name))
			continue;
		copy_word(buf, size, key.value);
		return true;
	}
	buf[0] = '\0';
	return false;
}

/**
 * block_number() - the value of a key that is a number
 * @b: block
 * @name: of the key
 * @otherwise: what to return when there is none
 */
u64 block_number(const struct block *b, const char *name, u64 otherwise)
{
	char buf[32];
	u64 val;

	if (!block_get(b, name, buf, sizeof(buf)) || parse_u64(buf, 0, ~0ULL, &val))
		return otherwise;
	return val;
}
