/* SPDX-License-Identifier: GPL-2.0 */
/*
 * trigger.h - the parser of the trigger grammar
 *
 * It turns a line into a struct thprace_spec, or says which word is wrong and what
 * is allowed there.  It looks up no process, no mapping and no phase.
 */
#ifndef THPRACE_TRIGGER_H
#define THPRACE_TRIGGER_H

#include "state/refusal.h"
#include "state/spec.h"

/* Bytes that hold the canonical line of every spec. */
#define THPRACE_MAX_PRINT	4096

int thprace_trigger_parse(struct thprace_spec *spec, const char *line, size_t len,
			  struct thprace_refusal *no);
int thprace_trigger_print(const struct thprace_spec *spec, char *buf, size_t size);

#endif /* THPRACE_TRIGGER_H */
