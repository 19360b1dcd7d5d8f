/* SPDX-License-Identifier: GPL-2.0 */
/* names.h - the names of checks and ops in the ABI */
#ifndef THPRACE_NAMES_H
#define THPRACE_NAMES_H

#include "compat/pure.h"

extern const char * const thprace_check_names[THPRACE_NR_CHECKS];
extern const char * const thprace_op_names[THPRACE_NR_OPS];

int thprace_name_find(const char * const *names, int nr, const char *s, size_t len);
int thprace_check_find(const char *name, size_t len);
const char *thprace_check_name(unsigned int check);
int thprace_op_find(const char *name);
const char *thprace_op_name(unsigned int op);

#endif /* THPRACE_NAMES_H */
