/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rows.h - an observation in all forms of rows
 *
 * The tests write down what is seen of every page.  How the pages are put into
 * rows must make no difference: all is judged with a row for each page, with as
 * few rows as there can be, and with some more, with rubbish where a row has
 * nothing.
 */
#ifndef THPRACE_TESTS_ROWS_H
#define THPRACE_TESTS_ROWS_H

#include "oracle/rules.h"

enum form { FORM_FEW, FORM_SOME, FORM_NR };

static inline void one_row_a_page(struct thprace_obs *obs)
{
	u32 i;

	for (i = 0; i < THPRACE_HPAGE_NR; i++)
		obs->end[i] = i + 1;
}

static inline bool same_row(const struct thprace_obs *obs, u32 i, u32 j)
{
	return obs->ptes[i] == obs->ptes[j] && obs->mapcount[i] == obs->mapcount[j] &&
	       obs->writable[i] == obs->writable[j] &&
	       (!obs->sum_ptes || obs->exclusive[i] == obs->exclusive[j]);
}

static inline void to_rows(const struct thprace_obs *full, struct thprace_obs *rows,
			   enum form form, int rubbish)
{
	u32 i, row = 0;

	memcpy(rows, full, offsetof(struct thprace_obs, end));
	memset(rows->end, 0x55, sizeof(rows->end));
	memset(rows->ptes, rubbish, sizeof(rows->ptes));
	memset(rows->mapcount, rubbish, sizeof(rows->mapcount));
	memset(rows->exclusive, rubbish, sizeof(rows->exclusive));
	memset(rows->writable, rubbish, sizeof(rows->writable));
	for (i = 0; i < full->nr; i++) {
		if (i && same_row(full, row, i) && !(form == FORM_SOME && i % 7 == 3))
			continue;
		rows->end[row] = i;
		row = i;
		rows->end[i] = full->nr;
		rows->ptes[i] = full->ptes[i];
		rows->mapcount[i] = full->mapcount[i];
		rows->exclusive[i] = full->exclusive[i];
		rows->writable[i] = full->writable[i];
	}
}

static inline bool same_findings(const struct thprace_finding *a,
				 const struct thprace_finding *b)
{
	u32 i;

	for (i = 0; i < THPRACE_NR_CHECKS; i++) {
		if (a[i].outcome != b[i].outcome)
			return false;
		if (a[i].outcome == THPRACE_NOT_APPLICABLE)
			continue;
		if (a[i].want != b[i].want || a[i].got != b[i].got ||
		    a[i].index != b[i].index || a[i].addr != b[i].addr ||
		    a[i].reason != b[i].reason)
			return false;
	}
	return true;
}

static inline bool any_violated(const struct thprace_finding *finding)
{
	u32 i;

	for (i = 0; i < THPRACE_NR_CHECKS; i++)
		if (finding[i].outcome == THPRACE_VIOLATED)
			return true;
	return false;
}

/* Judge in every form. */
static inline void judge_forms(const struct thprace_obs *full, u64 checks,
			       struct thprace_finding *finding)
{
	struct thprace_finding b[THPRACE_NR_CHECKS];
	static const int rubbish[FORM_NR] = { 0, 0x55 };
	static struct thprace_obs rows;
	u32 i;

	rows = *full;
	one_row_a_page(&rows);
	if (thprace_judge(&rows, checks, finding) != any_violated(finding))
		fail_msg("whether a check is violated is not what is returned");
	for (i = 0; i < FORM_NR; i++) {
		to_rows(full, &rows, i, rubbish[i]);
		thprace_judge(&rows, checks, b);
		if (!same_findings(finding, b))
			fail_msg("form %u is judged otherwise", i);
	}
}

/* The same of every page, whatever the rows are. */
static inline void assert_same_pages(const struct thprace_obs *full,
				     const struct thprace_obs *rows)
{
	u32 i, row = 0;

	for (i = 0; i < full->nr; i++) {
		if (rows->end[row] == i)
			row = i;
		if (rows->end[row] <= i || rows->end[row] > full->nr)
			fail_msg("no row holds page %u", i);
		if (full->ptes[i] != rows->ptes[row] || full->mapcount[i] != rows->mapcount[row] ||
		    full->writable[i] != rows->writable[row] ||
		    ((!i || full->sum_ptes) && full->exclusive[i] != rows->exclusive[row]))
			fail_msg("page %u is not what its row says", i);
	}
}

static inline u32 count_rows(const struct thprace_obs *obs)
{
	u32 i, n = 0;

	for (i = 0; i < obs->nr; i = obs->end[i])
		n++;
	return n;
}

/* Cut in every form, from every row that will do: one row more, or none. */
static inline void assert_cuts(const struct thprace_obs *full, u32 at)
{
	static struct thprace_obs rows, cut;
	u32 form, row, i;

	for (form = 0; form < FORM_NR; form++) {
		to_rows(full, &rows, form, 0x55);
		for (i = 0; i < full->nr && i < at; i = rows.end[i])
			;
		for (row = 0; row < full->nr && row <= at; row = rows.end[row]) {
			cut = rows;
			assert_int_equal(thprace_obs_cut(&cut, row, at), at);
			assert_same_pages(full, &cut);
			assert_int_equal(count_rows(&cut), count_rows(&rows) + (i != at));
			if (at < full->nr)
				assert_true(cut.end[at] > at);
		}
	}
}

/* Every form is equal to every other, and to no form of what differs. */
static inline void assert_equal_forms(const struct thprace_obs *a, const struct thprace_obs *b,
				      bool equal)
{
	static struct thprace_obs x, y;
	u32 i, j;

	for (i = 0; i < FORM_NR; i++) {
		for (j = 0; j < FORM_NR; j++) {
			to_rows(a, &x, i, 0x55);
			to_rows(b, &y, j, 0x2a);
			if (thprace_obs_equal(&x, &y) != equal)
				fail_msg("form %u and form %u: should be %s", i, j,
					 equal ? "equal" : "different");
		}
	}
}

/* Spoil in every form: what comes of it is the same. */
static inline int spoil_forms(struct thprace_obs *full, u32 check)
{
	static struct thprace_obs rows;
	struct thprace_obs before = *full;
	u32 form;
	int err;

	one_row_a_page(full);
	err = thprace_judge_inject(full, check);
	memcpy(full->end, before.end, sizeof(full->end));
	for (form = 0; form < FORM_NR; form++) {
		to_rows(&before, &rows, form, 0x55);
		if (thprace_judge_inject(&rows, check) != err)
			fail_msg("check %u: form %u cannot be spoiled alike", check, form);
		assert_same_pages(full, &rows);
	}
	return err;
}

#endif /* THPRACE_TESTS_ROWS_H */
