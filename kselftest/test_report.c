// SPDX-License-Identifier: GPL-2.0
/*
 * What a report says, and in which order: no violation is cut off by what is
 * printed before it, controls are marked, and a trigger that failed does not
 * leave another's report as its own.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "thp.h"
#include "tr.h"

static void case_order(const void *arg)
{
	int fd = tr_session();
	struct holder h;
	char *report, *violation, *cell, *p;
	unsigned int cells = 0;

	(void)arg;
	holder_start(&h, 4 * thp_bytes());
	tr_on_holder(fd, "race", &h,
		     "op=split:1 op=zap:1 steer=grid rounds=40 stop_on=never inject=refcount");
	report = tr_fd_read(fd);
	violation = strstr(report, "\nviolation ");
	cell = strstr(report, "\ncell ");
	ksft_assert(violation, "no control in\n%.2000s", report);
	ksft_assert(cell, "no cell in\n%.2000s", report);
	ksft_expect(violation < cell, "the cells come before the violations");
	for (p = report; (p = strstr(p, "\ncell ")); p++)
		cells++;
	ksft_msg("%zu bytes, %u cells", strlen(report), cells);
	ksft_expect(report[strlen(report) - 1] == '\n', "it is cut off");
	holder_stop(&h);
	close(fd);
}

/* A violation that is put in. */
static void injected_check(struct holder *h)
{
	int err;

	holder_start(h, thp_bytes());
	err = tr_write("check", "pid=%d map=%p+%#zx inject=page_mapcount", h->pid, h->r.addr,
		       h->r.len);
	ksft_assert(!err, "check: %s", tr_errno_name(err));
}

static void case_control(const void *arg)
{
	static const char * const files[] = { "last", "violations" };
	struct holder h;
	size_t i;

	(void)arg;
	injected_check(&h);
	for (i = 0; i < ARRAY_SIZE(files); i++) {
		char *text = tr_read(files[i]);
		char *line = strstr(text, "violation check=page_mapcount");
		size_t len = line ? strcspn(line, "\n") : 0;
		char *mark = line ? strstr(line, " control=yes reason=") : NULL;

		ksft_expect(line, "no violation in %s", files[i]);
		ksft_expect(mark && mark < line + len, "%s: not marked: %.*s", files[i],
			    (int)len, line ? line : "");
	}
	holder_stop(&h);
}

static void expect_last(const char *command, const char *error)
{
	char *last = tr_read("last");

	ksft_expect(!strcmp(tr_field(last, "command"), command) &&
		    !strcmp(tr_field(last, "error"), error) &&
		    strcmp(tr_field(last, "verdict"), "pass"),
		    "last, expected %s %s:\n%.300s", command, error, last);
	free(last);
}

static void case_last(const void *arg)
{
	char line[THPRACE_MAX_LINE + 1];
	struct holder h;
	char *last;
	int err;

	(void)arg;
	holder_start(&h, 2 * thp_bytes());
	ksft_expect(tr_try_split(&h) == 2, "no split");
	err = tr_write("munmap", "pid=%d map=0x1000+0x1000", h.pid);
	ksft_expect(err == EINVAL, "a bad line: %s", tr_errno_name(err));
	expect_last("munmap", "-22");
	err = tr_write("check", "pid=%d map=0x100000000000+0x200000", h.pid);
	ksft_expect(err == ENOMEM, "a hole: %s", tr_errno_name(err));
	expect_last("check", "-12");
	memset(line, ' ', sizeof(line));
	err = tr_write_bytes("race", line, sizeof(line));
	ksft_expect(err == E2BIG, "a long line: %s", tr_errno_name(err));
	expect_last("race", "-7");
	holder_stop(&h);
	holder_start(&h, 2 * thp_bytes());
	err = tr_write("check", "pid=%d map=%p+%#zx", h.pid, h.r.addr, h.r.len);
	ksft_expect(!err, "check: %s", tr_errno_name(err));
	last = tr_read("last");
	ksft_expect(!strcmp(tr_field(last, "error"), "") &&
		    !strcmp(tr_field(last, "verdict"), "pass"), "last:\n%s", last);
	holder_stop(&h);
}

#define THP_SIZES	"/sys/kernel/mm/transparent_hugepage/hugepages-"

/* What is selected of a size of huge pages, and @want selected in its place. */
static bool set_size(const char *size, const char *want, char *was, size_t room)
{
	char path[128], text[128] = "";
	const char *from;
	FILE *f;

	snprintf(path, sizeof(path), THP_SIZES "%s/enabled", size);
	f = fopen(path, "r+");
	if (!f)
		return false;
	if (was && fgets(text, sizeof(text), f)) {
		from = strchr(text, '[');
		snprintf(was, room, "%.*s", from ? (int)strcspn(from + 1, "]") : 0,
			 from ? from + 1 : "");
	}
	rewind(f);
	fputs(want, f);
	return !fclose(f);
}

/* Where there is no folio of PMD size, no rule about those has to have held. */
static void case_mthp(const void *arg)
{
	char pmd[16], small[16];
	size_t len = thp_bytes();
	char *p, *report;
	s64 large;
	int err;

	(void)arg;
	if (!set_size("2048kB", "never", pmd, sizeof(pmd)) ||
	    !set_size("64kB", "always", small, sizeof(small)))
		ksft_skip("no mTHP of 64 kB on this kernel");
	p = mmap(NULL, 2 * len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ksft_assert(p != MAP_FAILED, "mmap: %s", strerror(errno));
	p = (char *)(((unsigned long)p + len - 1) & ~(len - 1));
	region_fill(p, len);
	set_size("2048kB", pmd, NULL, 0);
	set_size("64kB", small, NULL, 0);
	err = tr_write("check", "map=%p+%#zx", p, len);
	ksft_assert(!err, "check: %s", tr_errno_name(err));
	report = tr_read("last");
	large = tr_row(report, "check", "entire_mapcount", "held");
	if (large <= 0)
		ksft_skip("the memory did not become mTHP");
	ksft_expect(!tr_row(report, "check", "pmd_geometry", "held") &&
		    !strcmp(tr_field(report, "verdict"), "pass"), "verdict in\n%s", report);
}

static void case_clear(const void *arg)
{
	s64 sessions = tr_stat("sessions"), bytes = tr_stat("session_bytes");
	struct holder h;

	(void)arg;
	injected_check(&h);
	ksft_expect(tr_violations(tr_read("violations"), NULL) && tr_stat("commands"),
		    "nothing to be cleared");
	ksft_expect(!tr_write("violations", "0") && !*tr_read("violations"),
		    "violations after a write:\n%s", tr_read("violations"));
	ksft_expect(!tr_write("stats", "0") && !tr_stat("commands") &&
		    tr_stat("sessions") == sessions && tr_stat("session_bytes") == bytes,
		    "stats after a write:\n%s", tr_read("stats"));
	holder_stop(&h);
}

static const struct ksft_case cases[] = {
	{ .name = "violations come before cells", .run = case_order },
	{ .name = "controls are marked", .run = case_control },
	{ .name = "a failed trigger's report", .run = case_last },
	{ .name = "violations and stats are cleared", .run = case_clear },
	{ .name = "a pass on mTHP", .run = case_mthp },
};

int main(int argc, char **argv)
{
	return ksft_main(argc, argv, cases, ARRAY_SIZE(cases));
}
