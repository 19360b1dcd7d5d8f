// SPDX-License-Identifier: GPL-2.0
/*
 * An io_uring by its system calls, without liburing
 *
 * Just what a scenario needs to hold pages for long and to read into them: one
 * buffer, one request at a time, by one thread.
 */
#include <errno.h>
#include <linux/io_uring.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "ring.h"
#include "util.h"

#ifndef SYS_io_uring_setup
#define SYS_io_uring_setup	425
#define SYS_io_uring_enter	426
#define SYS_io_uring_register	427
#endif

static void *map_queue(int fd, size_t len, off_t what)
{
	void *at = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, what);

	return at == MAP_FAILED ? NULL : at;
}

static int map_queues(struct ring *ring, const struct io_uring_params *p)
{
	ring->queues_len = p->sq_off.array + p->sq_entries * sizeof(u32);
	ring->completions_len = p->cq_off.cqes + p->cq_entries * sizeof(struct io_uring_cqe);
	if (p->features & IORING_FEAT_SINGLE_MMAP) {
		if (ring->queues_len < ring->completions_len)
			ring->queues_len = ring->completions_len;
		ring->completions_len = 0;
	}
	ring->queues = map_queue(ring->fd, ring->queues_len, IORING_OFF_SQ_RING);
	ring->completions = ring->completions_len ?
			    map_queue(ring->fd, ring->completions_len, IORING_OFF_CQ_RING) :
			    ring->queues;
	ring->sqe = map_queue(ring->fd, sizeof(*ring->sqe), IORING_OFF_SQES);
	if (!ring->queues || !ring->completions || !ring->sqe)
		return -ENOMEM;
	ring->sq_tail = ring->queues + p->sq_off.tail;
	ring->sq_index = ring->queues + p->sq_off.array;
	ring->sq_mask = p->sq_entries - 1;
	ring->cq_head = ring->completions + p->cq_off.head;
	ring->cq_tail = ring->completions + p->cq_off.tail;
	ring->cqe = ring->completions + p->cq_off.cqes;
	ring->cq_mask = p->cq_entries - 1;
	return 0;
}

/**
 * ring_open() - an io_uring for one request
 * @ring: result; to be given to ring_close() whatever comes of it
 *
 * Returns 0 or a negative errno: there is none, or it may not be had.
 */
int ring_open(struct ring *ring)
{
	struct io_uring_params params;

	memset(ring, 0, sizeof(*ring));
	memset(&params, 0, sizeof(params));
	ring->fd = syscall(SYS_io_uring_setup, 1, &params);
	return ring->fd < 0 ? -errno : map_queues(ring, &params);
}

/**
 * ring_close() - and let go what is pinned
 * @ring: as ring_open() left it
 */
void ring_close(struct ring *ring)
{
	if (ring->sqe)
		munmap(ring->sqe, sizeof(*ring->sqe));
	if (ring->completions && ring->completions_len)
		munmap(ring->completions, ring->completions_len);
	if (ring->queues)
		munmap(ring->queues, ring->queues_len);
	if (ring->fd >= 0)
		close(ring->fd);
	memset(ring, 0, sizeof(*ring));
	ring->fd = -1;
}

/**
 * ring_pin() - register a buffer, which pins its pages for long
 * @ring: ring without a buffer
 * @at: where
 * @len: bytes
 *
 * Returns 0 or a negative errno.
 */
int ring_pin(struct ring *ring, void *at, size_t len)
{
	struct iovec iov = { .iov_base = at, .iov_len = len };

	return syscall(SYS_io_uring_register, ring->fd, IORING_REGISTER_BUFFERS, &iov, 1) ?
	       -errno : 0;
}

/**
 * ring_unpin() - let the buffer go
 * @ring: ring with a buffer
 *
 * Returns 0 or a negative errno.
 */
int ring_unpin(struct ring *ring)
{
	return syscall(SYS_io_uring_register, ring->fd, IORING_UNREGISTER_BUFFERS, NULL, 0) ?
	       -errno : 0;
}

/* EINTR leaves the request where it is. */
static int submit_and_wait(struct ring *ring)
{
	unsigned int to_submit = 1;
	long n;

	while (__atomic_load_n(ring->cq_tail, __ATOMIC_ACQUIRE) == *ring->cq_head) {
		n = syscall(SYS_io_uring_enter, ring->fd, to_submit, 1, IORING_ENTER_GETEVENTS,
			    NULL, 0);
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0)
			to_submit = 0;
	}
	return 0;
}

/**
 * ring_read_fixed() - read the beginning of a file into the registered buffer
 * @ring: ring with a buffer
 * @file: to be read
 * @at: address in the buffer
 * @len: bytes
 *
 * Returns the bytes that were read, or a negative errno.
 */
ssize_t ring_read_fixed(struct ring *ring, int file, void *at, size_t len)
{
	u32 tail = *ring->sq_tail, head = *ring->cq_head;
	ssize_t got;
	int err;

	memset(ring->sqe, 0, sizeof(*ring->sqe));
	ring->sqe->opcode = IORING_OP_READ_FIXED;
	ring->sqe->fd = file;
	ring->sqe->addr = (unsigned long)at;
	ring->sqe->len = len;
	ring->sq_index[tail & ring->sq_mask] = 0;
	__atomic_store_n(ring->sq_tail, tail + 1, __ATOMIC_RELEASE);
	err = submit_and_wait(ring);
	if (err)
		return err;
	got = ring->cqe[head & ring->cq_mask].res;
	__atomic_store_n(ring->cq_head, head + 1, __ATOMIC_RELEASE);
	return got;
}
