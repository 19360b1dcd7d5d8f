/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the rows of the table are made of
 *
 * Callbacks of struct scenario, implemented in scenario_*.c and named in
 * scenario.c.  Not here: helpers of one file only.
 */
#ifndef THPRACE_SCENARIO_H
#define THPRACE_SCENARIO_H

#include "thprace.h"

#define DECLARE_ACT(name) \
	enum act_result name(struct run *run, struct lane *lane, unsigned int thp)

/* scenario_piece.c: a seeded part of a huge page, and what is done to it */
struct piece piece_draw(struct rng *rng);
int piece_plan(struct run *run, struct lane *lane, unsigned int thp);
int piece_apply(struct run *run, struct lane *lane, unsigned int thp,
		int (*fn)(void *addr, size_t len, int arg), int arg);
void piece_mark(struct run *run, struct lane *lane, unsigned int thp, u8 state);
const char *collapse_why_not(void);
const char *softdirty_why_not(void);
DECLARE_ACT(munmap_act);
DECLARE_ACT(zap_act);
DECLARE_ACT(mprotect_act);
DECLARE_ACT(mlock_act);
DECLARE_ACT(madvise_act);
DECLARE_ACT(collapse_act);
DECLARE_ACT(softdirty_act);

/* scenario_mremap.c */
int mremap_setup(struct run *run);
void mremap_cleanup(struct run *run);
int mremap_plan(struct run *run, struct lane *lane, unsigned int thp);
int mremap_after(struct run *run, struct lane *lane, unsigned int thp);
DECLARE_ACT(mremap_act);

/* scenario_fork.c: processes that share huge pages by fork */
int fork_write_own(struct run *run, struct lane *lane, unsigned int thp);
DECLARE_ACT(fork_munmap_act);
DECLARE_ACT(fork_zap_act);

/* scenario_child.c: children of the moment */
int child_setup(struct run *run);
void child_cleanup(struct run *run);
int fork_plan(struct run *run, struct lane *lane, unsigned int thp);
int fork_after(struct run *run, struct lane *lane, unsigned int thp);
int exit_plan(struct run *run, struct lane *lane, unsigned int thp);
DECLARE_ACT(fork_act);
DECLARE_ACT(exit_act);
DECLARE_ACT(cow_act);

/* scenario_pages.c: reclaim, references, migration, KSM */
const char *pageout_why_not(void);
int pageout_setup(struct run *run);
void pageout_cleanup(struct run *run);
const char *migrate_why_not(void);
const char *ksm_why_not(void);
int ksm_setup(struct run *run);
DECLARE_ACT(pageout_act);
DECLARE_ACT(gup_act);
DECLARE_ACT(migrate_act);
DECLARE_ACT(ksm_act);

/* scenario_file.c: shared memory */
const char *shmem_why_not(void);
int file_setup(struct run *run);
void file_cleanup(struct run *run);
int file_map(struct run *run);
DECLARE_ACT(punch_act);
DECLARE_ACT(truncate_act);

#endif /* THPRACE_SCENARIO_H */
