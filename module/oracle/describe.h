/* SPDX-License-Identifier: GPL-2.0 */
/* describe.h - what a person wants to know of a folio that breaks a rule */
#ifndef THPRACE_DESCRIBE_H
#define THPRACE_DESCRIBE_H

#include "oracle/folio_obs.h"

void thprace_describe_look(struct thprace_observer *o, struct folio *folio,
			   struct anon_vma *anon_vma);
void thprace_describe_obs(struct thprace_observer *o, const struct thprace_obs *obs);
void thprace_describe_locked(struct thprace_observer *o, struct folio *folio);
void thprace_describe_frame(struct thprace_observer *o, u64 pfn, s32 refcount);
void thprace_describe_entry(struct thprace_observer *o, unsigned int mm, unsigned long addr,
			    const struct thprace_entry *e);
void thprace_describe_mm(struct thprace_observer *o, unsigned int mm);

#endif /* THPRACE_DESCRIBE_H */
