// SPDX-License-Identifier: GPL-2.0
/*
 * Where a run may make memory cgroups: below its own, whose limits then hold
 *
 * cgroup2 gives no controller to the children of a cgroup that has processes.  If
 * main is the only one there, it moves aside (cgroup.c).  Else the cgroups are made
 * beside it, and only if it has no limit of its own that this would evade.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cgroup.h"
#include "cgroup_find.h"
#include "util.h"

static char text[0x10000];

static bool has_word(const char *line, const char *word)
{
	size_t len = strlen(word);
	const char *at = line;

	while ((at = strstr(at, word))) {
		if ((at == line || strchr(" ,:", at[-1])) && strcspn(at, "\n ,:") == len)
			return true;
		at += len;
	}
	return false;
}

/* A file of a cgroup that has this word in its first line. */
static bool file_has(const char *dir, const char *file, const char *word)
{
	char path[CGROUP_PATH + 32], line[256];

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	return read_text(path, line, sizeof(line)) > 0 && has_word(line, word);
}

static bool there(const char *dir, const char *file)
{
	char path[CGROUP_PATH + 32];

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	return !access(path, F_OK);
}

/* Where it is mounted, and what of the hierarchy is. */
static bool find_mount(struct place *p, char *top, size_t size)
{
	char root[CGROUP_PATH], dir[CGROUP_PATH], type[32], options[256], *line, *rest;

	read_text("/proc/self/mountinfo", text, sizeof(text));
	for (line = text; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		rest = strstr(line, " - ");
		if (!rest || sscanf(line, "%*s %*s %*s %191s %191s", root, dir) != 2 ||
		    sscanf(rest, " - %31s %*s %255s", type, options) != 2)
			continue;
		if (strcmp(type, p->v1 ? "cgroup" : "cgroup2") ||
		    (p->v1 && !has_word(options, "memory")))
			continue;
		copy_word(p->mount, sizeof(p->mount), dir);
		copy_word(top, size, root);
		return true;
	}
	return false;
}

/* "0::PATH" or "N:memory:PATH". */
static bool find_own(const struct place *p, char *own, size_t size)
{
	char *line, *path;

	read_text("/proc/self/cgroup", text, sizeof(text));
	for (line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		path = strchr(line, ':');
		path = path ? strchr(path + 1, ':') : NULL;
		if (!path)
			continue;
		*path++ = '\0';
		if (p->v1 ? has_word(strchr(line, ':') + 1, "memory") : !strcmp(line, "0:")) {
			copy_word(own, size, path);
			return true;
		}
	}
	return false;
}

/* Returns why not, or NULL: p->own is the directory of the caller's cgroup. */
static const char *find_dir(struct place *p)
{
	char top[CGROUP_PATH], own[CGROUP_PATH];
	const char *rest;
	size_t len;

	if (!find_mount(p, top, sizeof(top)))
		return p->v1 ? "cgroup v1 has no memory controller here" : "cgroup2 is not mounted";
	if (!find_own(p, own, sizeof(own)) || strstr(own, ".."))
		return "its own cgroup is not to be seen";
	len = strcmp(top, "/") ? strlen(top) : 0;
	if (strncmp(own, top, len) || (own[len] && own[len] != '/'))
		return "its own cgroup is not to be seen";
	/* The root's own name is "/". */
	rest = strcmp(own + len, "/") ? own + len : "";
	if (snprintf(p->own, sizeof(p->own), "%s%s", p->mount, rest) >= (int)sizeof(p->own))
		return "its own cgroup has too long a name";
	return there(p->own, "cgroup.procs") ? NULL : "its own cgroup is not to be seen";
}

/* Is the caller the only process in its cgroup? */
static bool alone(const char *dir)
{
	char path[CGROUP_PATH + 32], want[16];

	snprintf(path, sizeof(path), "%s/cgroup.procs", dir);
	snprintf(want, sizeof(want), "%d\n", getpid());
	return read_text(path, text, sizeof(text)) > 0 && !strcmp(text, want);
}

/* The files that hold a limit, and what they say where there is none. */
static const char *const limits[][2] = {
	{ "memory.max", "max\n" },
	{ "memory.high", "max\n" },
	{ "memory.swap.max", "max\n" },
	{ "pids.max", "max\n" },
	{ "cpuset.cpus", "\n" },
	{ "cpuset.mems", "\n" },
	{ "cpu.max", "max " },
};

static bool is_limited(const char *dir)
{
	char path[CGROUP_PATH + 32], value[128];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(limits); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, limits[i][0]);
		if (read_text(path, value, sizeof(value)) > 0 &&
		    strncmp(value, limits[i][1], strlen(limits[i][1])))
			return true;
	}
	return false;
}

/* The nearest one above that gives its children the controller. */
static const char *find_above(struct place *p)
{
	char *slash;

	copy_word(p->base, sizeof(p->base), p->own);
	do {
		if (is_limited(p->base))
			return "its own cgroup has other processes, and a limit";
		slash = strrchr(p->base, '/');
		if (!slash || strlen(p->base) <= strlen(p->mount))
			return "its own cgroup has other processes";
		*slash = '\0';
	} while (!file_has(p->base, "cgroup.subtree_control", "memory"));
	return NULL;
}

static const char *find_v2(struct place *p)
{
	const char *why = find_dir(p);

	if (why)
		return why;
	copy_word(p->base, sizeof(p->base), p->own);
	if (!file_has(p->own, "cgroup.controllers", "memory"))
		return "cgroup2 has no memory controller here";
	p->had_controller = file_has(p->own, "cgroup.subtree_control", "memory");
	/* Only the root of all may have processes and children with controllers. */
	if (p->had_controller || !there(p->own, "cgroup.type"))
		return NULL;
	if (alone(p->own)) {
		p->aside = true;
		return NULL;
	}
	p->had_controller = true;
	return find_above(p);
}

/**
 * cgroup_find() - where to make cgroups
 * @p: result
 *
 * Changes nothing.  Returns why none can be made, or NULL.
 */
const char *cgroup_find(struct place *p)
{
	const char *why, *why_v1;
	char path[CGROUP_PATH + 32];

	memset(p, 0, sizeof(*p));
	why = find_v2(p);
	if (why) {
		struct place v1 = { .v1 = true };

		why_v1 = find_dir(&v1);
		if (why_v1)
			return why;
		*p = v1;
		copy_word(p->base, sizeof(p->base), p->own);
	}
	snprintf(path, sizeof(path), "%s/%s", p->base,
		 p->v1 ? "cgroup.procs" : "cgroup.subtree_control");
	return access(path, W_OK) || access(p->base, W_OK) ?
	       "may not make a cgroup (not root)" : NULL;
}

/**
 * cgroup_own() - the directory of the caller's cgroup, of version 2
 * @path: result
 * @size: of @path
 *
 * One can be made below it without any controller, whoever else is in there.
 * Changes nothing.  Returns why there is none, or NULL.
 */
const char *cgroup_own(char *path, size_t size)
{
	struct place p = { .v1 = false };
	const char *why = find_dir(&p);

	if (!why)
		copy_word(path, size, p.own);
	return why;
}
