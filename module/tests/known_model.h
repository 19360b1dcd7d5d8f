/* SPDX-License-Identifier: GPL-2.0 */
/* known_model.h - the known states, made by the model of a kernel */
#ifndef THPRACE_TESTS_KNOWN_MODEL_H
#define THPRACE_TESTS_KNOWN_MODEL_H

#include "model.h"
#include "oracle/known.h"
#include "rows.h"

/* As module/oracle/made.c and the companion make them. */
static inline void known_make(struct model *model, enum model_kernel kernel,
			      enum thprace_known state, struct thprace_obs *full,
			      struct thprace_obs *obs)
{
	u32 nr = THPRACE_HPAGE_NR;

	if (state == THPRACE_KNOWN_PAGE)
		nr = 1;
	if (state == THPRACE_KNOWN_SMALL || state == THPRACE_KNOWN_SMALL_PART)
		nr = THPRACE_KNOWN_SMALL_NR;
	model_fault(model, kernel, true, nr);
	switch (state) {
	case THPRACE_KNOWN_PTE:
	case THPRACE_KNOWN_PART:
		model_split_pmd(model, 0);
		break;
	case THPRACE_KNOWN_PMD_TWO:
	case THPRACE_KNOWN_PMD_PTE:
	case THPRACE_KNOWN_PTE_TWO:
		model_fork(model, 0, 1);
		if (state != THPRACE_KNOWN_PMD_TWO)
			model_split_pmd(model, 0);
		if (state == THPRACE_KNOWN_PTE_TWO)
			model_split_pmd(model, 1);
		break;
	default:
		break;
	}
	if (state == THPRACE_KNOWN_PART || state == THPRACE_KNOWN_SMALL_PART)
		model_zap(model, 0, THPRACE_KNOWN_HOLE(nr), THPRACE_KNOWN_HOLE(nr));
	model_observe(model, full);
	to_rows(full, obs, FORM_FEW, 0x55);
}

/* What the kernels of the model have no counter for. */
static inline u64 known_kept(const struct thprace_obs *obs)
{
	u64 checks = BIT_ULL(THPRACE_NR_CHECKS) - 1;

	if (!(obs->caps & 1U << THPRACE_CAP_NR_PAGES_MAPPED))
		checks &= ~BIT_ULL(THPRACE_CHECK_NR_PAGES_MAPPED);
	if (!(obs->caps & 1U << THPRACE_CAP_MM_ID))
		checks &= ~BIT_ULL(THPRACE_CHECK_MM_ID);
	if (!(obs->caps & 1U << THPRACE_CAP_ANON_EXCLUSIVE))
		checks &= ~BIT_ULL(THPRACE_CHECK_ANON_EXCLUSIVE);
	return checks;
}

#endif /* THPRACE_TESTS_KNOWN_MODEL_H */
