/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Huge pages of real processes: regions and the processes that hold them
 *
 * A region is filled with a pattern over every byte and proven huge through
 * smaps before a test does anything to it.  A holder is a process that owns a
 * region and answers questions about it, as only the process itself can
 * (mincore); everything else is read from outside through /proc.
 */
#ifndef THPRACE_KSFT_THP_H
#define THPRACE_KSFT_THP_H

#include <sys/types.h>

#include "ksft.h"

#define PAGE_BYTES	4096UL

/* Bytes of a huge page; ends the case as skipped where there is none. */
size_t thp_bytes(void);

/* Private anonymous memory at [@addr, @addr + @len), huge page aligned. */
struct region {
	char *addr;
	size_t len;
};

/*
 * Maps and fills; whether all of it is huge. KSFT_HINT is mmap()'s hint, in hexadecimal: above
 * 47 bits it takes page tables of five levels.
 */
bool region_try_map(struct region *r, size_t len);
/* The same, and ends the case when it is not. */
void region_map(struct region *r, size_t len);
void region_unmap(struct region *r);

/* An address range of @len, huge page aligned, that nothing is mapped in. */
char *thp_reserve(size_t len);

void region_fill(char *addr, size_t len);
/* The number of words in the range that do not hold the pattern. */
size_t region_bad(const char *addr, size_t len);

/*
 * A field of smaps in bytes, summed over the VMAs of @pid that overlap the
 * range; "Rss", "AnonHugePages"... 0 when the process is gone.
 */
size_t smaps_bytes(pid_t pid, const void *addr, size_t len, const char *field);

/* Bytes of the range that are in no VMA of @pid. */
size_t maps_hole(pid_t pid, const void *addr, size_t len);

/* A counter of /proc/vmstat; -1 when there is no such line. */
s64 vm_counter(const char *name);
/* That many reserved huge pages (hugetlb) are free, if that can be; never fewer than now. */
void hugetlb_have(unsigned int nr);

/* A process with a region; several forked from one another share it. */
struct holder {
	pid_t pid;
	int fd;
	struct region r;
};

void holder_start(struct holder *h, size_t len);
/* @nr processes that share one region, as fork leaves it. */
void holder_start_shared(struct holder *h, unsigned int nr, size_t len);
void holder_stop(struct holder *h);

/* region_bad() in the holder; -1 when the holder died of the access. */
s64 holder_bad(struct holder *h, const void *addr, size_t len);
/* mincore() in the holder: 0 or an errno. */
int holder_mincore(struct holder *h, const void *addr, size_t len);
int holder_fill(struct holder *h, const void *addr, size_t len);

/*
 * The first frame of each huge page of a holder, at most @nr; how many.  And how
 * many of the pages behind such frames are still anonymous memory that nobody
 * maps: what a reference that was forgotten keeps, whatever the neighbours have.
 */
unsigned int holder_frames(const struct holder *h, u64 *frames, unsigned int nr);
unsigned int frames_left(const u64 *frames, unsigned int nr);

/* Whether the whole region is mapped, huge when @huge, and holds the pattern. */
bool holder_intact(struct holder *h, bool huge);

#endif /* THPRACE_KSFT_THP_H */
