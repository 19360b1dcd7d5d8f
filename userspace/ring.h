/* SPDX-License-Identifier: GPL-2.0 */
/* An io_uring by its system calls: one request at a time, one registered buffer */
#ifndef THPRACE_RING_H
#define THPRACE_RING_H

#include "util.h"

struct io_uring_sqe;
struct io_uring_cqe;

struct ring {
	int fd;				/* or -1 */
	void *queues, *completions;	/* the same mapping on newer kernels */
	size_t queues_len, completions_len;
	struct io_uring_sqe *sqe;
	struct io_uring_cqe *cqe;
	u32 *sq_tail, *sq_index, *cq_head, *cq_tail;
	u32 sq_mask, cq_mask;
};

int ring_open(struct ring *ring);
void ring_close(struct ring *ring);
int ring_pin(struct ring *ring, void *at, size_t len);
int ring_unpin(struct ring *ring);
ssize_t ring_read_fixed(struct ring *ring, int file, void *at, size_t len);

#endif /* THPRACE_RING_H */
