// SPDX-License-Identifier: GPL-2.0
/*
 * What main does beside two lanes
 */
#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "aside.h"
#include "nodes.h"
#include "region.h"
#include "run.h"
#include "util.h"

#define ASIDE_NS	(20 * NSEC_PER_MSEC)
#define ASIDE_TURNS	16
#define MPOL_MF_MOVE	2

static bool both_are_done(const struct run *run, unsigned int thp)
{
	return __atomic_load_n(&run->sh->stamp[1][thp].end_ns, __ATOMIC_ACQUIRE) &&
	       __atomic_load_n(&run->sh->stamp[2][thp].end_ns, __ATOMIC_ACQUIRE);
}

/**
 * aside_migrate() - a whole folio to another node, and again, while lanes are at it
 * @run: the run
 * @thp: huge page
 * @pid: whose, or 0: the caller's
 */
void aside_migrate(struct run *run, unsigned int thp, pid_t pid)
{
	void *page = region_thp(&run->region, thp);
	u64 end_ns = now_ns() + ASIDE_NS;
	unsigned int i;

	for (i = 0; i < ASIDE_TURNS && now_ns() < end_ns && !both_are_done(run, thp); i++) {
		int status = -EBUSY, node;

		if (syscall(SYS_move_pages, pid, 1UL, &page, NULL, &status, 0) < 0)
			return;
		node = nodes_other(status, i);
		syscall(SYS_move_pages, pid, 1UL, &page, &node, &status, MPOL_MF_MOVE);
	}
}
