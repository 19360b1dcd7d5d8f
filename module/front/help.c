// SPDX-License-Identifier: GPL-2.0
/*
 * help.c - the grammar, from the tables that lines are parsed and run by
 *
 * Examples are shell commands; kselftest/test_help.sh runs each of them.
 */
#include <linux/seq_file.h>

#include "front/help.h"
#include "front/trigger.h"
#include "front/verbs.h"
#include "front/word.h"

/* Within double quotes of a shell. */
static void print_quoted(struct seq_file *m, const char *s)
{
	for (; *s; s++) {
		if (*s == '"')
			seq_putc(m, '\\');
		seq_putc(m, *s);
	}
}

static void print_words(struct seq_file *m, const char *what, u32 map)
{
	unsigned int i;

	if (!map)
		return;
	seq_printf(m, "  %s:", what);
	for (i = 0; i < THPRACE_NR_WORDS; i++)
		if (map & BIT(i))
			seq_printf(m, " %s", thprace_word_name(i));
	seq_putc(m, '\n');
}

static void print_verb(struct seq_file *m, unsigned int i)
{
	const struct thprace_verb *verb = &thprace_verbs[i];
	bool trigger = i < THPRACE_NR_TRIGGERS;

	seq_printf(m, "\n%s: %s\n", verb->name, verb->does);
	print_words(m, "needs", verb->needs);
	print_words(m, "takes", verb->takes & ~verb->needs & ~(trigger ? W(LANE) : 0));
	seq_puts(m, "  $ echo \"");
	if (!trigger)
		seq_printf(m, "%s%s", verb->name, verb->example[0] ? " " : "");
	print_quoted(m, verb->example);
	if (trigger)
		seq_printf(m, "\" >%s\n", verb->name);
	else
		seq_puts(m, "\" >&3\n");
}

static void print_word(struct seq_file *m, unsigned int word)
{
	char takes[THPRACE_REFUSED_WHY];

	thprace_word_takes(word, takes, sizeof(takes));
	seq_printf(m, "%s=\t%s\n\te.g. %s=%s\n", thprace_word_name(word), takes,
		   thprace_word_name(word), thprace_word_example(word));
}

/* What is set and seen in other places: docs/ABI.md, "Switches" and "Events". */
static const char * const elsewhere[] = {
	"Files that a write of \"clear\", \"0\" or an empty line clears: violations stats\n",
	"Module parameters, /sys/module/thprace/parameters/:\n",
	"on_violation=\tlog, warn (the first one also warns and taints), panic (for a dump)\n",
	"max_park_ms=\t1..1000: a lane is parked so long at most\n",
	"off=\tY: parked lanes go on, probes are removed, commands end and are refused; or N\n",
	"Events, /sys/kernel/tracing/events/thprace/:\n",
	"violation\ta finding was recorded, real or injected (control)\n",
	"checked\tquiesced checks of a command or a round: held and skipped, of each kind\n",
	"round\ta round was counted\n",
	"phase\ta lane of a schedule passes a phase\n",
	"park\ta parked lane goes on: after how long, and why\n",
	"meet\ta lane has come to its step while another one is parked\n",
};

/**
 * thprace_help_show() - commands and words, with an example for each
 * @m: where to
 *
 * Context: process context.
 */
void thprace_help_show(struct seq_file *m)
{
	unsigned int i;

	seq_puts(m, "Lines are words KEY=VALUE with blanks between them. A process with huge pages and a\n"
		 "shell that knows its HELPER_PID and HELPER_MAP: kselftest/helper 16 sh\n"
		 "What a refused line did wrong is in error, results are in last.\n"
		 "\nTriggers, a file each:\n");
	for (i = 0; i < THPRACE_NR_TRIGGERS; i++)
		print_verb(m, i);
	seq_puts(m, "\nSessions take these as well (\"split map=...\"), and more, all through one open file,\n"
		 "which shows the report when it is read:\n"
		 "  $ exec 3<>session\n");
	for (; i < thprace_nr_verbs; i++)
		print_verb(m, i);
	seq_puts(m, "\nWords:\n\n");
	for (i = 0; i < THPRACE_NR_WORDS; i++)
		print_word(m, i);
	for (i = 0; i < ARRAY_SIZE(elsewhere); i++)
		seq_printf(m, "%s%s", strchr(elsewhere[i], '\t') ? "" : "\n", elsewhere[i]);
}
