// SPDX-License-Identifier: GPL-2.0
/*
 * Times that people write
 */
#include <errno.h>

#include "duration.h"
#include "test.h"

REAL_READ_TEXT

#define WEEK_MS		(7 * 24 * 3600 * 1000ULL)

static void test_taken(void **state)
{
	static const struct {
		const char *text;
		u64 ms;
	} times[] = {
		{ "90", 90000 }, { "90s", 90000 }, { "15m", 900000 }, { "2h", 7200000 },
		{ "3d", 3 * 86400000ULL }, { "1w", WEEK_MS }, { "52w", 52 * WEEK_MS },
		{ "31449600", 52 * WEEK_MS }, { "0.001", 1 }, { "0.5m", 30000 }, { "1.25", 1250 },
		{ "1.5h", 5400000 }, { "007", 7000 }, { "1.9999999999999999999999s", 1999 },
		{ "0.0000001w", 60 }, { "51.999999999w", 52 * WEEK_MS - 1 },
	};
	unsigned int i;
	u64 ms;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(times); i++) {
		if (parse_duration(times[i].text, &ms) || ms != times[i].ms)
			fail_msg("%s: %llu, not %llu ms", times[i].text, ms, times[i].ms);
	}
}

static void refused(const char *text, int err)
{
	u64 ms = 4711;
	int got = parse_duration(text, &ms);

	if (got != err)
		fail_msg("'%s': %d, not %d", text, got, err);
	assert_int_equal(ms, 4711);
}

static void test_refused(void **state)
{
	static const char *const nonsense[] = {
		"", "s", ".5", "1.", "1.s", "-1", "+1", " 1", "1 ", "1 s", "1x", "1ms", "1min",
		"1sm", "1.x", "1.5.5", "1h30m", "1e3", "0x10", "nan", "inf", "1S", "w1",
	};
	static const char *const out_of_range[] = {
		"0", "0s", "0w", "0.0", "0.0009", "0.0000s", "52.0001w", "53w", "365d", "31449601",
		"31449600.001", "8737h", "18446744073709551616", "18446744073709551617s",
		"30500568904944w", "99999999999999999999999999999999w",
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(nonsense); i++)
		refused(nonsense[i], -EINVAL);
	for (i = 0; i < ARRAY_SIZE(out_of_range); i++)
		refused(out_of_range[i], -ERANGE);
}

/* What is printed is taken, and is the same. */
static void test_text(void **state)
{
	static const u64 times[] = {
		1, 10, 100, 999, 1000, 1001, 1010, 60000, 61100, WEEK_MS, 52 * WEEK_MS,
		52 * WEEK_MS - 1
	};
	char buf[DURATION_TEXT];
	unsigned int i;
	u64 ms;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(times); i++) {
		assert_int_equal(parse_duration(duration_text(buf, times[i]), &ms), 0);
		assert_int_equal(ms, times[i]);
	}
	assert_string_equal(duration_text(buf, 60000), "60");
	assert_string_equal(duration_text(buf, 1250), "1.25");
	assert_string_equal(duration_text(buf, 2 * WEEK_MS), "1209600");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_taken),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
