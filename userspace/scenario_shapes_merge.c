// SPDX-License-Identifier: GPL-2.0
/*
 * Shapes that come of merging: a VMA with pages and neighbours without
 *
 * A neighbour that nobody has touched has no anon_vma; when it merges with a VMA
 * that has pages, what remains must have the anon_vma of these.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "env.h"
#include "rng.h"
#include "scenario_shapes.h"

#define RW		(PROT_READ | PROT_WRITE)
#define SIDE_LEFT	1
#define SIDE_RIGHT	2

static size_t bytes(unsigned int pages)
{
	return pages * env.page_size;
}

/* Like the huge page, or apart from it until something changes. */
enum like { LIKE_IT, LIKE_READ_ONLY, LIKE_NODUMP };

/* What keeps it apart comes first: it must not merge for a moment. */
static bool map_neighbour(char *at, size_t len, enum like like)
{
	return mmap(at, len, like == LIKE_READ_ONLY ? PROT_READ : RW,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == at &&
	       (like != LIKE_NODUMP || !madvise(at, len, MADV_DONTDUMP)) &&
	       !madvise(at, len, MADV_HUGEPAGE);
}

/*
 * The whole huge page keeps its PMD, if it is the first or the last one: there is
 * room for a neighbour on that side.  Of any other a part remains, its neighbours
 * lie where the rest was, and a hole of a page keeps those from merging with more.
 * Sets a, b, left and right, and maps the neighbours.
 */
static bool make_neighbours(struct run *run, struct shaped *s, unsigned int thp,
			    unsigned int sides, enum like like)
{
	char *home = region_thp(&run->region, thp);
	unsigned int all = env.nr_subpages;
	u8 *state = run_state(run, thp);

	s->left = shape_page(run, thp, s->a);
	s->right = shape_page(run, thp, s->b);
	if (s->b - s->a == all) {
		if (!thp) {
			s->left = home - bytes(SHAPE_BESIDE);
			return map_neighbour(s->left, bytes(SHAPE_BESIDE), like);
		}
		s->right = home + env.hpage_size + bytes(SHAPE_BESIDE);
		return map_neighbour(home + env.hpage_size, bytes(SHAPE_BESIDE), like);
	}
	if (munmap(home, bytes(s->a)) || munmap(s->right, bytes(all - s->b)))
		return false;
	memset(state, PG_HOLE, s->a);
	memset(state + s->b, PG_HOLE, all - s->b);
	if (sides & SIDE_LEFT) {
		s->left = home + bytes(1);
		memset(state + 1, PG_ZERO, s->a - 1);
		if (!map_neighbour(s->left, bytes(s->a - 1), like))
			return false;
	}
	if (sides & SIDE_RIGHT) {
		s->right = home + bytes(all - 1);
		memset(state + s->b, PG_ZERO, all - 1 - s->b);
		return map_neighbour(shape_page(run, thp, s->b), bytes(all - 1 - s->b), like);
	}
	return true;
}

static void draw_part(struct run *run, struct lane *lane, unsigned int thp)
{
	struct shaped *s = shaped_of(run, thp);

	shape_piece(lane, s, 2);
	if (s->variant / 4 % 2 || (thp && thp != run->nr_thps - 1))
		return;
	s->a = 0;
	s->b = env.nr_subpages;
}

/* Neighbours get pages, too. */
static void touch_neighbours(struct run *run, struct lane *lane, unsigned int thp)
{
	struct shaped *s = shaped_of(run, thp);
	char *home = region_thp(&run->region, thp);

	if (s->b - s->a == env.nr_subpages) {
		page_fill(thp ? home + env.hpage_size : s->left, run->gen);
		return;
	}
	if (s->left < shape_page(run, thp, s->a))
		shape_write(run, lane, thp, 1, s->a - 1, rewritten_gen(run), PG_REWRITTEN);
	if (s->right > shape_page(run, thp, s->b))
		shape_write(run, lane, thp, s->b, env.nr_subpages - 1 - s->b,
			    rewritten_gen(run), PG_REWRITTEN);
}

/* Away, as a whole; what is to come back finds new neighbours at home. */
static bool beside_prepare(struct run *run, struct lane *lane, unsigned int thp)
{
	struct shaped *s = shaped_of(run, thp);
	unsigned int sides = 1 + s->variant / 8 % 3;
	char *home = region_thp(&run->region, thp);

	draw_part(run, lane, thp);
	if (s->b - s->a < env.nr_subpages && s->variant / 32 % 2)
		s->to += bytes(rng_below(&lane->rng, env.nr_subpages));
	if (mremap(home, env.hpage_size, env.hpage_size, MREMAP_MAYMOVE | MREMAP_FIXED, s->to) !=
	    s->to)
		return false;
	memset(run_state(run, thp), PG_HOLE, env.nr_subpages);
	shape_put(s, s->to, 0, env.nr_subpages, run->gen);
	return make_neighbours(run, s, thp, sides, LIKE_IT);
}

/**
 * beside_act() - pages come home, between neighbours that were never touched
 * @run: the run
 * @lane: the caller
 * @thp: huge page
 */
static enum act_result beside_act(struct run *run, struct lane *lane, unsigned int thp)
{
	struct shaped *s = shaped_of(run, thp);
	char *from = s->to + bytes(s->a), *to = shape_page(run, thp, s->a);
	size_t len = bytes(s->b - s->a);

	if (mremap(from, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, to) != to)
		return shape_failed(run, thp, "mremap between neighbours");
	s->nr_segs = 0;
	shape_put(s, s->to, 0, s->a, run->gen);
	shape_put(s, s->to + bytes(s->b), s->b, env.nr_subpages - s->b, run->gen);
	memset(run_state(run, thp) + s->a, PG_PATTERN, s->b - s->a);
	if (s->variant / 64 % 2)
		touch_neighbours(run, lane, thp);
	return ACT_OK;
}

/*
 * What keeps neighbours apart, or does no more.  What is mapped read-only is not
 * accounted for, so that pages which are made read-only do not merge with it; they
 * get the neighbours' advice instead.
 */
static bool tell_apart(const struct shaped *s, char *at, char *end, bool apart)
{
	if (at == end)
		return true;
	if (s->variant / 8 % 2)
		return !madvise(at, end - at, apart ? MADV_DONTDUMP : MADV_DODUMP);
	return !mprotect(at, end - at, apart ? PROT_READ : RW);
}

static bool tell_neighbours(struct run *run, unsigned int thp, bool apart)
{
	const struct shaped *s = shaped_of(run, thp);

	return tell_apart(s, s->left, shape_page(run, thp, s->a), apart) &&
	       tell_apart(s, shape_page(run, thp, s->b), s->right, apart);
}

static bool protect_prepare(struct run *run, struct lane *lane, unsigned int thp)
{
	struct shaped *s = shaped_of(run, thp);

	draw_part(run, lane, thp);
	return make_neighbours(run, s, thp, SIDE_LEFT | SIDE_RIGHT,
			       s->variant / 8 % 2 ? LIKE_NODUMP : LIKE_READ_ONLY);
}

/**
 * protect_act() - the huge page gets what the neighbours have, or they what it has
 * @run: the run
 * @lane: the caller
 * @thp: huge page
 *
 * Done if all is one VMA.  Not every kernel merges both ways.
 */
static enum act_result protect_act(struct run *run, struct lane *lane, unsigned int thp)
{
	struct shaped *s = shaped_of(run, thp);
	bool merged = false;

	if (s->variant / 8 % 2) {
		if (!tell_apart(s, shape_page(run, thp, s->a), shape_page(run, thp, s->b), true))
			return shape_failed(run, thp, "advice");
		merged = shape_is_one_vma(s->left, s->right);
		if (!tell_apart(s, s->left, s->right, false))
			return shape_failed(run, thp, "advice for all");
		if (!merged && !tell_neighbours(run, thp, true))
			return shape_failed(run, thp, "advice for neighbours");
	}
	if (!tell_neighbours(run, thp, false))
		return shape_failed(run, thp, "telling neighbours");
	merged |= shape_is_one_vma(s->left, s->right);
	if (s->variant / 16 % 2)
		touch_neighbours(run, lane, thp);
	return merged ? ACT_OK : ACT_BUSY;
}

/*
 * Pages, then what is to become a hole, then a VMA without pages, and a hole of a
 * page; or all that the other way round.
 */
static bool fill_prepare(struct run *run, struct lane *lane, unsigned int thp)
{
	struct shaped *s = shaped_of(run, thp);
	unsigned int all = env.nr_subpages, far, from, nr;
	u8 *state = run_state(run, thp);

	shape_piece(lane, s, 3);
	if (s->variant / 4 % 2) {
		far = s->b + 1 + rng_below(&lane->rng, all - 2 - s->b);
		from = s->b;
		nr = far - s->b;
		s->left = region_thp(&run->region, thp);
		s->right = shape_page(run, thp, far);
	} else {
		far = 1 + rng_below(&lane->rng, s->a - 2);
		from = far + 1;
		nr = s->a - from;
		s->left = shape_page(run, thp, from);
		s->right = shape_page(run, thp, all);
	}
	state[far] = PG_HOLE;
	memset(state + from, PG_ZERO, nr);
	return !munmap(shape_page(run, thp, far), bytes(1)) &&
	       map_neighbour(shape_page(run, thp, from), bytes(nr), LIKE_NODUMP);
}

/**
 * fill_act() - a hole between pages and a VMA without pages is made, and filled
 * @run: the run
 * @lane: the caller
 * @thp: huge page
 */
static enum act_result fill_act(struct run *run, struct lane *lane, unsigned int thp)
{
	struct shaped *s = shaped_of(run, thp);
	bool behind = s->variant / 4 % 2;
	char *at = shape_page(run, thp, s->a), *end = shape_page(run, thp, s->b);
	char *from = behind ? end : s->left, *to = behind ? s->right : at;

	/* Like the huge page only now that they are apart. */
	if (munmap(at, end - at) || madvise(from, to - from, MADV_DODUMP) ||
	    !map_neighbour(at, end - at, LIKE_IT))
		return shape_failed(run, thp, "filling a hole");
	memset(run_state(run, thp) + s->a, PG_ZERO, s->b - s->a);
	if (s->variant / 8 % 2)
		shape_write(run, lane, thp, s->a, s->b - s->a, rewritten_gen(run),
			    PG_REWRITTEN);
	return shape_is_one_vma(s->left, s->right) ? ACT_OK : ACT_BUSY;
}

const struct shape_row shapes_merge[] = {
	{ .name = "beside", .op = "mremap", .prepare = beside_prepare, .act = beside_act },
	{ .name = "protect", .op = "mprotect", .prepare = protect_prepare, .act = protect_act },
	{ .name = "fill", .op = "munmap", .prepare = fill_prepare, .act = fill_act },
};

const unsigned int nr_shapes_merge = ARRAY_SIZE(shapes_merge);
