/* SPDX-License-Identifier: GPL-2.0 */
/* Huge pages: mapped, proven, filled, verified */
#ifndef THPRACE_REGION_H
#define THPRACE_REGION_H

#include "env.h"

enum page_state {
	PG_PATTERN,			/* as filled */
	PG_HOLE,			/* not mapped */
	PG_ZERO,			/* reads as zero */
	PG_OWN,				/* written since by this lane */
	PG_ANY,				/* not looked at */
	PG_PATTERN_OR_ZERO,		/* MADV_FREE: as filled or zero */
	PG_REWRITTEN,			/* written since, whoever looks */
	PG_SAME,			/* as many others, see same_as of the run */
};

struct region {
	char *base;			/* huge page aligned */
	size_t len;
	unsigned int nr;		/* huge pages */
	void *reserved;			/* PROT_NONE around and between uses */
	size_t reserved_len;
};

struct mismatch {
	const void *addr;		/* page */
	size_t offset;			/* of the first wrong word */
	u64 want, got;
};

/* What page_fill() writes: zero up to @first. */
struct pattern {
	u64 key;
	size_t first;
};

int region_reserve(struct region *r, unsigned int nr);
int region_map(struct region *r);
int region_map_unshared(struct region *r);
void region_release(struct region *r);
char *region_thp(const struct region *r, unsigned int thp);
void page_fill(void *page, u64 gen);
const void *page_with_pattern(const void *pages, u64 gen);
void page_fill_as(void *page, const void *as, u64 gen);
bool page_verify(const void *page, const void *as, u64 gen, struct mismatch *bad);
int page_pattern_of(const void *page, const char *base, u64 gen, int first);
bool page_zero(const void *page, struct mismatch *bad);
void thp_fill(char *thp, u64 gen);
int thp_is_huge(const char *thp);
unsigned int pages_out(const char *thp, unsigned int first, unsigned int nr, unsigned int stride);
struct pattern page_pattern(const void *as, u64 gen);
u64 pattern_word(const struct pattern *p, size_t i);
u64 page_frame(const char *page);
int page_entry(const char *page, u64 *entry);
int page_entry_flags(u64 entry, u64 *flags);
const char *pagemap_why_not(void);
const char *frames_why_not(void);
int thp_collapse(char *thp);
bool hole_is_unmapped(const char *addr, size_t len);

#endif /* THPRACE_REGION_H */
