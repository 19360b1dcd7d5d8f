// SPDX-License-Identifier: GPL-2.0
/*
 * trigger.c - one trigger line to a struct thprace_spec, and back
 *
 * Parses the grammar of docs/ABI.md strictly and wholly, for the triggers and
 * the session commands, and prints the canonical line that a report's "run:"
 * carries.  Whether a pid, mapping, op or phase exists, and which words a command
 * wants, is asked by command.c.
 *
 * Errors, beside those of docs/ABI.md: a word given too often by count (pids,
 * maps, ops, lanes, steps) and any number outside its limits are -ERANGE; the
 * same pid, op name or check name twice is -EINVAL, and so is a misaligned,
 * wrapping or overlapping map.  The leftmost wrong word decides.
 */
#include "front/chars.h"
#include "front/trigger.h"
#include "front/word.h"

/* One key=value word at @s; *@used gets its length. */
static int parse_word(struct thprace_spec *spec, const char *s, size_t len, size_t *used,
		      struct thprace_refusal *no)
{
	size_t key = 0, at, end;
	int word, err;

	while (key < len && s[key] != '=' && !is_blank(s[key]))
		key++;
	*used = find_blank(s, len);
	word = thprace_word_find(s, key);
	if (word < 0) {
		if (no)
			no->unknown = true;
		return thprace_refuse(no, -EINVAL, "there is no such word");
	}
	if (key == len || s[key] != '=')
		return thprace_refuse(no, -EINVAL, "a word is KEY=VALUE");

	at = key + 1;
	if (word == THPRACE_WORD_STEER && at < len && s[at] == '"') {
		at++;
		end = at + find_char(s + at, len - at, '"');
		*used = end == len ? len : end + 1;
		if (end == len)
			return thprace_refuse(no, -EINVAL, "the closing \" is missing");
		if (*used < len && !is_blank(s[*used]))
			return thprace_refuse(no, -EINVAL, "a blank must follow the closing \"");
	} else {
		end = *used;
	}
	err = thprace_word_parse(spec, word, s + at, end - at, no);
	if (err && no && !no->why[0])
		thprace_word_takes(word, no->why, sizeof(no->why));
	return err;
}

/* op=NAME without lanes is what one lane does: only beside lane=. */
static int parse_finish(struct thprace_spec *spec, struct thprace_refusal *no)
{
	u32 i;

	for (i = 0; i < spec->nr_ops; i++) {
		if (spec->op[i].lanes)
			continue;
		if (!(spec->given & BIT_ULL(THPRACE_WORD_LANE))) {
			thprace_refuse_word(no, spec->op[i].name, strlen(spec->op[i].name));
			return thprace_refuse(no, -EINVAL,
					      "op= takes NAME:LANES, how many lanes do it");
		}
		spec->op[i].lanes = 1;
	}
	return 0;
}

/**
 * thprace_trigger_parse() - parse one line of the grammar
 * @spec: filled in whole on success; unspecified on error
 * @line: the line, without a session command's verb; need not be terminated
 * @len: bytes of @line, at most THPRACE_MAX_LINE, incl. a trailing newline
 * @no: on error the word and what is allowed there, empty before; or NULL
 *
 * Looks nothing up: names of ops and phases are only well formed, pids and
 * addresses only within limits.
 *
 * Return: 0, -E2BIG, -EINVAL or -ERANGE.
 */
int thprace_trigger_parse(struct thprace_spec *spec, const char *line, size_t len,
			  struct thprace_refusal *no)
{
	size_t at = 0, used;
	int err;

	memset(spec, 0, sizeof(*spec));
	if (len > THPRACE_MAX_LINE)
		return thprace_refuse(no, -E2BIG, "a line has at most %u bytes", THPRACE_MAX_LINE);
	if (len && line[len - 1] == '\n')
		len--;
	for (;;) {
		while (at < len && is_blank(line[at]))
			at++;
		if (at == len)
			break;
		err = parse_word(spec, line + at, len - at, &used, no);
		if (err) {
			if (no && !no->word[0])
				thprace_refuse_word(no, line + at, used);
			return err;
		}
		at += used;
	}
	if (!spec->given)
		return thprace_refuse(no, -EINVAL, "the line is empty");
	return parse_finish(spec, no);
}

/**
 * thprace_trigger_print() - the canonical line of a spec
 * @spec: as thprace_trigger_parse() leaves it
 * @buf: gets the line, terminated, without a newline
 * @size: bytes of @buf; THPRACE_MAX_PRINT holds every spec
 *
 * Words come in the order of enum thprace_word.  Parsing the line yields the
 * same spec (its length may exceed THPRACE_MAX_LINE when the spec came from a
 * line of nearly that length, since addresses are printed in hexadecimal).
 *
 * Return: the length, or -ENOSPC when @buf is too small.
 */
int thprace_trigger_print(const struct thprace_spec *spec, char *buf, size_t size)
{
	char val[THPRACE_NAME_LEN + 24];
	size_t at = 0;
	u32 word, nth;

	if (!size)
		return -ENOSPC;
	buf[0] = '\0';
	for (word = 0; word < THPRACE_NR_WORDS; word++) {
		if (!(spec->given & BIT_ULL(word)))
			continue;
		for (nth = 0; ; nth++) {
			/* The steps of a schedule share one key. */
			bool key = word != THPRACE_WORD_STEER || !nth;
			const char *s = thprace_word_print(spec, word, nth, val, sizeof(val));

			if (!s)
				break;
			at += snprintf(buf + at, size - at, "%s%s%s%s", at ? " " : "",
				       key ? thprace_word_name(word) : "", key ? "=" : "", s);
			if (at >= size)
				return -ENOSPC;
		}
	}
	return at;
}
