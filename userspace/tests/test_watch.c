// SPDX-License-Identifier: GPL-2.0
/*
 * What is a complaint of the kernel, and that none is missed or seen twice
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test.h"
#include "watch.h"

/* The machine's own counter of OOM kills is not to be seen. */
ssize_t __wrap_read_text(const char *path, char *buf, size_t size)
{
	return strcmp(path, "/proc/vmstat") ? __real_read_text(path, buf, size) : -2;
}

static void test_complaints(void **state)
{
	static const char *const lines[] = {
		"------------[ cut here ]------------",
		"WARNING: CPU: 1 PID: 123 at mm/huge_memory.c:2441 __split_huge_pmd+0x1/0x2",
		"BUG: kernel NULL pointer dereference, address: 0000000000000008",
		"BUG: Bad page state in process thprace  pfn:12345",
		"BUG: Bad rss-counter state mm:0000000012345678 type:MM_ANONPAGES val:512",
		"kernel BUG at mm/rmap.c:1234!",
		"Oops: 0000 [#1] SMP PTI",
		"general protection fault, probably for non-canonical address 0xdead000000000108",
		"page dumped because: VM_BUG_ON_PAGE(1)",
		"list_del corruption. prev->next should be 1, but was 2",
		"rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:",
		"INFO: task thprace:123 blocked for more than 120 seconds.",
		"watchdog: BUG: soft lockup - CPU#1 stuck for 26s! [thprace:123]",
		"watchdog: Watchdog detected hard LOCKUP on cpu 1",
		"UBSAN: array-index-out-of-bounds in mm/huge_memory.c:1:2",
		"refcount_t: underflow; use-after-free.",
		"mm/pgtable-generic.c:50: bad pmd 00000000abcdef(8000000012345067)",
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(lines); i++) {
		if (!watch_is_complaint(lines[i]))
			fail_msg("missed: %s", lines[i]);
	}
}

static void test_harmless(void **state)
{
	static const char *const lines[] = {
		"Kernel command line: root=/dev/sda oops=panic BUG: WARNING:",
		"Spectre V2 : Spectre v2 / SpectreRSB: WARNING: Filling RSB on context switch",
		"Speculative Return Stack Overflow: WARNING: See https://kernel.org/doc/",
		"process: WARNING: polling idle and HT enabled, performance may degrade",
		"thprace: violation check=refcount scenario=zap BUG: none of the kernel's",
		"thprace: loading out-of-tree module taints kernel.",
		"Out of memory: Killed process 123 (thprace) total-vm:1kB",
		"zram0: detected capacity change from 0 to 524288",
		"Adding 262140k swap on /dev/zram0.  Priority:-2",
		"DEBUG: something",
		"systemd[1]: Started debug shell.",
		"thprace[123]: segfault at 0 ip 0 sp 0 error 4 in thprace[400000+1000]",
		"perf: interrupt took too long (2500 > 2400), lowering kernel.perf_event_max_sample_rate",
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(lines); i++) {
		if (watch_is_complaint(lines[i]))
			fail_msg("taken for a complaint: %s", lines[i]);
	}
}

static void test_message(void **state)
{
	char ours[] = "12,1,2,-;BUG: written by a process\n", kernel[] = "4,1,2,c;BUG: x\n SUB=y\n";
	char none[] = "4,1,2,-", critical[] = "2,7,9,-,caller=T1;a;b\n";

	(void)state;
	assert_null(watch_message(ours));
	assert_string_equal(watch_message(kernel), "BUG: x");
	assert_null(watch_message(none));
	assert_string_equal(watch_message(critical), "a;b");
}

static char root[64];

static void put(const char *name, const char *text, int flags)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s%s", root, name);
	fd = open(path, O_WRONLY | O_CREAT | flags, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static int make_root(void **state)
{
	static const char *const dirs[] = { "/proc", "/proc/sys", "/proc/sys/kernel", "/sys",
					    "/sys/kernel", "/dev" };
	char path[128];
	unsigned int i;

	(void)state;
	strcpy(root, "/tmp/test_watch.XXXXXX");
	if (!mkdtemp(root))
		return -1;
	setenv("THPRACE_WATCH_ROOT", root, 1);
	for (i = 0; i < ARRAY_SIZE(dirs); i++) {
		snprintf(path, sizeof(path), "%s%s", root, dirs[i]);
		mkdir(path, 0700);
	}
	return 0;
}

static int remove_root(void **state)
{
	char command[96];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf '%s'", root);
	return system(command);
}

static void test_nothing_to_look_at(void **state)
{
	struct complaint c;

	(void)state;
	assert_int_equal(watch_begin(), 0);
	assert_non_null(watch_why_not());
	assert_false(watch_look(&c));
}

/* Out-of-tree modules and old warnings are nothing of this run. */
static void test_look(void **state)
{
	struct complaint c;

	(void)state;
	put("/proc/sys/kernel/tainted", "12800\n", O_TRUNC);
	put("/sys/kernel/warn_count", "3\n", O_TRUNC);
	put("/sys/kernel/oops_count", "0\n", O_TRUNC);
	put("/dev/kmsg", "4,1,1,-;BUG: before the run\n", O_TRUNC);
	assert_int_equal(watch_begin(), 0);
	assert_null(watch_why_not());
	assert_false(watch_look(&c));
	put("/dev/kmsg", "6,2,1,-;hello\n12,3,1,-;BUG: of a process\n", O_APPEND);
	assert_false(watch_look(&c));
	put("/dev/kmsg", "4,4,1,-;WARNING: CPU: 1 at x\n4,5,1,-;Call Trace:\n", O_APPEND);
	assert_true(watch_look(&c));
	assert_string_equal(c.line, "WARNING: CPU: 1 at x");
	assert_false(c.oops);
	assert_int_equal(watch_log()->nr, 2);
	assert_string_equal(watch_log()->line[1], "Call Trace:");
	assert_false(watch_look(&c));
	put("/sys/kernel/warn_count", "4\n", O_TRUNC);
	assert_true(watch_look(&c));
	assert_string_equal(c.got, "warn_count 4, was 3");
	assert_false(watch_look(&c));
	/* A module was loaded: O is no complaint, D is. */
	put("/proc/sys/kernel/tainted", "16896\n", O_TRUNC);
	assert_true(watch_look(&c));
	assert_false(c.oops);
	put("/proc/sys/kernel/tainted", "20992\n", O_TRUNC);
	assert_false(watch_look(&c));
	put("/proc/sys/kernel/tainted", "21120\n", O_TRUNC);
	assert_true(watch_look(&c));
	assert_true(c.oops);
	put("/sys/kernel/oops_count", "1\n", O_TRUNC);
	assert_true(watch_look(&c));
	assert_true(c.oops);
}

/* Where vmstat has no oom_kill, as before 4.13, the log says it. */
static void test_oom_kills(void **state)
{
	struct complaint c;
	u64 before;

	(void)state;
	put("/dev/kmsg", "", O_TRUNC);
	assert_int_equal(watch_begin(), 0);
	before = watch_oom_kills();
	put("/dev/kmsg",
	    "3,1,1,-;Out of memory: Kill process 7 (x) score 9 or sacrifice child\n"
	    "3,2,1,-;Killed process 7 (x) total-vm:1kB, anon-rss:1kB, file-rss:1kB\n"
	    "3,3,1,-;Memory cgroup out of memory: Killed process 8 (y) total-vm:1kB\n"
	    "12,4,1,-;Out of memory: Kill process 7, a process says\n"
	    "6,5,1,-;a driver: out of memory: killed my buffers\n", O_APPEND);
	assert_false(watch_look(&c));
	assert_int_equal(watch_oom_kills() - before, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_complaints),
		cmocka_unit_test(test_harmless),
		cmocka_unit_test(test_message),
		cmocka_unit_test(test_nothing_to_look_at),
		cmocka_unit_test(test_look),
		cmocka_unit_test(test_oom_kills),
	};

	return cmocka_run_group_tests(tests, make_root, remove_root);
}
