// SPDX-License-Identifier: GPL-2.0
/*
 * What came out when a finding was tried again
 *
 * Pure: only what was tried is said.
 */
#include <stdarg.h>
#include <string.h>

#include "triage_plan.h"
#include "util.h"

static const struct triage_variant *variant_of(const struct triage *t, enum triage_step step)
{
	unsigned int i;

	for (i = 0; i < t->nr; i++) {
		if (t->variant[i].step == step)
			return &t->variant[i];
	}
	return NULL;
}

static bool has_missed(const struct triage_variant *v)
{
	return v && v->decided && v->tries && !v->hits;
}

static __printf(3, 4) void add(char *buf, size_t size, const char *fmt, ...);

static void add(char *buf, size_t size, const char *fmt, ...)
{
	size_t len = strlen(buf);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(buf + len, size - len, fmt, ap);
	va_end(ap);
}

/* Where one lane is led: "split > try_to_migrate > remap_page". */
static void add_points(const struct triage *t, const char *schedule, char lane, char *buf,
		       size_t size)
{
	unsigned int i, nr = triage_word(schedule, ~0U, NULL, NULL);
	const char *word = NULL;
	size_t len = 0;

	if (lane == 'a')
		add(buf, size, "split");
	else if (lane == 'b' && !t->pairs)
		add(buf, size, "%s", t->op);
	else
		add(buf, size, "lane %c", lane);
	for (i = 0; i < nr; i++) {
		triage_word(schedule, i, &word, &len);
		if (word[0] == lane && len > 2 && strncmp(word + 1, ">end", len - 1))
			add(buf, size, " %c %.*s", word[1], (int)len - 2, word + 2);
	}
}

/* "split > try_to_migrate against munmap > unmap_vmas" */
static void add_schedule(const struct triage *t, const char *schedule, char *buf, size_t size)
{
	unsigned int i, nr = triage_word(schedule, ~0U, NULL, NULL);
	const char *word = NULL;
	bool said = false;
	size_t len = 0;
	char lane;

	for (lane = 'a'; lane < 'a' + THPRACE_MAX_LANES; lane++) {
		bool there = false;

		for (i = 0; i < nr && !there; i++) {
			triage_word(schedule, i, &word, &len);
			there = word[0] == lane;
		}
		/* Both take part, whether they are led or not. */
		if (!there && (lane > 'b' || t->pairs))
			continue;
		if (!there && lane == 'b' && strstr(schedule, "c>"))
			continue;
		add(buf, size, "%s", said ? " against " : "");
		add_points(t, schedule, lane, buf, size);
		said = true;
	}
}

static void add_race(const struct triage *t, char *buf, size_t size)
{
	const struct triage_variant *plain = variant_of(t, TRIAGE_NO_STEER);
	const char *schedule = t->best->config.schedule;

	if (schedule[0]) {
		add(buf, size, has_missed(plain) ? ", needs " : ", with ");
		add_schedule(t, schedule, buf, size);
		if (plain && plain->hits)
			add(buf, size, " (%u of %u without steering)", plain->hits, plain->tries);
	} else if (has_missed(variant_of(t, TRIAGE_TURNS))) {
		add(buf, size, ", needs %s%s at the same time%s", t->pairs ? "" : "split and ",
		    t->op, has_missed(plain) ? ", and steering" : "");
	}
}

/* Without the split of lane a there may still be that of the check. */
static void add_check_split(const struct triage *t, char *buf, size_t size)
{
	if (!t->check_splits || t->best->config.without & WITHOUT_CHECK_SPLIT)
		return;
	if (has_missed(variant_of(t, TRIAGE_NO_CHECK_SPLIT)))
		add(buf, size, ", with the split of the check");
	else if (t->of_progress)
		add(buf, size, "; it is the split of the check that fails");
	else
		add(buf, size, " (the check still splits)");
}

static void add_needs(const struct triage *t, char *buf, size_t size)
{
	switch (t->best->config.without & HARD_WITHOUT) {
	case 0:
		add_race(t, buf, size);
		break;
	case WITHOUT_RACE:
		add(buf, size, ", without a race: %s%s one after the other",
		    t->pairs ? "" : "split and ", t->op);
		break;
	case WITHOUT_SPLIT | WITHOUT_OP:
		if (has_missed(variant_of(t, TRIAGE_NO_CHECK_SPLIT))) {
			add(buf, size, ", without a race: the split of the check is enough");
			break;
		}
		add(buf, size, ", without a race: needs neither split nor %s", t->op);
		add_check_split(t, buf, size);
		break;
	case WITHOUT_OP:
		add(buf, size, ", without a race: %s is enough",
		    t->pairs ? "the first op" : "split");
		break;
	case WITHOUT_SPLIT:
		/* Several lanes may still race each other. */
		if (t->found.nr_workers == 1 || t->best->config.procs == 1)
			add(buf, size, ", without a race: %s is enough", t->op);
		else
			add(buf, size, ", without a split beside it: %s is enough", t->op);
		add_check_split(t, buf, size);
		break;
	case WITHOUT_SPLIT | WITHOUT_RACE:
		add(buf, size, ", without a race: %s is enough, in turns", t->op);
		add_check_split(t, buf, size);
		break;
	}
}

static void add_others(const struct triage *t, char *buf, size_t size)
{
	unsigned int i, others = 0;

	for (i = 0; i < t->nr; i++)
		others += t->variant[i].others;
	if (others)
		add(buf, size, "; %u tr%s failed in another way", others, others > 1 ? "ies" : "y");
}

/**
 * triage_sentence() - what came out
 * @t: triage
 * @buf: result
 * @size: of @buf
 */
void triage_sentence(const struct triage *t, char *buf, size_t size)
{
	unsigned int i;
	u32 tries = 0;

	buf[0] = '\0';
	for (i = 0; i < t->nr; i++)
		tries += t->variant[i].tries;
	if (t->best) {
		add(buf, size, "reproduces: %u of %u", t->best->hits, t->best->tries);
		add_needs(t, buf, size);
	} else if (tries) {
		/* The first may have hit, but was not decided. */
		for (i = 0; i < t->nr && !t->variant[i].hits; i++)
			;
		if (i < t->nr)
			add(buf, size, "reproduces: %u of %u", t->variant[i].hits,
			    t->variant[i].tries);
		else
			add(buf, size, "did not reproduce: 0 of %u", tries);
	} else {
		add(buf, size, t->nr && t->variant[0].broken ?
		    "not looked into, as no try came to its end" : "not looked into");
	}
	add_others(t, buf, size);
	if (t->why_not[0])
		add(buf, size, "%s%s", t->nr && tries ? "; " : ": ", t->why_not);
}

/**
 * triage_tried() - each variant with its hits
 * @t: triage
 * @buf: result
 * @size: of @buf
 */
void triage_tried(const struct triage *t, char *buf, size_t size)
{
	unsigned int i;

	buf[0] = '\0';
	for (i = 0; i < t->nr; i++) {
		const struct triage_variant *v = &t->variant[i];

		if (v->tries)
			add(buf, size, "%s%s %u of %u", buf[0] ? ", " : "", v->what, v->hits,
			    v->tries);
		else if (v->broken)
			add(buf, size, "%s%s could not be run", buf[0] ? ", " : "", v->what);
	}
}

/**
 * triage_need() - has a variant shown that what it leaves out is needed?
 * @t: triage
 * @v: variant
 * @buf: what is needed
 * @size: of @buf
 */
bool triage_need(const struct triage *t, const struct triage_variant *v, char *buf, size_t size)
{
	buf[0] = '\0';
	if (!t->best || !has_missed(v))
		return false;
	switch (v->step) {
	case TRIAGE_NO_SPLIT:
		copy_word(buf, size, "split");
		break;
	case TRIAGE_NO_OP:
		copy_word(buf, size, t->pairs ? "both ops" : t->op);
		break;
	case TRIAGE_NO_CHECK_SPLIT:
		copy_word(buf, size, "the split of the check");
		break;
	case TRIAGE_TURNS:
		copy_word(buf, size, "at the same time");
		break;
	case TRIAGE_NO_STEER:
		if (t->best->config.schedule[0])
			add_schedule(t, t->best->config.schedule, buf, size);
		else
			copy_word(buf, size, "steering");
		break;
	case TRIAGE_FEWER_LANES:
		snprintf(buf, size, "more than %u process%s beside main", v->detail,
			 v->detail > 1 ? "es" : "");
		break;
	case TRIAGE_FEWER_PAGES:
		copy_word(buf, size, "more than one huge page");
		break;
	default:
		break;
	}
	return buf[0];
}
