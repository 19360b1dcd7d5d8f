/* SPDX-License-Identifier: GPL-2.0 */
/*
 * trigger.h - the parser of the trigger grammar
 *
 * It turns a line into a struct thprace_spec, or says which word is wrong.  It
 * looks up no process, no mapping and no phase.
 */
#ifndef THPRACE_TRIGGER_H
#define THPRACE_TRIGGER_H

#include "state/spec.h"

/* Bytes that hold the canonical line of every spec. */
#define THPRACE_MAX_PRINT	4096

int thprace_trigger_parse(struct thprace_spec *spec, const char *line, size_t len);
int thprace_trigger_print(const struct thprace_spec *spec, char *buf, size_t size);
int thprace_steer_parse(struct thprace_spec *spec, const char *s, size_t len);

#endif /* THPRACE_TRIGGER_H */
