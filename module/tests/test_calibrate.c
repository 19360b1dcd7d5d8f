// SPDX-License-Identifier: GPL-2.0
/*
 * test_calibrate.c - what is believed of a rule that is wrong of a known state
 *
 * oracle/calibrate.c and calibration.c themselves, over the model: memory that
 * migrates, changes, or is wrong now and then must put no blame on a rule, and no
 * violation on a kernel.
 */
#include "kernel_mm.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "known_model.h"
#include "oracle/calibrate.c"
#include "oracle/calibration.c"

#define KERNEL		MODEL_6_12
#define UNTESTED	"6.13.0"
#define MAX_RECORDED	8
#define PFN		0x200
#define MOVED		0x4200

static struct mm_struct mm;
static struct task_struct me = { .mm = &mm };
struct task_struct *current = &me;

static struct thprace_session session;
static struct thprace_observer observer;
static struct model model;
static struct thprace_obs full, now;

/* What is spoiled of a look, by the test. */
static void (*spoil_look)(struct thprace_obs *obs);
static enum thprace_known state_now;
static unsigned int pass, look_nr, nr_made;
static const char *no_memory, *no_rmap;

static const char *off[THPRACE_NR_CHECKS];
static struct thprace_finding recorded[MAX_RECORDED];
static unsigned int nr_recorded;

/* ---- what the two files call ---- */

static const char *made(struct thprace_made *m, enum thprace_known state)
{
	m->addr = 0x7f0000000000;
	state_now = state;
	look_nr = 0;
	known_make(&model, KERNEL, state, &full, &now);
	now.pfn = PFN;
	/* that it was left alone is not seen, but known */
	now.flags &= ~BIT(THPRACE_OBS_UNDISTURBED);
	return NULL;
}

const char *thprace_made_pmd(struct thprace_made *m)
{
	nr_made++;
	if (no_memory)
		return no_memory;
	pass++;
	return made(m, THPRACE_KNOWN_PMD);
}

const char *thprace_made_pte(struct thprace_made *m)
{
	return made(m, THPRACE_KNOWN_PTE);
}

const char *thprace_made_part(struct thprace_made *m)
{
	return made(m, THPRACE_KNOWN_PART);
}

const char *thprace_made_page(struct thprace_made *m)
{
	m->nr_tries = 1;
	m->last_try = 0;
	return made(m, THPRACE_KNOWN_PAGE);
}

const char *thprace_made_small(struct thprace_made *m)
{
	return no_memory ? no_memory : made(m, THPRACE_KNOWN_SMALL);
}

const char *thprace_made_small_part(struct thprace_made *m)
{
	return made(m, THPRACE_KNOWN_SMALL_PART);
}

void thprace_made_end(struct thprace_made *m)
{
}

bool thprace_split_has_order(void)
{
	return true;
}

void thprace_lru_drain(void)
{
}

int thprace_mmset_lock(struct thprace_mmset *set, unsigned long addr)
{
	return 0;
}

void thprace_mmset_unlock(struct thprace_mmset *set)
{
}

struct thprace_entry thprace_pgwalk_entry(struct mm_struct *mm, unsigned long addr,
					  enum thprace_level *level)
{
	return (struct thprace_entry){ .kind = THPRACE_ENTRY_PRESENT, .pfn = PFN };
}

enum thprace_observe_result
thprace_observe_folio(struct thprace_observer *o, struct thprace_obs *obs, unsigned int mm,
		      unsigned long pfn, unsigned int slot, unsigned long region,
		      unsigned int own_refs, bool walk)
{
	look_nr++;
	*obs = now;
	if (spoil_look)
		spoil_look(obs);
	return THPRACE_OBSERVED;
}

int thprace_rss_look(struct mm_struct *mm, bool inject, struct thprace_finding *f)
{
	f->outcome = THPRACE_HELD;
	return 0;
}

bool thprace_cache_look(struct mm_struct *mm, bool inject, struct thprace_finding *f)
{
	f->outcome = THPRACE_HELD;
	return true;
}

struct thprace_session *thprace_session_create(void)
{
	return &session;
}

void thprace_session_destroy(struct thprace_session *s)
{
}

struct thprace_observer *thprace_observer_get(struct thprace_session *s,
					      struct mm_struct **mms, unsigned int nr)
{
	return &observer;
}

void thprace_observer_put(struct thprace_session *s, struct thprace_observer *o)
{
}

void thprace_observer_free(struct thprace_observer *o)
{
}

/* What this kernel of the model keeps. */
const char *thprace_quiesced_lacks(unsigned int check)
{
	if (no_rmap && check < THPRACE_CHECK_RSS)
		return no_rmap;
	return known_kept(&now) & BIT_ULL(check) ? NULL : "not kept";
}

void thprace_quiesced_off(unsigned int check, const char *why)
{
	off[check] = why;
}

void thprace_record(struct thprace_session *s, unsigned int check,
		    const struct thprace_finding *f)
{
	assert_int_equal(check, THPRACE_CHECK_CALIBRATION);
	assert_true(nr_recorded < MAX_RECORDED);
	recorded[nr_recorded++] = *f;
}

void thprace_record_counts(struct thprace_session *s, struct thprace_tally *tally)
{
}

/* ---- the tests ---- */

/* Loaded on a kernel of this series. */
static void load(const char *series, void (*spoils)(struct thprace_obs *obs))
{
	memset(&found, 0, sizeof(found));
	memset(&example, 0, sizeof(example));
	memset(off, 0, sizeof(off));
	done = false;
	nr_recorded = 0;
	pass = 0;
	nr_made = 0;
	spoil_look = spoils;
	known_make(&model, KERNEL, THPRACE_KNOWN_PMD, &full, &now);
	calibration_series = (char *)series;
	assert_int_equal(thprace_calibration_init(), 0);
	thprace_calibrate();
}

/* Of what this kernel has. */
static unsigned int nr_off(void)
{
	unsigned int i, nr = 0;

	for (i = 0; i < THPRACE_NR_CHECKS; i++)
		nr += off[i] && !thprace_quiesced_lacks(i);
	return nr;
}

static void test_right(void **state)
{
	struct thprace_tally tally[THPRACE_NR_CHECKS] = { };

	load(UNTESTED, NULL);
	assert_true(thprace_calibration_done());
	assert_true(!found.wrong);
	assert_int_equal(pass, 1);
	assert_true(found.right & BIT_ULL(THPRACE_CHECK_DEFERRED_QUEUE));
	assert_true(found.right & BIT_ULL(THPRACE_CHECK_SPLIT_PROGRESS));
	assert_int_equal(nr_off(), 0);
	thprace_calibration_tell(&session, tally);
	assert_int_equal(tally[THPRACE_CHECK_CALIBRATION].held, 1);
	assert_int_equal(nr_recorded, 0);
}

static void make_wrong(struct thprace_obs *obs, unsigned int check)
{
	assert_int_equal(thprace_judge_inject(obs, check), 0);
}

/* Another folio with what the first has left behind, as migration does. */
static void migrated(struct thprace_obs *obs)
{
	if (state_now != THPRACE_KNOWN_PART)
		return;
	obs->pfn = MOVED;
	make_wrong(obs, THPRACE_CHECK_DEFERRED_QUEUE);
}

/* Neither marked nor queued: wrong if it is known that nobody has disturbed it. */
static void stayed(struct thprace_obs *obs)
{
	if (state_now == THPRACE_KNOWN_PART)
		obs->flags &= ~(BIT(THPRACE_OBS_DEFERRED) | BIT(THPRACE_OBS_PARTIALLY_MAPPED));
}

/* Of a folio that has come from elsewhere it is not known what was done to it. */
static void test_migrated(void **state)
{
	load(UNTESTED, migrated);
	assert_true(thprace_calibration_done());
	assert_true(!found.wrong);
	load(UNTESTED, stayed);
	assert_true(found.wrong == BIT_ULL(THPRACE_CHECK_DEFERRED_QUEUE));
	assert_int_equal(found.finding[THPRACE_CHECK_DEFERRED_QUEUE].outcome, THPRACE_VIOLATED);
	assert_non_null(strstr(off[THPRACE_CHECK_DEFERRED_QUEUE], "calibration: part: want "));
	assert_int_equal(nr_off(), 1);
	/* though it is right of other states */
	assert_true(!(found.right & found.wrong));
}

static unsigned int wrong_passes;

static void wrong_at_first(struct thprace_obs *obs)
{
	if (state_now == THPRACE_KNOWN_PMD && pass <= wrong_passes)
		make_wrong(obs, THPRACE_CHECK_ENTIRE_MAPCOUNT);
}

/* Only what comes again with new memory, four times in all. */
static void test_passes(void **state)
{
	for (wrong_passes = 1; wrong_passes < 4; wrong_passes++) {
		load(UNTESTED, wrong_at_first);
		assert_true(!found.wrong);
		assert_int_equal(pass, wrong_passes + 1);
		assert_int_equal(nr_off(), 0);
	}
	load(UNTESTED, wrong_at_first);
	assert_true(found.wrong == BIT_ULL(THPRACE_CHECK_ENTIRE_MAPCOUNT));
	assert_int_equal(pass, 4);
	assert_string_equal(off[THPRACE_CHECK_ENTIRE_MAPCOUNT],
			    "calibration: pmd: want 0, got 1: the entire mapcount is not the PMD mappings");
}

static void wrong_elsewhere(struct thprace_obs *obs)
{
	if (state_now == (pass % 2 ? THPRACE_KNOWN_PMD : THPRACE_KNOWN_PTE))
		make_wrong(obs, THPRACE_CHECK_ENTIRE_MAPCOUNT);
}

/* And in the same state. */
static void test_same_state(void **state)
{
	load(UNTESTED, wrong_elsewhere);
	assert_true(!found.wrong);
	assert_int_equal(pass, 2);
}

static void changing(struct thprace_obs *obs)
{
	if (state_now == THPRACE_KNOWN_PMD)
		obs->entire_mapcount += 1 + look_nr;
}

static void for_a_moment(struct thprace_obs *obs)
{
	if (state_now == THPRACE_KNOWN_PMD && look_nr <= 3)
		make_wrong(obs, THPRACE_CHECK_ENTIRE_MAPCOUNT);
}

/* Two looks in a row must show the same, and what passes is nothing. */
static void test_looks(void **state)
{
	load(UNTESTED, changing);
	assert_true(!found.wrong);
	load(UNTESTED, for_a_moment);
	assert_true(!found.wrong);
	assert_int_equal(pass, 1);
}

static void wrong_twice(struct thprace_obs *obs)
{
	if (state_now != THPRACE_KNOWN_PMD)
		return;
	make_wrong(obs, THPRACE_CHECK_ENTIRE_MAPCOUNT);
	make_wrong(obs, THPRACE_CHECK_LARGE_MAPCOUNT);
}

/* On a kernel that was tested the kernel is wrong: one cause, and no later finding's. */
static void test_one_cause(void **state)
{
	struct thprace_tally tally[THPRACE_NR_CHECKS] = { };
	static struct thprace_causes causes;
	struct thprace_finding later = { .outcome = THPRACE_VIOLATED, .looks = 2, .pfn = PFN };
	u64 last = 0, first;
	unsigned int i;

	load("6.12.1", wrong_twice);
	assert_int_equal(nr_off(), 0);
	thprace_calibration_tell(&session, tally);
	assert_int_equal(nr_recorded, 2);
	memset(&causes, 0, sizeof(causes));
	first = thprace_cause_add(&causes, THPRACE_CHECK_CALIBRATION, &recorded[0], &last);
	for (i = 0; i < nr_recorded; i++) {
		assert_int_equal(recorded[i].outcome, THPRACE_VIOLATED);
		assert_true(recorded[i].looks > 1);
		assert_int_equal(thprace_cause_add(&causes, THPRACE_CHECK_CALIBRATION,
						   &recorded[i], &last), first);
	}
	/* the frame is somebody else's now */
	assert_true(thprace_cause_add(&causes, THPRACE_CHECK_REFCOUNT, &later, &last) != first);
}

/* On another one the rule is, and nobody is accused. */
static void test_untested(void **state)
{
	struct thprace_tally tally[THPRACE_NR_CHECKS] = { };

	load(UNTESTED, wrong_twice);
	assert_int_equal(nr_off(), 2);
	thprace_calibration_tell(&session, tally);
	assert_int_equal(nr_recorded, 0);
	assert_int_equal(tally[THPRACE_CHECK_CALIBRATION].skipped, 1);
	assert_string_equal(tally[THPRACE_CHECK_CALIBRATION].reason,
			    "off: entire_mapcount large_mapcount");
}

/*
 * A kernel in which the mappings of a folio cannot be found: nothing is tried.  One
 * that was not tested is not passed over for that, it was not calibrated.
 */
static void test_lacking(void **state)
{
	struct thprace_tally tally[THPRACE_NR_CHECKS] = { };

	no_rmap = "no such symbol";
	load(UNTESTED, NULL);
	assert_int_equal(nr_made, 0);
	assert_null(off[THPRACE_CHECK_CALIBRATION]);
	assert_string_equal(off[THPRACE_CHECK_RSS], "not calibrated: no such symbol");
	thprace_calibration_tell(&session, tally);
	assert_int_equal(tally[THPRACE_CHECK_CALIBRATION].skipped, 1);
	assert_string_equal(tally[THPRACE_CHECK_CALIBRATION].reason,
			    "not calibrated: no such symbol");

	load("6.12.1", NULL);
	assert_int_equal(nr_made, 0);
	assert_string_equal(off[THPRACE_CHECK_CALIBRATION], "not calibrated: no such symbol");
	assert_null(off[THPRACE_CHECK_RSS]);
	no_rmap = NULL;
}

/* Tried again by whoever comes later, but not for ever; until then nothing is trusted. */
static void test_no_memory(void **state)
{
	unsigned int i;

	no_memory = "not calibrated: no huge page";
	load(UNTESTED, NULL);
	assert_false(thprace_calibration_done());
	/* it keeps no mm_id */
	assert_int_equal(nr_off(), THPRACE_CHECK_CALIBRATION - 1);
	assert_string_equal(off[THPRACE_CHECK_REFCOUNT], no_memory);
	for (i = 0; i < 40; i++)
		thprace_calibrate();
	assert_true(nr_made < 40);
	no_memory = NULL;
	i = nr_made;
	thprace_calibrate();
	assert_int_equal(nr_made, i);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_right),
		cmocka_unit_test(test_migrated),
		cmocka_unit_test(test_passes),
		cmocka_unit_test(test_same_state),
		cmocka_unit_test(test_looks),
		cmocka_unit_test(test_one_cause),
		cmocka_unit_test(test_untested),
		cmocka_unit_test(test_lacking),
		/* the last one: the number of tries is counted for ever */
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests_name("calibrate", tests, NULL, NULL);
}
