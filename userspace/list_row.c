// SPDX-License-Identifier: GPL-2.0
/*
 * Reads the module's lists: of ops, of checks, of phases
 */
#include <string.h>

#include "tally.h"
#include "util.h"

/**
 * list_next() - the next row of the module's list of ops, checks or phases
 * @at: where to go on in the text, which is overwritten
 * @row: result
 *
 * Lines that are no rows are skipped.  Returns false at the end.
 */
bool list_next(char **at, struct list_row *row)
{
	char *line, yes[8];
	int n;

	while (**at) {
		line = *at;
		*at += strcspn(line, "\n");
		if (**at)
			*(*at)++ = '\0';
		n = 0;
		if (sscanf(line, "%39s %31s %7s %n", row->name, row->kind, yes, &n) < 3)
			continue;
		row->there = !strcmp(yes, "yes");
		copy_word(row->why, sizeof(row->why), row->there || !n ? "" : line + n);
		return true;
	}
	return false;
}
