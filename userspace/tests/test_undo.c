// SPDX-License-Identifier: GPL-2.0
/*
 * Settings come back, and what does not is said; what hangs has an end
 */
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"
#include "undo.h"

REAL_READ_TEXT

static char path[64];
static bool refuse;			/* writes of the old value have no effect */
static char written[64];		/* all that was written, with blanks */

int __real_write_text(const char *name, const char *text);
int __wrap_write_text(const char *name, const char *text);

/* Like sysfs, where a file is not cut by a write. */
int __wrap_write_text(const char *name, const char *text)
{
	FILE *f;

	if (strcmp(name, path))
		return __real_write_text(name, text);
	strncat(written, text, sizeof(written) - strlen(written) - 2);
	strcat(written, " ");
	if (refuse && !strcmp(text, "7"))
		return -EINVAL;
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fputc('\n', f);
	fclose(f);
	return 0;
}

static void value_is(const char *want)
{
	char text[64];

	assert_true(read_text(path, text, sizeof(text)) > 0);
	text[strcspn(text, "\n")] = '\0';
	assert_string_equal(text, want);
}

static void test_restored(void **state)
{
	(void)state;
	assert_int_equal(knob_set(path, "1", NULL), 0);
	value_is("1");
	knobs_restore();
	value_is("7");
	assert_int_equal(undo_nr_failed(), 0);
	assert_null(undo_note(0));
	assert_string_equal(written, "1 7 ");
}

/* What is there already is neither set nor set back. */
static void test_same(void **state)
{
	(void)state;
	assert_true(knob_is(path, "7"));
	assert_int_equal(knob_set(path, "7", "2"), 0);
	knobs_restore();
	assert_string_equal(written, "");
}

static void test_undone_by(void **state)
{
	(void)state;
	assert_int_equal(knob_set(path, "1", "2"), 0);
	knobs_restore();
	assert_string_equal(written, "1 2 7 ");
	value_is("7");
}

static void test_failed(void **state)
{
	(void)state;
	assert_int_equal(knob_set(path, "1", NULL), 0);
	refuse = true;
	knobs_restore();
	assert_int_equal(undo_nr_failed(), 1);
	assert_non_null(strstr(undo_note(0), "is 1, was 7 before"));
	assert_non_null(strstr(undo_note(0), strerror(EINVAL)));
	/* Once is enough. */
	knobs_restore();
	assert_int_equal(undo_nr_failed(), 1);
}

/* What somebody else has set meanwhile is his. */
static void test_changed(void **state)
{
	(void)state;
	assert_int_equal(knob_set(path, "1", "2"), 0);
	__wrap_write_text(path, "5");
	knobs_restore();
	value_is("5");
	assert_int_equal(undo_nr_failed(), 0);
	assert_non_null(strstr(undo_note(0), "somebody else has made it 5"));
}

/* Two jobs need the same value: the last one puts it back; a third one needs another. */
static void test_shared(void **state)
{
	(void)state;
	assert_int_equal(knob_set(path, "1", NULL), 0);
	undo_hold_as(3);
	assert_int_equal(knob_set(path, "1", NULL), 0);
	undo_hold_as(5);
	assert_int_equal(knob_set(path, "2", NULL), -EBUSY);
	undo_hold_as(0);
	knobs_restore();
	value_is("1");
	undo_hold_as(3);
	knobs_restore();
	value_is("7");
	assert_string_equal(written, "1 7 ");
	assert_null(undo_note(0));
}

/* One that was killed with the lock does not keep it, and what it had set is put back. */
static void test_killed(void **state)
{
	pid_t pid = fork();

	(void)state;
	if (!pid) {
		undo_hold_as(9);
		knob_set(path, "1", NULL);
		undo_lock();
		raise(SIGKILL);
	}
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	value_is("1");
	undo_hold_all();
	knobs_restore();
	value_is("7");
}

static int fine(void)
{
	return 0;
}

static int wrong(void)
{
	return -ENOMEM;
}

static __attribute__((noreturn)) int hang(void)
{
	signal(SIGTERM, SIG_IGN);
	for (;;)
		pause();
}

static int die(void)
{
	raise(SIGKILL);
	return 0;
}

static void test_bounded(void **state)
{
	u64 begin_ns = now_ns();

	(void)state;
	assert_int_equal(do_within(fine, 10 * NSEC_PER_SEC), 0);
	assert_int_equal(do_within(wrong, 10 * NSEC_PER_SEC), -ENOMEM);
	assert_int_equal(do_within(die, 10 * NSEC_PER_SEC), -EIO);
	assert_int_equal(do_within(hang, 100 * NSEC_PER_MSEC), -ETIMEDOUT);
	assert_true(now_ns() - begin_ns < 5 * NSEC_PER_SEC);
	/* Nothing is left of it. */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static int setup(void **state)
{
	int fd;

	(void)state;
	strcpy(path, "/tmp/test_undo.XXXXXX");
	fd = mkstemp(path);
	if (fd < 0 || write(fd, "7\n", 2) != 2)
		return -1;
	close(fd);
	refuse = false;
	written[0] = '\0';
	undo_hold_as(0);
	return undo_init() || knobs_init();
}

static int teardown(void **state)
{
	(void)state;
	return unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_restored, setup, teardown),
		cmocka_unit_test_setup_teardown(test_same, setup, teardown),
		cmocka_unit_test_setup_teardown(test_undone_by, setup, teardown),
		cmocka_unit_test_setup_teardown(test_failed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_changed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_shared, setup, teardown),
		cmocka_unit_test_setup_teardown(test_killed, setup, teardown),
		cmocka_unit_test(test_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
