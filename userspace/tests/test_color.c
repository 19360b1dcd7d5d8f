// SPDX-License-Identifier: GPL-2.0
/*
 * Colour of verdicts: on a terminal only, and where nobody has forbidden it
 */
#include <fcntl.h>
#include <unistd.h>

#include "color.h"
#include "test.h"

REAL_READ_TEXT

static char text[256];

/* What was written to a terminal, as its other end has it. */
static const char *on_terminal(enum thprace_verdict verdict, int width)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY);
	ssize_t len;
	FILE *out;

	assert_true(master >= 0 && !grantpt(master) && !unlockpt(master));
	out = fopen(ptsname(master), "r+");
	assert_non_null(out);
	color_verdict(verdict, width, out);
	fputc('\n', out);
	fflush(out);
	len = read(master, text, sizeof(text) - 1);
	assert_true(len > 0);
	text[len] = '\0';
	text[strcspn(text, "\r\n")] = '\0';
	fclose(out);
	close(master);
	return text;
}

static const char *in_memory(enum thprace_verdict verdict, int width)
{
	FILE *out = fmemopen(text, sizeof(text), "w");

	color_verdict(verdict, width, out);
	fclose(out);
	return text;
}

static int setup(void **state)
{
	(void)state;
	unsetenv("NO_COLOR");
	setenv("TERM", "xterm", 1);
	return 0;
}

static void test_terminal(void **state)
{
	(void)state;
	assert_string_equal(on_terminal(THPRACE_PASS, 0), "\033[32mpass\033[0m");
	assert_string_equal(on_terminal(THPRACE_FAIL, 6), "\033[1;31mfail\033[0m  ");
	assert_string_equal(on_terminal(THPRACE_INCONCLUSIVE, 3), "\033[33minconclusive\033[0m");
	assert_string_equal(on_terminal(THPRACE_ABORTED, 0), "\033[35maborted\033[0m");
}

static void test_no_terminal(void **state)
{
	int fd[2];
	FILE *out;

	(void)state;
	assert_string_equal(in_memory(THPRACE_FAIL, 6), "fail  ");
	assert_false(pipe(fd));
	out = fdopen(fd[1], "w");
	color_verdict(THPRACE_PASS, 0, out);
	fclose(out);
	assert_int_equal(read(fd[0], text, sizeof(text)), 4);
	close(fd[0]);
}

/* no-color.org: whatever it is set to, but for nothing. */
static void test_forbidden(void **state)
{
	(void)state;
	setenv("NO_COLOR", "0", 1);
	assert_string_equal(on_terminal(THPRACE_PASS, 0), "pass");
	setenv("NO_COLOR", "", 1);
	assert_string_equal(on_terminal(THPRACE_PASS, 0), "\033[32mpass\033[0m");
	setenv("TERM", "dumb", 1);
	assert_string_equal(on_terminal(THPRACE_PASS, 8), "pass    ");
	unsetenv("TERM");
	assert_string_equal(on_terminal(THPRACE_PASS, 0), "pass");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_terminal, setup),
		cmocka_unit_test_setup(test_no_terminal, setup),
		cmocka_unit_test_setup(test_forbidden, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
