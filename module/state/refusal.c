// SPDX-License-Identifier: GPL-2.0
/*
 * refusal.c - why a line was refused
 *
 * Also built on the host.
 */
#include "state/refusal.h"

/**
 * thprace_refuse() - say what is wrong with a line
 * @no: out, what is allowed in its place; or NULL: nobody wants to know
 * @err: the errno
 * @fmt: the text
 *
 * Context: any. Return: @err.
 */
int thprace_refuse(struct thprace_refusal *no, int err, const char *fmt, ...)
{
	va_list args;

	if (!no)
		return err;
	va_start(args, fmt);
	vsnprintf(no->why, sizeof(no->why), fmt, args);
	va_end(args);
	return err;
}

/**
 * thprace_refuse_more() - go on where the last text ended
 * @no: as for thprace_refuse()
 * @err: the errno
 * @fmt: the text
 *
 * Context: any. Return: @err.
 */
int thprace_refuse_more(struct thprace_refusal *no, int err, const char *fmt, ...)
{
	va_list args;
	size_t at;

	if (!no)
		return err;
	at = strlen(no->why);
	va_start(args, fmt);
	vsnprintf(no->why + at, sizeof(no->why) - at, fmt, args);
	va_end(args);
	return err;
}

/**
 * thprace_refuse_word() - say which word is meant
 * @no: as for thprace_refuse()
 * @s: the word as it was given, need not be terminated
 * @len: its bytes
 *
 * Goes into logs and reports, where a line is a fact: what does not print is shown as '?'.
 *
 * Context: any.
 */
void thprace_refuse_word(struct thprace_refusal *no, const char *s, size_t len)
{
	size_t i;

	if (!no)
		return;
	if (len >= sizeof(no->word))
		len = sizeof(no->word) - 1;
	for (i = 0; i < len; i++)
		no->word[i] = s[i] >= ' ' && s[i] <= '~' ? s[i] : '?';
	no->word[len] = '\0';
}
