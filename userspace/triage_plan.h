/* SPDX-License-Identifier: GPL-2.0 */
/* What to try to find out what a finding needs, and what to say then */
#ifndef THPRACE_TRIAGE_PLAN_H
#define THPRACE_TRIAGE_PLAN_H

#include "options.h"
#include "result.h"

#define TRIAGE_VARIANTS		32
#define TRIAGE_SCHEDULE		256
#define TRIAGE_TEXT		700

/* What is tried; but for these, as the run was. */
struct triage_config {
	unsigned int without;		/* enum without */
	u64 first_round, rounds;
	u64 procs, thps;		/* 0: as the run chooses */
	char schedule[TRIAGE_SCHEDULE];	/* forced in all rounds, or empty */
};

/* In this order. */
enum triage_step {
	TRIAGE_AGAIN,			/* the rounds of the batch in which it was found */
	TRIAGE_FROM_START,		/* all rounds up to there */
	TRIAGE_ALONG,			/* along the schedule that it was found with */
	TRIAGE_FEWER_PAGES,		/* early: what is tried then takes less time */
	TRIAGE_NO_SPLIT,
	TRIAGE_NO_OP,
	TRIAGE_NO_CHECK_SPLIT,		/* that which is left without the one of lane a */
	TRIAGE_TURNS,
	TRIAGE_NO_STEER,
	TRIAGE_FEWER_PHASES,
	TRIAGE_FEWER_LANES,
	TRIAGE_NR_STEPS
};

enum triage_outcome {
	TRIAGE_HIT,			/* a check of the cause has failed again */
	TRIAGE_MISS,
	TRIAGE_OTHER,			/* something else has failed */
	TRIAGE_BROKEN,			/* it could not be run */
};

struct triage_variant {
	enum triage_step step;
	struct triage_config config;
	char what[TRIAGE_SCHEDULE + 40];
	unsigned int detail;		/* the step left out, or how many lanes */
	u32 tries, hits, others, broken;
	bool decided;
	bool accepted;			/* what it leaves out is not needed */
};

/* Given: all but the last three. */
struct triage {
	u32 cause;			/* in the report's sum */
	char scenario[40], op[24];
	struct found found;
	char schedule[TRIAGE_SCHEDULE];	/* with which it was found, or empty */
	bool pairs;			/* nobody splits: two ops */
	bool scalable;			/* --procs is for it */
	bool can_steer;
	bool all_steered;		/* the run had --steer */
	bool check_splits;		/* the check splits, too */
	bool of_progress;		/* that is what has failed */
	bool fixed;			/* a recorded program: as it is, or not at all */
	u64 first_round;		/* of the run */
	char why_not[200];		/* not looked into, or not to the end; else empty */
	struct triage_variant *best;	/* accepted last, or NULL */
	unsigned int nr;
	struct triage_variant variant[TRIAGE_VARIANTS];
};

/* What there is to race. */
#define HARD_WITHOUT	(WITHOUT_SPLIT | WITHOUT_OP | WITHOUT_RACE)

unsigned int triage_word(const char *schedule, unsigned int index, const char **word,
			 size_t *len);
const char *triage_why_not(const struct triage *t, const char *check);
struct triage_variant *triage_next(struct triage *t);
void triage_note(struct triage_variant *v, enum triage_outcome outcome);
void triage_sentence(const struct triage *t, char *buf, size_t size);
void triage_tried(const struct triage *t, char *buf, size_t size);
bool triage_need(const struct triage *t, const struct triage_variant *v, char *buf, size_t size);

#endif /* THPRACE_TRIAGE_PLAN_H */
