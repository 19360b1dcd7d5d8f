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
#include "front/trigger.h"
#include "state/names.h"

/*
 * How often a word may occur, how its value is read and how printed; or, for
 * a number, its field (u64 if @wide, else u32) and limits, and the names of
 * its values, if they have names.  A printer yields the value of the @nth
 * occurrence (in @buf or constant), NULL when there is no such occurrence.
 * What a value may be is @takes, or follows from the limits and names.
 */
struct word_row {
	u32 times;
	int (*parse)(struct thprace_spec *spec, const char *s, size_t len,
		     struct thprace_refusal *no);
	const char *(*print)(const struct thprace_spec *spec, u32 nth,
			     char *buf, size_t size);
	size_t offset;
	bool wide;
	u64 min, max;
	const char * const *names;
	const char *takes, *example;
};

static const char * const word_name[] = THPRACE_WORD_NAMES;
static const char * const result_name[] = { "ok", "busy", "failed" };
static const char * const stop_name[] = { "first", "never" };
static const char * const refs_name[] = { "lower", "exact" };

static_assert(ARRAY_SIZE(word_name) == THPRACE_NR_WORDS);
static_assert(ARRAY_SIZE(result_name) == THPRACE_NR_RESULTS);
static_assert(THPRACE_NR_CHECKS <= 64);

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_label_char(char c)
{
	return (c >= 'a' && c <= 'z') || is_digit(c) || c == '_' || c == '-';
}

/* Phases may be named after kernel symbols. */
static bool is_phase_char(char c)
{
	return is_label_char(c) || (c >= 'A' && c <= 'Z') || c == '.';
}

static bool is_word(const char *s, size_t len, const char *name)
{
	return strlen(name) == len && !memcmp(s, name, len);
}

static int digit_value(char c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 16;
}

/*
 * Decimal, or hexadecimal after 0x; no sign, nothing around it.  What is not
 * a number is -EINVAL even when it is also too long.
 */
static int parse_u64(const char *s, size_t len, u64 *val)
{
	unsigned int base = 10, digit;
	bool overflow = false;
	u64 n = 0;
	size_t i;

	if (len > 2 && s[0] == '0' && s[1] == 'x') {
		base = 16;
		s += 2;
		len -= 2;
	}
	if (!len)
		return -EINVAL;
	for (i = 0; i < len; i++) {
		digit = digit_value(s[i]);
		if (digit >= base)
			return -EINVAL;
		/* No 64-bit division: some 32-bit kernels lack it. */
		if (base == 16)
			overflow |= n >> 60;
		else
			overflow |= n > 1844674407370955161ULL ||
				    (n == 1844674407370955161ULL && digit > 5);
		n = n * base + digit;
	}
	if (overflow)
		return -ERANGE;
	*val = n;
	return 0;
}

static int parse_limited(const char *s, size_t len, u64 min, u64 max, u64 *val)
{
	u64 n;
	int err;

	err = parse_u64(s, len, &n);
	if (err)
		return err;
	*val = n;
	return n < min || n > max ? -ERANGE : 0;
}

static int parse_limited_u32(const char *s, size_t len, u32 min, u32 max, u32 *val)
{
	u64 n;
	int err;

	err = parse_limited(s, len, min, max, &n);
	if (!err)
		*val = n;
	return err;
}

/* Copies a name of allowed characters, 1..THPRACE_NAME_LEN-1 of them. */
static int parse_label(const char *s, size_t len, bool (*allowed)(char c), char *dst)
{
	size_t i;

	if (!len || len >= THPRACE_NAME_LEN)
		return -EINVAL;
	for (i = 0; i < len; i++)
		if (!allowed(s[i]))
			return -EINVAL;
	memcpy(dst, s, len);
	dst[len] = '\0';
	return 0;
}

static_assert(sizeof(enum thprace_stop_on) == sizeof(u32));
static_assert(sizeof(enum thprace_result) == sizeof(u32));

/* Offset of @c in @s, or @len. */
static size_t find_char(const char *s, size_t len, char c)
{
	const char *at = len ? memchr(s, c, len) : NULL;

	return at ? (size_t)(at - s) : len;
}

/* Offset of the first blank in @s, or @len. */
static size_t find_blank(const char *s, size_t len)
{
	size_t at = 0;

	while (at < len && !is_blank(s[at]))
		at++;
	return at;
}

static int parse_pid(struct thprace_spec *spec, const char *s, size_t len,
		     struct thprace_refusal *no)
{
	u32 pid, i;
	int err;

	err = parse_limited_u32(s, len, 1, THPRACE_MAX_PID, &pid);
	if (err)
		return err;
	for (i = 0; i < spec->nr_pids; i++)
		if (spec->pid[i] == (s32)pid)
			return thprace_refuse(no, -EINVAL, "a process can be named once");
	spec->pid[spec->nr_pids++] = pid;
	return 0;
}

static int parse_map(struct thprace_spec *spec, const char *s, size_t len,
		     struct thprace_refusal *no)
{
	size_t plus = find_char(s, len, '+');
	struct thprace_map *m;
	u64 addr, bytes;
	int err;
	u32 i;

	if (plus == len)
		return -EINVAL;
	err = parse_u64(s, plus, &addr);
	if (!err)
		err = parse_limited(s + plus + 1, len - plus - 1, 1,
				    THPRACE_MAX_MAP_BYTES, &bytes);
	if (err)
		return err;
	if ((addr | bytes) & (THPRACE_PMD_SIZE - 1))
		return thprace_refuse(no, -EINVAL,
				      "not aligned: address and length are multiples of 0x%llx",
				      (unsigned long long)THPRACE_PMD_SIZE);
	if (addr > U64_MAX - bytes)
		return thprace_refuse(no, -EINVAL, "it ends beyond the last address");
	for (i = 0; i < spec->nr_maps; i++) {
		m = &spec->map[i];
		if (addr < m->addr + m->len && m->addr < addr + bytes)
			return thprace_refuse(no, -EINVAL, "it overlaps another map=");
	}
	m = &spec->map[spec->nr_maps++];
	m->addr = addr;
	m->len = bytes;
	return 0;
}

/* Lanes in all; a request without a number counts as one. */
static u32 total_lanes(const struct thprace_spec *spec)
{
	u32 i, lanes = 0;

	for (i = 0; i < spec->nr_ops; i++)
		lanes += spec->op[i].lanes ? spec->op[i].lanes : 1;
	return lanes;
}

/* NAME:LANES; the plain NAME leaves lanes 0 for parse_finish() to judge. */
static int parse_op(struct thprace_spec *spec, const char *s, size_t len,
		    struct thprace_refusal *no)
{
	size_t colon = find_char(s, len, ':');
	struct thprace_op_req *op = &spec->op[spec->nr_ops];
	u32 i;
	int err;

	err = parse_label(s, colon, is_label_char, op->name);
	if (err)
		return err;
	op->lanes = 0;
	if (colon < len) {
		err = parse_limited_u32(s + colon + 1, len - colon - 1, 1,
					THPRACE_MAX_LANES, &op->lanes);
		if (err)
			return err;
	}
	for (i = 0; i < spec->nr_ops; i++)
		if (!strcmp(spec->op[i].name, op->name))
			return thprace_refuse(no, -EINVAL,
					      "an op is named once, with all of its lanes");
	spec->nr_ops++;
	if (total_lanes(spec) > THPRACE_MAX_LANES)
		return thprace_refuse(no, -ERANGE, "a race has at most %u lanes in all",
				      THPRACE_MAX_LANES);
	return 0;
}

/* A number or named value straight into its field. */
static int parse_number(struct thprace_spec *spec, const struct word_row *row,
			const char *s, size_t len)
{
	char *field = (char *)spec + row->offset;
	u64 n;
	int err;

	if (row->names) {
		int i = thprace_name_find(row->names, row->max + 1, s, len);

		if (i < 0)
			return -EINVAL;
		n = i;
	} else {
		err = parse_limited(s, len, row->min, row->max, &n);
		if (err)
			return err;
	}
	if (row->wide)
		*(u64 *)field = n;
	else
		*(u32 *)field = n;
	return 0;
}

static int parse_check_bit(u64 *bits, const char *s, size_t len, struct thprace_refusal *no)
{
	int check = thprace_check_find(s, len);

	if (check < 0)
		return check;
	if (*bits & BIT_ULL(check))
		return thprace_refuse(no, -EINVAL, "a check is named once");
	*bits |= BIT_ULL(check);
	return 0;
}

static int parse_check(struct thprace_spec *spec, const char *s, size_t len,
		       struct thprace_refusal *no)
{
	return parse_check_bit(&spec->check, s, len, no);
}

static int parse_inject(struct thprace_spec *spec, const char *s, size_t len,
			struct thprace_refusal *no)
{
	return parse_check_bit(&spec->inject, s, len, no);
}

static int parse_lane_letter(char c)
{
	return c >= 'a' && c < 'a' + THPRACE_MAX_LANES ? c - 'a' : -EINVAL;
}

static int parse_lane(struct thprace_spec *spec, const char *s, size_t len,
		      struct thprace_refusal *no)
{
	int lane = len == 1 ? parse_lane_letter(s[0]) : -EINVAL;

	if (lane < 0)
		return lane;
	spec->lane = lane;
	return 0;
}

static int parse_scenario(struct thprace_spec *spec, const char *s, size_t len,
			  struct thprace_refusal *no)
{
	return parse_label(s, len, is_label_char, spec->scenario);
}

/* LANE>PHASE, LANE>PHASE#N, LANE<PHASE, LANE<PHASE#N or LANE>end. */
static int parse_step(struct thprace_step *step, const char *s, size_t len)
{
	size_t hash;
	int lane;

	if (len < 3 || (s[1] != '>' && s[1] != '<'))
		return -EINVAL;
	lane = parse_lane_letter(s[0]);
	if (lane < 0)
		return lane;
	step->lane = lane;
	step->kind = s[1] == '>' ? THPRACE_STEP_ENTER : THPRACE_STEP_RETURN;
	step->nth = 1;
	s += 2;
	len -= 2;

	hash = find_char(s, len, '#');
	if (is_word(s, hash, "end")) {
		if (step->kind != THPRACE_STEP_ENTER || hash < len)
			return -EINVAL;
		step->kind = THPRACE_STEP_END;
		step->phase[0] = '\0';
		return 0;
	}
	if (hash < len) {
		int err = parse_limited_u32(s + hash + 1, len - hash - 1, 1,
					    THPRACE_MAX_OCCURRENCE, &step->nth);
		if (err)
			return err;
	}
	return parse_label(s, hash, is_phase_char, step->phase);
}

/**
 * thprace_steer_parse() - parse the inner text of steer=
 * @spec: gets @steer, @step and @nr_steps; nothing else of it changes
 * @s: "grid", or steps separated by blanks; need not be terminated
 * @len: bytes of @s
 * @no: why it is refused, or NULL
 *
 * Phase names are looked up by the session, which knows this kernel.
 *
 * Return: 0, -EINVAL (malformed, or no step), -ERANGE (too many steps, or an
 * occurrence outside its limits).
 */
int thprace_steer_parse(struct thprace_spec *spec, const char *s, size_t len,
			struct thprace_refusal *no)
{
	size_t at = 0, start;
	int err;

	spec->nr_steps = 0;
	if (is_word(s, len, "grid")) {
		spec->steer = THPRACE_STEER_GRID;
		return 0;
	}
	for (;;) {
		while (at < len && is_blank(s[at]))
			at++;
		if (at == len)
			break;
		start = at;
		while (at < len && !is_blank(s[at]))
			at++;
		if (spec->nr_steps == THPRACE_MAX_STEPS)
			return thprace_refuse(no, -ERANGE, "a schedule has at most %u steps",
					      THPRACE_MAX_STEPS);
		err = parse_step(&spec->step[spec->nr_steps], s + start, at - start);
		if (err) {
			thprace_refuse_word(no, s + start, at - start);
			return thprace_refuse(no, err,
					      "a step is a>PHASE, a>PHASE#N (N up to %u), a<PHASE or a>end, with a lane a to %c",
					      THPRACE_MAX_OCCURRENCE, 'a' + THPRACE_MAX_LANES - 1);
		}
		spec->nr_steps++;
	}
	if (!spec->nr_steps)
		return -EINVAL;
	spec->steer = THPRACE_STEER_SCHEDULE;
	return 0;
}

static const char *print_u64(u64 val, char *buf, size_t size)
{
	snprintf(buf, size, "%llu", (unsigned long long)val);
	return buf;
}

static const char *print_number(const struct thprace_spec *spec, const struct word_row *row,
				u32 nth, char *buf, size_t size)
{
	const char *field = (const char *)spec + row->offset;
	u64 n = row->wide ? *(const u64 *)field : *(const u32 *)field;

	if (nth)
		return NULL;
	return row->names ? row->names[n] : print_u64(n, buf, size);
}

static const char *print_pid(const struct thprace_spec *spec, u32 nth, char *buf, size_t size)
{
	return nth < spec->nr_pids ? print_u64(spec->pid[nth], buf, size) : NULL;
}

static const char *print_map(const struct thprace_spec *spec, u32 nth, char *buf, size_t size)
{
	if (nth >= spec->nr_maps)
		return NULL;
	snprintf(buf, size, "0x%llx+0x%llx", (unsigned long long)spec->map[nth].addr,
		 (unsigned long long)spec->map[nth].len);
	return buf;
}

static const char *print_op(const struct thprace_spec *spec, u32 nth, char *buf, size_t size)
{
	if (nth >= spec->nr_ops)
		return NULL;
	snprintf(buf, size, "%s:%u", spec->op[nth].name, spec->op[nth].lanes);
	return buf;
}

/* Name of the @nth set bit. */
static const char *print_check_bit(u64 bits, u32 nth)
{
	u32 i;

	for (i = 0; i < THPRACE_NR_CHECKS; i++)
		if (bits & BIT_ULL(i) && !nth--)
			return thprace_check_name(i);
	return NULL;
}

static const char *print_check(const struct thprace_spec *spec, u32 nth, char *buf, size_t size)
{
	return print_check_bit(spec->check, nth);
}

static const char *print_inject(const struct thprace_spec *spec, u32 nth, char *buf, size_t size)
{
	return print_check_bit(spec->inject, nth);
}

static const char *print_lane(const struct thprace_spec *spec, u32 nth, char *buf, size_t size)
{
	if (nth)
		return NULL;
	snprintf(buf, size, "%c", (char)('a' + spec->lane));
	return buf;
}

static const char *print_scenario(const struct thprace_spec *spec, u32 nth, char *buf, size_t size)
{
	return nth ? NULL : spec->scenario;
}

/* In parts, so that no buffer needs to hold a whole schedule. */
static const char *print_steer(const struct thprace_spec *spec, u32 nth, char *buf, size_t size)
{
	const struct thprace_step *step;
	int n;

	if (spec->steer == THPRACE_STEER_GRID)
		return nth ? NULL : "grid";
	if (nth >= spec->nr_steps)
		return NULL;
	step = &spec->step[nth];
	n = snprintf(buf, size, "%s%c%c%s", nth ? "" : "\"", (char)('a' + step->lane),
		     step->kind == THPRACE_STEP_RETURN ? '<' : '>',
		     step->kind == THPRACE_STEP_END ? "end" : step->phase);
	if (step->nth > 1)
		n += snprintf(buf + n, size - n, "#%u", step->nth);
	snprintf(buf + n, size - n, "%s", nth + 1 == spec->nr_steps ? "\"" : "");
	return buf;
}

#define AT(field)	offsetof(struct thprace_spec, field)
#define WIDE		true
#define NARROW		false

#define NUMBER(field, width, from, to) \
	.times = 1, .offset = AT(field), .wide = width, .min = from, .max = to
#define ONE_OF(field, nr, list) \
	.times = 1, .offset = AT(field), .max = (nr) - 1, .names = list

static const struct word_row words[] = {
	[THPRACE_WORD_PID]	= { THPRACE_MAX_PIDS, parse_pid, print_pid,
		.takes = "a process, 1 to 4194304; at most 64, none twice",
		.example = "1" },
	[THPRACE_WORD_MAP]	= { THPRACE_MAX_MAPS, parse_map, print_map,
		.takes =
		"0xADDR+LEN, multiples of 0x200000, LEN up to 0x10000000000; at most 8, no overlap",
		.example = "0x7f0000000000+0x200000" },
	[THPRACE_WORD_OP]	= { THPRACE_MAX_OPS, parse_op, print_op,
		.takes = "NAME:LANES, see ops; at most 8, 16 lanes in all; with lane= just NAME",
		.example = "munmap:2" },
	[THPRACE_WORD_STEER]	= { 1, thprace_steer_parse, print_steer,
		.takes =
		"grid, or \"STEP STEP...\" in quotes; a step is a>PHASE, a>PHASE#N, a<PHASE or a>end, see phases",
		.example = "\"a>try_to_migrate b>end a>end\"" },
	[THPRACE_WORD_CHECK]	= { THPRACE_NR_CHECKS, parse_check, print_check,
		.names = thprace_check_names, .max = THPRACE_NR_CHECKS - 1,
		.example = "refcount" },
	[THPRACE_WORD_INJECT]	= { THPRACE_NR_CHECKS, parse_inject, print_inject,
		.names = thprace_check_names, .max = THPRACE_NR_CHECKS - 1,
		.example = "refcount" },
	[THPRACE_WORD_LANE]	= { 1, parse_lane, print_lane,
		.takes = "a letter, a to p", .example = "a" },
	[THPRACE_WORD_SCENARIO]	= { 1, parse_scenario, print_scenario,
		.takes = "a label of a-z, 0-9, - and _, at most 39 of them",
		.example = "my-test" },
	[THPRACE_WORD_DURATION_MS] = { NUMBER(duration_ms, WIDE, 1, THPRACE_MAX_DURATION_MS),
		.example = "1000" },
	[THPRACE_WORD_ROUNDS]	= { NUMBER(rounds, WIDE, 1, THPRACE_MAX_ROUNDS),
		.example = "100" },
	[THPRACE_WORD_SEED]	= { NUMBER(seed, WIDE, 0, U64_MAX), .example = "42" },
	[THPRACE_WORD_ORDER]	= { NUMBER(order, NARROW, 0, THPRACE_MAX_ORDER),
		.example = "0" },
	[THPRACE_WORD_PAGE]	= { NUMBER(page, NARROW, 0, THPRACE_MAX_PAGE),
		.example = "511" },
	[THPRACE_WORD_GRID_K]	= { NUMBER(grid_k, NARROW, 1, THPRACE_MAX_GRID_K),
		.example = "3" },
	[THPRACE_WORD_STOP_ON]	= { ONE_OF(stop_on, ARRAY_SIZE(stop_name), stop_name),
		.example = "never" },
	[THPRACE_WORD_RESULT]	= { ONE_OF(result, THPRACE_NR_RESULTS, result_name),
		.example = "ok" },
	[THPRACE_WORD_REFS]	= { ONE_OF(refs_exact, ARRAY_SIZE(refs_name), refs_name),
		.example = "exact" },
	[THPRACE_WORD_TASK]	= { NUMBER(task, NARROW, 1, THPRACE_MAX_PID), .example = "1" },
};

static_assert(ARRAY_SIZE(words) == THPRACE_NR_WORDS);
static_assert(THPRACE_NR_WORDS <= 32);

/* Occurrences so far of the words that may be repeated. */
static u32 word_count(const struct thprace_spec *spec, int word)
{
	switch (word) {
	case THPRACE_WORD_PID:
		return spec->nr_pids;
	case THPRACE_WORD_MAP:
		return spec->nr_maps;
	case THPRACE_WORD_OP:
		return spec->nr_ops;
	default:
		return 0;	/* checks: parse_check_bit() finds repeats */
	}
}

/* All names that a value can have, as one text; its length. */
static size_t list_names(const struct word_row *row, char *buf, size_t size)
{
	size_t at = 0;
	u32 i;

	for (i = 0; i <= row->max && at < size; i++)
		at += snprintf(buf + at, size - at, "%s%s", i ? " " : "", row->names[i]);
	return at;
}

/**
 * thprace_word_name() - name of a word
 * @word: enum thprace_word
 */
const char *thprace_word_name(unsigned int word)
{
	return word_name[word];
}

/**
 * thprace_word_example() - a value that the word can have
 * @word: enum thprace_word
 */
const char *thprace_word_example(unsigned int word)
{
	return words[word].example;
}

/**
 * thprace_word_takes() - what the value of a word may be, as text
 * @word: enum thprace_word
 * @buf: gets the text, terminated
 * @size: bytes of @buf; THPRACE_REFUSED_WHY holds every text
 *
 * Return: its length, more than @size if it was cut.
 */
int thprace_word_takes(unsigned int word, char *buf, size_t size)
{
	const struct word_row *row = &words[word];

	if (row->takes)
		return snprintf(buf, size, "%s", row->takes);
	if (row->names)
		return list_names(row, buf, size);
	return snprintf(buf, size, "a number from %llu to %llu", (unsigned long long)row->min,
			(unsigned long long)row->max);
}

/* The value of a word, after its quotes are gone. */
static int parse_value(struct thprace_spec *spec, int word, const char *s, size_t len,
		       struct thprace_refusal *no)
{
	const struct word_row *row = &words[word];

	if (row->times == 1 && spec->given & BIT_ULL(word))
		return thprace_refuse(no, -EINVAL, "it can be given once");
	if (word_count(spec, word) >= row->times)
		return thprace_refuse(no, -ERANGE, "it can be given %u times", row->times);
	spec->given |= BIT_ULL(word);
	if (!row->parse)
		return parse_number(spec, row, s, len);
	return row->parse(spec, s, len, no);
}

/* One key=value word at @s; *@used gets its length. */
static int parse_word(struct thprace_spec *spec, const char *s, size_t len, size_t *used,
		      struct thprace_refusal *no)
{
	size_t key = 0, at, end;
	int word, err;

	while (key < len && s[key] != '=' && !is_blank(s[key]))
		key++;
	*used = find_blank(s, len);
	word = thprace_name_find(word_name, THPRACE_NR_WORDS, s, key);
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
	err = parse_value(spec, word, s + at, end - at, no);
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
			const struct word_row *row = &words[word];
			const char *s = row->print ?
				row->print(spec, nth, val, sizeof(val)) :
				print_number(spec, row, nth, val, sizeof(val));

			if (!s)
				break;
			at += snprintf(buf + at, size - at, "%s%s%s%s", at ? " " : "",
				       key ? word_name[word] : "", key ? "=" : "", s);
			if (at >= size)
				return -ENOSPC;
		}
	}
	return at;
}
