// SPDX-License-Identifier: GPL-2.0
/*
 * Swap in compressed memory (zram), for scenarios that want to page out
 *
 * Only where there is no swap at all; taken down at the scenario's end, by main
 * or by the keeper.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/swap.h>
#include <sys/wait.h>
#include <unistd.h>

#include "env.h"
#include "touch.h"
#include "undo.h"
#include "util.h"

#define ZRAM_DEVICE	"/dev/zram0"
#define ZRAM_SYSFS	"/sys/block/zram0"
#define ZRAM_MODULE	"/sys/module/zram"
#define SWAP_THPS	128		/* huge pages' worth, but no more than half of the memory */
#define SWAP_MAGIC	"SWAPSPACE2"
#define HEADER_OFFSET	1024		/* version, last page, bad pages */
#define SWAPOFF_NS	(60 * NSEC_PER_SEC)
#define INJECTED_NS	(2 * NSEC_PER_SEC)
#define MODPROBE_NS	(30 * NSEC_PER_SEC)

const struct touch swap_touches[] = {
	{ .kind = TOUCH_SWAP, .what = ZRAM_SYSFS,
	  .others = "there is swap, in at most half of the memory, and theirs may go there" },
	{ .kind = TOUCH_MODULE, .what = "zram",
	  .others = "loaded where it is not, and unloaded at the end" },
	{ }
};

/* Shared with the scenario's process, which may be killed, and with the keeper. */
static struct state {
	bool started, loaded;
	u64 holders;			/* jobs that need it */
} *state;

static int modprobe(const char *option)
{
	int fd = open("/dev/null", O_RDWR);

	dup2(fd, STDOUT_FILENO);
	dup2(fd, STDERR_FILENO);
	execlp("modprobe", "modprobe", option, "zram", (char *)NULL);
	return -ENOENT;
}

static int load_module(void)
{
	return modprobe("-q");
}

static int unload_module(void)
{
	return modprobe("-r");
}

static u64 swap_bytes(void)
{
	u64 half = (u64)sysconf(_SC_PHYS_PAGES) * env.page_size / 2;
	u64 want = SWAP_THPS * env.hpage_size * env.nr_jobs;

	return (want < half ? want : half) & ~(env.page_size - 1);
}

static int make_swap(u64 bytes)
{
	const u32 header[] = { 1, bytes / env.page_size - 1, 0 };
	char *page = calloc(1, env.page_size);
	int fd, err = 0;

	if (!page)
		return -ENOMEM;
	memcpy(page + HEADER_OFFSET, header, sizeof(header));
	memcpy(page + env.page_size - strlen(SWAP_MAGIC), SWAP_MAGIC, strlen(SWAP_MAGIC));
	fd = open(ZRAM_DEVICE, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, page, env.page_size) != (ssize_t)env.page_size || fsync(fd))
		err = -EIO;
	if (fd >= 0)
		close(fd);
	free(page);
	return err;
}

/**
 * swap_init() - before the first scenario is begun
 */
int swap_init(void)
{
	state = mmap(NULL, sizeof(*state), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (state == MAP_FAILED) {
		state = NULL;
		set_error("cannot map shared memory");
		return -ENOMEM;
	}
	memset(state, 0, sizeof(*state));
	return 0;
}

/**
 * swap_load() - have zram, if it is a module that is not loaded
 *
 * Undone by swap_end().
 */
void swap_load(void)
{
	if (!state)
		return;
	state->loaded |= !!access(ZRAM_MODULE, F_OK);
	do_within(load_module, MODPROBE_NS);
}

/* Nobody else does. */
static void start_locked(void)
{
	char size[32];

	if (state->started) {
		state->holders |= undo_holder();
		env.have_swap = true;
		return;
	}
	if (access(ZRAM_SYSFS, F_OK))
		swap_load();
	if (read_text(ZRAM_SYSFS "/disksize", size, sizeof(size)) <= 0 || strcmp(size, "0\n"))
		return;
	snprintf(size, sizeof(size), "%llu", swap_bytes());
	state->started = true;
	if (write_text(ZRAM_SYSFS "/disksize", size)) {
		state->started = false;
		return;
	}
	env.have_swap = !make_swap(swap_bytes()) && !swapon(ZRAM_DEVICE, 0);
	state->started = env.have_swap;
	state->holders = undo_holder();
	if (!state->started)
		write_text(ZRAM_SYSFS "/reset", "1");
}

/**
 * swap_start() - have swap if that is possible here
 *
 * env.have_swap says what came of it.  A zram device in use is left alone.
 */
void swap_start(void)
{
	if (env.have_swap || !state)
		return;
	undo_lock();
	start_locked();
	undo_unlock();
}

static int take_off(void)
{
	while (injected("swapoff"))
		pause();
	/* EINVAL: it was not even on. */
	return swapoff(ZRAM_DEVICE) && errno != EINVAL ? -errno : 0;
}

static void stop_locked(void)
{
	int err;

	if (!state->started)
		return;
	env.have_swap = false;
	state->holders &= ~undo_holder();
	if (state->holders)
		return;
	err = do_within(take_off, injected("swapoff") ? INJECTED_NS : SWAPOFF_NS);
	if (err) {
		undo_failed("swap is still on, on %s: %s", ZRAM_DEVICE, strerror(-err));
	} else {
		err = write_text(ZRAM_SYSFS "/reset", "1");
		if (err)
			undo_failed("%s is still set up: %s", ZRAM_DEVICE, strerror(-err));
	}
	/* Forgotten only when it is done: we may be killed here, too. */
	state->started = false;
}

/**
 * swap_stop() - take down what swap_start() has set up, if no other job needs it
 *
 * With an end, also where the kernel finds none: a swap entry that is left over
 * lets swapoff() search for ever.
 */
void swap_stop(void)
{
	if (!state || !state->started)
		return;
	undo_lock();
	stop_locked();
	undo_unlock();
}

/**
 * swap_end() - the run has no use for swap any more
 */
void swap_end(void)
{
	swap_stop();
	if (!state || !state->loaded)
		return;
	do_within(unload_module, MODPROBE_NS);
	if (!access(ZRAM_MODULE, F_OK))
		undo_failed("module zram is still loaded");
	state->loaded = false;
}
