/* SPDX-License-Identifier: GPL-2.0 */
/* Who writes lines: shared by fuzz_write.c and fuzz_step.c, and by nobody else */
#ifndef THPRACE_KSFT_FUZZ_WRITER_H
#define THPRACE_KSFT_FUZZ_WRITER_H

#include "fuzz.h"

#define FUZZ_OWN_SESSIONS	2	/* of a thread; the second for injections */

struct fuzz_writer {
	unsigned int lane;
	unsigned int left;		/* lines still to be written */
	bool alone;
	const int *shared;
	struct fuzz_rng rng;
	int own[FUZZ_OWN_SESSIONS];
	/* of the sequence */
	int fd;
	bool idle;			/* nobody else uses this session */
	bool last;			/* nobody else writes to triggers either */
	bool closable;
	bool kill_next;
	struct fuzz_wish wish;
	struct fuzz_line line;
	char before[TR_TEXT_MAX], after[TR_TEXT_MAX];
};

/* Writes the line of @w, if there is one left, and judges the answer. */
void fuzz_step(struct fuzz_writer *w);
/* The two ends of it, for what is written otherwise. */
void fuzz_step_begin(struct fuzz_writer *w);
void fuzz_step_end(struct fuzz_writer *w, bool accepted);
/* Is it an errno that docs/ABI.md lists?  0 is. */
bool fuzz_documented(int err);
/* Expects that nothing was found that was not injected. */
void fuzz_judge_session(struct fuzz_writer *w, int fd);
/* Says which line it was. */
void fuzz_complain(struct fuzz_writer *w, const char *what);
/* Is the report before the line the one after it?  Says what differs, unless @quiet. */
bool fuzz_same_report(struct fuzz_writer *w, bool quiet);
/* Reads all of a file in debugfs: its length, or -errno. */
ssize_t fuzz_read_file(const char *file, char *text, size_t size);

#endif /* THPRACE_KSFT_FUZZ_WRITER_H */
