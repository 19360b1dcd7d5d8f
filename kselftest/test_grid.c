// SPDX-License-Identifier: GPL-2.0
/*
 * What a schedule forces, and what the grid's oracle sees: pairs of phases
 * that can be met, pairs that the anon_vma rwsem keeps apart, and the control
 * of the oracle, on a lock that keeps nothing apart.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "thp.h"
#include "tr.h"

#define NR_HUGE		16
#define TRIES		10	/* a busy host makes some of them slow: blocked */
#define ENOUGH		3	/* of them */

struct pair {
	const char *ops;
	const char *first, *second;	/* steps; the second is looked at */
	bool reachable;
};

static char *race_on(struct holder *h, const char *ops, const char *words)
{
	int err = tr_write("race", "pid=%d map=%p+%#zx %s stop_on=never %s\n",
			   h->pid, h->r.addr, h->r.len, ops, words);

	ksft_assert(!err, "race: %s", tr_errno_name(err));
	return tr_read("last");
}

/* How a step of the steer line ended: "reached", "blocked(mmap_lock)"... */
static const char *outcome(const char *report, const char *step)
{
	const char *line = strstr(report, "\nsteer "), *end, *at;
	static char word[64];

	word[0] = '\0';
	if (!line)
		return word;
	end = strchr(line + 1, '\n');
	at = strstr(line, step);
	if (at && (!end || at < end))
		sscanf(at + strlen(step), "=%63s", word);
	return word;
}

static void case_pair(const void *arg)
{
	const struct pair *p = arg;
	unsigned int met = 0, kept_apart = 0, told = 0, i;
	char words[256], *report;
	struct holder h;

	holder_start(&h, NR_HUGE * thp_bytes());
	for (i = 0; i < TRIES && met < ENOUGH && kept_apart < ENOUGH; i++) {
		const char *how;

		snprintf(words, sizeof(words),
			 "rounds=1 seed=%u steer=\"%s %s a>end b>end\"", i,
			 p->first, p->second);
		report = race_on(&h, p->ops, words);
		ksft_expect(!tr_violations(report, NULL), "violations in\n%s",
			    report);
		if (strcmp(outcome(report, p->first), "reached"))
			continue;
		how = outcome(report, p->second);
		met += !strncmp(how, "reached", 7);
		kept_apart += !strncmp(how, "blocked", 7);
		told += !strcmp(how, "blocked(anon_vma)");
	}
	holder_stop(&h);
	if (p->reachable) {
		ksft_expect(met >= ENOUGH, "met %u times of %u", met, i);
		return;
	}
	ksft_expect(!met, "met %u times of %u", met, i);
	ksft_expect(kept_apart >= ENOUGH, "kept apart %u times of %u",
		    kept_apart, i);
	ksft_expect(told, "none of %u blocked steps tells the anon_vma rwsem",
		    kept_apart);
}

/*
 * A fault on a page whose split is parked among migration entries sleeps for
 * the lock of the folio: the lane is blocked, and told by what.
 */
static void case_folio(const void *arg)
{
	unsigned int blocked = 0, told = 0, i;
	char words[96];
	struct region r;
	pid_t child;
	char *report;
	int fd;

	(void)arg;
	for (i = 0; i < TRIES && told < ENOUGH; i++) {
		region_map(&r, thp_bytes());
		fd = tr_session();
		snprintf(words, sizeof(words), "pid=%d map=%p+%#zx", getpid(),
			 r.addr, r.len);
		ksft_assert(!tr_fd_write(fd, "hold %s", words), "hold");
		tr_expect(fd, 0, "arm steer=\"a>remove_migration_ptes b>end a>end\"");
		child = fork();
		if (!child)
			_exit(tr_fd_write(fd, "split lane=a %s", words));
		ksft_assert(child > 0, "fork");
		tr_expect(fd, 0, "go lane=b op=fault");
		__atomic_store_n(r.addr, 1, __ATOMIC_RELAXED);
		tr_expect(fd, 0, "done lane=b result=ok");
		waitpid(child, NULL, 0);
		tr_expect(fd, 0, "round");
		report = tr_fd_read(fd);
		if (!strcmp(outcome(report, "a>remove_migration_ptes"), "reached")) {
			blocked += !strncmp(outcome(report, "b>end"), "blocked", 7);
			told += !strcmp(outcome(report, "b>end"), "blocked(folio)");
		}
		close(fd);
		region_unmap(&r);
	}
	ksft_expect(told >= ENOUGH, "told %u times of %u blocked, in %u tries",
		    told, blocked, i);
}

/* A split that spins for a page table lock which a parked zap holds. */
static void case_page_table(const void *arg)
{
	const char *phase = tr_available("phases", "remove_rmap_ptes", NULL) ?
			    "remove_rmap_ptes" : "remove_rmap_pmd";
	unsigned int blocked = 0, told = 0, i;
	char words[128], step[48], *report;
	struct holder h;

	(void)arg;
	snprintf(step, sizeof(step), "b>%s", phase);
	holder_start(&h, NR_HUGE * thp_bytes());
	for (i = 0; i < 2 * TRIES && told < ENOUGH; i++) {
		snprintf(words, sizeof(words), "rounds=1 seed=%u steer=\"%s a>end b>end\"",
			 i, step);
		report = race_on(&h, "op=split:1 op=zap:1", words);
		ksft_expect(!tr_violations(report, NULL), "violations in\n%s",
			    report);
		if (strcmp(outcome(report, step), "reached"))
			continue;
		blocked += !strncmp(outcome(report, "a>end"), "blocked", 7);
		told += !strcmp(outcome(report, "a>end"), "blocked(page_table)");
	}
	holder_stop(&h);
	ksft_expect(told >= ENOUGH, "told %u times of %u blocked, in %u tries",
		    told, blocked, i);
}

/* The oracle's own violation, not those that the control makes elsewhere. */
static const char *oracle_line(const char *report)
{
	return strstr(report, ": both under one anon_vma rwsem");
}

/* Has the log the stack of a task with this function in it? */
static bool in_stack(const char *said, const char *function)
{
	for (; (said = strstr(said, " stack pid=")); said++) {
		const char *at = strstr(said, function);

		if (at && at < said + strcspn(said, "\n"))
			return true;
	}
	return false;
}

#define BEFORE	"steer=\"a>folio_get_anon_vma b>vma_prepare a>end b>end\""

/*
 * Before the rwsem is taken both can be at once.  The control takes a lock in
 * its place that keeps nobody out: then that is what must not be.
 */
static void case_control(const void *arg)
{
	const char *words = "rounds=4 seed=1 check=split_serial " BEFORE "%s";
	char line[256], *report;
	unsigned int tries;
	const char *said, *at = NULL;
	struct holder h;
	int log;

	(void)arg;
	holder_start(&h, NR_HUGE * thp_bytes());
	log = tr_log_open();
	snprintf(line, sizeof(line), words, "");
	report = race_on(&h, "op=split:1 op=munmap:1", line);
	ksft_expect(!tr_violations(report, NULL), "uninjected: violations in\n%s",
		    report);
	snprintf(line, sizeof(line), words, " inject=split_serial");
	for (tries = 0; tries < TRIES && !at; tries++) {
		report = race_on(&h, "op=split:1 op=munmap:1", line);
		at = oracle_line(report);
	}
	ksft_assert(at, "injected: not reported in\n%s", report);
	ksft_expect(strstr(report, " cell=folio_get_anon_vma,vma_prepare "),
		    "the cell is not named in\n%s", report);
	ksft_expect(strstr(report, "b in vma_prepare, a parked in folio_get_anon_vma"),
		    "the lanes are not named in\n%s", report);
	ksft_expect(!strcmp(tr_field(report, "verdict"), "fail"),
		    "verdict %s", tr_field(report, "verdict"));
	snprintf(line, sizeof(line), words, "");
	report = race_on(&h, "op=split:1 op=munmap:1", line);
	ksft_expect(!tr_violations(report, NULL), "afterwards: violations in\n%s",
		    report);
	holder_stop(&h);
	said = tr_log_read(log);
	ksft_expect(strstr(said, "b in vma_prepare, a parked in folio_get_anon_vma"),
		    "the kernel log does not name the lanes");
	ksft_expect(in_stack(said, "folio_get_anon_vma+") || in_stack(said, "page_get_anon_vma+"),
		    "the kernel log has no stack of the split in\n%s", said);
	ksft_expect(in_stack(said, "vma_prepare+") || in_stack(said, "__vma_adjust+"),
		    "the kernel log has no stack of the munmap in\n%s", said);
	close(log);
}

/* Of the rows that are named those that occur, and no others. */
static void case_rows(const void *arg)
{
	static const char rows[] =
		"rounds=24 steer=\"grid try_to_migrate pmdp_collapse_flush split_huge_page\"";
	unsigned int of_one = 0, of_other = 0, others = 0;
	struct holder h;
	char *report, *p;

	(void)arg;
	holder_start(&h, NR_HUGE * thp_bytes());
	report = race_on(&h, "op=split:1 op=munmap:1", rows);
	for (p = report; (p = strstr(p, "\ncell ")); ) {
		p += strlen("\ncell ");
		if (!strncmp(p, "try_to_migrate ", 15))
			of_one++;
		else if (!strncmp(p, "split_huge_page ", 16))
			of_other++;
		else
			others++;
	}
	ksft_expect(of_one && of_one == of_other && !others,
		    "%u and %u cells of the rows, %u of others in\n%.2000s", of_one, of_other,
		    others, report);
	holder_stop(&h);
}

#define SPLIT_MUNMAP	"op=split:1 op=munmap:1"
#define REACHABLE(a, b)	{ SPLIT_MUNMAP, "a>" a, "b>" b, true }
#define EXCLUDED(a, b)	{ SPLIT_MUNMAP, "a>" a, "b>" b, false }

static const struct pair pairs[] = {
	REACHABLE("split_huge_page", "do_munmap"),
	REACHABLE("try_to_migrate", "split_vma"),
	REACHABLE("folio_get_anon_vma", "vma_prepare"),
	EXCLUDED("try_to_migrate", "anon_vma_tree_insert"),
	EXCLUDED("rmap_walk_anon", "anon_vma_tree_remove"),
	EXCLUDED("page_vma_mapped_walk", "anon_vma_tree_insert"),
	{ "op=split:2", "a>try_to_migrate", "b>try_to_migrate", false },
};

static const struct ksft_case cases[] = {
	{ .name = "split_huge_page and do_munmap meet", .run = case_pair,
	  .arg = &pairs[0] },
	{ .name = "try_to_migrate and split_vma meet", .run = case_pair,
	  .arg = &pairs[1] },
	{ .name = "folio_get_anon_vma and vma_prepare meet", .run = case_pair,
	  .arg = &pairs[2] },
	{ .name = "try_to_migrate excludes anon_vma_tree_insert",
	  .run = case_pair, .arg = &pairs[3] },
	{ .name = "rmap_walk_anon excludes anon_vma_tree_remove",
	  .run = case_pair, .arg = &pairs[4] },
	{ .name = "page_vma_mapped_walk excludes anon_vma_tree_insert",
	  .run = case_pair, .arg = &pairs[5] },
	{ .name = "two splits under one root exclude each other",
	  .run = case_pair, .arg = &pairs[6] },
	{ .name = "a fault that waits for a split is told by the folio's lock",
	  .run = case_folio },
	{ .name = "a split that spins is told by the page table's lock",
	  .run = case_page_table },
	{ .name = "a lock that excludes nobody is reported",
	  .run = case_control },
	{ .name = "a grid has the rows that are named", .run = case_rows },
};

int main(int argc, char **argv)
{
	return ksft_main(argc, argv, cases, ARRAY_SIZE(cases));
}
