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
#include <unistd.h>

#include "thprace.h"

struct knob {
	char path[96];
	char old[64];
};

static struct knob knobs[8];
static unsigned int nr_knobs;

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
	struct knob *knob = &knobs[nr_knobs];
	ssize_t len;
	char old[128];
	int err;

	if (nr_knobs == ARRAY_SIZE(knobs))
		return -ENOSPC;
	len = read_text(path, old, sizeof(old));
	if (len < 0)
		return len;
	selected_word(old);
	if (!strcmp(old, value))
		return 0;
	copy_word(knob->path, sizeof(knob->path), path);
	copy_word(knob->old, sizeof(knob->old), old);
	err = write_text(path, value);
	if (!err)
		nr_knobs++;
	return err;
}

/**
 * knobs_restore() - write back what was there, last change first
 */
void knobs_restore(void)
{
	while (nr_knobs) {
		nr_knobs--;
		write_text(knobs[nr_knobs].path, knobs[nr_knobs].old);
	}
}
