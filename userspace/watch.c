// SPDX-License-Identifier: GPL-2.0
/*
 * Complaints of the kernel while it is raced
 *
 * Taint, counts of warnings and oopses, and the kernel log, all from the start
 * of the run.  Where nobody panics, a WARN or an oops shows nowhere else.
 */
#include <errno.h>
#include <fcntl.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "env.h"
#include "util.h"
#include "watch.h"

/*
 * For tests of this file: files of the same form below another directory.  A
 * regular file ends, and may grow again, like the log.
 */
#define ROOT_VARIABLE	"THPRACE_WATCH_ROOT"
#define TAINT_BITS	(BIT_ULL(5) | BIT_ULL(7) | BIT_ULL(9) | BIT_ULL(14)) /* B D W L */
#define TAINT_DIE	BIT_ULL(7)

/* The words are those of vm/judge.awk. */
static const char *const harmless_patterns[] = {
	"^(Kernel c|C)ommand line:",
	"^Unknown kernel command line",
	"^(Spectre|MDS|MMIO Stale Data|TAA|RETBleed|L1TF|VMSCAPE|ITS|TSA)[^:]*:",
	"^Speculative Return Stack Overflow:",
	"^process: WARNING: polling idle",
	"^traps: [^ ]+\\[[0-9]+\\] ",
	"^thprace: ",
};

static const char *const complaint_patterns[] = {
	"^-+\\[ cut here \\]-+",
	"(^|[^A-Za-z_])(BUG|WARNING):",
	"^BUG [^ ]+ \\(",
	"kernel BUG at ",
	"^Oops(:| )",
	"Internal error: ",
	"^(general protection|double|stack segment|alignment check) ?fault",
	"^(invalid opcode|divide error|int3|stack segment): [0-9a-f]+ \\[",
	"^(traps: )?PANIC: ",
	"[Uu]nable to handle kernel ",
	"Bad (page state|page map|rss-counter|pagetable|page cache|swap)",
	": bad (pgd|p4d|pud|pmd|pte)[ :]",
	"page dumped because",
	"list_(add|del)(_[a-z]+)? corruption",
	"rcu(_[a-z]+)?: INFO: .*stall",
	"^INFO: rcu_.* stall",
	"rcu_[a-z]+ (kthread starved|kthread timer wakeup)",
	"^INFO: task .* blocked (for more than|in I/O wait for more than|on a)",
	"^INFO: (possible|inconsistent|suspicious|lockdep|trying|SOFTIRQ|HARDIRQ|RECLAIM)",
	"possible (circular|recursive|irq|deadlock)",
	"(DEBUG_LOCKS_WARN_ON|BUG_ON)\\(",
	"^(UBSAN|KASAN|KFENCE|KCSAN|KMSAN|kfence): .*(in |at )",
	"kmemleak: [1-9][0-9]* new suspected memory leak",
	"^unreferenced object 0x",
	"refcount_t: ",
	"page_table_check: ",
	"Kernel stack (is corrupted|overflow)|stack guard page was hit",
	"[Ww]atchdog detected hard LOCKUP",
	"soft lockup - CPU#|workqueue lockup",
};

static const struct {
	const char *path, *name;
	u64 bits;			/* that count, or 0: it is a number */
	bool oops;
} counters[] = {
	{ "/proc/sys/kernel/tainted", "taint", TAINT_BITS, false },
	{ "/sys/kernel/warn_count", "warn_count", 0, false },
	{ "/sys/kernel/oops_count", "oops_count", 0, true },
};

static regex_t harmless[ARRAY_SIZE(harmless_patterns)];
static regex_t complaints[ARRAY_SIZE(complaint_patterns)];
static bool compiled;
static u64 before[ARRAY_SIZE(counters)];
static bool there[ARRAY_SIZE(counters)];
static int kmsg = -1;
static struct kernel_log *kept;
static u64 oom_lines;
static bool oopsed;

static void compile(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(harmless); i++) {
		if (regcomp(&harmless[i], harmless_patterns[i], REG_EXTENDED | REG_NOSUB))
			abort();
	}
	for (i = 0; i < ARRAY_SIZE(complaints); i++) {
		if (regcomp(&complaints[i], complaint_patterns[i], REG_EXTENDED | REG_NOSUB))
			abort();
	}
	compiled = true;
}

/* Said so since long before there was a counter (4.13). */
static bool is_oom_kill(const char *text)
{
	const char *at = strcasestr(text, "out of memory: kill");

	return at && (at == text || !strncmp(text, "Memory cgroup ", at - text));
}

static bool any_matches(const regex_t *re, unsigned int nr, const char *text)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		if (!regexec(&re[i], text, 0, NULL, 0))
			return true;
	}
	return false;
}

/**
 * watch_is_complaint() - does a line of the kernel log say that something is wrong?
 * @text: the message alone
 */
bool watch_is_complaint(const char *text)
{
	if (!compiled)
		compile();
	return any_matches(complaints, ARRAY_SIZE(complaints), text) &&
	       !any_matches(harmless, ARRAY_SIZE(harmless), text);
}

/**
 * watch_message() - the message of a record of /dev/kmsg
 * @record: "PRIORITY,...;TEXT\n..."; overwritten
 *
 * Returns NULL for what processes have written there: that has a facility.
 */
const char *watch_message(char *record)
{
	char *text = strchr(record, ';');

	if (!text || strtoul(record, NULL, 10) >> 3)
		return NULL;
	text++;
	text[strcspn(text, "\n")] = '\0';
	return text;
}

static void full_path(char *path, size_t size, const char *name)
{
	const char *root = getenv(ROOT_VARIABLE);

	snprintf(path, size, "%s%s", root ? root : "", name);
}

static bool read_number(unsigned int i, u64 *val)
{
	char path[256], text[32];

	full_path(path, sizeof(path), counters[i].path);
	if (read_text(path, text, sizeof(text)) <= 0)
		return false;
	*val = strtoull(text, NULL, 10);
	if (counters[i].bits)
		*val &= counters[i].bits;
	return true;
}

/**
 * watch_begin() - what is there now is not of this run
 */
int watch_begin(void)
{
	char path[256];
	unsigned int i;

	kept = map_shared(sizeof(*kept));
	if (!kept)
		return -ENOMEM;
	for (i = 0; i < ARRAY_SIZE(counters); i++)
		there[i] = read_number(i, &before[i]);
	full_path(path, sizeof(path), "/dev/kmsg");
	kmsg = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (kmsg >= 0)
		lseek(kmsg, 0, SEEK_END);
	return 0;
}

/**
 * watch_why_not() - why the check "kernel" cannot be made, or NULL
 */
const char *watch_why_not(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(counters); i++) {
		if (there[i])
			return NULL;
	}
	return kmsg < 0 ? "neither the taint nor the log of the kernel can be read" : NULL;
}

static void keep_line(const char *text)
{
	if (kept && kept->nr < LOG_LINES)
		copy_word(kept->line[kept->nr++], LOG_WIDTH, text);
}

/* Of what is one record a read in the kernel, a test's file may give several. */
static void look_at_records(char *buf, struct complaint *c, bool *found)
{
	char *line, *next;
	const char *text;

	for (line = buf; *line; line = next) {
		next = line + strcspn(line, "\n");
		if (*next)
			*next++ = '\0';
		/* A line that begins with a blank belongs to the record before. */
		text = *line == ' ' ? NULL : watch_message(line);
		if (!text)
			continue;
		oom_lines += is_oom_kill(text);
		if (watch_is_complaint(text)) {
			if (!*found)
				copy_word(c->line, sizeof(c->line), text);
			*found = true;
		}
		if (*found || (kept && kept->nr))
			keep_line(text);
	}
}

static bool look_at_log(struct complaint *c)
{
	bool found = false;
	char buf[8192];
	ssize_t n;

	while (kmsg >= 0) {
		n = read(kmsg, buf, sizeof(buf) - 1);
		/* EPIPE: some were overwritten before they were read. */
		if (n < 0 && (errno == EPIPE || errno == EINTR))
			continue;
		if (n <= 0)
			break;
		buf[n] = '\0';
		look_at_records(buf, c, &found);
	}
	return found;
}

/**
 * watch_look() - has the kernel complained since the last look?
 * @c: of what
 *
 * However many lines it wrote, it is one complaint; watch_log() has them.
 */
bool watch_look(struct complaint *c)
{
	bool found;
	unsigned int i;
	u64 now;

	memset(c, 0, sizeof(*c));
	found = look_at_log(c);
	if (found)
		copy_word(c->got, sizeof(c->got), "kernel log");
	for (i = 0; i < ARRAY_SIZE(counters); i++) {
		if (!there[i] || !read_number(i, &now) || now == before[i])
			continue;
		if (counters[i].bits ? now & ~before[i] : now > before[i]) {
			found = true;
			c->oops |= counters[i].oops ||
				   (counters[i].bits && now & ~before[i] & TAINT_DIE);
			snprintf(c->got, sizeof(c->got), "%s %llu, was %llu",
				 counters[i].name, now, before[i]);
		}
		before[i] = now;
	}
	oopsed |= c->oops;
	return found;
}

/**
 * watch_oopsed() - has a task of the kernel died, as far as watch_look() has seen?
 */
bool watch_oopsed(void)
{
	return oopsed;
}

/**
 * watch_log() - the kernel log since the first complaint, or NULL
 */
const struct kernel_log *watch_log(void)
{
	return kept;
}

/**
 * watch_oom_kills() - how many processes were killed for want of memory so far
 *
 * By the kernel's counter, or as far as watch_look() has read its log.
 */
u64 watch_oom_kills(void)
{
	u64 n;

	return env_counter("/proc/vmstat", "oom_kill", &n) ? n : oom_lines;
}
