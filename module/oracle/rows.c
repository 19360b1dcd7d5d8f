// SPDX-License-Identifier: GPL-2.0
/*
 * rows.c - the pages of an observation in run-length form
 *
 * Pages that are alike share one row.  Pure: also built on the host.
 */
#include "oracle/rules.h"

/**
 * thprace_obs_cut() - let a row of an observation begin at a page
 * @obs: changed in form only
 * @row: first page of any row that does not begin behind @at
 * @at: the page; where the folio ends there is nothing to do
 *
 * Return: @at.
 */
u32 thprace_obs_cut(struct thprace_obs *obs, u32 row, u32 at)
{
	if (at >= obs->nr)
		return at;
	while (obs->end[row] <= at)
		row = obs->end[row];
	if (row == at)
		return at;
	obs->ptes[at] = obs->ptes[row];
	obs->mapcount[at] = obs->mapcount[row];
	obs->exclusive[at] = obs->exclusive[row];
	obs->writable[at] = obs->writable[row];
	obs->end[at] = obs->end[row];
	obs->end[row] = at;
	return at;
}

static bool same_page(const struct thprace_obs *a, u32 i, const struct thprace_obs *b, u32 j)
{
	return a->ptes[i] == b->ptes[j] && a->mapcount[i] == b->mapcount[j] &&
	       a->writable[i] == b->writable[j] &&
	       (a->exclusive[i] == b->exclusive[j] || ((i || j) && !a->sum_ptes));
}

/**
 * thprace_obs_equal() - do two observations of a folio agree in every integer?
 * @a: one
 * @b: the other; its rows can be others
 */
bool thprace_obs_equal(const struct thprace_obs *a, const struct thprace_obs *b)
{
	u32 i = 0, j = 0;

	if (memcmp(a, b, offsetof(struct thprace_obs, end)))
		return false;
	/* i and j: the rows that hold the next page; on to where one of them ends */
	while (i < a->nr && j < b->nr) {
		u32 end_a = a->end[i], end_b = b->end[j];

		if (!same_page(a, i, b, j))
			return false;
		if (end_a <= end_b)
			i = end_a;
		if (end_b <= end_a)
			j = end_b;
	}
	return true;
}
