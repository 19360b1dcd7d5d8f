// SPDX-License-Identifier: GPL-2.0
/*
 * word.c - the words of the grammar: how each is read and printed
 *
 * Pure: also built on the host.
 */
#include "front/chars.h"
#include "front/word.h"
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
static_assert(sizeof(enum thprace_stop_on) == sizeof(u32));
static_assert(sizeof(enum thprace_result) == sizeof(u32));

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

/* The rows of a grid, separated by blanks. */
static int parse_rows(struct thprace_spec *spec, const char *s, size_t len,
		      struct thprace_refusal *no)
{
	size_t at = 0, start;
	int err;

	while (at < len) {
		while (at < len && is_blank(s[at]))
			at++;
		if (at == len)
			break;
		start = at;
		while (at < len && !is_blank(s[at]))
			at++;
		if (spec->nr_rows == THPRACE_MAX_STEPS)
			return thprace_refuse(no, -ERANGE, "a grid takes at most %u rows by name",
					      THPRACE_MAX_STEPS);
		err = parse_label(s + start, at - start, is_phase_char,
				  spec->step[spec->nr_rows].phase);
		if (err) {
			thprace_refuse_word(no, s + start, at - start);
			return thprace_refuse(no, err, "behind grid come phases of lane a");
		}
		spec->nr_rows++;
	}
	return 0;
}

/**
 * thprace_steer_parse() - parse the inner text of steer=
 * @spec: gets @steer, @step, @nr_steps and @nr_rows; nothing else of it changes
 * @s: "grid", "grid PHASE...", or steps separated by blanks; need not be terminated
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
	spec->nr_rows = 0;
	for (start = 0; start < len && !is_blank(s[start]); start++)
		;
	if (is_word(s, start, "grid")) {
		spec->steer = THPRACE_STEER_GRID;
		return parse_rows(spec, s + start, len - start, no);
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

	if (spec->steer == THPRACE_STEER_GRID) {
		if (!spec->nr_rows || nth > spec->nr_rows)
			return nth ? NULL : "grid";
		snprintf(buf, size, "%s%s", nth ? spec->step[nth - 1].phase : "\"grid",
			 nth == spec->nr_rows ? "\"" : "");
		return buf;
	}
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
		"0xADDR+LEN, multiples of a huge page, LEN up to 0x10000000000; at most 8, no overlap",
		.example = "0x7f0000000000+0x200000" },
	[THPRACE_WORD_OP]	= { THPRACE_MAX_OPS, parse_op, print_op,
		.takes = "NAME:LANES, see ops; at most 8, 16 lanes in all; with lane= just NAME",
		.example = "munmap:2" },
	[THPRACE_WORD_STEER]	= { 1, thprace_steer_parse, print_steer,
		.takes =
		"grid, \"grid PHASE...\" (rows), or \"STEP STEP...\" in quotes; a step is a>PHASE, a>PHASE#N, a<PHASE or a>end, see phases",
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
	[THPRACE_WORD_ERRNO]	= { NUMBER(err, NARROW, 1, THPRACE_MAX_ERRNO), .example = "12" },
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

/**
 * thprace_word_find() - the word of a name
 * @s: need not be terminated
 * @len: bytes of @s
 *
 * Return: enum thprace_word or -EINVAL.
 */
int thprace_word_find(const char *s, size_t len)
{
	return thprace_name_find(word_name, THPRACE_NR_WORDS, s, len);
}

/**
 * thprace_word_parse() - read the value of a word
 * @spec: gets it
 * @word: enum thprace_word
 * @s: the value, without quotes; need not be terminated
 * @len: bytes of @s
 * @no: why it is refused, unless that is thprace_word_takes(); or NULL
 *
 * Return: 0, -EINVAL or -ERANGE.
 */
int thprace_word_parse(struct thprace_spec *spec, unsigned int word, const char *s, size_t len,
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

/**
 * thprace_word_print() - the value of a word as text
 * @spec: as thprace_trigger_parse() leaves it
 * @word: enum thprace_word
 * @nth: which, from 0 on, of a word that can be repeated; of steer=, which step
 * @buf: room for it
 * @size: bytes of @buf, at least THPRACE_NAME_LEN + 24
 *
 * Return: @buf or a constant, or NULL: there are no more.
 */
const char *thprace_word_print(const struct thprace_spec *spec, unsigned int word, u32 nth,
			       char *buf, size_t size)
{
	const struct word_row *row = &words[word];

	return row->print ? row->print(spec, nth, buf, size) :
			    print_number(spec, row, nth, buf, size);
}
