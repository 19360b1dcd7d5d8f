// SPDX-License-Identifier: GPL-2.0
/*
 * A memory policy for a part of the huge page, and its pages move there
 *
 * mbind() cuts the VMA and migrates in one go.  Raw system calls, no libnuma.
 */
#include <errno.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "env.h"
#include "nodes.h"
#include "phases.h"
#include "piece.h"
#include "region.h"
#include "run.h"
#include "scenario.h"
#include "scenario_pages.h"
#include "scenario_piece.h"

#ifndef MPOL_PREFERRED
#define MPOL_PREFERRED	1
#define MPOL_BIND	2
#define MPOL_MF_MOVE	2
#endif
#define NR_ASKED	3

/* The node of each page, or a negative errno; takes no references. */
static int ask_nodes(void *pages[NR_ASKED], int nodes[NR_ASKED])
{
	return syscall(SYS_move_pages, 0, (unsigned long)NR_ASKED, pages, NULL, nodes, 0);
}

/**
 * mbind_act() - bind a piece to the node that its first page is not on
 * @run: the run
 * @lane: the caller
 * @thp: huge page
 *
 * Done if a page is then where it was not; mbind() itself is content with less.
 */
static enum act_result mbind_act(struct run *run, struct lane *lane, unsigned int thp)
{
	char *base = region_thp(&run->region, thp);
	const struct piece *p = &lane->piece;
	unsigned int at[NR_ASKED] = { 0, p->nr / 2, p->nr - 1 }, i;
	int before[NR_ASKED], after[NR_ASKED], target;
	struct node_mask mask = { 0 };
	void *pages[NR_ASKED];

	for (i = 0; i < NR_ASKED; i++)
		pages[i] = base + (p->first + at[i] * p->stride) * env.page_size;
	if (ask_nodes(pages, before))
		return ACT_FAILED;
	target = nodes_other(before[0], lane->variant);
	nodes_set(&mask, target);
	for (i = 0; i < p->nr; i += p->stride == 1 ? p->nr : 1) {
		if (syscall(SYS_mbind, base + (p->first + i * p->stride) * env.page_size,
			    (p->stride == 1 ? p->nr : 1) * env.page_size,
			    lane->variant % 2 ? MPOL_BIND : MPOL_PREFERRED, mask.bits,
			    (unsigned long)MAX_NODES + 1, MPOL_MF_MOVE))
			return errno == EIO || errno == ENOMEM || errno == EAGAIN ?
			       ACT_BUSY : ACT_FAILED;
	}
	if (ask_nodes(pages, after))
		return ACT_FAILED;
	for (i = 0; i < NR_ASKED; i++) {
		if (before[i] >= 0 && before[i] != target && after[i] == target)
			return ACT_OK;
	}
	return ACT_BUSY;
}

const struct scenario scenario_mbind = {
	.name = "mbind",
	.summary = "a memory policy for a part of the huge page takes its pages along",
	.op = "migrate",
	.phases = PHASES_MIGRATE " split_vma vma_adjust_trans_huge vma_complete",
	.why_not = migrate_why_not,
	.plan = piece_plan,
	.act = mbind_act,
};
