// SPDX-License-Identifier: GPL-2.0
/*
 * What io_uring reads into a registered buffer is lost when the buffer was clean:
 * nobody marks it dirty; docs/FOUND.md. Exit status: 0 kept, 1 lost, 4 cannot tell.
 */
#include <err.h>
#include <linux/io_uring.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define PAGEOUT	21
#define PAGES	64

static struct io_uring_params p;
static char *queues;
static struct io_uring_sqe *sqe;

static unsigned int *word(unsigned int offset)
{
	return (unsigned int *)(queues + offset);
}

static int read_fixed(int ring, int file, char *at, size_t len)
{
	unsigned int tail = *word(p.sq_off.tail), head = *word(p.cq_off.head);
	struct io_uring_cqe *cqe = (void *)(queues + p.cq_off.cqes);

	*sqe = (struct io_uring_sqe){ .opcode = IORING_OP_READ_FIXED, .fd = file,
				      .addr = (unsigned long)at, .len = len };
	word(p.sq_off.array)[tail & (p.sq_entries - 1)] = 0;
	__atomic_store_n(word(p.sq_off.tail), tail + 1, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) != 1)
		err(4, "io_uring_enter");
	*word(p.cq_off.head) = head + 1;
	return cqe[head & (p.cq_entries - 1)].res;
}

static int try(int ring, int file, char *at, size_t len)
{
	struct iovec iov = { at, len };
	int i, lost = 0;

	if (!memset(at, 1, len) || madvise(at, len, MADV_FREE) ||
	    syscall(SYS_io_uring_register, ring, IORING_REGISTER_BUFFERS, &iov, 1))
		err(4, "MADV_FREE, or IORING_REGISTER_BUFFERS");
	if (read_fixed(ring, file, at, len) != (int)len || at[0] != 2 || at[len - 1] != 2)
		err(4, "READ_FIXED");
	if (syscall(SYS_io_uring_register, ring, IORING_UNREGISTER_BUFFERS, NULL, 0) ||
	    madvise(at, len, PAGEOUT))
		err(4, "MADV_PAGEOUT");
	for (i = 0; i < PAGES; i++)
		lost += at[i * getpagesize()] != 2;
	return lost;
}

int main(void)
{
	size_t len = PAGES * getpagesize();
	char *at = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int ring = syscall(SYS_io_uring_setup, 1, &p), file = memfd_create("read", 0), lost;
	cpu_set_t one = { .__bits = { 1 } };

	sched_setaffinity(0, sizeof(one), &one);
	madvise(at, len, MADV_NOHUGEPAGE);
	queues = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQ_RING);
	sqe = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQES);
	if (at == MAP_FAILED || ring < 0 || queues == MAP_FAILED || sqe == MAP_FAILED)
		err(4, "io_uring");
	if (write(file, memset(at, 2, len), len) != (ssize_t)len)
		err(4, "memfd");
	lost = try(ring, file, at, len);
	printf("%d of %d pages that io_uring has read are lost\n", lost, PAGES);
	return lost ? 1 : 0;
}
