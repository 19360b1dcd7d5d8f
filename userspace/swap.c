// SPDX-License-Identifier: GPL-2.0
/*
 * Swap in compressed memory (zram), for scenarios that want to page out
 *
 * Only where there is no swap at all; taken down at the scenario's end.
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
#include "undo.h"
#include "util.h"

#define ZRAM_DEVICE	"/dev/zram0"
#define ZRAM_SYSFS	"/sys/block/zram0"
#define SWAP_THPS	128		/* huge pages' worth, but no more than half of the memory */
#define SWAP_MAGIC	"SWAPSPACE2"
#define HEADER_OFFSET	1024		/* version, last page, bad pages */

/* Shared with the scenario's process, which may be killed. */
static bool *started;

static void load_zram(void)
{
	pid_t pid = fork();
	int fd;

	if (!pid) {
		fd = open("/dev/null", O_RDWR);
		dup2(fd, STDOUT_FILENO);
		dup2(fd, STDERR_FILENO);
		execlp("modprobe", "modprobe", "zram", (char *)NULL);
		_exit(127);
	}
	if (pid > 0)
		waitpid(pid, NULL, 0);
}

static u64 swap_bytes(void)
{
	u64 half = (u64)sysconf(_SC_PHYS_PAGES) * env.page_size / 2;
	u64 want = SWAP_THPS * env.hpage_size;

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
	started = mmap(NULL, sizeof(*started), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (started == MAP_FAILED) {
		started = NULL;
		set_error("cannot map shared memory");
		return -ENOMEM;
	}
	*started = false;
	return 0;
}

/**
 * swap_start() - have swap if that is possible here
 *
 * env.have_swap says what came of it.  A zram device in use is left alone.
 */
void swap_start(void)
{
	char size[32];

	if (env.have_swap || !started)
		return;
	if (access(ZRAM_SYSFS, F_OK))
		load_zram();
	if (read_text(ZRAM_SYSFS "/disksize", size, sizeof(size)) <= 0 || strcmp(size, "0\n"))
		return;
	snprintf(size, sizeof(size), "%llu", swap_bytes());
	*started = true;
	if (write_text(ZRAM_SYSFS "/disksize", size)) {
		*started = false;
		return;
	}
	env.have_swap = !make_swap(swap_bytes()) && !swapon(ZRAM_DEVICE, 0);
	*started = env.have_swap;
	if (!*started)
		write_text(ZRAM_SYSFS "/reset", "1");
}

/**
 * swap_stop() - take down what swap_start() has set up
 */
void swap_stop(void)
{
	if (!started || !*started)
		return;
	env.have_swap = false;
	/* EINTR: by a signal that is handled. EINVAL: it was not even on. */
	while (swapoff(ZRAM_DEVICE)) {
		if (errno == EINVAL)
			break;
		if (errno != EINTR)
			return;
	}
	write_text(ZRAM_SYSFS "/reset", "1");
	/* Forgotten only when it is done: we may be killed here, too. */
	*started = false;
}
