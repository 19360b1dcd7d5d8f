// SPDX-License-Identifier: GPL-2.0
/*
 * Those who share a huge page in a shape, generations, and a helper from outside
 *
 * Children are forked by the lane and wait in shared memory for what to do.  Who
 * has lost its parent is a child of the scenario's process from then on.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "child.h"
#include "client.h"
#include "env.h"
#include "rng.h"
#include "scenario_shapes.h"
#include "undo.h"
#include "util.h"
#include "verify.h"

#ifndef SYS_pidfd_open
#define SYS_pidfd_open		434
#endif
#ifndef SYS_process_madvise
#define SYS_process_madvise	440
#endif
#ifndef MADV_COLD
#define MADV_COLD		20
#define MADV_PAGEOUT		21
#endif
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE		25
#endif
#define NAP_NS			(200 * NSEC_PER_USEC)
#define NR_OWN			8	/* pages that a child writes */

/* The children of one huge page; each pid is 0 when it is gone. */
struct kin_of {
	pid_t child;			/* of ours; generations: the one in the middle */
	pid_t grandchild, heir;		/* generations: the heir is forked by the grandchild */
	u32 go;				/* fork the heir */
	u32 ready;			/* it has written */
	u32 verify;
};

struct kin {
	pid_t main;
	struct kin_of of[MAX_THPS];
};

/* What the helper is to do with our memory. */
struct outside {
	u32 asked, answered;
	u64 addr, len;
	int advice[2];			/* 0: none */
	long got;			/* bytes, or a negative errno */
	pid_t helper;
};

static void nap(void)
{
	const struct timespec ts = { .tv_nsec = NAP_NS };

	nanosleep(&ts, NULL);
}

static struct kin_of *kin_of(const struct run *run, unsigned int thp)
{
	return &((struct shapes_priv *)run->priv)->kin->of[thp];
}

/* Nobody is left.  The oldest first: then the others are our children. */
static void nobody(struct kin_of *k)
{
	child_kill(&k->child);
	child_kill(&k->grandchild);
	child_kill(&k->heir);
	memset(k, 0, sizeof(*k));
}

/* In a child: until it is told, or is of no use any more. */
static void wait_for(struct run *run, const u32 *flag, pid_t parent)
{
	const struct kin *kin = ((struct shapes_priv *)run->priv)->kin;
	pid_t now;

	while (!__atomic_load_n(flag, __ATOMIC_ACQUIRE)) {
		now = getppid();
		if (__atomic_load_n(&run->sh->abort, __ATOMIC_RELAXED) ||
		    (now != parent && now != kin->main))
			_exit(THPRACE_EXIT_ERROR);
		nap();
	}
}

static void begin_child(struct run *run, unsigned int thp)
{
	struct shaped *s = shaped_of(run, thp);

	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	/* The parent looks at its file. */
	s->fd = 0;
}

static void write_home(struct run *run, struct lane *lane, unsigned int thp, u64 gen, u8 state)
{
	u8 *now = run_state(run, thp);
	unsigned int i, page;

	for (i = 0; i < NR_OWN; i++) {
		page = rng_below(&lane->rng, env.nr_subpages);
		if (now[page] != PG_PATTERN && now[page] != PG_REWRITTEN)
			continue;
		page_fill(shape_page(run, thp, page), gen);
		now[page] = state;
	}
}

/* Sees what was there at the fork, and its own writes. */
static void look_and_exit(struct run *run, struct lane *lane, unsigned int thp)
{
	verify_thp(run, lane, thp, true);
	shape_verify(run, lane, thp);
	_exit(0);
}

/**
 * kin_share() - fork a child that has the huge page as it is now
 * @run: the run
 * @lane: the caller
 * @thp: huge page
 */
int kin_share(struct run *run, struct lane *lane, unsigned int thp)
{
	struct kin_of *k = kin_of(run, thp);
	pid_t parent = getpid();

	nobody(k);
	k->child = fork();
	if (k->child < 0) {
		k->child = 0;
		set_error("fork: %s", strerror(errno));
		return -EAGAIN;
	}
	if (!k->child) {
		begin_child(run, thp);
		wait_for(run, &k->verify, parent);
		write_home(run, lane, thp, own_gen(run, lane), PG_OWN);
		look_and_exit(run, lane, thp);
	}
	return child_adopt(run, thp, k->child);
}

/*
 * The huge page of a child, whose parent may be gone, must be found by rmap: it is
 * split.  Only its own mm is named; the check finds who else has it.
 */
static int split_theirs(struct run *run, unsigned int thp, pid_t pid)
{
	int err;

	if (run->fd < 0)
		return 0;
	err = session_cmd(run->fd, "check map=0x%lx+0x%zx pid=%d refs=exact check=%s",
			  (unsigned long)region_thp(&run->region, thp), env.hpage_size, pid,
			  check_name(THPRACE_CHECK_SPLIT_PROGRESS));
	if (!err || err == -EOPNOTSUPP || err == -ENOMEM)
		return 0;
	set_error("session refused check: %s", strerror(-err));
	return err;
}

/**
 * kin_end() - the child that is left looks at its pages, and ends
 * @run: the run
 * @lane: the caller
 * @thp: huge page
 */
int kin_end(struct run *run, struct lane *lane, unsigned int thp)
{
	struct kin_of *k = kin_of(run, thp);
	int status, err;

	(void)lane;
	if (!run->extra[thp])
		return 0;
	err = split_theirs(run, thp, run->extra[thp]);
	__atomic_store_n(&k->verify, 1, __ATOMIC_RELEASE);
	status = child_end(run, &run->extra[thp], NAP_NS);
	k->child = 0;
	k->heir = 0;
	if (!err && status) {
		set_error("a forked child ended with status 0x%x", status);
		err = -ECHILD;
	}
	return err;
}

/* A VMA that was never touched, behind or before a hole of one page. */
static bool make_neighbour(struct run *run, unsigned int thp, unsigned int first,
			   unsigned int hole)
{
	char *at = shape_page(run, thp, first);
	size_t len = SHAPE_BESIDE * env.page_size;
	u8 *state = run_state(run, thp);

	state[hole] = PG_HOLE;
	memset(state + first, PG_ZERO, SHAPE_BESIDE);
	return !munmap(shape_page(run, thp, hole), env.page_size) &&
	       mmap(at, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
		    0) == at && !madvise(at, len, MADV_HUGEPAGE);
}

/*
 * What a child shares goes away and comes back between VMAs without pages: these may
 * merge only if all that its pages need goes along, also what it has of its parents.
 */
static void go_and_return(struct run *run, struct lane *lane, unsigned int thp)
{
	char *away = shape_room(run, thp, 1), *home;
	struct shaped part;
	size_t len;
	bool ok;

	shape_piece(lane, &part, SHAPE_BESIDE + 2);
	home = shape_page(run, thp, part.a);
	len = (part.b - part.a) * env.page_size;
	ok = mremap(home, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, away) == away &&
	     make_neighbour(run, thp, part.a - SHAPE_BESIDE, part.a - SHAPE_BESIDE - 1) &&
	     make_neighbour(run, thp, part.b, part.b + SHAPE_BESIDE) &&
	     mremap(away, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, home) == home;
	if (!ok)
		memset(run_state(run, thp), PG_ANY, env.nr_subpages);
}

/* Forked by the grandchild: has the anon_vma of the one in the middle, perhaps. */
static void be_heir(struct run *run, struct lane *lane, unsigned int thp, pid_t parent)
{
	struct kin_of *k = kin_of(run, thp);

	__atomic_store_n(&k->heir, getpid(), __ATOMIC_RELEASE);
	write_home(run, lane, thp, own_gen(run, lane), PG_OWN);
	if (shaped_of(run, thp)->variant / 32 % 2)
		go_and_return(run, lane, thp);
	__atomic_store_n(&k->ready, 1, __ATOMIC_RELEASE);
	wait_for(run, &k->verify, parent);
	look_and_exit(run, lane, thp);
}

static void be_grandchild(struct run *run, struct lane *lane, unsigned int thp, pid_t parent)
{
	struct kin_of *k = kin_of(run, thp);
	pid_t self = getpid(), pid;

	wait_for(run, &k->go, parent);
	pid = fork();
	if (!pid)
		be_heir(run, lane, thp, self);
	if (pid < 0)
		_exit(THPRACE_EXIT_ERROR);
	/* Copies what the two have in common, and goes. */
	write_home(run, lane, thp, run->gen, PG_PATTERN);
	_exit(0);
}

/* A huge page of its own where the parent's is, or some pages. */
static void be_middle(struct run *run, struct lane *lane, unsigned int thp, pid_t parent)
{
	char *home = region_thp(&run->region, thp);
	struct kin_of *k = kin_of(run, thp);
	pid_t self = getpid(), pid;
	static u32 never;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (shaped_of(run, thp)->variant / 4 % 2 &&
	    !madvise(home, env.hpage_size, MADV_DONTNEED)) {
		thp_fill(home, rewritten_gen(run));
		memset(run_state(run, thp), PG_REWRITTEN, env.nr_subpages);
	} else {
		write_home(run, lane, thp, rewritten_gen(run), PG_REWRITTEN);
	}
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, 0);
		be_grandchild(run, lane, thp, self);
	}
	__atomic_store_n(&k->grandchild, pid, __ATOMIC_RELEASE);
	wait_for(run, &never, parent);
}

/* Waits, bounded, until a child has said something. */
static bool told(struct run *run, const void *word)
{
	u64 begin_ns = now_ns();

	while (!__atomic_load_n((const u32 *)word, __ATOMIC_ACQUIRE)) {
		if (now_ns() - begin_ns > run->budget_ns ||
		    __atomic_load_n(&run->sh->abort, __ATOMIC_RELAXED))
			return false;
		nap();
	}
	return true;
}

static bool generations_prepare(struct run *run, struct lane *lane, unsigned int thp)
{
	struct kin_of *k = kin_of(run, thp);
	pid_t parent = getpid();

	nobody(k);
	k->child = fork();
	if (!k->child) {
		begin_child(run, thp);
		be_middle(run, lane, thp, parent);
	}
	if (k->child < 0) {
		k->child = 0;
		return false;
	}
	lane->helper = k->child;
	if (signals_child(k->child) || !told(run, &k->grandchild) || k->grandchild < 0) {
		k->grandchild = k->grandchild < 0 ? 0 : k->grandchild;
		errno = EAGAIN;
		return false;
	}
	return !signals_child(k->grandchild);
}

/**
 * generations_act() - the middle one ends, the grandchild forks, and ends
 * @run: the run
 * @lane: the caller
 * @thp: huge page
 *
 * Mostly in this order, so that the anon_vma of the middle one can be used again.
 */
static enum act_result generations_act(struct run *run, struct lane *lane, unsigned int thp)
{
	bool middle_first = shaped_of(run, thp)->variant / 8 % 4;
	struct kin_of *k = kin_of(run, thp);

	(void)lane;
	if (middle_first)
		child_kill(&k->child);
	__atomic_store_n(&k->go, 1, __ATOMIC_RELEASE);
	if (!told(run, &k->ready)) {
		child_kill(&k->child);
		child_kill(&k->grandchild);
		return ACT_FAILED;
	}
	child_kill(&k->child);
	/* It ends by itself; now it is our child. */
	child_reap(&k->grandchild);
	return child_adopt(run, thp, k->heir) ? ACT_ERROR : ACT_OK;
}

/* The helper's life: another process's memory is advised. */
static void be_helper(struct run *run, struct outside *o, pid_t parent)
{
	int fd = syscall(SYS_pidfd_open, parent, 0);
	u32 seen = 0, asked;
	unsigned int i;

	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		asked = __atomic_load_n(&o->asked, __ATOMIC_ACQUIRE);
		if (getppid() != parent || __atomic_load_n(&run->sh->abort, __ATOMIC_RELAXED))
			_exit(0);
		if (asked == seen) {
			nap();
			continue;
		}
		for (i = 0; i < ARRAY_SIZE(o->advice) && o->advice[i]; i++) {
			struct iovec iov = { (void *)o->addr, o->len };

			o->got = syscall(SYS_process_madvise, fd, &iov, 1UL, o->advice[i], 0U);
			if (o->got < 0)
				o->got = -errno;
		}
		seen = asked;
		__atomic_store_n(&o->answered, seen, __ATOMIC_RELEASE);
	}
}

static bool has_outside(struct shapes_priv *priv)
{
	(void)priv;
	/* A kernel that knows the call says that this is no process. */
	if (syscall(SYS_process_madvise, -1, NULL, 0UL, MADV_COLD, 0U) >= 0 || errno != EBADF)
		return false;
	return env.have_swap || env_has_madvise(MADV_COLLAPSE);
}

static bool collapses(const struct run *run, unsigned int thp)
{
	static int can;

	if (!can)
		can = env_has_madvise(MADV_COLLAPSE) ? 1 : -1;
	return can > 0 && (!env.have_swap || shaped_of(run, thp)->variant / 4 % 3 == 0);
}

/* What is to be collapsed is mapped by PTEs. */
static bool outside_prepare(struct run *run, struct lane *lane, unsigned int thp)
{
	const struct shapes_priv *priv = run->priv;
	char *home = region_thp(&run->region, thp);

	lane->helper = priv->outside->helper;
	return !collapses(run, thp) ||
	       (!mprotect(home, env.page_size, PROT_READ) &&
		!mprotect(home, env.page_size, PROT_READ | PROT_WRITE));
}

/**
 * outside_act() - another process has the huge page collapsed, or paged out
 * @run: the run
 * @lane: the caller
 * @thp: huge page
 */
static enum act_result outside_act(struct run *run, struct lane *lane, unsigned int thp)
{
	struct outside *o = ((struct shapes_priv *)run->priv)->outside;
	struct shaped *s = shaped_of(run, thp);
	char *home = region_thp(&run->region, thp);
	bool collapse = collapses(run, thp), cold = s->variant / 4 % 3 == 1;
	u64 before = page_frame(home), after, begin_ns = now_ns();

	s->a = 0;
	s->b = env.nr_subpages;
	if (!collapse && s->variant / 16 % 2)
		shape_piece(lane, s, 0);
	o->addr = (unsigned long)shape_page(run, thp, s->a);
	o->len = (s->b - s->a) * env.page_size;
	o->advice[0] = collapse ? MADV_COLLAPSE : cold ? MADV_COLD : MADV_PAGEOUT;
	o->advice[1] = !collapse && cold ? MADV_PAGEOUT : 0;
	__atomic_store_n(&o->asked, o->asked + 1, __ATOMIC_RELEASE);
	while (__atomic_load_n(&o->answered, __ATOMIC_ACQUIRE) != o->asked) {
		if (now_ns() - begin_ns > run->budget_ns ||
		    __atomic_load_n(&run->sh->abort, __ATOMIC_RELAXED)) {
			set_error("the helper does not answer");
			return ACT_ERROR;
		}
		nap();
	}
	if (!collapse)
		return pages_out(home, s->a, s->b - s->a, 1) ? ACT_OK : ACT_BUSY;
	after = page_frame(home);
	return before && after && before != after ? ACT_OK : ACT_BUSY;
}

/**
 * kin_setup() - shared memory for the children, and the helper
 * @run: the run; before anything is mapped
 */
int kin_setup(struct run *run)
{
	struct shapes_priv *priv = run->priv;
	pid_t parent = getpid(), pid;

	priv->kin = map_shared(sizeof(*priv->kin));
	priv->outside = map_shared(sizeof(*priv->outside));
	if (!priv->kin || !priv->outside) {
		set_error("cannot map shared memory: %s", strerror(errno));
		return -ENOMEM;
	}
	priv->kin->main = parent;
	/* Whose parent ends is ours, and not the init's of the machine. */
	if (prctl(PR_SET_CHILD_SUBREAPER, 1)) {
		set_error("prctl(PR_SET_CHILD_SUBREAPER): %s", strerror(errno));
		return -errno;
	}
	pid = fork();
	if (pid < 0) {
		set_error("fork: %s", strerror(errno));
		return -EAGAIN;
	}
	if (!pid)
		be_helper(run, priv->outside, parent);
	priv->outside->helper = pid;
	return signals_child(pid);
}

/**
 * kin_cleanup() - nobody is left
 * @run: the run; kin_setup() may have failed
 */
void kin_cleanup(struct run *run)
{
	struct shapes_priv *priv = run->priv;
	unsigned int i;

	for (i = 0; priv->kin && i < run->nr_thps; i++) {
		nobody(&priv->kin->of[i]);
		run->extra[i] = 0;
	}
	if (priv->outside) {
		child_kill(&priv->outside->helper);
		munmap(priv->outside, sizeof(*priv->outside));
	}
	if (priv->kin)
		munmap(priv->kin, sizeof(*priv->kin));
}

const struct shape_row shapes_kin[] = {
	{ .name = "generations", .op = "exit", .own_kin = true,
	  .prepare = generations_prepare, .act = generations_act },
	{ .name = "outside", .op = "madvise", .solo = true, .own_kin = true, .can = has_outside,
	  .prepare = outside_prepare, .act = outside_act },
};

const unsigned int nr_shapes_kin = ARRAY_SIZE(shapes_kin);
