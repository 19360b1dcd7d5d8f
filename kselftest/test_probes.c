// SPDX-License-Identifier: GPL-2.0
/*
 * Probes beside others who trace: placed while a session needs them and some
 * seconds longer, refused while ftrace is switched off, and complete where
 * somebody else traces the same functions.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "thp.h"
#include "tr.h"

#define TRACING		"/sys/kernel/debug/tracing/"
#define INSTANCE	TRACING "instances/thprace"
#define SWITCH		"/proc/sys/kernel/ftrace_enabled"
#define NR_THPS		4
#define LINGER_MS	60000	/* probes stay 10 s, a slow machine takes longer */

/* 0 or an errno. */
static int write_to(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_APPEND), err = 0;

	if (fd < 0)
		return errno;
	if (write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		err = errno;
	close(fd);
	return err;
}

/* Functions that are patched to call the module, and nobody else. */
static unsigned int nr_ours(void)
{
	FILE *f = fopen(TRACING "enabled_functions", "r");
	unsigned int nr = 0;
	char line[512];

	if (!f)
		ksft_skip(TRACING "enabled_functions: %s", strerror(errno));
	while (fgets(line, sizeof(line), f))
		nr += !!strstr(line, "[thprace]");
	fclose(f);
	return nr;
}

static void case_placed(const void *arg)
{
	unsigned int racing, all;
	int fd;

	(void)arg;
	ksft_assert(ksft_wait_for(!nr_ours(), LINGER_MS), "%u of no session", nr_ours());
	fd = tr_session();
	ksft_expect(!nr_ours(), "%u of a session without a command", nr_ours());
	tr_expect(fd, 0, "round");
	racing = nr_ours();
	ksft_expect(racing, "none for the racing checks");
	tr_expect(fd, 0, "arm steer=\"a>try_to_migrate a>end\"");
	all = nr_ours();
	ksft_expect(all > racing + 20, "%u for the phases", all - racing);
	close(fd);
	ksft_expect(nr_ours() == all, "%u of %u directly after it", nr_ours(), all);
	ksft_expect(ksft_wait_for(!nr_ours(), LINGER_MS), "%u stay", nr_ours());
}

/* Nothing in here may leave before the switch is back. */
static void case_switch(const void *arg)
{
	struct holder h;
	int fd, err;

	(void)arg;
	if (access(SWITCH, W_OK))
		ksft_skip(SWITCH ": %s", strerror(errno));
	holder_start(&h, thp_bytes());
	fd = tr_session();
	ksft_assert(ksft_wait_for(!write_to(SWITCH, "0"), LINGER_MS), "it can't be switched off");
	err = tr_fd_write(fd, "arm");
	ksft_expect(err == EBUSY, "arm: %s", tr_errno_name(err));
	err = tr_write("split", "pid=%d map=%p+%#zx", h.pid, h.r.addr, h.r.len);
	ksft_expect(err == EBUSY, "split: %s", tr_errno_name(err));
	ksft_expect(holder_intact(&h, true), "it was split all the same");
	ksft_assert(!write_to(SWITCH, "1"), "it can't be switched on again");

	/* That was no answer for ever. */
	tr_expect(fd, 0, "arm");
	err = write_to(SWITCH, "0");
	ksft_expect(err == EBUSY, "switched off with a session: %s", tr_errno_name(err));
	close(fd);
	ksft_expect(ksft_wait_for(!write_to(SWITCH, "0"), LINGER_MS), "not without one either");
	ksft_assert(!write_to(SWITCH, "1"), "it can't be switched on again");
	ksft_expect(tr_try_split(&h) == 1, "no split");
	holder_stop(&h);
}

static bool trace_the_same(void)
{
	static const char * const symbol[] = {
		"try_to_migrate\n", "try_to_unmap\n", "remove_migration_ptes\n",
	};
	unsigned int i, nr = 0;

	rmdir(INSTANCE);
	if (mkdir(INSTANCE, 0700))
		return false;
	for (i = 0; i < ARRAY_SIZE(symbol); i++)
		nr += !write_to(INSTANCE "/set_ftrace_filter", symbol[i]);
	return nr >= 2 && !write_to(INSTANCE "/current_tracer", "function");
}

/* Each split is seen, and each step of a schedule. */
static void all_seen(void)
{
	int fd = tr_session();
	struct holder h;
	char *report;
	s64 parks;

	holder_start(&h, NR_THPS * thp_bytes());
	tr_on_holder(fd, "split", &h, "");
	report = tr_fd_read(fd);
	ksft_expect(tr_row(report, "check", "split_lock", "held") == NR_THPS,
		    "split_lock of %u splits:\n%s", NR_THPS, report);
	holder_stop(&h);

	holder_start(&h, thp_bytes());
	tr_on_holder(fd, "hold", &h, "");
	parks = tr_stat("parks");
	tr_expect(fd, 0, "arm steer=\"a>try_to_migrate a>remove_migration_ptes a>end\"");
	tr_on_holder(fd, "split", &h, "lane=a");
	tr_expect(fd, 0, "round");
	report = tr_fd_read(fd);
	ksft_expect(strstr(report, "a>try_to_migrate=reached"), "unmap:\n%s", report);
	ksft_expect(strstr(report, "a>remove_migration_ptes=reached"), "remap:\n%s", report);
	ksft_expect(tr_stat("parks") == parks + 2, "%lld parks",
		    (long long)(tr_stat("parks") - parks));
	close(fd);
	holder_stop(&h);
}

static void case_seen(const void *shared)
{
	const char *reason;

	if (!tr_available("checks", "split_lock", &reason))
		ksft_skip("split_lock: %s", reason);
	if (shared && !trace_the_same()) {
		rmdir(INSTANCE);
		ksft_skip("no tracer of functions");
	}
	all_seen();
	if (!shared)
		return;
	ksft_expect(!write_to(INSTANCE "/current_tracer", "nop"), "the tracer stays");
	ksft_expect(!rmdir(INSTANCE), "its instance stays: %s", strerror(errno));
}

static const struct ksft_case cases[] = {
	{ .name = "placed while a session needs them", .run = case_placed },
	{ .name = "ftrace is switched off", .run = case_switch },
	{ .name = "all is seen", .run = case_seen },
	{ .name = "all is seen beside another tracer", .run = case_seen, .arg = "" },
};

int main(int argc, char **argv)
{
	return ksft_main(argc, argv, cases, ARRAY_SIZE(cases));
}
