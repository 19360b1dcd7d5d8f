// SPDX-License-Identifier: GPL-2.0
/*
 * Shared memory: a hole is punched, or the file cut, while it is split
 *
 * One memfd for each huge page, mapped shared.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "env.h"
#include "phases.h"
#include "piece.h"
#include "region.h"
#include "run.h"
#include "scenario.h"
#include "scenario_file.h"
#include "scenario_piece.h"
#include "util.h"

#ifndef FALLOC_FL_KEEP_SIZE
#define FALLOC_FL_KEEP_SIZE	1
#define FALLOC_FL_PUNCH_HOLE	2
#endif

const struct touch shmem_touches[] = { SHMEM_TOUCH, { } };

const char *shmem_why_not(void)
{
	int fd;

	if (access(SHMEM_ENABLED, W_OK))
		return "this kernel has no huge shared memory (or not root)";
	fd = syscall(SYS_memfd_create, "thprace", 0);
	if (fd < 0)
		return "this kernel has no memfd";
	close(fd);
	return NULL;
}

/**
 * file_close() - give the files back
 * @file: from file_open()
 * @nr: huge pages
 */
void file_close(struct file_priv *file, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		if (file->fd[i] > 0)
			close(file->fd[i]);
	}
	if (file->fate)
		munmap(file->fate, file->fate_len);
}

void file_cleanup(struct run *run)
{
	if (run->priv)
		file_close(run->priv, run->nr_thps);
	free(run->priv);
}

/**
 * file_open() - a file for each huge page
 * @file: result; all zero before
 * @nr: huge pages
 */
int file_open(struct file_priv *file, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		file->fd[i] = syscall(SYS_memfd_create, "thprace", 1U);
		if (file->fd[i] < 0) {
			set_error("memfd_create: %s", strerror(errno));
			return -errno;
		}
	}
	return 0;
}

int file_setup(struct run *run)
{
	run->priv = calloc(1, sizeof(struct file_priv));
	return run->priv ? file_open(run->priv, run->nr_thps) : -ENOMEM;
}

/**
 * file_map_fresh() - empty files, mapped shared over the whole region
 * @file: from file_open()
 * @region: reserved
 */
int file_map_fresh(const struct file_priv *file, const struct region *region)
{
	unsigned int i;
	void *at;

	for (i = 0; i < region->nr; i++) {
		if (ftruncate(file->fd[i], 0) || ftruncate(file->fd[i], env.hpage_size)) {
			set_error("ftruncate: %s", strerror(errno));
			return -errno;
		}
		at = mmap(region_thp(region, i), env.hpage_size, PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_FIXED, file->fd[i], 0);
		if (at == MAP_FAILED || madvise(at, env.hpage_size, MADV_HUGEPAGE)) {
			set_error("cannot map shared memory: %s", strerror(errno));
			return -errno;
		}
	}
	return 0;
}

int file_map(struct run *run)
{
	return file_map_fresh(run->priv, &run->region);
}

static enum act_result punch_act(struct run *run, struct lane *lane, unsigned int thp)
{
	const struct file_priv *priv = run->priv;
	const struct piece *p = &lane->piece;
	unsigned int i;

	lane_did(lane, p->first, p->nr, p->stride);
	for (i = 0; i < p->nr; i += p->stride == 1 ? p->nr : 1) {
		off_t at = (off_t)(p->first + i * p->stride) * env.page_size;
		off_t len = (p->stride == 1 ? p->nr : 1) * env.page_size;

		if (fallocate(priv->fd[thp], FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, at, len))
			return ACT_FAILED;
	}
	piece_mark(run, lane, thp, PG_ZERO);
	return ACT_OK;
}

/* Cut and grown again: what was cut off reads as zero. */
static enum act_result truncate_act(struct run *run, struct lane *lane, unsigned int thp)
{
	const struct file_priv *priv = run->priv;
	unsigned int keep = lane->piece.first;

	lane_did(lane, keep, env.nr_subpages - keep, 1);
	if (ftruncate(priv->fd[thp], (off_t)keep * env.page_size) ||
	    ftruncate(priv->fd[thp], env.hpage_size))
		return ACT_FAILED;
	memset(run_state(run, thp) + keep, PG_ZERO, env.nr_subpages - keep);
	return ACT_OK;
}

const struct scenario scenario_shmem_punch = {
	.name = "shmem-punch",
	.summary = "shared memory: a hole is punched",
	.op = "punch",
	.phases = PHASES_SHMEM,
	.touches = shmem_touches,
	.why_not = shmem_why_not,
	.setup = file_setup,
	.cleanup = file_cleanup,
	.map = file_map,
	.file = true,
	.plan = piece_plan,
	.act = punch_act,
};

const struct scenario scenario_shmem_truncate = {
	.name = "shmem-truncate",
	.summary = "shared memory: the file is cut and grown",
	.op = "truncate",
	.phases = PHASES_SHMEM,
	.touches = shmem_touches,
	.why_not = shmem_why_not,
	.setup = file_setup,
	.cleanup = file_cleanup,
	.map = file_map,
	.file = true,
	.plan = piece_plan,
	.act = truncate_act,
};

const struct scenario scenario_shmem_munmap = {
	.name = "shmem-munmap",
	.summary = "shared memory: a part is unmapped",
	.op = "munmap",
	.phases = PHASES_MUNMAP,
	.inner = INNER_MUNMAP,
	.touches = shmem_touches,
	.why_not = shmem_why_not,
	.setup = file_setup,
	.cleanup = file_cleanup,
	.map = file_map,
	.file = true,
	.plan = piece_plan,
	.act = munmap_act,
};
