// SPDX-License-Identifier: GPL-2.0
/*
 * What a run or a scenario came to, and how other formats say it
 *
 * Inconclusive is a pass nowhere.
 */
#include <string.h>

#include "outcome.h"
#include "thprace_abi.h"

const struct outcome_row outcomes[NR_OUTCOMES] = {
	[OUTCOME_FAIL] = { "fail", THPRACE_EXIT_FAIL, "fail", "FAIL", "failure", "\u2717" },
	[OUTCOME_SPLAT] = { "splat", THPRACE_EXIT_SPLAT, "aborted", "FAIL", "failure", "\u2717" },
	[OUTCOME_LOST] = { "lost", THPRACE_EXIT_LOST, "aborted", "MISS", "error", "\u2205" },
	[OUTCOME_ERROR] = { "error", THPRACE_EXIT_ERROR, "aborted", "ERROR", "error", "!" },
	[OUTCOME_INCONCLUSIVE] = { "inconclusive", THPRACE_EXIT_INCONCLUSIVE, "inconclusive",
				   "MISS", "error", "?" },
	[OUTCOME_PASS] = { "pass", THPRACE_EXIT_PASS, "pass", "PASS", NULL, "\u2713" },
	[OUTCOME_NOT_BEGUN] = { "not_begun", THPRACE_EXIT_INCONCLUSIVE, "aborted", "MISS", "error",
				"\u2026" },
	[OUTCOME_SKIP] = { "skip", THPRACE_EXIT_SKIP, "skipped", "SKIP", "skipped", "\u2212" },
};

/**
 * outcome_by_name() - NR_OUTCOMES: there is none of this name
 * @name: may be NULL
 */
enum outcome outcome_by_name(const char *name)
{
	enum outcome o;

	for (o = 0; o < NR_OUTCOMES; o++) {
		if (name && !strcmp(outcomes[o].name, name))
			break;
	}
	return o;
}

enum outcome outcome_worse(enum outcome a, enum outcome b)
{
	return a < b ? a : b;
}
