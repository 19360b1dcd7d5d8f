// SPDX-License-Identifier: GPL-2.0
/*
 * Colour of verdicts, on a terminal
 *
 * The word of a verdict only, so that what is searched and compared is what it was.
 * None where the text does not go to a terminal, where NO_COLOR is set to anything,
 * and where TERM is dumb or not set.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "color.h"
#include "tally.h"
#include "util.h"

#define PLAIN	"\033[0m"

static const char *const colors[THPRACE_NR_VERDICTS] = {
	[THPRACE_PASS] = "\033[32m",		/* green */
	[THPRACE_FAIL] = "\033[1;31m",		/* red */
	[THPRACE_INCONCLUSIVE] = "\033[33m",	/* yellow */
	[THPRACE_ABORTED] = "\033[35m",		/* magenta */
};

static bool wanted(FILE *out)
{
	const char *none = getenv("NO_COLOR"), *term = getenv("TERM");

	if (none && *none)
		return false;
	return term && *term && strcmp(term, "dumb") && isatty(fileno(out));
}

/**
 * color_verdict() - the word of a verdict
 * @verdict: it
 * @width: of the column, which is filled with blanks; 0: none
 * @out: where to
 */
void color_verdict(enum thprace_verdict verdict, int width, FILE *out)
{
	const char *name = verdict_names[verdict];
	int blanks = width - (int)strlen(name);

	if (wanted(out))
		fprintf(out, "%s%s" PLAIN, colors[verdict], name);
	else
		fputs(name, out);
	fprintf(out, "%*s", blanks > 0 ? blanks : 0, "");
}
