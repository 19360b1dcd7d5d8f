// SPDX-License-Identifier: GPL-2.0
/*
 * clear_refs clears the soft-dirty bit of a migration entry, but leaves the entry
 * writable: the next write is tracked nowhere; docs/FOUND.md.
 * Exit status: 0 all writes were tracked, 1 one was not, 4 cannot tell.
 */
#include <err.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGES	64

static char *area;
static int size, pagemap;
static long migrated;

static int soft_dirty(const char *p)
{
	uint64_t entry = 0;

	if (pread(pagemap, &entry, 8, (uintptr_t)p / size * 8) != 8)
		err(4, "pagemap");
	return entry >> 55 & 1;
}

static void *migrate(void *unused)
{
	int i, node, status[PAGES], to[PAGES];
	void *page[PAGES];

	(void)unused;
	for (i = 0; i < PAGES; i++)
		page[i] = area + (long)i * size;
	for (node = 0;; node = !node) {
		for (i = 0; i < PAGES; i++)
			to[i] = node;
		/* MPOL_MF_MOVE */
		if (syscall(SYS_move_pages, 0, (long)PAGES, page, to, status, 2) >= 0)
			migrated += status[0] == node;
	}
	return NULL;
}

int main(int argc, char **argv)
{
	long tries = argc > 1 ? atol(argv[1]) : 20000, i, j, lost = 0;
	int clear = open("/proc/self/clear_refs", O_WRONLY);
	pthread_t thread;

	size = getpagesize();
	area = mmap(NULL, PAGES * size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		    -1, 0);
	pagemap = open("/proc/self/pagemap", O_RDONLY);
	if (area == MAP_FAILED || clear < 0 || pagemap < 0)
		err(4, "no soft-dirty bits");
	madvise(area, PAGES * size, MADV_NOHUGEPAGE);
	memset(area, 1, PAGES * size);
	if (write(clear, "4", 1) != 1 || soft_dirty(area))
		errx(4, "no soft-dirty bits");
	if (pthread_create(&thread, NULL, migrate, NULL))
		err(4, "thread");
	for (i = 0; i < tries && !lost; i++) {
		if (write(clear, "4", 1) != 1)
			err(4, "clear_refs");
		for (j = 0; j < PAGES; j++) {
			area[j * size] = i;
			lost += !soft_dirty(area + j * size);
		}
	}
	printf("%ld times cleared, %ld times migrated: %ld writes were not tracked\n", i, migrated, lost);
	return lost ? 1 : migrated ? 0 : 4;
}
