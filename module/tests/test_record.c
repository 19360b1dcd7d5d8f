// SPDX-License-Identifier: GPL-2.0
/*
 * test_record.c - findings that are recorded and forgotten at the same time
 *
 * state/record.c itself, built with the thread sanitizer, which sees two threads
 * at one field without a lock in common, whenever they come there.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "state/react.h"
#include "state/record.h"
#include "state/stats.h"

#define NR_RECORDERS	4
#define NR_FINDINGS	2000

static struct thprace_session session = { .lock = PTHREAD_MUTEX_INITIALIZER };
static s64 nr_counted, nr_reactions;
static bool stop;

void thprace_stat_add(enum thprace_stat stat, s64 n)
{
	assert_int_equal(stat, THPRACE_STAT_VIOLATIONS);
	__atomic_add_fetch(&nr_counted, n, __ATOMIC_RELAXED);
}

/* What on_violation asks for is done of each one, also of those that are not printed. */
void thprace_react(unsigned int check, const struct thprace_finding *f, u64 cause)
{
	assert_true(f->looks > 1 && cause);
	__atomic_add_fetch(&nr_reactions, 1, __ATOMIC_RELAXED);
}

/* As a probe handler in a lane; the last finding was seen only once. */
static void *record_many(void *arg)
{
	struct thprace_finding f = { .outcome = THPRACE_VIOLATED, .looks = 2 };
	unsigned int i;

	for (i = 0; i <= NR_FINDINGS; i++) {
		f.looks = i < NR_FINDINGS ? 2 : 1;
		thprace_record(&session, i % 3, &f);
	}
	return arg;
}

/* As those who write to the session, and to "violations", and who read them. */
static void *forget(void *arg)
{
	static struct thprace_violation of_session[THPRACE_SESSION_VIOLATIONS];
	static struct thprace_violation all[THPRACE_MAX_VIOLATIONS];
	unsigned int n, total;

	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		thprace_record_name(&session, "scenario", NULL);
		n = thprace_record_of_session(&session, of_session, &total);
		assert_true(n <= total);
		n = thprace_record_snapshot(all, THPRACE_MAX_VIOLATIONS);
		assert_true(n <= THPRACE_MAX_VIOLATIONS);
		thprace_record_reset(&session);
		thprace_record_clear();
	}
	return arg;
}

static void run(bool with_forget)
{
	pthread_t recorder[NR_RECORDERS], forgetter;
	unsigned int i;

	for (i = 0; i < THPRACE_MAX_LANES; i++)
		session.lane[i].op = THPRACE_NR_OPS;
	nr_counted = 0;
	nr_reactions = 0;
	stop = false;
	if (with_forget)
		assert_false(pthread_create(&forgetter, NULL, forget, NULL));
	for (i = 0; i < NR_RECORDERS; i++)
		assert_false(pthread_create(&recorder[i], NULL, record_many, NULL));
	for (i = 0; i < NR_RECORDERS; i++)
		pthread_join(recorder[i], NULL);
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	if (with_forget)
		pthread_join(forgetter, NULL);
	assert_int_equal(nr_counted, NR_RECORDERS * NR_FINDINGS);
	assert_int_equal(nr_reactions, NR_RECORDERS * NR_FINDINGS);
}

static void test_none_is_lost(void **state)
{
	u64 violated = 0, unconfirmed = 0;
	unsigned int i;

	run(false);
	for (i = 0; i < THPRACE_NR_CHECKS; i++) {
		violated += session.check[i].violated;
		unconfirmed += session.check[i].unconfirmed;
	}
	assert_int_equal(violated, NR_RECORDERS * NR_FINDINGS);
	assert_int_equal(unconfirmed, NR_RECORDERS);
	assert_int_equal(session.nr_violations, NR_RECORDERS * NR_FINDINGS);
	assert_int_equal(session.nr_printed, THPRACE_SESSION_PRINTED);
}

static void test_forgotten_meanwhile(void **state)
{
	unsigned int i;

	run(true);
	thprace_record_reset(&session);
	assert_int_equal(session.nr_violations, 0);
	for (i = 0; i < THPRACE_NR_CHECKS; i++)
		assert_int_equal(session.check[i].violated + session.check[i].unconfirmed, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_none_is_lost),
		cmocka_unit_test(test_forgotten_meanwhile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
