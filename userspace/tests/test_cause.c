// SPDX-License-Identifier: GPL-2.0
/*
 * Causes: their lines, which violations they have, and how they look
 */
#include "block.h"
#include "cause.h"
#include "cause_text.h"
#include "pageflags.h"
#include "test.h"
#include "test_parse.h"

REAL_READ_TEXT

#define COLUMNS	100

#define VIOLATION(check, cause, at)					\
	"violation check=" check " scenario=zap round=7 time_ns=1 addr=0x7f0000000000 pfn=" at \
	" index=3 want=-1 got=-2 cause=" cause " ops=split,zap cell=- reason=-\n"

static const char report[] =
	"thprace-report 1\n"
	VIOLATION("refcount", "41", "0x200")
	VIOLATION("page_mapcount", "41", "0x201")
	VIOLATION("page_mapcount", "41", "0x202")
	VIOLATION("content_of_the_future", "41", "0x203")
	"block cause=41 rule check=page_mapcount want=-1 got=-2 nr=3 where=docs/CHECKS.md#page_mapcount text=_mapcount of a page is its mappings - 1\n"
	"block cause=41 folio pfn=0x200 order=9 flags=uptodate,lru root=- mapcounts=0-510:-1,511:-2\n"
	"block cause=41 map pid=12 comm=thprace mm=0 entries=0-511:present rmap=found\n"
	"block cause=41 lane lane=a op=split pid=12 start_ns=0 end_ns=30000 result=done\n"
	"block cause=41 lane lane=b op=zap pid=13 start_ns=10000 end_ns=- result=-\n"
	"block cause=41 lane lane=c op=mlock pid=14 start_ns=0 end_ns=9 result=failed errno=ENOMEM overlap=a\n"
	"block cause=41 args lane=b op=zap pages=3+4\n"
	"block cause=41 step a>try_to_migrate=reached b>end=reached\n"
	"block cause=41 unheard_of some=thing and more\n"
	"block cause=99 folio pfn=0x999\n"
	"block cause=41\n"
	"block cause=x folio pfn=1\n"
	VIOLATION("refcount", "17", "0x400")
	"violation check=rss scenario=zap round=8 addr=0x0 pfn=0x0 want=1 got=2 control=yes reason=-\n"
	"violation check=refcount scenario=zap round=8 addr=0x0 pfn=0x600 want=1 got=2 reason=-\n"
	"violation check=mm_id scenario=zap round=8 addr=0x0 pfn=0x600 want=1 got=2 reason=-\n"
	"violation check=mm_id scenario=zap round=9 addr=0x0 pfn=0x600 want=1 got=2 reason=-\n";

static void test_lines(void **state)
{
	const char *at;
	struct block_key key;
	struct block b;
	char buf[40];

	(void)state;
	assert_true(block_parse(&b, "cause=18446744073709551615 map pid=-3 a>b x=1 text=two words=3"));
	assert_true(b.serial == ~0ULL);
	assert_string_equal(b.kind, "map");
	at = b.text;
	assert_true(block_next(&at, &key));
	assert_string_equal(key.name, "pid");
	assert_string_equal(key.value, "-3");
	assert_true(block_next(&at, &key));
	assert_string_equal(key.name, "");
	assert_string_equal(key.value, "a>b");
	assert_true(block_next(&at, &key) && block_next(&at, &key));
	assert_string_equal(key.name, "text");
	assert_string_equal(key.value, "two words=3");
	assert_false(block_next(&at, &key));
	assert_true(block_get(&b, "x", buf, sizeof(buf)));
	assert_int_equal(block_number(&b, "x", 7), 1);
	assert_int_equal(block_number(&b, "pid", 7), 7);
	assert_false(block_get(&b, "words", buf, sizeof(buf)));
	assert_string_equal(buf, "");
	assert_false(block_parse(&b, "cause=0 map pid=1"));
	assert_false(block_parse(&b, "cause=1"));
	assert_false(block_parse(&b, "cause=1 "));
	assert_false(block_parse(&b, "cause=1 a_kind_that_is_too_long pid=1"));
	assert_false(block_parse(&b, "map pid=1"));
	assert_false(block_parse(&b, ""));
	/* One without keys. */
	assert_true(block_parse(&b, "cause=1 map"));
	at = b.text;
	assert_false(block_next(&at, &key));
}

/* Whatever a line is, it is read within its bounds. */
static void test_long_lines(void **state)
{
	static char line[4 * BLOCK_TEXT];
	struct block_key key;
	struct block b;
	const char *at;
	unsigned int n;

	(void)state;
	for (n = 0; n < 3; n++) {
		memset(line, n == 1 ? '=' : 'x', sizeof(line) - 1);
		memcpy(line, "cause=1 map ", 12);
		if (n == 2)
			line[12 + BLOCK_TEXT / 2] = '=';
		assert_true(block_parse(&b, line));
		assert_true(strlen(b.text) < BLOCK_TEXT);
		for (at = b.text; block_next(&at, &key);)
			assert_true(strlen(key.name) < sizeof(key.name));
	}
}

/* By the module's number; without one, by frame and round. */
static void test_groups(void **state)
{
	struct tally *t = parse(report);
	struct cause c;

	(void)state;
	assert_int_equal(causes_count(t), 5);
	assert_true(cause_get(t, 0, &c));
	assert_int_equal(c.number, 1);
	assert_int_equal(c.nr_violations, 4);
	assert_int_equal(c.nr_checks, 3);
	/* The most basic one first, what is not known last. */
	assert_string_equal(c.basic->check, "page_mapcount");
	assert_int_equal(c.basic->pfn, 0x201);
	assert_int_equal(c.checks[0].nr, 2);
	assert_string_equal(c.checks[1].first->check, "refcount");
	assert_string_equal(c.checks[2].first->check, "content_of_the_future");
	assert_false(c.control);
	assert_true(cause_has_kind(t, 1, "unheard_of"));
	assert_true(cause_get(t, 1, &c));
	assert_int_equal(c.nr_violations, 1);
	assert_null(cause_block(t, c.number, NULL));
	assert_true(cause_get(t, 2, &c));
	assert_true(c.control);
	assert_true(cause_get(t, 3, &c));
	assert_int_equal(c.nr_violations, 2);
	assert_string_equal(c.basic->check, "mm_id");
	assert_true(cause_get(t, 4, &c));
	assert_int_equal(c.basic->round, 9);
	assert_false(cause_get(t, 5, &c));
	free(t);
}

/* Two sessions: each has causes of its own, and keeps its blocks. */
static void test_add(void **state)
{
	struct tally *sum = calloc(1, sizeof(*sum)), *t = parse(report);
	struct cause c;
	unsigned int i;

	(void)state;
	tally_add(sum, t);
	tally_add(sum, t);
	assert_int_equal(causes_count(sum), 10);
	for (i = 0; i < 2; i++) {
		assert_true(cause_get(sum, 5 * i, &c));
		assert_int_equal(c.nr_violations, 4);
		assert_true(cause_has_kind(sum, c.number, "folio"));
	}
	for (i = 0; i < KEPT_BLOCKS; i++)
		tally_add(sum, t);
	assert_int_equal(sum->nr_blocks, KEPT_BLOCKS);
	assert_true(sum->lost_blocks > 0);
	free(sum);
	free(t);
}

static char *printed(const struct tally *t, unsigned int index, unsigned int max_lines)
{
	char *text = NULL;
	struct cause c;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	assert_true(cause_get(t, index, &c));
	cause_print(t, &c, max_lines, f);
	fclose(f);
	return text;
}

static void test_number(void **state)
{
	char shown[24];

	(void)state;
	assert_string_equal(violation_number("-2", shown), "-2");
	assert_string_equal(violation_number("4294967296", shown), "4294967296");
	assert_string_equal(violation_number("0xc9fc181e1a62aa10", shown), "0xc9fc181e1a62aa10");
	assert_string_equal(violation_number("9223240645231231873", shown), "0x7fff888000f3c381");
	assert_string_equal(violation_number("-9223240645231231873", shown),
			    "-9223240645231231873");
	assert_string_equal(violation_number("12 pages", shown), "12 pages");
	assert_string_equal(violation_number("", shown), "");
}

static void test_text(void **state)
{
	struct tally *t = parse(report);
	char *text = printed(t, 0, ~0U), *at;

	(void)state;
	assert_ptr_equal(strstr(text, "VIOLATION page_mapcount in zap round 7: want -1 got -2 (cause 41 in the kernel log)\n"),
			 text);
	assert_non_null(strstr(text, "  and         3 more: page_mapcount 1, refcount 1, "));
	assert_non_null(strstr(text, "  rule        _mapcount of a page is its mappings - 1 (docs/"));
	assert_non_null(strstr(text, "  folio       pfn 0x200  order 9  flags uptodate,lru  mapcounts "));
	assert_null(strstr(text, "root"));
	assert_non_null(strstr(text, "  lane a      split     done   |============================|"));
	assert_non_null(strstr(text, "  lane b      zap "));
	assert_non_null(strstr(text, "  lane c      mlock     failed |"));
	assert_non_null(strstr(text, " us  errno ENOMEM  pid 14\n"));
	assert_non_null(strstr(text, "10.0.. us"));
	assert_non_null(strstr(text, "pages 3+4"));
	assert_null(strstr(text, "args"));
	assert_non_null(strstr(text, "  step        a>try_to_migrate=reached  b>end=reached"));
	assert_non_null(strstr(text, "  unheard_of  some thing  and  more"));
	/* What is too wide goes on below. */
	for (at = text; *at; at += strcspn(at, "\n") + 1)
		assert_true(strcspn(at, "\n") <= COLUMNS);
	free(text);
	text = printed(t, 0, 4);
	assert_non_null(strstr(text, " more lines: --verbose"));
	assert_null(strstr(text, "unheard_of"));
	free(text);
	text = printed(t, 2, ~0U);
	assert_non_null(strstr(text, " (injected)\n"));
	free(text);
	free(t);
}

static void test_flags(void **state)
{
	char text[PAGEMAP_TEXT], flags[PAGEFLAGS_TEXT];

	(void)state;
	pageflags_text(flags, sizeof(flags), 0);
	assert_string_equal(flags, "-");
	pageflags_text(flags, sizeof(flags), 1 << 5 | 1 << 12 | 1 << 22 | 1ULL << 60);
	assert_string_equal(flags, "lru,anon,thp");
	pageflags_text(flags, sizeof(flags), ~0ULL);
	assert_true(strlen(flags) < sizeof(flags));
	pagemap_text(text, sizeof(text), 0);
	assert_string_equal(text, "entry=none");
	pagemap_text(text, sizeof(text), 1ULL << 63 | 1ULL << 55 | 0x1234);
	assert_string_equal(text, "entry=present pfn=0x1234 flags=soft-dirty");
	pagemap_text(text, sizeof(text), 1ULL << 62 | 0x20 << 5 | 30);
	assert_string_equal(text, "entry=swap-or-migration type=30 offset=0x20 flags=-");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_long_lines),
		cmocka_unit_test(test_groups),
		cmocka_unit_test(test_add),
		cmocka_unit_test(test_number),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_flags),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
