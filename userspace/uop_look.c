// SPDX-License-Identifier: GPL-2.0
/*
 * Pages that are read while others change them, by a lane or by a child
 *
 * What may be seen in each follows from the ops of the round (pair.c); a word that
 * has changed never goes back.
 */
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "content.h"
#include "crash.h"
#include "env.h"
#include "pair.h"
#include "run.h"
#include "scenario.h"
#include "uop.h"
#include "util.h"
#include "verify.h"

#define READ_NS		(20 * NSEC_PER_MSEC)

/**
 * target_expect_fault() - a fault on the way is no finding
 * @t: memory
 * @out: where to go on then
 *
 * Beyond the end of a file it is SIGBUS.
 */
void target_expect_fault(const struct target *t, sigjmp_buf *out)
{
	if (t->fd)
		crash_expect_bus(out);
	else
		crash_expect(out);
}

/* One word of each page; false if there is a fault on the way. */
struct words {
	char *page[UOP_MAX_WRITTEN];
	u64 value[UOP_MAX_WRITTEN], last[UOP_MAX_WRITTEN];
	struct history history[UOP_MAX_WRITTEN];
	unsigned int nr;
	size_t index;
	ptrdiff_t away;			/* of the mapping that is read, from the page's own */
};

static bool read_words(const struct target *t, struct words *w)
{
	sigjmp_buf out;
	unsigned int i;

	if (t->may_fault) {
		if (sigsetjmp(out, 1)) {
			crash_expect(NULL);
			return false;
		}
		target_expect_fault(t, &out);
	}
	for (i = 0; i < w->nr; i++)
		w->value[i] = __atomic_load_n((u64 *)(w->page[i] + w->away) + w->index,
					      __ATOMIC_RELAXED);
	crash_expect(NULL);
	return true;
}

/*
 * By a mapping of its own, in which all is faulted in.  Not just anywhere: it might
 * come to where the huge page was before it was moved.
 */
static bool read_words_anew(const struct target *t, struct words *w)
{
	bool could;

	if (mmap(t->away, env.hpage_size, PROT_READ, MAP_SHARED | MAP_FIXED, t->fd, 0) != t->away)
		return false;
	w->away = t->away - t->thp;
	could = read_words(t, w);
	w->away = 0;
	mmap(t->away, env.hpage_size, PROT_NONE,
	     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0);
	return could;
}

/* The same by read(), where the file does not end before. */
static bool read_file_words(const struct target *t, struct words *w)
{
	unsigned int i;
	off_t at;

	for (i = 0; i < w->nr; i++) {
		at = w->page[i] - t->thp + w->index * sizeof(u64);
		if (pread(t->fd, &w->value[i], sizeof(u64), at) != sizeof(u64))
			return false;
	}
	return true;
}

static bool judge_word(const struct target *t, struct words *w, unsigned int i)
{
	unsigned int found = content_of_word(w->value[i], w->index, w->page[i], t->content);
	struct mismatch bad = {
		.addr = w->page[i],
		.offset = w->index * sizeof(u64),
		.want = w->last[i],
		.got = w->value[i],
	};

	found &= t->seen[target_subpage(t, w->page[i])];
	if (!found && t->fd &&
	    content_torn(w->value[i], w->index, w->page[i], t->content,
			 t->seen[target_subpage(t, w->page[i])]))
		return true;
	if (!found)
		content_violation(t->run, t->lane, &bad, "a page read while others change it");
	/* What is away for a moment leaves something else in its place. */
	else if ((t->fd || !(t->other_flags & UOP_MOVES)) &&
		 !history_goes_on(&w->history[i], found))
		content_violation(t->run, t->lane, &bad, "a page that went back to what it was");
	else
		return true;
	return false;
}

/* But for those who only read. */
static bool others_are_done(const struct target *t)
{
	unsigned int nr = t->run->sc->readers ? PAIR_LANES : t->run->nr_workers, i;

	for (i = 1; i <= nr; i++) {
		if (i != t->lane->id &&
		    !__atomic_load_n(&t->run->sh->stamp[i][t->thp_index].end_ns,
				     __ATOMIC_ACQUIRE))
			return false;
	}
	return true;
}

/**
 * uop_read() - read some pages until the others are done, and judge what is seen
 * @t: what and how
 *
 * Returns whether anything could be read.
 */
enum act_result uop_read(struct target *t)
{
	unsigned int step = UOP_WRITE_STEP(&t->piece), i;
	u64 end_ns = now_ns() + READ_NS;
	enum act_result result = ACT_BUSY;
	struct words w = { .index = t->variant % (env.page_size / sizeof(u64)) };
	bool (*read)(const struct target *t, struct words *w) =
		t->by_file ? read_file_words : t->anew ? read_words_anew : read_words;
	bool done, spoil = t->yields && injected("reader");

	for (i = 0; i < t->piece.nr && w.nr < UOP_MAX_WRITTEN; i += step) {
		w.history[w.nr].pass[0] = -1;
		w.history[w.nr].pass[1] = -1;
		w.page[w.nr++] = target_page(t, i);
	}
	do {
		done = others_are_done(t);
		if (!read(t, &w)) {
			t->faulted = true;
			sched_yield();
			continue;
		}
		/* The positive control of those who only read. */
		if (spoil)
			w.value[0] = ~w.value[0];
		for (i = 0; i < w.nr; i++) {
			if (result == ACT_OK && w.value[i] == w.last[i])
				continue;
			if (!judge_word(t, &w, i))
				return ACT_OK;
			w.last[i] = w.value[i];
		}
		result = ACT_OK;
		if (t->yields)
			sched_yield();
	} while (!done && now_ns() < end_ns);
	return result;
}

/**
 * page_copy() - copy a page, of which one may not be there
 * @to: page
 * @from: page
 *
 * Returns false if one is not.
 */
bool page_copy(void *to, const void *from)
{
	sigjmp_buf out;

	if (sigsetjmp(out, 1)) {
		crash_expect(NULL);
		return false;
	}
	crash_expect_bus(&out);
	memcpy(to, from, env.page_size);
	crash_expect(NULL);
	return true;
}

/**
 * uop_child_look() - a page as a child got it
 * @t: of the lane that forked it
 * @subpage: which
 *
 * A snapshot: each word something that was there at some time, and that stays.
 */
void uop_child_look(struct target *t, unsigned int subpage)
{
	static u64 first[MAX_PAGE_WORDS], again[MAX_PAGE_WORDS];
	const char *page = t->thp + (size_t)subpage * env.page_size;
	struct mismatch bad = { .addr = page };
	size_t i;

	if (!page_copy(first, page)) {
		/* A hole was there, or might have been. */
		bad.got = 1;
		if (!(t->seen[subpage] & CONTENT_HOLE))
			content_violation(t->run, t->lane, &bad, "a page that a child lacks");
		return;
	}
	if (!content_verify(first, page, t->content, t->seen[subpage], t->fd, &bad)) {
		content_violation(t->run, t->lane, &bad, "a page as a child got it");
		return;
	}
	sched_yield();
	/* Of shared memory it has no copy. */
	if (t->other_frees || t->fd || !page_copy(again, page))
		return;
	for (i = 0; i < env.page_size / sizeof(u64); i++) {
		if (first[i] == again[i])
			continue;
		bad.offset = i * sizeof(u64);
		bad.want = first[i];
		bad.got = again[i];
		content_violation(t->run, t->lane, &bad, "a child's page, written by another");
		return;
	}
	__atomic_fetch_add(&t->run->sh->lane[t->lane->id].pages_verified, 1, __ATOMIC_RELAXED);
}
