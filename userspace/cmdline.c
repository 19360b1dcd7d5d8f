// SPDX-License-Identifier: GPL-2.0
/*
 * What the parsers of all commands have in common
 *
 * argp parses; this adds a short and a whole help, and never exits.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cmdline.h"
#include "util.h"

#define MAX_OPTIONS	48

/* argp's own way: positive.  It is no error, so argp says nothing. */
#define ALL_DONE	ECANCELED
#define REFUSED		EINVAL

static bool whole_help;

/* The argp to be printed, which lacks what --help=all alone shows. */
static void short_argp(struct argp *brief, struct argp_option *options, const struct argp *whole)
{
	const struct argp_option *from = whole->options;
	unsigned int n = 0;

	for (; from && (from->name || from->key || from->doc) && n < MAX_OPTIONS - 1; from++) {
		if (from->group < CMDLINE_MORE)
			options[n++] = *from;
	}
	memset(&options[n], 0, sizeof(options[n]));
	*brief = *whole;
	brief->options = options;
}

/**
 * cmdline_help() - the help of a command, on standard output
 * @argp: its parser
 * @name: what it is called
 * @all: the whole, not only what is needed first
 */
void cmdline_help(const struct argp *argp, const char *name, bool all)
{
	static struct argp_option options[MAX_OPTIONS];
	struct argp brief;

	/* No paragraph on how GNU programs take arguments. */
	setenv("ARGP_HELP_FMT", "no-dup-args-note", 0);
	if (!all) {
		short_argp(&brief, options, argp);
		argp = &brief;
	}
	argp_help(argp, stdout, ARGP_HELP_SHORT_USAGE | ARGP_HELP_LONG | ARGP_HELP_DOC,
		  (char *)name);
}

/**
 * cmdline_refuse() - say what is wrong with the words of a command
 * @state: of the parser
 * @fmt: printf format
 *
 * Returns what the parser is to return.
 */
error_t cmdline_refuse(struct argp_state *state, const char *fmt, ...)
{
	char why[1400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	argp_error(state, "%s", why);
	return REFUSED;
}

static const struct argp_option common_options[] = {
	{ "help", 'h', "all", OPTION_ARG_OPTIONAL, "this help; with =all, the whole of it", -1 },
	{ "usage", CMDLINE_KEYS, NULL, 0, "the options in one paragraph", -1 },
	{ "version", 'V', NULL, 0, "the version of program and ABI", -1 },
	{ }
};

static error_t common_option(int key, char *arg, struct argp_state *state)
{
	switch (key) {
	case 'h':
		if (arg && strcmp(arg, "all"))
			return cmdline_refuse(state, "--help takes nothing or =all, not '%.40s'",
					      arg);
		whole_help = arg;
		cmdline_help(state->root_argp, state->name, arg);
		return ALL_DONE;
	case CMDLINE_KEYS:
		argp_help(state->root_argp, stdout, ARGP_HELP_USAGE, state->name);
		return ALL_DONE;
	case 'V':
		printf("thprace %s (abi %d)\n", THPRACE_VERSION, THPRACE_ABI_VERSION);
		return ALL_DONE;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp common = { .options = common_options, .parser = common_option };

const struct argp_child cmdline_common[] = {
	{ .argp = &common, .group = -1 },
	{ }
};

/**
 * cmdline_parse() - the words of a command
 * @argp: its parser
 * @name: what it is called in messages
 * @argc: of @argv
 * @argv: the words; the first one is replaced by @name
 * @input: for the parser
 *
 * Returns CMDLINE_GO, or an exit code: all is done, or what is wrong has been said.
 */
int cmdline_parse(const struct argp *argp, const char *name, int argc, char **argv, void *input)
{
	error_t err;

	argv[0] = (char *)name;
	err = argp_parse(argp, argc, argv, ARGP_NO_EXIT | ARGP_NO_HELP | ARGP_IN_ORDER, NULL,
			 input);
	if (!err)
		return CMDLINE_GO;
	return err == ALL_DONE ? THPRACE_EXIT_PASS : THPRACE_EXIT_ERROR;
}

/**
 * cmdline_whole_help() - was it --help=all that is done?
 */
bool cmdline_whole_help(void)
{
	return whole_help;
}

/**
 * cmdline_number() - the number that an option takes
 * @state: of the parser
 * @name: the option's, without dashes
 * @arg: text
 * @min: smallest allowed
 * @max: largest allowed
 * @val: result
 */
error_t cmdline_number(struct argp_state *state, const char *name, const char *arg, u64 min,
		       u64 max, u64 *val)
{
	if (!parse_u64(arg, min, max, val))
		return 0;
	return cmdline_refuse(state, "--%s takes a number from %llu to %llu, not '%.40s'", name,
			      min, max, arg);
}
