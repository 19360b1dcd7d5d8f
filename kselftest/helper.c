// SPDX-License-Identifier: GPL-2.0
/*
 * A process with huge pages, for people and for tests that are shell scripts
 *
 * usage: helper [--verify] MIB COMMAND [ARG...]
 *
 * Maps, fills and proves huge MIB MiB, and runs COMMAND with HELPER_PID and
 * HELPER_MAP (0xADDR+LEN) in its environment.  Exits with the command's status,
 * or 70 when the memory is not huge.  Afterwards it looks whether what is still
 * mapped holds what it wrote, and says so if not: races with munmap and zap lose
 * contents, as asked.  With --verify nothing may be lost, else it exits with 71.
 * It ends with COMMAND, so nothing can forget it.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "thp.h"

#define EXIT_NOT_HUGE	70
#define EXIT_CHANGED	71

static struct region region;

static bool mapped(char *page)
{
	unsigned char vec;

	return !mincore(page, PAGE_BYTES, &vec);
}

static int run(char **argv)
{
	char text[64];
	int status;
	pid_t pid;

	snprintf(text, sizeof(text), "%d", getpid());
	setenv("HELPER_PID", text, 1);
	snprintf(text, sizeof(text), "%p+%#zx", region.addr, region.len);
	setenv("HELPER_MAP", text, 1);
	fflush(stdout);
	/* Not fork(): the region must stay mapped by this process alone. */
	pid = vfork();
	if (!pid) {
		execvp(argv[0], argv);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return 1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static size_t words_changed(size_t bytes)
{
	size_t off, bad = 0;

	for (off = 0; off < bytes; off += PAGE_BYTES)
		if (mapped(region.addr + off))
			bad += region_bad(region.addr + off, PAGE_BYTES);
	return bad;
}

int main(int argc, char **argv)
{
	bool verify = argc > 1 && !strcmp(argv[1], "--verify");
	size_t bytes, bad;
	int status;

	argc -= verify;
	argv += verify;
	if (argc < 3 || atoi(argv[1]) < 1) {
		fprintf(stderr, "usage: helper [--verify] MIB COMMAND [ARG]...\n");
		return 2;
	}
	bytes = (size_t)atoi(argv[1]) << 20;
	if (!region_try_map(&region, bytes)) {
		fprintf(stderr, "helper: no %s MiB of huge pages\n", argv[1]);
		return EXIT_NOT_HUGE;
	}
	status = run(argv + 2);
	bad = words_changed(bytes);
	if (!bad)
		return status;
	if (verify) {
		fprintf(stderr, "helper: %zu words changed\n", bad);
		return EXIT_CHANGED;
	}
	fprintf(stderr,
		"helper: %zu words are not what they were: munmap, zap and races of them lose contents\n",
		bad);
	return status;
}
