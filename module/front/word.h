/* SPDX-License-Identifier: GPL-2.0 */
/* word.h - the words of the grammar, KEY=VALUE: how each is read and printed */
#ifndef THPRACE_WORD_H
#define THPRACE_WORD_H

#include "state/refusal.h"
#include "state/spec.h"

int thprace_word_find(const char *s, size_t len);
int thprace_word_parse(struct thprace_spec *spec, unsigned int word, const char *s, size_t len,
		       struct thprace_refusal *no);
const char *thprace_word_print(const struct thprace_spec *spec, unsigned int word, u32 nth,
			       char *buf, size_t size);
int thprace_steer_parse(struct thprace_spec *spec, const char *s, size_t len,
			struct thprace_refusal *no);
const char *thprace_word_name(unsigned int word);
const char *thprace_word_example(unsigned int word);
int thprace_word_takes(unsigned int word, char *buf, size_t size);

#endif /* THPRACE_WORD_H */
