// SPDX-License-Identifier: GPL-2.0
/*
 * A process is forked, writes, or ends while the huge page is split
 *
 * The worker is a thread of main; children of the moment share its memory and
 * wait in shared memory for what to do.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "child.h"
#include "env.h"
#include "options.h"
#include "phases.h"
#include "piece.h"
#include "region.h"
#include "rng.h"
#include "run.h"
#include "scenario.h"
#include "scenario_child.h"
#include "scenario_piece.h"
#include "undo.h"
#include "util.h"
#include "verify.h"

#define NAP_NS		(500 * NSEC_PER_USEC)
#define NR_OWN		16

/**
 * child_share() - memory that children share with their parent; it is run->priv
 * @run: the run
 * @len: of a struct child_order and what follows it, in bytes
 */
int child_share(struct run *run, size_t len)
{
	struct child_order *order = mmap(NULL, len, PROT_READ | PROT_WRITE,
					 MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (order == MAP_FAILED) {
		set_error("cannot map shared memory: %s", strerror(errno));
		return -ENOMEM;
	}
	order->len = len;
	run->priv = order;
	return 0;
}

static int child_setup(struct run *run)
{
	return child_share(run, sizeof(struct child_order));
}

/**
 * child_cleanup() - end all children, and unmap what they shared
 * @run: the run
 */
void child_cleanup(struct run *run)
{
	struct child_order *order = run->priv;
	unsigned int i;

	for (i = 0; order && i < run->nr_thps; i++)
		child_kill(&order->leaver[i]);
	for (i = 0; i < run->nr_extra; i++)
		child_kill(&run->extra[i]);
	if (order)
		munmap(order, order->len);
}

/* Sees what the parent had at the fork, and its own writes. */
static void child_verify(struct run *run, struct lane *lane, unsigned int thp)
{
	char *base = region_thp(&run->region, thp);
	u8 *state = run_state(run, thp);
	unsigned int i, page;

	for (i = 0; i < NR_OWN; i++) {
		page = rng_below(&lane->rng, env.nr_subpages);
		page_fill(base + page * env.page_size, own_gen(run, lane));
		state[page] = PG_OWN;
	}
	verify_thp(run, lane, thp, true);
}

static void child_main(struct run *run, struct lane *lane, unsigned int thp, pid_t parent,
		       const struct child_hooks *hooks)
{
	const struct timespec nap = { .tv_nsec = NAP_NS };
	struct child_order *order = run->priv;

	child_begin(parent);
	if (hooks && hooks->begin)
		hooks->begin(run, lane, thp);
	while (!__atomic_load_n(&order->verify, __ATOMIC_ACQUIRE)) {
		if (__atomic_load_n(&run->sh->abort, __ATOMIC_RELAXED))
			_exit(THPRACE_EXIT_ERROR);
		nanosleep(&nap, NULL);
	}
	if (hooks && hooks->end)
		hooks->end(run, lane, thp);
	child_verify(run, lane, thp);
	_exit(0);
}

static pid_t spawn(struct run *run, struct lane *lane, unsigned int thp,
		   const struct child_hooks *hooks)
{
	pid_t parent = getpid(), pid = fork();

	if (!pid)
		child_main(run, lane, thp, parent, hooks);
	return pid;
}

static void hold_back(struct run *run)
{
	struct child_order *order = run->priv;

	__atomic_store_n(&order->verify, 0, __ATOMIC_RELEASE);
}

/**
 * fork_map() - map what a fork does not share until it is told to
 * @run: the run
 *
 * Else the first one would share all huge pages, and the later ones could not be had
 * unshared.
 */
int fork_map(struct run *run)
{
	return region_map_unshared(&run->region);
}

/**
 * fork_plan() - before a fork
 * @run: the run
 * @lane: the caller; its piece is drawn
 * @thp: huge page
 *
 * In some rounds what is forked is one folio still, but mapped by PTEs: whole,
 * or all but a page.  Not where a schedule waits for the copy of a PMD.
 */
int fork_plan(struct run *run, struct lane *lane, unsigned int thp)
{
	int err;

	hold_back(run);
	piece_plan(run, lane, thp);
	lane->piece.stride = 1;
	err = madvise(region_thp(&run->region, thp), env.hpage_size, MADV_DOFORK);
	/* In turn: three in a row have one at least. */
	switch (err || run->sh->forced ? 2 : (run->gen + thp) % 4) {
	case 0:
		err = piece_apply(run, lane, thp, mprotect, PROT_READ) ||
		      piece_apply(run, lane, thp, mprotect, PROT_READ | PROT_WRITE);
		break;
	case 1:
		lane->piece.nr = 1;
		err = piece_apply(run, lane, thp, madvise, MADV_DONTNEED);
		piece_mark(run, lane, thp, PG_ZERO);
		break;
	}
	if (!err)
		return 0;
	set_error("cannot prepare the fork: %s", strerror(errno));
	return -errno;
}

/**
 * fork_child() - fork a child that writes and verifies at the end
 * @run: the run
 * @lane: the caller
 * @thp: huge page
 * @hooks: what else it does, or NULL
 */
enum act_result fork_child(struct run *run, struct lane *lane, unsigned int thp,
			   const struct child_hooks *hooks)
{
	pid_t pid = spawn(run, lane, thp, hooks);

	if (pid < 0)
		return ACT_FAILED;
	return child_adopt(run, thp, pid) ? ACT_ERROR : ACT_OK;
}

static enum act_result fork_act(struct run *run, struct lane *lane, unsigned int thp)
{
	return fork_child(run, lane, thp, NULL);
}

/* No child may see that. */
static void parent_writes(struct run *run, struct lane *lane, unsigned int thp)
{
	char *base = region_thp(&run->region, thp);
	u8 *state = run_state(run, thp);
	unsigned int i, page;

	for (i = 0; i < NR_OWN; i++) {
		page = rng_below(&lane->rng, env.nr_subpages);
		if (state[page] == PG_HOLE)
			continue;
		page_fill(base + page * env.page_size, rewritten_gen(run));
		state[page] = PG_REWRITTEN;
	}
}

/**
 * fork_after() - both sides write, the children verify and end
 * @run: the run
 * @lane: the caller; its children
 * @thp: huge page
 *
 * The parent's pages are verified with everybody's.
 */
int fork_after(struct run *run, struct lane *lane, unsigned int thp)
{
	struct child_order *order = run->priv;
	int status;

	if (!lane->id || !run->extra[thp])
		return 0;
	parent_writes(run, lane, thp);
	__atomic_store_n(&order->verify, 1, __ATOMIC_RELEASE);
	status = child_end(run, &run->extra[thp], NAP_NS);
	if (!status)
		return 0;
	set_error("a forked child ended with status 0x%x", status);
	return -ECHILD;
}

static int exit_plan(struct run *run, struct lane *lane, unsigned int thp)
{
	pid_t pid;

	hold_back(run);
	pid = spawn(run, lane, thp, NULL);
	if (pid < 0) {
		set_error("fork: %s", strerror(errno));
		return -EAGAIN;
	}
	lane->helper = pid;
	return child_adopt(run, thp, pid);
}

/* The end of a process unmaps all that it shares. */
static enum act_result exit_act(struct run *run, struct lane *lane, unsigned int thp)
{
	(void)lane;
	if (kill(run->extra[thp], SIGKILL))
		return ACT_FAILED;
	child_reap(&run->extra[thp]);
	return ACT_OK;
}

/*
 * Three share the huge page: main, a child that stays, one that leaves.  Worker
 * 1 unmaps in main, worker 2 sees to it that the leaver ends.
 */
static int leave_plan(struct run *run, struct lane *lane, unsigned int thp)
{
	struct child_order *order = run->priv;
	pid_t pid;
	int err;

	if (lane->id == 1)
		return piece_plan(run, lane, thp);
	lane->op = "exit";
	err = exit_plan(run, lane, thp);
	if (err)
		return err;
	/* When main or the leaver is parked, the other must have a CPU to itself. */
	if (env.nr_cpus > 1)
		env_pin(1 + (lane->id - 1) % (env.nr_cpus - 1));
	pid = spawn(run, lane, thp, NULL);
	if (pid < 0) {
		set_error("fork: %s", strerror(errno));
		return -EAGAIN;
	}
	order->leaver[thp] = pid;
	lane->helper = pid;
	return signals_child(pid);
}

static enum act_result leave_act(struct run *run, struct lane *lane, unsigned int thp)
{
	struct child_order *order = run->priv;

	if (lane->id == 1)
		return munmap_act(run, lane, thp);
	child_kill(&order->leaver[thp]);
	return ACT_OK;
}

/**
 * leave_after() - the child that stayed verifies, and ends
 * @run: the run
 * @lane: the caller; worker 2 has forked
 * @thp: huge page
 */
static int leave_after(struct run *run, struct lane *lane, unsigned int thp)
{
	return lane->id == 2 ? fork_after(run, lane, thp) : 0;
}

/**
 * cow_act() - a forked process writes to what it shares
 * @run: the run
 * @lane: the caller
 * @thp: huge page
 */
static enum act_result cow_act(struct run *run, struct lane *lane, unsigned int thp)
{
	char *base = region_thp(&run->region, thp);
	u8 *state = run_state(run, thp);
	unsigned int i, page, nr = 1 + rng_below(&lane->rng, NR_OWN);

	for (i = 0; i < nr; i++) {
		page = rng_below(&lane->rng, env.nr_subpages);
		page_fill(base + page * env.page_size, own_gen(run, lane));
		state[page] = PG_OWN;
	}
	return ACT_OK;
}

#define PHASES_EXIT \
	"exit_mmap unmap_vmas unmap_page_range zap_huge_pmd remove_rmap_pmd free_pgtables " \
	"unlink_anon_vmas anon_vma_tree_remove tlb_finish_mmu"
#define INNER_EXIT	"exit_mmap unmap_vmas unmap_page_range zap_huge_pmd"

const struct scenario scenario_fork = {
	.name = "fork",
	.summary = "the process forks; the child writes and sees its own pages only",
	.op = "fork",
	.phases = PHASES_FORK,
	.inner = INNER_FORK,
	.setup = child_setup,
	.cleanup = child_cleanup,
	.map = fork_map,
	.plan = fork_plan,
	.act = fork_act,
	.after = fork_after,
};

const struct scenario scenario_exit = {
	.name = "exit",
	.summary = "a process that shares the huge page by fork ends",
	.op = "exit",
	.phases = PHASES_EXIT,
	.inner = INNER_EXIT,
	.setup = child_setup,
	.cleanup = child_cleanup,
	.plan = exit_plan,
	.act = exit_act,
};

const struct scenario scenario_exit_munmap = {
	.name = "exit-munmap",
	.summary =
		"three processes share the huge page by fork: one unmaps a part, one ends",
	.op = "munmap",
	.phases = PHASES_MUNMAP,
	.inner = INNER_MUNMAP,
	.phases_c = PHASES_EXIT,
	.inner_c = INNER_EXIT,
	.workers = 2,
	.thps = 4,
	.setup = child_setup,
	.cleanup = child_cleanup,
	.plan = leave_plan,
	.act = leave_act,
	.after = leave_after,
};

const struct scenario scenario_cow = {
	.name = "cow",
	.summary = "processes that share the huge page by fork write to it",
	.op = "cow",
	.phases = PHASES_COW,
	.inner = INNER_COW,
	.shape = SHAPE_PROCS,
	.scalable = true,
	.workers = 2,
	.act = cow_act,
};
