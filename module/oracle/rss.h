/* SPDX-License-Identifier: GPL-2.0 */
/* rss.h - counts of an mm against its page tables */
#ifndef THPRACE_RSS_H
#define THPRACE_RSS_H

#include "compat/peek.h"
#include "state/finding.h"

int thprace_rss_look(struct mm_struct *mm, bool inject, struct thprace_finding *f);

#endif /* THPRACE_RSS_H */
