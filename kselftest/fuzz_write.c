// SPDX-License-Identifier: GPL-2.0
/*
 * Writes the fuzzer's lines: which in which order to which session, and what
 * must be true of each answer
 *
 * A sequence is a few lines that belong together; they are in a table, to which
 * a row can be added.  Between them come lines that must be refused.  All that
 * is chosen depends on the seed, the lane (a thread that writes) and the number
 * of the sequence only.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fuzz.h"

#define SEQUENCE_LEN	8

/* Sessions that a thread has of its own, and those of all threads of its process. */
#define OWN_SESSIONS	2	/* the second for injections */
#define PROC_SESSIONS	2

struct writer {
	unsigned int lane;
	unsigned int left;		/* lines still to be written */
	bool alone;
	const int *shared;
	struct fuzz_rng rng;
	int own[OWN_SESSIONS];
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

static int proc_session[PROC_SESSIONS];

/* ---- reading ---- */

ssize_t fuzz_reread(int fd, char *text, size_t size)
{
	/* In one read: a report is made anew by each. */
	ssize_t n = pread(fd, text, size - 1, 0);

	if (n < 0)
		return -errno;
	text[n] = '\0';
	return n;
}

static ssize_t read_file(const char *file, char *text, size_t size)
{
	int fd = tr_open(file, O_RDONLY);
	ssize_t n = fd;

	if (fd >= 0) {
		n = fuzz_reread(fd, text, size);
		close(fd);
	}
	return n;
}

const char *fuzz_stray(const char *text, const char *label)
{
	const char *line = text, *end, *at;
	char want[64];

	snprintf(want, sizeof(want), " scenario=%s ", label);
	for (; *line; line = *end ? end + 1 : end) {
		end = line + strcspn(line, "\n");
		if (strncmp(line, "violation ", 10))
			continue;
		at = strstr(line, want);
		if (!at || at > end)
			return line;
	}
	return NULL;
}

bool fuzz_text_clean(const char *text, const char *what)
{
	const char *line = text;
	bool clean = true;

	while ((line = fuzz_stray(line, FUZZ_INJECTED))) {
		int len = strcspn(line, "\n");

		clean = ksft_expect(false, "%s: not injected: %.*s", what, len, line);
		line += len;
	}
	return clean;
}

int fuzz_session_open(bool injected)
{
	int fd = tr_session();

	/* Before others have it: from now on it is the label of what is found. */
	if (injected)
		tr_expect(fd, 0, "arm scenario=" FUZZ_INJECTED);
	return fd;
}

static void judge_session(struct writer *w, int fd)
{
	ssize_t n = fuzz_reread(fd, w->after, sizeof(w->after));

	if (ksft_expect(n > 0, "a session's report: %s", n < 0 ? strerror(-n) : "empty"))
		fuzz_text_clean(w->after, "a session");
}

/* ---- one line ---- */

static const char *errno_or(int want)
{
	return want == FUZZ_ANY ? "accepted or refused" :
	       want == FUZZ_REFUSED ? "refused" : tr_errno_name(want);
}

/* The line as a C string; a NUL and the like are escaped. */
static void print_line(const struct fuzz_line *l, char *out, size_t size)
{
	size_t i, at = 0;

	for (i = 0; i < l->len && at + 8 < size; i++) {
		unsigned char c = l->text[i];

		if (c == '\n')
			at += snprintf(out + at, size - at, "\\n");
		else if (c == '\t')
			at += snprintf(out + at, size - at, "\\t");
		else if (c < ' ' || c > '~' || c == '"' || c == '\\')
			at += snprintf(out + at, size - at, "\\x%02x", c);
		else
			out[at++] = c;
		/* blanks that only make it long */
		if (i + 64 < l->len && c == ' ' && !memcmp(l->text + i, "                ", 16)) {
			at += snprintf(out + at, size - at, "[...]");
			break;
		}
	}
	out[at] = '\0';
}

static void complain(struct writer *w, const char *what)
{
	static __thread char text[4 * THPRACE_MAX_LINE];

	print_line(&w->line, text, sizeof(text));
	ksft_msg("%s, seed %llu, lane %u%s%s%s: %zu bytes to %s:", what,
		 (unsigned long long)fuzz->seed, w->lane, w->alone ? " (alone)" : "",
		 w->line.spoilt ? ", line spoilt by " : "", w->line.spoilt ?: "", w->line.len,
		 w->line.file ?: "session");
	/* in parts: it may be longer than a message */
	ksft_msg("\"%.900s\"", text);
	if (strlen(text) > 900)
		ksft_msg("\"%.900s\"", text + 900);
}

/* What docs/ABI.md lists, less what only happens to others. */
static bool documented(int err)
{
	switch (err) {
	case 0:
	case EINVAL:
	case ERANGE:
	case E2BIG:
	case ENOMEM:
	case ESRCH:
	case EOPNOTSUPP:
	case EBUSY:
		return true;
	}
	/* EFAULT, EPERM, EINTR: the buffer is there, root is asking, nobody is killed */
	return false;
}

static void judge_answer(struct writer *w, ssize_t n, int err)
{
	const struct fuzz_line *l = &w->line;
	bool ok;

	if (n >= 0 && n != (ssize_t)l->len) {
		ksft_expect(false, "%zd of %zu bytes were written", n, l->len);
		complain(w, "a short write");
		return;
	}
	if (n >= 0)
		err = 0;
	if (l->want == FUZZ_ANY)
		ok = documented(err);
	else if (l->want == FUZZ_REFUSED)
		ok = err && documented(err);
	else
		ok = err == l->want;
	if (err)
		fuzz_count(fuzz->refused[err < FUZZ_ERRNOS ? err : 0]);
	else if (!l->spoilt && !w->wish.plain)
		fuzz_count(fuzz->accepted[l->verb]);
	if (!ksft_expect(ok, "%s, expected %s", tr_errno_name(err), errno_or(l->want)))
		complain(w, "a wrong answer");
}

static void step_begin(struct writer *w)
{
	struct fuzz_now *now = &fuzz->now[w->lane];

	now->tid = syscall(SYS_gettid);
	snprintf(now->text, sizeof(now->text), "%s: ", w->line.file ?: "session");
	print_line(&w->line, now->text + strlen(now->text),
		   sizeof(now->text) - strlen(now->text));
	__atomic_store_n(&now->since_ms, ksft_now_ms(), __ATOMIC_RELEASE);
}

static void step_end(struct writer *w, bool accepted)
{
	struct fuzz_now *now = &fuzz->now[w->lane];
	u64 ms = ksft_now_ms() - now->since_ms;
	unsigned int i = 0;

	__atomic_store_n(&now->since_ms, 0, __ATOMIC_RELEASE);
	while (ms >> i && i + 1 < FUZZ_TOOK)
		i++;
	if (accepted)
		fuzz_count(fuzz->took[w->line.verb][i]);
	/* Roughly: who writes at the same time is forgotten. */
	if (ms > fuzz->slowest_ms[w->line.verb]) {
		fuzz->slowest_ms[w->line.verb] = ms;
		memcpy(fuzz->slowest[w->line.verb], now->text, sizeof(now->text));
	}
	fuzz_count(fuzz->nr_steps);
	if (w->line.spoilt)
		fuzz_count(fuzz->nr_broken);
}

static ssize_t write_line(struct writer *w, int *err)
{
	/* Below what can be mapped: beyond user space the VFS refuses it, not the module. */
	const void *nowhere = (void *)4096;
	int fd = w->line.file ? tr_open(w->line.file, O_WRONLY) : w->fd;
	ssize_t n = -1;

	if (fd >= 0) {
		n = write(fd, w->line.nowhere ? nowhere : w->line.text, w->line.len);
		*err = errno;
	} else {
		*err = -fd;
	}
	if (w->line.file && fd >= 0)
		close(fd);
	return n;
}

/*
 * The answer of a child that is killed meanwhile: EINTR, or whatever it was
 * before.  It is reaped, or the watchdog says what hangs.
 */
static void write_killed(struct writer *w)
{
	unsigned int us = fuzz_below(&w->rng, 20000);
	pid_t pid = fork();

	if (!pid) {
		int err;

		write_line(w, &err);
		_exit(0);
	}
	if (pid < 0)
		return;
	usleep(us);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	fuzz_count(fuzz->nr_killed);
}

/* Lines that tell of the refused line itself; the reason of a verdict comes and goes with it. */
static char *skip_reasons(char *text)
{
	while (!strncmp(text, "error_text: ", 12) || !strncmp(text, "why: ", 5)) {
		text += strcspn(text, "\n");
		text += !!*text;
	}
	return text;
}

/*
 * A refused line may not change a report.  Lock checks count the whole system,
 * so their rows and the verdict are compared only while nothing else runs.
 */
static bool same_report(struct writer *w, bool quiet)
{
	char *a = w->before, *b = w->after;

	for (;;) {
		size_t n, m;
		bool racing;

		a = skip_reasons(a);
		b = skip_reasons(b);
		if (!*a || !*b)
			break;
		n = strcspn(a, "\n");
		m = strcspn(b, "\n");
		racing = !w->alone && (!strncmp(a, "check split_", 12) ||
					    !strncmp(a, "check rmap_lock ", 16) ||
					    !strncmp(a, "verdict: ", 9));

		if (!racing && (n != m || memcmp(a, b, n))) {
			if (quiet)
				return false;
			ksft_msg("before: %.*s", (int)n, a);
			ksft_msg("after:  %.*s", (int)m, b);
			return false;
		}
		a += n + !!a[n];
		b += m + !!b[m];
	}
	if ((*a || *b) && !quiet)
		ksft_msg("%s: %.900s", *a ? "no more there" : "new", *a ? a : b);
	return !*a && !*b;
}

/* A line "error: -ERRNO", its reason, and no pass. */
static bool says_error(const char *text, int err)
{
	char line[32];

	snprintf(line, sizeof(line), "\nerror: -%d\n", err);
	return strstr(text, line) && strstr(text, "\nerror_text: ") &&
	       !strstr(text, "\nverdict: pass\n");
}

static ssize_t read_before(struct writer *w, char *text)
{
	return w->line.file ? read_file("last", text, TR_TEXT_MAX) :
	       fuzz_reread(w->fd, text, TR_TEXT_MAX);
}

static void step(struct writer *w)
{
	bool compare = w->line.file ? w->last : w->idle;
	int err = 0;
	ssize_t n;

	if (!w->left)
		return;
	w->left--;
	/* Reading costs more than most lines do. */
	compare = compare && (w->line.want != FUZZ_ANY || w->alone) &&
		  fuzz_chance(&w->rng, w->alone ? 100 : 25);
	if (compare) {
		n = read_before(w, w->before);
		ksft_expect(n >= 0, "a report: %s", strerror(-n));
	}
	step_begin(w);
	if (w->kill_next && w->line.want == FUZZ_ANY) {
		write_killed(w);
		step_end(w, true);
		w->kill_next = false;
		return;
	}
	n = write_line(w, &err);
	step_end(w, n >= 0);
	judge_answer(w, n, err);
	if (!compare || n >= 0)
		return;
	n = read_before(w, w->after);
	ksft_expect(n >= 0, "a report: %s", strerror(-n));
	fuzz_count(fuzz->nr_compared);
	/* the report of a trigger is its own, be it that it was refused */
	if (w->line.file) {
		if (!ksft_expect(says_error(w->after, err), "last does not say so"))
			complain(w, tr_errno_name(err));
		return;
	}
	if (!ksft_expect(same_report(w, false), "a refused line has changed a report"))
		complain(w, tr_errno_name(err));
}

/* ---- what is not a line ---- */

static void do_act(struct writer *w)
{
	fuzz_places_act(&w->rng);
}

static void do_refill(struct writer *w)
{
	(void)w;
	fuzz_places_map();
}

/* In place of the old one: who is writing to that goes on, and it ends then. */
static void do_close(struct writer *w)
{
	int fd;

	if (!w->closable)
		return;
	judge_session(w, w->fd);
	fd = fuzz_session_open(w->wish.injected);
	ksft_expect(dup3(fd, w->fd, O_CLOEXEC) == w->fd, "dup3: %s", strerror(errno));
	close(fd);
	fuzz_count(fuzz->nr_closed);
}

static void do_read(struct writer *w)
{
	static const char * const files[] = {
		"violations", "stats", "last", "grid", "checks", "phases", "ops", "abi",
	};
	const char *file = files[fuzz_below(&w->rng, ARRAY_SIZE(files))];
	ssize_t n = read_file(file, w->after, sizeof(w->after));

	ksft_expect(n >= 0, "%s: %s", file, strerror(-n));
	fuzz_count(fuzz->nr_reads);
	judge_session(w, w->fd);
}

/* The lines of a lane from a process that then ends, perhaps before its done. */
static void do_fork(struct writer *w)
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

static const char *some_phase(struct writer *w)
{
	unsigned int i;

	do
		i = fuzz_below(&w->rng, fuzz->phases.nr);
	while (!fuzz->phases.available[i]);
	return fuzz->phases.name[i];
}

static void do_pair(struct writer *w)
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
	step_begin(w);
	err = tr_fd_write_bytes(w->fd, line->text, line->len);
	if (err || pthread_create(&thread, NULL, run_lane, &lane[1])) {
		lane[0].err = err;
		lane[1].err = 0;
	} else {
		run_lane(&lane[0]);
		pthread_join(thread, NULL);
	}
	step_end(w, !err);
	for (i = 0; i < 2; i++)
		if (!ksft_expect(documented(lane[i].err), "%s, then %s: %s", lane[i].go,
				 lane[i].done, tr_errno_name(lane[i].err)))
			complain(w, "of a pair of lanes");
}

static void do_kill(struct writer *w)
{
	w->kill_next = true;
}

static const struct {
	const char *name;
	void (*fn)(struct writer *w);
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

static void choose_session(struct writer *w)
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

static void one(struct writer *w, const char *what)
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
		step(w);
	}
	w->wish.killed = w->kill_next;
	fuzz_line_make(&w->line, &w->rng, fuzz_verb_find(what), &w->wish, false);
	w->wish.killed = false;
	step(w);
}

static void run_sequence(struct writer *w, unsigned int nr)
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
static void run_plain(struct writer *w)
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
static void run_controls(struct writer *w)
{
	int err;

	fuzz_reread(w->own[0], w->before, sizeof(w->before));
	tr_expect(w->own[0], 0, "round");
	fuzz_reread(w->own[0], w->after, sizeof(w->after));
	ksft_expect(!same_report(w, true), "a round changes no report");

	fuzz_places_map();
	err = tr_fd_write(w->own[1], "check map=%#lx+%#zx check=refcount inject=refcount %s",
			  FUZZ_BASE, thp_bytes(), "scenario=" FUZZ_INJECTED);
	ksft_expect(!err, "a control: %s", tr_errno_name(err));
	read_file("violations", w->after, sizeof(w->after));
	ksft_expect(fuzz_stray(w->after, "another") && !fuzz_stray(w->after, FUZZ_INJECTED),
		    "a violation that was injected is not seen:\n%.500s", w->after);
}

static void write_lane(unsigned int lane, unsigned int steps, bool alone, const int *shared)
{
	struct writer *w = calloc(1, sizeof(*w));
	unsigned int i, nr = 0;

	ksft_assert(w, "out of memory");
	w->lane = lane;
	w->left = ~0U;
	w->alone = alone;
	w->shared = shared;
	for (i = 0; i < OWN_SESSIONS; i++)
		w->own[i] = fuzz_session_open(i);
	if (alone) {
		run_plain(w);
		run_controls(w);
	}
	w->left = steps;
	while (w->left)
		run_sequence(w, nr++);
	for (i = 0; i < OWN_SESSIONS; i++) {
		judge_session(w, w->own[i]);
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
