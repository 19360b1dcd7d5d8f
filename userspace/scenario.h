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
DECLARE_ACT(munmap_act);
DECLARE_ACT(zap_act);
DECLARE_ACT(mprotect_act);
DECLARE_ACT(mlock_act);
DECLARE_ACT(madvise_act);
DECLARE_ACT(collapse_act);

/* scenario_vma.c: boundaries of VMAs */
DECLARE_ACT(wide_act);
DECLARE_ACT(merge_act);

/* scenario_track.c: marks that must survive */
const char *softdirty_why_not(void);
const char *uffd_why_not(void);
int track_setup(struct run *run);
int uffd_setup(struct run *run);
void track_cleanup(struct run *run);
int uffd_map(struct run *run);
int uffd_plan(struct run *run, struct lane *lane, unsigned int thp);
int uffd_after(struct run *run, struct lane *lane, unsigned int thp);
int softdirty_after(struct run *run, struct lane *lane, unsigned int thp);
int softdirty_plan(struct run *run, struct lane *lane, unsigned int thp);
DECLARE_ACT(softdirty_act);
DECLARE_ACT(uffd_act);

/* scenario_pin.c: long pins */
const char *pin_why_not(void);
int pin_setup(struct run *run);
void pin_cleanup(struct run *run);
int pin_plan(struct run *run, struct lane *lane, unsigned int thp);
int pin_after(struct run *run, struct lane *lane, unsigned int thp);
DECLARE_ACT(pin_act);

/* scenario_reclaim.c: the kernel wants the memory */
const char *reclaim_why_not(void);
int reclaim_setup(struct run *run);
const char *compact_why_not(void);
const char *khugepaged_why_not(void);
int khugepaged_setup(struct run *run);
int khugepaged_plan(struct run *run, struct lane *lane, unsigned int thp);
DECLARE_ACT(reclaim_act);
DECLARE_ACT(compact_act);
DECLARE_ACT(khugepaged_act);

/* storm.c: random programs */
int storm_setup(struct run *run);
void storm_cleanup(struct run *run);
int storm_plan(struct run *run, struct lane *lane, unsigned int thp);
DECLARE_ACT(storm_act);

/* scenario_mremap.c */
int mremap_setup(struct run *run);
void mremap_cleanup(struct run *run);
int mremap_plan(struct run *run, struct lane *lane, unsigned int thp);
int mremap_after(struct run *run, struct lane *lane, unsigned int thp);
int migrating_plan(struct run *run, struct lane *lane, unsigned int thp);
DECLARE_ACT(mremap_act);
DECLARE_ACT(migrating_act);

/* scenario_stale.c: writes through an old address */
int stale_setup(struct run *run);
void stale_cleanup(struct run *run);
int stale_plan(struct run *run, struct lane *lane, unsigned int thp);
int stale_after(struct run *run, struct lane *lane, unsigned int thp);
DECLARE_ACT(stale_act);

/* scenario_fork.c: processes that share huge pages by fork */
int fork_write_own(struct run *run, struct lane *lane, unsigned int thp);
DECLARE_ACT(fork_munmap_act);
DECLARE_ACT(fork_zap_act);

/* scenario_child.c: children of the moment */
int child_setup(struct run *run);
void child_cleanup(struct run *run);
int fork_map(struct run *run);
int fork_plan(struct run *run, struct lane *lane, unsigned int thp);
int fork_after(struct run *run, struct lane *lane, unsigned int thp);
int exit_plan(struct run *run, struct lane *lane, unsigned int thp);
DECLARE_ACT(fork_act);
DECLARE_ACT(exit_act);
int leave_plan(struct run *run, struct lane *lane, unsigned int thp);
int leave_after(struct run *run, struct lane *lane, unsigned int thp);
DECLARE_ACT(leave_act);
DECLARE_ACT(cow_act);

/* scenario_pages.c: reclaim, references, migration, KSM */
const char *pageout_why_not(void);
int pageout_setup(struct run *run);
void pageout_cleanup(struct run *run);
const char *migrate_why_not(void);
const char *ksm_why_not(void);
int ksm_setup(struct run *run);
void ksm_cleanup(struct run *run);
int ksm_plan(struct run *run, struct lane *lane, unsigned int thp);
DECLARE_ACT(pageout_act);
int lazyfree_plan(struct run *run, struct lane *lane, unsigned int thp);
int lazyfree_after(struct run *run, struct lane *lane, unsigned int thp);
DECLARE_ACT(lazyfree_act);
DECLARE_ACT(gup_act);
DECLARE_ACT(migrate_act);
DECLARE_ACT(ksm_act);

/* scenario_mbind.c: pages follow a memory policy */
DECLARE_ACT(mbind_act);

/* scenario_straddle.c: a huge page across two page tables */
int straddle_setup(struct run *run);
void straddle_cleanup(struct run *run);
int straddle_plan(struct run *run, struct lane *lane, unsigned int thp);
int straddle_after(struct run *run, struct lane *lane, unsigned int thp);
DECLARE_ACT(straddle_act);

/* scenario_file.c: shared memory */
struct file_priv {
	int fd[MAX_THPS];		/* of each huge page; 0: none */
	u8 *fate;			/* of each page, shared with peers; or NULL */
	size_t fate_len;
};

const char *shmem_why_not(void);
int file_setup(struct run *run);
void file_cleanup(struct run *run);
int file_map(struct run *run);
DECLARE_ACT(punch_act);
DECLARE_ACT(truncate_act);

/* scenario_shmem.c: the same with others, and written out */
int peers_setup(struct run *run);
int misaligned_setup(struct run *run);
int peers_map(struct run *run);
int peers_attach(struct run *run, struct lane *lane);
int misaligned_attach(struct run *run, struct lane *lane);
int peers_plan(struct run *run, struct lane *lane, unsigned int thp);
int peers_after(struct run *run, struct lane *lane, unsigned int thp);
DECLARE_ACT(peers_act);
const char *shmem_pageout_why_not(void);
int file_pageout_setup(struct run *run);
void file_pageout_cleanup(struct run *run);
int file_pageout_map(struct run *run);
int file_pageout_plan(struct run *run, struct lane *lane, unsigned int thp);
int file_pageout_after(struct run *run, struct lane *lane, unsigned int thp);
DECLARE_ACT(file_pageout_act);

#endif /* THPRACE_SCENARIO_H */
