// SPDX-License-Identifier: GPL-2.0
/*
 * One line on the state of a run, now and then
 */
#include <unistd.h>

#include "env.h"
#include "grid.h"
#include "progress.h"
#include "run.h"
#include "tally.h"
#include "util.h"

#define TTY_PERIOD_NS	(NSEC_PER_SEC / 2)
#define PIPE_PERIOD_NS	(5 * NSEC_PER_SEC)

static bool line_open;

/**
 * progress_due() - has enough time passed for another line?
 * @last_ns: when the last one was printed, or 0
 */
bool progress_due(u64 last_ns)
{
	return now_ns() - last_ns >= (isatty(STDERR_FILENO) ? TTY_PERIOD_NS : PIPE_PERIOD_NS);
}

/**
 * progress_line() - print it, in place of the one before on a terminal
 * @text: line
 */
void progress_line(const char *text)
{
	bool tty = isatty(STDERR_FILENO);

	fprintf(stderr, "%s%s%s", tty ? "\r" : "", text, tty ? "\033[K" : "\n");
	line_open = tty;
}

/**
 * progress() - one line on the state of the run, now and then
 * @run: the run
 * @force: now
 */
void progress(struct run *run, bool force)
{
	static u64 last_ns, last_splits, last_overlaps;
	static const struct run *last_run;
	u64 now = now_ns(), splits, overlaps, left, since;
	const struct tally *t = run_tally(run);
	char line[320];
	unsigned int decided = 0, met = 0;
	char grid[96] = "";

	if (run->opt->quiet || run->beside)
		return;
	if (last_run != run) {
		last_run = run;
		last_ns = now;
		last_splits = run->splits_before;
		last_overlaps = 0;
	}
	since = now - last_ns;
	if (!since || (!force && !progress_due(last_ns)))
		return;
	splits = env_splits();
	overlaps = t->overlaps < last_overlaps ? last_overlaps : t->overlaps;
	left = run->deadline_ns > now ? run->deadline_ns - now : 0;
	if (t->grid.listed)
		grid_counts(t, &decided, &met);
	if (t->nr_cells)
		snprintf(grid, sizeof(grid), "  cells %u of %u, %u met, tries left %llu, %llu s",
			 decided, t->nr_cells, met, t->grid.left,
			 (now - run->begin_ns) / NSEC_PER_SEC);
	snprintf(line, sizeof(line),
		 "%-14s rounds %llu  overlaps/s %.1f  splits/s %.1f  violations %llu%s  left %llu s",
		 run->sc->name, run->sh->round, (overlaps - last_overlaps) * 1e9 / since,
		 splits > last_splits ? (splits - last_splits) * 1e9 / since : 0.0,
		 run_violations(run), grid, (left + NSEC_PER_SEC / 2) / NSEC_PER_SEC);
	progress_line(line);
	last_ns = now;
	last_splits = splits;
	last_overlaps = overlaps;
}

/**
 * progress_end() - leave the progress line
 */
void progress_end(void)
{
	if (line_open)
		fputs("\r\033[K", stderr);
	line_open = false;
}
