// SPDX-License-Identifier: GPL-2.0
/*
 * What is in a huge page with wrong content: as the process sees it that has it
 *
 * Who wrote what is found there shows where it comes from: each pattern says its
 * page and its writer.  Looks only; what cannot be read is said to be so.
 */
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "describe.h"
#include "env.h"
#include "note.h"
#include "pageflags.h"
#include "region.h"
#include "rng.h"
#include "run.h"

#define MAX_RUNS	8		/* of pages that are wrong in the same way */
#define MAX_PAGE	65536		/* bytes */

/* What a page is like; @of is the page whose pattern it has. */
struct look {
	const char *want, *got;
	int of;
	u8 writer;			/* lane, where that says something */
};

static const char *const wanted[] = {
	[PG_PATTERN] = "pattern", [PG_HOLE] = "hole", [PG_ZERO] = "zeros",
	[PG_OWN] = "own-pattern", [PG_ANY] = "anything",
	[PG_PATTERN_OR_ZERO] = "pattern-or-zeros", [PG_REWRITTEN] = "new-pattern",
	[PG_SAME] = "same-as-others",
};

static __thread u64 copy[MAX_PAGE / sizeof(u64)];	/* of the page that is looked at */

/* A page that is not there, or that cannot be had, must not kill us here. */
static bool copy_page(const char *page)
{
	struct iovec local = { copy, env.page_size };
	struct iovec remote = { (void *)page, env.page_size };

	return env.page_size <= sizeof(copy) &&
	       process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == (ssize_t)env.page_size;
}

static bool is_pattern(const char *home, u64 gen, int at, struct look *l)
{
	int of = page_pattern_of(copy, home, gen, at);

	l->of = of < 0 ? at : of;
	return of >= 0;
}

static void look_at(struct run *run, const char *view, const char *home, int at, u8 state,
		    struct look *l)
{
	const char *page = view + at * env.page_size;
	struct mismatch ignored;
	unsigned int i;

	l->want = wanted[state];
	l->of = at;
	l->writer = 0;
	if (!copy_page(page)) {
		l->got = hole_is_unmapped(page, env.page_size) ? "hole" : "unreadable";
		return;
	}
	l->got = "zeros";
	if (page_zero(copy, &ignored))
		return;
	l->got = "pattern";
	if (is_pattern(home, run->gen, at, l))
		return;
	l->got = "new-pattern";
	if (is_pattern(home, rewritten_gen(run), at, l))
		return;
	l->got = "own-pattern";
	for (i = 1; i <= run->nr_workers; i++) {
		l->writer = i;
		if (is_pattern(home, own_gen(run, &run->lanes[i]), at, l))
			return;
	}
	l->writer = 0;
	l->got = "pattern-of-the-batch-before";
	if (run->sh->batch && is_pattern(home, mix64(run->seed, run->sh->batch - 1), at, l))
		return;
	l->got = "other-data";
}

/* Of the page that was looked at last.  A page of the pattern may be all zeros. */
static bool is_right(struct run *run, struct lane *lane, const char *home, int at, u8 state,
		     const struct look *l)
{
	const char *as = home + at * env.page_size;
	struct mismatch ignored;

	if (!strcmp(l->got, "hole") || !strcmp(l->got, "unreadable"))
		return state == PG_HOLE && !strcmp(l->got, "hole");
	switch (state) {
	case PG_HOLE:
		return false;
	case PG_ZERO:
		return page_zero(copy, &ignored);
	case PG_PATTERN_OR_ZERO:
		return page_zero(copy, &ignored) || page_verify(copy, as, run->gen, &ignored);
	case PG_OWN:
		return page_verify(copy, as, own_gen(run, lane), &ignored);
	case PG_REWRITTEN:
		return page_verify(copy, as + run->shift, rewritten_gen(run), &ignored);
	case PG_SAME:
		return page_verify(copy, run->same_as, run->seed, &ignored);
	default:
		return page_verify(copy, as, run->gen, &ignored);
	}
}

static bool same_look(const struct look *a, int a_at, const struct look *b, int b_at)
{
	return a->want == b->want && a->got == b->got && a->writer == b->writer &&
	       a->of - a_at == b->of - b_at;
}

static void say_run(struct run *run, u32 number, const struct look *l, int first, int last)
{
	char of[64] = "", by[32] = "";

	if (l->of != first)
		snprintf(of, sizeof(of), " of-page=%d", l->of);
	if (l->writer)
		snprintf(by, sizeof(by), " written-by=%s", note_lane_name(l->writer));
	if (first == last)
		note_add(run->sh, NOTE_LANES, number, "run", "pages=%d want=%s got=%s%s%s",
			 first, l->want, l->got, of, by);
	else
		note_add(run->sh, NOTE_LANES, number, "run", "pages=%d-%d want=%s got=%s%s%s",
			 first, last, l->want, l->got, of, by);
}

static void describe_runs(struct run *run, struct lane *lane, u32 number, unsigned int thp)
{
	const char *view = run_view(run, thp), *home = region_thp(&run->region, thp);
	unsigned int i, nr_wrong = 0, nr_runs = 0, more = 0;
	const u8 *state = run_state(run, thp);
	struct look before = { 0 }, l;
	int first = -1;

	for (i = 0; i <= env.nr_subpages; i++) {
		bool wrong = false;

		if (i < env.nr_subpages && state[i] != PG_ANY) {
			look_at(run, view, home, i, state[i], &l);
			wrong = !is_right(run, lane, home, i, state[i], &l);
		}
		nr_wrong += wrong;
		if (first >= 0 && wrong && same_look(&before, first, &l, i))
			continue;
		if (first >= 0 && nr_runs++ < MAX_RUNS)
			say_run(run, number, &before, first, i - 1);
		else if (first >= 0)
			more++;
		first = wrong ? (int)i : -1;
		before = l;
	}
	if (more)
		note_add(run->sh, NOTE_LANES, number, "more", "runs=%u", more);
	note_add(run->sh, NOTE_LANES, number, "content", "wrong-pages=%u of=%u", nr_wrong,
		 env.nr_subpages);
}

static void describe_vma(struct run *run, u32 number, const char *page)
{
	unsigned long start, end, at = (unsigned long)page;
	char line[256];
	FILE *f = fopen("/proc/self/maps", "re");

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx-%lx ", &start, &end) != 2 || at < start || at >= end)
			continue;
		line[strcspn(line, "\n")] = '\0';
		note_add(run->sh, NOTE_LANES, number, "vma", "text=%s", line);
		fclose(f);
		return;
	}
	if (f)
		fclose(f);
	note_add(run->sh, NOTE_LANES, number, "vma", "text=none there");
}

static void describe_frame(struct run *run, u32 number, const char *page)
{
	char text[PAGEMAP_TEXT], flags[PAGEFLAGS_TEXT];
	u64 entry, bits;

	if (page_entry(page, &entry))
		return;
	pagemap_text(text, sizeof(text), entry);
	note_add(run->sh, NOTE_LANES, number, "pagemap", "%s", text);
	if (page_entry_flags(entry, &bits))
		return;
	pageflags_text(flags, sizeof(flags), bits);
	note_add(run->sh, NOTE_LANES, number, "kpageflags", "bits=0x%llx flags=%s", bits, flags);
}

/**
 * describe_content() - notes on a page with wrong content, and on its huge page
 * @run: the run
 * @lane: who saw it; called in its process
 * @number: of the violation
 * @page: as this process has it
 */
void describe_content(struct run *run, struct lane *lane, u32 number, const void *page)
{
	unsigned long home = (unsigned long)page - run->shift;
	int thp = note_thp(run->sh, home);
	char of[32] = "";

	if (thp >= 0)
		snprintf(of, sizeof(of), " huge-page=%d", thp);
	note_add(run->sh, NOTE_LANES, number, "page", "addr=0x%lx pid=%d lane=%s%s subpage=%lu",
		 (unsigned long)page, getpid(), note_lane_name(lane->id), of,
		 home % env.hpage_size / env.page_size);
	if (thp >= 0)
		describe_runs(run, lane, number, thp);
	describe_frame(run, number, page);
	describe_vma(run, number, page);
	if (thp >= 0)
		note_lanes(run->sh, NOTE_LANES, number, thp);
}
