/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The fuzzer's parts: fuzz_line.c makes lines, fuzz_write.c chooses which, fuzz_step.c
 * writes them and judges the answers, fuzz_target.c has the processes that they are
 * about, fuzz.c starts it all and judges the end.
 */
#ifndef THPRACE_KSFT_FUZZ_H
#define THPRACE_KSFT_FUZZ_H

#include <sys/types.h>

#include "thp.h"
#include "tr.h"

#define FUZZ_TARGETS	4	/* processes that are started again when they end */
#define FUZZ_SLOTS	8	/* those, and what they forked */
#define FUZZ_WRITERS	3	/* processes that write */
#define FUZZ_THREADS	2	/* of each */
#define FUZZ_LANES	(FUZZ_WRITERS * FUZZ_THREADS)
#define FUZZ_NAMES	128
#define FUZZ_NAME_LEN	48
#define FUZZ_VERBS	32
#define FUZZ_ERRNOS	160
#define FUZZ_TOOK	24
#define FUZZ_TEXT	8192

/* The label of all violations that were asked for with inject= (or refs=). */
#define FUZZ_INJECTED	"injected"

/*
 * Every process has the same at these addresses, so that a line may name
 * several of them; in units of huge pages from FUZZ_BASE.
 */
#define FUZZ_BASE	0x200000000000UL
#define FUZZ_ANON	0	/* three huge pages */
#define FUZZ_NR_ANON	3
#define FUZZ_LONE	4	/* one more, behind a hole */
#define FUZZ_SHMEM	6	/* tmpfs, shared by all processes */
#define FUZZ_NR_SHMEM	2
#define FUZZ_FILE	9	/* a private mapping of a file: never supported */
#define FUZZ_MIXED	11	/* a page of tmpfs at offset 0, then anonymous memory */
#define FUZZ_NR_PLACES	12
#define FUZZ_NOTHING	20	/* from here on nothing is mapped */

/* Names of a table in debugfs, and which of them this kernel has. */
struct fuzz_names {
	unsigned int nr;
	char name[FUZZ_NAMES][FUZZ_NAME_LEN];
	bool available[FUZZ_NAMES];
	bool kernel[FUZZ_NAMES];	/* an op that a race can have */
};

/* What a writer is doing; for the watchdog. */
struct fuzz_now {
	u64 since_ms;			/* 0: between two steps */
	pid_t tid;
	char text[256];
};

/* Shared by all processes of a run, also after exec: an fd that is inherited. */
struct fuzz_shared {
	u64 seed, begun_ms;
	unsigned int steps;
	bool stop;
	int fd, shmem_fd;		/* of this, and of the tmpfs memory */
	pid_t owner;
	pid_t slot[FUZZ_SLOTS];
	pid_t dead, zombie, kthread;
	struct fuzz_names ops, checks, phases;
	struct fuzz_now now[FUZZ_LANES];
	s64 sessions, session_bytes;	/* of stats, before */
	long refcnt;
	/* counters; added to atomically */
	unsigned int nr_steps, nr_broken, nr_compared, nr_closed, nr_killed, nr_reads;
	unsigned int nr_acts, nr_spawned;
	unsigned int accepted[FUZZ_VERBS];
	unsigned int refused[FUZZ_ERRNOS];
	unsigned int took[FUZZ_VERBS][FUZZ_TOOK];	/* accepted in less than 2^i ms */
	u64 slowest_ms[FUZZ_VERBS];
	char slowest[FUZZ_VERBS][256];
};

extern struct fuzz_shared *fuzz;

#define fuzz_count(counter)	__atomic_add_fetch(&(counter), 1, __ATOMIC_RELAXED)

/* All choices come from one of these, which the seed begins. */
struct fuzz_rng {
	u64 state;
};

/* The pid in a slot, which others change; the one that is nobody's if there is none. */
static inline pid_t fuzz_pid(unsigned int slot)
{
	return __atomic_load_n(&fuzz->slot[slot], __ATOMIC_RELAXED) ?: fuzz->dead - (int)slot;
}

static inline u64 fuzz_draw(struct fuzz_rng *r)
{
	u64 z = (r->state += 0x9e3779b97f4a7c15ULL);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

static inline unsigned int fuzz_below(struct fuzz_rng *r, unsigned int n)
{
	return fuzz_draw(r) % n;
}

static inline bool fuzz_chance(struct fuzz_rng *r, unsigned int percent)
{
	return fuzz_below(r, 100) < percent;
}

/* Another stream of choices for each (@who, @nr) of one seed. */
static inline struct fuzz_rng fuzz_stream(u64 seed, unsigned int who, unsigned int nr)
{
	struct fuzz_rng r = { seed ^ (u64)who << 56 ^ (u64)nr << 24 };

	r.state = fuzz_draw(&r);
	return r;
}

/* What must become of a line, beside an errno. */
#define FUZZ_ANY	(-1)	/* accepted, or refused with an errno of docs/ABI.md */
#define FUZZ_REFUSED	(-2)	/* refused with one of them */

/**
 * struct fuzz_line - one write
 * @verb:	index of its row, for fuzz_verb_name()
 * @file:	trigger, or NULL: a session's command
 * @want:	FUZZ_ANY, FUZZ_REFUSED, or the errno
 * @spoilt:	name of what was done to a good line, or NULL
 * @nowhere:	the write's buffer is not mapped
 * @len:	bytes of @text
 * @text:	not terminated
 */
struct fuzz_line {
	unsigned int verb;
	const char *file;
	int want;
	const char *spoilt;
	bool nowhere;
	size_t len;
	char text[FUZZ_TEXT];
};

/* What the writer has decided of a line. */
struct fuzz_wish {
	bool injected;		/* violations are expected */
	bool alone;		/* nobody else is at work: name no process but the writer */
	bool plain;		/* only what must be said: it must be accepted */
	bool killed;		/* who writes it is killed: it may take for ever */
	char lane;		/* of go, done and "split lane=" */
};

unsigned int fuzz_nr_verbs(void);
const char *fuzz_verb_name(unsigned int verb);
/* The row of a name; ends the case when there is none. */
unsigned int fuzz_verb_find(const char *name);
/* A good line of a verb, or one that is spoilt in one way. */
void fuzz_line_make(struct fuzz_line *line, struct fuzz_rng *rng, unsigned int verb,
		    const struct fuzz_wish *wish, bool spoil);

/* Maps what is at FUZZ_BASE; false: no memory. */
bool fuzz_places_map(void);
/* One system call, or a few, about the memory there. */
void fuzz_places_act(struct fuzz_rng *rng);
/* A target: acts until it is told to stop. */
noreturn void fuzz_target_run(unsigned int slot, unsigned int life);
/* Starts targets, stops, continues and kills them; until it is killed. */
noreturn void fuzz_spawn(void);

/* Writes @steps lines, with nothing else at work. */
void fuzz_write_alone(unsigned int steps);
/* Writer @process of FUZZ_WRITERS: @steps lines from each of its threads. */
void fuzz_write(unsigned int process, unsigned int steps, const int *shared);
/* The first violation line without that label, or NULL. */
const char *fuzz_stray(const char *text, const char *label);
/* Expects that there is none without FUZZ_INJECTED; yields that. */
bool fuzz_text_clean(const char *text, const char *what);
int fuzz_session_open(bool injected);
/* Reads all of @fd again: its length, or -errno. */
ssize_t fuzz_reread(int fd, char *text, size_t size);

#define FUZZ_SHARED_SESSIONS	2	/* of all writers; the second for injections */

#endif /* THPRACE_KSFT_FUZZ_H */
