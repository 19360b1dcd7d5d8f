/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The KTAP side of a thprace test written in C
 *
 * A test is a table of cases handed to ksft_main().  Each case runs in a
 * process (and process group) of its own, so that an assert can simply leave,
 * a crash is one failed case, and nothing that a case started survives it.
 * A case must evaluate at least one expectation: one that verified nothing
 * has failed.
 */
#ifndef THPRACE_KSFT_H
#define THPRACE_KSFT_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdnoreturn.h>

#define KSFT_PASS	0
#define KSFT_FAIL	1
#define KSFT_SKIP	4

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

#ifndef __printf
#define __printf(a, b)	__attribute((format(printf, a, b)))
#endif

typedef __u64 u64;
typedef __s64 s64;

/**
 * struct ksft_case - one KTAP result
 * @name:	what the result line says; no '#' in it
 * @run:	the case; leaving it is the verdict of its expectations
 * @arg:	handed to @run
 * @timeout_s:	after that it is killed and has failed; 0 is KSFT_TIMEOUT_S
 */
struct ksft_case {
	const char *name;
	void (*run)(const void *arg);
	const void *arg;
	unsigned int timeout_s;
};

/* Generous: the slowest machine this runs on is an emulated one. */
#define KSFT_TIMEOUT_S	300

int ksft_main(int argc, char **argv, const struct ksft_case *cases, size_t nr);

/* A diagnostic line. */
__printf(1, 2) void ksft_msg(const char *fmt, ...);

/* Ends the case as skipped; the reason is part of the result. */
noreturn __printf(1, 2) void ksft_skip(const char *fmt, ...);

__printf(5, 6)
bool ksft_note(bool ok, const char *file, int line, const char *cond,
	       const char *fmt, ...);
noreturn void ksft_leave(void);

/* Records the outcome of @cond and goes on; yields it. */
#define ksft_expect(cond, ...)						\
	ksft_note((cond), __FILE__, __LINE__, #cond, __VA_ARGS__)

/* The same, and ends the case when it does not hold. */
#define ksft_assert(cond, ...)						\
	do {								\
		if (!ksft_expect(cond, __VA_ARGS__))			\
			ksft_leave();					\
	} while (0)

/* Milliseconds of the monotonic clock, and a nap. */
u64 ksft_now_ms(void);
void ksft_nap_ms(unsigned int ms);

/* Polls @cond every few milliseconds for at most @ms; yields its last value. */
#define ksft_wait_for(cond, ms)						\
({									\
	u64 __end = ksft_now_ms() + (ms);				\
	bool __ok;							\
									\
	while (!(__ok = (cond)) && ksft_now_ms() < __end)		\
		ksft_nap_ms(5);						\
	__ok;								\
})

/*
 * Reaps @pid: its wait status, or -1 after @ms (the child then still runs).
 */
int ksft_reap(int pid, unsigned int ms);

#endif /* THPRACE_KSFT_H */
