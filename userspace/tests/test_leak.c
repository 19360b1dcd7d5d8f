// SPDX-License-Identifier: GPL-2.0
/*
 * The leak check on a machine of files: what it must see, and what it must stand
 */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cgroup.h"
#include "env.h"
#include "leak.h"
#include "test.h"

#define HUGE	(2UL << 20)

static char root[32], cgroup[96];
static struct result *res;
static const char *more;			/* of memory.stat */
static const char *meminfo, *nr_anon, *pages_shared, *peak, *pid_ns, *second;

/* Files of the kernel; those of the cgroup are real ones. */
ssize_t __wrap_read_text(const char *path, char *buf, size_t size)
{
	const char *text = NULL;

	if (!strcmp(path, "/proc/self/mountinfo")) {
		snprintf(buf, size, "30 20 0:26 / %s rw - cgroup2 cgroup2 rw\n", root);
		return strlen(buf);
	}
	if (!strcmp(path, "/proc/self/cgroup"))
		text = "0::/\n";
	else if (!strcmp(path, "/proc/meminfo"))
		text = meminfo;
	else if (strstr(path, "stats/nr_anon_partially_mapped"))
		text = "0\n";
	else if (strstr(path, "stats/nr_anon"))
		text = nr_anon;
	else if (strstr(path, "ksm/pages_shared"))
		text = pages_shared;
	else if (!strcmp(path, "/proc/2/comm"))
		text = second;
	else if (strstr(path, "/status"))
		text = peak;
	if (!text)
		return __real_read_text(path, buf, size);
	copy_word(buf, size, text);
	return strlen(buf);
}

ssize_t __wrap_readlink(const char *path, char *buf, size_t size);

ssize_t __wrap_readlink(const char *path, char *buf, size_t size)
{
	assert_string_equal(path, "/proc/self/ns/pid");
	if (!pid_ns) {
		errno = ENOENT;
		return -1;
	}
	memcpy(buf, pid_ns, strlen(pid_ns) < size ? strlen(pid_ns) : size);
	return strlen(pid_ns);
}

uid_t __wrap_geteuid(void);

/* Files need no root. */
uid_t __wrap_geteuid(void)
{
	return 0;
}

static void stat_is(const char *anon, const char *current);
int __real_mkdir(const char *path, mode_t mode);
int __wrap_mkdir(const char *path, mode_t mode);

/* A cgroup is born with its files. */
int __wrap_mkdir(const char *path, mode_t mode)
{
	int err = __real_mkdir(path, mode);

	assert_string_equal(path, cgroup);
	if (!err)
		stat_is("0", "0");
	return err;
}

static void put(const char *dir, const char *name, const char *text)
{
	char path[320];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void stat_is(const char *anon, const char *current)
{
	char text[512];

	snprintf(text, sizeof(text), "anon %s\nfile 4096\nswapcached 0\nanon_thp 0\nshmem 0\n%s",
		 anon, more);
	put(cgroup, "memory.stat", text);
	put(cgroup, "memory.current", current);
}

static int setup(void **state)
{
	(void)state;
	env.page_size = 4096;
	env.hpage_size = HUGE;
	more = "";
	meminfo = "MemTotal: 1 kB\nSwapCached: 0 kB\nAnonHugePages: 0 kB\n";
	nr_anon = "0\n";
	pages_shared = "0\n";
	peak = "Name:\tsh\nVmHWM:\t    900 kB\n";
	pid_ns = "pid:[4026531836]";
	second = "kthreadd\n";
	res = calloc(1, sizeof(*res));
	res->sc = scenario_by_name("zap");
	return 0;
}

static int teardown(void **state)
{
	char command[320];

	(void)state;
	free(res);
	snprintf(command, sizeof(command), "rm -f '%s'/memory.* && rmdir '%s'", cgroup, cgroup);
	return system(command);
}

static struct leak *begin(bool entered)
{
	struct leak *leak = leak_begin(0);

	assert_non_null(leak);
	assert_int_equal(access(cgroup, F_OK), 0);
	leak_entered(leak, entered);
	return leak;
}

static const struct check_count *count(void)
{
	return &res->tally.checks[THPRACE_CHECK_LEAK];
}

static void look(struct leak *leak, bool last)
{
	leak_look(leak, res, now_ns(), last);
}

static void test_clean(void **state)
{
	struct leak *leak = begin(true);

	(void)state;
	look(leak, false);
	assert_false(leak_pending(leak));
	assert_true(count()->held > 3);
	assert_int_equal(count()->violated + count()->skipped, 0);
}

/* Zero, but so much is charged that a flush may be due. */
static void test_not_flushed(void **state)
{
	struct leak *leak = begin(true);

	(void)state;
	stat_is("0", "3000000");
	look(leak, false);
	assert_true(leak_pending(leak));
	stat_is("2097152", "3000000");
	look(leak, false);
	look(leak, false);
	look(leak, true);
	assert_int_equal(count()->violated, 1);
	assert_int_equal(res->tally.violations, 1);
	assert_string_equal(res->tally.kept[0].got, "2097152");
}

static void test_late(void **state)
{
	struct leak *leak = begin(true);

	(void)state;
	stat_is("2097152", "2097152");
	look(leak, false);
	assert_true(leak_pending(leak));
	stat_is("0", "0");
	look(leak, false);
	assert_false(leak_pending(leak));
	assert_int_equal(count()->violated, 0);
}

static void test_restless(void **state)
{
	static const char *const anon[] = { "8192", "4096", "12288", "4096" };
	struct leak *leak = begin(true);
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(anon); i++) {
		stat_is(anon[i], "20000");
		look(leak, i == ARRAY_SIZE(anon) - 1);
	}
	assert_int_equal(count()->violated, 0);
	assert_int_equal(count()->skipped, 1);
}

/* Begins with @before in memory.stat, ends with @after; @charged in memory.current. */
static void expect_of_stat(const char *before, const char *after, const char *charged,
			   const char *violated)
{
	struct leak *leak;
	unsigned int i;

	more = before;
	leak = begin(true);
	more = after;
	stat_is("0", charged);
	for (i = 0; i < 3; i++)
		look(leak, i == 2);
	assert_int_equal(count()->violated, !!violated);
	if (violated)
		assert_memory_equal(res->tally.kept[0].detail, violated, strlen(violated));
}

#define STAT(inactive, active, mapped, tables, kernel) \
	"inactive_anon " inactive "\nactive_anon " active "\nfile_mapped " mapped \
	"\npagetables " tables "\nkernel " kernel "\nshmem_thp 0\n"

static void test_clean_stat(void **state)
{
	(void)state;
	expect_of_stat(STAT("0", "0", "0", "0", "0"), STAT("0", "0", "4096", "8192", "65536"),
		       "90000", NULL);
}

static void test_on_lru(void **state)
{
	(void)state;
	expect_of_stat(STAT("0", "0", "0", "0", "0"), STAT("4096", "0", "0", "0", "0"), "0",
		       "inactive_anon: ");
}

static void test_mapped(void **state)
{
	(void)state;
	expect_of_stat(STAT("0", "0", "0", "0", "0"), STAT("0", "0", "8192", "0", "0"), "0",
		       "file_mapped: ");
}

static void test_tables(void **state)
{
	(void)state;
	expect_of_stat(STAT("0", "0", "0", "0", "0"), STAT("0", "0", "0", "999999999", "0"), "0",
		       "pagetables: ");
}

static void test_charged(void **state)
{
	(void)state;
	/* more than all CPUs can have in stock */
	expect_of_stat(STAT("0", "0", "0", "0", "0"), STAT("0", "0", "0", "0", "4096"),
		       "9999999999999", "memory.current: ");
}

static void test_ksm(void **state)
{
	struct leak *leak = begin(true);

	(void)state;
	stat_is("8192", "8192");
	pages_shared = "2\n";
	look(leak, false);
	look(leak, false);
	look(leak, true);
	assert_int_equal(count()->violated, 0);
	assert_int_equal(count()->skipped, 1);
	assert_non_null(strstr(count()->reason, "KSM"));
}

static void test_not_entered(void **state)
{
	struct leak *leak = begin(false);

	(void)state;
	look(leak, true);
	assert_int_equal(count()->violated, 0);
	assert_true(count()->skipped >= 2);
	assert_non_null(strstr(count()->reason, "could not enter"));
}

static void three_looks(struct leak *leak)
{
	look(leak, false);
	look(leak, false);
	look(leak, true);
}

/* Nobody else can have it: it is ours. */
static void test_system(void **state)
{
	struct leak *leak = begin(true);

	(void)state;
	nr_anon = "1\n";
	three_looks(leak);
	assert_int_equal(count()->violated, 1);
	assert_non_null(strstr(res->tally.kept[0].detail, "nr_anon"));
}

static void test_neighbour(void **state)
{
	struct leak *leak = begin(true);

	(void)state;
	nr_anon = "1\n";
	peak = "Name:\tsh\nVmHWM:\t  2048 kB\n";
	three_looks(leak);
	assert_int_equal(count()->violated, 0);
	assert_int_equal(count()->skipped, 1);
	assert_non_null(strstr(count()->reason, "may have huge pages of its own"));
}

static void test_container(void **state)
{
	struct leak *leak;

	(void)state;
	pid_ns = "pid:[4026532200]";
	leak = begin(true);
	nr_anon = "1\n";
	three_looks(leak);
	assert_int_equal(count()->violated, 0);
	assert_int_equal(count()->skipped, 1);
}

/* A kernel without pid namespaces shows all processes. */
static void test_no_namespaces(void **state)
{
	struct leak *leak;

	(void)state;
	pid_ns = NULL;
	leak = begin(true);
	nr_anon = "1\n";
	three_looks(leak);
	assert_int_equal(count()->violated, 1);
}

/* No link, and whoever is the second process is none of the kernel's threads. */
static void test_hidden_namespace(void **state)
{
	struct leak *leak;

	(void)state;
	pid_ns = NULL;
	second = "sh\n";
	leak = begin(true);
	nr_anon = "1\n";
	three_looks(leak);
	assert_int_equal(count()->violated, 0);
	assert_int_equal(count()->skipped, 1);
}

static void test_swap_cache(void **state)
{
	struct leak *leak = begin(true);

	(void)state;
	meminfo = "SwapCached: 4 kB\nAnonHugePages: 2048 kB\n";
	three_looks(leak);
	assert_int_equal(count()->violated, 0);
	assert_int_equal(count()->skipped, 1);
}

static int make_root(void **state)
{
	(void)state;
	strcpy(root, "/tmp/test_leak.XXXXXX");
	if (!mkdtemp(root))
		return -1;
	put(root, "cgroup.controllers", "cpu memory pids\n");
	put(root, "cgroup.subtree_control", "memory\n");
	put(root, "cgroup.procs", "1\n");
	snprintf(cgroup, sizeof(cgroup), "%s/thprace-%d-0", root, getpid());
	return leak_why_not() ? -1 : 0;
}

static int remove_root(void **state)
{
	char command[96];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf '%s'", root);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_clean, setup, teardown),
		cmocka_unit_test_setup_teardown(test_not_flushed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_late, setup, teardown),
		cmocka_unit_test_setup_teardown(test_restless, setup, teardown),
		cmocka_unit_test_setup_teardown(test_clean_stat, setup, teardown),
		cmocka_unit_test_setup_teardown(test_on_lru, setup, teardown),
		cmocka_unit_test_setup_teardown(test_mapped, setup, teardown),
		cmocka_unit_test_setup_teardown(test_tables, setup, teardown),
		cmocka_unit_test_setup_teardown(test_charged, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ksm, setup, teardown),
		cmocka_unit_test_setup_teardown(test_not_entered, setup, teardown),
		cmocka_unit_test_setup_teardown(test_system, setup, teardown),
		cmocka_unit_test_setup_teardown(test_neighbour, setup, teardown),
		cmocka_unit_test_setup_teardown(test_container, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_namespaces, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hidden_namespace, setup, teardown),
		cmocka_unit_test_setup_teardown(test_swap_cache, setup, teardown),
	};

	return cmocka_run_group_tests(tests, make_root, remove_root);
}
