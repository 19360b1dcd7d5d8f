// SPDX-License-Identifier: GPL-2.0
/*
 * Settings that a scenario changes, and their return
 *
 * Files of sysfs, and where a kernel thread runs.  The old value is kept and set
 * again at the scenario's end, also from a signal handler or by the keeper.
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
};

/* Shared with the scenario's process, which may be killed. */
static struct kept {
	unsigned int nr;
	struct knob knob[16];
	pid_t kthread;			/* moved to another CPU, or 0 */
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

/**
 * knob_set() - change a setting until knobs_restore()
 * @path: file below /sys or /proc/sys
 * @value: new value
 */
int knob_set(const char *path, const char *value)
{
	struct knob *knob = &kept->knob[kept->nr];
	ssize_t len;
	char old[128];
	int err;

	if (kept->nr == ARRAY_SIZE(kept->knob))
		return -ENOSPC;
	len = read_text(path, old, sizeof(old));
	if (len < 0)
		return len;
	selected_word(old);
	if (!strcmp(old, value))
		return 0;
	copy_word(knob->path, sizeof(knob->path), path);
	copy_word(knob->old, sizeof(knob->old), old);
	kept->nr++;
	err = write_text(path, value);
	if (err)
		kept->nr--;
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
	if (!sched_setaffinity(pid, sizeof(one), one.set))
		return pid;
	kept->kthread = 0;
	return 0;
}

/**
 * knobs_restore() - set again what was there, last change first
 */
void knobs_restore(void)
{
	if (!kept)
		return;
	if (kept->kthread)
		(void)!sched_setaffinity(kept->kthread, sizeof(kept->kthread_cpus),
					 kept->kthread_cpus.set);
	kept->kthread = 0;
	/* Forgotten only when it is done: we may be killed here, too. */
	for (; kept->nr; kept->nr--)
		write_text(kept->knob[kept->nr - 1].path, kept->knob[kept->nr - 1].old);
}
