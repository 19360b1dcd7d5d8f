/* SPDX-License-Identifier: GPL-2.0 */
/* record.h - where every finding ends */
#ifndef THPRACE_RECORD_H
#define THPRACE_RECORD_H

#include "state/session.h"

void thprace_record(struct thprace_session *s, unsigned int check,
		    const struct thprace_finding *f);
bool thprace_record_wants(struct thprace_session *s, const struct thprace_finding *f);
void thprace_record_counts(struct thprace_session *s, struct thprace_tally *tally);
void thprace_record_reset(struct thprace_session *s);
void thprace_record_name(struct thprace_session *s, const char *scenario, char *before);
unsigned int thprace_record_of_session(struct thprace_session *s,
				       struct thprace_violation *out, unsigned int *total);
unsigned int thprace_record_snapshot(struct thprace_violation *out, unsigned int max);
void thprace_record_clear(void);
void thprace_record_batch(struct thprace_session *s);
unsigned int thprace_record_blocks(struct thprace_session *s, struct thprace_cause *out);
bool thprace_record_round(struct thprace_session *s, struct thprace_cause *c,
			  const struct thprace_seen_round *r, bool done);

#endif /* THPRACE_RECORD_H */
