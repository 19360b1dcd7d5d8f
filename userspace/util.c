// SPDX-License-Identifier: GPL-2.0
/*
 * Time, strict numbers, small files, the last error
 *
 * Used by every other file.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "util.h"

static char error_text[320];
static bool (*may_write)(const char *path);

u64 now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
}

/**
 * parse_u64() - a decimal or 0x-hexadecimal number, wholly
 * @s: text
 * @min: smallest allowed
 * @max: largest allowed
 * @val: result
 *
 * No sign, blank or trailing junk.  Returns 0, -EINVAL or -ERANGE.
 */
int parse_u64(const char *s, u64 min, u64 max, u64 *val)
{
	int base = 10;
	char *end;
	u64 v;

	if (s[0] == '0' && (s[1] == 'x' || s[1] == 'X')) {
		base = 16;
		s += 2;
	}
	if (!((s[0] >= '0' && s[0] <= '9') ||
	      (base == 16 && ((s[0] | 32) >= 'a' && (s[0] | 32) <= 'f'))))
		return -EINVAL;
	errno = 0;
	v = strtoull(s, &end, base);
	if (*end)
		return -EINVAL;
	if (errno || v < min || v > max)
		return -ERANGE;
	*val = v;
	return 0;
}

/**
 * read_text() - a small file as a string
 * @path: file
 * @buf: result, always terminated
 * @size: of @buf
 *
 * Returns the length or a negative errno.
 */
ssize_t read_text(const char *path, char *buf, size_t size)
{
	size_t len = 0;
	ssize_t n = 0;
	int fd;

	buf[0] = '\0';
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	while (len < size - 1) {
		n = read(fd, buf + len, size - 1 - len);
		if (n <= 0)
			break;
		len += n;
	}
	if (n < 0)
		n = -errno;
	buf[len] = '\0';
	close(fd);
	return n < 0 ? n : (ssize_t)len;
}

/**
 * write_text_only() - from here on write_text() refuses other files
 * @may: says whether a file may be written
 */
void write_text_only(bool (*may)(const char *path))
{
	may_write = may;
}

int write_text(const char *path, const char *text)
{
	size_t len = strlen(text);
	int err = 0;
	ssize_t n;
	int fd;

	if (may_write && !may_write(path)) {
		set_error("%s is not on the list of what this run touches", path);
		return -EPERM;
	}
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = write(fd, text, len);
	if (n < 0)
		err = -errno;
	else if ((size_t)n != len)
		err = -EIO;
	close(fd);
	return err;
}

/**
 * set_error() - remember why the harness gives up
 * @fmt: printf format
 *
 * The first reason is kept: later ones are consequences.
 */
void set_error(const char *fmt, ...)
{
	va_list ap;

	if (error_text[0])
		return;
	va_start(ap, fmt);
	vsnprintf(error_text, sizeof(error_text), fmt, ap);
	va_end(ap);
}

const char *last_error(void)
{
	return error_text[0] ? error_text : "unknown error";
}

/**
 * errno_name() - "ENOMEM", or the number where the C library has no names
 * @err: errno, positive
 *
 * Good until the next call of the same thread.
 */
const char *errno_name(int err)
{
	static __thread char number[12];
	const char *name = NULL;

#if __GLIBC_PREREQ(2, 32)
	name = strerrorname_np(err);
#endif
	if (name)
		return name;
	snprintf(number, sizeof(number), "%d", err);
	return number;
}

/**
 * map_shared() - zeroed memory that is shared with all that is forked later
 * @size: bytes
 *
 * Touched here, so that it is not charged to a scenario.  Returns NULL, with an error set,
 * when there is none.
 */
void *map_shared(size_t size)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED) {
		set_error("cannot map shared memory");
		return NULL;
	}
	memset(at, 0, size);
	return at;
}

/**
 * injected() - is a fault of this name to be put in?  Positive controls
 * @what: a word of the list in THPRACE_INJECT
 */
bool injected(const char *what)
{
	const char *at = getenv("THPRACE_INJECT");
	size_t len = strlen(what), n;

	for (; at && *at; at += n + (at[n] == ',')) {
		n = strcspn(at, ",");
		if (n == len && !memcmp(at, what, len))
			return true;
	}
	return false;
}

void copy_word(char *dst, size_t size, const char *src)
{
	size_t len = strnlen(src, size - 1);

	memcpy(dst, src, len);
	dst[len] = '\0';
}
