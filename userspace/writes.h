/* SPDX-License-Identifier: GPL-2.0 */
/* Ways by which the kernel writes into somebody's pages through a reference */
#ifndef THPRACE_WRITES_H
#define THPRACE_WRITES_H

#include "region.h"
#include "ring.h"
#include "util.h"

struct writes {
	char *source;			/* what is written: pages, one behind the other */
	unsigned int nr_pages;
	u64 seed;
	int memory;			/* a file in memory that holds them */
	int disk;			/* one that is read by O_DIRECT, or -1 */
	int mem;			/* /proc/self/mem, or -1 */
	int pipe[2];
	bool on_device;			/* the disk is our own device */
	struct ring ring;
};

/* What it promises is said where it is claimed, in scenario_direct.c. */
struct write_kind {
	const char *name;
	const char *phases;		/* that only this one passes, or NULL */
	bool (*there)(const struct writes *w);
	/* Hold the pages for long: only there, write() may need it. */
	int (*pin)(struct writes *w, char *at, size_t len);
	int (*unpin)(struct writes *w);
	/* Bytes that were written, from @at on, or a negative errno. */
	ssize_t (*write)(struct writes *w, char *at, size_t len);
	/* Stays the owner's though fork shared the page, and the owner writes, too. */
	bool (*survives_sharing)(const struct writes *w);
};

extern const struct write_kind write_kinds[];
extern const unsigned int nr_write_kinds;

int writes_open(struct writes *w, u64 seed, unsigned int nr_pages, bool may_have_file);
void writes_close(struct writes *w);
bool writes_verify(const struct writes *w, const char *page, unsigned int i, bool or_zero,
		   struct mismatch *bad);
void writes_same(const struct writes *w, char *page, unsigned int i);

#endif /* THPRACE_WRITES_H */
