// SPDX-License-Identifier: GPL-2.0
/*
 * What was found out of a finding: for people, and as a command to be pasted
 */
#include <string.h>

#include "cause_text.h"
#include "duration.h"
#include "options.h"
#include "report.h"
#include "triage_plan.h"
#include "triage_report.h"

#define COMMAND_MS	60000

/**
 * triage_of() - what was found out of a cause, or NULL
 * @rep: report
 * @cause: its number
 */
const struct triage *triage_of(const struct report *rep, u32 cause)
{
	unsigned int i;

	for (i = 0; i < rep->nr_triages; i++) {
		if (rep->triage[i].cause == cause)
			return &rep->triage[i];
	}
	return NULL;
}

/**
 * triage_command() - the shortest command that showed it
 * @rep: report
 * @t: triage
 * @buf: result
 * @size: of @buf
 *
 * Returns false when nothing did.
 */
bool triage_command(const struct report *rep, const struct triage *t, char *buf, size_t size)
{
	const struct triage_config *c = t->best ? &t->best->config : NULL;
	const struct options *opt = rep->opt;
	char duration[DURATION_TEXT];
	unsigned int i;
	size_t len;

	buf[0] = '\0';
	if (!c)
		return false;
	if (t->fixed) {
		if (opt->json && strcmp(opt->json, "-"))
			snprintf(buf, size, "thprace replay %s", opt->json);
		return buf[0];
	}
	len = snprintf(buf, size, "thprace run %s --seed %llu", t->scenario, opt->seed);
	if (c->first_round)
		len += snprintf(buf + len, size - len, " --first-round %llu", c->first_round);
	len += snprintf(buf + len, size - len, " --rounds %llu --thps %llu", c->rounds, c->thps);
	if (c->procs)
		len += snprintf(buf + len, size - len, " --procs %llu", c->procs);
	if (opt->ops.text[0])
		len += snprintf(buf + len, size - len, " --ops %s", opt->ops.text);
	if (opt->orders.text[0])
		len += snprintf(buf + len, size - len, " --orders %s", opt->orders.text);
	for (i = 0; i < NR_WITHOUT; i++) {
		if (c->without & 1U << i)
			len += snprintf(buf + len, size - len, " --without %s", without_names[i]);
	}
	if (c->schedule[0])
		len += snprintf(buf + len, size - len, " --steer \"%s\"", c->schedule);
	snprintf(buf + len, size - len, " --duration %s --triage 0%s%s",
		 duration_text(duration, COMMAND_MS), opt->no_module ? " --no-module" : "",
		 opt->gentle ? " --gentle" : "");
	return true;
}

/**
 * triage_print() - what was found out, for people
 * @rep: report
 * @t: triage
 * @out: where to
 */
void triage_print(const struct report *rep, const struct triage *t, FILE *out)
{
	char text[TRIAGE_TEXT * 4];

	triage_sentence(t, text, sizeof(text));
	cause_print_line("triage", text, out);
	triage_tried(t, text, sizeof(text));
	if (text[0])
		cause_print_line("tried", text, out);
	/* To be pasted, so on one line. */
	if (triage_command(rep, t, text, sizeof(text)))
		fprintf(out, "  run         %s\n", text);
}
