// SPDX-License-Identifier: GPL-2.0
/*
 * Reads the module's text report into numbers, and adds them up
 *
 * The form is docs/ABI.md's; lines of unknown first words are skipped.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "block.h"
#include "scenario.h"
#include "tally.h"
#include "util.h"

static const char *const module_checks[THPRACE_NR_CHECKS] = THPRACE_CHECK_NAMES;
const char *const verdict_names[THPRACE_NR_VERDICTS] = THPRACE_VERDICT_NAMES;

/**
 * check_name() - the name of a check in every report
 * @check: enum thprace_check, or CHECK_KERNEL
 */
const char *check_name(unsigned int check)
{
	return check == CHECK_KERNEL ? "kernel" : module_checks[check];
}

int check_by_name(const char *name)
{
	unsigned int i;

	for (i = 0; i < NR_CHECKS; i++) {
		if (!strcmp(check_name(i), name))
			return i;
	}
	return -1;
}

/**
 * tally_reset() - nothing was counted
 * @t: tally
 */
void tally_reset(struct tally *t)
{
	memset(t, 0, offsetof(struct tally, kept));
}

/**
 * tally_copy() - all that counts of one
 * @to: result
 * @from: tally
 */
void tally_copy(struct tally *to, const struct tally *from)
{
	memcpy(to, from, offsetof(struct tally, kept));
	memcpy(to->kept, from->kept, from->nr_violations * sizeof(*from->kept));
	memcpy(to->cells, from->cells, from->nr_cells * sizeof(*from->cells));
	memcpy(to->blocks, from->blocks, from->nr_blocks * sizeof(*from->blocks));
}

/**
 * tally_op() - the counters of an op, made when it is new
 * @t: tally
 * @name: op
 */
struct op_count *tally_op(struct tally *t, const char *name)
{
	unsigned int i;

	for (i = 0; i < t->nr_ops; i++) {
		if (!strcmp(t->ops[i].name, name))
			return &t->ops[i];
	}
	if (t->nr_ops == ARRAY_SIZE(t->ops))
		return NULL;
	copy_word(t->ops[t->nr_ops].name, sizeof(t->ops[0].name), name);
	return &t->ops[t->nr_ops++];
}

/*
 * Tries after which an op must have been done once. Reclaim, migration and the
 * like wait for nobody: on a machine that is short of time a few in a row fail.
 */
#define TRIES_ENOUGH	8

/**
 * tally_undone() - an op that was never done, and that a pass needs
 * @t: tally
 * @op: that had to be done, beside the split
 *
 * What was tried %TRIES_ENOUGH times has to be done as well.
 *
 * Returns its counters, or NULL: all were done, of those that were counted.
 */
const struct op_count *tally_undone(const struct tally *t, const char *op)
{
	unsigned int i;

	for (i = 0; i < t->nr_ops; i++) {
		const struct op_count *c = &t->ops[i];

		if (!c->done && (c->busy + c->failed >= TRIES_ENOUGH || !strcmp(c->name, op) ||
				 !strcmp(c->name, "split")))
			return c;
	}
	return NULL;
}

/**
 * tally_done() - how often an op was done
 * @t: tally
 * @name: op
 */
u64 tally_done(const struct tally *t, const char *name)
{
	unsigned int i;

	for (i = 0; i < t->nr_ops; i++) {
		if (!strcmp(t->ops[i].name, name))
			return t->ops[i].done;
	}
	return 0;
}

/**
 * tally_other_done() - was any op done beside the split?
 * @t: tally
 */
bool tally_other_done(const struct tally *t)
{
	unsigned int i;

	for (i = 0; i < t->nr_ops; i++) {
		if (strcmp(t->ops[i].name, "split") && t->ops[i].done)
			return true;
	}
	return false;
}

static bool same_cause(const struct violation *a, const struct violation *b)
{
	if (a->serial || b->serial)
		return a->serial == b->serial;
	if (strcmp(a->scenario, b->scenario) || a->round != b->round)
		return false;
	if (a->pfn || b->pfn)
		return a->pfn == b->pfn;
	if (a->thp || b->thp)
		return a->thp == b->thp;
	return !strcmp(a->check, b->check);
}

/* By the module; who knows no better: the same frame, or huge page, in the same round. */
static void number_cause(struct tally *t, struct violation *v)
{
	unsigned int i;

	for (i = 0; !v->cause && i < t->nr_violations; i++) {
		if (t->kept[i].cause && same_cause(&t->kept[i], v))
			v->cause = t->kept[i].cause;
	}
	if (!v->cause)
		v->cause = ++t->nr_causes;
}

/**
 * tally_violation() - count a violation, and keep it if there is room
 * @t: tally
 * @v: violation; with a cause, or it gets one
 *
 * Returns the number of its cause, or 0 when it was not kept.
 */
u32 tally_violation(struct tally *t, const struct violation *v)
{
	struct violation *kept;

	t->violations++;
	if (t->nr_violations == KEPT_VIOLATIONS)
		return 0;
	kept = &t->kept[t->nr_violations];
	*kept = *v;
	number_cause(t, kept);
	t->nr_violations++;
	return kept->cause;
}

/**
 * tally_cause() - the number of a cause
 * @t: tally
 * @serial: as the module counts them
 *
 * Returns 0 when no violation of it was kept.
 */
u32 tally_cause(const struct tally *t, u64 serial)
{
	unsigned int i;

	for (i = 0; i < t->nr_violations; i++) {
		if (serial && t->kept[i].serial == serial)
			return t->kept[i].cause;
	}
	return 0;
}

/**
 * tally_block() - keep a line of a block if there is room
 * @t: tally
 * @b: it
 */
void tally_block(struct tally *t, const struct block *b)
{
	if (t->nr_blocks < KEPT_BLOCKS)
		t->blocks[t->nr_blocks++] = *b;
	else
		t->lost_blocks++;
}

/* The value of "key=" in a line of blank-separated words. */
static bool word(const char *line, const char *key, char *buf, size_t size)
{
	size_t len = strlen(key), n;
	const char *at = line;

	while ((at = strstr(at, key))) {
		if ((at == line || at[-1] == ' ') && at[len] == '=') {
			at += len + 1;
			n = strcspn(at, " ");
			if (n >= size)
				n = size - 1;
			memcpy(buf, at, n);
			buf[n] = '\0';
			return true;
		}
		at += len;
	}
	buf[0] = '\0';
	return false;
}

static u64 number(const char *line, const char *key)
{
	char buf[32];
	u64 val;

	if (!word(line, key, buf, sizeof(buf)) || parse_u64(buf, 0, ~0ULL, &val))
		return 0;
	return val;
}

/* "reason=" runs to the end of the line; cut it off before other words. */
static void take_reason(char *line, char *buf, size_t size)
{
	char *at = strstr(line, " reason=");

	buf[0] = '\0';
	if (!at)
		return;
	copy_word(buf, size, at + strlen(" reason="));
	if (!strcmp(buf, "-"))
		buf[0] = '\0';
	*at = '\0';
}

static void parse_op(struct tally *t, char *line)
{
	char name[sizeof(t->ops[0].name)];
	struct op_count *op;

	copy_word(name, sizeof(name), line);
	name[strcspn(name, " ")] = '\0';
	op = tally_op(t, name);
	if (!op) {
		t->cut = true;
		return;
	}
	op->done += number(line, "done");
	op->busy += number(line, "busy");
	op->failed += number(line, "failed");
	op->time_ns += number(line, "time_ns");
}

static void parse_check(struct tally *t, char *line)
{
	struct check_count *check;
	char name[32];
	int i;

	copy_word(name, sizeof(name), line);
	name[strcspn(name, " ")] = '\0';
	i = check_by_name(name);
	if (i < 0)
		return;
	check = &t->checks[i];
	take_reason(line, check->reason, sizeof(check->reason));
	check->held += number(line, "held");
	check->violated += number(line, "violated");
	check->skipped += number(line, "skipped");
	check->needed += number(line, "needed");
	check->listed = true;
}

static void parse_cell(struct tally *t, char *line)
{
	struct cell *cell;
	int n = 0;

	if (t->nr_cells == MAX_CELLS) {
		t->cut = true;
		return;
	}
	cell = &t->cells[t->nr_cells];
	memset(cell, 0, sizeof(*cell));
	if (sscanf(line, "%47s %47s %23s%n", cell->a, cell->b, cell->state, &n) != 3)
		return;
	cell->hits = number(line + n, "hits");
	cell->rounds = number(line + n, "rounds");
	cell->violations = number(line + n, "violations");
	t->nr_cells++;
}

static void parse_grid(struct tally *t, char *line)
{
	char complete[8];

	t->grid.listed = true;
	t->grid.k = number(line, "k");
	t->grid.left = number(line, "left");
	word(line, "complete", complete, sizeof(complete));
	t->grid.complete = !strcmp(complete, "yes");
}

/**
 * violation_parse() - a violation from its line
 * @v: result
 * @line: what follows "violation "; overwritten
 */
void violation_parse(struct violation *v, char *line)
{
	char index[24], control[8];

	memset(v, 0, sizeof(*v));
	take_reason(line, v->detail, sizeof(v->detail));
	v->serial = number(line, "cause");
	v->control = word(line, "control", control, sizeof(control)) && !strcmp(control, "yes");
	word(line, "check", v->check, sizeof(v->check));
	word(line, "scenario", v->scenario, sizeof(v->scenario));
	v->round = number(line, "round");
	v->time_ns = number(line, "time_ns");
	v->addr = number(line, "addr");
	v->pfn = number(line, "pfn");
	if (word(line, "index", index, sizeof(index)) && strlen(v->detail) < 150) {
		size_t len = strlen(v->detail);

		snprintf(v->detail + len, sizeof(v->detail) - len, "%ssubpage %s",
			 len ? "; " : "", index);
	}
	word(line, "want", v->want, sizeof(v->want));
	word(line, "got", v->got, sizeof(v->got));
	word(line, "ops", v->ops, sizeof(v->ops));
	word(line, "cell", v->cell, sizeof(v->cell));
}

static void parse_violation(struct tally *t, char *line)
{
	struct violation *v = &t->kept[t->nr_violations];

	if (t->nr_violations == KEPT_VIOLATIONS)
		return;
	violation_parse(v, line);
	number_cause(t, v);
	t->nr_violations++;
}

static void parse_block(struct tally *t, char *line)
{
	struct block b;

	if (!block_parse(&b, line))
		return;
	/* A block without a violation is nobody's. */
	b.cause = tally_cause(t, b.serial);
	if (b.cause)
		tally_block(t, &b);
}

static void parse_rounds(struct tally *t, char *rest)
{
	parse_u64(rest, 0, ~0ULL, &t->rounds);
}

static void parse_overlaps(struct tally *t, char *rest)
{
	parse_u64(rest, 0, ~0ULL, &t->overlaps);
}

static void parse_steer(struct tally *t, char *rest)
{
	copy_word(t->steer, sizeof(t->steer), rest);
}

static const struct {
	const char *prefix;
	void (*parse)(struct tally *t, char *rest);
} line_kinds[] = {
	{ "rounds: ", parse_rounds },
	{ "overlaps: ", parse_overlaps },
	{ "op ", parse_op },
	{ "check ", parse_check },
	{ "steer ", parse_steer },
	{ "cell ", parse_cell },
	{ "grid ", parse_grid },
	{ "violation ", parse_violation },
	{ "block ", parse_block },
};

static void parse_line(struct tally *t, char *line)
{
	unsigned int i;
	size_t len;

	for (i = 0; i < ARRAY_SIZE(line_kinds); i++) {
		len = strlen(line_kinds[i].prefix);
		if (!strncmp(line, line_kinds[i].prefix, len)) {
			line_kinds[i].parse(t, line + len);
			return;
		}
	}
}

/**
 * tally_parse() - read a whole report
 * @t: result
 * @text: the report; overwritten
 *
 * Returns 0, -EINVAL when it does not begin as a report must, or -ENOSPC when there is
 * more in it, ops or cells of a grid, than there is room for.
 */
int tally_parse(struct tally *t, char *text)
{
	char *line, *end;
	u64 violated = 0;
	unsigned int i;

	tally_reset(t);
	if (strncmp(text, THPRACE_REPORT_MAGIC "\n", sizeof(THPRACE_REPORT_MAGIC)))
		return -EINVAL;
	for (line = text; *line; line = end) {
		end = line + strcspn(line, "\n");
		if (*end)
			*end++ = '\0';
		parse_line(t, line);
	}
	/* The report keeps fewer violations than it counts. */
	for (i = 0; i < NR_CHECKS; i++)
		violated += t->checks[i].violated;
	t->violations = violated > t->nr_violations ? violated : t->nr_violations;
	return t->cut ? -ENOSPC : 0;
}

/* Met in one scenario is met; blocked in one says more than never reached. */
static unsigned int cell_rank(const char *state)
{
	static const char *const order[] = { "never", "untried", "excluded", "met" };
	unsigned int i;

	for (i = ARRAY_SIZE(order) - 1; i && strcmp(state, order[i]); i--)
		;
	return i;
}

static void add_cells(struct tally *sum, const struct tally *t)
{
	unsigned int i, j;

	if (t->grid.listed) {
		sum->grid.complete = t->grid.complete &&
				     (sum->grid.complete || !sum->grid.listed);
		sum->grid.listed = true;
		sum->grid.k = t->grid.k;
		sum->grid.left += t->grid.left;
		sum->grid.time_ns += t->grid.time_ns;
	}

	for (i = 0; i < t->nr_cells; i++) {
		for (j = 0; j < sum->nr_cells; j++) {
			if (!strcmp(sum->cells[j].a, t->cells[i].a) &&
			    !strcmp(sum->cells[j].b, t->cells[i].b))
				break;
		}
		if (j == MAX_CELLS) {
			sum->cut = true;
			sum->grid.complete = false;
			return;
		}
		if (j == sum->nr_cells) {
			sum->cells[sum->nr_cells++] = t->cells[i];
			continue;
		}
		sum->cells[j].hits += t->cells[i].hits;
		sum->cells[j].rounds += t->cells[i].rounds;
		sum->cells[j].violations += t->cells[i].violations;
		if (cell_rank(t->cells[i].state) > cell_rank(sum->cells[j].state))
			memcpy(sum->cells[j].state, t->cells[i].state,
			       sizeof(sum->cells[j].state));
	}
}

/* Causes are numbered by each session: they go on behind those that are there. */
static void add_violations(struct tally *sum, const struct tally *t)
{
	u32 before = sum->nr_causes;
	struct block b;
	unsigned int i;

	sum->violations += t->violations;
	for (i = 0; i < t->nr_violations && sum->nr_violations < KEPT_VIOLATIONS; i++) {
		struct violation *v = &sum->kept[sum->nr_violations++];

		*v = t->kept[i];
		v->cause += before;
	}
	for (i = 0; i < t->nr_blocks; i++) {
		b = t->blocks[i];
		b.cause += before;
		tally_block(sum, &b);
	}
	sum->nr_causes = before + t->nr_causes;
	sum->lost_blocks += t->lost_blocks;
}

/**
 * tally_add() - add one scenario to the whole
 * @sum: the whole
 * @t: the scenario
 */
void tally_add(struct tally *sum, const struct tally *t)
{
	unsigned int i;

	sum->rounds += t->rounds;
	sum->overlaps += t->overlaps;
	for (i = 0; i < t->nr_ops; i++) {
		struct op_count *op = tally_op(sum, t->ops[i].name);

		if (!op)
			break;
		op->done += t->ops[i].done;
		op->busy += t->ops[i].busy;
		op->failed += t->ops[i].failed;
		op->time_ns += t->ops[i].time_ns;
	}
	for (i = 0; i < NR_CHECKS; i++) {
		struct check_count *check = &sum->checks[i];

		check->held += t->checks[i].held;
		check->violated += t->checks[i].violated;
		check->skipped += t->checks[i].skipped;
		check->needed += t->checks[i].needed;
		check->listed |= t->checks[i].listed;
		if (t->checks[i].reason[0])
			memcpy(check->reason, t->checks[i].reason, sizeof(check->reason));
	}
	add_cells(sum, t);
	add_violations(sum, t);
	if (t->steer[0])
		memcpy(sum->steer, t->steer, sizeof(sum->steer));
}

/**
 * tally_met() - was every point of the last schedule reached?
 * @text: report; overwritten
 *
 * A step to the end of an op is no point.
 */
bool tally_met(char *text)
{
	char *line = strstr(text, "\nsteer "), *step, *rest;

	if (!line)
		return false;
	line += strlen("\nsteer ");
	line[strcspn(line, "\n")] = '\0';
	for (step = strtok_r(line, " ", &rest); step; step = strtok_r(NULL, " ", &rest)) {
		if (!strstr(step, ">end=") && !strstr(step, "=reached"))
			return false;
	}
	return true;
}
