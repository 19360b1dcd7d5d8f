// SPDX-License-Identifier: GPL-2.0
/*
 * KSM is left alone where others have something to do with it
 */
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ksm.h"
#include "test.h"

static const char *shared, *unshared;

ssize_t __wrap_read_text(const char *path, char *buf, size_t size)
{
	const char *text = NULL;

	if (!strcmp(path, KSM_SYSFS "/pages_shared"))
		text = shared;
	else if (!strcmp(path, KSM_SYSFS "/pages_unshared"))
		text = unshared;
	else if (!strncmp(path, KSM_SYSFS, strlen(KSM_SYSFS)))
		text = "0\n";
	if (!text)
		return __real_read_text(path, buf, size);
	copy_word(buf, size, text);
	return strlen(buf);
}

/* In a process of its own, since the answer is kept. */
static void ask(char *why, size_t size)
{
	int ends[2];
	ssize_t len;
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	pid = fork();
	if (!pid) {
		const char *text = ksm_others();

		_exit(text && write(ends[1], text, strlen(text)) < 0);
	}
	close(ends[1]);
	len = read(ends[0], why, size - 1);
	why[len > 0 ? len : 0] = '\0';
	close(ends[0]);
	waitpid(pid, NULL, 0);
}

static void test_counts(void **state)
{
	char why[160];

	(void)state;
	shared = "3\n";
	ask(why, sizeof(why));
	assert_string_equal(why, "others use KSM: pages_shared is 3");
	shared = "0\n";
	unshared = "12\n";
	ask(why, sizeof(why));
	assert_string_equal(why, "others use KSM: pages_unshared is 12");
}

/* Nothing is merged yet, as KSM is off: it would be. */
static void test_mergeable(void **state)
{
	size_t len = 16 * sysconf(_SC_PAGESIZE);
	char *at;

	(void)state;
	at = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(at, MAP_FAILED);
	if (madvise(at, len, MADV_MERGEABLE)) {
		munmap(at, len);
		skip();
	}
	assert_true(ksm_mergeable("self"));
	madvise(at, len, MADV_UNMERGEABLE);
	assert_false(ksm_mergeable("self"));
	munmap(at, len);
}

static int setup(void **state)
{
	(void)state;
	shared = "0\n";
	unshared = "0\n";
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_counts, setup),
		cmocka_unit_test_setup(test_mergeable, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
