// SPDX-License-Identifier: GPL-2.0
/*
 * test_trigger.c - the grammar of docs/ABI.md, word by word
 *
 * Every word, every error, every limit from both sides.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "front/trigger.h"
#include "front/word.h"
#include "state/names.h"

static struct thprace_spec spec;

static int parse(const char *line)
{
	return thprace_trigger_parse(&spec, line, strlen(line), NULL);
}

static void assert_parses(const char *line)
{
	int err = parse(line);

	if (err)
		fail_msg("\"%s\" is refused: %d", line, err);
}

static void assert_refused(const char *line, int want)
{
	int err = parse(line);

	if (err != want)
		fail_msg("\"%s\": %d, not %d", line, err, want);
}

static void test_whole_line(void **state)
{
	assert_parses("pid=1 pid=4194304 map=0x200000+0x400000 map=0+0x200000 op=split:2 "
		      "op=munmap:14 duration_ms=3600000 rounds=1000000000 seed=0x10 order=8 "
		      "page=511 steer=\"a>x b<y#7 a>end\" check=rss check=leak stop_on=never "
		      "inject=refcount lane=p result=failed grid_k=16 scenario=fork-munmap_2 "
		      "refs=exact task=7 errno=4095\n");
	assert_int_equal(spec.given, (1U << THPRACE_NR_WORDS) - 1);
	assert_int_equal(spec.nr_pids, 2);
	assert_int_equal(spec.pid[0], 1);
	assert_int_equal(spec.pid[1], 4194304);
	assert_int_equal(spec.nr_maps, 2);
	assert_true(spec.map[0].addr == 0x200000 && spec.map[0].len == 0x400000);
	assert_true(spec.map[1].addr == 0 && spec.map[1].len == 0x200000);
	assert_int_equal(spec.nr_ops, 2);
	assert_string_equal(spec.op[0].name, "split");
	assert_int_equal(spec.op[0].lanes, 2);
	assert_string_equal(spec.op[1].name, "munmap");
	assert_int_equal(spec.op[1].lanes, 14);
	assert_true(spec.duration_ms == 3600000 && spec.rounds == 1000000000);
	assert_true(spec.seed == 16 && spec.order == 8 && spec.page == 511);
	assert_int_equal(spec.steer, THPRACE_STEER_SCHEDULE);
	assert_int_equal(spec.nr_steps, 3);
	assert_true(spec.check == (BIT_ULL(THPRACE_CHECK_RSS) | BIT_ULL(THPRACE_CHECK_LEAK)));
	assert_true(spec.inject == BIT_ULL(THPRACE_CHECK_REFCOUNT));
	assert_int_equal(spec.stop_on, THPRACE_STOP_NEVER);
	assert_int_equal(spec.result, THPRACE_RESULT_FAILED);
	assert_true(spec.lane == 15 && spec.grid_k == 16 && spec.refs_exact == 1);
	assert_int_equal(spec.task, 7);
	assert_string_equal(spec.scenario, "fork-munmap_2");
}

static void test_defaults(void **state)
{
	struct thprace_spec want;

	memset(&want, 0, sizeof(want));
	memset(&spec, 0xff, sizeof(spec));
	want.given = 1U << THPRACE_WORD_ROUNDS;
	want.rounds = 5;
	assert_parses("rounds=5");
	assert_memory_equal(&spec, &want, sizeof(want));
}

static void test_blanks(void **state)
{
	assert_parses(" \t rounds=5\tseed=1   page=2 \n");
	assert_true(spec.rounds == 5 && spec.seed == 1 && spec.page == 2);
	assert_refused("", -EINVAL);
	assert_refused("\n", -EINVAL);
	assert_refused("  \t ", -EINVAL);
	assert_refused("rounds=5\n\n", -EINVAL);
	assert_refused("rounds=5\nseed=1", -EINVAL);
	assert_refused("rounds=5\r\n", -EINVAL);
	assert_refused("rounds =5", -EINVAL);
	assert_refused("rounds= 5", -EINVAL);
}

static void test_nul(void **state)
{
	static const char trailing[] = "rounds=5", inside[] = "rounds=5\0 seed=1";

	assert_int_equal(thprace_trigger_parse(&spec, trailing, sizeof(trailing), NULL), -EINVAL);
	assert_int_equal(thprace_trigger_parse(&spec, inside, sizeof(inside) - 1, NULL), -EINVAL);
	assert_int_equal(thprace_trigger_parse(&spec, "scenario=a\0b", 12, NULL), -EINVAL);
	assert_int_equal(thprace_trigger_parse(&spec, "\0", 1, NULL), -EINVAL);
	/* Not terminated, and no byte behind is looked at. */
	assert_int_equal(thprace_trigger_parse(&spec, "rounds=59", 8, NULL), 0);
	assert_true(spec.rounds == 5);
}

static void test_line_length(void **state)
{
	char line[THPRACE_MAX_LINE + 2];

	memset(line, ' ', sizeof(line));
	memcpy(line, "rounds=5", 8);
	assert_int_equal(thprace_trigger_parse(&spec, line, THPRACE_MAX_LINE, NULL), 0);
	assert_int_equal(thprace_trigger_parse(&spec, line, THPRACE_MAX_LINE + 1, NULL), -E2BIG);
	line[THPRACE_MAX_LINE - 1] = '\n';
	assert_int_equal(thprace_trigger_parse(&spec, line, THPRACE_MAX_LINE, NULL), 0);
	/* The newline counts, and length goes before content. */
	line[THPRACE_MAX_LINE - 1] = 'x';
	line[THPRACE_MAX_LINE] = '\n';
	assert_int_equal(thprace_trigger_parse(&spec, line, THPRACE_MAX_LINE + 1, NULL), -E2BIG);
	assert_int_equal(thprace_trigger_parse(&spec, line, THPRACE_MAX_LINE, NULL), -EINVAL);
}

static void test_words(void **state)
{
	static const char * const once[] = {
		"duration_ms=1", "rounds=1", "seed=1", "order=1", "page=1", "steer=grid",
		"stop_on=first", "lane=a", "result=ok", "grid_k=1", "scenario=x",
		"refs=lower",
	};
	char line[80];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(once); i++) {
		assert_parses(once[i]);
		snprintf(line, sizeof(line), "%s %s", once[i], once[i]);
		assert_refused(line, -EINVAL);
		snprintf(line, sizeof(line), "x%s", once[i]);
		assert_refused(line, -EINVAL);
		snprintf(line, sizeof(line), "%sx", once[i]);
		if (strncmp(line, "scenario", 8))
			assert_refused(line, -EINVAL);
		/* no value, no key, no '=' */
		snprintf(line, sizeof(line), "%s", once[i]);
		strchr(line, '=')[1] = '\0';
		assert_refused(line, -EINVAL);
		*strchr(line, '=') = '\0';
		assert_refused(line, -EINVAL);
		assert_refused(strchr(once[i], '='), -EINVAL);
	}
	assert_refused("Rounds=1", -EINVAL);
	assert_refused("round=1", -EINVAL);
	assert_refused("check", -EINVAL);
	assert_refused("rounds=1 split", -EINVAL);
	assert_refused("=", -EINVAL);
}

static void test_numbers(void **state)
{
	static const struct {
		const char *word;
		u64 min, max;
	} limits[] = {
		{ "pid", 1, 4194304 }, { "duration_ms", 1, 3600000 },
		{ "rounds", 1, 1000000000 }, { "seed", 0, U64_MAX }, { "order", 0, 8 },
		{ "page", 0, 511 }, { "grid_k", 1, 16 },
	};
	static const char * const malformed[] = {
		"", "-1", "+1", "1x", "x", "0x", "0X1", "0xg", "1.0", "1 1", "0x1 2", "08a",
		"99999999999999999999999x", "\"1\"",
	};
	char line[80];
	unsigned int i, k;

	for (i = 0; i < ARRAY_SIZE(limits); i++) {
		const char *word = limits[i].word;
		unsigned long long min = limits[i].min, max = limits[i].max;

		snprintf(line, sizeof(line), "%s=%llu", word, min);
		assert_parses(line);
		snprintf(line, sizeof(line), "%s=0x%llX", word, max);
		assert_parses(line);
		if (min) {
			snprintf(line, sizeof(line), "%s=%llu", word, min - 1);
			assert_refused(line, -ERANGE);
		}
		if (max < U64_MAX) {
			snprintf(line, sizeof(line), "%s=%llu", word, max + 1);
			assert_refused(line, -ERANGE);
			/* Not cut to 32 bits. */
			snprintf(line, sizeof(line), "%s=0x1%08llx", word, min);
			assert_refused(line, -ERANGE);
		}
		snprintf(line, sizeof(line), "%s=18446744073709551616", word);
		assert_refused(line, -ERANGE);
		snprintf(line, sizeof(line), "%s=18446744073709551620", word);
		assert_refused(line, -ERANGE);
		snprintf(line, sizeof(line), "%s=0x10000000000000000", word);
		assert_refused(line, -ERANGE);
		snprintf(line, sizeof(line), "%s=99999999999999999999999", word);
		assert_refused(line, -ERANGE);
		for (k = 0; k < ARRAY_SIZE(malformed); k++) {
			snprintf(line, sizeof(line), "%s=%s", word, malformed[k]);
			assert_refused(line, -EINVAL);
		}
	}
	assert_parses("seed=18446744073709551615");
	assert_true(spec.seed == U64_MAX);
	assert_parses("seed=0xdeadBEEF00000001");
	assert_true(spec.seed == 0xdeadbeef00000001ULL);
	assert_parses("seed=0010");
	assert_true(spec.seed == 10);
}

/* @n words, each "@word=" and a number from @first. */
static const char *many(const char *format, unsigned int n, unsigned int first)
{
	static char line[2048];
	size_t at = 0;
	unsigned int i;

	for (i = 0; i < n; i++) {
		at += snprintf(line + at, sizeof(line) - at, i ? " " : "");
		at += snprintf(line + at, sizeof(line) - at, format, first + i);
	}
	return line;
}

static void test_pids(void **state)
{
	assert_parses(many("pid=%u", THPRACE_MAX_PIDS, 1000));
	assert_int_equal(spec.nr_pids, THPRACE_MAX_PIDS);
	assert_int_equal(spec.pid[63], 1063);
	assert_refused(many("pid=%u", THPRACE_MAX_PIDS + 1, 1000), -ERANGE);
	assert_refused("pid=7 pid=8 pid=7", -EINVAL);
	assert_refused("pid=7 pid=0x7", -EINVAL);
}

static void test_maps(void **state)
{
	assert_parses("map=0x0+0x200000 map=0x400000+0x200000 map=0x800000+0x200000 "
		      "map=0xc00000+0x200000 map=0x1000000+0x200000 map=0x1400000+0x200000 "
		      "map=0x1800000+0x200000 map=0x1c00000+0x200000");
	assert_int_equal(spec.nr_maps, 8);
	assert_refused("map=0x0+0x200000 map=0x400000+0x200000 map=0x800000+0x200000 "
		       "map=0xc00000+0x200000 map=0x1000000+0x200000 map=0x1400000+0x200000 "
		       "map=0x1800000+0x200000 map=0x1c00000+0x200000 map=0x2000000+0x200000",
		       -ERANGE);
	assert_parses("map=2097152+4194304");
	assert_true(spec.map[0].addr == 0x200000 && spec.map[0].len == 0x400000);
	assert_parses("map=0x7f0000000000+0x10000000000");

	assert_refused("map=0x200000", -EINVAL);
	assert_refused("map=0x200000+", -EINVAL);
	assert_refused("map=+0x200000", -EINVAL);
	assert_refused("map=+", -EINVAL);
	assert_refused("map=0x200000-0x400000", -EINVAL);
	assert_refused("map=0x200000+0x200000+0x200000", -EINVAL);
	assert_refused("map=0x200000+0x20000g", -EINVAL);

	assert_refused("map=0x200000+0", -ERANGE);
	assert_refused("map=0x200000+0x10000200000", -ERANGE);
	assert_refused("map=0x10000000000000000+0x200000", -ERANGE);
	assert_refused("map=0x200000+0x10000000000000000", -ERANGE);

	assert_refused("map=0x1000+0x200000", -EINVAL);
	assert_refused("map=0x100000+0x200000", -EINVAL);
	assert_refused("map=0x200001+0x200000", -EINVAL);
	assert_refused("map=0x200000+0x1000", -EINVAL);
	assert_refused("map=0x200000+0x300000", -EINVAL);

	/* Up to the end of the address space, but not around it. */
	assert_parses("map=0xffffffffffc00000+0x200000");
	assert_refused("map=0xffffffffffe00000+0x200000", -EINVAL);
	assert_refused("map=0xffffffffffe00000+0x400000", -EINVAL);
}

static void test_map_overlap(void **state)
{
	assert_parses("map=0x200000+0x200000 map=0x400000+0x200000 map=0x0+0x200000");
	assert_refused("map=0x200000+0x200000 map=0x200000+0x200000", -EINVAL);
	assert_refused("map=0x200000+0x400000 map=0x400000+0x200000", -EINVAL);
	assert_refused("map=0x400000+0x200000 map=0x200000+0x400000", -EINVAL);
	assert_refused("map=0x400000+0x200000 map=0x200000+0x600000", -EINVAL);
	assert_refused("map=0x200000+0x600000 map=0x400000+0x200000", -EINVAL);
	assert_refused("map=0x200000+0x200000 map=0x600000+0x200000 map=0x400000+0x400000",
		       -EINVAL);
}

static void test_ops(void **state)
{
	char line[120];

	assert_parses("op=split:16");
	assert_parses("op=a:1 op=b:1 op=c:1 op=d:1 op=e:1 op=f:1 op=g:1 op=h:9");
	assert_int_equal(spec.nr_ops, 8);
	assert_refused("op=a:1 op=b:1 op=c:1 op=d:1 op=e:1 op=f:1 op=g:1 op=h:1 op=i:1", -ERANGE);
	assert_refused("op=split:0", -ERANGE);
	assert_refused("op=split:17", -ERANGE);
	assert_refused("op=split:8 op=munmap:9", -ERANGE);
	assert_parses("op=split:8 op=munmap:8");
	assert_refused("op=split:1 op=split:2", -EINVAL);
	assert_parses("op=split:1 op=splits:2");
	assert_refused("op=:1", -EINVAL);
	assert_refused("op=split:", -EINVAL);
	assert_refused("op=split:x", -EINVAL);
	assert_refused("op=split:1:1", -EINVAL);
	assert_refused("op=Split:1", -EINVAL);
	assert_refused("op=sp.it:1", -EINVAL);

	/* One lane's op needs no number, but only beside lane=. */
	assert_refused("op=split", -EINVAL);
	assert_parses("lane=b op=split");
	assert_int_equal(spec.op[0].lanes, 1);
	assert_parses("op=split lane=b");
	assert_int_equal(spec.op[0].lanes, 1);
	assert_refused("lane=b op=a:15 op=b op=c", -ERANGE);

	snprintf(line, sizeof(line), "op=%.39s:1", "abcdefghijklmnopqrstuvwxyz0123456789_-abc");
	assert_parses(line);
	assert_int_equal(strlen(spec.op[0].name), 39);
	snprintf(line, sizeof(line), "op=%.40s:1", "abcdefghijklmnopqrstuvwxyz0123456789_-abc");
	assert_refused(line, -EINVAL);
}

static void test_checks(void **state)
{
	static const char * const names[] = THPRACE_CHECK_NAMES;
	char line[80];
	unsigned int i;

	for (i = 0; i < THPRACE_NR_CHECKS; i++) {
		snprintf(line, sizeof(line), "check=%s", names[i]);
		assert_parses(line);
		assert_true(spec.check == BIT_ULL(i) && !spec.inject);
		snprintf(line, sizeof(line), "inject=%s", names[i]);
		assert_parses(line);
		assert_true(spec.inject == BIT_ULL(i) && !spec.check);
		snprintf(line, sizeof(line), "check=%s check=%s", names[i], names[i]);
		assert_refused(line, -EINVAL);
		snprintf(line, sizeof(line), "inject=%s inject=%s", names[i], names[i]);
		assert_refused(line, -EINVAL);
		assert_int_equal(thprace_check_find(names[i], strlen(names[i])), i);
		assert_int_equal(thprace_check_find(names[i], strlen(names[i]) - 1), -EINVAL);
		assert_string_equal(thprace_check_name(i), names[i]);
	}
	assert_parses("check=rss inject=rss");
	assert_refused("check=", -EINVAL);
	assert_refused("check=all", -EINVAL);
	assert_refused("inject=RSS", -EINVAL);
	assert_string_equal(thprace_check_name(THPRACE_NR_CHECKS), "?");
	assert_string_equal(thprace_check_name(-1), "?");
}

static void test_choices(void **state)
{
	assert_parses("stop_on=first");
	assert_int_equal(spec.stop_on, THPRACE_STOP_FIRST);
	assert_refused("stop_on=second", -EINVAL);
	assert_parses("result=ok");
	assert_int_equal(spec.result, THPRACE_RESULT_OK);
	assert_parses("result=busy");
	assert_int_equal(spec.result, THPRACE_RESULT_BUSY);
	assert_refused("result=o", -EINVAL);
	assert_refused("result=okay", -EINVAL);
	assert_parses("errno=12");
	assert_int_equal(spec.err, 12);
	assert_refused("errno=0", -ERANGE);
	assert_refused("errno=4096", -ERANGE);
	assert_refused("errno=-12", -EINVAL);
	assert_parses("refs=lower");
	assert_int_equal(spec.refs_exact, 0);
	assert_refused("refs=1", -EINVAL);
	assert_parses("lane=a");
	assert_int_equal(spec.lane, 0);
	assert_refused("lane=q", -EINVAL);
	assert_refused("lane=A", -EINVAL);
	assert_refused("lane=ab", -EINVAL);
	assert_refused("lane=`", -EINVAL);
}

static void test_scenario(void **state)
{
	char line[80];

	snprintf(line, sizeof(line), "scenario=%.39s", "abcdefghijklmnopqrstuvwxyz0123456789_-abcd");
	assert_parses(line);
	assert_int_equal(strlen(spec.scenario), 39);
	snprintf(line, sizeof(line), "scenario=%.40s", "abcdefghijklmnopqrstuvwxyz0123456789_-abcd");
	assert_refused(line, -EINVAL);
	assert_refused("scenario=Fork", -EINVAL);
	assert_refused("scenario=a,b", -EINVAL);
	assert_refused("scenario=\"a\"", -EINVAL);
}

static void test_steer(void **state)
{
	assert_parses("steer=\"a>try_to_migrate  p<__split_vma.part.0#1024\ta>end \" rounds=2");
	assert_int_equal(spec.nr_steps, 3);
	assert_true(spec.step[0].lane == 0 && spec.step[0].kind == THPRACE_STEP_ENTER);
	assert_true(spec.step[0].nth == 1);
	assert_string_equal(spec.step[0].phase, "try_to_migrate");
	assert_true(spec.step[1].lane == 15 && spec.step[1].kind == THPRACE_STEP_RETURN);
	assert_true(spec.step[1].nth == 1024);
	assert_string_equal(spec.step[1].phase, "__split_vma.part.0");
	assert_true(spec.step[2].kind == THPRACE_STEP_END && spec.step[2].nth == 1);
	assert_string_equal(spec.step[2].phase, "");
	assert_true(spec.rounds == 2);

	assert_parses("steer=a>x");
	assert_int_equal(spec.steer, THPRACE_STEER_SCHEDULE);
	assert_parses("steer=grid");
	assert_int_equal(spec.steer, THPRACE_STEER_GRID);
	assert_parses("steer=\"grid\"");
	assert_int_equal(spec.steer, THPRACE_STEER_GRID);
	assert_int_equal(spec.nr_steps, 0);
	assert_parses("steer=\"grid  x y.part.0 \"");
	assert_int_equal(spec.steer, THPRACE_STEER_GRID);
	assert_true(!spec.nr_steps && spec.nr_rows == 2);
	assert_string_equal(spec.step[1].phase, "y.part.0");
	assert_parses("steer=a>grid");
	assert_parses("steer=a>ending");
}

static void test_steer_errors(void **state)
{
	static const char * const malformed[] = {
		"\"\"", "\"  \"", "\"a>x", "\"", "\"a>x\"\"", "\"a>x\"rounds=1", "a>x\"",
		"a", "a>", "a<", ">x", "a=x", "a>x#", "a>x#y", "a>x#-1", "a>x#1#2", "a>#1",
		"a<end", "a>end#2", "q>x", "A>x", "aa>x", "a>x,b>y", "\"a > x\"", "\"a> x\"",
		"\"grid a>x\"", "\"a>x grid\"", "\" grid\"", "a>ph/ase", "a>>x",
		"a>abcdefghijklmnopqrstuvwxyz0123456789_-abcd",
	};
	char line[100];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(malformed); i++) {
		snprintf(line, sizeof(line), "steer=%s", malformed[i]);
		assert_refused(line, -EINVAL);
	}
	assert_refused("steer=a>x#0", -ERANGE);
	assert_refused("steer=a>x#1025", -ERANGE);
	assert_parses("steer=\"a>a a>b a>c a>d a>e a>f a>g a>h a>i a>j a>k a>l a>m a>n a>o a>p\"");
	assert_int_equal(spec.nr_steps, THPRACE_MAX_STEPS);
	assert_refused("steer=\"a>a a>b a>c a>d a>e a>f a>g a>h a>i a>j a>k a>l a>m a>n a>o a>p a>q\"",
		       -ERANGE);
}

static void test_steer_parse_alone(void **state)
{
	memset(&spec, 0, sizeof(spec));
	spec.rounds = 9;
	assert_int_equal(thprace_steer_parse(&spec, "a>x b>end", 9, NULL), 0);
	assert_int_equal(spec.nr_steps, 2);
	assert_true(spec.rounds == 9 && !spec.given);
	assert_int_equal(thprace_steer_parse(&spec, "grid", 4, NULL), 0);
	assert_true(spec.steer == THPRACE_STEER_GRID && !spec.nr_steps);
	assert_int_equal(thprace_steer_parse(&spec, "", 0, NULL), -EINVAL);
}

static void test_leftmost_error_decides(void **state)
{
	assert_refused("rounds=0 nonsense", -ERANGE);
	assert_refused("nonsense rounds=0", -EINVAL);
	assert_refused("map=0x1000+0x200000 rounds=0", -EINVAL);
}

/* Which word is to blame, and a part of what is said of it. */
static void test_refusals(void **state)
{
	static const struct {
		const char *line, *word, *why;
	} rows[] = {
		{ "", "", "empty" },
		{ "pid=1 colour=red", "colour=red", "no such word" },
		{ "pid=1 map", "map", "KEY=VALUE" },
		{ "map=0x1000+0x200000 x=1", "map=0x1000+0x200000", "multiples of 0x200000" },
		{ "map=0x200000", "map=0x200000", "0xADDR+LEN" },
		{ "map=0x200000+0", "map=0x200000+0", "0xADDR+LEN" },
		{ "map=0xffffffffffe00000+0x400000", "map=0xffffffffffe00000+0x400000", "last address" },
		{ "map=0x200000+0x400000 map=0x400000+0x200000", "map=0x400000+0x200000", "overlaps" },
		{ "pid=0", "pid=0", "1 to 4194304" },
		{ "pid=7 pid=7", "pid=7", "once" },
		{ "page=512", "page=512", "from 0 to 511" },
		{ "page=1 page=2", "page=2", "once" },
		{ "op=split", "split", "how many lanes" },
		{ "op=split:17", "op=split:17", "16 lanes" },
		{ "op=split:9 op=zap:8", "op=zap:8", "at most 16 lanes" },
		{ "op=split:1 op=split:1", "op=split:1", "once" },
		{ "check=refcounts", "check=refcounts", "page_mapcount entire_mapcount" },
		{ "inject=rss inject=rss", "inject=rss", "once" },
		{ "stop_on=second", "stop_on=second", "first never" },
		{ "lane=q", "lane=q", "a to p" },
		{ "scenario=Big", "scenario=Big", "a-z" },
		{ "steer=\"a>x b=y c>z\"", "b=y", "a>PHASE" },
		{ "steer=\"a>x", "steer=\"a>x", "closing" },
		{ "steer=\"a>x\"b", "steer=\"a>x\"", "blank" },
		{ "steer=\"a>x#1025\"", "a>x#1025", "1024" },
		{ "\001\377=1", "?\?=1", "no such word" },
	};
	struct thprace_refusal no;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		memset(&no, 0, sizeof(no));
		if (!thprace_trigger_parse(&spec, rows[i].line, strlen(rows[i].line), &no))
			fail_msg("\"%s\" is accepted", rows[i].line);
		if (strcmp(no.word, rows[i].word) || !strstr(no.why, rows[i].why))
			fail_msg("\"%s\": word \"%s\", why \"%s\"", rows[i].line, no.word, no.why);
		assert_int_equal(no.unknown, !strcmp(rows[i].why, "no such word"));
	}
}

/* What help says of a word is what the parser takes. */
static void test_examples(void **state)
{
	char line[200], takes[THPRACE_REFUSED_WHY];
	unsigned int i;

	for (i = 0; i < THPRACE_NR_WORDS; i++) {
		snprintf(line, sizeof(line), "%s=%s", thprace_word_name(i), thprace_word_example(i));
		assert_parses(line);
		assert_int_equal(spec.given, BIT_ULL(i));
		assert_in_range(thprace_word_takes(i, takes, sizeof(takes)), 1, sizeof(takes) - 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole_line),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_blanks),
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_line_length),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_pids),
		cmocka_unit_test(test_maps),
		cmocka_unit_test(test_map_overlap),
		cmocka_unit_test(test_ops),
		cmocka_unit_test(test_checks),
		cmocka_unit_test(test_choices),
		cmocka_unit_test(test_scenario),
		cmocka_unit_test(test_steer),
		cmocka_unit_test(test_steer_errors),
		cmocka_unit_test(test_steer_parse_alone),
		cmocka_unit_test(test_leftmost_error_decides),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_examples),
	};

	return cmocka_run_group_tests_name("trigger", tests, NULL, NULL);
}
