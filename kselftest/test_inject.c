// SPDX-License-Identifier: GPL-2.0
/*
 * The positive control of each check: with inject=NAME the check fires, and
 * nothing else does; without it the same command holds.  A check that cannot
 * be made to fire checks nothing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "thp.h"
#include "tr.h"

static const char * const names[] = THPRACE_CHECK_NAMES;

/* A command that holds the check, of whichever kind it is. */
static const char *run(const char *name, const char *kind, bool inject)
{
	const char *racing = " op=split:1 op=munmap:1 rounds=20 seed=1";
	bool race = strcmp(kind, "quiesced") != 0;
	struct holder h[2];
	char *report;
	int err;

	/*
	 * Two processes, so that what is about sharing has something to see; and
	 * each round of a race uses up what they share.
	 */
	holder_start_shared(h, 2, (race ? 24 : 8) * thp_bytes());
	err = tr_write(race ? "race" : "check",
		       "pid=%d pid=%d map=%p+%#zx%s check=%s%s%s\n", h[0].pid,
		       h[1].pid, h[0].r.addr, h[0].r.len, race ? racing : "",
		       name, inject ? " inject=" : "", inject ? name : "");
	ksft_assert(!err, "%s%s: %s", race ? "race" : "check",
		    inject ? " with inject" : "", tr_errno_name(err));
	report = tr_read("last");
	/* Observed wrongly, not made wrong. */
	if (!race)
		holder_intact(&h[0], strcmp(name, "split_progress") != 0);
	holder_stop(&h[0]);
	holder_stop(&h[1]);
	return report;
}

/* The same of a file: two huge pages' worth of shared memory, huge or not. */
static const char *run_file(const char *name, bool inject)
{
	size_t len = 2 * thp_bytes(), i;
	char *p = thp_reserve(len), *report;
	int fd = memfd_create("thprace", 0), err;

	ksft_assert(fd >= 0 && !ftruncate(fd, len), "memfd");
	ksft_assert(mmap(p, len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0) == p,
		    "mmap");
	madvise(p, len, MADV_HUGEPAGE);
	memset(p, 0x5a, len);
	err = tr_write("check", "pid=%d map=%p+%#zx check=%s%s%s\n", getpid(), p, len, name,
		       inject ? " inject=" : "", inject ? name : "");
	ksft_assert(!err, "check%s: %s", inject ? " with inject" : "", tr_errno_name(err));
	report = tr_read("last");
	for (i = 0; i < len && p[i] == 0x5a; i++)
		;
	ksft_expect(i == len, "byte %zu has changed", i);
	munmap(p, len);
	close(fd);
	return report;
}

static const char *run_either(const char *name, const char *kind, bool inject)
{
	return strcmp(name, "cache_index") ? run(name, kind, inject) : run_file(name, inject);
}

static void case_control(const void *arg)
{
	const char *name = arg, *kind, *reason, *report, *verdict;
	char *kept, kind_buf[32];
	unsigned int before, i;
	bool available;
	s64 total, n;

	ksft_assert(tr_listed("checks", name, &kind, &available, &reason),
		    "checks has no row for it");
	if (available && !strcmp(kind, "user"))
		ksft_skip("made by the companion, not by the module");
	if (!available)
		ksft_skip("%s", *reason ? reason : "no reason given");
	snprintf(kind_buf, sizeof(kind_buf), "%s", kind);

	kept = tr_read("violations");
	before = tr_violations(kept, name);
	total = tr_stat("violations");
	report = run_either(name, kind_buf, false);
	verdict = tr_field(report, "verdict");
	if (!ksft_expect(!strcmp(verdict, "pass"), "uninjected: verdict %s",
			 verdict))
		ksft_msg("%s", report);
	n = tr_row(report, "check", name, "held");
	ksft_expect(n > 0, "uninjected: held=%lld", (long long)n);
	n = tr_row(report, "check", name, "violated");
	ksft_expect(!n, "uninjected: violated=%lld", (long long)n);
	kept = tr_read("violations");
	ksft_expect(tr_violations(kept, name) == before,
		    "uninjected: the violations file grew");
	ksft_expect(tr_stat("violations") == total,
		    "uninjected: stats count a violation");

	report = run_either(name, kind_buf, true);
	verdict = tr_field(report, "verdict");
	if (!ksft_expect(!strcmp(verdict, "fail"), "injected: verdict %s",
			 verdict))
		ksft_msg("%s", report);
	n = tr_row(report, "check", name, "violated");
	ksft_expect(n > 0, "injected: violated=%lld", (long long)n);
	ksft_expect(tr_violations(report, name) > 0,
		    "injected: no violation line names it");
	ksft_expect(tr_violations(report, NULL) == tr_violations(report, name),
		    "injected: another check fired in\n%s", report);
	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(names[i], name))
			ksft_expect(tr_row(report, "check", names[i],
					   "violated") <= 0,
				    "injected: %s fired", names[i]);
	kept = tr_read("violations");
	ksft_expect(tr_violations(kept, name) > before ||
		    tr_violations(kept, NULL) == THPRACE_MAX_VIOLATIONS,
		    "injected: the violations file does not name it");
	ksft_expect(tr_stat("violations") > total,
		    "injected: stats count no violation");

	/* The control does not outlive its command. */
	report = run_either(name, kind_buf, false);
	verdict = tr_field(report, "verdict");
	ksft_expect(!strcmp(verdict, "pass"), "afterwards: verdict %s",
		    verdict);
}

/* What one violation line must say, and that all selected checks may fire. */
static void case_line(const void *arg)
{
	static const char * const keys[] = {
		" check=", " scenario=", " round=", " time_ns=", " addr=0x",
		" pfn=", " index=", " want=", " got=", " ops=", " cell=",
		" reason=",
	};
	char *report, *line, *end;
	struct holder h;
	size_t i;
	int err;

	(void)arg;
	holder_start(&h, thp_bytes());
	err = tr_write("check", "pid=%d map=%p+%#zx inject=refcount", h.pid,
		       h.r.addr, h.r.len);
	ksft_assert(!err, "check: %s", tr_errno_name(err));
	report = tr_read("last");
	line = strstr(report, "\nviolation ");
	ksft_assert(line, "no violation line in\n%s", report);
	line++;
	end = strchr(line, '\n');
	ksft_assert(end, "the line does not end");
	*end = '\0';
	for (i = 0; i < ARRAY_SIZE(keys); i++)
		ksft_expect(strstr(line, keys[i]), "no%s in \"%s\"", keys[i],
			    line);
	ksft_expect(strstr(line, " check=refcount "), "\"%s\"", line);
	holder_stop(&h);
}

/*
 * deferred_queue must know of a huge page that it was whole and had no migration
 * entries since: only then is one without the mark a finding.
 */
static void case_vouched(const void *arg)
{
	bool held = arg;
	struct region r;
	char *report;
	int fd, err;

	region_map(&r, thp_bytes());
	if (!held) {
		err = madvise(r.addr, r.len / 2, MADV_DONTNEED);
		ksft_assert(!err, "madvise failed");
	}
	fd = tr_session();
	if (held) {
		err = tr_fd_write(fd, "hold map=%p+%#zx", r.addr, r.len);
		ksft_assert(!err, "hold: %s", tr_errno_name(err));
		err = madvise(r.addr, r.len / 2, MADV_DONTNEED);
		ksft_assert(!err, "madvise failed");
		tr_expect(fd, 0, "drop");
	}
	err = tr_fd_write(fd, "check map=%p+%#zx check=deferred_queue inject=deferred_queue",
			  r.addr, r.len);
	ksft_assert(!err, "check: %s", tr_errno_name(err));
	report = tr_fd_read(fd);
	if (!ksft_expect(strstr(report, held ? "reason=partially mapped, but not queued" :
					       "reason=marked as partially mapped, but not queued"),
			 "not the finding that was expected"))
		ksft_msg("%s", report);
	close(fd);
	region_unmap(&r);
}

/* What is checked of a folio of one page. */
static const char * const small_checks[] = {
	"page_mapcount", "refcount", "rmap_census", "rmap_linear",
	"anon_vma_alive", "anon_exclusive", "migration_entry",
};

/* Folios that are judged together are counted, and reported, one by one. */
static void case_small(const void *arg)
{
	s64 pages = thp_bytes() / sysconf(_SC_PAGESIZE), n;
	const char *kind, *reason, *report;
	struct holder h[2];
	bool available;
	size_t i, j;

	(void)arg;
	holder_start_shared(h, 2, thp_bytes());
	ksft_assert(!tr_write("split", "pid=%d map=%p+%#zx", h[0].pid,
			      h[0].r.addr, h[0].r.len), "split");
	report = tr_read("last");
	ksft_assert(tr_row(report, "op", "split", "done") == 1, "not split:\n%s",
		    report);
	for (i = 0; i < ARRAY_SIZE(small_checks) + 1; i++) {
		const char *inject = i ? small_checks[i - 1] : NULL;

		if (inject && (!tr_listed("checks", inject, &kind, &available,
					  &reason) || !available))
			continue;
		ksft_assert(!tr_write("check", "pid=%d pid=%d map=%p+%#zx%s%s",
				      h[0].pid, h[1].pid, h[0].r.addr,
				      h[0].r.len, inject ? " inject=" : "",
				      inject ? inject : ""), "check");
		report = tr_read("last");
		for (j = 0; j < ARRAY_SIZE(small_checks); j++) {
			const char *name = small_checks[j];
			bool fires = inject && !strcmp(inject, name);

			if (!tr_listed("checks", name, &kind, &available,
				       &reason) || !available)
				continue;
			n = tr_row(report, "check", name, "held");
			ksft_expect(n == (fires ? 0 : pages),
				    "inject %s: %s held=%lld",
				    inject ? inject : "nothing", name,
				    (long long)n);
			n = tr_row(report, "check", name, "violated");
			/* its control reads one entry of the region as another, too */
			if (fires && !strcmp(name, "migration_entry"))
				n--;
			ksft_expect(n == (fires ? pages : 0),
				    "inject %s: %s violated=%lld",
				    inject ? inject : "nothing", name,
				    (long long)n);
		}
	}
	holder_stop(&h[0]);
	holder_stop(&h[1]);
}

static const struct ksft_case more_cases[] = {
	{ .name = "what a violation line says", .run = case_line },
	{ .name = "a huge page that was seen whole", .run = case_vouched, .arg = "held" },
	{ .name = "a huge page of unknown past", .run = case_vouched },
	{ .name = "small folios", .run = case_small },
};

int main(int argc, char **argv)
{
	static struct ksft_case cases[ARRAY_SIZE(names) + ARRAY_SIZE(more_cases)];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		cases[i].name = names[i];
		cases[i].run = case_control;
		cases[i].arg = names[i];
	}
	memcpy(cases + i, more_cases, sizeof(more_cases));
	return ksft_main(argc, argv, cases, ARRAY_SIZE(cases));
}
