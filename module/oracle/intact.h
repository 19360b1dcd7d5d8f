/* SPDX-License-Identifier: GPL-2.0 */
/* intact.h - folios that lost no page but by the removal of its mapping */
#ifndef THPRACE_INTACT_H
#define THPRACE_INTACT_H

#include "compat/peek.h"

/**
 * struct thprace_intact_source - what the layer of the probes knows
 * @sees_entries: does no folio get migration or swap entries without notice?
 * @missed:	how many probe hits were missed so far
 */
struct thprace_intact_source {
	bool (*sees_entries)(void);
	u64 (*missed)(void);
};

void thprace_intact_init(const struct thprace_intact_source *source);
void thprace_intact_clear(void);
void thprace_intact_note(unsigned long pfn);
bool thprace_intact_since(unsigned long pfn);
void thprace_intact_end(struct folio *folio);

#endif /* THPRACE_INTACT_H */
