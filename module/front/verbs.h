/* SPDX-License-Identifier: GPL-2.0 */
/* verbs.h - the table of commands; for the files of this folder */
#ifndef THPRACE_VERBS_H
#define THPRACE_VERBS_H

#include "front/command.h"
#include "front/maps.h"
#include "state/stop.h"

#define W(word)		BIT(THPRACE_WORD_##word)

#define F_HOLES		BIT(0)	/* the maps may have holes (a munmap leaves them) */
#define F_SHARED	BIT(1)	/* mappings of shmem are fine */
#define F_SERIAL	BIT(2)	/* only one such command of a session at a time */
#define F_HELD		BIT(3)	/* works on pages held ahead, without mmap_lock */
#define F_OFF		BIT(4)	/* only ends or gives back: also while thprace is off */

struct thprace_verb;

/* A parsed line with its processes. */
struct thprace_job {
	const struct thprace_verb *verb;
	struct thprace_spec spec;
	struct thprace_mms mms;
	struct thprace_stop stop;
	struct thprace_refusal no;
	u64 batch;		/* of a hold command: what it has taken so far */
	enum thprace_holes holes;
};

/**
 * struct thprace_verb - one row of the table of commands
 * @name:	first word of a session command; of a trigger: its file
 * @takes:	words that may be given
 * @needs:	words that must be given
 * @flags:	F_*
 * @fn:		does it
 * @does:	what that is, for help
 * @example:	words that work, for help; the shell knows HELPER_PID and HELPER_MAP
 */
struct thprace_verb {
	const char *name;
	u32 takes, needs;
	u32 flags;
	int (*fn)(struct thprace_session *s, struct thprace_job *job);
	const char *does, *example;
};

/* Those of triggers come first, in the order of enum thprace_trigger_kind. */
extern const struct thprace_verb thprace_verbs[];
extern const unsigned int thprace_nr_verbs;

void thprace_report_run(struct thprace_session *s, const struct thprace_spec *spec);

#endif /* THPRACE_VERBS_H */
