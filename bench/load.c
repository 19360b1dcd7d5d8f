// SPDX-License-Identifier: GPL-2.0
/*
 * A program that does one thing all the time, for bench/observe
 *
 * usage: load fault|fork|munmap MILLISECONDS
 *
 * Prints how often it did it in a second of its own time on the clock.
 *   fault   maps a huge page and touches it and 64 small pages of another mapping, unmaps all
 *   fork    forks with 8 huge pages, writes to one in the child, which ends
 *   munmap  maps a huge page, touches it, takes a part out of its middle, then the rest
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define HUGE_BYTES	(2UL << 20)
#define NR_SMALL	64

static size_t page_bytes;

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static char *map(size_t bytes)
{
	char *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		exit(1);
	return p;
}

/* Aligned, in a mapping of twice the size. */
static char *huge_in(char *p)
{
	p = (char *)(((uintptr_t)p + HUGE_BYTES - 1) & ~(HUGE_BYTES - 1));
	madvise(p, HUGE_BYTES, MADV_HUGEPAGE);
	*p = 1;
	return p;
}

static void do_fault(void)
{
	char *huge = map(2 * HUGE_BYTES), *small = map(NR_SMALL * page_bytes);
	unsigned int i;

	huge_in(huge);
	madvise(small, NR_SMALL * page_bytes, MADV_NOHUGEPAGE);
	for (i = 0; i < NR_SMALL; i++)
		small[i * page_bytes] = 1;
	munmap(huge, 2 * HUGE_BYTES);
	munmap(small, NR_SMALL * page_bytes);
}

static void do_fork(void)
{
	static char *kept[8];
	unsigned int i;
	pid_t pid;

	for (i = 0; i < 8 && !kept[i]; i++)
		kept[i] = huge_in(map(2 * HUGE_BYTES));
	pid = fork();
	if (!pid) {
		*kept[0] = 2;
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, NULL, 0) != pid)
		exit(1);
}

static void do_munmap(void)
{
	char *p = map(2 * HUGE_BYTES), *huge = huge_in(p);

	munmap(huge + HUGE_BYTES / 4, HUGE_BYTES / 2);
	munmap(p, 2 * HUGE_BYTES);
}

static const struct {
	const char *name;
	void (*fn)(void);
} loads[] = { { "fault", do_fault }, { "fork", do_fork }, { "munmap", do_munmap } };

int main(int argc, char **argv)
{
	void (*fn)(void) = NULL;
	unsigned long nr = 0;
	double begin, end;
	unsigned int i;

	for (i = 0; argc == 3 && i < sizeof(loads) / sizeof(loads[0]); i++)
		if (!strcmp(argv[1], loads[i].name))
			fn = loads[i].fn;
	if (!fn) {
		fprintf(stderr, "usage: load fault|fork|munmap MILLISECONDS\n");
		return 2;
	}
	page_bytes = sysconf(_SC_PAGESIZE);
	fn();
	begin = now();
	end = begin + atoi(argv[2]) / 1e3;
	while (now() < end) {
		fn();
		nr++;
	}
	printf("%.1f\n", nr / (now() - begin));
	return 0;
}
