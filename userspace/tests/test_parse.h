/* SPDX-License-Identifier: GPL-2.0 */
/* A report of the module, as text, read by tally.c */
#ifndef THPRACE_TEST_PARSE_H
#define THPRACE_TEST_PARSE_H

#include "tally.h"
#include "test.h"

/* The caller frees it. */
static inline struct tally *parse(const char *text)
{
	struct tally *t = malloc(sizeof(*t));
	char *copy = strdup(text);

	assert_int_equal(tally_parse(t, copy), 0);
	free(copy);
	return t;
}

#endif /* THPRACE_TEST_PARSE_H */
