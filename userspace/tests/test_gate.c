// SPDX-License-Identifier: GPL-2.0
/*
 * All parties leave a gate together, or each of them in time
 */
#include <errno.h>
#include <pthread.h>

#include "gate.h"
#include "test.h"

REAL_READ_TEXT

#define PARTIES	3
#define TURNS	300

static struct gate gate;
static u32 abort_flag, turn[PARTIES];
static u64 slowest_ns;

static const struct gate_wait patient = {
	.abort = &abort_flag, .budget_ns = 60 * NSEC_PER_SEC, .crowded = true,
};

static void *walk(void *arg)
{
	unsigned long me = (unsigned long)arg, i, j;

	for (i = 1; i <= TURNS; i++) {
		__atomic_store_n(&turn[me], i, __ATOMIC_SEQ_CST);
		if (gate_meet(&gate, &patient))
			return "a party gave up";
		/* Nobody leaves before all have come; nobody is two turns ahead. */
		for (j = 0; j < PARTIES; j++) {
			u32 at = __atomic_load_n(&turn[j], __ATOMIC_SEQ_CST);

			if (at < i || at > i + 1)
				return "parties are out of step";
		}
	}
	return NULL;
}

static void test_meet(void **state)
{
	pthread_t thread[PARTIES];
	unsigned long i;
	void *said;

	(void)state;
	gate_init(&gate, PARTIES);
	for (i = 0; i < PARTIES; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, walk, (void *)i), 0);
	for (i = 0; i < PARTIES; i++) {
		pthread_join(thread[i], &said);
		if (said)
			fail_msg("%s", (char *)said);
	}
}

static void test_alone(void **state)
{
	struct gate_wait wait = patient;
	u64 begin_ns = now_ns();

	(void)state;
	gate_init(&gate, 2);
	wait.budget_ns = 50 * NSEC_PER_MSEC;
	assert_int_equal(gate_meet(&gate, &wait), -ETIMEDOUT);
	slowest_ns = now_ns() - begin_ns;
	assert_true(slowest_ns >= wait.budget_ns);
}

static void test_abort(void **state)
{
	(void)state;
	gate_init(&gate, 2);
	abort_flag = 1;
	assert_int_equal(gate_meet(&gate, &patient), -ECANCELED);
	abort_flag = 0;
}

static int died(void *arg)
{
	return ++*(int *)arg < 3 ? 0 : -ECHILD;
}

static void test_poll(void **state)
{
	struct gate_wait wait = patient;
	int asked = 0;

	(void)state;
	gate_init(&gate, 2);
	wait.poll = died;
	wait.arg = &asked;
	assert_int_equal(gate_meet(&gate, &wait), -ECHILD);
	assert_int_equal(asked, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_meet),
		cmocka_unit_test(test_alone),
		cmocka_unit_test(test_abort),
		cmocka_unit_test(test_poll),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
