/* SPDX-License-Identifier: GPL-2.0 */
/* Events and parameters of the module, for tests */
#ifndef TRACE_H
#define TRACE_H

#include "tr.h"

#define TRACE_PARAMS	"/sys/module/thprace/parameters/"

const char *trace_dir(void);
const char *trace_file(const char *file);
int trace_write(const char *path, const char *text);
char *trace_read(const char *path);
int trace_set_param(const char *name, const char *value);
void trace_clean(void);
void trace_begin(void);
void trace_enable(const char *event, bool on);
void trace_clear(void);
char *trace_next(char **at, const char *event, const char *what);
unsigned int trace_nr(const char *event, const char *what);
unsigned int trace_nr_lines(void);
const char *trace_word(const char *line, const char *key);
s64 trace_value(const char *line, const char *key);
void trace_need_phase(const char *phase);

#endif /* TRACE_H */
