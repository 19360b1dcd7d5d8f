// SPDX-License-Identifier: GPL-2.0
/*
 * Folios of one size in the place of a huge page: drawn, faulted in, counted
 *
 * The kernel faults in the largest folio that fits beside what a page table has
 * already.  So a page in every other unit of the size, of memory that does not advise
 * huge pages yet, leaves room for no larger one in the units between; then that page
 * goes, and its unit's neighbours are there.  Called by the engine.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "client.h"
#include "env.h"
#include "folios.h"
#include "options.h"
#include "orders.h"
#include "proc_page.h"
#include "region.h"
#include "result.h"
#include "run.h"
#include "scenario.h"
#include "util.h"

/* Of the order that was drawn for a huge page. */
static size_t unit_size(const struct run *run, unsigned int thp)
{
	return env.page_size << run->sh->order[thp];
}

static bool is_small(const struct run *run, unsigned int thp)
{
	return run->sh->order[thp] < orders_pmd();
}

/**
 * folios_draw() - what each huge page of a batch is made of
 * @run: the run
 *
 * By the number of the round that it will be; one that sees no split has the number
 * of the round that follows.
 */
void folios_draw(struct run *run)
{
	u32 set = orders_drawn(run->opt, run->sc);
	u64 round = run->sh->round;
	unsigned int i;

	for (i = 0; i < run->nr_thps; i++) {
		run->sh->order[i] = orders_draw(set, !run->opt->orders.text[0], run->seed, round);
		if (!run_alone(run, i) || run->sc->pairs)
			round++;
	}
}

static void touch_page(char *page)
{
	__atomic_store_n(page, 1, __ATOMIC_RELAXED);
}

/**
 * folios_prepare() - leave room for folios of the drawn sizes only
 * @run: the run; its huge pages are mapped, and not faulted in
 *
 * All of the memory changes its advice for a moment: VMAs stay as they are.
 */
int folios_prepare(struct run *run)
{
	unsigned int i, nr = 0;
	size_t at;

	for (i = 0; i < run->nr_thps; i++)
		nr += is_small(run, i);
	if (!nr)
		return 0;
	if (madvise(run->region.base, run->region.len, MADV_NOHUGEPAGE)) {
		set_error("madvise(MADV_NOHUGEPAGE): %s", strerror(errno));
		return -errno;
	}
	for (i = 0; i < run->nr_thps; i++) {
		for (at = unit_size(run, i); at < env.hpage_size; at += 2 * unit_size(run, i))
			touch_page(region_thp(&run->region, i) + at);
	}
	if (!madvise(run->region.base, run->region.len, MADV_HUGEPAGE))
		return 0;
	set_error("madvise(MADV_HUGEPAGE): %s", strerror(errno));
	return -errno;
}

/**
 * folios_fault() - fault a huge page in, or the folios in its place
 * @run: the run
 * @thp: huge page
 */
void folios_fault(const struct run *run, unsigned int thp)
{
	char *base = region_thp(&run->region, thp);
	size_t unit = unit_size(run, thp), at;

	for (at = 0; at < env.hpage_size; at += 2 * unit)
		touch_page(base + at);
	/* What kept the place free is in the way now. */
	for (at = unit; at < env.hpage_size; at += 2 * unit) {
		madvise(base + at, env.page_size, MADV_DONTNEED);
		touch_page(base + at);
	}
}

/* Head and tails of one aligned folio, and behind it another one. */
static bool is_folio(const u64 *entry, unsigned int nr)
{
	static u64 flags[MAX_NR_SUBPAGES];
	u64 first = entry[0] & PM_PFRAME_MASK, behind = 0;
	unsigned int i;

	if (!first || first % nr || page_flags(first, flags, nr))
		return false;
	for (i = 0; i < nr; i++) {
		if (!(entry[i] & PM_PRESENT) || (entry[i] & PM_PFRAME_MASK) != first + i ||
		    !(flags[i] >> (i ? KPF_COMPOUND_TAIL : KPF_COMPOUND_HEAD) & 1) ||
		    flags[i] >> KPF_HUGE & 1)
			return false;
	}
	return page_flags(first + nr, &behind, 1) || !(behind >> KPF_COMPOUND_TAIL & 1);
}

static unsigned int count_folios(const struct run *run, unsigned int thp)
{
	static u64 entry[MAX_NR_SUBPAGES];
	const char *base = region_thp(&run->region, thp);
	unsigned int nr = 1U << run->sh->order[thp], i, found = 0;

	if (!is_small(run, thp))
		return thp_is_huge(base) > 0;
	if (pagemap_entries(base, entry, env.nr_subpages))
		return 0;
	for (i = 0; i < env.nr_subpages; i += nr)
		found += is_folio(entry + i, nr);
	return found;
}

/**
 * folios_prove() - which huge pages of the batch are as they were drawn?
 * @run: the run
 *
 * Folios of exactly that size, by their frames.  Where these cannot be seen there are
 * none, but for one of PMD size.  The others are left out.
 *
 * Returns how many are.
 */
unsigned int folios_prove(struct run *run)
{
	unsigned int thp, nr = 0;

	for (thp = 0; thp < run->nr_thps; thp++) {
		run->sh->folios[thp] = count_folios(run, thp);
		run->huge[thp] = run->sh->folios[thp] > 0;
		nr += run->huge[thp];
		run->res->orders[run->sh->order[thp]].missed += !run->huge[thp];
	}
	run->res->not_huge += run->nr_thps - nr;
	return nr;
}

static int send_hold(const struct run *run, const char *line)
{
	int err = session_cmd(run->fd, "%s", line);

	if (err)
		set_error("session refused hold: %s", strerror(-err));
	return err;
}

/* Of several folios one alone, in some rounds. */
static int hold_one(struct run *run, unsigned int thp, u64 round)
{
	char line[THPRACE_MAX_LINE];
	unsigned int page;

	if (!is_small(run, thp) || !orders_draw_one(run->seed, round, &page))
		return -ENOENT;
	snprintf(line, sizeof(line), "hold pid=%d map=0x%lx+0x%zx page=%u", getpid(),
		 (unsigned long)region_thp(&run->region, thp), env.hpage_size, page);
	return send_hold(run, line);
}

/**
 * folios_hold() - have the session take references, for the splits of a batch
 * @run: the run
 */
int folios_hold(struct run *run)
{
	char line[THPRACE_MAX_LINE];
	unsigned int thp, len = 0, words = 0;
	u64 round = run->sh->round;
	int err = 0;

	for (thp = 0; thp < run->nr_thps && !err; thp++) {
		if (!run->huge[thp] || run_alone(run, thp) || run->sc->pairs)
			err = 0;
		else
			err = hold_one(run, thp, round++);
		if (err == -ENOENT) {
			err = 0;
			if (!words)
				len = snprintf(line, sizeof(line), "hold pid=%d", getpid());
			len += snprintf(line + len, sizeof(line) - len, " map=0x%lx+0x%zx",
					(unsigned long)region_thp(&run->region, thp),
					env.hpage_size);
			words++;
		}
		if (!err && (words == THPRACE_MAX_MAPS || (words && thp == run->nr_thps - 1))) {
			err = send_hold(run, line);
			words = 0;
		}
	}
	return err;
}

/**
 * folios_raced() - a round is over: count it
 * @run: the run
 * @thp: huge page
 */
void folios_raced(struct run *run, unsigned int thp)
{
	struct order_count *count = &run->res->orders[run->sh->order[thp]];
	const struct stamp *split = &run->sh->stamp[0][thp];

	count->rounds++;
	count->folios += run->sh->folios[thp];
	count->splits += split->end_ns && split->result == ACT_OK;
}
