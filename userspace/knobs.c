// SPDX-License-Identifier: GPL-2.0
/*
 * Sysfs settings that a scenario changes, and their return
 *
 * The old value is kept and written back at the scenario's end, also from a
 * signal handler.  Not here: which settings (scenario_*.c).
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "thprace.h"

struct knob {
	char path[96];
	char old[64];
};

/* Shared with the scenario's process, which may be killed. */
static struct kept {
	unsigned int nr;
	struct knob knob[16];
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

/**
 * knobs_restore() - write back what was there, last change first
 */
void knobs_restore(void)
{
	while (kept && kept->nr) {
		kept->nr--;
		write_text(kept->knob[kept->nr].path, kept->knob[kept->nr].old);
	}
}
