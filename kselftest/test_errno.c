// SPDX-License-Identifier: GPL-2.0
/*
 * The errnos that a line earns by itself, with many lines each (errno_lines.h),
 * and that a refused line has changed nothing: the target's memory, the
 * module's counters, no thread left behind.  Those that need a state of the
 * system are in test_errno_state.c.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "errno_lines.h"
#include "thp.h"
#include "tr.h"

#define KTHREADD	2

/* Counters that a refused line must leave alone. */
static const char * const counters[] = {
	"sessions", "session_bytes", "rounds", "overlaps", "splits",
	"folios_checked", "violations",
};

/* The target of a table's lines, and what the module said before. */
struct target {
	struct holder h;
	pid_t dead, zombie;
	s64 count[ARRAY_SIZE(counters)];
};

static void target_start(struct target *t)
{
	size_t i;

	holder_start(&t->h, 2 * thp_bytes());
	t->dead = fork();
	if (!t->dead)
		_exit(0);
	waitpid(t->dead, NULL, 0);
	t->zombie = fork();
	if (!t->zombie)
		_exit(0);
	/* Its mm is gone once it is a zombie; not reaped until the end. */
	waitid(P_PID, t->zombie, &(siginfo_t){ 0 }, WEXITED | WNOWAIT);
	for (i = 0; i < ARRAY_SIZE(counters); i++)
		t->count[i] = tr_stat(counters[i]);
}

static bool target_unchanged(struct target *t)
{
	bool ok = holder_intact(&t->h, true);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(counters); i++) {
		s64 now = tr_stat(counters[i]);

		ok &= ksft_expect(now == t->count[i], "stats: %s %lld, before %lld",
				  counters[i], (long long)now,
				  (long long)t->count[i]);
	}
	ok &= ksft_expect(!tr_kthreads(), "%u kernel threads", tr_kthreads());
	return ok;
}

/* The line with its @ marks filled in; its length. */
static size_t fill_in(const struct target *t, const char *line, char *out,
		      size_t size)
{
	char map[64];
	size_t n = 0;

	snprintf(map, sizeof(map), "%p+%#zx", t->h.r.addr, t->h.r.len);
	for (; *line; line++) {
		if (*line != '@') {
			n += snprintf(out + n, size - n, "%c", *line);
			continue;
		}
		switch (*++line) {
		case 'P':
			n += snprintf(out + n, size - n, "%d", t->h.pid);
			break;
		case 'A':
			n += snprintf(out + n, size - n, "%p", t->h.r.addr);
			break;
		case 'L':
			n += snprintf(out + n, size - n, "%#zx", t->h.r.len);
			break;
		case 'M':
			n += snprintf(out + n, size - n, "map=%s", map);
			break;
		case 'D':
			n += snprintf(out + n, size - n, "%d", t->dead);
			break;
		case 'Z':
			n += snprintf(out + n, size - n, "%d", t->zombie);
			break;
		case 'K':
			n += snprintf(out + n, size - n, "%d", KTHREADD);
			break;
		default:
			ksft_assert(false, "unknown mark @%c", *line);
		}
		ksft_assert(n < size, "line too long");
	}
	return n;
}

static void expect_errno(const char *file, const char *line, int got, int want)
{
	ksft_expect(got == want, "%s \"%s\": %s, expected %s", file, line,
		    tr_errno_name(got), tr_errno_name(want));
}

static void case_table(const void *arg)
{
	const struct bad_line *b;
	char line[2 * THPRACE_MAX_LINE];
	struct target t;
	size_t len;

	target_start(&t);
	for (b = arg; b->file; b++) {
		len = fill_in(&t, b->line, line, sizeof(line));
		expect_errno(b->file, b->line,
			     tr_write_bytes(b->file, line, len), b->err);
		if (!target_unchanged(&t)) {
			ksft_msg("after %s \"%s\"", b->file, b->line);
			break;
		}
	}
	holder_stop(&t.h);
}

/* Nothing of these is wrong: the tables' errnos are not just always there. */
static void case_accepted(const void *arg)
{
	static const char * const good[] = {
		"pid=@P @M", "pid=@P @M\n", "  pid=@P\t@M  ", "@M pid=@P",
		"pid=@P map=@A+0x200000", "pid=@P map=@A+2097152",
		"pid=@P @M check=refcount check=rss",
	};
	char line[THPRACE_MAX_LINE];
	struct target t;
	size_t i, len;
	int err;

	(void)arg;
	target_start(&t);
	for (i = 0; i < ARRAY_SIZE(good); i++) {
		len = fill_in(&t, good[i], line, sizeof(line));
		err = tr_write_bytes("check", line, len);
		ksft_expect(!err, "check \"%s\": %s", good[i],
			    tr_errno_name(err));
	}
	snprintf(line, sizeof(line), "pid=0x%x map=%p+%#zx\n", t.h.pid,
		 t.h.r.addr, t.h.r.len);
	err = tr_write_bytes("check", line, strlen(line));
	ksft_expect(!err, "check \"%s\": %s", line, tr_errno_name(err));
	holder_intact(&t.h, true);
	holder_stop(&t.h);
}

/* A NUL anywhere, and every byte that is no blank, beside a good line. */
static void case_stray_bytes(const void *arg)
{
	char line[THPRACE_MAX_LINE];
	struct target t;
	size_t len, i;
	int c;

	(void)arg;
	target_start(&t);
	len = fill_in(&t, "pid=@P @M page=1", line, sizeof(line));
	for (i = 0; i <= len; i++) {
		char bad[THPRACE_MAX_LINE];

		memcpy(bad, line, i);
		bad[i] = '\0';
		memcpy(bad + i + 1, line + i, len - i);
		expect_errno("split", "a NUL",
			     tr_write_bytes("split", bad, len + 1), EINVAL);
	}
	for (c = 1; c < 256; c++) {
		if (strchr(" \t\n0123456789", c))
			continue;
		line[len] = c;
		expect_errno("split", "a stray byte",
			     tr_write_bytes("split", line, len + 1), EINVAL);
	}
	target_unchanged(&t);
	holder_stop(&t.h);
}

static void case_too_many(const void *arg)
{
	char line[2 * THPRACE_MAX_LINE];
	struct target t;
	size_t len;
	int i;

	(void)arg;
	target_start(&t);
	len = fill_in(&t, "@M", line, sizeof(line));
	for (i = 0; i <= THPRACE_MAX_PIDS; i++)
		len += sprintf(line + len, " pid=%d", i + 1);
	expect_errno("split", "65 pids", tr_write_bytes("split", line, len),
		     ERANGE);

	len = fill_in(&t, "pid=@P", line, sizeof(line));
	for (i = 0; i <= THPRACE_MAX_MAPS; i++)
		len += sprintf(line + len, " map=%#zx+%#zx",
			       (i + 1) * 2 * thp_bytes(), thp_bytes());
	expect_errno("split", "9 maps", tr_write_bytes("split", line, len),
		     ERANGE);

	len = fill_in(&t, "pid=@P @M", line, sizeof(line));
	for (i = 0; i <= THPRACE_MAX_OPS; i++)
		len += sprintf(line + len, " op=o%d:1", i);
	expect_errno("race", "9 ops", tr_write_bytes("race", line, len),
		     ERANGE);
	target_unchanged(&t);
	holder_stop(&t.h);
}

static void case_too_long(const void *arg)
{
	static const size_t lens[] = {
		THPRACE_MAX_LINE + 1, 2 * THPRACE_MAX_LINE, 1 << 20,
	};
	struct target t;
	size_t len, i;
	char *line;
	int err;

	(void)arg;
	target_start(&t);
	line = malloc(1 << 20);
	ksft_assert(line, "out of memory");
	len = fill_in(&t, "pid=@P @M", line, THPRACE_MAX_LINE);
	memset(line + len, ' ', (1 << 20) - len);
	for (i = 0; i < ARRAY_SIZE(lens); i++)
		expect_errno("split", "a long line",
			     tr_write_bytes("split", line, lens[i]), E2BIG);
	target_unchanged(&t);

	/* As long as may be. */
	line[THPRACE_MAX_LINE - 1] = '\n';
	err = tr_write_bytes("check", line, THPRACE_MAX_LINE);
	ksft_expect(!err, "a line of %d bytes: %s", THPRACE_MAX_LINE,
		    tr_errno_name(err));
	free(line);
	holder_stop(&t.h);
}

static void case_bad_pointer(const void *arg)
{
	static const char * const files[] = {
		"split", "munmap", "race", "check", "session",
	};
	struct target t;
	char *page, *line;
	size_t len, i;

	(void)arg;
	target_start(&t);
	page = mmap(NULL, 2 * PAGE_BYTES, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ksft_assert(page != MAP_FAILED, "mmap: %s", strerror(errno));
	ksft_assert(!munmap(page + PAGE_BYTES, PAGE_BYTES), "munmap");
	for (i = 0; i < ARRAY_SIZE(files); i++) {
		expect_errno(files[i], "(nowhere)",
			     tr_write_bytes(files[i], page + PAGE_BYTES, 64),
			     EFAULT);
		/* A good line, but its last byte is not there. */
		line = page + PAGE_BYTES - 64;
		memset(line, ' ', 64);
		len = fill_in(&t, "pid=@P @M", line, 64);
		line[len] = ' ';
		expect_errno(files[i], "(runs out)",
			     tr_write_bytes(files[i], line, 65), EFAULT);
	}
	target_unchanged(&t);
	holder_stop(&t.h);
}

static const struct ksft_case cases[] = {
	{ .name = "accepted lines", .run = case_accepted },
	{ .name = "EINVAL: malformed", .run = case_table,
	  .arg = malformed },
	{ .name = "EINVAL: unknown or missing", .run = case_table,
	  .arg = unknown_or_missing },
	{ .name = "EINVAL: repeated", .run = case_table,
	  .arg = repeated },
	{ .name = "EINVAL: misaligned or overlapping", .run = case_table,
	  .arg = misaligned },
	{ .name = "EINVAL: NUL and stray bytes", .run = case_stray_bytes },
	{ .name = "ERANGE: out of limits", .run = case_table,
	  .arg = out_of_limits },
	{ .name = "ERANGE: too many", .run = case_too_many },
	{ .name = "E2BIG", .run = case_too_long },
	{ .name = "EFAULT", .run = case_bad_pointer },
	{ .name = "ESRCH", .run = case_table, .arg = no_process },
	{ .name = "ENOMEM: nothing mapped", .run = case_table,
	  .arg = hole },
	{ .name = "all or nothing", .run = case_table,
	  .arg = all_or_nothing },
};

int main(int argc, char **argv)
{
	return ksft_main(argc, argv, cases, ARRAY_SIZE(cases));
}
