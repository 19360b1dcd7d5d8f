// SPDX-License-Identifier: GPL-2.0
/*
 * The files of /proc about pages: pagemap, kpageflags, kpagecount
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "env.h"
#include "proc_page.h"
#include "util.h"

static int open_once(const char *path, int *fd)
{
	if (!*fd) {
		*fd = open(path, O_RDONLY | O_CLOEXEC);
		if (*fd < 0)
			*fd = -1;
	}
	return *fd;
}

static int read_words(int fd, u64 *word, u64 first, unsigned int nr)
{
	size_t bytes = nr * sizeof(*word);

	if (fd < 0)
		return -ENOENT;
	return pread(fd, word, bytes, first * sizeof(*word)) == (ssize_t)bytes ? 0 : -EIO;
}

/**
 * page_flags() - what kpageflags says of frames
 * @pfn: the first
 * @flags: result
 * @nr: how many
 *
 * Returns 0 or a negative errno.
 */
int page_flags(u64 pfn, u64 *flags, unsigned int nr)
{
	static int fd;

	return read_words(open_once("/proc/kpageflags", &fd), flags, pfn, nr);
}

/**
 * page_count() - how often a frame is mapped, says kpagecount
 * @pfn: frame
 * @count: result
 *
 * Returns 0 or a negative errno.
 */
int page_count(u64 pfn, u64 *count)
{
	static int fd;

	return read_words(open_once("/proc/kpagecount", &fd), count, pfn, 1);
}

/**
 * pagemap_entries() - what pagemap says of pages of the caller
 * @addr: address of the first
 * @entry: result
 * @nr: how many
 *
 * Returns 0 or a negative errno.
 */
int pagemap_entries(const void *addr, u64 *entry, unsigned int nr)
{
	static pid_t owner;
	static int fd;

	/* A forked child has to open its own. */
	if (owner != getpid()) {
		if (fd > 0)
			close(fd);
		fd = 0;
		owner = getpid();
	}
	return read_words(open_once("/proc/self/pagemap", &fd), entry,
			  (unsigned long)addr / env.page_size, nr);
}
