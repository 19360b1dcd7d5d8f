// SPDX-License-Identifier: GPL-2.0
/*
 * Each trigger as a user types it: echo from a shell, on another process's
 * huge pages, with the effect seen from outside the module.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "thp.h"
#include "tr.h"

#define NR_HUGE		32	/* 64 MiB on x86 */
#define NR_ROUNDS	50

/* `echo LINE > FILE` in a shell of its own: the shell's exit status. */
static __printf(2, 3) int sh_echo(const char *file, const char *fmt, ...)
{
	char line[THPRACE_MAX_LINE], cmd[2 * THPRACE_MAX_LINE];
	va_list args;
	int status;

	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	snprintf(cmd, sizeof(cmd), "echo '%s' > " THPRACE_DEBUGFS "/%s", line,
		 file);
	fflush(stdout);
	status = system(cmd);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void expect_verdict(const char *report, const char *want)
{
	const char *got = tr_field(report, "verdict");
	bool same = !strcmp(got, want);

	ksft_expect(!strncmp(report, THPRACE_REPORT_MAGIC "\n",
			     strlen(THPRACE_REPORT_MAGIC) + 1),
		    "the report begins otherwise");
	ksft_expect(same, "verdict %s", got);
	if (!same)
		ksft_msg("%s", report);
}

static void case_split(const void *arg)
{
	s64 before, after, done;
	struct holder h;
	char *report;
	size_t huge;

	(void)arg;
	holder_start(&h, NR_HUGE * thp_bytes());
	before = vm_counter("thp_split_page");
	ksft_assert(before >= 0, "no thp_split_page in vmstat");
	ksft_assert(!sh_echo("split", "pid=%d map=%p+%#zx", h.pid, h.r.addr,
			     h.r.len), "the shell's echo failed");
	after = vm_counter("thp_split_page");
	ksft_expect(after - before >= NR_HUGE,
		    "thp_split_page grew by %lld of %d",
		    (long long)(after - before), NR_HUGE);
	huge = smaps_bytes(h.pid, h.r.addr, h.r.len, "AnonHugePages");
	ksft_expect(!huge, "%zu bytes are still huge", huge);
	report = tr_read("last");
	done = tr_row(report, "op", "split", "done");
	ksft_expect(done == NR_HUGE, "last: split done=%lld", (long long)done);
	ksft_expect(!strcmp(tr_field(report, "command"), "split"),
		    "last: command %s", tr_field(report, "command"));
	ksft_expect(!strcmp(tr_field(report, "verdict"), "pass"),
		    "last: verdict %s", tr_field(report, "verdict"));
	holder_intact(&h, false);
	holder_stop(&h);
}

static void case_split_part(const void *arg)
{
	struct holder h;
	size_t half, got;

	(void)arg;
	half = 4 * thp_bytes();
	holder_start(&h, 2 * half);
	ksft_assert(!sh_echo("split", "pid=%d map=%p+%#zx", h.pid,
			     h.r.addr + half, half), "echo failed");
	/* One VMA holds both halves: smaps tells only the sum. */
	got = smaps_bytes(h.pid, h.r.addr, h.r.len, "AnonHugePages");
	ksft_expect(got == half, "%zu bytes are huge, not %zu", got, half);
	holder_intact(&h, false);
	ksft_assert(!sh_echo("split", "pid=%d map=%p+%#zx", h.pid, h.r.addr,
			     half), "echo failed");
	got = smaps_bytes(h.pid, h.r.addr, h.r.len, "AnonHugePages");
	ksft_expect(!got, "%zu bytes are still huge", got);
	holder_intact(&h, false);
	holder_stop(&h);
}

static void case_split_self(const void *arg)
{
	struct region r;
	size_t got;
	int err;

	(void)arg;
	region_map(&r, 4 * thp_bytes());
	/* Without pid= the writer's own memory is meant. */
	err = tr_write("split", "map=%p+%#zx\n", r.addr, r.len);
	ksft_assert(!err, "split: %s", tr_errno_name(err));
	got = smaps_bytes(getpid(), r.addr, r.len, "AnonHugePages");
	ksft_expect(!got, "%zu bytes are still huge", got);
	ksft_expect(!region_bad(r.addr, r.len), "contents changed");
}

static void case_split_shared(const void *arg)
{
	struct holder h[3];
	unsigned int i;
	size_t got;

	(void)arg;
	holder_start_shared(h, ARRAY_SIZE(h), 4 * thp_bytes());
	ksft_assert(!sh_echo("split", "pid=%d map=%p+%#zx", h[0].pid,
			     h[0].r.addr, h[0].r.len), "echo failed");
	for (i = 0; i < ARRAY_SIZE(h); i++) {
		got = smaps_bytes(h[i].pid, h[i].r.addr, h[i].r.len,
				  "AnonHugePages");
		ksft_expect(!got, "%zu bytes are huge in holder %u", got, i);
		holder_intact(&h[i], false);
	}
	for (i = 0; i < ARRAY_SIZE(h); i++)
		holder_stop(&h[i]);
}

/* The one page at @page of each huge page is gone, and nothing else. */
static void expect_holes_at(struct holder *h, unsigned int page)
{
	size_t huge = thp_bytes(), off = page * PAGE_BYTES;
	char *p, *end = h->r.addr + h->r.len;
	int err;

	for (p = h->r.addr; p < end; p += huge) {
		err = holder_mincore(h, p + off, PAGE_BYTES);
		ksft_expect(err == ENOMEM, "mincore of the hole: %s",
			    tr_errno_name(err));
		if (off) {
			err = holder_mincore(h, p, off);
			ksft_expect(!err, "mincore before the hole: %s",
				    tr_errno_name(err));
			ksft_expect(!holder_bad(h, p, off),
				    "contents before the hole changed");
		}
		off += PAGE_BYTES;
		if (off < huge) {
			err = holder_mincore(h, p + off, huge - off);
			ksft_expect(!err, "mincore after the hole: %s",
				    tr_errno_name(err));
			ksft_expect(!holder_bad(h, p + off, huge - off),
				    "contents after the hole changed");
		}
		off -= PAGE_BYTES;
	}
}

static void case_munmap_page(const void *arg)
{
	unsigned int page = *(const unsigned int *)arg;
	struct holder h;
	char *report;
	size_t hole;
	s64 done;

	holder_start(&h, 4 * thp_bytes());
	ksft_assert(!sh_echo("munmap", "pid=%d map=%p+%#zx page=%u", h.pid,
			     h.r.addr, h.r.len, page), "echo failed");
	hole = maps_hole(h.pid, h.r.addr, h.r.len);
	ksft_expect(hole == 4 * PAGE_BYTES, "%zu bytes are unmapped", hole);
	expect_holes_at(&h, page);
	report = tr_read("last");
	done = tr_row(report, "op", "munmap", "done");
	ksft_expect(done == 4, "last: munmap done=%lld", (long long)done);
	holder_stop(&h);
}

/* Bytes unmapped in each huge page of a fresh holder, with one seed. */
static void munmap_seeded(unsigned int seed, size_t hole[4])
{
	struct holder h;
	unsigned int i;

	holder_start(&h, 4 * thp_bytes());
	ksft_assert(!sh_echo("munmap", "pid=%d map=%p+%#zx seed=%u", h.pid,
			     h.r.addr, h.r.len, seed), "echo failed");
	for (i = 0; i < 4; i++) {
		char *p = h.r.addr + i * thp_bytes(), *end = p + thp_bytes();

		hole[i] = maps_hole(h.pid, p, thp_bytes());
		ksft_expect(hole[i] && hole[i] % PAGE_BYTES == 0,
			    "huge page %u: %zu bytes unmapped", i, hole[i]);
		/* What is left is as it was. */
		for (; p < end; p += PAGE_BYTES)
			if (!maps_hole(h.pid, p, PAGE_BYTES) &&
			    holder_bad(&h, p, PAGE_BYTES))
				ksft_expect(false, "%p changed", p);
	}
	holder_stop(&h);
}

static void case_munmap_seed(const void *arg)
{
	size_t one[4], again[4];

	(void)arg;
	munmap_seeded(7, one);
	munmap_seeded(7, again);
	ksft_expect(!memcmp(one, again, sizeof(one)),
		    "the same seed unmaps other pieces");
}

static void case_check(const void *arg)
{
	struct holder h;
	char *report;
	s64 held;

	(void)arg;
	holder_start(&h, 8 * thp_bytes());
	ksft_assert(!sh_echo("check", "pid=%d map=%p+%#zx", h.pid, h.r.addr,
			     h.r.len), "echo failed");
	report = tr_read("last");
	expect_verdict(report, "pass");
	held = tr_row(report, "check", "refcount", "held");
	ksft_expect(held >= 8, "refcount held=%lld of 8 folios",
		    (long long)held);
	ksft_expect(!tr_violations(report, NULL), "violations in\n%s", report);
	holder_intact(&h, true);

	/* Named checks only: the others are not in the verdict. */
	ksft_assert(!sh_echo("check", "pid=%d map=%p+%#zx check=refcount",
			     h.pid, h.r.addr, h.r.len), "echo failed");
	report = tr_read("last");
	expect_verdict(report, "pass");
	held = tr_row(report, "check", "rmap_census", "held");
	ksft_expect(held <= 0, "rmap_census held=%lld, though not named",
		    (long long)held);
	holder_stop(&h);
}

/* Pieces of all kinds: huge, PTE-mapped, split, with a hole. */
static void case_check_after_all(const void *arg)
{
	struct holder h[2];
	char *report, *p;
	size_t huge;

	(void)arg;
	huge = thp_bytes();
	holder_start_shared(h, 2, 4 * huge);
	p = h[0].r.addr;
	ksft_assert(!sh_echo("split", "pid=%d map=%p+%#zx", h[0].pid, p, huge),
		    "echo failed");
	ksft_assert(!sh_echo("munmap", "pid=%d map=%p+%#zx page=3", h[0].pid,
			     p + huge, huge), "echo failed");
	/* A hole in the map is an error, so check what is whole of it. */
	ksft_assert(!sh_echo("check", "pid=%d pid=%d map=%p+%#zx map=%p+%#zx",
			     h[0].pid, h[1].pid, p, huge, p + 2 * huge,
			     2 * huge), "echo failed");
	report = tr_read("last");
	expect_verdict(report, "pass");
	ksft_assert(!sh_echo("check", "pid=%d map=%p+%#zx", h[1].pid, p,
			     4 * huge), "echo failed");
	report = tr_read("last");
	expect_verdict(report, "pass");
	holder_stop(&h[0]);
	holder_stop(&h[1]);
}

static void expect_raced(const char *report, u64 rounds)
{
	s64 splits = tr_row(report, "op", "split", "done");
	s64 munmaps = tr_row(report, "op", "munmap", "done");

	expect_verdict(report, "pass");
	ksft_expect(tr_number(report, "rounds") == rounds, "rounds: %s",
		    tr_field(report, "rounds"));
	ksft_expect(tr_number(report, "overlaps") > 0, "overlaps: %s",
		    tr_field(report, "overlaps"));
	ksft_expect(splits > 0, "split done=%lld", (long long)splits);
	ksft_expect(munmaps > 0, "munmap done=%lld", (long long)munmaps);
	ksft_expect(!tr_violations(report, NULL), "violations");
	ksft_expect(tr_row(report, "check", "page_mapcount", "held") > 0,
		    "page_mapcount was never held");
}

static void case_race(const void *arg)
{
	s64 splits = vm_counter("thp_split_page"), rounds = tr_stat("rounds");
	size_t huge = thp_bytes();
	struct holder h;
	char *report;

	(void)arg;
	holder_start(&h, (NR_HUGE + 1) * huge);
	ksft_assert(!sh_echo("race",
			     "pid=%d map=%p+%#zx op=split:2 op=munmap:2 rounds=%d",
			     h.pid, h.r.addr, NR_HUGE * huge, NR_ROUNDS),
		    "echo failed");
	report = tr_read("last");
	expect_raced(report, NR_ROUNDS);
	ksft_expect(vm_counter("thp_split_page") > splits,
		    "vmstat saw no split");
	/* The whole map is there again after a race, for the next one. */
	ksft_expect(!maps_hole(h.pid, h.r.addr, h.r.len), "a hole stays");
	/* What was not in the map is as it was. */
	ksft_expect(!holder_bad(&h, h.r.addr + NR_HUGE * huge, huge),
		    "memory beside the map changed");
	if (rounds >= 0)
		ksft_expect(tr_stat("rounds") >= rounds + NR_ROUNDS,
			    "stats: rounds %lld, before %lld",
			    (long long)tr_stat("rounds"), (long long)rounds);
	ksft_expect(!tr_kthreads(), "%u kernel threads stay", tr_kthreads());
	holder_stop(&h);
}

static void case_race_shared(const void *arg)
{
	struct holder h[2];
	char *report;

	/* Each round uses a shared huge page up. */
	(void)arg;
	holder_start_shared(h, 2, 2 * NR_ROUNDS * thp_bytes());
	ksft_assert(!sh_echo("race",
			     "pid=%d pid=%d map=%p+%#zx op=split:1 op=munmap:2 rounds=%d",
			     h[0].pid, h[1].pid, h[0].r.addr, h[0].r.len,
			     NR_ROUNDS), "echo failed");
	report = tr_read("last");
	expect_raced(report, NR_ROUNDS);
	holder_stop(&h[0]);
	holder_stop(&h[1]);
}

static void case_race_duration(const void *arg)
{
	struct holder h;
	char *report;
	u64 start;

	(void)arg;
	holder_start(&h, 8 * thp_bytes());
	start = ksft_now_ms();
	ksft_assert(!sh_echo("race",
			     "pid=%d map=%p+%#zx op=split:1 op=munmap:1 duration_ms=2000",
			     h.pid, h.r.addr, h.r.len), "echo failed");
	ksft_expect(ksft_now_ms() - start >= 1900, "it took %llu ms",
		    (unsigned long long)(ksft_now_ms() - start));
	report = tr_read("last");
	ksft_expect(tr_number(report, "duration_ns") >= 1900000000ULL,
		    "duration_ns: %s", tr_field(report, "duration_ns"));
	expect_raced(report, tr_number(report, "rounds"));
	holder_stop(&h);
}

static void case_read_lists(const void *arg)
{
	static const char * const files[] = {
		"last", "violations", "stats", "grid", "ops", "checks",
		"phases",
	};
	size_t i, len;

	(void)arg;
	for (i = 0; i < ARRAY_SIZE(files); i++) {
		char *text = tr_read(files[i]), *again = tr_read(files[i]);

		len = strlen(text);
		ksft_expect(!len || text[len - 1] == '\n',
			    "%s does not end in a newline", files[i]);
		ksft_expect(!strcmp(text, again), "%s changes when read",
			    files[i]);
		if (strcmp(files[i], "violations") && strcmp(files[i], "grid"))
			ksft_expect(len, "%s is empty", files[i]);
		free(text);
		free(again);
	}
}

static void case_not_root(const void *arg)
{
	static const char * const readable[] = {
		"last", "violations", "stats", "grid", "session",
	};
	static const char * const writable[] = {
		"split", "munmap", "race", "check", "session",
	};
	size_t i;
	int fd;

	(void)arg;
	ksft_assert(!setresgid(65534, 65534, 65534) &&
		    !setresuid(65534, 65534, 65534), "cannot drop root: %s",
		    strerror(errno));
	for (i = 0; i < ARRAY_SIZE(readable); i++) {
		fd = tr_open(readable[i], O_RDONLY);
		ksft_expect(fd == -EACCES || fd == -EPERM,
			    "%s opens for reading: %d", readable[i], fd);
	}
	for (i = 0; i < ARRAY_SIZE(writable); i++) {
		fd = tr_open(writable[i], O_WRONLY);
		ksft_expect(fd == -EACCES || fd == -EPERM,
			    "%s opens for writing: %d", writable[i], fd);
	}
}

static const unsigned int first = 0, middle = 100, last = 511;

static const struct ksft_case cases[] = {
	{ .name = "split", .run = case_split },
	{ .name = "split a part", .run = case_split_part },
	{ .name = "split the writer's own", .run = case_split_self },
	{ .name = "split what is shared by fork", .run = case_split_shared },
	{ .name = "munmap the first page", .run = case_munmap_page,
	  .arg = &first },
	{ .name = "munmap a page in the middle", .run = case_munmap_page,
	  .arg = &middle },
	{ .name = "munmap the last page", .run = case_munmap_page,
	  .arg = &last },
	{ .name = "munmap by seed", .run = case_munmap_seed },
	{ .name = "check", .run = case_check },
	{ .name = "check after split and munmap", .run = case_check_after_all },
	{ .name = "race", .run = case_race },
	{ .name = "race of two processes", .run = case_race_shared },
	{ .name = "race for a time", .run = case_race_duration },
	{ .name = "files are readable", .run = case_read_lists },
	{ .name = "root only", .run = case_not_root },
};

int main(int argc, char **argv)
{
	return ksft_main(argc, argv, cases, ARRAY_SIZE(cases));
}
