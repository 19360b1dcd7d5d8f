/* SPDX-License-Identifier: GPL-2.0 */
/* Scenarios in which a thread of main forks */
#ifndef THPRACE_SCENARIO_CHILD_H
#define THPRACE_SCENARIO_CHILD_H

#include "scenario.h"
#include "util.h"

#define PHASES_FORK	"anon_vma_fork anon_vma_clone copy_huge_pmd"
#define INNER_FORK	"copy_huge_pmd"

/* Shared with the children; a scenario may have more behind it. */
struct child_order {
	size_t len;			/* of all that is shared */
	u32 verify;
	pid_t leaver[MAX_THPS];		/* child that ends in the middle, or 0 */
};

/* What a child does beside its own writes, each of them once, or NULL. */
struct child_hooks {
	void (*begin)(struct run *run, struct lane *lane, unsigned int thp);
	void (*end)(struct run *run, struct lane *lane, unsigned int thp);
};

int child_share(struct run *run, size_t len);
void child_cleanup(struct run *run);
int fork_map(struct run *run);
int fork_plan(struct run *run, struct lane *lane, unsigned int thp);
enum act_result fork_child(struct run *run, struct lane *lane, unsigned int thp,
			   const struct child_hooks *hooks);
int fork_after(struct run *run, struct lane *lane, unsigned int thp);

#endif /* THPRACE_SCENARIO_CHILD_H */
