// SPDX-License-Identifier: GPL-2.0
/*
 * test_print.c - parsed lines are printed as they were meant; then mutations of
 * valid lines
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "front/trigger.h"
#include "front/word.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

static struct thprace_spec spec;

static void assert_parses(const char *line)
{
	int err = thprace_trigger_parse(&spec, line, strlen(line), NULL);

	if (err)
		fail_msg("\"%s\" is refused: %d", line, err);
}

/* Prints a parsed line and compares. */
static void assert_prints(const char *line, const char *want)
{
	char buf[THPRACE_MAX_PRINT];

	assert_parses(line);
	assert_int_equal(thprace_trigger_print(&spec, buf, sizeof(buf)), strlen(want));
	assert_string_equal(buf, want);
}

static void test_print(void **state)
{
	char buf[THPRACE_MAX_PRINT];

	assert_prints("seed=0x10   rounds=7\n", "rounds=7 seed=16");
	assert_prints("check=leak op=b:1 map=2097152+2097152 pid=3 op=a:0x2",
		      "pid=3 map=0x200000+0x200000 op=b:1 op=a:2 check=leak");
	assert_prints("inject=rss check=leak check=refcount", "check=refcount check=leak inject=rss");
	assert_prints("steer=a>x", "steer=\"a>x\"");
	assert_prints("steer=\"a>x#1 b<y#2  c>end\" stop_on=never",
		      "steer=\"a>x b<y#2 c>end\" stop_on=never");
	assert_prints("steer=\"grid\" grid_k=3", "steer=grid grid_k=3");
	assert_prints("steer=\"grid   x y\" grid_k=3", "steer=\"grid x y\" grid_k=3");
	assert_prints("op=munmap lane=c result=busy", "op=munmap:1 lane=c result=busy");
	assert_prints("scenario=x stop_on=first duration_ms=1 order=0 page=0",
		      "duration_ms=1 order=0 page=0 stop_on=first scenario=x");

	assert_parses("rounds=7 seed=16");
	assert_int_equal(thprace_trigger_print(&spec, buf, 17), 16);
	assert_int_equal(thprace_trigger_print(&spec, buf, 16), -ENOSPC);
	assert_int_equal(thprace_trigger_print(&spec, buf, 1), -ENOSPC);
	assert_int_equal(thprace_trigger_print(&spec, buf, 0), -ENOSPC);
}

/* The longest spec there is fits THPRACE_MAX_PRINT. */
static void test_print_longest(void **state)
{
	char buf[THPRACE_MAX_PRINT];
	unsigned int i;

	memset(&spec, 0, sizeof(spec));
	spec.given = (1U << THPRACE_NR_WORDS) - 1;
	spec.nr_pids = THPRACE_MAX_PIDS;
	for (i = 0; i < spec.nr_pids; i++)
		spec.pid[i] = THPRACE_MAX_PID;
	spec.nr_maps = THPRACE_MAX_MAPS;
	for (i = 0; i < spec.nr_maps; i++) {
		spec.map[i].addr = U64_MAX;
		spec.map[i].len = THPRACE_MAX_MAP_BYTES;
	}
	spec.nr_ops = THPRACE_MAX_OPS;
	for (i = 0; i < spec.nr_ops; i++) {
		memset(spec.op[i].name, 'o', THPRACE_NAME_LEN - 1);
		spec.op[i].lanes = THPRACE_MAX_LANES;
	}
	spec.steer = THPRACE_STEER_SCHEDULE;
	spec.nr_steps = THPRACE_MAX_STEPS;
	for (i = 0; i < spec.nr_steps; i++) {
		memset(spec.step[i].phase, 'p', THPRACE_NAME_LEN - 1);
		spec.step[i].nth = THPRACE_MAX_OCCURRENCE;
	}
	spec.check = BIT_ULL(THPRACE_NR_CHECKS) - 1;
	spec.inject = spec.check;
	spec.seed = U64_MAX;
	spec.duration_ms = THPRACE_MAX_DURATION_MS;
	spec.rounds = THPRACE_MAX_ROUNDS;
	memset(spec.scenario, 's', THPRACE_NAME_LEN - 1);
	assert_true(thprace_trigger_print(&spec, buf, sizeof(buf)) > 0);
}

static u64 random_next(u64 *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 7;
	*x ^= *x << 17;
	return *x;
}

static void test_fuzz(void **state)
{
	static const char * const corpus[] = {
		"pid=1234 map=0x7f0000000000+0x4000000 op=split:2 op=munmap:2 duration_ms=5000",
		"pid=1 pid=2 pid=3 map=0x200000+0x200000 map=0x600000+0x400000 page=7 order=2",
		"rounds=100 seed=0xffffffffffffffff steer=\"a>x#3 b<y a>end b>end\" stop_on=never",
		"steer=grid grid_k=3 check=page_mapcount check=rss inject=refcount scenario=a-b_c",
		"lane=c op=munmap result=busy scenario=fork",
	};
	static const char bytes[] = " \t\n=+:\"#<>abcpq0x159f-_.";
	u64 x = 0x9e3779b97f4a7c15ULL;
	unsigned int i, accepted = 0;
	struct thprace_spec s;

	for (i = 0; i < 150000; i++) {
		const char *from = corpus[random_next(&x) % ARRAY_SIZE(corpus)];
		unsigned int changes = random_next(&x) % 5;
		size_t len = strlen(from), at, n;
		char line[1200];

		memcpy(line, from, len);
		while (changes--) {
			at = random_next(&x) % (len + 1);
			switch (random_next(&x) % 5) {
			case 0:		/* a byte that means something */
				if (at < len)
					line[at] = bytes[random_next(&x) % (sizeof(bytes) - 1)];
				break;
			case 1:		/* any byte */
				if (at < len)
					line[at] = random_next(&x);
				break;
			case 2:		/* cut */
				n = random_next(&x) % (len - at + 1);
				memmove(line + at, line + at + n, len - at - n);
				len -= n;
				break;
			default:	/* splice in a part of another line */
				from = corpus[random_next(&x) % ARRAY_SIZE(corpus)];
				n = random_next(&x) % strlen(from);
				from += n;
				n = random_next(&x) % (strlen(from) + 1);
				if (len + n > sizeof(line))
					break;
				memmove(line + at + n, line + at, len - at);
				memcpy(line + at, from, n);
				len += n;
			}
		}
		LLVMFuzzerTestOneInput((const u8 *)line, len);
		accepted += !thprace_trigger_parse(&s, line, len, NULL);
	}
	/* Else the mutations are too wild to test anything. */
	assert_true(accepted > 10000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_print),
		cmocka_unit_test(test_print_longest),
		cmocka_unit_test(test_fuzz),
	};

	return cmocka_run_group_tests_name("print", tests, NULL, NULL);
}
