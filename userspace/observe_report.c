// SPDX-License-Identifier: GPL-2.0
/*
 * What came of observing: verdict, exit status, text and JSON
 */
#include <string.h>
#include <sys/wait.h>

#include "cause.h"
#include "cause_text.h"
#include "env.h"
#include "grid.h"
#include "json_value.h"
#include "observe.h"
#include "result.h"
#include "tally.h"
#include "undo.h"
#include "watch.h"

#define FEW_CAUSES	4
#define CAUSE_LINES	28
#define FEW_LOG_LINES	3

/* Rules of large folios alone: they have held only if one was looked at. */
static const unsigned int of_large[] = {
	THPRACE_CHECK_ENTIRE_MAPCOUNT, THPRACE_CHECK_LARGE_MAPCOUNT,
	THPRACE_CHECK_NR_PAGES_MAPPED, THPRACE_CHECK_MM_ID, THPRACE_CHECK_PMD_GEOMETRY,
	THPRACE_CHECK_DEFERRED_QUEUE,
	/* and of splits, by the processes that are observed */
	THPRACE_CHECK_SPLIT_LOCK,
};

static u64 held_of_large(const struct tally *t)
{
	unsigned int i;
	u64 held = 0;

	for (i = 0; i < ARRAY_SIZE(of_large); i++)
		held += t->checks[of_large[i]].held;
	return held;
}

static bool asks_for_large(const struct observe *o)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(of_large); i++) {
		if (o->checks & BIT_ULL(of_large[i]))
			return true;
	}
	return false;
}

/* A check that was named, and never held, or NULL. */
static const char *never_held(const struct observe *o, const struct tally *t)
{
	unsigned int i;

	for (i = 0; o->checks_named && i < THPRACE_NR_CHECKS; i++) {
		if ((o->checks & BIT_ULL(i)) && !t->checks[i].held)
			return check_name(i);
	}
	return NULL;
}

static const char *say_inconclusive(const struct observe *o, const struct report *rep, char *buf,
				    size_t size)
{
	const struct check_count *cal = &rep->sum.checks[THPRACE_CHECK_CALIBRATION];
	const char *never = never_held(o, &rep->sum);

	if (cal->skipped && !cal->held && !o->allow_uncalibrated)
		snprintf(buf, size, "calibration: %s (--allow-uncalibrated does without)",
			 cal->reason);
	else if (o->interrupted && o->duration_ms)
		snprintf(buf, size, "interrupted");
	else if (!held_of_large(&rep->sum) && (asks_for_large(o) || !o->looks.nr_huge))
		snprintf(buf, size,
			 "no huge page was split or checked: %llu regions in %llu visits, %llu of them of a process with huge pages",
			 o->looks.nr_regions, o->looks.nr_visits, o->looks.nr_huge);
	else if (never)
		snprintf(buf, size, "check %s never held", never);
	else
		return NULL;
	return buf;
}

/**
 * observe_judge() - the verdict
 * @o: what was observed
 * @rep: its tally and errors are filled in
 */
void observe_judge(const struct observe *o, struct report *rep)
{
	struct tally *t = &rep->sum;
	unsigned int i, j;
	size_t len;

	if (t->violations) {
		rep->verdict = THPRACE_FAIL;
		snprintf(rep->why, sizeof(rep->why), "%llu violation%s", t->violations,
			 t->violations == 1 ? "" : "s");
		for (i = 0; i < t->nr_violations; i++) {
			for (j = 0; j < i && strcmp(t->kept[j].check, t->kept[i].check); j++)
				;
			len = strlen(rep->why);
			if (j == i)
				snprintf(rep->why + len, sizeof(rep->why) - len, "%s %s",
					 i ? "," : ":", t->kept[i].check);
		}
	} else if (rep->broken) {
		rep->verdict = THPRACE_ABORTED;
		snprintf(rep->why, sizeof(rep->why), "harness error: %.180s", last_error());
	} else {
		rep->verdict = say_inconclusive(o, rep, rep->why, sizeof(rep->why)) ?
			       THPRACE_INCONCLUSIVE : THPRACE_PASS;
	}
	rep->results[0]->verdict = rep->verdict;
	copy_word(rep->results[0]->why, sizeof(rep->results[0]->why), rep->why);
}

/* As a shell says it. */
static int command_status(const struct observe *o)
{
	if (!o->ended)
		return 0;
	return WIFEXITED(o->status) ? WEXITSTATUS(o->status) : 128 + WTERMSIG(o->status);
}

/**
 * observe_status() - the exit status of "thprace observe"
 * @o: what was observed
 * @rep: judged
 *
 * A finding wins, then an error of ours; then the command's own, if it is not 0.
 */
int observe_status(const struct observe *o, const struct report *rep)
{
	if (rep->verdict == THPRACE_FAIL)
		return THPRACE_EXIT_FAIL;
	if (rep->broken)
		return THPRACE_EXIT_ERROR;
	if (!o->verdict_status && command_status(o))
		return command_status(o);
	return rep->verdict == THPRACE_PASS ? THPRACE_EXIT_PASS : THPRACE_EXIT_INCONCLUSIVE;
}

static double percent_busy(const struct observe *o)
{
	return o->elapsed_ns ? o->looks.busy_ns * 100.0 / o->elapsed_ns : 0;
}

static const char *follow_name(const struct observe *o)
{
	static const char *const names[] = {
		[FOLLOW_CGROUP] = "cgroup", [FOLLOW_GIVEN] = "cgroup", [FOLLOW_PARENTS] = "parents",
	};

	return names[o->tree->follow];
}

static void print_command(const struct observe *o, FILE *out)
{
	if (!o->command)
		return;
	fprintf(out, "  command %s", o->command[0]);
	if (!o->ended)
		fprintf(out, " has not ended");
	else if (WIFEXITED(o->status))
		fprintf(out, " exited with %d", WEXITSTATUS(o->status));
	else
		fprintf(out, " was ended by signal %d", WTERMSIG(o->status));
	if (o->tree->nr_left)
		fprintf(out, "; %u of its processes live on", o->tree->nr_left);
	fputc('\n', out);
}

static void print_checks(const struct tally *t, FILE *out)
{
	unsigned int i, nr = 0;

	for (i = 0; i < THPRACE_NR_CHECKS; i++) {
		if (t->checks[i].held)
			fprintf(out, "%s %s %llu", nr++ ? "," : "  held:", check_name(i),
				t->checks[i].held);
	}
	if (nr)
		fputc('\n', out);
	for (i = 0; i < THPRACE_NR_CHECKS; i++) {
		if (t->checks[i].skipped)
			fprintf(out, "  skipped: %s %llu, %s\n", check_name(i),
				t->checks[i].skipped, t->checks[i].reason);
	}
}

static void print_findings(const struct tally *t, FILE *out)
{
	const struct kernel_log *log = watch_log();
	struct cause c;
	unsigned int i;

	for (i = 0; i < FEW_CAUSES && cause_get(t, i, &c); i++)
		cause_print(t, &c, CAUSE_LINES, out);
	if (causes_count(t) > i)
		fprintf(out, "... and %u more causes\n", causes_count(t) - i);
	for (i = 0; log && i < log->nr && i < FEW_LOG_LINES; i++)
		fprintf(out, "  kernel: %s\n", log->line[i]);
}

/**
 * observe_print() - the report for people
 * @o: what was observed
 * @rep: judged
 * @out: where to
 */
void observe_print(const struct observe *o, const struct report *rep, FILE *out)
{
	const struct looks *l = &o->looks;
	unsigned int decided, met;

	fprintf(out, "thprace: observe: verdict: %s%s%s%s\n", verdict_names[rep->verdict],
		rep->why[0] ? " (" : "", rep->why, rep->why[0] ? ")" : "");
	print_findings(&rep->sum, out);
	print_command(o, out);
	fprintf(out,
		"  %llu processes (by %s), %.1f s; %llu regions of %zu KiB checked, not checked: %llu gone, %llu changed\n",
		o->tree->nr_seen, follow_name(o), o->elapsed_ns / 1e9, l->nr_regions,
		env.hpage_size / 1024, l->unchecked[UNCHECKED_GONE],
		l->unchecked[UNCHECKED_CHANGED]);
	fprintf(out, "  looking took %.2f%% of the time (limit %llu%%), at most %.1f ms at once\n",
		percent_busy(o), o->overhead, l->longest_ns / 1e6);
	print_checks(&rep->sum, out);
	if (rep->sum.nr_cells) {
		grid_counts(&rep->sum, &decided, &met);
		fprintf(out, "  met by chance: %u of %u pairs of phases\n", met,
			rep->sum.nr_cells);
	}
	undo_print(out);
}

/**
 * observe_json() - what only this command has to say
 * @o: what was observed
 */
json_t *observe_json(const struct observe *o)
{
	json_t *words = json_array(), *unchecked = json_object();
	const struct looks *l = &o->looks;
	unsigned int i;

	for (i = 0; o->command && o->command[i]; i++)
		json_array_append_new(words, plain_json(o->command[i]));
	for (i = 0; i < NR_UNCHECKED; i++)
		json_object_set_new(unchecked, unchecked_names[i], u64_json(l->unchecked[i]));
	return json_pack("{s:o, s:o, s:s, s:o, s:o, s:o, s:f, s:f, s:o, s:o, s:o, s:o, s:f}",
			 "command", words,
			 "status", o->ended ? json_integer(command_status(o)) : json_null(),
			 "followed_by", follow_name(o),
			 "processes", u64_json(o->tree->nr_seen),
			 "left", u64_json(o->tree->nr_left),
			 "overhead_limit", u64_json(o->overhead),
			 "overhead", percent_busy(o),
			 "busy_s", l->busy_ns / 1e9,
			 "regions", u64_json(l->nr_regions),
			 "not_checked", unchecked,
			 "visits", u64_json(l->nr_visits),
			 "visits_huge", u64_json(l->nr_huge),
			 "longest_s", l->longest_ns / 1e9);
}
