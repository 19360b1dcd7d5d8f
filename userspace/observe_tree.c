// SPDX-License-Identifier: GPL-2.0
/*
 * The processes that are observed, as they come and go
 *
 * A command gets a cgroup of its own, below that of the caller and without any
 * controller, so that nothing changes for it: whoever it forks is in there, also
 * who detaches.  Where there is none, and for --pid, /proc says who has forked whom;
 * orphans come to us then, as to init.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cgroup_find.h"
#include "observe_proc.h"
#include "observe_tree.h"
#include "undo.h"

#define NAP_NS		(10 * NSEC_PER_MSEC)
#define PATIENCE_NS	(10 * NSEC_PER_SEC)	/* for processes that were killed */
#define RMDIR_NAPS	200

/**
 * tree_new() - nobody yet
 *
 * Returns NULL, with an error set, when there is no memory.
 */
struct tree *tree_new(void)
{
	return map_shared(sizeof(struct tree));
}

static int write_in(const char *dir, const char *name, const char *value)
{
	char path[CGROUP_PATH + 32];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return write_text(path, value);
}

static int move_to(const char *dir, pid_t pid)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", pid);
	return write_in(dir, "cgroup.procs", text);
}

/* Else it is followed by who has forked whom. */
static void make_cgroup(struct tree *t)
{
	t->follow = FOLLOW_PARENTS;
	if (injected("cgroup") || cgroup_own(t->home, sizeof(t->home)) ||
	    snprintf(t->cgroup, sizeof(t->cgroup), "%.150s/thprace-%d-observe", t->home,
		     getpid()) >= (int)sizeof(t->cgroup) || mkdir(t->cgroup, 0755))
		return;
	t->follow = FOLLOW_CGROUP;
}

/* Of the command's process: all is as it was before us. */
static void become(char **argv, int go, int failed, const sigset_t *mask)
{
	char byte;
	int err;

	if (read(go, &byte, 1) != 1)
		_exit(THPRACE_EXIT_ERROR);
	sigprocmask(SIG_SETMASK, mask, NULL);
	execvp(argv[0], argv);
	err = errno;
	(void)!write(failed, &err, sizeof(err));
	_exit(127);
}

/* It waits until it is in its cgroup. */
static int release(struct tree *t, pid_t pid, int go)
{
	if (t->follow == FOLLOW_CGROUP && move_to(t->cgroup, pid)) {
		rmdir(t->cgroup);
		t->follow = FOLLOW_PARENTS;
	}
	if (t->follow == FOLLOW_PARENTS)
		prctl(PR_SET_CHILD_SUBREAPER, 1);
	return write(go, "", 1) == 1 ? 0 : -errno;
}

static void end_launch(struct tree *t)
{
	t->command = 0;
	if (t->follow == FOLLOW_CGROUP)
		cgroup_remove(t->cgroup, RMDIR_NAPS);
}

/**
 * tree_launch() - begin a command
 * @t: its processes; nobody is there yet
 * @argv: words of it
 * @mask: signals that it has blocked, as main had before
 *
 * Returns 0, or a negative errno with set_error().
 */
int tree_launch(struct tree *t, char **argv, const sigset_t *mask)
{
	int go[2] = { -1, -1 }, failed[2] = { -1, -1 }, err = 0;
	struct proc_stat st = { .start = 0 };
	pid_t pid;

	make_cgroup(t);
	t->launched = true;
	if (pipe2(go, O_CLOEXEC) || pipe2(failed, O_CLOEXEC))
		err = -errno;
	pid = err ? -1 : fork();
	if (!pid) {
		close(go[1]);
		close(failed[0]);
		become(argv, go[0], failed[1], mask);
	}
	if (pid < 0) {
		err = err ? err : -errno;
		set_error("cannot begin %.100s: %s", argv[0], strerror(-err));
		end_launch(t);
		return err;
	}
	t->command = pid;
	close(go[0]);
	close(failed[1]);
	proc_stat_read(pid, &st);
	t->proc[0] = (struct proc){ .pid = pid, .start = st.start };
	t->nr = 1;
	t->nr_seen = 1;
	err = release(t, pid, go[1]);
	close(go[1]);
	if (read(failed[0], &err, sizeof(err)) == sizeof(err)) {
		set_error("cannot run %.100s: %s", argv[0], strerror(err));
		err = -err;
		end_launch(t);
	}
	close(failed[0]);
	return err;
}

static void add(struct tree *t, pid_t pid, u64 start)
{
	if (t->nr == MAX_PROCS) {
		t->full = true;
		return;
	}
	t->proc[t->nr++] = (struct proc){ .pid = pid, .start = start };
}

/**
 * tree_attach() - follow processes that run already, and what they fork
 * @t: nobody yet
 * @pids: of them
 * @nr: how many
 *
 * Returns 0, or -ESRCH with set_error().
 */
int tree_attach(struct tree *t, const pid_t *pids, unsigned int nr)
{
	struct proc_stat st;
	unsigned int i;

	t->follow = FOLLOW_PARENTS;
	for (i = 0; i < nr; i++) {
		if (!proc_stat_read(pids[i], &st)) {
			set_error("there is no process %d", pids[i]);
			return -ESRCH;
		}
		add(t, pids[i], st.start);
	}
	t->nr_seen = nr;
	return 0;
}

/**
 * tree_attach_cgroup() - follow the processes of a cgroup
 * @t: nobody yet
 * @path: its directory
 *
 * Returns 0, or -ENOENT with set_error().
 */
int tree_attach_cgroup(struct tree *t, const char *path)
{
	char file[CGROUP_PATH + 32];

	t->follow = FOLLOW_GIVEN;
	snprintf(file, sizeof(file), "%.190s/cgroup.procs", path);
	if (strlen(path) >= sizeof(t->cgroup) || access(file, R_OK)) {
		set_error("%.150s is no directory of a cgroup", path);
		return -ENOENT;
	}
	copy_word(t->cgroup, sizeof(t->cgroup), path);
	tree_refresh(t);
	return 0;
}

static bool is_ours(pid_t pid)
{
	return pid == getpid() || (keeper_pid() && pid == keeper_pid());
}

/* Who was followed before the look that is taken now. */
static struct {
	unsigned int nr;
	struct proc proc[MAX_PROCS];
} old;

static void begin_look(struct tree *t)
{
	old.nr = t->nr;
	memcpy(old.proc, t->proc, t->nr * sizeof(t->proc[0]));
	t->nr = 0;
}

/* @start: 0 if it does not matter */
static bool was_there(pid_t pid, u64 start)
{
	unsigned int i;

	for (i = 0; i < old.nr; i++) {
		if (old.proc[i].pid == pid && (!start || old.proc[i].start == start))
			return true;
	}
	return false;
}

/**
 * tree_has() - is this one of them, as of the last look?
 * @t: of whom
 * @pid: who
 */
bool tree_has(const struct tree *t, pid_t pid)
{
	unsigned int i;

	for (i = 0; i < t->nr; i++) {
		if (t->proc[i].pid == pid)
			return true;
	}
	return false;
}

static bool take(struct tree *t, struct proc_stat *st)
{
	add(t, st->pid, st->start);
	t->nr_seen += !was_there(st->pid, st->start);
	st->pid = 0;
	return !t->full;
}

/* Those that were known and live, and whom they have forked since. */
static void refresh_by_parents(struct tree *t)
{
	struct proc_stat *list;
	unsigned int nr = proc_list(&list), i;
	bool more;

	begin_look(t);
	for (i = 0; i < nr; i++) {
		if (is_ours(list[i].pid))
			list[i].pid = 0;
		/* an orphan that has come to us was forked by one of them */
		else if (was_there(list[i].pid, list[i].start) ||
			 (t->launched && list[i].parent == getpid()))
			take(t, &list[i]);
	}
	do {
		more = false;
		for (i = 0; i < nr; i++) {
			if (list[i].pid && tree_has(t, list[i].parent))
				more |= take(t, &list[i]);
		}
	} while (more);
	free(list);
}

static void add_member(pid_t pid, void *arg)
{
	struct tree *t = arg;

	if (is_ours(pid))
		return;
	add(t, pid, 0);
	t->nr_seen += !was_there(pid, 0);
}

static void refresh_by_cgroup(struct tree *t)
{
	begin_look(t);
	cgroup_each(t->cgroup, add_member, t);
}

/**
 * tree_refresh() - who is there now?
 * @t: of whom
 */
void tree_refresh(struct tree *t)
{
	u64 seen = t->nr_seen;

	if (t->follow == FOLLOW_PARENTS)
		refresh_by_parents(t);
	else
		refresh_by_cgroup(t);
	t->changed |= t->nr_seen != seen || t->nr != old.nr;
}

/**
 * tree_roots() - those of them whose parent is none of them
 * @t: of whom
 * @roots: result
 * @max: room there
 *
 * All others descend from those.  Returns how many.
 */
unsigned int tree_roots(struct tree *t, pid_t *roots, unsigned int max)
{
	struct proc_stat st;
	unsigned int i, nr = 0;

	t->changed = false;
	for (i = 0; i < t->nr && nr < max; i++) {
		if (proc_stat_read(t->proc[i].pid, &st) && !tree_has(t, st.parent))
			roots[nr++] = st.pid;
	}
	return nr;
}

/**
 * tree_draw() - one of them, or 0: nobody is there
 * @t: of whom
 * @random: any number
 */
pid_t tree_draw(const struct tree *t, u64 random)
{
	return t->nr ? t->proc[random % t->nr].pid : 0;
}

static void nap(void)
{
	const struct timespec ts = { .tv_nsec = NAP_NS };

	nanosleep(&ts, NULL);
}

static void send_home(pid_t pid, void *arg)
{
	move_to(arg, pid);
}

static void count_one(pid_t pid, void *arg)
{
	(void)pid;
	++*(unsigned int *)arg;
}

static unsigned int nr_members(const struct tree *t)
{
	unsigned int nr = 0;

	cgroup_each(t->cgroup, count_one, &nr);
	return nr;
}

/* Who still forks may be quicker, so again. */
static void empty_cgroup(struct tree *t, void (*fn)(pid_t pid, void *arg), void *arg)
{
	u64 end_ns = now_ns() + PATIENCE_NS;

	for (;;) {
		cgroup_each(t->cgroup, fn, arg);
		if (!nr_members(t) || now_ns() > end_ns)
			break;
		nap();
	}
	/* The command may have made some of its own below; they are its. */
	cgroup_remove(t->cgroup, RMDIR_NAPS);
}

/**
 * tree_leave() - the command has ended, or is no longer observed
 * @t: of it; whoever is left lives on where it would be without us
 */
void tree_leave(struct tree *t)
{
	tree_refresh(t);
	if (t->launched)
		t->nr_left = t->nr;
	if (t->follow == FOLLOW_CGROUP)
		empty_cgroup(t, send_home, t->home);
	t->over = true;
}

static void kill_one(pid_t pid, void *arg)
{
	(void)arg;
	kill(pid, SIGKILL);
}

/**
 * tree_kill() - for the keeper: who observed was killed, and takes the command along
 * @t: shared with it
 */
void tree_kill(struct tree *t)
{
	struct proc_stat st;
	unsigned int i, nr;
	u64 end_ns = now_ns() + PATIENCE_NS;

	if (t->over || !t->launched)
		return;
	if (t->follow == FOLLOW_CGROUP) {
		empty_cgroup(t, kill_one, NULL);
		return;
	}
	/* Each look may find children of those that were killed in the one before. */
	do {
		refresh_by_parents(t);
		for (i = 0, nr = 0; i < t->nr; i++) {
			if (!proc_stat_read(t->proc[i].pid, &st) || st.start != t->proc[i].start)
				continue;
			kill(st.pid, SIGKILL);
			nr++;
		}
		nap();
	} while (nr && now_ns() < end_ns);
}
