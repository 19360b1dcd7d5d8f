/* SPDX-License-Identifier: GPL-2.0 */
/* catalog.h - what each check demands, and which of them are the most basic */
#ifndef THPRACE_CATALOG_H
#define THPRACE_CATALOG_H

#include "compat/pure.h"

unsigned int thprace_check_rank(unsigned int check);
const char *thprace_check_rule(unsigned int check);
bool thprace_check_has_pointers(unsigned int check);

#endif /* THPRACE_CATALOG_H */
