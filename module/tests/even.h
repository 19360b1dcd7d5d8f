/* SPDX-License-Identifier: GPL-2.0 */
/*
 * even.h - the short form of an observation whose pages are alike
 *
 * What is judged in full is judged in the short form as well, with rubbish
 * where the short form has nothing: both must say the same.
 */
#ifndef THPRACE_TESTS_EVEN_H
#define THPRACE_TESTS_EVEN_H

#include "judge.h"

/* False if the pages differ, or the observation is short already. */
static inline bool even_form(const struct thprace_obs *full, struct thprace_obs *even,
			     int rubbish)
{
	u32 i;

	if (full->even)
		return false;
	for (i = 1; i < full->nr; i++)
		if (full->ptes[i] != full->ptes[0] || full->mapcount[i] != full->mapcount[0] ||
		    full->writable[i] != full->writable[0] ||
		    (full->sum_ptes && full->exclusive[i] != full->exclusive[0]))
			return false;
	*even = *full;
	even->even = true;
	memset(even->ptes + 1, rubbish, sizeof(even->ptes) - sizeof(even->ptes[0]));
	memset(even->mapcount + 1, rubbish, sizeof(even->mapcount) - sizeof(even->mapcount[0]));
	memset(even->exclusive + 1, rubbish, sizeof(even->exclusive) - 1);
	memset(even->writable + 1, rubbish, sizeof(even->writable) - 1);
	return true;
}

static inline bool same_findings(const struct thprace_finding *a,
				 const struct thprace_finding *b)
{
	u32 i;

	for (i = 0; i < THPRACE_NR_CHECKS; i++)
		if (a[i].outcome != b[i].outcome || a[i].want != b[i].want ||
		    a[i].got != b[i].got || a[i].index != b[i].index ||
		    a[i].addr != b[i].addr || a[i].reason != b[i].reason)
			return false;
	return true;
}

/* Judge in every form that there is. */
static inline void judge_forms(const struct thprace_obs *full, u64 checks,
			       struct thprace_finding *finding)
{
	struct thprace_finding b[THPRACE_NR_CHECKS];
	static const int rubbish[] = { 0, 0x55 };
	struct thprace_obs even;
	u32 i;

	thprace_judge(full, checks, finding);
	for (i = 0; i < ARRAY_SIZE(rubbish) && even_form(full, &even, rubbish[i]); i++) {
		thprace_judge(&even, checks, b);
		if (!same_findings(finding, b))
			fail_msg("the short form is judged otherwise");
		thprace_obs_spread(&even);
		if (even.even ||
		    memcmp(even.ptes, full->ptes, full->nr * sizeof(full->ptes[0])) ||
		    memcmp(even.mapcount, full->mapcount,
			   full->nr * sizeof(full->mapcount[0])) ||
		    memcmp(even.writable, full->writable, full->nr) ||
		    (full->sum_ptes && memcmp(even.exclusive, full->exclusive, full->nr)))
			fail_msg("the short form does not spread to the full one");
	}
}

/* Spoil in every form that there is: what comes of the short one is the same. */
static inline int spoil_forms(struct thprace_obs *full, u32 check)
{
	struct thprace_finding a[THPRACE_NR_CHECKS], b[THPRACE_NR_CHECKS];
	const u64 all = BIT_ULL(THPRACE_NR_CHECKS) - 1;
	struct thprace_obs even;
	bool has_short = even_form(full, &even, 0x55);
	int err = thprace_judge_inject(full, check);

	if (!has_short)
		return err;
	if (thprace_judge_inject(&even, check) != err)
		fail_msg("check %u: the short form cannot be spoiled alike", check);
	thprace_judge(full, all, a);
	thprace_judge(&even, all, b);
	if (!same_findings(a, b))
		fail_msg("check %u: the short form is spoiled otherwise", check);
	return err;
}

#endif /* THPRACE_TESTS_EVEN_H */
