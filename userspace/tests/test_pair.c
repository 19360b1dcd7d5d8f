// SPDX-License-Identifier: GPL-2.0
/*
 * Two ops at once: what is drawn, and what may come out
 *
 * What may come out is compared with a model of one word of a page: each op is
 * the few steps that its system calls make of it, and all orders of the steps of
 * the two are gone through.
 */
#include "content.h"
#include "env.h"
#include "pair.h"
#include "test.h"
#include "uop.h"

#define DRAWS	20000
#define PASSES	3		/* of a writer */
#define BOTH	10		/* a page that both pieces have */
#define FIRST	5		/* that only the one of lane b has */
#define SECOND	20		/* that only the one of lane c has */
#define NONE	40

REAL_READ_TEXT

/* What the system calls of each op do to one page; in the model, and for what is drawn. */
enum what {
	W_NOTHING, W_READS, W_UNMAPS, W_MAPS, W_ZAPS, W_PROTECTS, W_LOCKS, W_HIDES, W_WRITES,
	W_FREES, W_MOVES, W_COLLAPSES, W_FORKS, W_ENDS,
};

static const struct {
	const char *name;
	enum what what;
	unsigned int steps;
} kinds[] = {
	{ "munmap", W_UNMAPS, 1 }, { "fill", W_MAPS, 1 }, { "zap", W_ZAPS, 1 },
	{ "mprotect", W_PROTECTS, 2 }, { "mlock", W_LOCKS, 2 }, { "madvise", W_HIDES, 2 },
	{ "write", W_WRITES, PASSES }, { "read", W_READS, 0 }, { "free", W_FREES, 1 },
	{ "pageout", W_NOTHING, 0 }, { "collapse", W_COLLAPSES, 0 }, { "mremap", W_MOVES, 2 },
	{ "migrate", W_NOTHING, 0 }, { "fork", W_FORKS, 0 }, { "exit", W_ENDS, 0 },
	{ "softdirty", W_NOTHING, 0 }, { "uffd-move", W_MOVES, 2 },
	/* Of shared memory only: not played. */
	{ "punch", W_NOTHING, 0 }, { "truncate", W_NOTHING, 0 }, { "pread", W_NOTHING, 0 },
	{ "pwrite", W_NOTHING, 0 },
};

static unsigned int kind_of(unsigned int op)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (!strcmp(kinds[i].name, uops[op].name))
			return i;
	}
	fail_msg("the model does not know %s", uops[op].name);
	return 0;
}

static enum what what_of(unsigned int op)
{
	return kinds[kind_of(op)].what;
}

/* Where the page is looked for, or where it has been moved to. */
struct place {
	bool there;
	unsigned int value;		/* a bit of CONTENT_ */
	bool lazy, read_only, locked, hidden;
};

struct world {
	struct place here, away;
	unsigned int done[PAIR_LANES];	/* steps of each lane */
};

/* All that may come of it. */
struct outcome {
	unsigned int final, seen;	/* CONTENT_ bits */
	bool hole, read_only;		/* at some time */
};

struct game {
	enum what what[PAIR_LANES];
	unsigned int steps[PAIR_LANES];	/* 0 where the op is not about the page */
	bool acts[PAIR_LANES];		/* somewhere, even if not on this page */
	struct outcome *out;
};

static bool cuts(enum what what)
{
	return what == W_UNMAPS || what == W_MAPS || what == W_PROTECTS || what == W_LOCKS ||
	       what == W_HIDES;
}

/*
 * mremap(): @choice 0 is plain, 1 with MREMAP_DONTUNMAP.  Where another op has split
 * the VMA it may be refused (2), or be given up in the middle of it (3).
 */
static bool step_of_move(const struct game *g, struct world *w, unsigned int lane,
			 unsigned int choice)
{
	bool cut = g->acts[!lane] && cuts(g->what[!lane]);

	if (w->done[lane]) {
		w->here = w->away;
		w->done[lane] = 2;
		return !choice;
	}
	if (choice >= 2 && !cut)
		return false;
	w->done[lane] = choice >= 2 || !w->here.there ? 2 : 1;
	if (choice == 2 || !w->here.there)
		return true;
	w->away = w->here;
	w->here = (struct place){ .there = choice == 1, .value = CONTENT_ZERO };
	return true;
}

static bool do_step(const struct game *g, struct world *w, unsigned int lane,
		    unsigned int choice)
{
	struct place *here = &w->here;
	unsigned int nr = w->done[lane];

	if (g->what[lane] == W_MOVES)
		return step_of_move(g, w, lane, choice);
	if (choice)
		return false;
	w->done[lane]++;
	if (g->what[lane] == W_UNMAPS)
		*here = (struct place){ 0 };
	else if (g->what[lane] == W_MAPS)
		*here = (struct place){ .there = true, .value = CONTENT_ZERO };
	if (!here->there)
		return true;
	switch (g->what[lane]) {
	case W_ZAPS:
		if (here->locked)
			return true;
		here->value = CONTENT_ZERO;
		here->lazy = false;
		break;
	case W_FREES:
		here->lazy |= !here->locked;
		break;
	case W_PROTECTS:
		here->read_only = !nr;
		break;
	case W_LOCKS:
		here->locked = !nr;
		break;
	case W_HIDES:
		here->hidden = !nr;
		break;
	case W_WRITES:
		if (here->read_only)
			return true;
		here->value = CONTENT_PASS(lane, nr);
		here->lazy = false;
		break;
	default:
		break;
	}
	return true;
}

/* From here on in all ways. */
static void explore(const struct game *g, struct world w)
{
	unsigned int lane, choice;
	struct world next;
	bool ended = true;

	g->out->seen |= w.here.there ? w.here.value : CONTENT_HOLE;
	g->out->seen |= w.here.hidden ? CONTENT_HOLE : 0;
	g->out->hole |= !w.here.there;
	g->out->read_only |= w.here.read_only;
	/* What was given up lazily goes at any time. */
	if (w.here.there && w.here.lazy) {
		next = w;
		next.here.value = CONTENT_ZERO;
		next.here.lazy = false;
		explore(g, next);
	}
	for (lane = 0; lane < PAIR_LANES; lane++) {
		if (w.done[lane] >= g->steps[lane])
			continue;
		ended = false;
		for (choice = 0; choice < 4; choice++) {
			next = w;
			if (do_step(g, &next, lane, choice))
				explore(g, next);
		}
	}
	if (ended)
		g->out->final |= w.here.there ? w.here.value : CONTENT_HOLE;
}

static bool has_page(const struct piece *p, unsigned int page, enum what what)
{
	unsigned int i, step = what == W_WRITES ? p->nr / 16 + 1 : 1;

	for (i = 0; i < p->nr; i += step) {
		if (p->first + i * p->stride == page)
			return true;
	}
	return false;
}

/* @lanes: bits of those that act at all. */
static struct outcome play(const struct pair_round *round, unsigned int page,
			   unsigned int before, unsigned int lanes)
{
	struct outcome out = { 0 };
	struct game g = { .out = &out };
	struct world w = { 0 };
	unsigned int i;

	for (i = 0; i < PAIR_LANES; i++) {
		g.what[i] = what_of(round->op[i]);
		g.acts[i] = lanes >> i & 1;
		if (g.acts[i] && has_page(&round->piece[i], page, g.what[i]))
			g.steps[i] = kinds[kind_of(round->op[i])].steps;
	}
	w.here.there = true;
	w.here.value = before & CONTENT_OLD ? CONTENT_OLD : CONTENT_ZERO;
	w.here.lazy = before == (CONTENT_OLD | CONTENT_ZERO);
	explore(&g, w);
	return out;
}

/* One may keep the other from its work: then it is not known whether it was done. */
static bool hinders(enum what one, enum what other)
{
	if (one == W_MOVES)
		return true;
	if (one == W_LOCKS)
		return other == W_ZAPS || other == W_FREES;
	return one == W_PROTECTS && other == W_WRITES;
}

static void compare(const struct pair_round *round, unsigned int page, unsigned int before)
{
	struct outcome both = play(round, page, before, 3), one;
	unsigned int after = pair_after(round, page, before), i;
	unsigned int meanwhile = pair_meanwhile(round, page, before);
	enum what b = what_of(round->op[0]), c = what_of(round->op[1]);

	/* Nothing that is right is called wrong. */
	if (both.final & ~after || both.seen & ~meanwhile)
		fail_msg("%s beside %s, page %u that was 0x%x: 0x%x and 0x%x, not 0x%x and 0x%x",
			 uops[round->op[0]].name, uops[round->op[1]].name, page, before, after,
			 meanwhile, both.final, both.seen);
	/* And nothing wrong right, where it can be told. */
	if ((!hinders(b, c) && !hinders(c, b) && after != both.final) || after & ~both.seen ||
	    meanwhile != both.seen)
		fail_msg("%s beside %s, page %u that was 0x%x: 0x%x and 0x%x, only 0x%x and 0x%x",
			 uops[round->op[0]].name, uops[round->op[1]].name, page, before, after,
			 meanwhile, both.final, both.seen);
	for (i = 0; i < PAIR_LANES; i++) {
		one = play(round, page, before, 1U << i);
		if (pair_after_one(round, i, page, before) != one.final)
			fail_msg("%s alone, page %u that was 0x%x: 0x%x, not 0x%x",
				 uops[round->op[i]].name, page, before,
				 pair_after_one(round, i, page, before), one.final);
	}
}

/* Both may not move; see test_draws(). */
static bool is_forbidden(unsigned int b, unsigned int c)
{
	enum what what = what_of(b);

	if (uops[b].effect == UOP_CANNOT || uops[c].effect == UOP_CANNOT)
		return true;
	/* A stock kernel would never come back. */
	if ((uops[b].flags | uops[c].flags) & UOP_TRUNCATES &&
	    (uops[b].flags | uops[c].flags) & UOP_SWAPS)
		return true;
	return what == what_of(c) && (what == W_MOVES || what == W_ENDS || what == W_READS);
}

static struct pair_round round_of(unsigned int b, unsigned int c)
{
	return (struct pair_round){
		.op = { b, c },
		.piece = { { .first = FIRST, .nr = 10, .stride = 1 },
			   { .first = BOTH, .nr = 11, .stride = 1 } },
		.hole = BOTH,
	};
}

static void test_outcomes(void **state)
{
	const unsigned int befores[] = { CONTENT_OLD, CONTENT_ZERO, CONTENT_OLD | CONTENT_ZERO };
	const unsigned int pages[] = { BOTH, FIRST, SECOND, NONE };
	unsigned int b, c, i, j;
	struct pair_round round;

	(void)state;
	assert_int_equal(nr_uops, ARRAY_SIZE(kinds));
	for (b = 0; b < nr_uops; b++) {
		for (c = 0; c < nr_uops; c++) {
			if (is_forbidden(b, c))
				continue;
			round = round_of(b, c);
			for (i = 0; i < ARRAY_SIZE(pages); i++) {
				for (j = 0; j < ARRAY_SIZE(befores); j++)
					compare(&round, pages[i], befores[j]);
			}
		}
	}
}

/* A fault is only expected where the other op can be the reason. */
static void test_faults(void **state)
{
	struct pair_round round;
	unsigned int b, c, lane;
	struct outcome out;

	(void)state;
	for (b = 0; b < nr_uops; b++) {
		for (c = 0; c < nr_uops; c++) {
			if (uops[b].effect == UOP_CANNOT || uops[c].effect == UOP_CANNOT)
				continue;
			round = round_of(b, c);
			for (lane = 0; lane < PAIR_LANES; lane++) {
				out = play(&round, BOTH, CONTENT_OLD, 2U >> lane);
				assert_int_equal(pair_may_fault(&round, lane),
						 out.hole || out.read_only);
			}
		}
	}
}

static void test_shapes(void **state)
{
	struct pair_round round;
	unsigned int b, c, page;
	bool child;

	(void)state;
	for (b = 0; b < nr_uops; b++) {
		for (c = 0; c < nr_uops; c++) {
			round = round_of(b, c);
			child = what_of(b) == W_FORKS || what_of(c) == W_FORKS ||
				what_of(b) == W_ENDS || what_of(c) == W_ENDS;
			for (round.shape = 0; round.shape < PAIR_SHAPES; round.shape++)
				assert_int_equal(pair_shares(&round),
						 child || round.shape == PAIR_SHARED ||
						 round.shape == PAIR_OWN);
		}
	}
	for (round.shape = 0; round.shape < PAIR_SHAPES; round.shape++) {
		for (page = 0; page < 64; page++) {
			unsigned int want = CONTENT_OLD;

			if (round.shape == PAIR_FREED)
				want |= CONTENT_ZERO;
			if (round.shape == PAIR_PARTLY && page == round.hole)
				want = CONTENT_ZERO;
			assert_int_equal(pair_before(&round, page), want);
		}
	}
}

static void check_piece(const struct piece *p)
{
	assert_true(p->nr >= 1 && p->stride >= 1);
	assert_true(p->first < env.nr_subpages && p->nr <= env.nr_subpages);
	assert_true(p->first + (p->nr - 1) * p->stride < env.nr_subpages);
}

static bool same_piece(const struct piece *a, const struct piece *b)
{
	return a->first == b->first && a->nr == b->nr && a->stride == b->stride;
}

static void check_round(const struct pair_round *round, const struct pair_choice *may)
{
	unsigned int i;

	for (i = 0; i < PAIR_LANES; i++) {
		assert_true(round->op[i] < nr_uops && may->op[i][round->op[i]]);
		check_piece(&round->piece[i]);
		if (what_of(round->op[i]) == W_MOVES)
			assert_int_equal(round->piece[i].stride, 1);
		if (round->shape == PAIR_OUT)
			assert_false(uops[round->op[i]].flags & UOP_TRUNCATES);
		/* There is something to be put together. */
		if (what_of(round->op[i]) == W_COLLAPSES)
			assert_int_not_equal(round->shape, PAIR_HUGE);
	}
	assert_true(same_piece(&round->look, &round->piece[0]) ||
		    same_piece(&round->look, &round->piece[1]));
	assert_true(may->procs || !is_forbidden(round->op[0], round->op[1]));
	assert_true(round->shape < PAIR_SHAPES && round->aside < PAIR_ASIDES);
	assert_true(round->hole < env.nr_subpages);
	if (round->aside >= ASIDE_MIGRATE)
		assert_true(may->nodes);
	if (round->aside == ASIDE_MIGRATE_CHILD)
		assert_true(may->procs || round->shape == PAIR_OWN);
}

/* All that is not forbidden comes up. */
struct drawn {
	bool op[PAIR_LANES][MAX_UOPS], shape[PAIR_SHAPES], aside[PAIR_ASIDES];
	bool twice[MAX_UOPS];		/* both do it */
	bool same, whole, strided, other;
};

static void note_drawn(struct drawn *d, const struct pair_round *round)
{
	const struct piece *p = round->piece;

	d->op[0][round->op[0]] = true;
	d->op[1][round->op[1]] = true;
	d->twice[round->op[0]] |= round->op[0] == round->op[1];
	d->shape[round->shape] = true;
	d->aside[round->aside] = true;
	d->same |= same_piece(&p[0], &p[1]);
	d->other |= !same_piece(&p[0], &p[1]) && p[0].nr < env.nr_subpages &&
		    p[1].nr < env.nr_subpages;
	d->whole |= p[0].nr == env.nr_subpages || p[1].nr == env.nr_subpages;
	d->strided |= p[0].stride > 1 && p[1].stride > 1;
}

static void draw_rounds(const struct pair_choice *may, u64 seed)
{
	struct pair_round round, again;
	struct drawn drawn = { 0 };
	struct rng rng, same;
	unsigned int i;

	for (i = 0; i < DRAWS; i++) {
		rng_seed(&rng, seed, i, 0);
		same = rng;
		memset(&round, 0xff, sizeof(round));
		pair_draw(&round, may, &rng);
		pair_draw(&again, may, &same);
		assert_memory_equal(&round, &again, sizeof(round));
		check_round(&round, may);
		note_drawn(&drawn, &round);
	}
	for (i = 0; i < nr_uops; i++) {
		assert_true(drawn.op[0][i] == may->op[0][i] && drawn.op[1][i] == may->op[1][i]);
		assert_int_equal(drawn.twice[i], may->op[0][i] && may->op[1][i] &&
				 (may->procs || !is_forbidden(i, i)));
	}
	for (i = 0; i < PAIR_SHAPES; i++)
		assert_int_equal(drawn.shape[i], i != PAIR_FREED || !may->no_free);
	for (i = 0; i < PAIR_ASIDES; i++)
		assert_true(drawn.aside[i] || (i >= ASIDE_MIGRATE && !may->nodes));
	assert_true(drawn.same && drawn.whole && drawn.strided && drawn.other);
}

static void test_draws(void **state)
{
	const unsigned int sizes[] = { 512, 32, 8192 };
	struct pair_choice may;
	unsigned int i, k;

	(void)state;
	for (i = 0; i < 12; i++) {
		env.nr_subpages = sizes[i % 3];
		memset(&may, 0, sizeof(may));
		may.procs = i / 3 & 1;
		may.nodes = i / 6 & 1;
		may.no_free = i & 1;
		/* Not all of it is to be had everywhere. */
		for (k = 0; k < nr_uops; k++) {
			may.op[0][k] = uops[k].pair && uops[k].effect != UOP_CANNOT && (k + i) % 5;
			may.op[1][k] = may.op[0][k];
		}
		draw_rounds(&may, i);
	}
	env.nr_subpages = 512;
}

static int setup(void **state)
{
	(void)state;
	env.nr_subpages = 512;
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_outcomes),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_shapes),
		cmocka_unit_test(test_draws),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
