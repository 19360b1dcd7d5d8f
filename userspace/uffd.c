// SPDX-License-Identifier: GPL-2.0
/*
 * userfaultfd: opened, given memory, and how it moves pages between VMAs (6.8)
 *
 * What is moved has to be private anonymous memory that no other process has, and
 * where it goes must be registered and empty.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "uffd.h"
#include "util.h"

#ifndef UFFD_FEATURE_MOVE
#define UFFD_FEATURE_MOVE	BIT_ULL(16)
#endif
#ifndef UFFDIO_MOVE
struct uffdio_move {
	__u64 dst, src, len, mode;
	__s64 move;			/* bytes, or a negative errno: nothing */
};

#define UFFDIO_MOVE		_IOWR(UFFDIO, 0x05, struct uffdio_move)
#define UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES BIT_ULL(1)
#endif
#define MAX_TRIES		8

/**
 * uffd_open() - a userfaultfd of the calling process
 * @features: UFFD_FEATURE_ bits that it must have
 *
 * Returns a file descriptor or a negative errno.
 */
int uffd_open(u64 features)
{
	struct uffdio_api api = { .api = UFFD_API, .features = features };
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return -errno;
	if (!ioctl(fd, UFFDIO_API, &api))
		return fd;
	close(fd);
	return -EOPNOTSUPP;
}

/**
 * uffd_register() - memory is a userfaultfd's from here on
 * @fd: from uffd_open()
 * @at: address
 * @len: bytes
 * @mode: UFFDIO_REGISTER_MODE_ bits
 *
 * Returns 0 or a negative errno.
 */
int uffd_register(int fd, void *at, size_t len, u64 mode)
{
	struct uffdio_register reg = {
		.range = { .start = (unsigned long)at, .len = len },
		.mode = mode,
	};

	return ioctl(fd, UFFDIO_REGISTER, &reg) ? -errno : 0;
}

/**
 * uffd_unregister() - it is nobody's any more, and has no marks
 * @fd: from uffd_open()
 * @at: address
 * @len: bytes
 *
 * Returns 0 or a negative errno.
 */
int uffd_unregister(int fd, void *at, size_t len)
{
	struct uffdio_range range = { .start = (unsigned long)at, .len = len };

	return ioctl(fd, UFFDIO_UNREGISTER, &range) ? -errno : 0;
}

/**
 * uffd_open_to_move() - one that can move pages
 */
int uffd_open_to_move(void)
{
	return uffd_open(UFFD_FEATURE_MOVE);
}

/**
 * uffd_move_why_not() - why no pages can be moved so, or NULL
 */
const char *uffd_move_why_not(void)
{
	int fd = uffd_open_to_move();

	if (fd < 0)
		return "this kernel has no UFFDIO_MOVE (or not root)";
	close(fd);
	return NULL;
}

/**
 * uffd_move() - move pages
 * @fd: from uffd_open_to_move()
 * @to: VMA with nothing in it
 * @from: pages, or holes, which become holes there
 * @len: bytes
 *
 * Returns how many bytes were moved, or a negative errno: it could not be tried.
 */
ssize_t uffd_move(int fd, void *to, void *from, size_t len)
{
	int err = uffd_register(fd, to, len, UFFDIO_REGISTER_MODE_MISSING);
	size_t moved = 0;
	unsigned int i;

	if (err)
		return err;
	/* It ends early where something is locked, or another one has it for now. */
	for (i = 0; i < MAX_TRIES && moved < len; i++) {
		struct uffdio_move mv = {
			.dst = (unsigned long)to + moved,
			.src = (unsigned long)from + moved,
			.len = len - moved,
			.mode = UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES,
		};

		if (ioctl(fd, UFFDIO_MOVE, &mv) && errno != EAGAIN)
			break;
		if (mv.move > 0)
			moved += mv.move;
	}
	err = uffd_unregister(fd, to, len);
	return err ? err : (ssize_t)moved;
}
