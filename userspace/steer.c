// SPDX-License-Identifier: GPL-2.0
/*
 * Random schedules over the phases that a scenario's lanes pass
 *
 * Lane a splits, lane b (or c) does the other op; either arrives first, either
 * is released first.
 */
#include <stdlib.h>
#include <string.h>

#include "rng.h"
#include "scenario.h"
#include "steer.h"
#include "tally.h"
#include "uop.h"
#include "util.h"

#define MAX_NTH		3
#define WALKED		"remove_migration_pte"

static const char *const split_phases[] = {
	"split_huge_page", "folio_get_anon_vma", "try_to_migrate", "rmap_walk_anon",
	"try_to_migrate_one", "split_huge_pmd_address", "split_huge_pmd",
	"page_vma_mapped_walk", "remove_rmap_pmd", "remove_rmap_ptes", "remap_page",
	"remove_migration_ptes", "remove_migration_pte", "free_page_and_swap_cache",
};

/* Between unmap and remap of a split: all entries are migration entries. */
static const char *const window_phases[] = {
	"remap_page", "remove_migration_ptes", "remove_migration_pte",
};

static const char *const file_split_phases[] = {
	"split_huge_page", "page_vma_mapped_walk", "split_huge_pmd", "free_page_and_swap_cache",
};

static char (*names)[40];			/* that this kernel has */
static unsigned int nr_names;
static bool loaded;

static void load(void)
{
	char text[LIST_MAX], *at = text;
	unsigned int room = 0;
	struct list_row row;
	void *more;

	loaded = true;
	if (read_text(THPRACE_DEBUGFS "/phases", text, sizeof(text)) <= 0)
		return;
	while (list_next(&at, &row)) {
		if (!row.there)
			continue;
		if (nr_names == room) {
			room = 2 * room + 64;
			more = realloc(names, room * sizeof(names[0]));
			if (!more)
				return;
			names = more;
		}
		copy_word(names[nr_names++], sizeof(names[0]), row.name);
	}
}

static const char *known(const char *name, size_t len)
{
	unsigned int i;

	for (i = 0; i < nr_names; i++) {
		if (strlen(names[i]) == len && !strncmp(names[i], name, len))
			return names[i];
	}
	return NULL;
}

static const char *draw_from(const char *const *list, unsigned int nr, struct rng *rng)
{
	unsigned int i, first = rng_below(rng, nr);
	const char *name;

	for (i = 0; i < nr; i++) {
		name = list[(first + i) % nr];
		name = known(name, strlen(name));
		if (name)
			return name;
	}
	return NULL;
}

static const char *draw_split_phase(bool file, struct rng *rng)
{
	return file ? draw_from(file_split_phases, ARRAY_SIZE(file_split_phases), rng) :
		      draw_from(split_phases, ARRAY_SIZE(split_phases), rng);
}

/* One of the words that this kernel has as a phase. */
static const char *draw_word(const char *words, struct rng *rng)
{
	unsigned int nr = 0, choice = 0;
	const char *name, *at;
	size_t len;
	int pass;

	/* Counted first, then taken. */
	for (pass = 0; pass < 2; pass++) {
		for (at = words; at && *at; at += len + strspn(at + len, " ")) {
			len = strcspn(at, " ");
			name = known(at, len);
			if (!name)
				continue;
			if (!pass)
				nr++;
			else if (!choice--)
				return name;
		}
		if (!nr)
			return NULL;
		if (!pass)
			choice = rng_below(rng, nr);
	}
	return NULL;
}

/* Before a walk of the remap, or in the middle of one, between two VMAs. */
static const char *draw_window(struct rng *rng, unsigned int *nth)
{
	const char *name;

	*nth = 1;
	if (rng_below(rng, 2))
		return draw_from(window_phases, ARRAY_SIZE(window_phases), rng);
	name = known(WALKED, strlen(WALKED));
	if (!name)
		return draw_from(window_phases, ARRAY_SIZE(window_phases), rng);
	*nth = 1 + rng_below(rng, MAX_NTH + 1);
	return name;
}

/* Who is to meet the split, and where. */
struct other {
	char letter;
	const char *phases, *inner;
	unsigned int inner_times;
};

/*
 * The other op past its own locks, then the split up to where all is migration
 * entries, then the op goes on among them: to its end, or to one more phase.
 */
static bool draw_inner(const struct other *o, struct rng *rng, char *buf, size_t size)
{
	const char *inner = draw_word(o->inner, rng), *window, *later;
	unsigned int nth, b_nth = 1 + rng_below(rng, o->inner_times);
	char b = o->letter;

	if (!inner)
		return false;
	window = draw_window(rng, &nth);
	if (!window)
		return false;
	later = rng_below(rng, 3) ? NULL : draw_word(o->phases, rng);
	if (later && strcmp(later, inner))
		snprintf(buf, size, "%c>%s#%u a>%s#%u %c>%s a>end %c>end", b, inner, b_nth,
			 window, nth, b, later, b);
	else
		snprintf(buf, size, "%c>%s#%u a>%s#%u %c>end a>end", b, inner, b_nth, window,
			 nth, b);
	return true;
}

/**
 * steer_draw() - a schedule for one round
 * @sc: whose lanes
 * @rng: choices
 * @buf: result
 * @size: of @buf
 *
 * Returns false when there is no phase to steer to.
 */
bool steer_draw(const struct scenario *sc, struct rng *rng, char *buf, size_t size)
{
	struct other o = { 'b', sc->phases, sc->inner, sc->inner_times ?: 1 };
	char a[64] = "", b[64] = "", b_end[8];
	const char *phase;
	bool b_first, b_leaves;

	if (!loaded)
		load();
	if (sc->phases_c && rng_below(rng, 2))
		o = (struct other){ 'c', sc->phases_c, sc->inner_c, 1 };
	snprintf(b_end, sizeof(b_end), "%c>end", o.letter);
	/* Most others end where the one waits for the other's lock. */
	if (rng_below(rng, 4) && !sc->file && draw_inner(&o, rng, buf, size))
		return true;
	phase = draw_split_phase(sc->file, rng);
	if (phase)
		snprintf(a, sizeof(a), "a>%s", phase);
	phase = draw_word(o.phases, rng);
	if (phase && !rng_below(rng, 8))
		snprintf(b, sizeof(b), "%c>%s#%llu", o.letter, phase,
			 2 + rng_below(rng, MAX_NTH - 1));
	else if (phase)
		snprintf(b, sizeof(b), "%c>%s", o.letter, phase);
	if (!a[0])
		return false;
	b_first = rng_below(rng, 2);
	b_leaves = rng_below(rng, 2);
	/* Now and then only one is parked, and the other runs past it. */
	if (!b[0] || !rng_below(rng, 5))
		snprintf(buf, size, "%s %s a>end", a, b_end);
	else if (!rng_below(rng, 5))
		snprintf(buf, size, "%s a>end %s", b, b_end);
	else
		snprintf(buf, size, "%s %s %s %s", b_first ? b : a, b_first ? a : b,
			 b_leaves ? b_end : "a>end", b_leaves ? "a>end" : b_end);
	return true;
}

/**
 * steer_draw_third() - a schedule for a round in which b and c are what meets
 * @sc: whose lanes
 * @rng: choices
 * @buf: result
 * @size: of @buf
 *
 * c first gets past its own locks, then b, then c into the middle of its work.
 *
 * Returns false when there is no phase to steer to.
 */
bool steer_draw_third(const struct scenario *sc, struct rng *rng, char *buf, size_t size)
{
	const char *first, *b, *c;

	if (!loaded)
		load();
	first = draw_word(sc->third_start, rng);
	b = draw_word(rng_below(rng, 4) ? sc->inner : sc->phases, rng);
	c = draw_word(sc->third, rng);
	if (!first || !b || !c)
		return false;
	snprintf(buf, size, "c>%s b>%s#%llu c>%s#%llu b>end c>end", first, b,
		 1 + rng_below(rng, sc->inner_times ?: 1), c, 1 + rng_below(rng, MAX_NTH));
	return true;
}

/* A phase behind an op's own locks, or any of its. */
static const char *draw_of_op(const struct uop *op, struct rng *rng)
{
	const char *phase = rng_below(rng, 2) ? draw_word(op->inner, rng) : NULL;

	return phase ? phase : draw_word(op->phases, rng);
}

/**
 * steer_draw_pair() - a schedule for a round of two ops
 * @b: what lane b does
 * @c: what lane c does
 * @rng: choices
 * @buf: result
 * @size: of @buf
 *
 * Returns false when there is no phase to steer to.
 */
bool steer_draw_pair(const struct uop *b, const struct uop *c, struct rng *rng, char *buf,
		     size_t size)
{
	bool b_first = rng_below(rng, 2), b_leaves = rng_below(rng, 2);
	char first = b_first ? 'b' : 'c', second = b_first ? 'c' : 'b';
	const char *x, *y;

	if (!loaded)
		load();
	x = draw_of_op(b_first ? b : c, rng);
	y = draw_of_op(b_first ? c : b, rng);
	if (!x)
		return false;
	/* In every other one only one is parked, and the other runs past it. */
	if (!y || rng_below(rng, 2))
		snprintf(buf, size, "%c>%s#%llu %c>end %c>end", first, x,
			 1 + rng_below(rng, MAX_NTH) * !rng_below(rng, 4), second, first);
	else
		snprintf(buf, size, "%c>%s %c>%s %c>end %c>end", first, x, second, y,
			 b_leaves ? first : second, b_leaves ? second : first);
	return true;
}
