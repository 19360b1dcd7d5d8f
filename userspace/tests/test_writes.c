// SPDX-License-Identifier: GPL-2.0
/*
 * Writes through references: each kind writes what is compared afterwards
 */
#include <sys/mman.h>
#include <unistd.h>

#include "env.h"
#include "test.h"
#include "writes.h"

#define NR_PAGES	4

REAL_READ_TEXT

static struct writes writes;
static char *buffer;

static unsigned int nr_right(bool or_zero)
{
	struct mismatch bad;
	unsigned int i, nr = 0;

	for (i = 0; i < NR_PAGES; i++)
		nr += writes_verify(&writes, buffer + i * env.page_size, i, or_zero, &bad);
	return nr;
}

/* What this machine has of them; the last one is everywhere. */
static void test_kinds(void **state)
{
	ssize_t len = NR_PAGES * env.page_size;
	unsigned int i, nr = 0;

	(void)state;
	for (i = 0; i < nr_write_kinds; i++) {
		const struct write_kind *kind = &write_kinds[i];

		if (!kind->there(&writes))
			continue;
		memset(buffer, 0x55, len);
		assert_int_equal(nr_right(true), 0);
		if (kind->pin)
			assert_int_equal(kind->pin(&writes, buffer, len), 0);
		assert_int_equal(kind->write(&writes, buffer, len), len);
		if (kind->pin)
			assert_int_equal(kind->unpin(&writes), 0);
		assert_int_equal(nr_right(false), NR_PAGES);
		nr++;
	}
	assert_true(nr);
}

/* Only as far as it may be written to. */
static void test_partly(void **state)
{
	size_t len = NR_PAGES * env.page_size;
	const struct write_kind *kind = &write_kinds[nr_write_kinds - 1];

	(void)state;
	memset(buffer, 0, len);
	mprotect(buffer + 2 * env.page_size, env.page_size, PROT_READ);
	assert_int_equal(kind->write(&writes, buffer, len), 2 * env.page_size);
	mprotect(buffer, len, PROT_READ | PROT_WRITE);
	assert_int_equal(nr_right(false), 2);
	/* Nothing of it is left for the next one. */
	assert_int_equal(kind->write(&writes, buffer, len), len);
	assert_int_equal(nr_right(false), NR_PAGES);
}

static void test_wrong(void **state)
{
	const struct write_kind *kind = &write_kinds[nr_write_kinds - 1];
	u64 *word = (u64 *)buffer;
	struct mismatch bad;

	(void)state;
	kind->write(&writes, buffer, NR_PAGES * env.page_size);
	/* Some of it was discarded: right only where that may be. */
	memset(word, 0, 64);
	assert_false(writes_verify(&writes, buffer, 0, false, &bad));
	assert_int_equal(bad.offset, 0);
	assert_int_equal(bad.got, 0);
	assert_true(writes_verify(&writes, buffer, 0, true, &bad));
	writes_same(&writes, buffer, 0);
	assert_int_not_equal(word[0], 0);
	word[9]++;
	assert_false(writes_verify(&writes, buffer, 0, true, &bad));
	assert_int_equal(bad.offset, 9 * sizeof(u64));
	assert_ptr_equal(bad.addr, buffer);
	/* Another page's is as wrong. */
	assert_false(writes_verify(&writes, buffer + env.page_size, 2, true, &bad));
}

static int setup(void **state)
{
	(void)state;
	env.page_size = sysconf(_SC_PAGESIZE);
	buffer = mmap(NULL, NR_PAGES * env.page_size, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return buffer == MAP_FAILED ? -1 : writes_open(&writes, 7, NR_PAGES, true);
}

static int teardown(void **state)
{
	(void)state;
	writes_close(&writes);
	return munmap(buffer, NR_PAGES * env.page_size);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_kinds, setup, teardown),
		cmocka_unit_test_setup_teardown(test_partly, setup, teardown),
		cmocka_unit_test_setup_teardown(test_wrong, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
