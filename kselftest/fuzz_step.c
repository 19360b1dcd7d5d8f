// SPDX-License-Identifier: GPL-2.0
/*
 * One line of the fuzzer: it is written, and what must be true of the answer, and
 * of the reports before and after it
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fuzz_writer.h"

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

ssize_t fuzz_read_file(const char *file, char *text, size_t size)
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

void fuzz_judge_session(struct fuzz_writer *w, int fd)
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

void fuzz_complain(struct fuzz_writer *w, const char *what)
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
bool fuzz_documented(int err)
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

static void judge_answer(struct fuzz_writer *w, ssize_t n, int err)
{
	const struct fuzz_line *l = &w->line;
	bool ok;

	if (n >= 0 && n != (ssize_t)l->len) {
		ksft_expect(false, "%zd of %zu bytes were written", n, l->len);
		fuzz_complain(w, "a short write");
		return;
	}
	if (n >= 0)
		err = 0;
	if (l->want == FUZZ_ANY)
		ok = fuzz_documented(err);
	else if (l->want == FUZZ_REFUSED)
		ok = err && fuzz_documented(err);
	else
		ok = err == l->want;
	if (err)
		fuzz_count(fuzz->refused[err < FUZZ_ERRNOS ? err : 0]);
	else if (!l->spoilt && !w->wish.plain)
		fuzz_count(fuzz->accepted[l->verb]);
	if (!ksft_expect(ok, "%s, expected %s", tr_errno_name(err), errno_or(l->want)))
		fuzz_complain(w, "a wrong answer");
}

void fuzz_step_begin(struct fuzz_writer *w)
{
	struct fuzz_now *now = &fuzz->now[w->lane];

	now->tid = syscall(SYS_gettid);
	snprintf(now->text, sizeof(now->text), "%s: ", w->line.file ?: "session");
	print_line(&w->line, now->text + strlen(now->text),
		   sizeof(now->text) - strlen(now->text));
	__atomic_store_n(&now->since_ms, ksft_now_ms(), __ATOMIC_RELEASE);
}

void fuzz_step_end(struct fuzz_writer *w, bool accepted)
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

static ssize_t write_line(struct fuzz_writer *w, int *err)
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
static void write_killed(struct fuzz_writer *w)
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
bool fuzz_same_report(struct fuzz_writer *w, bool quiet)
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

static ssize_t read_before(struct fuzz_writer *w, char *text)
{
	return w->line.file ? fuzz_read_file("last", text, TR_TEXT_MAX) :
	       fuzz_reread(w->fd, text, TR_TEXT_MAX);
}

void fuzz_step(struct fuzz_writer *w)
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
	fuzz_step_begin(w);
	if (w->kill_next && w->line.want == FUZZ_ANY) {
		write_killed(w);
		fuzz_step_end(w, true);
		w->kill_next = false;
		return;
	}
	n = write_line(w, &err);
	fuzz_step_end(w, n >= 0);
	judge_answer(w, n, err);
	if (!compare || n >= 0)
		return;
	n = read_before(w, w->after);
	ksft_expect(n >= 0, "a report: %s", strerror(-n));
	fuzz_count(fuzz->nr_compared);
	/* the report of a trigger is its own, be it that it was refused */
	if (w->line.file) {
		if (!ksft_expect(says_error(w->after, err), "last does not say so"))
			fuzz_complain(w, tr_errno_name(err));
		return;
	}
	if (!ksft_expect(fuzz_same_report(w, false), "a refused line has changed a report"))
		fuzz_complain(w, tr_errno_name(err));
}
