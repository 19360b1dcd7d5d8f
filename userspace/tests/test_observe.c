// SPDX-License-Identifier: GPL-2.0
/*
 * What observe reads of processes: maps and parents
 */
#include <sys/mman.h>
#include <unistd.h>

#include "env.h"
#include "observe_map.h"
#include "observe_proc.h"
#include "rng.h"
#include "test.h"

REAL_READ_TEXT

#define MIB	BIT_ULL(20)

static struct spans spans;
static struct rng rng;

static void feed(const char *text)
{
	char line[256];
	size_t n;

	rng_seed(&rng, 1, 0, 0);
	env.hpage_size = 2 * MIB;
	spans_begin(&spans);
	for (; *text; text += n) {
		n = strcspn(text, "\n") + 1;
		memcpy(line, text, n);
		line[n] = '\0';
		spans_line(&spans, line, &rng);
	}
	spans_end(&spans, &rng);
}

#define RSS	"Rss: 4 kB\nAnonHugePages: 0 kB\nVmFlags: rd wr mr mw me ac\n"
#define HUGE	"Rss: 2048 kB\nAnonHugePages: 2048 kB\nVmFlags: rd wr mr mw me ac\n"
#define NONE	"Rss: 0 kB\nVmFlags: rd wr\n"

static void expect(unsigned int i, u64 start, u64 end, u64 huge)
{
	assert_in_range(i, 0, spans.nr - 1);
	assert_int_equal(spans.span[i].start, start);
	assert_int_equal(spans.span[i].end, end);
	assert_int_equal(spans.span[i].huge, huge);
}

/* Nothing else is near: the regions that the mapping lies in, as a whole. */
static void test_alone(void **state)
{
	(void)state;
	feed("500000-501000 rw-p 00000000 00:00 0 [heap]\n" RSS
	     "700000-c00000 rw-p 00000000 00:00 0 \n" HUGE);
	assert_int_equal(spans.nr, 2);
	expect(0, 4 * MIB, 6 * MIB, 0);
	expect(1, 6 * MIB, 12 * MIB, 2 * MIB);
	assert_int_equal(spans.huge, 2 * MIB);
	assert_int_equal(spans.regions, 4);
	assert_int_equal(spans.rss, 2 * MIB + 4096);
}

/* A region that a mapping of a file lies in as well is refused by the module. */
static void test_barred(void **state)
{
	(void)state;
	feed("400000-480000 r-xp 00000000 08:01 77 /bin/true\n" RSS
	     "500000-a00000 rw-p 00000000 00:00 0 \n" HUGE
	     "a00000-a10000 r--p 00000000 08:01 77 /bin/true\n" RSS
	     "b00000-b10000 rw-p 00000000 00:00 0 \n" RSS);
	assert_int_equal(spans.nr, 1);
	expect(0, 6 * MIB, 10 * MIB, 2 * MIB);
	feed("500000-b00000 rw-p 00000000 00:00 0 \n" HUGE
	     "b00000-b10000 rw-s 00000000 00:05 77 /dev/x\n" RSS);
	assert_int_equal(spans.nr, 1);
	expect(0, 4 * MIB, 10 * MIB, 2 * MIB);
	feed("500000-501000 rw-p 00000000 00:00 0 \n" RSS
	     "501000-502000 rw-p 00000000 00:00 0 [stack]\n" RSS);
	assert_int_equal(spans.nr, 0);
	feed("500000-501000 rw-p 00000000 00:00 0 \nRss: 4 kB\nVmFlags: rd wr gd\n");
	assert_int_equal(spans.nr, 0);
}

/* Two mappings in one region are one; what has no page is none. */
static void test_merged(void **state)
{
	(void)state;
	feed("400000-480000 rw-p 00000000 00:00 0 \n" RSS
	     "500000-580000 rw-p 00000000 00:00 0 [anon:x]\n" RSS
	     "590000-900000 rw-s 00000000 00:01 5 /memfd:y (deleted)\n"
	     "Rss: 2048 kB\nShmemPmdMapped: 2048 kB\nVmFlags: rd wr sh\n"
	     "10000000-20000000 rw-p 00000000 00:00 0 \n" NONE);
	assert_int_equal(spans.nr, 2);
	expect(0, 4 * MIB, 6 * MIB, 0);
	expect(1, 6 * MIB, 10 * MIB, 2 * MIB);
}

/* Every region is drawn, and what is huge more often. */
static void test_draw(void **state)
{
	unsigned int i, nr, seen = 0, huge = 0;
	u64 addr;

	(void)state;
	feed("400000-800000 rw-p 00000000 00:00 0 \n" RSS
	     "20000000-20200000 rw-p 00000000 00:00 0 \n" HUGE);
	for (i = 0; i < 1000; i++) {
		nr = spans_draw(&spans, &rng, 8, &addr);
		assert_true((addr == 4 * MIB && nr == 2) || (addr == 6 * MIB && nr == 1) ||
			    (addr == 512 * MIB && nr == 1));
		seen |= addr == 4 * MIB ? 1 : addr == 6 * MIB ? 2 : 4;
		huge += addr == 512 * MIB;
	}
	assert_int_equal(seen, 7);
	assert_in_range(huge, 600, 950);
	feed("");
	assert_int_equal(spans_draw(&spans, &rng, 8, &addr), 0);
}

/* What may be of large folios, as smaps says, as well as what is huge. */
static void test_likely(void **state)
{
	unsigned int i, likely = 0;
	u64 addr;

	(void)state;
	feed("400000-800000 rw-p 00000000 00:00 0 \nRss: 4096 kB\nTHPeligible:    0\n"
	     "20000000-20200000 rw-p 00000000 00:00 0 \nRss: 2048 kB\nTHPeligible:    1\n");
	assert_int_equal(spans.huge, 0);
	assert_int_equal(spans.likely, 2 * MIB);
	for (i = 0; i < 1000; i++) {
		spans_draw(&spans, &rng, 8, &addr);
		likely += addr == 512 * MIB;
	}
	assert_in_range(likely, 700, 950);
}

static void test_many(void **state)
{
	static char text[64 * (MAX_SPANS + 200) * 2];
	unsigned int i;
	size_t len = 0;

	(void)state;
	for (i = 0; i < MAX_SPANS + 200; i++)
		len += sprintf(text + len, "%llx-%llx rw-p 00000000 00:00 0 \nRss: 4 kB\n",
			       (2ULL * i + 2) * 2 * MIB, (2ULL * i + 3) * 2 * MIB);
	feed(text);
	assert_int_equal(spans.nr, MAX_SPANS);
	assert_int_equal(spans.seen, MAX_SPANS + 200);
}

/* As the kernel writes it: memory of this process is found. */
static void test_own(void **state)
{
	size_t size = 8 * MIB;
	char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	u64 start = ((uintptr_t)p + 2 * MIB - 1) & ~(2 * MIB - 1);
	bool seen = false;
	unsigned int i;

	(void)state;
	assert_ptr_not_equal(p, MAP_FAILED);
	memset(p, 1, size);
	env.hpage_size = 2 * MIB;
	rng_seed(&rng, 1, 0, 0);
	assert_int_equal(spans_read(&spans, getpid(), &rng), 0);
	for (i = 0; i < spans.nr; i++)
		seen |= spans.span[i].start <= start && spans.span[i].end >= start + 4 * MIB;
	assert_true(seen);
	assert_true(spans.rss >= size);
	munmap(p, size);
	assert_int_not_equal(spans_read(&spans, 1 << 22, &rng), 0);
}

static void test_stat(void **state)
{
	struct proc_stat st;

	(void)state;
	assert_true(proc_stat_parse("12 (a) b (c) S 7 12 12 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 4711 9 9",
				    &st));
	assert_int_equal(st.pid, 12);
	assert_int_equal(st.parent, 7);
	assert_int_equal(st.start, 4711);
	assert_int_equal(st.state, 'S');
	assert_false(proc_stat_parse("12 (a", &st));
	assert_false(proc_stat_parse("", &st));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_alone),
		cmocka_unit_test(test_barred),
		cmocka_unit_test(test_merged),
		cmocka_unit_test(test_draw),
		cmocka_unit_test(test_likely),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_own),
		cmocka_unit_test(test_stat),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
