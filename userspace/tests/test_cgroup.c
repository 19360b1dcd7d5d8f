// SPDX-License-Identifier: GPL-2.0
/*
 * Where cgroups are made, on machines of files: never where its own has no say
 */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cgroup_find.h"
#include "test.h"

static char root[32], mountinfo[256], procs[32];
static const char *own, *own_v1;
static struct place place;

ssize_t __wrap_read_text(const char *path, char *buf, size_t size)
{
	if (!strcmp(path, "/proc/self/mountinfo")) {
		copy_word(buf, size, mountinfo);
	} else if (!strcmp(path, "/proc/self/cgroup")) {
		snprintf(buf, size, "7:cpu,memory:%s\n0::%s\n", own_v1, own);
	} else {
		return __real_read_text(path, buf, size);
	}
	return strlen(buf);
}

static void put(const char *dir, const char *name, const char *text)
{
	char path[320];
	FILE *f;

	snprintf(path, sizeof(path), "%s%s/%s", root, dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

/* A cgroup that has the controller, its process, and no limit. */
static void make(const char *dir, const char *processes)
{
	char path[256];

	snprintf(path, sizeof(path), "%s%s", root, dir);
	mkdir(path, 0755);
	put(dir, "cgroup.procs", processes);
	put(dir, "cgroup.controllers", "cpu memory pids\n");
	put(dir, "cgroup.subtree_control", "");
	if (!*dir)
		return;
	put(dir, "cgroup.type", "domain\n");
	put(dir, "memory.max", "max\n");
	put(dir, "memory.high", "max\n");
	put(dir, "pids.max", "max\n");
	put(dir, "cpu.max", "max 100000\n");
	put(dir, "cpuset.cpus", "\n");
}

static void base_is(const char *dir)
{
	char want[256];

	snprintf(want, sizeof(want), "%s%s", root, dir);
	assert_string_equal(place.base, want);
}

static void test_root(void **state)
{
	(void)state;
	own = "/";
	put("", "cgroup.procs", "1\n2\n");
	assert_null(cgroup_find(&place));
	base_is("");
	assert_false(place.aside || place.v1 || place.had_controller);
	put("", "cgroup.subtree_control", "memory\n");
	assert_null(cgroup_find(&place));
	assert_true(place.had_controller);
}

static void test_alone(void **state)
{
	(void)state;
	put("/a/b", "cgroup.procs", procs);
	put("/a/b", "memory.max", "1000000\n");
	assert_null(cgroup_find(&place));
	base_is("/a/b");
	assert_true(place.aside);
}

/* Beside its own, which has others in it, but no limit. */
static void test_beside(void **state)
{
	(void)state;
	put("/a", "cgroup.subtree_control", "cpu memory\n");
	assert_null(cgroup_find(&place));
	base_is("/a");
	assert_false(place.aside);
	assert_true(place.had_controller);
}

static void test_limited(void **state)
{
	static const char *const limits[][3] = {
		{ "memory.max", "1000000\n", "max\n" },
		{ "memory.high", "1000000\n", "max\n" },
		{ "pids.max", "50\n", "max\n" },
		{ "cpu.max", "50000 100000\n", "max 100000\n" },
		{ "cpuset.cpus", "0-1\n", "\n" },
	};
	const char *why;
	unsigned int i;

	(void)state;
	put("/a", "cgroup.subtree_control", "cpu memory\n");
	for (i = 0; i < ARRAY_SIZE(limits); i++) {
		put("/a/b", limits[i][0], limits[i][1]);
		why = cgroup_find(&place);
		assert_non_null(why);
		assert_non_null(strstr(why, "a limit"));
		put("/a/b", limits[i][0], limits[i][2]);
	}
	assert_null(cgroup_find(&place));
}

/* A limit between its own and the one that gives the controller counts as well. */
static void test_limited_above(void **state)
{
	const char *why;

	(void)state;
	put("", "cgroup.subtree_control", "memory\n");
	assert_null(cgroup_find(&place));
	base_is("");
	put("/a", "memory.max", "1000000\n");
	why = cgroup_find(&place);
	assert_non_null(why);
	assert_non_null(strstr(why, "a limit"));
}

static void test_nobody_gives(void **state)
{
	const char *why = cgroup_find(&place);

	(void)state;
	assert_non_null(why);
	assert_non_null(strstr(why, "has other processes"));
}

static void test_no_controller(void **state)
{
	const char *why;

	(void)state;
	put("/a/b", "cgroup.controllers", "cpu memoryx\n");
	why = cgroup_find(&place);
	assert_non_null(why);
	assert_non_null(strstr(why, "no memory controller"));
}

/* A container sees a part of the hierarchy. */
static void test_part(void **state)
{
	(void)state;
	own = "/a/b/c";
	make("/c", procs);
	snprintf(mountinfo, sizeof(mountinfo), "30 20 0:26 /a/b %s rw - cgroup2 cgroup2 rw\n", root);
	assert_null(cgroup_find(&place));
	base_is("/c");
	own = "/a/bb";
	assert_non_null(cgroup_find(&place));
	own = "/../x";
	assert_non_null(cgroup_find(&place));
}

static void test_v1(void **state)
{
	(void)state;
	own_v1 = "/a/b";
	snprintf(mountinfo, sizeof(mountinfo),
		 "29 20 0:25 / /none rw - cgroup cgroup rw,cpu\n"
		 "30 20 0:26 / %s rw shared:9 - cgroup cgroup rw,memory\n", root);
	assert_null(cgroup_find(&place));
	assert_true(place.v1);
	base_is("/a/b");
	own_v1 = "/";
	assert_null(cgroup_find(&place));
	base_is("");
}

static void test_none(void **state)
{
	const char *why;

	(void)state;
	copy_word(mountinfo, sizeof(mountinfo), "29 20 0:25 / /proc rw - proc proc rw\n");
	why = cgroup_find(&place);
	assert_non_null(why);
	assert_string_equal(why, "cgroup2 is not mounted");
}

static int setup(void **state)
{
	(void)state;
	strcpy(root, "/tmp/test_cgroup.XXXXXX");
	if (!mkdtemp(root))
		return -1;
	own = "/a/b";
	own_v1 = "/";
	snprintf(mountinfo, sizeof(mountinfo), "30 20 0:26 / %s rw - cgroup2 cgroup2 rw\n", root);
	snprintf(procs, sizeof(procs), "%d\n", getpid());
	make("", "1\n");
	make("/a", "");
	make("/a/b", "1\n");
	return 0;
}

static int teardown(void **state)
{
	char command[96];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf '%s'", root);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_root, setup, teardown),
		cmocka_unit_test_setup_teardown(test_alone, setup, teardown),
		cmocka_unit_test_setup_teardown(test_beside, setup, teardown),
		cmocka_unit_test_setup_teardown(test_limited, setup, teardown),
		cmocka_unit_test_setup_teardown(test_limited_above, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nobody_gives, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_controller, setup, teardown),
		cmocka_unit_test_setup_teardown(test_part, setup, teardown),
		cmocka_unit_test_setup_teardown(test_v1, setup, teardown),
		cmocka_unit_test_setup_teardown(test_none, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
