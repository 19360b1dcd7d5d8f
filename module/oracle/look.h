/* SPDX-License-Identifier: GPL-2.0 */
/* look.h - the parts of a look at one locked folio; for the files of this folder */
#ifndef THPRACE_LOOK_H
#define THPRACE_LOOK_H

#include "oracle/folio_obs.h"

/* candidate.c */
struct thprace_candidate *thprace_candidate_find(struct thprace_observer *o, unsigned int mm,
						 unsigned long base);
enum thprace_observe_result
thprace_candidates_add_rmap(struct thprace_observer *o, struct folio *folio,
			    struct anon_vma *anon_vma, struct address_space *mapping,
			    unsigned long region);
void thprace_candidates_add_given(struct thprace_observer *o, struct folio *folio);
bool thprace_candidate_owns(struct thprace_observer *o, const struct thprace_candidate *p,
			    unsigned long addr, struct folio *folio, unsigned long *until);

/* entries.c */
void thprace_look_at_entries(struct thprace_observer *o, struct thprace_obs *obs,
			     struct folio *folio, struct anon_vma *anon_vma, bool walk);

/* counters.c */
void thprace_look_at_mm_ids(struct thprace_obs *obs, struct folio *folio);
void thprace_look_at_counters(struct thprace_observer *o, struct thprace_obs *obs,
			      struct folio *folio);

#endif /* THPRACE_LOOK_H */
