// SPDX-License-Identifier: GPL-2.0
/*
 * The report as KTAP: a test point for each scenario, one for the whole
 *
 * Only what passed is ok: inconclusive and aborted are not.
 */
#include <errno.h>
#include <string.h>

#include "ktap.h"
#include "report_text.h"
#include "result.h"
#include "scenario.h"
#include "tally.h"

struct points {
	FILE *out;
	unsigned int nr, pass, fail, skip;
};

/* What is behind a '#' is a directive for those who read it, so there is none in a text. */
static void print_text(FILE *out, const char *text)
{
	for (; *text; text++)
		fputc(*text == '#' || *text == '\n' ? ' ' : *text, out);
}

static void point(struct points *p, bool ok, const char *name, const char *directive,
		  const char *why)
{
	fprintf(p->out, "%sok %u %s%s%s", ok ? "" : "not ", ++p->nr, name,
		*directive ? " # " : "", directive);
	if (*why) {
		fputc(' ', p->out);
		print_text(p->out, why);
	}
	fputc('\n', p->out);
}

static void scenario_point(struct points *p, const struct result *res)
{
	const struct tally *t = &res->tally;
	bool passed = res->verdict == THPRACE_PASS;
	unsigned int i;

	for (i = 0; i < t->nr_violations && !res->skipped; i++)
		violation_print(&t->kept[i], "# ", p->out);
	if (res->skipped) {
		p->skip++;
		point(p, true, res->sc->name, "SKIP", res->skipped);
	} else if (passed) {
		p->pass++;
		point(p, true, res->sc->name, "", "");
	} else {
		p->fail++;
		point(p, false, res->sc->name, verdict_names[res->verdict], res->why);
	}
}

/* What no scenario alone says: a check that was never made, an interruption. */
static void whole_point(struct points *p, const struct report *rep)
{
	bool all_skipped = p->skip == rep->nr_results;

	if (all_skipped) {
		p->skip++;
		point(p, true, "run", "SKIP", rep->why);
	} else if (rep->verdict == THPRACE_PASS) {
		p->pass++;
		point(p, true, "run", "", "");
	} else {
		p->fail++;
		point(p, false, "run", verdict_names[rep->verdict], rep->why);
	}
}

static int print_ktap(const struct report *rep, FILE *out)
{
	struct points p = { .out = out };
	unsigned int i;

	fprintf(out, "KTAP version 1\n1..%u\n", rep->nr_results + 1);
	for (i = 0; i < rep->nr_results; i++)
		scenario_point(&p, rep->results[i]);
	whole_point(&p, rep);
	fprintf(out, "# Totals: pass:%u fail:%u xfail:0 xpass:0 skip:%u error:0\n", p.pass, p.fail,
		p.skip);
	return fflush(out) || ferror(out) ? -EIO : 0;
}

/**
 * report_ktap() - write the report as KTAP
 * @rep: judged report
 * @path: file, or "-" for standard output
 */
int report_ktap(const struct report *rep, const char *path)
{
	FILE *out = strcmp(path, "-") ? fopen(path, "we") : stdout;
	int err = out ? print_ktap(rep, out) : -errno;

	if (out && out != stdout && fclose(out))
		err = -EIO;
	if (err)
		set_error("cannot write the KTAP report to %s", path);
	return err;
}
