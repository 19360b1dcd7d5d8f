/* SPDX-License-Identifier: GPL-2.0 */
/* cache.h - what the page cache holds at an index is the folio that says so */
#ifndef THPRACE_CACHE_H
#define THPRACE_CACHE_H

#include "oracle/run.h"

int thprace_check_region_cache(struct thprace_check_run *r, unsigned long addr);
bool thprace_cache_look(struct mm_struct *mm, bool inject, struct thprace_finding *f);

#endif /* THPRACE_CACHE_H */
