// SPDX-License-Identifier: GPL-2.0
/*
 * Settings that a scenario changes, and their return
 *
 * Files of sysfs, and where a kernel thread runs.  The old value is kept and set
 * again at the end of the last scenario that needs the new one, or by the keeper.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "env.h"
#include "undo.h"
#include "util.h"

#define KTHREADD	2		/* parent of all kernel threads */

struct knob {
	char path[96];
	char old[64];
	char now[64];			/* as we have set it; empty: not known */
	char value[24];			/* that was asked for */
	char undo_by[8];		/* written before the old value is, or empty */
	u64 holders;			/* jobs that need it */
};

/* Shared with the scenario's process, which may be killed. */
static struct kept {
	unsigned int nr;
	struct knob knob[16];
	pid_t kthread;			/* moved to another CPU, or 0 */
	u64 kthread_holder;
	struct cpu_mask kthread_cpus;		/* those it had */
} *kept;

/**
 * knobs_init() - before the first scenario is begun
 */
int knobs_init(void)
{
	kept = mmap(NULL, sizeof(*kept), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (kept == MAP_FAILED) {
		kept = NULL;
		set_error("cannot map shared memory");
		return -ENOMEM;
	}
	memset(kept, 0, sizeof(*kept));
	return 0;
}

/* "always [madvise] never" is set by writing "madvise". */
static void selected_word(char *value)
{
	char *open = strchr(value, '['), *close = strchr(value, ']');

	if (!open || !close || close < open) {
		value[strcspn(value, "\n")] = '\0';
		return;
	}
	*close = '\0';
	memmove(value, open + 1, strlen(open + 1) + 1);
}

static ssize_t read_knob(const char *path, char *value, size_t size)
{
	char text[128];
	ssize_t len = read_text(path, text, sizeof(text));

	if (len < 0)
		return len;
	selected_word(text);
	copy_word(value, size, text);
	return len;
}

/**
 * knob_is() - does a setting have this value already, or is it not there?
 * @path: file below /sys or /proc/sys
 * @value: wanted
 */
bool knob_is(const char *path, const char *value)
{
	char now[64];

	return read_knob(path, now, sizeof(now)) < 0 || !strcmp(now, value);
}

static struct knob *find_knob(const char *path)
{
	unsigned int i;

	for (i = 0; i < kept->nr; i++) {
		if (!strcmp(kept->knob[i].path, path))
			return &kept->knob[i];
	}
	return NULL;
}

/* Nobody else sets any. */
static int set_locked(const char *path, const char *value, const char *undo_by)
{
	struct knob *knob = find_knob(path);
	ssize_t len;
	int err;

	if (knob && !strcmp(knob->value, value)) {
		knob->holders |= undo_holder();
		return 0;
	}
	if (knob && knob->holders != undo_holder())
		return -EBUSY;
	if (kept->nr == ARRAY_SIZE(kept->knob))
		return -ENOSPC;
	knob = &kept->knob[kept->nr];
	len = read_knob(path, knob->old, sizeof(knob->old));
	if (len < 0)
		return len;
	if (!strcmp(knob->old, value))
		return 0;
	copy_word(knob->path, sizeof(knob->path), path);
	copy_word(knob->value, sizeof(knob->value), value);
	copy_word(knob->undo_by, sizeof(knob->undo_by), undo_by ? undo_by : "");
	knob->holders = undo_holder();
	knob->now[0] = '\0';
	kept->nr++;
	err = write_text(path, value);
	if (err)
		kept->nr--;
	else if (read_knob(path, knob->now, sizeof(knob->now)) < 0)
		knob->now[0] = '\0';
	return err;
}

/**
 * knob_set() - change a setting until knobs_restore()
 * @path: file below /sys or /proc/sys
 * @value: new value
 * @undo_by: to be written before the old value is, or NULL
 *
 * Returns -EBUSY when another job needs another value.
 */
int knob_set(const char *path, const char *value, const char *undo_by)
{
	int err;

	undo_lock();
	err = set_locked(path, value, undo_by);
	undo_unlock();
	return err;
}

static pid_t find_kthread(const char *name)
{
	char path[288], text[128], comm[32];
	struct dirent *entry;
	pid_t found = 0;
	DIR *proc = opendir("/proc");
	int parent;

	while (proc && !found && (entry = readdir(proc))) {
		snprintf(path, sizeof(path), "/proc/%s/stat", entry->d_name);
		if (entry->d_name[0] < '1' || entry->d_name[0] > '9' ||
		    read_text(path, text, sizeof(text)) <= 0 ||
		    sscanf(text, "%*d (%31[^)]) %*c %d", comm, &parent) != 2)
			continue;
		if (parent == KTHREADD && !strcmp(comm, name))
			found = atoi(entry->d_name);
	}
	if (proc)
		closedir(proc);
	return found;
}

/**
 * knob_kthread() - let a kernel thread run where worker 1 does
 * @name: its name
 *
 * When it is parked, main must have a CPU to itself.  At most one at a time,
 * until knobs_restore().
 *
 * Returns its pid, or 0: there is none that can be moved.
 */
pid_t knob_kthread(const char *name)
{
	pid_t pid = find_kthread(name);
	struct cpu_mask one;

	if (!pid || kept->kthread ||
	    sched_getaffinity(pid, sizeof(kept->kthread_cpus),
			      kept->kthread_cpus.set))
		return 0;
	memset(&one, 0, sizeof(one));
	CPU_SET_S(env_cpu(1), sizeof(one), one.set);
	kept->kthread = pid;
	kept->kthread_holder = undo_holder();
	if (!sched_setaffinity(pid, sizeof(one), one.set))
		return pid;
	kept->kthread = 0;
	return 0;
}

static void restore_kthread(void)
{
	pid_t pid = kept->kthread;
	struct cpu_mask now;
	int err = 0;

	if (!pid || !(kept->kthread_holder & undo_holder()))
		return;
	memset(&now, 0, sizeof(now));
	if (sched_setaffinity(pid, sizeof(kept->kthread_cpus), kept->kthread_cpus.set) ||
	    sched_getaffinity(pid, sizeof(now), now.set))
		err = errno;
	/* A thread that has ended has no CPUs to be put back. */
	if (err != ESRCH && (err || !CPU_EQUAL_S(sizeof(now), now.set, kept->kthread_cpus.set)))
		undo_failed("kernel thread %d still runs on one CPU: %s", pid,
			    err ? strerror(err) : "its CPUs are not what was set");
	kept->kthread = 0;
}

static void restore(const struct knob *knob)
{
	char now[64] = "";
	ssize_t len;
	int err = 0;

	len = read_knob(knob->path, now, sizeof(now));
	if (len >= 0 && knob->now[0] && strcmp(now, knob->now)) {
		undo_left("%s was %s before, somebody else has made it %s: left alone",
			  knob->path, knob->old, now);
		return;
	}
	if (knob->undo_by[0])
		err = write_text(knob->path, knob->undo_by);
	if (err)
		undo_failed("%s cannot be undone by %s: %s", knob->path, knob->undo_by,
			    strerror(-err));
	/* The positive control of what is said then. */
	err = injected("restore") ? 0 : write_text(knob->path, knob->old);
	len = read_knob(knob->path, now, sizeof(now));
	if (err || len < 0 || strcmp(now, knob->old))
		undo_failed("%s is %s, was %s before%s%s", knob->path, len < 0 ? "?" : now,
			    knob->old, err ? ": " : "", err ? strerror(-err) : "");
}

/* Returns whether it was the last job that needed it. */
static bool let_go(struct knob *knob)
{
	if (knob->holders & ~undo_holder()) {
		knob->holders &= ~undo_holder();
		return false;
	}
	return true;
}

/**
 * knobs_restore() - set again what was there, last change first
 *
 * What other jobs need stays.  What cannot be set is noted, see undo_failed().
 */
void knobs_restore(void)
{
	unsigned int i;

	if (!kept)
		return;
	undo_lock();
	restore_kthread();
	for (i = kept->nr; i; i--) {
		struct knob *knob = &kept->knob[i - 1];

		if (!let_go(knob))
			continue;
		restore(knob);
		/* Forgotten only when it is done: we may be killed here, too. */
		memmove(knob, knob + 1, (kept->nr - i) * sizeof(*knob));
		kept->nr--;
	}
	undo_unlock();
}
