// SPDX-License-Identifier: GPL-2.0
/*
 * MADV_DONTNEED discards nothing where another thread splits the huge zero page;
 * docs/FOUND.md. Exit status: 0 all was discarded, 1 it was not, 4 cannot tell.
 */
#include <err.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#define HUGE	(2UL << 20)
#define PAGES	(HUGE / 4096)

static unsigned int arrived;		/* spins: a sleeper would be late */
static char *at;

static void meet(unsigned int nr, unsigned int wait)
{
	__atomic_add_fetch(&arrived, 1, __ATOMIC_ACQ_REL);
	while (__atomic_load_n(&arrived, __ATOMIC_ACQUIRE) < 2 * nr)
		;
	while (wait--)
		__asm__ volatile("" ::: "memory");
}

/* A page of the second half: the PMD is split for it. */
static void *split(void *arg)
{
	for (unsigned int i = 1;; i += 2) {
		meet(i, 0);
		madvise(at + HUGE - 4096, 4096, MADV_DONTNEED);
		meet(i + 1, 0);
	}
	return arg;
}

static int nr_there(int pagemap)
{
	uint64_t entry[PAGES / 2];
	int nr = 0, i;

	if (pread(pagemap, entry, sizeof(entry), (uintptr_t)at / 4096 * 8) != sizeof(entry))
		err(4, "pagemap");
	for (i = 0; i < (int)PAGES / 2; i++)
		nr += entry[i] >> 63;
	return nr;
}

int main(void)
{
	int pagemap = open("/proc/self/pagemap", O_RDONLY), round, nr, huge = 0;
	char *map = mmap(NULL, 2 * HUGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pthread_t thread;

	at = (char *)(((uintptr_t)map + HUGE - 1) & ~(HUGE - 1));
	if (map == MAP_FAILED || pagemap < 0)
		err(4, "mmap, or pagemap");
	pthread_create(&thread, NULL, split, NULL);
	for (round = 0; round < 20000; round++) {
		if (mmap(at, HUGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != at ||
		    madvise(at, HUGE, MADV_HUGEPAGE))
			err(4, "mmap");
		if (*(volatile char *)at)	/* a read maps the huge zero page */
			return 4;
		huge += nr_there(pagemap) == PAGES / 2;
		meet(2 * round + 1, round % 4096);
		madvise(at, HUGE / 2, MADV_DONTNEED);
		meet(2 * round + 2, 0);
		nr = nr_there(pagemap);
		if (nr)
			return printf("round %d: %d discarded pages are there\n", round, nr) > 0;
	}
	printf("all was discarded, %d times\n", huge);
	return huge ? 0 : 4;
}
