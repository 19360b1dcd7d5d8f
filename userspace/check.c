// SPDX-License-Identifier: GPL-2.0
/*
 * One quiesced check of another process, for "thprace check" and others
 *
 * Finds its private anonymous memory and has the module look at it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cause_text.h"
#include "check.h"
#include "client.h"
#include "color.h"
#include "env.h"
#include "tally.h"
#include "util.h"

#define BATCH	THPRACE_MAX_MAPS

struct batch {
	int fd;
	pid_t pid;
	const char *inject;		/* check that is to fail, or NULL */
	unsigned int nr, nr_checked;
	u64 start[BATCH], len[BATCH];
};

static int flush_batch(struct batch *b)
{
	char line[THPRACE_MAX_LINE];
	unsigned int i, len;
	int err;

	if (!b->nr)
		return 0;
	len = snprintf(line, sizeof(line), "check pid=%d", b->pid);
	for (i = 0; i < b->nr; i++)
		len += snprintf(line + len, sizeof(line) - len, " map=0x%llx+0x%llx",
				b->start[i], b->len[i]);
	if (b->inject)
		len += snprintf(line + len, sizeof(line) - len, " inject=%s", b->inject);
	b->nr_checked += b->nr;
	b->nr = 0;
	err = session_cmd(b->fd, "%s", line);
	if (err)
		set_error("the module refused it: %.250s", session_why(b->fd, err));
	return err;
}

static int add_range(struct batch *b, u64 start, u64 end)
{
	u64 size = env.hpage_size;

	start = (start + size - 1) & ~(size - 1);
	end &= ~(size - 1);
	if (end <= start)
		return 0;
	b->start[b->nr] = start;
	b->len[b->nr++] = end - start;
	return b->nr == BATCH ? flush_batch(b) : 0;
}

static int add_all(struct batch *b)
{
	unsigned long start, end, inode;
	char path[64], line[512], perms[8];
	int err = 0, n;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/maps", b->pid);
	f = fopen(path, "re");
	if (!f) {
		set_error("%s: %s", path, errno == ENOENT ? "no such process" : strerror(errno));
		return -ESRCH;
	}
	while (!err && fgets(line, sizeof(line), f)) {
		n = 0;
		if (sscanf(line, "%lx-%lx %7s %*x %*s %lu %n", &start, &end, perms,
			   &inode, &n) != 4)
			continue;
		/* "[heap]" and "[anon:name]" are anonymous, "[vdso]" is not. */
		if (perms[3] != 'p' || inode || (line[n] == '[' && strncmp(line + n, "[heap]", 6) &&
						 strncmp(line + n, "[anon:", 6)))
			continue;
		err = add_range(b, start, end);
	}
	fclose(f);
	return err ? err : flush_batch(b);
}

/**
 * check_memory() - check all private anonymous memory of a process once
 * @fd: session
 * @pid: process
 * @inject: check whose input is to be perturbed (positive control), or NULL
 *
 * Returns 0, -ESRCH, or the module's errno; the session has the results.
 */
int check_memory(int fd, pid_t pid, const char *inject)
{
	struct batch b = { .fd = fd, .pid = pid, .inject = inject };

	return add_all(&b);
}

static int parse_map(const char *map, u64 *start, u64 *len)
{
	const char *plus = strchr(map, '+');
	char addr[32];

	if (!plus || (size_t)(plus - map) >= sizeof(addr))
		return -EINVAL;
	memcpy(addr, map, plus - map);
	addr[plus - map] = '\0';
	if (parse_u64(addr, 0, ~0ULL, start) || parse_u64(plus + 1, 1, ~0ULL, len))
		return -EINVAL;
	return *start % env.hpage_size || *len % env.hpage_size ? -EINVAL : 0;
}

static void print_verdict(enum thprace_verdict verdict, const char *why)
{
	fputs("verdict: ", stdout);
	color_verdict(verdict, 0, stdout);
	printf("%s\n", why);
}

static int print_result(const struct tally *t, unsigned int nr_ranges)
{
	char want[24], got[24];
	unsigned int i;
	u64 held = 0;
	char why[80];

	for (i = 0; i < NR_CHECKS; i++) {
		const struct check_count *c = &t->checks[i];

		if (!c->listed || !(c->held + c->violated + c->skipped))
			continue;
		held += c->held;
		printf("  check %-16s held %llu  violated %llu  skipped %llu%s%s\n",
		       check_name(i), c->held, c->violated, c->skipped,
		       c->reason[0] ? "  " : "", c->reason);
	}
	for (i = 0; i < t->nr_violations; i++)
		printf("  VIOLATION %s addr 0x%llx pfn 0x%llx want %s got %s: %s\n",
		       t->kept[i].check, t->kept[i].addr, t->kept[i].pfn,
		       violation_number(t->kept[i].want, want),
		       violation_number(t->kept[i].got, got), t->kept[i].detail);
	if (t->violations) {
		print_verdict(THPRACE_FAIL, "");
		return THPRACE_EXIT_FAIL;
	}
	if (!held) {
		snprintf(why, sizeof(why), " (nothing to check in %u ranges; try --map)",
			 nr_ranges);
		print_verdict(THPRACE_INCONCLUSIVE, why);
		return THPRACE_EXIT_INCONCLUSIVE;
	}
	print_verdict(THPRACE_PASS, "");
	return THPRACE_EXIT_PASS;
}

/**
 * check_process() - check a process' huge pages once
 * @pid: process
 * @map: "ADDR+LEN", or NULL for all private anonymous memory
 *
 * Returns an exit code.
 */
int check_process(pid_t pid, const char *map)
{
	struct batch b = { .pid = pid };
	struct tally *t;
	u64 start, len;
	int code, err;

	if (map && parse_map(map, &start, &len)) {
		fprintf(stderr,
			"thprace: --map takes ADDR+LEN, both multiples of 0x%zx, not '%s'\n",
			env.hpage_size, map);
		return THPRACE_EXIT_ERROR;
	}
	if (!env.have_module) {
		fprintf(stderr, "thprace: skipped: %s\n", env.no_module);
		return THPRACE_EXIT_SKIP;
	}
	b.fd = session_open();
	if (b.fd < 0) {
		fprintf(stderr, "thprace: cannot open a session: %s\n", strerror(-b.fd));
		return THPRACE_EXIT_ERROR;
	}
	t = calloc(1, sizeof(*t));
	err = t ? 0 : -ENOMEM;
	if (!err && map) {
		err = add_range(&b, start, start + len);
		if (!err)
			err = flush_batch(&b);
	} else if (!err) {
		err = add_all(&b);
	}
	if (!err)
		err = session_report(b.fd, t);
	if (err)
		fprintf(stderr, "thprace: %s\n", last_error());
	code = err ? THPRACE_EXIT_ERROR : print_result(t, b.nr_checked);
	free(t);
	close(b.fd);
	return code;
}
