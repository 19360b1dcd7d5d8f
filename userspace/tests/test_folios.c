// SPDX-License-Identifier: GPL-2.0
/*
 * Folios in the place of a huge page: drawn by the round, faulted in, told by their frames
 */
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "env.h"
#include "folios.h"
#include "options.h"
#include "orders.h"
#include "proc_page.h"
#include "result.h"
#include "run.h"
#include "scenario.h"
#include "test.h"

#define FRAME		0x12200		/* of the first page, aligned */
#define NR_THPS		4

REAL_READ_TEXT

static struct run *run;
static struct options options;
static u64 entry[512], flags[512];
static bool hidden;

int __wrap_access(const char *path, int mode);
uid_t __wrap_geteuid(void);
int __wrap_pagemap_entries(const void *addr, u64 *to, unsigned int nr);
int __wrap_page_flags(u64 pfn, u64 *to, unsigned int nr);

/* A kernel that has all sizes. */
int __wrap_access(const char *path, int mode)
{
	(void)path;
	(void)mode;
	return 0;
}

uid_t __wrap_geteuid(void)
{
	return 0;
}

int __wrap_pagemap_entries(const void *addr, u64 *to, unsigned int nr)
{
	size_t at = ((unsigned long)addr - (unsigned long)run->region.base) / env.page_size % 512;

	assert_true(at + nr <= ARRAY_SIZE(entry));
	memcpy(to, entry + at, nr * sizeof(*to));
	return hidden ? -EIO : 0;
}

int __wrap_page_flags(u64 pfn, u64 *to, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		to[i] = pfn + i < FRAME || pfn + i >= FRAME + 512 ? 0 : flags[pfn + i - FRAME];
	return 0;
}

static int setup(void **state)
{
	(void)state;
	env.page_size = sysconf(_SC_PAGESIZE);
	env.hpage_size = 2 << 20;
	env.nr_subpages = 512;
	hidden = false;
	memset(&options, 0, sizeof(options));
	run = calloc(1, sizeof(*run));
	run->res = calloc(1, sizeof(*run->res));
	run->sh = run_shared(NR_THPS);
	run->sc = scenario_by_name("zap");
	run->opt = &options;
	run->seed = 5;
	run->fd = -1;
	run->nr_thps = NR_THPS;
	run->huge = run->sh->huge;
	return region_reserve(&run->region, NR_THPS) || region_map(&run->region);
}

static int teardown(void **state)
{
	(void)state;
	region_release(&run->region);
	run_shared_free(run->sh);
	free(run->res);
	free(run);
	return 0;
}

/* As if folios of an order were mapped, one behind the other. */
static void lay_out(unsigned int order)
{
	unsigned int i;

	for (i = 0; i < 512; i++) {
		entry[i] = PM_PRESENT | (FRAME + i);
		flags[i] = BIT_ULL(i % (1U << order) ? KPF_COMPOUND_TAIL : KPF_COMPOUND_HEAD);
	}
}

static unsigned int proven(unsigned int order)
{
	memset(run->sh->order, order, NR_THPS);
	run->nr_thps = 1;
	folios_prove(run);
	assert_int_equal(run->huge[0], run->sh->folios[0] > 0);
	return run->sh->folios[0];
}

static void test_proven(void **state)
{
	unsigned int i;

	(void)state;
	for (i = MIN_ORDER; i <= 9; i++) {
		lay_out(i);
		assert_int_equal(proven(i), 512 >> i);
		/* Larger or smaller ones are none of them. */
		assert_int_equal(proven(i == 9 ? 8 : i + 1), 0);
		assert_int_equal(run->res->orders[i == 9 ? 8 : i + 1].missed, 1);
		memset(run->res->orders, 0, sizeof(run->res->orders));
	}
	lay_out(4);
	/* In another place, not there, swapped with another page; a single page in one. */
	entry[16] = PM_PRESENT | (FRAME + 400);
	entry[35] = 0;
	entry[511] ^= 1;
	flags[64 + 3] = 0;
	assert_int_equal(proven(4), 32 - 4);
	/* Not aligned: the folio that it belongs to begins elsewhere. */
	lay_out(4);
	for (i = 0; i < 512; i++)
		entry[i]++;
	assert_int_equal(proven(4), 0);
	lay_out(4);
	flags[0] |= BIT_ULL(KPF_HUGE);
	assert_int_equal(proven(4), 31);
	/* What cannot be seen is not there. */
	hidden = true;
	assert_int_equal(proven(4), 0);
	assert_int_equal(run->res->not_huge, 10);
}

/* A replay of a round is about the same size. */
static void test_drawn(void **state)
{
	u8 first[NR_THPS];
	unsigned int i, small = 0;

	(void)state;
	folios_draw(run);
	for (i = 0; i < NR_THPS; i++)
		assert_int_equal(run->sh->order[i], 9);
	assert_null(orders_parse(&options.orders, "all"));
	run->sh->round = 100;
	folios_draw(run);
	memcpy(first, run->sh->order, sizeof(first));
	for (i = 0; i < NR_THPS; i++) {
		small += first[i] < 9;
		run->sh->round = 100 + i;
		folios_draw(run);
		assert_int_equal(run->sh->order[0], first[i]);
	}
	assert_true(small);
	/* One that sees no split is none of the rounds. */
	run->fd = 3;
	run->sh->round = 100;
	folios_draw(run);
	assert_int_equal(run->sh->order[0], first[0]);
	assert_int_equal(run->sh->order[1], first[1]);
	assert_int_equal(run->sh->order[2], first[1]);
	assert_int_equal(run->sh->order[3], first[2]);
}

/* Each unit is touched, and what a unit has no need of is not there. */
static void test_faulted(void **state)
{
	unsigned char there[512];
	unsigned int i;

	(void)state;
	memset(run->sh->order, 4, NR_THPS);
	assert_int_equal(folios_prepare(run), 0);
	assert_int_equal(mincore(run->region.base, env.hpage_size, there), 0);
	for (i = 0; i < 512; i++)
		assert_int_equal(there[i] & 1, i % 32 == 16);
	folios_fault(run, 0);
	for (i = 0; i < 512; i += 16)
		assert_int_equal(run->region.base[i * env.page_size], 1);
	assert_int_equal(mincore(region_thp(&run->region, 1), env.hpage_size, there), 0);
	for (i = 0; i < 512; i++)
		assert_int_equal(there[i] & 1, i % 32 == 16);
}

static void test_counted(void **state)
{
	struct order_count *count = &run->res->orders[4];

	(void)state;
	run->sh->order[1] = 4;
	run->sh->folios[1] = 32;
	folios_raced(run, 1);
	run->sh->stamp[0][1].end_ns = 7;
	folios_raced(run, 1);
	run->sh->stamp[0][1].result = ACT_BUSY;
	folios_raced(run, 1);
	assert_int_equal(count->rounds, 3);
	assert_int_equal(count->folios, 96);
	assert_int_equal(count->splits, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_proven, setup, teardown),
		cmocka_unit_test_setup_teardown(test_drawn, setup, teardown),
		cmocka_unit_test_setup_teardown(test_faulted, setup, teardown),
		cmocka_unit_test_setup_teardown(test_counted, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
