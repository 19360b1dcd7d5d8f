// SPDX-License-Identifier: GPL-2.0
/*
 * Memory cgroups of a run: made, entered, removed
 *
 * They are called thprace-PID-INDEX, after main, so that the keeper finds them.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cgroup.h"
#include "cgroup_find.h"
#include "touch.h"
#include "undo.h"
#include "util.h"

#define NAP_NS		(5 * NSEC_PER_MSEC)
#define NAPS		200

static struct place place;
static const char *why_not = "not looked for";
static pid_t run_pid;			/* main of the run */
static pid_t along;			/* goes where main goes: the keeper, or 0 */
static bool *given;			/* the controller, to base; shared with the keeper */

static void file_of(char *path, size_t size, const char *dir, const char *name)
{
	snprintf(path, size, "%.180s/%.40s", dir, name);
}

static int write_in(const char *dir, const char *name, const char *value)
{
	char path[CGROUP_PATH + 32];

	file_of(path, sizeof(path), dir, name);
	return write_text(path, value);
}

/**
 * cgroup_init() - see where they can be made; changes nothing
 */
void cgroup_init(void)
{
	run_pid = getpid();
	why_not = cgroup_find(&place);
	if (!given)
		given = mmap(NULL, sizeof(*given), PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (given == MAP_FAILED) {
		given = NULL;
		why_not = "out of memory";
	}
}

/**
 * cgroup_along() - another process of the run that main takes along
 * @pid: the keeper
 */
void cgroup_along(pid_t pid)
{
	along = pid;
}

/**
 * cgroup_why_not() - why no memory cgroup can be made, or NULL
 */
const char *cgroup_why_not(void)
{
	if (!given)
		cgroup_init();
	return why_not;
}

bool cgroup_is_v1(void)
{
	return place.v1;
}

/**
 * cgroup_touches() - the rows of what is done here
 */
const struct touch *cgroup_touches(void)
{
	static char made[CGROUP_PATH + 32], control[CGROUP_PATH + 32], procs[CGROUP_PATH + 32];
	static struct touch rows[4];
	unsigned int nr = 0;

	memset(rows, 0, sizeof(rows));
	if (why_not)
		return rows;
	file_of(made, sizeof(made), place.base, "thprace-");
	rows[nr++] = (struct touch){ .kind = TOUCH_CGROUP, .what = made };
	if (!place.v1 && !place.had_controller) {
		file_of(control, sizeof(control), place.base, "cgroup.subtree_control");
		rows[nr++] = (struct touch){ .kind = TOUCH_ACTION, .what = control,
			.others = "other cgroups there have the memory controller for a while" };
	}
	if (place.aside) {
		file_of(procs, sizeof(procs), place.own, "cgroup.procs");
		rows[nr++] = (struct touch){ .kind = TOUCH_ACTION, .what = procs };
	}
	return rows;
}

static void name_aside(char *path, size_t size, pid_t run)
{
	snprintf(path, size, "%s/thprace-%d-main", place.base, run);
}

/**
 * cgroup_name() - the path of one
 * @path: result
 * @size: of @path
 * @run: main of the run
 * @index: of the cgroup
 */
void cgroup_name(char *path, size_t size, pid_t run, unsigned int index)
{
	snprintf(path, size, "%.150s/thprace-%d-%u", place.base, run, index);
}

/* So that base has no process of its own any more. */
static int go_aside(void)
{
	char path[CGROUP_PATH + 32], pid[16];
	int err;

	name_aside(path, sizeof(path), run_pid);
	if (mkdir(path, 0755) && errno != EEXIST)
		return -errno;
	if (along) {
		snprintf(pid, sizeof(pid), "%d", along);
		err = write_in(path, "cgroup.procs", pid);
		if (err)
			return err;
	}
	return write_in(path, "cgroup.procs", "0");
}

static int give_controller(void)
{
	int err = 0;

	if (*given || place.v1 || place.had_controller)
		return 0;
	*given = true;
	if (place.aside)
		err = go_aside();
	return err ? err : write_in(place.base, "cgroup.subtree_control", "+memory");
}

/**
 * cgroup_prepare() - before any process but main makes one
 */
void cgroup_prepare(void)
{
	if (!cgroup_why_not())
		give_controller();
}

/**
 * cgroup_make() - make one
 * @path: result; empty after an error
 * @size: of @path
 * @index: of the cgroup in this run
 */
int cgroup_make(char *path, size_t size, unsigned int index)
{
	int err;

	path[0] = '\0';
	if (why_not)
		return -EOPNOTSUPP;
	err = give_controller();
	if (err)
		return err;
	cgroup_name(path, size, run_pid, index);
	if (!mkdir(path, 0755))
		return 0;
	path[0] = '\0';
	return -errno;
}

/**
 * cgroup_enter() - the caller enters one
 * @path: its directory
 */
int cgroup_enter(const char *path)
{
	return write_in(path, "cgroup.procs", "0");
}

/**
 * cgroup_charged() - bytes that are charged to one
 * @path: its directory
 */
u64 cgroup_charged(const char *path)
{
	char file[CGROUP_PATH + 32], text[32];

	file_of(file, sizeof(file), path, place.v1 ? "memory.usage_in_bytes" : "memory.current");
	return read_text(file, text, sizeof(text)) > 0 ? strtoull(text, NULL, 10) : 0;
}

/**
 * cgroup_limit() - set the most that it may have
 * @path: its directory
 * @bytes: as text; "max" for no limit
 */
int cgroup_limit(const char *path, const char *bytes)
{
	if (!place.v1)
		return write_in(path, "memory.max", bytes);
	return write_in(path, "memory.limit_in_bytes", strcmp(bytes, "max") ? bytes : "-1");
}

/**
 * cgroup_no_swap() - let nothing of it be swapped out, as far as that can be said
 * @path: its directory
 *
 * For good; then what reclaim can have of private memory is what nobody maps.
 */
void cgroup_no_swap(const char *path)
{
	if (place.v1)
		write_in(path, "memory.swappiness", "0");
	else
		write_in(path, "memory.swap.max", "0");
}

/**
 * cgroup_squeeze() - take memory from its processes until it has less
 * @path: its directory
 * @charged: what it has now
 * @bytes: how much less
 *
 * A limit below what is used reclaims at once.  What counts is what it has, not what
 * reclaim says that it took.  Returns -EAGAIN when it has no less then.
 */
int cgroup_squeeze(const char *path, u64 charged, u64 bytes)
{
	const char *limit = place.v1 ? "memory.limit_in_bytes" : "memory.high";
	char text[32];
	int err;

	snprintf(text, sizeof(text), "%llu", charged > bytes ? charged - bytes : 0);
	err = write_in(path, limit, text);
	write_in(path, limit, place.v1 ? "-1" : "max");
	if (err == -EBUSY)
		return -EAGAIN;
	return err ? err : cgroup_charged(path) < charged ? 0 : -EAGAIN;
}

/**
 * cgroup_reclaim() - take memory from its processes
 * @path: its directory
 * @charged: what it has now
 * @bytes: how much
 *
 * Returns -EAGAIN when it could not be had.
 */
int cgroup_reclaim(const char *path, u64 charged, u64 bytes)
{
	char text[32];
	int err;

	snprintf(text, sizeof(text), "%llu", bytes);
	err = place.v1 ? -ENOENT : write_in(path, "memory.reclaim", text);
	/* Older kernels have no such file. */
	return err == -ENOENT || err == -EACCES ? cgroup_squeeze(path, charged, bytes) : err;
}

/**
 * cgroup_remove() - remove one, if it is there
 * @path: its directory
 * @naps: how often to try again, every 5 ms
 */
void cgroup_remove(const char *path, unsigned int naps)
{
	const struct timespec nap = { .tv_nsec = NAP_NS };
	unsigned int i;

	/* A process that was just reaped may still be on its way out. */
	for (i = 0; rmdir(path) && errno == EBUSY; i++) {
		if (i == naps) {
			undo_failed("cgroup %s is still there: it has processes", path);
			return;
		}
		nanosleep(&nap, NULL);
	}
}

static void come_back(pid_t run)
{
	char path[CGROUP_PATH + 32], pid[16];
	int err = cgroup_enter(place.own);

	if (!err && along && run == getpid()) {
		snprintf(pid, sizeof(pid), "%d", along);
		err = write_in(place.own, "cgroup.procs", pid);
	}
	if (err)
		undo_failed("cannot go back to cgroup %s: %s", place.own, strerror(-err));
	name_aside(path, sizeof(path), run);
	cgroup_remove(path, NAPS);
}

/**
 * cgroup_end() - all cgroups of a run are removed: the rest is put back
 * @run: main of the run; the caller, or killed
 */
void cgroup_end(pid_t run)
{
	int err;

	if (!given || !*given)
		return;
	err = write_in(place.base, "cgroup.subtree_control", "-memory");
	if (err == -EBUSY)
		undo_left("cgroup %s still gives the memory controller: somebody else uses it",
			  place.base);
	else if (err)
		undo_failed("cgroup %s still gives the memory controller: %s", place.base,
			    strerror(-err));
	if (place.aside)
		come_back(run);
	*given = false;
}
