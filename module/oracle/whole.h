/* SPDX-License-Identifier: GPL-2.0 */
/* whole.h - folios that lost no page but by the removal of its mapping */
#ifndef THPRACE_WHOLE_H
#define THPRACE_WHOLE_H

#include "compat/compat.h"

/**
 * struct thprace_whole_source - what the layer of the probes knows
 * @sees_entries: does no folio get migration or swap entries without notice?
 * @missed:	how many probe hits were missed so far
 */
struct thprace_whole_source {
	bool (*sees_entries)(void);
	u64 (*missed)(void);
};

void thprace_whole_init(const struct thprace_whole_source *source);
void thprace_whole_clear(void);
void thprace_whole_note(unsigned long pfn);
bool thprace_whole_since(unsigned long pfn);
void thprace_whole_end(struct folio *folio);

#endif /* THPRACE_WHOLE_H */
