/* SPDX-License-Identifier: GPL-2.0 */
/* What is known of the cause of violations: lines of a kind, with keys */
#ifndef THPRACE_BLOCK_H
#define THPRACE_BLOCK_H

#include "util.h"

#define KEPT_BLOCKS	768		/* of all causes of a report */
#define BLOCK_TEXT	304

/* "block cause=N KIND key=value ..."; a last key "text" runs to the end. */
struct block {
	u32 cause;			/* in a report; 0: not known yet */
	u64 serial;			/* of the module, or 0 */
	char kind[16];
	char text[BLOCK_TEXT];		/* what follows the kind */
};

struct block_key {
	char name[24];
	char value[BLOCK_TEXT];
};

bool block_parse(struct block *b, const char *line);
bool block_next(const char **at, struct block_key *key);
bool block_get(const struct block *b, const char *name, char *buf, size_t size);
u64 block_number(const struct block *b, const char *name, u64 otherwise);

#endif /* THPRACE_BLOCK_H */
