/* SPDX-License-Identifier: GPL-2.0 */
/* maps.h - the processes of a line, and what its maps name in them */
#ifndef THPRACE_MAPS_H
#define THPRACE_MAPS_H

#include "state/refusal.h"
#include "state/spec.h"

struct mm_struct;
struct pid;

/* What may be missing of a map. */
enum thprace_holes {
	THPRACE_HOLES_NONE,
	THPRACE_HOLES_INSIDE,	/* something has to be there */
	THPRACE_HOLES_OTHERS,	/* the same, but of several processes any may have nothing there */
};

/* The mms of a line's pid= words, each once. */
struct thprace_mms {
	struct mm_struct *mm[THPRACE_MAX_PIDS];	/* mm_users held */
	struct pid *pid[THPRACE_MAX_PIDS];	/* referenced; of the same index */
	unsigned int nr;
};

int thprace_mms_get(struct thprace_mms *mms, const struct thprace_spec *spec,
		    struct thprace_refusal *no);
void thprace_mms_put(struct thprace_mms *mms);
int thprace_maps_in_user_space(const struct thprace_spec *spec, struct mm_struct *mm,
			       struct thprace_refusal *no);
int thprace_maps_prove(const struct thprace_spec *spec, const struct thprace_mms *mms,
		       unsigned int nth, bool shared, enum thprace_holes holes,
		       struct thprace_refusal *no);

#endif /* THPRACE_MAPS_H */
