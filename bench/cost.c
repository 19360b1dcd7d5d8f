// SPDX-License-Identifier: GPL-2.0
/*
 * What a quiesced check costs beside bare walks of the same page tables, and
 * what a session takes of the kernel's memory
 *
 * usage: cost check [MAX] | cost memory
 *
 * MAX: no more than so many huge pages times processes.
 *
 * Called by bench/guest; the measuring itself is the module's session command
 * "bench".  Prints a table, judges nothing but its own failures.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "thprace_abi.h"

#define HPAGE		(2UL << 20)
#define GIB		(1UL << 30)
#define MAX_MMS		THPRACE_MAX_PIDS
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

static void die(const char *what)
{
	fprintf(stderr, "cost: %s: %s\n", what, strerror(errno));
	exit(THPRACE_EXIT_ERROR);
}

static int session(void)
{
	int fd = open(THPRACE_DEBUGFS "/session", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		die("session");
	return fd;
}

__attribute__((format(printf, 2, 3)))
static void command(int fd, const char *fmt, ...)
{
	char line[THPRACE_MAX_LINE];
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	if (write(fd, line, len) != len)
		die(line);
}

/* Huge page aligned, private, anonymous; nothing of it is there yet. */
static char *map_huge(size_t len)
{
	char *at = mmap(NULL, len + HPAGE, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	char *addr;

	if (at == MAP_FAILED)
		die("mmap");
	addr = (char *)(((unsigned long)at + HPAGE - 1) & ~(HPAGE - 1));
	if (addr > at)
		munmap(at, addr - at);
	munmap(addr + len, at + HPAGE - addr);
	if (madvise(addr, len, MADV_HUGEPAGE))
		die("madvise");
	return addr;
}

static size_t huge_bytes(void)
{
	FILE *f = fopen("/proc/self/smaps_rollup", "re");
	char line[256];
	size_t kb = 0;

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "AnonHugePages: %zu", &kb) == 1)
			break;
	if (f)
		fclose(f);
	return kb << 10;
}

/* Protections that change and change back leave PTEs where a huge PMD was. */
static void split_pmds(char *addr, size_t len)
{
	size_t off;

	for (off = 0; off < len; off += HPAGE)
		if (mprotect(addr + off + HPAGE / 2, 4096, PROT_READ) ||
		    mprotect(addr + off + HPAGE / 2, 4096, PROT_READ | PROT_WRITE))
			die("mprotect");
}

/* One page of each huge page goes: what is left is no whole table of PTEs. */
static void zap_some(char *addr, size_t len)
{
	size_t off;

	for (off = 0; off < len; off += HPAGE)
		if (madvise(addr + off + HPAGE / 2, 4096, MADV_DONTNEED))
			die("madvise");
}

/* Into folios of one page each; false if some did not split. */
static bool split_folios(char *addr, size_t len)
{
	unsigned long long done = 0;
	char report[16384];
	int fd = session();
	const char *line;
	ssize_t got;

	command(fd, "split map=%p+%#zx", addr, len);
	got = read(fd, report, sizeof(report) - 1);
	report[got > 0 ? got : 0] = '\0';
	line = strstr(report, "\nop split ");
	if (line)
		sscanf(line, "\nop split done=%llu", &done);
	close(fd);
	return done == len / HPAGE;
}

/* How the memory is mapped when it is checked. */
enum shape { PMD, PTE, PART, SMALL };

static const char * const shape_names[] = { "pmd", "pte", "part", "small" };

static void shape_tables(char *addr, size_t len, enum shape shape)
{
	if (shape == PTE || shape == PART)
		split_pmds(addr, len);
	if (shape == PART)
		zap_some(addr, len);
}

/* Forks processes that share the region and stay; pids to @pid. */
static void share(char *addr, size_t len, unsigned int nr, enum shape shape, pid_t *pid)
{
	int ready[2];
	unsigned int i;
	char c;

	if (pipe(ready))
		die("pipe");
	for (i = 0; i < nr; i++) {
		pid[i] = fork();
		if (pid[i] < 0)
			die("fork");
		if (pid[i])
			continue;
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		shape_tables(addr, len, shape);
		if (write(ready[1], "", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	shape_tables(addr, len, shape);
	for (i = 0; i < nr; i++)
		if (read(ready[0], &c, 1) != 1)
			die("read");
	close(ready[0]);
	close(ready[1]);
}

static void measure(unsigned int mms, unsigned int thps, enum shape shape)
{
	unsigned long long rounds, check_ns = 0, walk_ns = 0;
	char pids[MAX_MMS * 12] = "", report[16384];
	pid_t pid[MAX_MMS] = { };
	size_t len = thps * HPAGE;
	char *addr = map_huge(len);
	unsigned int i, n;
	int fd = session();
	char *line;
	ssize_t got;

	memset(addr, 0x5a, len);
	if (huge_bytes() < len) {
		printf("%4u %5u  %-5s  the memory is not huge\n", mms, thps, shape_names[shape]);
		goto out;
	}
	if (shape == SMALL && !split_folios(addr, len)) {
		printf("%4u %5u  %-5s  not all was split\n", mms, thps, shape_names[shape]);
		goto out;
	}
	share(addr, len, mms - 1, shape, pid);
	for (i = 0, n = 0; i < mms - 1; i++)
		n += snprintf(pids + n, sizeof(pids) - n, " pid=%d", pid[i]);
	rounds = 256 / (mms * thps) + 8;
	command(fd, "bench pid=%d%s map=%p+%#zx rounds=%llu", getpid(), pids, addr, len, rounds);
	got = read(fd, report, sizeof(report) - 1);
	report[got > 0 ? got : 0] = '\0';
	line = strstr(report, "\nbench ");
	if (!line || sscanf(line, "\nbench rounds=%*u check_ns=%llu walk_ns=%llu",
			    &check_ns, &walk_ns) != 2 || !walk_ns)
		die("no bench line in the report");
	printf("%4u %5u  %-5s %11.1f %11.1f %7.2f\n", mms, thps, shape_names[shape],
	       check_ns / 1e3, walk_ns / 1e3, (double)check_ns / walk_ns);
	for (i = 0; i < mms - 1; i++) {
		kill(pid[i], SIGKILL);
		waitpid(pid[i], NULL, 0);
	}
out:
	fflush(stdout);
	close(fd);
	munmap(addr, len);
}

static void check(unsigned int max)
{
	static const unsigned int mms[] = { 1, 2, 4, 8, 16, 32, MAX_MMS };
	static const unsigned int thps[] = { 1, 4, 16, 64, 128, 256 };
	unsigned int shape, i, j;

	printf("%4s %5s  %-5s %11s %11s %7s\n", "mms", "THPs", "by", "check_us", "walk_us", "ratio");
	for (shape = 0; shape < ARRAY_SIZE(shape_names); shape++)
		for (i = 0; i < ARRAY_SIZE(mms); i++)
			for (j = 0; j < ARRAY_SIZE(thps); j++)
				if (mms[i] * thps[j] <= max)
					measure(mms[i], thps[j], shape);
}

static long session_bytes(void)
{
	FILE *f = fopen(THPRACE_DEBUGFS "/stats", "re");
	char line[128];
	long bytes = -1;

	while (f && fgets(line, sizeof(line), f))
		sscanf(line, "session_bytes %ld", &bytes);
	if (f)
		fclose(f);
	return bytes;
}

/* All that makes a session grow: maps, held pages, a grid, findings. */
static void memory(void)
{
	char maps[THPRACE_MAX_MAPS * 48] = "";
	unsigned int i, n = 0, j;
	int fd;

	printf("before %ld bytes\n", session_bytes());
	fd = session();
	printf("open %ld bytes\n", session_bytes());
	for (i = 0; i < THPRACE_MAX_MAPS; i++) {
		char *addr = map_huge(GIB);

		for (j = 0; j < 16; j++)
			memset(addr + j * (GIB / 16), 1, HPAGE);
		n += snprintf(maps + n, sizeof(maps) - n, " map=%p+%#lx", addr, GIB);
	}
	command(fd, "hold%s", maps);
	command(fd, "check%s inject=page_mapcount", maps);
	command(fd, "drop");
	command(fd, "race%s op=split:1 op=munmap:1 steer=grid rounds=12 stop_on=never", maps);
	printf("%u maps of 1 GiB: held, checked, a grid begun %ld bytes\n",
	       THPRACE_MAX_MAPS, session_bytes());
	close(fd);
	printf("closed %ld bytes\n", session_bytes());
}

int main(int argc, char **argv)
{
	if ((argc == 2 || argc == 3) && !strcmp(argv[1], "check")) {
		check(argc == 3 ? strtoul(argv[2], NULL, 0) : -1U);
	} else if (argc == 2 && !strcmp(argv[1], "memory")) {
		memory();
	} else {
		fprintf(stderr, "usage: cost check [MAX]|memory\n");
		return THPRACE_EXIT_ERROR;
	}
	return 0;
}
