// SPDX-License-Identifier: GPL-2.0
/*
 * Calibration: what the rules say of memory in known states, at load and by
 * command, and what follows when they are wrong.  Ends with the module loaded as
 * it was.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "thp.h"
#include "tr.h"

/* A series that is in no table of tested ones, and one that is. */
#define UNTESTED	"calibration_series=6.13"
#define TESTED		"calibration_series=6.12"

/* The module is loaded several times. */
#define TIMEOUT_S	900

static const char * const names[] = THPRACE_CHECK_NAMES;

static void reload(const char *params)
{
	const char *path = getenv("THPRACE_KO");
	int err = 0;

	if (!path || access(path, R_OK))
		ksft_skip("no thprace.ko to load: set THPRACE_KO");
	/* who had it open may not be quite gone */
	if (tr_loaded())
		ksft_wait_for(!(err = tr_unload()), 20000);
	ksft_assert(!err, "delete_module: %s", strerror(err));
	err = tr_load_with(params);
	ksft_assert(!err, "finit_module %s: %s", params, strerror(err));
}

/* One check of a huge page by itself: the report. */
static char *check_once(void)
{
	struct holder h;
	int err;

	holder_start(&h, thp_bytes());
	err = tr_write("check", "pid=%d map=%p+%#zx", h.pid, h.r.addr, h.r.len);
	ksft_assert(!err, "check: %s", tr_errno_name(err));
	holder_stop(&h);
	return tr_read("last");
}

static bool quiesced(const char *name, bool *available, const char **reason)
{
	const char *kind;

	ksft_assert(tr_listed("checks", name, &kind, available, reason), "no row of %s", name);
	return !strcmp(kind, "quiesced");
}

/* The rows of all quiesced checks, but one, are as they were. */
static void expect_rows(const bool was[], const char *but)
{
	const char *reason;
	bool available;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		if (!quiesced(names[i], &available, &reason) || !strcmp(names[i], but))
			continue;
		/* whether a split must succeed is known by the references */
		if (!strcmp(but, "refcount") && !strcmp(names[i], "split_progress"))
			continue;
		ksft_expect(available == was[i], "%s is %savailable now: %s", names[i],
			    available ? "" : "not ", reason);
	}
}

static void take_rows(bool was[])
{
	const char *reason;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		quiesced(names[i], &was[i], &reason);
}

static void case_calibrated(const void *arg)
{
	const char *reason, *report;
	bool available;
	size_t i;

	(void)arg;
	reload("");
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		if (!quiesced(names[i], &available, &reason))
			continue;
		ksft_msg("%s: %s", names[i], available ? "calibrated" : reason);
		ksft_expect(available || strncmp(reason, "calibration:", 12), "%s is off: %s",
			    names[i], reason);
	}
	quiesced("calibration", &available, &reason);
	ksft_expect(available, "calibration: %s", reason);
	report = check_once();
	ksft_expect(tr_row(report, "check", "calibration", "held") == 1, "not held:\n%s", report);
	ksft_expect(!strcmp(tr_field(report, "verdict"), "pass"), "no pass:\n%s", report);
}

/* What a huge page costs here: it is filled, split and unmapped. */
static u64 reference_ms(void)
{
	u64 t0 = ksft_now_ms();
	struct holder h;

	holder_start(&h, thp_bytes());
	ksft_expect(tr_try_split(&h) == 1, "not split");
	holder_stop(&h);
	return ksft_now_ms() - t0;
}

static u64 load_ms(bool huge)
{
	u64 t0;

	prctl(PR_SET_THP_DISABLE, !huge, 0, 0, 0);
	if (tr_loaded())
		ksft_assert(!tr_unload(), "delete_module");
	t0 = ksft_now_ms();
	ksft_assert(!tr_load(), "finit_module");
	t0 = ksft_now_ms() - t0;
	prctl(PR_SET_THP_DISABLE, 0, 0, 0, 0);
	return t0;
}

/*
 * Less than a second, on a machine where a huge page costs less than 50 ms: it
 * takes several, and drains the LRU batches of all CPUs.
 */
static void case_quick(const void *arg)
{
	u64 without, with, ref, best = ~0ULL;
	unsigned int i;

	(void)arg;
	reload("");
	ref = reference_ms();
	for (i = 0; i < 2; i++) {
		without = load_ms(false);
		with = load_ms(true);
		if (with - (without < with ? without : with) < best)
			best = with - (without < with ? without : with);
	}
	ksft_msg("%llu ms of a load are calibration; a huge page costs %llu ms",
		 (unsigned long long)best, (unsigned long long)ref);
	ksft_expect(best < 1000 || best < 20 * ref, "it takes %llu ms",
		    (unsigned long long)best);
}

/* Nothing is known then; who opens a session later has them. */
static void case_no_huge_page(const void *arg)
{
	bool was[ARRAY_SIZE(names)], available;
	const char *reason;

	(void)arg;
	reload("");
	take_rows(was);
	load_ms(false);
	expect_rows(was, "calibration");
	quiesced("calibration", &available, &reason);
	ksft_expect(!available && !strncmp(reason, "not calibrated: no huge page", 28),
		    "calibration is %savailable: %s", available ? "" : "not ", reason);
	close(tr_session());
	quiesced("calibration", &available, &reason);
	ksft_expect(available, "not even later: %s", reason);
	expect_rows(was, "calibration");
}

/* The same where the series was not tested: nothing is trusted until then. */
static void case_no_huge_page_untested(const void *arg)
{
	bool was[ARRAY_SIZE(names)], none[ARRAY_SIZE(names)] = { }, available;
	const char *reason;

	(void)arg;
	reload("");
	take_rows(was);
	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
	reload(UNTESTED);
	prctl(PR_SET_THP_DISABLE, 0, 0, 0, 0);
	expect_rows(none, "calibration");
	quiesced("refcount", &available, &reason);
	ksft_expect(!strncmp(reason, "not calibrated: no huge page", 28), "reason: %s", reason);
	close(tr_session());
	expect_rows(was, "");
}

static void case_right_untested(const void *arg)
{
	bool was[ARRAY_SIZE(names)];
	const char *report;

	(void)arg;
	reload("");
	take_rows(was);
	reload(UNTESTED);
	expect_rows(was, "");
	report = check_once();
	ksft_expect(!strcmp(tr_field(report, "verdict"), "pass"), "no pass:\n%s", report);
}

/* The check is off, says what it should have been and was, and nobody is accused. */
static void case_wrong_untested(const void *arg)
{
	bool was[ARRAY_SIZE(names)], available;
	const char *name = arg, *reason, *report;
	char params[128];

	reload("");
	take_rows(was);
	quiesced(name, &available, &reason);
	if (!available)
		ksft_skip("%s", reason);
	snprintf(params, sizeof(params), UNTESTED " calibration_spoil=%s", name);
	reload(params);
	expect_rows(was, name);
	quiesced(name, &available, &reason);
	ksft_msg("%s: %s", name, reason);
	ksft_expect(!available && !strncmp(reason, "calibration: ", 13) &&
		    strstr(reason, ": want ") && strstr(reason, ", got "),
		    "%s is %savailable: %s", name, available ? "" : "not ", reason);
	report = check_once();
	ksft_expect(!tr_violations(report, NULL), "a violation:\n%s", report);
	ksft_expect(!strcmp(tr_field(report, "verdict"), "inconclusive"), "not inconclusive:\n%s",
		    report);
	ksft_expect(tr_row(report, "check", "calibration", "skipped") == 1 &&
		    tr_row(report, "check", name, "held") == 0, "counted:\n%s", report);
}

/* It was right of this kernel: so the kernel is wrong. */
static void case_wrong_tested(const void *arg)
{
	bool was[ARRAY_SIZE(names)];
	const char *report;

	(void)arg;
	reload("");
	take_rows(was);
	reload(TESTED " calibration_spoil=entire_mapcount");
	expect_rows(was, "");
	report = check_once();
	ksft_expect(tr_violations(report, "calibration") == 1 &&
		    tr_violations(report, NULL) == 1, "not one violation:\n%s", report);
	ksft_expect(!strcmp(tr_field(report, "verdict"), "fail"), "no failure:\n%s", report);
	ksft_expect(strstr(report, "reason=entire_mapcount: calibration: pmd: "),
		    "which and why is not said:\n%s", report);
}

/* What the module cannot make: a huge page that two processes map. */
static void case_two(const void *arg)
{
	const char *report;
	struct holder h[2];
	int fd;

	(void)arg;
	reload("");
	holder_start_shared(h, 2, 2 * thp_bytes());
	fd = tr_session();
	ksft_expect(!tr_fd_write(fd, "calibrate pid=%d pid=%d map=%p+%#zx", h[0].pid, h[1].pid,
				 h[0].r.addr, thp_bytes()), "calibrate");
	report = tr_fd_read(fd);
	ksft_expect(tr_row(report, "check", "calibration", "held") == 1, "pmd-two:\n%s", report);
	ksft_expect(!tr_fd_write(fd, "split pid=%d map=%p+%#zx order=0", h[0].pid, h[0].r.addr,
				 thp_bytes()), "split");
	/* single pages of two processes are in no table */
	ksft_expect(!tr_fd_write(fd, "calibrate pid=%d pid=%d map=%p+%#zx", h[0].pid, h[1].pid,
				 h[0].r.addr, thp_bytes()), "calibrate");
	report = tr_fd_read(fd);
	ksft_expect(tr_row(report, "check", "calibration", "held") == 1 &&
		    !tr_violations(report, NULL), "no state:\n%s", report);
	close(fd);
	holder_stop(&h[0]);
	holder_stop(&h[1]);
}

static void case_bad_parameter(const void *arg)
{
	(void)arg;
	reload("");
	ksft_assert(!tr_unload(), "delete_module");
	ksft_expect(tr_load_with("calibration_spoil=nonsense") == EINVAL, "no EINVAL");
	ksft_expect(!tr_loaded(), "it is loaded");
	reload("");
}

static const struct ksft_case cases[] = {
	{ .name = "calibrated", .run = case_calibrated, .timeout_s = TIMEOUT_S },
	{ .name = "in less than a second", .run = case_quick, .timeout_s = TIMEOUT_S },
	{ .name = "no huge page", .run = case_no_huge_page, .timeout_s = TIMEOUT_S },
	{ .name = "no huge page, not tested", .run = case_no_huge_page_untested,
	  .timeout_s = TIMEOUT_S },
	{ .name = "right, not tested", .run = case_right_untested, .timeout_s = TIMEOUT_S },
	{ .name = "wrong page_mapcount, not tested", .run = case_wrong_untested,
	  .arg = "page_mapcount", .timeout_s = TIMEOUT_S },
	{ .name = "wrong entire_mapcount, not tested", .run = case_wrong_untested,
	  .arg = "entire_mapcount", .timeout_s = TIMEOUT_S },
	{ .name = "wrong large_mapcount, not tested", .run = case_wrong_untested,
	  .arg = "large_mapcount", .timeout_s = TIMEOUT_S },
	{ .name = "wrong mm_id, not tested", .run = case_wrong_untested,
	  .arg = "mm_id", .timeout_s = TIMEOUT_S },
	{ .name = "wrong refcount, not tested", .run = case_wrong_untested,
	  .arg = "refcount", .timeout_s = TIMEOUT_S },
	{ .name = "wrong deferred_queue, not tested", .run = case_wrong_untested,
	  .arg = "deferred_queue", .timeout_s = TIMEOUT_S },
	{ .name = "wrong rss, not tested", .run = case_wrong_untested,
	  .arg = "rss", .timeout_s = TIMEOUT_S },
	{ .name = "wrong split_progress, not tested", .run = case_wrong_untested,
	  .arg = "split_progress", .timeout_s = TIMEOUT_S },
	{ .name = "wrong, tested", .run = case_wrong_tested, .timeout_s = TIMEOUT_S },
	{ .name = "two processes", .run = case_two, .timeout_s = TIMEOUT_S },
	{ .name = "a parameter that is none", .run = case_bad_parameter, .timeout_s = TIMEOUT_S },
};

int main(int argc, char **argv)
{
	return ksft_main(argc, argv, cases, ARRAY_SIZE(cases));
}
