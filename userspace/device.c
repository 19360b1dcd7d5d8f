// SPDX-License-Identifier: GPL-2.0
/*
 * A block device of our own, in compressed memory (zram): to be read with O_DIRECT
 *
 * Added to those that there are, and removed at the scenario's end, by main or by
 * the keeper.  One that was there before is never touched.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "touch.h"
#include "undo.h"
#include "util.h"

#define HOT_ADD		"/sys/class/zram-control/hot_add"
#define HOT_REMOVE	"/sys/class/zram-control/hot_remove"
#define REMOVE_TRIES	100		/* who opens any new device is soon done with it */
#define REMOVE_NAP_NS	(20 * NSEC_PER_MSEC)

const struct touch device_touches[] = {
	{ .kind = TOUCH_DEVICE, .what = ZRAM_BLOCK,
	  .others = "there is another zram device, which nobody else is to use" },
	{ .kind = TOUCH_ACTION, .what = HOT_ADD },
	{ .kind = TOUCH_ACTION, .what = HOT_REMOVE },
	{ .kind = TOUCH_MODULE, .what = "zram",
	  .others = "loaded where it is not, and unloaded at the end" },
	{ }
};

/* Shared with the scenario's process, which may be killed, and with the keeper. */
static struct state {
	bool made;
	u64 number, holder;
} *state;

/**
 * device_init() - before the first scenario is begun
 */
int device_init(void)
{
	state = map_shared(sizeof(*state));
	return state ? 0 : -ENOMEM;
}

static bool set_size(u64 bytes)
{
	char path[64], text[32];

	snprintf(path, sizeof(path), ZRAM_BLOCK "%llu/disksize", state->number);
	snprintf(text, sizeof(text), "%llu", bytes);
	return !write_text(path, text);
}

/**
 * device_start() - have such a device if that is possible here
 * @bytes: its size
 *
 * device_open() says what came of it.
 */
void device_start(u64 bytes)
{
	char text[32];

	if (!state || state->made)
		return;
	if (access(HOT_ADD, F_OK))
		swap_load();
	/* To read it makes one, also where nothing may be written, in a container: for good. */
	if (access(HOT_REMOVE, W_OK) || read_text(HOT_ADD, text, sizeof(text)) <= 0)
		return;
	text[strcspn(text, "\n")] = '\0';
	if (parse_u64(text, 0, ~0U, &state->number))
		return;
	state->holder = undo_holder();
	state->made = true;
	if (!set_size(bytes))
		device_stop();
}

/**
 * device_open() - open the device for direct I/O
 *
 * Returns a file descriptor, or a negative errno.
 */
int device_open(void)
{
	char path[32];
	int fd;

	if (!state || !state->made)
		return -ENODEV;
	snprintf(path, sizeof(path), "/dev/zram%llu", state->number);
	fd = open(path, O_RDWR | O_DIRECT | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/**
 * device_stop() - remove what device_start() has made
 */
void device_stop(void)
{
	const struct timespec nap = { .tv_nsec = REMOVE_NAP_NS };
	unsigned int tries;
	char text[32];
	int err;

	if (!state || !state->made || !(state->holder & undo_holder()))
		return;
	snprintf(text, sizeof(text), "%llu", state->number);
	for (tries = 0; tries < REMOVE_TRIES; tries++) {
		err = write_text(HOT_REMOVE, text);
		if (err != -EBUSY)
			break;
		nanosleep(&nap, NULL);
	}
	if (err)
		undo_failed("zram%s is still there: %s", text, strerror(-err));
	/* Forgotten only when it is done: we may be killed here, too. */
	state->made = false;
}
