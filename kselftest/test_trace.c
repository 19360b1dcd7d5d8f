// SPDX-License-Identifier: GPL-2.0
/*
 * Tracepoints: what each event says
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "thp.h"
#include "tr.h"
#include "trace.h"

static void inject(struct holder *h, const char *words)
{
	int err = tr_write("check", "pid=%d map=%p+%#zx %s", h->pid, h->r.addr, h->r.len,
			   words);

	ksft_assert(!err, "check: %s", tr_errno_name(err));
}

#define CONTROL	"check=refcount inject=refcount scenario=traced"

/* Each violation of the report is an event that says the same of it. */
static void case_violation(const void *arg)
{
	static const char * const keys[] = {
		"check", "scenario", "round", "addr", "pfn", "index", "want", "got",
		"cause", "reason",
	};
	char *report, *text, *line, *at, *event;
	unsigned int nr = 0;
	struct holder h;
	size_t i;

	(void)arg;
	trace_clean();
	holder_start(&h, thp_bytes());
	trace_begin();
	trace_enable("violation", true);
	inject(&h, CONTROL);
	report = tr_read("last");
	text = trace_read(trace_file("trace"));
	for (line = strtok(report, "\n"), at = text; line; line = strtok(NULL, "\n")) {
		if (strncmp(line, "violation ", 10))
			continue;
		nr++;
		event = trace_next(&at, "violation", " check=refcount ");
		ksft_assert(event, "no event of: %s", line);
		for (i = 0; i < ARRAY_SIZE(keys); i++) {
			const char *want = trace_word(line, keys[i]);

			ksft_expect(want && strstr(event, want), "no \"%s\" in: %s",
				    want ? want : keys[i], event);
		}
		ksft_expect(trace_value(event, "control") == 1, "not injected: %s", event);
		ksft_expect(trace_value(event, "session") > 0, "no session: %s", event);
	}
	ksft_expect(nr && !trace_next(&at, "violation", ""), "%u violations, and more events",
		    nr);

	trace_clear();
	inject(&h, "check=refcount");
	ksft_expect(!trace_nr_lines(), "%u events of a check that held", trace_nr_lines());

	trace_enable("violation", false);
	inject(&h, CONTROL);
	ksft_expect(tr_violations(tr_read("last"), "refcount") && !trace_nr_lines(),
		    "%u events while it was disabled", trace_nr_lines());
	holder_stop(&h);
}

static void case_check(const void *arg)
{
	char *text, *at, *event;
	struct holder h;
	s64 held = 0;

	(void)arg;
	trace_clean();
	holder_start(&h, 2 * thp_bytes());
	trace_begin();
	trace_enable("checked", true);
	inject(&h, "check=refcount check=rmap_census");
	text = trace_read(trace_file("trace"));
	for (at = text; (event = trace_next(&at, "checked", " check=rmap_census "));)
		held += trace_value(event, "held");
	ksft_expect(held > 0 && held == tr_row(tr_read("last"), "check", "rmap_census", "held"),
		    "held=%lld in events, the report:\n%s", (long long)held, tr_read("last"));
	ksft_expect(trace_nr("checked", " check=refcount ") == 1 &&
		    trace_nr("checked", "") == 2, "other checks:\n%s",
		    trace_read(trace_file("trace")));
	holder_stop(&h);
}

static void steered_race(void)
{
	struct holder h;
	int err;

	holder_start(&h, 4 * thp_bytes());
	err = tr_write("race",
		       "pid=%d map=%p+%#zx op=split:1 op=munmap:1 rounds=4 seed=1 scenario=met steer=\"a>split_huge_page b>do_munmap b>end a>end\"",
		       h.pid, h.r.addr, h.r.len);
	ksft_assert(!err, "race: %s", tr_errno_name(err));
	holder_stop(&h);
}

/* What a schedule makes two lanes do. */
static void case_steered(const void *arg)
{
	static const char * const events[] = { "phase", "park", "meet", "round" };
	char *text, *at, *event;
	size_t i;

	(void)arg;
	trace_clean();
	trace_need_phase("split_huge_page");
	trace_need_phase("do_munmap");
	trace_begin();
	steered_race();
	ksft_expect(!trace_nr_lines(), "%u events while none was enabled", trace_nr_lines());
	/* a split passes some phases for each of its pages */
	ksft_assert(!trace_write(trace_file("events/thprace/phase/filter"),
				 "phase == \"split_huge_page\" || phase == \"do_munmap\""),
		    "no filter");
	for (i = 0; i < ARRAY_SIZE(events); i++)
		trace_enable(events[i], true);
	steered_race();
	ksft_expect(!trace_nr("phase", " phase=page_vma_mapped_walk "), "not filtered");

	ksft_expect(trace_nr("phase", " lane=a phase=split_huge_page nth=1 returned=0 parks=1"),
		    "a is nowhere parked:\n%s", trace_read(trace_file("trace")));
	ksft_expect(trace_nr("meet",
			     " lane=b phase=do_munmap other=a other_phase=split_huge_page"),
		    "they do not meet:\n%s", trace_read(trace_file("trace")));
	ksft_expect(trace_nr("round", " scenario=met ") ==
		    tr_number(tr_read("last"), "rounds"),
		    "%u rounds, the report:\n%s", trace_nr("round", ""), tr_read("last"));
	/* 5.10 locks the folio to split its PMD: there b waits for a */
	ksft_expect(trace_nr("round", " steps=4 reached=4 ") +
		    trace_nr("round", " steps=4 reached=3 "), "no round was forced:\n%s",
		    trace_read(trace_file("trace")));
	text = trace_read(trace_file("trace"));
	at = text;
	event = trace_next(&at, "park", " lane=a phase=split_huge_page ");
	ksft_expect(event && trace_value(event, "ns") > 0 && strstr(event, " end=over"),
		    "a's park: %s", event ? event : "none");
	ksft_expect(trace_nr("park", "") == trace_nr("phase", " parks=1"),
		    "%u parks begin, %u end", trace_nr("phase", " parks=1"),
		    trace_nr("park", ""));
}

static const struct ksft_case cases[] = {
	{ .name = "the event of a violation", .run = case_violation },
	{ .name = "events of checks", .run = case_check },
	{ .name = "events of a schedule", .run = case_steered },
};

int main(int argc, char **argv)
{
	int status = ksft_main(argc, argv, cases, ARRAY_SIZE(cases));

	trace_clean();
	return status;
}
