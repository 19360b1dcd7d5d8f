/* SPDX-License-Identifier: GPL-2.0 */
/*
 * refusal.h - why a line was refused, for the one who wrote it
 *
 * Filled in where the fault is found, in any layer; front/refused.c shows it.
 */
#ifndef THPRACE_REFUSAL_H
#define THPRACE_REFUSAL_H

#include "compat/pure.h"

#define THPRACE_REFUSED_WORD	72
#define THPRACE_REFUSED_WHY	480

/**
 * struct thprace_refusal - the fault of a line
 * @word:	the word, cut to what fits; "" if the whole line is meant
 * @why:	what is wrong with it and what is allowed, or ""
 * @unknown:	the word is none of the grammar
 */
struct thprace_refusal {
	char word[THPRACE_REFUSED_WORD];
	char why[THPRACE_REFUSED_WHY];
	bool unknown;
};

__printf(3, 4) int thprace_refuse(struct thprace_refusal *no, int err, const char *fmt, ...);
__printf(3, 4) int thprace_refuse_more(struct thprace_refusal *no, int err, const char *fmt, ...);
void thprace_refuse_word(struct thprace_refusal *no, const char *s, size_t len);

#endif /* THPRACE_REFUSAL_H */
