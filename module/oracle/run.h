/* SPDX-License-Identifier: GPL-2.0 */
/* run.h - one quiesced check while it is made; for the files of this folder */
#ifndef THPRACE_RUN_H
#define THPRACE_RUN_H

#include "oracle/check.h"
#include "oracle/frames.h"

/* How often a count that is too high is looked at, with drains in between. */
#define THPRACE_NR_SETTLE	6
/* Folios of one region whose counts are too high; more are skipped. */
#define THPRACE_MAX_SURPLUS	16

/**
 * struct thprace_check_run - one check command
 * @s:		the session
 * @o:		what it works with
 * @req:	what was asked for
 * @checks:	bitmap of what is checked now
 * @count:	of all checks, the observer's tally
 * @settle:	rounds of settling so far
 * @unsettled:	something must be looked at again
 * @frame:	of the last look: a frame of a huge page that is gone
 * @surplus:	mapped folios with more references than are known, @nr_surplus
 * @proven:	head pfn of a folio that looked the same for long, or 0
 * @rechecked:	one was: the rest need no long look
 * @nr_late:	folios that split, but not at the first try
 * @nr_prompt:	folios that had to split a PMD in several mms, and split at once
 */
struct thprace_check_run {
	struct thprace_session *s;
	struct thprace_observer *o;
	const struct thprace_check_req *req;
	u64 checks;
	struct thprace_tally *count;

	unsigned int settle;
	bool unsettled;
	struct thprace_suspect frame;
	struct thprace_suspect surplus[THPRACE_MAX_SURPLUS];
	unsigned int nr_surplus;
	unsigned long proven;
	bool rechecked;

	unsigned int nr_late, nr_prompt;
};

static inline void thprace_run_held(struct thprace_check_run *r, unsigned int check,
				    unsigned int n)
{
	r->count[check].held += n;
}

static inline void thprace_run_skipped(struct thprace_check_run *r, unsigned int check,
				       const char *reason)
{
	r->count[check].skipped++;
	r->count[check].reason = reason;
}

static inline bool thprace_run_injects(const struct thprace_check_run *r, unsigned int check)
{
	return r->req->inject & r->checks & BIT_ULL(check);
}

/* region.c */
int thprace_check_region(struct thprace_check_run *r, unsigned long addr);

/* judge.c */
void thprace_judge_folio(struct thprace_check_run *r, unsigned int mm, unsigned int slot,
			 unsigned long pfn, unsigned long region);
unsigned int thprace_judge_small(struct thprace_check_run *r, unsigned int mm,
				 unsigned int slot, unsigned int n, unsigned long pfn,
				 unsigned int *slow);
void thprace_skip_all(struct thprace_check_run *r, const char *reason);

/* settle.c */
void thprace_settle_note(struct thprace_check_run *r, const struct thprace_obs *obs);
int thprace_check_region_settled(struct thprace_check_run *r, unsigned long addr);

/* calibration.c */
void thprace_calibration_control(struct thprace_check_run *r);

/* progress.c */
int thprace_check_region_progress(struct thprace_check_run *r, unsigned long addr);

#endif /* THPRACE_RUN_H */
