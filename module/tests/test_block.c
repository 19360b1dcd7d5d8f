// SPDX-License-Identifier: GPL-2.0
/*
 * test_block.c - which findings have one cause, and the lines that say what was
 * seen of it
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "state/block.h"
#include "state/catalog.h"
#include "state/names.h"

const char *page_flag_text = "";

static struct thprace_causes causes;
static u64 serial;

static char text[64 * THPRACE_BLOCK_LINE];

static void add_line(void *arg, const char *line)
{
	assert_true(strlen(line) < THPRACE_BLOCK_LINE);
	assert_null(strchr(line, '\n'));
	strcat(text, line);
	strcat(text, "\n");
}

static void print(const struct thprace_cause *c)
{
	text[0] = '\0';
	thprace_block_print(c, true, add_line, NULL);
}

static void assert_line(const char *line)
{
	char want[THPRACE_BLOCK_LINE + 2], all[sizeof(text) + 1];

	snprintf(want, sizeof(want), "\n%s\n", line);
	snprintf(all, sizeof(all), "\n%s", text);
	if (!strstr(all, want))
		fail_msg("no line \"%s\" in\n%s", line, text);
}

static u64 add(unsigned int check, u64 pfn, u64 lock, bool by_lock)
{
	struct thprace_finding f = {
		.outcome = THPRACE_VIOLATED, .want = 100 + check, .got = -1, .pfn = pfn,
		.lock = lock, .by_lock = by_lock,
	};

	return thprace_cause_add(&causes, check, &f, &serial);
}

static int start(void **state)
{
	memset(&causes, 0, sizeof(causes));
	serial = 0;
	return 0;
}

static void test_one_folio(void **state)
{
	assert_int_equal(add(THPRACE_CHECK_REFCOUNT, 0x1200, 7, false), 1);
	assert_int_equal(add(THPRACE_CHECK_PAGE_MAPCOUNT, 0x1200, 7, false), 1);
	/* what a split has left of it */
	assert_int_equal(add(THPRACE_CHECK_PAGE_MAPCOUNT, 0x13ff, 7, false), 1);
	/* its neighbours, which have the same anon_vma */
	assert_int_equal(add(THPRACE_CHECK_PAGE_MAPCOUNT, 0x1400, 7, false), 2);
	assert_int_equal(add(THPRACE_CHECK_PAGE_MAPCOUNT, 0x11ff, 7, false), 3);
	assert_int_equal(causes.nr, 3);
	assert_int_equal(causes.block[0].nr, 3);
	assert_int_equal(causes.block[1].nr, 1);
}

static void test_pfn_zero_is_none(void **state)
{
	assert_int_equal(add(THPRACE_CHECK_RSS, 0, 0, false), 1);
	assert_int_equal(add(THPRACE_CHECK_RSS, 0, 0, false), 2);
}

static void test_one_lock(void **state)
{
	assert_int_equal(add(THPRACE_CHECK_RMAP_LOCK, 0, 7, true), 1);
	assert_int_equal(add(THPRACE_CHECK_SPLIT_LOCK, 0x1200, 7, true), 1);
	assert_int_equal(add(THPRACE_CHECK_SPLIT_SERIAL, 0x5000, 7, true), 1);
	assert_int_equal(add(THPRACE_CHECK_RMAP_LOCK, 0, 8, true), 2);
	/* the folio whose rmap it was, and the one that the split was of */
	assert_int_equal(add(THPRACE_CHECK_PAGE_MAPCOUNT, 0x9000, 7, false), 1);
	assert_int_equal(add(THPRACE_CHECK_SPLIT_FOLIO_LOCK, 0x1200, 0, true), 1);
	assert_int_equal(add(THPRACE_CHECK_SPLIT_FOLIO_LOCK, 0x3000, 0, true), 3);
}

/* The lock of the cause is known only from the second finding on. */
static void test_lock_joins_folio(void **state)
{
	assert_int_equal(add(THPRACE_CHECK_SPLIT_FOLIO_LOCK, 0x1200, 0, true), 1);
	assert_int_equal(add(THPRACE_CHECK_SPLIT_LOCK, 0x1200, 7, true), 1);
	assert_int_equal(add(THPRACE_CHECK_RMAP_LOCK, 0, 7, true), 1);
}

/* A folio whose anon_vma is known, then a lock check of it: what else has that root? */
static void test_folio_joins_lock(void **state)
{
	assert_int_equal(add(THPRACE_CHECK_PAGE_MAPCOUNT, 0x1200, 7, false), 1);
	assert_int_equal(add(THPRACE_CHECK_SPLIT_FOLIO_LOCK, 0x1200, 0, true), 1);
	assert_int_equal(add(THPRACE_CHECK_PAGE_MAPCOUNT, 0x9000, 7, false), 1);
}

static void test_controls_are_apart(void **state)
{
	struct thprace_finding f = { .pfn = 0x1200, .control = true };

	assert_int_equal(add(THPRACE_CHECK_REFCOUNT, 0x1200, 0, false), 1);
	assert_int_equal(thprace_cause_add(&causes, THPRACE_CHECK_REFCOUNT, &f, &serial), 2);
	assert_false(causes.block[0].control);
	assert_true(causes.block[1].control);
	print(&causes.block[1]);
	assert_non_null(strstr(text, " control=yes where="));
	print(&causes.block[0]);
	assert_null(strstr(text, "control="));
}

static void test_rounds_are_apart(void **state)
{
	assert_int_equal(add(THPRACE_CHECK_REFCOUNT, 0x1200, 0, false), 1);
	thprace_cause_batch(&causes);
	assert_int_equal(add(THPRACE_CHECK_REFCOUNT, 0x1200, 0, false), 2);
	assert_true(causes.block[0].batch != causes.block[1].batch);
	thprace_cause_forget(&causes);
	assert_int_equal(causes.nr, 0);
	assert_int_equal(add(THPRACE_CHECK_REFCOUNT, 0x1200, 0, false), 3);
}

/* More causes than there are blocks, and than are told apart. */
static void test_bounds(void **state)
{
	struct thprace_finding f = { .pfn = 0x200 };
	unsigned int i;

	for (i = 1; i <= THPRACE_BATCH_CAUSES; i++)
		assert_int_equal(add(THPRACE_CHECK_REFCOUNT, i * 0x200, 0, false), i);
	assert_int_equal(causes.nr, THPRACE_SESSION_BLOCKS);
	assert_int_equal(add(THPRACE_CHECK_REFCOUNT, 0x200, 0, false), 1);
	assert_null(thprace_cause_block(&causes, THPRACE_SESSION_BLOCKS + 1));
	assert_int_equal(add(THPRACE_CHECK_REFCOUNT, i * 0x200, 0, false), i);
	/* the oldest has given place */
	assert_int_equal(add(THPRACE_CHECK_REFCOUNT, 0x200, 0, false), i + 1);
	assert_int_equal(causes.nr, THPRACE_SESSION_BLOCKS);
	f.pfn = i * 0x200;
	assert_false(thprace_cause_wants(&causes, &f));
	f.pfn = 2 * i * 0x200;
	assert_false(thprace_cause_wants(&causes, &f));
}

static void test_wants(void **state)
{
	static const struct thprace_seen_folio seen = { .pfn = 0x1200, .refcount = 5 };
	static const struct thprace_seen_folio later = { .pfn = 0x1200, .refcount = 6 };
	static const struct thprace_seen_lock folio_lock = { .name = "folio" };
	static const struct thprace_seen_lock rwsem = { .name = "anon_vma", .id = 7 };
	struct thprace_finding f = { .pfn = 0x1200 };

	assert_true(thprace_cause_wants(&causes, &f));
	thprace_cause_add(&causes, THPRACE_CHECK_REFCOUNT, &f, &serial);
	assert_true(thprace_cause_wants(&causes, &f));
	f.seen_folio = &seen;
	thprace_cause_add(&causes, THPRACE_CHECK_REFCOUNT, &f, &serial);
	assert_false(thprace_cause_wants(&causes, &f));
	/* the first is what was judged */
	f.seen_folio = &later;
	thprace_cause_add(&causes, THPRACE_CHECK_REFCOUNT, &f, &serial);
	assert_int_equal(causes.block[0].seen_folio.refcount, 5);
	/* the lock of the folio, then the one with an owner, then nothing more */
	f.by_lock = true;
	assert_true(thprace_cause_wants(&causes, &f));
	f.seen_lock = &folio_lock;
	thprace_cause_add(&causes, THPRACE_CHECK_SPLIT_FOLIO_LOCK, &f, &serial);
	assert_false(thprace_cause_wants(&causes, &f));
	f.lock = 7;
	assert_true(thprace_cause_wants(&causes, &f));
	f.seen_lock = &rwsem;
	thprace_cause_add(&causes, THPRACE_CHECK_SPLIT_LOCK, &f, &serial);
	assert_int_equal(causes.block[0].seen_lock.id, 7);
	assert_false(thprace_cause_wants(&causes, &f));
	f.seen_lock = &folio_lock;
	thprace_cause_add(&causes, THPRACE_CHECK_SPLIT_LOCK, &f, &serial);
	assert_int_equal(causes.block[0].seen_lock.id, 7);
}

static void test_most_basic(void **state)
{
	add(THPRACE_CHECK_REFCOUNT, 0x1200, 0, false);
	assert_int_equal(causes.block[0].check, THPRACE_CHECK_REFCOUNT);
	add(THPRACE_CHECK_PAGE_MAPCOUNT, 0x1200, 0, false);
	assert_int_equal(causes.block[0].check, THPRACE_CHECK_PAGE_MAPCOUNT);
	assert_int_equal(causes.block[0].want, 100 + THPRACE_CHECK_PAGE_MAPCOUNT);
	add(THPRACE_CHECK_LARGE_MAPCOUNT, 0x1200, 0, false);
	assert_int_equal(causes.block[0].check, THPRACE_CHECK_PAGE_MAPCOUNT);
	print(&causes.block[0]);
	assert_line("block cause=1 rule check=page_mapcount want=100 got=-1 nr=3 "
		    "where=docs/CHECKS.md#page_mapcount "
		    "text=_mapcount of a page is its mappings - 1");
}

/* Each check has a place of its own, and a sentence. */
static void test_catalog(void **state)
{
	bool used[THPRACE_NR_CHECKS] = { false };
	unsigned int i;

	for (i = 0; i < THPRACE_NR_CHECKS; i++) {
		assert_in_range(thprace_check_rank(i), 0, THPRACE_NR_CHECKS - 1);
		assert_false(used[thprace_check_rank(i)]);
		used[thprace_check_rank(i)] = true;
		assert_true(strlen(thprace_check_rule(i)) > 10);
	}
	assert_int_equal(thprace_check_rank(THPRACE_NR_CHECKS), THPRACE_NR_CHECKS);
}

static void test_runs(void **state)
{
	struct thprace_seen_runs runs = { 0 };
	unsigned int i;

	for (i = 0; i < 511; i++)
		thprace_runs_add(&runs, i, i, 0);
	thprace_runs_add(&runs, 511, 511, -1);
	assert_int_equal(runs.nr, 2);
	assert_int_equal(runs.run[0].last, 510);
	assert_int_equal(runs.run[1].value, -1);
	memset(&runs, 0, sizeof(runs));
	for (i = 0; i < 2 * THPRACE_BLOCK_RUNS; i++)
		thprace_runs_add(&runs, i, i, i % 2);
	assert_int_equal(runs.nr, THPRACE_BLOCK_RUNS);
	assert_int_equal(runs.more, THPRACE_BLOCK_RUNS);
	/* not to the last run that is kept, from behind those that are not */
	thprace_runs_add(&runs, THPRACE_BLOCK_RUNS, THPRACE_BLOCK_RUNS, 1);
	assert_int_equal(runs.run[THPRACE_BLOCK_RUNS - 1].last, THPRACE_BLOCK_RUNS - 1);
}

static struct thprace_cause *folio_cause(void)
{
	static struct thprace_cause c;
	struct thprace_seen_folio *f = &c.seen_folio;
	struct thprace_seen_map *m = &f->map[0];

	memset(&c, 0, sizeof(c));
	c.serial = 12;
	c.has_folio = true;
	f->pfn = 0x1200;
	f->counted = true;
	f->order = 9;
	f->owner = THPRACE_OWNER_ANON_VMA;
	f->root = 0xabc0;
	f->index = 0x7f0;
	f->refcount = 513;
	f->entire_mapcount = -1;
	f->large_mapcount = 510;
	f->has_large = true;
	f->lru = true;
	f->memcg = 4711;
	thprace_runs_add(&f->mapcount, 0, 510, 0);
	thprace_runs_add(&f->mapcount, 511, 511, -1);
	f->nr_maps = 1;
	m->pid = 42;
	strcpy(m->comm, "a b\n=");
	m->vma_start = 0x7f0000;
	m->vma_end = 0x9f0000;
	m->rmap = true;
	thprace_runs_add(&m->entries, 0, 510, THPRACE_SEEN_PRESENT);
	thprace_runs_add(&m->entries, 511, 511, THPRACE_SEEN_NONE);
	return &c;
}

static void test_folio_lines(void **state)
{
	struct thprace_cause *c = folio_cause();

	page_flag_text = "0x17(uptodate|lru|head|node=0|zone=1)";
	print(c);
	assert_line("block cause=12 folio pfn=0x1200 order=9 flags=uptodate,lru,head refcount=513 "
		    "entire_mapcount=-1 large_mapcount=510 mapcounts=0-510:0,511:-1 "
		    "mapping=anon_vma root=0xabc0 index=0x7f0 queued=no lru=yes "
		    "memcg=4711");
	assert_line("block cause=12 map pid=42 comm=a_b_= mm=0 vma=0x7f0000-0x9f0000 "
		    "vma_flags=read,write,mayread level=pte entries=0-510:present,511:none "
		    "rmap=found");
	c->seen_folio.order = 0;
	c->seen_folio.memcg = 0;
	c->seen_folio.map[0].rmap = false;
	c->seen_folio.map[0].pmd = true;
	c->seen_folio.map[0].pid = 0;
	c->seen_folio.more_maps = 3;
	page_flag_text = "lru|0x4000000";
	print(c);
	assert_line("block cause=12 folio pfn=0x1200 order=0 flags=lru,0x4000000 refcount=513 "
		    "mapcounts=0-510:0,511:-1 mapping=anon_vma root=0xabc0 index=0x7f0 "
		    "queued=no lru=yes memcg=-");
	assert_line("block cause=12 map pid=- comm=- mm=0 vma=0x7f0000-0x9f0000 "
		    "vma_flags=read,write,mayread level=pmd entries=0-510:present,511:none "
		    "rmap=not_found");
	assert_line("block cause=12 more text=3 more mappings");
}

/* A frame that is anybody's: no more than was judged. */
static void test_frame_line(void **state)
{
	struct thprace_cause *c = folio_cause();

	c->seen_folio.counted = false;
	c->seen_folio.nr_maps = 0;
	print(c);
	assert_line("block cause=12 folio pfn=0x1200 refcount=513");
}

/* Words that do not fit are left out whole, and counted. */
static void test_long_line(void **state)
{
	struct thprace_cause *c = folio_cause();
	struct thprace_seen_folio *f = &c->seen_folio;
	unsigned int i;

	memset(&f->mapcount, 0, sizeof(f->mapcount));
	for (i = 0; i < 64; i++)
		thprace_runs_add(&f->mapcount, 100 + i, 100 + i, i % 2 ? -2000000000 : 0);
	page_flag_text = "0x1ffffffffffffff(locked|error|referenced|uptodate|dirty|lru|active|"
			 "workingset|slab|owner_priv_1|arch_1|reserved|private|private_2|writeback)";
	print(c);
	assert_non_null(strstr(text, " flags=locked,error,referenced,uptodate,dirty,lru,active,workingset,slab "));
	assert_line("block cause=12 more text=58 more runs of mapcounts");
	f->pfn = U64_MAX;
	f->root = U64_MAX;
	f->index = U64_MAX;
	f->refcount = INT32_MIN;
	print(c);
	assert_non_null(strstr(text, " mapping=anon_vma root=0xffffffffffffffff\n"));
	assert_line("block cause=12 more text=1 or more words had no room in their line");
	f->map[0].entries.more = 5;
	print(c);
	assert_line("block cause=12 more text=5 more runs of entries");
}

static void test_lanes(void **state)
{
	struct thprace_cause *c = folio_cause();
	struct thprace_seen_lane *a = &c->round.lane[0], *b = &c->round.lane[1];

	c->has_folio = false;
	c->has_round = true;
	c->round.nr_lanes = 2;
	c->round.more_lanes = 7;
	a->op = THPRACE_OP_SPLIT;
	a->pid = 5;
	strcpy(a->comm, "thprace/1/split");
	a->end_ns = 100;
	a->ended = true;
	a->result = "busy";
	a->err = 11;
	a->overlap = BIT_ULL(1) | BIT_ULL(15);
	b->lane = 1;
	b->op = THPRACE_OP_MUNMAP;
	b->start_ns = 7;
	b->first = 3;
	b->nr = 16;
	b->step = 2;
	print(c);
	assert_line("block cause=12 lane lane=a op=split pid=5 comm=thprace/1/split start_ns=0 "
		    "end_ns=100 result=busy errno=11 overlap=b,p");
	assert_line("block cause=12 lane lane=b op=munmap pid=- comm=- pages=3+16 step=2 "
		    "start_ns=7 end_ns=- result=- overlap=-");
	assert_line("block cause=12 more text=7 more ops of lanes");
	b->ended = true;
	b->result = "failed";
	b->err = 12;
	b->end_ns = 9;
	print(c);
	assert_line("block cause=12 lane lane=b op=munmap pid=- comm=- pages=3+16 step=2 "
		    "start_ns=7 end_ns=9 result=failed errno=ENOMEM overlap=-");
}

static void test_steps(void **state)
{
	struct thprace_cause *c = folio_cause();
	unsigned int i, words = 0;
	char *at;

	c->has_folio = false;
	c->has_round = true;
	strcpy(c->round.steps, "a>try_to_migrate=reached b>end=blocked(anon_vma)");
	print(c);
	assert_line("block cause=12 step a>try_to_migrate=reached b>end=blocked(anon_vma)");
	c->round.steps[0] = '\0';
	for (i = 0; i < 16; i++)
		strcat(c->round.steps, i ? " a>anon_vma_interval=reached" :
					   "a>anon_vma_interval=reached");
	print(c);
	for (at = text; (at = strstr(at, "=reached")); at++)
		words++;
	assert_int_equal(words, 16);
	assert_null(strstr(text, "more"));
}

static void test_lock_lines(void **state)
{
	struct thprace_cause *c = folio_cause();
	struct thprace_seen_lock *lock = &c->seen_lock;
	unsigned int i;

	c->has_folio = false;
	c->has_lock = true;
	c->check = THPRACE_CHECK_SPLIT_LOCK;
	c->want = 0x1234567;
	lock->name = "anon_vma";
	lock->id = 0xabc0;
	lock->nr_stacks = 1;
	lock->stack[0].pid = 9;
	strcpy(lock->stack[0].comm, "split");
	lock->stack[0].nr = 3;
	lock->stack[0].entry[1] = 1;
	lock->stack[0].entry[2] = 2;
	print(c);
	assert_line("block cause=12 lock name=anon_vma lock=0xabc0 owner_pid=- owner_comm=-");
	assert_line("block cause=12 stack pid=9 comm=split text=func1+0x10 < func2+0x10");
	lock->owner_pid = 8;
	strcpy(lock->owner_comm, "other");
	lock->stack[0].nr = THPRACE_BLOCK_STACK;
	for (i = 0; i < THPRACE_BLOCK_STACK; i++)
		lock->stack[0].entry[i] = i ? 1000000000000000UL : 1;
	lock->stack[0].entry[i - 1] = 1;
	print(c);
	assert_line("block cause=12 lock name=anon_vma lock=0xabc0 owner_pid=8 owner_comm=other");
	assert_non_null(strstr(text, "text=func1+0x10 < func1000000000000000+0x10 < func"));
	/* not what is behind a gap */
	assert_null(strstr(text, " < func1+"));
	/* to the log goes no address of the kernel */
	text[0] = '\0';
	thprace_block_print(c, false, add_line, NULL);
	assert_non_null(strstr(text, " want=- got=- "));
	assert_null(strstr(text, "19088743"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_one_folio, start),
		cmocka_unit_test_setup(test_pfn_zero_is_none, start),
		cmocka_unit_test_setup(test_one_lock, start),
		cmocka_unit_test_setup(test_lock_joins_folio, start),
		cmocka_unit_test_setup(test_folio_joins_lock, start),
		cmocka_unit_test_setup(test_controls_are_apart, start),
		cmocka_unit_test_setup(test_rounds_are_apart, start),
		cmocka_unit_test_setup(test_bounds, start),
		cmocka_unit_test_setup(test_wants, start),
		cmocka_unit_test_setup(test_most_basic, start),
		cmocka_unit_test(test_catalog),
		cmocka_unit_test(test_runs),
		cmocka_unit_test(test_folio_lines),
		cmocka_unit_test(test_frame_line),
		cmocka_unit_test(test_long_line),
		cmocka_unit_test(test_lanes),
		cmocka_unit_test(test_steps),
		cmocka_unit_test(test_lock_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
