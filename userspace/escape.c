// SPDX-License-Identifier: GPL-2.0
/*
 * Text in XML and HTML, between tags or in quotes
 *
 * XML has no form at all for most control characters: they become question marks, as do
 * U+FFFE and U+FFFF, and those of Unicode that change the direction of what follows them.
 */
#include <string.h>

#include "escape.h"
#include "util.h"

static const struct {
	const char *plain, *as;
} escapes[] = {
	{ "&", "&amp;" },
	{ "<", "&lt;" },
	{ ">", "&gt;" },
	{ "\"", "&quot;" },
	{ "'", "&#39;" },
	{ "\n", "&#10;" },
	{ "\t", "&#9;" },
	{ "\u202a", "?" }, { "\u202b", "?" }, { "\u202c", "?" }, { "\u202d", "?" },
	{ "\u202e", "?" }, { "\u2066", "?" }, { "\u2067", "?" }, { "\u2068", "?" },
	{ "\u2069", "?" }, { "\xef\xbf\xbe", "?" }, { "\xef\xbf\xbf", "?" },
	{ "\x7f", "?" },
};

/**
 * escape_put() - write a text
 * @out: where to
 * @text: UTF-8
 */
void escape_put(FILE *out, const char *text)
{
	unsigned int i;

	while (*text) {
		for (i = 0; i < ARRAY_SIZE(escapes); i++) {
			if (!strncmp(text, escapes[i].plain, strlen(escapes[i].plain)))
				break;
		}
		if (i < ARRAY_SIZE(escapes)) {
			fputs(escapes[i].as, out);
			text += strlen(escapes[i].plain);
			continue;
		}
		fputc((u8)*text < ' ' ? '?' : *text, out);
		text++;
	}
}
