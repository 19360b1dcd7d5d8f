// SPDX-License-Identifier: GPL-2.0
/*
 * One cause, one block: findings that belong together have one number, and below
 * them stands what was seen of the folio, of its mappings, of the lock, and what
 * the lanes did.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "thp.h"
#include "tr.h"

/* The next line "block cause=CAUSE KIND" behind @at; NULL: no more. */
static const char *next_line(const char *at, u64 cause, const char *kind)
{
	char start[64];
	const char *p;

	snprintf(start, sizeof(start), "\nblock cause=%llu %s ", (unsigned long long)cause, kind);
	p = at ? strstr(at, start) : NULL;
	return p ? p + 1 : NULL;
}

static unsigned int count_lines(const char *text, u64 cause, const char *kind)
{
	unsigned int n = 0;

	while ((text = next_line(text, cause, kind)))
		n++;
	return n;
}

/* A copy of a line, in static storage. */
static const char *copy_line(const char *line)
{
	static char copy[1024];

	snprintf(copy, sizeof(copy), "%.*s", (int)strcspn(line, "\n"), line);
	return copy;
}

/* Expects a word in a line; a text that ends with "=" or a digit to be begun there. */
static void expect_word(const char *line, const char *word)
{
	char with[256];

	snprintf(with, sizeof(with), " %s", word);
	ksft_expect(strstr(copy_line(line), with), "no \"%s\" in \"%s\"", word, copy_line(line));
}

static void expect_words(const char *line, const char *const *words, size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++)
		expect_word(line, words[i]);
}

/* The number of the cause of a violation line. */
static u64 cause_of(const char *line)
{
	const char *at = strstr(line, " cause="), *end = strchr(line, '\n');

	ksft_assert(at && (!end || at < end), "no cause in \"%s\"", copy_line(line));
	return strtoull(at + strlen(" cause="), NULL, 10);
}

static const char *violation(const char *text, const char *check)
{
	char start[64];
	const char *p;

	snprintf(start, sizeof(start), "\nviolation check=%s ", check);
	p = strstr(text, start);
	return p ? p + 1 : NULL;
}

/* The block of one cause; the case ends when there is no such line. */
static const char *the_line(const char *text, u64 cause, const char *kind)
{
	const char *line = next_line(text, cause, kind);

	ksft_assert(line, "no line \"%s\" of cause %llu in\n%s", kind,
		    (unsigned long long)cause, text);
	return line;
}

/* The map line of a process. */
static const char *map_of(const char *text, u64 cause, pid_t pid)
{
	const char *line = text;
	char word[32];

	snprintf(word, sizeof(word), " pid=%d ", pid);
	while ((line = next_line(line, cause, "map")))
		if (strstr(copy_line(line), word))
			return line;
	ksft_assert(line, "no mapping of process %d in\n%s", pid, text);
	return line;
}

static char *check_with(struct holder *h, unsigned int nr, const char *words)
{
	char pids[64] = "";
	int err, fd = tr_session();
	unsigned int i;
	char *report;

	for (i = 0; i < nr; i++)
		snprintf(pids + strlen(pids), sizeof(pids) - strlen(pids), "pid=%d ", h[i].pid);
	/* a session's check, unlike a trigger, takes memory with holes */
	err = tr_fd_write(fd, "check %smap=%p+%#zx %s", pids, h[0].r.addr, h[0].r.len, words);
	ksft_assert(!err, "check: %s", tr_errno_name(err));
	report = tr_fd_read(fd);
	close(fd);
	return report;
}

/* Splits and unmaps, round after round. */
static char *race_with(struct holder *h, const char *words)
{
	int err = tr_write("race", "pid=%d map=%p+%#zx op=split:1 op=munmap:1 stop_on=never %s",
			   h->pid, h->r.addr, h->r.len, words);

	ksft_assert(!err, "race: %s", tr_errno_name(err));
	return tr_read("last");
}

static void need_check(const char *name)
{
	const char *kind, *reason;
	bool available;

	if (!tr_listed("checks", name, &kind, &available, &reason) || !available)
		ksft_skip("%s is not available", name);
}

/* Several checks of one huge page, which two processes share, one of them in part. */
static void case_folio(const void *arg)
{
	static const char * const rule[] = {
		"check=page_mapcount", "want=", "got=", "nr=", "control=yes",
		"where=docs/CHECKS.md#page_mapcount", "text=_mapcount of a page",
	};
	static const char * const folio[] = {
		"pfn=0x", "order=9", "refcount=", "entire_mapcount=0", "mapcounts=0",
		"mapping=anon_vma", "root=0x", "index=0x", "queued=", "lru=yes", "memcg=",
	};
	static const char * const whole[] = {
		"comm=", "mm=", "vma=0x", "vma_flags=read,write", "level=pmd",
		"entries=0-511:present", "rmap=found",
	};
	static const char * const part[] = {
		"level=pte", "entries=0-2:present,3:none,4-511:present", "rmap=found",
	};
	const char *report, *first, *second, *line, *kept;
	struct holder h[2];
	u64 cause;
	int err;

	(void)arg;
	need_check("page_mapcount");
	holder_start_shared(h, 2, thp_bytes());
	err = tr_write("munmap", "pid=%d map=%p+%#zx page=3", h[0].pid, h[0].r.addr, h[0].r.len);
	ksft_assert(!err, "munmap: %s", tr_errno_name(err));
	report = check_with(h, 2, "inject=refcount inject=page_mapcount");
	first = violation(report, "page_mapcount");
	second = violation(report, "refcount");
	ksft_assert(first && second, "not both are reported:\n%s", report);
	ksft_expect(first < second, "the derived check comes first in\n%s", report);
	cause = cause_of(first);
	ksft_expect(cause && cause_of(second) == cause, "not one cause:\n%s", report);
	ksft_expect(strstr(copy_line(first), " control=yes reason="), "\"%s\"", copy_line(first));
	line = the_line(report, cause, "rule");
	ksft_expect(line > second, "the block is not below its violations");
	expect_words(line, rule, ARRAY_SIZE(rule));
	expect_word(line, "nr=2");
	line = the_line(report, cause, "folio");
	expect_words(line, folio, ARRAY_SIZE(folio));
	ksft_expect(strstr(copy_line(line), "uptodate") && strstr(copy_line(line), "head"),
		    "flags without their names in \"%s\"", copy_line(line));
	ksft_expect(count_lines(report, cause, "map") == 2, "not two mappings in\n%s", report);
	expect_words(map_of(report, cause, h[0].pid), part, ARRAY_SIZE(part));
	expect_words(map_of(report, cause, h[1].pid), whole, ARRAY_SIZE(whole));
	kept = tr_read("violations");
	ksft_expect(next_line(kept, cause, "folio") && count_lines(kept, cause, "map") == 2,
		    "the violations file has another block:\n%s", kept);
	holder_stop(&h[0]);
	holder_stop(&h[1]);
}

/* Two huge pages are two causes; what a split has left of one is one. */
static void case_apart(const void *arg)
{
	const char *report, *line;
	struct holder h;
	u64 cause;

	(void)arg;
	holder_start(&h, 2 * thp_bytes());
	report = check_with(&h, 1, "inject=refcount");
	ksft_expect(tr_violations(report, NULL) == 2, "not two violations in\n%s", report);
	line = violation(report, "refcount");
	ksft_assert(line, "none in\n%s", report);
	cause = cause_of(line);
	line = violation(line, "refcount");
	ksft_assert(line, "only one in\n%s", report);
	ksft_expect(cause_of(line) != cause, "one cause:\n%s", report);
	the_line(report, cause, "folio");
	the_line(report, cause_of(line), "folio");
	holder_stop(&h);

	holder_start(&h, thp_bytes());
	ksft_assert(tr_try_split(&h) == 1, "not split");
	report = check_with(&h, 1, "inject=refcount");
	line = violation(report, "refcount");
	ksft_assert(line, "none in\n%s", report);
	cause = cause_of(line);
	line = the_line(report, cause, "rule");
	expect_word(line, "nr=512");
	ksft_expect(!next_line(line, cause, "rule"), "two blocks of it in\n%s", report);
	expect_word(the_line(report, cause, "folio"), "order=0");
	holder_stop(&h);
}

#define STEPS	"steer=\"a>split_huge_page b>end a>end\""

/* What the lanes did to the huge page, and the steps of their schedule. */
static void case_lanes(const void *arg)
{
	static const char * const split[] = {
		"op=split", "pid=", "comm=thprace/", "start_ns=", "end_ns=", "result=", "overlap=",
	};
	static const char * const munmap[] = { "op=munmap", "pages=", "result=done" };
	static const char * const steps[] = { "a>split_huge_page=", "b>end=", "a>end=" };
	const char *report, *line;
	struct holder h;
	u64 first, cause;

	(void)arg;
	holder_start(&h, 8 * thp_bytes());
	/* that of the check before the first round is none of the lanes' */
	report = race_with(&h, "rounds=6 seed=7 page=5 check=refcount inject=refcount " STEPS);
	line = violation(report, "refcount");
	ksft_assert(line, "none in\n%s", report);
	first = cause_of(line);
	the_line(report, first, "folio");
	ksft_expect(!next_line(report, first, "lane"),
		    "lanes of a finding that came before them:\n%s", report);
	/* others have no room for their violations in the session's report, and may have none */
	report = tr_read("violations");
	for (cause = first + 1; cause < first + THPRACE_SESSION_BLOCKS; cause++)
		if (next_line(report, cause, "lane"))
			break;
	line = the_line(report, cause, "lane");
	expect_words(line, split, ARRAY_SIZE(split));
	expect_word(line, "lane=a");
	line = the_line(line, cause, "lane");
	expect_words(line, munmap, ARRAY_SIZE(munmap));
	expect_word(line, "lane=b");
	expect_words(the_line(report, cause, "step"), steps, ARRAY_SIZE(steps));
	holder_stop(&h);
}

/* The lane of a finding of a round: what does not fit is in more lines. */
static const char *lane_of(const char *report)
{
	const char *line = violation(report, "refcount");
	static char all[1000];
	size_t len = 0;
	u64 cause;

	ksft_assert(line, "none in\n%s", report);
	cause = cause_of(line);
	the_line(report, cause, "lane");
	all[0] = '\0';
	for (line = report; (line = next_line(line, cause, "lane")) && len < sizeof(all);)
		len += snprintf(all + len, sizeof(all) - len, "%s ", copy_line(line));
	return all;
}

/* By its name, or by its number where the kernel has no names (CONFIG_SYMBOLIC_ERRNAME). */
static void expect_errno(const char *line, const char *name, int nr)
{
	char by_name[24], by_number[24];

	snprintf(by_name, sizeof(by_name), " errno=%s ", name);
	snprintf(by_number, sizeof(by_number), " errno=%d ", nr);
	ksft_expect(strstr(line, by_name) || strstr(line, by_number), "no errno %s in \"%s\"",
		    name, line);
}

/* An op that has failed says with what: one of a process, and one of the module. */
static void case_failed(const void *arg)
{
	static const char * const told[] = { "op=fault", "result=failed" };
	static const char * const seen[] = { "op=split", "result=failed" };
	struct holder h;
	const char *line;
	int fd;

	(void)arg;
	holder_start(&h, thp_bytes());
	fd = tr_session();
	tr_expect(fd, 0, "arm scenario=failed");
	tr_expect(fd, 0, "go lane=a op=fault");
	tr_expect(fd, 0, "done lane=a result=failed errno=12");
	tr_on_holder(fd, "check", &h, "check=refcount inject=refcount");
	tr_expect(fd, 0, "round");
	line = lane_of(tr_fd_read(fd));
	expect_words(line, told, ARRAY_SIZE(told));
	expect_errno(line, "ENOMEM", ENOMEM);

	/* no huge page is split to order 1 */
	tr_expect(fd, 0, "arm scenario=failed");
	tr_expect(fd, 0, "reset");
	if (tr_fd_write(fd, "split lane=a order=1 pid=%d map=%p+%#zx", h.pid, h.r.addr,
			h.r.len)) {
		ksft_msg("this kernel splits to order 0 only");
	} else {
		tr_on_holder(fd, "check", &h, "check=refcount inject=refcount");
		tr_expect(fd, 0, "round");
		line = lane_of(tr_fd_read(fd));
		expect_words(line, seen, ARRAY_SIZE(seen));
		expect_errno(line, "EINVAL", EINVAL);
	}
	close(fd);
	holder_stop(&h);
}

/* Checks at probe points: the lock, whose it is, and the stack of who lacks it. */
static void case_lock(const void *arg)
{
	static const char * const words[] = {
		"name=anon_vma", "lock=0x", "owner_pid=", "owner_comm=",
	};
	const char *report, *folio, *lock, *line, *at;
	struct holder h;
	u64 cause;

	(void)arg;
	need_check("split_lock");
	need_check("split_folio_lock");
	holder_start(&h, 8 * thp_bytes());
	report = race_with(&h, "rounds=8 seed=1 inject=split_lock inject=split_folio_lock");
	folio = violation(report, "split_folio_lock");
	lock = violation(report, "split_lock");
	ksft_assert(folio && lock, "not both are reported:\n%s", report);
	ksft_expect(folio < lock, "not in the order of the checks:\n%s", report);
	cause = cause_of(folio);
	ksft_expect(cause_of(lock) == cause, "not one cause:\n%s", report);
	expect_word(the_line(report, cause, "rule"), "control=yes");
	line = the_line(report, cause, "lock");
	expect_words(line, words, ARRAY_SIZE(words));
	line = the_line(report, cause, "stack");
	expect_word(line, "comm=thprace/");
	/* it begins where the probe is, not in the probe's own functions */
	at = strstr(copy_line(line), " text=");
	ksft_assert(at, "no stack in \"%s\"", copy_line(line));
	ksft_expect(strstr(at, "try_to_migrate+") || strstr(at, "try_to_unmap+"),
		    "not its stack: \"%s\"", at);
	ksft_expect(strncmp(at, " text=thprace_", strlen(" text=thprace_")),
		    "with our own functions: \"%s\"", at);
	expect_word(the_line(report, cause, "lane"), "op=split");
	holder_stop(&h);
}

/* Of the rwsem, at a munmap, the block says who has it. */
static void case_rmap_lock(const void *arg)
{
	const char *report, *line;
	struct holder h;
	u64 cause;

	(void)arg;
	need_check("rmap_lock");
	holder_start(&h, 4 * thp_bytes());
	report = race_with(&h, "rounds=8 seed=1 inject=rmap_lock");
	line = violation(report, "rmap_lock");
	ksft_assert(line, "none in\n%s", report);
	cause = cause_of(line);
	line = the_line(report, cause, "lock");
	expect_word(line, "name=anon_vma");
	/* a control: the task that is said not to have it has it */
	expect_word(line, "owner_comm=thprace/");
	expect_word(the_line(report, cause, "stack"), "comm=thprace/");
	holder_stop(&h);
}

/* Each cause once, of a session only the first few, and no address of the kernel. */
static void case_log(const void *arg)
{
	const char *said, *at;
	unsigned int n = 0;
	struct holder h;
	int log;

	(void)arg;
	holder_start(&h, (THPRACE_LOGGED_BLOCKS + 2) * thp_bytes());
	log = tr_log_open();
	check_with(&h, 1, "inject=refcount inject=page_mapcount");
	said = tr_log_read(log);
	for (at = said; (at = strstr(at, ";thprace: block cause=")); at++)
		n += !!strstr(copy_line(at), " rule ");
	ksft_expect(n == THPRACE_LOGGED_BLOCKS, "%u blocks in the kernel log:\n%s", n, said);
	at = strstr(said, " folio pfn=0x");
	ksft_assert(at, "no folio in the kernel log:\n%s", said);
	ksft_expect(strstr(said, " map pid="), "no mapping in the kernel log");
	ksft_expect(!strstr(copy_line(at), " root=0x"), "an address in the kernel log: \"%s\"",
		    copy_line(at));
	close(log);
	holder_stop(&h);
}

/* Nothing is wrong: no block; cleared: none in the file; reset: none in the session. */
static void case_none(const void *arg)
{
	struct holder h;
	char *report;
	int fd;

	(void)arg;
	holder_start(&h, thp_bytes());
	report = check_with(&h, 1, "");
	ksft_expect(!strstr(report, "\nblock "), "a block in\n%s", report);
	fd = tr_session();
	tr_on_holder(fd, "check", &h, "inject=refcount");
	ksft_expect(strstr(tr_fd_read(fd), "\nblock "), "no block in the session");
	tr_expect(fd, 0, "reset");
	ksft_expect(!strstr(tr_fd_read(fd), "\nblock "), "a block after reset");
	ksft_expect(strstr(tr_read("violations"), "\nblock "), "no block in the file");
	ksft_assert(!tr_write("violations", "clear"), "clear");
	ksft_expect(!strstr(tr_read("violations"), "block "), "a block after it was cleared");
	close(fd);
	holder_stop(&h);
}

static const struct ksft_case cases[] = {
	{ .name = "checks of one folio", .run = case_folio },
	{ .name = "folios apart", .run = case_apart },
	{ .name = "lanes and steps", .run = case_lanes },
	{ .name = "an op that fails", .run = case_failed },
	{ .name = "checks of locks", .run = case_lock },
	{ .name = "owner of a lock", .run = case_rmap_lock },
	{ .name = "the kernel log", .run = case_log },
	{ .name = "no finding, no block", .run = case_none },
};

int main(int argc, char **argv)
{
	return ksft_main(argc, argv, cases, ARRAY_SIZE(cases));
}
