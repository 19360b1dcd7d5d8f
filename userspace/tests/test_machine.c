// SPDX-License-Identifier: GPL-2.0
/*
 * What depends on the machine: nodes, counters, waits for kernel threads
 */
#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

#include "env.h"
#include "nodes.h"
#include "options.h"
#include "patience.h"
#include "test.h"
#include "undo.h"

static const char *has_memory, *has_normal_memory, *online, *status, *vmstat, *meminfo;

ssize_t __wrap_read_text(const char *path, char *buf, size_t size)
{
	static const struct {
		const char *path, *const *text;
	} files[] = {
		{ "/sys/devices/system/node/has_memory", &has_memory },
		{ "/sys/devices/system/node/has_normal_memory", &has_normal_memory },
		{ "/sys/devices/system/node/online", &online },
		{ "/proc/self/status", &status },
		{ "/proc/vmstat", &vmstat },
		{ "/proc/meminfo", &meminfo },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(files); i++) {
		if (strcmp(path, files[i].path))
			continue;
		if (!*files[i].text)
			return -2;
		copy_word(buf, size, *files[i].text);
		return strlen(buf);
	}
	return __real_read_text(path, buf, size);
}

static void test_lists(void **state)
{
	static const char *const bad[] = { "a", "1-", "3-2", "1024", "0-1024", "-1", "1 2", "0x1" };
	struct node_mask mask;
	unsigned int i;

	(void)state;
	assert_true(nodes_parse("0,2-3,1023\n", &mask));
	for (i = 0; i < MAX_NODES; i++)
		assert_int_equal(nodes_has(&mask, i), !i || i == 2 || i == 3 || i == 1023);
	assert_true(nodes_parse("\n", &mask));
	assert_false(nodes_has(&mask, 0));
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(nodes_parse(bad[i], &mask));
}

/* All that can be gone to from a node, in turn. */
static void others(int node, const char *want)
{
	struct node_mask mask, got = { 0 };
	int i, other;

	assert_true(nodes_parse(want, &mask));
	for (i = 0; i < 100; i++) {
		other = nodes_other(node, i);
		assert_true(other >= 0 && other != node);
		nodes_set(&got, other);
	}
	assert_memory_equal(&mask, &got, sizeof(mask));
}

static void test_nodes(void **state)
{
	(void)state;
	/* The second has CPUs only, the last is not this cpuset's. */
	has_memory = "0,2-3,9\n";
	has_normal_memory = "0\n";
	online = "0-3,9\n";
	status = "Name:\tx\nMems_allowed:\tf\nMems_allowed_list:\t0-3\n";
	nodes_probe();
	assert_null(nodes_why_not());
	others(0, "2-3");
	others(2, "0,3");
	others(1, "0,2-3");
	others(-14, "0,2-3");
	/* A cpuset of one. */
	status = "Mems_allowed_list:\t0\nx\nMems_allowed_list:\t0\n";
	nodes_probe();
	assert_non_null(nodes_why_not());
	assert_int_equal(nodes_other(0, 3), -1);
	/* Older: no has_memory; no cpusets either. */
	has_memory = NULL;
	has_normal_memory = "0-1\n";
	status = "Name:\tx\n";
	nodes_probe();
	assert_null(nodes_why_not());
	others(0, "1");
	/* No sysfs. */
	has_normal_memory = NULL;
	online = NULL;
	nodes_probe();
	assert_non_null(nodes_why_not());
}

static void test_counters(void **state)
{
	u64 val = 7;

	(void)state;
	vmstat = "thp_split_page 5\nthp_split_pmd 6\nthp_split 9\n";
	assert_int_equal(env_vmstat("thp_split"), 9);
	assert_int_equal(env_vmstat("thp_split_page"), 5);
	assert_int_equal(env_vmstat("thp"), 0);
	assert_false(env_counter("/proc/vmstat", "oom_kill", &val));
	assert_int_equal(val, 7);
	meminfo = "MemTotal:  100 kB\nMemFree:   10 kB\nMemAvailable:   50 kB\n";
	assert_int_equal(env_available_bytes(), 50 * 1024);
	meminfo = "MemTotal:  100 kB\nMemFree:   10 kB\n";
	assert_int_equal(env_available_bytes(), 10 * 1024);
	meminfo = NULL;
	assert_int_equal(env_available_bytes(), 0);
}

/* Longer where the thread does not come round, no longer than is needed where it does. */
static void test_patience(void **state)
{
	struct patience p = { 0 };
	u64 first = patience_limit(&p);
	unsigned int i;

	(void)state;
	assert_true(first >= 100 * NSEC_PER_MSEC && first <= NSEC_PER_SEC);
	patience_note(&p, first, false);
	assert_true(patience_limit(&p) > first);
	for (i = 0; i < 20; i++)
		patience_note(&p, patience_limit(&p), false);
	assert_true(patience_limit(&p) >= 2 * NSEC_PER_SEC);
	assert_true(patience_limit(&p) <= 4 * NSEC_PER_SEC);
	patience_note(&p, 300 * NSEC_PER_MSEC, true);
	assert_true(patience_limit(&p) >= 600 * NSEC_PER_MSEC);
	assert_true(patience_limit(&p) <= 2 * NSEC_PER_SEC);
	patience_note(&p, NSEC_PER_USEC, true);
	assert_int_equal(patience_limit(&p), first);
}

/* Room for the children of all lanes and huge pages; what has none is not forgotten. */
static void test_children(void **state)
{
	unsigned int i;
	int status;
	pid_t pid;

	(void)state;
	/* No pid is as large. */
	for (i = 0; i < MAX_WORKERS + 2 * MAX_THPS; i++)
		assert_int_equal(signals_child(0x40000000 + i), 0);
	pid = fork();
	if (!pid) {
		pause();
		_exit(0);
	}
	assert_true(pid > 0);
	assert_int_equal(signals_child(pid), -ENOSPC);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	for (i = 0; i < MAX_WORKERS + 2 * MAX_THPS; i++)
		signals_child_gone(0x40000000 + i);
	assert_int_equal(signals_child(0x40000000), 0);
	signals_child_gone(0x40000000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_nodes),
		cmocka_unit_test(test_counters),
		cmocka_unit_test(test_patience),
		cmocka_unit_test(test_children),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
