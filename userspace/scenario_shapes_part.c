// SPDX-License-Identifier: GPL-2.0
/*
 * What all shapes are made of: places, choices, and what must be there in the end
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "env.h"
#include "rng.h"
#include "scenario_shapes.h"
#include "util.h"
#include "verify.h"

#define NR_WRITES	3		/* pages at a time */

/**
 * shaped_of() - what is known of a huge page's shape
 * @run: the run
 * @thp: which
 */
struct shaped *shaped_of(const struct run *run, unsigned int thp)
{
	return &((struct shapes_priv *)run->priv)->shaped[thp];
}

/**
 * shape_page() - the home of a page
 * @run: the run
 * @thp: huge page
 * @page: of it; may lie behind its end
 */
char *shape_page(const struct run *run, unsigned int thp, unsigned int page)
{
	return region_thp(&run->region, thp) + page * env.page_size;
}

/**
 * shape_room() - a place in the room of a huge page
 * @run: the run
 * @thp: huge page
 * @hpages: huge pages from the begin of it
 */
char *shape_room(const struct run *run, unsigned int thp, unsigned int hpages)
{
	const struct shapes_priv *priv = run->priv;

	return region_thp(&priv->away, SHAPE_ROOM * thp + hpages);
}

/**
 * shape_piece() - draw the pages that a shape is about
 * @lane: choices
 * @s: gets a and b
 * @margin: pages on both sides that are none of them
 */
void shape_piece(struct lane *lane, struct shaped *s, unsigned int margin)
{
	unsigned int all = env.nr_subpages - 2 * margin;

	s->a = margin + rng_below(&lane->rng, all - 1);
	s->b = s->a + 1 + rng_below(&lane->rng, margin + all - s->a);
}

/**
 * shape_put() - pages are somewhere else now
 * @s: the shape
 * @at: where
 * @first: as which page of the huge page the first was filled
 * @nr: pages; 0 is fine
 * @gen: of their pattern; 0: zero
 */
void shape_put(struct shaped *s, char *at, unsigned int first, unsigned int nr, u64 gen)
{
	if (nr && s->nr_segs < SHAPE_SEGS)
		s->seg[s->nr_segs++] = (struct seg){ at, first, nr, gen };
}

/**
 * shape_failed() - a system call has failed, and nobody knows how far it came
 * @run: the run
 * @thp: huge page
 * @what: it was to do
 */
enum act_result shape_failed(struct run *run, unsigned int thp, const char *what)
{
	struct shaped *s = shaped_of(run, thp);

	if (errno == ENOMEM) {
		s->nr_segs = 0;
		memset(run_state(run, thp), PG_ANY, env.nr_subpages);
		return ACT_FAILED;
	}
	set_error("shape %s: %s: %s", s->shape->name, what, strerror(errno));
	return ACT_ERROR;
}

/**
 * shape_write() - write to some pages that are mapped at home
 * @run: the run
 * @lane: choices
 * @thp: huge page
 * @first: page from which on
 * @nr: how many there are to choose from
 * @gen: of what is written
 * @state: of what was written
 */
void shape_write(struct run *run, struct lane *lane, unsigned int thp, unsigned int first,
		 unsigned int nr, u64 gen, u8 state)
{
	unsigned int i, page;

	for (i = 0; nr && i < NR_WRITES; i++) {
		page = first + rng_below(&lane->rng, nr);
		page_fill(shape_page(run, thp, page), gen);
		run_state(run, thp)[page] = state;
	}
}

/**
 * shape_is_one_vma() - is a range within one mapping?
 * @from: its begin
 * @to: its end
 */
bool shape_is_one_vma(const char *from, const char *to)
{
	unsigned long start, end;
	bool inside = false;
	char line[512];
	FILE *f = fopen("/proc/self/maps", "re");

	if (!f)
		return false;
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx-%lx ", &start, &end) != 2 || (unsigned long)from >= end)
			continue;
		inside = (unsigned long)from >= start && (unsigned long)to <= end;
		break;
	}
	fclose(f);
	return inside;
}

/**
 * shape_is_guarded() - does whoever touches a page fault, the kernel on our behalf, too?
 * @page: address
 */
bool shape_is_guarded(const char *page)
{
	bool guarded;
	int fd[2];

	if (pipe(fd))
		return true;
	guarded = write(fd[1], page, 1) < 0 && errno == EFAULT;
	close(fd[0]);
	close(fd[1]);
	return guarded;
}

static void verify_seg(struct run *run, struct lane *lane, unsigned int thp,
		       const struct seg *seg)
{
	struct mismatch bad;
	unsigned int i;
	bool ok;

	for (i = 0; i < seg->nr; i++) {
		char *page = seg->at + i * env.page_size;

		ok = seg->gen ? page_verify(page, shape_page(run, thp, seg->first + i), seg->gen,
					    &bad) : page_zero(page, &bad);
		if (ok)
			__atomic_fetch_add(&run->sh->lane[lane->id].pages_verified, 1,
					   __ATOMIC_RELAXED);
		else
			content_violation(run, lane, &bad, shaped_of(run, thp)->shape->name);
	}
}

/* Nothing that was written to a private mapping may be in the file. */
static void verify_file(struct run *run, struct lane *lane, unsigned int thp)
{
	struct shaped *s = shaped_of(run, thp);
	struct mismatch bad;
	unsigned int i;
	char *file;

	file = mmap(NULL, s->nr_file * env.page_size, PROT_READ, MAP_SHARED, s->fd, 0);
	if (file == MAP_FAILED)
		return;
	for (i = 0; i < s->nr_file; i++) {
		if (!page_verify(file + i * env.page_size, shape_page(run, thp, i), run->gen,
				 &bad))
			content_violation(run, lane, &bad, "a page of a file");
	}
	munmap(file, s->nr_file * env.page_size);
}

/**
 * shape_verify() - look at all of a huge page that is not at home
 * @run: the run
 * @lane: the caller, or whose child it is
 * @thp: huge page
 */
void shape_verify(struct run *run, struct lane *lane, unsigned int thp)
{
	struct shaped *s = shaped_of(run, thp);
	struct mismatch bad = { .want = 0, .got = 1 };
	unsigned int i;

	for (i = 0; i < s->nr_segs; i++)
		verify_seg(run, lane, thp, &s->seg[i]);
	for (i = 0; i < s->nr_guard; i++) {
		bad.addr = s->guard + i * env.page_size;
		if (!shape_is_guarded(bad.addr))
			content_violation(run, lane, &bad, "a guard page");
	}
	if (s->fd)
		verify_file(run, lane, thp);
}
