/* SPDX-License-Identifier: GPL-2.0 */
/* frames.h - the frames of huge pages that are gone */
#ifndef THPRACE_FRAMES_H
#define THPRACE_FRAMES_H

#include "oracle/folio_obs.h"

/* A frame that nobody accounts for, as it was seen. */
struct thprace_suspect {
	unsigned long pfn, addr;	/* 0 = none */
	struct address_space *mapping;	/* identity only */
	pgoff_t index;
	struct thprace_frame frame;
};

void thprace_frames_hold(struct thprace_session *s, struct mm_struct *mm,
			 unsigned long addr, struct page *page);
enum thprace_outcome thprace_frames_check(struct thprace_session *s,
					  struct thprace_observer *o, unsigned int m,
					  unsigned long addr, unsigned long now,
					  struct thprace_suspect *x);
bool thprace_frames_linger(struct thprace_session *s, struct thprace_suspect *x,
			   struct thprace_finding *f);
bool thprace_frames_unref(struct mm_struct *mm, unsigned long addr, unsigned long pfn,
			  struct thprace_finding *f);

#endif /* THPRACE_FRAMES_H */
