// SPDX-License-Identifier: GPL-2.0
/*
 * Switches: what is cleared and by whom, the longest park, and that nothing goes on
 * once it is switched off.
 *
 * on_violation=warn taints and panic ends the machine: vm/on_violation tries them.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "thp.h"
#include "tr.h"
#include "trace.h"

#define END_MS		120000
#define TRIES		8
#define CONTROL		"check=refcount inject=refcount scenario=traced"

/* ---- parameters ---- */

static void expect_param(const char *name, const char *value)
{
	char path[128], *text;
	size_t n = strlen(value);

	snprintf(path, sizeof(path), TRACE_PARAMS "%s", name);
	text = trace_read(path);
	ksft_expect(!strncmp(text, value, n) && !strcmp(text + n, "\n"), "%s is %s, not %s",
		    name, text, value);
	free(text);
}

static void case_params(const void *arg)
{
	static const struct {
		const char *name, *value;
		int err;
	} lines[] = {
		{ "on_violation", "oops", EINVAL },
		{ "on_violation", "log warn", EINVAL },
		{ "on_violation", "PANIC", EINVAL },
		{ "max_park_ms", "0", ERANGE },
		{ "max_park_ms", "1001", ERANGE },
		{ "max_park_ms", "-1", EINVAL },
		{ "max_park_ms", "soon", EINVAL },
		{ "off", "perhaps", EINVAL },
	};
	size_t i;

	(void)arg;
	trace_clean();
	expect_param("on_violation", "log");
	expect_param("max_park_ms", "1000");
	expect_param("off", "N");
	for (i = 0; i < ARRAY_SIZE(lines); i++) {
		int err = trace_set_param(lines[i].name, lines[i].value);

		ksft_expect(err == lines[i].err, "%s=%s: %s", lines[i].name, lines[i].value,
			    tr_errno_name(err));
	}
	expect_param("on_violation", "log");
	expect_param("max_park_ms", "1000");
	ksft_expect(!trace_set_param("on_violation", "panic\n"), "panic");
	expect_param("on_violation", "panic");
	ksft_expect(!trace_set_param("on_violation", "warn"), "warn");
	expect_param("on_violation", "warn");
	ksft_expect(!trace_set_param("max_park_ms", "7"), "7 ms");
	expect_param("max_park_ms", "7");
}

/* ---- lanes of two processes; b works in user space, and long ---- */

static pid_t start_lane(int fd, struct holder *h, bool splits, unsigned int busy_ms)
{
	pid_t pid = fork();
	u64 end;

	ksft_assert(pid >= 0, "fork: %s", strerror(errno));
	if (pid)
		return pid;
	if (splits)
		_exit(tr_fd_write(fd, "split lane=a pid=%d map=%p+%#zx", h->pid, h->r.addr,
				  h->r.len));
	if (tr_fd_write(fd, "go lane=b op=munmap"))
		_exit(1);
	for (end = ksft_now_ms() + busy_ms; ksft_now_ms() < end;)
		;
	_exit(tr_fd_write(fd, "done lane=b"));
}

/* One round in which a is parked while b works; @off: until it is switched off. */
static void parked_round(bool off)
{
	s64 parks = tr_stat("parks");
	int fd = tr_session();
	struct holder h;
	pid_t a, b;

	holder_start(&h, thp_bytes());
	if (off) {
		/* what an op takes: so a step is waited for longer */
		tr_expect(fd, 0, "arm");
		tr_expect(fd, 0, "go lane=b op=munmap");
		ksft_nap_ms(150);
		tr_expect(fd, 0, "done lane=b");
	}
	tr_on_holder(fd, "hold", &h, "");
	tr_expect(fd, 0, "arm steer=\"a>split_huge_page b>end a>end\"");
	a = start_lane(fd, &h, true, 0);
	b = start_lane(fd, &h, false, 400);
	if (off) {
		u64 end = ksft_now_ms() + 5000;

		while (tr_stat("parks") == parks && ksft_now_ms() < end)
			;
		ksft_expect(!trace_set_param("off", "Y"), "off=Y");
	}
	ksft_expect(!ksft_reap(a, END_MS) && !ksft_reap(b, END_MS), "a lane has failed");
	if (off)
		ksft_expect(!trace_set_param("off", "N"), "off=N");
	holder_stop(&h);
	close(fd);
}

/* How a's parks have ended in up to TRIES rounds, until one ends so. */
static bool park_ends(const char *how, bool off)
{
	char end[32];
	unsigned int i;

	snprintf(end, sizeof(end), " end=%s", how);
	for (i = 0; i < TRIES && !trace_nr("park", end); i++)
		parked_round(off);
	return trace_nr("park", end);
}

static void case_longest_park(const void *arg)
{
	char *text, *at, *event;

	(void)arg;
	trace_clean();
	trace_need_phase("split_huge_page");
	trace_begin();
	trace_enable("park", true);
	ksft_expect(park_ends("over", false) && !trace_nr("park", " end=limit"),
		    "with 1000 ms:\n%s", trace_read(trace_file("trace")));
	trace_clear();
	ksft_assert(!trace_set_param("max_park_ms", "1"), "max_park_ms=1");
	ksft_expect(park_ends("limit", false), "with 1 ms:\n%s", trace_read(trace_file("trace")));
	text = trace_read(trace_file("trace"));
	at = text;
	event = trace_next(&at, "park", " end=limit");
	ksft_expect(event && trace_value(event, "ns") >= 1000000, "%s", event);
}

/* ---- off ---- */

static unsigned int nr_probes(void)
{
	char path[128], *text, *at;
	unsigned int nr = 0;

	snprintf(path, sizeof(path), "%s/enabled_functions", trace_dir());
	text = trace_read(path);
	for (at = text; (at = strchr(at, '\n')); at++)
		nr++;
	free(text);
	return nr;
}

/* What parks, races and looks when it is switched off ends soon. */
static void case_off_ends(const void *arg)
{
	unsigned int probes;
	struct holder h;
	pid_t pid;

	(void)arg;
	trace_clean();
	trace_need_phase("split_huge_page");
	trace_begin();
	trace_enable("park", true);
	ksft_expect(park_ends("off", true), "no park has ended so:\n%s",
		    trace_read(trace_file("trace")));

	holder_start(&h, 2 * thp_bytes());
	pid = fork();
	if (!pid)
		_exit(tr_write("race",
			       "pid=%d map=%p+%#zx op=split:1 op=munmap:1 duration_ms=600000",
			       h.pid, h.r.addr, h.r.len) & 0x7f);
	ksft_assert(ksft_wait_for(tr_kthreads() > 0, END_MS), "no race");
	probes = nr_probes();
	ksft_assert(!trace_set_param("off", "Y"), "off=Y");
	ksft_expect(nr_probes() + 2 < probes, "%u functions are traced, before %u",
		    nr_probes(), probes);
	ksft_assert(ksft_reap(pid, END_MS) >= 0, "the race does not end");
	ksft_expect(!strcmp(tr_field(tr_read("last"), "verdict"), "aborted"), "%s",
		    tr_read("last"));
	ksft_expect(!tr_kthreads(), "%u kernel threads", tr_kthreads());
	holder_stop(&h);
}

/* Meanwhile only what ends or gives back is served; then all is as before. */
static void case_off_refuses(const void *arg)
{
	const char *reason;
	char line[128];
	struct holder h;
	int fd, err;

	(void)arg;
	trace_clean();
	holder_start(&h, thp_bytes());
	fd = tr_session();
	tr_on_holder(fd, "hold", &h, "");
	tr_expect(fd, 0, "go lane=a op=fork");
	ksft_assert(!trace_set_param("off", "1"), "off=1");
	expect_param("off", "Y");
	err = tr_write("check", "pid=%d map=%p+%#zx", h.pid, h.r.addr, h.r.len);
	ksft_expect(err == EBUSY, "check: %s", tr_errno_name(err));
	ksft_expect(strstr(tr_read("error"), "switched off"), "error:\n%s", tr_read("error"));
	err = tr_write("check", "nonsense");
	ksft_expect(err == EINVAL, "nonsense: %s", tr_errno_name(err));
	snprintf(line, sizeof(line), "split pid=%d map=%p+%#zx", h.pid, h.r.addr, h.r.len);
	tr_expect(fd, EBUSY, line);
	tr_expect(fd, EBUSY, "arm");
	tr_expect(fd, EBUSY, "round");
	tr_expect(fd, EBUSY, "go lane=b op=fork");
	tr_expect(fd, 0, "done lane=a");
	tr_expect(fd, 0, "drop");
	tr_expect(fd, 0, "reset");
	close(fd);
	/* the first line of a session, which places probes */
	fd = tr_session();
	tr_expect(fd, 0, "reset");
	ksft_assert(!trace_set_param("off", "N"), "off=N");
	err = tr_write("check", "pid=%d map=%p+%#zx", h.pid, h.r.addr, h.r.len);
	ksft_expect(!err && !strcmp(tr_field(tr_read("last"), "verdict"), "pass"),
		    "check: %s\n%s", tr_errno_name(err), tr_read("last"));
	tr_on_holder(fd, "split", &h, "");
	ksft_expect(tr_row(tr_fd_read(fd), "check", "split_lock", "held") > 0 ||
		    !tr_available("checks", "split_lock", &reason),
		    "no probe sees the split:\n%s", tr_fd_read(fd));
	close(fd);
	holder_stop(&h);
}

/* ---- clearing ---- */

static void case_clear(const void *arg)
{
	static const struct {
		const char *bytes;
		size_t len;
		int err;
	} lines[] = {
		{ "x", 1, EINVAL },
		{ "00", 2, EINVAL },
		{ "clear all", 9, EINVAL },
		{ "clear\n\n", 7, EINVAL },
		{ "0\n0\n", 4, EINVAL },
		{ "0\0", 2, EINVAL },
		{ " clear", 6, EINVAL },
	};
	const char *file = arg;
	char words[128], too_long[THPRACE_MAX_LINE + 1];
	int fd = tr_session(), err;
	unsigned int nr;
	struct holder h;
	size_t i;

	trace_clean();
	holder_start(&h, thp_bytes());
	snprintf(words, sizeof(words), "check pid=%d map=%p+%#zx " CONTROL, h.pid, h.r.addr,
		 h.r.len);
	tr_expect(fd, 0, words);
	nr = tr_violations(tr_fd_read(fd), NULL);
	for (i = 0; i < ARRAY_SIZE(lines); i++) {
		err = tr_write_bytes(file, lines[i].bytes, lines[i].len);
		ksft_expect(err == lines[i].err, "line %zu: %s", i, tr_errno_name(err));
	}
	memset(too_long, '0', sizeof(too_long));
	err = tr_write_bytes(file, too_long, sizeof(too_long));
	ksft_expect(err == E2BIG, "too long: %s", tr_errno_name(err));
	err = tr_write_bytes(file, (void *)16, 1);
	ksft_expect(err == EFAULT, "no memory there: %s", tr_errno_name(err));
	ksft_expect(nr && tr_violations(tr_read("violations"), NULL) && tr_stat("violations"),
		    "a bad line has cleared it");

	err = tr_write(file, "clear\n");
	ksft_expect(!err, "clear: %s", tr_errno_name(err));
	ksft_expect(strcmp(file, "stats") ? !*tr_read(file) : !tr_stat("violations"),
		    "not cleared:\n%s", tr_read(file));
	ksft_expect(tr_violations(tr_fd_read(fd), NULL) == nr &&
		    tr_row(tr_fd_read(fd), "check", "refcount", "violated") > 0,
		    "the session has lost what it counted:\n%s", tr_fd_read(fd));
	ksft_expect(!tr_write(file, "\n") && !tr_write(file, "0\n"), "an empty line, or 0");
	holder_stop(&h);
	close(fd);
}

/* Root without the capability may read, as files go, but not clear. */
static void case_who(const void *arg)
{
	static const char * const files[] = { "violations", "stats" };
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2] = { };
	size_t i;

	(void)arg;
	trace_clean();
	ksft_assert(!syscall(SYS_capset, &head, data), "capset: %s", strerror(errno));
	for (i = 0; i < ARRAY_SIZE(files); i++) {
		ksft_expect(tr_open(files[i], O_WRONLY) == -EPERM, "%s: written", files[i]);
		ksft_expect(tr_open(files[i], O_RDWR) == -EPERM, "%s: both", files[i]);
		ksft_expect(tr_open(files[i], O_RDONLY) >= 0, "%s: not read", files[i]);
	}
}

static const struct ksft_case cases[] = {
	{ .name = "values of parameters", .run = case_params },
	{ .name = "the longest park", .run = case_longest_park },
	{ .name = "switched off: what runs ends", .run = case_off_ends },
	{ .name = "switched off: what is refused", .run = case_off_refuses },
	{ .name = "violations are cleared", .run = case_clear, .arg = "violations" },
	{ .name = "stats are cleared", .run = case_clear, .arg = "stats" },
	{ .name = "who may clear", .run = case_who },
};

int main(int argc, char **argv)
{
	int status = ksft_main(argc, argv, cases, ARRAY_SIZE(cases));

	trace_clean();
	return status;
}
