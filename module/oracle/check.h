/* SPDX-License-Identifier: GPL-2.0 */
/* check.h - the quiesced check of what is mapped in some ranges */
#ifndef THPRACE_CHECK_H
#define THPRACE_CHECK_H

#include "state/session.h"

/**
 * struct thprace_check_req - what to check
 * @map:	ranges, @nr_maps of them
 * @nr_maps:	how many
 * @check:	bitmap of enum thprace_check; 0 = all that there are
 * @inject:	bitmap of controls
 * @refs_exact:	nobody else holds references: counts must be equal
 * @stop:	asked between two huge pages, or NULL: 0, or the errno to end with
 * @stop_arg:	its argument
 */
struct thprace_check_req {
	const struct thprace_map *map;
	unsigned int nr_maps;
	u64 check;
	u64 inject;
	bool refs_exact;
	int (*stop)(void *arg);
	void *stop_arg;
};

int thprace_check_maps(struct thprace_session *s, const struct thprace_check_req *req,
		       struct mm_struct **mms, unsigned int nr_mms);

#endif /* THPRACE_CHECK_H */
