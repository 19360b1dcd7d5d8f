// SPDX-License-Identifier: GPL-2.0
/*
 * What a run touches: all of it is listed, and else it may not be written
 */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "env.h"
#include "leak.h"
#include "options.h"
#include "test.h"
#include "touch_list.h"
#include "undo.h"

#define SHMEM	"/sys/kernel/mm/transparent_hugepage/shmem_enabled"
#define KSM	"/sys/kernel/mm/ksm"

#define ZRAM_CONTROL	"/sys/class/zram-control"

static const char *shmem;
static bool read_only;			/* nothing of sysfs may be written */
static unsigned int nr_made;		/* devices, by who has read hot_add */

/* A machine that has all settings, at 77. */
ssize_t __wrap_read_text(const char *path, char *buf, size_t size)
{
	const char *text = "77\n";

	if (!strcmp(path, ZRAM_CONTROL "/hot_add")) {
		nr_made++;
		copy_word(buf, size, "99999\n");
		return strlen(buf);
	}
	if (strncmp(path, "/sys/kernel/mm/", 15))
		return __real_read_text(path, buf, size);
	if (!strcmp(path, SHMEM))
		text = shmem;
	copy_word(buf, size, text);
	return strlen(buf);
}

int __wrap_access(const char *path, int mode);
int __real_access(const char *path, int mode);

int __wrap_access(const char *path, int mode)
{
	if (!strncmp(path, ZRAM_CONTROL, strlen(ZRAM_CONTROL)))
		return read_only && mode & W_OK ? -1 : 0;
	if (!strncmp(path, "/sys/kernel/mm/", 15) || !strncmp(path, "/proc/sys/", 10))
		return 0;
	return __real_access(path, mode);
}

const char *__wrap_ksm_others(void);

/* A guest of QEMU on the host has mergeable memory. */
const char *__wrap_ksm_others(void)
{
	return NULL;
}

static void collect(struct options *opt, bool gentle)
{
	unsigned int i;

	memset(opt, 0, sizeof(*opt));
	opt->gentle = gentle;
	opt->json = "/x/report.json";
	opt->ktap = "/x/report.ktap";
	for (i = 0; i < nr_scenarios; i++)
		opt->scenarios[i] = scenarios[i];
	opt->nr_scenarios = nr_scenarios;
	leak_forbid(gentle ? "gentle" : NULL);
	touch_collect(opt);
}

static void can_run(const char *name, const struct options *opt)
{
	const char *why = scenario_why_not(scenario_by_name(name), opt);

	if (why)
		fail_msg("%s: %s", name, why);
}

/* Each row of each scenario that can run is on the list. */
static void test_all_listed(void **state)
{
	const struct touch *t;
	struct options opt;
	unsigned int i, nr = 0;

	(void)state;
	collect(&opt, false);
	for (i = 0; i < nr_scenarios; i++) {
		if (scenario_why_not(scenarios[i], &opt))
			continue;
		for (t = scenarios[i]->touches; t && t->kind; t++) {
			if (t->kind != TOUCH_SETTING && t->kind != TOUCH_ACTION)
				continue;
			if (!touch_listed(t->what))
				fail_msg("%s is not listed", t->what);
			nr++;
		}
	}
	assert_true(nr > 10);
	assert_true(touch_listed("/sys/block/zram0/reset"));
	assert_false(touch_listed("/sys/block/zram01/reset"));
	assert_true(touch_listed("/sys/block/zram17/disksize"));
	assert_false(touch_listed("/sys/block/zram/disksize"));
	assert_false(touch_listed("/sys/kernel/mm/ksm/nosuch"));
	assert_false(touch_listed("/proc/sys/vm/drop_caches"));
	assert_true(touch_listed("/proc/self/clear_refs"));
}

static void test_printed(void **state)
{
	char text[16384] = "";
	struct options opt;
	FILE *f = fmemopen(text, sizeof(text), "w");

	(void)state;
	collect(&opt, false);
	touch_print(&opt, f);
	fclose(f);
	assert_non_null(strstr(text, "setting  " KSM "/run = 1, then set back  [ksm]"));
	assert_non_null(strstr(text, "thread   khugepaged  [khugepaged]"));
	assert_non_null(strstr(text, "action   /proc/sys/vm/compact_memory  [compact]"));
	assert_non_null(strstr(text, "file     /x/report.json"));
	assert_non_null(strstr(text, "file     /x/report.ktap"));
	assert_non_null(strstr(text, "module   zram"));
	assert_non_null(strstr(text, "device   /sys/block/zram  [direct]"));
	assert_non_null(strstr(text, "module   thprace"));
	assert_non_null(strstr(text, "shmem_enabled = advise, then set back  [pair-shmem readers shmem-punch shmem-"));
}

static void test_guarded(void **state)
{
	struct options opt;

	(void)state;
	collect(&opt, true);
	write_text_only(touch_listed);
	assert_int_equal(write_text("/proc/sys/vm/nosuch", "1"), -EPERM);
	assert_int_equal(write_text(KSM "/run", "1"), -EPERM);
	assert_non_null(strstr(last_error(), "/proc/sys/vm/nosuch is not on the list"));
	write_text_only(NULL);
	assert_int_equal(write_text("/proc/sys/vm/nosuch", "1"), -ENOENT);
}

static void test_gentle(void **state)
{
	static const char *const with[] = { "ksm", "khugepaged", "compact", "shmem-punch",
		"shmem-pageout" };
	static const char *const without[] = { "split-munmap", "pageout", "lazyfree", "storm" };
	struct options opt;
	unsigned int i;

	(void)state;
	collect(&opt, false);
	for (i = 0; i < ARRAY_SIZE(with); i++)
		can_run(with[i], &opt);
	collect(&opt, true);
	for (i = 0; i < ARRAY_SIZE(with); i++) {
		const char *why = scenario_why_not(scenario_by_name(with[i]), &opt);

		assert_non_null(why);
		assert_non_null(strstr(why, "--gentle: "));
	}
	for (i = 0; i < ARRAY_SIZE(without); i++)
		can_run(without[i], &opt);
	assert_false(touch_listed(SHMEM));
	assert_false(touch_listed("/sys/block/zram0/reset"));
	assert_false(touch_listed("/proc/sys/vm/stat_refresh"));
}

/* A setting that is as it has to be is not touched. */
static void test_gentle_as_it_is(void **state)
{
	struct options opt;

	(void)state;
	shmem = "always within_size [advise] never deny force\n";
	collect(&opt, true);
	can_run("shmem-punch", &opt);
}

static int setup(void **state)
{
	(void)state;
	env.page_size = 4096;
	env.hpage_size = 2UL << 20;
	env.nr_subpages = 512;
	env.have_module = true;
	env.no_thp[0] = '\0';
	shmem = "always within_size advise [never] deny force\n";
	return 0;
}

/* In a container a device can be made by reading, and then not be removed. */
static void test_device(void **state)
{
	(void)state;
	assert_int_equal(undo_init(), 0);
	assert_int_equal(device_init(), 0);
	read_only = true;
	device_start(4096);
	assert_int_equal(nr_made, 0);
	assert_int_equal(device_open(), -ENODEV);
	read_only = false;
	device_start(4096);
	assert_int_equal(nr_made, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_all_listed, setup),
		cmocka_unit_test_setup(test_printed, setup),
		cmocka_unit_test_setup(test_guarded, setup),
		cmocka_unit_test_setup(test_gentle, setup),
		cmocka_unit_test_setup(test_gentle_as_it_is, setup),
		cmocka_unit_test(test_device),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
