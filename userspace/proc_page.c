// SPDX-License-Identifier: GPL-2.0
/*
 * The files of /proc about pages: pagemap, kpageflags, kpagecount
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include "env.h"
#include "proc_page.h"
#include "util.h"

/* Any lane may be the first; of two that are, one closes its own again. */
static int open_once(const char *path, int *fd)
{
	int opened, was = __atomic_load_n(fd, __ATOMIC_ACQUIRE);

	if (was)
		return was;
	opened = open(path, O_RDONLY | O_CLOEXEC);
	if (opened < 0)
		opened = -1;
	if (__atomic_compare_exchange_n(fd, &was, opened, false, __ATOMIC_ACQ_REL,
					__ATOMIC_ACQUIRE))
		return opened;
	if (opened >= 0)
		close(opened);
	return was;
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

static int pagemap;			/* of this process; 0: not opened yet */

/* A forked child has to open its own. */
static void forget_pagemap(void)
{
	if (pagemap > 0)
		close(pagemap);
	pagemap = 0;
}

static void forget_when_forked(void)
{
	pthread_atfork(NULL, NULL, forget_pagemap);
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
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, forget_when_forked);
	return read_words(open_once("/proc/self/pagemap", &pagemap), entry,
			  (unsigned long)addr / env.page_size, nr);
}
