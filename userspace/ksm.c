// SPDX-License-Identifier: GPL-2.0
/*
 * Who else has something to do with KSM
 *
 * ksmd is one for all.  While it runs for us it merges what others have made
 * mergeable, too, and what is undone behind us (2 is written to "run") is undone
 * for all.
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ksm.h"
#include "util.h"

static const char *const counts[] = { "pages_shared", "pages_unshared", "pages_volatile" };

/**
 * ksm_mergeable() - has a process memory that KSM may merge?
 * @pid: its number, or "self"
 *
 * A VMA's flags in smaps have the word.
 */
bool ksm_mergeable(const char *pid)
{
	static const char flags[] = "VmFlags:";
	char path[64], line[512];
	bool found = false;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%.20s/smaps", pid);
	f = fopen(path, "re");
	while (f && !found && fgets(line, sizeof(line), f))
		found = !strncmp(line, flags, strlen(flags)) && strstr(line, " mg");
	if (f)
		fclose(f);
	return found;
}

static bool any_mergeable(char *why, size_t size)
{
	char path[64], comm[32];
	DIR *dir = opendir("/proc");
	struct dirent *d;
	bool found = false;

	while (dir && !found && (d = readdir(dir))) {
		if (atoi(d->d_name) <= 0 || atoi(d->d_name) == getpid() ||
		    !ksm_mergeable(d->d_name))
			continue;
		snprintf(path, sizeof(path), "/proc/%.20s/comm", d->d_name);
		read_text(path, comm, sizeof(comm));
		comm[strcspn(comm, "\n")] = '\0';
		snprintf(why, size, "process %.20s (%s) has mergeable memory: KSM would merge it",
			 d->d_name, comm);
		found = true;
	}
	if (dir)
		closedir(dir);
	return found;
}

/**
 * ksm_text() - what the kernel says of KSM at this moment
 * @text: result
 * @size: of @text
 */
void ksm_text(char *text, size_t size)
{
	static const char *const names[] = {
		"run", "full_scans", "pages_shared", "pages_sharing", "pages_unshared",
		"pages_volatile", "pages_skipped",
	};
	char path[64], number[32];
	unsigned int i;
	size_t len;

	copy_word(text, size, "KSM:");
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), KSM_SYSFS "/%s", names[i]);
		if (read_text(path, number, sizeof(number)) <= 0)
			continue;
		number[strcspn(number, "\n")] = '\0';
		len = strlen(text);
		snprintf(text + len, size - len, " %s %s", names[i], number);
	}
}

/**
 * ksm_others() - why KSM must be left alone, or NULL
 *
 * Looked at once: later it is our own that merges.
 */
const char *ksm_others(void)
{
	static char why[120];
	static bool known;
	char path[64], text[32];
	unsigned int i;

	if (known)
		return why[0] ? why : NULL;
	known = true;
	for (i = 0; i < ARRAY_SIZE(counts) && !why[0]; i++) {
		snprintf(path, sizeof(path), KSM_SYSFS "/%s", counts[i]);
		if (read_text(path, text, sizeof(text)) > 0 && strtoull(text, NULL, 10))
			snprintf(why, sizeof(why), "others use KSM: %s is %llu", counts[i],
				 strtoull(text, NULL, 10));
	}
	if (!why[0])
		any_mergeable(why, sizeof(why));
	return why[0] ? why : NULL;
}
