// SPDX-License-Identifier: GPL-2.0
/*
 * Tracepoints and switches: what each event says, what is cleared and by whom, the
 * longest park, and that nothing goes on once it is switched off.
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

#define PARAMS		"/sys/module/thprace/parameters/"
#define END_MS		120000
#define TRIES		8

/* ---- tracefs: an instance of our own, so that nobody else's buffer is touched ---- */

/* NULL: there is none. */
static const char *trace_dir(void)
{
	static const char * const dirs[] = {
		"/sys/kernel/tracing", "/sys/kernel/debug/tracing",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(dirs); i++) {
		char path[128];

		snprintf(path, sizeof(path), "%s/instances", dirs[i]);
		if (!access(path, F_OK))
			return dirs[i];
	}
	return NULL;
}

static const char *instance(const char *file)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/instances/thprace_test%s%s", trace_dir(),
		 *file ? "/" : "", file);
	return path;
}

/* 0 or an errno. */
static int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC), err = 0;
	size_t len = strlen(text);

	if (fd < 0)
		return errno;
	if (len && write(fd, text, len) != (ssize_t)len)
		err = errno;
	close(fd);
	return err;
}

static char *read_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *text = malloc(TR_TEXT_MAX);
	size_t len = 0;
	ssize_t n;

	ksft_assert(text && fd >= 0, "%s: %s", path, strerror(errno));
	while (len < TR_TEXT_MAX - 1 && (n = read(fd, text + len, TR_TEXT_MAX - 1 - len)) > 0)
		len += n;
	close(fd);
	text[len] = '\0';
	return text;
}

/* 0 or an errno. */
static int set_param(const char *name, const char *value)
{
	char path[128];

	snprintf(path, sizeof(path), PARAMS "%s", name);
	return write_file(path, value);
}

/* Each case begins so, and the last one is followed by it, however it has ended. */
static void clean(void)
{
	if (trace_dir())
		rmdir(instance(""));
	set_param("on_violation", "log");
	set_param("max_park_ms", "1000");
	set_param("off", "N");
}

static void trace_begin(void)
{
	if (!trace_dir())
		ksft_skip("no tracefs");
	ksft_assert(!mkdir(instance(""), 0700), "%s: %s", instance(""), strerror(errno));
}

static void trace_enable(const char *event, bool on)
{
	char file[128];
	int err;

	snprintf(file, sizeof(file), "events/thprace/%s/enable", event);
	err = write_file(instance(file), on ? "1" : "0");
	ksft_assert(!err, "%s: %s", file, strerror(err));
}

static void trace_clear(void)
{
	ksft_assert(!write_file(instance("trace"), ""), "the trace cannot be cleared");
}

/* The next line of an event that has all of @what in it, from *@at on; or NULL. */
static char *next_event(char **at, const char *event, const char *what)
{
	char *line, name[64];

	snprintf(name, sizeof(name), ": %s: ", event);
	while (*at && (line = strsep(at, "\n")))
		if (*line != '#' && strstr(line, name) && strstr(line, what))
			return line;
	return NULL;
}

static unsigned int nr_events(const char *event, const char *what)
{
	char *text = read_file(instance("trace")), *at = text;
	unsigned int nr = 0;

	while (next_event(&at, event, what))
		nr++;
	free(text);
	return nr;
}

/* Lines of any event of ours. */
static unsigned int nr_lines(void)
{
	char *text = read_file(instance("trace")), *line, *at = text;
	unsigned int nr = 0;

	while ((line = strsep(&at, "\n")))
		nr += *line && *line != '#';
	free(text);
	return nr;
}

/* The word KEY=VALUE of a line, with the blank before it; the last key goes to the end. */
static const char *word_of(const char *line, const char *key)
{
	static char word[512];
	const char *at;
	char start[64];
	size_t n;

	snprintf(start, sizeof(start), " %s=", key);
	at = strstr(line, start);
	if (!at)
		return NULL;
	n = strcspn(at + 1, strcmp(key, "reason") ? " " : "") + 1;
	snprintf(word, sizeof(word), "%.*s", (int)n, at);
	return word;
}

static s64 value_of(const char *line, const char *key)
{
	const char *word = word_of(line, key);

	return word ? strtoll(strchr(word, '=') + 1, NULL, 0) : -1;
}

static void inject(struct holder *h, const char *words)
{
	int err = tr_write("check", "pid=%d map=%p+%#zx %s", h->pid, h->r.addr, h->r.len,
			   words);

	ksft_assert(!err, "check: %s", tr_errno_name(err));
}

/* ---- events ---- */

#define CONTROL	"check=refcount inject=refcount scenario=traced"

/* Each violation of the report is an event that says the same of it. */
static void case_violation(const void *arg)
{
	static const char * const keys[] = {
		"check", "scenario", "round", "addr", "pfn", "index", "want", "got",
		"cause", "reason",
	};
	char *report, *text, *line, *at, *event;
	unsigned int nr = 0;
	struct holder h;
	size_t i;

	(void)arg;
	clean();
	holder_start(&h, thp_bytes());
	trace_begin();
	trace_enable("violation", true);
	inject(&h, CONTROL);
	report = tr_read("last");
	text = read_file(instance("trace"));
	for (line = strtok(report, "\n"), at = text; line; line = strtok(NULL, "\n")) {
		if (strncmp(line, "violation ", 10))
			continue;
		nr++;
		event = next_event(&at, "violation", " check=refcount ");
		ksft_assert(event, "no event of: %s", line);
		for (i = 0; i < ARRAY_SIZE(keys); i++) {
			const char *want = word_of(line, keys[i]);

			ksft_expect(want && strstr(event, want), "no \"%s\" in: %s",
				    want ? want : keys[i], event);
		}
		ksft_expect(value_of(event, "control") == 1, "not injected: %s", event);
		ksft_expect(value_of(event, "session") > 0, "no session: %s", event);
	}
	ksft_expect(nr && !next_event(&at, "violation", ""), "%u violations, and more events",
		    nr);

	trace_clear();
	inject(&h, "check=refcount");
	ksft_expect(!nr_lines(), "%u events of a check that held", nr_lines());

	trace_enable("violation", false);
	inject(&h, CONTROL);
	ksft_expect(tr_violations(tr_read("last"), "refcount") && !nr_lines(),
		    "%u events while it was disabled", nr_lines());
	holder_stop(&h);
}

static void case_check(const void *arg)
{
	char *text, *at, *event;
	struct holder h;
	s64 held = 0;

	(void)arg;
	clean();
	holder_start(&h, 2 * thp_bytes());
	trace_begin();
	trace_enable("check", true);
	inject(&h, "check=refcount check=rmap_census");
	text = read_file(instance("trace"));
	for (at = text; (event = next_event(&at, "check", " check=rmap_census "));)
		held += value_of(event, "held");
	ksft_expect(held > 0 && held == tr_row(tr_read("last"), "check", "rmap_census", "held"),
		    "held=%lld in events, the report:\n%s", (long long)held, tr_read("last"));
	ksft_expect(nr_events("check", " check=refcount ") == 1 &&
		    nr_events("check", "") == 2, "other checks:\n%s",
		    read_file(instance("trace")));
	holder_stop(&h);
}

static void need_phase(const char *phase)
{
	const char *reason;

	if (!tr_available("phases", phase, &reason))
		ksft_skip("%s: %s", phase, reason);
}

static void steered_race(void)
{
	struct holder h;
	int err;

	holder_start(&h, 4 * thp_bytes());
	err = tr_write("race",
		       "pid=%d map=%p+%#zx op=split:1 op=munmap:1 rounds=4 seed=1 scenario=met steer=\"a>split_huge_page b>do_munmap b>end a>end\"",
		       h.pid, h.r.addr, h.r.len);
	ksft_assert(!err, "race: %s", tr_errno_name(err));
	holder_stop(&h);
}

/* What a schedule makes two lanes do. */
static void case_steered(const void *arg)
{
	static const char * const events[] = { "phase", "park", "meet", "round" };
	char *text, *at, *event;
	size_t i;

	(void)arg;
	clean();
	need_phase("split_huge_page");
	need_phase("do_munmap");
	trace_begin();
	steered_race();
	ksft_expect(!nr_lines(), "%u events while none was enabled", nr_lines());
	/* a split passes some phases for each of its pages */
	ksft_assert(!write_file(instance("events/thprace/phase/filter"),
				"phase == \"split_huge_page\" || phase == \"do_munmap\""),
		    "no filter");
	for (i = 0; i < ARRAY_SIZE(events); i++)
		trace_enable(events[i], true);
	steered_race();
	ksft_expect(!nr_events("phase", " phase=page_vma_mapped_walk "), "not filtered");

	ksft_expect(nr_events("phase", " lane=a phase=split_huge_page nth=1 returned=0 parks=1"),
		    "a is nowhere parked:\n%s", read_file(instance("trace")));
	ksft_expect(nr_events("meet",
			      " lane=b phase=do_munmap other=a other_phase=split_huge_page"),
		    "they do not meet:\n%s", read_file(instance("trace")));
	ksft_expect(nr_events("round", " scenario=met ") ==
		    tr_number(tr_read("last"), "rounds"),
		    "%u rounds, the report:\n%s", nr_events("round", ""), tr_read("last"));
	/* 5.10 locks the folio to split its PMD: there b waits for a */
	ksft_expect(nr_events("round", " steps=4 reached=4 ") +
		    nr_events("round", " steps=4 reached=3 "), "no round was forced:\n%s",
		    read_file(instance("trace")));
	text = read_file(instance("trace"));
	at = text;
	event = next_event(&at, "park", " lane=a phase=split_huge_page ");
	ksft_expect(event && value_of(event, "ns") > 0 && strstr(event, " end=over"),
		    "a's park: %s", event ? event : "none");
	ksft_expect(nr_events("park", "") == nr_events("phase", " parks=1"),
		    "%u parks begin, %u end", nr_events("phase", " parks=1"),
		    nr_events("park", ""));
}

/* ---- parameters ---- */

static void expect_param(const char *name, const char *value)
{
	char path[128], *text;
	size_t n = strlen(value);

	snprintf(path, sizeof(path), PARAMS "%s", name);
	text = read_file(path);
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
	clean();
	expect_param("on_violation", "log");
	expect_param("max_park_ms", "1000");
	expect_param("off", "N");
	for (i = 0; i < ARRAY_SIZE(lines); i++) {
		int err = set_param(lines[i].name, lines[i].value);

		ksft_expect(err == lines[i].err, "%s=%s: %s", lines[i].name, lines[i].value,
			    tr_errno_name(err));
	}
	expect_param("on_violation", "log");
	expect_param("max_park_ms", "1000");
	ksft_expect(!set_param("on_violation", "panic\n"), "panic");
	expect_param("on_violation", "panic");
	ksft_expect(!set_param("on_violation", "warn"), "warn");
	expect_param("on_violation", "warn");
	ksft_expect(!set_param("max_park_ms", "7"), "7 ms");
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
		ksft_expect(!set_param("off", "Y"), "off=Y");
	}
	ksft_expect(!ksft_reap(a, END_MS) && !ksft_reap(b, END_MS), "a lane has failed");
	if (off)
		ksft_expect(!set_param("off", "N"), "off=N");
	holder_stop(&h);
	close(fd);
}

/* How a's parks have ended in up to TRIES rounds, until one ends so. */
static bool park_ends(const char *how, bool off)
{
	char end[32];
	unsigned int i;

	snprintf(end, sizeof(end), " end=%s", how);
	for (i = 0; i < TRIES && !nr_events("park", end); i++)
		parked_round(off);
	return nr_events("park", end);
}

static void case_longest_park(const void *arg)
{
	char *text, *at, *event;

	(void)arg;
	clean();
	need_phase("split_huge_page");
	trace_begin();
	trace_enable("park", true);
	ksft_expect(park_ends("over", false) && !nr_events("park", " end=limit"),
		    "with 1000 ms:\n%s", read_file(instance("trace")));
	trace_clear();
	ksft_assert(!set_param("max_park_ms", "1"), "max_park_ms=1");
	ksft_expect(park_ends("limit", false), "with 1 ms:\n%s", read_file(instance("trace")));
	text = read_file(instance("trace"));
	at = text;
	event = next_event(&at, "park", " end=limit");
	ksft_expect(event && value_of(event, "ns") >= 1000000, "%s", event);
}

/* ---- off ---- */

static unsigned int nr_probes(void)
{
	char path[128], *text, *at;
	unsigned int nr = 0;

	snprintf(path, sizeof(path), "%s/enabled_functions", trace_dir());
	text = read_file(path);
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
	clean();
	need_phase("split_huge_page");
	trace_begin();
	trace_enable("park", true);
	ksft_expect(park_ends("off", true), "no park has ended so:\n%s",
		    read_file(instance("trace")));

	holder_start(&h, 2 * thp_bytes());
	pid = fork();
	if (!pid)
		_exit(tr_write("race",
			       "pid=%d map=%p+%#zx op=split:1 op=munmap:1 duration_ms=600000",
			       h.pid, h.r.addr, h.r.len) & 0x7f);
	ksft_assert(ksft_wait_for(tr_kthreads() > 0, END_MS), "no race");
	probes = nr_probes();
	ksft_assert(!set_param("off", "Y"), "off=Y");
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
	clean();
	holder_start(&h, thp_bytes());
	fd = tr_session();
	tr_on_holder(fd, "hold", &h, "");
	tr_expect(fd, 0, "go lane=a op=fork");
	ksft_assert(!set_param("off", "1"), "off=1");
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
	ksft_assert(!set_param("off", "N"), "off=N");
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

	clean();
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
	clean();
	ksft_assert(!syscall(SYS_capset, &head, data), "capset: %s", strerror(errno));
	for (i = 0; i < ARRAY_SIZE(files); i++) {
		ksft_expect(tr_open(files[i], O_WRONLY) == -EPERM, "%s: written", files[i]);
		ksft_expect(tr_open(files[i], O_RDWR) == -EPERM, "%s: both", files[i]);
		ksft_expect(tr_open(files[i], O_RDONLY) >= 0, "%s: not read", files[i]);
	}
}

static const struct ksft_case cases[] = {
	{ .name = "the event of a violation", .run = case_violation },
	{ .name = "events of checks", .run = case_check },
	{ .name = "events of a schedule", .run = case_steered },
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

	clean();
	return status;
}
