// SPDX-License-Identifier: GPL-2.0
/*
 * Huge pages: mapped, proven, filled, verified
 *
 * Every 64-bit word of a page depends on its address and on the generation;
 * a few pages are zero, or zero in their lower half, since kernels treat such
 * pages differently.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "env.h"
#include "proc_page.h"
#include "region.h"
#include "rng.h"
#include "util.h"

#define WORD_STEP		0x9e3779b97f4a7c15ULL
#define MINCORE_TRIES		100
#define MIN_MAX_SWAPFILES	23
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE		25
#endif

/**
 * region_reserve() - address space for @nr huge pages, with none around
 * @r: result
 * @nr: huge pages
 *
 * A huge page's size of PROT_NONE stays on both sides, so that no other
 * mapping becomes a neighbour.
 */
int region_reserve(struct region *r, unsigned int nr)
{
	size_t size = env.hpage_size;

	memset(r, 0, sizeof(*r));
	r->nr = nr;
	r->len = nr * size;
	r->reserved_len = r->len + 3 * size;
	r->reserved = mmap(NULL, r->reserved_len, PROT_NONE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (r->reserved == MAP_FAILED) {
		r->reserved = NULL;
		set_error("cannot reserve %zu bytes of address space: %s",
			  r->reserved_len, strerror(errno));
		return -ENOMEM;
	}
	r->base = (char *)(((unsigned long)r->reserved + 2 * size - 1) & ~(size - 1));
	return 0;
}

/**
 * region_map() - fresh private anonymous memory over the whole region
 * @r: a reserved region; what was mapped there is gone
 */
int region_map(struct region *r)
{
	void *at = mmap(r->base, r->len, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	if (at == MAP_FAILED) {
		set_error("cannot map %zu bytes: %s", r->len, strerror(errno));
		return -ENOMEM;
	}
	if (madvise(r->base, r->len, MADV_HUGEPAGE)) {
		set_error("madvise(MADV_HUGEPAGE): %s", strerror(errno));
		return -EINVAL;
	}
	return 0;
}

/**
 * region_map_unshared() - the same; a child that is forked does not get it
 * @r: a reserved region
 */
int region_map_unshared(struct region *r)
{
	int err = region_map(r);

	if (err || !madvise(r->base, r->len, MADV_DONTFORK))
		return err;
	set_error("madvise(MADV_DONTFORK): %s", strerror(errno));
	return -errno;
}

void region_release(struct region *r)
{
	if (r->reserved)
		munmap(r->reserved, r->reserved_len);
	r->reserved = NULL;
}

char *region_thp(const struct region *r, unsigned int thp)
{
	return r->base + thp * env.hpage_size;
}

static u64 page_key(const void *page, u64 gen)
{
	return mix64((unsigned long)page, gen);
}

/* The first word that is not zero: 0, the middle, or none. */
static size_t first_word(u64 key, size_t nr_words)
{
	switch (key % 31) {
	case 0:
		return nr_words;
	case 1:
		return nr_words / 2;
	default:
		return 0;
	}
}

/**
 * page_pattern() - what page_fill() writes to a page, for pattern_word()
 * @as: address of the page
 * @gen: generation
 */
struct pattern page_pattern(const void *as, u64 gen)
{
	struct pattern p = { .key = page_key(as, gen) };

	p.first = first_word(p.key, env.page_size / sizeof(u64));
	return p;
}

/**
 * pattern_word() - a word of a page
 * @p: its pattern
 * @i: number of the word
 */
u64 pattern_word(const struct pattern *p, size_t i)
{
	return i < p->first ? 0 : p->key + i * WORD_STEP;
}

/**
 * page_with_pattern() - the first of some pages whose pattern is not all zero
 * @pages: address of the first one
 * @gen: generation
 */
const void *page_with_pattern(const void *pages, u64 gen)
{
	while (page_pattern(pages, gen).first)
		pages = (const char *)pages + env.page_size;
	return pages;
}

/**
 * page_fill_as() - write the pattern of another place to every byte of a page
 * @page: page aligned
 * @as: where the page will be when it is verified
 * @gen: generation
 */
void page_fill_as(void *page, const void *as, u64 gen)
{
	size_t nr_words = env.page_size / sizeof(u64), i;
	u64 key = page_key(as, gen);
	size_t first = first_word(key, nr_words);
	u64 *word = page;

	for (i = 0; i < first; i++)
		word[i] = 0;
	for (; i < nr_words; i++)
		word[i] = key + i * WORD_STEP;
}

/**
 * page_fill() - write the pattern to every byte of a page
 * @page: page aligned
 * @gen: generation
 */
void page_fill(void *page, u64 gen)
{
	page_fill_as(page, page, gen);
}

static bool find_mismatch(const u64 *word, size_t first, u64 key, struct mismatch *bad)
{
	size_t nr_words = env.page_size / sizeof(u64), i;

	for (i = 0; i < nr_words; i++) {
		u64 want = i < first ? 0 : key + i * WORD_STEP;
		u64 got = word[i];

		if (got == want)
			continue;
		bad->addr = word;
		bad->offset = i * sizeof(u64);
		bad->want = want;
		bad->got = got;
		return false;
	}
	/* Wrong a moment ago, right now: somebody writes to it. */
	bad->addr = word;
	bad->offset = 0;
	bad->want = first ? 0 : key;
	bad->got = bad->want;
	return false;
}

/**
 * page_verify() - is every byte of a page as page_fill() left it?
 * @page: page aligned
 * @as: where it was filled; elsewhere if it has moved since
 * @gen: generation
 * @bad: the first word that is not
 */
bool page_verify(const void *page, const void *as, u64 gen, struct mismatch *bad)
{
	size_t nr_words = env.page_size / sizeof(u64), i;
	u64 key = page_key(as, gen), diff = 0;
	size_t first = first_word(key, nr_words);
	const u64 *word = page;

	for (i = 0; i < first; i++)
		diff |= word[i];
	for (; i < nr_words; i++)
		diff |= word[i] ^ (key + i * WORD_STEP);
	return diff ? find_mismatch(word, first, key, bad) : true;
}

/**
 * page_pattern_of() - which page of a huge page has this pattern?
 * @page: content; not all zeros
 * @base: of the huge page, where it was filled
 * @gen: generation
 * @first: the page to begin with
 *
 * Returns its number, or -1.
 */
int page_pattern_of(const void *page, const char *base, u64 gen, int first)
{
	size_t last = env.page_size / sizeof(u64) - 1;
	u64 key = ((const u64 *)page)[last] - last * WORD_STEP;
	struct mismatch ignored;
	unsigned int i, at;

	for (i = 0; i < env.nr_subpages; i++) {
		at = (first + i) % env.nr_subpages;
		if (page_key(base + at * env.page_size, gen) == key &&
		    page_verify(page, base + at * env.page_size, gen, &ignored))
			return at;
	}
	return -1;
}

/**
 * page_zero() - is every byte of a page zero?
 * @page: page aligned
 * @bad: the first word that is not
 */
bool page_zero(const void *page, struct mismatch *bad)
{
	size_t nr_words = env.page_size / sizeof(u64), i;
	const u64 *word = page;
	u64 diff = 0;

	for (i = 0; i < nr_words; i++)
		diff |= word[i];
	return diff ? find_mismatch(word, nr_words, 0, bad) : true;
}

/**
 * thp_fill() - fill a whole huge page
 * @thp: its address
 * @gen: generation
 */
void thp_fill(char *thp, u64 gen)
{
	unsigned int i;

	for (i = 0; i < env.nr_subpages; i++)
		page_fill(thp + i * env.page_size, gen);
}

/* What a line of smaps says of PMD mappings, private or shared, in bytes; -1: nothing. */
static long pmd_mapped(const char *line)
{
	static const char *const names[] = { "AnonHugePages:", "ShmemPmdMapped:" };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		if (!strncmp(line, names[i], strlen(names[i])))
			return strtoul(line + strlen(names[i]), NULL, 10) * 1024;
	}
	return -1;
}

/* Of the mapping that @addr is in. */
static int smaps_is_huge(const char *addr)
{
	unsigned long start, end, len = 0;
	bool inside = false;
	char line[512];
	int huge = -1;
	FILE *f;

	f = fopen("/proc/self/smaps", "re");
	if (!f)
		return -1;
	while (fgets(line, sizeof(line), f)) {
		/* Other lines begin with hexadecimal digits, too. */
		if (sscanf(line, "%lx-%lx ", &start, &end) == 2) {
			inside = (unsigned long)addr >= start && (unsigned long)addr < end;
			len = end - start;
		} else if (inside && pmd_mapped(line) >= 0) {
			/* All of the mapping is huge, or we don't know which. */
			huge = huge > 0 || (unsigned long)pmd_mapped(line) >= len;
		}
	}
	fclose(f);
	return huge;
}

/**
 * thp_is_huge() - is this really one huge page?
 * @thp: address
 *
 * By frame: the first, the middle and the last subpage are head and tails of one aligned
 * compound page, which is no hugetlb's.  (Older kernels do not call it a THP until
 * it is on the LRU.)  Without these files, by smaps.  Returns 1, 0, or -1 when it cannot be known.
 */
int thp_is_huge(const char *thp)
{
	u64 first, last, head, middle, tail;

	if (pagemap_entries(thp, &first, 1) ||
	    pagemap_entries(thp + env.hpage_size - env.page_size, &last, 1))
		return smaps_is_huge(thp);
	if (!(first & PM_PRESENT) || !(last & PM_PRESENT))
		return 0;
	first &= PM_PFRAME_MASK;
	last &= PM_PFRAME_MASK;
	if (!first)		/* frame numbers are hidden from us */
		return smaps_is_huge(thp);
	if (first % env.nr_subpages || last != first + env.nr_subpages - 1)
		return 0;
	/* Of smaller folios in a row one begins in the middle. */
	if (page_flags(first, &head, 1) || page_flags(last, &tail, 1) ||
	    page_flags(first + env.nr_subpages / 2, &middle, 1))
		return smaps_is_huge(thp);
	return (head >> KPF_COMPOUND_HEAD & 1) && (middle >> KPF_COMPOUND_TAIL & 1) &&
	       (tail >> KPF_COMPOUND_TAIL & 1) && !(head >> KPF_HUGE & 1);
}

/* EAGAIN is a want of memory, and no answer. */
static bool is_mapped(const char *addr)
{
	unsigned char vec;
	unsigned int i;

	for (i = 0; i < MINCORE_TRIES; i++) {
		if (!mincore((void *)addr, env.page_size, &vec))
			return true;
		if (errno != EAGAIN)
			break;
	}
	return errno != ENOMEM && errno != EAGAIN;
}

/**
 * hole_is_unmapped() - is nothing mapped in a whole range?
 * @addr: first page
 * @len: bytes
 *
 * Looks for mappings at both ends and for pages everywhere.
 */
bool hole_is_unmapped(const char *addr, size_t len)
{
	static __thread u64 entry[512];
	unsigned int nr, i;

	if (is_mapped(addr) || is_mapped(addr + len - env.page_size))
		return false;
	for (; len; addr += nr * env.page_size, len -= nr * env.page_size) {
		nr = len / env.page_size;
		if (nr > ARRAY_SIZE(entry))
			nr = ARRAY_SIZE(entry);
		if (pagemap_entries(addr, entry, nr))
			return true;	/* mincore() has said all that we can know */
		for (i = 0; i < nr; i++) {
			if (entry[i] & (PM_PRESENT | PM_SWAP))
				return false;
		}
	}
	return true;
}

static bool is_out(u64 entry)
{
	if (entry & PM_PRESENT)
		return false;
	/* A migration entry looks like swap, but for its type. */
	return !(entry & PM_SWAP) || (entry & PM_SWAP_TYPE) < MIN_MAX_SWAPFILES;
}

/**
 * pages_out() - how many pages of a huge page are in no page table?
 * @thp: its address
 * @first: subpage
 * @nr: pages
 * @stride: from one to the next, in subpages
 *
 * Paged out, or discarded.  0 as well when it cannot be known.
 */
unsigned int pages_out(const char *thp, unsigned int first, unsigned int nr, unsigned int stride)
{
	static __thread u64 entry[MAX_NR_SUBPAGES];
	unsigned int span = nr ? (nr - 1) * stride + 1 : 0, i, out = 0;

	if (!nr || pagemap_entries(thp + first * env.page_size, entry, span))
		return 0;
	for (i = 0; i < span; i += stride)
		out += is_out(entry[i]);
	return out;
}

/**
 * page_entry() - what pagemap says of a page
 * @page: address
 * @entry: result
 *
 * Returns 0 or a negative errno.
 */
int page_entry(const char *page, u64 *entry)
{
	return pagemap_entries(page, entry, 1);
}

/**
 * page_entry_flags() - the flags of the frame that an entry maps
 * @entry: of pagemap
 * @flags: result, as /proc/kpageflags has them
 *
 * Returns 0 or a negative errno; there is none when no frame can be seen.
 */
int page_entry_flags(u64 entry, u64 *flags)
{
	if (!(entry & PM_PRESENT) || !(entry & PM_PFRAME_MASK))
		return -ENOENT;
	return page_flags(entry & PM_PFRAME_MASK, flags, 1);
}

/**
 * page_frame() - the frame behind a page; 0: none, the zero page, or not known
 * @page: address
 */
u64 page_frame(const char *page)
{
	u64 entry, flags;

	if (pagemap_entries(page, &entry, 1) || !(entry & PM_PRESENT))
		return 0;
	entry &= PM_PFRAME_MASK;
	return page_flags(entry, &flags, 1) || flags >> KPF_ZERO_PAGE & 1 ? 0 : entry;
}

/**
 * pagemap_why_not() - why it cannot be seen which pages are mapped, or NULL
 */
const char *pagemap_why_not(void)
{
	static char here;
	u64 entry;

	return pagemap_entries(&here, &entry, 1) ? "there is no /proc/self/pagemap here" : NULL;
}

/**
 * frames_why_not() - why frames behind pages cannot be told apart, or NULL
 */
const char *frames_why_not(void)
{
	static char here = 1;
	const char *why = pagemap_why_not();

	__atomic_store_n(&here, 1, __ATOMIC_RELAXED);
	if (why)
		return why;
	return page_frame(&here) ? NULL : "the frames behind pages are not shown here";
}

/**
 * thp_collapse() - have the kernel put a huge page together, again
 * @thp: address
 *
 * Returns 1 if there is another huge page now, 0 if it was one all the time, or a
 * negative errno.
 */
int thp_collapse(char *thp)
{
	u64 before = page_frame(thp), after;

	if (injected("idle"))
		return 0;
	if (madvise(thp, env.hpage_size, MADV_COLLAPSE))
		return -errno;
	after = page_frame(thp);
	return before && after && before != after;
}
