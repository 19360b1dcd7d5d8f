/* SPDX-License-Identifier: GPL-2.0 */
/* The processes that are observed, as they come and go */
#ifndef THPRACE_OBSERVE_TREE_H
#define THPRACE_OBSERVE_TREE_H

#include <signal.h>

#include "cgroup.h"
#include "util.h"

#define MAX_ROOTS	64		/* --pid */
#define MAX_PROCS	4096		/* followed at a time */

/* How they are found. */
enum follow {
	FOLLOW_CGROUP,			/* a cgroup of the command's own */
	FOLLOW_GIVEN,			/* a cgroup that somebody else made */
	FOLLOW_PARENTS,			/* who has forked whom, in /proc */
};

struct proc {
	pid_t pid;
	u64 start;			/* of its life, so that no other is taken for it */
};

/* In memory that the keeper shares. */
struct tree {
	enum follow follow;
	bool launched;			/* it ends with us */
	bool over;			/* the keeper has nothing to end */
	pid_t command;			/* or 0 */
	char cgroup[CGROUP_PATH];
	char home[CGROUP_PATH];		/* where who is left goes */
	u32 nr;
	struct proc proc[MAX_PROCS];
	u64 nr_seen;			/* in all */
	u32 nr_left;			/* that outlived the command */
	bool changed;			/* who is there, since tree_roots() */
	bool full;			/* more than can be followed */
};

struct tree *tree_new(void);
int tree_launch(struct tree *t, char **argv, const sigset_t *mask);
int tree_attach(struct tree *t, const pid_t *pids, unsigned int nr);
int tree_attach_cgroup(struct tree *t, const char *path);
void tree_refresh(struct tree *t);
unsigned int tree_roots(struct tree *t, pid_t *roots, unsigned int max);
bool tree_has(const struct tree *t, pid_t pid);
pid_t tree_draw(const struct tree *t, u64 random);
void tree_leave(struct tree *t);
void tree_kill(struct tree *t);

#endif /* THPRACE_OBSERVE_TREE_H */
