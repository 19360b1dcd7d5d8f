// SPDX-License-Identifier: GPL-2.0
/*
 * What /proc and cgroups say of processes
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cgroup.h"
#include "observe_proc.h"

/**
 * proc_stat_parse() - who a process is, and whose child
 * @text: of /proc/PID/stat
 * @st: result
 */
bool proc_stat_parse(const char *text, struct proc_stat *st)
{
	/* a name may have blanks and parentheses */
	const char *rest = strrchr(text, ')');
	unsigned int skip;

	if (!rest || sscanf(rest + 1, " %c %d", &st->state, &st->parent) != 2)
		return false;
	st->pid = atoi(text);
	/* the 22nd field; the state is the 3rd */
	for (skip = 22 - 2; rest && skip; skip--)
		rest = strchr(rest + 1, ' ');
	st->start = rest ? strtoull(rest, NULL, 10) : 0;
	return st->start;
}

/**
 * proc_stat_read() - the same of a process that may be gone
 * @pid: its id
 * @st: result
 *
 * A zombie is gone.
 */
bool proc_stat_read(pid_t pid, struct proc_stat *st)
{
	char path[32], text[512];

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	return read_text(path, text, sizeof(text)) > 0 && proc_stat_parse(text, st) &&
	       st->state != 'Z' && st->state != 'X';
}

/**
 * proc_list() - all processes
 * @list: out, for free()
 *
 * Returns how many.
 */
unsigned int proc_list(struct proc_stat **list)
{
	unsigned int nr = 0, room = 0;
	struct proc_stat st, *grown;
	struct dirent *d;
	DIR *dir = opendir("/proc");
	u64 pid;

	*list = NULL;
	while (dir && (d = readdir(dir))) {
		if (parse_u64(d->d_name, 1, 1 << 22, &pid) || !proc_stat_read(pid, &st))
			continue;
		if (nr == room) {
			room = room ? 2 * room : 256;
			grown = realloc(*list, room * sizeof(**list));
			if (!grown)
				break;
			*list = grown;
		}
		(*list)[nr++] = st;
	}
	if (dir)
		closedir(dir);
	return nr;
}

/**
 * cgroup_each() - call a function for each process of a cgroup, and of those below
 * @dir: its directory
 * @fn: the function
 * @arg: for it
 */
void cgroup_each(const char *dir, void (*fn)(pid_t pid, void *arg), void *arg)
{
	char path[CGROUP_PATH + 320];
	struct dirent *d;
	struct stat st;
	DIR *below;
	int pid;
	FILE *f;

	snprintf(path, sizeof(path), "%s/cgroup.procs", dir);
	f = fopen(path, "re");
	while (f && fscanf(f, "%d", &pid) == 1)
		fn(pid, arg);
	if (f)
		fclose(f);
	below = opendir(dir);
	while (below && (d = readdir(below))) {
		if (d->d_name[0] == '.')
			continue;
		if (snprintf(path, sizeof(path), "%s/%s", dir, d->d_name) < (int)sizeof(path) &&
		    !lstat(path, &st) && S_ISDIR(st.st_mode))
			cgroup_each(path, fn, arg);
	}
	if (below)
		closedir(below);
}
