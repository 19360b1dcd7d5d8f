/* SPDX-License-Identifier: GPL-2.0 */
/* Shared memory, for several scenarios */
#ifndef THPRACE_SCENARIO_FILE_H
#define THPRACE_SCENARIO_FILE_H

#include "run.h"
#include "touch.h"

#define SHMEM_ENABLED	"/sys/kernel/mm/transparent_hugepage/shmem_enabled"

/* A row of what they touch. */
#define SHMEM_TOUCH TOUCH_SET(SHMEM_ENABLED, "advise", \
	.others = "their shared memory is huge only where they ask for it, and then it is")

extern const struct touch shmem_touches[];
struct file_priv {
	int fd[MAX_THPS];		/* of each huge page; 0: none */
	u8 *fate;			/* of each page, shared with peers; or NULL */
	size_t fate_len;
};

const char *shmem_why_not(void);
int file_open(struct file_priv *file, unsigned int nr);
void file_close(struct file_priv *file, unsigned int nr);
int file_map_fresh(const struct file_priv *file, const struct region *region);
int file_setup(struct run *run);
void file_cleanup(struct run *run);
int file_map(struct run *run);

#endif /* THPRACE_SCENARIO_FILE_H */
