// SPDX-License-Identifier: GPL-2.0
/*
 * Violations of one cause, together
 *
 * One wrong count shows in many checks and at every page: the most basic check
 * says most of it.
 */
#include <string.h>

#include "cause.h"
#include "tally.h"
#include "util.h"

static bool is_first(const struct tally *t, unsigned int i)
{
	unsigned int j;

	for (j = 0; j < i && t->kept[j].cause != t->kept[i].cause; j++)
		;
	return j == i;
}

/**
 * causes_count() - how many causes there are
 * @t: tally
 */
unsigned int causes_count(const struct tally *t)
{
	unsigned int i, n = 0;

	for (i = 0; i < t->nr_violations; i++)
		n += is_first(t, i);
	return n;
}

/*
 * The most basic first, as in the module's blocks: a lock that is not held makes
 * mappings wrong, a wrong mapping makes counts wrong.
 */
static const unsigned int order[] = {
	THPRACE_CHECK_CALIBRATION, THPRACE_CHECK_SPLIT_FOLIO_LOCK, THPRACE_CHECK_SPLIT_LOCK,
	THPRACE_CHECK_RMAP_LOCK, THPRACE_CHECK_SPLIT_SERIAL, THPRACE_CHECK_ANON_VMA_ALIVE,
	THPRACE_CHECK_RMAP_LINEAR, THPRACE_CHECK_RMAP_CENSUS, THPRACE_CHECK_PMD_GEOMETRY,
	THPRACE_CHECK_MIGRATION_ENTRY,
	THPRACE_CHECK_PAGE_MAPCOUNT, THPRACE_CHECK_ENTIRE_MAPCOUNT, THPRACE_CHECK_LARGE_MAPCOUNT,
	THPRACE_CHECK_NR_PAGES_MAPPED, THPRACE_CHECK_MM_ID, THPRACE_CHECK_ANON_EXCLUSIVE,
	THPRACE_CHECK_REFCOUNT, THPRACE_CHECK_DEFERRED_QUEUE, THPRACE_CHECK_CACHE_INDEX,
	THPRACE_CHECK_RSS, THPRACE_CHECK_SPLIT_PROGRESS, THPRACE_CHECK_RECLAIM_PROGRESS,
	THPRACE_CHECK_MLOCKED, THPRACE_CHECK_CONTENT, THPRACE_CHECK_LEAK, CHECK_KERNEL,
};

/* A check of a newer module comes behind all others. */
static unsigned int rank(const char *check)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(order) && strcmp(check_name(order[i]), check); i++)
		;
	return i;
}

static void add_to(struct cause *c, const struct violation *v)
{
	unsigned int i, at;

	c->nr_violations++;
	c->control &= v->control;
	for (i = 0; i < c->nr_checks; i++) {
		if (!strcmp(c->checks[i].first->check, v->check)) {
			c->checks[i].nr++;
			return;
		}
	}
	if (c->nr_checks == NR_CHECKS)
		return;
	for (at = c->nr_checks; at && rank(c->checks[at - 1].first->check) > rank(v->check); at--)
		c->checks[at] = c->checks[at - 1];
	c->checks[at] = (struct cause_check){ .nr = 1, .first = v };
	c->nr_checks++;
	c->basic = c->checks[0].first;
}

/**
 * cause_get() - one of them, in the order in which they were found
 * @t: tally
 * @index: from 0
 * @c: result; points into @t
 *
 * Returns false when there are not so many.
 */
bool cause_get(const struct tally *t, unsigned int index, struct cause *c)
{
	unsigned int i, j, n = 0;

	for (i = 0; i < t->nr_violations; i++) {
		if (is_first(t, i) && n++ == index)
			break;
	}
	if (i == t->nr_violations)
		return false;
	memset(c, 0, sizeof(*c));
	c->number = t->kept[i].cause;
	c->control = true;
	for (j = i; j < t->nr_violations; j++) {
		if (t->kept[j].cause == c->number)
			add_to(c, &t->kept[j]);
	}
	return true;
}

/**
 * cause_block() - the lines of a cause's block, one after the other
 * @t: tally
 * @number: of the cause
 * @after: the line before, or NULL
 */
const struct block *cause_block(const struct tally *t, u32 number, const struct block *after)
{
	const struct block *b = after ? after + 1 : t->blocks;

	for (; b < t->blocks + t->nr_blocks; b++) {
		if (b->cause == number)
			return b;
	}
	return NULL;
}

bool cause_has_check(const struct cause *c, const char *check)
{
	unsigned int i;

	for (i = 0; i < c->nr_checks; i++) {
		if (!strcmp(c->checks[i].first->check, check))
			return true;
	}
	return false;
}

bool cause_has_kind(const struct tally *t, u32 number, const char *kind)
{
	const struct block *b = NULL;

	while ((b = cause_block(t, number, b))) {
		if (!strcmp(b->kind, kind))
			return true;
	}
	return false;
}
