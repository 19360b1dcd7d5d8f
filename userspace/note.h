/* SPDX-License-Identifier: GPL-2.0 */
/* What is noted of a finding's cause where it is seen, in shared memory */
#ifndef THPRACE_NOTE_H
#define THPRACE_NOTE_H

#include "result.h"
#include "run.h"

void note_add(struct shared *sh, enum note_of of, u32 number, const char *kind,
	      const char *fmt, ...) __printf(5, 6);
void note_lanes(struct shared *sh, enum note_of of, u32 number, unsigned int thp);
void note_ops(const struct shared *sh, unsigned int thp, char *buf, size_t size);
void note_name_from(unsigned int id);
char note_letter(unsigned int id);
const char *note_lane_name(unsigned int id);
void note_round(struct run *run, unsigned int thp, const char *schedule);
void note_session(struct run *run);
int note_thp(const struct shared *sh, u64 addr);
void note_found(const struct shared *sh, u64 addr, struct found *found);
void note_collect(const struct shared *sh, enum note_of of, u32 number, u32 cause,
		  struct tally *t);

#endif /* THPRACE_NOTE_H */
