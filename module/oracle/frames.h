/* SPDX-License-Identifier: GPL-2.0 */
/* frames.h - the frames of huge pages that are gone */
#ifndef THPRACE_FRAMES_H
#define THPRACE_FRAMES_H

#include "oracle/folio_obs.h"

/**
 * struct thprace_suspect - a frame whose references are not all known
 * @pfn:	or 0: none
 * @addr:	where it is, or was, mapped
 * @mapping:	what it belongs to; identity only
 * @index:	its offset in that
 * @looks:	how often it was seen to be like this
 * @frame:	as it was seen
 */
struct thprace_suspect {
	unsigned long pfn, addr;
	struct address_space *mapping;
	pgoff_t index;
	unsigned int looks;
	struct thprace_frame frame;
};

int thprace_frames_begin(struct thprace_session *s);
void thprace_frames_end(struct thprace_session *s);
void thprace_frames_hold(struct thprace_session *s, struct mm_struct *mm,
			 unsigned long addr, struct page *page);
enum thprace_outcome thprace_frames_check(struct thprace_session *s,
					  struct thprace_observer *o, unsigned int m,
					  unsigned long addr, unsigned long now,
					  struct thprace_suspect *x,
					  struct thprace_finding *f);
unsigned int thprace_frame_look(struct thprace_session *s, const struct thprace_suspect *x,
				bool mapped_too, struct thprace_frame *frame);
unsigned int thprace_frame_recheck(struct thprace_session *s, const struct thprace_suspect *x,
				   bool mapped_too);
bool thprace_frames_unref(struct mm_struct *mm, unsigned long addr, unsigned long pfn,
			  struct thprace_finding *f);

#endif /* THPRACE_FRAMES_H */
