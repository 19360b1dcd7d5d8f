// SPDX-License-Identifier: GPL-2.0
/*
 * test_model.c - the rules against all that a correct kernel can do
 *
 * Random histories on the model of every kernel: no rule may report, every
 * rule that applies must hold, and each injection must be reported by exactly
 * its check.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "rows.h"
#include "model.h"
#include "front/trigger.h"
#include "state/names.h"

#define ALL	(BIT_ULL(THPRACE_NR_CHECKS) - 1)

static struct model model;
static struct thprace_obs obs, spoiled;
static u64 seed;

static u32 pick(u32 n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (seed >> 16) % n;
}

/* A state is healthy: nothing reported, nothing skipped without cause. */
static void assert_healthy(const char *after)
{
	struct thprace_finding f[THPRACE_NR_CHECKS];
	u32 i;

	model_observe(&model, &obs);
	judge_forms(&obs, ALL, f);
	for (i = 0; i < THPRACE_NR_CHECKS; i++) {
		if (f[i].outcome == THPRACE_VIOLATED)
			fail_msg("kernel %d after %s: %s at %u: want %lld, got %lld: %s",
				 model.kernel, after, thprace_check_name(i), f[i].index,
				 (long long)f[i].want, (long long)f[i].got, f[i].reason);
		if (f[i].outcome != THPRACE_SKIPPED)
			continue;
		if (i == THPRACE_CHECK_REFCOUNT && !model.anon && !model_mapped(&model))
			continue;
		/* Only the queue has a history that the picture does not show. */
		assert_int_equal(i, THPRACE_CHECK_DEFERRED_QUEUE);
		assert_true(model.disturbed || model.swapcache);
	}
}

/* Each injection is reported by exactly its check. */
static void assert_injections_found(void)
{
	struct thprace_finding before[THPRACE_NR_CHECKS], f[THPRACE_NR_CHECKS];
	u32 check, i;
	int err;

	judge_forms(&obs, ALL, before);
	for (check = 0; check < THPRACE_NR_CHECKS; check++) {
		spoiled = obs;
		err = spoil_forms(&spoiled, check);
		if (err) {
			assert_true(err == -EOPNOTSUPP || err == -ENODATA);
			assert_memory_equal(&spoiled, &obs, sizeof(obs));
			/* What held could have been spoiled. */
			if (before[check].outcome == THPRACE_HELD)
				fail_msg("%s holds but cannot be spoiled: %d",
					 thprace_check_name(check), err);
			continue;
		}
		judge_forms(&spoiled, ALL, f);
		for (i = 0; i < THPRACE_NR_CHECKS; i++) {
			bool reports = f[i].outcome == THPRACE_VIOLATED;

			if (reports == (i == check))
				continue;
			fail_msg("kernel %d: %s spoiled: %s %s", model.kernel,
				 thprace_check_name(check), thprace_check_name(i),
				 i == check ? "is silent" : "reports");
		}
		assert_non_null(f[check].reason);
		assert_true(f[check].want != f[check].got);
	}
}

static u32 mms_that_map(u32 *mms)
{
	u32 mm, i, n = 0;

	for (mm = 0; mm < MODEL_MMS; mm++) {
		bool maps = model.mm[mm].pmd;

		for (i = 0; i < model.nr; i++)
			maps |= model.mm[mm].pte[i] != MODEL_NONE;
		if (maps)
			mms[n++] = mm;
	}
	return n;
}

static void zap_some(u32 mm)
{
	u32 first = pick(model.nr), n = 1 + pick(model.nr - first);

	if (pick(4) == 0) {
		first = 0;
		n = model.nr;
	}
	model_zap(&model, mm, first, n);
}

static const char *random_anon_op(void)
{
	u32 mms[MODEL_MMS], n = mms_that_map(mms), mm = mms[pick(n)], dst;

	switch (pick(8)) {
	case 0:
		if (!model.mm[mm].pmd)
			return "nothing";
		model_split_pmd(&model, mm);
		return "PMD split";
	case 1:
	case 2:
		for (dst = 0; dst < MODEL_MMS; dst++) {
			u32 i = 0;

			while (i < n && mms[i] != dst)
				i++;
			if (i == n) {
				model_fork(&model, mm, dst);
				return "fork";
			}
		}
		return "nothing";
	case 3:
		zap_some(mm);
		return "zap";
	case 4:
		model_zap(&model, mm, 0, model.nr);
		return "exit";
	case 5:
		model_unmap_folio(&model);
		if (pick(2))
			zap_some(mm);
		model_remap_folio(&model);
		return "failed split";
	case 6:
		if (pick(8) == 0 && !model.swapcache) {
			/* It stays: the history of swap is not followed. */
			model.swapcache = true;
			model.refcount += model.nr;
			return "swap cache";
		}
		/* fall through */
	default:
		model_write(&model, mm, pick(model.nr));
		return "write";
	}
}

static const char *random_file_op(void)
{
	u32 mm = pick(MODEL_MMS), i, first, n;
	bool ptes = false;

	for (i = 0; i < model.nr; i++)
		ptes |= model.mm[mm].pte[i] != MODEL_NONE;
	if (pick(2) || model.mm[mm].pmd) {
		zap_some(mm);
		return "zap";
	}
	if (!ptes && pick(2) && model.nr == THPRACE_HPAGE_NR) {
		model_map_file_pmd(&model, mm);
		return "PMD map";
	}
	first = pick(model.nr);
	n = 1 + pick(model.nr - first);
	model_map_file_ptes(&model, mm, first, n);
	return "PTE map";
}

static void random_histories(bool anon, u32 nr, u32 histories)
{
	u32 kernel, h, step;

	for (kernel = 0; kernel < MODEL_NR_KERNELS; kernel++) {
		/* THPs of one size only, before there were folios of any */
		if (nr != 1 && nr != THPRACE_HPAGE_NR && kernel <= MODEL_6_1)
			continue;
		for (h = 0; h < histories; h++) {
			model_fault(&model, kernel, anon, nr);
			assert_healthy("fault");
			for (step = 0; step < 40; step++) {
				const char *op = anon ? random_anon_op() : random_file_op();

				if (!model_mapped(&model) && anon)
					break;
				assert_healthy(op);
				if (step % 8 == 0)
					assert_injections_found();
			}
		}
	}
}

static void test_anon_thp(void **state)
{
	random_histories(true, THPRACE_HPAGE_NR, 300);
}

static void test_anon_mthp(void **state)
{
	random_histories(true, 4, 400);
	random_histories(true, 16, 200);
}

static void test_anon_small(void **state)
{
	random_histories(true, 1, 200);
}

static void test_file_thp(void **state)
{
	random_histories(false, THPRACE_HPAGE_NR, 60);
}

static void test_file_small(void **state)
{
	random_histories(false, 1, 100);
	random_histories(false, 16, 100);
}

static int setup(void **state)
{
	seed = 0x853c49e6748fea9bULL;
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_anon_thp, setup),
		cmocka_unit_test_setup(test_anon_mthp, setup),
		cmocka_unit_test_setup(test_anon_small, setup),
		cmocka_unit_test_setup(test_file_thp, setup),
		cmocka_unit_test_setup(test_file_small, setup),
	};

	return cmocka_run_group_tests_name("model", tests, NULL, NULL);
}
