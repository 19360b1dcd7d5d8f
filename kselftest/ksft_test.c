// SPDX-License-Identifier: GPL-2.0
/*
 * What ksft.c makes of cases that end in every way; runner_test.sh compares
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "ksft.h"

static void pass(const void *arg)
{
	ksft_expect(arg == arg, "never");
}

static void nothing(const void *arg)
{
	(void)arg;
}

static void expect_fails(const void *arg)
{
	ksft_expect(arg != arg, "told");
	ksft_expect(arg == arg, "goes on, which does not make it good");
}

static void assert_leaves(const void *arg)
{
	ksft_assert(arg != arg, "told");
	ksft_msg("goes on after an assert");
}

static void child_fails(const void *arg)
{
	pid_t pid = fork();

	if (!pid) {
		ksft_expect(arg != arg, "told by a child");
		_exit(0);
	}
	ksft_reap(pid, 10000);
}

static void skip(const void *arg)
{
	(void)arg;
	ksft_skip("because of %s", "something");
}

static void skip_after_failure(const void *arg)
{
	ksft_expect(arg != arg, "told");
	ksft_skip("too late");
}

static void crash(const void *arg)
{
	ksft_expect(arg == arg, "never");
	abort();
}

static void leave(const void *arg)
{
	ksft_expect(arg == arg, "never");
	_exit(3);
}

static void hang(const void *arg)
{
	ksft_expect(arg == arg, "never");
	for (;;)
		pause();
}

static const struct ksft_case cases[] = {
	{ .name = "pass", .run = pass },
	{ .name = "bad nothing", .run = nothing },
	{ .name = "bad expect", .run = expect_fails },
	{ .name = "bad assert", .run = assert_leaves },
	{ .name = "bad child", .run = child_fails },
	{ .name = "only skip", .run = skip },
	{ .name = "bad skip", .run = skip_after_failure },
	{ .name = "bad crash", .run = crash },
	{ .name = "bad exit", .run = leave },
	{ .name = "bad hang", .run = hang, .timeout_s = 1 },
	{ .name = "pass again", .run = pass },
};

int main(int argc, char **argv)
{
	return ksft_main(argc, argv, cases, ARRAY_SIZE(cases));
}
