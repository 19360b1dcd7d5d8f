// SPDX-License-Identifier: GPL-2.0
/*
 * --orders: what is understood, refused, lacking here, drawn, and said of it after
 */
#include <unistd.h>

#include "env.h"
#include "fixture.h"
#include "options.h"
#include "orders.h"
#include "result.h"
#include "scenario.h"
#include "test.h"
#include "touch.h"

#define THP	"/sys/kernel/mm/transparent_hugepage/"
#define SEED	7

/* A kernel with or without sizes of its own, and what it says of 64 KiB. */
static bool has_sizes, nobody;
static const char *says_64k;

ssize_t __wrap_read_text(const char *path, char *buf, size_t size)
{
	if (strncmp(path, THP, strlen(THP)))
		return __real_read_text(path, buf, size);
	copy_word(buf, size, strstr(path, "-64kB") ? says_64k :
			     strstr(path, "hugepages-") ? "always inherit madvise [never]\n" :
							  "always [madvise] never\n");
	return strlen(buf);
}

int __wrap_access(const char *path, int mode);
int __real_access(const char *path, int mode);

int __wrap_access(const char *path, int mode)
{
	if (strncmp(path, THP "hugepages-", strlen(THP "hugepages-")))
		return __real_access(path, mode);
	return has_sizes ? 0 : -1;
}

uid_t __wrap_geteuid(void);

uid_t __wrap_geteuid(void)
{
	return nobody ? 65534 : 0;
}

static int setup(void **state)
{
	(void)state;
	env.page_size = 4096;
	env.hpage_size = 2 << 20;
	env.nr_subpages = 512;
	has_sizes = true;
	nobody = false;
	says_64k = "always [inherit] madvise never\n";
	return 0;
}

static void test_understood(void **state)
{
	struct orders orders;

	(void)state;
	assert_null(orders_parse(&orders, "16k,64K,2M"));
	assert_int_equal(orders.named, 1 << 2 | 1 << 4 | 1 << 9);
	assert_false(orders.pmd || orders.all);
	assert_string_equal(orders.text, "16k,64K,2M");
	assert_null(orders_parse(&orders, "2048k,1m"));
	assert_int_equal(orders.named, 1 << 9 | 1 << 8);
	assert_null(orders_parse(&orders, "pmd"));
	assert_true(orders.pmd && !orders.named && !orders.all);
	assert_null(orders_parse(&orders, "all,32k"));
	assert_true(orders.all && orders.named == 1 << 3);
}

static void test_refused(void **state)
{
	static const struct {
		const char *text, *says;
	} bad[] = {
		{ "", "it takes pmd, all, or sizes" }, { ",", "it takes" },
		{ "16k,", "not ''" }, { "huge", "not 'huge'" }, { "64", "not '64'" },
		{ "k", "not 'k'" }, { "-64k", "not '-64k'" }, { "0x40k", "not '0x40k'" },
		{ "64kB", "not '64kB'" }, { "16k:64k", "not '16k:64k'" },
		{ "99999999999999M", "it takes" }, { "48k", "'48k' is no power of two" },
		{ "16k,3M", "'3M' is no power of two" },
		{ "4k", "from 16k to 2M, not '4k'" }, { "8k", "from 16k" }, { "4M", "not '4M'" },
		{ "1024M", "from 16k to 2M" }, { "64k,16k,64k", "'64k' is named twice" },
		{ "1M,1024k", "'1024k' is named twice" }, { "pmd,pmd", "'pmd' is named twice" },
		{ "all,all", "'all' is named twice" },
		{ "16k,32k,64k,128k,256k,512k,1024k,2048k,pmd,all,16k,32k,64k,128k,256k,512k,1024k,pmd",
		  "too long" },
	};
	struct orders orders;
	const char *why;
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		why = orders_parse(&orders, bad[i].text);
		if (!why || !strstr(why, bad[i].says))
			fail_msg("'%s': %s", bad[i].text, why);
		assert_string_equal(orders.text, "");
	}
}

static u32 set_of(const char *text, const char *scenario, bool gentle)
{
	struct options opt = { .gentle = gentle };

	if (text)
		assert_null(orders_parse(&opt.orders, text));
	return orders_of(&opt, scenario_by_name(scenario));
}

static const char *why_not(const char *text, const char *scenario, bool gentle)
{
	struct options opt = { .gentle = gentle };

	assert_null(orders_parse(&opt.orders, text));
	return orders_why_not(&opt, scenario_by_name(scenario));
}

static void test_here(void **state)
{
	struct options unsaid = { 0 }, said = { .orders = { .named = 1 << 4, .text = "64k" } };

	(void)state;
	assert_int_equal(orders_pmd(), 9);
	assert_int_equal(orders_here(false), 0x3fc);
	assert_int_equal(orders_here(true), 1 << 9 | 1 << 4);
	says_64k = "always inherit [madvise] never\n";
	assert_int_equal(orders_here(true), 1 << 9 | 1 << 4);
	says_64k = "always inherit madvise [never]\n";
	assert_int_equal(orders_here(true), 1 << 9);
	assert_string_equal(orders_touch(4)->what, THP "hugepages-64kB/enabled");
	assert_null(orders_touch(9));
	assert_null(orders_touch(1));

	assert_int_equal(set_of(NULL, "zap", false), 1 << 9);
	assert_int_equal(set_of(NULL, "marks", false), 1 << 9);
	assert_int_equal(set_of(NULL, "pair", false), 0x3fc);
	assert_int_equal(set_of(NULL, "pair-shmem", false), 1 << 9);
	assert_int_equal(orders_drawn(&unsaid, scenario_by_name("pair")), 1 << 9);
	assert_int_equal(orders_drawn(&said, scenario_by_name("pair")), 1 << 4);
	nobody = true;
	assert_int_equal(set_of(NULL, "pair", false), 1 << 9);
	nobody = false;
	assert_int_equal(set_of("all", "zap", false), 0x3fc);
	assert_int_equal(set_of("pmd", "zap", false), 1 << 9);
	assert_int_equal(set_of("16k,pmd", "zap", false), 1 << 2 | 1 << 9);
	assert_null(why_not("16k", "zap", false));
	/* What has no smaller ones runs only with its own size. */
	assert_int_equal(set_of("all", "partly", false), 1 << 9);
	assert_int_equal(set_of("16k,2M", "shmem-punch", false), 1 << 9);
	assert_null(why_not("all", "partly", false));
	assert_null(why_not("16k,2M", "shmem-punch", false));
	assert_non_null(strstr(why_not("16k", "partly", false), "of PMD size"));
	assert_non_null(strstr(why_not("16k", "zap", true), "--gentle: --orders 16k needs"));
}

static void test_not_here(void **state)
{
	(void)state;
	has_sizes = false;
	assert_int_equal(orders_here(false), 1 << 9);
	assert_int_equal(set_of(NULL, "pair", false), 1 << 9);
	assert_int_equal(set_of("all", "zap", false), 1 << 9);
	assert_null(why_not("all", "zap", false));
	assert_null(why_not("pmd", "zap", false));
	assert_null(why_not("2M", "zap", false));
	assert_string_equal(why_not("64k", "zap", false),
			    "--orders 64k: this kernel faults in no folios of that size");
	/* One of them is enough. */
	assert_non_null(why_not("pmd,64k", "zap", false));
	assert_non_null(strstr(why_not("64k", "zap", true), "this kernel faults in"));
}

static void test_drawn(void **state)
{
	unsigned int nr[NR_ORDERS] = { 0 }, small = 0, differ = 0, i, order, page, one = 0;
	u32 seen = 0;

	(void)state;
	/* All of them in as many rounds, by the number of the round. */
	for (i = 0; i < 800; i++) {
		order = orders_draw(0x3fc, false, SEED, i);
		assert_int_equal(order, orders_draw(0x3fc, false, SEED, i));
		differ += order != orders_draw(0x3fc, false, SEED + 1, i);
		nr[order]++;
		seen |= 1U << order;
		if (i % 8 != 7)
			continue;
		assert_int_equal(seen, 0x3fc);
		seen = 0;
	}
	assert_true(differ > 100);
	for (i = 2; i <= 9; i++)
		assert_int_equal(nr[i], 100);
	/* Mostly that of a PMD: one in four is not, and these are of all sizes. */
	memset(nr, 0, sizeof(nr));
	for (i = 0; i < 4 * 7 * 10; i++) {
		order = orders_draw(0x3fc, true, SEED, i);
		nr[order]++;
		small += order != 9;
		if (i % 4 != 3)
			continue;
		assert_int_equal(small, 1);
		small = 0;
	}
	for (i = 2; i < 9; i++)
		assert_int_equal(nr[i], 10);
	assert_int_equal(orders_draw(1 << 9, true, SEED, 5), 9);
	assert_int_equal(orders_draw(1 << 4, true, SEED, 5), 4);
	assert_int_equal(orders_draw(1 << 4, false, SEED, 6), 4);
	for (i = 0; i < 100; i++) {
		one += orders_draw_one(SEED, i, &page);
		assert_true(page < 512);
	}
	assert_in_range(one, 30, 70);
}

static void judged(const char *says)
{
	report_judge(fix.rep);
	if (!says) {
		if (fix.rep->verdict == THPRACE_INCONCLUSIVE && strstr(fix.rep->why, "no folio"))
			fail_msg("%s", fix.rep->why);
		return;
	}
	assert_int_equal(fix.rep->verdict, THPRACE_INCONCLUSIVE);
	if (!strstr(fix.rep->why, says))
		fail_msg("%s, and not: %s", fix.rep->why, says);
}

/* What was asked for and not had is no pass. */
static void test_judged(void **state)
{
	struct order_count *zap;
	struct order_count part = { .rounds = 2, .folios = 64, .missed = 1, .splits = 1 };
	unsigned int i;

	fixture_setup(state);
	for (i = 0; i < NR_CHECKS; i++)
		fix.rep->sum.checks[i].held = 1;
	zap = fix.rep->results[0]->orders;
	/* Not asked for. */
	zap[4].missed = 3;
	judged(NULL);
	assert_null(orders_parse(&fix.opt.orders, "all"));
	judged("zap: no folio of 64k could be had");
	zap[4].rounds = 1;
	judged(NULL);
	assert_int_equal(orders_never(fix.rep), -1);
	/* Never drawn. */
	assert_null(orders_parse(&fix.opt.orders, "64k,16k"));
	assert_int_equal(orders_never(fix.rep), 2);
	fix.rep->results[2]->orders[2].rounds = 1;
	assert_int_equal(orders_never(fix.rep), -1);
	assert_null(orders_parse(&fix.opt.orders, "64k,pmd"));
	assert_int_equal(orders_never(fix.rep), 9);

	/* Passes are added up. */
	fix.rep->part->orders[4] = part;
	result_add(fix.rep->results[0], fix.rep->part);
	assert_int_equal(zap[4].rounds, 3);
	assert_int_equal(zap[4].folios, 64);
	assert_int_equal(zap[4].missed, 4);
	assert_int_equal(zap[4].splits, 1);
	fixture_teardown(state);
}

static void test_named(void **state)
{
	char buf[16];

	(void)state;
	assert_string_equal(order_name(2, buf, sizeof(buf)), "16k");
	assert_string_equal(order_name(8, buf, sizeof(buf)), "1M");
	assert_string_equal(order_name(9, buf, sizeof(buf)), "2M");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_understood, setup),
		cmocka_unit_test_setup(test_refused, setup),
		cmocka_unit_test_setup(test_here, setup),
		cmocka_unit_test_setup(test_not_here, setup),
		cmocka_unit_test_setup(test_drawn, setup),
		cmocka_unit_test_setup(test_judged, setup),
		cmocka_unit_test_setup(test_named, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
