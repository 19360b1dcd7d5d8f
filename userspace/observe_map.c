// SPDX-License-Identifier: GPL-2.0
/*
 * Where in a process there is memory that the module can check
 *
 * Read from /proc/PID/smaps, which says as well where it is huge.  The module takes
 * whole regions of the size of a huge page, holes and all, but refuses one that
 * contains any mapping of another kind (of a file, of a device, a stack).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "env.h"
#include "observe_map.h"
#include "rng.h"

#define HUGE_OF_4	3		/* draws of four that are of what may be huge */

static const char *const shmem_names[] = {
	"/memfd:", "/dev/zero (deleted)", "/SYSV", "/dev/shm/", "/run/shm/", "/anon_hugepage",
};

/* Flags of mappings that the module refuses: io, pfn, mixed, not to be expanded, hugetlb,
 * stacks.
 */
static const char *const refused_flags[] = { "io", "pf", "mm", "de", "ht", "gd", "gu" };

static u64 round_down(u64 val)
{
	return val & ~((u64)env.hpage_size - 1);
}

static u64 round_up(u64 val)
{
	return round_down(val + env.hpage_size - 1);
}

static bool is_shmem(const char *name)
{
	unsigned int i;

	/* hugetlb memory has this name, and a flag as well */
	for (i = 0; i < ARRAY_SIZE(shmem_names); i++) {
		if (!strncmp(name, shmem_names[i], strlen(shmem_names[i])))
			return true;
	}
	return false;
}

/* Anonymous and private, or shared and of shmem. */
static bool is_refused(const char *perms, u64 inode, const char *name)
{
	if (perms[3] == 's')
		return !is_shmem(name);
	if (inode)
		return true;
	/* "[heap]" and "[anon:name]" are anonymous, "[vdso]" is not */
	return name[0] == '[' && strncmp(name, "[heap]", 6) && strncmp(name, "[anon:", 6);
}

/**
 * spans_begin() - nothing was read yet
 * @s: filled by spans_line()
 */
void spans_begin(struct spans *s)
{
	memset(s, 0, offsetof(struct spans, span));
	s->barrier = 0;
	s->is_open = false;
}

static void keep(struct spans *s, const struct span *span, struct rng *rng)
{
	u64 at = s->seen++;

	if (s->nr < MAX_SPANS)
		at = s->nr++;
	else
		at = rng_below(rng, at + 1);
	if (at < MAX_SPANS)
		s->span[at] = *span;
}

/* What would be refused reaches into the last regions that were kept. */
static void bar(struct spans *s, u64 start)
{
	while (s->nr && s->span[s->nr - 1].end > start) {
		struct span *last = &s->span[s->nr - 1];

		last->end = round_down(start);
		if (last->end > last->start)
			break;
		s->nr--;
	}
}

/* The mapping that was read is whole now. */
static void close_span(struct spans *s, struct rng *rng)
{
	struct span span = s->open, *last = s->nr ? &s->span[s->nr - 1] : NULL;

	if (!s->is_open)
		return;
	s->is_open = false;
	s->rss += s->open_rss;
	if (s->refused) {
		bar(s, span.start);
		s->barrier = span.end;
		return;
	}
	if (!s->open_rss)
		return;
	span.likely = span.huge + (s->eligible ? s->open_rss : 0);
	span.start = round_down(span.start) < s->barrier ? round_up(s->barrier) :
							   round_down(span.start);
	span.end = round_up(span.end);
	/* it shares a region with the one before */
	if (last && s->seen <= MAX_SPANS && span.start < last->end) {
		if (span.end <= last->end) {
			last->huge += span.huge;
			last->likely += span.likely;
			return;
		}
		span.start = last->end;
	}
	if (span.end > span.start)
		keep(s, &span, rng);
}

static void read_flags(struct spans *s, char *flags)
{
	char *word, *rest;
	unsigned int i;

	for (word = strtok_r(flags, "\n ", &rest); word; word = strtok_r(NULL, "\n ", &rest)) {
		for (i = 0; i < ARRAY_SIZE(refused_flags); i++)
			s->refused |= !strcmp(word, refused_flags[i]);
	}
}

/**
 * spans_line() - the next line of smaps
 * @s: after spans_begin()
 * @line: overwritten
 * @rng: draws what is kept, if there is too much
 */
void spans_line(struct spans *s, char *line, struct rng *rng)
{
	unsigned long start, end, inode;
	char perms[8], *colon;
	int n = 0;
	u64 kib;

	if (sscanf(line, "%lx-%lx %7s %*x %*s %lu %n", &start, &end, perms, &inode, &n) == 4) {
		close_span(s, rng);
		memset(&s->open, 0, sizeof(s->open));
		s->open.start = start;
		s->open.end = end;
		s->open_rss = 0;
		s->is_open = true;
		s->eligible = false;
		s->refused = is_refused(perms, inode, line + n);
		return;
	}
	colon = strchr(line, ':');
	if (!colon)
		return;
	*colon++ = '\0';
	kib = strtoull(colon, NULL, 10);
	if (!strcmp(line, "Rss"))
		s->open_rss = kib * 1024;
	else if (!strcmp(line, "AnonHugePages") || !strcmp(line, "ShmemPmdMapped"))
		s->open.huge += kib * 1024;
	else if (!strcmp(line, "THPeligible"))
		s->eligible = kib;
	else if (!strcmp(line, "VmFlags"))
		read_flags(s, colon);
}

/**
 * spans_end() - all lines were read
 * @s: whole afterwards
 * @rng: as for spans_line()
 */
void spans_end(struct spans *s, struct rng *rng)
{
	unsigned int i;

	close_span(s, rng);
	for (i = 0; i < s->nr; i++) {
		s->huge += s->span[i].huge;
		s->likely += s->span[i].likely;
		s->regions += (s->span[i].end - s->span[i].start) / env.hpage_size;
	}
}

/**
 * spans_read() - what a process has now
 * @s: result
 * @pid: process
 * @rng: as for spans_line()
 *
 * Returns 0, or -ESRCH: it is gone.
 */
int spans_read(struct spans *s, pid_t pid, struct rng *rng)
{
	char path[64], line[512];
	bool cut = false, whole;
	FILE *f;

	spans_begin(s);
	snprintf(path, sizeof(path), "/proc/%d/smaps", pid);
	f = fopen(path, "re");
	if (!f)
		return -ESRCH;
	while (fgets(line, sizeof(line), f)) {
		whole = strchr(line, '\n');
		/* the rest of a long name is no line */
		if (!cut)
			spans_line(s, line, rng);
		cut = !whole;
	}
	fclose(f);
	spans_end(s, rng);
	return 0;
}

/**
 * spans_draw() - choose what to check
 * @s: with regions
 * @rng: choices
 * @max: regions
 * @addr: out, the first
 *
 * Mostly what is huge or may be, each byte as often as any other.
 *
 * Returns how many regions from there on, at least 1; 0: there are none.
 */
unsigned int spans_draw(const struct spans *s, struct rng *rng, unsigned int max, u64 *addr)
{
	bool likely = s->likely && rng_below(rng, 4) < HUGE_OF_4;
	const struct span *span;
	unsigned int i;
	u64 at, nr, first;

	if (!s->regions)
		return 0;
	at = rng_below(rng, likely ? s->likely : s->regions);
	for (i = 0; i < s->nr - 1; i++) {
		span = &s->span[i];
		nr = likely ? span->likely : (span->end - span->start) / env.hpage_size;
		if (at < nr)
			break;
		at -= nr;
	}
	span = &s->span[i];
	nr = (span->end - span->start) / env.hpage_size;
	first = rng_below(rng, nr);
	*addr = span->start + first * env.hpage_size;
	return nr - first < max ? nr - first : max;
}
