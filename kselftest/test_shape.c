// SPDX-License-Identifier: GPL-2.0
/*
 * A race keeps the shape of what it races: memory that processes share is not
 * replaced by private memory, and a mapping keeps its properties; or the huge
 * page is used up, and the report says so.
 */
#include <errno.h>
#include <linux/mempolicy.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "thp.h"
#include "tr.h"

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE	25
#endif

#define NR_SHARED	16

/* Words of a holder that are mapped and do not hold what they held at first. */
static s64 words_changed(struct holder *h)
{
	unsigned long start, end, from, to;
	char line[512];
	s64 bad = 0;
	FILE *f;

	from = (unsigned long)h->r.addr;
	to = from + h->r.len;
	snprintf(line, sizeof(line), "/proc/%d/maps", h->pid);
	f = fopen(line, "r");
	ksft_assert(f, "%s: %s", line, strerror(errno));
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx-%lx ", &start, &end) != 2 || end <= from || start >= to)
			continue;
		start = start > from ? start : from;
		end = end < to ? end : to;
		bad += holder_bad(h, (void *)start, end - start);
	}
	fclose(f);
	return bad;
}

/* Each round has fresh sharers, as in the bug of 3.8; none is raced again. */
static void case_shared(const void *arg)
{
	size_t huge = thp_bytes();
	struct holder h[3];
	unsigned int i;
	char *report;
	int err;

	(void)arg;
	holder_start_shared(h, ARRAY_SIZE(h), NR_SHARED * huge);
	err = tr_write("race",
		       "pid=%d pid=%d map=%p+%#zx op=split:1 op=munmap:2 rounds=1000 seed=3",
		       h[0].pid, h[1].pid, h[0].r.addr, h[0].r.len);
	ksft_assert(!err, "race: %s", tr_errno_name(err));
	report = tr_read("last");
	ksft_expect(tr_number(report, "used_up") == NR_SHARED, "used up: %s of %u\n%s",
		    tr_field(report, "used_up"), NR_SHARED, report);
	ksft_expect(tr_number(report, "rounds") <= NR_SHARED &&
		    tr_number(report, "rounds") >= NR_SHARED / 2, "rounds: %s",
		    tr_field(report, "rounds"));
	ksft_expect(!strcmp(tr_field(report, "verdict"), "pass"), "verdict %s",
		    tr_field(report, "verdict"));
	/* The third was not raced, but shares with those that were. */
	for (i = 0; i < ARRAY_SIZE(h); i++) {
		s64 bad = words_changed(&h[i]);

		ksft_expect(!bad, "%lld words of holder %u changed", (long long)bad, i);
	}
	ksft_expect(!maps_hole(h[2].pid, h[2].r.addr, h[2].r.len), "a hole in the third");
	for (i = 0; i < ARRAY_SIZE(h); i++)
		holder_stop(&h[i]);
}

/* VmFlags of smaps, of each VMA in the range; a line each, equal ones once. */
static void vm_flags(const char *addr, size_t len, char *out, size_t size)
{
	unsigned long s = 0, e = 0, from, to;
	char line[512], last[512] = "";
	FILE *f = fopen("/proc/self/smaps", "r");

	ksft_assert(f, "smaps: %s", strerror(errno));
	out[0] = '\0';
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx-%lx ", &from, &to) == 2) {
			s = from;
			e = to;
			continue;
		}
		if (strncmp(line, "VmFlags:", 8) || e <= (unsigned long)addr ||
		    s >= (unsigned long)addr + len || !strcmp(line, last))
			continue;
		memcpy(last, line, sizeof(last));
		ksft_assert(strlen(out) + strlen(line) < size, "too many VMAs");
		strcat(out, line);
	}
	fclose(f);
}

struct keeps {
	const char *ops;
	int advice[2];
	bool locked;
};

static void case_keeps(const void *arg)
{
	const struct keeps *k = arg;
	char before[1024], after[8192];
	struct region r;
	unsigned int i;
	char *report;
	int err;

	region_map(&r, 4 * thp_bytes());
	for (i = 0; i < ARRAY_SIZE(k->advice); i++)
		if (k->advice[i])
			ksft_assert(!madvise(r.addr, r.len, k->advice[i]), "madvise: %s",
				    strerror(errno));
	if (k->locked)
		ksft_assert(!mlock(r.addr, r.len), "mlock: %s", strerror(errno));
	vm_flags(r.addr, r.len, before, sizeof(before));
	err = tr_write("race", "map=%p+%#zx %s rounds=20 seed=9", r.addr, r.len, k->ops);
	ksft_assert(!err, "race: %s", tr_errno_name(err));
	report = tr_read("last");
	ksft_expect(tr_number(report, "rounds") == 20 && !tr_number(report, "used_up"),
		    "rounds %llu, used up: %llu", (unsigned long long)tr_number(report, "rounds"),
		    (unsigned long long)tr_number(report, "used_up"));
	vm_flags(r.addr, r.len, after, sizeof(after));
	ksft_expect(!strcmp(before, after), "before\n%safter\n%s", before, after);
	ksft_expect(!maps_hole(getpid(), r.addr, r.len), "a hole stays");
}

/*
 * A policy can't be given to a mapping of another process's: the huge page is
 * used up.  But a zap leaves the mapping, and MADV_COLLAPSE makes it huge again.
 */
static void case_policy(const void *arg)
{
	bool zap = !!arg, again;
	unsigned long node = 1;
	char *report, line[512];
	pid_t pid;
	struct region r;
	u64 rounds, used;
	size_t i;
	int err;
	FILE *f;

	region_map(&r, thp_bytes());
	again = zap && !madvise(r.addr, r.len, MADV_COLLAPSE);
	region_map(&r, 4 * thp_bytes());
	if (syscall(SYS_mbind, r.addr, r.len, MPOL_BIND, &node, 8, 0))
		ksft_skip("mbind: %s", strerror(errno));
	/* From now on the memory of another process, which maps nothing into holes. */
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	ksft_assert(pid > 0 && !munmap(r.addr, r.len), "fork, munmap: %s", strerror(errno));
	err = tr_write("race", "pid=%d map=%p+%#zx op=split:1 op=%s:1 rounds=40 seed=2", pid,
		       r.addr, r.len, zap ? "zap" : "munmap");
	ksft_assert(!err, "race: %s", tr_errno_name(err));
	report = tr_read("last");
	rounds = tr_number(report, "rounds");
	used = tr_number(report, "used_up");
	ksft_expect(again ? rounds == 40 && !used : rounds <= 4 && used == 4,
		    "%llu rounds, %llu used up\n%s", (unsigned long long)rounds,
		    (unsigned long long)used, report);
	ksft_expect(zap == !maps_hole(pid, r.addr, r.len), "%zu bytes unmapped",
		    maps_hole(pid, r.addr, r.len));
	/* All that is still there has its policy. */
	snprintf(line, sizeof(line), "/proc/%d/numa_maps", pid);
	f = fopen(line, "r");
	ksft_assert(f, "numa_maps: %s", strerror(errno));
	for (i = 0; fgets(line, sizeof(line), f); ) {
		unsigned long at = strtoul(line, NULL, 16);

		if (at < (unsigned long)r.addr || at >= (unsigned long)r.addr + r.len)
			continue;
		i++;
		ksft_expect(strstr(line, " bind:0 "), "a mapping lost its policy: %s", line);
	}
	fclose(f);
	ksft_expect(i, "no mapping is left");
	kill(pid, SIGKILL);
	ksft_reap(pid, 60000);
}

static const struct keeps zap_dontfork = {
	.ops = "op=split:1 op=zap:1", .advice = { MADV_DONTFORK, MADV_DONTDUMP },
};

static const struct keeps munmap_dontfork = {
	.ops = "op=split:1 op=munmap:1", .advice = { MADV_DONTFORK, MADV_DONTDUMP },
};

static const struct keeps munmap_wipe = {
	.ops = "op=split:1 op=munmap:1", .advice = { MADV_WIPEONFORK },
};

static const struct keeps munmap_locked = {
	.ops = "op=split:1 op=munmap:1", .locked = true,
};

static const struct ksft_case cases[] = {
	{ .name = "sharers stay sharers", .run = case_shared },
	{ .name = "zap: DONTFORK and DONTDUMP", .run = case_keeps, .arg = &zap_dontfork },
	{ .name = "munmap: DONTFORK and DONTDUMP", .run = case_keeps, .arg = &munmap_dontfork },
	{ .name = "munmap: WIPEONFORK", .run = case_keeps, .arg = &munmap_wipe },
	{ .name = "munmap: mlock", .run = case_keeps, .arg = &munmap_locked },
	{ .name = "munmap: a memory policy", .run = case_policy },
	{ .name = "zap: a memory policy", .run = case_policy, .arg = "zap" },
};

int main(int argc, char **argv)
{
	return ksft_main(argc, argv, cases, ARRAY_SIZE(cases));
}
