/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The module's files, as a test uses them: write a line, read and take apart
 * what the module says, load and unload it
 */
#ifndef THPRACE_KSFT_TR_H
#define THPRACE_KSFT_TR_H

#include <sys/types.h>

#include "thp.h"
#include "thprace_abi.h"

#define TR_TEXT_MAX	(256 * 1024)

/* Whether the file is there. */
bool tr_exists(const char *file);

/* Opens a file of the module; the fd or -errno. */
int tr_open(const char *file, int flags);

/*
 * Writes one line in one write(): 0, or the errno.  A count that is not the
 * whole line yields EIO: the contract is all or nothing.
 */
__printf(2, 3) int tr_write(const char *file, const char *fmt, ...);
int tr_write_bytes(const char *file, const void *buf, size_t len);
__printf(2, 3) int tr_fd_write(int fd, const char *fmt, ...);
int tr_fd_write_bytes(int fd, const void *buf, size_t len);

/* The whole text of a file; ends the case when it cannot be read. */
char *tr_read(const char *file);
/* The same of a session, from its beginning. */
char *tr_fd_read(int fd);

/* The value of a "WORD: value" line, in static storage; "" without one. */
const char *tr_field(const char *text, const char *word);
u64 tr_number(const char *text, const char *word);

/* key=N of the line "KIND NAME ..."; -1 when there is no such line or key. */
s64 tr_row(const char *text, const char *kind, const char *name,
	   const char *key);

/* Violation lines, and those of one check. */
unsigned int tr_violations(const char *text, const char *check);

/* "NAME VALUE" of stats; -1 when it is not there. */
s64 tr_stat(const char *name);

/*
 * A row of ops, checks or phases: whether it is there at all, whether it is
 * available, and why not (static storage).
 */
bool tr_available(const char *file, const char *name, const char **reason);
bool tr_listed(const char *file, const char *name, const char **kind,
	       bool *available, const char **reason);

/* Calls @fn for each process whose comm begins with @prefix. */
void tr_each_task(const char *prefix, void (*fn)(pid_t pid, const char *comm, void *arg),
		  void *arg);

/* Kernel threads of the module, now. */
#define TR_KTHREADS	"thprace/"
unsigned int tr_kthreads(void);

/* The kernel's log from now on, and what it has said since, up to a bound. */
int tr_log_open(void);
const char *tr_log_read(int fd);

bool tr_loaded(void);
/* 0 or an errno. */
int tr_load(void);
int tr_load_with(const char *params);
int tr_unload(void);

const char *tr_errno_name(int err);

/* A new session; ends the case when there is none to be had. */
int tr_session(void);
/* Expects that a session's command is answered so. */
void tr_expect(int fd, int want, const char *line);
/* "VERB pid= map= WORDS" about a holder, that must succeed. */
void tr_on_holder(int fd, const char *verb, struct holder *h,
		  const char *words);
/* Splits all huge pages of a holder; somebody may have a reference for a moment. */
void tr_split_all(int fd, struct holder *h);
/* The split trigger on a holder: how many huge pages it split. */
s64 tr_try_split(struct holder *h);

/* The check trigger, which must not report a violation: its report. */
char *tr_check_sound(const char *words);
/* Expects that nothing was skipped. */
void tr_no_skip(const char *report);

#endif /* THPRACE_KSFT_TR_H */
