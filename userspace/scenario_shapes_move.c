// SPDX-License-Identifier: GPL-2.0
/*
 * Shapes that come of moving: what stays behind, several VMAs, pieces, sizes
 *
 * And two that are about ranges of a VMA: guard pages, and anonymous pages in a
 * private mapping of a file.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "env.h"
#include "rng.h"
#include "scenario_shapes.h"

#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP	4
#endif
#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL	102
#define MADV_GUARD_REMOVE	103
#endif
#define MOVE			(MREMAP_MAYMOVE | MREMAP_FIXED)
#define MAX_GUARDS		8	/* that are looked at */
#define FILE_PAGES		64
#define FILE_CUT		4	/* pages 4 to 7 are unmapped */
#define FILE_MOVED		16	/* pages 16 to 47 move */
#define FILE_WRITTEN		20	/* pages 20 to 39 are written */

static bool move(char *from, char *to, unsigned int nr)
{
	size_t len = nr * env.page_size;

	return mremap(from, len, len, MOVE, to) == to;
}

static bool has_dontunmap(struct shapes_priv *priv)
{
	size_t len = env.page_size;
	char *at = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *to;

	(void)priv;
	if (at == MAP_FAILED)
		return false;
	to = mremap(at, len, len, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, NULL);
	if (to != MAP_FAILED)
		munmap(to, len);
	munmap(at, len);
	return to != MAP_FAILED;
}

/*
 * The pages go, the VMA stays, and gets new ones: of the whole huge page, or a
 * part.  A new huge page may come where the old one was.
 */
static enum act_result dontunmap_act(struct run *run, struct lane *lane, unsigned int thp)
{
	struct shaped *s = shaped_of(run, thp);
	size_t len;
	char *to;

	s->a = 0;
	s->b = env.nr_subpages;
	if (s->variant / 4 % 2)
		shape_piece(lane, s, 0);
	len = (s->b - s->a) * env.page_size;
	to = s->to + s->a * env.page_size;
	if (mremap(shape_page(run, thp, s->a), len, len, MOVE | MREMAP_DONTUNMAP, to) != to)
		return shape_failed(run, thp, "mremap that leaves the VMA");
	shape_put(s, to, s->a, s->b - s->a, run->gen);
	memset(run_state(run, thp) + s->a, PG_ZERO, s->b - s->a);
	shape_write(run, lane, thp, s->a, s->b - s->a, rewritten_gen(run), PG_REWRITTEN);
	return ACT_OK;
}

/* Does one mremap go over three VMAs, the middle one another or none? */
static bool goes_over(bool hole)
{
	size_t page = env.page_size;
	char *at, *to;
	bool ok;

	at = mmap(NULL, 8 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (at == MAP_FAILED)
		return false;
	to = at + 4 * page;
	if (hole)
		munmap(at + page, page);
	else
		madvise(at + page, page, MADV_DONTDUMP);
	ok = mremap(at, 3 * page, 3 * page, MOVE, to) == to;
	munmap(at, 8 * page);
	return ok;
}

static bool goes_over_several(struct shapes_priv *priv)
{
	priv->holes = goes_over(true);
	return goes_over(false);
}

/* The middle is a VMA of its own, and behind it may be a hole of two pages. */
static bool several_prepare(struct run *run, struct lane *lane, unsigned int thp)
{
	const struct shapes_priv *priv = run->priv;
	struct shaped *s = shaped_of(run, thp);

	shape_piece(lane, s, 4);
	if (madvise(shape_page(run, thp, s->a), (s->b - s->a) * env.page_size, MADV_DONTDUMP))
		return false;
	if (!priv->holes || s->variant / 4 % 2)
		return true;
	memset(run_state(run, thp) + s->b, PG_HOLE, 2);
	return !munmap(shape_page(run, thp, s->b), 2 * env.page_size);
}

static enum act_result several_act(struct run *run, struct lane *lane, unsigned int thp)
{
	struct shaped *s = shaped_of(run, thp);
	bool hole = run_state(run, thp)[s->b] == PG_HOLE;
	unsigned int all = env.nr_subpages;

	(void)lane;
	if (!move(region_thp(&run->region, thp), s->to, all))
		return shape_failed(run, thp, "mremap of several VMAs");
	memset(run_state(run, thp), PG_HOLE, all);
	shape_put(s, s->to, 0, hole ? s->b : all, run->gen);
	if (hole)
		shape_put(s, s->to + (s->b + 2) * env.page_size, s->b + 2, all - s->b - 2,
			  run->gen);
	return ACT_OK;
}

/* In three pieces, in any order, to where no PMD fits; the middle one may come back. */
static enum act_result pieces_act(struct run *run, struct lane *lane, unsigned int thp)
{
	static const u8 orders[][3] = {
		{ 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 },
	};
	struct shaped *s = shaped_of(run, thp);
	unsigned int v = s->variant / 4, all = env.nr_subpages, i;
	unsigned int cut[4] = { 0, 0, 0, all };
	char *to;

	shape_piece(lane, s, 1);
	cut[1] = s->a;
	cut[2] = s->b;
	to = s->to + (v % 4 ? 1 + rng_below(&lane->rng, all - 1) : 0) * env.page_size;
	for (i = 0; i < 3; i++) {
		unsigned int k = orders[v / 4 % ARRAY_SIZE(orders)][i];

		if (!move(shape_page(run, thp, cut[k]), to + cut[k] * env.page_size,
			  cut[k + 1] - cut[k]))
			return shape_failed(run, thp, "mremap of a piece");
	}
	memset(run_state(run, thp), PG_HOLE, all);
	if (v / 32 % 2) {
		shape_put(s, to, 0, all, run->gen);
		return ACT_OK;
	}
	if (!move(to + s->a * env.page_size, shape_page(run, thp, s->a), s->b - s->a))
		return shape_failed(run, thp, "mremap of a piece back");
	shape_put(s, to, 0, s->a, run->gen);
	shape_put(s, to + s->b * env.page_size, s->b, all - s->b, run->gen);
	memset(run_state(run, thp) + s->a, PG_PATTERN, s->b - s->a);
	return ACT_OK;
}

/* Cut off and grown again, where it is.  The room may be lost to somebody else. */
static enum act_result resize_here(struct run *run, struct lane *lane, unsigned int thp)
{
	struct shaped *s = shaped_of(run, thp);
	size_t keep = s->a * env.page_size;
	char *home = region_thp(&run->region, thp);

	if (mremap(home, env.hpage_size, keep, 0) != home)
		return shape_failed(run, thp, "mremap to a smaller size");
	memset(run_state(run, thp) + s->a, PG_HOLE, env.nr_subpages - s->a);
	if (mremap(home, keep, env.hpage_size, 0) != home)
		return errno == ENOMEM ? ACT_BUSY :
					 shape_failed(run, thp, "mremap to a larger size");
	memset(run_state(run, thp) + s->a, PG_ZERO, env.nr_subpages - s->a);
	if (s->variant / 16 % 2)
		shape_write(run, lane, thp, s->a, env.nr_subpages - s->a, rewritten_gen(run),
			    PG_REWRITTEN);
	return ACT_OK;
}

static enum act_result resize_act(struct run *run, struct lane *lane, unsigned int thp)
{
	struct shaped *s = shaped_of(run, thp);
	char *home = region_thp(&run->region, thp);
	unsigned int all = env.nr_subpages, nr;

	shape_piece(lane, s, 1);
	switch (s->variant / 4 % 3) {
	case 0:
		return resize_here(run, lane, thp);
	case 1:
		nr = s->a;
		break;
	default:
		nr = all + s->b;
		break;
	}
	if (mremap(home, env.hpage_size, nr * env.page_size, MOVE, s->to) != s->to)
		return shape_failed(run, thp, "mremap to another size and place");
	memset(run_state(run, thp), PG_HOLE, all);
	shape_put(s, s->to, 0, nr < all ? nr : all, run->gen);
	if (nr > all)
		shape_put(s, s->to + env.hpage_size, 0, nr - all, 0);
	return ACT_OK;
}

static bool has_guards(struct shapes_priv *priv)
{
	(void)priv;
	return env_has_madvise(MADV_GUARD_INSTALL);
}

/* What is guarded is discarded; half of it is open again, and zero. */
static enum act_result guard_act(struct run *run, struct lane *lane, unsigned int thp)
{
	struct shaped *s = shaped_of(run, thp);
	size_t len;
	char *at;

	shape_piece(lane, s, 0);
	at = shape_page(run, thp, s->a);
	len = (s->b - s->a) * env.page_size;
	if (madvise(at, len, MADV_GUARD_INSTALL))
		return shape_failed(run, thp, "madvise(MADV_GUARD_INSTALL)");
	memset(run_state(run, thp) + s->a, PG_ANY, s->b - s->a);
	if (!shape_is_guarded(at))
		return ACT_BUSY;
	if (s->variant / 4 % 2) {
		s->guard = at;
		s->nr_guard = s->b - s->a < MAX_GUARDS ? s->b - s->a : MAX_GUARDS;
		return ACT_OK;
	}
	if (madvise(at, len, MADV_GUARD_REMOVE))
		return shape_failed(run, thp, "madvise(MADV_GUARD_REMOVE)");
	memset(run_state(run, thp) + s->a, PG_ZERO, s->b - s->a);
	shape_write(run, lane, thp, s->a, s->b - s->a, rewritten_gen(run), PG_REWRITTEN);
	return ACT_OK;
}

static bool has_memfd(struct shapes_priv *priv)
{
	int fd = priv->session ? -1 : syscall(SYS_memfd_create, "thprace", 1U);

	if (fd < 0)
		return false;
	close(fd);
	return true;
}

static bool fill_file(struct run *run, unsigned int thp, int fd)
{
	char *at = mmap(NULL, FILE_PAGES * env.page_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
			0);
	unsigned int i;

	if (at == MAP_FAILED)
		return false;
	for (i = 0; i < FILE_PAGES; i++)
		page_fill_as(at + i * env.page_size, shape_page(run, thp, i), run->gen);
	return !munmap(at, FILE_PAGES * env.page_size);
}

/* The pages of a private mapping, [first, end), those that were written among them. */
static void put_file(struct run *run, struct lane *lane, struct shaped *s, char *at,
		     unsigned int first, unsigned int end)
{
	const unsigned int w[] = { FILE_WRITTEN, 2 * FILE_WRITTEN };
	const unsigned int cut[] = { 0, w[0], w[1], FILE_PAGES };
	unsigned int i;

	for (i = 0; i < 3; i++) {
		unsigned int from = first > cut[i] ? first : cut[i];
		unsigned int to = end < cut[i + 1] ? end : cut[i + 1];

		if (from < to)
			shape_put(s, at + (from - first) * env.page_size, from, to - from,
				  i == 1 ? own_gen(run, lane) : run->gen);
	}
}

static bool private_prepare(struct run *run, struct lane *lane, unsigned int thp)
{
	struct shaped *s = shaped_of(run, thp);
	size_t len = FILE_PAGES * env.page_size;
	unsigned int i;

	s->fd = syscall(SYS_memfd_create, "thprace", 1U);
	if (s->fd < 0) {
		s->fd = 0;
		return false;
	}
	if (ftruncate(s->fd, len) || !fill_file(run, thp, s->fd) ||
	    mmap(s->to, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, s->fd, 0) != s->to)
		return false;
	s->nr_file = FILE_PAGES;
	for (i = FILE_WRITTEN; i < 2 * FILE_WRITTEN; i++)
		page_fill_as(s->to + i * env.page_size, shape_page(run, thp, i),
			     own_gen(run, lane));
	put_file(run, lane, s, s->to, 0, FILE_PAGES);
	return true;
}

/* A private mapping of a file is cut, and moves in part; some of its pages are its own. */
static enum act_result private_act(struct run *run, struct lane *lane, unsigned int thp)
{
	struct shaped *s = shaped_of(run, thp);
	unsigned int off = 1 + rng_below(&lane->rng, env.nr_subpages - FILE_PAGES);
	char *to = shape_room(run, thp, 2) + off * env.page_size, *at = s->to;
	const unsigned int moved_end = 3 * FILE_MOVED;

	if (munmap(at + FILE_CUT * env.page_size, FILE_CUT * env.page_size) ||
	    !move(at + FILE_MOVED * env.page_size, to, moved_end - FILE_MOVED))
		return shape_failed(run, thp, "mremap of a private mapping");
	s->nr_segs = 0;
	put_file(run, lane, s, at, 0, FILE_CUT);
	put_file(run, lane, s, at + 2 * FILE_CUT * env.page_size, 2 * FILE_CUT, FILE_MOVED);
	put_file(run, lane, s, to, FILE_MOVED, moved_end);
	put_file(run, lane, s, at + moved_end * env.page_size, moved_end, FILE_PAGES);
	return ACT_OK;
}

const struct shape_row shapes_move[] = {
	{ .name = "dontunmap", .op = "mremap", .can = has_dontunmap, .act = dontunmap_act },
	{ .name = "several", .op = "mremap", .can = goes_over_several,
	  .prepare = several_prepare, .act = several_act },
	{ .name = "pieces", .op = "mremap", .act = pieces_act },
	{ .name = "resize", .op = "mremap", .act = resize_act },
	{ .name = "guard", .op = "madvise", .can = has_guards, .act = guard_act },
	{ .name = "private", .op = "mremap", .can = has_memfd,
	  .prepare = private_prepare, .act = private_act },
};

const unsigned int nr_shapes_move = ARRAY_SIZE(shapes_move);
