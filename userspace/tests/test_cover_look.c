// SPDX-License-Identifier: GPL-2.0
/*
 * What is taken for new: outcomes of ops, pairs of phases, states of folios
 */
#include <errno.h>

#include "cover.h"
#include "cover_look.h"
#include "env.h"
#include "proc_page.h"
#include "result.h"
#include "run.h"
#include "scenario.h"
#include "test.h"

#define FRAME	0x12200			/* of the first page, aligned */
#define OTHER	0x40007

REAL_READ_TEXT

static struct run *run;
static struct options options;
static struct cover *seen;
static u64 entry[512], flags[512], count;
static bool hidden;

int __wrap_pagemap_entries(const void *addr, u64 *to, unsigned int nr);
int __wrap_page_flags(u64 pfn, u64 *to, unsigned int nr);
int __wrap_page_count(u64 pfn, u64 *to);

int __wrap_pagemap_entries(const void *addr, u64 *to, unsigned int nr)
{
	(void)addr;
	assert_true(nr <= ARRAY_SIZE(entry));
	memcpy(to, entry, nr * sizeof(*to));
	return hidden ? -EIO : 0;
}

int __wrap_page_flags(u64 pfn, u64 *to, unsigned int nr)
{
	assert_int_equal(pfn % env.nr_subpages, 0);
	assert_int_equal(nr, env.nr_subpages);
	memcpy(to, flags, nr * sizeof(*to));
	return 0;
}

int __wrap_page_count(u64 pfn, u64 *to)
{
	(void)pfn;
	*to = count;
	return 0;
}

static int setup(void **state)
{
	(void)state;
	env.page_size = 4096;
	env.hpage_size = 2 << 20;
	env.nr_subpages = 512;
	memset(&options, 0, sizeof(options));
	run = calloc(1, sizeof(*run));
	run->res = calloc(1, sizeof(*run->res));
	run->sh = run_shared(1);
	seen = calloc(1, sizeof(*seen));
	run->cover = seen;
	run->sc = scenario_by_name("zap");
	run->opt = &options;
	run->start_ns = now_ns();
	run->nr_workers = 1;
	run->nr_thps = 1;
	run->huge = run->sh->huge;
	run->huge[0] = 1;
	hidden = false;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	free(seen);
	run_shared_free(run->sh);
	free(run->res);
	free(run);
	return 0;
}

static void stamp(unsigned int lane, const char *op, enum act_result result, int err)
{
	struct stamp *s = &run->sh->stamp[lane][0];

	memset(s, 0, sizeof(*s));
	copy_word(s->op, sizeof(s->op), op);
	s->begin_ns = 100 + 10 * lane;
	s->end_ns = 200 + lane;
	s->result = result;
	s->err = err;
}

static bool new_round(void)
{
	u64 before = seen->nr[COVER_OUTCOME];

	cover_round(run, 0);
	assert_int_equal(cover_sum(seen), seen->nr[COVER_OUTCOME]);
	return seen->nr[COVER_OUTCOME] > before;
}

static void test_outcomes(void **state)
{
	(void)state;
	stamp(0, "split", ACT_OK, 0);
	stamp(1, "zap", ACT_OK, 0);
	assert_true(new_round());
	assert_false(new_round());
	stamp(0, "split", ACT_BUSY, 0);
	assert_true(new_round());
	stamp(1, "zap", ACT_FAILED, ENOMEM);
	assert_true(new_round());
	stamp(1, "zap", ACT_FAILED, EAGAIN);
	assert_true(new_round());
	stamp(1, "munmap", ACT_FAILED, EAGAIN);
	assert_true(new_round());
	/* One after the other. */
	run->sh->stamp[1][0].begin_ns = 300;
	run->sh->stamp[1][0].end_ns = 400;
	assert_true(new_round());
	/* The op alone. */
	memset(&run->sh->stamp[0][0], 0, sizeof(struct stamp));
	assert_true(new_round());
	assert_false(new_round());
	/* Nobody asks, as in a replay. */
	run->cover = NULL;
	stamp(1, "fork", ACT_OK, 0);
	assert_false(new_round());
}

/* Of many lanes it is not told which. */
static void test_many(void **state)
{
	unsigned int i;

	(void)state;
	run->nr_workers = 8;
	stamp(0, "split", ACT_OK, 0);
	for (i = 1; i <= 8; i++)
		stamp(i, "zap", ACT_OK, 0);
	assert_true(new_round());
	stamp(5, "zap", ACT_BUSY, 0);
	assert_true(new_round());
	stamp(5, "zap", ACT_OK, 0);
	stamp(7, "zap", ACT_BUSY, 0);
	assert_false(new_round());
	stamp(5, "zap", ACT_BUSY, 0);
	assert_true(new_round());
	stamp(6, "zap", ACT_BUSY, 0);
	assert_false(new_round());
}

/* Two of the table, which may have one name for the module. */
static void test_pairs(void **state)
{
	(void)state;
	run->sc = scenario_by_name("pair");
	run->nr_workers = 2;
	stamp(1, "fault", ACT_OK, 0);
	stamp(2, "zap", ACT_OK, 0);
	run->sh->pair[0].op[0] = 6;
	assert_true(new_round());
	run->sh->pair[0].op[0] = 7;
	assert_true(new_round());
	assert_false(new_round());
}

static void test_programs(void **state)
{
	struct storm_round *round = &run->res->program.round[0];

	(void)state;
	run->sc = scenario_by_name("storm");
	stamp(0, "split", ACT_OK, 0);
	stamp(1, "zap", ACT_OK, 0);
	round->nr = 2;
	round->op[0].kind = 1;
	round->op[1].kind = 2;
	cover_round(run, 0);
	assert_int_equal(seen->nr[COVER_OUTCOME], 3);
	cover_round(run, 0);
	assert_int_equal(seen->nr[COVER_OUTCOME], 3);
	/* The first one then has another before it, the second one none. */
	round->op[0].kind = 2;
	round->op[1].kind = 1;
	cover_round(run, 0);
	assert_int_equal(seen->nr[COVER_OUTCOME], 5);
	round->op[1].result = ACT_BUSY;
	cover_round(run, 0);
	assert_int_equal(seen->nr[COVER_OUTCOME], 6);
}

static void test_phases(void **state)
{
	static const struct {
		const char *schedule;
		unsigned int news;
	} met[] = {
		{ "b>unmap_vmas a>try_to_migrate b>end a>end", 1 },
		{ "b>unmap_vmas a>try_to_migrate a>end b>end", 0 },
		{ "a>try_to_migrate b>unmap_vmas a>end b>end", 0 },
		{ "b>unmap_vmas#2 a>try_to_migrate#1 b>end a>end", 0 },
		{ "b>unmap_vmas a<try_to_migrate b>end a>end", 1 },
		{ "c>unmap_vmas a>try_to_migrate c>end a>end", 1 },
		{ "b>unmap_vmas a>end b>end", 0 },
		{ "a>end b>end", 0 },
		{ "", 0 },
		{ "b>unmap_vmas b>free_pgtables a>end b>end", 0 },
		{ "b>endless a>try_to_migrate b>end a>end", 1 },
		{ "b>copy_page_range a>remap_page b>copy_huge_pmd a>end b>end", 2 },
		{ "b>remap_page a>copy_page_range a>end b>end", 1 },
	};
	unsigned int i;
	u64 before;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(met); i++) {
		before = seen->nr[COVER_PHASES];
		cover_met(run, met[i].schedule);
		if (seen->nr[COVER_PHASES] != before + met[i].news)
			fail_msg("%s: %llu", met[i].schedule, seen->nr[COVER_PHASES] - before);
	}
	assert_int_equal(cover_sum(seen), seen->nr[COVER_PHASES]);
	run->cover = NULL;
	cover_met(run, "b>nothing_of_before a>try_to_migrate b>end a>end");
}

static void map_compound(unsigned int order)
{
	unsigned int i;

	for (i = 0; i < 512; i++) {
		entry[i] = PM_PRESENT | PM_EXCLUSIVE | (FRAME + i);
		flags[i] = BIT_ULL(KPF_ANON) |
			   BIT_ULL(i % (1U << order) ? KPF_COMPOUND_TAIL : KPF_COMPOUND_HEAD);
		if (!order)
			flags[i] = BIT_ULL(KPF_ANON);
	}
	count = 1;
}

static unsigned int new_states(void)
{
	u64 before = seen->nr[COVER_STATE];

	cover_states(run);
	assert_int_equal(cover_sum(seen), seen->nr[COVER_STATE]);
	return seen->nr[COVER_STATE] - before;
}

static void test_states(void **state)
{
	unsigned int i;

	(void)state;
	map_compound(9);
	/* What there is, and the folio. */
	assert_int_equal(new_states(), 2);
	assert_int_equal(new_states(), 0);
	for (i = 1; i < 9; i++) {
		map_compound(i);
		assert_int_equal(new_states(), 1);
		assert_int_equal(new_states(), 0);
	}
	map_compound(0);
	assert_int_equal(new_states(), 1);
	map_compound(9);
	count = 2;
	assert_int_equal(new_states(), 1);
	count = 3;
	assert_int_equal(new_states(), 1);
	count = 700;
	assert_int_equal(new_states(), 0);
	flags[0] |= BIT_ULL(KPF_MLOCKED);
	assert_int_equal(new_states(), 1);
	/* Referenced: comes and goes. */
	flags[0] |= BIT_ULL(2);
	assert_int_equal(new_states(), 0);
}

/* Of parts of the huge page. */
static void test_parts(void **state)
{
	unsigned int i;

	(void)state;
	map_compound(9);
	new_states();
	entry[17] = 0;
	assert_int_equal(new_states(), 1);
	entry[18] = PM_SWAP | 77;
	assert_int_equal(new_states(), 1);
	entry[18] = PM_SWAP | 99;
	entry[19] = 0;
	assert_int_equal(new_states(), 0);
	/* There is no folio behind what is out, in the middle of it either. */
	entry[255] = PM_SWAP | 99;
	assert_int_equal(new_states(), 0);
	entry[255] = entry[254] + 1;
	/* Another folio at the end, and one that is small in the middle of where it was. */
	entry[511] = PM_PRESENT | OTHER;
	assert_int_equal(new_states(), 2);
	for (i = 252; i < 256; i++)
		flags[i] = BIT_ULL(KPF_ANON) |
			   BIT_ULL(i > 252 ? KPF_COMPOUND_TAIL : KPF_COMPOUND_HEAD);
	assert_int_equal(new_states(), 3);
	/* The flags are those of the head. */
	flags[255] |= BIT_ULL(KPF_MLOCKED);
	assert_int_equal(new_states(), 0);
	flags[252] |= BIT_ULL(KPF_MLOCKED);
	assert_int_equal(new_states(), 1);
	/* Nothing at all, or nothing to be seen. */
	for (i = 0; i < 512; i++)
		entry[i] = 0;
	assert_int_equal(new_states(), 1);
	map_compound(3);
	hidden = true;
	assert_int_equal(new_states(), 0);
	hidden = false;
	run->huge[0] = 0;
	assert_int_equal(new_states(), 0);
	run->huge[0] = 1;
	run->cover = NULL;
	assert_int_equal(new_states(), 0);
	run->cover = seen;
	assert_int_not_equal(new_states(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_outcomes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_many, setup, teardown),
		cmocka_unit_test_setup_teardown(test_pairs, setup, teardown),
		cmocka_unit_test_setup_teardown(test_programs, setup, teardown),
		cmocka_unit_test_setup_teardown(test_phases, setup, teardown),
		cmocka_unit_test_setup_teardown(test_states, setup, teardown),
		cmocka_unit_test_setup_teardown(test_parts, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
