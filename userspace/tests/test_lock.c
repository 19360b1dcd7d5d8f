// SPDX-License-Identifier: GPL-2.0
/*
 * One run at a time, and none that is locked out by a dead one
 */
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"
#include "undo.h"

REAL_READ_TEXT

static char path[64];
static int told[2];

/* A process that takes the lock, tells, and stays; @heir: a child of it holds it too. */
static pid_t start_holder(bool heir)
{
	pid_t pid = fork();
	char byte = 1;

	if (!pid) {
		if (lock_take(path))
			_exit(1);
		if (heir && !fork()) {
			/* Like the keeper: some work, then the end. */
			usleep(700000);
			_exit(0);
		}
		if (write(told[1], &byte, 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	assert_true(pid > 0);
	assert_int_equal(read(told[0], &byte, 1), 1);
	return pid;
}

/* In a process of its own, since set_error() keeps the first error. */
static int try_lock(char *why, size_t size)
{
	int ends[2], status;
	ssize_t len;
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	pid = fork();
	if (!pid) {
		int err = lock_take(path);

		if (err)
			len = write(ends[1], last_error(), strlen(last_error()));
		_exit(-err);
	}
	close(ends[1]);
	len = read(ends[0], why, size - 1);
	why[len > 0 ? len : 0] = '\0';
	close(ends[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return -WEXITSTATUS(status);
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void test_second(void **state)
{
	pid_t pid = start_holder(false);
	char why[256], name[32];

	(void)state;
	assert_int_equal(try_lock(why, sizeof(why)), -EBUSY);
	snprintf(name, sizeof(name), "process %d ", pid);
	assert_non_null(strstr(why, name));
	end(pid);
	assert_int_equal(try_lock(why, sizeof(why)), 0);
}

/* Killed, and its parent has not noticed yet. */
static void test_killed(void **state)
{
	pid_t pid = start_holder(false);
	char why[256];

	(void)state;
	kill(pid, SIGKILL);
	assert_int_equal(try_lock(why, sizeof(why)), 0);
	waitpid(pid, NULL, 0);
}

/* What cleans up behind it is waited for. */
static void test_keeper(void **state)
{
	pid_t pid = start_holder(true);
	u64 begin_ns = now_ns();
	char why[256];

	(void)state;
	kill(pid, SIGKILL);
	assert_int_equal(try_lock(why, sizeof(why)), 0);
	assert_true(now_ns() - begin_ns > 300 * NSEC_PER_MSEC);
	waitpid(pid, NULL, 0);
}

/* Processes that leave it do not hold it. */
static void test_left(void **state)
{
	char why[256], byte;
	pid_t pid, child;

	(void)state;
	pid = fork();
	if (!pid) {
		assert_int_equal(lock_take(path), 0);
		child = fork();
		if (!child) {
			lock_leave();
			child = getpid();
			if (write(told[1], &child, sizeof(child)) != sizeof(child))
				_exit(1);
			for (;;)
				pause();
		}
		for (;;)
			pause();
	}
	assert_int_equal(read(told[0], &child, sizeof(child)), sizeof(child));
	end(pid);
	assert_int_equal(try_lock(why, sizeof(why)), 0);
	kill(child, SIGKILL);
	(void)byte;
}

static void test_no_link(void **state)
{
	char link[80], why[256];

	(void)state;
	snprintf(link, sizeof(link), "%s.link", path);
	assert_int_equal(symlink(path, link), 0);
	copy_word(path, sizeof(path), link);
	assert_int_equal(try_lock(why, sizeof(why)), -ELOOP);
	unlink(link);
}

static int setup(void **state)
{
	int fd;

	(void)state;
	strcpy(path, "/tmp/test_lock.XXXXXX");
	fd = mkstemp(path);
	close(fd);
	return fd < 0 || pipe(told);
}

static int teardown(void **state)
{
	(void)state;
	close(told[0]);
	close(told[1]);
	path[strcspn(path + 5, ".") + 5 + 7] = '\0';
	return unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_second, setup, teardown),
		cmocka_unit_test_setup_teardown(test_killed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_keeper, setup, teardown),
		cmocka_unit_test_setup_teardown(test_left, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_link, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
