// SPDX-License-Identifier: GPL-2.0
/*
 * The module's files, as a test uses them; see tr.h
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tr.h"

static void tr_path(char *buf, size_t len, const char *file)
{
	snprintf(buf, len, "%s/%s", THPRACE_DEBUGFS, file);
}

bool tr_exists(const char *file)
{
	char path[128];

	tr_path(path, sizeof(path), file);
	return !access(path, F_OK);
}

int tr_open(const char *file, int flags)
{
	char path[128];
	int fd;

	tr_path(path, sizeof(path), file);
	fd = open(path, flags | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int tr_fd_write_bytes(int fd, const void *buf, size_t len)
{
	ssize_t n = write(fd, buf, len);

	if (n < 0)
		return errno;
	return n == (ssize_t)len ? 0 : EIO;
}

int tr_write_bytes(const char *file, const void *buf, size_t len)
{
	int fd = tr_open(file, O_WRONLY), err;

	if (fd < 0)
		return -fd;
	err = tr_fd_write_bytes(fd, buf, len);
	close(fd);
	return err;
}

static int tr_vformat(char *line, size_t size, const char *fmt, va_list args)
{
	int n = vsnprintf(line, size, fmt, args);

	ksft_assert(n >= 0 && n < (int)size, "a line of %d bytes", n);
	return n;
}

int tr_write(const char *file, const char *fmt, ...)
{
	char line[2 * THPRACE_MAX_LINE];
	va_list args;
	int n;

	va_start(args, fmt);
	n = tr_vformat(line, sizeof(line), fmt, args);
	va_end(args);
	return tr_write_bytes(file, line, n);
}

int tr_fd_write(int fd, const char *fmt, ...)
{
	char line[2 * THPRACE_MAX_LINE];
	va_list args;
	int n;

	va_start(args, fmt);
	n = tr_vformat(line, sizeof(line), fmt, args);
	va_end(args);
	return tr_fd_write_bytes(fd, line, n);
}

char *tr_fd_read(int fd)
{
	char *text = malloc(TR_TEXT_MAX);
	size_t len = 0;
	ssize_t n;

	ksft_assert(text, "out of memory");
	while ((n = pread(fd, text + len, TR_TEXT_MAX - 1 - len, len)) > 0)
		len += n;
	ksft_assert(!n, "read: %s", strerror(errno));
	text[len] = '\0';
	return text;
}

char *tr_read(const char *file)
{
	int fd = tr_open(file, O_RDONLY);
	char *text;

	ksft_assert(fd >= 0, "%s: %s", file, strerror(-fd));
	text = tr_fd_read(fd);
	close(fd);
	return text;
}

/* The first line that begins with @start and a blank or a colon. */
static const char *find_line(const char *text, const char *start)
{
	size_t n = strlen(start);

	while (text && *text) {
		if (!strncmp(text, start, n) && strchr("\n: ", text[n]))
			return text;
		text = strchr(text, '\n');
		if (text)
			text++;
	}
	return NULL;
}

static const char *copy_word(char *buf, size_t size, const char *s,
			     const char *end_at)
{
	size_t n;

	s += strspn(s, " \t");
	n = strcspn(s, end_at);
	if (n >= size)
		n = size - 1;
	memcpy(buf, s, n);
	buf[n] = '\0';
	return s + n;
}

const char *tr_field(const char *text, const char *word)
{
	static char value[THPRACE_MAX_LINE + 64];
	const char *line = find_line(text, word);

	value[0] = '\0';
	if (line && line[strlen(word)] == ':')
		copy_word(value, sizeof(value), line + strlen(word) + 1, "\n");
	return value;
}

u64 tr_number(const char *text, const char *word)
{
	return strtoull(tr_field(text, word), NULL, 0);
}

s64 tr_row(const char *text, const char *kind, const char *name,
	   const char *key)
{
	char start[128], want[64];
	const char *line, *end, *p;
	s64 v;

	snprintf(start, sizeof(start), "%s %s", kind, name);
	snprintf(want, sizeof(want), " %s=", key);
	line = find_line(text, start);
	if (!line)
		return -1;
	end = line + strcspn(line, "\n");
	p = strstr(line, want);
	if (!p || p >= end)
		return -1;
	v = strtoll(p + strlen(want), NULL, 0);
	return v;
}

unsigned int tr_violations(const char *text, const char *check)
{
	unsigned int nr = 0;
	char want[64], name[64];

	while ((text = find_line(text, "violation"))) {
		snprintf(want, sizeof(want), "check=");
		text += strlen("violation");
		copy_word(name, sizeof(name), text, "\n ");
		if (!strncmp(name, want, strlen(want)) &&
		    (!check || !strcmp(name + strlen(want), check)))
			nr++;
		text = strchr(text, '\n');
	}
	return nr;
}

int tr_log_open(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK);

	ksft_assert(fd >= 0, "no /dev/kmsg");
	lseek(fd, 0, SEEK_END);
	return fd;
}

const char *tr_log_read(int fd)
{
	static char text[65536];
	size_t n = 0;
	ssize_t len;

	while (n < sizeof(text) - 8192) {
		len = read(fd, text + n, 8192);
		if (len <= 0)
			break;
		n += len;
	}
	text[n] = '\0';
	return text;
}

s64 tr_stat(const char *name)
{
	char *text = tr_read("stats");
	const char *line = find_line(text, name);
	s64 v = -1;

	if (line)
		v = strtoll(line + strlen(name) + 1, NULL, 0);
	free(text);
	return v;
}

bool tr_listed(const char *file, const char *name, const char **kind,
	       bool *available, const char **reason)
{
	static char kind_buf[32], reason_buf[256];
	char *text = tr_read(file), state[16] = "";
	const char *line = find_line(text, name);

	kind_buf[0] = '\0';
	reason_buf[0] = '\0';
	if (line) {
		line = copy_word(kind_buf, sizeof(kind_buf),
				 line + strlen(name), "\n ");
		line = copy_word(state, sizeof(state), line, "\n ");
		copy_word(reason_buf, sizeof(reason_buf), line, "\n");
	}
	free(text);
	if (kind)
		*kind = kind_buf;
	if (reason)
		*reason = reason_buf;
	if (available)
		*available = !strcmp(state, "yes");
	return !strcmp(state, "yes") || !strcmp(state, "no");
}

bool tr_available(const char *file, const char *name, const char **reason)
{
	bool available;

	return tr_listed(file, name, NULL, &available, reason) && available;
}

void tr_each_task(const char *prefix, void (*fn)(pid_t pid, const char *comm, void *arg), void *arg)
{
	DIR *proc = opendir("/proc");
	struct dirent *d;

	ksft_assert(proc, "/proc: %s", strerror(errno));
	while ((d = readdir(proc))) {
		char path[300], comm[64] = "";
		FILE *f;

		if (!isdigit((unsigned char)d->d_name[0]))
			continue;
		snprintf(path, sizeof(path), "/proc/%s/comm", d->d_name);
		f = fopen(path, "r");
		if (!f)
			continue;
		if (fgets(comm, sizeof(comm), f) && !strncmp(comm, prefix, strlen(prefix)))
			fn(atoi(d->d_name), comm, arg);
		fclose(f);
	}
	closedir(proc);
}

static void count_task(pid_t pid, const char *comm, void *arg)
{
	(void)pid;
	(void)comm;
	++*(unsigned int *)arg;
}

unsigned int tr_kthreads(void)
{
	unsigned int nr = 0;

	tr_each_task(TR_KTHREADS, count_task, &nr);
	return nr;
}

bool tr_loaded(void)
{
	return !access("/sys/module/thprace", F_OK);
}

int tr_load_with(const char *params)
{
	const char *path = getenv("THPRACE_KO");
	int fd, err = 0;

	fd = open(path ? path : "", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno;
	if (syscall(SYS_finit_module, fd, params, 0))
		err = errno;
	close(fd);
	return err;
}

int tr_load(void)
{
	return tr_load_with("");
}

int tr_unload(void)
{
	return syscall(SYS_delete_module, "thprace", O_NONBLOCK) ? errno : 0;
}

const char *tr_errno_name(int err)
{
	switch (err) {
	case 0:			return "success";
	case EINVAL:		return "EINVAL";
	case ERANGE:		return "ERANGE";
	case E2BIG:		return "E2BIG";
	case EFAULT:		return "EFAULT";
	case ENOMEM:		return "ENOMEM";
	case ESRCH:		return "ESRCH";
	case EPERM:		return "EPERM";
	case EACCES:		return "EACCES";
	case EOPNOTSUPP:	return "EOPNOTSUPP";
	case EBUSY:		return "EBUSY";
	case EINTR:		return "EINTR";
	default:		return strerror(err);
	}
}

int tr_session(void)
{
	int fd = tr_open("session", O_RDWR);

	ksft_assert(fd >= 0, "no session: %s", strerror(-fd));
	return fd;
}

void tr_expect(int fd, int want, const char *line)
{
	int err = tr_fd_write(fd, "%s", line);

	ksft_expect(err == want, "\"%s\": %s, expected %s", line,
		    tr_errno_name(err), tr_errno_name(want));
}

void tr_on_holder(int fd, const char *verb, struct holder *h,
		  const char *words)
{
	int err = tr_fd_write(fd, "%s pid=%d map=%p+%#zx %s", verb, h->pid,
			      h->r.addr, h->r.len, words);

	ksft_assert(!err, "%s %s: %s", verb, words, tr_errno_name(err));
}

void tr_split_all(int fd, struct holder *h)
{
	unsigned int tries;
	char *report;
	s64 busy = 1;

	for (tries = 0; tries < 20 && busy > 0; tries++) {
		if (tries)
			usleep(100000);
		tr_expect(fd, 0, "reset");
		tr_on_holder(fd, "split", h, "");
		report = tr_fd_read(fd);
		busy = tr_row(report, "op", "split", "busy");
		free(report);
	}
	ksft_expect(busy <= 0, "%lld huge pages do not split", (long long)busy);
}

s64 tr_try_split(struct holder *h)
{
	int err = tr_write("split", "pid=%d map=%p+%#zx", h->pid, h->r.addr,
			   h->r.len);
	char *report;
	s64 done;

	ksft_assert(!err, "split: %s", tr_errno_name(err));
	report = tr_read("last");
	done = tr_row(report, "op", "split", "done");
	free(report);
	return done;
}

char *tr_check_sound(const char *words)
{
	char *report;
	int err = tr_write("check", "%s", words);

	ksft_assert(!err, "check %s: %s", words, tr_errno_name(err));
	report = tr_read("last");
	if (!ksft_expect(!tr_violations(report, NULL), "a violation"))
		ksft_msg("%s", report);
	return report;
}

void tr_no_skip(const char *report)
{
	static const char * const names[] = THPRACE_CHECK_NAMES;
	unsigned int i;
	s64 n;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		n = tr_row(report, "check", names[i], "skipped");
		ksft_expect(n <= 0, "%s skipped=%lld", names[i], (long long)n);
	}
}
