// SPDX-License-Identifier: GPL-2.0
/*
 * Ways by which the kernel writes into somebody's pages through a reference
 *
 * O_DIRECT, an io_uring's registered buffer, process_vm_writev(), /proc/self/mem,
 * and, to compare with, a pipe, whose pages are copied as by the process itself.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "env.h"
#include "region.h"
#include "ring.h"
#include "rng.h"
#include "undo.h"
#include "util.h"
#include "writes.h"

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE		25
#endif
#ifndef SYS_cachestat
#define SYS_cachestat		451
#endif
#define FILE_DIR		"/var/tmp"
#define WORDS_ALIKE		8	/* so that it takes zram some time to unpack it */

static u64 source_word(const struct writes *w, unsigned int page, unsigned int i)
{
	return mix64(w->seed, page) + i / WORDS_ALIKE;
}

/**
 * writes_verify() - is this what was written to this page?
 * @w: who wrote
 * @page: page aligned
 * @i: number of the page that was written there
 * @or_zero: it may have been discarded, also when some of it had been copied, or
 *	while we look: so any word may be zero
 * @bad: the first word that is not
 */
bool writes_verify(const struct writes *w, const char *page, unsigned int i, bool or_zero,
		   struct mismatch *bad)
{
	unsigned int nr_words = env.page_size / sizeof(u64), word;
	const u64 *at = (const u64 *)page;

	for (word = 0; word < nr_words; word++) {
		bad->got = __atomic_load_n(at + word, __ATOMIC_RELAXED);
		bad->want = source_word(w, i, word);
		if (bad->got != bad->want && !(or_zero && !bad->got))
			break;
	}
	bad->addr = page;
	bad->offset = word * sizeof(u64);
	return word == nr_words;
}

/**
 * writes_same() - the owner writes a little of what is written there anyway
 * @w: who writes
 * @page: page aligned
 * @i: number of the page that is written there
 */
void writes_same(const struct writes *w, char *page, unsigned int i)
{
	__atomic_store_n((u64 *)page, source_word(w, i, 0), __ATOMIC_RELAXED);
}

/* Of which direct I/O would be none. */
static bool in_memory(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) || fs.f_type == TMPFS_MAGIC || fs.f_type == RAMFS_MAGIC ||
	       fs.f_type == OVERLAYFS_SUPER_MAGIC;
}

static int open_file(void)
{
	int fd = open(FILE_DIR, O_TMPFILE | O_RDWR | O_DIRECT | O_CLOEXEC, 0600);

	if (fd >= 0 && in_memory(fd)) {
		close(fd);
		return -EINVAL;
	}
	return fd;
}

static bool holds_source(const struct writes *w, int fd)
{
	ssize_t len = w->nr_pages * env.page_size;

	return pwrite(fd, w->source, len, 0) == len && !fsync(fd);
}

static void open_disk(struct writes *w, bool may_have_file)
{
	w->disk = device_open();
	w->on_device = w->disk >= 0;
	if (!w->on_device && may_have_file)
		w->disk = open_file();
	if (w->disk < 0 || holds_source(w, w->disk))
		return;
	close(w->disk);
	w->disk = -1;
}

static int make_source(struct writes *w)
{
	unsigned int nr_words = env.page_size / sizeof(u64), page, i;
	size_t len = w->nr_pages * env.page_size;
	u64 *word;

	w->source = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (w->source == MAP_FAILED) {
		w->source = NULL;
		return -ENOMEM;
	}
	madvise(w->source, len, MADV_NOHUGEPAGE);
	for (page = 0; page < w->nr_pages; page++) {
		word = (u64 *)(w->source + page * env.page_size);
		for (i = 0; i < nr_words; i++)
			word[i] = source_word(w, page, i);
	}
	return 0;
}

/**
 * writes_open() - get ready for what there is on this machine
 * @w: result; to be given to writes_close() whatever comes of it
 * @seed: of what will be written
 * @nr_pages: the most that is written at once
 * @may_have_file: where there is no device, a nameless file may be made
 *
 * Returns 0, or a negative errno with set_error().
 */
int writes_open(struct writes *w, u64 seed, unsigned int nr_pages, bool may_have_file)
{
	memset(w, 0, sizeof(*w));
	w->memory = -1;
	w->disk = -1;
	w->pipe[0] = -1;
	w->pipe[1] = -1;
	w->seed = seed;
	w->nr_pages = nr_pages;
	w->mem = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
	if (ring_open(&w->ring))
		ring_close(&w->ring);
	if (make_source(w)) {
		set_error("out of memory");
		return -ENOMEM;
	}
	w->memory = memfd_create("thprace", MFD_CLOEXEC);
	if (w->memory < 0 || !holds_source(w, w->memory) || pipe2(w->pipe, O_CLOEXEC)) {
		set_error("cannot make a file in memory, or a pipe: %s", strerror(errno));
		return -EIO;
	}
	open_disk(w, may_have_file);
	return 0;
}

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

/**
 * writes_close() - the end of it
 * @w: as writes_open() left it
 */
void writes_close(struct writes *w)
{
	ring_close(&w->ring);
	close_fd(w->mem);
	close_fd(w->pipe[0]);
	close_fd(w->pipe[1]);
	close_fd(w->memory);
	close_fd(w->disk);
	if (w->source)
		munmap(w->source, w->nr_pages * env.page_size);
	w->source = NULL;
}

static ssize_t or_errno(ssize_t n)
{
	return n < 0 ? -errno : n;
}

static bool direct_there(const struct writes *w)
{
	return w->disk >= 0;
}

static ssize_t direct_write(struct writes *w, char *at, size_t len)
{
	return or_errno(pread(w->disk, at, len, 0));
}

/*
 * Block devices pin for direct I/O since 6.5, where cachestat() is new as well.  With
 * a mere reference the owner's write may copy the page, and other file systems still
 * take one.
 */
static bool direct_survives(const struct writes *w)
{
	return w->on_device && syscall(SYS_cachestat, -1, NULL, NULL, 0) && errno == EBADF;
}

static bool ring_there(const struct writes *w)
{
	return w->ring.fd >= 0;
}

static int fixed_pin(struct writes *w, char *at, size_t len)
{
	return ring_pin(&w->ring, at, len);
}

static int fixed_unpin(struct writes *w)
{
	return ring_unpin(&w->ring);
}

static ssize_t fixed_write(struct writes *w, char *at, size_t len)
{
	return ring_read_fixed(&w->ring, w->memory, at, len);
}

static ssize_t fixed_disk_write(struct writes *w, char *at, size_t len)
{
	return ring_read_fixed(&w->ring, w->disk, at, len);
}

static bool fixed_disk_there(const struct writes *w)
{
	return ring_there(w) && direct_there(w);
}

/*
 * That a page which is pinned stays its owner's is a rule since PG_anon_exclusive (5.19);
 * MADV_COLLAPSE is a little younger.
 */
static bool pins_survive(const struct writes *w)
{
	(void)w;
	return env_has_madvise(MADV_COLLAPSE);
}

static ssize_t vm_write(struct writes *w, char *at, size_t len)
{
	struct iovec from = { .iov_base = w->source, .iov_len = len };
	struct iovec to = { .iov_base = at, .iov_len = len };

	return or_errno(process_vm_writev(getpid(), &from, 1, &to, 1, 0));
}

/* To itself and of nothing: says whether the call is there at all. */
static bool vm_there(const struct writes *w)
{
	(void)w;
	return !process_vm_writev(getpid(), NULL, 0, NULL, 0, 0);
}

static bool mem_there(const struct writes *w)
{
	return w->mem >= 0;
}

static ssize_t mem_write(struct writes *w, char *at, size_t len)
{
	return or_errno(pwrite(w->mem, w->source, len, (unsigned long)at));
}

static bool always_there(const struct writes *w)
{
	(void)w;
	return true;
}

/* Whatever was not taken out must not be the next one's. */
static void drain(struct writes *w, size_t len)
{
	char scrap[4096];
	ssize_t n;

	for (; len; len -= n) {
		n = read(w->pipe[0], scrap, len < sizeof(scrap) ? len : sizeof(scrap));
		if (n <= 0)
			break;
	}
}

static ssize_t pipe_write(struct writes *w, char *at, size_t len)
{
	size_t done = 0, chunk;
	ssize_t put, got;

	while (done < len) {
		struct iovec iov = { .iov_base = at + done };

		/* A page at a time fits into any pipe. */
		chunk = len - done < env.page_size ? len - done : env.page_size;
		put = write(w->pipe[1], w->source + done, chunk);
		if (put <= 0)
			break;
		iov.iov_len = put;
		got = vmsplice(w->pipe[0], &iov, 1, 0);
		if (got > 0)
			done += got;
		if (got == put)
			continue;
		drain(w, put - (got > 0 ? got : 0));
		break;
	}
	return done ? (ssize_t)done : -EFAULT;
}

const struct write_kind write_kinds[] = {
	{ .name = "O_DIRECT", .phases = "gup_fast", .there = direct_there,
	  .write = direct_write, .survives_sharing = direct_survives },
	{ .name = "READ_FIXED", .phases = "pin_pages unpin_user_page", .there = ring_there,
	  .pin = fixed_pin, .unpin = fixed_unpin, .write = fixed_write,
	  .survives_sharing = pins_survive },
	{ .name = "process_vm_writev", .phases = "gup_slow follow_page_pte follow_trans_huge_pmd",
	  .there = vm_there, .write = vm_write, .survives_sharing = pins_survive },
	{ .name = "O_DIRECT", .there = direct_there,
	  .write = direct_write, .survives_sharing = direct_survives },
	{ .name = "READ_FIXED of O_DIRECT", .there = fixed_disk_there,
	  .pin = fixed_pin, .unpin = fixed_unpin, .write = fixed_disk_write,
	  .survives_sharing = pins_survive },
	{ .name = "/proc/self/mem", .there = mem_there,
	  .write = mem_write, .survives_sharing = pins_survive },
	{ .name = "vmsplice", .there = always_there,
	  .write = pipe_write, .survives_sharing = always_there },
};

const unsigned int nr_write_kinds = ARRAY_SIZE(write_kinds);
