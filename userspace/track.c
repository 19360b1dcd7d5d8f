// SPDX-License-Identifier: GPL-2.0
/*
 * Marks by which writes are tracked: soft-dirty, userfaultfd's write protection
 *
 * How they are set, taken away and read, for the scenarios of marks.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "env.h"
#include "region.h"
#include "track.h"
#include "uffd.h"
#include "util.h"

#define CLEAR_REFS		"/proc/self/clear_refs"
#define PM_SWAP			BIT_ULL(62)
#define PM_SWAP_TYPE		31		/* types from MAX_SWAPFILES on are no swap */
#define MIN_MAX_SWAPFILES	23

/* linux/fs.h has these since 6.7. */
struct scan_arg {
	u64 size, flags, start, end, walk_end, vec, vec_len, max_pages;
	u64 category_inverted, category_mask, category_anyof_mask, return_mask;
};

#define SCAN_PAGES		_IOWR('f', 16, struct scan_arg)
#define SCAN_WP_MATCHING	1

/**
 * track_clear() - clear the soft-dirty bits of the whole process
 *
 * Returns 0 or a negative errno.
 */
int track_clear(void)
{
	return write_text(CLEAR_REFS, "4");
}

/**
 * track_entries() - what pagemap says of some pages
 * @pagemap: open file
 * @at: the first page
 * @entry: result
 * @nr: pages
 *
 * Returns 0 or a negative errno.
 */
int track_entries(int pagemap, const void *at, u64 *entry, unsigned int nr)
{
	ssize_t len = nr * sizeof(*entry);
	off_t from = (unsigned long)at / env.page_size * sizeof(*entry);

	return pread(pagemap, entry, len, from) == len ? 0 : -EIO;
}

/**
 * track_is_no_swap() - an entry that looks like swap, and is a migration entry or a marker
 * @entry: of pagemap
 */
bool track_is_no_swap(u64 entry)
{
	return (entry & PM_THERE) == PM_SWAP && (entry & PM_SWAP_TYPE) >= MIN_MAX_SWAPFILES;
}

static char *try_page(void)
{
	char *at = mmap(NULL, env.page_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			-1, 0);

	return at == MAP_FAILED ? NULL : at;
}

/**
 * track_softdirty_why_not() - why there are no soft-dirty bits, or NULL
 *
 * A kernel without the option clears its bits all the same, but none is ever set.
 */
const char *track_softdirty_why_not(void)
{
	u64 entry = 0;
	int pagemap;
	char *at;

	if (pagemap_why_not())
		return pagemap_why_not();
	at = try_page();
	if (!at)
		return "no memory to try soft-dirty tracking on";
	pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	/* any process may clear its own */
	if (!track_clear()) {
		*at = 1;
		if (track_entries(pagemap, at, &entry, 1))
			entry = 0;
	}
	if (pagemap >= 0)
		close(pagemap);
	munmap(at, env.page_size);
	return entry & PM_SOFT_DIRTY ? NULL : "this kernel has no soft-dirty tracking";
}

/**
 * track_open_uffd() - a userfaultfd for write protection
 * @features: beside that
 *
 * Returns a file or a negative errno.
 */
int track_open_uffd(u64 features)
{
	return uffd_open(UFFD_FEATURE_PAGEFAULT_FLAG_WP | features);
}

int track_register(int fd, void *at, size_t len)
{
	return uffd_register(fd, at, len, UFFDIO_REGISTER_MODE_WP);
}

int track_protect(int fd, void *at, size_t len, bool on)
{
	struct uffdio_writeprotect wp = {
		.range = { .start = (unsigned long)at, .len = len },
		.mode = on ? UFFDIO_WRITEPROTECT_MODE_WP : 0,
	};

	return ioctl(fd, UFFDIO_WRITEPROTECT, &wp) ? -errno : 0;
}

/* Tries it on one page.  Returns what pagemap shows then, or a negative errno. */
static int try_protect(u64 *entry)
{
	int fd = track_open_uffd(0), pagemap, err;
	char *at;

	*entry = 0;
	if (fd < 0)
		return fd;
	at = try_page();
	pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	err = at ? track_register(fd, at, env.page_size) : -ENOMEM;
	if (!err) {
		*at = 1;
		err = track_protect(fd, at, env.page_size, true);
	}
	if (!err && track_entries(pagemap, at, entry, 1))
		*entry = 0;
	if (pagemap >= 0)
		close(pagemap);
	close(fd);
	if (at)
		munmap(at, env.page_size);
	return err;
}

/**
 * track_uffd_why_not() - why userfaultfd cannot write-protect here, or NULL
 */
const char *track_uffd_why_not(void)
{
	int fd = track_open_uffd(0);
	u64 entry;

	if (fd < 0)
		return "this kernel has no userfaultfd write-protection (or not permitted)";
	close(fd);
	if (pagemap_why_not())
		return pagemap_why_not();
	return try_protect(&entry) ? "userfaultfd cannot write-protect anonymous memory here" :
				     NULL;
}

/**
 * track_shows_uffd() - does pagemap show which pages are write-protected?
 *
 * Since 5.14.
 */
bool track_shows_uffd(void)
{
	u64 entry;

	return !try_protect(&entry) && entry & PM_UFFD_WP;
}

/**
 * track_scan_protect() - have PAGEMAP_SCAN write-protect pages
 * @pagemap: open file
 * @at: the first page, in memory that is registered for it
 * @len: bytes
 *
 * Returns 0 or a negative errno.
 */
int track_scan_protect(int pagemap, void *at, size_t len)
{
	struct scan_arg arg = {
		.size = sizeof(arg), .flags = SCAN_WP_MATCHING,
		.start = (unsigned long)at, .end = (unsigned long)at + len,
	};

	return ioctl(pagemap, SCAN_PAGES, &arg) < 0 ? -errno : 0;
}
