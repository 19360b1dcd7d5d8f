// SPDX-License-Identifier: GPL-2.0
/*
 * Pages: patterns, what must be in them, and fatal signals on them
 */
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crash.h"
#include "test.h"
#include "verify.h"

REAL_READ_TEXT

static struct run *run;

static char *page(unsigned int thp, unsigned int i)
{
	return region_thp(&run->region, thp) + i * env.page_size;
}

/* Some patterns are all zero, by design; which ones depends on the address. */
static bool is_zero_pattern(unsigned int thp, unsigned int i, u64 gen)
{
	static u64 scratch[8192];
	struct mismatch bad;

	page_fill_as(scratch, page(thp, i), gen);
	return page_zero(scratch, &bad);
}

/* Can each page that a test spoils be told from a zero one, and from the next generation? */
static bool gen_suits(void)
{
	unsigned int i;

	for (i = 0; i < env.nr_subpages; i++)
		if ((i < 16 && is_zero_pattern(0, i, run->gen)) ||
		    (is_zero_pattern(1, i, run->gen) && is_zero_pattern(1, i, run->gen + 1)))
			return false;
	return true;
}

static int setup(void **state)
{
	(void)state;
	env.page_size = sysconf(_SC_PAGESIZE);
	env.hpage_size = 64 * env.page_size;
	env.nr_subpages = 64;
	run = calloc(1, sizeof(*run));
	run->sc = scenario_by_name("zap");
	run->nr_thps = 2;
	run->nr_workers = 1;
	run->gen = 4711;
	run->state = calloc(run->nr_thps, env.nr_subpages);
	run->sh = run_shared(run->nr_thps);
	if (!run->sh || region_reserve(&run->region, run->nr_thps))
		return -1;
	if (mmap(run->region.base, run->region.len, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
		return -1;
	while (!gen_suits())
		run->gen++;
	thp_fill(region_thp(&run->region, 0), run->gen);
	thp_fill(region_thp(&run->region, 1), run->gen);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	region_release(&run->region);
	run_shared_free(run->sh);
	free(run->state);
	free(run);
	return 0;
}

static void test_pattern(void **state)
{
	struct mismatch bad;
	unsigned int i, bit;

	(void)state;
	for (i = 0; i < env.nr_subpages; i++) {
		assert_true(page_verify(page(0, i), page(0, i), run->gen, &bad));
		bit = i * 37 % 64;
		((u64 *)page(0, i))[i % 512] ^= BIT_ULL(bit);
		assert_false(page_verify(page(0, i), page(0, i), run->gen, &bad));
		assert_int_equal(bad.offset, i % 512 * sizeof(u64));
		assert_true((bad.want ^ bad.got) == BIT_ULL(bit));
		assert_false(page_verify(page(1, i), page(1, i), run->gen + 1, &bad));
	}
}

static u64 violations_of(unsigned int thp, bool all)
{
	run->sh->nr_violations = 0;
	verify_thp(run, &run->lanes[0], thp, all);
	return run->sh->nr_violations;
}

static void test_states(void **state)
{
	u8 *pages = run_state(run, 0);

	(void)state;
	run->lanes[0].op = "zap";
	assert_int_equal(violations_of(0, true), 0);
	pages[3] = PG_ZERO;
	assert_int_equal(violations_of(0, true), 1);
	memset(page(0, 3), 0, env.page_size);
	assert_int_equal(violations_of(0, true), 0);
	pages[4] = PG_HOLE;
	assert_int_equal(violations_of(0, true), 1);
	munmap(page(0, 4), env.page_size);
	assert_int_equal(violations_of(0, true), 0);
	pages[5] = PG_OWN;
	assert_int_equal(violations_of(0, true), 1);
	page_fill(page(0, 5), own_gen(run, &run->lanes[0]));
	assert_int_equal(violations_of(0, true), 0);
	pages[6] = PG_REWRITTEN;
	page_fill(page(0, 6), rewritten_gen(run));
	pages[7] = PG_ANY;
	memset(page(0, 7), 5, env.page_size);
	assert_int_equal(violations_of(0, true), 0);
	assert_int_equal(run->sh->lane[0].pages_verified % env.nr_subpages != 0, 1);
}

static void test_lazily_freed(void **state)
{
	u8 *pages = run_state(run, 0);

	(void)state;
	run->lanes[0].op = "zap";
	pages[8] = PG_PATTERN_OR_ZERO;
	assert_int_equal(violations_of(0, true), 0);
	memset(page(0, 8), 0, env.page_size);
	assert_int_equal(violations_of(0, true), 0);
	page(0, 8)[100] = 1;
	assert_int_equal(violations_of(0, true), 1);
}

/* Reclaim discards it just when it was found not to be zero. */
static unsigned int discard_at = ~0U;

bool __real_page_verify(const void *at, const void *as, u64 gen, struct mismatch *bad);
bool __wrap_page_verify(const void *at, const void *as, u64 gen, struct mismatch *bad);

bool __wrap_page_verify(const void *at, const void *as, u64 gen, struct mismatch *bad)
{
	if (run && discard_at < env.nr_subpages && at == page(0, discard_at))
		memset((void *)at, 0, env.page_size);
	return __real_page_verify(at, as, gen, bad);
}

static void test_discarded_between(void **state)
{
	u8 *pages = run_state(run, 0);

	(void)state;
	run->lanes[0].op = "zap";
	pages[9] = PG_PATTERN_OR_ZERO;
	discard_at = 9;
	assert_int_equal(violations_of(0, true), 0);
	/* Nobody may discard that one. */
	thp_fill(region_thp(&run->region, 0), run->gen);
	pages[9] = PG_PATTERN;
	assert_int_equal(violations_of(0, true), 1);
	discard_at = ~0U;
}

static void test_judge(void **state)
{
	const struct crash fault = { .sig = SIGSEGV, .code = SEGV_MAPERR };
	struct crash c = fault;

	(void)state;
	/* Nothing is known of it: a wild pointer of this program. */
	assert_int_equal(crash_judge(&c), CRASH_OURS);
	c.known = true;
	c.state = PG_PATTERN;
	assert_int_equal(crash_judge(&c), CRASH_LOST);
	c.state = PG_HOLE;
	assert_int_equal(crash_judge(&c), CRASH_OURS);
	c = fault;
	c.mapped = true;
	strcpy(c.perms, "r--p");
	assert_int_equal(crash_judge(&c), CRASH_LOST);
	c.write = true;
	assert_int_equal(crash_judge(&c), CRASH_OURS);
	strcpy(c.perms, "rw-p");
	assert_int_equal(crash_judge(&c), CRASH_LOST);
	c.fetch = true;
	assert_int_equal(crash_judge(&c), CRASH_OURS);
	strcpy(c.perms, "r-xp");
	assert_int_equal(crash_judge(&c), CRASH_LOST);
	c.code = SI_USER;
	assert_int_equal(crash_judge(&c), CRASH_SENT);
	c = fault;
	c.sig = SIGBUS;
	c.code = BUS_ADRERR;
	c.mapped = true;
	strcpy(c.perms, "rw-s");
	assert_int_equal(crash_judge(&c), CRASH_LOST);
	c.code = BUS_MCEERR_AR;
	assert_int_equal(crash_judge(&c), CRASH_HARDWARE);
}

enum fault { FAULT_LOST, FAULT_PROTECTED, FAULT_SENT, FAULT_NULL };

static void touch(enum fault kind)
{
	char *at = page(1, 5);

	switch (kind) {
	case FAULT_LOST:
		munmap(at, env.page_size);
		*(volatile char *)at = 1;
		break;
	case FAULT_PROTECTED:
		mprotect(at, env.page_size, PROT_READ);
		*(volatile char *)at = 1;
		break;
	case FAULT_SENT:
		kill(getpid(), SIGSEGV);
		break;
	case FAULT_NULL:
		*(volatile char *)8 = 1;
	}
	_exit(0);
}

static void crash_of(enum fault kind, enum crash_kind want)
{
	const struct crash *c = &run->sh->crash[0];
	int status;
	pid_t pid;

	run->sh->nr_crashes = 0;
	memset(run->sh->crash, 0, sizeof(run->sh->crash));
	pid = fork();
	if (!pid) {
		crash_catch(run);
		crash_thread(3);
		touch(kind);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
	assert_int_equal(run->sh->nr_crashes, 1);
	assert_true(c->ready);
	assert_int_equal(c->sig, SIGSEGV);
	assert_int_equal(c->lane, 3);
	assert_int_equal(crash_judge(c), want);
	if (kind == FAULT_LOST || kind == FAULT_PROTECTED) {
		assert_true(c->addr == (unsigned long)page(1, 5));
		assert_true(c->known);
		assert_int_equal(c->state, PG_PATTERN);
		assert_int_equal(c->mapped, kind == FAULT_PROTECTED);
	}
}

static void test_crashes(void **state)
{
	(void)state;
	crash_of(FAULT_LOST, CRASH_LOST);
	crash_of(FAULT_PROTECTED, CRASH_OURS);
	crash_of(FAULT_SENT, CRASH_SENT);
	crash_of(FAULT_NULL, CRASH_OURS);
}

static void test_holes(void **state)
{
	(void)state;
	assert_false(hole_is_unmapped(page(0, 1), 3 * env.page_size));
	munmap(page(0, 1), 3 * env.page_size);
	assert_true(hole_is_unmapped(page(0, 1), 3 * env.page_size));
	assert_false(hole_is_unmapped(page(0, 0), 4 * env.page_size));
	assert_int_equal(pages_out(page(0, 0), 0, 6, 1), 3);
	assert_int_equal(pages_out(page(0, 0), 0, 3, 2), 1);
	assert_int_equal(pages_out(page(0, 0), 4, 2, 1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_pattern, setup, teardown),
		cmocka_unit_test_setup_teardown(test_states, setup, teardown),
		cmocka_unit_test_setup_teardown(test_lazily_freed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_discarded_between, setup, teardown),
		cmocka_unit_test(test_judge),
		cmocka_unit_test_setup_teardown(test_crashes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_holes, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
