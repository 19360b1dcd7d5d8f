// SPDX-License-Identifier: GPL-2.0
/*
 * A hung scenario is checked from outside before it is killed
 *
 * What a bug has left in the page tables can keep a process in a fault for ever
 * (a migration entry that nobody replaces), so that the scenario never reaches
 * its own check.
 */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "client.h"
#include "result.h"
#include "run.h"
#include "scenario.h"
#include "stuck.h"
#include "tally.h"
#include "util.h"

#define PATIENCE_NS	(5 * NSEC_PER_SEC)	/* at least */
#define PATIENCE_FACTOR	20			/* of the longest batch so far */
#define LOOK_NS		(10 * NSEC_PER_SEC)	/* the look can be stuck as well */
#define DEEP_LOOKS	20

/**
 * stuck_beat() - a batch has ended, or the first is about to begin
 * @res: of the scenario, shared with the process that runs all
 */
void stuck_beat(struct result *res)
{
	u64 now = now_ns(), before = res->beat_ns;

	if (before && now - before > res->longest_ns)
		__atomic_store_n(&res->longest_ns, now - before, __ATOMIC_RELAXED);
	__atomic_store_n(&res->beat_ns, now, __ATOMIC_RELAXED);
}

/* From a stat file below /proc. */
static int read_stat(const char *path, char *state, int *parent)
{
	char text[256], *at;

	if (read_text(path, text, sizeof(text)) <= 0)
		return -ESRCH;
	at = strrchr(text, ')');
	return at && sscanf(at, ") %c %d", state, parent) == 2 ? 0 : -ESRCH;
}

static pid_t parent_of(pid_t pid)
{
	char path[64], state;
	int parent;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	return read_stat(path, &state, &parent) ? 0 : parent;
}

static bool any_thread_in(pid_t pid, char state)
{
	char path[320], is = 0;
	struct dirent *entry;
	bool found = false;
	int parent;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	while (dir && !found && (entry = readdir(dir))) {
		snprintf(path, sizeof(path), "/proc/%d/task/%s/stat", pid, entry->d_name);
		found = entry->d_name[0] != '.' && !read_stat(path, &is, &parent) && is == state;
	}
	if (dir)
		closedir(dir);
	return found;
}

/*
 * A process and all that come from it; in /proc, children come after parents.
 * Returns how many, or 0 without memory.
 */
static unsigned int find_family(pid_t first, pid_t **result)
{
	unsigned int nr = 0, room = 64, i;
	pid_t *family = malloc(room * sizeof(*family)), *more;
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	pid_t pid, parent;

	*result = family;
	if (family)
		family[nr++] = first;
	while (proc && family && (entry = readdir(proc))) {
		pid = atoi(entry->d_name);
		parent = pid > 0 ? parent_of(pid) : 0;
		for (i = 0; i < nr && family[i] != parent; i++)
			;
		if (!parent || i == nr)
			continue;
		if (nr == room) {
			room *= 2;
			more = realloc(family, room * sizeof(*family));
			if (!more)
				break;
			family = more;
			*result = family;
		}
		family[nr++] = pid;
	}
	if (proc)
		closedir(proc);
	return nr;
}

/*
 * Asleep in the kernel, uninterruptibly, each time we look: a check that waits
 * for the locks of such a process may hang as well.
 */
static bool in_deep_sleep(const pid_t *family, unsigned int nr)
{
	const struct timespec nap = { .tv_nsec = 50 * NSEC_PER_MSEC };
	unsigned int i, look;

	for (i = 0; i < nr; i++) {
		for (look = 0; look < DEEP_LOOKS && any_thread_in(family[i], 'D'); look++)
			nanosleep(&nap, NULL);
		if (look == DEEP_LOOKS)
			return true;
	}
	return false;
}

/* In a process of its own, as the maps of one that is stuck may be locked. */
static void look_here(struct tally *found, pid_t scenario)
{
	const char *inject = injected("stuck") ? check_name(THPRACE_CHECK_REFCOUNT) : NULL;
	struct tally *t = calloc(1, sizeof(*t));
	int fd = session_open();
	pid_t *family;
	unsigned int nr = find_family(scenario, &family), i;

	if (fd < 0 || !t || !nr || in_deep_sleep(family, nr))
		_exit(1);
	/* One that has ended meanwhile is nothing to complain of. */
	for (i = 0; i < nr; i++)
		check_memory(fd, family[i], inject);
	if (session_report(fd, t))
		_exit(1);
	memcpy(found, t, sizeof(*found));
	_exit(0);
}

static bool ends_within(pid_t pid, u64 ns)
{
	const struct timespec nap = { .tv_nsec = 20 * NSEC_PER_MSEC };
	u64 end_ns = now_ns() + ns;
	bool killed = false;
	int status;

	while (!waitpid(pid, &status, WNOHANG)) {
		if (now_ns() > end_ns && killed)
			return false;
		if (now_ns() > end_ns) {
			kill(pid, SIGKILL);
			killed = true;
			end_ns += ns;
		}
		nanosleep(&nap, NULL);
	}
	return WIFEXITED(status) && !WEXITSTATUS(status);
}

/**
 * stuck_look() - if a scenario makes no progress, have the module check its processes
 * @run: of the scenario
 * @pid: its process
 * @look: when it was checked last, and how often; zeroed before the first call
 *
 * Does no harm to a scenario that is merely slow: the check may be made of any
 * live process.  Each check that finds nothing makes the next one later.
 *
 * Returns whether there is a violation; it is in @look then.
 */
bool stuck_look(const struct run *run, pid_t pid, struct stuck *look)
{
	u64 beat_ns = __atomic_load_n(&run->res->beat_ns, __ATOMIC_RELAXED);
	u64 patience_ns = __atomic_load_n(&run->res->longest_ns, __ATOMIC_RELAXED) *
			  PATIENCE_FACTOR;
	pid_t parent = getpid(), looker;
	struct tally *found;

	if (patience_ns < PATIENCE_NS)
		patience_ns = PATIENCE_NS;
	if (beat_ns != look->beat_ns)
		look->looks = 0;
	look->beat_ns = beat_ns;
	if (!beat_ns || run->opt->no_module || look->tally ||
	    now_ns() - beat_ns < patience_ns << look->looks)
		return false;
	look->looks++;
	found = mmap(NULL, sizeof(*found), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (found == MAP_FAILED)
		return false;
	looker = fork();
	if (!looker) {
		/* counted by main already */
		signal(SIGINT, SIG_IGN);
		signal(SIGTERM, SIG_IGN);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(1);
		look_here(found, pid);
	}
	if (looker > 0 && ends_within(looker, LOOK_NS) && found->violations) {
		look->tally = found;
		look->found_ns = now_ns() - run->start_ns;
		return true;
	}
	munmap(found, sizeof(*found));
	return false;
}

/**
 * stuck_add() - what was found goes into the scenario's result
 * @res: of the scenario, whose process is gone
 * @look: from stuck_look()
 */
void stuck_add(struct result *res, struct stuck *look)
{
	unsigned int i;

	if (!look->tally)
		return;
	for (i = 0; i < look->tally->nr_violations; i++)
		copy_word(look->tally->kept[i].scenario, sizeof(look->tally->kept[i].scenario),
			  res->sc->name);
	tally_add(&res->tally, look->tally);
	if (!res->first_violation_ns)
		res->first_violation_ns = look->found_ns;
	munmap(look->tally, sizeof(*look->tally));
	look->tally = NULL;
}
