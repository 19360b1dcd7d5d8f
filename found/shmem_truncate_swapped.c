// SPDX-License-Identifier: GPL-2.0
/*
 * ftruncate() to the middle of a huge page of shared memory that is swapped out never
 * returns, and cannot be killed; docs/FOUND.md. Exit status: 0 it returns, 1 it does not (it
 * is then let go: somebody reads the page), 4 cannot tell. Sets up zram if there is no swap.
 */
#include <err.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#define HUGE	(2UL << 20)
#define SETUP	"grep -q / /proc/swaps || { modprobe zram && echo 64M >/sys/block/zram0/disksize " \
		"&& mkswap /dev/zram0 >/dev/null && swapon /dev/zram0; }"

static int nr_out(char *at)
{
	unsigned char there[HUGE / 4096];
	int nr = 0;

	if (mincore(at, HUGE, there))
		err(4, "mincore");
	for (unsigned int i = 0; i < HUGE / 4096; i++)
		nr += !(there[i] & 1);
	return nr;
}

static int ends_within(pid_t pid, int seconds)
{
	for (int i = 0; i < seconds * 10; i++, usleep(100000))
		if (waitpid(pid, NULL, WNOHANG) == pid)
			return 1;
	return 0;
}

int main(void)
{
	char *map = mmap(NULL, 2 * HUGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *at = (char *)(((uintptr_t)map + HUGE - 1) & ~(HUGE - 1));
	int fd, tries;
	pid_t pid;

	if (system(SETUP) || unshare(CLONE_NEWNS) ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("none", "/tmp", "tmpfs", 0, "huge=always,size=64M"))
		err(4, "swap, or a tmpfs of our own");
	fd = open("/tmp/file", O_RDWR | O_CREAT, 0600);
	if (ftruncate(fd, HUGE) ||
	    mmap(at, HUGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0) != at)
		err(4, "file");
	memset(at, 1, HUGE);
	for (tries = 0; tries < 100 && nr_out(at) < (int)(HUGE / 4096); tries++)
		madvise(at, HUGE, 21 /* MADV_PAGEOUT */);
	if (nr_out(at) < (int)(HUGE / 4096))
		errx(4, "only %d pages are swapped out", nr_out(at));
	pid = fork();
	if (!pid)
		_exit(ftruncate(fd, HUGE / 2) != 0);
	if (ends_within(pid, 20))
		return puts("ftruncate() has returned") < 0;
	kill(pid, SIGKILL);
	if (ends_within(pid, 5))
		return puts("ftruncate() was killed") < 0;
	puts("ftruncate() does not return, and cannot be killed");
	printf("a byte of the first half is read: %d\n", *(volatile char *)at);
	puts(ends_within(pid, 60) ? "that has ended it" : "it goes on");
	return 1;
}
