// SPDX-License-Identifier: GPL-2.0
/*
 * Speaks to the module over a session
 *
 * One command a write, the report on read; see docs/ABI.md.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "tally.h"
#include "touch.h"
#include "util.h"

#define REPORT_MAX	0x100000

const struct touch session_touches[] = {
	{ .kind = TOUCH_MODULE, .what = "thprace",
	  .others = "probes in the kernel; a lane that is parked delays RCU, for 1 s at most" },
	{ }
};

/**
 * session_open() - a session of our own; workers inherit it
 *
 * Returns a file descriptor or a negative errno.
 */
int session_open(void)
{
	int fd = open(THPRACE_DEBUGFS "/session", O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/**
 * session_cmd() - one command
 * @fd: session
 * @fmt: the line, without newline
 *
 * Returns 0 or a negative errno.
 */
int session_cmd(int fd, const char *fmt, ...)
{
	char line[THPRACE_MAX_LINE + 1];
	va_list ap;
	ssize_t n;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (len < 0 || len > THPRACE_MAX_LINE)
		return -E2BIG;
	/*
	 * write() on a file that threads or processes share takes the lock of
	 * its position: a lane would wait for the other's op to end.
	 */
	n = pwrite(fd, line, len, 0);
	if (n < 0 && errno == ESPIPE)
		n = write(fd, line, len);
	if (n < 0)
		return -errno;
	return n == len ? 0 : -EIO;
}

static int read_report(int fd, char *text, size_t size)
{
	size_t len = 0;
	ssize_t n;

	while (len < size - 1) {
		n = pread(fd, text + len, size - 1 - len, len);
		if (n < 0 && errno == ESPIPE)
			n = read(fd, text + len, size - 1 - len);
		if (n < 0) {
			set_error("cannot read the session's report: %s", strerror(errno));
			return -errno;
		}
		if (!n)
			break;
		len += n;
	}
	text[len] = '\0';
	return 0;
}

/**
 * session_why() - why the module refused the last command, for people
 * @fd: session
 * @err: what session_cmd() returned
 *
 * Returns a text in static storage: the word, and what is allowed in its place.
 */
const char *session_why(int fd, int err)
{
	static char text[REPORT_MAX];
	char *why;

	why = read_report(fd, text, sizeof(text)) ? NULL : strstr(text, "\nerror_text: ");
	if (!why)
		return strerror(-err);
	why += strlen("\nerror_text: ");
	why[strcspn(why, "\n")] = '\0';
	return why;
}

/**
 * session_try_steer() - does the module understand this schedule?
 * @schedule: as of --steer, or NULL
 *
 * What this kernel cannot do is not asked here: then scenarios are skipped.
 *
 * Returns 0, or -EINVAL: set_error() was called.
 */
int session_try_steer(const char *schedule)
{
	int fd = schedule ? session_open() : -1, err = 0;

	if (fd < 0)
		return 0;
	err = session_cmd(fd, "arm steer=\"%s\"", schedule);
	if (err == -EINVAL || err == -ERANGE || err == -E2BIG)
		set_error("--steer: %.250s", session_why(fd, err));
	else
		err = 0;
	close(fd);
	return err ? -EINVAL : 0;
}

/**
 * session_met() - was every point of the last round's schedule reached?
 * @fd: session
 */
bool session_met(int fd)
{
	static char text[REPORT_MAX];

	return !read_report(fd, text, sizeof(text)) && tally_met(text);
}

/**
 * session_report() - the session's report, parsed
 * @fd: session
 * @t: result
 */
int session_report(int fd, struct tally *t)
{
	static char text[REPORT_MAX];
	int err;

	err = read_report(fd, text, sizeof(text));
	if (err)
		return err;
	err = tally_parse(t, text);
	if (err == -ENOSPC)
		set_error("the session's report has more than %u ops or %u cells of a grid",
			  MAX_OPS, MAX_CELLS);
	else if (err)
		set_error("the session's report does not begin with \"%s\"",
			  THPRACE_REPORT_MAGIC);
	return err;
}
