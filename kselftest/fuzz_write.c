// SPDX-License-Identifier: GPL-2.0
/*
 * Writes the fuzzer's lines: which in which order to which session
 *
 * A sequence is a few lines that belong together; they are in a table, to which
 * a row can be added.  Between them come lines that must be refused.  All that
 * is chosen depends on the seed, the lane (a thread that writes) and the number
 * of the sequence only.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fuzz_writer.h"

#define SEQUENCE_LEN	8
#define PROC_SESSIONS	2	/* of all threads of a process; the second for injections */

static int proc_session[PROC_SESSIONS];

/* ---- what is not a line ---- */

static void do_act(struct fuzz_writer *w)
{
	fuzz_places_act(&w->rng);
}

static void do_refill(struct fuzz_writer *w)
{
	(void)w;
	fuzz_places_map();
}

/* In place of the old one: who is writing to that goes on, and it ends then. */
static void do_close(struct fuzz_writer *w)
{
	int fd;

	if (!w->closable)
		return;
	fuzz_judge_session(w, w->fd);
	fd = fuzz_session_open(w->wish.injected);
	ksft_expect(dup3(fd, w->fd, O_CLOEXEC) == w->fd, "dup3: %s", strerror(errno));
	close(fd);
	fuzz_count(fuzz->nr_closed);
}

static void do_read(struct fuzz_writer *w)
{
	static const char * const files[] = {
		"violations", "stats", "last", "grid", "checks", "phases", "ops", "abi",
	};
	const char *file = files[fuzz_below(&w->rng, ARRAY_SIZE(files))];
	ssize_t n = fuzz_read_file(file, w->after, sizeof(w->after));

	ksft_expect(n >= 0, "%s: %s", file, strerror(-n));
	fuzz_count(fuzz->nr_reads);
	fuzz_judge_session(w, w->fd);
}

/* The lines of a lane from a process that then ends, perhaps before its done. */
static void do_fork(struct fuzz_writer *w)
{
	unsigned int percent = fuzz_below(&w->rng, 100);
	pid_t pid = fork();

	if (!pid) {
		static const char go[] = "go lane=b op=fork", done[] = "done lane=b";

		if (write(w->fd, go, sizeof(go) - 1) > 0) {
			fuzz_places_act(&w->rng);
			if (percent < 70 && write(w->fd, done, sizeof(done) - 1) < 0)
				_exit(1);
		}
		_exit(0);
	}
	if (pid > 0)
		waitpid(pid, NULL, 0);
}

/* A lane of two that the schedule lets meet, in one process. */
struct lane {
	int fd, err;
	char go[128], done[32];
	struct fuzz_rng rng;
};

static void *run_lane(void *arg)
{
	struct lane *l = arg;

	l->err = tr_fd_write(l->fd, "%s", l->go);
	fuzz_places_act(&l->rng);
	if (!l->err)
		l->err = tr_fd_write(l->fd, "%s", l->done);
	return NULL;
}

static const char *some_phase(struct fuzz_writer *w)
{
	unsigned int i;

	do
		i = fuzz_below(&w->rng, fuzz->phases.nr);
	while (!fuzz->phases.available[i]);
	return fuzz->phases.name[i];
}

static void do_pair(struct fuzz_writer *w)
{
	/* In user space, in none, in the kernel's half: go accepts any. */
	static const u64 at[] = {
		FUZZ_BASE, FUZZ_BASE, FUZZ_BASE + 0x200000, FUZZ_BASE + FUZZ_LONE * 0x200000ULL, 0,
		0x7fffffe00000, 0x800000000000, 0xffff800000000000, 0xffff888000000000,
		0xffffffff80000000, 0xffffffffffc00000,
	};
	unsigned long long map = at[fuzz_below(&w->rng, ARRAY_SIZE(at))];
	const char *phase = some_phase(w);
	struct fuzz_line *line = &w->line;
	struct lane lane[2];
	pthread_t thread;
	int i, err;

	if (!w->left)
		return;
	w->left--;
	*line = (struct fuzz_line){ .verb = fuzz_verb_find("arm steer"), .want = FUZZ_ANY };
	line->len = snprintf(line->text, sizeof(line->text),
			     "arm steer=\"a>%s b>%s a>end b>end\"", phase, some_phase(w));
	for (i = 0; i < 2; i++) {
		const char *op = fuzz->ops.name[fuzz_below(&w->rng, fuzz->ops.nr)];

		lane[i].fd = w->fd;
		snprintf(lane[i].go, sizeof(lane[i].go), "go lane=%c op=%s map=%#llx+0x200000",
			 'a' + i, op, map);
		snprintf(lane[i].done, sizeof(lane[i].done), "done lane=%c", 'a' + i);
		lane[i].rng = fuzz_stream(fuzz_draw(&w->rng), i, 0);
	}
	fuzz_step_begin(w);
	err = tr_fd_write_bytes(w->fd, line->text, line->len);
	if (err || pthread_create(&thread, NULL, run_lane, &lane[1])) {
		lane[0].err = err;
		lane[1].err = 0;
	} else {
		run_lane(&lane[0]);
		pthread_join(thread, NULL);
	}
	fuzz_step_end(w, !err);
	for (i = 0; i < 2; i++)
		if (!ksft_expect(fuzz_documented(lane[i].err), "%s, then %s: %s", lane[i].go,
				 lane[i].done, tr_errno_name(lane[i].err)))
			fuzz_complain(w, "of a pair of lanes");
}

static void do_kill(struct fuzz_writer *w)
{
	w->kill_next = true;
}

static const struct {
	const char *name;
	void (*fn)(struct fuzz_writer *w);
} others[] = {
	{ "@act", do_act },
	{ "@refill", do_refill },
	{ "@close", do_close },
	{ "@read", do_read },
	{ "@fork", do_fork },
	{ "@pair", do_pair },
	{ "@kill", do_kill },
};

/* ---- sequences ---- */

/*
 * Names of verbs, and what is between them.  A go is followed by a done, or the
 * session is closed: else nothing can be armed or raced in it any more.
 */
static const struct sequence {
	unsigned int weight;
	bool closes;		/* not with a session that is never closed */
	const char *what[SEQUENCE_LEN];
} sequences[] = {
	{ 6, false, { "trigger split" } },
	{ 4, false, { "trigger munmap", "@refill" } },
	{ 4, false, { "@refill", "trigger race" } },
	{ 3, false, { "@refill", "trigger race steer" } },
	{ 6, false, { "trigger check" } },
	{ 4, false, { "split" } },
	{ 3, false, { "munmap", "@refill" } },
	{ 4, false, { "@refill", "race" } },
	{ 3, false, { "@refill", "race steer", "round" } },
	{ 5, false, { "check" } },
	{ 5, false, { "hold", "check", "split", "drop" } },
	{ 3, false, { "hold", "@act", "split" } },
	{ 2, true, { "hold", "@close" } },
	{ 4, false, { "arm", "go", "@act", "done", "round" } },
	{ 4, false, { "arm steer", "go", "@act", "done", "round" } },
	{ 2, false, { "arm", "go", "@fork", "done", "split lane", "round" } },
	{ 2, false, { "arm steer", "split lane", "round", "@read" } },
	{ 2, false, { "hold", "arm steer", "split lane", "check" } },
	{ 1, false, { "arm steer", "@fork", "round" } },
	{ 6, false, { "@refill", "@pair", "round" } },
	{ 2, true, { "arm steer", "go", "@close" } },
	{ 1, true, { "go", "@act", "check", "@close" } },
	{ 2, false, { "round" } },
	{ 2, false, { "reset" } },
	{ 2, false, { "drop" } },
	{ 2, false, { "done" } },
	{ 3, false, { "bench" } },
	{ 3, false, { "calibrate" } },
	{ 1, false, { "@kill", "calibrate" } },
	{ 2, false, { "@kill", "race" } },
	{ 1, false, { "@kill", "race steer" } },
	{ 1, false, { "@kill", "trigger race" } },
	{ 1, false, { "@kill", "check" } },
	{ 1, false, { "@kill", "trigger munmap" } },
	{ 1, true, { "arm steer", "@kill", "go", "round", "@close" } },
	{ 1, true, { "hold", "@kill", "split", "@close" } },
	{ 3, true, { "@close" } },
	{ 4, false, { "@read" } },
	{ 3, false, { "@act" } },
};

static const struct sequence *some_sequence(struct fuzz_rng *rng)
{
	unsigned int i, sum = 0, at;

	for (i = 0; i < ARRAY_SIZE(sequences); i++)
		sum += sequences[i].weight;
	at = fuzz_below(rng, sum);
	for (i = 0; at >= sequences[i].weight; i++)
		at -= sequences[i].weight;
	return &sequences[i];
}

static void choose_session(struct fuzz_writer *w)
{
	unsigned int n = fuzz_below(&w->rng, 100), i;

	w->idle = false;
	w->closable = true;
	w->wish.injected = false;
	if (w->alone || n < 65) {
		i = n >= 55 && n < 65;
		w->fd = w->own[i];
		w->wish.injected = i;
		w->idle = true;
	} else if (n < 85) {
		w->fd = proc_session[n % PROC_SESSIONS];
	} else {
		i = n % FUZZ_SHARED_SESSIONS;
		w->fd = w->shared[i];
		w->wish.injected = i;
		w->closable = false;
	}
	w->last = w->alone;
	w->wish.alone = w->alone;
	w->wish.lane = 'a';
	if (fuzz_chance(&w->rng, 40))
		w->wish.lane += fuzz_below(&w->rng, THPRACE_MAX_LANES);
}

static void one(struct fuzz_writer *w, const char *what)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(others); i++)
		if (!strcmp(others[i].name, what)) {
			others[i].fn(w);
			return;
		}
	/* Before it, perhaps, one that must be refused. */
	while (!w->wish.plain && fuzz_chance(&w->rng, 45)) {
		fuzz_line_make(&w->line, &w->rng, fuzz_below(&w->rng, fuzz_nr_verbs()), &w->wish,
			       true);
		fuzz_step(w);
	}
	w->wish.killed = w->kill_next;
	fuzz_line_make(&w->line, &w->rng, fuzz_verb_find(what), &w->wish, false);
	w->wish.killed = false;
	fuzz_step(w);
}

static void run_sequence(struct fuzz_writer *w, unsigned int nr)
{
	const struct sequence *s;
	unsigned int i;

	w->rng = fuzz_stream(fuzz->seed, w->lane + (w->alone ? 50 : 0), nr);
	w->kill_next = false;
	choose_session(w);
	do
		s = some_sequence(&w->rng);
	while (s->closes && !w->closable);
	for (i = 0; i < SEQUENCE_LEN && s->what[i]; i++)
		one(w, s->what[i]);
}

/*
 * Before anything is left to chance: each verb once, in an order in which all
 * must be accepted.
 */
static void run_plain(struct fuzz_writer *w)
{
	static const char * const what[] = {
		"trigger race", "trigger race steer", "trigger check", "trigger split",
		"trigger munmap", "@refill", "race", "race steer", "check", "bench", "calibrate",
		"hold", "split", "drop", "munmap", "@refill", "arm", "go", "done", "split lane",
		"round", "arm steer", "go", "done", "round", "reset",
	};
	unsigned int i;

	w->fd = w->own[0];
	w->wish = (struct fuzz_wish){ .alone = true, .plain = true, .lane = 'a' };
	for (i = 0; i < ARRAY_SIZE(what); i++)
		one(w, what[i]);
	for (i = 0; i < fuzz_nr_verbs(); i++) {
		unsigned int n;

		for (n = 0; n < ARRAY_SIZE(what) && strcmp(what[n], fuzz_verb_name(i)); n++)
			;
		ksft_assert(n < ARRAY_SIZE(what), "no control of \"%s\"", fuzz_verb_name(i));
	}
	w->wish.plain = false;
}

/* Positive controls: a report that changes and an injected violation are both seen. */
static void run_controls(struct fuzz_writer *w)
{
	int err;

	fuzz_reread(w->own[0], w->before, sizeof(w->before));
	tr_expect(w->own[0], 0, "round");
	fuzz_reread(w->own[0], w->after, sizeof(w->after));
	ksft_expect(!fuzz_same_report(w, true), "a round changes no report");

	fuzz_places_map();
	err = tr_fd_write(w->own[1], "check map=%#lx+%#zx check=refcount inject=refcount %s",
			  FUZZ_BASE, thp_bytes(), "scenario=" FUZZ_INJECTED);
	ksft_expect(!err, "a control: %s", tr_errno_name(err));
	fuzz_read_file("violations", w->after, sizeof(w->after));
	ksft_expect(fuzz_stray(w->after, "another") && !fuzz_stray(w->after, FUZZ_INJECTED),
		    "a violation that was injected is not seen:\n%.500s", w->after);
}

static void write_lane(unsigned int lane, unsigned int steps, bool alone, const int *shared)
{
	struct fuzz_writer *w = calloc(1, sizeof(*w));
	unsigned int i, nr = 0;

	ksft_assert(w, "out of memory");
	w->lane = lane;
	w->left = ~0U;
	w->alone = alone;
	w->shared = shared;
	for (i = 0; i < FUZZ_OWN_SESSIONS; i++)
		w->own[i] = fuzz_session_open(i);
	if (alone) {
		run_plain(w);
		run_controls(w);
	}
	w->left = steps;
	while (w->left)
		run_sequence(w, nr++);
	for (i = 0; i < FUZZ_OWN_SESSIONS; i++) {
		fuzz_judge_session(w, w->own[i]);
		close(w->own[i]);
	}
	free(w);
}

void fuzz_write_alone(unsigned int steps)
{
	write_lane(0, steps, true, NULL);
}

struct start {
	unsigned int lane, steps;
	const int *shared;
};

static void *run_thread(void *arg)
{
	const struct start *s = arg;

	write_lane(s->lane, s->steps, false, s->shared);
	return NULL;
}

void fuzz_write(unsigned int process, unsigned int steps, const int *shared)
{
	struct start start[FUZZ_THREADS];
	pthread_t thread[FUZZ_THREADS];
	unsigned int i;

	ksft_assert(fuzz_places_map(), "no memory for a writer");
	for (i = 0; i < PROC_SESSIONS; i++)
		proc_session[i] = fuzz_session_open(false);
	for (i = 0; i < FUZZ_THREADS; i++) {
		start[i] = (struct start){ process * FUZZ_THREADS + i, steps, shared };
		ksft_assert(!pthread_create(&thread[i], NULL, run_thread, &start[i]),
			    "pthread_create");
	}
	for (i = 0; i < FUZZ_THREADS; i++)
		pthread_join(thread[i], NULL);
	for (i = 0; i < PROC_SESSIONS; i++)
		close(proc_session[i]);
}
